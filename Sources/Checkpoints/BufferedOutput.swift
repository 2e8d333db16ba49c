// Writes tensors into a data file: small ones gathered in a buffer, large ones straight from their memory.

import Files
import Tensors

/// A file that is written tensor by tensor.
struct BufferedOutput {
    private static let bufferByteCount = 1 << 20

    private let file: any WritableFile
    private var buffer: [UInt8] = []
    /// The bytes written so far, those in the buffer included.
    private(set) var position = 0

    init(_ file: any WritableFile) {
        self.file = file
    }

    mutating func flush() throws(FileError) {
        guard !buffer.isEmpty else { return }
        try file.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        position += bytes.count
        if bytes.count >= Self.bufferByteCount {
            try flush()
            try file.write(bytes)
        } else {
            buffer.append(contentsOf: bytes)
            if buffer.count >= Self.bufferByteCount { try flush() }
        }
    }

    private mutating func write(_ bytes: [UInt8]) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBytes { part in
            do throws(FileError) { try write(part) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Writes elements of a fixed size and returns their checksum.
    mutating func write(elementsOf array: AnyArray) throws(FileError) -> Checksum {
        var checksum = Checksum()
        var failure: FileError?
        _ = array.withUnsafeBytes { bytes in
            var rest = bytes[...]
            // In chunks that stay in a core's cache between taking the checksum and writing.
            while !rest.isEmpty, failure == nil {
                let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.bufferByteCount))
                checksum.update(chunk)
                do throws(FileError) { try write(chunk) } catch { failure = error }
                rest = rest.dropFirst(chunk.count)
            }
        }
        if let failure { throw failure }
        return checksum
    }

    /// Writes strings, as `StoredStrings` reads them, and returns their checksum.
    mutating func write(strings: [[UInt8]]) throws(FileError) -> Checksum {
        var checksum = Checksum()
        for string in strings {
            checksum.update(checksummedLength(string.count))
            var length: [UInt8] = []
            length.appendVarint(string.count)
            try write(length)
        }
        var ofLengths: [UInt8] = []
        ofLengths.appendLittleEndian(checksum.masked)
        try write(ofLengths)
        checksum.update(ofLengths)
        for string in strings {
            checksum.update(string)
            try write(string)
        }
        return checksum
    }
}
