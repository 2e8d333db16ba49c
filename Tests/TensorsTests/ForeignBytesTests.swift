// Arrays made of bytes from outside.

import Tensors
import Testing

@Suite struct ForeignBytesTests {
    @Test func boolsOfOtherBitsAreTrue() throws {
        let array = try AnyArray(dtype: .bool, shape: [2, 2], bytes: [0, 1, 2, 255])
        #expect(array.withUnsafeBytes { Array($0) } == [0, 1, 1, 1])
        #expect(try array.as(Bool.self).scalars == [false, true, true, true])
    }

    @Test func bytesOfOtherTypesStayAsTheyAre() throws {
        let array = try AnyArray(dtype: .uint8, shape: [4], bytes: [0, 1, 2, 255])
        #expect(array.withUnsafeBytes { Array($0) } == [0, 1, 2, 255])
    }
}
