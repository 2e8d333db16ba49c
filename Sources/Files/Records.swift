// Files of records with checksums (TFRecord): how event files and files of examples frame what they hold. Knows
// nothing of what a record means.

/// What is wrong with a file of records, and where.
public struct RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    /// The place of the record in the file, in bytes.
    public let offset: Int
    public let reason: String

    package init(_ path: String, offset: Int, _ reason: String) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "\(path): the record at byte \(offset): \(reason)" }
}

/// How a record lies in a file: its length (8 bytes, little-endian), the masked checksum of these, its bytes, and
/// their masked checksum.
package enum RecordFrame {
    /// The bytes before those of the record.
    package static let headerByteCount = 12
    /// The bytes after those of the record.
    package static let footerByteCount = 4

    /// Appends a record and its frame to `bytes`.
    package static func append(_ record: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let start = bytes.count
        appendLittleEndian(UInt64(record.count), to: &bytes)
        let lengthChecksum = bytes.withUnsafeBytes {
            Checksum(of: UnsafeRawBufferPointer(rebasing: $0[start...])).masked
        }
        appendLittleEndian(lengthChecksum, to: &bytes)
        bytes.append(contentsOf: record)
        appendLittleEndian(Checksum(of: record).masked, to: &bytes)
    }

    package static func append(_ record: [UInt8], to bytes: inout [UInt8]) {
        record.withUnsafeBytes { append($0, to: &bytes) }
    }

    private static func appendLittleEndian(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Writes records to a file, each handed to it whole.
package final class RecordWriter {
    private let file: any WritableFile
    private var buffer: [UInt8] = []

    package init(_ file: any WritableFile) { self.file = file }

    package var path: String { file.path }

    /// Writes a record.
    package func write(_ record: [UInt8]) throws(FileError) {
        buffer.removeAll(keepingCapacity: true)
        RecordFrame.append(record, to: &buffer)
        try file.write(buffer)
    }

    package func close() throws(FileError) { try file.close() }
}

/// Reads records one after another, and goes on where a file that is still written has grown.
///
/// A record that is cut off by the end of the file counts as not written yet: `next` returns nil, and
/// `unfinishedByteCount` says how much of it is there.
package struct RecordReader: ~Copyable {
    private let fileSystem: any FileSystem
    private var file: any ReadableFile
    /// A part of the file, so that small records cost no call to the system each.
    private var window: [UInt8] = []
    private var windowOffset = 0
    /// Where the next record starts.
    package private(set) var offset: Int
    package let path: String

    private static let windowByteCount = 1 << 18

    /// - Parameters:
    ///   - offset: where a record starts.
    /// - Errors: `FileError` where the file cannot be opened.
    package init(_ path: String, in fileSystem: any FileSystem, at offset: Int = 0) throws(FileError) {
        self.path = path
        self.fileSystem = fileSystem
        self.offset = max(0, offset)
        file = try fileSystem.open(path)
    }

    /// The bytes of a record that the end of the file cuts off.
    package var unfinishedByteCount: Int { max(0, file.byteCount - offset) }

    /// Sees what was written to the file since it was opened.
    package mutating func refresh() throws(FileError) { file = try fileSystem.open(path) }

    /// The next record; nil where the file ends, or ends within it.
    ///
    /// - Errors: `RecordError` for a wrong checksum; `FileError` where the file cannot be read. Then the reader stays
    ///   where it is.
    package mutating func next() throws -> [UInt8]? {
        let rest = file.byteCount - offset
        guard rest >= RecordFrame.headerByteCount else { return nil }
        let header = try bytes(at: offset, count: RecordFrame.headerByteCount)
        let length = header.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
        guard Checksum(of: header.prefix(8)).masked == header.suffix(4).littleEndianNumber else {
            throw RecordError(path, offset: offset, "the checksum of its length is wrong")
        }
        // Compared before anything is allocated for it.
        let frame = RecordFrame.headerByteCount + RecordFrame.footerByteCount
        guard rest >= frame, length <= UInt64(rest - frame) else { return nil }
        let body = try bytes(
            at: offset + RecordFrame.headerByteCount, count: Int(length) + RecordFrame.footerByteCount)
        let record = Array(body.dropLast(RecordFrame.footerByteCount))
        guard Checksum(of: record).masked == body.suffix(4).littleEndianNumber else {
            throw RecordError(path, offset: offset, "the checksum of its \(length) bytes is wrong")
        }
        offset += frame + Int(length)
        return record
    }

    /// Bytes of the file, which are there.
    private mutating func bytes(at start: Int, count: Int) throws(FileError) -> ArraySlice<UInt8> {
        if start < windowOffset || start + count > windowOffset + window.count {
            let size = min(max(count, Self.windowByteCount), file.byteCount - start)
            window = try file.bytes(at: start, count: size)
            windowOffset = start
        }
        return window[(start - windowOffset)..<(start - windowOffset + count)]
    }
}

extension ArraySlice<UInt8> {
    fileprivate var littleEndianNumber: UInt32 { reversed().reduce(0) { $0 << 8 | UInt32($1) } }
}
