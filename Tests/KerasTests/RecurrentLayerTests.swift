import ArrayFiles
import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

@testable import Keras

/// What recurrent layers do beside their numbers, which `LayerTests` compares with Keras's.
@Suite struct RecurrentLayerTests {
    private static let sequences = NDArray<Float>(randomNormal: [4, 6, 3], standardDeviation: 1, seed: 11)

    private func close(_ one: NDArray<Float>, _ other: NDArray<Float>) -> Bool {
        one.shape == other.shape && zip(one.scalars, other.scalars).allSatisfy { abs($0 - $1) < 1e-6 }
    }

    @Test func weightsStartAsInKerasAndAreNamedSo() throws {
        let model = Sequential([LSTM(8, inputShape: [5, 3])], in: Graph())
        #expect(
            model.weights.map(\.variable.name) == ["kernel", "recurrent_kernel", "bias"].map { "lstm/lstm_cell/\($0)" })
        let weights = try model.getWeights()
        let bias = Array(repeating: Float(0), count: 8) + Array(repeating: 1, count: 8) + Array(repeating: 0, count: 16)
        #expect(weights[2].scalars == bias)
        // The rows of the recurrent kernel are at right angles.
        let rows = stride(from: 0, to: 256, by: 32).map { Array(weights[1].scalars[$0..<$0 + 32]) }
        for (i, one) in rows.enumerated() {
            for (j, other) in rows.enumerated() {
                let product = zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-5)
            }
        }
    }

    @Test func aStatefulLayerGoesOnWhereItStopped() throws {
        let graph = Graph()
        let (whole, halves) = graph.asDefault { () -> (Model, Model) in
            let x = input(shape: [6, 3], batchSize: 4)
            let half = input(shape: [3, 3], batchSize: 4)
            let cell = LSTMCell(5)
            return (
                Model(inputs: x, outputs: RNN(cell)(x)), Model(inputs: half, outputs: RNN(cell, isStateful: true)(half))
            )
        }
        let expected = try whole.predict(Self.sequences, batchSize: 4)
        try halves.setWeights(try whole.getWeights())
        let rows = Self.sequences.scalars
        func part(_ steps: Range<Int>) throws -> NDArray<Float> {
            var part: [Float] = []
            for sample in 0..<4 {
                for step in steps { part += rows[(sample * 6 + step) * 3..<(sample * 6 + step + 1) * 3] }
            }
            return try NDArray(shape: [4, 3, 3], part)
        }
        let first = try halves.predict(try part(0..<3), batchSize: 4)
        #expect(close(try halves.predict(try part(3..<6), batchSize: 4), expected))
        #expect(!close(try halves.predict(try part(0..<3), batchSize: 4), first))
        try halves.resetStates()
        #expect(close(try halves.predict(try part(0..<3), batchSize: 4), first))
        // States are no weights.
        #expect(halves.weights.count == 3)
    }

    /// `Input((None, 3))` of Keras: one model for sequences of any length.
    private func modelForAnyLength() -> Model {
        Graph().asDefault {
            Sequential {
                Masking(inputShape: [nil, 3])
                Bidirectional(LSTM(4, returnsSequences: true))
                GRU(5, returnsSequences: true)
                SimpleRNN(3)
                Dense(1)
            }
        }
    }

    /// The first steps of the sequences.
    private func first(_ steps: Int) throws -> NDArray<Float> {
        let rows = Self.sequences.scalars
        return try NDArray(shape: [4, steps, 3], (0..<4).flatMap { Array(rows[$0 * 18..<$0 * 18 + steps * 3]) })
    }

    @Test func oneModelTakesSequencesOfAnyLength() throws {
        let any = modelForAnyLength()
        for steps in [6, 1, 3, 6] {
            let known = Graph().asDefault {
                Sequential {
                    Masking(inputShape: [steps, 3])
                    Bidirectional(LSTM(4, returnsSequences: true))
                    GRU(5, returnsSequences: true)
                    SimpleRNN(3)
                    Dense(1)
                }
            }
            try known.setWeights(try any.getWeights())
            for model in [any, known] { try model.compile(optimizer: .sgd(learningRate: 0.1), loss: "mse") }
            let x = try first(steps)
            #expect(close(try any.predict(x), try known.predict(x)))
            let y = NDArray<Float>(repeating: 1, shape: [4, 1])
            let losses = try [any, known].map { try $0.trainOnBatch(x, y)["loss"] ?? .nan }
            #expect(abs(losses[0] - losses[1]) < 1e-6)
            for (one, other) in zip(try any.getWeights(), try known.getWeights()) { #expect(close(one, other)) }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func sequencesOfAnyLengthTrainAModelAsInKeras() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let model = modelForAnyLength()
        try folder.write(Array(try model.toJSON().utf8), to: "model.json")
        func write(_ name: String, _ arrays: [NDArray<Float>]) throws {
            try NPZWriter.write(
                Dictionary(uniqueKeysWithValues: arrays.enumerated().map { ("arr_\($0)", AnyArray($1)) }),
                to: folder.path(name))
        }
        let lengths = [3, 6, 2, 6, 1, 5]
        try write("weights.npz", try model.getWeights())
        try write("data.npz", try lengths.map { try first($0) })
        let script = """
            import sys, keras, numpy as np
            f = sys.argv[1] + "/"
            def read(name):
                data = np.load(f + name)
                return [data[f"arr_{i}"] for i in range(len(data.files))]
            model = keras.models.model_from_json(open(f + "model.json").read())
            assert model.input_shape == (None, None, 3), model.input_shape
            model.set_weights(read("weights.npz"))
            model.compile(keras.optimizers.SGD(0.1), "mse")
            losses = [np.float32(model.train_on_batch(x, np.ones((4, 1), "f"))) for x in read("data.npz")]
            np.savez(f + "after.npz", np.array(losses), *model.get_weights())
            """
        _ = try oracle.run(script, [folder.path])
        try model.compile(optimizer: .sgd(learningRate: 0.1), loss: "mse")
        let ones = NDArray<Float>(repeating: 1, shape: [4, 1])
        let losses = try lengths.map { Float(try model.trainOnBatch(try first($0), ones)["loss"] ?? .nan) }
        let after = try NPZReader(folder.path("after.npz"))
        let there = try after.names.indices.map { try after.read("arr_\($0)", as: Float.self) }
        for (here, there) in zip([NDArray(losses)] + (try model.getWeights()), there) {
            let worst = zip(here.scalars, there.scalars).map { abs($0 - $1) }.max() ?? .nan
            #expect(here.shape == there.shape && worst < 1e-5, "differs by \(worst)")
        }
        #expect(there.count == 1 + model.weights.count)
    }

    @Test func trainingKeepsTheStatesToo() throws {
        let graph = Graph()
        let model = graph.asDefault { () -> Model in
            let x = input(shape: [6, 3], batchSize: 4)
            return Model(inputs: x, outputs: Dense(1)(GRU(5, dropout: 0.25, isStateful: true)(x)))
        }
        try model.compile(optimizer: .sgd(learningRate: 0), loss: "mse")
        let zeros = NDArray<Float>(repeating: 0, shape: [4, 1])
        let before = try model.predict(Self.sequences, batchSize: 4)
        try model.resetStates()
        try model.trainOnBatch(Self.sequences, zeros)
        #expect(!close(try model.predict(Self.sequences, batchSize: 4), before))
    }

    @Test func theSameInputsAreDroppedAtAllSteps() throws {
        try Graph().asDefault { () throws in
            // The sum of the inputs that are left, step by step.
            let layer = SimpleRNN(
                8, activation: .linear, usesBias: false, kernelInitializer: .identity(), recurrentInitializer: .zeros,
                dropout: 0.5, seed: 3, returnsSequences: true)
            let x = constant(NDArray<Float>(repeating: 1, shape: [16, 4, 8]))
            let y = layer(x, training: true)
            let session = Session()
            try session.initializeVariables()
            let found = try session.run(y).scalars
            #expect(Set(found) == [0, 2])
            for sample in 0..<16 {
                let steps = (0..<4).map { Array(found[(sample * 4 + $0) * 8..<(sample * 4 + $0 + 1) * 8]) }
                #expect(steps.allSatisfy { $0 == steps[0] })
            }
            // In use nothing is dropped.
            #expect(try Set(session.run(layer(x)).scalars) == [1])
        }
    }

    @Test func everyGateDropsItsOwnPartOfTheState() throws {
        try Graph().asDefault { () throws in
            let cell = LSTMCell(4, recurrentDropout: 0.5, seed: 1)
            let context = LayerContext(graph: .default, isTraining: true)
            let x = constant(NDArray<Float>(repeating: 1, shape: [8, 3, 2]))
            let drops = cell.settings.drops(x, gates: 4, context)
            #expect(drops.inputs.isEmpty && drops.states.count == 4)
            let masks = try drops.states.map { try Session().run($0).scalars }
            #expect(Set(masks.flatMap { $0 }) == [0, 2])
            #expect(Set(masks).count == 4)
        }
    }

    @Test func aCellOfOnesOwnPassesThroughSequences() throws {
        struct Sum: RecurrentCell {
            let state = LayerState()
            var stateSizes: [Int] { [2] }
            var outputSize: Int { 1 }
            func step(_ input: Tensor<Float>, _ states: [Tensor<Float>], _ context: LayerContext)
                -> (output: Tensor<Float>, states: [Tensor<Float>])
            {
                let scale = context.weight("scale", shape: [], initializer: .ones)
                let sum = states[0] + input * scale.tensor
                return (sum.sum(axis: 1, keepDimensions: true), [sum])
            }
        }
        let model = Sequential([RNN(Sum(), returnsSequences: true, inputShape: [3, 2])], in: Graph())
        let x = try NDArray<Float>(shape: [1, 3, 2], [1, 2, 3, 4, 5, 6])
        #expect(try model.predict(x).scalars == [3, 10, 21])
        #expect(model.weights.map(\.name) == ["scale"])
        // It cannot be copied for the other direction.
        let graph = Graph()
        _ = Sequential([Bidirectional(RNN(Sum()), inputShape: [3, 2])], in: graph)
        #expect(graph.diagnostics.first?.message.contains("cannot make the layer of the other direction") ?? false)
    }

    @Test func aNetworkLearnsToRemember() throws {
        // The class is the sign of the first number of eight.
        let count = 256
        let noise = NDArray<Float>(randomNormal: [count, 8, 1], standardDeviation: 1, seed: 5)
        let labels = NDArray<Int32>((0..<count).map { noise.scalars[$0 * 8] > 0 ? 1 : 0 })
        let graph = Graph()
        graph.seed = 7
        let model = Sequential([GRU(16, inputShape: [8, 1]), Dense(2, activation: .softmax)], in: graph)
        try model.compile(
            optimizer: .adam(learningRate: 0.02), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        try model.fit(noise, labels, batchSize: 32, epochs: 12, verbose: 0)
        let logs = try model.evaluate(noise, labels, verbose: 0)
        #expect((logs["accuracy"] ?? 0) > 0.95, "\(logs)")
    }
}
