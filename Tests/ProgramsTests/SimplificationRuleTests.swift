import Programs
import TestSupport
import Tensors
import Testing

/// What each rule of the builder leaves of a program.
@Suite struct SimplificationRuleTests {
    private static let matrix = ArrayType(.float32, [2, 3])
    private static let integers = ArrayType(.int32, [2, 3])

    /// The instructions that `build` leaves, those that make arguments and constants first.
    private func instructions(_ build: (ProgramBuilder) throws -> ValueID) throws -> [Instruction] {
        let builder = ProgramBuilder()
        let program = builder.finish(results: [try build(builder)])
        try verify(program)
        return program.steps.map(\.instruction).filter { instruction in
            switch instruction {
            case .parameter, .constant: false
            default: true
            }
        }
    }

    @Test func movesThatDoNothingDisappear() throws {
        let left = try instructions { builder in
            var x = builder.parameter(Self.matrix)
            x = try builder.reshape(x, to: [2, 3])
            x = try builder.transpose(builder.transpose(x, [1, 0]), [1, 0])
            x = try builder.add(.slice(starts: [0, 0], limits: [2, 3], strides: [1, 1]), [x])
            x = try builder.add(.pad(low: [0, 0], high: [0, 0], interior: [0, 0]), [x, builder.scalar(0, .float32)])
            x = try builder.add(.reverse(axes: []), [x])
            x = try builder.add(.concatenate(axis: 0), [x])
            x = try builder.convert(x, to: .float32)
            return try builder.broadcast(x, to: [2, 3], axes: [0, 1])
        }
        #expect(left == [])
    }

    @Test func neutralNumbersDisappear() throws {
        let left = try instructions { builder in
            var x = builder.parameter(Self.matrix)
            x = try builder.binary(.add, x, builder.filled(0, Self.matrix))
            x = try builder.binary(.subtract, x, builder.filled(0, Self.matrix))
            x = try builder.binary(.multiply, builder.filled(1, Self.matrix), x)
            x = try builder.binary(.divide, x, builder.filled(1, Self.matrix))
            return try builder.binary(.power, x, builder.filled(1, Self.matrix))
        }
        #expect(left == [])
    }

    @Test func aZeroTimesAFloatStays() throws {
        let left = try instructions { builder in
            try builder.binary(.multiply, builder.parameter(Self.matrix), builder.filled(0, Self.matrix))
        }
        #expect(left.contains(.binary(.multiply)))
        let ofIntegers = try instructions { builder in
            try builder.binary(.multiply, builder.parameter(Self.integers), builder.filled(0, Self.integers))
        }
        #expect(!ofIntegers.contains(.binary(.multiply)))
    }

    @Test func aDivisionByAPowerOfTwoBecomesAProduct() throws {
        func division(by number: Double) throws -> [Instruction] {
            try instructions { builder in
                try builder.binary(.divide, builder.parameter(Self.matrix), builder.filled(number, Self.matrix))
            }
        }
        #expect(try division(by: 64).contains(.binary(.multiply)))
        #expect(try division(by: 3).contains(.binary(.divide)))
        #expect(try division(by: 0x1p127).contains(.binary(.divide)))
    }

    @Test func aTransposeOfTheLastTwoDimensionsBecomesAFlag() throws {
        let left = try instructions { builder in
            let (x, y) = (
                builder.parameter(ArrayType(.float32, [5, 2, 3])), builder.parameter(ArrayType(.float32, [5, 2, 4]))
            )
            return try builder.dot(builder.transpose(x, [0, 2, 1]), y)
        }
        #expect(left == [.dot(transposeLeft: true, transposeRight: false)])
        let both = try instructions { builder in
            let (x, y) = (
                builder.parameter(ArrayType(.float32, [2, 3])), builder.parameter(ArrayType(.float32, [3, 4]))
            )
            return try builder.dot(
                builder.transpose(x, [1, 0]), builder.transpose(y, [1, 0]), transposeLeft: true, transposeRight: true)
        }
        #expect(both == [.dot(transposeLeft: false, transposeRight: false)])
    }

    @Test func otherTransposesStayBesideAProduct() throws {
        let left = try instructions { builder in
            let (x, y) = (
                builder.parameter(ArrayType(.float32, [2, 5, 3])), builder.parameter(ArrayType(.float32, [5, 3, 4]))
            )
            return try builder.dot(builder.transpose(x, [1, 0, 2]), y)
        }
        #expect(left == [.transpose(permutation: [1, 0, 2]), .dot(transposeLeft: false, transposeRight: false)])
    }

    @Test func theSumOfABroadcastIsAProduct() throws {
        let left = try instructions { builder in
            let x = builder.parameter(ArrayType(.float32, [10]))
            return try builder.reduce(.sum, builder.broadcast(x, to: [64, 10]), axes: [0])
        }
        #expect(left == [.broadcast(axes: []), .binary(.multiply)])
        let ofConstant = try instructions { builder in
            try builder.reduce(.sum, builder.filled(2, ArrayType(.float32, [64, 3])), axes: [0, 1])
        }
        #expect(ofConstant == [])
    }

    @Test func theMaximumOfABroadcastIsItsOperands() throws {
        let left = try instructions { builder in
            let x = builder.parameter(ArrayType(.float32, [3, 4]))
            return try builder.reduce(.maximum, builder.broadcast(x, to: [64, 3, 4]), axes: [0, 2])
        }
        #expect(left == [.reduce(.maximum, axes: [1])])
    }

    @Test func aProductOfFillingConstantsIsAFillingConstant() throws {
        let type = ArrayType(.float32, [1000])
        let left = try instructions { builder in
            let scale = try builder.binary(.multiply, builder.filled(0.5, type), builder.filled(3, type))
            return try builder.compare(.less, scale, builder.filled(2, type))
        }
        #expect(left == [.broadcast(axes: [])])
    }

    @Test func elementwiseWorkSinksBelowBroadcasts() throws {
        let left = try instructions { builder in
            let rate = builder.parameter(ArrayType(.float32, []))
            return try builder.unary(.sqrt, builder.broadcast(rate, to: [10, 20]))
        }
        #expect(left == [.unary(.sqrt), .broadcast(axes: [])])
    }

    @Test func movesOfARepeatedNumberAreItsRepetition() throws {
        let left = try instructions { builder in
            var x = try builder.broadcast(builder.parameter(ArrayType(.float32, [])), to: [4, 6])
            x = try builder.transpose(x, [1, 0])
            x = try builder.reshape(x, to: [2, 3, 4])
            x = try builder.add(.slice(starts: [0, 1, 0], limits: [2, 2, 4], strides: [1, 1, 2]), [x])
            return try builder.add(.reverse(axes: [0]), [x])
        }
        #expect(left == [.broadcast(axes: [])])
    }

    @Test func aTransposeOfSizeOneDimensionsIsAReshape() throws {
        let left = try instructions { builder in
            try builder.transpose(builder.parameter(ArrayType(.float32, [1, 5])), [1, 0])
        }
        #expect(left == [.reshape])
    }

    @Test func aSelectionByAUniformPredicateIsOneSide() throws {
        for value in [0.0, 1.0] {
            let builder = ProgramBuilder()
            let (x, y) = (builder.parameter(Self.matrix), builder.parameter(Self.matrix))
            let predicate = try builder.filled(value, ArrayType(.bool, Self.matrix.shape))
            #expect(try builder.select(predicate, x, y) == (value == 1 ? x : y))
            #expect(try builder.select(builder.parameter(ArrayType(.bool, [2, 3])), x, x) == x)
        }
    }

    /// dtypes of a chain of conversions, and whether the one in the middle may go.
    @Test(arguments: [
        (DType.int8, DType.int32, DType.float32, true), (.float32, .float64, .float32, true),
        (.bool, .float32, .int8, true), (.int32, .float32, .int32, false), (.int32, .float64, .int8, false),
        (.int32, .float64, .int64, true), (.uint8, .int8, .int32, false), (.uint32, .int64, .uint8, true),
        (.float64, .float32, .float64, false), (.int64, .float64, .float32, false), (.uint64, .int64, .float32, false),
    ])
    func conversionsByWayOfAWiderTypeAreOne(first: DType, middle: DType, last: DType, isOne: Bool) throws {
        let left = try instructions { builder in
            let x = builder.parameter(ArrayType(first, [4]))
            return try builder.convert(builder.convert(x, to: middle), to: last)
        }
        #expect(left.count == (isOne ? (first == last ? 0 : 1) : 2))
    }

    @Test func aNegatedComparisonOfFloatsKeepsNaNFalse() throws {
        func negated(_ comparison: Comparison, _ dtype: DType) throws -> [Instruction] {
            try instructions { builder in
                let (x, y) = (builder.parameter(ArrayType(dtype, [4])), builder.parameter(ArrayType(dtype, [4])))
                return try builder.unary(.not, builder.compare(comparison, x, y))
            }
        }
        #expect(try negated(.less, .float32) == [.compare(.less), .unary(.not)])
        #expect(try negated(.equal, .float32) == [.compare(.notEqual)])
        #expect(try negated(.less, .int32) == [.compare(.greaterOrEqual)])
    }

    @Test func equalInstructionsAreBuiltOnce() throws {
        let builder = ProgramBuilder()
        let (x, y) = (builder.parameter(Self.matrix), builder.parameter(Self.matrix))
        #expect(try builder.binary(.add, x, y) == builder.binary(.add, y, x))
        #expect(try builder.binary(.subtract, x, y) != builder.binary(.subtract, y, x))
        #expect(builder.scalar(2, .float32) == builder.scalar(2, .float32))
        #expect(builder.scalar(0, .float32) != builder.scalar(-0.0, .float32))
    }

    @Test func aDivisionByZeroIsNotFolded() throws {
        let left = try instructions { builder in
            try builder.binary(.divide, builder.scalar(1, .int32), builder.scalar(0, .int32))
        }
        #expect(left == [.binary(.divide)])
    }

    // MARK: - Gradients of pools

    private static let image = ArrayType(.float32, [2, 4, 6, 3])
    private static let pool = [
        WindowAxis(), WindowAxis(size: 2, stride: 2), WindowAxis(size: 3, stride: 3), WindowAxis(),
    ]

    /// A program that scatters into an image, with and without rules, and what both give.
    private func scattering(
        _ windows: [WindowAxis], _ build: (ProgramBuilder, _ x: ValueID, _ scattered: ValueID) throws -> [ValueID]
    ) throws -> Program {
        let programs = try [true, false].map { simplifies in
            let builder = ProgramBuilder(simplifies: simplifies)
            let x = builder.parameter(Self.image)
            let positions = try #require(windows.positions(over: Self.image.shape))
            let source = builder.parameter(ArrayType(.float32, positions))
            let results = try build(builder, x, builder.add(.selectAndScatter(windows), [x, source]))
            return builder.finish(results: results)
        }
        try verify(programs[0])
        let arguments = programs[0].parameters.enumerated().map { index, type in
            NDArray<Float>(randomNormal: type.shape, standardDeviation: 1, seed: UInt64(index)).untyped
        }
        let results = try programs.map { try Interpreter.run($0, arguments) }
        for (one, other) in zip(results[0], results[1]) {
            #expect(one.differences(from: other, tolerance: 1e-6).isEmpty)
        }
        return programs[0]
    }

    private func selectCount(_ program: Program, _ shape: [Int]) -> Int {
        program.steps.count { $0.instruction == .select && $0.type.shape == shape }
    }

    @Test func aRectifierBeforeAPoolChoosesAmongWhatIsScattered() throws {
        func rectified(_ builder: ProgramBuilder, _ x: ValueID, _ scattered: ValueID) throws -> ValueID {
            let zeros = try builder.filled(0, Self.image)
            return try builder.select(builder.compare(.greater, x, zeros), scattered, zeros)
        }
        let small = try scattering(Self.pool) { builder, x, scattered in
            [try builder.reduceWindow(.maximum, x, Self.pool), try rectified(builder, x, scattered)]
        }
        #expect(selectCount(small, Self.image.shape) == 0 && selectCount(small, [2, 2, 2, 3]) == 1)
        // Without the pool's result it would have to be made for this.
        let alone = try scattering(Self.pool) { builder, x, scattered in [try rectified(builder, x, scattered)] }
        #expect(selectCount(alone, Self.image.shape) == 1)
        let overlapping = [WindowAxis(), WindowAxis(size: 3, low: 1, high: 1), WindowAxis(size: 2), WindowAxis()]
        let other = try scattering(overlapping) { builder, x, scattered in
            [try builder.reduceWindow(.maximum, x, overlapping), try rectified(builder, x, scattered)]
        }
        #expect(selectCount(other, Self.image.shape) == 0)
    }

    @Test func aSumOfScatteredValuesIsTheirSum() throws {
        func scatters(_ program: Program) -> Bool {
            program.pruned().steps.contains {
                if case .selectAndScatter = $0.instruction { true } else { false }
            }
        }
        #expect(try !scatters(scattering(Self.pool) { [try $0.reduce(.sum, $2, axes: [0, 1, 2])] }))
        #expect(try !scatters(scattering(Self.pool) { [try $0.reduce(.sum, $2, axes: [1, 2])] }))
        let padded = [WindowAxis(), WindowAxis(size: 3, low: 1, high: 1), WindowAxis(size: 2, stride: 2), WindowAxis()]
        #expect(try !scatters(scattering(padded) { [try $0.reduce(.sum, $2, axes: [1, 2])] }))
        // Sums along one of the dimensions are others, and so are largest values.
        #expect(try scatters(scattering(Self.pool) { [try $0.reduce(.sum, $2, axes: [0, 1])] }))
        #expect(try scatters(scattering(Self.pool) { [try $0.reduce(.maximum, $2, axes: [0, 1, 2])] }))
        // The first window of these lies outside altogether.
        let outside = [WindowAxis(), WindowAxis(size: 2, low: 2), WindowAxis(), WindowAxis()]
        #expect(try scatters(scattering(outside) { [try $0.reduce(.sum, $2, axes: [0, 1, 2])] }))
    }
}
