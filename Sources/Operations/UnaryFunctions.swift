// Element-wise functions of one tensor. Their formulas and gradients are rows of the table.
//
// Functions that the C library has too are disfavored overloads. Without that, formulas of plain numbers took the type
// checker seconds in programs that import Foundation as well: log(2.0) + sqrt(2) + tanh(0.5) + pow(2.0, 3.0) +
// floor(2.5) took 16 s instead of 25 ms.

public import Graphs
public import Tensors

/// A function of one operand.
private func unary<Scalar: TensorElement, Result: TensorElement>(
    _ function: ElementwiseFunction, _ operand: some TensorExpression<Scalar>, _ name: String?
) -> Tensor<Result> {
    Tensor(elementwise(function, [operand.tensor.value], name: name))
}

// MARK: - Arithmetic

/// The magnitude of each element.
///
/// - Gradient: `g sign(x)`, 0 at 0.
@_disfavoredOverload
public func abs<Scalar: SignedElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.abs, x, name)
}

/// -1, 0 or 1 for each element, as its sign is.
///
/// - Gradient: 0.
public func sign<Scalar: SignedElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.sign, x, name)
}

/// The square of each element.
///
/// - Gradient: `2 g x`.
public func square<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.square, x, name)
}

/// `1 / x` for each element.
///
/// - Gradient: `-g / x²`.
public func reciprocal<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<
    Scalar
> {
    unary(.reciprocal, x, name)
}

// MARK: - Powers, exponentials, logarithms

/// The square root of each element.
///
/// - Gradient: `g / (2 √x)`, infinite at 0.
@_disfavoredOverload
public func sqrt<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.sqrt, x, name)
}

/// `1 / √x` for each element.
///
/// - Gradient: `-g / (2 x √x)`.
public func rsqrt<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.rsqrt, x, name)
}

/// `e` to the power of each element.
///
/// - Gradient: `g exp(x)`.
@_disfavoredOverload
public func exp<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.exp, x, name)
}

/// `exp(x) - 1`, precise near 0.
///
/// - Gradient: `g exp(x)`.
@_disfavoredOverload
public func expm1<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.expm1, x, name)
}

/// The natural logarithm of each element: -∞ for 0, NaN below.
///
/// - Gradient: `g / x`.
@_disfavoredOverload
public func log<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.log, x, name)
}

/// `log(1 + x)`, precise near 0.
///
/// - Gradient: `g / (1 + x)`.
@_disfavoredOverload
public func log1p<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.log1p, x, name)
}

/// The error function `2/√π ∫₀ˣ exp(-t²) dt`.
///
/// - Gradient: `g 2/√π exp(-x²)`.
@_disfavoredOverload
public func erf<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.erf, x, name)
}

// MARK: - Trigonometry

/// The sine of each element, in radians.
///
/// - Gradient: `g cos(x)`.
@_disfavoredOverload
public func sin<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.sin, x, name)
}

/// The cosine of each element, in radians.
///
/// - Gradient: `-g sin(x)`.
@_disfavoredOverload
public func cos<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.cos, x, name)
}

/// The tangent of each element, in radians.
///
/// - Gradient: `g (1 + tan²(x))`.
@_disfavoredOverload
public func tan<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.tan, x, name)
}

/// The angle in `-π/2...π/2` whose sine is `x`; NaN outside `-1...1`.
///
/// - Gradient: `g / √(1 - x²)`.
@_disfavoredOverload
public func asin<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.asin, x, name)
}

/// The angle in `0...π` whose cosine is `x`; NaN outside `-1...1`.
///
/// - Gradient: `-g / √(1 - x²)`.
@_disfavoredOverload
public func acos<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.acos, x, name)
}

/// The angle in `-π/2...π/2` whose tangent is `x`.
///
/// - Gradient: `g / (1 + x²)`.
@_disfavoredOverload
public func atan<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.atan, x, name)
}

/// `(exp(x) - exp(-x)) / 2`.
///
/// - Gradient: `g cosh(x)`.
@_disfavoredOverload
public func sinh<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.sinh, x, name)
}

/// `(exp(x) + exp(-x)) / 2`.
///
/// - Gradient: `g sinh(x)`.
@_disfavoredOverload
public func cosh<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.cosh, x, name)
}

// MARK: - Activations

/// `1 / (1 + exp(-x))`.
///
/// - Gradient: `g y (1 - y)` with the output `y`.
public func sigmoid<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar>
{
    unary(.sigmoid, x, name)
}

/// The hyperbolic tangent of each element.
///
/// - Gradient: `g (1 - y²)` with the output `y`.
@_disfavoredOverload
public func tanh<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.tanh, x, name)
}

/// `max(x, 0)`.
///
/// - Gradient: `g` where `x > 0`, else 0 (at 0 too).
public func relu<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.relu, x, name)
}

/// `min(max(x, 0), 6)`.
///
/// - Gradient: `g` where `0 < x < 6`, else 0.
public func relu6<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.relu6, x, name)
}

/// `x` where it is positive, else `exp(x) - 1`.
///
/// - Source: Clevert et al., "Fast and accurate deep network learning by exponential linear units" (2015).
public func elu<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.elu, x, name)
}

/// The scaled exponential linear unit: `λ x` where `x` is positive, else `λ α (exp(x) - 1)`.
///
/// - Source: Klambauer et al., "Self-normalizing neural networks" (2017), which gives `λ` and `α`.
public func selu<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.selu, x, name)
}

/// `log(1 + exp(x))`, without overflow.
///
/// - Gradient: `g sigmoid(x)`.
public func softplus<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar>
{
    unary(.softplus, x, name)
}

/// `x / (1 + |x|)`.
///
/// - Gradient: `g / (1 + |x|)²`.
public func softsign<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar>
{
    unary(.softsign, x, name)
}

// MARK: - Rounding

/// The largest whole number not above each element.
///
/// - Gradient: none, it changes in steps.
@_disfavoredOverload
public func floor<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.floor, x, name)
}

/// The smallest whole number not below each element.
///
/// - Gradient: none, it changes in steps.
@_disfavoredOverload
public func ceil<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.ceil, x, name)
}

/// The nearest whole number, of two the even one.
///
/// - Gradient: none, it changes in steps.
@_disfavoredOverload
public func round<Scalar: NumericElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    unary(.round, x, name)
}

// MARK: - Truth values

/// Where an element is not a number.
///
/// - Gradient: none.
public func isNaN<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Bool> {
    unary(.isNan, x, name)
}

/// Where an element is ∞ or -∞.
///
/// - Gradient: none.
public func isInfinite<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Bool>
{
    unary(.isInf, x, name)
}

/// Where an element is neither infinite nor NaN.
///
/// - Gradient: none.
public func isFinite<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Bool> {
    unary(.isFinite, x, name)
}

/// Where an element is false.
///
/// - Gradient: none.
public func logicalNot(_ x: some TensorExpression<Bool>, name: String? = nil) -> Tensor<Bool> {
    unary(.logicalNot, x, name)
}

extension TensorExpression where Scalar: NumericElement {
    /// The square of each element.
    public func squared(name: String? = nil) -> Tensor<Scalar> { square(self, name: name) }
}
