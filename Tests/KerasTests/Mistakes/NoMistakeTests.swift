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
