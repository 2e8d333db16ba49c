// The workloads, written as a user of the library would write them. Start values and batches are those of
// Benchmarks/workloads.py, drawn from NumPy's generator, so that losses can be compared number by number.

import Datasets
import Graphs
import Operations
import Sessions
import Tensors
import Training

/// The seed of `workloads.py`.
private let seed: UInt32 = 20_261_122

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

/// Classifies MNIST digits with one hidden layer: clipped cross entropy of a softmax, gradient descent, batches that are
/// consecutive rows of the training images.
struct DigitClassifier: Workload {
    let dataFolder: String
    let trainCount = 55_000
    let batch = 100
    let layers = [784, 300, 10]
    let stepCount = 1_649

    /// Weight and bias of each layer.
    func initialParameters() throws -> [NDArray<Float>] {
        var random = NumPyRandom(seed: seed)
        return try zip(layers, layers.dropFirst()).flatMap { inputs, outputs in
            [
                try random.normals([inputs, outputs], standardDeviation: 0.03),
                try random.normals([outputs], standardDeviation: 1),
            ]
        }
    }

    func load() throws -> any LoadedWorkload {
        let splits = try MNIST.read(folder: dataFolder, trainCount: trainCount, validationCount: 0, testCount: 0)
        return Loaded(workload: self, train: splits.train.oneHot)
    }

    /// The test images, which are not read before they are needed.
    func loadTest() throws -> LabelledImages<Float> {
        try MNIST.read(folder: dataFolder, trainCount: 0, validationCount: 0).test.oneHot
    }

    private struct Loaded: LoadedWorkload {
        let workload: DigitClassifier
        let train: LabelledImages<Float>

        func build() throws -> Trainer {
            let initial = try workload.initialParameters()
            let x = placeholder(Float.self, [nil, 784], name: "x")
            let y = placeholder(Float.self, [nil, 10], name: "y")
            let w1 = Variable(initial[0], name: "w1")
            let b1 = Variable(initial[1], name: "b1")
            let w2 = Variable(initial[2], name: "w2")
            let b2 = Variable(initial[3], name: "b2")
            let hidden = relu(matmul(x, w1) + b1)
            let probability = softmax(matmul(hidden, w2) + b2).clipped(to: 1e-10...0.9999999)
            let likelihood = y * log(probability) + (1 - y) * log(1 - probability)
            let loss = -likelihood.sum(axis: 1).mean()
            let train = GradientDescent(learningRate: 0.1).minimize(loss)
            let isCorrect = equal(argmax(probability, axis: 1), argmax(y, axis: 1))
            let correctCount = cast(isCorrect, to: Int32.self).sum()

            let session = Session()
            try session.initializeVariables()
            let step = try session.function(inputs: x, y, outputs: loss, train)
            let countCorrect = try session.function(inputs: x, y, outputs: correctCount)
            return Trainer(
                step: { index in
                    let rows = batchRows(index)
                    return try step(self.train.images.rows(rows), self.train.labels.rows(rows)).0.scalar
                },
                accuracy: {
                    let test = try workload.loadTest()
                    var correct = 0
                    for first in stride(from: 0, to: test.count, by: 1_000) {
                        let part = test.rows(first..<(first + 1_000))
                        correct += Int(try countCorrect(part.images, part.labels).scalar)
                    }
                    return Double(correct) / Double(max(1, test.count))
                })
        }

        /// The rows of step number `index`.
        private func batchRows(_ index: Int) -> Range<Int> {
            let start = index % (workload.trainCount / workload.batch) * workload.batch
            return start..<(start + workload.batch)
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
    fileprivate mutating func normals(_ shape: [Int], standardDeviation: Double = 1) throws -> NDArray<Float> {
        try NDArray(
            shape: shape, normals(standardDeviation: standardDeviation, count: shape.reduce(1, *)))
    }
}
