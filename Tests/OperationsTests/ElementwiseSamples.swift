// Samples of the element-wise functions, made from the rows of their table, and their values by Foundation: an oracle
// that shares no code with the library.

import Foundation
import Graphs
import Operations
import Tensors

extension OpSample {
    /// Samples of every row of the table.
    static let elementwise: [OpSample] = ElementwiseFunction.allCases.flatMap { function -> [OpSample] in
        let row = function.row
        var samples: [OpSample] = []
        if row.accepted.contains(.float32) { samples += floating(function, Float.self, isBrief: false) }
        if row.accepted.contains(.float64) { samples += floating(function, Double.self, isBrief: true) }
        let shapes =
            row.operandCount == 1
            ? [[[2, 3]]] : row.broadcasts ? [[[2, 3], [2, 3]], [[2, 1], [3]]] : [[[2, 3], [2, 3]]]
        if row.accepted.contains(.int32) {
            // No divisor is zero, no exponent negative, no power too large.
            let domains: [Domain] = [.integers(-9...9), function == .pow ? .integers(0...5) : .integers(1...9)]
            for dtype in [DType.int32, .int64] { samples += untyped(function, dtype, shapes, domains) }
        }
        if row.accepted.contains(.uint8) { samples += untyped(function, .uint8, shapes, [.integers(1...15)]) }
        if row.accepted.contains(.bool) { samples += untyped(function, .bool, shapes, [.truth]) }
        return samples
    }

    private static func floating<Scalar: FloatingElement>(
        _ function: ElementwiseFunction, _ type: Scalar.Type, isBrief: Bool
    ) -> [OpSample] {
        let row = function.row
        let unary: [[[Int]]] = [[[2, 3]], [[]], [[0, 3]], [[33]]]
        let binary: [[[Int]]] = [
            [[2, 3], [2, 3]], [[3, 1], [2, 1, 2]], [[], [2, 3]], [[0, 3], [1, 3]], [[2, 3], []], [[33], [33]],
        ]
        let equal = unary.map { [$0[0], $0[0]] }
        let shapes = row.operandCount == 1 ? unary : row.broadcasts ? binary : equal
        let gradient: GradientExpectation =
            switch row.derivative {
            case .none(let reason): .none(reason: reason)
            case .partials: .smooth
            }
        return family(
            function.rawValue, of: type, shapes: isBrief ? Array(shapes.prefix(3)) : shapes,
            domains: row.domains.map { .uniform($0) }, gradient: gradient
        ) { [apply(function, $0)] }
    }

    private static func untyped(
        _ function: ElementwiseFunction, _ dtype: DType, _ shapes: [[[Int]]], _ domains: [Domain]
    ) -> [OpSample] {
        shapes.map { shapes in
            OpSample(
                operation: function.rawValue,
                inputs: shapes.enumerated().map { index, shape in
                    SampleInput(dtype, shape, domains[min(index, domains.count - 1)])
                }, gradient: .noInput
            ) { [Operations.elementwise(function, $0)] }
        }
    }
}

/// The public function of the library, or, where there is none for the op, its node.
func apply<Scalar: FloatingElement>(_ function: ElementwiseFunction, _ x: [Tensor<Scalar>]) -> Value {
    switch function {
    case .add: (x[0] + x[1]).value
    case .subtract: (x[0] - x[1]).value
    case .multiply: (x[0] * x[1]).value
    case .divide: (x[0] / x[1]).value
    case .divideNoNan: divideNoNaN(x[0], x[1]).value
    case .floorDivide: floorDivide(x[0], x[1]).value
    case .floorRemainder: floorRemainder(x[0], x[1]).value
    case .negate: (-x[0]).value
    case .abs: Operations.abs(x[0]).value
    case .sign: sign(x[0]).value
    case .square: square(x[0]).value
    case .squaredDifference: squaredDifference(x[0], x[1]).value
    case .reciprocal: reciprocal(x[0]).value
    case .maximum: maximum(x[0], x[1]).value
    case .minimum: minimum(x[0], x[1]).value
    case .pow: Operations.pow(x[0], x[1]).value
    case .sqrt: Operations.sqrt(x[0]).value
    case .rsqrt: rsqrt(x[0]).value
    case .exp: Operations.exp(x[0]).value
    case .expm1: Operations.expm1(x[0]).value
    case .log: Operations.log(x[0]).value
    case .log1p: Operations.log1p(x[0]).value
    case .xlogy: xlogy(x[0], x[1]).value
    case .erf: Operations.erf(x[0]).value
    case .sin: Operations.sin(x[0]).value
    case .cos: Operations.cos(x[0]).value
    case .tan: Operations.tan(x[0]).value
    case .asin: Operations.asin(x[0]).value
    case .acos: Operations.acos(x[0]).value
    case .atan: Operations.atan(x[0]).value
    case .atan2: Operations.atan2(x[0], x[1]).value
    case .sinh: Operations.sinh(x[0]).value
    case .cosh: Operations.cosh(x[0]).value
    case .sigmoid: sigmoid(x[0]).value
    case .tanh: Operations.tanh(x[0]).value
    case .relu: relu(x[0]).value
    case .relu6: relu6(x[0]).value
    case .elu: elu(x[0]).value
    case .selu: selu(x[0]).value
    case .softplus: softplus(x[0]).value
    case .softsign: softsign(x[0]).value
    case .floor: Operations.floor(x[0]).value
    case .ceil: Operations.ceil(x[0]).value
    case .round: Operations.round(x[0]).value
    case .isNan: isNaN(x[0]).value
    case .isInf: isInfinite(x[0]).value
    case .isFinite: isFinite(x[0]).value
    case .equal: equal(x[0], x[1]).value
    case .notEqual: notEqual(x[0], x[1]).value
    case .less: less(x[0], x[1]).value
    case .lessEqual: lessEqual(x[0], x[1]).value
    case .greater: greater(x[0], x[1]).value
    case .greaterEqual: greaterEqual(x[0], x[1]).value
    case .erfc, .addV1, .divideV1, .truncateDivide, .truncateRemainder, .xdivy, .rint, .logicalAnd, .logicalOr,
        .logicalNot,
        .reluGrad, .relu6Grad, .eluGrad, .seluGrad, .softplusGrad, .softsignGrad, .sigmoidGrad, .tanhGrad, .sqrtGrad,
        .rsqrtGrad, .reciprocalGrad:
        Operations.elementwise(function, x.map(\.value))
    }
}

extension ElementwiseFunction {
    /// The function's value by Foundation; truth values are 1 and 0.
    ///
    /// - Source: the documentation of TensorFlow's raw ops, and of the C library for special values.
    func oracle(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .add, .addV1: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide, .divideV1: x / y
        case .divideNoNan: y == 0 ? 0 : x / y
        case .floorDivide: Foundation.floor(x / y)
        case .floorRemainder: Self.flooredRemainder(x, y)
        case .truncateDivide: Foundation.trunc(x / y)
        case .truncateRemainder: Foundation.fmod(x, y)
        case .negate: -x
        case .abs: Swift.abs(x)
        case .sign: x.isNaN ? x : x > 0 ? 1 : x < 0 ? -1 : x
        case .square: x * x
        case .squaredDifference: (x - y) * (x - y)
        case .reciprocal: 1 / x
        case .maximum: x.isNaN ? x : y.isNaN ? y : Swift.max(x, y)
        case .minimum: x.isNaN ? x : y.isNaN ? y : Swift.min(x, y)
        case .pow: Foundation.pow(x, y)
        case .sqrt: x.squareRoot()
        case .rsqrt: 1 / x.squareRoot()
        case .exp: Foundation.exp(x)
        case .expm1: Foundation.expm1(x)
        case .log: Foundation.log(x)
        case .log1p: Foundation.log1p(x)
        case .xlogy: x == 0 ? 0 : x * Foundation.log(y)
        case .xdivy: x == 0 ? 0 : x / y
        case .erf: Foundation.erf(x)
        case .erfc: Foundation.erfc(x)
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .tan: Foundation.tan(x)
        case .asin: Foundation.asin(x)
        case .acos: Foundation.acos(x)
        case .atan: Foundation.atan(x)
        case .atan2: Foundation.atan2(x, y)
        case .sinh: Foundation.sinh(x)
        case .cosh: Foundation.cosh(x)
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        case .tanh: Foundation.tanh(x)
        case .relu: x.isNaN ? x : Swift.max(x, 0)
        case .relu6: x.isNaN ? x : Swift.min(Swift.max(x, 0), 6)
        case .elu: x > 0 ? x : Foundation.expm1(x)
        case .selu: 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Foundation.expm1(x))
        case .softplus: x > 0 ? x + Foundation.log1p(Foundation.exp(-x)) : Foundation.log1p(Foundation.exp(x))
        case .softsign: x / (1 + Swift.abs(x))
        case .reluGrad: y > 0 ? x : 0
        case .relu6Grad: y > 0 && y < 6 ? x : 0
        case .eluGrad: y < 0 ? x * (y + 1) : x
        case .seluGrad: x * (y < 0 ? y + 1.0507009873554805 * 1.6732632423543772 : 1.0507009873554805)
        case .softplusGrad: x / (1 + Foundation.exp(-y))
        case .softsignGrad: x / Foundation.pow(1 + Swift.abs(y), 2)
        case .sigmoidGrad: y * x * (1 - x)
        case .tanhGrad: y * (1 - x * x)
        case .sqrtGrad: y * 0.5 / x
        case .rsqrtGrad: y * -0.5 * x * x * x
        case .reciprocalGrad: -y * x * x
        case .floor: Foundation.floor(x)
        case .ceil: Foundation.ceil(x)
        case .rint, .round: x.rounded(.toNearestOrEven)
        case .isNan: x.isNaN ? 1 : 0
        case .isInf: x.isInfinite ? 1 : 0
        case .isFinite: x.isFinite ? 1 : 0
        case .equal: x == y ? 1 : 0
        case .notEqual: x != y ? 1 : 0
        case .less: x < y ? 1 : 0
        case .lessEqual: x <= y ? 1 : 0
        case .greater: x > y ? 1 : 0
        case .greaterEqual: x >= y ? 1 : 0
        case .logicalAnd: x * y
        case .logicalOr: Swift.max(x, y)
        case .logicalNot: 1 - x
        }
    }

    /// The remainder with the sign of the divisor.
    private static func flooredRemainder(_ x: Double, _ y: Double) -> Double {
        let remainder = Foundation.fmod(x, y)
        return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
    }
}
