// Ends a training that gets no better.

import Operations
import Sessions
import Tensors

/// Ends the training when a number of the logs has not become better for some epochs.
///
///     EarlyStopping(monitor: "val_loss", patience: 3, restoreBestWeights: true)
///
/// - Source: Keras 3's `EarlyStopping`, with its defaults and decisions.
public final class EarlyStopping: ResumableCallback {
    public let patience: Int
    public let baseline: Double?
    public let restoreBestWeights: Bool
    public let startFromEpoch: Int
    public let verbose: Bool
    private let monitor: Monitor
    /// For how many epochs it has been no better.
    public private(set) var wait = 0
    /// The epoch after which it ended the training; nil as long as it has not.
    public private(set) var stoppedEpoch: Int?
    /// The best value, and its epoch.
    public private(set) var best: Double?
    public private(set) var bestEpoch = 0
    private var bestWeights: [AnyArray]?

    /// - Parameters:
    ///   - monitor: the name in the logs.
    ///   - minDelta: smaller changes are no improvement.
    ///   - patience: so many epochs without improvement are one too many.
    ///   - baseline: patience starts anew only with values better than this.
    ///   - restoreBestWeights: whether the model ends with the weights of its best epoch.
    ///   - startFromEpoch: earlier epochs do not count.
    ///   - verbose: whether it says what it does.
    public init(
        monitor: String = "val_loss", minDelta: Double = 0, patience: Int = 0, verbose: Bool = false,
        mode: MonitorMode = .auto, baseline: Double? = nil, restoreBestWeights: Bool = false, startFromEpoch: Int = 0
    ) {
        self.monitor = Monitor(name: monitor, mode: mode, minDelta: minDelta, callback: "EarlyStopping")
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restoreBestWeights = restoreBestWeights
        self.startFromEpoch = startFromEpoch
    }

    public func trainingBegan(_ run: FitRun) {
        (wait, stoppedEpoch, best, bestEpoch, bestWeights) = (0, nil, nil, 0, nil)
    }

    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {
        let current = try monitor.value(in: logs, run)
        guard epoch >= startFromEpoch else { return }
        if restoreBestWeights, bestWeights == nil { try keepWeights(epoch, run) }
        wait += 1
        if try monitor.isImprovement(current, over: best) {
            best = current
            bestEpoch = epoch
            if restoreBestWeights { try keepWeights(epoch, run) }
            if try baseline == nil || monitor.isImprovement(current, over: baseline) { wait = 0 }
            return
        }
        if wait >= patience, epoch > 0 {
            stoppedEpoch = epoch
            run.stop()
        }
    }

    public func trainingEnded(_ run: FitRun) throws {
        if let stoppedEpoch, verbose { run.say("Epoch \(stoppedEpoch + 1): early stopping") }
        guard restoreBestWeights, let bestWeights else { return }
        if verbose { run.say("Restoring model weights from the end of the best epoch: \(bestEpoch + 1).") }
        let variables = run.model.weights.map { AnyVariable($0.variable) }
        guard variables.count == bestWeights.count else {
            throw KerasError(
                "the model has other weights than when EarlyStopping kept the best",
                hint: "change no layers while it is trained")
        }
        try run.model.session.setValues(zip(variables, bestWeights).map { ($0, $1) })
    }

    private func keepWeights(_ epoch: Int, _ run: FitRun) throws {
        bestEpoch = epoch
        // Values that somebody holds never change, so these are no copies.
        bestWeights = try run.model.session.values(of: run.model.weights.map { AnyVariable($0.variable) }).compactMap {
            $0
        }
    }

    public func savedState() -> CallbackState {
        var state = CallbackState(values: [
            "wait": .integer(wait), "best": best.map { .number($0) } ?? .null, "best_epoch": .integer(bestEpoch),
        ])
        for (index, weight) in (bestWeights ?? []).enumerated() { state.arrays["\(index)"] = weight }
        return state
    }

    public func restore(_ state: CallbackState) {
        wait = state.values["wait"]?.integer ?? 0
        best = state.values["best"]?.number
        bestEpoch = state.values["best_epoch"]?.integer ?? 0
        let weights = (0..<state.arrays.count).compactMap { state.arrays["\($0)"] }
        bestWeights = weights.isEmpty ? nil : weights
    }
}
