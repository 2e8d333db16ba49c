// Rewrites what the kernels do not have in terms of what they have.

import Programs
import Tensors

extension Program {
    /// The same program with narrow integers multiplied (and counted in windows) in 32 bits, of which the lower ones are
    /// equal, with the padding of convolutions made beforehand, so that kernels never look outside an image, and with large
    /// reductions to few elements in two steps, of which threads share the first.
    ///
    /// - Errors: `InvalidProgram` where a padded image is larger than memory can address.
    func legalized() throws(InvalidProgram) -> Program {
        let needsChange = steps.contains { step in
            step.needsWiderIntegers || step.hasPadding || outerAxisOfTwoSteps(step) != nil
        }
        guard needsChange else { return self }
        var result = Program()
        result.parameters = parameters
        result.constants = constants
        var rewriting = Rewriting(program: result)
        for (index, step) in steps.enumerated() {
            rewriting.tag = tag(of: ValueID(index)) ?? -1
            try rewriting.add(step, outerAxis: outerAxisOfTwoSteps(step))
        }
        result = rewriting.program
        result.results = results.map { rewriting.values[$0.int] }
        return result
    }
}

extension Program {
    /// For a reduction of a large array to so few elements that threads cannot share them: the dimension that is reduced
    /// last. It is the outermost, so that a thread reads what lies together, and the same for any number of threads.
    fileprivate func outerAxisOfTwoSteps(_ step: Step) -> Int? {
        guard case .reduce(_, let axes) = step.instruction, let operand = step.operands.first else { return nil }
        let type = type(of: operand)
        let reduced = axes.sorted().filter { type.shape[$0] > 1 }
        // Threads share the elements of the result unless these are adjacent and few.
        let innermost = type.shape.count - 1
        let isShared = type.shape.indices.contains { axis in
            !axes.contains(axis) && type.shape[axis] > (axis == innermost ? 255 : 1)
        }
        guard reduced.count > 1, !isShared, type.shape[reduced[0]] > 7, type.count > parallelThreshold else {
            return nil
        }
        return reduced[0]
    }
}

extension Program.Step {
    fileprivate var needsWiderIntegers: Bool {
        switch instruction {
        case .dot, .convolution, .selectAndScatter: type.dtype.productDType != type.dtype
        default: false
        }
    }

    fileprivate var hasPadding: Bool {
        guard case .convolution(let window) = instruction else { return false }
        return window.axes.contains { ($0.low, $0.high, $0.baseDilation) != (0, 0, 1) }
    }
}

private struct Rewriting {
    var program: Program
    var tag: Int32 = -1
    /// The new value of each of the old program.
    var values: [ValueID] = []
    /// Images that several convolutions see with the same padding are padded once.
    private var padded: [PaddedKey: ValueID] = [:]
    private var zeros: [DType: ValueID] = [:]

    /// Padding of each dimension.
    private struct PaddedKey: Hashable {
        let image: ValueID
        let axes: [WindowAxis]
    }

    init(program: Program) { self.program = program }

    private mutating func append(_ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType) -> ValueID {
        program.steps.append(Program.Step(instruction, operands, type))
        program.tags.append(tag)
        return ValueID(program.steps.count - 1)
    }

    /// - Parameter outerAxis: for a reduction in two steps: the dimension of the second.
    mutating func add(_ step: Program.Step, outerAxis: Int?) throws(InvalidProgram) {
        var operands = step.operands.map { values[$0.int] }
        var type = step.type
        if step.needsWiderIntegers {
            type = ArrayType(step.type.dtype.productDType, step.type.shape)
            operands = operands.map { operand in
                append(.convert, [operand], ArrayType(type.dtype, program.type(of: operand).shape))
            }
        }
        var value: ValueID
        if case .convolution(var window) = step.instruction, step.hasPadding {
            let space = window.axes.map { WindowAxis(low: $0.low, high: $0.high, baseDilation: $0.baseDilation) }
            operands[0] = try pad(operands[0], [WindowAxis()] + space + [WindowAxis()])
            window.axes = window.axes.map { WindowAxis(size: $0.size, stride: $0.stride, dilation: $0.dilation) }
            value = append(.convolution(window), operands, type)
        } else if case .reduce(let reducer, let axes) = step.instruction, let outerAxis {
            let inner = axes.filter { $0 != outerAxis }
            var shape = program.type(of: operands[0]).shape
            for axis in inner.sorted(by: >) { shape.remove(at: axis) }
            let parts = append(.reduce(reducer, axes: inner), operands, ArrayType(type.dtype, shape))
            // Dimensions in front of it that are left have kept their numbers.
            let position = outerAxis - inner.filter { $0 < outerAxis }.count
            value = append(.reduce(reducer, axes: [position]), [parts], type)
        } else {
            value = append(step.instruction, operands, type)
        }
        if step.needsWiderIntegers { value = append(.convert, [value], step.type) }
        values.append(value)
    }

    /// The image with its padding and gaps, cut where the padding is negative.
    private mutating func pad(_ image: ValueID, _ axes: [WindowAxis]) throws(InvalidProgram) -> ValueID {
        let type = program.type(of: image)
        // A transposed image, as gradients of kernels see it, is padded before: so it is the forward pass's padded one.
        if case .transpose(let permutation) = program[image].instruction {
            var turned = axes
            for (axis, source) in permutation.enumerated() { turned[source] = axes[axis] }
            let whole = try pad(program[image].operands[0], turned)
            let transposition = Instruction.transpose(permutation: permutation)
            return append(
                transposition, [whole], try transposition.resultType(of: [program.type(of: whole)], declared: nil))
        }
        let key = PaddedKey(image: image, axes: axes)
        if let known = padded[key] { return known }
        let padding = Instruction.pad(
            low: axes.map { max(0, $0.low) }, high: axes.map { max(0, $0.high) },
            interior: axes.map { $0.baseDilation - 1 })
        let paddedType = try padding.resultType(of: [type, ArrayType(type.dtype, [])], declared: nil)
        var value = append(padding, [image, zero(type.dtype)], paddedType)
        let shape = paddedType.shape
        let starts = zip(axes, shape).map { min($1, max(0, -$0.low)) }
        let limits = zip(starts, zip(axes, shape)).map { max($0, $1.1 - max(0, -$1.0.high)) }
        if starts.contains(where: { $0 > 0 }) || limits != shape {
            value = append(
                .slice(starts: starts, limits: limits, strides: shape.map { _ in 1 }), [value],
                ArrayType(type.dtype, zip(starts, limits).map { $1 - $0 }))
        }
        padded[key] = value
        return value
    }

    private mutating func zero(_ dtype: DType) -> ValueID {
        if let known = zeros[dtype] { return known }
        program.constants.append(UntypedArray(scalar: 0, dtype: dtype))
        let value = append(.constant(program.constants.count - 1), [], ArrayType(dtype, []))
        zeros[dtype] = value
        return value
    }
}

extension DType {
    /// The type in which products of this type are computed.
    fileprivate var productDType: DType {
        switch kind {
        case .int8, .int16, .uint8, .uint16: .int32
        case .float32, .float64, .int32, .int64, .uint32, .uint64, .bool, .other: self
        }
    }

    /// The kernel type of products: unsigned ones have the bits of signed ones.
    var productKernelType: DType {
        switch kind {
        case .uint32: .int32
        case .uint64: .int64
        default: self
        }
    }
}
