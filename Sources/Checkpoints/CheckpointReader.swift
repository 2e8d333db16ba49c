// Opens a checkpoint and says what is in it. How tensors are read stands in the extensions.

public import Files
import Messages
import SwiftProtobuf
import Synchronization
import Tensors

/// A checkpoint of TensorFlow's format ("tensor bundle") that is read.
///
///     let reader = try CheckpointReader("runs/model-1000")
///     for entry in reader.entries { print(entry.name, entry.dtype, entry.shape) }
///     let weights = try reader.read("W1", as: Float.self)
///
/// The index is read and checked when the reader is made, the tensors when they are asked for. Each read takes the
/// checksum on the way. Memory and time stay in proportion to the files' sizes, whatever the index claims.
public final class CheckpointReader: Sendable {
    /// The path of the checkpoint without `.index`.
    public let prefix: String
    /// The tensors, in ascending order of their names' bytes. Pieces of partitioned tensors are told by their whole.
    public let entries: [CheckpointEntry]
    /// How many data files there are said to be.
    public let shardCount: Int
    /// For checkpoints of objects (TensorFlow 2): the variables' full names and places, and the keys they are under.
    let aliases: ObjectAliases

    /// The pieces of partitioned tensors, in ascending order of their keys.
    private let pieces: [(key: [UInt8], entry: CheckpointEntry)]
    private let files: any FileSystem
    private let openShards = Mutex<[Int: any ReadableFile]>([:])

    /// Opens a checkpoint and reads its index.
    ///
    /// - Parameter prefix: its path without `.index`; one with it is taken as well.
    /// - Errors: `CheckpointError`: `.notFound`, `.damaged` with file, place and reason, `.unsupported`, `.file`.
    public init(_ prefix: String, files: any FileSystem = LocalFileSystem()) throws(CheckpointError) {
        let prefix = prefix.hasSuffix(indexSuffix) ? String(prefix.dropLast(indexSuffix.count)) : prefix
        let content = try IndexContent(prefix, files)
        self.prefix = prefix
        self.files = files
        shardCount = content.shardCount
        entries = content.entries
        pieces = content.pieces
        try content.check()
        aliases = try ObjectAliases(content.entries) { entry throws(CheckpointError) in
            let path = dataPath(prefix, entry.shard, of: content.shardCount)
            let file = try checkedFileCall { () throws(FileError) in try files.open(path) }
            return try readStrings(StoredTensor(entry, file))
        }
    }

    /// The tensor of the given name, or nil.
    ///
    /// - Parameter name: the key it is stored under. In checkpoints of objects also the full name of its variable, or
    ///   its place among the objects (`model/dense/kernel`).
    public subscript(name: String) -> CheckpointEntry? {
        entries.entry(name) ?? aliases.key(of: name).flatMap { entries.entry($0) }
    }

    /// The entry of the given name.
    ///
    /// - Errors: `.noSuchTensor` with the nearest name.
    func entry(named name: String) throws(CheckpointError) -> CheckpointEntry {
        if let entry = self[name] { return entry }
        let near = nearestName(to: name, among: entries.lazy.map(\.name))
        throw CheckpointError(
            .noSuchTensor, prefix, tensor: name,
            "the checkpoint has none of that name" + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
    }

    /// The bytes of a tensor or piece in its data file.
    func stored(_ entry: CheckpointEntry) throws(CheckpointError) -> StoredTensor {
        try StoredTensor(entry, try shard(entry.shard, for: entry.name))
    }

    /// The pieces of a partitioned tensor, in the order of its slices.
    func pieces(of entry: CheckpointEntry) throws(CheckpointError) -> [CheckpointEntry] {
        var found: [CheckpointEntry] = []
        for (extents, ranges) in zip(entry.extents, entry.slices) {
            let key = sliceKey(Array(entry.name.utf8), extents)
            let index = lowerBound(in: pieces) { $0.key.lexicographicallyPrecedes(key) }
            guard index < pieces.count, pieces[index].key == key else {
                throw CheckpointError(
                    .damaged, prefix + indexSuffix, tensor: entry.name,
                    "the part \(describe(ranges)) is not in the checkpoint")
            }
            let piece = pieces[index].entry
            guard piece.dtype == entry.dtype, piece.shape == ranges.map(\.count), !piece.isPartitioned else {
                throw CheckpointError(
                    .damaged, prefix + indexSuffix, tensor: entry.name,
                    "the part \(describe(ranges)) is stored as \(piece.dtype)\(Shape(piece.shape)), but the whole is "
                        + "\(entry.dtype)\(Shape(entry.shape))")
            }
            found.append(piece)
        }
        return found
    }

    private func shard(_ number: Int, for tensor: String) throws(CheckpointError) -> any ReadableFile {
        try openShards.withLock { open throws(CheckpointError) in
            if let file = open[number] { return file }
            let path = dataPath(prefix, number, of: shardCount)
            let file = try checkedFileCall(tensor: tensor) { () throws(FileError) in try files.open(path) }
            open[number] = file
            return file
        }
    }

    /// Checks that the data files are there and long enough for every tensor; their bytes are not read.
    ///
    /// - Errors: `CheckpointError` that names the first tensor that is not whole.
    public func checkFiles() throws(CheckpointError) {
        for entry in entries {
            for piece in entry.isPartitioned ? try pieces(of: entry) : [entry] { _ = try stored(piece) }
        }
    }
}

let indexSuffix = ".index"

/// `runs/model-7.data-00000-of-00001`
func dataPath(_ prefix: String, _ shard: Int, of count: Int) -> String {
    func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "\(prefix).data-\(padded(shard))-of-\(padded(count))"
}

/// `[0:2, 1:3]`
func describe(_ piece: [Range<Int>]) -> String {
    "[" + piece.map { "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ", ") + "]"
}

/// The first index whose element does not come before what is sought.
private func lowerBound<Element>(in sorted: [Element], where isBefore: (Element) -> Bool) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
        let middle = low + (high - low) / 2
        if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
}

extension [CheckpointEntry] {
    /// The entry whose name has exactly these bytes: strings that only look the same are different names.
    fileprivate func entry(_ name: String) -> CheckpointEntry? {
        let index = lowerBound(in: self) { $0.name.utf8.lexicographicallyPrecedes(name.utf8) }
        guard index < count, self[index].name.utf8.elementsEqual(name.utf8) else { return nil }
        return self[index]
    }
}

/// What an index file holds.
private struct IndexContent {
    private let path: String
    private(set) var shardCount = 0
    private(set) var entries: [CheckpointEntry] = []
    private(set) var pieces: [(key: [UInt8], entry: CheckpointEntry)] = []

    init(_ prefix: String, _ files: any FileSystem) throws(CheckpointError) {
        path = prefix + indexSuffix
        let status = try checkedFileCall { () throws(FileError) in try files.status(prefix + indexSuffix) }
        guard status != nil else {
            throw CheckpointError(.notFound, prefix, "there is no checkpoint: \(path) does not exist")
        }
        let file = try checkedFileCall { () throws(FileError) in try files.open(prefix + indexSuffix) }
        var hasHeader = false
        try TableReader(file).forEach { entry throws(CheckpointError) in
            if !hasHeader {
                try readHeader(entry)
                hasHeader = true
            } else {
                try read(entry)
            }
        }
        if !hasHeader { throw CheckpointError(.damaged, path, at: 0, "the table has no header") }
    }

    private mutating func readHeader(_ entry: TableReader.Entry) throws(CheckpointError) {
        guard entry.key.isEmpty, let header = try? Tensorflow_BundleHeaderProto(serializedBytes: Array(entry.value))
        else { throw CheckpointError(.damaged, path, at: entry.offset, "the table does not begin with a header") }
        func unsupported(_ reason: String) -> CheckpointError {
            CheckpointError(.unsupported, path, at: entry.offset, reason)
        }
        guard header.endianness == .little else {
            throw unsupported("the numbers were written in big-endian order; convert it on such a machine")
        }
        guard header.version.minConsumer <= 1 else {
            throw unsupported("it wants a reader of version \(header.version.minConsumer), but this is 1")
        }
        guard header.numShards > 0 else {
            throw CheckpointError(
                .damaged, path, at: entry.offset, "it says that it has \(header.numShards) data files")
        }
        shardCount = Int(header.numShards)
    }

    private mutating func read(_ entry: TableReader.Entry) throws(CheckpointError) {
        let isPiece = entry.key.first == 0
        guard let name = isPiece ? "" : String(validating: entry.key, as: UTF8.self) else {
            throw CheckpointError(.damaged, path, at: entry.offset, "a name is no text in UTF-8")
        }
        do throws(MessageError) {
            let found = try CheckpointEntry(
                name: isPiece ? pieceName(entry.key) : name, serialized: entry.value, shardCount: shardCount)
            if isPiece { pieces.append((entry.key, found)) } else { entries.append(found) }
        } catch {
            throw CheckpointError(
                .damaged, path, at: entry.offset, tensor: isPiece ? pieceName(entry.key) : name, "\(error)")
        }
    }

    /// The name of the tensor that a piece belongs to, as far as it can be read from the key.
    private func pieceName(_ key: [UInt8]) -> String {
        var name: [UInt8] = []
        var index = 1
        while index < key.count {
            let next = index + 1 < key.count ? key[index + 1] : 1
            if key[index] == 0, next != 255 { break }
            name.append(key[index])
            index += key[index] == 0 || key[index] == 255 ? 2 : 1
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Checks what single entries do not show: bytes that belong to two tensors could make much out of little.
    func check() throws(CheckpointError) {
        let stored = (entries.filter { !$0.isPartitioned } + pieces.map(\.entry)).filter { $0.byteCount > 0 }
            .sorted { ($0.shard, $0.offset) < ($1.shard, $1.offset) }
        for (first, second) in zip(stored, stored.dropFirst())
        where first.shard == second.shard && first.offset + first.byteCount > second.offset {
            throw CheckpointError(
                .damaged, path, tensor: second.name,
                "its bytes from \(second.offset) on are said to belong to \"\(first.name)\" too")
        }
        for entry in entries where entry.isPartitioned {
            guard let count = elementCount(entry.shape) else { continue }
            var total = 0
            for slice in entry.slices {
                let (sum, overflow) = total.addingReportingOverflow(Int(elementsOf: slice))
                if overflow || sum > count {
                    throw CheckpointError(.damaged, path, tensor: entry.name, "its parts overlap")
                }
                total = sum
            }
            guard let overlaps = piecesOverlap(entry.slices) else {
                throw CheckpointError(
                    .unsupported, path, tensor: entry.name, "its parts are too many and too entangled")
            }
            if overlaps { throw CheckpointError(.damaged, path, tensor: entry.name, "its parts overlap") }
        }
    }
}
