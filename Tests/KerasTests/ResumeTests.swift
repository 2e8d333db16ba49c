import Checkpoints
import FileTestSupport
import Foundation
import Graphs
import Keras
import Operations
import Sessions
import Tensors
import Testing
import Training

/// Ends the training by an error after a batch.
private final class Breaker: Callback {
    struct Broken: Error {}
    let epoch: Int
    let batch: Int
    init(epoch: Int, batch: Int) { (self.epoch, self.batch) = (epoch, batch) }
    var wantsBatches: Bool { true }
    func batchEnded(_ batch: Int, _ run: FitRun) throws {
        if run.epoch == epoch, batch == self.batch { throw Broken() }
    }
}

@Suite struct ResumeTests {
    private static let optimizers: [KerasOptimizer] = ["adagrad", .sgd(learningRate: 0.1)]

    private func expectSame(_ left: History, _ right: History) {
        #expect(left.epochs == right.epochs)
        #expect(left.logs == right.logs)
    }

    /// Trains in one go, and with a stop after each batch that is saved, in another model each time.
    @Test(arguments: [1, 3, 4, 5, 7]) func aTrainingThatWasStoppedGoesOnWithTheSameNumbers(stop: Int) throws {
        let folder = try TemporaryFolder()
        func callbacks(_ task: SmallTask) -> [any Callback] {
            [
                EarlyStopping(monitor: "loss", minDelta: 100, patience: 3, restoreBestWeights: true),
                ReduceLROnPlateau(monitor: "loss", factor: 0.5, patience: 1, minDelta: 100),
            ]
        }
        func fit(_ task: SmallTask, _ more: [any Callback], resume: String? = nil) throws -> History {
            try task.model.fit(
                task.x, task.y, batchSize: 16, epochs: 4, verbose: 0, callbacks: callbacks(task) + more,
                validationSplit: 0.2, seed: 7, resume: resume)
        }
        let straight = try SmallTask(dropout: true)
        let whole = try fit(straight, [])
        let stopped = try SmallTask(dropout: true)
        let path = folder.path("state")
        // 3 batches an epoch.
        let (epoch, batch) = ((stop - 1) / 3, (stop - 1) % 3)
        #expect(throws: Breaker.Broken.self) {
            _ = try fit(
                stopped,
                [ModelCheckpoint(path, saveFrequency: .batches(stop)), Breaker(epoch: epoch, batch: batch)])
        }
        // Another model in another session, that starts elsewhere.
        let resumed = try SmallTask(seed: 99, dropout: true)
        expectSame(try fit(resumed, [], resume: path), whole)
        #expect(try resumed.model.getWeights() == straight.model.getWeights())
        #expect(whole["learning_rate"].last ?? 1 < whole["learning_rate"].first ?? 0)
        // Once more in a session that has gone on: random streams are set back too.
        expectSame(try fit(stopped, [], resume: path), whole)
    }

    @Test func aTrainingGoesOnAfterAnEpoch() throws {
        let folder = try TemporaryFolder()
        let straight = try SmallTask(dropout: true)
        let whole = try straight.model.fit(straight.x, straight.y, epochs: 4, verbose: 0, seed: 3)
        let first = try SmallTask(dropout: true)
        try first.model.fit(
            first.x, first.y, epochs: 2, verbose: 0, callbacks: [ModelCheckpoint(folder.path("runs/{epoch}"))], seed: 3)
        let second = try SmallTask(dropout: true)
        // The newest of a folder.
        let history = try second.model.fit(second.x, second.y, epochs: 4, verbose: 0, resume: folder.path("runs"))
        expectSame(history, whole)
        #expect(try second.model.getWeights() == straight.model.getWeights())
    }

    @Test func aBackupIsGoneOnWithAndRemovedAtTheEnd() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("backup")
        let straight = try SmallTask(dropout: true)
        let whole = try straight.model.fit(straight.x, straight.y, batchSize: 16, epochs: 3, verbose: 0, seed: 1)
        for task in [try SmallTask(dropout: true), try SmallTask(dropout: true)] {
            let csv = CSVLogger(folder.path("log.csv"))
            let isFirst = !FileManager.default.fileExists(atPath: path + ".index")
            let breaker: [any Callback] = isFirst ? [Breaker(epoch: 1, batch: 2)] : []
            let history = try? task.model.fit(
                task.x, task.y, batchSize: 16, epochs: 3, verbose: 0,
                callbacks: [csv, BackupAndRestore(path, saveFrequency: .batches(2))] + breaker, seed: 1)
            #expect((history == nil) == isFirst)
            if let history { expectSame(history, whole) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["log.csv"])
        let lines = String(decoding: try folder.bytes(of: "log.csv"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.dropFirst().map { $0.prefix(2) } == ["0,", "1,", "2,"])
    }

    @Test func whatDoesNotFitIsTold() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("state")
        let task = try SmallTask(dropout: true)
        try task.model.fit(
            task.x, task.y, epochs: 1, verbose: 0, callbacks: [ModelCheckpoint(path)], seed: 3)
        func message(_ task: SmallTask, _ path: String, seed: UInt64? = nil, batchSize: Int = 32) -> String {
            do {
                try task.model.fit(
                    task.x, task.y, batchSize: batchSize, epochs: 2, verbose: 0, seed: seed, resume: path)
                return ""
            } catch {
                return "\(error)"
            }
        }
        let other = message(try SmallTask(units: 9, dropout: true), path)
        #expect(other.contains("variable \"dense/kernel\" of float32[3, 9] was saved as float32[3, 8]"), "\(other)")
        #expect(message(try SmallTask(samples: 59, dropout: true), path).contains("samples was 60, but is 59"))
        #expect(message(task, path, batchSize: 8).contains("batch size was 32, but is 8"))
        #expect(message(task, path, seed: 4).contains("leave the seed out"))
        #expect(message(try SmallTask(dropout: true, optimizer: "sgd"), path).contains("was saved, but is not trained"))
        #expect(message(try SmallTask(), path).contains("random node"))
        #expect(message(task, folder.path("nothing")).contains("there must be a file"))
        #expect(message(task, folder.path("empty/..")).contains("holds no training state") == false)
        try task.model.saveWeights(to: folder.path("weights"))
        #expect(message(task, folder.path("weights")).contains("holds weights, but no training state"))
        // After all that, it still goes on.
        #expect(message(try SmallTask(dropout: true), path) == "")
    }

    @Test func damagedStatesAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("state")
        let task = try SmallTask()
        try task.model.fit(task.x, task.y, epochs: 1, verbose: 0, callbacks: [ModelCheckpoint(path)])
        let reader = try CheckpointReader(path)
        let texts: [String] = [
            "", "{}", "[1]", "{\"version\": 2}", "{\"version\": 1, \"epoch\": -1, \"batch\": 0, \"seed\": \"1\"}",
            "{\"version\": 1, \"epoch\": 0, \"batch\": 0, \"seed\": 1}",
            "{\"version\": 1, \"epoch\": 0, \"batch\": 0, \"seed\": \"1\", \"random_streams\": [\"a\"]}",
            "{\"version\": 1, \"epoch\": 0, \"batch\": 0, \"seed\": \"1\", \"history\": [3]}",
        ]
        for text in texts {
            let writer = try CheckpointWriter(folder.path("damaged"))
            for entry in reader.entries where entry.name != "training_state" {
                try writer.add(try reader.read(entry.name), named: entry.name)
            }
            try writer.add(AnyArray(strings: [Array(text.utf8)], shape: []), named: "training_state")
            try writer.finish()
            #expect(throws: KerasError.self, "\(text)") {
                try task.model.fit(task.x, task.y, epochs: 2, verbose: 0, resume: folder.path("damaged"))
            }
        }
    }

    @Test func aStateIsACheckpointOfTheVariablesToo() throws {
        let folder = try TemporaryFolder()
        let task = try SmallTask()
        try task.model.fit(
            task.x, task.y, epochs: 1, verbose: 0, callbacks: [ModelCheckpoint(folder.path("state"))])
        let other = try SmallTask(seed: 2)
        let report = try other.model.loadWeights(from: folder.path("state"))
        #expect(report.isComplete && report.loaded.count == 4)
        #expect(try other.model.getWeights() == task.model.getWeights())
    }
}
