// Gradient descent.

public import Graphs
import Operations
public import Tensors

/// Gradient descent: `variable -= learningRate · gradient`.
///
/// - Source: TensorFlow's `GradientDescentOptimizer`.
public struct GradientDescent: Optimizer {
    public let learningRate: LearningRate
    public var name: String { "GradientDescent" }
    public var slotNames: [String] { [] }

    public init(learningRate: LearningRate) {
        self.learningRate = learningRate
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        checkLearningRate(in: learningRate.graph)
        return apply(.gradientDescent, to: pairs, numbers: [learningRate])
    }
}
