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
    /// The values that the program returns; one may appear several times.
    package var results: [ValueID] = []

    package init() {}

    package subscript(value: ValueID) -> Step { steps[value.int] }

    package func type(of value: ValueID) -> ArrayType { steps[value.int].type }

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
        }
        program.results = results.map { renumbered[$0.int] }
        return program
    }
}
