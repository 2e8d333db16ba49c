// Callbacks of a few lines: closures, and the end of a training that went astray.

/// Calls closures.
///
///     LambdaCallback(onEpochEnd: { epoch, logs in print(epoch, logs.loss) })
///
/// - Source: Keras's `LambdaCallback`.
public final class LambdaCallback: Callback {
    private let onTrainBegin: ((FitRun) throws -> Void)?
    private let onTrainEnd: ((FitRun) throws -> Void)?
    private let onEpochBegin: ((Int, FitRun) throws -> Void)?
    private let onEpochEnd: ((Int, Logs) throws -> Void)?
    private let onBatchBegin: ((Int, FitRun) throws -> Void)?
    private let onBatchEnd: ((Int, FitRun) throws -> Void)?

    public init(
        onTrainBegin: ((FitRun) throws -> Void)? = nil, onTrainEnd: ((FitRun) throws -> Void)? = nil,
        onEpochBegin: ((_ epoch: Int, FitRun) throws -> Void)? = nil,
        onEpochEnd: ((_ epoch: Int, _ logs: Logs) throws -> Void)? = nil,
        onBatchBegin: ((_ batch: Int, FitRun) throws -> Void)? = nil,
        onBatchEnd: ((_ batch: Int, FitRun) throws -> Void)? = nil
    ) {
        self.onTrainBegin = onTrainBegin
        self.onTrainEnd = onTrainEnd
        self.onEpochBegin = onEpochBegin
        self.onEpochEnd = onEpochEnd
        self.onBatchBegin = onBatchBegin
        self.onBatchEnd = onBatchEnd
    }

    public var wantsBatches: Bool { onBatchBegin != nil || onBatchEnd != nil }
    public func trainingBegan(_ run: FitRun) throws { try onTrainBegin?(run) }
    public func trainingEnded(_ run: FitRun) throws { try onTrainEnd?(run) }
    public func epochBegan(_ epoch: Int, _ run: FitRun) throws { try onEpochBegin?(epoch, run) }
    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws { try onEpochEnd?(epoch, logs) }
    public func batchBegan(_ batch: Int, _ run: FitRun) throws { try onBatchBegin?(batch, run) }
    public func batchEnded(_ batch: Int, _ run: FitRun) throws { try onBatchEnd?(batch, run) }
}

/// Ends the training after a batch whose loss is not finite. It reads the loss after each batch.
///
/// - Source: Keras's `TerminateOnNaN`.
public final class TerminateOnNaN: Callback {
    /// The batch that ended the training, and its epoch; nil as long as none has.
    public private(set) var terminated: (epoch: Int, batch: Int)?

    public init() {}

    public var wantsBatches: Bool { true }

    public func trainingBegan(_ run: FitRun) { terminated = nil }

    public func batchEnded(_ batch: Int, _ run: FitRun) throws {
        guard try !run.logs().loss.isFinite else { return }
        terminated = (run.epoch, batch)
        run.stop()
        run.say("Batch \(batch): invalid loss, terminating training")
    }
}
