// Rows that are read where they lie and computed where they go, parts of joined arrays, operands that a loop packs once: the
// same numbers as the interpreter's, whatever else reads or replaces the array.

import CPU
import Programs
import Tensors
import TestSupport
import Testing

@Suite struct RowTests {
    private static let devices = ExecutableTests.devices + [CPUDevice(threads: 2)]

    /// A loop over the rows of two stacks, with a row and a matrix beside them, and values made of these at random.
    private struct RandomLoop {
        let rows: Int, width: Int
        var random: RandomStream
        let stack: ArrayType, row: ArrayType, matrix: ArrayType
        let number = ArrayType(.int32, [])

        init(seed: UInt64) {
            random = RandomStream(seed: seed, stream: 9)
            rows = [3, 4, 7].randomElement(using: &random) ?? 3
            // Some so large that threads share a row's kernels, with room for parts of whole vectors.
            width = [2, 6, 34, 260].randomElement(using: &random) ?? 2
            row = ArrayType(.float32, [8, width])
            stack = ArrayType(.float32, [rows, 8, width])
            matrix = ArrayType(.float32, [width, width])
        }

        mutating func body() throws -> Program {
            let builder = ProgramBuilder()
            let turn = builder.parameter(number)
            let stacks = [builder.parameter(stack), builder.parameter(stack)]
            let carried = builder.parameter(row)
            let weights = builder.parameter(matrix)
            let fixed = builder.parameter(stack)
            let one = builder.constant(NDArray<Int32>(1).untyped)
            let last = builder.constant(NDArray<Int32>(Int32(rows - 1)).untyped)
            let numbers = [
                turn, try builder.binary(.subtract, last, turn), builder.constant(NDArray<Int32>(0).untyped),
            ]
            var values = [carried]
            var updated = stacks
            var isUpdated = [false, false]
            func pick<Element>(_ elements: [Element], _ random: inout RandomStream) throws -> Element {
                try #require(elements.randomElement(using: &random))
            }
            for _ in 0..<Int.random(in: 4..<14, using: &random) {
                let value = try pick(values.suffix(4), &random)
                switch Int.random(in: 0..<12, using: &random) {
                case 0, 1, 2:
                    let array = try pick(stacks + [fixed] + updated, &random)
                    values.append(try builder.add(.gather(axis: 0), [array, try pick(numbers, &random)]))
                case 3, 4:
                    let which = Int.random(in: 0..<2, using: &random)
                    if isUpdated[which], Int.random(in: 0..<3, using: &random) > 0 { continue }
                    isUpdated[which] = true
                    updated[which] = try builder.add(.updateRow, [updated[which], value, try pick(numbers, &random)])
                case 5: values.append(try builder.dot(value, weights, transposeRight: Bool.random(using: &random)))
                case 6:
                    // The halves, changed and joined the other way round.
                    let half = width / 2
                    let left = try builder.add(
                        .slice(starts: [0, 0], limits: [8, half], strides: [1, 1]), [value])
                    let right = try builder.add(
                        .slice(starts: [0, half], limits: [8, width], strides: [1, 1]), [value])
                    values.append(
                        try builder.add(
                            .concatenate(axis: 1), [builder.unary(.tanh, right), builder.unary(.logistic, left)]))
                case 7:
                    // The whole array, before or after its change.
                    let whole = try pick(stacks + updated, &random)
                    let sum = try builder.reduce(.maximum, whole, axes: [0])
                    values.append(try builder.binary(.maximum, value, sum))
                case 8: values.append(try builder.unary(.tanh, value))
                default:
                    let other = try pick(values, &random)
                    values.append(try builder.unary(.tanh, builder.binary(.add, value, other)))
                }
            }
            for which in 0..<2 where !isUpdated[which] {
                let value = try pick(values, &random)
                updated[which] = try builder.add(.updateRow, [updated[which], value, try pick(numbers, &random)])
            }
            return builder.finish(results: [
                try builder.binary(.add, turn, one), updated[0], updated[1], try pick(values, &random), weights, fixed,
            ])
        }

        mutating func program() throws -> (Program, [UntypedArray]) {
            let test = ProgramBuilder()
            let turn = test.parameter(number)
            for type in [stack, stack, row, matrix, stack] { _ = test.parameter(type) }
            let limit = test.constant(NDArray<Int32>(Int32(rows)).untyped)
            let condition = test.finish(results: [try test.compare(.less, turn, limit)])

            let builder = ProgramBuilder()
            let start = builder.constant(NDArray<Int32>(0).untyped)
            let given = [stack, stack, row, matrix, stack].map { builder.parameter($0) }
            // What the loop begins with: arguments, values that nothing else needs or that more does, equal zeros.
            let zeros = try builder.broadcast(
                builder.constant(NDArray<Float>(0).untyped), to: stack.shape, axes: [])
            let made = try builder.unary(.tanh, given[0])
            let choices = [given[0], given[1], zeros, made, try builder.unary(.negate, given[1])]
            let first = try #require(choices.randomElement(using: &random))
            let second = try #require(choices.randomElement(using: &random))
            let results = try builder.whileLoop(
                [start, first, second, given[2], given[3], given[4]], condition: condition, body: body())
            var outputs = [results[1], try builder.unary(.negate, results[2]), results[3]]
            if Bool.random(using: &random) { outputs.append(try builder.unary(.negate, first)) }
            if Bool.random(using: &random) { outputs.append(made) }
            if Bool.random(using: &random) { outputs.append(results[5]) }
            // The matrix makes vectors no longer, so that differences in rounding do not grow from turn to turn.
            let deviations: [Float] = [0.5, 0.5, 0.5, 0.5 / Float(width).squareRoot(), 0.5]
            let arguments = zip([stack, stack, row, matrix, stack], deviations).map { type, deviation in
                NDArray<Float>(randomNormal: type.shape, standardDeviation: deviation, seed: random.next()).untyped
            }
            return (builder.finish(results: outputs), arguments)
        }
    }

    @Test(arguments: 0..<6) func loopsOverRowsGiveWhatTheInterpreterGives(block: Int) throws {
        for seed in UInt64(70_000 + 60 * block)..<UInt64(70_060 + 60 * block) {
            var loop = RandomLoop(seed: seed)
            let (program, arguments) = try loop.program()
            try expectSame(program, arguments, on: Self.devices, tolerance: 1e-4, "seed \(seed)")
        }
    }

    /// The plan of a loop that computes a row from one of another array, and its results.
    private func plan(readsAfterwards: Bool) throws -> (plan: String, program: Program) {
        let (stack, row, number) = (
            ArrayType(.float32, [5, 4]), ArrayType(.float32, [4]), ArrayType(.int32, [])
        )
        let body = ProgramBuilder()
        let turn = body.parameter(number)
        let (to, from) = (body.parameter(stack), body.parameter(stack))
        let taken = try body.add(.gather(axis: 0), [from, turn])
        let made = try body.unary(.negate, taken)
        let next = try body.add(.updateRow, [to, made, turn])
        // Who looks at the array as it was needs a copy of it.
        let sum = readsAfterwards ? try body.reduce(.sum, body.binary(.add, to, next), axes: [0]) : made
        let carried = body.parameter(row)
        let count = try body.binary(.add, turn, body.constant(NDArray<Int32>(1).untyped))
        let condition = ProgramBuilder()
        let tested = condition.parameter(number)
        for type in [stack, stack, row] { _ = condition.parameter(type) }
        let holds = try condition.compare(.less, tested, condition.constant(NDArray<Int32>(5).untyped))
        let builder = ProgramBuilder()
        let parameters = [stack, stack, row].map { builder.parameter($0) }
        let results = try builder.whileLoop(
            [builder.constant(NDArray<Int32>(0).untyped)] + parameters,
            condition: condition.finish(results: [holds]),
            body: body.finish(results: [count, next, from, try body.binary(.maximum, carried, sum)]))
        let program = builder.finish(results: [results[1], results[3]])
        return ("\(try CPUDevice(threads: 1).compile(program))", program)
    }

    @Test func rowsAreNotCopiedWhereNothingNeedsIt() throws {
        let (text, program) = try plan(readsAfterwards: false)
        #expect(text.contains("readRow") && text.contains("beginRow") && !text.contains("replaceRow"), "\(text)")
        let (other, reading) = try plan(readsAfterwards: true)
        #expect(other.contains("readRow") && other.contains("replaceRow"), "\(other)")
        for program in [program, reading] {
            let arguments = program.parameters.enumerated().map { index, type in
                NDArray<Float>(randomNormal: type.shape, standardDeviation: 1, seed: UInt64(index)).untyped
            }
            try expectSame(program, arguments, on: Self.devices, tolerance: 1e-6, "")
        }
    }

    @Test func anIndexOutOfRangeIsAFailureWhereverTheRowLies() throws {
        for index: Int64 in [-1, 3, .max, .min] {
            for isRead in [true, false] {
                let builder = ProgramBuilder()
                let array = builder.parameter(ArrayType(.float32, [3, 4]))
                let number = builder.constant(NDArray<Int64>(index).untyped)
                let row = builder.parameter(ArrayType(.float32, [4]))
                let result =
                    isRead
                    ? try builder.unary(.negate, builder.add(.gather(axis: 0), [array, number]))
                    : try builder.add(.updateRow, [array, builder.unary(.negate, row), number])
                let program = builder.finish(results: [result])
                let arguments = program.parameters.map { NDArray<Float>.zeros($0.shape).untyped }
                let failure = #expect(throws: KernelFailure.self) {
                    try run(program, arguments, on: CPUDevice(threads: 1))
                }
                #expect(failure?.description == "index \(index) is out of range, the range is 0..<3")
            }
        }
    }

    @Test func partsAreWrittenWhereTheyAreJoined() throws {
        let builder = ProgramBuilder()
        let type = ArrayType(.float32, [3, 4])
        let (a, b) = (builder.parameter(type), builder.parameter(type))
        let (left, right) = (try builder.unary(.tanh, a), try builder.unary(.negate, b))
        let kept = try builder.unary(.logistic, b)
        let joined = try builder.add(.concatenate(axis: 1), [left, right, kept, a])
        // One of the parts is needed by itself, one is an argument: these are copied.
        let program = builder.finish(results: [try builder.reduce(.sum, joined, axes: [0]), joined, kept])
        let copies = "\(try CPUDevice(threads: 1).compile(program))".occurrences(of: "0 ops,")
        #expect(copies == 2 + 1, "two copies and a sum")
        let arguments = [1, 2].map { seed in
            NDArray<Float>(randomNormal: [3, 4], standardDeviation: 1, seed: seed).untyped
        }
        try expectSame(program, arguments, on: Self.devices, tolerance: 1e-6, "")
    }
}

extension String {
    /// How often `part` occurs.
    fileprivate func occurrences(of part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
