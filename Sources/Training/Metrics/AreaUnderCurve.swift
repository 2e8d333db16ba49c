// The area under a curve that predictions draw as a threshold moves from 0 to 1.

public import Graphs
import Operations
public import Tensors

/// The area under the curve of true over false positives (ROC), or of precision over recall (PR), from counts at
/// thresholds that are spread evenly.
///
///     MetricVariables(AreaUnderCurve(.precisionRecall))
///
/// - Source: Keras's `AUC`; Davis and Goadrich, "The relationship between precision-recall and ROC curves" (2006), for
///   the interpolation of the second.
public struct AreaUnderCurve: StreamingMetric {
    /// What the curve shows.
    public enum Curve: Sendable, CaseIterable {
        /// The share of positives found over the share of negatives taken for positive.
        case receiverOperatingCharacteristic
        /// The precision over the recall.
        case precisionRecall
    }

    /// How the area between two points is summed.
    public enum Summation: Sendable, CaseIterable {
        /// By the mean of both heights; for precision and recall by what is between them.
        case interpolation
        /// By the lesser height.
        case minoring
        /// By the greater height.
        case majoring
    }

    public let curve: Curve
    public let summation: Summation
    /// From a little below 0 to a little above 1.
    public let thresholds: [Float]
    public var name: String { "auc" }
    /// What TensorFlow's metric adds to divisors; 0 for Keras's.
    private let epsilon: Float
    /// Whether precision and recall are interpolated as TensorFlow's metric does only when asked to.
    private let isCareful: Bool
    private static let maximumCount = 1_000_000

    /// - Parameters:
    ///   - thresholdCount: how many thresholds there are, at least 2; more give a better area.
    ///   - thresholds: others between 0 and 1 in place of even ones.
    /// - Errors: fewer than 2 thresholds count as 2, and more than a million as a million.
    public init(
        _ curve: Curve = .receiverOperatingCharacteristic, summation: Summation = .interpolation,
        thresholdCount: Int = 200, thresholds: [Double]? = nil
    ) {
        self.init(
            curve, summation, thresholdCount: thresholdCount, thresholds: thresholds, epsilon: 0, isCareful: true)
    }

    init(
        _ curve: Curve, _ summation: Summation, thresholdCount: Int, thresholds: [Double]?, epsilon: Float,
        isCareful: Bool
    ) {
        self.curve = curve
        self.summation = summation
        self.epsilon = epsilon
        self.isCareful = isCareful
        let steps = min(max(thresholdCount, 2), Self.maximumCount) - 1
        let inner = thresholds?.sorted() ?? (1..<max(steps, 1)).map { Double($0) / Double(steps) }
        self.thresholds = [Float(0 - lossEpsilon)] + inner.map { Float($0) } + [Float(1 + lossEpsilon)]
    }

    public var sums: [MetricSum] { ConfusionKind.allCases.map { MetricSum($0.rawValue, [thresholds.count]) } }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        confusionCounts(
            ConfusionKind.allCases, labels: labels, predictions: predictions, thresholds: thresholds, weights: weights)
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> {
        let (tp, fp, tn, fn) = (sums[0], sums[1], sums[2], sums[3])
        if curve == .precisionRecall, summation == .interpolation, isCareful { return interpolated(tp, fp, fn) }
        func share(_ part: Tensor<Float>, _ rest: Tensor<Float>, isLifted: Bool) -> Tensor<Float> {
            if epsilon == 0 { return divideNoNaN(part, part + rest) }
            return isLifted ? (part + epsilon) / (part + rest + epsilon) : part / (part + rest + epsilon)
        }
        let recall = share(tp, fn, isLifted: true)
        let (x, y): (Tensor<Float>, Tensor<Float>) =
            switch curve {
            case .receiverOperatingCharacteristic: (share(fp, tn, isLifted: false), recall)
            case .precisionRecall: (recall, share(tp, fp, isLifted: true))
            }
        let heights: Tensor<Float> =
            switch summation {
            case .interpolation: (lower(y) + upper(y)) / 2
            case .minoring: minimum(lower(y), upper(y))
            case .majoring: maximum(lower(y), upper(y))
            }
        return ((lower(x) - upper(x)) * heights).sum()
    }

    /// Precision and recall between two points follow from true positives that grow evenly.
    private func interpolated(_ tp: Tensor<Float>, _ fp: Tensor<Float>, _ fn: Tensor<Float>) -> Tensor<Float> {
        let gained = lower(tp) - upper(tp)
        let positive = tp + fp
        let slope = divideNoNaN(gained, maximum(lower(positive) - upper(positive), Float.zero))
        let intercept = upper(tp) - slope * upper(positive)
        let bothPositive = logicalAnd(greater(lower(positive), Float.zero), greater(upper(positive), Float.zero))
        let quotient = divideNoNaN(lower(positive), maximum(upper(positive), Float.zero))
        let ratio = select(where: bothPositive, quotient, Float.one)
        let area: Tensor<Float> = slope * (gained + intercept * log(ratio))
        return divideNoNaN(area, maximum(upper(tp) + upper(fn), Float.zero)).sum()
    }

    /// The values at each threshold but the last.
    private func lower(_ x: Tensor<Float>) -> Tensor<Float> { x.sliced(begin: [0], size: [thresholds.count - 1]) }
    /// The values at each threshold but the first.
    private func upper(_ x: Tensor<Float>) -> Tensor<Float> { x.sliced(begin: [1], size: [thresholds.count - 1]) }
}
