// Writes safetensors files, one array at a time.

public import Files
public import Tensors

/// Writes a safetensors file, one array at a time: the header comes first, so names, types and shapes must be known
/// before.
///
///     let file = try SafetensorsWriter("model.safetensors", arrays: [("w", .float32, [2, 3]), ("b", .float32, [3])])
///     for name in file.names { try file.add(value(of: name), named: name) }
///     try file.finish()
///
/// The file appears under its name with `finish`, complete and synced; a writer that is dropped before leaves nothing.
public final class SafetensorsWriter {
    /// The order in which the arrays are to be added: the widest elements first, so that every array is aligned.
    public let names: [String]
    private let file: NewFile
    private let entries: [SafetensorsEntry]
    private var addedCount = 0

    /// - Parameters:
    ///   - arrays: name, type and shape of each, in any order.
    ///   - metadata: what else is to be noted down.
    /// - Errors: `ArrayFileError` where safetensors has no such type, a name is taken, or the file cannot be created.
    public init(
        _ path: String, arrays: [(name: String, dtype: DType, shape: [Int])], metadata: [String: String] = [:],
        in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) {
        var entries: [SafetensorsEntry] = []
        var taken: Set<String> = [SafetensorsHeader.metadataKey]
        for (name, dtype, shape) in arrays {
            let place = Place(path: path, array: name)
            guard let type = SafetensorsType(dtype) else {
                throw place.notRepresentable(
                    "safetensors has no type \(dtype)", hint: dtype == .string ? "write it into an npz file" : nil)
            }
            guard shape.count <= SafetensorsHeader.greatestRank, let byteCount = type.byteCount(shape) else {
                throw place.notRepresentable(
                    "shape \(shape) of \(type.name) has too many dimensions or bytes, or does not fill whole bytes")
            }
            guard taken.insert(name).inserted else {
                throw place.notRepresentable("the name is taken, or the one that the format keeps for itself")
            }
            entries.append(SafetensorsEntry(name: name, type: type, shape: shape, part: 0..<byteCount))
        }
        entries.sort { ($1.type.rawValue, $0.name) < ($0.type.rawValue, $1.name) }
        var free = 0
        for index in entries.indices {
            let (end, overflow) = free.addingReportingOverflow(entries[index].part.count)
            if overflow { throw Place(path: path).notRepresentable("the arrays have more bytes than a file can") }
            entries[index].part = free..<end
            free = end
        }
        let header = SafetensorsHeader(entries: entries, metadata: metadata).bytes
        guard header.count - 8 <= SafetensorsHeader.longest else {
            throw Place(path: path).notRepresentable(
                "the header has \(header.count - 8) bytes; the format allows \(SafetensorsHeader.longest)")
        }
        self.entries = entries
        names = entries.map(\.name)
        file = try NewFile(path, in: fileSystem)
        try file.write(header)
    }

    /// Whether safetensors has the type.
    public static func canHold(_ dtype: DType) -> Bool { SafetensorsType(dtype) != nil }

    /// Writes arrays.
    ///
    /// - Errors: as `init`, `add` and `finish`.
    public static func write(
        _ arrays: [String: AnyArray], metadata: [String: String] = [:], to path: String,
        in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) {
        let writer = try SafetensorsWriter(
            path, arrays: arrays.map { ($0.key, $0.value.dtype, $0.value.shape) }, metadata: metadata, in: fileSystem)
        for name in writer.names {
            if let array = arrays[name] { try writer.add(array, named: name) }
        }
        try writer.finish()
    }

    /// Adds the next array in the order of `names`.
    ///
    /// - Errors: `ArrayFileError` where it is another array's turn, type or shape are not those announced, or the file
    ///   cannot be written.
    public func add(_ array: AnyArray, named name: String) throws(ArrayFileError) {
        let place = Place(path: file.path, array: name)
        guard addedCount < entries.count, entries[addedCount].name == name else {
            let next = addedCount < entries.count ? "\"\(printable(entries[addedCount].name))\"" : "none"
            throw place.notRepresentable(
                "it is another array's turn: \(next)", hint: "add the arrays in the order of `names`")
        }
        let entry = entries[addedCount]
        guard entry.type.dtype == array.dtype, entry.shape == array.shape, case .elements(let elements) = array.content
        else {
            throw place.notRepresentable(
                "\(entry.type.dtype)\(entry.shape) was announced, but it is \(array.dtype)\(array.shape)")
        }
        defer { withExtendedLifetime(elements.storage) {} }
        let bytes = UnsafeRawBufferPointer(start: elements.bytes, count: elements.byteCount)
        if entry.type == .float4 {
            let packed = stride(from: 0, to: bytes.count - 1, by: 2).map { bytes[$0] & 15 | bytes[$0 + 1] << 4 }
            try file.write(packed)
        } else {
            try file.write(bytes)
        }
        addedCount += 1
    }

    /// Completes the file and gives it its name.
    ///
    /// - Errors: `ArrayFileError` where arrays are missing, or the file cannot be written.
    public func finish() throws(ArrayFileError) {
        guard addedCount == entries.count else {
            throw Place(path: file.path, array: entries[addedCount].name).notRepresentable("it has not been added yet")
        }
        try file.finish()
    }
}
