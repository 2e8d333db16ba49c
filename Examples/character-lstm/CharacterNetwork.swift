// The network: characters become vectors, a long short-term memory goes over them, a layer says what comes next. Once over
// whole windows for the training, once over single characters for the writing, with the same variables.

import Tensors
import TensorGraph

struct CharacterNetwork {
    private let characterCount: Int
    private let units: Int
    private let kernel: Variable<Float>
    private let recurrentKernel: Variable<Float>
    private let bias: Variable<Float>
    private let w: Variable<Float>
    private let b: Variable<Float>

    init(characterCount: Int, units: Int) {
        (self.characterCount, self.units) = (characterCount, units)
        kernel = Variable(.glorotUniform(), shape: [characterCount, 4 * units], name: "kernel")
        recurrentKernel = Variable(.orthogonal(), shape: [units, 4 * units], name: "recurrent_kernel")
        // The gates are input, forget, candidate, output: to forget nothing is a good start.
        let start = (0..<4 * units).map { units..<2 * units ~= $0 ? Float(1) : 0 }
        bias = Variable(NDArray(start), name: "bias")
        w = Variable(.glorotUniform(), shape: [units, characterCount], name: "W")
        b = Variable(.zeros, shape: [characterCount], name: "b")
    }

    /// Windows of characters and those one further, `[batch, length]`, a step of training, and the mean loss in nats.
    func training(
        length: Int
    ) -> (x: Tensor<Int32>, y: Tensor<Int32>, train: Node, loss: Tensor<Float>) {
        let x = placeholder(Int32.self, [nil, length], name: "x")
        let y = placeholder(Int32.self, [nil, length], name: "y")
        let read = lstm(
            oneHot(x, depth: characterCount), kernel: kernel.tensor, recurrentKernel: recurrentKernel.tensor,
            bias: bias.tensor)
        let logits = matmul(read.sequence.reshaped([-1, units]), w) + b
        let loss = sparseSoftmaxCrossEntropy(logits: logits, labels: y.reshaped([-1])).mean()
        return (x, y, Adam(learningRate: 3e-3).minimize(loss), loss)
    }

    /// Goes on after a beginning, each character drawn from what the network expects and then read by it.
    func write(
        _ count: Int, after beginning: NDArray<Int32>, temperature: Double, seed: UInt64, _ session: Session
    ) throws -> [Int32] {
        let x = placeholder(Int32.self, [1, 1], name: "character")
        let h = placeholder(Float.self, [1, units], name: "h")
        let c = placeholder(Float.self, [1, units], name: "c")
        let read = lstm(
            oneHot(x, depth: characterCount), kernel: kernel.tensor, recurrentKernel: recurrentKernel.tensor,
            bias: bias.tensor, initial: (h, c))
        let probabilities = softmax((matmul(read.last, w) + b) / Float(temperature))
        let step = try session.function(inputs: x, h, c, outputs: probabilities, read.states[0], read.states[1])

        var random = RandomStream(seed: seed)
        var (state, memory) = (NDArray<Float>.zeros([1, units]), NDArray<Float>.zeros([1, units]))
        var next = NDArray<Float>.zeros([1, characterCount])
        for id in beginning.scalars { (next, state, memory) = try step(NDArray([[id]]), state, memory) }
        var written: [Int32] = []
        for _ in 0..<count {
            let id = draw(from: next.scalars, random.nextUniform())
            written.append(id)
            (next, state, memory) = try step(NDArray([[id]]), state, memory)
        }
        return written
    }
}

/// The number of a probability, drawn by a number from 0 up to 1.
private func draw(from probabilities: [Float], _ number: Double) -> Int32 {
    var left = number
    for (index, probability) in probabilities.enumerated() {
        left -= Double(probability)
        if left < 0 { return Int32(index) }
    }
    return Int32(max(probabilities.count - 1, 0))
}
