// Follow the regularised leader.

public import Graphs
import Operations
public import Tensors

/// Follow-the-regularised-leader, for sparse linear models.
///
/// - Source: H. B. McMahan et al., "Ad click prediction: a view from the trenches" (2013); defaults, update and slots as
///   TensorFlow's `FtrlOptimizer`.
public struct Ftrl: Optimizer {
    public let learningRate: LearningRate
    public let learningRatePower: Double
    public let initialAccumulatorValue: Double
    public let l1: Double
    public let l2: Double
    public let l2Shrinkage: Double
    public let beta: Double
    public var name: String { "Ftrl" }
    public var slotNames: [String] { ["Ftrl", "Ftrl_1"] }

    /// - Parameters:
    ///   - learningRatePower: at most 0: how steps shrink with the sum of squares; 0 for a fixed rate.
    ///   - initialAccumulatorValue: where the sums of squares start; not below 0.
    ///   - l1: pulls weights to exactly 0.
    ///   - l2: holds weights small.
    ///   - l2Shrinkage: holds weights small by the size they have at each step.
    ///   - beta: added to `l2` as `beta / (2 learningRate)`; the rate must then be a number.
    public init(
        learningRate: LearningRate, learningRatePower: Double = -0.5, initialAccumulatorValue: Double = 0.1,
        l1: Double = 0, l2: Double = 0, l2Shrinkage: Double = 0, beta: Double = 0
    ) {
        self.learningRate = learningRate
        self.learningRatePower = learningRatePower
        self.initialAccumulatorValue = initialAccumulatorValue
        self.l1 = l1
        self.l2 = l2
        self.l2Shrinkage = l2Shrinkage
        self.beta = beta
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkLearningRate(in: graph)
        check(learningRatePower <= 0, "the power must not be above 0, but is \(learningRatePower)", in: graph)
        check(
            initialAccumulatorValue >= 0,
            "the initial accumulator value must not be below 0, but is \(initialAccumulatorValue)", in: graph)
        for (value, name) in [(l1, "l1"), (l2, "l2"), (l2Shrinkage, "l2Shrinkage"), (beta, "beta")] {
            check(value >= 0, "\(name) must not be below 0, but is \(value)", in: graph)
        }
        var strength: Tensor<Scalar> = number(l2, "l2", in: graph)
        if beta > 0 { strength = strength + number(beta / 2, "beta", in: graph) / learningRate }
        return apply(
            .ftrlV2, to: pairs,
            numbers: [
                learningRate, number(l1, "l1", in: graph), strength, number(l2Shrinkage, "l2_shrinkage", in: graph),
                number(learningRatePower, "lr_power", in: graph),
            ], startingAt: [initialAccumulatorValue, 0])
    }
}
