// Reads `.npz`, numpy's archive of named arrays, one array at a time.

import CZlib
public import Files
public import Tensors

/// Reads `.npz`, numpy's archive of named arrays, one array at a time.
///
///     let archive = try NPZReader("weights.npz")
///     archive.names                                       // ["w", "b"]
///     let w = try archive.read("w", as: Float.self)
///
/// Entries may be stored or deflated, in archives of any size (ZIP64). The CRC-32 of each array read is verified.
public struct NPZReader: Sendable {
    public let path: String
    /// The arrays' names, in the archive's order, without `.npy`.
    public let names: [String]
    private let file: any ReadableFile
    private let entries: [String: ZipEntry]

    /// Reads the archive's table of contents.
    ///
    /// - Errors: `ArrayFileError` where there is no such file, or it is no sound archive.
    public init(_ path: String, in fileSystem: any FileSystem = LocalFileSystem()) throws(ArrayFileError) {
        do throws(FileError) { file = try fileSystem.open(path) } catch { throw ArrayFileError(error) }
        self.path = path
        var names: [String] = []
        var entries: [String: ZipEntry] = [:]
        for entry in try ZipDirectory(file).entries {
            let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw Place(path: path, array: name).damaged(at: entry.headerOffset, "two arrays have this name")
            }
            names.append(name)
        }
        self.names = names
        self.entries = entries
    }

    /// Reads an array and verifies its checksum.
    ///
    /// - Parameter name: with or without `.npy`.
    /// - Errors: `ArrayFileError` where there is no array of this name, or it is damaged or of a type that arrays here
    ///   cannot have.
    public func read(_ name: String) throws(ArrayFileError) -> AnyArray {
        let (stream, place) = try stream(name)
        return try NPYHeader(stream, place).readElements(stream, place)
    }

    /// Reads an array of a known type.
    ///
    /// - Errors: as `read(_:)`, and where the array is of another type.
    public func read<Scalar: TensorElement>(
        _ name: String, as type: Scalar.Type
    ) throws(ArrayFileError) -> NDArray<Scalar> {
        try read(name).typed(type, Place(path: path, array: name))
    }

    /// What the header of an array says; its checksum is not verified.
    ///
    /// - Errors: as `read(_:)`.
    public func describe(_ name: String) throws(ArrayFileError) -> ArrayDescription {
        let (stream, place) = try stream(name)
        return try NPYHeader(stream, place).description(stream, place)
    }

    /// The content of an entry that is no array, such as a text in an archive that others wrote.
    ///
    /// - Errors: as `read(_:)`, and for one of more than `limit` bytes.
    package func content(of name: String, limit: Int) throws(ArrayFileError) -> [UInt8] {
        let stream = try stream(name).0
        // One more than allowed, to see whether it goes on.
        let bytes = try stream.bytes(upTo: limit + 1)
        if bytes.count > limit {
            throw ArrayFileError(.unsupported, path, array: name, "it has more than \(limit) bytes")
        }
        try stream.checkEnd()
        return bytes
    }

    private func stream(_ name: String) throws(ArrayFileError) -> (ZipEntryStream, Place) {
        let bare = name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
        guard let entry = entries[name] ?? entries[bare] else {
            let nearest = nearestName(to: name, among: names)
            throw ArrayFileError(
                .missingArray, path, array: name, "there is no such array among the \(names.count) here",
                hint: nearest.map { "did you mean \"\(printable($0))\"?" })
        }
        let place = Place(path: path, array: bare)
        return (try ZipEntryStream(entry, file, place), place)
    }
}

/// The content of an entry; its size and checksum are verified where it ends.
private final class ZipEntryStream: ByteStream {
    private let entry: ZipEntry
    private let place: Place
    private let source: any ByteStream
    private var checksum: UInt = 0

    init(_ entry: ZipEntry, _ file: any ReadableFile, _ place: Place) throws(ArrayFileError) {
        self.entry = entry
        self.place = place
        let part = PartStream(file, try entry.content(in: file))
        source =
            entry.method == .stored
            ? part : try InflateStream(part, declaredByteCount: entry.byteCount, place: place)
        checksum = crc32(0, nil, 0)
    }

    var position: Int { source.position }
    var greatestRest: Int { source.greatestRest }

    func read(into destination: UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Int {
        let count = try source.read(into: destination)
        checksum = extendChecksum(checksum, UnsafeRawBufferPointer(rebasing: destination[..<count]))
        return count
    }

    func checkEnd() throws(ArrayFileError) {
        guard position == entry.byteCount else {
            throw place.damaged(at: position, "its content ends early: \(entry.byteCount) bytes are announced")
        }
        try source.checkEnd()
        guard checksum == UInt(entry.crc32) else {
            throw place.damaged(
                at: nil, "its CRC-32 is \(hexadecimal(checksum)), but \(hexadecimal(UInt(entry.crc32))) is announced",
                hint: "the file was changed or damaged after it was written")
        }
    }
}

/// zlib's CRC-32, over a buffer of any size.
func extendChecksum(_ checksum: UInt, _ bytes: UnsafeRawBufferPointer) -> UInt {
    var checksum = checksum
    var rest = bytes[...]
    while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
        checksum = crc32(checksum, part.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(part.count))
        rest = rest.dropFirst(part.count)
    }
    return checksum
}

private func hexadecimal(_ value: UInt) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}
