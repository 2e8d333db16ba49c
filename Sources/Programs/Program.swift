// A program: a straight list of instructions with static shapes, each using only earlier ones.

package import Tensors

/// A function from arrays to arrays, as a list of instructions in an order in which they can run.
package struct Program: Sendable {
    /// One instruction with its operands and the type of its result.
    package struct Step: Hashable, Sendable {
        package let instruction: Instruction
        package let operands: [ValueID]
        package let type: ArrayType

        package init(_ instruction: Instruction, _ operands: [ValueID], _ type: ArrayType) {
            self.instruction = instruction
            self.operands = operands
            self.type = type
        }
    }

    /// The type of each argument.
    package var parameters: [ArrayType] = []
    /// The arrays that `constant` instructions name.
    package var constants: [UntypedArray] = []
    package var steps: [Step] = []
    /// What each step was made for, as its builder was told (`ProgramBuilder.tag`): the node, where a graph was
    /// lowered. May be shorter than the steps; for messages only.
    package var tags: [Int32] = []
    /// The values that the program returns; one may appear several times.
    package var results: [ValueID] = []

    package init() {}

    package subscript(value: ValueID) -> Step { steps[value.int] }

    package func type(of value: ValueID) -> ArrayType { steps[value.int].type }

    /// What the value was made for, or nil where that is not known.
    package func tag(of value: ValueID) -> Int32? {
        guard tags.indices.contains(value.int), tags[value.int] >= 0 else { return nil }
        return tags[value.int]
    }

    /// The same program without the steps that no result needs; parameters keep their numbers.
    package func pruned() -> Program {
        var isNeeded = [Bool](repeating: false, count: steps.count)
        for result in results { isNeeded[result.int] = true }
        for index in steps.indices.reversed() where isNeeded[index] {
            for operand in steps[index].operands { isNeeded[operand.int] = true }
        }
        guard isNeeded.contains(false) else { return self }
        var renumbered = [ValueID](repeating: ValueID(-1), count: steps.count)
        var program = Program()
        program.parameters = parameters
        var constantNumbers = [Int](repeating: -1, count: constants.count)
        for index in steps.indices where isNeeded[index] {
            let step = steps[index]
            renumbered[index] = ValueID(program.steps.count)
            var instruction = step.instruction
            if case .constant(let number) = instruction {
                if constantNumbers[number] < 0 {
                    constantNumbers[number] = program.constants.count
                    program.constants.append(constants[number])
                }
                instruction = .constant(constantNumbers[number])
            }
            program.steps.append(Step(instruction, step.operands.map { renumbered[$0.int] }, step.type))
            program.tags.append(tags.indices.contains(index) ? tags[index] : -1)
        }
        program.results = results.map { renumbered[$0.int] }
        return program
    }
}
