// The network of the tutorial on handwritten digits, trained on noisy images or restored; its weights as arrays.

import ExampleSupport
import TensorGraph

/// 784 – 300 – 10, after training.
struct TrainedNetwork {
    let w1: NDArray<Float>
    let b1: NDArray<Float>
    let w2: NDArray<Float>
    let b2: NDArray<Float>
    /// Of the test images.
    let accuracy: Double

    /// Trains on images with noise, so that no single pixel decides; or restores the weights.
    init(
        _ digits: ImageSplits<Float>, noise: Float, epochs: Int, _ options: ExampleOptions, restoring prefix: String?
    ) throws {
        let graph = Graph()
        graph.seed = options.seed
        (w1, b1, w2, b2, accuracy) = try graph.asDefault {
            let x = placeholder(Float.self, [nil, 784], name: "x")
            let y = placeholder(Float.self, [nil, 10], name: "y")
            let w1 = Variable<Float>(.normal(standardDeviation: 0.03), shape: [784, 300], name: "W1")
            let b1 = Variable<Float>(.normal(), shape: [300], name: "b1")
            let w2 = Variable<Float>(.normal(standardDeviation: 0.03), shape: [300, 10], name: "W2")
            let b2 = Variable<Float>(.normal(), shape: [10], name: "b2")
            func logits(_ x: Tensor<Float>) -> Tensor<Float> { matmul(relu(matmul(x, w1) + b1), w2) + b2 }

            let noisy = x + noise * randomNormal(shape(of: x))
            let cost = softmaxCrossEntropy(logits: logits(noisy), labels: y).mean()
            let train = GradientDescent(learningRate: 0.1).minimize(cost)
            let correct = equal(argmax(logits(x.tensor), axis: 1), argmax(y, axis: 1))
            let accuracy = cast(correct, to: Float.self).mean()

            let session = Session()
            let saver = Saver()
            if let prefix {
                try saver.restore(session, from: prefix)
            } else {
                try session.initializeVariables()
                let step = try session.function(inputs: x, y, outputs: train, cost)
                let progress = ProgressLine(isEnabled: !options.quiet)
                for epoch in 1...epochs {
                    let batches = digits.train.shuffled(seed: UInt64(options.seed), epoch: epoch).batched(100)
                    var total = 0.0
                    for (index, batch) in batches.enumerated() {
                        total += Double(try step(batch.images, batch.labels).1.scalar)
                        progress.show("Epoch \(epoch)", index + 1, of: batches.count)
                    }
                    progress.clear()
                    if !options.quiet { print("Epoch: \(epoch) cost = \(decimal(total / Double(batches.count)))") }
                }
                try saver.save(session, to: "\(options.output)/look-inside-model")
            }
            let share = try session.run(accuracy, feeding: x.fed(digits.test.images), y.fed(digits.test.labels))
            let (value1, bias1, value2, bias2) = try session.run(w1, b1, w2, b2)
            return (value1, bias1, value2, bias2, Double(share.scalar))
        }
    }
}
