// A long training holds no more memory than a short one.

import Datasets
import FileTestSupport
import Foundation
import Graphs
import Keras
import Tensors
import Testing

/// Notes the process's resident memory after each epoch.
private final class MemoryWatch: Callback {
    private(set) var pages: [Int] = []

    func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return }
        let fields = text.split(separator: " ")
        if fields.count > 1, let count = Int(fields[1]) { pages.append(count) }
    }

    /// Growth between two epochs, in bytes.
    func growth(from first: Int, to last: Int) -> Int { (pages[last] - pages[first]) * 4096 }
}

/// Not beside tests of its own, which would grow the process meanwhile.
@Suite(.serialized, .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/statm")))
struct FlatMemoryTests {
    /// What one epoch's batches take; a step that kept its batch would grow by 90 times as much.
    private static let epochByteCount = 512 * 1024 * 4

    private func check(_ train: (Model, MemoryWatch, [any Callback]) throws -> History) throws {
        let folder = try TemporaryFolder()
        let model = Sequential(in: Graph()) {
            Dense(8, activation: .relu, inputShape: [1024])
            Dropout(0.5)
            Dense(2, activation: .softmax)
        }
        try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        let watch = MemoryWatch()
        let callbacks: [any Callback] = [
            EarlyStopping(monitor: "loss", patience: 1000, restoreBestWeights: true), CSVLogger(folder.path("log.csv")),
            ModelCheckpoint(folder.path("state")), TerminateOnNaN(), watch,
        ]
        let history = try train(model, watch, callbacks)
        #expect(history.epochs.count == 100)
        // Other tests run in the process at the same time: the bound is one that they stay below, and a leak does not.
        let growth = watch.growth(from: 9, to: 99)
        print("memory grew by \(growth / 1024) KiB from epoch 10 to epoch 100")
        #expect(growth < 32 * Self.epochByteCount)
    }

    private var data: (NDArray<Float>, NDArray<Int32>) {
        (
            NDArray(randomNormal: [512, 1024], standardDeviation: 1, seed: 1),
            NDArray<Int32>((0..<(512)).map { $0 % 2 })
        )
    }

    @Test func aHundredEpochsOnArraysTakeNoMoreMemoryThanTen() throws {
        let (x, y) = data
        try check { model, _, callbacks in
            try model.fit(x, y, batchSize: 128, epochs: 100, verbose: 0, callbacks: callbacks)
        }
    }

    @Test func aHundredEpochsOnADataSetTakeNoMoreMemoryThanTen() throws {
        let (x, y) = data
        let batches = try Dataset(x, y).shuffle(seed: 1).batch(128).prefetch(2)
        try check { model, _, callbacks in try model.fit(batches, epochs: 100, verbose: 0, callbacks: callbacks) }
    }
}
