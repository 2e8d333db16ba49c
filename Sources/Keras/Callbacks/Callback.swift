// What is called while a model is trained.

import Graphs

/// Does something at the beginning or the end of training, epochs and batches.
///
///     final class Printer: Callback {
///         func epochEnded(_ epoch: Int, _ logs: Logs, _ run: FitRun) { print(epoch, logs) }
///     }
///     try model.fit(images, labels, epochs: 5, callbacks: [Printer()])
///
/// All methods have a default that does nothing. They may change the run: stop it, or set the learning rate. What they
/// throw ends `fit`.
public protocol Callback: AnyObject {
    /// Whether the methods for batches are called at all; where no callback wants them, steps cost nothing more.
    var wantsBatches: Bool { get }
    /// Before the first epoch.
    func trainingBegan(_ run: FitRun) throws
    /// After the last epoch, also of a run that was stopped; not where an error ended it.
    func trainingEnded(_ run: FitRun) throws
    /// Before an epoch; they are counted from 0.
    func epochBegan(_ epoch: Int, _ run: FitRun) throws
    /// After an epoch and its validation.
    ///
    /// - Parameters:
    ///   - logs: the loss, the metrics, those of the validation as `val_loss`, ..., and the `learning_rate`; what is
    ///     changed or added here goes into the history and to the callbacks that follow.
    func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws
    /// Before a batch of training; they are counted from 0 in each epoch.
    func batchBegan(_ batch: Int, _ run: FitRun) throws
    /// After a batch of training. `run.logs()` tells the mean of the epoch so far.
    func batchEnded(_ batch: Int, _ run: FitRun) throws
    /// The process was asked to end (Ctrl-C, SIGTERM) and will do so: save what must not be lost.
    func interrupted(_ run: FitRun) throws
}

extension Callback {
    public var wantsBatches: Bool { false }
    public func trainingBegan(_ run: FitRun) throws {}
    public func trainingEnded(_ run: FitRun) throws {}
    public func epochBegan(_ epoch: Int, _ run: FitRun) throws {}
    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {}
    public func batchBegan(_ batch: Int, _ run: FitRun) throws {}
    public func batchEnded(_ batch: Int, _ run: FitRun) throws {}
    public func interrupted(_ run: FitRun) throws {}
}
