import Tensors
import Testing

@Suite struct NDArrayTests {
    @Test func elementsAreReadByPosition() throws {
        let matrix = try NDArray<Float>(shape: [2, 3], [1, 2, 3, 4, 5, 6])
        #expect(matrix.shape == [2, 3])
        #expect(matrix.rank == 2)
        #expect(matrix.count == 6)
        #expect(matrix.dtype == .float32)
        #expect(matrix[1, 0] == 4)
        #expect(matrix.scalars == [1, 2, 3, 4, 5, 6])
        #expect(matrix.description == "[[1.0, 2.0, 3.0],\n [4.0, 5.0, 6.0]]")
    }

    @Test func positionsThatAreNotThereAreNil() throws {
        let matrix = try NDArray<Int32>([[1, 2], [3, 4]])
        #expect(matrix[2, 0] == nil)
        #expect(matrix[0, -1] == nil)
        #expect(matrix[0] == nil)
        #expect(matrix[0, 0, 0] == nil)
        #expect(NDArray<Int32>(7)[] == 7)
        #expect(NDArray<Int32>.zeros([0]).scalar == 0)
        #expect(NDArray<Bool>.zeros([0, 3])[0, 0] == nil)
    }

    @Test func raggedRowsAreRefused() {
        #expect(throws: ArrayError.raggedRows(lengths: [2, 1])) { try NDArray<Float>([[1, 2], [3]]) }
        #expect(throws: ArrayError.raggedRows(lengths: [0, 1])) { try NDArray<Float>([[], [3]]) }
        #expect(ArrayError.raggedRows(lengths: [2, 1]).description == "the rows have different lengths: [2, 1]")
    }

    @Test func shapesOfAnotherCountAreRefused() throws {
        #expect(throws: ArrayError.countMismatch(shape: [2, 2], count: 3)) {
            try NDArray<Float>(shape: [2, 2], [1, 2, 3])
        }
        #expect(throws: ArrayError.countMismatch(shape: [-1, 3], count: 3)) {
            try NDArray<Float>(shape: [-1, 3], [1, 2, 3])
        }
        let vector = NDArray<Float>([1, 2, 3])
        #expect(throws: ArrayError.countMismatch(shape: [2], count: 3)) { try vector.reshaped([2]) }
        #expect(try vector.reshaped([3, 1]).shape == [3, 1])
        #expect(ArrayError.countMismatch(shape: [2, 2], count: 3).description.contains("holds 4 elements"))
        #expect(ArrayError.countMismatch(shape: [.max, 2], count: 3).description.contains("more elements than memory"))
    }

    @Test func shapesThatOverflowAreRefusedOrEmpty() throws {
        let huge = 1 << 40
        #expect(throws: ArrayError.self) { try NDArray<Float>(shape: [huge, huge], [1]) }
        #expect(throws: ArrayError.self) { try NDArray<Float>([1]).reshaped([huge, huge, huge]) }
        #expect(NDArray<Float>.zeros([huge, huge]).count == 0)
        let empty = try NDArray<Float>(shape: [huge, huge, 0], [])
        #expect(empty.count == 0)
        #expect(empty.scalars == [])
        #expect(empty.rows(0..<5).shape == [5, huge, 0])
        #expect(NDArray<Float>.zeros([-3, 2]).shape == [0, 2])
    }

    @Test func copiesDoNotChangeEachOther() throws {
        let original = NDArray<Int64>([1, 2, 3])
        var copy = original
        copy.withUnsafeMutableBufferPointer { $0[0] = 9 }
        #expect(original.scalars == [1, 2, 3])
        #expect(copy.scalars == [9, 2, 3])
    }

    @Test func changingTheOnlyOwnerCopiesNothing() {
        var array = NDArray<Float>.zeros([100])
        let before = array.withUnsafeBufferPointer { $0.baseAddress }
        array.withUnsafeMutableBufferPointer { $0[5] = 1 }
        let after = array.withUnsafeBufferPointer { $0.baseAddress }
        #expect(before == after)
    }

    @Test func readingCopiesShareTheMemory() throws {
        let array = NDArray<Float>.ones([10, 10])
        let copy = array
        let reshaped = try array.reshaped([100])
        #expect(address(array) == address(copy))
        #expect(address(array) == address(reshaped))
    }

    @Test func rowsShareTheMemoryUntilTheyAreChanged() throws {
        let matrix = try NDArray<Int32>(shape: [4, 2], Array(0..<8))
        var rows = matrix.rows(1..<3)
        #expect(rows.shape == [2, 2])
        #expect(rows.scalars == [2, 3, 4, 5])
        #expect(address(rows) == address(matrix).map { $0 + 8 })
        #expect(rows.rows(1..<2).scalars == [4, 5])
        rows.withUnsafeMutableBufferPointer { $0[0] = 100 }
        #expect(matrix.scalars == Array(0..<8))
        #expect(rows.scalars == [100, 3, 4, 5])
        #expect(matrix.rows(1..<3).scalars == [2, 3, 4, 5])
    }

    @Test func rowsAreLimitedToThoseThereAre() {
        let vector = NDArray<Int32>([1, 2, 3])
        #expect(vector.rows(2..<10).scalars == [3])
        #expect(vector.rows(5..<10).scalars == [])
        #expect(vector.rows(-5..<1).scalars == [1])
        #expect(NDArray<Int32>(7).rows(0..<1).scalars == [7])
        #expect(NDArray<Int32>.zeros([0, 3]).rows(0..<2).shape == [0, 3])
    }

    @Test func arraysAreAligned() {
        for count in [0, 1, 3, 1000] {
            let array = NDArray<UInt8>.zeros([count])
            #expect(UInt(bitPattern: array.untyped.bytes) % UInt(Memory.alignment) == 0)
        }
    }

    @Test func largeArraysBeginWithAPageAndHaveAllTheirElements() {
        // Around the sizes at which arrays lie in huge pages, whole ones and not.
        for count in [4 << 20, (4 << 20) - 1, (4 << 20) + 1, (6 << 20) + 4097] {
            let array = NDArray<UInt8>(repeating: 3, shape: [count])
            #expect(UInt(bitPattern: array.untyped.bytes) % UInt(Memory.alignment) == 0)
            #expect(array.withUnsafeBufferPointer { $0.allSatisfy { $0 == 3 } })
        }
    }

    @Test func equalArraysHaveEqualShapesAndElements() throws {
        let vector = NDArray<Float>([1, 2])
        #expect(vector == NDArray([1, 2]))
        #expect(try vector != vector.reshaped([2, 1]))
        #expect(vector != NDArray([1, 3]))
        #expect(NDArray(Float.nan) != NDArray(Float.nan))
        #expect(NDArray<Float>(-0.0) == NDArray(0))
    }

    @Test func longAxesAreShortenedInPrint() {
        let text = NDArray<Int32>(Array(0..<2000)).description
        #expect(text == "[0, 1, 2, ..., 1997, 1998, 1999]")
        #expect(NDArray<Float>(14).description == "14.0")
        #expect(NDArray<Float>.zeros([0]).description == "[]")
    }

    private func address<Scalar>(_ array: NDArray<Scalar>) -> UnsafeRawPointer? {
        array.withUnsafeBufferPointer { $0.baseAddress.map { UnsafeRawPointer($0) } }
    }
}
