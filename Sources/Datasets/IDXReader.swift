// The decoding behind `IDXFile`: the header with its checks, and the conversion of elements chunk by chunk.

import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open IDX file whose header has been read and found plausible; its elements can be read once.
struct IDXReader {
    let header: IDXFile.Header
    private let source: ByteSource
    private let layout: ElementLayout
    private let headerByteCount: Int

    init(_ path: String) throws(DatasetError) {
        source = try ByteSource(path)
        let start = try Self.headerBytes(4, from: source)
        guard start[0] == 0, start[1] == 0 else { throw .notIDX(path, start) }
        guard let layout = ElementLayout(rawValue: start[2]) else { throw .unknownElementType(path, code: start[2]) }
        self.layout = layout
        let sizes = try Self.headerBytes(4 * Int(start[3]), from: source)
        let shape = stride(from: 0, to: sizes.count, by: 4).map { index in
            sizes[index..<(index + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        headerByteCount = 4 + sizes.count
        header = IDXFile.Header(elementType: layout.dtype, shape: shape)
        try checkSize()
    }

    /// The size that the header announces must be that of the file; of a gzipped one, within what it can hold.
    private func checkSize() throws(DatasetError) {
        let path = source.path
        // A dimension of 0 does not excuse others whose product no machine can count.
        let widened = header.shape.map { max(1, $0) }
        guard let bound = elementCount(widened), bound < 1 << 48, let count = elementCount(header.shape) else {
            throw .implausibleShape(path, header.shape, because: "more elements than memory can address")
        }
        let expected = headerByteCount + count * layout.byteCount
        guard expected <= source.greatestContentByteCount else {
            if source.isCompressed {
                throw .implausibleShape(
                    path, header.shape,
                    because: "\(expected) bytes, more than \(source.fileByteCount) gzipped bytes can unpack to")
            }
            throw .truncated(path, at: source.fileByteCount, expected: expected)
        }
        if !source.isCompressed, expected < source.fileByteCount { throw .trailingBytes(path, at: expected) }
    }

    private static func headerBytes(_ count: Int, from source: ByteSource) throws(DatasetError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        guard try source.read(into: buffer) == count else { throw .truncatedHeader(source.path, at: source.position) }
        return Array(buffer)
    }

    /// Reads the elements of the first `maxRows` rows, each passed through `convert`.
    func elements<Scalar: TensorElement>(
        maxRows: Int?, convert: (Double) -> Scalar
    ) throws(DatasetError) -> NDArray<Scalar> {
        var shape = header.shape
        if let maxRows, let rows = shape.first { shape[0] = min(rows, max(0, maxRows)) }
        let isWhole = shape == header.shape
        let count = elementCount(shape) ?? 0
        let byteCount = count * MemoryLayout<Scalar>.stride
        try checkMemory(byteCount)
        let storage = ArrayStorage(byteCount: byteCount)
        let elements = storage.bytes.bindMemory(to: Scalar.self, capacity: count)
        switch layout {
        case .unsigned8, .signed8:
            let table = (0...255).map { (bits: UInt8) in
                convert(layout == .unsigned8 ? Double(bits) : Double(Int8(bitPattern: bits)))
            }
            try decodeBytes(count: count, table: table, into: UnsafeMutableRawPointer(elements))
        case .signed16:
            try decode(count: count, as: UInt16.self, into: elements) { convert(Double(Int16(bitPattern: $0))) }
        case .signed32:
            try decode(count: count, as: UInt32.self, into: elements) { convert(Double(Int32(bitPattern: $0))) }
        case .float32:
            try decode(count: count, as: UInt32.self, into: elements) { convert(Double(Float(bitPattern: $0))) }
        case .float64:
            try decode(count: count, as: UInt64.self, into: elements) { convert(Double(bitPattern: $0)) }
        }
        if isWhole { try checkEnd() }
        return NDArray(untyped: UntypedArray(dtype: Scalar.dtype, shape: shape, storage: storage))
    }

    /// Asks the system for the memory before the array does, which could not refuse without ending the process.
    private func checkMemory(_ byteCount: Int) throws(DatasetError) {
        guard byteCount > 1 << 24 else { return }
        guard let probe = malloc(byteCount) else { throw .outOfMemory(source.path, byteCount: byteCount) }
        free(probe)
    }

    /// Reads past the last element, which also makes gzip check its sums.
    private func checkEnd() throws(DatasetError) {
        let end = source.position
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { buffer.deallocate() }
        guard try source.read(into: buffer) == 0 else { throw .trailingBytes(source.path, at: end) }
    }

    // MARK: Elements

    /// Calls `body` with all the elements in chunks, and the number of elements before each chunk.
    private func forEachChunk(
        count: Int, _ body: (UnsafeRawBufferPointer, Int) -> Void
    ) throws(DatasetError) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: ByteSource.chunkByteCount, alignment: 16)
        defer { chunk.deallocate() }
        let size = layout.byteCount
        var done = 0
        while done < count {
            let wanted = min(count - done, chunk.count / size)
            let part = UnsafeMutableRawBufferPointer(rebasing: chunk[0..<(wanted * size)])
            guard try source.read(into: part) == part.count else {
                let expected = headerByteCount + (elementCount(header.shape) ?? 0) * size
                throw .truncated(source.path, at: source.position, expected: expected)
            }
            body(UnsafeRawBufferPointer(part), done)
            done += wanted
        }
    }

    /// One-byte elements through a table of all 256 values. It moves elements by their size alone, so that this loop is
    /// compiled for the four sizes here and is fast for callers of every type.
    private func decodeBytes<Scalar: TensorElement>(
        count: Int, table: [Scalar], into elements: UnsafeMutableRawPointer
    ) throws(DatasetError) {
        let size = MemoryLayout<Scalar>.stride
        try forEachChunk(count: count) { chunk, done in
            table.withUnsafeBytes { table in
                let destination = elements + done * size
                switch size {
                case 1: expand(chunk, UInt8.self, table, destination)
                case 2: expand(chunk, UInt16.self, table, destination)
                case 4: expand(chunk, UInt32.self, table, destination)
                default: expand(chunk, UInt64.self, table, destination)
                }
            }
        }
    }

    /// Elements of several bytes, turned from big-endian.
    private func decode<Word: FixedWidthInteger & BitwiseCopyable, Scalar: TensorElement>(
        count: Int, as word: Word.Type, into elements: UnsafeMutablePointer<Scalar>, convert: (Word) -> Scalar
    ) throws(DatasetError) {
        let size = MemoryLayout<Word>.size
        try forEachChunk(count: count) { chunk, done in
            for index in 0..<(chunk.count / size) {
                let bits = chunk.loadUnaligned(fromByteOffset: index * size, as: Word.self)
                (elements + done + index).initialize(to: convert(Word(bigEndian: bits)))
            }
        }
    }
}

/// The element types of IDX, by the code in the header.
enum ElementLayout: UInt8, CaseIterable {
    case unsigned8 = 0x08
    case signed8 = 0x09
    case signed16 = 0x0B
    case signed32 = 0x0C
    case float32 = 0x0D
    case float64 = 0x0E

    var dtype: DType {
        switch self {
        case .unsigned8: .uint8
        case .signed8: .int8
        case .signed16: .int16
        case .signed32: .int32
        case .float32: .float32
        case .float64: .float64
        }
    }

    var byteCount: Int {
        switch self {
        case .unsigned8, .signed8: 1
        case .signed16: 2
        case .signed32, .float32: 4
        case .float64: 8
        }
    }
}

@inline(__always)
private func expand<Word: BitwiseCopyable>(
    _ chunk: UnsafeRawBufferPointer, _ word: Word.Type, _ table: UnsafeRawBufferPointer,
    _ destination: UnsafeMutableRawPointer
) {
    let size = MemoryLayout<Word>.size
    guard let values = table.baseAddress, let source = chunk.baseAddress else { return }
    for index in 0..<chunk.count {
        let entry = Int(source.load(fromByteOffset: index, as: UInt8.self))
        destination.storeBytes(
            of: values.load(fromByteOffset: entry * size, as: Word.self), toByteOffset: index * size, as: Word.self)
    }
}
