// Writes a checkpoint: data as it comes, the index at the end. When it becomes visible, and in which order calls are made
// so that a crash at any moment leaves the old or the new, is decided here.

public import Files
import Messages
import SwiftProtobuf
public import Tensors

/// Writes a checkpoint of TensorFlow's format ("tensor bundle"), tensor by tensor.
///
///     let writer = try CheckpointWriter("runs/model-1000")
///     try writer.add(weights, named: "W1")
///     try writer.finish()
///
/// Nothing is seen under the checkpoint's name before `finish`, which replaces one that was there in a single step. A
/// writer that is dropped or fails before leaves nothing behind. It is used by one thread at a time.
public final class CheckpointWriter {
    /// The path of the checkpoint without `.index`.
    public let prefix: String
    private let files: any FileSystem
    private let shardCount: Int
    private let data: TemporaryFile
    private var output: BufferedOutput
    private var entries: [[UInt8]: Tensorflow_BundleEntryProto] = [:]
    private var pieces: [[UInt8]: [[Range<Int>]]] = [:]
    private var state = State.open

    /// Whether the checkpoint is to be seen under its name.
    var isFinished: Bool { state == .finished }

    private enum State: String {
        case open
        case finished = "was finished"
        case abandoned = "was abandoned"
    }

    /// Begins a checkpoint.
    ///
    /// - Parameter prefix: its path without `.index`; the folder must be there.
    /// - Errors: `CheckpointError`: `.file`; `.misuse` for a path without a name at its end.
    public init(_ prefix: String, files: any FileSystem = LocalFileSystem()) throws(CheckpointError) {
        try CheckpointError.requireName(in: prefix)
        self.prefix = prefix
        self.files = files
        shardCount = try freeShardCount(prefix, files)
        data = try checkedFileCall { () throws(FileError) in try TemporaryFile(for: prefix + ".data", files) }
        output = BufferedOutput(data.file)
    }

    deinit { abandon() }

    /// Adds a tensor, whose bytes are written at once and not kept.
    ///
    /// - Errors: `CheckpointError`: `.file`, after which the writer is of no more use; `.misuse` for a name that is
    ///   empty, given before or begins with a zero byte.
    public func add(_ array: AnyArray, named name: String) throws(CheckpointError) {
        let key = try newKey(name)
        entries[key] = try write(array, name)
    }

    /// Adds a piece of a tensor that is stored in parts.
    ///
    ///     try writer.add(rows, named: "embeddings", pieceOf: [100, 16], at: [50, 0])
    ///
    /// - Parameters:
    ///   - shape: the shape of the whole.
    ///   - start: the index of the piece's first element in the whole.
    /// - Errors: as for a whole tensor; `.misuse` for a piece that does not fit in the whole or overlaps another.
    public func add(
        _ array: AnyArray, named name: String, pieceOf shape: [Int], at start: [Int]
    ) throws(CheckpointError) {
        let fits =
            start.count == shape.count && array.shape.count == shape.count && elementCount(shape) != nil
            && zip(zip(start, array.shape), shape).allSatisfy { part, whole in
                part.0 >= 0 && part.0 <= whole && part.1 <= whole - part.0
            }
        guard fits, array.dtype.byteCount > 0 else {
            throw misuse(name, "a piece of \(array.dtype)\(array.shape) at \(start) does not fit in \(shape)")
        }
        let wholeKey = Array(name.utf8)
        if pieces[wholeKey] == nil {
            let key = try newKey(name)
            entries[key] = .with {
                $0.dtype = array.dtype.message
                $0.shape = Shape(shape).message
            }
            pieces[key] = []
        }
        guard let whole = entries[wholeKey], whole.dtype == array.dtype.message, whole.shape == Shape(shape).message
        else {
            throw misuse(name, "pieces differ in the type or shape of the whole")
        }
        let extents = zip(start, array.shape).map { StoredExtent(start: $0, length: $1) }
        let key = sliceKey(wholeKey, extents)
        guard entries[key] == nil else { throw misuse(name, "the piece at \(start) was added before") }
        entries[key] = try write(array, name)
        entries[wholeKey]?.slices.append(
            .with { slice in
                slice.extent = extents.map { extent in
                    .with {
                        $0.start = Int64(extent.start)
                        $0.length = Int64(extent.length ?? 0)
                    }
                }
            })
        pieces[wholeKey]?.append(zip(start, array.shape).map { $0..<($0 + $1) })
    }

    /// Writes the index, makes sure that all is on the disk, and lets the checkpoint be seen.
    ///
    /// The order: data, sync, its name, index, sync, the folder's sync, the index's name, the folder's sync. Before the
    /// index has its name the checkpoint does not exist; from then on it is whole, even after a loss of power. Where a
    /// checkpoint of this name was there, its data lies in a file of another name (see `freeShardCount`), which is
    /// removed at the very end.
    ///
    /// - Errors: `CheckpointError`: `.file`; `.misuse` for pieces that overlap or leave gaps.
    public func finish() throws(CheckpointError) {
        try checkOpen()
        do throws(CheckpointError) {
            try checkPieces()
            // Begun before the data has its name: where the process ends in between, what it leaves tells whose data
            // without an index that is.
            let index = try checkedFileCall { () throws(FileError) in
                try TemporaryFile(for: prefix + indexSuffix, files)
            }
            do throws(CheckpointError) {
                try checkedFileCall { () throws(FileError) in
                    try output.flush()
                    try data.finish(as: dataPath(prefix, 0, of: shardCount))
                }
                try writeIndex(index.file)
                try checkedFileCall { () throws(FileError) in
                    try index.finish(as: prefix + indexSuffix, syncing: parentPath(prefix))
                }
            } catch {
                // In this order, so that what says whose the data is goes last. Which data no index names is looked up: a
                // disk may say that a name was not given when it was.
                TemporaryFile.removeOrphans(of: prefix, files)
                index.discard()
                throw error
            }
        } catch {
            abandon()
            throw error
        }
        state = .finished
        try checkedFileCall { () throws(FileError) in try files.syncFolder(parentPath(prefix)) }
        removeData(of: prefix, exceptShardsOf: shardCount, files)
    }

    /// Gives up what was begun and removes it. A writer that was finished stays so.
    public func abandon() {
        guard state == .open else { return }
        state = .abandoned
        data.discard()
    }

    // MARK: Parts

    private func misuse(_ name: String?, _ reason: String) -> CheckpointError {
        CheckpointError(.misuse, prefix, tensor: name, reason)
    }

    private func checkOpen() throws(CheckpointError) {
        if state != .open { throw misuse(nil, "the writer \(state.rawValue)") }
    }

    private func newKey(_ name: String) throws(CheckpointError) -> [UInt8] {
        let key = Array(name.utf8)
        guard let first = key.first, first != 0 else {
            throw misuse(name, "a name must not be empty or begin with a zero byte")
        }
        guard entries[key] == nil else { throw misuse(name, "a tensor of this name was added before") }
        return key
    }

    private func write(_ array: AnyArray, _ name: String) throws(CheckpointError) -> Tensorflow_BundleEntryProto {
        try checkOpen()
        let start = output.position
        let checksum: Checksum
        do throws(FileError) {
            if case .strings(let strings, _) = array.content {
                checksum = try output.write(strings: strings)
            } else {
                checksum = try output.write(elementsOf: array)
            }
        } catch {
            abandon()
            throw CheckpointError(error, tensor: name)
        }
        return .with {
            $0.dtype = array.dtype.message
            $0.shape = Shape(array.shape).message
            $0.offset = Int64(start)
            $0.size = Int64(output.position - start)
            $0.crc32C = checksum.masked
        }
    }

    private func checkPieces() throws(CheckpointError) {
        for (key, ranges) in pieces {
            let name = String(decoding: key, as: UTF8.self)
            let shape = entries[key]?.shape.dim.map { Int($0.size) } ?? []
            if piecesOverlap(ranges) != false { throw misuse(name, "its pieces overlap") }
            let count = ranges.reduce(0) { $0 + Int(elementsOf: $1) }
            guard count == elementCount(shape) else {
                throw misuse(name, "its pieces hold \(count) of the elements of \(shape)")
            }
        }
    }

    private func writeIndex(_ file: any WritableFile) throws(CheckpointError) {
        var table = TableWriter { bytes throws(CheckpointError) in
            try checkedFileCall { () throws(FileError) in try file.write(bytes) }
        }
        let header = Tensorflow_BundleHeaderProto.with {
            $0.numShards = Int32(shardCount)
            $0.version = .with { $0.producer = 1 }
        }
        try table.add([], serialized(header))
        for (key, entry) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var entry = entry
            // Written even where it has no dimensions, as TensorFlow does.
            if !entry.hasShape { entry.shape = Tensorflow_TensorShapeProto() }
            try table.add(key, serialized(entry))
        }
        try table.finish()
    }

    private func serialized(_ message: some SwiftProtobuf.Message) throws(CheckpointError) -> [UInt8] {
        do { return try message.serializedBytes() } catch { throw misuse(nil, "\(error)") }
    }
}

/// Removes the data files of a checkpoint but those of the given number of shards. One that cannot be removed harms nobody
/// and goes next time.
func removeData(of prefix: String, exceptShardsOf shardCount: Int?, _ files: any FileSystem) {
    let folder = parentPath(prefix)
    let ending = shardCount.map { dataPath("", 0, of: $0).suffix(9) }
    guard let names = try? files.list(folder) else { return }
    for name in names where isDataFile(name, of: lastPathPart(prefix)) && !(ending.map { name.hasSuffix($0) } ?? false)
    {
        try? files.remove(joinPath(folder, name))
    }
}

/// Whether a name is that of a data file of a checkpoint: `model-7.data-00000-of-00001`.
func isDataFile(_ name: String, of prefix: String) -> Bool {
    let start = prefix + ".data-"
    guard name.hasPrefix(start) else { return false }
    let numbers = name.dropFirst(start.count).split(separator: "-", omittingEmptySubsequences: false)
    func isNumber(_ text: Substring) -> Bool { text.count >= 5 && text.utf8.allSatisfy { (48...57).contains($0) } }
    return numbers.count == 3 && numbers[1] == "of" && isNumber(numbers[0]) && isNumber(numbers[2])
}

/// A number of data files such that the name of the first is not in use by the checkpoint that is there.
///
/// A checkpoint is two files, which cannot be replaced in one step. But the names of data files hold their number, and
/// readers open only those that tensors are in: a second checkpoint of the same name says that it has two data files,
/// of which it uses the first. So the old one stays whole until the new index takes the place of the old.
private func freeShardCount(_ prefix: String, _ files: any FileSystem) throws(CheckpointError) -> Int {
    do throws(CheckpointError) {
        return try CheckpointReader(prefix, files: files).shardCount == 1 ? 2 : 1
    } catch {
        // What cannot be loaded needs no care; but a disk that fails may only hide it.
        guard error.kind == .file else { return 1 }
        throw error
    }
}
