// How often predictions are right: for each sample 1 or 0. As Keras's functions. What is meant over samples is
// MeanMetric's.

public import Graphs
import Operations
public import Tensors

/// 1 where label and prediction are equal, else 0.
///
/// - Shapes: those of both, which may differ by a last dimension of 1.
/// - Errors: shapes that differ are a mistake.
public func exactAccuracy<Scalar: NumericElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Float> {
    makeSampleValues("accuracy", labels.tensor, predictions.tensor, name) { labels, predictions in
        cast(equal(labels, predictions), to: Float.self)
    }
}

/// 1 where a prediction is on the side of the threshold that its label, 0 or 1, says.
///
/// - Shapes: those of both, which may differ by a last dimension of 1.
/// - Parameter threshold: predictions above it are 1.
/// - Errors: shapes that differ are a mistake.
/// - Source: Keras's `metrics.binary_accuracy`.
public func binaryAccuracy<Scalar: NumericElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Float>, threshold: Float = 0.5,
    name: String? = nil
) -> Tensor<Float> {
    makeSampleValues("binary_accuracy", labels.tensor, predictions.tensor, name) { labels, predictions in
        let predicted = cast(greater(predictions, threshold), to: Scalar.self)
        return cast(equal(labels, predicted), to: Float.self)
    }
}

/// 1 where the largest prediction is that of the class with the largest label.
///
/// - Shapes: `[..., classes]` → `[...]`.
/// - Errors: shapes that differ are a mistake.
/// - Source: Keras's `metrics.categorical_accuracy`.
public func categoricalAccuracy<Scalar: NumericElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Float>, name: String? = nil
) -> Tensor<Float> {
    makeSampleValues("categorical_accuracy", labels.tensor, predictions.tensor, name) { labels, predictions in
        cast(equal(argmax(labels, axis: -1), argmax(predictions, axis: -1)), to: Float.self)
    }
}

/// 1 where the largest prediction is that of the class whose number is the label.
///
/// - Shapes: labels `[...]` or `[..., 1]`, predictions `[..., classes]` → `[...]`.
/// - Errors: labels whose shape is not that of the predictions without the last dimension are a mistake.
/// - Source: Keras's `metrics.sparse_categorical_accuracy`.
public func sparseCategoricalAccuracy<Scalar: NumericElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Float>, name: String? = nil
) -> Tensor<Float> {
    makeClassValues("sparse_categorical_accuracy", labels.tensor, predictions.tensor, name) { labels, predictions in
        cast(equal(cast(labels, to: Int64.self), argmax(predictions, axis: -1)), to: Float.self)
    }
}

/// 1 where the class with the largest label is among those with the `k` largest predictions.
///
/// - Shapes, Errors: as for `categoricalAccuracy(labels:predictions:name:)`.
/// - Source: Keras's `metrics.top_k_categorical_accuracy`.
public func topKCategoricalAccuracy<Scalar: NumericElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Float>, k: Int = 5,
    name: String? = nil
) -> Tensor<Float> {
    makeSampleValues("top_k_categorical_accuracy", labels.tensor, predictions.tensor, name) { labels, predictions in
        valuesInTopK(argmax(labels, axis: -1), predictions, k)
    }
}

/// 1 where the class whose number is the label is among those with the `k` largest predictions.
///
/// - Shapes, Errors: as for `sparseCategoricalAccuracy(labels:predictions:name:)`.
/// - Source: Keras's `metrics.sparse_top_k_categorical_accuracy`.
public func sparseTopKCategoricalAccuracy<Scalar: NumericElement>(
    labels: some TensorExpression<Scalar>, predictions: some TensorExpression<Float>, k: Int = 5,
    name: String? = nil
) -> Tensor<Float> {
    makeClassValues("sparse_top_k_categorical_accuracy", labels.tensor, predictions.tensor, name) {
        labels, predictions in
        valuesInTopK(cast(labels, to: Int64.self), predictions, k)
    }
}

/// Whether classes are among the `k` best, along any leading axes.
private func valuesInTopK(_ classes: Tensor<Int64>, _ predictions: Tensor<Float>, _ k: Int) -> Tensor<Float> {
    if predictions.shape.rank == 2 { return cast(inTopK(predictions, classes, k: k), to: Float.self) }
    let sizes = shape(of: classes)
    let rows: Tensor<Float>
    if let last = predictions.shape[-1] {
        rows = predictions.reshaped([-1, last])
    } else {
        let dimensions = shape(of: predictions)
        let count = (predictions.shape.rank ?? 1) - 1
        rows = predictions.reshaped(
            concatenate([constant([-1] as [Int32]), dimensions.sliced(begin: [count], size: [1])], axis: 0))
    }
    return cast(inTopK(rows, classes.reshaped([-1]), k: k), to: Float.self).reshaped(sizes)
}

/// Values of samples from labels and predictions of one shape.
func makeSampleValues<Label: TensorElement, Prediction: TensorElement>(
    _ function: String, _ labels: Tensor<Label>, _ predictions: Tensor<Prediction>, _ name: String?,
    _ body: (Tensor<Label>, Tensor<Prediction>) -> Tensor<Float>
) -> Tensor<Float> {
    withGraph(predictions.graph) {
        withNameScope(name ?? function) {
            let (labels, predictions) = withEqualRanks(labels, predictions)
            guard labels.shape.isCompatible(with: predictions.shape) else {
                let mistake = Mistake.labelsDiffer(labels.shape, predictions.shape)
                return makeTensor(Misuse(of: function, mistake), [labels.value, predictions.value])
            }
            return body(labels, predictions)
        }
    }
}

/// Values of samples from numbers of classes and predictions of all classes.
func makeClassValues<Label: TensorElement>(
    _ function: String, _ labels: Tensor<Label>, _ predictions: Tensor<Float>, _ name: String?,
    _ body: (Tensor<Label>, Tensor<Float>) -> Tensor<Float>
) -> Tensor<Float> {
    withGraph(predictions.graph) {
        withNameScope(name ?? function) {
            var labels = labels
            if let rank = labels.shape.rank, rank == predictions.shape.rank, labels.shape[-1] == 1 {
                labels = labels.squeezed(axes: [-1])
            }
            let expected = Shape(extents: predictions.shape.extents.map { Array($0.dropLast()) })
            guard labels.shape.isCompatible(with: expected), predictions.shape.rank != 0 else {
                let mistake = Mistake(
                    "labels of shape \(labels.shape) do not fit predictions of shape \(predictions.shape)",
                    hint: "give one label for each row of the predictions")
                return makeTensor(Misuse(of: function, mistake), [labels.value, predictions.value])
            }
            return body(labels, predictions)
        }
    }
}
