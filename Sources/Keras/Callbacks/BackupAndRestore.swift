// Keeps a training's state, so that the same program, started again, goes on where it stopped.

import Checkpoints
import Files

/// Saves the state of training as it goes, and lets `fit` go on from it when the program is started again.
///
///     try model.fit(x, y, epochs: 100, callbacks: [BackupAndRestore("runs/backup")])
///
/// After the last epoch the state is removed, so that the next start begins anew.
///
/// - Source: Keras's `BackupAndRestore`.
public final class BackupAndRestore: Callback {
    /// The path of the state: a checkpoint's without `.index`.
    public let path: String
    public let saveFrequency: SaveFrequency
    public let deletesAtEnd: Bool
    public let verbose: Bool
    private var batchesSinceSaving = 0

    /// - Parameters:
    ///   - path: of the state, a checkpoint's without `.index`.
    ///   - saveFrequency: how often the state is saved; at the ends of epochs in any case.
    ///   - deletesAtEnd: whether the state is removed after the last epoch.
    ///   - verbose: whether it says where the training goes on.
    public init(
        _ path: String, saveFrequency: SaveFrequency = .epoch, deletesAtEnd: Bool = true, verbose: Bool = false
    ) {
        self.verbose = verbose
        self.path = path
        self.saveFrequency = saveFrequency
        self.deletesAtEnd = deletesAtEnd
    }

    /// The path of the state to go on from, where there is one.
    var existingState: String? { !namesNoFile(path) && fileExists(path + ".index") ? path : nil }

    public var wantsBatches: Bool { saveFrequency != .epoch }

    public func trainingBegan(_ run: FitRun) throws {
        batchesSinceSaving = 0
        try requireFileName(in: path, "BackupAndRestore", such: "state")
        // A folder that cannot be is told of now rather than after the first epoch.
        if !parentPath(path).isEmpty { try LocalFileSystem().makeFolder(parentPath(path)) }
        if run.isResumed, verbose {
            run.say("going on from \(path): epoch \(run.epoch + 1), after \(run.batch) batches")
        }
    }

    public func batchEnded(_ batch: Int, _ run: FitRun) throws {
        guard case .batches(let count) = saveFrequency else { return }
        batchesSinceSaving += 1
        guard batchesSinceSaving >= count else { return }
        batchesSinceSaving = 0
        try run.saveTrainingState(to: path)
    }

    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {
        try run.saveTrainingState(to: path)
    }

    public func interrupted(_ run: FitRun) throws {
        try run.saveTrainingState(to: path)
        writeToStandardError("the training was saved to \(path); it goes on there when the program is started again\n")
    }

    public func trainingEnded(_ run: FitRun) throws {
        // A training that was stopped may be gone on with.
        guard deletesAtEnd, run.epoch >= run.epochs else { return }
        let files = LocalFileSystem()
        let folder = parentPath(path)
        let name = lastPathPart(path)
        // The index first: without it there is no state.
        try files.remove(path + ".index")
        for file in try files.list(folder.isEmpty ? "." : folder) where file.hasPrefix(name + ".data-") {
            try files.remove(joinPath(folder, file))
        }
    }
}

extension TrainingSnapshot {
    /// The state that `fit` is to go on from: that asked for, or that of a `BackupAndRestore`; nil where there is none.
    ///
    /// - Errors: as reading it; `KerasError` for a seed other than the state's.
    init?(resume: String?, _ callbacks: [any Callback], seed: UInt64?) throws {
        let kept = callbacks.lazy.compactMap { ($0 as? BackupAndRestore)?.existingState }.first
        guard let path = resume ?? kept else { return nil }
        try self.init(reading: path)
        if let seed, seed != self.seed {
            throw KerasError(
                "the training state \(self.path) goes on with the seed \(self.seed), but the seed \(seed) is given",
                hint: "leave the seed out")
        }
    }
}
