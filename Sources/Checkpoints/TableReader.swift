// Reads the sorted table of keys and values that a checkpoint's index file is. Knows nothing of tensors.
//
// Layout: blocks, each followed by one byte (its compression) and the masked checksum of both; at the end a footer of 48
// bytes that says where the block of blocks is. In a block, keys share their beginnings with the key before.

import Files

/// The entries of a table, in ascending order of their keys.
struct TableReader {
    struct Entry {
        let key: [UInt8]
        let value: ArraySlice<UInt8>
        /// Where the entry begins in the file.
        let offset: Int
    }

    static let footerByteCount = 48
    static let trailerByteCount = 5
    static let magic: [UInt8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
    /// By how much keys may grow where they share their beginnings: a small file must not fill the memory. Writers
    /// repeat a key in full at every 16th entry, so real files stay well below.
    static let keyGrowthLimit = 64

    private let file: any ReadableFile
    private var path: String { file.path }

    init(_ file: any ReadableFile) {
        self.file = file
    }

    /// Calls `body` with every entry.
    ///
    /// - Errors: `CheckpointError.damaged` with the place of the first contradiction; what `body` throws.
    func forEach(_ body: (Entry) throws(CheckpointError) -> Void) throws(CheckpointError) {
        var keyBudget = 65_536 + Self.keyGrowthLimit * file.byteCount
        let index = try block(try indexHandle())
        var previousKey: [UInt8]?
        var nextBlock = 0
        var indexBudget = keyBudget
        try entries(of: index, &indexBudget) { pointer throws(CheckpointError) in
            var cursor = ByteCursor(pointer.value, fileOffset: index.offset)
            let handle = try handle(&cursor)
            // Blocks stand in the file in the order of their keys, so that none is read twice.
            guard handle.offset >= nextBlock else {
                throw damaged(at: pointer.offset, "the block at byte \(handle.offset) is out of order")
            }
            let block = try block(handle)
            nextBlock = handle.offset + handle.byteCount
            try entries(of: block, &keyBudget) { entry throws(CheckpointError) in
                if let previousKey, !previousKey.lexicographicallyPrecedes(entry.key) {
                    throw damaged(at: entry.offset, "keys are not in ascending order")
                }
                previousKey = entry.key
                try body(entry)
            }
        }
    }

    // MARK: Blocks

    private struct Handle {
        let offset: Int
        let byteCount: Int
    }

    private struct Block {
        let bytes: [UInt8]
        let offset: Int
    }

    private func damaged(at offset: Int, _ reason: String) -> CheckpointError {
        CheckpointError(.damaged, path, at: offset, reason)
    }

    private func bytes(at offset: Int, count: Int) throws(CheckpointError) -> [UInt8] {
        try checkedFileCall { () throws(FileError) in try file.bytes(at: offset, count: count) }
    }

    private func indexHandle() throws(CheckpointError) -> Handle {
        let start = file.byteCount - Self.footerByteCount
        guard start >= 0 else {
            throw damaged(at: 0, "it has \(file.byteCount) bytes, fewer than the footer of an index file")
        }
        let footer = try bytes(at: start, count: Self.footerByteCount)
        guard footer.suffix(8).elementsEqual(Self.magic) else {
            throw damaged(at: start + 40, "this is no index of a checkpoint: it does not end in the number of one")
        }
        var cursor = ByteCursor(footer[..<40], fileOffset: start)
        // Nothing is read from the first block, but damage in it is damage of the file.
        _ = try block(try handle(&cursor))
        let index = try handle(&cursor)
        while let padding = cursor.byte() {
            if padding != 0 { throw damaged(at: cursor.offset - 1, "the footer's padding is not zero") }
        }
        return index
    }

    private func handle(_ cursor: inout ByteCursor) throws(CheckpointError) -> Handle {
        let place = cursor.offset
        guard let offset = cursor.varint(), let byteCount = cursor.varint() else {
            throw damaged(at: place, "the place of a block is cut off or too large")
        }
        let end = file.byteCount - Self.footerByteCount - Self.trailerByteCount
        guard offset <= end, byteCount <= end - offset else {
            throw damaged(at: place, "a block of \(byteCount) bytes at byte \(offset) lies outside of the file")
        }
        return Handle(offset: offset, byteCount: byteCount)
    }

    private func block(_ handle: Handle) throws(CheckpointError) -> Block {
        var bytes = try bytes(at: handle.offset, count: handle.byteCount + Self.trailerByteCount)
        let stored = littleEndian32(bytes[(handle.byteCount + 1)...])
        let computed = Checksum(of: bytes[...handle.byteCount]).masked
        guard stored == computed else {
            throw damaged(
                at: handle.offset,
                "the checksum of the block of \(handle.byteCount) bytes is \(computed), but \(stored) is stored")
        }
        guard bytes[handle.byteCount] == 0 else {
            throw CheckpointError(
                .unsupported, path, at: handle.offset + handle.byteCount,
                "the block is compressed (method \(bytes[handle.byteCount])); write the checkpoint without compression")
        }
        bytes.removeLast(Self.trailerByteCount)
        return Block(bytes: bytes, offset: handle.offset)
    }

    private func entries(
        of block: Block, _ keyBudget: inout Int, _ body: (Entry) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let bytes = block.bytes
        let count = Int(littleEndian32(bytes.suffix(4)))
        guard bytes.count >= 4, count <= (bytes.count - 4) / 4 else {
            throw damaged(at: block.offset, "the block does not hold its list of restarts")
        }
        var cursor = ByteCursor(bytes[..<(bytes.count - 4 - 4 * count)], fileOffset: block.offset)
        var key: [UInt8] = []
        while !cursor.isAtEnd {
            let place = cursor.offset
            guard let shared = cursor.varint(), let unshared = cursor.varint(), let valueCount = cursor.varint(),
                shared <= key.count, let keyEnd = cursor.take(unshared), let value = cursor.take(valueCount)
            else { throw damaged(at: place, "an entry reaches beyond its block") }
            key.removeLast(key.count - shared)
            key.append(contentsOf: keyEnd)
            keyBudget -= key.count
            guard keyBudget >= 0 else {
                throw damaged(at: place, "keys are over \(Self.keyGrowthLimit) times as long as the file")
            }
            try body(Entry(key: key, value: value, offset: place))
        }
    }
}
