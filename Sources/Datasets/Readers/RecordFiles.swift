// Files of records (TFRecord) as data sets. What a record means is somebody else's matter.

import Files

extension Dataset where Element == [UInt8] {
    /// The records of TFRecord files, one file after another, each held alone in memory.
    ///
    ///     let records = Dataset.tfRecords(["train-0.tfrecord.gz", "train-1.tfrecord.gz"], compression: .gzip)
    ///
    /// - Parameters:
    ///   - paths: the files.
    ///   - compression: how all of them are compressed; not at all by default. It cannot be told from the content.
    /// - Errors: a file that cannot be read, ends within a record, or has a wrong checksum is a `DatasetError` with the
    ///   record's place at the element concerned.
    public static func tfRecords(_ paths: [String], compression: FileCompression = .none) -> Dataset {
        Dataset(cardinality: paths.isEmpty ? .finite(0) : .unknown) { _ in
            ConcatenatingCursor(paths.map { path in { RecordCursor(try ByteSource(path, compression)) } })
        }
    }

    /// The records of one TFRecord file.
    public static func tfRecords(_ path: String, compression: FileCompression = .none) -> Dataset {
        tfRecords([path], compression: compression)
    }
}

/// The records of a file.
private final class RecordCursor: Cursor<[UInt8]> {
    private let source: ByteSource
    private var number = 0

    init(_ source: ByteSource) { self.source = source }

    override func next() throws -> [UInt8]? {
        let start = source.position
        let header = try bytes(RecordFrame.headerByteCount)
        if header.isEmpty { return nil }
        guard header.count == RecordFrame.headerByteCount else { throw cutOff(at: start) }
        guard Checksum(of: header[..<8]).masked == littleEndian(header[8...]) else {
            throw DatasetError.damagedRecord(
                source.path, at: start, number, "the checksum of its length is wrong", isFirst: number == 0)
        }
        let length = header[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let rest = source.greatestContentByteCount - source.position - RecordFrame.footerByteCount
        guard rest >= 0, length <= UInt64(rest) else { throw cutOff(at: start) }
        let record = try bytes(Int(length))
        let footer = try bytes(RecordFrame.footerByteCount)
        guard record.count == Int(length), footer.count == RecordFrame.footerByteCount else { throw cutOff(at: start) }
        guard Checksum(of: record).masked == littleEndian(footer[...]) else {
            throw DatasetError.damagedRecord(
                source.path, at: start, number, "the checksum of its \(length) bytes is wrong", isFirst: false)
        }
        number += 1
        return record
    }

    private func cutOff(at start: Int) -> DatasetError {
        .damagedRecord(source.path, at: start, number, "the file ends within it", isFirst: false)
    }

    /// The next `count` bytes, or what there is of them. Memory is taken for what has come, not for what is announced.
    private func bytes(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = min(count - bytes.count, max(1 << 16, bytes.count))
            var taken = 0
            let part = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                taken = try source.read(into: UnsafeMutableRawBufferPointer(buffer))
                initialized = taken
            }
            if bytes.isEmpty { bytes = part } else { bytes += part }
            if taken < wanted { break }
        }
        return bytes
    }
}

private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }

extension DatasetError {
    static func damagedRecord(
        _ file: String, at offset: Int, _ number: Int, _ reason: String, isFirst: Bool
    ) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "record number \(number) is damaged: \(reason)",
            hint: isFirst
                ? "check that this is a TFRecord file and that its compression is the one named"
                : "get or write the file anew")
    }
}
