// The builder's rules for element-wise instructions; see Simplification.swift for what they may change.

package import Tensors

extension ProgramBuilder {
    /// An element-wise instruction of broadcasts of the same kind, as the broadcast of the instruction: `log` of a
    /// repeated row is taken once, and a product of constants that fill arrays is a constant.
    func sunkBelowBroadcasts(
        _ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        // Of no elements nothing is computed, so a division by zero among the scalars must not be either.
        guard instruction.isElementwise, type.count > 0, let first = operands.first,
            case .broadcast(let axes) = program[first].instruction
        else { return nil }
        let innerShape = shape(of: program[first].operands[0])
        var inner: [ValueID] = []
        for operand in operands {
            let step = program[operand]
            guard step.instruction == .broadcast(axes: axes), shape(of: step.operands[0]) == innerShape else {
                return nil
            }
            inner.append(step.operands[0])
        }
        let value = try add(instruction, inner, type: ArrayType(type.dtype, innerShape))
        return try broadcast(value, to: type.shape, axes: axes)
    }

    func simplifiedUnary(_ function: UnaryFunction, _ operand: ValueID) throws(InvalidProgram) -> ValueID? {
        let inner = program[operand]
        switch (function, inner.instruction) {
        case (.negate, .unary(.negate)), (.not, .unary(.not)):
            return inner.operands[0]
        case (.abs, _) where !inner.type.dtype.isSigned:
            return operand
        case (.abs, .unary(.negate)):
            return try unary(.abs, inner.operands[0])
        case (.abs, .unary(.abs)) where inner.type.dtype.isFloating, (.sign, .unary(.sign)):
            return operand
        case (.floor, .unary(let whole)), (.ceil, .unary(let whole)), (.roundNearestEven, .unary(let whole)):
            return whole == .floor || whole == .ceil || whole == .roundNearestEven ? operand : nil
        case (.not, .compare(let comparison)):
            // A comparison of numbers one of which is a NaN has no opposite but for equality.
            let isOrdered = comparison != .equal && comparison != .notEqual
            if isOrdered, dtype(of: inner.operands[0]).isFloating { return nil }
            return try compare(comparison.negated, inner.operands[0], inner.operands[1])
        default:
            return nil
        }
    }

    func simplifiedBinary(
        _ function: BinaryFunction, _ left: ValueID, _ right: ValueID
    ) throws(InvalidProgram) -> ValueID? {
        let type = self.type(of: left)
        let (leftNumber, rightNumber) = (uniformValue(left), uniformValue(right))
        switch function {
        case .add:
            if leftNumber == 0 { return right }
            if rightNumber == 0 { return left }
        case .subtract:
            if rightNumber == 0 { return left }
            if leftNumber == 0, type.dtype.isSigned { return try unary(.negate, right) }
            if left == right, type.dtype.isInteger { return try filled(0, type) }
        case .multiply:
            if leftNumber == 1 { return right }
            if rightNumber == 1 { return left }
            if leftNumber == -1, type.dtype.isSigned { return try unary(.negate, right) }
            if rightNumber == -1, type.dtype.isSigned { return try unary(.negate, left) }
            if leftNumber == 0 || rightNumber == 0, type.dtype.isInteger { return try filled(0, type) }
        case .divide:
            if rightNumber == 1 { return left }
            if rightNumber == -1, type.dtype.isFloating { return try unary(.negate, left) }
            if let rightNumber, let reciprocal = exactReciprocal(rightNumber, type.dtype) {
                return try binary(.multiply, left, filled(reciprocal, type))
            }
        case .power:
            if leftNumber == 1 || rightNumber == 0 { return try filled(1, type) }
            if rightNumber == 1 { return left }
            if rightNumber == 2 { return try binary(.multiply, left, left) }
            if rightNumber == -1, type.dtype.isFloating { return try binary(.divide, filled(1, type), left) }
        case .and, .or:
            if left == right { return left }
            if type.dtype == .bool {
                let neutral: Double = function == .and ? 1 : 0
                if leftNumber == neutral || rightNumber == 1 - neutral { return right }
                if rightNumber == neutral || leftNumber == 1 - neutral { return left }
            }
        case .xor:
            if type.dtype == .bool {
                if leftNumber == 0 { return right }
                if rightNumber == 0 { return left }
            }
        case .maximum, .minimum:
            if left == right { return left }
        case .remainder, .atan2:
            break
        }
        return nil
    }

    /// `1 / number` where multiplying by it is the same as dividing by the number: for powers of two.
    private func exactReciprocal(_ number: Double, _ dtype: DType) -> Double? {
        guard dtype.isFloating, number.isNormal, number.significand == 1 else { return nil }
        let limit = dtype == .float32 ? 126 : 1022
        return abs(Int(number.exponent)) <= limit ? 1 / number : nil
    }

    func simplifiedComparison(
        _ comparison: Comparison, _ left: ValueID, _ right: ValueID
    ) throws(InvalidProgram) -> ValueID? {
        let type = self.type(of: left)
        guard left == right, !type.dtype.isFloating else { return nil }
        let holds = comparison == .equal || comparison == .lessOrEqual || comparison == .greaterOrEqual
        return try filled(holds ? 1 : 0, ArrayType(.bool, type.shape))
    }

    func simplifiedSelect(
        _ predicate: ValueID, _ onTrue: ValueID, _ onFalse: ValueID
    ) throws(InvalidProgram) -> ValueID? {
        if onTrue == onFalse { return onTrue }
        if let number = uniformValue(predicate) { return number != 0 ? onTrue : onFalse }
        if case .unary(.not) = program[predicate].instruction {
            return try select(program[predicate].operands[0], onFalse, onTrue)
        }
        if dtype(of: onTrue) == .bool, let (first, second) = uniformPair(onTrue, onFalse), first != second {
            return first != 0 ? predicate : try unary(.not, predicate)
        }
        return try rectifiedBeforeScattering(predicate, onTrue, onFalse)
    }

    private func uniformPair(_ left: ValueID, _ right: ValueID) -> (Double, Double)? {
        guard let left = uniformValue(left), let right = uniformValue(right) else { return nil }
        return (left, right)
    }

    /// A conversion by way of a dtype that holds every value of the first one need not take it.
    func simplifiedConversion(_ operand: ValueID, _ type: ArrayType) throws(InvalidProgram) -> ValueID? {
        let inner = program[operand]
        let middle = inner.type.dtype
        if middle == type.dtype { return operand }
        guard case .convert = inner.instruction else { return nil }
        let first = dtype(of: inner.operands[0])
        guard middle.holds(first) else { return nil }
        // Floats are limited to the range of an integer, wider integers wrap around.
        if first.isInteger, middle.isFloating, type.dtype.isInteger, !type.dtype.holds(first) { return nil }
        return try convert(inner.operands[0], to: type.dtype)
    }
}

extension Comparison {
    /// The comparison that holds where this one does not, for operands that have an order.
    package var negated: Comparison {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        }
    }
}

extension DType {
    /// Whether every value of the other dtype is exactly one of this.
    package func holds(_ other: DType) -> Bool {
        if self == other || other == .bool { return isComputed }
        if other.isFloating { return self == .float64 }
        // Bits of the magnitude.
        func bits(_ dtype: DType) -> Int { dtype.byteCount * 8 - (dtype.isSigned ? 1 : 0) }
        switch kind {
        case .float32: return other.isInteger && bits(other) <= 24
        case .float64: return other.isInteger && bits(other) <= 53
        case .int8, .int16, .int32, .int64: return other.isInteger && bits(other) <= bits(self)
        case .uint8, .uint16, .uint32, .uint64:
            return other.isInteger && !other.isSigned && bits(other) <= bits(self)
        case .bool, .other: return false
        }
    }
}
