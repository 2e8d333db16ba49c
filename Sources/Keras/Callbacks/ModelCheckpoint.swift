// Saves the model while it is trained.

import Files

/// How often something is saved or written.
public enum SaveFrequency: Sendable, Hashable {
    /// After each epoch.
    case epoch
    /// After so many batches.
    case batches(Int)
}

/// Saves the training, or only the weights, at the ends of epochs or after batches, and when the process is asked to
/// end.
///
///     ModelCheckpoint("runs/{epoch:02d}-{val_loss:.2f}", saveBestOnly: true)
///     ModelCheckpoint("runs/best.safetensors", monitor: "val_accuracy", saveBestOnly: true, saveWeightsOnly: true)
///
/// Whole states of training are checkpoints, with which `fit(resume:)` goes on; weights alone are written by the path's
/// ending, see `Model.saveWeights(to:)`. After Ctrl-C or SIGTERM the state is saved too: under the path where it is a
/// fixed one and not that of the best, else as `interrupted` beside it.
///
/// - Source: Keras 3's `ModelCheckpoint`, with its defaults and decisions.
public final class ModelCheckpoint: ResumableCallback {
    public let saveBestOnly: Bool
    public let saveWeightsOnly: Bool
    public let saveFrequency: SaveFrequency
    public let verbose: Bool
    private let monitor: Monitor
    private let threshold: Double?
    private let template: PathTemplate?
    private let makePath: (_ epoch: Int, _ logs: Logs) throws -> String
    private var best: Double?
    private var batchesSinceSaving = 0
    /// The path that was saved last.
    public private(set) var lastPath: String?

    /// - Parameters:
    ///   - path: with numbers of the logs as Python formats them, and `epoch`, from 1: `{epoch:02d}-{val_loss:.2f}`.
    ///   - monitor: the name in the logs by which the best is told.
    ///   - saveBestOnly: whether only what is better than all before is saved.
    ///   - saveWeightsOnly: whether the weights alone are saved, not what training needs to go on.
    ///   - initialValueThreshold: what is no better than this is not saved as the best.
    public convenience init(
        _ path: String, monitor: String = "val_loss", verbose: Bool = false, saveBestOnly: Bool = false,
        saveWeightsOnly: Bool = false, mode: MonitorMode = .auto, saveFrequency: SaveFrequency = .epoch,
        initialValueThreshold: Double? = nil
    ) {
        let template = PathTemplate(text: path)
        self.init(
            monitor, verbose, saveBestOnly, saveWeightsOnly, mode, saveFrequency, initialValueThreshold, template
        ) { epoch, logs in
            var values = Logs()
            values["epoch"] = Double(epoch + 1)
            values.merge(logs)
            return try template.path(values)
        }
    }

    /// Saves under the paths that a closure makes from the epoch, from 0, and the logs.
    public convenience init(
        monitor: String = "val_loss", verbose: Bool = false, saveBestOnly: Bool = false,
        saveWeightsOnly: Bool = false, mode: MonitorMode = .auto, saveFrequency: SaveFrequency = .epoch,
        initialValueThreshold: Double? = nil, path: @escaping (_ epoch: Int, _ logs: Logs) -> String
    ) {
        self.init(
            monitor, verbose, saveBestOnly, saveWeightsOnly, mode, saveFrequency, initialValueThreshold, nil, path)
    }

    private init(
        _ monitor: String, _ verbose: Bool, _ saveBestOnly: Bool, _ saveWeightsOnly: Bool, _ mode: MonitorMode,
        _ saveFrequency: SaveFrequency, _ threshold: Double?, _ template: PathTemplate?,
        _ makePath: @escaping (Int, Logs) throws -> String
    ) {
        self.monitor = Monitor(name: monitor, mode: mode, callback: "ModelCheckpoint")
        self.verbose = verbose
        self.saveBestOnly = saveBestOnly
        self.saveWeightsOnly = saveWeightsOnly
        self.saveFrequency = saveFrequency
        self.threshold = threshold
        self.template = template
        self.makePath = makePath
        best = threshold
    }

    public var wantsBatches: Bool { saveFrequency != .epoch }

    public func trainingBegan(_ run: FitRun) throws {
        if case .batches(let count) = saveFrequency, count < 1 {
            throw KerasError("ModelCheckpoint saves after \(count) batches", hint: "give at least 1, or .epoch")
        }
        if let text = template?.text {
            try requireFileName(in: text, "ModelCheckpoint", such: "{epoch:02d}")
        }
        if let text = template?.text, try WeightsFormat.required(for: text) != .checkpoint, !saveWeightsOnly {
            throw KerasError(
                "\(text) holds weights alone, but ModelCheckpoint is to save the whole training",
                hint: "pass saveWeightsOnly: true, or a path without ending")
        }
        batchesSinceSaving = 0
        // A folder that cannot be is told of now rather than after the first epoch.
        if let text = template?.text {
            let folder = parentPath(String(text.prefix { $0 != "{" }))
            if !folder.isEmpty { try LocalFileSystem().makeFolder(folder) }
        }
    }

    public func batchEnded(_ batch: Int, _ run: FitRun) throws {
        guard case .batches(let count) = saveFrequency else { return }
        batchesSinceSaving += 1
        guard batchesSinceSaving >= count else { return }
        batchesSinceSaving = 0
        try save(run.epoch, try run.logs(), run)
    }

    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {
        // A name that is not there is told at the end of the first epoch, also where batches decide.
        if saveBestOnly, saveFrequency != .epoch, !monitor.name.hasPrefix("val_") {
            _ = try monitor.value(in: logs, run)
        }
        if saveFrequency == .epoch { try save(epoch, logs, run) }
    }

    private func save(_ epoch: Int, _ logs: Logs, _ run: FitRun) throws {
        let path = try makePath(epoch, logs)
        let title = "Epoch \(epoch + 1): "
        if saveBestOnly {
            let current = try monitor.value(in: logs, run)
            let before = best.map { fixed($0, digits: 5) } ?? "None"
            guard try monitor.isImprovement(current, over: best) else {
                if verbose { run.say("\(title)\(monitor.name) did not improve from \(before)") }
                return
            }
            if verbose {
                run.say(
                    "\(title)\(monitor.name) improved from \(before) to \(fixed(current, digits: 5)), saving model to "
                        + path)
            }
            best = current
        } else if verbose {
            run.say("\(title)saving model to \(path)")
        }
        try write(to: path, run)
    }

    private func write(to path: String, _ run: FitRun) throws {
        lastPath = path
        if saveWeightsOnly {
            try run.model.saveWeights(to: path)
        } else {
            try run.saveTrainingState(to: path)
        }
    }

    public func interrupted(_ run: FitRun) throws {
        let path: String
        if let template, template.isFixed, !saveBestOnly {
            path = template.text
        } else {
            let model = try template?.text ?? makePath(run.epoch, try run.logs())
            path = joinPath(parentPath(model), "interrupted" + WeightsFormat(path: model).ending)
        }
        try write(to: path, run)
        writeToStandardError(
            saveWeightsOnly
                ? "the weights were saved to \(path)\n"
                : "the training was saved to \(path); go on with fit(resume: \"\(path)\")\n")
    }

    public func savedState() -> CallbackState {
        CallbackState(values: [
            "best": best.map { .number($0) } ?? .null, "batches_since_saving": .integer(batchesSinceSaving),
        ])
    }

    public func restore(_ state: CallbackState) {
        best = state.values["best"]?.number ?? threshold
        batchesSinceSaving = state.values["batches_since_saving"]?.integer ?? 0
    }
}
