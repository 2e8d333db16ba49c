// Losses of classifiers: for each sample one number. As Keras's functions, element by element. Where the probabilities
// come from a softmax or sigmoid, the losses are computed on its logits, which is exact and fast.

public import Graphs
import Operations
public import Tensors

// MARK: - Cross entropies

/// The cross entropy of two classes, as a mean along an axis.
///
///     -(label log p + (1 - label) log(1 - p))
///
/// - Shapes: `[..., n]` → `[...]`; labels and predictions may differ by a last dimension of 1.
/// - Parameters:
///   - labels: 1 and 0, or probabilities.
///   - predictions: probabilities, or logits. Probabilities that a sigmoid made are taken as its logits.
///   - labelSmoothing: from 0 to 1: how far labels are moved toward 1/2.
/// - Errors: labels and predictions whose shapes differ are a mistake.
/// - Source: Keras's `losses.binary_crossentropy`: probabilities are limited to 1e-7 from 0 and 1.
public func binaryCrossentropy<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, fromLogits: Bool = false,
    labelSmoothing: Double = 0, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("binary_crossentropy", labels, predictions, name: name) { labels, predictions in
        binaryLosses(halfSmoothed(labels, labelSmoothing), predictions, fromLogits).mean(axis: axis)
    }
}

/// The cross entropy between distributions over classes.
///
///     -Σ label log p
///
/// - Shapes: `[..., classes]` → `[...]`.
/// - Parameters:
///   - labels: distributions, one-hot for known classes.
///   - predictions: probabilities, or logits. Probabilities that a softmax made are taken as its logits; others are
///     divided by their sum.
///   - labelSmoothing: from 0 to 1: how far labels are moved toward an even distribution.
///   - axis: that of the classes.
/// - Errors: labels and predictions whose shapes differ are a mistake.
/// - Source: Keras's `losses.categorical_crossentropy`: probabilities are limited to 1e-7 from 0 and 1.
public func categoricalCrossentropy<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, fromLogits: Bool = false,
    labelSmoothing: Double = 0, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("categorical_crossentropy", labels, predictions, name: name) { labels, predictions in
        let labels = evenlySmoothed(labels, labelSmoothing)
        let isLast = axis == -1 || axis == predictions.shape.rank.map { $0 - 1 }
        if isLast, let logits = logits(of: predictions, fromLogits: fromLogits, by: "Softmax") {
            return softmaxCrossEntropy(logits: logits, labels: labels)
        }
        if fromLogits { return -(labels * logSoftmax(predictions, axis: axis)).sum(axis: axis) }
        return -(labels * log(normalized(predictions, axis))).sum(axis: axis)
    }
}

/// The cross entropy between classes, given by their numbers, and distributions over them.
///
///     -log p[label]
///
/// - Shapes: labels `[...]` or `[..., 1]`, predictions `[..., classes]` → `[...]`.
/// - Parameters:
///   - labels: numbers below the count of classes; the loss of any other is NaN.
///   - predictions: probabilities, or logits. Probabilities that a softmax made are taken as its logits.
///   - ignoredClass: the label of samples whose loss is 0.
/// - Errors: labels whose shape is not that of the predictions without the last dimension are a mistake.
/// - Source: Keras's `losses.sparse_categorical_crossentropy`: probabilities are limited to 1e-7 from 0 and 1.
public func sparseCategoricalCrossentropy<Scalar: FloatingElement, Label: IntegerElement>(
    labels: some TensorExpression<Label>, predictions: some TensorExpression<Scalar>, fromLogits: Bool = false,
    ignoredClass: Label? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let function = "sparse_categorical_crossentropy"
    var labels = labels.tensor
    let predictions = predictions.tensor
    return withGraph(predictions.graph) {
        withNameScope(name ?? function) {
            if let rank = labels.shape.rank, rank == predictions.shape.rank, labels.shape[-1] == 1 {
                labels = labels.squeezed(axes: [-1])
            }
            let expected = Shape(extents: predictions.shape.extents.map { Array($0.dropLast()) })
            guard labels.shape.isCompatible(with: expected), predictions.shape.rank != 0 else {
                let mistake = Mistake(
                    "labels of shape \(labels.shape) do not fit predictions of shape \(predictions.shape)",
                    hint: labels.shape.isCompatible(with: predictions.shape)
                        ? "distributions as labels are for categoricalCrossentropy"
                        : "give one label for each row of the predictions")
                return makeTensor(Misuse(of: function, mistake), [labels.value, predictions.value])
            }
            let found = logits(of: predictions, fromLogits: fromLogits, by: "Softmax")
            let logits = found ?? log(clip(predictions, to: Scalar(lossEpsilon)...Scalar(1 - lossEpsilon)))
            guard let ignoredClass else { return sparseLosses(logits, labels) }
            let isCounted = notEqual(labels, ignoredClass)
            let losses = sparseLosses(logits, select(where: isCounted, labels, Label.zero))
            return select(where: isCounted, losses, Scalar.zero)
        }
    }
}

/// The cross entropy of classes whose labels may be of any whole type.
private func sparseLosses<Scalar: FloatingElement, Label: IntegerElement>(
    _ logits: Tensor<Scalar>, _ labels: Tensor<Label>
) -> Tensor<Scalar> {
    Label.dtype == .int32 || Label.dtype == .int64
        ? sparseSoftmaxCrossEntropy(logits: logits, labels: labels)
        : sparseSoftmaxCrossEntropy(logits: logits, labels: cast(labels, to: Int64.self))
}

/// The cross entropy of two classes, less for what is classified well: times `(1 - p of the label)^gamma`.
///
/// - Shapes, Errors: as for `binaryCrossentropy`.
/// - Parameters:
///   - alpha: the weight of class 1, whose complement is that of class 0; nil for none.
///   - gamma: how much less well classified samples count.
/// - Source: Lin et al., "Focal loss for dense object detection" (2017); Keras's `losses.binary_focal_crossentropy`.
public func binaryFocalCrossentropy<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, alpha: Double? = nil,
    gamma: Double = 2, fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("binary_focal_crossentropy", labels, predictions, name: name) { labels, predictions in
        let labels = halfSmoothed(labels, labelSmoothing)
        let p = fromLogits ? sigmoid(predictions) : predictions
        let ofLabel = labels * p + (1 - labels) * (1 - p)
        var losses = pow(1 - ofLabel, Scalar(gamma)) * binaryLosses(labels, p, false)
        if let alpha { losses = (labels * Scalar(alpha) + (1 - labels) * Scalar(1 - alpha)) * losses }
        return losses.mean(axis: axis)
    }
}

/// The cross entropy between distributions over classes, less for what is classified well: each class's part times
/// `alpha (1 - p)^gamma`.
///
/// - Shapes, Errors: as for `categoricalCrossentropy`.
/// - Source: Keras's `losses.categorical_focal_crossentropy`.
public func categoricalFocalCrossentropy<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, alpha: Double = 0.25,
    gamma: Double = 2, fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("categorical_focal_crossentropy", labels, predictions, name: name) { labels, predictions in
        let labels = evenlySmoothed(labels, labelSmoothing)
        let p = normalized(fromLogits ? softmax(predictions, axis: axis) : predictions, axis)
        return -(pow(1 - p, Scalar(gamma)) * Scalar(alpha) * labels * log(p)).sum(axis: axis)
    }
}

/// The divergence of the predicted distribution from that of the labels: `Σ label log(label / prediction)`.
///
/// - Shapes: `[..., classes]` → `[...]`.
/// - Errors: labels and predictions whose shapes differ are a mistake.
/// - Source: Keras's `losses.kl_divergence`: both are limited to 1e-7...1.
public func klDivergence<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("kl_divergence", labels, predictions, name: name) { labels, predictions in
        let range = Scalar(lossEpsilon)...1
        let (labels, predictions) = (clip(labels, to: range), clip(predictions, to: range))
        return (labels * log(labels / predictions)).sum(axis: -1)
    }
}

// MARK: - Hinges

/// The mean of `max(1 - label · prediction, 0)` along the last axis.
///
/// - Shapes: `[..., n]` → `[...]`.
/// - Parameters:
///   - labels: -1 and 1. Where all are 0 or 1, 0 counts as -1.
/// - Errors: labels and predictions whose shapes differ are a mistake.
/// - Source: Keras's `losses.hinge`.
public func hinge<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("hinge", labels, predictions, name: name) { labels, predictions in
        maximum(1 - signs(labels) * predictions, Scalar.zero).mean(axis: -1)
    }
}

/// The mean of `max(1 - label · prediction, 0)²` along the last axis.
///
/// - Shapes, Parameters, Errors: as for `hinge(labels:predictions:name:)`.
/// - Source: Keras's `losses.squared_hinge`.
public func squaredHinge<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("squared_hinge", labels, predictions, name: name) { labels, predictions in
        square(maximum(1 - signs(labels) * predictions, Scalar.zero)).mean(axis: -1)
    }
}

/// `max(best wrong prediction - prediction of the class + 1, 0)`.
///
/// - Shapes: `[..., classes]` → `[...]`.
/// - Errors: labels and predictions whose shapes differ are a mistake.
/// - Source: Keras's `losses.categorical_hinge`.
public func categoricalHinge<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("categorical_hinge", labels, predictions, name: name) { labels, predictions in
        let ofClass = (labels * predictions).sum(axis: -1)
        let best = ((1 - labels) * predictions).max(axis: -1)
        return maximum(best - ofClass + 1, Scalar.zero)
    }
}

// MARK: - Overlaps

/// One less twice the overlap divided by the sum of both: for masks of images.
///
/// - Shapes: `[...]` → `[]`, or without `axes`.
/// - Errors: labels and predictions whose shapes differ are a mistake.
/// - Source: Keras's `losses.dice`.
public func dice<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, axes: [Int]? = nil,
    name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("dice", labels, predictions, name: name) { labels, predictions in
        let overlap = (labels * predictions).sum(axes: axes)
        let total = labels.sum(axes: axes) + predictions.sum(axes: axes)
        return 1 - 2 * overlap / (total + Scalar(lossEpsilon))
    }
}

/// One less the overlap divided by it and the weighted misses on either side.
///
/// - Parameters:
///   - alpha: the weight of labels that were not predicted.
///   - beta: the weight of predictions that are no labels.
/// - Shapes, Errors: as for `dice(labels:predictions:axes:name:)`.
/// - Source: Salehi et al., "Tversky loss function for image segmentation" (2017); Keras's `losses.tversky`.
public func tversky<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, alpha: Double = 0.5,
    beta: Double = 0.5, axes: [Int]? = nil, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("tversky", labels, predictions, name: name) { labels, predictions in
        let overlap = (labels * predictions).sum(axes: axes)
        let missed = ((1 - predictions) * labels).sum(axes: axes) * Scalar(alpha)
        let invented = (predictions * (1 - labels)).sum(axes: axes) * Scalar(beta)
        let total: Tensor<Scalar> = overlap + missed + invented
        return 1 - overlap / (total + Scalar(lossEpsilon))
    }
}

// MARK: - Parts

/// The cross entropy of two classes for each element.
private func binaryLosses<Scalar: FloatingElement>(
    _ labels: Tensor<Scalar>, _ predictions: Tensor<Scalar>, _ fromLogits: Bool
) -> Tensor<Scalar> {
    if let logits = logits(of: predictions, fromLogits: fromLogits, by: "Sigmoid") {
        return sigmoidCrossEntropy(logits: logits, labels: labels)
    }
    let p = clip(predictions, to: Scalar(lossEpsilon)...Scalar(1 - lossEpsilon))
    return -(labels * log(p) + (1 - labels) * log(1 - p))
}

/// Probabilities with sum 1 along an axis, limited so that their logarithms are finite.
private func normalized<Scalar: FloatingElement>(_ p: Tensor<Scalar>, _ axis: Int) -> Tensor<Scalar> {
    clip(
        p / p.sum(axis: axis, keepDimensions: true), to: Scalar(lossEpsilon)...Scalar(1 - lossEpsilon))
}

private func halfSmoothed<Scalar: FloatingElement>(_ labels: Tensor<Scalar>, _ smoothing: Double) -> Tensor<Scalar> {
    smoothing == 0 ? labels : labels * Scalar(1 - smoothing) + Scalar(smoothing / 2)
}

func evenlySmoothed<Scalar: FloatingElement>(
    _ labels: Tensor<Scalar>, _ smoothing: Double
) -> Tensor<Scalar> {
    if smoothing == 0 { return labels }
    if let classes = labels.shape[-1] {
        return labels * Scalar(1 - smoothing) + Scalar(smoothing / Double(max(classes, 1)))
    }
    let classes = ones(like: labels).sum(axis: -1, keepDimensions: true)
    return labels * Scalar(1 - smoothing) + Scalar(smoothing) / classes
}

/// Labels of -1 and 1, where all are 0 or 1 made from those.
private func signs<Scalar: FloatingElement>(_ labels: Tensor<Scalar>) -> Tensor<Scalar> {
    let areBinary = logicalOr(equal(labels, Scalar.zero), equal(labels, Scalar.one)).all()
    return select(where: areBinary, 2 * labels - 1, labels)
}
