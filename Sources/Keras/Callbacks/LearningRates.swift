// Callbacks that change the learning rate.

/// Makes the learning rate smaller when a number of the logs has not become better for some epochs.
///
///     ReduceLROnPlateau(monitor: "val_loss", factor: 0.2, patience: 5, minLR: 0.001)
///
/// - Source: Keras 3's `ReduceLROnPlateau`, with its defaults and decisions.
public final class ReduceLROnPlateau: ResumableCallback {
    public let factor: Double
    public let patience: Int
    public let cooldown: Int
    public let minLR: Double
    public let verbose: Bool
    private let monitor: Monitor
    private var best: Double?
    private var cooldownCounter = 0
    private var wait = 0

    /// - Parameters:
    ///   - monitor: the name in the logs.
    ///   - factor: what the rate is multiplied by, from 0 up to 1.
    ///   - patience: so many epochs without improvement are one too many.
    ///   - minDelta: smaller changes are no improvement.
    ///   - cooldown: so many epochs after a change do not count.
    ///   - minLR: the rate does not become smaller.
    public init(
        monitor: String = "val_loss", factor: Double = 0.1, patience: Int = 10, verbose: Bool = false,
        mode: MonitorMode = .auto, minDelta: Double = 1e-4, cooldown: Int = 0, minLR: Double = 0
    ) {
        self.monitor = Monitor(name: monitor, mode: mode, minDelta: minDelta, callback: "ReduceLROnPlateau")
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.minLR = minLR
        self.verbose = verbose
    }

    public func trainingBegan(_ run: FitRun) throws {
        guard factor >= 0, factor < 1 else {
            throw KerasError("the factor of ReduceLROnPlateau is \(factor), but must be from 0 up to 1")
        }
        try requireLearningRate(run, "ReduceLROnPlateau")
        (best, cooldownCounter, wait) = (nil, 0, 0)
    }

    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {
        let current = try monitor.value(in: logs, run)
        if cooldownCounter > 0 {
            cooldownCounter -= 1
            wait = 0
        }
        if try monitor.isImprovement(current, over: best) {
            best = current
            wait = 0
            return
        }
        guard cooldownCounter == 0 else { return }
        wait += 1
        guard wait >= patience, let rate = try run.learningRate(), Float(rate) > Float(minLR) else { return }
        let reduced = max(rate * factor, minLR)
        try run.setLearningRate(reduced)
        if verbose { run.say("Epoch \(epoch + 1): ReduceLROnPlateau reducing learning rate to \(reduced).") }
        cooldownCounter = cooldown
        wait = 0
    }

    public func savedState() -> CallbackState {
        CallbackState(values: [
            "best": best.map { .number($0) } ?? .null, "cooldown": .integer(cooldownCounter), "wait": .integer(wait),
        ])
    }

    public func restore(_ state: CallbackState) {
        best = state.values["best"]?.number
        cooldownCounter = state.values["cooldown"]?.integer ?? 0
        wait = state.values["wait"]?.integer ?? 0
    }
}

/// Sets the learning rate at the beginning of each epoch.
///
///     LearningRateScheduler { epoch, rate in epoch < 10 ? rate : rate * 0.9 }
///
/// - Source: Keras 3's `LearningRateScheduler`.
public final class LearningRateScheduler: Callback {
    public let verbose: Bool
    private let schedule: (_ epoch: Int, _ rate: Double) -> Double

    /// - Parameters:
    ///   - schedule: from the epoch, from 0, and the rate so far to the rate.
    public init(verbose: Bool = false, _ schedule: @escaping (_ epoch: Int, _ rate: Double) -> Double) {
        self.schedule = schedule
        self.verbose = verbose
    }

    public func trainingBegan(_ run: FitRun) throws { try requireLearningRate(run, "LearningRateScheduler") }

    public func epochBegan(_ epoch: Int, _ run: FitRun) throws {
        let rate = schedule(epoch, try run.learningRate() ?? 0)
        guard Float(rate).isFinite, rate >= 0 else {
            throw KerasError(
                "LearningRateScheduler gives the learning rate \(rate) for epoch \(epoch)",
                hint: "it must be a number of at least 0")
        }
        try run.setLearningRate(rate)
        if verbose { run.say("Epoch \(epoch + 1): LearningRateScheduler setting learning rate to \(rate).") }
    }
}

private func requireLearningRate(_ run: FitRun, _ callback: String) throws {
    guard try run.learningRate() == nil else { return }
    throw KerasError(
        "\(callback) cannot set the learning rate, which is the optimizer's own, such as a schedule",
        hint: "compile with a number for the learning rate")
}
