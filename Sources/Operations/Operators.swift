// The operators on tensors and variables, with single numbers on either side.
//
// They are members of the two types, written out for each pair: generic over `TensorExpression`, a formula such as
// Adam's update took the type checker 14 seconds instead of 15 milliseconds, and tensors that literals could express
// took half a second.

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

// MARK: - Sum

extension Tensor where Scalar: NumericElement {
    /// The sum of each pair of elements.
    ///
    /// - Shapes: the operands are broadcast to one shape: `[n, m] + [m]` → `[n, m]`.
    /// - Errors: shapes that do not broadcast are a mistake.
    /// - Gradient: `g`, `g`.
    public static func + (left: Tensor, right: Tensor) -> Tensor<Scalar> {
        binary(.add, left, right)
    }

    /// The sum of a number and a tensor; see that of tensors.
    public static func + (left: Scalar, right: Tensor) -> Tensor<Scalar> {
        binary(.add, left, right)
    }

    /// The sum of a tensor and a number; see that of tensors.
    public static func + (left: Tensor, right: Scalar) -> Tensor<Scalar> {
        binary(.add, left, right)
    }

    /// The sum of a tensor and a variable; see that of tensors.
    public static func + (left: Tensor, right: Variable<Scalar>) -> Tensor<Scalar> {
        binary(.add, left, right)
    }
}

extension Variable where Scalar: NumericElement {
    /// The sum of two variables; see that of tensors.
    public static func + (left: Variable, right: Variable) -> Tensor<Scalar> {
        binary(.add, left, right)
    }

    /// The sum of a number and a variable; see that of tensors.
    public static func + (left: Scalar, right: Variable) -> Tensor<Scalar> {
        binary(.add, left, right)
    }

    /// The sum of a variable and a number; see that of tensors.
    public static func + (left: Variable, right: Scalar) -> Tensor<Scalar> {
        binary(.add, left, right)
    }

    /// The sum of a variable and a tensor; see that of tensors.
    public static func + (left: Variable, right: Tensor<Scalar>) -> Tensor<Scalar> {
        binary(.add, left, right)
    }
}

// MARK: - Difference

extension Tensor where Scalar: NumericElement {
    /// The difference of each pair of elements.
    ///
    /// - Shapes: the operands are broadcast to one shape: `[n, m] - [m]` → `[n, m]`.
    /// - Errors: shapes that do not broadcast are a mistake.
    /// - Gradient: `g`, `-g`.
    public static func - (left: Tensor, right: Tensor) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }

    /// The difference of a number and a tensor; see that of tensors.
    public static func - (left: Scalar, right: Tensor) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }

    /// The difference of a tensor and a number; see that of tensors.
    public static func - (left: Tensor, right: Scalar) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }

    /// The difference of a tensor and a variable; see that of tensors.
    public static func - (left: Tensor, right: Variable<Scalar>) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }
}

extension Variable where Scalar: NumericElement {
    /// The difference of two variables; see that of tensors.
    public static func - (left: Variable, right: Variable) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }

    /// The difference of a number and a variable; see that of tensors.
    public static func - (left: Scalar, right: Variable) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }

    /// The difference of a variable and a number; see that of tensors.
    public static func - (left: Variable, right: Scalar) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }

    /// The difference of a variable and a tensor; see that of tensors.
    public static func - (left: Variable, right: Tensor<Scalar>) -> Tensor<Scalar> {
        binary(.subtract, left, right)
    }
}

// MARK: - Product

extension Tensor where Scalar: NumericElement {
    /// The product of each pair of elements. For matrices see `matmul(_:_:)`.
    ///
    /// - Shapes: the operands are broadcast to one shape: `[n, m] * [m]` → `[n, m]`.
    /// - Errors: shapes that do not broadcast are a mistake.
    /// - Gradient: `g y`, `g x`.
    public static func * (left: Tensor, right: Tensor) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }

    /// The product of a number and a tensor; see that of tensors.
    public static func * (left: Scalar, right: Tensor) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }

    /// The product of a tensor and a number; see that of tensors.
    public static func * (left: Tensor, right: Scalar) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }

    /// The product of a tensor and a variable; see that of tensors.
    public static func * (left: Tensor, right: Variable<Scalar>) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }
}

extension Variable where Scalar: NumericElement {
    /// The product of two variables; see that of tensors.
    public static func * (left: Variable, right: Variable) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }

    /// The product of a number and a variable; see that of tensors.
    public static func * (left: Scalar, right: Variable) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }

    /// The product of a variable and a number; see that of tensors.
    public static func * (left: Variable, right: Scalar) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }

    /// The product of a variable and a tensor; see that of tensors.
    public static func * (left: Variable, right: Tensor<Scalar>) -> Tensor<Scalar> {
        binary(.multiply, left, right)
    }
}

// MARK: - Quotient

extension Tensor where Scalar: NumericElement {
    /// The quotient of each pair of elements; that of integers toward zero, as in Swift.
    ///
    /// - Shapes: the operands are broadcast to one shape: `[n, m] / [m]` → `[n, m]`.
    /// - Errors: shapes that do not broadcast are a mistake.
    /// - Gradient: `g / y`, `-g x / y²`; none for integers.
    public static func / (left: Tensor, right: Tensor) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }

    /// The quotient of a number and a tensor; see that of tensors.
    public static func / (left: Scalar, right: Tensor) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }

    /// The quotient of a tensor and a number; see that of tensors.
    public static func / (left: Tensor, right: Scalar) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }

    /// The quotient of a tensor and a variable; see that of tensors.
    public static func / (left: Tensor, right: Variable<Scalar>) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }
}

extension Variable where Scalar: NumericElement {
    /// The quotient of two variables; see that of tensors.
    public static func / (left: Variable, right: Variable) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }

    /// The quotient of a number and a variable; see that of tensors.
    public static func / (left: Scalar, right: Variable) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }

    /// The quotient of a variable and a number; see that of tensors.
    public static func / (left: Variable, right: Scalar) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }

    /// The quotient of a variable and a tensor; see that of tensors.
    public static func / (left: Variable, right: Tensor<Scalar>) -> Tensor<Scalar> {
        binary(.quotient(of: Scalar.dtype), left, right)
    }
}

// MARK: - Remainder

extension Tensor where Scalar: IntegerElement {
    /// The remainder of each pair of elements, with the sign of the left one, as in Swift.
    ///
    /// - Shapes: the operands are broadcast to one shape: `[n, m] % [m]` → `[n, m]`.
    /// - Errors: shapes that do not broadcast are a mistake.
    /// - Gradient: none for integers.
    public static func % (left: Tensor, right: Tensor) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }

    /// The remainder of a number and a tensor; see that of tensors.
    public static func % (left: Scalar, right: Tensor) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }

    /// The remainder of a tensor and a number; see that of tensors.
    public static func % (left: Tensor, right: Scalar) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }

    /// The remainder of a tensor and a variable; see that of tensors.
    public static func % (left: Tensor, right: Variable<Scalar>) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }
}

extension Variable where Scalar: IntegerElement {
    /// The remainder of two variables; see that of tensors.
    public static func % (left: Variable, right: Variable) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }

    /// The remainder of a number and a variable; see that of tensors.
    public static func % (left: Scalar, right: Variable) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }

    /// The remainder of a variable and a number; see that of tensors.
    public static func % (left: Variable, right: Scalar) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }

    /// The remainder of a variable and a tensor; see that of tensors.
    public static func % (left: Variable, right: Tensor<Scalar>) -> Tensor<Scalar> {
        binary(.truncateRemainder, left, right)
    }
}

// MARK: - Negation

extension Tensor where Scalar: SignedElement {
    /// Each element with the other sign.
    ///
    /// - Gradient: `-g`.
    public static prefix func - (operand: Tensor) -> Tensor { Tensor(elementwise(.negate, [operand.value])) }
}

extension Variable where Scalar: SignedElement {
    /// Each element with the other sign; see that of tensors.
    public static prefix func - (operand: Variable) -> Tensor<Scalar> { -operand.tensor }
}
