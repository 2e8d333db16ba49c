// Element-wise functions of two tensors, and of tensors and numbers. Their formulas and gradients are rows of the table.
// Those that the C library has too are disfavored overloads, as in UnaryFunctions.

public import Graphs
public import Tensors

// MARK: - Arithmetic

/// The larger of each pair of elements; NaN where one is.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: to the larger one, of equal ones to `x`.
public func maximum<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.maximum, x, y, name: name)
}

/// See the function of two tensors.
public func maximum<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.maximum, x, y, name: name)
}

/// See the function of two tensors.
public func maximum<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.maximum, x, y, name: name)
}

/// The smaller of each pair of elements; NaN where one is.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: to the smaller one, of equal ones to `x`.
public func minimum<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.minimum, x, y, name: name)
}

/// See the function of two tensors.
public func minimum<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.minimum, x, y, name: name)
}

/// See the function of two tensors.
public func minimum<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.minimum, x, y, name: name)
}

/// Each element of `x` to the power of that of `y`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: `g y xʸ⁻¹`, `g xʸ log(x)`, which counts as 0 where `x` is not positive.
@_disfavoredOverload
public func pow<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.pow, x, y, name: name)
}

/// See the function of two tensors.
@_disfavoredOverload
public func pow<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil) -> Tensor<
    Scalar
> {
    binary(.pow, x, y, name: name)
}

/// See the function of two tensors.
@_disfavoredOverload
public func pow<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<
    Scalar
> {
    binary(.pow, x, y, name: name)
}

/// `(x - y)²`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: `2 g (x - y)`, `-2 g (x - y)`.
public func squaredDifference<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.squaredDifference, x, y, name: name)
}

/// See the function of two tensors.
public func squaredDifference<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil
) -> Tensor<Scalar> {
    binary(.squaredDifference, x, y, name: name)
}

/// See the function of two tensors.
public func squaredDifference<Scalar: NumericElement>(
    _ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.squaredDifference, x, y, name: name)
}

/// The angle whose tangent is `x / y`, in the quadrant of the point that lies `y` to the right and `x` up.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: `g y / (x² + y²)`, `-g x / (x² + y²)`.
@_disfavoredOverload
public func atan2<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.atan2, x, y, name: name)
}

/// See the function of two tensors.
@_disfavoredOverload
public func atan2<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.atan2, x, y, name: name)
}

/// See the function of two tensors.
@_disfavoredOverload
public func atan2<Scalar: FloatingElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.atan2, x, y, name: name)
}

/// `x log(y)`, and 0 where `x` is 0.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: `g log(y)`, `g x / y`; 0 where `x` is 0.
public func xlogy<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.xlogy, x, y, name: name)
}

/// See the function of two tensors.
public func xlogy<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.xlogy, x, y, name: name)
}

/// See the function of two tensors.
public func xlogy<Scalar: FloatingElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.xlogy, x, y, name: name)
}

/// `x / y`, and 0 where `y` is 0.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: as that of the quotient; 0 where `y` is 0.
public func divideNoNaN<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.divideNoNan, x, y, name: name)
}

/// See the function of two tensors.
public func divideNoNaN<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.divideNoNan, x, y, name: name)
}

/// See the function of two tensors.
public func divideNoNaN<Scalar: FloatingElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.divideNoNan, x, y, name: name)
}

/// The quotient of each pair of elements, rounded toward minus infinity.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: none, it changes in steps.
public func floorDivide<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.floorDivide, x, y, name: name)
}

/// See the function of two tensors.
public func floorDivide<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.floorDivide, x, y, name: name)
}

/// See the function of two tensors.
public func floorDivide<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.floorDivide, x, y, name: name)
}

/// The remainder of `floorDivide`, which has the sign of `y`.
///
/// - Shapes: the operands are broadcast to one shape.
/// - Gradient: `g`, `-g floorDivide(x, y)`.
public func floorRemainder<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, _ y: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    binary(.floorRemainder, x, y, name: name)
}

/// See the function of two tensors.
public func floorRemainder<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, _ y: Scalar, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.floorRemainder, x, y, name: name)
}

/// See the function of two tensors.
public func floorRemainder<Scalar: NumericElement>(_ x: Scalar, _ y: some TensorExpression<Scalar>, name: String? = nil)
    -> Tensor<Scalar>
{
    binary(.floorRemainder, x, y, name: name)
}
