// What the builder replaces while a program is built: instructions that do nothing, moves of moves, and small
// computations on constants. Every rule keeps the value exactly, NaN and infinity included, but for the sign of a zero
// (x + 0), for powers that become products, for sums of n equal numbers, which become one correctly rounded product, and
// around gradients of pools (see Simplification+Windows.swift).

import Tensors

extension ProgramBuilder {
    /// The value of an equal but simpler form, or nil where there is none.
    func simplified(
        _ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        if let folded = try folded(instruction, operands, type) { return folded }
        if let sunk = try sunkBelowBroadcasts(instruction, operands, type) { return sunk }
        switch instruction {
        case .unary(let function): return try simplifiedUnary(function, operands[0])
        case .binary(let function): return try simplifiedBinary(function, operands[0], operands[1])
        case .compare(let comparison): return try simplifiedComparison(comparison, operands[0], operands[1])
        case .select: return try simplifiedSelect(operands[0], operands[1], operands[2])
        case .convert: return try simplifiedConversion(operands[0], type)
        case .broadcast(let axes): return try simplifiedBroadcast(operands[0], axes, type)
        case .reshape: return try simplifiedReshape(operands[0], type)
        case .transpose(let permutation): return try simplifiedTranspose(operands[0], permutation, type)
        case .reduce(let reducer, let axes): return try simplifiedReduction(reducer, axes, operands[0], type)
        case .dot(let transposeLeft, let transposeRight):
            return try simplifiedDot(operands[0], operands[1], transposeLeft, transposeRight)

        case .slice(let starts, let limits, let strides):
            if let scalar = repeatedScalar(operands[0]) { return try broadcast(scalar, to: type.shape) }
            let whole = shape(of: operands[0])
            let isWhole = limits == whole && starts.allSatisfy { $0 == 0 } && strides.allSatisfy { $0 == 1 }
            return isWhole ? operands[0] : nil

        case .concatenate(let axis):
            if operands.count == 1 { return operands[0] }
            let filled = operands.filter { shape(of: $0)[axis] > 0 }
            if filled.count < operands.count, !filled.isEmpty { return try add(instruction, filled) }
            return nil

        case .reverse(let axes):
            if repeatedScalar(operands[0]) != nil { return operands[0] }
            let moving = axes.filter { type.shape[$0] > 1 }.sorted()
            if moving.isEmpty { return operands[0] }
            return moving == axes ? nil : try add(.reverse(axes: moving), operands)

        case .pad(let low, let high, let interior):
            return (low + high + interior).allSatisfy { $0 == 0 } ? operands[0] : nil

        case .iota(let axis):
            return type.shape[axis] == 1 ? try filled(0, type) : nil
        case .argReduce(_, let axis):
            return shape(of: operands[0])[axis] == 1 ? try filled(0, type) : nil

        case .argSort(let axis, _, _):
            return shape(of: operands[0])[axis] == 1 ? try filled(0, type) : nil

        case .reduceWindow(_, let axes), .selectAndScatter(let axes):
            // A window of one element that visits each gives each.
            guard axes.allSatisfy({ $0.isTrivial }) else { return nil }
            return operands.last

        case .parameter, .constant, .convolution, .gather, .scatterAdd, .updateRow, .random, .whileLoop,
            .conditional, .result:
            return nil
        }
    }

    /// The constant that the instruction yields, where all its operands are small constants.
    private func folded(
        _ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        guard !operands.isEmpty, type.count <= Self.foldingLimit else { return nil }
        switch instruction {
        case .random: return nil
        // A window may be far larger than what it slides over.
        case .reduceWindow(_, let axes), .selectAndScatter(let axes):
            guard let size = elementCount(axes.map(\.size)), size <= Self.foldingLimit else { return nil }
        default: break
        }
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

    /// The rank-0 value that a broadcast repeats, where the value is one.
    func repeatedScalar(_ value: ValueID) -> ValueID? {
        let step = program[value]
        guard case .broadcast(let axes) = step.instruction, axes.isEmpty else { return nil }
        return step.operands[0]
    }

    // MARK: - Moves

    private func simplifiedBroadcast(
        _ operand: ValueID, _ axes: [Int], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        let inner = program[operand]
        // Dimensions of size 1 that are put in are a matter of the shape alone.
        if inner.type.count == type.count { return try reshape(operand, to: type.shape) }
        if case .broadcast(let innerAxes) = inner.instruction {
            return try broadcast(inner.operands[0], to: type.shape, axes: innerAxes.map { axes[$0] })
        }
        // A dimension of size 1 that is repeated need not be there: [1] broadcast to [n] is a scalar broadcast.
        let kept = axes.indices.filter { inner.type.shape[$0] != 1 }
        if kept.count < axes.count {
            let squeezed = try reshape(operand, to: kept.map { inner.type.shape[$0] })
            return try broadcast(squeezed, to: type.shape, axes: kept.map { axes[$0] })
        }
        return nil
    }

    private func simplifiedReshape(_ operand: ValueID, _ type: ArrayType) throws(InvalidProgram) -> ValueID? {
        if shape(of: operand) == type.shape { return operand }
        if let scalar = repeatedScalar(operand) { return try broadcast(scalar, to: type.shape) }
        if case .reshape = program[operand].instruction {
            return try reshape(program[operand].operands[0], to: type.shape)
        }
        return nil
    }

    private func simplifiedTranspose(
        _ operand: ValueID, _ permutation: [Int], _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        if permutation == Array(permutation.indices) { return operand }
        let inner = program[operand]
        switch inner.instruction {
        case .transpose(let first):
            return try transpose(inner.operands[0], permutation.map { first[$0] })
        case .broadcast(let axes):
            // Where the dimensions that are not repeated keep their order, they are repeated in place at once.
            let moved = axes.compactMap { permutation.firstIndex(of: $0) }
            if moved == moved.sorted() { return try broadcast(inner.operands[0], to: type.shape, axes: moved) }
        default:
            break
        }
        // Where only dimensions of size 1 move, the elements stay in their order.
        let moving = permutation.filter { inner.type.shape[$0] != 1 }
        return moving == moving.sorted() ? try reshape(operand, to: type.shape) : nil
    }

    // MARK: - Sums

    private func simplifiedReduction(
        _ reducer: Reducer, _ axes: [Int], _ operand: ValueID, _ type: ArrayType
    ) throws(InvalidProgram) -> ValueID? {
        let inner = program[operand]
        if axes.allSatisfy({ inner.type.shape[$0] == 1 }) { return try reshape(operand, to: type.shape) }
        if reducer == .sum, let summed = try summedBeforeScattering(axes, operand) { return summed }
        guard case .broadcast(let innerAxes) = inner.instruction else { return nil }

        // Along the dimensions that a broadcast repeats, the reduction sees `count` times the same element.
        let repeated = axes.filter { !innerAxes.contains($0) }
        guard !repeated.isEmpty else { return nil }
        let count = elementCount(repeated.map { inner.type.shape[$0] }) ?? 0
        guard count > 0 else { return nil }
        // The operand's own dimensions are as long as the result's: those of size 1 are never repeated here.
        let operandShape = shape(of: inner.operands[0])
        guard zip(innerAxes, operandShape).allSatisfy({ inner.type.shape[$0] == $1 }) else { return nil }
        let factor: ValueID?
        switch reducer {
        case .maximum, .minimum, .and, .or: factor = nil
        case .product: return nil
        case .sum:
            guard count <= exactIntegerLimit(type.dtype) else { return nil }
            factor = scalar(Double(count), type.dtype)
        }
        let ownAxes = innerAxes.indices.filter { axes.contains(innerAxes[$0]) }
        var value = inner.operands[0]
        if !ownAxes.isEmpty { value = try reduce(reducer, value, axes: ownAxes) }
        if let factor { value = try binary(.multiply, value, broadcast(factor, to: shape(of: value))) }
        // What is left of the result's dimensions, and where the operand's own ones among them have gone.
        let kept = inner.type.shape.indices.filter { !axes.contains($0) }
        return try broadcast(value, to: type.shape, axes: innerAxes.compactMap { kept.firstIndex(of: $0) })
    }

    /// The largest number up to which the dtype holds every whole number (and 32 bits for the long ones).
    private func exactIntegerLimit(_ dtype: DType) -> Int {
        switch dtype.kind {
        case .float32: 1 << 24
        case .float64: 1 << 53
        case .int8: Int(Int8.max)
        case .uint8: Int(UInt8.max)
        case .int16: Int(Int16.max)
        case .uint16: Int(UInt16.max)
        case .int32, .int64, .uint32, .uint64: Int(Int32.max)
        case .bool, .other: 0
        }
    }

    /// A transpose of the last two dimensions of an operand is a flag of the product.
    private func simplifiedDot(
        _ left: ValueID, _ right: ValueID, _ transposeLeft: Bool, _ transposeRight: Bool
    ) throws(InvalidProgram) -> ValueID? {
        func untransposed(_ value: ValueID) -> ValueID? {
            let step = program[value]
            guard case .transpose(let permutation) = step.instruction else { return nil }
            var swapped = Array(permutation.indices)
            guard swapped.count >= 2 else { return nil }
            swapped.swapAt(swapped.count - 1, swapped.count - 2)
            return permutation == swapped ? step.operands[0] : nil
        }
        let (plainLeft, plainRight) = (untransposed(left), untransposed(right))
        guard plainLeft != nil || plainRight != nil else { return nil }
        return try dot(
            plainLeft ?? left, plainRight ?? right, transposeLeft: transposeLeft != (plainLeft != nil),
            transposeRight: transposeRight != (plainRight != nil))
    }
}
