// TensorFlow's module `metrics`: metrics as a pair of a value and an update, gathered in local variables. Metrics as
// Keras has them are the other files of this folder.

public import Graphs
import Operations
public import Tensors

/// A metric of TensorFlow's module: its value before the run, and an update that takes a batch in and is its value after
/// that.
public typealias StreamedMetric = (value: Tensor<Float>, update: Tensor<Float>)

// swift-format-ignore: TypeNamesShouldBeCapitalized
/// Metrics that are gathered over batches in local variables, as TensorFlow's module of the same name has them.
///
///     let (accuracy, update) = metrics.accuracy(labels: labels, predictions: argmax(logits, axis: 1))
///     try session.run(localVariablesInitializer())
///     for batch in batches { try session.run(update, feeding: ...) }
///     print(try session.run(accuracy))
///
/// All take `weights`, what each element counts: of rank 0 or that of the values, with their dimensions or 1; a last
/// dimension of 1 may be left out or too many.
///
/// - Errors: shapes of labels and predictions that differ by more than a last dimension of 1, and weights that do not fit,
///   are mistakes.
/// - Source: `tf.compat.v1.metrics` of TensorFlow 2.21.
public enum metrics {
    /// The mean of the elements.
    public static func mean(
        _ values: some TensorExpression<Float>, weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let values = values.tensor
        return scoped(name ?? "mean", values.graph) { meanOfElements(values, weights) }
    }

    /// How often predictions are equal to labels.
    public static func accuracy<Scalar: TensorElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        mean("accuracy", labels, predictions, weights, name) { cast(equal($1, $0), to: Float.self) }
    }

    /// The mean of `(label - prediction)²`.
    public static func meanSquaredError(
        labels: some TensorExpression<Float>, predictions: some TensorExpression<Float>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        mean("mean_squared_error", labels, predictions, weights, name) { squaredDifference($0, $1) }
    }

    /// The root of the mean of `(label - prediction)²`.
    public static func rootMeanSquaredError(
        labels: some TensorExpression<Float>, predictions: some TensorExpression<Float>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let (value, update) = mean("root_mean_squared_error", labels, predictions, weights, name) {
            squaredDifference($0, $1)
        }
        return (sqrt(value), sqrt(update))
    }

    /// The mean of `|label - prediction|`.
    public static func meanAbsoluteError(
        labels: some TensorExpression<Float>, predictions: some TensorExpression<Float>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        mean("mean_absolute_error", labels, predictions, weights, name) { abs($1 - $0) }
    }

    /// The mean of `|label - prediction| / normalizer`, which is 0 where the normalizer is.
    public static func meanRelativeError(
        labels: some TensorExpression<Float>, predictions: some TensorExpression<Float>,
        normalizer: some TensorExpression<Float>, weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let normalizer = normalizer.tensor
        return mean("mean_relative_error", labels, predictions, weights, name) {
            divideNoNaN(abs($0 - $1), squeezed(normalizer, like: $1))
        }
    }

    /// One less the mean cosine along an axis of labels and predictions, which must have length 1.
    public static func meanCosineDistance(
        labels: some TensorExpression<Float>, predictions: some TensorExpression<Float>, axis: Int,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let (value, update) = mean("mean_cosine_distance", labels, predictions, weights, name) {
            ($1 * $0).sum(axis: axis, keepDimensions: true)
        }
        return (1 - value, 1 - update)
    }

    /// How many of the elements are below a threshold, from 0 to 1.
    public static func percentageBelow(
        _ values: some TensorExpression<Float>, threshold: Float, weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let values = values.tensor
        return scoped(name ?? "percentage_below_threshold", values.graph) {
            meanOfElements(cast(less(values, threshold), to: Float.self), weights)
        }
    }

    /// How often the class whose number is the label is among those with the `k` largest predictions.
    ///
    /// - Shapes: labels `[batch]` or `[batch, 1]`, predictions `[batch, classes]`, weights `[]` or `[batch]`.
    /// - Source: TensorFlow's `metrics.recall_at_k` where each sample has one label.
    public static func recallAtK(
        labels: some TensorExpression<some IntegerElement>, predictions: some TensorExpression<Float>, k: Int,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let predictions = predictions.tensor
        return scoped(name ?? "recall_at_\(k)", predictions.graph) {
            meanOfElements(sparseTopKCategoricalAccuracy(labels: labels, predictions: predictions, k: k), weights)
        }
    }

    // MARK: - Counts

    /// How many labels and predictions, both not 0, are so together: true positives.
    public static func truePositives<Scalar: NumericElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric { count(.truePositives, labels, predictions, weights, name) }

    /// How many predictions are not 0 where labels are.
    public static func falsePositives<Scalar: NumericElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric { count(.falsePositives, labels, predictions, weights, name) }

    /// How many labels and predictions are 0 together.
    public static func trueNegatives<Scalar: NumericElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric { count(.trueNegatives, labels, predictions, weights, name) }

    /// How many predictions are 0 where labels are not.
    public static func falseNegatives<Scalar: NumericElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric { count(.falseNegatives, labels, predictions, weights, name) }

    /// The share of true positives among what is predicted as positive.
    public static func precision<Scalar: NumericElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        share("precision", [.truePositives, .falsePositives], labels, predictions, weights, name)
    }

    /// The share of true positives among what is labelled as positive.
    public static func recall<Scalar: NumericElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        share("recall", [.truePositives, .falseNegatives], labels, predictions, weights, name)
    }

    // MARK: - At thresholds

    /// How many predictions are of a kind at each threshold: `[thresholds]`.
    public static func countAtThresholds<Label: NumericElement>(
        _ kind: ConfusionKind, labels: some TensorExpression<Label>, predictions: some TensorExpression<Float>,
        thresholds: [Float], weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        atThresholds(
            ConfusionCountEach(kinds: [kind], thresholds: thresholds) { $0[0] }, labels, predictions, weights,
            name ?? kind.rawValue)
    }

    /// The precision at each threshold: `[thresholds]`.
    public static func precisionAtThresholds<Label: NumericElement>(
        labels: some TensorExpression<Label>, predictions: some TensorExpression<Float>, thresholds: [Float],
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        atThresholds(
            ConfusionCountEach(kinds: [.truePositives, .falsePositives], thresholds: thresholds) {
                $0[0] / (1e-7 + $0[0] + $0[1])
            }, labels, predictions, weights, name ?? "precision_at_thresholds")
    }

    /// The recall at each threshold: `[thresholds]`.
    public static func recallAtThresholds<Label: NumericElement>(
        labels: some TensorExpression<Label>, predictions: some TensorExpression<Float>, thresholds: [Float],
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        atThresholds(
            ConfusionCountEach(kinds: [.truePositives, .falseNegatives], thresholds: thresholds) {
                $0[0] / (1e-7 + $0[0] + $0[1])
            }, labels, predictions, weights, name ?? "recall_at_thresholds")
    }

    /// The area under the curve of predictions from 0 to 1.
    ///
    /// - Parameters:
    ///   - isCareful: whether precision and recall are interpolated by what is between them (TensorFlow's
    ///     `careful_interpolation`), not by their mean (`trapezoidal`, the default).
    ///   - thresholds: others between 0 and 1 in place of even ones.
    public static func auc<Label: NumericElement>(
        labels: some TensorExpression<Label>, predictions: some TensorExpression<Float>,
        weights: Tensor<Float>? = nil, thresholdCount: Int = 200,
        curve: AreaUnderCurve.Curve = .receiverOperatingCharacteristic,
        summation: AreaUnderCurve.Summation = .interpolation, isCareful: Bool = false, thresholds: [Double]? = nil,
        name: String? = nil
    ) -> StreamedMetric {
        let metric = AreaUnderCurve(
            curve, summation, thresholdCount: thresholdCount, thresholds: thresholds, epsilon: 1e-6,
            isCareful: isCareful)
        return atThresholds(metric, labels, predictions, weights, name ?? "auc")
    }

    // MARK: - Classes

    /// The mean over classes of their overlap.
    ///
    /// The update is the metric after the batch; TensorFlow's is the matrix of confusions.
    ///
    /// - Errors: a number that is no class makes the run throw.
    public static func meanIoU(
        labels: some TensorExpression<some IntegerElement>, predictions: some TensorExpression<some IntegerElement>,
        classCount: Int, weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let predictions = predictions.tensor
        return scoped(name ?? "mean_iou", predictions.graph) {
            let matrix: Tensor<Float> =
                weights.map {
                    confusionMatrix(labels: labels, predictions: predictions, classCount: classCount, weights: $0)
                }
                ?? confusionMatrix(
                    labels: labels, predictions: predictions, classCount: classCount, as: Float.self)
            return stream(["total_confusion_matrix"], [matrix], [classCount, classCount]) { sums in
                let (overlap, union) = overlaps(sums[0], classCount)
                let count = cast(notEqual(union, Float.zero), to: Float.self).sum()
                return divideNoNaN(divideNoNaN(overlap, union).sum(), count)
            }
        }
    }

    /// The mean over classes of how often each is predicted where it is labelled.
    ///
    /// The update is the metric after the batch; TensorFlow's has the accuracies of all classes.
    ///
    /// - Errors: a label that is no class makes the run throw.
    public static func meanPerClassAccuracy<Scalar: IntegerElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, classCount: Int,
        weights: Tensor<Float>? = nil, name: String? = nil
    ) -> StreamedMetric {
        let (labels, predictions) = (labels.tensor.reshaped([-1]), predictions.tensor.reshaped([-1]))
        return scoped(name ?? "mean_accuracy", predictions.graph) {
            let counts = weights?.reshaped([-1]) ?? cast(ones(like: labels), to: Float.self)
            let correct = cast(equal(predictions, labels), to: Float.self) * counts
            let sums = [counts, correct].map {
                unsortedSegmentSum($0, cast(labels, to: Int64.self), count: max(classCount, 1))
            }
            return stream(["total", "count"], sums, [max(classCount, 1)]) { divideNoNaN($0[1], $0[0]).mean() }
        }
    }
}

// MARK: - How they are made

extension metrics {
    private static func scoped(_ name: String, _ graph: Graph, _ body: () -> StreamedMetric) -> StreamedMetric {
        withGraph(graph) { withNameScope(name, body) }
    }

    /// Local variables that sum up increments, and what follows from them before and after the run.
    private static func stream(
        _ names: [String], _ increments: [Tensor<Float>], _ shape: [Int] = [],
        _ result: ([Tensor<Float>]) -> Tensor<Float>
    ) -> StreamedMetric {
        let variables = names.map { Variable<Float>(.zeros, shape: shape, local: true, name: $0) }
        return (result(variables.map { $0.tensor }), result(zip(variables, increments).map { $0.assignAdd($1) }))
    }

    private static func meanOfElements(_ values: Tensor<Float>, _ weights: Tensor<Float>?) -> StreamedMetric {
        let counts = weights.map { spread($0, like: values) }
        let increments = [
            (counts.map { values * $0 } ?? values).sum(), counts?.sum() ?? cast(size(of: values), to: Float.self),
        ]
        return stream(["total", "count"], increments) { divideNoNaN($0[0], maximum($0[1], Float.zero)) }
    }

    private static func mean<Scalar: TensorElement>(
        _ function: String, _ labels: some TensorExpression<Scalar>, _ predictions: some TensorExpression<Scalar>,
        _ weights: Tensor<Float>?, _ name: String?, _ body: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Float>
    ) -> StreamedMetric {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return scoped(name ?? function, predictions.graph) {
            meanOfElements(compared(function, labels, predictions, body), weights)
        }
    }

    /// A function of labels and predictions, which may differ by a last dimension of 1.
    private static func compared<Scalar: TensorElement>(
        _ function: String, _ labels: Tensor<Scalar>, _ predictions: Tensor<Scalar>,
        _ body: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Float>
    ) -> Tensor<Float> {
        let (labels, predictions) = (squeezed(labels, like: predictions), squeezed(predictions, like: labels))
        guard labels.shape.isCompatible(with: predictions.shape) else {
            let mistake = Mistake.labelsDiffer(labels.shape, predictions.shape)
            return makeTensor(Misuse(of: function, mistake), [labels.value, predictions.value])
        }
        return body(labels, predictions)
    }

    /// `x` without its last dimension of 1, where it has one more than `other`.
    private static func squeezed<Left: TensorElement, Right: TensorElement>(
        _ x: Tensor<Left>, like other: Tensor<Right>
    ) -> Tensor<Left> {
        guard let rank = x.shape.rank, rank == other.shape.rank.map({ $0 + 1 }), x.shape[-1] == 1 else { return x }
        return x.squeezed(axes: [-1])
    }

    /// Weights repeated to the shape of values.
    private static func spread(_ weights: Tensor<Float>, like values: Tensor<Float>) -> Tensor<Float> {
        var weights = squeezed(weights, like: values)
        guard let own = weights.shape.extents, let extents = values.shape.extents, !own.isEmpty else {
            return weights + zeros(like: values)
        }
        if own.count + 1 == extents.count { weights = weights.expandingDimension(at: -1) }
        let fits =
            weights.shape.extents.map { own in
                own.count == extents.count
                    && zip(own, extents).allSatisfy { $0 == 1 || $0 < 0 || $1 < 0 || $0 == $1 }
            } ?? true
        guard fits else {
            let mistake = Mistake(
                "weights of shape \(weights.shape) do not fit values of shape \(values.shape)",
                hint: "weights are a single number or have the rank of the values, with their dimensions or 1")
            return makeTensor(Misuse(of: "weights", mistake), [weights.value, values.value])
        }
        return weights + zeros(like: values)
    }

    /// What labels and predictions add to a count of one kind.
    private static func increment<Scalar: NumericElement>(
        _ kind: ConfusionKind, _ labels: Tensor<Scalar>, _ predictions: Tensor<Scalar>, _ weights: Tensor<Float>?
    ) -> Tensor<Float> {
        let values = compared(kind.rawValue, labels, predictions) { labels, predictions in
            let (isLabelled, isPredicted) = (cast(labels, to: Bool.self), cast(predictions, to: Bool.self))
            let matches =
                switch kind {
                case .truePositives: logicalAnd(isLabelled, isPredicted)
                case .falsePositives: logicalAnd(logicalNot(isLabelled), isPredicted)
                case .trueNegatives: logicalNot(logicalOr(isLabelled, isPredicted))
                case .falseNegatives: logicalAnd(isLabelled, logicalNot(isPredicted))
                }
            return cast(matches, to: Float.self)
        }
        return (weights.map { values * spread($0, like: values) } ?? values).sum()
    }

    private static func count<Scalar: NumericElement>(
        _ kind: ConfusionKind, _ labels: some TensorExpression<Scalar>, _ predictions: some TensorExpression<Scalar>,
        _ weights: Tensor<Float>?, _ name: String?
    ) -> StreamedMetric {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return scoped(name ?? kind.rawValue, predictions.graph) {
            stream(["count"], [increment(kind, labels, predictions, weights)]) { $0[0] }
        }
    }

    private static func share<Scalar: NumericElement>(
        _ function: String, _ kinds: [ConfusionKind], _ labels: some TensorExpression<Scalar>,
        _ predictions: some TensorExpression<Scalar>, _ weights: Tensor<Float>?, _ name: String?
    ) -> StreamedMetric {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return scoped(name ?? function, predictions.graph) {
            stream(kinds.map(\.rawValue), kinds.map { increment($0, labels, predictions, weights) }) {
                divideNoNaN($0[0], $0[0] + $0[1])
            }
        }
    }

    private static func atThresholds<Label: NumericElement>(
        _ metric: some StreamingMetric, _ labels: some TensorExpression<Label>,
        _ predictions: some TensorExpression<Float>, _ weights: Tensor<Float>?, _ name: String
    ) -> StreamedMetric {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return scoped(name, predictions.graph) {
            let increments = metric.increments(
                labels: labels, predictions: predictions,
                weights: weights.map { spread($0, like: squeezed(predictions, like: labels)) })
            return stream(metric.sums.map(\.name), increments, metric.sums.first?.shape ?? []) { metric.result($0) }
        }
    }
}

/// Counts of several kinds at thresholds, and a result of one number for each threshold.
private struct ConfusionCountEach: StreamingMetric {
    let kinds: [ConfusionKind]
    let thresholds: [Float]
    let formula: @Sendable ([Tensor<Float>]) -> Tensor<Float>

    var name: String { kinds.map(\.rawValue).joined(separator: "_") }
    var sums: [MetricSum] { kinds.map { MetricSum($0.rawValue, [thresholds.count]) } }

    func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        confusionCounts(kinds, labels: labels, predictions: predictions, thresholds: thresholds, weights: weights)
    }

    func result(_ sums: [Tensor<Float>]) -> Tensor<Float> { formula(sums) }
}
