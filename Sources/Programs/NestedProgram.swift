// Programs inside instructions: the branches of a conditional, the condition and the body of a loop. A nested program is
// a program like any other and sees nothing of the one around it but its own arguments, so every consumer treats it by
// calling itself. How deep that may go is limited here, once for all of them.

import Tensors

/// A program inside an instruction. Nested programs are compared by value: equal steps, constants and results.
package final class NestedProgram: Hashable, Sendable {
    package let program: Program
    /// How many programs lie inside each other, this one included.
    package let depth: Int
    private let hash: Int

    /// How many programs may lie inside each other: consumers call themselves for each, and the stack has an end.
    package static let depthLimit = 32

    /// - Errors: `InvalidProgram` where programs would be nested too deeply.
    package init(_ program: Program) throws(InvalidProgram) {
        var depth = 1
        for step in program.steps {
            for inner in step.instruction.nestedPrograms { depth = max(depth, inner.depth + 1) }
        }
        guard depth <= Self.depthLimit else {
            throw InvalidProgram("programs are nested more than \(Self.depthLimit) deep")
        }
        self.program = program
        self.depth = depth
        var hasher = Hasher()
        hasher.combine(program.parameters)
        hasher.combine(program.steps)
        hasher.combine(program.results)
        hash = hasher.finalize()
    }

    package static func == (left: NestedProgram, right: NestedProgram) -> Bool {
        if left === right { return true }
        let (one, other) = (left.program, right.program)
        return left.hash == right.hash && one.parameters == other.parameters && one.steps == other.steps
            && one.results == other.results
            && one.constants.map(ArrayContent.init) == other.constants.map(ArrayContent.init)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// The types of its results.
    package var resultTypes: [ArrayType] { program.results.map { program.type(of: $0) } }

    /// The number of the argument that result `index` is, or nil where it is something else.
    package func parameter(ofResult index: Int) -> Int? {
        if case .parameter(let number) = program[program.results[index]].instruction { number } else { nil }
    }
}

extension NestedProgram: CustomStringConvertible {
    package var description: String { "program of \(program.steps.count) steps" }
}

extension ArrayType {
    /// The type of a step with several results: of no array. Only `Instruction.result` takes such a value.
    package static let several = ArrayType(.variant, [])
}

extension Instruction {
    /// The programs inside the instruction.
    package var nestedPrograms: [NestedProgram] {
        switch self {
        case .whileLoop(let condition, let body): [condition, body]
        case .conditional(let branches): branches
        default: []
        }
    }

    /// The types of the results, for an instruction with several; nil for the others.
    package var severalResultTypes: [ArrayType]? {
        switch self {
        case .whileLoop(_, let body): body.resultTypes
        case .conditional(let branches): branches.first?.resultTypes ?? []
        default: nil
        }
    }

    /// Checks operands and nested programs of an instruction with several results.
    ///
    /// - Errors: `InvalidProgram`.
    func checkNesting(_ operands: [ArrayType]) throws(InvalidProgram) {
        func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(InvalidProgram) {
            if !condition { throw InvalidProgram("\(self) of \(operands): \(message())") }
        }
        switch self {
        case .whileLoop(let condition, let body):
            try require(!operands.isEmpty, "a loop without carried values")
            try require(
                condition.program.parameters == operands && body.program.parameters == operands,
                "the carried values are not the arguments of the condition and the body")
            try require(condition.resultTypes == [ArrayType(.bool, [])], "the condition must be one truth value")
            try require(
                body.resultTypes == operands, "the body gives \(body.resultTypes), not the types of the carried values")
        case .conditional(let branches):
            guard let selector = operands.first, let first = branches.first else {
                throw InvalidProgram("\(self) of \(operands): a selector and branches expected")
            }
            try require(
                selector == ArrayType(.int32, []) || selector == ArrayType(.bool, []) && branches.count == 2,
                "an int32 number selects among branches, a truth value between two")
            try require(!first.resultTypes.isEmpty, "branches without results")
            for branch in branches {
                try require(
                    branch.program.parameters == Array(operands.dropFirst()),
                    "the operands are not the arguments of every branch")
                try require(
                    branch.resultTypes == first.resultTypes,
                    "the branches give \(first.resultTypes) and \(branch.resultTypes)")
            }
        default:
            break
        }
    }
}
