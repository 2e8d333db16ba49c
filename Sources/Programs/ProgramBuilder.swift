// Builds programs: one method for each instruction, which checks the types, folds what is constant and returns the
// value that already exists where an equal one was built before. So lowerings may be written plainly.

package import Tensors

/// Builds one program.
package final class ProgramBuilder {
    package private(set) var program = Program()
    private var known: [Program.Step: ValueID] = [:]
    private var constantNumbers: [ConstantKey: Int] = [:]
    /// Whether to fold and simplify; without it the program is what was asked for, instruction by instruction.
    package let simplifies: Bool
    /// What the next steps are made for; kept with each of them in `Program.tags`.
    package var tag: Int32 = -1

    /// Constants of more elements than this are neither compared nor computed while planning.
    package static let foldingLimit = 1024

    package init(simplifies: Bool = true) {
        self.simplifies = simplifies
    }

    /// The finished program, without the steps that no result needs.
    package func finish(results: [ValueID]) -> Program {
        var finished = program
        finished.results = results
        return finished.pruned()
    }

    package func type(of value: ValueID) -> ArrayType { program.type(of: value) }
    package func shape(of value: ValueID) -> [Int] { program.type(of: value).shape }
    package func dtype(of value: ValueID) -> DType { program.type(of: value).dtype }

    /// The array, where the value is a constant.
    package func constantValue(_ value: ValueID) -> UntypedArray? {
        if case .constant(let number) = program[value].instruction { program.constants[number] } else { nil }
    }

    /// The one number that fills the value, where it is a constant or a broadcast constant of equal elements.
    package func uniformValue(_ value: ValueID) -> Double? {
        var step = program[value]
        while true {
            switch step.instruction {
            case .broadcast, .reshape:
                step = program[step.operands[0]]
            case .constant(let number):
                let array = program.constants[number]
                guard array.count > 0, array.count <= Self.foldingLimit, array.isUniform else { return nil }
                return array.scalarAsDouble
            default:
                return nil
            }
        }
    }

    /// Adds an instruction, or finds its value.
    ///
    /// - Errors: `InvalidProgram` where the type rule refuses it.
    package func add(
        _ instruction: Instruction, _ operands: [ValueID], type declared: ArrayType? = nil
    ) throws(InvalidProgram) -> ValueID {
        let type = try instruction.resultType(of: operands.map { program.type(of: $0) }, declared: declared)
        if case .result(let number) = instruction, try program.typeOfResult(number, of: operands[0]) != type {
            throw InvalidProgram("\(instruction): the type is not \(type)")
        }
        if simplifies, let simpler = try simplified(instruction, operands, type) { return simpler }
        let step = Program.Step(instruction, operands, type)
        if simplifies, let existing = known[step] { return existing }
        if simplifies, instruction.isCommutative,
            let existing = known[Program.Step(instruction, operands.reversed(), type)]
        {
            return existing
        }
        let value = ValueID(program.steps.count)
        append(step)
        if simplifies { known[step] = value }
        return value
    }

    /// The value of an instruction that is there already.
    func existing(_ instruction: Instruction, _ operands: [ValueID]) -> ValueID? {
        guard let type = try? instruction.resultType(of: operands.map { program.type(of: $0) }, declared: nil) else {
            return nil
        }
        return known[Program.Step(instruction, operands, type)]
    }

    private func append(_ step: Program.Step) {
        program.steps.append(step)
        program.tags.append(tag)
    }

    /// A new argument of the program.
    package func parameter(_ type: ArrayType) -> ValueID {
        let value = ValueID(program.steps.count)
        append(Program.Step(.parameter(program.parameters.count), [], type))
        program.parameters.append(type)
        return value
    }

    /// A constant; small equal ones are shared.
    package func constant(_ array: UntypedArray) -> ValueID {
        let key = ConstantKey(array)
        let number: Int
        if let key, let existing = constantNumbers[key] {
            number = existing
        } else {
            number = program.constants.count
            program.constants.append(array)
            if let key { constantNumbers[key] = number }
        }
        let step = Program.Step(.constant(number), [], ArrayType(array.dtype, array.shape))
        if let existing = known[step] { return existing }
        let value = ValueID(program.steps.count)
        append(step)
        known[step] = value
        return value
    }
}

/// The content of a small constant, by which equal ones are found.
private struct ConstantKey: Hashable {
    let dtype: DType
    let shape: [Int]
    let bytes: [UInt8]

    init?(_ array: UntypedArray) {
        guard array.byteCount <= 256 else { return nil }
        dtype = array.dtype
        shape = array.shape
        bytes = Array(UnsafeRawBufferPointer(start: array.bytes, count: array.byteCount))
        withExtendedLifetime(array.storage) {}
    }
}

// MARK: - Instructions by name

extension ProgramBuilder {
    package func unary(_ function: UnaryFunction, _ operand: ValueID) throws(InvalidProgram) -> ValueID {
        try add(.unary(function), [operand])
    }

    package func binary(
        _ function: BinaryFunction, _ left: ValueID, _ right: ValueID
    ) throws(InvalidProgram) -> ValueID {
        try add(.binary(function), [left, right])
    }

    package func compare(
        _ comparison: Comparison, _ left: ValueID, _ right: ValueID
    ) throws(InvalidProgram) -> ValueID {
        try add(.compare(comparison), [left, right])
    }

    package func select(
        _ predicate: ValueID, _ onTrue: ValueID, _ onFalse: ValueID
    ) throws(InvalidProgram) -> ValueID {
        try add(.select, [predicate, onTrue, onFalse])
    }

    package func convert(_ operand: ValueID, to dtype: DType) throws(InvalidProgram) -> ValueID {
        try add(.convert, [operand], type: ArrayType(dtype, shape(of: operand)))
    }

    /// A rank-0 constant.
    package func scalar(_ value: Double, _ dtype: DType) -> ValueID {
        constant(UntypedArray(scalar: value, dtype: dtype))
    }

    /// A constant of equal elements.
    package func filled(_ value: Double, _ type: ArrayType) throws(InvalidProgram) -> ValueID {
        try broadcast(scalar(value, type.dtype), to: type.shape)
    }

    /// Repeats along new leading dimensions and dimensions of size 1, as NumPy broadcasts.
    package func broadcast(_ operand: ValueID, to shape: [Int]) throws(InvalidProgram) -> ValueID {
        let type = self.type(of: operand)
        if type.shape == shape { return operand }
        let offset = shape.count - type.shape.count
        guard offset >= 0 else { throw InvalidProgram("\(type) cannot be broadcast to \(shape)") }
        return try add(
            .broadcast(axes: type.shape.indices.map { $0 + offset }), [operand], type: ArrayType(type.dtype, shape))
    }

    /// Operand dimension `i` becomes result dimension `axes[i]`.
    package func broadcast(_ operand: ValueID, to shape: [Int], axes: [Int]) throws(InvalidProgram) -> ValueID {
        try add(.broadcast(axes: axes), [operand], type: ArrayType(dtype(of: operand), shape))
    }

    package func reshape(_ operand: ValueID, to shape: [Int]) throws(InvalidProgram) -> ValueID {
        try add(.reshape, [operand], type: ArrayType(dtype(of: operand), shape))
    }

    package func transpose(_ operand: ValueID, _ permutation: [Int]) throws(InvalidProgram) -> ValueID {
        try add(.transpose(permutation: permutation), [operand])
    }

    package func reduce(_ reducer: Reducer, _ operand: ValueID, axes: [Int]) throws(InvalidProgram) -> ValueID {
        try add(.reduce(reducer, axes: axes.sorted()), [operand])
    }

    package func dot(
        _ left: ValueID, _ right: ValueID, transposeLeft: Bool = false, transposeRight: Bool = false
    ) throws(InvalidProgram) -> ValueID {
        try add(.dot(transposeLeft: transposeLeft, transposeRight: transposeRight), [left, right])
    }

    package func convolution(
        _ input: ValueID, _ kernel: ValueID, _ window: ConvolutionWindow
    ) throws(InvalidProgram) -> ValueID {
        try add(.convolution(window), [input, kernel])
    }

    package func reduceWindow(
        _ reducer: Reducer, _ operand: ValueID, _ axes: [WindowAxis]
    ) throws(InvalidProgram) -> ValueID {
        try add(.reduceWindow(reducer, axes), [operand])
    }

    package func iota(_ type: ArrayType, axis: Int) throws(InvalidProgram) -> ValueID {
        try add(.iota(axis: axis), [], type: type)
    }
}
