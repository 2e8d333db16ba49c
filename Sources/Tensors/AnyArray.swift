// An array whose element type is known only at run time, strings included: what files hold and programs without a
// static type pass around.

/// A dense, row-major array of elements of any type.
///
///     let array = AnyArray(NDArray<Float>([1, 2, 3]))
///     array.dtype                       // float32
///     try array.as(Float.self)          // [1.0, 2.0, 3.0], sharing the memory
///     AnyArray(strings: ["a", "b"])     // strings are sequences of bytes
///
/// Types that graphs do not compute with, such as `bfloat16` and `complex64`, are kept as their bytes.
public struct AnyArray: Sendable {
    package enum Content: Sendable {
        /// Elements of a fixed size.
        case elements(UntypedArray)
        case strings([[UInt8]], shape: [Int])
    }

    package let content: Content

    /// Forgets the element type; shares the memory.
    public init<Scalar>(_ array: NDArray<Scalar>) {
        content = .elements(array.untyped)
    }

    package init(_ array: UntypedArray) {
        content = .elements(array)
    }

    /// A vector of strings, in UTF-8.
    public init(strings: [String]) {
        content = .strings(strings.map { Array($0.utf8) }, shape: [strings.count])
    }

    /// An array of strings of bytes, in row-major order.
    ///
    /// - Errors: `ArrayError.countMismatch` where the shape holds another number of elements.
    public init(strings: [[UInt8]], shape: [Int]) throws(ArrayError) {
        guard elementCount(shape) == strings.count else {
            throw .countMismatch(shape: shape, count: strings.count)
        }
        content = .strings(strings, shape: shape)
    }

    /// An array from the bytes of its elements: little-endian, in row-major order.
    ///
    /// - Errors: `ArrayError.byteCountMismatch` where the shape and the type need another number of bytes.
    public init(dtype: DType, shape: [Int], bytes: some Collection<UInt8>) throws(ArrayError) {
        guard dtype.byteCount > 0, let count = elementCount(shape),
            case let (needed, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount), !overflow,
            bytes.count == needed
        else { throw .byteCountMismatch(dtype: dtype, shape: shape, byteCount: bytes.count) }
        let storage = ArrayStorage(byteCount: needed)
        UnsafeMutableRawBufferPointer(start: storage.bytes, count: needed).copyBytes(from: bytes)
        content = .elements(UntypedArray(dtype: dtype, shape: shape, foreign: storage))
    }

    /// The type of the elements.
    public var dtype: DType {
        switch content {
        case .elements(let array): array.dtype
        case .strings: .string
        }
    }

    /// The size of each dimension; empty for a single value.
    public var shape: [Int] {
        switch content {
        case .elements(let array): array.shape
        case .strings(_, let shape): shape
        }
    }

    /// The number of elements.
    public var count: Int {
        switch content {
        case .elements(let array): array.count
        case .strings(let strings, _): strings.count
        }
    }

    /// The bytes of the elements: those of all strings together, without their lengths.
    public var byteCount: Int {
        switch content {
        case .elements(let array): array.byteCount
        case .strings(let strings, _): strings.reduce(0) { $0 + $1.count }
        }
    }

    /// The array with its static type, sharing the memory.
    ///
    /// - Errors: `ArrayError.typeMismatch` where the elements are of another type.
    public func `as`<Scalar: TensorElement>(_ type: Scalar.Type) throws(ArrayError) -> NDArray<Scalar> {
        guard case .elements(let array) = content, array.dtype == Scalar.dtype else {
            throw .typeMismatch(expected: Scalar.dtype, found: dtype)
        }
        return NDArray(untyped: array)
    }

    /// The strings as bytes, in row-major order; nil where the elements are of another type.
    public var byteStrings: [[UInt8]]? {
        if case .strings(let strings, _) = content { strings } else { nil }
    }

    /// The strings as text, in row-major order, with what is not UTF-8 replaced; nil where the elements are of another
    /// type.
    public var strings: [String]? { byteStrings?.map { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the bytes of the elements, in row-major order; nil where the elements are strings.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard case .elements(let array) = content else { return nil }
        defer { withExtendedLifetime(array.storage) {} }
        return try body(UnsafeRawBufferPointer(start: array.bytes, count: array.byteCount))
    }

    /// The same elements under another shape.
    ///
    /// - Errors: `ArrayError.countMismatch` where the shape holds another number of elements.
    public func reshaped(_ shape: [Int]) throws(ArrayError) -> AnyArray {
        guard elementCount(shape) == count else { throw .countMismatch(shape: shape, count: count) }
        switch content {
        case .elements(let array): return AnyArray(array.reshaped(shape))
        case .strings(let strings, _): return try AnyArray(strings: strings, shape: shape)
        }
    }
}

extension AnyArray: Equatable {
    /// Equal types, shapes and bytes: unlike in `NDArray`, a NaN equals itself and 0 differs from -0.
    public static func == (left: AnyArray, right: AnyArray) -> Bool {
        switch (left.content, right.content) {
        case (.elements(let mine), .elements(let theirs)): ArrayContent(mine) == ArrayContent(theirs)
        case (.strings(let mine, let shape), .strings(let theirs, let other)): shape == other && mine == theirs
        case (.elements, .strings), (.strings, .elements): false
        }
    }
}

extension AnyArray: CustomStringConvertible {
    /// As that of `NDArray`; strings are quoted, and of types that graphs do not compute with only the type is told.
    public var description: String {
        func describe<Scalar: TensorElement>(_ type: Scalar.Type) -> String {
            (try? `as`(type)).map { "\($0)" } ?? ""
        }
        if let strings {
            let quoted = strings.prefix(1000).map { "\"\($0)\"" } + (strings.count > 1000 ? ["..."] : [])
            return shape.isEmpty ? quoted.first ?? "" : "[" + quoted.joined(separator: ", ") + "]"
        }
        return dtype.elementType.map { describe($0) } ?? "<\(dtype)\(shape)>"
    }
}

/// An array compared by its type and bytes.
package struct ArrayContent: Hashable, Sendable {
    package let array: UntypedArray

    package init(_ array: UntypedArray) { self.array = array }

    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: array.bytes, count: array.byteCount) }

    package static func == (left: ArrayContent, right: ArrayContent) -> Bool {
        left.array.dtype == right.array.dtype && left.array.shape == right.array.shape
            && left.bytes.elementsEqual(right.bytes)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(array.dtype)
        hasher.combine(array.shape)
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(256)))
    }
}
