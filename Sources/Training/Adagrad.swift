// Adagrad and Adadelta.

public import Graphs
import Operations
public import Tensors

/// Adagrad, whose steps shrink where gradients were large: `accumulator += gradient²`, then
/// `variable -= learningRate · gradient / √accumulator`.
///
/// - Source: J. Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization" (2011);
///   default, update and slot as TensorFlow's `AdagradOptimizer`.
public struct Adagrad: Optimizer {
    public let learningRate: LearningRate
    /// What the accumulators start with; above 0, since steps are divided by their root.
    public let initialAccumulatorValue: Double
    public var name: String { "Adagrad" }
    public var slotNames: [String] { ["Adagrad"] }

    public init(learningRate: LearningRate, initialAccumulatorValue: Double = 0.1) {
        self.learningRate = learningRate
        self.initialAccumulatorValue = initialAccumulatorValue
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkLearningRate(in: graph)
        check(
            initialAccumulatorValue > 0,
            "the initial accumulator value must be above 0, but is \(initialAccumulatorValue)", hint: "0.1 is usual",
            in: graph)
        return apply(.adagrad, to: pairs, numbers: [learningRate], startingAt: [initialAccumulatorValue])
    }
}

/// Adadelta, whose steps have the size of earlier steps: with moving averages `a` of `gradient²` and `d` of `step²`,
/// `step = gradient √(d + ε) / √(a + ε)` and `variable -= learningRate · step`.
///
/// - Source: M. Zeiler, "ADADELTA: an adaptive learning rate method" (2012); defaults, update and slots as TensorFlow's
///   `AdadeltaOptimizer`.
public struct Adadelta: Optimizer {
    public let learningRate: LearningRate
    public let rho: Double
    public let epsilon: Double
    public var name: String { "Adadelta" }
    public var slotNames: [String] { ["Adadelta", "Adadelta_1"] }

    /// - Parameters:
    ///   - rho: how much of the averages stays at each step, from 0 up to, but not 1.
    ///   - epsilon: keeps divisors from 0.
    public init(learningRate: LearningRate = 0.001, rho: Double = 0.95, epsilon: Double = 1e-8) {
        self.learningRate = learningRate
        self.rho = rho
        self.epsilon = epsilon
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkLearningRate(in: graph)
        checkFactor(rho, "rho", in: graph)
        checkEpsilon(epsilon, in: graph)
        return apply(
            .adadelta, to: pairs,
            numbers: [learningRate, number(rho, "rho", in: graph), number(epsilon, "epsilon", in: graph)])
    }
}
