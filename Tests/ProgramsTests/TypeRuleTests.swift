import Programs
import Tensors
import Testing

/// What the type rules refuse.
@Suite struct TypeRuleTests {
    struct Refusal: Sendable, CustomStringConvertible {
        let instruction: Instruction
        let operands: [ArrayType]
        var declared: ArrayType?

        init(_ instruction: Instruction, _ operands: [ArrayType], declared: ArrayType? = nil) {
            self.instruction = instruction
            self.operands = operands
            self.declared = declared
        }

        var description: String { "\(instruction) of \(operands)" }
    }

    private static func f32(_ shape: Int...) -> ArrayType { ArrayType(.float32, shape) }
    private static func i32(_ shape: Int...) -> ArrayType { ArrayType(.int32, shape) }
    private static func bool(_ shape: Int...) -> ArrayType { ArrayType(.bool, shape) }
    private static let huge = Int.max / 2

    static let refusals: [Refusal] = elementwise + moves + sums

    private static let elementwise: [Refusal] = [
        Refusal(.parameter(0), []),
        Refusal(.parameter(0), [f32(1)], declared: f32(1)),
        Refusal(.parameter(0), [], declared: ArrayType(.resource, [])),
        Refusal(.parameter(0), [], declared: f32(-1)),
        Refusal(.parameter(0), [], declared: f32(huge, huge)),
        Refusal(.iota(axis: 1), [], declared: f32(3)),
        Refusal(.iota(axis: 0), [], declared: bool(3)),
        Refusal(.iota(axis: 0), []),
        Refusal(.unary(.negate), []),
        Refusal(.unary(.negate), [bool(1)]),
        Refusal(.unary(.not), [f32(1)]),
        Refusal(.unary(.tanh), [i32(1)]),
        Refusal(.binary(.add), [f32(1)]),
        Refusal(.binary(.add), [f32(1), f32(2)]),
        Refusal(.binary(.add), [f32(1), i32(1)]),
        Refusal(.binary(.add), [bool(1), bool(1)]),
        Refusal(.binary(.and), [f32(1), f32(1)]),
        Refusal(.binary(.atan2), [i32(1), i32(1)]),
        Refusal(.compare(.less), [f32(1), i32(1)]),
        Refusal(.select, [f32(1), f32(1), f32(1)]),
        Refusal(.select, [bool(), f32(1), f32(1)]),
        Refusal(.select, [bool(1), f32(1), i32(1)]),
        Refusal(.convert, [f32(2)], declared: i32(3)),
        Refusal(.convert, [f32(2)], declared: ArrayType(.resource, [2])),
        Refusal(.convert, [f32(2)]),
    ]

    private static let moves: [Refusal] = [
        Refusal(.broadcast(axes: [0]), [f32(2)], declared: f32(3)),
        Refusal(.broadcast(axes: [1]), [f32(2)], declared: f32(2)),
        Refusal(.broadcast(axes: [1, 0]), [f32(2, 3)], declared: f32(3, 2)),
        Refusal(.broadcast(axes: []), [f32(2)], declared: f32(2)),
        Refusal(.broadcast(axes: [0]), [f32(2)], declared: i32(2)),
        Refusal(.broadcast(axes: []), [f32()], declared: f32(huge, 3)),
        Refusal(.reshape, [f32(2, 3)], declared: f32(5)),
        Refusal(.reshape, [f32(2, 3)], declared: i32(6)),
        Refusal(.reshape, [f32(0)], declared: f32(-1, 0)),
        Refusal(.transpose(permutation: [0, 0]), [f32(2, 3)]),
        Refusal(.transpose(permutation: [0]), [f32(2, 3)]),
        Refusal(.slice(starts: [0], limits: [3], strides: [1]), [f32(2)]),
        Refusal(.slice(starts: [2], limits: [1], strides: [1]), [f32(2)]),
        Refusal(.slice(starts: [-1], limits: [1], strides: [1]), [f32(2)]),
        Refusal(.slice(starts: [0], limits: [1], strides: [0]), [f32(2)]),
        Refusal(.slice(starts: [], limits: [], strides: []), [f32(2)]),
        Refusal(.pad(low: [-1], high: [0], interior: [0]), [f32(2), f32()]),
        Refusal(.pad(low: [0], high: [0], interior: [-1]), [f32(2), f32()]),
        Refusal(.pad(low: [0], high: [0], interior: [0]), [f32(2), f32(1)]),
        Refusal(.pad(low: [huge], high: [huge], interior: [huge]), [f32(3), f32()]),
        Refusal(.concatenate(axis: 0), []),
        Refusal(.concatenate(axis: 1), [f32(2), f32(2)]),
        Refusal(.concatenate(axis: 0), [f32(2, 3), f32(2, 4)]),
        Refusal(.concatenate(axis: 0), [f32(2), f32(2, 1)]),
        Refusal(.concatenate(axis: 1), [f32(0, huge), f32(0, huge), f32(0, huge)]),
        Refusal(.reverse(axes: [1]), [f32(2)]),
        Refusal(.reverse(axes: [0, 0]), [f32(2)]),
    ]

    private static let sums: [Refusal] = [
        Refusal(.dot(transposeLeft: false, transposeRight: false), [f32(2, 3), f32(2, 3)]),
        Refusal(.dot(transposeLeft: false, transposeRight: false), [f32(3), f32(3)]),
        Refusal(.dot(transposeLeft: false, transposeRight: false), [f32(4, 2, 3), f32(5, 3, 2)]),
        Refusal(.dot(transposeLeft: false, transposeRight: false), [bool(2, 2), bool(2, 2)]),
        Refusal(.dot(transposeLeft: true, transposeRight: false), [f32(2, 3), f32(3, 2)]),
        Refusal(.reduce(.sum, axes: [2]), [f32(2, 3)]),
        Refusal(.reduce(.sum, axes: [0, 0]), [f32(2, 3)]),
        Refusal(.reduce(.sum, axes: [0]), [bool(2)]),
        Refusal(.reduce(.or, axes: [0]), [f32(2)]),
        Refusal(.argReduce(smallest: false, axis: 1), [f32(2)], declared: i32()),
        Refusal(.argSort(axis: 1, descending: false, count: 1), [f32(2)]),
        Refusal(.argSort(axis: 0, descending: false, count: 3), [f32(2)]),
        Refusal(.argSort(axis: 0, descending: false, count: -1), [f32(2)]),
        Refusal(.argSort(axis: 0, descending: false, count: 1), [ArrayType(.bool, [2])]),
        Refusal(.argReduce(smallest: false, axis: 0), [f32(2)], declared: f32()),
        Refusal(.argReduce(smallest: false, axis: 0), [f32(2, 3)], declared: i32(2)),
        Refusal(.gather(axis: 1), [f32(2), i32()]),
        Refusal(.gather(axis: 0), [f32(2), f32()]),
        Refusal(.scatterAdd(axis: 0, range: -1), [f32(2), i32(2)]),
        Refusal(.scatterAdd(axis: 0, range: 3), [f32(2), i32(3)]),
        Refusal(.scatterAdd(axis: 0, range: 3), [bool(2), i32(2)]),
        Refusal(.random(.normal), [f32(4)], declared: f32(2)),
        Refusal(.random(.normal), [ArrayType(.uint64, [4])], declared: i32(2)),
        Refusal(.random(.uniformInteger), [ArrayType(.uint64, [4])], declared: i32(2)),
        Refusal(.random(.uniformInteger), [ArrayType(.uint64, [4]), i32(), f32()], declared: i32(2)),
    ]

    @Test(arguments: refusals)
    func badOperandsAreRefused(refusal: Refusal) {
        #expect(throws: InvalidProgram.self) {
            try refusal.instruction.resultType(of: refusal.operands, declared: refusal.declared)
        }
    }

    @Test(arguments: DType.all)
    func theInterpretersResultsHaveTheRuledTypes(dtype: DType) throws {
        for sample in instructionSamples(dtype) {
            let operands = sample.operands.map { ArrayType($0.dtype, $0.shape) }
            let ruled = try sample.instruction.resultType(of: operands, declared: sample.type)
            #expect(ruled == sample.type, "\(sample)")
            let result = try #require(Interpreter.evaluate(sample.instruction, sample.operands, ruled), "\(sample)")
            #expect(ArrayType(result.dtype, result.shape) == ruled, "\(sample)")
        }
    }
}
