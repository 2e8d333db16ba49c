// Results that are written over arguments: the same results, and never where something else would see it.

import CPU
import Programs
import Tensors
import TestSupport
import Testing

@Suite struct OverwritingTests {
    /// What is written over in a program, which has to give what the interpreter gives.
    private func overwritten(
        _ program: Program, _ arguments: [UntypedArray], tolerance: Double, _ comment: String = ""
    ) throws -> [Int: Int] {
        let expected = try Interpreter.run(program, arguments)
        var overwritten: [Int: Int] = [:]
        for device in ExecutableTests.devices + [CPUDevice(threads: 3)] {
            let results = try run(
                program, arguments, on: device, overwriting: argumentsToOverwrite(program), overwritten: &overwritten)
            for (index, (result, wanted)) in zip(results, expected).enumerated() {
                let differences = result.differences(from: wanted, tolerance: tolerance)
                #expect(
                    differences.isEmpty,
                    "\(comment) result \(index), \(device.instructionSet): \(differences.prefix(3))\n\(program)")
            }
        }
        return overwritten
    }

    @Test(arguments: 0..<6) func randomProgramsGiveTheSameOverTheirArguments(block: Int) throws {
        var options = RandomProgram.Options()
        options.isExact = block % 2 == 0
        options.hasControlFlow = block % 3 == 2
        options.hasEmptyArrays = block == 3
        var count = 0
        for seed in UInt64(50_000 + 40 * block)..<UInt64(50_040 + 40 * block) {
            let sample = try RandomProgram(seed: seed, options: options, simplifies: block < 4)
            count += try overwritten(
                sample.program, sample.arguments, tolerance: options.isExact ? 0 : 1e-4, "seed \(seed)"
            ).count
        }
        #expect(count > 3)
    }

    /// In one kernel, block by block, the new value is there before the second result is computed.
    @Test func anArgumentThatIsNeededAfterTheResultIsReadBefore() throws {
        let builder = ProgramBuilder()
        let type = ArrayType(.float32, [40, 60])
        let (a, b) = (builder.parameter(type), builder.parameter(type))
        let first = try builder.unary(.tanh, builder.binary(.add, a, a))
        let second = try builder.unary(.tanh, builder.binary(.add, b, a))
        let both = try builder.binary(.add, first, second)
        let arguments = [1, 2].map { NDArray<Float>(randomNormal: [40, 60], seed: $0).untyped }
        let over = try overwritten(builder.finish(results: [first, both]), arguments, tolerance: 1e-6)
        #expect(over == [0: 0, 1: 1])
    }

    /// Products, transposed operands and element-wise work that take the arguments which are written over.
    @Test(arguments: 0..<4) func netsOfProductsGiveTheSameOverTheirArguments(block: Int) throws {
        var count = 0
        for seed in UInt64(60_000 + block * 50)..<UInt64(60_050 + block * 50) {
            var random = RandomStream(seed: seed, stream: 1)
            let builder = ProgramBuilder()
            let type = ArrayType(.float64, [40, 40])
            let parameters = (0..<4).map { _ in builder.parameter(type) }
            var values = parameters
            for _ in 0..<Int.random(in: 2..<10, using: &random) {
                let a = try #require(values.suffix(4).randomElement(using: &random))
                let b = try #require(values.randomElement(using: &random))
                let next =
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0, 1: try builder.dot(a, b)
                    case 2: try builder.unary(.tanh, a)
                    case 3: try builder.transpose(a, [1, 0])
                    case 4: try builder.binary(.subtract, a, b)
                    case 5: try builder.broadcast(builder.reduce(.maximum, a, axes: [1]), to: [40, 40], axes: [0])
                    default: try builder.binary(.multiply, a, b)
                    }
                values.append(try builder.unary(.tanh, next))
            }
            // Results take arguments in, as updates do.
            var results: [ValueID] = []
            for parameter in parameters {
                let value = try #require(values.suffix(6).randomElement(using: &random))
                results.append(try builder.binary(.subtract, parameter, value))
            }
            let arguments = (0..<4).map {
                NDArray<Double>(randomNormal: [40, 40], standardDeviation: 0.1, seed: seed + UInt64($0)).untyped
            }
            count += try overwritten(
                builder.finish(results: results), arguments, tolerance: 1e-9, "seed \(seed)"
            ).count
        }
        #expect(count > 50)
    }

    private let matrix = ArrayType(.float32, [30, 70])

    private func numbers(_ count: Int, _ shape: [Int]) -> [UntypedArray] {
        (0..<count).map { NDArray<Float>(randomNormal: shape, standardDeviation: 1, seed: UInt64($0)).untyped }
    }

    /// Adam's shape: three arrays are updated in the epilogue of a product.
    @Test func anUpdateInTheEpilogueOfAProductIsWrittenOverItsVariables() throws {
        let builder = ProgramBuilder()
        let (w, m, v) = (builder.parameter(matrix), builder.parameter(matrix), builder.parameter(matrix))
        let x = builder.parameter(ArrayType(.float32, [30, 20])), y = builder.parameter(ArrayType(.float32, [20, 70]))
        let gradient = try builder.dot(x, y)
        let newM = try builder.binary(.add, m, builder.binary(.subtract, gradient, m))
        let newV = try builder.binary(.maximum, v, builder.binary(.multiply, gradient, gradient))
        let newW = try builder.binary(.subtract, w, builder.binary(.divide, newM, newV))
        let arguments = numbers(3, [30, 70]) + numbers(1, [30, 20]) + numbers(1, [20, 70])
        let program = builder.finish(results: [newW, newM, newV])
        #expect(try overwritten(program, arguments, tolerance: 1e-3) == [0: 0, 1: 1, 2: 2])
    }

    /// An embedding and what is learnt of it: the sum by the looked-up rows cannot fail any more.
    @Test func aTableWhoseRowsWereLookedUpIsWrittenOver() throws {
        for range in [30, 29] {
            let builder = ProgramBuilder()
            let (table, other) = (builder.parameter(matrix), builder.parameter(ArrayType(.float32, [70])))
            let numbers = builder.parameter(ArrayType(.int32, [2, 4]))
            let rows = try builder.add(.gather(axis: 0), [table, numbers])
            let newOther = try builder.binary(.subtract, other, builder.reduce(.sum, rows, axes: [0, 1]))
            let flat = try builder.reshape(builder.unary(.tanh, rows), to: [8, 70])
            let sum = try builder.add(
                .scatterAdd(axis: 0, range: range), [flat, builder.reshape(numbers, to: [8])])
            let whole =
                range == 30
                ? sum
                : try builder.add(
                    .pad(low: [0, 0], high: [1, 0], interior: [0, 0]),
                    [
                        sum, builder.constant(NDArray<Float>(0).untyped),
                    ])
            let program = builder.finish(results: [newOther, try builder.binary(.subtract, table, whole)])
            let arguments =
                self.numbers(1, [30, 70]) + self.numbers(1, [70]) + [
                    try NDArray<Int32>(shape: [2, 4], [0, 3, 28, 3, 7, 7, 1, 0]).untyped
                ]
            // With another range than that of the look-up, an index may be out of it: what comes before may be undone.
            var over: [Int: Int] = [:]
            let results = try run(
                program, arguments, on: CPUDevice(threads: 1), overwriting: [0: 1, 1: 0], overwritten: &over)
            #expect(over == (range == 30 ? [0: 1, 1: 0] : [1: 0]))
            for (result, wanted) in zip(results, try Interpreter.run(program, arguments)) {
                #expect(result.differences(from: wanted, tolerance: 1e-4).isEmpty)
            }
        }
    }

    @Test func whatIsReadLaterIsNotWrittenOver() throws {
        let builder = ProgramBuilder()
        let w = builder.parameter(matrix), x = builder.parameter(ArrayType(.float32, [70, 30]))
        let update = try builder.binary(.subtract, w, builder.unary(.tanh, w))
        // Needs the update and the old value.
        let product = try builder.dot(builder.dot(update, x), w)
        let program = builder.finish(results: [update, product])
        #expect(try overwritten(program, numbers(1, [30, 70]) + numbers(1, [70, 30]), tolerance: 1e-3).isEmpty)
    }

    @Test func whatIsAResultItselfIsNotWrittenOver() throws {
        let builder = ProgramBuilder()
        let w = builder.parameter(matrix)
        let update = try builder.unary(.tanh, w)
        #expect(try overwritten(builder.finish(results: [update, w]), numbers(1, [30, 70]), tolerance: 1e-5).isEmpty)
    }

    @Test func whatIsReadAtOtherElementsIsNotWrittenOver() throws {
        let builder = ProgramBuilder()
        let square = ArrayType(.float32, [50, 50])
        let w = builder.parameter(square)
        let update = try builder.binary(.add, w, builder.transpose(w, [1, 0]))
        #expect(try overwritten(builder.finish(results: [update]), numbers(1, [50, 50]), tolerance: 1e-6).isEmpty)
        let other = ProgramBuilder()
        let x = other.parameter(square)
        let product = try other.dot(x, x)
        #expect(try overwritten(other.finish(results: [product]), numbers(1, [50, 50]), tolerance: 1e-3).isEmpty)
    }

    @Test func nothingIsWrittenOverBeforeTheRunCanFail() throws {
        let builder = ProgramBuilder()
        let w = builder.parameter(matrix), rows = builder.parameter(ArrayType(.int32, [30]))
        let early = try builder.unary(.tanh, w)
        let taken = try builder.add(.gather(axis: 0), [early, rows])
        let late = try builder.binary(.subtract, builder.parameter(matrix), taken)
        let program = builder.finish(results: [early, late])
        let indices = NDArray((0..<30).map { Int32($0) }).untyped
        let arguments = numbers(1, [30, 70]) + [indices] + numbers(1, [30, 70])
        #expect(try overwritten(program, arguments, tolerance: 1e-5) == [1: 2])
    }
}
