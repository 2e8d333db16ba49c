import Programs
import Tensors
import TestSupport
import Testing

private let number = ArrayType(.int32, [])
private let vector = ArrayType(.float32, [3])

/// A program of one argument of each type.
private func program(_ types: [ArrayType], _ build: (ProgramBuilder, [ValueID]) throws -> [ValueID]) throws -> Program {
    let builder = ProgramBuilder()
    let parameters = types.map { builder.parameter($0) }
    return builder.finish(results: try build(builder, parameters))
}

/// (n, i, x) → x doubled n times.
private func doublingLoop(simplifies: Bool = true) throws -> Program {
    let types = [number, number, vector]
    let condition = try program(types) { builder, values in [try builder.compare(.less, values[1], values[0])] }
    let body = try program(types) { builder, values in
        [
            values[0], try builder.binary(.add, values[1], builder.scalar(1, .int32)),
            try builder.binary(.add, values[2], values[2]),
        ]
    }
    let builder = ProgramBuilder(simplifies: simplifies)
    let parameters = types.map { builder.parameter($0) }
    return builder.finish(results: try builder.whileLoop(parameters, condition: condition, body: body))
}

@Suite struct ControlFlowTests {
    @Test(arguments: [false, true])
    func aLoopRunsWhileItsConditionHolds(simplifies: Bool) throws {
        let loop = try doublingLoop(simplifies: simplifies)
        for (turns, factor) in [(0, 1), (1, 2), (5, 32)] as [(Int, Float)] {
            let results = try Interpreter.run(
                loop, [array(.int32, [], [Double(turns)]), array(.int32, [], [0]), array(.float32, [3], [1, 2, 3])])
            #expect(results[0].integers == [turns])
            #expect(results[2].doubles == [1, 2, 3].map { Double($0 * factor) })
        }
    }

    @Test func aSelectorOutOfRangeSelectsTheLastBranch() throws {
        let branches = try [10, 20, 30].map { value in
            try program([]) { builder, _ in [builder.scalar(value, .float32)] }
        }
        let builder = ProgramBuilder()
        let selector = builder.parameter(number)
        let choice = builder.finish(results: try builder.conditional(selector, [], branches: branches))
        for (index, expected) in [(0, 10), (1, 20), (2, 30), (3, 30), (-1, 30)] as [(Double, Double)] {
            #expect(try Interpreter.run(choice, [array(.int32, [], [index])])[0].doubles == [expected])
        }
    }

    @Test func aKnownSelectorChoosesWhileBuilding() throws {
        let branches = try [1, 2].map { factor in
            try program([vector]) { builder, values in
                [try builder.binary(.multiply, values[0], builder.filled(factor, vector))]
            }
        }
        let builder = ProgramBuilder()
        let x = builder.parameter(vector)
        let chosen = try builder.conditional(
            builder.constant(NDArray(false).untyped), [x], branches: branches)
        let chosenOnly = builder.finish(results: chosen)
        #expect(!chosenOnly.steps.contains { !$0.instruction.nestedPrograms.isEmpty })
        #expect(try Interpreter.run(chosenOnly, [array(.float32, [3], [1, 2, 3])])[0].doubles == [2, 4, 6])
    }

    @Test func aLoopThatNeverRunsIsItsOperands() throws {
        let condition = try program([number]) { builder, values in
            [try builder.compare(.less, values[0], builder.scalar(0, .int32))]
        }
        let body = try program([number]) { builder, values in [try builder.unary(.negate, values[0])] }
        let builder = ProgramBuilder()
        let start = builder.scalar(3, .int32)
        #expect(try builder.whileLoop([start], condition: condition, body: body) == [start])
    }

    @Test func whatALoopDoesNotChangeIsUsedFromOutside() throws {
        let loop = try doublingLoop()
        #expect(loop.results[0] == ValueID(0))
        #expect(try doublingLoop(simplifies: false).results[0] != ValueID(0))
    }

    @Test func equalNestedProgramsAreOneValue() throws {
        let builder = ProgramBuilder()
        let (x, p) = (builder.parameter(vector), builder.parameter(ArrayType(.bool, [])))
        func branch(_ offset: Double) throws -> Program {
            try program([vector]) { builder, values in
                // As an array of many elements, so that constants are compared by content.
                let added = builder.constant(array(.float32, [3], [offset, 2, 3]))
                return [try builder.binary(.add, values[0], added)]
            }
        }
        func choice(_ offset: Double) throws -> ValueID {
            try builder.conditional(p, [x], branches: [branch(offset), branch(7)])[0]
        }
        #expect(try choice(1) == choice(1))
        #expect(try choice(1) != choice(2))
    }

    @Test func nestingIsLimited() throws {
        var inner = try program([vector, ArrayType(.bool, [])]) { _, values in [values[0]] }
        for depth in 1...NestedProgram.depthLimit + 1 {
            let builder = ProgramBuilder()
            let (x, p) = (builder.parameter(vector), builder.parameter(ArrayType(.bool, [])))
            if depth <= NestedProgram.depthLimit {
                let other = try program([vector, ArrayType(.bool, [])]) { builder, values in
                    [try builder.unary(.tanh, values[0])]
                }
                inner = builder.finish(results: try builder.conditional(p, [x, p], branches: [inner, other]))
            } else {
                let error = #expect(throws: InvalidProgram.self) {
                    try builder.conditional(p, [x, p], branches: [inner, inner])
                }
                #expect(error?.description.contains("more than 32 deep") == true)
            }
        }
        try verify(inner)
        let results = try Interpreter.run(inner, [array(.float32, [3], [1, 2, 3]), NDArray(true).untyped])
        #expect(results[0].doubles == [1, 2, 3])
    }

    @Test func theVerifierLooksIntoNestedPrograms() throws {
        func expectInvalid(_ reason: String, _ instruction: Instruction, _ count: Int = 3) {
            var corrupt = Program()
            corrupt.parameters = [number, number, vector]
            for (index, type) in corrupt.parameters.enumerated() {
                corrupt.steps.append(Program.Step(.parameter(index), [], type))
            }
            corrupt.steps.append(Program.Step(instruction, (0..<count).map { ValueID($0) }, .several))
            corrupt.steps.append(Program.Step(.result(0), [ValueID(3)], number))
            corrupt.results = [ValueID(4)]
            let error = #expect(throws: InvalidProgram.self) { try verify(corrupt) }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
        let types = [number, number, vector]
        let condition = try program(types) { builder, values in [try builder.compare(.less, values[1], values[0])] }
        let body = try program(types) { _, values in values }
        func loop(_ condition: Program, _ body: Program) throws -> Instruction {
            .whileLoop(condition: try NestedProgram(condition), body: try NestedProgram(body))
        }
        expectInvalid("not the arguments", try loop(condition, body), 2)
        expectInvalid("one truth value", try loop(body, body))
        let other = try program(types) { _, values in [values[0], values[2], values[2]] }
        expectInvalid("not the types of the carried values", try loop(condition, other))
        var corrupt = body
        corrupt.results[1] = ValueID(17)
        expectInvalid("inside: result 1: there is no value 17", try loop(condition, corrupt))
        expectInvalid("not the arguments of every branch", .conditional([try NestedProgram(body)]), 3)
        let branch = try program([number, vector]) { _, values in [values[0]] }
        let wrong = try program([number, vector]) { _, values in [values[1]] }
        expectInvalid("the branches give", .conditional([try NestedProgram(branch), try NestedProgram(wrong)]))
        expectInvalid("a selector and branches", .conditional([]))
    }

    @Test func severalResultsAreNoArray() throws {
        var program = try doublingLoop(simplifies: true)
        let loop = try #require(program.steps.firstIndex { !$0.instruction.nestedPrograms.isEmpty })
        program.results = [ValueID(loop)]
        #expect(throws: InvalidProgram.self) { try verify(program) }
        program.results = []
        program.steps.append(Program.Step(.reshape, [ValueID(loop)], number))
        #expect(throws: InvalidProgram.self) { try verify(program) }
        program.steps[program.steps.count - 1] = Program.Step(.result(3), [ValueID(loop)], number)
        #expect(throws: InvalidProgram.self) { try verify(program) }
        program.steps[program.steps.count - 1] = Program.Step(.result(0), [ValueID(loop)], vector)
        #expect(throws: InvalidProgram.self) { try verify(program) }
        program.steps[program.steps.count - 1] = Program.Step(.result(0), [ValueID(loop)], number)
        try verify(program)
    }

    @Test func loopsAndConditionalsArePrintedWithRegions() throws {
        let text = try doublingLoop().description
        #expect(
            text == """
                module @program {
                  func.func public @main(%arg0: tensor<i32>, %arg1: tensor<i32>, %arg2: tensor<3xf32>) -> \
                (tensor<i32>, tensor<i32>, tensor<3xf32>) {
                    %3:3 = "stablehlo.while"(%arg0, %arg1, %arg2) ({
                    ^bb0(%c3_arg0: tensor<i32>, %c3_arg1: tensor<i32>, %c3_arg2: tensor<3xf32>):
                      %c3_2 = stablehlo.compare LT, %c3_arg1, %c3_arg0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
                      stablehlo.return %c3_2 : tensor<i1>
                    }, {
                    ^bb0(%b3_arg0: tensor<i32>, %b3_arg1: tensor<i32>, %b3_arg2: tensor<3xf32>):
                      %b3_3 = stablehlo.constant dense<1> : tensor<i32>
                      %b3_4 = stablehlo.add %b3_arg1, %b3_3 : tensor<i32>
                      %b3_5 = stablehlo.add %b3_arg2, %b3_arg2 : tensor<3xf32>
                      stablehlo.return %b3_arg0, %b3_4, %b3_5 : tensor<i32>, tensor<i32>, tensor<3xf32>
                    }) : (tensor<i32>, tensor<i32>, tensor<3xf32>) -> (tensor<i32>, tensor<i32>, tensor<3xf32>)
                    return %arg0, %3#1, %3#2 : tensor<i32>, tensor<i32>, tensor<3xf32>
                  }
                }

                """)
    }

    @Test(arguments: 0..<4) func simplifyingChangesNoRandomProgramWithControlFlow(block: Int) throws {
        var options = RandomProgram.Options()
        options.hasControlFlow = true
        options.isExact = true
        options.hasEmptyArrays = block % 2 == 1
        for seed in UInt64(70_000 + 50 * block)..<UInt64(70_050 + 50 * block) {
            let plain = try RandomProgram(seed: seed, options: options, simplifies: false)
            let simple = try RandomProgram(seed: seed, options: options)
            let expected = try Interpreter.run(plain.program, plain.arguments)
            let results = try Interpreter.run(simple.program, simple.arguments)
            #expect(results.count == expected.count)
            for (result, wanted) in zip(results, expected) {
                #expect(result.differences(from: wanted).isEmpty, "seed \(seed)\n\(plain.program)\n\(simple.program)")
            }
        }
    }

    @Test func randomProgramsHoldLoopsAndBranchesInsideEachOther() throws {
        var options = RandomProgram.Options()
        options.hasControlFlow = true
        let depths = try (UInt64(70_000)..<70_100).map { seed in
            let program = try RandomProgram(seed: seed, options: options, simplifies: false).program
            return program.steps.flatMap { $0.instruction.nestedPrograms.map(\.depth) }.max() ?? 0
        }
        #expect(depths.filter { $0 >= 1 }.count > 50)
        #expect(depths.filter { $0 >= 2 }.count > 20)
    }
}
