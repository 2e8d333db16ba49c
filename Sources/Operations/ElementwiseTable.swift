// The table of element-wise functions: one row each. To add a function, add its case, with TensorFlow's name of the
// op, and its row; shapes, gradient and lowering follow. Knows nothing of graphs or programs beyond formulas.

import Programs
package import Tensors

/// A function that is applied to each element alone; its raw value is TensorFlow's name of the op.
package enum ElementwiseFunction: String, Hashable, Sendable, CaseIterable {
    // Arithmetic
    case add = "AddV2"
    case addV1 = "Add"
    case subtract = "Sub"
    case multiply = "Mul"
    case divide = "RealDiv"
    case divideV1 = "Div"
    case divideNoNan = "DivNoNan"
    case floorDivide = "FloorDiv"
    case floorRemainder = "FloorMod"
    case truncateDivide = "TruncateDiv"
    case truncateRemainder = "TruncateMod"
    case negate = "Neg"
    case abs = "Abs"
    case sign = "Sign"
    case square = "Square"
    case squaredDifference = "SquaredDifference"
    case reciprocal = "Reciprocal"
    case maximum = "Maximum"
    case minimum = "Minimum"

    // Powers, exponentials, logarithms
    case pow = "Pow"
    case sqrt = "Sqrt"
    case rsqrt = "Rsqrt"
    case exp = "Exp"
    case expm1 = "Expm1"
    case log = "Log"
    case log1p = "Log1p"
    case xlogy = "Xlogy"
    case xdivy = "Xdivy"
    case erf = "Erf"
    case erfc = "Erfc"

    // Trigonometry
    case sin = "Sin"
    case cos = "Cos"
    case tan = "Tan"
    case asin = "Asin"
    case acos = "Acos"
    case atan = "Atan"
    case atan2 = "Atan2"
    case sinh = "Sinh"
    case cosh = "Cosh"

    // Activations
    case sigmoid = "Sigmoid"
    case tanh = "Tanh"
    case relu = "Relu"
    case relu6 = "Relu6"
    case elu = "Elu"
    case selu = "Selu"
    case softplus = "Softplus"
    case softsign = "Softsign"

    // What TensorFlow's gradients are made of: functions of (gradient, input), (gradient, output) or (output, gradient)
    case reluGrad = "ReluGrad"
    case relu6Grad = "Relu6Grad"
    case eluGrad = "EluGrad"
    case seluGrad = "SeluGrad"
    case softplusGrad = "SoftplusGrad"
    case softsignGrad = "SoftsignGrad"
    case sigmoidGrad = "SigmoidGrad"
    case tanhGrad = "TanhGrad"
    case sqrtGrad = "SqrtGrad"
    case rsqrtGrad = "RsqrtGrad"
    case reciprocalGrad = "ReciprocalGrad"

    // Rounding
    case floor = "Floor"
    case ceil = "Ceil"
    case rint = "Rint"
    case round = "Round"

    // Truth values
    case isNan = "IsNan"
    case isInf = "IsInf"
    case isFinite = "IsFinite"
    case equal = "Equal"
    case notEqual = "NotEqual"
    case less = "Less"
    case lessEqual = "LessEqual"
    case greater = "Greater"
    case greaterEqual = "GreaterEqual"
    case logicalAnd = "LogicalAnd"
    case logicalOr = "LogicalOr"
    case logicalNot = "LogicalNot"
}

/// What a row of the table says of a function.
package struct ElementwiseRow: Sendable {
    /// Which element types it takes.
    package enum Accepted: Sendable {
        case any, numeric, signed, floating, bool

        package func contains(_ dtype: DType) -> Bool {
            switch self {
            case .any: dtype.isComputed
            case .numeric: dtype.isNumeric
            case .signed: dtype.isSigned
            case .floating: dtype.isFloating
            case .bool: dtype == .bool
            }
        }

        package var description: String {
            switch self {
            case .any: "arrays"
            case .numeric: "numbers"
            case .signed: "signed integers and floating-point numbers"
            case .floating: "floating-point numbers"
            case .bool: "bool"
            }
        }
    }

    package enum Derivative: Sendable {
        /// One formula for each operand.
        case partials([ScalarExpression])
        /// There is none, and why.
        case none(reason: String)
    }

    package let operandCount: Int
    package let accepted: Accepted
    /// Whether the result is `bool`, not of the operands' type.
    package let isPredicate: Bool
    private let expression: ScalarExpression
    private let integerExpression: ScalarExpression?
    package let derivative: Derivative
    /// Whether operands of different shapes are broadcast to one; else their shapes must be equal.
    package private(set) var broadcasts = true
    /// Where each operand may be drawn from in tests of the derivative.
    package let domains: [ClosedRange<Double>]

    package func expression(for dtype: DType) -> ScalarExpression {
        dtype.isFloating ? expression : integerExpression ?? expression
    }
}

extension ElementwiseRow {
    /// A function of one operand with its derivative.
    fileprivate static func unary(
        _ accepted: Accepted, _ expression: ScalarExpression, derivative: ScalarExpression,
        in domain: ClosedRange<Double> = -3...3
    ) -> ElementwiseRow {
        ElementwiseRow(
            operandCount: 1, accepted: accepted, isPredicate: false, expression: expression, integerExpression: nil,
            derivative: .partials([derivative]), domains: [domain])
    }

    /// A function of two operands with its partial derivatives.
    fileprivate static func binary(
        _ accepted: Accepted, _ expression: ScalarExpression, integers: ScalarExpression? = nil,
        derivatives: [ScalarExpression], in domains: [ClosedRange<Double>] = [-3...3, -3...3]
    ) -> ElementwiseRow {
        ElementwiseRow(
            operandCount: 2, accepted: accepted, isPredicate: false, expression: expression,
            integerExpression: integers, derivative: .partials(derivatives), domains: domains)
    }

    /// A function that TensorFlow's gradients are made of: it has no broadcasting there.
    fileprivate static func gradientPart(
        _ accepted: Accepted, _ expression: ScalarExpression, derivatives: [ScalarExpression],
        in domains: [ClosedRange<Double>] = [-3...3, -3...3]
    ) -> ElementwiseRow {
        var row = binary(accepted, expression, derivatives: derivatives, in: domains)
        row.broadcasts = false
        return row
    }

    /// A function that does not change but in steps.
    fileprivate static func steps(
        _ count: Int, _ accepted: Accepted, _ expression: ScalarExpression, integers: ScalarExpression? = nil,
        in domains: [ClosedRange<Double>] = [-3...3, -3...3]
    ) -> ElementwiseRow {
        ElementwiseRow(
            operandCount: count, accepted: accepted, isPredicate: false, expression: expression,
            integerExpression: integers,
            derivative: .none(reason: "it changes only in steps, so its derivative is zero wherever there is one"),
            domains: Array(domains.prefix(count)))
    }

    /// A function with a truth value.
    fileprivate static func predicate(
        _ count: Int, _ accepted: Accepted, _ expression: ScalarExpression, integers: ScalarExpression? = nil
    ) -> ElementwiseRow {
        ElementwiseRow(
            operandCount: count, accepted: accepted, isPredicate: true, expression: expression,
            integerExpression: integers, derivative: .none(reason: "truth values have no derivative"),
            domains: Array(repeating: -3...3, count: count))
    }
}

private let x = ScalarExpression.x
private let y = ScalarExpression.y
private let output = ScalarExpression.output
private let zero = ScalarExpression.number(0)
private let one = ScalarExpression.number(1)

private func apply(_ function: ElementwiseFunction, _ parts: ScalarExpression...) -> ScalarExpression {
    .function(function, parts)
}

extension ElementwiseFunction {
    /// The function's row.
    package var row: ElementwiseRow { Self.rows[self] ?? definition }

    private static let rows = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.definition) })

    private var definition: ElementwiseRow {
        switch self {
        case .add, .addV1: return .binary(.numeric, x + y, derivatives: [one, one])
        case .subtract: return .binary(.numeric, x - y, derivatives: [one, -one])
        case .multiply: return .binary(.numeric, x * y, derivatives: [y, x])
        case .divide: return .binary(.floating, x / y, derivatives: [one / y, -(output / y)], in: [-3...3, 0.5...3])
        case .divideV1: return .binary(.numeric, x / y, derivatives: [one / y, -(output / y)], in: [-3...3, 0.5...3])
        case .divideNoNan:
            return .binary(
                .floating, .select(.compare(.equal, y, zero), zero, x / y),
                derivatives: [apply(.divideNoNan, one, y), -apply(.divideNoNan, output, y)], in: [-3...3, 0.5...3])
        case .floorDivide: return Self.floorDivideRow
        case .floorRemainder: return Self.floorRemainderRow
        case .truncateDivide:
            let quotient = x / y
            let truncated = ScalarExpression.select(
                .compare(.less, quotient, zero), .unary(.ceil, quotient), .unary(.floor, quotient))
            return .steps(2, .numeric, truncated, integers: quotient, in: [-3...3, 0.5...3])
        case .truncateRemainder:
            return .binary(
                .numeric, .binary(.remainder, x, y), derivatives: [one, -apply(.truncateDivide, x, y)],
                in: [5.1...5.9, 2.1...2.5])
        case .negate: return .unary(.signed, -x, derivative: -one)
        case .abs: return .unary(.signed, .unary(.abs, x), derivative: .unary(.sign, x))
        case .sign: return .unary(.signed, .unary(.sign, x), derivative: zero, in: 0.5...3)
        case .square: return .unary(.numeric, x * x, derivative: 2 * x)
        case .squaredDifference:
            let difference = x - y
            return .binary(.numeric, difference * difference, derivatives: [2 * difference, -2 * difference])
        case .reciprocal: return .unary(.floating, one / x, derivative: -(output * output), in: 0.5...3)
        case .maximum:
            let isLeft = ScalarExpression.compare(.greaterOrEqual, x, y)
            return .binary(
                .numeric, .binary(.maximum, x, y),
                derivatives: [.select(isLeft, one, zero), .select(isLeft, zero, one)])
        case .minimum:
            let isLeft = ScalarExpression.compare(.lessOrEqual, x, y)
            return .binary(
                .numeric, .binary(.minimum, x, y),
                derivatives: [.select(isLeft, one, zero), .select(isLeft, zero, one)])

        case .pow: return Self.powRow
        case .sqrt: return .unary(.floating, .unary(.sqrt, x), derivative: 0.5 / output, in: 0.2...4)
        case .rsqrt:
            return .unary(.floating, .unary(.rsqrt, x), derivative: -0.5 * output * output * output, in: 0.2...4)
        case .exp: return .unary(.floating, .unary(.exponential, x), derivative: output)
        case .expm1: return .unary(.floating, .unary(.exponentialMinusOne, x), derivative: .unary(.exponential, x))
        case .log: return .unary(.floating, .unary(.log, x), derivative: one / x, in: 0.2...4)
        case .log1p: return .unary(.floating, .unary(.logPlusOne, x), derivative: one / (one + x), in: -0.5...3)
        case .xlogy:
            let isZero = ScalarExpression.compare(.equal, x, zero)
            return .binary(
                .floating, .select(isZero, zero, x * .unary(.log, y)),
                derivatives: [apply(.xlogy, .select(isZero, zero, one), y), apply(.xdivy, x, y)], in: [-3...3, 0.2...4])
        case .xdivy:
            let isZero = ScalarExpression.compare(.equal, x, zero)
            return .binary(
                .floating, .select(isZero, zero, x / y),
                derivatives: [apply(.xdivy, .select(isZero, zero, one), y), -apply(.xdivy, apply(.xdivy, x, y), y)],
                in: [-3...3, 0.2...4])
        case .erfc:
            return .unary(
                .floating, one - .unary(.erf, x), derivative: -1.1283791670955126 * .unary(.exponential, -(x * x)))
        case .erf:
            // 2 / sqrt(pi)
            return .unary(.floating, .unary(.erf, x), derivative: 1.1283791670955126 * .unary(.exponential, -(x * x)))

        case .sin: return .unary(.floating, .unary(.sine, x), derivative: .unary(.cosine, x))
        case .cos: return .unary(.floating, .unary(.cosine, x), derivative: -.unary(.sine, x))
        case .tan: return .unary(.floating, .unary(.tan, x), derivative: one + output * output, in: -1.2...1.2)
        case .asin:
            let cosine = ScalarExpression.unary(.sqrt, (one - x) * (one + x))
            return .unary(.floating, .binary(.atan2, x, cosine), derivative: one / cosine, in: -0.9...0.9)
        case .acos:
            let sine = ScalarExpression.unary(.sqrt, (one - x) * (one + x))
            return .unary(.floating, .binary(.atan2, sine, x), derivative: -(one / sine), in: -0.9...0.9)
        case .atan: return .unary(.floating, .binary(.atan2, x, one), derivative: one / (one + x * x))
        case .atan2:
            let square = x * x + y * y
            return .binary(
                .floating, .binary(.atan2, x, y), derivatives: [y / square, -(x / square)], in: [0.5...3, -3...3])
        case .sinh: return Self.sinhRow
        case .cosh:
            let exponential = ScalarExpression.unary(.exponential, .unary(.abs, x) - Self.logarithmOf2)
            return .unary(.floating, exponential + 0.25 / exponential, derivative: apply(.sinh, x))

        case .sigmoid: return .unary(.floating, .unary(.logistic, x), derivative: output * (one - output))
        case .tanh: return .unary(.floating, .unary(.tanh, x), derivative: one - output * output)
        case .relu:
            return .unary(
                .numeric, .binary(.maximum, x, zero), derivative: .select(.compare(.greater, output, zero), one, zero))
        case .relu6:
            let isInside = ScalarExpression.binary(
                .and, .compare(.greater, output, zero), .compare(.less, output, 6))
            return .unary(
                .numeric, .binary(.minimum, .binary(.maximum, x, zero), 6), derivative: .select(isInside, one, zero),
                in: -3...9)
        case .elu:
            return .unary(
                .floating, .select(.compare(.greater, x, zero), x, .unary(.exponentialMinusOne, x)),
                derivative: .select(.compare(.less, output, zero), output + one, one))
        case .selu:
            let scaled = Self.seluScale * Self.seluAlpha
            return .unary(
                .floating,
                .select(
                    .compare(.greater, x, zero), .number(Self.seluScale) * x,
                    .number(scaled) * .unary(.exponentialMinusOne, x)),
                derivative: .select(
                    .compare(.less, output, zero), output + .number(scaled), .number(Self.seluScale)))
        case .softplus:
            let tail = ScalarExpression.unary(.logPlusOne, .unary(.exponential, -.unary(.abs, x)))
            return .unary(.floating, .binary(.maximum, x, zero) + tail, derivative: .unary(.logistic, x))
        case .softsign:
            let divisor = one + .unary(.abs, x)
            return .unary(.floating, x / divisor, derivative: one / (divisor * divisor))

        case .reluGrad:
            let isOn = ScalarExpression.compare(.greater, y, zero)
            return .gradientPart(.numeric, .select(isOn, x, zero), derivatives: [.select(isOn, one, zero), zero])
        case .relu6Grad:
            let isOn = ScalarExpression.binary(.and, .compare(.greater, y, zero), .compare(.less, y, 6))
            return .gradientPart(.numeric, .select(isOn, x, zero), derivatives: [.select(isOn, one, zero), zero])
        case .eluGrad:
            let isCurved = ScalarExpression.compare(.less, y, zero)
            return .gradientPart(
                .floating, .select(isCurved, x * (y + one), x),
                derivatives: [.select(isCurved, y + one, one), .select(isCurved, x, zero)])
        case .seluGrad:
            let isCurved = ScalarExpression.compare(.less, y, zero)
            let slope = ScalarExpression.select(
                isCurved, y + .number(Self.seluScale * Self.seluAlpha), .number(Self.seluScale))
            return .gradientPart(.floating, x * slope, derivatives: [slope, .select(isCurved, x, zero)])
        case .softplusGrad:
            let slope = ScalarExpression.unary(.logistic, y)
            return .gradientPart(.floating, x * slope, derivatives: [slope, x * slope * (one - slope)])
        case .softsignGrad:
            let divisor = one + .unary(.abs, y)
            return .gradientPart(
                .floating, x / (divisor * divisor),
                derivatives: [one / (divisor * divisor), -2 * x * .unary(.sign, y) / (divisor * divisor * divisor)],
                in: [-3...3, 0.3...3])
        case .sigmoidGrad:
            return .gradientPart(.floating, y * x * (one - x), derivatives: [y * (one - 2 * x), x * (one - x)])
        case .tanhGrad:
            return .gradientPart(.floating, y * (one - x * x), derivatives: [-2 * x * y, one - x * x])
        case .sqrtGrad:
            return .gradientPart(
                .floating, 0.5 * y / x, derivatives: [-0.5 * y / (x * x), 0.5 / x], in: [0.5...3, -3...3])
        case .rsqrtGrad:
            return .gradientPart(
                .floating, -0.5 * y * x * x * x, derivatives: [-1.5 * y * x * x, -0.5 * x * x * x])
        case .reciprocalGrad:
            return .gradientPart(.floating, -y * x * x, derivatives: [-2 * y * x, -(x * x)])

        case .floor: return .steps(1, .floating, .unary(.floor, x))
        case .ceil: return .steps(1, .floating, .unary(.ceil, x))
        case .rint: return .steps(1, .floating, .unary(.roundNearestEven, x))
        case .round: return .steps(1, .numeric, .unary(.roundNearestEven, x), integers: x)

        case .isNan: return .predicate(1, .floating, .compare(.notEqual, x, x))
        case .isInf: return .predicate(1, .floating, .compare(.equal, .unary(.abs, x), .number(.infinity)))
        case .isFinite: return .predicate(1, .floating, .unary(.isFinite, x))
        case .equal: return .predicate(2, .any, .compare(.equal, x, y))
        case .notEqual: return .predicate(2, .any, .compare(.notEqual, x, y))
        case .less: return .predicate(2, .numeric, .compare(.less, x, y))
        case .lessEqual: return .predicate(2, .numeric, .compare(.lessOrEqual, x, y))
        case .greater: return .predicate(2, .numeric, .compare(.greater, x, y))
        case .greaterEqual: return .predicate(2, .numeric, .compare(.greaterOrEqual, x, y))
        case .logicalAnd: return .predicate(2, .bool, .binary(.and, x, y))
        case .logicalOr: return .predicate(2, .bool, .binary(.or, x, y))
        case .logicalNot: return .predicate(1, .bool, .unary(.not, x))
        }
    }

    private static let logarithmOf2: ScalarExpression = 0.6931471805599453

    /// Klambauer et al., "Self-normalizing neural networks" (2017).
    private static let seluScale = 1.0507009873554805
    private static let seluAlpha = 1.6732632423543772

    /// Toward minus infinity; integers are divided toward zero and then corrected where a remainder is left over.
    private static var floorDivideRow: ElementwiseRow {
        let hasRemainder = ScalarExpression.compare(.notEqual, .binary(.remainder, x, y), zero)
        return .steps(
            2, .numeric, .unary(.floor, x / y),
            integers: .select(.binary(.and, hasRemainder, signsDiffer(x, y)), x / y - one, x / y),
            in: [-3...3, 0.5...3])
    }

    /// The remainder with the sign of the divisor.
    private static var floorRemainderRow: ElementwiseRow {
        let remainder = ScalarExpression.binary(.remainder, x, y)
        let needsShift = ScalarExpression.binary(
            .and, .compare(.notEqual, remainder, zero), signsDiffer(remainder, y))
        return .binary(
            .numeric, .select(needsShift, remainder + y, remainder), derivatives: [one, -apply(.floorDivide, x, y)],
            in: [-5.9 ... -5.1, 2.1...2.5])
    }

    private static func signsDiffer(_ left: ScalarExpression, _ right: ScalarExpression) -> ScalarExpression {
        .binary(.xor, .compare(.less, left, zero), .compare(.less, right, zero))
    }

    /// The derivative with respect to the exponent is 0 where the base is not positive, as in TensorFlow; unlike there,
    /// the one with respect to the base is 0, not NaN, for 0 to the power 0.
    private static var powRow: ElementwiseRow {
        let base = y * .binary(.power, x, y - one)
        let isPositive = ScalarExpression.compare(.greater, x, zero)
        let logarithm = ScalarExpression.unary(.log, .select(isPositive, x, one))
        return .binary(
            .numeric, .binary(.power, x, y),
            derivatives: [
                .select(.compare(.equal, y, zero), zero, base), .select(isPositive, output * logarithm, zero),
            ],
            in: [0.3...3, -2...2])
    }

    /// `(t + t / (t + 1)) / 2` with `t = exp(x) - 1`, which keeps its precision near 0; for large |x|, where `t`
    /// overflows before the result does, `exp(|x| - ln 2)` with the sign of x.
    private static var sinhRow: ElementwiseRow {
        let magnitude = ScalarExpression.unary(.abs, x)
        let shifted = ScalarExpression.unary(.exponentialMinusOne, magnitude)
        let small = 0.5 * (shifted + shifted / (shifted + one))
        let large = ScalarExpression.unary(.exponential, magnitude - logarithmOf2)
        let isSmall = ScalarExpression.compare(.less, magnitude, 20)
        return .unary(.floating, .unary(.sign, x) * .select(isSmall, small, large), derivative: apply(.cosh, x))
    }
}
