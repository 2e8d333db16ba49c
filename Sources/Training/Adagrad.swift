// Adagrad.

public import Graphs
import Operations
public import Tensors

/// Adagrad, whose steps shrink where gradients were large: `accumulator += gradient²`, then
/// `variable -= learningRate · gradient / √accumulator`.
///
/// - Source: J. Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization" (2011);
///   default and update as TensorFlow's `AdagradOptimizer`.
public struct Adagrad: Optimizer {
    public let learningRate: LearningRate
    /// What the accumulators start with; above 0, since steps are divided by their root.
    public let initialAccumulatorValue: Double
    public var name: String { "Adagrad" }

    public init(learningRate: LearningRate, initialAccumulatorValue: Double = 0.1) {
        self.learningRate = learningRate
        self.initialAccumulatorValue = initialAccumulatorValue
    }

    public func update<Scalar: FloatingElement>(
        _ pair: VariableGradient<Scalar>, learningRate: Tensor<Scalar>
    ) -> Node {
        let graph = pair.variable.graph
        if !(initialAccumulatorValue > 0) {
            graph.report(
                Mistake(
                    "the initial accumulator value must be above 0, but is \(initialAccumulatorValue)",
                    hint: "0.1 is usual"),
                operation: name, node: pair.variable.name)
        }
        let accumulator = slot("Adagrad", of: pair.variable, startingAt: Scalar(clamping: initialAccumulatorValue))
        return makeNode(
            ApplyAdagrad(type: pair.variable.type),
            [pair.variable.handle, accumulator.handle, learningRate.value, pair.gradient.value])
    }
}
