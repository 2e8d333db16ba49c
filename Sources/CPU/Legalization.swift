// Rewrites what the kernels do not have in terms of what they have.

import Programs
import Tensors

extension Program {
    /// The same program with products of narrow integers computed in 32 bits: the lower bits, which are kept, are equal.
    func legalized() -> Program {
        let isNarrow = { (step: Step) -> Bool in
            if case .dot = step.instruction { step.type.dtype.productDType != step.type.dtype } else { false }
        }
        guard steps.contains(where: isNarrow) else { return self }
        var result = Program()
        result.parameters = parameters
        result.constants = constants
        var values: [ValueID] = []
        values.reserveCapacity(steps.count)
        var tag: Int32 = -1
        func append(_ step: Step) -> ValueID {
            result.steps.append(step)
            result.tags.append(tag)
            return ValueID(result.steps.count - 1)
        }
        for (index, step) in steps.enumerated() {
            tag = self.tag(of: ValueID(index)) ?? -1
            let operands = step.operands.map { values[$0.int] }
            guard isNarrow(step) else {
                values.append(append(Step(step.instruction, operands, step.type)))
                continue
            }
            let wide = step.type.dtype.productDType
            let widened = operands.map { operand in
                append(Step(.convert, [operand], ArrayType(wide, result.type(of: operand).shape)))
            }
            let product = append(Step(step.instruction, widened, ArrayType(wide, step.type.shape)))
            values.append(append(Step(.convert, [product], step.type)))
        }
        result.results = results.map { values[$0.int] }
        return result
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
