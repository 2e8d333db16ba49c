// The workloads, written as a user of the library would write them. Start values and batches are those of
// Benchmarks/workloads.py, drawn from NumPy's generator, so that losses can be compared number by number.

import Graphs
import Operations
import Sessions
import Tensors
import Training

/// The seed of `workloads.py`.
let seed: UInt32 = 20_261_122

// MARK: - Training

/// Learns the inverse of an integer matrix: minimises Σ |x · a − I| with Adagrad.
struct Inverse: Workload, LoadedWorkload {
    let size = 10
    let stepCount = 20_000

    /// Whole numbers from 0 to 9.
    func matrix() throws -> NDArray<Float> {
        var random = NumPyRandom(seed: seed)
        return try NDArray(shape: [size, size], random.integers(below: 10, count: size * size).map(Float.init))
    }

    func load() -> any LoadedWorkload { self }

    func build() throws -> Trainer {
        let x = Variable<Float>(.zeros, shape: [size, size], name: "x")
        let a = constant(try matrix(), name: "a")
        let loss = abs(matmul(x, a) - identity(size)).sum()
        let train = Adagrad(learningRate: 0.01).minimize(loss)

        let session = Session()
        try session.initializeVariables()
        let step = try session.function(outputs: loss, train)
        return Trainer { _ in try step().0.scalar }
    }
}

/// Two layers without biases on random data: squared error, gradient descent.
struct TwoLayer: Workload {
    let batch = 64
    let width = 1_000
    let hidden = 100
    let stepCount = 2_000

    /// The weights of both layers.
    func initialParameters() throws -> [NDArray<Float>] {
        var random = NumPyRandom(seed: seed)
        return try [[width, hidden], [hidden, width]].map { try random.normals($0) }
    }

    /// The one batch that every step sees: inputs and targets.
    func feeds() throws -> [NDArray<Float>] {
        var random = NumPyRandom(seed: seed + 1)
        return try (0..<2).map { _ in try random.normals([batch, width]) }
    }

    func load() throws -> any LoadedWorkload {
        let feeds = try feeds()
        return Loaded(workload: self, inputs: feeds[0], targets: feeds[1])
    }

    private struct Loaded: LoadedWorkload {
        let workload: TwoLayer
        let inputs: NDArray<Float>
        let targets: NDArray<Float>

        func build() throws -> Trainer {
            let initial = try workload.initialParameters()
            let x = placeholder(Float.self, [workload.batch, workload.width], name: "x")
            let y = placeholder(Float.self, [workload.batch, workload.width], name: "y")
            let w1 = Variable(initial[0], name: "w1")
            let w2 = Variable(initial[1], name: "w2")
            let prediction = matmul(relu(matmul(x, w1)), w2)
            let loss = (prediction - y).squared().sum(axis: 1).mean()
            let train = GradientDescent(learningRate: 1e-5).minimize(loss)

            let session = Session()
            try session.initializeVariables()
            let step = try session.function(inputs: x, y, outputs: loss, train)
            return Trainer { _ in try step(inputs, targets).0.scalar }
        }
    }
}

// MARK: - Costs of graphs

/// A chain of element-wise additions and multiplications, each of which needs the one before; the sum of its result.
struct Chain: Workload, LoadedWorkload {
    let length: Int
    let width = 16
    var stepCount: Int { max(10, 300_000 / length) }

    func load() -> any LoadedWorkload { self }

    func build() throws -> Trainer {
        let start = placeholder(Float.self, [width], name: "x")
        let addend = placeholder(Float.self, [width], name: "addend")
        let factor = placeholder(Float.self, [width], name: "factor")
        var x = start
        for index in 0..<length {
            x = index.isMultiple(of: 2) ? x + addend : x * factor
        }
        let feeds = [1, 0.5, 0.5].map { NDArray<Float>(repeating: $0, shape: [width]) }

        let session = Session()
        let step = try session.function(inputs: start, addend, factor, outputs: x.sum())
        return Trainer { _ in try step(feeds[0], feeds[1], feeds[2]).scalar }
    }
}

extension NumPyRandom {
    /// `normal(0, standardDeviation, shape).astype(float32)`.
    mutating func normals(_ shape: [Int], standardDeviation: Double = 1) throws -> NDArray<Float> {
        try NDArray(
            shape: shape, normals(standardDeviation: standardDeviation, count: shape.reduce(1, *)))
    }
}
