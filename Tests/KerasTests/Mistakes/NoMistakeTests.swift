// What looks odd but is no mistake, and works.

import Datasets
import FileTestSupport
import Graphs
import Keras
import Operations
import Synchronization
import Tensors
import Testing
import Training

@Suite struct NoMistakeTests {
    private let kit: MistakeKit

    init() throws { kit = MistakeKit(folder: try TemporaryFolder()) }

    @Test(arguments: [11, 1 << 40, Int.max]) func aBatchMayBeLargerThanTheData(size: Int) throws {
        let model = try kit.classifier()
        let history = try model.fit(kit.x, kit.y, batchSize: size, epochs: 2, verbose: 0)
        #expect(history.epochs == [0, 1])
        #expect(try model.predict(kit.x, batchSize: size).shape == [10, 2])
        #expect(try model.evaluate(kit.x, kit.y, batchSize: size, verbose: 0).loss.isFinite)
    }

    @Test func noEpochsTrainNothing() throws {
        let model = try kit.classifier()
        let before = try model.getWeights()
        #expect(try model.fit(kit.x, kit.y, epochs: 0, verbose: 0).epochs.isEmpty)
        #expect(try model.fit(kit.x, kit.y, epochs: 3, verbose: 0, initialEpoch: 3).epochs.isEmpty)
        #expect(try model.getWeights() == before)
    }

    @Test func weightsOfSamplesMayBeBelowZero() throws {
        let weights = NDArray<Float>(kit.y.scalars.map { $0 == 0 ? -1 : 1 })
        #expect(try kit.classifier().trainOnBatch(kit.x, kit.y, sampleWeight: weights).loss.isFinite)
    }

    @Test func aRunThatIsStoppedBeforeItsFirstBatchEnds() throws {
        let stop = LambdaCallback(onEpochBegin: { _, run in run.stop() })
        #expect(try kit.classifier().fit(kit.x, kit.y, epochs: 2, verbose: 0, callbacks: [stop]).epochs.isEmpty)
    }

    @Test func whereNumbersAreNotCheckedNaNGoesThroughAndEndsTheTraining() throws {
        let model = try kit.classifier()
        model.checksNumbers = false
        let watch = TerminateOnNaN()
        let x = try kit.replacing(7, of: kit.x, by: .nan)
        let history = try model.fit(x, kit.y, epochs: 3, verbose: 0, callbacks: [watch])
        #expect(history.logs.first?.loss.isNaN == true)
        #expect(watch.terminated?.epoch == 0)
        #expect(history.epochs == [0])
    }

    @Test func bytesAndTruthValuesAreNumbers() throws {
        let model = try kit.classifier()
        let bytes = NDArray<UInt8>(repeating: 200, shape: [4, 3])
        let floats = NDArray<Float>(repeating: 200, shape: [4, 3])
        #expect(try model.predict(bytes) == model.predict(floats))
        #expect(try model.evaluate(floats, NDArray<Bool>([true, false, true, true]), verbose: 0).loss.isFinite)
    }

    @Test func aModelOfFixedBatchesTakesManyOfThem() throws {
        let x = input(shape: [2, 3], batchSize: 4, in: Graph())
        let model = Model(inputs: x, outputs: LSTM(2, isStateful: true)(x))
        let samples = NDArray<Float>(randomNormal: [8, 2, 3], standardDeviation: 1, seed: 3)
        let all = try model.predict(samples, batchSize: 4)
        try model.resetStates()
        let parts = try [0..<4, 4..<8].flatMap { try model.predict(samples.rows($0)).scalars }
        #expect(all.scalars == parts)
        try model.compile(optimizer: "sgd", loss: "mse")
        let labels = NDArray<Float>.zeros([8, 2])
        let data = (samples, labels)
        let history = try model.fit(samples, labels, batchSize: 4, verbose: 0, validationData: data, shuffle: false)
        #expect(history.logs.count == 1)
        #expect(try model.evaluate(samples, labels, batchSize: 4, verbose: 0).loss.isFinite)
    }

    @Test func aFrozenModelCanBeEvaluated() throws {
        let model = try kit.classifier(metrics: [.accuracy])
        model.isTrainable = false
        #expect(try model.evaluate(kit.x, kit.y, verbose: 0).loss.isFinite)
    }

    /// Counted, saved and regularised once, however many models it is in.
    @Test func aLayerInTwoModelsOfAModelIsOneLayer() throws {
        let graph = Graph()
        let shared = Dense(3, kernelInitializer: .ones, kernelRegularizer: .l2(1), inputShape: [3])
        let model = Sequential(in: graph) {
            Sequential(in: graph) { shared }
            Sequential(in: graph) { shared }
        }
        #expect(model.parameterCount == 12)
        #expect(model.weights.count == 2)
        #expect(model.trainableWeights.count == 2)
        try model.compile(optimizer: .sgd(learningRate: 0), loss: Loss { _, predictions in predictions * 0 })
        #expect(try model.evaluate(kit.x, kit.x, verbose: 0).loss == 9)
    }

    /// In time in proportion to their number, else this would take minutes.
    @Test func stacksMayBeThousandsOfLayersHigh() throws {
        let model = Sequential(in: Graph()) {
            Dense(1, inputShape: [3])
            for _ in 0..<3000 { Activation(.relu) }
        }
        #expect(try model.predict(kit.x).shape == [10, 1])
        #expect(try modelFromJSON(model.toJSON(), in: Graph()).layers.count == 3001)
        var x = input(shape: [3], in: Graph())
        let first = x
        for _ in 0..<3000 { x = Activation(.relu)(x) }
        #expect(Model(inputs: first, outputs: x).summaryText().contains("activation_2999"))
    }

    @Test(.timeLimit(.minutes(1))) func aCancelledTaskEndsTheTraining() async throws {
        let model = try kit.classifier()
        let (x, y) = (kit.x, kit.y)
        let task = Task.detached {
            // The task that it runs in cannot go on for ever.
            try model.fit(x, y, epochs: .max, verbose: 0)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try model.predict(x).shape == [10, 2])
    }

    /// A pass over a data set makes each batch once, also the first.
    @Test func eachBatchIsMadeOnce() throws {
        let made = Counter()
        let batches = try Dataset(kit.x, kit.y).batch(5).map { pair in
            made.add()
            return pair
        }
        try kit.classifier().fit(batches, epochs: 3, verbose: 0)
        #expect(made.count == 6)
    }
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let number = Mutex(0)
    func add() { number.withLock { $0 += 1 } }
    var count: Int { number.withLock { $0 } }
}
