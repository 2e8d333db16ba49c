// What the builder replaces while a program is built: instructions that do nothing, arithmetic with neutral numbers,
// and small computations on constants. Every rule keeps the value exactly, NaN and infinity included, but for the
// sign of a zero (x + 0).

import Tensors

extension ProgramBuilder {
    /// The value of an equal but simpler form, or nil where there is none.
    func simplified(
        _ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        if let folded = try folded(instruction, operands, type) { return folded }
        switch instruction {
        case .convert:
            return dtype(of: operands[0]) == type.dtype ? operands[0] : nil

        case .reshape:
            if shape(of: operands[0]) == type.shape { return operands[0] }
            if case .reshape = program[operands[0]].instruction {
                return try reshape(program[operands[0]].operands[0], to: type.shape)
            }
            return nil

        case .broadcast(let axes):
            if shape(of: operands[0]) == type.shape { return operands[0] }
            let inner = program[operands[0]]
            if case .broadcast(let innerAxes) = inner.instruction {
                return try broadcast(inner.operands[0], to: type.shape, axes: innerAxes.map { axes[$0] })
            }
            // A dimension of size 1 that is repeated need not be there: [1] broadcast to [n] is a scalar broadcast.
            let kept = axes.indices.filter { inner.type.shape[$0] != 1 }
            if kept.count < axes.count {
                let squeezed = try reshape(operands[0], to: kept.map { inner.type.shape[$0] })
                return try broadcast(squeezed, to: type.shape, axes: kept.map { axes[$0] })
            }
            return nil

        case .transpose(let permutation):
            if permutation == Array(permutation.indices) { return operands[0] }
            let inner = program[operands[0]]
            if case .transpose(let first) = inner.instruction {
                return try transpose(inner.operands[0], permutation.map { first[$0] })
            }
            return nil

        case .slice(let starts, let limits, let strides):
            let whole = shape(of: operands[0])
            let isWhole = limits == whole && starts.allSatisfy { $0 == 0 } && strides.allSatisfy { $0 == 1 }
            return isWhole ? operands[0] : nil

        case .concatenate(let axis):
            if operands.count == 1 { return operands[0] }
            let filled = operands.filter { shape(of: $0)[axis] > 0 }
            if filled.count < operands.count, !filled.isEmpty { return try add(instruction, filled) }
            return nil

        case .reverse(let axes):
            return axes.isEmpty ? operands[0] : nil

        case .pad(let low, let high, let interior):
            return (low + high + interior).allSatisfy { $0 == 0 } ? operands[0] : nil

        case .reduce(let reducer, let axes):
            return try simplifiedReduction(reducer, axes, operands[0], type)

        case .unary(let function):
            let inner = program[operands[0]]
            if function == .negate || function == .not, inner.instruction == instruction { return inner.operands[0] }
            return nil

        case .binary(let function):
            return try simplifiedBinary(function, operands[0], operands[1])

        case .select:
            if operands[1] == operands[2] { return operands[1] }
            if let predicate = uniformValue(operands[0]) { return predicate != 0 ? operands[1] : operands[2] }
            return nil

        case .parameter, .constant, .iota, .compare, .dot, .argReduce, .gather, .scatterAdd, .random:
            return nil
        }
    }

    private func simplifiedReduction(
        _ reducer: Reducer, _ axes: [Int], _ operand: ValueID, _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        let operandShape = shape(of: operand)
        if axes.allSatisfy({ operandShape[$0] == 1 }) { return try reshape(operand, to: type.shape) }
        return nil
    }

    private func simplifiedBinary(
        _ function: BinaryFunction, _ left: ValueID, _ right: ValueID
    ) throws(InvalidProgram) -> ValueID? {
        let (leftNumber, rightNumber) = (uniformValue(left), uniformValue(right))
        switch function {
        case .add:
            if leftNumber == 0 { return right }
            if rightNumber == 0 { return left }
        case .subtract:
            if rightNumber == 0 { return left }
            if leftNumber == 0, dtype(of: right).isSigned { return try unary(.negate, right) }
        case .multiply:
            if leftNumber == 1 { return right }
            if rightNumber == 1 { return left }
            if leftNumber == -1, dtype(of: right).isSigned { return try unary(.negate, right) }
            if rightNumber == -1, dtype(of: left).isSigned { return try unary(.negate, left) }
        case .divide:
            if rightNumber == 1 { return left }
        case .power:
            if rightNumber == 1 { return left }
            if rightNumber == 2 { return try binary(.multiply, left, left) }
        case .and, .or:
            if left == right { return left }
            if dtype(of: left) == .bool {
                let neutral: Double = function == .and ? 1 : 0
                if leftNumber == neutral { return right }
                if rightNumber == neutral { return left }
            }
        case .maximum, .minimum:
            if left == right { return left }
        case .remainder, .atan2, .xor:
            break
        }
        return nil
    }

    /// The constant that the instruction yields, where all its operands are small constants.
    private func folded(
        _ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        guard !operands.isEmpty, type.count <= Self.foldingLimit else { return nil }
        if case .random = instruction { return nil }
        // A constant that fills an array stays a broadcast: devices read the one element.
        if case .broadcast = instruction, type.count > 8 { return nil }
        var arrays: [UntypedArray] = []
        for operand in operands {
            guard let array = constantValue(operand), array.count <= Self.foldingLimit else { return nil }
            arrays.append(array)
        }
        guard let result = Interpreter.evaluate(instruction, arrays, type) else { return nil }
        return constant(result)
    }
}
