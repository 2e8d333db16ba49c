// Numbers of variable length, as tables and string tensors hold them.

/// Reads small pieces of a sequence of bytes, and says where in the file it stands.
struct ByteCursor {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int
    /// The place in the file of the byte with the index 0.
    let fileOffset: Int

    init(_ bytes: ArraySlice<UInt8>, fileOffset: Int) {
        self.bytes = bytes
        position = bytes.startIndex
        self.fileOffset = fileOffset
    }

    var isAtEnd: Bool { position >= bytes.endIndex }
    var remaining: Int { bytes.endIndex - position }
    /// Where it stands in the file.
    var offset: Int { fileOffset + position }

    mutating func byte() -> UInt8? {
        guard position < bytes.endIndex else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next `count` bytes; nil where there are not as many.
    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    /// A varint that fits in a non-negative `Int`; nil where there is none.
    mutating func varint() -> Int? {
        var value = VarintValue()
        while let byte = byte() {
            switch value.append(byte) {
            case .more: continue
            case .done(let result): return Int(exactly: result)
            case .tooLong: return nil
            }
        }
        return nil
    }
}

/// A varint that is read byte by byte.
struct VarintValue {
    enum Step {
        case more
        case done(UInt64)
        /// More than 64 bits, or longer than it need be.
        case tooLong
    }

    private var value: UInt64 = 0
    private var shift: UInt64 = 0

    mutating func append(_ byte: UInt8) -> Step {
        let bits = UInt64(byte & 127)
        // The tenth byte holds the one bit that is left of 64.
        guard shift < 63 || (shift == 63 && bits <= 1) else { return .tooLong }
        // A number that could be written shorter is written so.
        if byte == 0, shift > 0 { return .tooLong }
        value |= bits << shift
        shift += 7
        return byte < 128 ? .done(value) : .more
    }
}

extension [UInt8] {
    /// Appends a number in seven-bit groups, the lowest first.
    mutating func appendVarint(_ number: Int) {
        var rest = UInt64(clamping: number)
        while rest >= 128 {
            append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// Appends the bytes of a number, the lowest first.
    mutating func appendLittleEndian(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// The number of four bytes, the lowest first; 0 where there are fewer.
func littleEndian32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    guard bytes.count >= 4 else { return 0 }
    return bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
}
