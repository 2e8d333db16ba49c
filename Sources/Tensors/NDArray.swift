// The array on the host: what a user feeds into a graph and gets back from it.

/// A dense, row-major array of numbers with value semantics.
///
///     let matrix = try NDArray<Float>(shape: [2, 3], [1, 2, 3, 4, 5, 6])
///     matrix.shape          // [2, 3]
///     matrix[1, 0]          // Optional(4.0)
///     matrix.rows(0..<1)    // [[1.0, 2.0, 3.0]], sharing the memory of `matrix`
///
/// Copies share their memory until one of them is changed. Every accessor is total: what is out of range is nil or
/// empty, never a trap.
public struct NDArray<Scalar: TensorElement>: Sendable {
    package private(set) var untyped: UntypedArray

    /// Wraps an array whose dtype is `Scalar`'s.
    package init(untyped: UntypedArray) {
        precondition(untyped.dtype == Scalar.dtype, "an array of \(untyped.dtype) was wrapped as \(Scalar.dtype)")
        self.untyped = untyped
    }

    /// The size of each dimension; empty for a single value.
    public var shape: [Int] { untyped.shape }
    /// The number of dimensions.
    public var rank: Int { untyped.shape.count }
    /// The number of elements.
    public var count: Int { untyped.count }
    /// The type of the elements.
    public var dtype: DType { Scalar.dtype }

    /// The elements in row-major order, copied.
    public var scalars: [Scalar] { withUnsafeBufferPointer { Array($0) } }

    /// The first element, which for a rank-0 array is its value; zero (`false`) where the array is empty.
    public var scalar: Scalar { withUnsafeBufferPointer { $0.isEmpty ? .zero : $0[0] } }

    /// Calls `body` with the elements in row-major order.
    public func withUnsafeBufferPointer<Result>(
        _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
    ) rethrows -> Result {
        try untyped.withElements(of: Scalar.self, body)
    }

    /// Calls `body` with the elements in row-major order, to be changed; copies shared memory first.
    public mutating func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Result
    ) rethrows -> Result {
        if !isKnownUniquelyReferenced(&untyped.storage) {
            let copy = ArrayStorage(copying: untyped.bytes, byteCount: untyped.byteCount)
            untyped = UntypedArray(dtype: untyped.dtype, shape: untyped.shape, storage: copy)
        }
        let start = (untyped.storage.bytes + untyped.byteOffset).assumingMemoryBound(to: Scalar.self)
        defer { withExtendedLifetime(untyped.storage) {} }
        return try body(UnsafeMutableBufferPointer(start: start, count: count))
    }

    /// The element at the given position, or nil where there is none.
    public subscript(_ position: Int...) -> Scalar? {
        guard position.count == rank else { return nil }
        var index = 0
        for (coordinate, extent) in zip(position, shape) {
            guard (0..<extent).contains(coordinate) else { return nil }
            index = index * extent + coordinate
        }
        return withUnsafeBufferPointer { $0[index] }
    }

    /// The rows (elements of the leading axis) in `range`, limited to those there are; shares the memory.
    ///
    /// - Shapes: `[n, ...]` → `[range.count, ...]`; a rank-0 array is returned as it is.
    public func rows(_ range: Range<Int>) -> NDArray {
        guard let extent = shape.first else { return self }
        let rows = range.clamped(to: 0..<extent)
        let rowBytes = extent == 0 ? 0 : untyped.byteCount / extent
        return NDArray(
            untyped: UntypedArray(
                dtype: dtype, shape: [rows.count] + shape.dropFirst(), storage: untyped.storage,
                byteOffset: untyped.byteOffset + rows.lowerBound * rowBytes))
    }

    /// The same elements under another shape.
    ///
    /// - Errors: `ArrayError.countMismatch` where the shape holds another number of elements.
    public func reshaped(_ shape: [Int]) throws(ArrayError) -> NDArray {
        guard let size = elementCount(shape), size == count else {
            throw .countMismatch(shape: shape, count: count)
        }
        return NDArray(untyped: untyped.reshaped(shape))
    }
}

/// A mistake in making an array.
public enum ArrayError: Error, Equatable, CustomStringConvertible {
    /// The shape does not hold the given number of elements, or is negative or too large.
    case countMismatch(shape: [Int], count: Int)
    /// The rows of a nested array have different lengths.
    case raggedRows(lengths: [Int])
    /// An array of the type and shape does not have this many bytes.
    case byteCountMismatch(dtype: DType, shape: [Int], byteCount: Int)
    /// The elements are of another type.
    case typeMismatch(expected: DType, found: DType)

    public var description: String {
        switch self {
        case .countMismatch(let shape, let count):
            guard let size = elementCount(shape) else {
                return "shape \(shape) has a negative dimension or more elements than memory can address"
            }
            return "shape \(shape) holds \(size) elements, but there are \(count)"
        case .raggedRows(let lengths):
            return "the rows have different lengths: \(lengths)"
        case .byteCountMismatch(let dtype, let shape, let byteCount):
            return "an array of \(dtype) and shape \(shape) does not have \(byteCount) bytes"
        case .typeMismatch(let expected, let found):
            return "the array is of \(found), not of \(expected)"
        }
    }
}

// MARK: - Making arrays

extension NDArray {
    /// A single value, of rank 0.
    public init(_ value: Scalar) {
        untyped = UntypedArray(repeating: value, shape: [], count: 1)
    }

    /// A vector.
    public init(_ elements: [Scalar]) {
        let storage = ArrayStorage(byteCount: elements.count * MemoryLayout<Scalar>.stride)
        elements.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: storage.bytes, count: source.count).copyMemory(from: source)
        }
        untyped = UntypedArray(dtype: Scalar.dtype, shape: [elements.count], storage: storage)
    }

    /// A matrix, given row by row.
    ///
    /// - Errors: `ArrayError.raggedRows` where the rows differ in length.
    public init(_ rows: [[Scalar]]) throws(ArrayError) {
        let columns = rows.first?.count ?? 0
        guard rows.allSatisfy({ $0.count == columns }) else { throw .raggedRows(lengths: rows.map(\.count)) }
        try self.init(shape: [rows.count, columns], rows.flatMap { $0 })
    }

    /// An array of the given shape from its elements in row-major order.
    ///
    /// - Errors: `ArrayError.countMismatch` where the shape holds another number of elements.
    public init(shape: [Int], _ elements: [Scalar]) throws(ArrayError) {
        guard let size = elementCount(shape), size == elements.count else {
            throw .countMismatch(shape: shape, count: elements.count)
        }
        self.init(untyped: NDArray(elements).untyped.reshaped(shape))
    }

    /// An array of equal elements. Negative dimensions count as 0.
    ///
    /// Where the machine has not enough memory for the shape, the array has no elements, and feeding it or making it a
    /// constant is a mistake that says so. That holds for every array made of a shape.
    public init(repeating value: Scalar, shape: [Int]) {
        self.init(shape: shape) { elements in
            // Callers of other modules know the type, but code for it is made here only: by its width.
            let bytes = UnsafeMutableRawBufferPointer(elements)
            switch MemoryLayout<Scalar>.size {
            case 1: bytes.initializeMemory(as: UInt8.self, repeating: unsafeBitCast(value, to: UInt8.self))
            case 2: bytes.initializeMemory(as: UInt16.self, repeating: unsafeBitCast(value, to: UInt16.self))
            case 4: bytes.initializeMemory(as: UInt32.self, repeating: unsafeBitCast(value, to: UInt32.self))
            case 8: bytes.initializeMemory(as: UInt64.self, repeating: unsafeBitCast(value, to: UInt64.self))
            default: elements.initialize(repeating: value)
            }
        }
    }

    /// An array of zeros (`false`). Negative dimensions count as 0.
    public static func zeros(_ shape: [Int]) -> NDArray { NDArray(repeating: .zero, shape: shape) }

    /// An array of ones (`true`). Negative dimensions count as 0.
    public static func ones(_ shape: [Int]) -> NDArray { NDArray(repeating: .one, shape: shape) }

    /// An array whose elements `fill` writes, in row-major order, all of them. Negative dimensions count as 0.
    package init(shape: [Int], fill: (UnsafeMutableBufferPointer<Scalar>) throws -> Void) rethrows {
        var dimensions = shape.map { max(0, $0) }
        let refusal = Memory.refusal(of: dimensions, Scalar.dtype)
        if refusal != nil { dimensions = dimensions.map { _ in 0 } }
        let size = refusal == nil ? elementCount(dimensions) ?? 0 : 0
        let storage = ArrayStorage(byteCount: size * MemoryLayout<Scalar>.stride, refusal: refusal)
        let start = storage.bytes.bindMemory(to: Scalar.self, capacity: size)
        try fill(UnsafeMutableBufferPointer(start: start, count: size))
        untyped = UntypedArray(dtype: Scalar.dtype, shape: dimensions, storage: storage)
    }
}

// MARK: - Comparing and printing

extension NDArray: Equatable {
    /// Equal shapes and equal elements (so an array that holds a NaN is not equal to itself).
    public static func == (left: NDArray, right: NDArray) -> Bool {
        left.shape == right.shape
            && left.withUnsafeBufferPointer { mine in
                right.withUnsafeBufferPointer { theirs in
                    let (first, second) = (UnsafeRawBufferPointer(mine), UnsafeRawBufferPointer(theirs))
                    return switch Scalar.dtype {
                    case .float32: areEqual(Float.self, first, second)
                    case .float64: areEqual(Double.self, first, second)
                    // Whole numbers and truth values are equal where their bits are.
                    case .bool, .int8, .uint8: areEqual(UInt8.self, first, second)
                    case .int16, .uint16: areEqual(UInt16.self, first, second)
                    case .int32, .uint32: areEqual(UInt32.self, first, second)
                    case .int64, .uint64: areEqual(UInt64.self, first, second)
                    default: mine.elementsEqual(theirs)
                    }
                }
            }
    }
}

/// Whether as many elements are equal. Knows nothing of the array, so that the compiler makes code for each type.
private func areEqual<Scalar: TensorElement>(
    _ type: Scalar.Type, _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
) -> Bool {
    left.withMemoryRebound(to: type) { left in right.withMemoryRebound(to: type) { left.elementsEqual($0) } }
}

extension NDArray: CustomStringConvertible {
    /// `14.0` for a single value, `[1.0, 2.0]` for a vector, and so on; long axes are shortened in the middle.
    public var description: String {
        withUnsafeBufferPointer { elements in
            guard rank > 0 else { return elements.first.map { "\($0)" } ?? "" }
            return describe(elements[...], shape[...], depth: 0)
        }
    }

    /// Recursion over the axes, of which there are few.
    private func describe(
        _ elements: Slice<UnsafeBufferPointer<Scalar>>, _ shape: ArraySlice<Int>, depth: Int
    ) -> String {
        guard let extent = shape.first else { return elements.first.map { "\($0)" } ?? "" }
        let inner = shape.dropFirst()
        let step = extent == 0 ? 0 : elements.count / extent
        let shown = count > 1000 && extent > 6 ? Array(0..<3) + Array((extent - 3)..<extent) : Array(0..<extent)
        var parts = shown.map { index in
            let start = elements.startIndex + index * step
            return describe(elements[start..<(start + step)], inner, depth: depth + 1)
        }
        if shown.count < extent { parts.insert("...", at: 3) }
        let separator = inner.isEmpty ? ", " : ",\n" + String(repeating: " ", count: depth + 1)
        return "[" + parts.joined(separator: separator) + "]"
    }
}
