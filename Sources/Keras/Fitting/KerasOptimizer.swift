// Optimizers of models, by value or by Keras's name.

import Graphs
import Operations
import Tensors
public import Training

/// How a model learns: an optimizer with Keras's defaults, whose learning rate may be changed while it runs.
///
///     try model.compile(optimizer: .adam(learningRate: 1e-4), loss: "mse")
///     try model.compile(optimizer: "adam", loss: "mse")                // by Keras's name
///     try model.compile(optimizer: KerasOptimizer(Adagrad(learningRate: 0.01)), loss: "mse")
public struct KerasOptimizer: Sendable, ExpressibleByStringLiteral {
    struct Function: Sendable {
        let learningRate: LearningRate
        let make: @Sendable (LearningRate) -> any Optimizer
        /// False for an optimizer that was given whole: its learning rate is its own.
        var setsLearningRate = true
    }

    let named: Named<Function>

    /// An optimizer of the training kit, with its own learning rate.
    public init(_ optimizer: some Optimizer) {
        named = .known(
            Configuration(optimizer.name),
            Function(learningRate: optimizer.learningRate, make: { _ in optimizer }, setsLearningRate: false))
    }

    /// The optimizer of Keras's name, such as `adam`; `compile` throws for an unknown one.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The optimizer of Keras's name, such as `adam`; `compile` throws for an unknown one.
    public init(name: String) { named = Named(name.lowercased(), in: Self.table) }

    private init(
        _ name: String, _ learningRate: LearningRate, _ settings: [String: JSONValue] = [:],
        _ make: @escaping @Sendable (LearningRate) -> any Optimizer
    ) {
        var settings = settings
        settings["learning_rate"] = learningRate.number.map { .number($0) } ?? .null
        // Keras's optimizers take gradients of looked-up rows like all others.
        named = .known(
            Configuration(name, settings), Function(learningRate: learningRate, make: { ofAllRows(make($0)) }))
    }

    private init(named: Named<Function>) { self.named = named }

    /// Keras's name of it.
    public var name: String { named.configuration.className }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest.
    func function() throws(KerasError) -> Function { try named.function("optimizer", known: Self.table.keys) }

    /// The same, with gradients held small first: Keras's `clipvalue`, `clipnorm` and `global_clipnorm`.
    ///
    ///     try model.compile(optimizer: .adam().clippingGradients(.globalNorm(1)), loss: "mse")
    public func clippingGradients(_ clipping: GradientClipping) -> KerasOptimizer {
        guard case .known(var configuration, var function) = named else { return self }
        switch clipping {
        case .value(let limit): configuration.settings["clipvalue"] = .number(limit)
        case .norm(let limit): configuration.settings["clipnorm"] = .number(limit)
        case .globalNorm(let limit): configuration.settings["global_clipnorm"] = .number(limit)
        }
        let make = function.make
        function = Function(
            learningRate: function.learningRate, make: { held(make($0), clipping) },
            setsLearningRate: function.setsLearningRate)
        return KerasOptimizer(named: .known(configuration, function))
    }

    // MARK: The optimizers, with Keras's defaults

    /// Gradient descent, with momentum on request.
    public static func sgd(
        learningRate: LearningRate = 0.01, momentum: Double = 0, usesNesterov: Bool = false
    ) -> KerasOptimizer {
        KerasOptimizer(
            "sgd", learningRate, ["momentum": .number(momentum), "nesterov": .bool(usesNesterov)]
        ) { rate in
            if momentum == 0 { return GradientDescent(learningRate: rate) }
            return Momentum(
                learningRate: rate, momentum: momentum, usesNesterov: usesNesterov, accumulatesSteps: true)
        }
    }

    /// Adam.
    public static func adam(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7,
        usesAmsgrad: Bool = false
    ) -> KerasOptimizer {
        KerasOptimizer(
            "adam", learningRate, momentSettings(beta1, beta2, epsilon, ["amsgrad": .bool(usesAmsgrad)])
        ) {
            Adam(learningRate: $0, beta1: beta1, beta2: beta2, epsilon: epsilon, usesAmsgrad: usesAmsgrad)
        }
    }

    /// Adam with weights that decay by themselves.
    ///
    /// - Parameters:
    ///   - excludedNames: parts of the names of weights that do not decay, such as `bias`.
    public static func adamW(
        learningRate: LearningRate = 0.001, weightDecay: Double = 0.004, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-7, usesAmsgrad: Bool = false, excludedNames: [String] = []
    ) -> KerasOptimizer {
        let others: [String: JSONValue] = ["amsgrad": .bool(usesAmsgrad), "weight_decay": .number(weightDecay)]
        return KerasOptimizer("adamw", learningRate, momentSettings(beta1, beta2, epsilon, others)) {
            AdamW(
                learningRate: $0, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon,
                usesAmsgrad: usesAmsgrad, excludedNames: excludedNames)
        }
    }

    /// Adam with the largest gradient in the place of its square.
    public static func adamax(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7
    ) -> KerasOptimizer {
        KerasOptimizer("adamax", learningRate, momentSettings(beta1, beta2, epsilon)) {
            Adamax(learningRate: $0, beta1: beta1, beta2: beta2, epsilon: epsilon)
        }
    }

    /// Adam with Nesterov's momentum.
    public static func nadam(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7
    ) -> KerasOptimizer {
        KerasOptimizer("nadam", learningRate, momentSettings(beta1, beta2, epsilon)) {
            Nadam(learningRate: $0, beta1: beta1, beta2: beta2, epsilon: epsilon)
        }
    }

    /// Steps of one size, in the direction of the average gradient's signs.
    public static func lion(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.99
    ) -> KerasOptimizer {
        KerasOptimizer("lion", learningRate, ["beta_1": .number(beta1), "beta_2": .number(beta2)]) {
            Lion(learningRate: $0, beta1: beta1, beta2: beta2)
        }
    }

    /// Adagrad.
    public static func adagrad(
        learningRate: LearningRate = 0.001, initialAccumulatorValue: Double = 0.1
    ) -> KerasOptimizer {
        KerasOptimizer("adagrad", learningRate, ["initial_accumulator_value": .number(initialAccumulatorValue)]) {
            Adagrad(learningRate: $0, initialAccumulatorValue: initialAccumulatorValue)
        }
    }

    /// Adadelta.
    public static func adadelta(
        learningRate: LearningRate = 0.001, rho: Double = 0.95, epsilon: Double = 1e-7
    ) -> KerasOptimizer {
        KerasOptimizer("adadelta", learningRate, ["rho": .number(rho), "epsilon": .number(epsilon)]) {
            Adadelta(learningRate: $0, rho: rho, epsilon: epsilon)
        }
    }

    /// RMSProp.
    public static func rmsprop(
        learningRate: LearningRate = 0.001, rho: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-7,
        isCentered: Bool = false
    ) -> KerasOptimizer {
        let settings: [String: JSONValue] = [
            "rho": .number(rho), "momentum": .number(momentum), "epsilon": .number(epsilon),
            "centered": .bool(isCentered),
        ]
        return KerasOptimizer("rmsprop", learningRate, settings) {
            RMSProp(
                learningRate: $0, decay: rho, momentum: momentum, epsilon: epsilon, isCentered: isCentered,
                initialMeanSquare: 0)
        }
    }

    /// Follow-the-regularised-leader.
    public static func ftrl(
        learningRate: LearningRate = 0.001, learningRatePower: Double = -0.5, initialAccumulatorValue: Double = 0.1,
        l1: Double = 0, l2: Double = 0, l2Shrinkage: Double = 0, beta: Double = 0
    ) -> KerasOptimizer {
        let settings: [String: JSONValue] = [
            "learning_rate_power": .number(learningRatePower),
            "initial_accumulator_value": .number(initialAccumulatorValue),
            "l1_regularization_strength": .number(l1), "l2_regularization_strength": .number(l2),
            "l2_shrinkage_regularization_strength": .number(l2Shrinkage), "beta": .number(beta),
        ]
        return KerasOptimizer("ftrl", learningRate, settings) {
            Ftrl(
                learningRate: $0, learningRatePower: learningRatePower,
                initialAccumulatorValue: initialAccumulatorValue, l1: l1, l2: l2, l2Shrinkage: l2Shrinkage, beta: beta)
        }
    }

    private static func momentSettings(
        _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ others: [String: JSONValue] = [:]
    ) -> [String: JSONValue] {
        others.merging(["beta_1": .number(beta1), "beta_2": .number(beta2), "epsilon": .number(epsilon)]) { $1 }
    }

    private static let table: [String: Named<Function>] = {
        let all = [
            sgd(), adam(), adamW(), adamax(), nadam(), lion(), adagrad(), adadelta(), rmsprop(), ftrl(),
        ]
        return Dictionary(all.map { ($0.name, $0.named) }, uniquingKeysWith: { first, _ in first })
    }()
}

private func held(_ optimizer: some Optimizer, _ clipping: GradientClipping) -> any Optimizer {
    optimizer.clippingGradients(clipping)
}

private func ofAllRows(_ optimizer: some Optimizer) -> any Optimizer { optimizer.updatingAllRows() }
