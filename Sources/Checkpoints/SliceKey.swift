// The keys under which a table holds the pieces of partitioned tensors: a code whose order as bytes is that of the
// names, and within a name that of the pieces' places.

/// A part of a dimension of a tensor, as files tell it.
struct StoredExtent: Hashable, Sendable {
    let start: Int
    /// nil: the whole dimension.
    let length: Int?
}

/// The key of a piece.
///
/// - Source: TensorFlow's `EncodeTensorNameSlice`, with its `OrderedCode`.
func sliceKey(_ name: [UInt8], _ extents: [StoredExtent]) -> [UInt8] {
    var key: [UInt8] = [0]
    for byte in name {
        switch byte {
        case 0: key += [0, 255]
        case 255: key += [255, 0]
        default: key.append(byte)
        }
    }
    key += [0, 1]
    let rank = bigEndian(UInt64(extents.count)).drop { $0 == 0 }
    key.append(UInt8(rank.count))
    key += rank
    for extent in extents {
        key += orderedCode(Int64(extent.start))
        key += orderedCode(extent.length.map(Int64.init) ?? -1)
    }
    return key
}

private func bigEndian(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}

/// A signed number such that the order of the codes, as bytes, is that of the numbers: the first bits say how many bytes
/// it has.
private func orderedCode(_ number: Int64) -> [UInt8] {
    let magnitude = UInt64(bitPattern: number < 0 ? ~number : number)
    let bits = 64 - magnitude.leadingZeroBitCount
    // A byte is one bit of the header and seven of the number, of which one is the sign.
    let count = bits / 7 + 1
    let sign: UInt8 = number < 0 ? 255 : 0
    var code = Array(([sign, sign] + bigEndian(UInt64(bitPattern: number))).suffix(count))
    for bit in 0..<count where bit / 8 < code.count { code[bit / 8] ^= 0x80 >> UInt8(bit % 8) }
    return code
}
