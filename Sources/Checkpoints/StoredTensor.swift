// The bytes of one tensor, or of one piece, in a data file: read in chunks, with the checksum taken on the way.

import Files
import Tensors

/// A tensor or piece as it lies in its data file, all of whose bytes are there.
struct StoredTensor {
    /// So much is read at a time: little enough to stay in a core's cache between reading and taking the checksum.
    static let chunkByteCount = 1 << 20

    let entry: CheckpointEntry
    let file: any ReadableFile

    /// - Errors: `.damaged` where the file ends before the tensor.
    init(_ entry: CheckpointEntry, _ file: any ReadableFile) throws(CheckpointError) {
        self.entry = entry
        self.file = file
        let end = entry.offset + entry.byteCount
        guard end <= file.byteCount else {
            throw CheckpointError(
                .damaged, file.path, at: entry.offset, tensor: entry.name,
                "it takes the bytes up to \(end), but the file has only \(file.byteCount)")
        }
    }

    func damaged(at offset: Int, _ reason: String) -> CheckpointError {
        CheckpointError(.damaged, file.path, at: offset, tensor: entry.name, reason)
    }

    /// Fills a part of memory with the bytes from a place in the file on.
    func fill(_ destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
        let count = try checkedFileCall(tensor: entry.name) { () throws(FileError) in
            try file.read(into: destination, at: offset)
        }
        if count < destination.count { throw damaged(at: offset + count, "the file has become shorter") }
    }

    /// Compares the checksum of all bytes with the stored one.
    func check(_ checksum: Checksum) throws(CheckpointError) {
        guard checksum.masked == entry.maskedChecksum else {
            throw damaged(
                at: entry.offset,
                "the checksum of its \(entry.byteCount) bytes is \(checksum.masked), but \(entry.maskedChecksum) is stored"
            )
        }
    }

    /// Reads the elements, whose size is fixed, into memory of exactly their size.
    func read(into destination: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        var checksum = Checksum()
        var done = 0
        while done < destination.count {
            let count = min(Self.chunkByteCount, destination.count - done)
            let part = UnsafeMutableRawBufferPointer(rebasing: destination[done..<(done + count)])
            try fill(part, at: entry.offset + done)
            checksum.update(UnsafeRawBufferPointer(part))
            done += count
        }
        try check(checksum)
    }

    /// Calls `body` with chunk after chunk and the place of each among the tensor's bytes, and then checks all.
    func forEachChunk(_ body: (UnsafeRawBufferPointer, Int) -> Void) throws(CheckpointError) {
        let buffer = ArrayStorage(byteCount: min(Self.chunkByteCount, entry.byteCount))
        defer { withExtendedLifetime(buffer) {} }
        var checksum = Checksum()
        var done = 0
        while done < entry.byteCount {
            let count = min(buffer.byteCount, entry.byteCount - done)
            let part = UnsafeMutableRawBufferPointer(start: buffer.bytes, count: count)
            try fill(part, at: entry.offset + done)
            checksum.update(UnsafeRawBufferPointer(part))
            body(UnsafeRawBufferPointer(part), done)
            done += count
        }
        try check(checksum)
    }
}
