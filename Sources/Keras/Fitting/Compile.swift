// compile: what a model learns from, and how.

import Graphs
import Operations
import Sessions
import Synchronization
import Tensors
import Training

extension Model {
    /// Says how the model learns.
    ///
    ///     try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    ///
    /// - Parameters:
    ///   - optimizer: how the weights follow the gradients.
    ///   - loss: what is to become small; for a model with several outputs, that of each of them.
    ///   - metrics: what is reported beside the loss.
    ///   - weightedMetrics: the same, with the samples' weights taken into account.
    /// - Errors: `KerasError` for an unknown name, with the nearest known one.
    public func compile(
        optimizer: KerasOptimizer = "rmsprop", loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = []
    ) throws {
        let count = max(1, structure?.outputs.count ?? 1)
        try compile(
            optimizer: optimizer, losses: Array(repeating: loss, count: count),
            metrics: Array(repeating: metrics, count: count),
            weightedMetrics: Array(repeating: weightedMetrics, count: count))
    }

    /// Says how a model with several outputs learns.
    ///
    /// - Parameters:
    ///   - losses: one for each output; nil for an output that is not trained.
    ///   - lossWeights: how much each loss counts; nil: all equally.
    ///   - metrics: those of each output.
    /// - Errors: `KerasError` for an unknown name, or where there is not one loss for each output.
    public func compile(
        optimizer: KerasOptimizer = "rmsprop", losses: [Loss?], lossWeights: [Float]? = nil,
        metrics: [[Metric]] = [], weightedMetrics: [[Metric]] = []
    ) throws {
        let make = try optimizer.function()
        for loss in losses.compactMap({ $0 }) { _ = try loss.function() }
        for metric in (metrics + weightedMetrics).flatMap({ $0 }) { _ = try metric.function() }
        if let rate = make.learningRate.number { try checkLearningRate(rate, of: optimizer.name) }
        if let count = structure?.outputs.count, losses.count != count {
            throw KerasError(
                "\"\(name)\" has \(counted(count, "output")), but is given \(counted(losses.count, "loss", "losses"))",
                hint: "give one for each output, nil for one that is not trained")
        }
        if losses.allSatisfy({ $0 == nil }) {
            throw KerasError("no output of \"\(name)\" has a loss", hint: "give at least one")
        }
        if let lossWeights {
            guard lossWeights.count == losses.count else {
                throw KerasError(
                    "\(counted(losses.count, "loss has", "losses have")) \(counted(lossWeights.count, "weight"))",
                    hint: "give each loss one")
            }
            if let bad = lossWeights.firstIndex(where: { !$0.isFinite }) {
                throw KerasError(
                    "the weight of loss \(bad) is \(lossWeights[bad])",
                    hint: "give a number, 0 for one that does not count")
            }
        }
        if let count = [metrics.count, weightedMetrics.count].first(where: { $0 > losses.count }) {
            throw KerasError(
                "there are metrics for \(counted(count, "output")), but \"\(name)\" has \(losses.count)",
                hint: "give a list of metrics for each output")
        }
        func each(_ metrics: [[Metric]]) -> [[Metric]] {
            losses.indices.map { $0 < metrics.count ? metrics[$0] : [] }
        }
        let settings = CompileSettings(
            optimizer: optimizer, makeOptimizer: make, losses: losses,
            lossWeights: lossWeights ?? Array(repeating: 1, count: losses.count), metrics: each(metrics),
            weightedMetrics: each(weightedMetrics))
        training.withLock { training in
            training.settings = settings
            training.steps = [:]
            training.optimizer = nil
        }
    }

    /// What `compile` was told.
    ///
    /// - Errors: `KerasError` before `compile`.
    func requireSettings() throws -> CompileSettings {
        if let settings = training.withLock({ $0.settings }) { return settings }
        throw KerasError(
            "\"\(name)\" was not compiled",
            hint: "call compile(optimizer:loss:metrics:) before training or evaluating it")
    }

    /// The variables of the optimizer, made when they are first needed.
    func optimizerVariables(_ settings: CompileSettings) -> OptimizerVariables {
        if let known = training.withLock({ $0.optimizer }) { return known }
        let made = withGraph(graph) {
            withNameScope(settings.optimizer.name) {
                let make = settings.makeOptimizer
                // A number becomes a variable, so that it can be set while the model learns.
                let rate = (make.setsLearningRate ? make.learningRate.number : nil).map { rate in
                    Variable<Float>(Float(rate), trainable: false, name: "learning_rate", in: graph)
                }
                return OptimizerVariables(
                    learningRate: rate, iterations: Variable<Int64>(0, trainable: false, name: "iterations", in: graph),
                    optimizer: make.make(rate.map { LearningRate($0) } ?? make.learningRate))
            }
        }
        training.withLock { $0.optimizer = made }
        return made
    }

    /// The factor of the optimizer's steps; nil where the optimizer has a rate of its own, such as a schedule.
    ///
    /// - Errors: as `Session.run`.
    public func learningRate() throws -> Double? {
        guard let rate = training.withLock({ $0.optimizer })?.learningRate else {
            return training.withLock { $0.settings }?.makeOptimizer.learningRate.number
        }
        try initializeVariables()
        return try session.value(of: rate).map { Double($0.scalar) }
    }

    /// Changes the factor of the optimizer's steps.
    ///
    /// - Errors: `KerasError` before `compile`, or where the optimizer has a rate of its own.
    public func setLearningRate(_ rate: Double) throws {
        let settings = try requireSettings()
        try checkLearningRate(rate, of: settings.optimizer.name)
        guard let variable = optimizerVariables(settings).learningRate else {
            throw KerasError(
                "the learning rate of \(settings.optimizer.name) is its own, such as a schedule, and cannot be set",
                hint: "compile with a number for the learning rate")
        }
        try initializeVariables()
        try session.setValues([(AnyVariable(variable), AnyArray(NDArray(Float(rate))))])
    }

    private func checkLearningRate(_ rate: Double, of optimizer: String) throws {
        guard !(rate >= 0 && Float(rate).isFinite) else { return }
        throw KerasError(
            "the learning rate of \(optimizer) is \(rate), but must be a number of at least 0",
            hint: "0.001 is a usual one")
    }

    /// Gives those variables of the graph their initial value that have none yet.
    func initializeVariables() throws {
        try graph.requireSound()
        let variables = graph.variables
        let values = try session.values(of: variables)
        let missing = zip(variables, values).compactMap { variable, value in value == nil ? variable.initializer : nil }
        if !missing.isEmpty { try session.run(missing) }
    }
}
