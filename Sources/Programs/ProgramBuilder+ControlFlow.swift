// Building loops and conditionals: a condition that is known chooses while the program is built, and what a loop only
// carries along is used from outside.

import Tensors

extension ProgramBuilder {
    /// The results of one of the branches: of branch 0 where a truth value is true, else 1; of that of an int32 number,
    /// out of range the last. Every branch takes all operands.
    ///
    /// - Errors: `InvalidProgram` where branches and operands do not fit.
    package func conditional(
        _ selector: ValueID, _ operands: [ValueID], branches: [Program]
    ) throws(InvalidProgram) -> [ValueID] {
        var nested: [NestedProgram] = []
        for branch in branches { nested.append(try NestedProgram(branch)) }
        if simplifies, let selector = constantValue(selector), !branches.isEmpty {
            try Instruction.conditional(nested).checkNesting(
                [ArrayType(selector.dtype, selector.shape)] + operands.map { type(of: $0) })
            return try append(branches[Interpreter.chosenBranch(selector, count: branches.count)], operands)
        }
        return try addSeveral(.conditional(nested), [selector] + operands)
    }

    /// The carried values once `condition` of them no longer holds; each turn's are the results of `body` for those of
    /// the turn before.
    ///
    /// - Errors: `InvalidProgram` where condition, body and carried values do not fit.
    package func whileLoop(
        _ carried: [ValueID], condition: Program, body: Program
    ) throws(InvalidProgram) -> [ValueID] {
        let (condition, body) = (try NestedProgram(condition), try NestedProgram(body))
        let instruction = Instruction.whileLoop(condition: condition, body: body)
        try instruction.checkNesting(carried.map { type(of: $0) })
        guard simplifies else { return try addSeveral(instruction, carried) }
        // Is the condition false from the start?
        if carried.contains(where: { constantValue($0) != nil }) || carried.isEmpty {
            let holds = try append(condition.program, carried)[0]
            if let known = constantValue(holds), known.scalarAsDouble == 0 { return carried }
        }
        let invariants = carried.indices.filter { body.parameter(ofResult: $0) == $0 }
        if invariants.count == carried.count { return try addSeveral(instruction, carried) }
        var results = try addSeveral(instruction, carried)
        for index in invariants { results[index] = carried[index] }
        return results
    }

    /// Adds an instruction with several results and takes all of them.
    private func addSeveral(_ instruction: Instruction, _ operands: [ValueID]) throws(InvalidProgram) -> [ValueID] {
        let all = try add(instruction, operands)
        var results: [ValueID] = []
        for (number, type) in (instruction.severalResultTypes ?? []).enumerated() {
            results.append(try add(.result(number), [all], type: type))
        }
        return results
    }

    /// Adds the steps of a program, with values in the place of its arguments.
    ///
    /// - Errors: `InvalidProgram` where the values are not of the arguments' types.
    package func append(_ other: Program, _ arguments: [ValueID]) throws(InvalidProgram) -> [ValueID] {
        guard arguments.map({ type(of: $0) }) == other.parameters else {
            throw InvalidProgram("\(arguments.map { type(of: $0) }) are not arguments of types \(other.parameters)")
        }
        let ownTag = tag
        defer { tag = ownTag }
        var values: [ValueID] = []
        values.reserveCapacity(other.steps.count)
        for (index, step) in other.steps.enumerated() {
            switch step.instruction {
            case .parameter(let number): values.append(arguments[number])
            case .constant(let number): values.append(constant(other.constants[number]))
            default:
                tag = other.tag(of: ValueID(index)) ?? ownTag
                values.append(try add(step.instruction, step.operands.map { values[$0.int] }, type: step.type))
            }
        }
        return other.results.map { values[$0.int] }
    }
}
