// TensorFlow's module `losses`: losses that are weighted, reduced to one number and remembered by the graph. The losses
// of samples, as Keras has them, are in RegressionLosses and ClassificationLosses.

public import Graphs
import Operations
public import Tensors

// swift-format-ignore: TypeNamesShouldBeCapitalized
/// Losses, as TensorFlow's module of the same name has them.
///
///     let loss = losses.softmaxCrossEntropy(oneHotLabels: labels, logits: logits, labelSmoothing: 0.1)
///     let train = GradientDescent(learningRate: 0.1).minimize(losses.getTotalLoss())
///
/// All take:
/// - `weights`: what each element counts: a number, or a tensor of the rank of the losses.
/// - `reduction`: how the losses become one; by default their sum is divided by the number of weights that are not 0.
/// - `collection`: the key under which the graph remembers the result, for `getTotalLoss`; nil for none.
///
/// - Errors: shapes of labels and predictions that differ, and weights that do not fit, are mistakes.
/// - Source: `tf.compat.v1.losses` of TensorFlow 2.21.
public enum losses {
    /// `|label - prediction|`.
    public static func absoluteDifference<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("absolute_difference", labels, predictions, weights, reduction, collection, name) { abs($1 - $0) }
    }

    /// `(label - prediction)²`.
    public static func meanSquaredError<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("mean_squared_error", labels, predictions, weights, reduction, collection, name) {
            squaredDifference($1, $0)
        }
    }

    /// One less the cosine along an axis of labels and predictions, which must have length 1.
    ///
    /// - Shapes: the axis stays, with size 1.
    public static func cosineDistance<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, axis: Int,
        weights: LossWeights<Scalar> = 1, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("cosine_distance_loss", labels, predictions, weights, reduction, collection, name) {
            1 - ($1 * $0).sum(axis: axis, keepDimensions: true)
        }
    }

    /// `max(0, 1 - (2 label - 1) logit)`, with labels 0 and 1.
    public static func hinge<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, logits: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("hinge_loss", labels, logits, weights, reduction, collection, name) { relu(1 - (2 * $0 - 1) * $1) }
    }

    /// Half the squared difference up to `delta`, and its tangent beyond.
    public static func huber<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, delta: Double = 1, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("huber_loss", labels, predictions, weights, reduction, collection, name) { labels, predictions in
            let size = abs(predictions - labels)
            let inner = minimum(size, Scalar(delta))
            return 0.5 * inner * inner + Scalar(delta) * (size - inner)
        }
    }

    /// `-label log(prediction + ε) - (1 - label) log(1 - prediction + ε)`.
    public static func log<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, epsilon: Double = 1e-7, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("log_loss", labels, predictions, weights, reduction, collection, name) { labels, predictions in
            let ofOne: Tensor<Scalar> = labels * Operations.log(predictions + Scalar(epsilon))
            let ofZero: Tensor<Scalar> = (1 - labels) * Operations.log(1 - predictions + Scalar(epsilon))
            return -ofOne - ofZero
        }
    }

    /// The cross entropy between labels and the sigmoid of logits.
    ///
    /// - Parameter labelSmoothing: how far labels are moved toward 1/2.
    public static func sigmoidCrossEntropy<Scalar: FloatingElement>(
        multiClassLabels: some TensorExpression<Scalar>, logits: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, labelSmoothing: Double = 0,
        reduction: LossReduction = .sumByNonzeroWeights, collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("sigmoid_cross_entropy_loss", multiClassLabels, logits, weights, reduction, collection, name) {
            labels, logits in
            let labels =
                labelSmoothing == 0 ? labels : labels * Scalar(1 - labelSmoothing) + Scalar(labelSmoothing / 2)
            return Operations.sigmoidCrossEntropy(logits: logits, labels: labels)
        }
    }

    /// The cross entropy between distributions over classes and the softmax of logits.
    ///
    /// - Shapes: `[batch, classes]`; the losses, and so the weights, `[batch]`.
    /// - Parameter labelSmoothing: how far labels are moved toward an even distribution.
    /// - Gradient: none reaches the labels, as in TensorFlow.
    public static func softmaxCrossEntropy<Scalar: FloatingElement>(
        oneHotLabels: some TensorExpression<Scalar>, logits: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, labelSmoothing: Double = 0,
        reduction: LossReduction = .sumByNonzeroWeights, collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("softmax_cross_entropy_loss", oneHotLabels, logits, weights, reduction, collection, name) {
            labels, logits in
            let labels = stopGradient(evenlySmoothed(labels, labelSmoothing))
            return Operations.softmaxCrossEntropy(logits: logits, labels: labels)
        }
    }

    /// The cross entropy between classes, given by their numbers, and the softmax of logits.
    ///
    /// - Shapes: labels `[batch]` or `[batch, 1]`, logits `[batch, classes]`; weights `[]`, `[batch]` or `[batch, 1]`.
    public static func sparseSoftmaxCrossEntropy<Scalar: FloatingElement>(
        labels: some TensorExpression<some IntegerElement>, logits: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, reduction: LossReduction = .sumByNonzeroWeights,
        collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        let logits = logits.tensor
        return withGraph(logits.graph) {
            withNameScope(name ?? "sparse_softmax_cross_entropy_loss") {
                let values = sparseCategoricalCrossentropy(
                    labels: labels, predictions: identity(logits), fromLogits: true, name: "xentropy")
                var weights = weights
                if case .tensor(let tensor) = weights.source, let rank = tensor.shape.rank,
                    rank == values.shape.rank.map({ $0 + 1 }), tensor.shape[-1] == 1
                {
                    weights = LossWeights(tensor.squeezed(axes: [-1]))
                }
                return computeWeightedLoss(values, weights: weights, reduction: reduction, collection: collection)
            }
        }
    }

    /// The squared differences between all pairs of differences within each sample: what labels and predictions have in
    /// common, such as an offset, costs nothing.
    ///
    /// - Shapes: `[batch, ...]`; weights `[]`, or `[batch, 1, ...]`.
    public static func meanPairwiseSquaredError<Scalar: FloatingElement>(
        labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>,
        weights: LossWeights<Scalar> = 1, collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        make("mean_pairwise_squared_error", labels, predictions, weights, .sum, collection, name) {
            labels, predictions in
            let difference = predictions - labels
            let axes = Array(1..<max(difference.shape.rank ?? 1, 1))
            let present = (ones(like: difference) * presence(weights)).sum(axes: axes, keepDimensions: true)
            let pairs = maximum(present - 1, Scalar.zero)
            let squares = square(difference).sum(axes: axes, keepDimensions: true)
            let total = difference.sum(axes: axes, keepDimensions: true)
            return 2 * divideNoNaN(squares, pairs) - 2 * divideNoNaN(square(total), present * pairs)
        }
    }

    /// 1 where the weight is not 0.
    private static func presence<Scalar: FloatingElement>(_ weights: LossWeights<Scalar>) -> Tensor<Scalar> {
        switch weights.source {
        case .number(let number): constant(number == 0 ? Scalar.zero : Scalar.one)
        case .tensor(let tensor): cast(notEqual(tensor, Scalar.zero), to: Scalar.self)
        }
    }

    private static func make<Scalar: FloatingElement>(
        _ function: String, _ labels: some TensorExpression<Scalar>, _ predictions: some TensorExpression<Scalar>,
        _ weights: LossWeights<Scalar>, _ reduction: LossReduction, _ collection: String?, _ name: String?,
        _ body: (_ labels: Tensor<Scalar>, _ predictions: Tensor<Scalar>) -> Tensor<Scalar>
    ) -> Tensor<Scalar> {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return withGraph(predictions.graph) {
            withNameScope(name ?? function) {
                guard labels.shape.isCompatible(with: predictions.shape) else {
                    let mistake = Mistake.labelsDiffer(labels.shape, predictions.shape)
                    return makeTensor(Misuse(of: function, mistake), [labels.value, predictions.value])
                }
                return computeWeightedLoss(
                    body(labels, predictions), weights: weights, reduction: reduction, collection: collection,
                    name: "value")
            }
        }
    }
}
