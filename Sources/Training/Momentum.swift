// Gradient descent with momentum.

public import Graphs
import Operations
public import Tensors

/// Gradient descent with momentum: `m = momentum · m + gradient`, then `variable -= learningRate · m`.
///
/// - Source: B. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); with `usesNesterov`
///   I. Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013). Updates and slot as
///   TensorFlow's `MomentumOptimizer`.
public struct Momentum: Optimizer {
    public let learningRate: LearningRate
    public let momentum: Double
    /// Whether the gradient counts as if the step of the momentum were made already: `variable -= learningRate ·
    /// (gradient + momentum · m)`.
    public let usesNesterov: Bool
    /// Whether `m` holds steps rather than gradients, as in Keras's `SGD`: a change of the learning rate then changes
    /// later steps only.
    public let accumulatesSteps: Bool
    public var name: String { "Momentum" }
    public var slotNames: [String] { ["Momentum"] }

    /// - Parameters:
    ///   - momentum: from 0 up to, but not 1.
    public init(
        learningRate: LearningRate, momentum: Double, usesNesterov: Bool = false, accumulatesSteps: Bool = false
    ) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.usesNesterov = usesNesterov
        self.accumulatesSteps = accumulatesSteps
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkLearningRate(in: graph)
        checkFactor(momentum, "momentum", in: graph)
        return apply(
            accumulatesSteps ? .kerasMomentum : .momentum, to: pairs,
            numbers: [learningRate, number(momentum, "momentum", in: graph)], flags: [usesNesterov])
    }
}
