// A file's content as a stream of bytes, unpacked on the way where it is gzipped. Knows nothing of what the bytes mean.

import CZlib
import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a file is compressed.
public enum FileCompression: String, CaseIterable, Sendable {
    /// Not at all.
    case none
    /// As `gzip` does it.
    case gzip
    /// As zlib does it; TensorFlow's `ZLIB`.
    case zlib
    /// Gzip where the first two bytes are gzip's, else not at all. Not for files of records: theirs can be any.
    case automatic
}

/// Reads a plain or compressed file from start to end, holding one chunk of it.
///
/// Several gzip members in a row read as one content, as `gzip -dc` has it. The checks that gzip carries (CRC-32 and
/// length) are made at the end of each member.
package final class ByteSource {
    package let path: String
    /// The size of the file on the disk.
    package private(set) var fileByteCount = 0
    package private(set) var isCompressed = false
    /// How many bytes of the content have been read.
    package private(set) var position = 0

    private let descriptor: Int32
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: ByteSource.chunkByteCount, alignment: 16)
    /// The bytes of `input` that are not used yet.
    private var pending = 0..<0
    private var fileOffset = 0
    private var isAtEndOfFile = false

    /// On the heap, because zlib remembers the address.
    private let inflater = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var hasInflater = false
    private let compression: FileCompression
    private var isBetweenMembers = false
    private var memberCount = 0
    private var memberByteCount = 0

    package static let chunkByteCount = 1 << 16

    /// The most that deflate can expand: 258 bytes from two bits, so 1032 to one.
    package static let greatestExpansion = 1032

    /// Opens a file.
    ///
    /// - Parameter compression: by default, gzip is recognised by its first two bytes, whatever the file is called.
    /// - Errors: `DatasetError` where there is no such file, it is a folder or device, or may not be read.
    package init(_ path: String, _ compression: FileCompression = .automatic) throws(DatasetError) {
        self.path = path
        self.compression = compression
        inflater.initialize(to: z_stream())
        // Without blocking: opening a pipe would otherwise wait for a writer for ever.
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path, because: describeSystemError(errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .cannotOpen(path, because: describeSystemError(errno))
        }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else { throw .notAFile(path, isFolder: kind == S_IFDIR) }
        fileByteCount = Int(status.st_size)
        try refill()
        isCompressed =
            switch compression {
            case .none: false
            case .gzip, .zlib: true
            case .automatic: pending.count >= 2 && input[0] == 0x1f && input[1] == 0x8b
            }
        guard isCompressed else { return }
        // 15: the largest window; 16 more: gzip's wrapper and none other.
        let result = inflateInit2_(
            inflater, compression == .zlib ? 15 : 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw .outOfMemory(path, byteCount: 1 << 15) }
        hasInflater = true
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if hasInflater { inflateEnd(inflater) }
        inflater.deallocate()
        input.deallocate()
    }

    /// The most content that a file of this size can hold.
    package var greatestContentByteCount: Int {
        guard isCompressed else { return fileByteCount }
        let (product, overflow) = fileByteCount.multipliedReportingOverflow(by: Self.greatestExpansion)
        return overflow ? .max : product
    }

    /// Fills `destination` with the next bytes of the content.
    ///
    /// - Returns: how many bytes were written: fewer than asked for only where the content ends.
    package func read(into destination: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        let count = isCompressed ? try inflateBytes(into: destination) : try copyBytes(into: destination)
        position += count
        return count
    }

    // MARK: Plain

    private func copyBytes(into destination: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        var written = 0
        while written < destination.count {
            if pending.isEmpty { try refill() }
            if pending.isEmpty { break }
            let count = min(pending.count, destination.count - written)
            let source = UnsafeRawBufferPointer(rebasing: input[pending.prefix(count)])
            UnsafeMutableRawBufferPointer(rebasing: destination[written..<(written + count)]).copyMemory(from: source)
            pending.removeFirst(count)
            written += count
        }
        return written
    }

    // MARK: Gzip

    private func inflateBytes(into destination: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        guard let output = destination.baseAddress, let base = input.baseAddress else { return 0 }
        var written = 0
        while written < destination.count {
            if pending.isEmpty { try refill() }
            if isBetweenMembers {
                if pending.isEmpty { break }
                if compression == .zlib { throw .trailingCompression(path, at: placeInFile, kind) }
                inflateReset(inflater)
                isBetweenMembers = false
                memberByteCount = 0
            }
            let room = min(destination.count - written, Int(UInt32.max >> 1))
            inflater.pointee.next_in = (base + pending.lowerBound).assumingMemoryBound(to: UInt8.self)
            inflater.pointee.avail_in = UInt32(pending.count)
            inflater.pointee.next_out = (output + written).assumingMemoryBound(to: UInt8.self)
            inflater.pointee.avail_out = UInt32(room)
            let result = inflate(inflater, Z_NO_FLUSH)
            let consumed = pending.count - Int(inflater.pointee.avail_in)
            let produced = room - Int(inflater.pointee.avail_out)
            pending.removeFirst(consumed)
            written += produced
            memberByteCount += produced
            switch result {
            case Z_OK, Z_BUF_ERROR:
                // No step forward, and nothing more to read: the member is incomplete.
                if consumed == 0, produced == 0, pending.isEmpty, isAtEndOfFile {
                    throw .truncatedCompression(path, at: placeInFile, kind)
                }
            case Z_STREAM_END:
                isBetweenMembers = true
                memberCount += 1
            default:
                if memberCount > 0, memberByteCount == 0 {
                    throw .trailingCompression(path, at: placeInFile - consumed, kind)
                }
                let message = inflater.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(result)"
                throw .damagedCompression(path, at: placeInFile, kind, because: message)
            }
        }
        return written
    }

    private var kind: String { compression == .zlib ? "zlib" : "gzip" }

    /// The place in the file of the next unused byte.
    private var placeInFile: Int { fileOffset - pending.count }

    private func refill() throws(DatasetError) {
        guard pending.isEmpty, !isAtEndOfFile else { return }
        var count = 0
        repeat {
            count = system.read(descriptor, input)
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw .cannotRead(path, at: fileOffset, because: describeSystemError(errno)) }
        isAtEndOfFile = count == 0
        fileOffset += count
        pending = 0..<count
    }

    /// The system's `read`, which the method of that name hides.
    private enum system {
        static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
            #if canImport(Glibc)
                Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Darwin)
                Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
        }
    }
}

extension Range<Int> {
    fileprivate func prefix(_ count: Int) -> Range<Int> { lowerBound..<(lowerBound + count) }
    fileprivate mutating func removeFirst(_ count: Int) { self = (lowerBound + count)..<upperBound }
}
