// Computation graphs: the first gradients, then one small network written six ways, from gradients by hand to Keras's
// style. The same start gives the same losses each time.
//
//     swift run -c release gradients

import ArgumentParser
import ExampleSupport
import TensorGraph

@main
struct Gradients: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "First gradients, and a two-layer network from assignments by hand to Keras's style.")

    @OptionGroup var options: ExampleOptions
    @Option(help: "How many steps each form of the network takes.")
    var epochs = 50

    @Option(help: "Write the first gradients and their arrays into this file, for NumPy (.npz).")
    var arraysFile: String?

    mutating func validate() throws {
        guard epochs > 0 else { throw ValidationError("--epochs must be at least 1.") }
    }

    func run() throws {
        try firstGradients()
        let network = TwoLayerNetwork(seed: UInt64(options.seed), steps: epochs)
        let forms: [(String, (TwoLayerNetwork) -> () throws -> [Float])] = [
            ("fed weights, updated by hand", TwoLayerNetwork.withFedWeights),
            ("variables and grouped assignments", TwoLayerNetwork.withVariables),
            ("an optimizer", TwoLayerNetwork.withOptimizer),
            ("losses and layers", TwoLayerNetwork.withLayers),
            ("Keras's style", TwoLayerNetwork.inKerasStyle),
        ]
        for (title, form) in forms {
            // Each form has a graph of its own.
            let losses = try Graph().asDefault { try form(network)() }
            print("\(title): loss \(decimal(Double(losses[0]))) -> \(decimal(Double(losses[losses.count - 1])))")
        }
    }

    /// The gradients of the sum of `x y + z`, by hand and by the graph.
    private func firstGradients() throws {
        let arrays = (0..<3).map { NDArray<Float>(randomNormal: [3, 4], seed: UInt64(options.seed + $0)) }
        let x = placeholder(Float.self, [3, 4], name: "x")
        let y = placeholder(Float.self, [3, 4], name: "y")
        let z = placeholder(Float.self, [3, 4], name: "z")
        let c = (x * y + z).sum()
        let (gradientX, gradientY, gradientZ) = gradients(of: c, with: x, y, z)

        let session = Session()
        let (sum, gx, gy, gz) = try session.run(
            c, gradientX, gradientY, gradientZ, feeding: x.fed(arrays[0]), y.fed(arrays[1]), z.fed(arrays[2]))
        // By hand: d(xy + z)/dx = y, d/dy = x, d/dz = 1.
        let isRight = gx == arrays[1] && gy == arrays[0] && gz == .ones([3, 4])
        print("sum of x·y + z: \(sum)")
        if !options.quiet { print("its gradient with respect to x, which is y:\n\(gx)") }
        print("gradients by the graph and by hand are equal: \(isRight)")
        if let arraysFile {
            let named = [
                "x": arrays[0], "y": arrays[1], "z": arrays[2], "gx": gx, "gy": gy, "gz": gz, "sum": sum,
            ]
            try NPZWriter.write(named.mapValues { AnyArray($0) }, to: arraysFile)
            print("Arrays: \(arraysFile)")
        }
    }
}

/// `h = max(x w1, 0)`, `prediction = h w2`, the mean of the squared differences, gradient descent; on random data.
struct TwoLayerNetwork {
    let x: NDArray<Float>
    let y: NDArray<Float>
    let w1: NDArray<Float>
    let w2: NDArray<Float>
    let steps: Int
    let rate: Float = 1e-2

    init(seed: UInt64, steps: Int) {
        x = NDArray(randomNormal: [64, 1000], seed: seed)
        y = NDArray(randomNormal: [64, 1000], seed: seed + 1)
        w1 = NDArray(randomNormal: [1000, 100], seed: seed + 2)
        w2 = NDArray(randomNormal: [100, 1000], seed: seed + 3)
        self.steps = steps
    }

    /// The weights are fed with each run, and moved down the gradients between the runs.
    func withFedWeights() throws -> [Float] {
        let x = placeholder(Float.self, [64, 1000])
        let y = placeholder(Float.self, [64, 1000])
        let w1 = placeholder(Float.self, [1000, 100])
        let w2 = placeholder(Float.self, [100, 1000])
        let difference = matmul(relu(matmul(x, w1)), w2) - y
        let loss = (difference * difference).mean()
        let (gradient1, gradient2) = gradients(of: loss, with: w1, w2)

        let session = Session()
        var (value1, value2) = (self.w1, self.w2)
        return try (0..<steps).map { _ in
            let (value, change1, change2) = try session.run(
                loss, gradient1, gradient2,
                feeding: x.fed(self.x), y.fed(self.y), w1.fed(value1), w2.fed(value2))
            value1 = try moved(value1, by: change1)
            value2 = try moved(value2, by: change2)
            return value.scalar
        }
    }

    private func moved(_ value: NDArray<Float>, by gradient: NDArray<Float>) throws -> NDArray<Float> {
        try NDArray(shape: value.shape, zip(value.scalars, gradient.scalars).map { $0 - rate * $1 })
    }

    /// The weights are variables, which the graph itself moves.
    func withVariables() throws -> [Float] {
        let (x, y) = (constant(self.x), constant(self.y))
        let w1 = Variable(self.w1, name: "w1")
        let w2 = Variable(self.w2, name: "w2")
        let difference = matmul(relu(matmul(x, w1)), w2) - y
        let loss = (difference * difference).mean()
        let (gradient1, gradient2) = gradients(of: loss, with: w1, w2)
        let update = group(w1.assign(w1 - rate * gradient1), w2.assign(w2 - rate * gradient2))
        return try losses(update, loss)
    }

    /// An optimizer makes the updates.
    func withOptimizer() throws -> [Float] {
        let (x, y) = (constant(self.x), constant(self.y))
        let w1 = Variable(self.w1, name: "w1")
        let w2 = Variable(self.w2, name: "w2")
        let difference = matmul(relu(matmul(x, w1)), w2) - y
        let loss = (difference * difference).mean()
        return try losses(GradientDescent(learningRate: LearningRate(Double(rate))).minimize(loss), loss)
    }

    /// Layers make the weights, and a function the loss.
    func withLayers() throws -> [Float] {
        let hidden = layers.dense(
            constant(x), 100, activation: .relu, usesBias: false, kernelInitializer: WeightInitializer(.value(w1)))
        let prediction = layers.dense(
            hidden, 1000, usesBias: false, kernelInitializer: WeightInitializer(.value(w2)))
        let loss = TensorGraph.losses.meanSquaredError(labels: constant(y), predictions: prediction)
        return try losses(GradientDescent(learningRate: LearningRate(Double(rate))).minimize(loss), loss)
    }

    /// Layers are stacked, compiled and trained.
    func inKerasStyle() throws -> [Float] {
        let model = Sequential {
            Dense(
                100, activation: .relu, usesBias: false, kernelInitializer: WeightInitializer(.value(w1)),
                inputShape: [1000])
            Dense(1000, usesBias: false, kernelInitializer: WeightInitializer(.value(w2)))
        }
        try model.compile(optimizer: .sgd(learningRate: LearningRate(Double(rate))), loss: .meanSquaredError)
        let history = try model.fit(x, y, batchSize: 64, epochs: steps, verbose: 0, shuffle: false)
        return history["loss"].map { Float($0) }
    }

    private func losses(_ update: Node, _ loss: Tensor<Float>) throws -> [Float] {
        let session = Session()
        try session.initializeVariables()
        return try (0..<steps).map { _ in try session.run(update, loss).1.scalar }
    }
}
