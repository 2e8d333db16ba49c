// What the loss functions share: labels and predictions brought to one shape, the logits behind probabilities, the
// mistakes. Knows no loss.

import Graphs
import Operations
import Tensors

/// Keras's fuzz factor, which keeps logarithms and quotients finite.
let lossEpsilon = 1e-7

extension Mistake {
    static func labelsDiffer(_ labels: Shape, _ predictions: Shape) -> Mistake {
        Mistake(
            "the shapes of labels and predictions differ: \(labels) and \(predictions)",
            hint: labels.rank != predictions.rank ? "whole numbers as labels are for the sparse losses" : nil)
    }
}

/// Makes the nodes of a loss under one name, from labels and predictions of one shape.
///
/// Where one of them has a last dimension of 1 that the other lacks, it loses it; a vector gains it instead, so that
/// there is a loss for each of its elements.
///
/// - Errors: shapes that cannot be equal are a mistake.
func makeLoss<Scalar: FloatingElement>(
    _ function: String, _ labels: some TensorExpression<Scalar>, _ predictions: some TensorExpression<Scalar>,
    name: String?, _ body: (_ labels: Tensor<Scalar>, _ predictions: Tensor<Scalar>) -> Tensor<Scalar>
) -> Tensor<Scalar> {
    let (labels, predictions) = (labels.tensor, predictions.tensor)
    return withGraph(predictions.graph) {
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

/// Brings two tensors to the same rank where only a last dimension of 1 is between them.
///
/// - Source: Keras's `squeeze_or_expand_to_same_rank`.
func withEqualRanks<Left: TensorElement, Right: TensorElement>(
    _ left: Tensor<Left>, _ right: Tensor<Right>
) -> (Tensor<Left>, Tensor<Right>) {
    guard let leftRank = left.shape.rank, let rightRank = right.shape.rank else { return (left, right) }
    if leftRank == rightRank + 1, left.shape[-1] == 1 {
        return rightRank == 1
            ? (left, right.expandingDimension(at: -1)) : (left.squeezed(axes: [-1]), right)
    }
    if rightRank == leftRank + 1, right.shape[-1] == 1 {
        return leftRank == 1
            ? (left.expandingDimension(at: -1), right) : (left, right.squeezed(axes: [-1]))
    }
    return (left, right)
}

/// The logits behind predictions: themselves, or what a node of `operation` made them from. nil for probabilities whose
/// logits are not known.
///
/// - Source: Keras's `_get_logits`: a cross entropy on logits is exact where probabilities round to 0 or 1.
func logits<Scalar: FloatingElement>(
    of predictions: Tensor<Scalar>, fromLogits: Bool, by operation: String
) -> Tensor<Scalar>? {
    let record = predictions.node.record
    if record.operation.name == operation, record.isSound, let input = record.inputs.first {
        return Tensor(Value(graph: predictions.graph, endpoint: input))
    }
    return fromLogits ? predictions : nil
}
