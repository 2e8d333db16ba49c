// The operators on tensors and variables, with single numbers on either side. Overloads beside tensors that literals
// could express: those would cost the type checker ten times as long.

public import Graphs
public import Tensors

/// A function of two operands.
func binary<Scalar: TensorElement, Result: TensorElement>(
    _ function: ElementwiseFunction, _ left: some TensorExpression<Scalar>, _ right: some TensorExpression<Scalar>,
    name: String? = nil
) -> Tensor<Result> {
    Tensor(elementwise(function, [left.tensor.value, right.tensor.value], name: name))
}

/// A function of a number and an operand; the number's node is called `name/x`.
func binary<Scalar: TensorElement, Result: TensorElement>(
    _ function: ElementwiseFunction, _ left: Scalar, _ right: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Result> {
    let right = right.tensor.value
    return withGraph(right.graph) {
        withNodeScope(name ?? function.nodeName) { name in
            Tensor(elementwise(function, [constant(left, name: "x").value, right], name: name))
        }
    }
}

/// A function of an operand and a number; the number's node is called `name/y`.
func binary<Scalar: TensorElement, Result: TensorElement>(
    _ function: ElementwiseFunction, _ left: some TensorExpression<Scalar>, _ right: Scalar, name: String? = nil
) -> Tensor<Result> {
    let left = left.tensor.value
    return withGraph(left.graph) {
        withNodeScope(name ?? function.nodeName) { name in
            Tensor(elementwise(function, [left, constant(right, name: "y").value], name: name))
        }
    }
}

extension ElementwiseFunction {
    /// The name of a node without one of its own.
    fileprivate var nodeName: String { self == .add ? "Add" : rawValue }

    /// The division of numbers, which for integers is that of Swift.
    fileprivate static func quotient(of dtype: DType) -> ElementwiseFunction {
        dtype.isFloating ? .divide : .truncateDivide
    }
}

// MARK: - +

/// The sum of each pair of elements.
///
/// - Shapes: the operands are broadcast to one shape: `[n, m] + [m]` → `[n, m]`.
/// - Errors: shapes that do not broadcast are a mistake.
/// - Gradient: `g`, `g`.
public func + <Scalar: NumericElement>(
    left: some TensorExpression<Scalar>, right: some TensorExpression<Scalar>
) -> Tensor<Scalar> {
    binary(.add, left, right)
}

/// See the operator on two tensors.
public func + <Scalar: NumericElement>(left: Scalar, right: some TensorExpression<Scalar>) -> Tensor<Scalar> {
    binary(.add, left, right)
}

/// See the operator on two tensors.
public func + <Scalar: NumericElement>(left: some TensorExpression<Scalar>, right: Scalar) -> Tensor<Scalar> {
    binary(.add, left, right)
}

// MARK: - -

/// The difference of each pair of elements.
///
/// - Shapes: the operands are broadcast to one shape: `[n, m] + [m]` → `[n, m]`.
/// - Errors: shapes that do not broadcast are a mistake.
/// - Gradient: `g`, `-g`.
public func - <Scalar: NumericElement>(
    left: some TensorExpression<Scalar>, right: some TensorExpression<Scalar>
) -> Tensor<Scalar> {
    binary(.subtract, left, right)
}

/// See the operator on two tensors.
public func - <Scalar: NumericElement>(left: Scalar, right: some TensorExpression<Scalar>) -> Tensor<Scalar> {
    binary(.subtract, left, right)
}

/// See the operator on two tensors.
public func - <Scalar: NumericElement>(left: some TensorExpression<Scalar>, right: Scalar) -> Tensor<Scalar> {
    binary(.subtract, left, right)
}

// MARK: - *

/// The product of each pair of elements. For matrices see `matmul(_:_:)`.
///
/// - Shapes: the operands are broadcast to one shape: `[n, m] + [m]` → `[n, m]`.
/// - Errors: shapes that do not broadcast are a mistake.
/// - Gradient: `g y`, `g x`.
public func * <Scalar: NumericElement>(
    left: some TensorExpression<Scalar>, right: some TensorExpression<Scalar>
) -> Tensor<Scalar> {
    binary(.multiply, left, right)
}

/// See the operator on two tensors.
public func * <Scalar: NumericElement>(left: Scalar, right: some TensorExpression<Scalar>) -> Tensor<Scalar> {
    binary(.multiply, left, right)
}

/// See the operator on two tensors.
public func * <Scalar: NumericElement>(left: some TensorExpression<Scalar>, right: Scalar) -> Tensor<Scalar> {
    binary(.multiply, left, right)
}

// MARK: - /

/// The quotient of each pair of elements; that of integers toward zero, as in Swift.
///
/// - Shapes: the operands are broadcast to one shape: `[n, m] + [m]` → `[n, m]`.
/// - Errors: shapes that do not broadcast are a mistake.
/// - Gradient: `g / y`, `-g x / y²`; none for integers.
public func / <Scalar: NumericElement>(
    left: some TensorExpression<Scalar>, right: some TensorExpression<Scalar>
) -> Tensor<Scalar> {
    binary(.quotient(of: Scalar.dtype), left, right)
}

/// See the operator on two tensors.
public func / <Scalar: NumericElement>(left: Scalar, right: some TensorExpression<Scalar>) -> Tensor<Scalar> {
    binary(.quotient(of: Scalar.dtype), left, right)
}

/// See the operator on two tensors.
public func / <Scalar: NumericElement>(left: some TensorExpression<Scalar>, right: Scalar) -> Tensor<Scalar> {
    binary(.quotient(of: Scalar.dtype), left, right)
}

// MARK: - %

/// The remainder of each pair of elements, with the sign of the left one, as in Swift.
///
/// - Shapes: the operands are broadcast to one shape: `[n, m] + [m]` → `[n, m]`.
/// - Errors: shapes that do not broadcast are a mistake.
/// - Gradient: none for integers.
public func % <Scalar: IntegerElement>(
    left: some TensorExpression<Scalar>, right: some TensorExpression<Scalar>
) -> Tensor<Scalar> {
    binary(.truncateRemainder, left, right)
}

/// See the operator on two tensors.
public func % <Scalar: IntegerElement>(left: Scalar, right: some TensorExpression<Scalar>) -> Tensor<Scalar> {
    binary(.truncateRemainder, left, right)
}

/// See the operator on two tensors.
public func % <Scalar: IntegerElement>(left: some TensorExpression<Scalar>, right: Scalar) -> Tensor<Scalar> {
    binary(.truncateRemainder, left, right)
}

// MARK: - Negation

/// Each element with the other sign.
///
/// - Gradient: `-g`.
public prefix func - <Scalar: SignedElement>(operand: some TensorExpression<Scalar>) -> Tensor<Scalar> {
    Tensor(elementwise(.negate, [operand.tensor.value]))
}
