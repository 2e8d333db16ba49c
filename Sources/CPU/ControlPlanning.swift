// Loops and conditionals while kernels are planned: their programs are compiled first, since how a loop's body changes what
// it carries decides where that lies.

import Programs
import Tensors

extension KernelPlanner {
    /// Compiles the programs of a loop or a conditional, which says how it carries its values.
    mutating func placeControl(_ value: ValueID, _ step: Program.Step) throws(InvalidProgram) {
        let draft = KernelDraft(.control(value), space: [])
        if case .whileLoop = step.instruction { draft.isLoop = true }
        for (index, nested) in step.instruction.nestedPrograms.enumerated() {
            draft.nested.append(
                try Executable(
                    nested.program, overwriting: [:], isLoopBody: draft.isLoop && index == 1, device: device))
        }
        for (index, operand) in step.operands.enumerated() {
            let view = views[operand.int]
            if view.isDense(type(of: operand).shape) {
                draft.sources.append(view)
            } else {
                // What is replaced where it lies should have its memory for itself.
                draft.sources.append(draft.isReplacedInPlace(index) ? newCopy(of: operand) : denseCopy(of: operand))
            }
        }
        draft.controlResults = Array(repeating: nil, count: step.instruction.severalResultTypes?.count ?? 0)
        append(draft, computes: value)
    }

    /// Sets memory aside for what loops and conditionals write, once it is known which of their results have values.
    mutating func reserveControlMemory() {
        for draft in drafts {
            guard case .control(let value) = draft.kind else { continue }
            let instruction = program[value].instruction
            let types = instruction.severalResultTypes ?? []
            var memory = KernelDraft.ControlMemory()
            for (index, type) in types.enumerated() {
                memory.results.append(
                    draft.isInvariant(index) ? nil : draft.controlResults[index] ?? newMemory(type))
            }
            if draft.isLoop {
                for (index, type) in types.enumerated() {
                    let isOnePlace = draft.isInvariant(index) || draft.isReplacedInPlace(index)
                    memory.spares.append(isOnePlace ? nil : newMemory(type))
                }
                memory.flag = [newMemory(ArrayType(.bool, []))]
            }
            draft.controlMemory = memory
        }
    }
}
