// How much of the labels' variance predictions explain.

public import Graphs
import Operations
public import Tensors

/// The share of the labels' variance that predictions explain: 1 for perfect ones, 0 for the mean.
///
/// - Source: Keras's `R2Score` without an adjustment for the number of regressors.
public struct RSquared: StreamingMetric {
    /// How the scores of outputs become one.
    public enum Aggregation: Sendable, CaseIterable {
        /// Not at all: `[outputs]`.
        case none
        /// Their mean.
        case uniformAverage
        /// Their mean, weighted by the variance of the labels.
        case varianceWeightedAverage
    }

    public let outputCount: Int
    public let aggregation: Aggregation
    public var name: String { "r2_score" }

    /// - Parameter outputCount: the last dimension of labels and predictions, `[batch, outputs]`.
    public init(outputCount: Int = 1, aggregation: Aggregation = .uniformAverage) {
        self.outputCount = max(outputCount, 1)
        self.aggregation = aggregation
    }

    public var sums: [MetricSum] {
        ["squared_sum", "sum", "residual", "count"].map { MetricSum($0, [outputCount]) }
    }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        let (y, p) = withEqualRanks(labels.asFloat, predictions)
        let counts = (weights.map { $0.reshaped([-1, 1]) } ?? constant(1, in: p.graph)) + zeros(like: p)
        return [y * y * counts, y * counts, squaredDifference(y, p) * counts, counts].map { each in
            each.sum(axis: 0).reshaped([outputCount])
        }
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> {
        let total = sums[0] - square(sums[1]) / sums[3]
        let raw = 1 - sums[2] / total
        let scores = select(where: isInfinite(raw), Float.zero, raw)
        switch aggregation {
        case .none: return scores
        case .uniformAverage: return scores.mean()
        case .varianceWeightedAverage: return (total * scores).sum() / total.sum()
        }
    }
}
