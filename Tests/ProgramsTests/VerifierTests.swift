import Programs
import Tensors
import Testing

/// The verifier finds each way in which a program can be broken.
@Suite struct VerifierTests {
    /// A sound program of two parameters and a constant.
    private func makeProgram() throws -> Program {
        let builder = ProgramBuilder(simplifies: false)
        let x = builder.parameter(ArrayType(.float32, [2, 3]))
        let y = builder.parameter(ArrayType(.float32, [3, 2]))
        let one = try builder.broadcast(builder.scalar(1, .float32), to: [2, 2])
        return builder.finish(results: [try builder.binary(.add, builder.dot(x, y), one)])
    }

    private func expectInvalid(_ reason: String, _ corrupt: (inout Program) -> Void) throws {
        var program = try makeProgram()
        try verify(program)
        corrupt(&program)
        let error = #expect(throws: InvalidProgram.self) { try verify(program) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(throws: (any Error).self) { try Interpreter.run(program, []) }
    }

    @Test func anOperandMustComeEarlier() throws {
        for wrong in [5, 6, 100, -1] {
            try expectInvalid("not the value of an earlier step") { program in
                let last = program.steps[5]
                program.steps[5] = Program.Step(last.instruction, [last.operands[0], ValueID(wrong)], last.type)
            }
        }
    }

    @Test func aTypeMustBeTheRuledOne() throws {
        try expectInvalid("the type is 2x3xf32, but should be 2x2xf32") { program in
            let last = program.steps[5]
            program.steps[5] = Program.Step(last.instruction, last.operands, ArrayType(.float32, [2, 3]))
        }
    }

    @Test func operandsMustFitTheInstruction() throws {
        try expectInvalid("two operands of equal type expected") { program in
            program.steps[5] = Program.Step(.binary(.add), [ValueID(0), ValueID(1)], program.steps[5].type)
        }
    }

    @Test func parametersMustBeThoseOfTheTable() throws {
        try expectInvalid("there is no such parameter") { $0.parameters.removeLast() }
        try expectInvalid("the type is") { $0.parameters[1] = ArrayType(.float32, [3, 4]) }
        try expectInvalid("no array has the type") { $0.parameters.append(ArrayType(.float32, [-1])) }
        try expectInvalid("no array has the type") { $0.parameters.append(ArrayType(.resource, [])) }
    }

    @Test func constantsMustBeThoseOfTheTable() throws {
        try expectInvalid("there is no such constant") { $0.constants = [] }
        try expectInvalid("the type is") { $0.constants[0] = UntypedArray(scalar: 1, dtype: .float64) }
        try expectInvalid("does not fit its memory") {
            $0.constants[0] = UntypedArray(
                dtype: .float32, shape: [], storage: ArrayStorage(zeros: 4), byteOffset: 2)
        }
    }

    @Test func resultsMustExist() throws {
        try expectInvalid("there is no value 6") { $0.results.append(ValueID(6)) }
        try expectInvalid("there is no value -1") { $0.results.append(ValueID(-1)) }
    }
}
