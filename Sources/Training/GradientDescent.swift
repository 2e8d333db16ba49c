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

    public init(learningRate: LearningRate) {
        self.learningRate = learningRate
    }

    public func update<Scalar: FloatingElement>(
        _ pair: VariableGradient<Scalar>, learningRate: Tensor<Scalar>
    ) -> Node {
        makeNode(
            ApplyGradientDescent(type: pair.variable.type),
            [pair.variable.handle, learningRate.value, pair.gradient.value])
    }
}
