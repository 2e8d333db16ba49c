// Losses between numbers, and between directions: for each sample one number. As Keras's functions, element by element.
// Reductions over samples are the caller's.

public import Graphs
import Operations
public import Tensors

/// The mean of `(label - prediction)²` along the last axis.
///
/// - Shapes: `[..., n]` → `[...]`; labels and predictions may differ by a last dimension of 1.
/// - Errors: labels and predictions whose shapes differ are a mistake: unlike in Keras they are not broadcast.
/// - Source: Keras's `losses.mean_squared_error`.
public func meanSquaredError<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("mean_squared_error", labels, predictions, name: name) { squaredDifference($0, $1).mean(axis: -1) }
}

/// The mean of `|label - prediction|` along the last axis.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Keras's `losses.mean_absolute_error`.
public func meanAbsoluteError<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("mean_absolute_error", labels, predictions, name: name) { abs($0 - $1).mean(axis: -1) }
}

/// A hundred times the mean of `|label - prediction| / |label|` along the last axis.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Keras's `losses.mean_absolute_percentage_error`: the divisor is at least 1e-7.
public func meanAbsolutePercentageError<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("mean_absolute_percentage_error", labels, predictions, name: name) { labels, predictions in
        let size = maximum(abs(labels), Scalar(lossEpsilon))
        return abs((labels - predictions) / size).mean(axis: -1) * 100
    }
}

/// The mean of `(log(label + 1) - log(prediction + 1))²` along the last axis.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Keras's `losses.mean_squared_logarithmic_error`: what is below 1e-7 counts as that.
public func meanSquaredLogarithmicError<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("mean_squared_logarithmic_error", labels, predictions, name: name) { labels, predictions in
        let (first, second) = (maximum(predictions, Scalar(lossEpsilon)), maximum(labels, Scalar(lossEpsilon)))
        return squaredDifference(log(first + 1), log(second + 1)).mean(axis: -1)
    }
}

/// The mean along the last axis of half the squared difference up to `delta`, and of its tangent beyond.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Huber, "Robust estimation of a location parameter" (1964); Keras's `losses.huber`.
public func huber<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, delta: Double = 1,
    name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("huber", labels, predictions, name: name) { labels, predictions in
        let error = predictions - labels
        let size = abs(error)
        let line = Scalar(delta) * size - Scalar(delta * delta / 2)
        return select(where: lessEqual(size, Scalar(delta)), 0.5 * square(error), line).mean(axis: -1)
    }
}

/// The mean of `log(cosh(prediction - label))` along the last axis: squares for small differences, magnitudes for large.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Keras's `losses.log_cosh`: `x + softplus(-2 x) - log 2`, which does not overflow.
public func logCosh<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("log_cosh", labels, predictions, name: name) { labels, predictions in
        let difference = predictions - labels
        return (difference + softplus(-2 * difference) - Scalar(0.6931471805599453)).mean(axis: -1)
    }
}

/// The mean of `prediction - label log prediction` along the last axis: the loss of counts.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Keras's `losses.poisson`: 1e-7 is added within the logarithm.
public func poisson<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("poisson", labels, predictions, name: name) { labels, predictions in
        (predictions - labels * log(predictions + Scalar(lossEpsilon))).mean(axis: -1)
    }
}

/// Minus the cosine of the angle between label and prediction along an axis: -1 for equal directions.
///
/// - Shapes, Errors: as for `meanSquaredError(labels:predictions:name:)`.
/// - Source: Keras's `losses.cosine_similarity`: lengths count as at least 1e-7.
public func cosineSimilarity<Scalar: FloatingElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, axis: Int = -1,
    name: String? = nil
) -> Tensor<Scalar> {
    makeLoss("cosine_similarity", labels, predictions, name: name) { labels, predictions in
        let least = Scalar(lossEpsilon * lossEpsilon)
        let cosine =
            l2Normalize(labels, axes: [axis], epsilon: least) * l2Normalize(predictions, axes: [axis], epsilon: least)
        return -cosine.sum(axis: axis)
    }
}
