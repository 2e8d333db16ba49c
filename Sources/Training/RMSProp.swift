// RMSProp.

public import Graphs
import Operations
public import Tensors

/// RMSProp, whose steps are divided by the size of recent gradients: with a moving average `s` of `gradient²`,
/// `m = momentum · m + learningRate · gradient / √(s + ε)` and `variable -= m`.
///
/// - Source: G. Hinton, "Neural networks for machine learning", lecture 6e (2012); A. Graves, "Generating sequences with
///   recurrent neural networks" (2013) for the centred form. Defaults, update and slots as TensorFlow's
///   `RMSPropOptimizer`.
public struct RMSProp: Optimizer {
    public let learningRate: LearningRate
    /// How much of the average stays at each step.
    public let decay: Double
    public let momentum: Double
    public let epsilon: Double
    /// Whether the square of the mean gradient is taken off `s`: steps are then divided by a standard deviation.
    public let isCentered: Bool
    /// Where the average of squares starts: at 1 in TensorFlow's form, at 0 in Keras's.
    public let initialMeanSquare: Double
    public var name: String { "RMSProp" }
    /// In the order of the op: TensorFlow names the mean gradient, which only the centred form has, after the squares.
    public var slotNames: [String] { isCentered ? ["RMSProp_1", "RMSProp", "RMSProp_2"] : ["RMSProp", "RMSProp_1"] }

    /// - Parameters:
    ///   - decay: how much of the average stays at each step, from 0 up to, but not 1.
    ///   - epsilon: keeps divisors from 0.
    public init(
        learningRate: LearningRate, decay: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-10,
        isCentered: Bool = false, initialMeanSquare: Double = 1
    ) {
        self.learningRate = learningRate
        self.decay = decay
        self.momentum = momentum
        self.epsilon = epsilon
        self.isCentered = isCentered
        self.initialMeanSquare = initialMeanSquare
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkLearningRate(in: graph)
        checkFactor(decay, "decay", in: graph)
        checkFactor(momentum, "momentum", in: graph)
        checkEpsilon(epsilon, in: graph)
        return apply(
            isCentered ? .centeredRMSProp : .rmsProp, to: pairs,
            numbers: [
                learningRate, number(decay, "decay", in: graph), number(momentum, "momentum", in: graph),
                number(epsilon, "epsilon", in: graph),
            ], startingAt: isCentered ? [0, initialMeanSquare, 0] : [initialMeanSquare, 0])
    }
}
