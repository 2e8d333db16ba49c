import Programs
import Tensors
import Testing

/// The interpreter against values known from elsewhere.
@Suite struct InterpreterTests {
    private func evaluate<Scalar: TensorElement>(
        _ instruction: Instruction, _ operands: [UntypedArray], _ shape: [Int], as type: Scalar.Type
    ) -> [Scalar]? {
        Interpreter.evaluate(instruction, operands, ArrayType(Scalar.dtype, shape))?.withElements(of: type, Array.init)
    }

    private func binary<Scalar: TensorElement>(_ function: BinaryFunction, _ x: Scalar, _ y: Scalar) -> Scalar? {
        evaluate(.binary(function), [NDArray(x).untyped, NDArray(y).untyped], [], as: Scalar.self)?.first
    }

    @Test func integersWrapAround() {
        #expect(binary(.add, Int8.max, 1) == .min)
        #expect(binary(.multiply, UInt8(200), 2) == 144)
        #expect(binary(.subtract, UInt32(0), 1) == .max)
        #expect(evaluate(.unary(.negate), [NDArray(Int64.min).untyped], [], as: Int64.self) == [.min])
        #expect(evaluate(.unary(.abs), [NDArray(Int16.min).untyped], [], as: Int16.self) == [.min])
    }

    @Test func integerDivisionTruncates() {
        #expect(binary(.divide, Int32(-7), 2) == -3)
        #expect(binary(.remainder, Int32(-7), 2) == -1)
        #expect(binary(.divide, Int32.min, -1) == .min)
        #expect(binary(.remainder, Int32.min, -1) == 0)
        #expect(binary(.divide, Int32(1), 0) == nil)
        #expect(binary(.remainder, UInt8(1), 0) == nil)
    }

    @Test func integerPowersWrapAround() {
        #expect(binary(.power, Int32(3), 4) == 81)
        #expect(binary(.power, Int32(-2), 31) == .min)
        #expect(binary(.power, Int64(3), 100) == -2_984_622_845_537_545_263)
        #expect(binary(.power, Int32(0), 0) == 1)
        #expect(binary(.power, Int32(-1), -3) == -1)
        #expect(binary(.power, Int32(2), -1) == 0)
        #expect(binary(.power, UInt8(3), .max) == 171)
    }

    @Test func extremesPropagateNaN() {
        #expect(binary(.maximum, Float.nan, 1)?.isNaN == true)
        #expect(binary(.minimum, 1, Double.nan)?.isNaN == true)
        let numbers = NDArray<Float>([1, .nan, 3]).untyped
        #expect(evaluate(.reduce(.maximum, axes: [0]), [numbers], [], as: Float.self)?[0].isNaN == true)
        #expect(evaluate(.unary(.sign), [numbers], [3], as: Float.self)?[1].isNaN == true)
    }

    @Test func conversionsTruncateAndSaturate() {
        let numbers = NDArray<Float>([.nan, .infinity, -.infinity, 2.9, -2.9, 300, -0.5]).untyped
        #expect(evaluate(.convert, [numbers], [7], as: Int8.self) == [0, 127, -128, 2, -2, 127, 0])
        #expect(evaluate(.convert, [numbers], [7], as: UInt8.self) == [0, 255, 0, 2, 0, 255, 0])
        #expect(
            evaluate(.convert, [numbers], [7], as: Int64.self) == [0, .max, .min, 2, -2, 300, 0])
        #expect(evaluate(.convert, [numbers], [7], as: Bool.self) == Array(repeating: true, count: 7))
        #expect(evaluate(.convert, [NDArray<Int32>([300, -1]).untyped], [2], as: UInt8.self) == [44, 255])
    }

    @Test func roundingIsToTheNearestEvenNumber() {
        let numbers = NDArray<Double>([0.5, 1.5, 2.5, -0.5, -1.5]).untyped
        #expect(evaluate(.unary(.roundNearestEven), [numbers], [5], as: Double.self) == [0, 2, 2, 0, -2])
        #expect(binary(.remainder, -7.5, 2.0) == -1.5)
    }

    @Test func theFirstOfEqualExtremesIsFoundAndNaNWins() {
        func position(_ numbers: [Float], smallest: Bool) -> Int32? {
            evaluate(.argReduce(smallest: smallest, axis: 0), [NDArray(numbers).untyped], [], as: Int32.self)?.first
        }
        #expect(position([1, 3, 3, 2], smallest: false) == 1)
        #expect(position([1, 3, 1, 2], smallest: true) == 0)
        #expect(position([1, .nan, .infinity, .nan], smallest: false) == 1)
        #expect(position([1, .nan, -.infinity], smallest: true) == 1)
        #expect(position([], smallest: false) == 0)
    }

    @Test func indicesOutOfRangeFail() {
        let params = NDArray<Float>([1, 2, 3]).untyped
        func gather(_ index: Int32) -> [Float]? {
            evaluate(.gather(axis: 0), [params, NDArray(index).untyped], [], as: Float.self)
        }
        #expect(gather(2) == [3])
        #expect(gather(3) == nil)
        #expect(gather(-1) == nil)
        func scatter(_ indices: [Int64]) -> [Float]? {
            evaluate(.scatterAdd(axis: 0, range: 2), [params, NDArray(indices).untyped], [2], as: Float.self)
        }
        #expect(scatter([1, -1, 1]) == [0, 4])
        #expect(scatter([.min, 0, 0]) == [5, 0])
        #expect(scatter([0, 1, 2]) == nil)
    }

    @Test func badArgumentsAndDataAreErrors() throws {
        let builder = ProgramBuilder()
        let x = builder.parameter(ArrayType(.int32, []))
        let program = builder.finish(results: [try builder.binary(.divide, builder.scalar(7, .int32), x)])
        #expect(try Interpreter.run(program, [NDArray<Int32>(2).untyped])[0].integers == [3])
        #expect(throws: InterpreterError.self) { try Interpreter.run(program, [NDArray<Int32>(0).untyped]) }
        #expect(throws: InterpreterError.self) { try Interpreter.run(program, [NDArray<Float>(1).untyped]) }
        #expect(throws: InterpreterError.self) { try Interpreter.run(program, []) }
    }

    @Test func operandsOfTheWrongTypeHaveNoValue() {
        let (x, y) = (NDArray<Float>([1, 2]).untyped, NDArray<Int32>([1, 2]).untyped)
        #expect(Interpreter.evaluate(.binary(.add), [x, y], ArrayType(.float32, [2])) == nil)
        #expect(Interpreter.evaluate(.binary(.add), [x, x], ArrayType(.float32, [3])) == nil)
        #expect(Interpreter.evaluate(.parameter(0), [], ArrayType(.float32, [2])) == nil)
        #expect(Interpreter.evaluate(.constant(0), [], ArrayType(.float32, [2])) == nil)
    }
}
