import CPU
import Programs
import TestSupport
import Tensors
import Testing

/// Values that lie scattered and are copied for some of those who read them: kernels that run before the copy must not
/// look for it.
@Suite struct DenseCopyTests {
    private func numbers(_ shape: [Int]) -> UntypedArray {
        NDArray<Float>((0..<shape.reduce(1, *)).map { Float(($0 * 7) % 11) }).untyped.reshaped(shape)
    }

    private func expectInterpreted(_ program: Program, _ arguments: [UntypedArray]) throws {
        let expected = try Interpreter.run(program, arguments)
        let actual = try run(program, arguments, on: CPUDevice(threads: 1))
        for (actual, expected) in zip(actual, expected) { #expect(actual.differences(from: expected) == []) }
    }

    @Test func aResultThatEarlierKernelsReadIsCopiedAfterwards() throws {
        let builder = ProgramBuilder(simplifies: false)
        let x = builder.parameter(ArrayType(.float32, [3, 4]))
        let transposed = try builder.transpose(x, [1, 0])
        let sum = try builder.reduce(.sum, builder.unary(.negate, transposed), axes: [0])
        try expectInterpreted(builder.finish(results: [sum, transposed]), [numbers([3, 4])])
    }

    @Test func aConstantThatIsResultAndOperandIsReadWhereItIs() throws {
        let builder = ProgramBuilder(simplifies: false)
        let x = builder.parameter(ArrayType(.float32, [3, 4]))
        let twos = try builder.filled(2, ArrayType(.float32, [3, 4]))
        let product = try builder.binary(.multiply, x, twos)
        try expectInterpreted(builder.finish(results: [product, twos]), [numbers([3, 4])])
    }

    @Test func anOperandOfAPlainKernelIsCopiedForItAlone() throws {
        let builder = ProgramBuilder(simplifies: false)
        let x = builder.parameter(ArrayType(.float32, [3, 4]))
        let transposed = try builder.transpose(x, [1, 0])
        let negated = try builder.unary(.negate, transposed)
        let type = ArrayType(.int32, [3])
        let position = try builder.add(.argReduce(smallest: false, axis: 0), [transposed], type: type)
        let later = try builder.unary(.exponential, transposed)
        let smallest = try builder.add(.argReduce(smallest: true, axis: 0), [transposed], type: type)
        let results = [negated, position, later, smallest]
        let program = builder.finish(results: results)
        let actual = try run(program, [numbers([3, 4])], on: CPUDevice(threads: 1))
        for (actual, expected) in zip(actual, try Interpreter.run(program, [numbers([3, 4])])) {
            #expect(actual.differences(from: expected, tolerance: 1e-6) == [])
        }
    }

    @Test func batchesThatAreRepeatedUnevenlyAreMultiplied() throws {
        let builder = ProgramBuilder(simplifies: false)
        let left = builder.parameter(ArrayType(.float32, [3, 1, 2, 4]))
        let right = builder.parameter(ArrayType(.float32, [2, 4, 3]))
        let product = try builder.dot(
            builder.broadcast(left, to: [3, 2, 2, 4]), builder.broadcast(right, to: [3, 2, 4, 3]))
        try expectInterpreted(builder.finish(results: [product]), [numbers([3, 1, 2, 4]), numbers([2, 4, 3])])
    }
}
