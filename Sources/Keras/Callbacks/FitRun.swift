// A training that is going on, as callbacks see it and change it.

import Graphs
import Operations
import Sessions
import Tensors

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
    /// Whether it goes on where an earlier one stopped: then files are gone on with rather than begun anew.
    public internal(set) var isResumed = false
    /// Whether each epoch is validated.
    public internal(set) var isValidated = false
    /// The steps that are run.
    let steps: TrainingSteps
    /// What decides which batches come next.
    let position: FitPosition
    let callbacks: [any Callback]
    /// Whether the batches of the epoch are done, and its callbacks are being called.
    var isEndingEpoch = false
    /// Whether progress is being shown.
    var isInEpoch = false
    private var afterEpoch: [() throws -> Void] = []
    private var messages: [String] = []

    init(model: Model, epochs: Int, steps: TrainingSteps, position: FitPosition, callbacks: [any Callback]) {
        self.model = model
        self.epochs = epochs
        self.steps = steps
        self.position = position
        self.callbacks = callbacks
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

    /// Saves all that `fit(resume:)` needs to go on as if it had never stopped: a checkpoint at the path's `.index` and
    /// `.data-…`, whole or not at all. Called at the end of an epoch, it is done once all callbacks were called.
    ///
    /// - Errors: `KerasError` for a path that names a folder, `CheckpointError`, what callbacks throw.
    public func saveTrainingState(to path: String) throws {
        try requireFileName(in: path, "the training state", such: "state")
        try whenEpochHasEnded { run in try run.writeTrainingState(to: path) }
    }

    // MARK: - Ends of epochs

    /// Does something now, or at the end of an epoch once all callbacks were called and the history is complete.
    func whenEpochHasEnded(_ body: @escaping (FitRun) throws -> Void) throws {
        guard isEndingEpoch else { return try body(self) }
        afterEpoch.append { [unowned self] in try body(self) }
    }

    /// Takes the logs of an epoch into the history and does what waited for it; what follows is the next epoch.
    func finishEpoch(_ logs: Logs) throws {
        history.epochs.append(epoch)
        history.logs.append(logs)
        (epoch, batch, isEndingEpoch) = (epoch + 1, 0, false)
        let waiting = afterEpoch
        afterEpoch = []
        for body in waiting { try body() }
    }

    /// Tells the user something; within an epoch after its progress, which stays whole.
    func say(_ message: String) {
        if isInEpoch { messages.append(message) } else { StandardOutput().write(message + "\n") }
    }

    /// Tells what was to be told, now that no progress is being shown.
    func tellMessages() {
        isInEpoch = false
        for message in messages { say(message) }
        messages = []
    }

    // MARK: - The state of training

    private lazy var variables = steps.variables(of: model)

    private func writeTrainingState(to path: String) throws {
        var states: [String: CallbackState] = [:]
        for (key, callback) in resumableCallbacks(callbacks) { states[key] = try callback.savedState() }
        let values = try model.session.values(of: variables)
        try TrainingSnapshot(
            path: path, epoch: epoch, batch: batch, seed: position.seed, history: history, data: position.data,
            callbacks: states, streams: model.session.randomStreamPositions,
            values: zip(variables, values).compactMap { variable, value in value.map { (variable.name, $0) } }
        ).write()
    }

    /// Goes on where another run was.
    func resume(from snapshot: TrainingSnapshot) throws {
        try snapshot.apply(to: model.session, variables, position.data)
        (epoch, batch, history) = (snapshot.epoch, snapshot.batch, snapshot.history)
        isResumed = true
    }

    /// Gives callbacks back what they knew.
    func restoreCallbacks(from snapshot: TrainingSnapshot) throws {
        for (key, callback) in resumableCallbacks(callbacks) {
            if let state = snapshot.callbacks[key] { try callback.restore(state) }
        }
    }
}

/// What decides which batches come next.
struct FitPosition: Sendable {
    /// The seed of the shuffling.
    let seed: UInt64
    /// What the data is, compared where a training goes on.
    var data: [String: JSONValue] = [:]
}
