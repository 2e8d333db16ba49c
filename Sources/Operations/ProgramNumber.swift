// Formulas on values of a program, in which lowerings are written.

import Programs
import Tensors

/// A value of a program, for formulas: single numbers go with arrays of any shape.
struct ProgramNumber {
    let builder: ProgramBuilder
    let id: ValueID

    init(_ builder: ProgramBuilder, _ id: ValueID) {
        self.builder = builder
        self.id = id
    }

    var shape: [Int] { builder.shape(of: id) }

    func maximum(_ other: ProgramNumber) throws -> ProgramNumber { try with(other, .maximum) }
    func minimum(_ other: ProgramNumber) throws -> ProgramNumber { try with(other, .minimum) }
    func magnitude() throws -> ProgramNumber { ProgramNumber(builder, try builder.unary(.abs, id)) }
    func negated() throws -> ProgramNumber { ProgramNumber(builder, try builder.unary(.negate, id)) }
    func squareRoot() throws -> ProgramNumber { ProgramNumber(builder, try builder.unary(.sqrt, id)) }

    /// The power; its usual exponent, 1/2, is a square root.
    func raised(to exponent: ProgramNumber) throws -> ProgramNumber {
        if builder.uniformValue(exponent.id) == 0.5 { return try squareRoot() }
        return try with(exponent, .power)
    }

    static func + (left: ProgramNumber, right: ProgramNumber) throws -> ProgramNumber { try left.with(right, .add) }
    static func - (left: ProgramNumber, right: ProgramNumber) throws -> ProgramNumber {
        try left.with(right, .subtract)
    }
    static func * (left: ProgramNumber, right: ProgramNumber) throws -> ProgramNumber {
        try left.with(right, .multiply)
    }
    static func / (left: ProgramNumber, right: ProgramNumber) throws -> ProgramNumber {
        try left.with(right, .divide)
    }
    static func - (left: Double, right: ProgramNumber) throws -> ProgramNumber {
        let builder = right.builder
        return try ProgramNumber(builder, builder.scalar(left, builder.dtype(of: right.id))) - right
    }
    static func * (left: ProgramNumber, right: Double) throws -> ProgramNumber {
        let builder = left.builder
        return try left * ProgramNumber(builder, builder.scalar(right, builder.dtype(of: left.id)))
    }

    private func with(_ other: ProgramNumber, _ function: BinaryFunction) throws -> ProgramNumber {
        var (left, right) = (id, other.id)
        if shape != other.shape {
            if shape.isEmpty { left = try builder.broadcast(id, to: other.shape) }
            if other.shape.isEmpty { right = try builder.broadcast(other.id, to: shape) }
        }
        return ProgramNumber(builder, try builder.binary(function, left, right))
    }
}
