// The memory behind arrays: reference-counted, 64-byte aligned, freed with the last array that shows it.

/// Memory that arrays share. It is written only by an array that is its sole owner, or by a run that has not yet
/// handed it out; from then on it never changes, which is what makes it sendable.
package final class ArrayStorage: @unchecked Sendable {
    package let bytes: UnsafeMutableRawPointer
    package let byteCount: Int
    /// Why the array that was asked for could not be made, where this stands in its place, without elements. What
    /// takes arrays in (feeds, constants) reports it.
    package let refusal: String?

    /// Uninitialised memory.
    package init(byteCount: Int, refusal: String? = nil) {
        self.byteCount = byteCount
        self.refusal = refusal
        bytes = Memory.allocate(byteCount: byteCount)
    }

    /// Memory of zeros.
    package convenience init(zeros byteCount: Int) {
        self.init(byteCount: byteCount)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    /// A copy of `byteCount` bytes at `source`.
    package convenience init(copying source: UnsafeRawPointer, byteCount: Int) {
        self.init(byteCount: byteCount)
        bytes.copyMemory(from: source, byteCount: byteCount)
    }

    deinit {
        bytes.deallocate()
    }
}

/// An array whose element type is known only at run time: what sessions, devices and files pass around.
package struct UntypedArray: Sendable {
    package let dtype: DType
    package let shape: [Int]
    package var storage: ArrayStorage
    /// Where the array starts in its storage; a slice of the leading axis shares the storage of the whole.
    package let byteOffset: Int

    package init(dtype: DType, shape: [Int], storage: ArrayStorage, byteOffset: Int = 0) {
        self.dtype = dtype
        self.shape = shape
        self.storage = storage
        self.byteOffset = byteOffset
    }

    /// An array of bytes from outside, such as a file, which nobody else has yet. In an array of `bool` every byte that
    /// is not 0 becomes 1: a program may not look at a `Bool` of other bits.
    package init(dtype: DType, shape: [Int], foreign storage: ArrayStorage) {
        self.init(dtype: dtype, shape: shape, storage: storage)
        guard dtype == .bool else { return }
        let bytes = UnsafeMutableRawBufferPointer(start: storage.bytes, count: byteCount)
        for index in bytes.indices where bytes[index] > 1 { bytes[index] = 1 }
    }

    /// The number of elements. Arrays exist only for counts that do not overflow.
    package var count: Int { elementCount(shape) ?? 0 }

    package var byteCount: Int { count * dtype.byteCount }
    package var bytes: UnsafeRawPointer { UnsafeRawPointer(storage.bytes + byteOffset) }

    /// The elements as `Scalar`, which must be the array's type.
    package func withElements<Scalar: TensorElement, Result>(
        of type: Scalar.Type, _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
    ) rethrows -> Result {
        precondition(Scalar.dtype == dtype, "an array of \(dtype) was read as \(Scalar.dtype)")
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: Scalar.self), count: count))
    }

    /// The elements as integers, for arrays of indices, axes and sizes; nil for other types.
    package var integers: [Int]? {
        switch dtype.kind {
        case .int32: withElements(of: Int32.self) { $0.map(Int.init) }
        case .int64: withElements(of: Int64.self) { $0.map(Int.init) }
        default: nil
        }
    }

    /// The elements as doubles.
    package var doubles: [Double] {
        func read<Scalar: TensorElement>(_ type: Scalar.Type) -> [Double] {
            withElements(of: type) { elements in
                elements.map { element in
                    if let number = element as? any NumericElement { number.asDouble } else { element == .one ? 1 : 0 }
                }
            }
        }
        guard let type = dtype.elementType else { return [] }
        return read(type)
    }

    /// The value of all elements where they are equal bit for bit, as a one-element storage.
    package var isUniform: Bool {
        let size = dtype.byteCount
        let total = count
        guard total > 0 else { return false }
        let start = bytes
        defer { withExtendedLifetime(storage) {} }
        for index in stride(from: size, to: total * size, by: 1)
        where start.load(fromByteOffset: index, as: UInt8.self)
            != start.load(fromByteOffset: index % size, as: UInt8.self)
        {
            return false
        }
        return true
    }
}

extension UntypedArray {
    /// An array of equal elements.
    package init<Scalar: TensorElement>(repeating value: Scalar, shape: [Int], count: Int) {
        let storage = ArrayStorage(byteCount: count * MemoryLayout<Scalar>.stride)
        storage.bytes.initializeMemory(as: Scalar.self, repeating: value, count: count)
        self.init(dtype: Scalar.dtype, shape: shape, storage: storage)
    }

    /// A rank-0 array that holds `value` converted to `dtype`.
    package init(scalar value: Double, dtype: DType) {
        func make<Scalar: TensorElement>(_ type: Scalar.Type) -> UntypedArray {
            if let numeric = type as? any NumericElement.Type { return convert(numeric) }
            return UntypedArray(repeating: value != 0 ? Scalar.one : Scalar.zero, shape: [], count: 1)
        }
        func convert<Scalar: NumericElement>(_ type: Scalar.Type) -> UntypedArray {
            UntypedArray(repeating: Scalar(clamping: value), shape: [], count: 1)
        }
        self = dtype.elementType.map { make($0) } ?? NDArray<Float>(Float(value)).untyped
    }

    /// A rank-1 array of sizes, axes or indices.
    package init(integers: [Int], dtype: DType = .int32) {
        if dtype == .int64 {
            self = NDArray<Int64>(integers.map(Int64.init)).untyped
        } else {
            self = NDArray<Int32>(integers.map { Int32(clamping: $0) }).untyped
        }
    }

    /// The same elements under another shape of the same count.
    package func reshaped(_ shape: [Int]) -> UntypedArray {
        UntypedArray(dtype: dtype, shape: shape, storage: storage, byteOffset: byteOffset)
    }
}

extension UntypedArray {
    /// The first element as a double; 0 where the array is empty.
    package var scalarAsDouble: Double {
        count == 0 ? 0 : UntypedArray(dtype: dtype, shape: [], storage: storage, byteOffset: byteOffset).doubles[0]
    }
}
