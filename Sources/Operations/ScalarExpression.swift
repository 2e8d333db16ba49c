// Formulas of single elements, as data: an element-wise function is defined by one, and each of its partial
// derivatives by another. The first are lowered to program instructions, the second become nodes of the graph.

import Graphs
package import Programs
import Tensors

/// A formula of the operands of an element-wise function.
package indirect enum ScalarExpression: Hashable, Sendable {
    /// The operand with this number.
    case operand(Int)
    /// The function's own value; in partial derivatives only.
    case output
    /// A number in the operands' type.
    case number(Double)
    case unary(UnaryFunction, ScalarExpression)
    case binary(BinaryFunction, ScalarExpression, ScalarExpression)
    case compare(Comparison, ScalarExpression, ScalarExpression)
    /// (condition, value where it holds, value elsewhere). In a derivative the parts that are not chosen are not
    /// multiplied by what comes from above, so that their NaN or infinity does no harm.
    case select(ScalarExpression, ScalarExpression, ScalarExpression)
    /// Another function of the table.
    case function(ElementwiseFunction, [ScalarExpression])
}

extension ScalarExpression: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(integerLiteral value: Int) { self = .number(Double(value)) }
}

extension ScalarExpression {
    package static let x = ScalarExpression.operand(0)
    package static let y = ScalarExpression.operand(1)

    package static prefix func - (operand: Self) -> Self { .unary(.negate, operand) }
    package static func + (left: Self, right: Self) -> Self { .binary(.add, left, right) }
    package static func - (left: Self, right: Self) -> Self { .binary(.subtract, left, right) }
    package static func * (left: Self, right: Self) -> Self { .binary(.multiply, left, right) }
    package static func / (left: Self, right: Self) -> Self { .binary(.divide, left, right) }
}

// MARK: - As program instructions

/// Turns formulas into instructions for operands of one shape and type.
struct ScalarLowering {
    let builder: ProgramBuilder
    let type: ArrayType

    func value(of expression: ScalarExpression, operands: [ValueID]) throws -> ValueID {
        func value(_ part: ScalarExpression) throws -> ValueID { try self.value(of: part, operands: operands) }
        switch expression {
        case .operand(let index):
            guard operands.indices.contains(index) else {
                throw InvalidProgram("a formula of more operands than given")
            }
            return operands[index]
        case .output: throw InvalidProgram("a formula that needs its own value")
        case .number(let number): return try builder.filled(number, type)
        case .unary(let function, let part): return try builder.unary(function, value(part))
        case .binary(let function, let left, let right):
            return try builder.binary(function, value(left), value(right))
        case .compare(let comparison, let left, let right):
            return try builder.compare(comparison, value(left), value(right))
        case .select(let condition, let onTrue, let onFalse):
            return try builder.select(value(condition), value(onTrue), value(onFalse))
        case .function(let function, let parts):
            return try self.value(of: function.row.expression(for: type.dtype), operands: parts.map(value))
        }
    }
}

// MARK: - As nodes

/// Turns partial derivatives into nodes.
struct ScalarNodes {
    let operands: [Value]
    let output: Value

    private var dtype: DType { operands.first?.dtype ?? output.dtype }

    func value(of expression: ScalarExpression) -> Value {
        switch expression {
        case .operand(let index): operands.indices.contains(index) ? operands[index] : output
        case .output: output
        case .number(let number): scalarConstant(number, dtype, in: output.graph)
        case .unary(let function, let part): elementwise(.of(function), [value(of: part)])
        case .binary(let function, let left, let right):
            elementwise(.of(function, dtype), [value(of: left), value(of: right)])
        case .compare(let comparison, let left, let right):
            elementwise(.of(comparison), [value(of: left), value(of: right)])
        case .select(let condition, let onTrue, let onFalse):
            makeSelect(value(of: condition), value(of: onTrue), value(of: onFalse))
        case .function(let function, let parts): elementwise(function, parts.map { value(of: $0) })
        }
    }

    /// `upstream` times the expression, without the multiplications that do nothing.
    func product(_ upstream: Value, _ expression: ScalarExpression) -> Value {
        switch expression {
        case .number(1): return upstream
        case .number(0): return scalarConstant(0, dtype, in: output.graph)
        case .unary(.negate, let part): return elementwise(.negate, [product(upstream, part)])
        case .binary(.multiply, let left, let right):
            return elementwise(.multiply, [product(upstream, left), value(of: right)])
        case .binary(.divide, let left, let right):
            return elementwise(.divide, [product(upstream, left), value(of: right)])
        case .select(let condition, let onTrue, let onFalse):
            return makeSelect(value(of: condition), product(upstream, onTrue), product(upstream, onFalse))
        case .number, .operand, .output, .unary, .binary, .compare, .function:
            return elementwise(.multiply, [upstream, value(of: expression)])
        }
    }
}

extension ElementwiseFunction {
    /// The function of the table that is this instruction.
    static func of(_ function: UnaryFunction) -> ElementwiseFunction {
        switch function {
        case .negate: .negate
        case .abs: .abs
        case .sign: .sign
        case .exponential: .exp
        case .exponentialMinusOne: .expm1
        case .log: .log
        case .logPlusOne: .log1p
        case .logistic: .sigmoid
        case .sqrt: .sqrt
        case .rsqrt: .rsqrt
        case .tanh: .tanh
        case .sine: .sin
        case .cosine: .cos
        case .tan: .tan
        case .floor: .floor
        case .ceil: .ceil
        case .roundNearestEven: .rint
        case .not: .logicalNot
        case .erf: .erf
        case .isFinite: .isFinite
        }
    }

    /// The function of the table that is this instruction, on operands of this type.
    static func of(_ function: BinaryFunction, _ dtype: DType) -> ElementwiseFunction {
        switch function {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: dtype.isFloating ? .divide : .truncateDivide
        case .maximum: .maximum
        case .minimum: .minimum
        case .power: .pow
        case .remainder: .truncateRemainder
        case .atan2: .atan2
        case .and: .logicalAnd
        case .or: .logicalOr
        case .xor: .notEqual
        }
    }

    /// The function of the table that is this instruction.
    static func of(_ comparison: Comparison) -> ElementwiseFunction {
        switch comparison {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterEqual
        }
    }
}
