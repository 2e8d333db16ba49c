import Tensors
import Testing

@Suite struct ElementTests {
    @Test func conversionsFromDoubleTruncateAndSaturate() {
        #expect(Int8(clamping: 127.9) == 127)
        #expect(Int8(clamping: 128) == 127)
        #expect(Int8(clamping: -129) == -128)
        #expect(Int8(clamping: -1.9) == -1)
        #expect(UInt8(clamping: -0.5) == 0)
        #expect(UInt8(clamping: -1) == 0)
        #expect(UInt64(clamping: 1e30) == .max)
        #expect(Int64(clamping: -1e30) == .min)
        #expect(Int64(clamping: 0x1p63) == .max)
        #expect(Int32(clamping: .nan) == 0)
        #expect(Int32(clamping: .infinity) == .max)
        #expect(Int32(clamping: -.infinity) == .min)
        #expect(Float(clamping: 1e300) == .infinity)
        #expect(Float(clamping: .nan).isNaN)
    }

    @Test(arguments: DType.all)
    func aScalarOfEachTypeHoldsItsNumber(dtype: DType) {
        #expect(UntypedArray(scalar: 1, dtype: dtype).doubles == [1])
        #expect(UntypedArray(scalar: 0, dtype: dtype).scalarAsDouble == 0)
        #expect(UntypedArray(scalar: 1, dtype: dtype).dtype == dtype)
        #expect(UntypedArray(scalar: 1, dtype: dtype).byteCount == dtype.byteCount)
        let limited = UntypedArray(scalar: -1, dtype: dtype).scalarAsDouble
        #expect(limited == (dtype.isSigned ? -1 : (dtype == .bool ? 1 : 0)))
    }

    @Test func typesHaveTensorFlowsNamesAndNumbers() {
        #expect(DType.all.count == 11)
        #expect(DType.float32.description == "float32")
        #expect(DType.uint64.tensorFlowNumber == 23)
        #expect(DType.bool.tensorFlowNumber == 10)
        #expect(Set(DType.all.map(\.tensorFlowNumber)).count == 11)
        #expect(DType.resource.elementType == nil)
    }

    @Test(arguments: DType.all)
    func theSwiftTypeOfEachTypeNamesItBack(dtype: DType) {
        #expect(dtype.elementType?.dtype == dtype)
        #expect((dtype.numericType != nil) == dtype.isNumeric)
    }

    @Test func indicesAreReadAsIntegers() {
        #expect(UntypedArray(integers: [1, -2]).integers == [1, -2])
        #expect(UntypedArray(integers: [1, -2], dtype: .int64).integers == [1, -2])
        #expect(UntypedArray(integers: [.max]).integers == [Int(Int32.max)])
        #expect(NDArray<Float>([1]).untyped.integers == nil)
    }

    @Test func uniformArraysAreKnownByTheirBits() {
        #expect(NDArray<Float>.ones([3]).untyped.isUniform)
        #expect(NDArray<Float>([.nan, .nan]).untyped.isUniform)
        #expect(!NDArray<Float>([0, -0.0]).untyped.isUniform)
        #expect(!NDArray<Int16>([1, 257]).untyped.isUniform)
        #expect(!NDArray<Float>.zeros([0]).untyped.isUniform)
    }
}
