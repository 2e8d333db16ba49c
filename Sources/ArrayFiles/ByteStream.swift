// Bytes that are read in order: those of a part of a file, unpacked on the way where it is deflated. Knows nothing of
// what the bytes mean.

import CZlib
import Files
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Bytes that are read in order.
protocol ByteStream: AnyObject {
    /// How many bytes have been read.
    var position: Int { get }
    /// The most bytes that can still come: what may be allocated for them.
    var greatestRest: Int { get }
    /// Fills `destination` with the next bytes.
    ///
    /// - Returns: how many bytes were read: fewer than asked for only where the content ends.
    func read(into destination: UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Int
    /// Verifies what can be verified once all bytes have been read: sizes and checksums.
    func checkEnd() throws(ArrayFileError)
}

extension ByteStream {
    /// The next `count` bytes, or fewer where the content ends before.
    func bytes(upTo count: Int) throws(ArrayFileError) -> [UInt8] {
        var failure: ArrayFileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: min(count, greatestRest)) { buffer, initialized in
            let wanted = min(count, greatestRest)
            do throws(ArrayFileError) {
                initialized = try read(
                    into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<wanted]))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// The bytes of a part of a file as they are.
final class PartStream: ByteStream {
    private let file: any ReadableFile
    private let part: Range<Int>
    private(set) var position = 0

    /// - Parameter part: lies within the file.
    init(_ file: any ReadableFile, _ part: Range<Int>) {
        self.file = file
        self.part = part
    }

    var greatestRest: Int { part.count - position }

    func read(into destination: UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Int {
        let wanted = UnsafeMutableRawBufferPointer(rebasing: destination[..<min(destination.count, greatestRest)])
        let count: Int
        do throws(FileError) { count = try file.read(into: wanted, at: part.lowerBound + position) } catch {
            throw ArrayFileError(error)
        }
        position += count
        return count
    }

    func checkEnd() {}
}

/// The most that deflate can expand: 258 bytes from two bits, so 1032 to one.
let greatestDeflateExpansion = 1032

/// The content of a part of a file that is deflated, without a wrapper.
final class InflateStream: ByteStream {
    private let source: PartStream
    private let place: Place
    private let declaredByteCount: Int
    private(set) var position = 0
    private var isAtEnd = false
    private let input: UnsafeMutableRawBufferPointer
    private var pending = 0..<0
    /// On the heap, because zlib remembers the address.
    private let inflater = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var hasInflater = false

    /// - Errors: `ArrayFileError` where the declared size is more than the packed bytes can hold.
    init(_ source: PartStream, declaredByteCount: Int, place: Place) throws(ArrayFileError) {
        self.source = source
        self.place = place
        self.declaredByteCount = declaredByteCount
        let packed = source.greatestRest
        input = .allocate(byteCount: max(1, min(packed, 1 << 16)), alignment: 16)
        inflater.initialize(to: z_stream())
        guard declaredByteCount / greatestDeflateExpansion <= packed else {
            throw place.damaged(
                at: nil, "it claims \(declaredByteCount) bytes, more than \(packed) deflated bytes can unpack to")
        }
        guard inflateInit2_(inflater, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw place.outOfMemory(1 << 15)
        }
        hasInflater = true
    }

    deinit {
        if hasInflater { inflateEnd(inflater) }
        inflater.deallocate()
        input.deallocate()
    }

    var greatestRest: Int { declaredByteCount - position }

    func read(into destination: UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Int {
        guard let output = destination.baseAddress, let base = input.baseAddress else { return 0 }
        let wanted = min(destination.count, greatestRest)
        var written = 0
        while written < wanted, !isAtEnd {
            let room = min(wanted - written, 1 << 30)
            written += try step(base, output + written, room)
        }
        position += written
        return written
    }

    /// Makes sure that the packed content ends where the unpacked does, and with it the part of the file.
    func checkEnd() throws(ArrayFileError) {
        guard let base = input.baseAddress else { return }
        var byte: UInt8 = 0
        while !isAtEnd {
            let count = try withUnsafeMutablePointer(to: &byte) { pointer throws(ArrayFileError) in
                try step(base, UnsafeMutableRawPointer(pointer), 1)
            }
            if count > 0 { throw place.damaged(at: position, "it unpacks to more bytes than it claims") }
        }
        guard pending.isEmpty, source.greatestRest == 0 else {
            throw place.damaged(at: position, "bytes follow the end of the deflated content")
        }
    }

    private func step(
        _ base: UnsafeMutableRawPointer, _ output: UnsafeMutableRawPointer, _ room: Int
    ) throws(ArrayFileError) -> Int {
        if pending.isEmpty { pending = 0..<(try source.read(into: input)) }
        inflater.pointee.next_in = (base + pending.lowerBound).assumingMemoryBound(to: UInt8.self)
        inflater.pointee.avail_in = UInt32(pending.count)
        inflater.pointee.next_out = output.assumingMemoryBound(to: UInt8.self)
        inflater.pointee.avail_out = UInt32(room)
        let result = inflate(inflater, Z_NO_FLUSH)
        let consumed = pending.count - Int(inflater.pointee.avail_in)
        let produced = room - Int(inflater.pointee.avail_out)
        pending = (pending.lowerBound + consumed)..<pending.upperBound
        switch result {
        case Z_STREAM_END: isAtEnd = true
        case Z_OK, Z_BUF_ERROR:
            if consumed == 0, produced == 0, pending.isEmpty, source.greatestRest == 0 {
                throw place.damaged(at: position, "the deflated content ends early")
            }
        default:
            let reason = inflater.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(result)"
            throw place.damaged(at: position, "the deflated content is damaged: \(reason)")
        }
        return produced
    }
}

/// Memory for the content of an array, asked of the system first: the array itself could not refuse without ending the
/// process.
func arrayStorage(_ byteCount: Int, _ place: Place) throws(ArrayFileError) -> ArrayStorage {
    if byteCount > 1 << 24 {
        guard let probe = malloc(byteCount) else { throw place.outOfMemory(byteCount) }
        free(probe)
    }
    return ArrayStorage(byteCount: byteCount)
}

extension ArrayStorage {
    /// The first `count` bytes, to be filled by whoever made the storage.
    func buffer(_ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: bytes, count: count)
    }
}
