// Writes a sorted table of keys and values: the counterpart of `TableReader`.

import Files

/// Builds a table block by block. Keys must come in ascending order.
struct TableWriter {
    private static let blockByteCount = 256 * 1024
    private static let restartInterval = 16

    private let write: ([UInt8]) throws(CheckpointError) -> Void
    private var position = 0
    private var block = TableBlock(restartInterval: restartInterval)
    private var index = TableBlock(restartInterval: 1)

    /// - Parameter write: takes the bytes of the file, in order.
    init(_ write: @escaping ([UInt8]) throws(CheckpointError) -> Void) {
        self.write = write
    }

    mutating func add(_ key: [UInt8], _ value: [UInt8]) throws(CheckpointError) {
        if block.byteCount >= Self.blockByteCount { try endBlock(indexKey: separator(block.lastKey, key)) }
        block.add(key, value)
    }

    /// Writes what is left, the block of blocks and the footer.
    mutating func finish() throws(CheckpointError) {
        if !block.isEmpty { try endBlock(indexKey: successor(block.lastKey)) }
        let empty = TableBlock(restartInterval: 1)
        var footer = try writeBlock(empty.finished())
        footer += try writeBlock(index.finished())
        footer += [UInt8](repeating: 0, count: max(0, TableReader.footerByteCount - 8 - footer.count))
        footer += TableReader.magic
        try write(footer)
    }

    private mutating func endBlock(indexKey: [UInt8]) throws(CheckpointError) {
        let handle = try writeBlock(block.finished())
        index.add(indexKey, handle)
        block = TableBlock(restartInterval: Self.restartInterval)
    }

    /// Writes a block with its trailer and returns its handle.
    private mutating func writeBlock(_ bytes: [UInt8]) throws(CheckpointError) -> [UInt8] {
        var handle: [UInt8] = []
        handle.appendVarint(position)
        handle.appendVarint(bytes.count)
        var stored = bytes
        stored.append(0)
        stored.appendLittleEndian(Checksum(of: stored).masked)
        try write(stored)
        position += stored.count
        return handle
    }
}

/// A short key that is not before `last` and before `next`, which comes after it.
private func separator(_ last: [UInt8], _ next: [UInt8]) -> [UInt8] {
    let shared = zip(last, next).prefix { $0 == $1 }.count
    guard shared < last.count, shared < next.count, last[shared] < 255, last[shared] + 1 < next[shared] else {
        return last
    }
    return last[..<shared] + [last[shared] + 1]
}

/// A short key that is not before `last`.
private func successor(_ last: [UInt8]) -> [UInt8] {
    guard let index = last.firstIndex(where: { $0 < 255 }) else { return last }
    return last[..<index] + [last[index] + 1]
}

/// A block that is being filled.
private struct TableBlock {
    let restartInterval: Int
    private(set) var lastKey: [UInt8] = []
    private var bytes: [UInt8] = []
    private var restarts: [Int] = [0]
    private var countSinceRestart = 0

    init(restartInterval: Int) {
        self.restartInterval = restartInterval
    }

    var isEmpty: Bool { bytes.isEmpty }
    var byteCount: Int { bytes.count + 4 * restarts.count + 4 }

    mutating func add(_ key: [UInt8], _ value: [UInt8]) {
        var shared = 0
        if countSinceRestart == restartInterval {
            restarts.append(bytes.count)
            countSinceRestart = 0
        } else {
            shared = zip(lastKey, key).prefix { $0 == $1 }.count
        }
        bytes.appendVarint(shared)
        bytes.appendVarint(key.count - shared)
        bytes.appendVarint(value.count)
        bytes += key[shared...]
        bytes += value
        lastKey = key
        countSinceRestart += 1
    }

    /// The bytes of the block with its restarts.
    func finished() -> [UInt8] {
        var result = bytes
        for restart in restarts { result.appendLittleEndian(UInt32(truncatingIfNeeded: restart)) }
        result.appendLittleEndian(UInt32(truncatingIfNeeded: restarts.count))
        return result
    }
}
