// The functions of single elements, for the interpreter.

import Tensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A floating-point element with the C library's functions in its own precision.
protocol InterpretedFloat: FloatingElement {
    static func exponential(_ x: Self) -> Self
    static func exponentialMinusOne(_ x: Self) -> Self
    static func logarithm(_ x: Self) -> Self
    static func logarithmPlusOne(_ x: Self) -> Self
    static func hyperbolicTangent(_ x: Self) -> Self
    static func sine(_ x: Self) -> Self
    static func cosine(_ x: Self) -> Self
    static func tangent(_ x: Self) -> Self
    static func errorFunction(_ x: Self) -> Self
    static func power(_ x: Self, _ y: Self) -> Self
    static func arcTangent(_ y: Self, _ x: Self) -> Self
}

extension Float: InterpretedFloat {
    static func exponential(_ x: Float) -> Float { expf(x) }
    static func exponentialMinusOne(_ x: Float) -> Float { expm1f(x) }
    static func logarithm(_ x: Float) -> Float { logf(x) }
    static func logarithmPlusOne(_ x: Float) -> Float { log1pf(x) }
    static func hyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
    static func sine(_ x: Float) -> Float { sinf(x) }
    static func cosine(_ x: Float) -> Float { cosf(x) }
    static func tangent(_ x: Float) -> Float { tanf(x) }
    static func errorFunction(_ x: Float) -> Float { erff(x) }
    static func power(_ x: Float, _ y: Float) -> Float { powf(x, y) }
    static func arcTangent(_ y: Float, _ x: Float) -> Float { atan2f(y, x) }
}

extension Double: InterpretedFloat {
    static func exponential(_ x: Double) -> Double { exp(x) }
    static func exponentialMinusOne(_ x: Double) -> Double { expm1(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func logarithmPlusOne(_ x: Double) -> Double { log1p(x) }
    static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
    static func sine(_ x: Double) -> Double { sin(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func tangent(_ x: Double) -> Double { tan(x) }
    static func errorFunction(_ x: Double) -> Double { erf(x) }
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
    static func arcTangent(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
}

extension DType {
    /// The Swift type where this is a floating-point dtype.
    var interpretedFloatType: (any InterpretedFloat.Type)? {
        switch kind {
        case .float32: Float.self
        case .float64: Double.self
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool, .other: nil
        }
    }

    /// The Swift type where this is an integer dtype.
    var integerType: (any IntegerElement.Type)? { elementType as? any IntegerElement.Type }
}

// MARK: - One operand

extension UnaryFunction {
    /// The value at `x`; nil where the function is not defined on floats.
    func callAsFunction<Scalar: InterpretedFloat>(_ x: Scalar) -> Scalar? {
        switch self {
        case .negate: -x
        case .abs: x.magnitude
        case .sign: x.isNaN || x == 0 ? x : (x < 0 ? -1 : 1)
        case .exponential: Scalar.exponential(x)
        case .exponentialMinusOne: Scalar.exponentialMinusOne(x)
        case .log: Scalar.logarithm(x)
        case .logPlusOne: Scalar.logarithmPlusOne(x)
        case .logistic: 1 / (1 + Scalar.exponential(-x))
        case .sqrt: x.squareRoot()
        case .rsqrt: 1 / x.squareRoot()
        case .tanh: Scalar.hyperbolicTangent(x)
        case .sine: Scalar.sine(x)
        case .cosine: Scalar.cosine(x)
        case .tan: Scalar.tangent(x)
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .roundNearestEven: x.rounded(.toNearestOrEven)
        case .erf: Scalar.errorFunction(x)
        case .not, .isFinite: nil
        }
    }

    /// The value at `x`, wrapping around; nil where the function is not defined on integers.
    func callAsFunction<Scalar: IntegerElement>(_ x: Scalar) -> Scalar? {
        switch self {
        case .negate: 0 &- x
        case .abs: x < 0 ? 0 &- x : x
        case .sign: x < 0 ? 0 &- 1 : (x == 0 ? 0 : 1)
        case .not: ~x
        case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .sqrt, .rsqrt, .tanh, .sine, .cosine,
            .tan, .floor, .ceil, .roundNearestEven, .erf, .isFinite:
            nil
        }
    }
}

// MARK: - Two operands

extension BinaryFunction {
    /// The value at `(x, y)`; nil where the function is not defined on floats.
    func callAsFunction<Scalar: InterpretedFloat>(_ x: Scalar, _ y: Scalar) -> Scalar? {
        switch self {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .maximum: x.isNaN || x > y ? x : y
        case .minimum: x.isNaN || x < y ? x : y
        case .power: Scalar.power(x, y)
        case .remainder: x.truncatingRemainder(dividingBy: y)
        case .atan2: Scalar.arcTangent(x, y)
        case .and, .or, .xor: nil
        }
    }

    /// The value at `(x, y)`, wrapping around; nil where the function is not defined on integers, and for a division
    /// by zero.
    func callAsFunction<Scalar: IntegerElement>(_ x: Scalar, _ y: Scalar) -> Scalar? {
        switch self {
        case .add: x &+ y
        case .subtract: x &- y
        case .multiply: x &* y
        case .divide: y == 0 ? nil : x.dividedReportingOverflow(by: y).partialValue
        case .maximum: Swift.max(x, y)
        case .minimum: Swift.min(x, y)
        case .power: integerPower(x, y)
        case .remainder: y == 0 ? nil : x.remainderReportingOverflow(dividingBy: y).partialValue
        case .and: x & y
        case .or: x | y
        case .xor: x ^ y
        case .atan2: nil
        }
    }

    /// The value at `(x, y)`; nil where the function is not defined on truth values.
    func callAsFunction(_ x: Bool, _ y: Bool) -> Bool? {
        switch self {
        case .maximum, .or: x || y
        case .minimum, .and: x && y
        case .xor: x != y
        case .add, .subtract, .multiply, .divide, .power, .remainder, .atan2: nil
        }
    }
}

/// `base` to the power `exponent`, wrapping around; the whole part of the quotient where the exponent is negative,
/// and 0 for a negative power of 0.
private func integerPower<Scalar: IntegerElement>(_ base: Scalar, _ exponent: Scalar) -> Scalar {
    if exponent < 0 {
        if base == 1 { return 1 }
        // Only of a signed type, so -1 can be written.
        if base == 0 &- 1 { return exponent & 1 == 0 ? 1 : base }
        return 0
    }
    var (result, square, rest) = (1 as Scalar, base, exponent)
    while rest != 0 {
        if rest & 1 == 1 { result = result &* square }
        square = square &* square
        rest >>= 1
    }
    return result
}

extension Comparison {
    /// Whether the comparison holds; for NaN only `notEqual` does.
    func callAsFunction<Scalar: Comparable>(_ x: Scalar, _ y: Scalar) -> Bool {
        switch self {
        case .equal: x == y
        case .notEqual: x != y
        case .less: x < y
        case .lessOrEqual: x <= y
        case .greater: x > y
        case .greaterOrEqual: x >= y
        }
    }
}
