// Writing files of records (TFRecord), compressed or not.

import CZlib
import Files

/// Writes a TFRecord file, as TensorFlow reads it.
///
///     let writer = try TFRecordWriter("train.tfrecord.gz", compression: .gzip)
///     for record in records { try writer.write(record) }
///     try writer.close()
///
/// The file gets its name when it is closed; until then, and where it never is, a file that was there before stays.
public final class TFRecordWriter {
    /// The file.
    public let path: String
    private let temporaryPath: String
    private var file: (any WritableFile)?
    private let fileSystem = LocalFileSystem()
    private var buffer: [UInt8] = []
    /// On the heap, because zlib remembers the address.
    private let deflater: UnsafeMutablePointer<z_stream>?

    private static let bufferByteCount = 1 << 18

    /// - Parameter compression: how to compress; `.none` and `.automatic` do not.
    /// - Errors: `DatasetError` where the file cannot be made.
    public init(_ path: String, compression: FileCompression = .none) throws(DatasetError) {
        self.path = path
        temporaryPath = Files.temporaryPath(for: path)
        switch compression {
        case .none, .automatic: deflater = nil
        case .gzip, .zlib:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            stream.initialize(to: z_stream())
            deflater = stream
            let result = deflateInit2_(
                stream, 6, Z_DEFLATED, compression == .gzip ? 15 + 16 : 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size))
            guard result == Z_OK else { throw .outOfMemory(path, byteCount: 1 << 18) }
        }
        do throws(FileError) {
            try FileError.requireName(in: path)
            file = try fileSystem.create(temporaryPath, .new)
        } catch {
            throw .cannotWrite(path, because: error.reason)
        }
    }

    deinit {
        if let deflater {
            deflateEnd(deflater)
            deflater.deallocate()
        }
        if file != nil { try? fileSystem.remove(temporaryPath) }
    }

    /// Adds a record.
    ///
    /// - Errors: `DatasetError` where the file cannot be written or is closed.
    public func write(_ record: [UInt8]) throws(DatasetError) {
        guard file != nil else { throw .cannotWrite(path, because: "it is closed") }
        RecordFrame.append(record, to: &buffer)
        if buffer.count >= Self.bufferByteCount { try flush(isLast: false) }
    }

    /// Completes the file and gives it its name. A second call does nothing.
    ///
    /// - Errors: `DatasetError` where that fails; the unfinished file is then removed.
    public func close() throws(DatasetError) {
        guard let file else { return }
        defer { if self.file != nil { try? fileSystem.remove(temporaryPath) }; self.file = nil }
        try flush(isLast: true)
        do throws(FileError) {
            try file.sync()
            try file.close()
            try fileSystem.rename(temporaryPath, to: path)
            self.file = nil
        } catch {
            throw .cannotWrite(path, because: error.reason)
        }
    }

    private func flush(isLast: Bool) throws(DatasetError) {
        defer { buffer.removeAll(keepingCapacity: true) }
        do throws(FileError) {
            guard let deflater else {
                try file?.write(buffer)
                return
            }
            var output = [UInt8](repeating: 0, count: 1 << 16)
            var consumed = 0
            var isDone = false
            while !isDone {
                let (left, produced) = buffer.withUnsafeMutableBufferPointer { input in
                    output.withUnsafeMutableBufferPointer { output in
                        let part = min(input.count - consumed, 1 << 30)
                        deflater.pointee.next_in = input.baseAddress.map { $0 + consumed }
                        deflater.pointee.avail_in = UInt32(part)
                        deflater.pointee.next_out = output.baseAddress
                        deflater.pointee.avail_out = UInt32(output.count)
                        let isEnd = isLast && consumed + part == input.count
                        let result = deflate(deflater, isEnd ? Z_FINISH : Z_NO_FLUSH)
                        consumed += part - Int(deflater.pointee.avail_in)
                        isDone =
                            isLast ? result == Z_STREAM_END : consumed == input.count && deflater.pointee.avail_out > 0
                        return (input.count - consumed, output.count - Int(deflater.pointee.avail_out))
                    }
                }
                try file?.write(Array(output[..<produced]))
                // No step forward is possible only where zlib's state is damaged.
                if produced == 0, left > 0, !isDone { break }
            }
        } catch {
            throw .cannotWrite(path, because: error.reason)
        }
    }
}
