// The classifiers of MNIST digits: networks described by their layers, as in Benchmarks/workloads.py.

import Datasets
import Graphs
import Operations
import Sessions
import Tensors
import Training

/// Classifies MNIST digits; batches are consecutive rows of the training images.
struct DigitClassifier: Workload {
    enum Layer: Sendable {
        case dense(Int, Activation = .none)
        case dropout(keep: Float)
        /// 3 × 3, SAME, relu; the first one takes the pixels as an image.
        case convolution(Int)
        /// The largest of 2 × 2.
        case pool
        case flatten
    }

    enum Activation: Sendable {
        case none
        case relu
        case softmax
    }

    /// How weights and biases start.
    enum Start: Sendable {
        case normal(weights: Double, biases: Double)
        case truncatedNormal(weights: Double, biases: Float)
        case glorotUniform
    }

    enum Loss: Sendable {
        /// On probabilities that are kept from 0 and 1.
        case clippedCrossEntropy
        case softmaxCrossEntropy
    }

    let dataFolder: String
    let layers: [Layer]
    let start: Start
    let loss: Loss
    let optimizer: any Optimizer
    let batch: Int
    let stepCount: Int
    var trainCount = 60_000
    /// Whether labels are fed as one-hot vectors rather than as numbers.
    var isOneHot = false
    /// Whether batches are drawn at random by a thread that makes them ahead, rather than consecutive rows.
    var isShuffled = false

    private var isConvolutional: Bool {
        if case .convolution = layers.first { true } else { false }
    }

    /// Weight and bias of each layer that has some.
    func initialParameters() throws -> [NDArray<Float>] {
        var random = NumPyRandom(seed: seed)
        var (height, size) = (28, isConvolutional ? 1 : 784)
        var parameters: [NDArray<Float>] = []
        for layer in layers {
            switch layer {
            case .dense(let units, _):
                parameters.append(try random.weights([size, units], start))
                parameters.append(try random.biases(units, start))
                size = units
            case .convolution(let filters):
                parameters.append(try random.weights([3, 3, size, filters], start))
                parameters.append(try random.biases(filters, start))
                size = filters
            case .pool: height /= 2
            case .flatten: size *= height * height
            case .dropout: break
            }
        }
        return parameters
    }

    func load() throws -> any LoadedWorkload {
        let splits = try MNIST.read(folder: dataFolder, trainCount: trainCount, validationCount: 0, testCount: 0)
        return isOneHot
            ? Loaded(workload: self, train: splits.train.oneHot) { $0.oneHot }
            : Loaded(workload: self, train: splits.train) { $0 }
    }

    private struct Loaded<Label: NumericElement>: LoadedWorkload {
        let workload: DigitClassifier
        let train: LabelledImages<Label>
        /// The labels of other images in the same form.
        let labelled: @Sendable (LabelledImages<Int32>) -> LabelledImages<Label>

        func build() throws -> Trainer {
            let parameters = try workload.initialParameters().enumerated().map { index, value in
                Variable(value, name: "\(index % 2 == 0 ? "w" : "b")\(index / 2 + 1)")
            }
            let x = placeholder(Float.self, [nil, 784], name: "x")
            let y: Tensor<Label> = placeholder(Label.self, workload.isOneHot ? [nil, 10] : [nil], name: "y")
            let loss = workload.loss(of: workload.logits(of: x, parameters, isTraining: true), labels: y)
            let train = workload.optimizer.minimize(loss)
            let predicted = argmax(workload.logits(of: x, parameters, isTraining: false), axis: 1)
            let right: Tensor<Int64> =
                workload.isOneHot ? argmax(cast(y, to: Float.self), axis: 1) : cast(y, to: Int64.self)
            let correctCount = cast(equal(predicted, right), to: Int32.self).sum()

            let session = Session()
            try session.initializeVariables()
            let step = try session.function(inputs: x, y, outputs: loss, train)
            let countCorrect = try session.function(inputs: x, y, outputs: correctCount)
            let feed = workload.isShuffled ? ShuffledFeed(self.train, batch: workload.batch, isPrefetched: true) : nil
            return Trainer(
                step: { index in
                    if let feed {
                        let batch = try feed.next()
                        return try step(batch.x, batch.y).0.scalar
                    }
                    let rows = batchRows(index)
                    return try step(self.train.images.rows(rows), self.train.labels.rows(rows)).0.scalar
                },
                accuracy: {
                    // The test images are not read before they are needed.
                    let test = labelled(
                        try MNIST.read(folder: workload.dataFolder, trainCount: 0, validationCount: 0).test)
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
            let start = index % (train.count / workload.batch) * workload.batch
            return start..<(start + workload.batch)
        }
    }

    private func logits(
        of x: Tensor<Float>, _ parameters: [Variable<Float>], isTraining: Bool
    ) -> Tensor<Float> {
        var x = isConvolutional ? x.reshaped([-1, 28, 28, 1]) : x
        var remaining = parameters[...]
        for layer in layers {
            switch layer {
            case .dense(_, let activation):
                guard let w = remaining.popFirst(), let b = remaining.popFirst() else { return x }
                let sum = matmul(x, w) + b
                switch activation {
                case .none: x = sum
                case .relu: x = relu(sum)
                case .softmax: x = softmax(sum)
                }
            case .convolution:
                guard let w = remaining.popFirst(), let b = remaining.popFirst() else { return x }
                x = relu(biasAdd(conv2d(x, w, padding: .same), b))
            case .pool: x = maxPool2d(x, size: (2, 2))
            case .flatten: x = x.reshaped([-1, (x.shape.dimensions ?? []).dropFirst().compactMap { $0 }.reduce(1, *)])
            case .dropout(let keep):
                if isTraining { x = dropout(x, keepProbability: Double(keep)) }
            }
        }
        return x
    }

    private func loss<Label: NumericElement>(of logits: Tensor<Float>, labels: Tensor<Label>) -> Tensor<Float> {
        switch loss {
        case .clippedCrossEntropy:
            let y = cast(labels, to: Float.self)
            let probability = softmax(logits).clipped(to: 1e-10...0.9999999)
            let likelihood = y * log(probability) + (1 - y) * log(1 - probability)
            return -likelihood.sum(axis: 1).mean()
        case .softmaxCrossEntropy:
            return isOneHot
                ? softmaxCrossEntropy(logits: logits, labels: cast(labels, to: Float.self)).mean()
                : sparseSoftmaxCrossEntropy(logits: logits, labels: cast(labels, to: Int32.self)).mean()
        }
    }
}

// MARK: - The classifiers

extension DigitClassifier {
    /// One hidden layer, gradient descent.
    static func sgd(_ dataFolder: String) -> DigitClassifier {
        DigitClassifier(
            dataFolder: dataFolder, layers: [.dense(300, .relu), .dense(10)],
            start: .normal(weights: 0.03, biases: 1), loss: .clippedCrossEntropy,
            optimizer: GradientDescent(learningRate: 0.1), batch: 100, stepCount: 1_649, trainCount: 55_000,
            isOneHot: true)
    }

    /// Two hidden layers, most of which is dropped, Adam.
    static func adamDropout(_ dataFolder: String) -> DigitClassifier {
        DigitClassifier(
            dataFolder: dataFolder,
            layers: [
                .dense(500, .softmax), .dropout(keep: 0.2), .dense(100, .relu), .dropout(keep: 0.2), .dense(10),
            ],
            start: .truncatedNormal(weights: 0.1, biases: 0.1), loss: .softmaxCrossEntropy,
            optimizer: Adam(learningRate: 1e-3), batch: 100, stepCount: 2_000, trainCount: 55_000, isOneHot: true)
    }

    /// Two convolutions with pooling, two dense layers, Adam.
    static func convolutional(_ dataFolder: String) -> DigitClassifier {
        DigitClassifier(
            dataFolder: dataFolder,
            layers: [.convolution(32), .pool, .convolution(64), .pool, .flatten, .dense(128, .relu), .dense(10)],
            start: .glorotUniform, loss: .softmaxCrossEntropy, optimizer: Adam(learningRate: 1e-3), batch: 64,
            stepCount: 200)
    }

    /// The network of Keras's first tutorial.
    static func keras(_ dataFolder: String, isShuffled: Bool = false) -> DigitClassifier {
        DigitClassifier(
            dataFolder: dataFolder, layers: [.dense(512, .relu), .dropout(keep: 0.8), .dense(10)],
            start: .glorotUniform, loss: .softmaxCrossEntropy, optimizer: Adam(learningRate: 1e-3), batch: 32,
            stepCount: 1_874, isShuffled: isShuffled)
    }
}

extension NumPyRandom {
    fileprivate mutating func weights(
        _ shape: [Int], _ start: DigitClassifier.Start
    ) throws -> NDArray<Float> {
        switch start {
        case .normal(let deviation, _): return try normals(shape, standardDeviation: deviation)
        case .truncatedNormal(let deviation, _):
            let count = shape.reduce(1, *)
            var values = (0..<count).map { _ in nextNormal() }
            // All that lie outside are drawn anew together, in their order.
            while true {
                let outside = values.indices.filter { abs(values[$0]) > 2 }
                if outside.isEmpty { break }
                for index in outside { values[index] = nextNormal() }
            }
            return try NDArray(shape: shape, values.map { Float($0 * deviation) })
        case .glorotUniform:
            let receptive = shape.dropLast(2).reduce(1, *)
            let limit = (6 / Double(receptive * shape.suffix(2).reduce(0, +))).squareRoot()
            let values = (0..<shape.reduce(1, *)).map { _ in Float(-limit + 2 * limit * nextUniform()) }
            return try NDArray(shape: shape, values)
        }
    }

    fileprivate mutating func biases(_ count: Int, _ start: DigitClassifier.Start) throws -> NDArray<Float> {
        switch start {
        case .normal(_, let deviation): try normals([count], standardDeviation: deviation)
        case .truncatedNormal(_, let value): NDArray(repeating: value, shape: [count])
        case .glorotUniform: NDArray.zeros([count])
        }
    }
}
