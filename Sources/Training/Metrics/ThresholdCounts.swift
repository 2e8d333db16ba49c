// How many predictions are right and wrong at thresholds, and the metrics that follow: precision, recall, the area under
// a curve.

public import Graphs
import Operations
public import Tensors

/// The four kinds of predictions at a threshold.
public enum ConfusionKind: String, Sendable, CaseIterable {
    case truePositives = "true_positives"
    case falsePositives = "false_positives"
    case trueNegatives = "true_negatives"
    case falseNegatives = "false_negatives"
}

/// How many predictions are of the given kinds at each threshold.
///
/// - Parameters:
///   - labels: 0 or 1; any other number counts as 1.
///   - predictions: in the shape of the labels. Those above a threshold are positive.
///   - weights: what each counts: of the shape of the predictions, or of their leading dimensions.
/// - Returns: `[thresholds]` for each kind.
/// - Source: Keras's `update_confusion_matrix_variables`.
public func confusionCounts<Label: NumericElement>(
    _ kinds: [ConfusionKind], labels: some TensorExpression<Label>, predictions: some TensorExpression<Float>,
    thresholds: [Float], weights: Tensor<Float>? = nil, name: String? = nil
) -> [Tensor<Float>] {
    let (labels, predictions) = (labels.tensor, predictions.tensor)
    return withGraph(predictions.graph) {
        withNameScope(name ?? "confusion_counts") {
            let (labels, predictions) = withEqualRanks(labels, predictions)
            guard labels.shape.isCompatible(with: predictions.shape) else {
                let mistake = Mistake.labelsDiffer(labels.shape, predictions.shape)
                return kinds.map { _ in
                    makeTensor(Misuse(of: "confusion_counts", mistake), [labels.value, predictions.value])
                }
            }
            let limits = constant(thresholds).reshaped([thresholds.count, 1])
            let isPositive = greater(predictions.reshaped([1, -1]), limits)
            let isLabelled = notEqual(labels.reshaped([1, -1]), Label.zero)
            let counts = weights.map { spread($0, like: predictions).reshaped([1, -1]) }
            return kinds.map { kind in
                let matches =
                    switch kind {
                    case .truePositives: logicalAnd(isLabelled, isPositive)
                    case .falsePositives: logicalAnd(logicalNot(isLabelled), isPositive)
                    case .trueNegatives: logicalNot(logicalOr(isLabelled, isPositive))
                    case .falseNegatives: logicalAnd(isLabelled, logicalNot(isPositive))
                    }
                guard let counts else { return cast(matches, to: Float.self).sum(axis: 1) }
                return select(where: matches, counts, Float.zero).sum(axis: 1)
            }
        }
    }
}

/// Weights of leading dimensions, repeated to the shape of values.
private func spread(_ weights: Tensor<Float>, like values: Tensor<Float>) -> Tensor<Float> {
    var weights = weights
    if let rank = values.shape.rank, let own = weights.shape.rank, own > 0, own < rank {
        for _ in own..<rank { weights = weights.expandingDimension(at: -1) }
    } else if let rank = values.shape.rank, let own = weights.shape.rank, own == rank + 1, weights.shape[-1] == 1 {
        weights = weights.squeezed(axes: [-1])
    }
    return weights + zeros(like: values)
}

/// How many predictions are of one kind at thresholds.
///
/// - Source: Keras's `TruePositives`, `FalsePositives`, `TrueNegatives` and `FalseNegatives`.
public struct ConfusionCount: StreamingMetric {
    public let kind: ConfusionKind
    public let thresholds: [Float]
    public var name: String { kind.rawValue }

    /// - Parameter thresholds: with one, the result is a single number.
    public init(_ kind: ConfusionKind, thresholds: [Float] = [0.5]) {
        self.kind = kind
        self.thresholds = thresholds
    }

    public var sums: [MetricSum] { [MetricSum("accumulator", [thresholds.count])] }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        confusionCounts([kind], labels: labels, predictions: predictions, thresholds: thresholds, weights: weights)
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> { sums[0].single(of: thresholds) }
}

/// The share of true positives among those predicted (precision) or labelled (recall) as positive, at thresholds.
///
/// - Source: Keras's `Precision` and `Recall`.
public struct PositiveShare: StreamingMetric {
    public let thresholds: [Float]
    public let classIndex: Int?
    private let isRecall: Bool
    public var name: String { isRecall ? "recall" : "precision" }

    /// True positives among what was predicted as positive.
    ///
    /// - Parameters:
    ///   - thresholds: with one, the result is a single number.
    ///   - classIndex: of predictions `[..., classes]` only this class.
    public static func precision(thresholds: [Float] = [0.5], classIndex: Int? = nil) -> PositiveShare {
        PositiveShare(thresholds: thresholds, classIndex: classIndex, isRecall: false)
    }

    /// True positives among what is labelled as positive.
    ///
    /// - Parameters: as for `precision(thresholds:classIndex:)`.
    public static func recall(thresholds: [Float] = [0.5], classIndex: Int? = nil) -> PositiveShare {
        PositiveShare(thresholds: thresholds, classIndex: classIndex, isRecall: true)
    }

    public var sums: [MetricSum] { kinds.map { MetricSum($0.rawValue, [thresholds.count]) } }

    private var kinds: [ConfusionKind] { [.truePositives, isRecall ? .falseNegatives : .falsePositives] }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        var (labels, predictions) = (labels, predictions)
        if let classIndex {
            let number = constant(Int32(clamping: classIndex), in: predictions.graph)
            (labels, predictions) = (gather(labels, number, axis: -1), gather(predictions, number, axis: -1))
        }
        return confusionCounts(
            kinds, labels: labels, predictions: predictions, thresholds: thresholds, weights: weights)
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> {
        divideNoNaN(sums[0], sums[0] + sums[1]).single(of: thresholds)
    }
}

extension Tensor<Float> {
    /// The only element, where there is one for a single threshold.
    fileprivate func single(of thresholds: [Float]) -> Tensor<Float> {
        thresholds.count == 1 ? reshaped([]) : self
    }
}
