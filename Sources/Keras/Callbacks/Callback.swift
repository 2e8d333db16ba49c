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

/// A training that is going on, as callbacks see it.
public final class FitRun {
    /// The model that is trained.
    public let model: Model
    /// The number of the epoch after the last, if nothing stops the run before.
    public let epochs: Int
    /// The number of batches of an epoch; nil where it is not known before the first has ended.
    public internal(set) var stepsPerEpoch: Int?
    /// The epoch that is running, from 0.
    public internal(set) var epoch = 0
    /// How many batches of the epoch are done.
    public internal(set) var batch = 0
    /// The logs of the epochs that are done.
    public internal(set) var history = History()
    /// Whether the run ends after the current batch.
    public private(set) var isStopping = false
    /// The steps that are run.
    let steps: TrainingSteps
    /// Where the position of the data and the state of everything else can be saved and taken from.
    let position: FitPosition

    init(model: Model, epochs: Int, steps: TrainingSteps, position: FitPosition) {
        self.model = model
        self.epochs = epochs
        self.steps = steps
        self.position = position
    }

    /// Ends the run after the current batch.
    public func stop() { isStopping = true }

    /// The loss and the metrics of the epoch so far.
    ///
    /// - Errors: as `Session.run`.
    public func logs() throws -> Logs { try model.results(of: steps) }

    /// The factor of the optimizer's steps; nil where the optimizer has a rate of its own.
    public func learningRate() throws -> Double? { try model.learningRate() }

    /// Changes the factor of the optimizer's steps.
    ///
    /// - Errors: `KerasError` where the optimizer has a rate of its own.
    public func setLearningRate(_ rate: Double) throws { try model.setLearningRate(rate) }
}

/// What decides which batches come next.
struct FitPosition: Sendable {
    /// The seed of the shuffling.
    let seed: UInt64
}
