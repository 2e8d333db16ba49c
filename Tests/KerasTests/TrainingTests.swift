// Ten steps from equal weights on equal batches, against Keras's: what each step reports, and the weights at the end.
// Without Python the numbers are those of the fixture; with it, new ones of another seed.

import ArrayFiles
import FileTestSupport
import Foundation
import Graphs
import Keras
import Operations
import Tensors
import Testing
import Training

/// A model and what it is told; `make_training.py` has the same under the same name.
struct TrainingCase: Sendable {
    let name: String
    let classWeight: [Int: Float]?
    let model: @Sendable () throws -> Model

    init(_ name: String, classWeight: [Int: Float]? = nil, _ model: @escaping @Sendable () throws -> Model) {
        (self.name, self.classWeight, self.model) = (name, classWeight, model)
    }

    private static func classifier(
        _ optimizer: KerasOptimizer, kernel: WeightRegularizer? = nil, bias: WeightRegularizer? = nil
    ) throws -> Model {
        let model = Sequential(in: Graph()) {
            Dense(8, activation: .relu, kernelRegularizer: kernel, biasRegularizer: bias, inputShape: [6])
            Dense(3, activation: .softmax)
        }
        try model.compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        return model
    }

    static let all: [TrainingCase] = [
        .init("adam") { try classifier(.adam(learningRate: 0.01)) },
        .init("momentum") { try classifier(.sgd(learningRate: 0.05, momentum: 0.9)) },
        .init("rmsprop") { try classifier(.rmsprop(learningRate: 0.01)) },
        .init("class-weights", classWeight: [0: 0.5, 1: 2, 2: 1.25]) { try classifier(.sgd(learningRate: 0.1)) },
        .init("sample-weights") { try classifier(.adam(learningRate: 0.01)) },
        .init("l2") { try classifier(.sgd(learningRate: 0.1), kernel: .l2(0.02), bias: .l2(0.05)) },
        .init("convolution") {
            let model = Sequential(in: Graph()) {
                Conv2D(4, kernelSize: (3, 3), usesBias: false, inputShape: [6, 6, 2])
                BatchNormalization()
                Activation(.relu)
                MaxPooling2D()
                Flatten()
                Dense(3)
            }
            try model.compile(
                optimizer: .adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy(fromLogits: true),
                metrics: [.accuracy])
            return model
        },
        .init("embedding") {
            let model = Sequential(in: Graph()) {
                Embedding(60, 4, inputShape: [5])
                GlobalAveragePooling1D()
                Dense(1, activation: .sigmoid)
            }
            try model.compile(
                optimizer: .adagrad(learningRate: 0.1), loss: .binaryCrossentropy, metrics: [.accuracy])
            return model
        },
        .init("outputs") {
            try withGraph(Graph()) {
                let (a, b) = (input(shape: [4]), input(shape: [3]))
                let joined = Dense(6, activation: .tanh)(Concatenate()([a, b]))
                let model = Model(
                    inputs: [a, b],
                    outputs: [Dense(3, activation: .softmax, name: "kind")(joined), Dense(1, name: "price")(joined)])
                try model.compile(
                    optimizer: .adam(learningRate: 0.01), losses: [.sparseCategoricalCrossentropy, "mse"],
                    lossWeights: [0.5, 2])
                return model
            }
        },
        .init("adamw-clipped") {
            let model = Sequential(in: Graph()) {
                Dense(6, activation: .tanh, inputShape: [5])
                Dense(2)
            }
            let optimizer = KerasOptimizer.adamW(learningRate: 0.01, weightDecay: 0.1)
            try model.compile(
                optimizer: optimizer.clippingGradients(.norm(0.25)), loss: "mse", metrics: ["mae"])
            return model
        },
        .init("attention") {
            try withGraph(Graph()) {
                let x = input(shape: [4, 6])
                let normalized = LayerNormalization()(x)
                let sum = Add()([x, MultiHeadAttention(heads: 2, keySize: 3)([normalized, normalized])])
                let model = Model(inputs: x, outputs: Dense(2)(GlobalAveragePooling1D()(sum)))
                try model.compile(
                    optimizer: .sgd(learningRate: 0.05, momentum: 0.9, usesNesterov: true), loss: "mse")
                return model
            }
        },
    ]
}

@Suite struct TrainingTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    @Test func tenStepsTeachWhatTheyTaughtKeras() throws {
        try compare(NPZReader(Self.folder.appending(path: "training.npz").path))
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func tenStepsTeachWhatTheyTeachKeras() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let seed = Int.random(in: 1..<1_000_000)
        print("trainings are compared with seed \(seed)")
        let script = try String(contentsOf: Self.folder.appending(path: "make_training.py"), encoding: .utf8)
        let folder = try TemporaryFolder()
        _ = try oracle.run(script, [folder.path("training.npz"), "\(seed)"])
        try compare(NPZReader(folder.path("training.npz")))
    }

    private func compare(_ reader: NPZReader) throws {
        // Neither side has a model that the other has not.
        #expect(Set(TrainingCase.all.map(\.name)) == Set(reader.names.map { String($0.prefix { $0 != "/" }) }))
        for each in TrainingCase.all { try compare(each, reader) }
    }

    private func compare(_ each: TrainingCase, _ reader: NPZReader) throws {
        let names = Set(reader.names)
        func arrays(_ kind: String) throws -> [AnyArray] {
            var found: [AnyArray] = []
            while names.contains("\(each.name)/\(kind)/\(found.count)") {
                found.append(try reader.read("\(each.name)/\(kind)/\(found.count)"))
            }
            return found
        }
        let (xs, ys) = (try arrays("x"), try arrays("y"))
        let weighting = "\(each.name)/sample_weight"
        let sampleWeights = names.contains(weighting) ? try reader.read(weighting, as: Float.self).scalars : nil
        let model = try each.model()
        try model.setWeights(try arrays("w").map { try $0.as(Float.self) })
        let logs = try reader.read("\(each.name)/logs", as: Float.self)
        for step in 0..<10 {
            let rows = (step * 8)..<(step * 8 + 8)
            let found = try model.trainOnBatch(
                try xs.map { try Self.rows(rows, of: $0) }, try ys.map { try Self.rows(rows, of: $0) },
                sampleWeight: sampleWeights.map { NDArray<Float>(Array($0[rows])) }, classWeight: each.classWeight)
            let width = logs.shape[1]
            let expected = logs.scalars[(step * width)..<(step * width + width)].map { Double($0) }
            #expect(found.entries.count == expected.count, "\(each.name): \(found)")
            for (entry, there) in zip(found.entries, expected) {
                #expect(
                    abs(entry.value - there) <= 1e-4 * max(abs(there), 1e-2),
                    "\(each.name), step \(step): \(entry.name) is \(entry.value), in Keras \(there)")
            }
        }
        let expected = try arrays("after").map { try $0.as(Float.self) }
        let found = try model.getWeights()
        #expect(found.map(\.shape) == expected.map(\.shape), "\(each.name)")
        for (index, (own, there)) in zip(found, expected).enumerated() {
            let scale = there.scalars.map { abs($0) }.max() ?? 0
            let worst = zip(own.scalars, there.scalars).map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= 1e-4 * max(1, scale), "\(each.name): weight \(index) differs by \(worst) of \(scale)")
        }
    }

    private static func rows(_ range: Range<Int>, of array: AnyArray) throws -> AnyArray {
        let shape = [range.count] + array.shape.dropFirst()
        let width = array.shape.dropFirst().reduce(1, *)
        let elements = (range.lowerBound * width)..<(range.upperBound * width)
        if array.dtype == .int32 {
            return AnyArray(try NDArray(shape: shape, Array(try array.as(Int32.self).scalars[elements])))
        }
        return AnyArray(try NDArray(shape: shape, Array(try array.as(Float.self).scalars[elements])))
    }
}
