// Comparisons, logic on truth values, the choice by them, and limits.

public import Graphs
public import Tensors

// MARK: - Comparisons

/// Where the elements are equal.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func equal<Scalar: TensorElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Bool> {
    binary(.equal, x, y, name: name)
}

/// See the function of two tensors.
public func equal<Scalar: TensorElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.equal, x, y, name: name)
}

/// See the function of two tensors.
public func equal<Scalar: TensorElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.equal, x, y, name: name)
}

/// Where the elements are not equal.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func notEqual<Scalar: TensorElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Bool> {
    binary(.notEqual, x, y, name: name)
}

/// See the function of two tensors.
public func notEqual<Scalar: TensorElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.notEqual, x, y, name: name)
}

/// See the function of two tensors.
public func notEqual<Scalar: TensorElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.notEqual, x, y, name: name)
}

/// Where `x < y`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func less<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Bool> {
    binary(.less, x, y, name: name)
}

/// See the function of two tensors.
public func less<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.less, x, y, name: name)
}

/// See the function of two tensors.
public func less<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.less, x, y, name: name)
}

/// Where `x <= y`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func lessEqual<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Bool> {
    binary(.lessEqual, x, y, name: name)
}

/// See the function of two tensors.
public func lessEqual<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.lessEqual, x, y, name: name)
}

/// See the function of two tensors.
public func lessEqual<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.lessEqual, x, y, name: name)
}

/// Where `x > y`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func greater<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Bool> {
    binary(.greater, x, y, name: name)
}

/// See the function of two tensors.
public func greater<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.greater, x, y, name: name)
}

/// See the function of two tensors.
public func greater<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.greater, x, y, name: name)
}

/// Where `x >= y`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func greaterEqual<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Bool> {
    binary(.greaterEqual, x, y, name: name)
}

/// See the function of two tensors.
public func greaterEqual<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.greaterEqual, x, y, name: name)
}

/// See the function of two tensors.
public func greaterEqual<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Bool>
{
    binary(.greaterEqual, x, y, name: name)
}

// MARK: - Logic

/// Where both are true.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func logicalAnd(
    _ x: some TensorExpression<Bool>, _ y: some TensorExpression<Bool>, name: String? = nil
) -> Tensor<Bool> {
    binary(.logicalAnd, x, y, name: name)
}

/// Where at least one is true.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func logicalOr(
    _ x: some TensorExpression<Bool>, _ y: some TensorExpression<Bool>, name: String? = nil
) -> Tensor<Bool> {
    binary(.logicalOr, x, y, name: name)
}

/// Where just one is true.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, truth values do not change smoothly.
public func logicalXor(
    _ x: some TensorExpression<Bool>, _ y: some TensorExpression<Bool>, name: String? = nil
) -> Tensor<Bool> {
    binary(.notEqual, x, y, name: name)
}

// MARK: - Choice

/// Each element of `x` where the condition holds, and of `y` elsewhere.
///
///     select(where: greater(x, 0), x, 0.1 * x)
///
/// - Shapes: all three are broadcast to one shape.
/// - Gradient: to the side that was chosen.
public func select<Scalar: TensorElement>(
    where condition: some TensorExpression<Bool>, _ x: some TensorExpression<Scalar>,
    _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(Select(dtype: Scalar.dtype), [condition.tensor.value, x.tensor.value, y.tensor.value], name: name)
}

/// See the choice between two tensors.
public func select<Scalar: TensorElement>(
    where condition: some TensorExpression<Bool>, _ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    return select(where: condition, x, constant(y, in: x.graph), name: name)
}

/// See the choice between two tensors.
public func select<Scalar: TensorElement>(
    where condition: some TensorExpression<Bool>, _ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let y = y.tensor
    return select(where: condition, constant(x, in: y.graph), y, name: name)
}

// MARK: - Limits

/// Each element, or the nearest bound where it is outside the range.
///
/// - Gradient: `g` within the range, its bounds included, else 0.
public func clip<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, to range: ClosedRange<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    return withGraph(x.graph) {
        withNodeScope(name ?? "clip_by_value") { name in
            let limited: Tensor<Scalar> = minimum(x, range.upperBound)
            return maximum(limited, constant(range.lowerBound, name: "y"), name: name)
        }
    }
}

extension TensorExpression where Scalar: NumericElement {
    /// Each element, or the nearest bound where it is outside the range.
    ///
    ///     softmax(logits).clipped(to: 1e-10...0.9999999)
    ///
    /// - Gradient: `g` within the range, its bounds included, else 0.
    public func clipped(to range: ClosedRange<Scalar>, name: String? = nil) -> Tensor<Scalar> {
        clip(self, to: range, name: name)
    }
}
