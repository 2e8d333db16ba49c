// Writes `.npz`, numpy's archive of named arrays, one array at a time.

import CZlib
public import Files
public import Tensors

/// Writes `.npz`, numpy's archive of named arrays, one array at a time.
///
///     let archive = try NPZWriter("weights.npz", compression: .deflated)
///     try archive.add(AnyArray(w), named: "w")
///     try archive.finish()
///
/// The file appears under its name with `finish`, complete and synced; a writer that is dropped before leaves nothing.
/// The same arrays give the same bytes: entries carry no time.
public final class NPZWriter {
    /// How the arrays are packed.
    public struct Compression: Hashable, Sendable {
        let level: Int32
        /// As they are: what numpy's `savez` does.
        public static let stored = Compression(level: 0)
        /// With zlib's default effort: what numpy's `savez_compressed` does.
        public static let deflated = Compression(level: 6)
    }

    private struct Written {
        let name: [UInt8]
        let isDeflated: Bool
        let checksum: UInt32
        let packed: Int
        let unpacked: Int
        let offset: Int
    }

    private let file: NewFile
    private let compression: Compression
    private let strings: NPYStrings
    /// Whether the wide forms of sizes are used even where the narrow ones would do.
    private let alwaysZip64: Bool
    private var written: [Written] = []
    private var names: Set<String> = []

    /// - Parameter strings: as what strings are written.
    /// - Errors: `ArrayFileError` where the file cannot be created.
    public convenience init(
        _ path: String, compression: Compression = .stored, strings: NPYStrings = .bytes,
        in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) {
        try self.init(path, compression, strings, fileSystem, alwaysZip64: false)
    }

    package init(
        _ path: String, _ compression: Compression, _ strings: NPYStrings, _ fileSystem: any FileSystem,
        alwaysZip64: Bool
    ) throws(ArrayFileError) {
        file = try NewFile(path, in: fileSystem)
        self.compression = compression
        self.strings = strings
        self.alwaysZip64 = alwaysZip64
    }

    /// Writes arrays in the order of their names.
    ///
    /// - Errors: as `add` and `finish`.
    public static func write(
        _ arrays: [String: AnyArray], to path: String, compression: Compression = .stored,
        strings: NPYStrings = .bytes, in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) {
        let writer = try NPZWriter(path, compression: compression, strings: strings, in: fileSystem)
        for (name, array) in arrays.sorted(by: { $0.key < $1.key }) { try writer.add(array, named: name) }
        try writer.finish()
    }

    /// Adds an array.
    ///
    /// - Parameter name: without `.npy`.
    /// - Errors: `ArrayFileError` where the name is taken, npy has no such type, or the file cannot be written.
    public func add(_ array: AnyArray, named name: String) throws(ArrayFileError) {
        let place = Place(path: file.path, array: name)
        let nameBytes = Array((name + ".npy").utf8)
        guard nameBytes.count <= Int(UInt16.max), !name.utf8.contains(0) else {
            throw place.notRepresentable("the name is too long for a zip archive, or holds a zero character")
        }
        guard !names.contains(name) else {
            throw place.notRepresentable("the archive already has an array of this name")
        }
        let header = try NPYHeader(writing: array, strings, place)
        names.insert(name)
        let headerBytes = header.bytes
        let byteCount = headerBytes.count + (try header.counts(place).bytes)
        let offset = file.byteCount
        // Deflate expands by at most five bytes in 16 KB.
        let isWide = alwaysZip64 || byteCount >= Int(UInt32.max) - byteCount / 1000 - 1 << 20
        if compression == .stored {
            var checksum: UInt = 0
            try headerBytes.withBytes { checksum = extendChecksum(checksum, $0) }
            try header.forEachPart(of: array) { checksum = extendChecksum(checksum, $0) }
            let entry = Written(
                name: nameBytes, isDeflated: false, checksum: UInt32(truncatingIfNeeded: checksum), packed: byteCount,
                unpacked: byteCount, offset: offset)
            try file.write(localHeader(entry, isWide: isWide))
            try file.write(headerBytes)
            try header.forEachPart(of: array) { part throws(ArrayFileError) in try file.write(part) }
            written.append(entry)
        } else {
            let announced = Written(
                name: nameBytes, isDeflated: true, checksum: 0, packed: 0, unpacked: 0, offset: offset)
            try file.write(localHeader(announced, isWide: isWide))
            let deflater = try Deflater(level: compression.level, file, place)
            try headerBytes.withBytes { part throws(ArrayFileError) in try deflater.write(part) }
            try header.forEachPart(of: array) { part throws(ArrayFileError) in try deflater.write(part) }
            try deflater.finish()
            let entry = Written(
                name: nameBytes, isDeflated: true, checksum: UInt32(truncatingIfNeeded: deflater.checksum),
                packed: deflater.byteCount, unpacked: byteCount, offset: offset)
            try file.write(descriptor(entry, isWide: isWide))
            written.append(entry)
        }
    }

    /// Adds an array of a known type.
    public func add<Scalar>(_ array: NDArray<Scalar>, named name: String) throws(ArrayFileError) {
        try add(AnyArray(array), named: name)
    }

    /// Completes the archive and gives it its name.
    ///
    /// - Errors: `ArrayFileError` where the file cannot be written.
    public func finish() throws(ArrayFileError) {
        let start = file.byteCount
        for entry in written { try file.write(centralHeader(entry)) }
        let byteCount = file.byteCount - start
        if alwaysZip64 || written.count >= Int(UInt16.max) || file.byteCount >= Int(UInt32.max) {
            let end64 = file.byteCount
            var record = little(ZipRecord.end64) + little(UInt64(ZipRecord.end64ByteCount - 12))
            record += little(UInt16(45)) + little(UInt16(45)) + little(UInt32(0)) + little(UInt32(0))
            record += little(UInt64(written.count)) + little(UInt64(written.count))
            record += little(UInt64(byteCount)) + little(UInt64(start))
            record += little(ZipRecord.end64Locator) + little(UInt32(0)) + little(UInt64(end64)) + little(UInt32(1))
            try file.write(record)
        }
        let count = UInt16(clamping: written.count)
        var end = little(ZipRecord.end) + little(UInt32(0)) + little(count) + little(count)
        end += little(UInt32(clamping: byteCount)) + little(UInt32(clamping: start)) + little(UInt16(0))
        try file.write(end)
        try file.finish()
    }

    // MARK: Records

    /// 1980-01-01, the first day of zip's calendar.
    private static let date = UInt32(1 << 5 | 1) << 16

    private func flags(_ entry: Written) -> UInt16 {
        (entry.isDeflated ? ZipRecord.descriptorFlag : 0)
            | (entry.name.allSatisfy { $0 < 128 } ? 0 : ZipRecord.utf8Flag)
    }

    private func localHeader(_ entry: Written, isWide: Bool) -> [UInt8] {
        var bytes = little(ZipRecord.localHeader) + little(UInt16(isWide ? 45 : 20)) + little(flags(entry))
        bytes += little(UInt16(entry.isDeflated ? 8 : 0)) + little(Self.date) + little(entry.checksum)
        bytes += little(isWide ? UInt32.max : UInt32(entry.packed))
        bytes += little(isWide ? UInt32.max : UInt32(entry.unpacked))
        bytes += little(UInt16(entry.name.count)) + little(UInt16(isWide ? 20 : 0)) + entry.name
        if isWide {
            bytes += little(UInt16(ZipRecord.zip64Extra)) + little(UInt16(16))
            bytes += little(UInt64(entry.unpacked)) + little(UInt64(entry.packed))
        }
        return bytes
    }

    private func descriptor(_ entry: Written, isWide: Bool) -> [UInt8] {
        let start = little(ZipRecord.descriptor) + little(entry.checksum)
        if isWide { return start + little(UInt64(entry.packed)) + little(UInt64(entry.unpacked)) }
        return start + little(UInt32(entry.packed)) + little(UInt32(entry.unpacked))
    }

    private func centralHeader(_ entry: Written) -> [UInt8] {
        func isWide(_ size: Int) -> Bool { alwaysZip64 || size >= Int(UInt32.max) }
        var extra: [UInt8] = []
        for size in [entry.unpacked, entry.packed, entry.offset] where isWide(size) { extra += little(UInt64(size)) }
        if !extra.isEmpty { extra = little(UInt16(ZipRecord.zip64Extra)) + little(UInt16(extra.count)) + extra }
        func narrow(_ size: Int) -> [UInt8] { little(isWide(size) ? UInt32.max : UInt32(size)) }
        let version = UInt16(extra.isEmpty ? 20 : 45)
        var bytes = little(ZipRecord.centralHeader) + little(version) + little(version) + little(flags(entry))
        bytes += little(UInt16(entry.isDeflated ? 8 : 0)) + little(Self.date) + little(entry.checksum)
        bytes += narrow(entry.packed) + narrow(entry.unpacked)
        bytes += little(UInt16(entry.name.count)) + little(UInt16(extra.count))
        // No comment, the first disk, no attributes.
        bytes += [UInt8](repeating: 0, count: 10)
        return bytes + narrow(entry.offset) + entry.name + extra
    }
}

private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// Deflates bytes into a file, without a wrapper.
private final class Deflater {
    private let file: NewFile
    private let place: Place
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var isOpen = false
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    /// How many packed bytes were written.
    private(set) var byteCount = 0
    /// The CRC-32 of the bytes before they were packed.
    private(set) var checksum: UInt = 0

    init(level: Int32, _ file: NewFile, _ place: Place) throws(ArrayFileError) {
        self.file = file
        self.place = place
        stream.initialize(to: z_stream())
        guard
            deflateInit2_(
                stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw place.outOfMemory(1 << 18) }
        isOpen = true
    }

    deinit {
        if isOpen { deflateEnd(stream) }
        stream.deallocate()
        output.deallocate()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArrayFileError) {
        checksum = extendChecksum(checksum, bytes)
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            // zlib does not write to its input; its declaration only lacks the word.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: part.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(part.count)
            while stream.pointee.avail_in > 0 { _ = try step(Z_NO_FLUSH) }
            rest = rest.dropFirst(part.count)
        }
    }

    func finish() throws(ArrayFileError) {
        stream.pointee.next_in = nil
        stream.pointee.avail_in = 0
        while try step(Z_FINISH) != Z_STREAM_END {}
    }

    private func step(_ flush: Int32) throws(ArrayFileError) -> Int32 {
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
        let result = deflate(stream, flush)
        guard result == Z_OK || result == Z_STREAM_END else { throw place.outOfMemory(1 << 18) }
        let count = output.count - Int(stream.pointee.avail_out)
        byteCount += count
        try file.write(UnsafeRawBufferPointer(rebasing: output[..<count]))
        return result
    }
}
