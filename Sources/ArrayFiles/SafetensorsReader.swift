// Reads safetensors files, one array at a time.

public import Files
public import Tensors

/// Reads a safetensors file, one array at a time.
///
///     let file = try SafetensorsReader("model.safetensors")
///     file.names                                          // ["w", "b"], in the order of their bytes
///     let w = try file.read("w", as: Float.self)
///
/// The header is verified as the format asks: sizes that fit the types, arrays that follow each other without holes or
/// overlaps up to the end of the file. The format has no checksum: damage to elements is not noticed.
public struct SafetensorsReader: Sendable {
    public let path: String
    /// The arrays' names, in the order of their bytes.
    public let names: [String]
    /// What the writer noted down.
    public let metadata: [String: String]
    private let file: any ReadableFile
    private let dataOffset: Int
    private let entries: [String: SafetensorsEntry]

    /// Reads the header.
    ///
    /// - Errors: `ArrayFileError` where there is no such file, or its header is damaged.
    public init(_ path: String, in fileSystem: any FileSystem = LocalFileSystem()) throws(ArrayFileError) {
        let place = Place(path: path)
        do throws(FileError) { file = try fileSystem.open(path) } catch { throw ArrayFileError(error) }
        self.path = path
        let stream = PartStream(file, 0..<file.byteCount)
        let lengthBytes = try stream.bytes(upTo: 8)
        guard lengthBytes.count == 8 else {
            throw place.damaged(at: lengthBytes.count, "the file ends within the length of its header")
        }
        let length = lengthBytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        guard length <= SafetensorsHeader.longest, length <= stream.greatestRest else {
            throw place.damaged(
                at: 0, "the header claims \(length) bytes, but there are \(stream.greatestRest)",
                hint: "is it a safetensors file?")
        }
        let text = try stream.bytes(upTo: Int(length))
        guard text.count == Int(length) else { throw place.damaged(at: stream.position, "the file has become shorter") }
        dataOffset = stream.position
        let header = try SafetensorsHeader(text, dataByteCount: file.byteCount - dataOffset, place)
        names = header.entries.map(\.name)
        metadata = header.metadata
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    /// Reads an array.
    ///
    /// - Errors: `ArrayFileError` where there is no array of this name, or the file cannot be read.
    public func read(_ name: String) throws(ArrayFileError) -> AnyArray {
        let entry = try entry(name)
        let place = Place(path: path, array: name)
        let byteCount = entry.part.count
        let isPacked = entry.type == .float4
        let storage = try arrayStorage(isPacked ? byteCount * 2 : byteCount, place)
        let target = storage.buffer(storage.byteCount)
        // Where two elements share a byte, they are read into the second half and spread from there.
        let landing = UnsafeMutableRawBufferPointer(rebasing: target[(target.count - byteCount)...])
        let offset = dataOffset + entry.part.lowerBound
        let stream = PartStream(file, offset..<(offset + byteCount))
        guard try stream.read(into: landing) == byteCount else {
            throw place.damaged(at: offset + stream.position, "the file has become shorter")
        }
        if isPacked {
            for index in 0..<byteCount {
                let pair = landing[index]
                target[2 * index] = pair & 15
                target[2 * index + 1] = pair >> 4
            }
        }
        return AnyArray(UntypedArray(dtype: entry.type.dtype, shape: entry.shape, foreign: storage))
    }

    /// Reads an array of a known type.
    ///
    /// - Errors: as `read(_:)`, and where the array is of another type.
    public func read<Scalar: TensorElement>(
        _ name: String, as type: Scalar.Type
    ) throws(ArrayFileError) -> NDArray<Scalar> {
        try read(name).typed(type, Place(path: path, array: name))
    }

    /// What the header says of an array.
    ///
    /// - Errors: `ArrayFileError` where there is no array of this name.
    public func describe(_ name: String) throws(ArrayFileError) -> ArrayDescription {
        let entry = try entry(name)
        return ArrayDescription(
            dtype: entry.type.dtype, shape: entry.shape, byteCount: entry.part.count, formatType: entry.type.name)
    }

    private func entry(_ name: String) throws(ArrayFileError) -> SafetensorsEntry {
        if let entry = entries[name] { return entry }
        let nearest = nearestName(to: name, among: names)
        throw ArrayFileError(
            .missingArray, path, array: name, "there is no such array among the \(names.count) here",
            hint: nearest.map { "did you mean \"\(printable($0))\"?" })
    }
}
