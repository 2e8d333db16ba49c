// Checks a finished program: what a pass or a lowering got wrong is found here, before a device trusts it.

import Tensors

/// Checks that every step uses earlier values only, that its type is what its type rule says, that parameters and
/// constants are those of the program's tables, and that the results exist; the same of all nested programs.
///
/// - Errors: `InvalidProgram`, which names the first bad step.
package func verify(_ program: Program) throws(InvalidProgram) {
    for (number, type) in program.parameters.enumerated() where !type.isAllocatable {
        throw InvalidProgram("parameter \(number): no array has the type \(type)")
    }
    for (number, array) in program.constants.enumerated() {
        let type = ArrayType(array.dtype, array.shape)
        guard type.isAllocatable else { throw InvalidProgram("constant \(number): no array has the type \(type)") }
        guard array.byteOffset >= 0, array.byteOffset <= array.storage.byteCount,
            type.byteCount <= array.storage.byteCount - array.byteOffset
        else { throw InvalidProgram("constant \(number): \(type) does not fit its memory") }
    }
    for (index, step) in program.steps.enumerated() {
        func fail(_ reason: String) -> InvalidProgram {
            InvalidProgram("step \(index), \(step.instruction): \(reason)")
        }
        var operands: [ArrayType] = []
        for operand in step.operands {
            guard (0..<index).contains(operand.int) else {
                throw fail("operand \(operand.int) is not the value of an earlier step")
            }
            operands.append(program.steps[operand.int].type)
        }
        // First of all, since the type rule looks into them.
        for nested in step.instruction.nestedPrograms {
            do { try verify(nested.program) } catch { throw fail("inside: \(error)") }
        }
        let expected: ArrayType
        switch step.instruction {
        case .parameter(let number):
            guard program.parameters.indices.contains(number) else { throw fail("there is no such parameter") }
            expected = program.parameters[number]
        case .constant(let number):
            guard program.constants.indices.contains(number) else { throw fail("there is no such constant") }
            expected = ArrayType(program.constants[number].dtype, program.constants[number].shape)
        default:
            expected = step.type
        }
        let ruled: ArrayType
        do {
            ruled = try step.instruction.resultType(of: operands, declared: expected)
        } catch {
            throw fail(error.description)
        }
        guard ruled == step.type else { throw fail("the type is \(step.type), but should be \(ruled)") }
        if case .result(let number) = step.instruction {
            let type = try program.typeOfResult(number, of: step.operands[0])
            guard type == step.type else { throw fail("the type is \(step.type), but should be \(type)") }
        }
    }
    for (number, result) in program.results.enumerated() {
        guard program.steps.indices.contains(result.int) else {
            throw InvalidProgram("result \(number): there is no value \(result.int)")
        }
        if program.type(of: result) == .several {
            throw InvalidProgram("result \(number): value \(result.int) is no array, but several")
        }
    }
}

extension Program {
    /// The type of result `number` of a step with several.
    ///
    /// - Errors: `InvalidProgram` where the step has no such result.
    func typeOfResult(_ number: Int, of value: ValueID) throws(InvalidProgram) -> ArrayType {
        guard let types = self[value].instruction.severalResultTypes, types.indices.contains(number) else {
            throw InvalidProgram("step \(value.int), \(self[value].instruction), has no result \(number)")
        }
        return types[number]
    }
}
