// Convolutions and sliding windows on the CPU against the interpreter: random windows, groups and layouts.

import CPU
import Programs
import Tensors
import TestSupport
import Testing

@Suite struct WindowTests {
    private static let devices =
        InstructionSet.available.map { CPUDevice(threads: 1, instructionSet: $0) } + [CPUDevice(threads: 3)]

    private func check(_ program: Program, seed: UInt64, tolerance: Double) throws {
        var random = RandomStream(seed: seed, stream: 2)
        let arguments = program.parameters.map { type in
            let numbers = (0..<type.count).map { _ in Float(Int.random(in: -8...8, using: &random)) / 4 }
            let flat = NDArray(numbers).untyped.reshaped(type.shape)
            return type.dtype == .float32
                ? flat : Interpreter.evaluate(.convert, [flat], type) ?? flat
        }
        try expectSame(program, arguments, on: Self.devices, tolerance: tolerance, "seed \(seed)")
    }

    @Test(arguments: 0..<60) func convolutionsAgreeWithTheInterpreter(seed: UInt64) throws {
        var random = RandomStream(seed: seed, stream: 1)
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        let dtype = [DType.float32, .float32, .float32, .float64, .int32, .int64, .uint8][below(7)]
        let rank = 1 + below(3)
        let axes = (0..<rank).map { _ in random.windowAxis(isConvolution: true) }
        var window = ConvolutionWindow(axes: axes)
        // Extents around those of tiles and vectors; now and then none.
        func extent(_ most: Int) -> Int { below(20) == 0 ? 0 : 1 + below(most) }
        var (batch, features, results) = (extent(4), extent(40), extent(70))
        switch below(4) {
        case 0:
            window.featureGroups = below(2) == 0 ? max(1, features) : 1 + below(3)
            features = window.featureGroups * (window.featureGroups == features ? 1 : 1 + below(4))
            results = window.featureGroups * (1 + below(3))
        case 1:
            window.batchGroups = 1 + below(40)
            batch = window.batchGroups * (1 + below(2))
            results = window.batchGroups * (1 + below(2))
            features = 1 + below(3)
        default: break
        }
        let space = (0..<rank).map { _ in extent(rank == 1 ? 30 : 7) }
        // Operands as views of other layouts, as transposed lowerings give them.
        let builder = ProgramBuilder(simplifies: false)
        func operand(_ shape: [Int]) throws -> ValueID {
            guard below(2) == 0 else { return builder.parameter(ArrayType(dtype, shape)) }
            let permutation = Array(shape.indices).shuffled(using: &random)
            var stored = shape
            for (axis, source) in permutation.enumerated() { stored[source] = shape[axis] }
            var value = builder.parameter(ArrayType(dtype, stored))
            value = try builder.transpose(value, permutation)
            return below(3) == 0 ? try builder.add(.reverse(axes: [0]), [value]) : value
        }
        let input = try operand([batch] + space + [features])
        let kernel = try operand(axes.map(\.size) + [features / window.featureGroups, results])
        let product = try builder.convolution(input, kernel, window)
        // What an epilogue does, and what cannot be in one.
        let shape = builder.shape(of: product)
        let bias = builder.parameter(ArrayType(dtype, [results]))
        let biased = try builder.binary(
            .add, product, builder.broadcast(bias, to: shape, axes: [rank + 1]))
        let zero = try builder.filled(0, ArrayType(dtype, shape))
        let active = try builder.binary(.maximum, biased, zero)
        let scale = builder.parameter(ArrayType(dtype, [shape[1]]))
        let scaled = try builder.binary(.multiply, active, builder.broadcast(scale, to: shape, axes: [1]))
        var values = [active, scaled]
        if below(3) == 0 { values.append(product) }
        values.append(try builder.transpose(product, Array(shape.indices.reversed())))
        try check(builder.finish(results: values), seed: seed, tolerance: dtype.isFloating ? 1e-5 : 0)
    }

    @Test(arguments: 0..<60) func windowsAgreeWithTheInterpreter(seed: UInt64) throws {
        var random = RandomStream(seed: seed, stream: 1)
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        let dtype = DType.all[below(DType.all.count)]
        let rank = 1 + below(4)
        let isScatter = dtype.isNumeric && below(2) == 0
        let shape = (0..<rank).map { _ in below(20) == 0 ? 0 : 1 + below(rank == 1 ? 200 : 12) }
        let axes = shape.map { _ in
            below(3) == 0 ? WindowAxis() : random.windowAxis(isConvolution: false, isPlain: isScatter)
        }
        let builder = ProgramBuilder(simplifies: false)
        let operand = builder.parameter(ArrayType(dtype, shape))
        let value: ValueID
        if isScatter {
            let positions = try #require(axes.positions(over: shape))
            let source = builder.parameter(ArrayType(dtype, positions))
            value = try builder.add(.selectAndScatter(axes), [operand, source])
        } else {
            let reducers = Reducer.allCases.filter { $0.accepts(dtype) }
            value = try builder.reduceWindow(reducers[below(reducers.count)], operand, axes)
        }
        try check(builder.finish(results: [value]), seed: seed, tolerance: dtype.isFloating ? 1e-5 : 0)
    }

    /// Windows that lie inside, side by side or with gaps, as most pools have them: they go by rows.
    @Test(arguments: 0..<40) func windowsThatLieInsideAgreeWithTheInterpreter(seed: UInt64) throws {
        var random = RandomStream(seed: seed, stream: 2)
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        let dtype = DType.all.filter(\.isNumeric)[Int(seed) % DType.all.filter(\.isNumeric).count]
        let builder = ProgramBuilder(simplifies: false)
        var (axes, shape) = ([WindowAxis()], [1 + below(4)])
        for _ in 0..<(1 + below(2)) {
            let size = 1 + below(3), stride = size + below(2), positions = 1 + below(5)
            axes.append(WindowAxis(size: size, stride: stride))
            shape.append((positions - 1) * stride + size + below(stride))
        }
        axes.append(WindowAxis())
        shape.append([1, 3, 16, 33, 70][below(5)])
        let operand = builder.parameter(ArrayType(dtype, shape))
        let source = builder.parameter(ArrayType(dtype, try #require(axes.positions(over: shape))))
        let program = builder.finish(results: [
            try builder.add(.selectAndScatter(axes), [operand, source]),
            try builder.reduceWindow(.maximum, operand, axes), try builder.reduceWindow(.sum, operand, axes),
        ])
        try check(program, seed: seed, tolerance: dtype.isFloating ? 1e-5 : 0)
    }

    @Test func windowsOfManyElementsNumberThemRight() throws {
        // More elements than the bits of a narrow integer can number.
        let builder = ProgramBuilder(simplifies: false)
        let operand = builder.parameter(ArrayType(.uint8, [700]))
        let source = builder.parameter(ArrayType(.uint8, [101]))
        let value = try builder.add(.selectAndScatter([WindowAxis(size: 600)]), [operand, source])
        try check(builder.finish(results: [value]), seed: 1, tolerance: 0)
    }

    @Test func resultsDoNotDependOnTheNumberOfThreads() throws {
        let builder = ProgramBuilder()
        let image = builder.parameter(ArrayType(.float32, [5, 20, 20, 24]))
        let kernel = builder.parameter(ArrayType(.float32, [3, 3, 24, 40]))
        let window = ConvolutionWindow(axes: [WindowAxis(size: 3, low: 1, high: 1), WindowAxis(size: 3)])
        let product = try builder.convolution(image, kernel, window)
        let pool = [WindowAxis(), WindowAxis(size: 3, stride: 2), WindowAxis(size: 2, stride: 2), WindowAxis()]
        let pooled = try builder.reduceWindow(.sum, product, pool)
        let scattered = try builder.add(.selectAndScatter(pool), [product, pooled])
        // The gradient of the kernel.
        let gradient = try builder.convolution(
            builder.transpose(image, [3, 1, 2, 0]), builder.transpose(scattered, [1, 2, 0, 3]),
            ConvolutionWindow(axes: [WindowAxis(size: 20, low: 1, high: 1), WindowAxis(size: 18)]))
        let program = builder.finish(results: [product, pooled, scattered, gradient])
        let arguments = program.parameters.enumerated().map { index, type in
            NDArray<Float>(randomNormal: type.shape, seed: UInt64(index)).untyped
        }
        let single = try run(program, arguments, on: CPUDevice(threads: 1))
        for threads in 2...4 {
            for (one, other) in zip(single, try run(program, arguments, on: CPUDevice(threads: threads))) {
                let differences = other.differences(from: one, tolerance: 0)
                #expect(differences.isEmpty, "\(threads) threads: \(differences.prefix(3))")
            }
        }
    }

    @Test func biasAndActivationAreAConvolutionsEpilogue() throws {
        let builder = ProgramBuilder()
        let x = builder.parameter(ArrayType(.float32, [2, 8, 8, 3]))
        let w = builder.parameter(ArrayType(.float32, [3, 3, 3, 10]))
        let b = builder.parameter(ArrayType(.float32, [10]))
        let product = try builder.convolution(
            x, w, ConvolutionWindow(axes: [WindowAxis(size: 3), WindowAxis(size: 3)]))
        let shape = builder.shape(of: product)
        let sum = try builder.binary(.add, product, builder.broadcast(b, to: shape))
        let zero = try builder.filled(0, ArrayType(.float32, shape))
        let executable = try CPUDevice.shared.compile(
            builder.finish(results: [try builder.binary(.maximum, sum, zero)]))
        #expect(executable.kernelCount == 1)
        #expect("\(executable)".contains("epilogue of 2 ops"))
    }
}
