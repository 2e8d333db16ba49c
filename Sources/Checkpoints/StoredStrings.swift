// Tensors of strings as they lie in data files: the lengths, a checksum of the lengths, then the bytes of all strings.

import Files
import Tensors

/// Reads the strings of a tensor.
func readStrings(_ tensor: StoredTensor) throws(CheckpointError) -> [[UInt8]] {
    var strings: [[UInt8]] = []
    try forEachString(tensor) { strings.append($0) }
    return strings
}

/// Checks a tensor of strings without keeping it.
func verifyStrings(_ tensor: StoredTensor) throws(CheckpointError) {
    try forEachString(tensor) { _ in }
}

private func forEachString(_ tensor: StoredTensor, _ body: ([UInt8]) -> Void) throws(CheckpointError) {
    let entry = tensor.entry
    let count = elementCount(entry.shape) ?? 0
    var input = ChunkedInput(tensor)
    var lengthSum = Checksum()
    // One byte a length at least, so the list is no longer than the file.
    var lengths: [Int] = []
    var total = 0
    for _ in 0..<count {
        let place = input.offset
        guard let length = try input.varint() else {
            throw tensor.damaged(at: place, "the length of string \(lengths.count) is cut off or too large")
        }
        let (sum, overflow) = total.addingReportingOverflow(length)
        if overflow || sum > entry.byteCount {
            throw tensor.damaged(at: place, "string \(lengths.count) is said to have \(length) bytes")
        }
        total = sum
        lengths.append(length)
        lengthSum.update(checksummedLength(length))
    }
    guard input.remaining == total + 4, let stored = try input.take(4) else {
        throw tensor.damaged(
            at: input.offset, "its strings have \(total) bytes, but the entry leaves \(input.remaining - 4) for them")
    }
    guard littleEndian32(stored[...]) == lengthSum.masked else {
        throw tensor.damaged(
            at: entry.offset,
            "the checksum of its strings' lengths is \(lengthSum.masked), but \(littleEndian32(stored[...])) is stored")
    }
    var checksum = lengthSum
    checksum.update(stored)
    for length in lengths {
        guard let string = try input.take(length) else { throw tensor.damaged(at: input.offset, "a string is cut off") }
        checksum.update(string)
        body(string)
    }
    try tensor.check(checksum)
}

/// The bytes of a length that go into the checksum.
func checksummedLength(_ length: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    if let short = UInt32(exactly: length) {
        bytes.appendLittleEndian(short)
    } else {
        bytes.appendLittleEndian(UInt64(length))
    }
    return bytes
}

/// Reads the bytes of a tensor in small pieces, from chunks.
private struct ChunkedInput {
    private let tensor: StoredTensor
    private var buffer: [UInt8] = []
    private var bufferIndex = 0
    /// Where the next chunk begins in the file.
    private var next: Int
    private let end: Int

    init(_ tensor: StoredTensor) {
        self.tensor = tensor
        next = tensor.entry.offset
        end = tensor.entry.offset + tensor.entry.byteCount
    }

    /// Where it stands in the file.
    var offset: Int { next - (buffer.count - bufferIndex) }
    var remaining: Int { end - offset }

    mutating func varint() throws(CheckpointError) -> Int? {
        var value = VarintValue()
        while remaining > 0 {
            if bufferIndex == buffer.count { try readChunk() }
            let step = value.append(buffer[bufferIndex])
            bufferIndex += 1
            switch step {
            case .more: continue
            case .done(let number): return Int(exactly: number)
            case .tooLong: return nil
            }
        }
        return nil
    }

    mutating func take(_ count: Int) throws(CheckpointError) -> [UInt8]? {
        guard count <= remaining else { return nil }
        if count <= buffer.count - bufferIndex {
            defer { bufferIndex += count }
            return Array(buffer[bufferIndex..<(bufferIndex + count)])
        }
        var bytes = Array(buffer[bufferIndex...])
        bytes.reserveCapacity(count)
        bufferIndex = buffer.count
        while bytes.count < count {
            try readChunk()
            let part = min(count - bytes.count, buffer.count)
            bytes += buffer[..<part]
            bufferIndex = part
        }
        return bytes
    }

    private mutating func readChunk() throws(CheckpointError) {
        let count = min(64 * 1024, end - next)
        var failure: CheckpointError?
        buffer = [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            do throws(CheckpointError) {
                try tensor.fill(
                    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[..<count]), at: next)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        bufferIndex = 0
        next += count
    }
}
