// Compiled programs against the reference interpreter: random programs, every instruction set, several threads.

import CPU
import Programs
import Tensors
import TestSupport
import Testing

/// Runs a program on a device and returns its results.
///
/// - Parameter overwriting: the arguments over which results may be written; those that are, are copied before.
func run(
    _ program: Program, _ arguments: [UntypedArray], on device: CPUDevice, overwriting: [Int: Int] = [:],
    overwritten: inout [Int: Int]
) throws -> [UntypedArray] {
    let executable = try device.compile(program, overwriting: overwriting)
    overwritten = executable.overwrittenArguments
    let frame = executable.takeFrame()
    defer { executable.giveBack(frame) }
    for (index, argument) in arguments.enumerated() { frame.setArgument(index, argument.bytes) }
    var results: [UntypedArray?] = []
    for (index, result) in program.results.enumerated() {
        let type = program.type(of: result)
        guard executable.resultSources[index] == .computed else {
            results.append(nil)
            continue
        }
        if let argument = executable.overwrittenArguments[index] {
            let storage = ArrayStorage(copying: arguments[argument].bytes, byteCount: type.byteCount)
            frame.setArgument(argument, UnsafeRawPointer(storage.bytes))
            results.append(UntypedArray(dtype: type.dtype, shape: type.shape, storage: storage))
            continue
        }
        let storage = ArrayStorage(byteCount: type.byteCount)
        frame.setResult(index, storage.bytes)
        results.append(UntypedArray(dtype: type.dtype, shape: type.shape, storage: storage))
    }
    try executable.run(frame)
    return try results.enumerated().map { index, result in
        let type = program.type(of: program.results[index])
        if let result { return result }
        switch executable.resultSources[index] {
        case .computed: throw InvalidProgram("unreachable")
        case .parameter(let number): return arguments[number].reshaped(type.shape)
        case .constant(let number): return program.constants[number].reshaped(type.shape)
        case .duplicate(let earlier):
            return try #require(results[earlier]).reshaped(type.shape)
        }
    }
}

func run(_ program: Program, _ arguments: [UntypedArray], on device: CPUDevice) throws -> [UntypedArray] {
    var overwritten: [Int: Int] = [:]
    return try run(program, arguments, on: device, overwritten: &overwritten)
}

/// Expects of every device what the interpreter gives.
func expectSame(
    _ program: Program, _ arguments: [UntypedArray], on devices: [CPUDevice], tolerance: Double, _ comment: String
) throws {
    let expected = try Interpreter.run(program, arguments)
    for device in devices {
        let results = try run(program, arguments, on: device)
        for (index, (result, wanted)) in zip(results, expected).enumerated() {
            let differences = result.differences(from: wanted, tolerance: tolerance)
            #expect(
                differences.isEmpty,
                "\(comment), result \(index), \(device.instructionSet): \(differences.prefix(3))\n\(program)")
        }
    }
}

/// For each result the first argument of its type that no earlier one has.
func argumentsToOverwrite(_ program: Program) -> [Int: Int] {
    var free = Array(program.parameters.indices)
    var overwriting: [Int: Int] = [:]
    for (index, result) in program.results.enumerated() {
        guard let position = free.firstIndex(where: { program.parameters[$0] == program.type(of: result) }) else {
            continue
        }
        overwriting[index] = free.remove(at: position)
    }
    return overwriting
}

@Suite struct ExecutableTests {
    static let devices = InstructionSet.available.map { CPUDevice(threads: 1, instructionSet: $0) }
    static let seedsPerCase = 25

    private func check(_ seeds: Range<UInt64>, _ options: RandomProgram.Options, simplifies: Bool, tolerance: Double)
        throws
    {
        for seed in seeds {
            let sample = try RandomProgram(seed: seed, options: options, simplifies: simplifies)
            try expectSame(
                sample.program, sample.arguments, on: Self.devices, tolerance: tolerance, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<8) func exactRandomProgramsAgreeWithTheInterpreterBitForBit(block: Int) throws {
        var options = RandomProgram.Options()
        options.isExact = true
        options.hasSpecialValues = block % 2 == 1
        options.hasEmptyArrays = block % 4 >= 2
        let first = UInt64(block * Self.seedsPerCase)
        try check(
            first..<(first + UInt64(Self.seedsPerCase)), options, simplifies: block % 3 != 0, tolerance: 0)
    }

    @Test(arguments: 0..<8) func randomProgramsAgreeWithTheInterpreter(block: Int) throws {
        var options = RandomProgram.Options()
        options.stepCount = 20
        options.hasEmptyArrays = block % 4 == 3
        let first = UInt64(10_000 + block * Self.seedsPerCase)
        // Float functions may differ by some units in the last place, sums of products by more.
        try check(
            first..<(first + UInt64(Self.seedsPerCase)), options, simplifies: block % 3 != 0, tolerance: 1e-4)
    }

    @Test(arguments: 0..<8) func randomProgramsWithLoopsAndBranchesAgreeWithTheInterpreter(block: Int) throws {
        var options = RandomProgram.Options()
        options.hasControlFlow = true
        options.isExact = block % 2 == 0
        options.hasEmptyArrays = block % 4 == 3
        let first = UInt64(20_000 + block * Self.seedsPerCase)
        try check(
            first..<(first + UInt64(Self.seedsPerCase)), options, simplifies: block % 3 != 0,
            tolerance: options.isExact ? 0 : 1e-4)
    }

    /// Values of one shape that are taken by several others, so that every way to share kernels comes up.
    @Test(arguments: 0..<8) func netsOfProductsAndElementwiseWorkAgreeWithTheInterpreter(block: Int) throws {
        for seed in UInt64(30_000 + block * 100)..<UInt64(30_100 + block * 100) {
            var random = RandomStream(seed: seed, stream: 1)
            let builder = ProgramBuilder()
            let type = ArrayType(.float64, [3, 3])
            var values = (0..<3).map { _ in builder.parameter(type) }
            for _ in 0..<Int.random(in: 4..<16, using: &random) {
                let recent = values.suffix(5)
                let a = try #require(recent.randomElement(using: &random))
                let b = try #require(values.randomElement(using: &random))
                let next =
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0, 1: try builder.dot(a, b)
                    case 2: try builder.unary(.logistic, a)
                    case 3: try builder.unary(.tanh, a)
                    case 4: try builder.transpose(a, [1, 0])
                    case 5: try builder.broadcast(builder.reduce(.maximum, a, axes: [1]), to: [3, 3], axes: [0])
                    case 6: try builder.binary(.subtract, a, b)
                    case 7: try builder.binary(.add, a, b)
                    default: try builder.binary(.multiply, a, b)
                    }
                values.append(next)
            }
            let program = builder.finish(results: [values[values.count - 1], values[values.count - 2]])
            let arguments = (0..<3).map { NDArray<Double>(randomNormal: [3, 3], seed: seed + UInt64($0)).untyped }
            let expected = try Interpreter.run(program, arguments)
            for device in Self.devices {
                for (result, wanted) in zip(try run(program, arguments, on: device), expected) {
                    // Products are added up in another order.
                    let differences = result.differences(from: wanted, tolerance: 1e-9)
                    #expect(differences.isEmpty, "seed \(seed): \(differences.prefix(3))\n\(program)")
                }
            }
        }
    }

    /// Reductions in two steps, and borders that are filled apart from the inside.
    @Test func largeReductionsAndPaddingAgreeWithTheInterpreter() throws {
        let builder = ProgramBuilder()
        let x = builder.parameter(ArrayType(.float32, [20, 30, 17, 12]))
        let wide = try builder.unary(.tanh, x)
        let padded = try builder.add(
            .pad(low: [0, 1, 2, 0], high: [1, 1, 0, 3], interior: [0, 0, 0, 0]), [x, builder.scalar(2, .float32)])
        let turned = try builder.transpose(x, [3, 0, 2, 1])
        let program = builder.finish(results: [
            try builder.reduce(.sum, wide, axes: [0, 1, 2]), try builder.reduce(.maximum, wide, axes: [1, 2]),
            try builder.reduce(.minimum, wide, axes: [0, 1, 2, 3]), try builder.reduce(.sum, wide, axes: [0, 2, 3]),
            try builder.reduce(.maximum, turned, axes: [1, 2]), padded, wide,
        ])
        let arguments = [NDArray<Float>(randomNormal: [20, 30, 17, 12], standardDeviation: 1, seed: 3).untyped]
        let expected = try Interpreter.run(program, arguments)
        for device in Self.devices + [CPUDevice(threads: 3)] {
            for (index, (result, wanted)) in zip(try run(program, arguments, on: device), expected).enumerated() {
                let differences = result.differences(from: wanted, tolerance: 1e-5)
                #expect(differences.isEmpty, "result \(index): \(differences.prefix(3))")
            }
        }
        let alone = try run(program, arguments, on: CPUDevice(threads: 1))
        let together = try run(program, arguments, on: CPUDevice(threads: 4))
        for (one, other) in zip(alone, together) { #expect(one.differences(from: other, tolerance: 0).isEmpty) }
    }

    @Test func resultsDoNotDependOnTheNumberOfThreads() throws {
        let builder = ProgramBuilder()
        let x = builder.parameter(ArrayType(.float32, [200, 300]))
        let w = builder.parameter(ArrayType(.float32, [300, 250]))
        let product = try builder.dot(x, w)
        let active = try builder.unary(.tanh, product)
        let program = builder.finish(results: [
            active, try builder.reduce(.sum, active, axes: [0]), try builder.reduce(.sum, active, axes: [1]),
            try builder.reduce(.sum, active, axes: [0, 1]),
        ])
        let arguments = program.parameters.enumerated().map { index, type in
            NDArray<Float>(randomNormal: type.shape, seed: UInt64(index)).untyped
        }
        let single = try run(program, arguments, on: CPUDevice(threads: 1))
        for threads in 2...4 {
            let several = try run(program, arguments, on: CPUDevice(threads: threads))
            for (one, other) in zip(single, several) {
                let same = other.differences(from: one, tolerance: 0)
                #expect(same.isEmpty, "\(threads) threads: \(same.prefix(3))")
            }
        }
    }

    @Test func integerDivisionByZeroIsAFailureOfTheRunOnly() throws {
        let builder = ProgramBuilder()
        let a = builder.parameter(ArrayType(.int32, [3]))
        let b = builder.parameter(ArrayType(.int32, [3]))
        let program = builder.finish(results: [try builder.binary(.divide, a, b)])
        let device = CPUDevice(threads: 1)
        let zero = NDArray<Int32>([1, 0, 2]).untyped
        #expect(throws: KernelFailure.self) { try run(program, [zero, zero], on: device) }
        let ones = NDArray<Int32>([1, 1, 1]).untyped
        #expect(try run(program, [zero, ones], on: device)[0].integers == [1, 0, 2])
    }

    @Test func aChainOfElementwiseWorkIsOneKernel() throws {
        let builder = ProgramBuilder()
        var x = builder.parameter(ArrayType(.float32, [16]))
        let y = builder.parameter(ArrayType(.float32, [16]))
        for index in 0..<200 { x = try builder.binary(index.isMultiple(of: 2) ? .add : .multiply, x, y) }
        let executable = try CPUDevice.shared.compile(builder.finish(results: [x]))
        #expect(executable.kernelCount == 1)
    }

    @Test func whatFollowsAProductBecomesItsEpilogue() throws {
        let builder = ProgramBuilder()
        let x = builder.parameter(ArrayType(.float32, [20, 30]))
        let w = builder.parameter(ArrayType(.float32, [30, 10]))
        let b = builder.parameter(ArrayType(.float32, [10]))
        let sum = try builder.binary(.add, builder.dot(x, w), builder.broadcast(b, to: [20, 10]))
        let zero = try builder.filled(0, ArrayType(.float32, [20, 10]))
        let executable = try CPUDevice.shared.compile(
            builder.finish(results: [try builder.binary(.maximum, sum, zero)]))
        #expect(executable.kernelCount == 1)
        #expect("\(executable)".contains("epilogue of 2 ops"))
    }
}
