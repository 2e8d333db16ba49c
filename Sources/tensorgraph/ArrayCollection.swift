// Named arrays from any file that holds some, read one at a time. Knows nothing of how they are shown or written.

import ArrayFiles
import Checkpoints
import Files
import Tensors

/// The newest whole checkpoint that the state file of a folder leads to.
func newestCheckpoint(_ folder: String) throws -> String? {
    let state = try CheckpointState(inFolder: folder)
    let newest = latestCheckpoint(in: folder)
    if let state, let newest, state.latest != newest {
        writeToStandardError(
            "warning: \(folder): \(lastPathPart(state.latest)), the newest that its state file names, is not whole; "
                + "this is \(lastPathPart(newest))\n")
    }
    return newest
}

/// Named arrays of a file.
struct ArrayCollection {
    struct Entry {
        let name: String
        let dtype: DType
        let shape: [Int]
        /// The bytes of the elements in the file.
        let byteCount: Int
    }

    let entries: [Entry]
    /// What the file notes down besides; only safetensors has it.
    let metadata: [String: String]
    /// Reads the array at an index of `entries`, and verifies its checksum where the format has one.
    let read: (Int) throws -> AnyArray

    /// - Errors: also where the input is of a kind that holds no arrays.
    init(_ input: Input) throws {
        switch input {
        case .npy(let path):
            let description = try NPYFile.describe(path)
            entries = [Entry(lastPathPart(path).droppingSuffix(".npy"), description)]
            metadata = [:]
            read = { _ in try NPYFile.read(path) }
        case .npz(let path):
            let reader = try NPZReader(path)
            entries = try reader.names.map { Entry($0, try reader.describe($0)) }
            metadata = [:]
            read = { try reader.read(reader.names[$0]) }
        case .safetensors(let path):
            let reader = try SafetensorsReader(path)
            entries = try reader.names.map { Entry($0, try reader.describe($0)) }
            metadata = reader.metadata
            read = { try reader.read(reader.names[$0]) }
        case .checkpoint(let prefix): (entries, read, metadata) = try Self.checkpoint(prefix)
        case .savedModel(let folder):
            let prefix = joinPath(folder, "variables/variables")
            (entries, read, metadata) = try Self.checkpoint(prefix)
        case .eventFile(let path), .graph(let path):
            throw ToolError(
                .unsupported, "\(path): arrays are taken from npy, npz, safetensors, checkpoints and SavedModels alone")
        }
    }

    private static func checkpoint(
        _ prefix: String
    ) throws -> ([Entry], (Int) throws -> AnyArray, [String: String]) {
        let reader = try CheckpointReader(prefix)
        let entries = reader.entries.map {
            Entry(name: $0.name, dtype: $0.dtype, shape: $0.shape, byteCount: $0.elementByteCount)
        }
        return (entries, { try reader.read(entries[$0].name) }, [:])
    }
}

extension ArrayCollection.Entry {
    fileprivate init(_ name: String, _ description: ArrayDescription) {
        self.init(
            name: name, dtype: description.dtype, shape: description.shape, byteCount: description.byteCount)
    }
}

extension String {
    func droppingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}

extension CheckpointEntry {
    /// The bytes of its elements, also where they are stored in parts, which have entries of their own.
    var elementByteCount: Int {
        guard isPartitioned, let count = elementCount(shape) else { return byteCount }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
        return overflow ? byteCount : bytes
    }
}
