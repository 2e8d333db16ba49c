// Metrics of several classes: the matrix of confusions, the overlap of classes, F scores.

public import Graphs
import Operations
public import Tensors

/// How often samples of one class were taken for another: rows are labels, columns predictions.
///
///     confusionMatrix(labels: constant([0, 1, 1]), predictions: constant([0, 1, 0]), classCount: 2)
///     // [[1, 0], [1, 1]]
///
/// - Shapes: labels and predictions `[...]` → `[classCount, classCount]`.
/// - Errors: shapes that differ are a mistake; a number that is no class makes the run throw.
/// - Source: TensorFlow's `math.confusion_matrix`.
public func confusionMatrix<Scalar: NumericElement>(
    labels: some TensorExpression<some IntegerElement>, predictions: some TensorExpression<some IntegerElement>,
    classCount: Int, as type: Scalar.Type = Int32.self, name: String? = nil
) -> Tensor<Scalar> {
    makeConfusionMatrix(
        cast(labels, to: Int64.self), cast(predictions, to: Int64.self), classCount, nil, isStrict: true, name)
}

/// How often samples of one class were taken for another, each counting with its weight.
///
/// - Parameter weights: what each sample counts, in the shape of the labels.
/// - Shapes, Errors, Source: as for `confusionMatrix(labels:predictions:classCount:as:name:)`.
public func confusionMatrix<Scalar: NumericElement>(
    labels: some TensorExpression<some IntegerElement>, predictions: some TensorExpression<some IntegerElement>,
    classCount: Int, weights: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeConfusionMatrix(
        cast(labels, to: Int64.self), cast(predictions, to: Int64.self), classCount, weights.tensor, isStrict: true,
        name)
}

/// - Parameter isStrict: whether a number that is no class makes the run throw; else it is left out.
private func makeConfusionMatrix<Scalar: NumericElement>(
    _ labels: Tensor<Int64>, _ predictions: Tensor<Int64>, _ classCount: Int, _ weights: Tensor<Scalar>?,
    isStrict: Bool, _ name: String?
) -> Tensor<Scalar> {
    withGraph(predictions.graph) {
        withNameScope(name ?? "confusion_matrix") {
            let (labels, predictions) = withEqualRanks(labels, predictions)
            guard labels.shape.isCompatible(with: predictions.shape) else {
                let mistake = Mistake.labelsDiffer(labels.shape, predictions.shape)
                return makeTensor(Misuse(of: "confusion_matrix", mistake), [labels.value, predictions.value])
            }
            guard classCount > 0, classCount <= 1 << 20 else {
                let mistake = Mistake("the number of classes must be from 1 to \(1 << 20), but is \(classCount)")
                return makeTensor(Misuse(of: "confusion_matrix", mistake), [labels.value, predictions.value])
            }
            let count = Int64(classCount)
            let isClass = logicalAnd(
                logicalAnd(greaterEqual(labels, Int64.zero), less(labels, count)),
                logicalAnd(greaterEqual(predictions, Int64.zero), less(predictions, count)))
            // Summing by index leaves out what is below 0, and refuses what is beyond the matrix.
            let outside = isStrict ? count * count : -1
            let index = select(where: isClass, labels * count + predictions, outside).reshaped([-1])
            let ones = Operations.ones(like: index)
            let counts = weights.map { ($0 + zeros(like: cast(labels, to: Scalar.self))).reshaped([-1]) }
            return unsortedSegmentSum(
                counts ?? cast(ones, to: Scalar.self), index, count: classCount * classCount
            ).reshaped([classCount, classCount])
        }
    }
}

/// The mean over classes of their overlap: what is both labelled and predicted as a class, divided by what is either.
///
/// - Source: Keras's `MeanIoU`: numbers that are no classes are left out.
public struct MeanIntersectionOverUnion: StreamingMetric {
    public let classCount: Int
    public let ignoredClass: Int?
    public var name: String { "mean_io_u" }
    /// Whether predictions are distributions over classes, of which the largest counts.
    public let predictsDistributions: Bool

    /// - Parameters:
    ///   - ignoredClass: the label of what is left out.
    ///   - predictsDistributions: whether predictions are `[..., classes]`, not numbers of classes.
    public init(classCount: Int, ignoredClass: Int? = nil, predictsDistributions: Bool = false) {
        self.classCount = max(classCount, 1)
        self.ignoredClass = ignoredClass
        self.predictsDistributions = predictsDistributions
    }

    public var sums: [MetricSum] { [MetricSum("total_confusion_matrix", [classCount, classCount])] }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        let predicted = predictsDistributions ? argmax(predictions, axis: -1) : cast(predictions, to: Int64.self)
        var classes = cast(labels, to: Int64.self)
        if let ignoredClass {
            classes = select(where: notEqual(classes, Int64(ignoredClass)), classes, -1)
        }
        return [makeConfusionMatrix(classes, predicted, classCount, weights, isStrict: false, nil)]
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> {
        let (overlap, union) = overlaps(sums[0], classCount)
        let isValid = greater(union, 1e-9)
        let each = select(where: isValid, overlap / (union + Float(lossEpsilon)), Float.zero)
        return each.sum() / (cast(isValid, to: Float.self).sum() + Float(lossEpsilon))
    }
}

/// Of each class what is labelled and predicted as it, and what is either.
func overlaps(_ matrix: Tensor<Float>, _ classCount: Int) -> (overlap: Tensor<Float>, union: Tensor<Float>) {
    let diagonal = (matrix * identity(classCount, in: matrix.graph)).sum(axis: 1)
    return (diagonal, matrix.sum(axis: 0) + matrix.sum(axis: 1) - diagonal)
}

/// The weighted harmonic mean of precision and recall, of each class or over all.
///
///     F = (1 + β²) · precision · recall / (β² precision + recall)
///
/// - Source: Keras's `FBetaScore`; with β = 1 its `F1Score`.
public struct FBetaScore: StreamingMetric {
    /// How the scores of classes become one.
    public enum Average: Sendable, CaseIterable {
        /// Not at all: `[classes]`.
        case none
        /// From the counts of all classes together.
        case micro
        /// Their mean.
        case macro
        /// Their mean, weighted by how often each class is labelled.
        case weighted
    }

    public let classCount: Int
    public let average: Average
    public let beta: Float
    public let threshold: Float?
    public var name: String { beta == 1 ? "f1_score" : "fbeta_score" }

    /// - Parameters:
    ///   - classCount: the last dimension of labels and predictions, `[batch, classes]`.
    ///   - beta: how much more recall counts than precision.
    ///   - threshold: what is above it is predicted; nil: of each sample the largest.
    public init(classCount: Int, average: Average = .none, beta: Float = 1, threshold: Float? = nil) {
        self.classCount = max(classCount, 1)
        self.average = average
        self.beta = beta
        self.threshold = threshold
    }

    public var sums: [MetricSum] {
        ["true_positives", "false_positives", "false_negatives", "intermediate_weights"].map {
            MetricSum($0, average == .micro ? [] : [classCount])
        }
    }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        let y = labels.asFloat
        let isPredicted: Tensor<Bool>
        if let threshold {
            isPredicted = greater(predictions, threshold)
        } else {
            let largest = predictions.max(axis: -1, keepDimensions: true)
            isPredicted = logicalAnd(greaterEqual(predictions, largest), greater(abs(predictions), 1e-9))
        }
        let p = cast(isPredicted, to: Float.self)
        return [p * y, p * (1 - y), (1 - p) * y, y].map { each in
            let counted = weights.map { each * $0.reshaped([-1, 1]) } ?? each
            return average == .micro ? counted.sum() : counted.sum(axis: 0)
        }
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> {
        let epsilon = Float(lossEpsilon)
        let precision = sums[0] / (sums[0] + sums[1] + epsilon)
        let recall = sums[0] / (sums[0] + sums[2] + epsilon)
        let total: Tensor<Float> = beta * beta * precision + recall + epsilon
        let scores: Tensor<Float> = precision * recall / total * (1 + beta * beta)
        switch average {
        case .none: return scores
        case .micro, .macro: return scores.mean()
        case .weighted: return (scores * (sums[3] / (sums[3].sum() + epsilon))).sum()
        }
    }
}
