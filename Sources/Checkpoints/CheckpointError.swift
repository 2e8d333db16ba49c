// What can go wrong with checkpoints: which file, where in it, which tensor, why, and what to do.

public import Files

/// A checkpoint that could not be written, read or restored.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failures, to tell them apart in code.
    public enum Kind: Hashable, Sendable {
        /// There is no such checkpoint.
        case notFound
        /// The file's bytes contradict each other or their checksums.
        case damaged
        /// The file asks for something that is not supported.
        case unsupported
        /// A call to the file system failed; see `fileError`.
        case file
        /// The checkpoint has no tensor of that name.
        case noSuchTensor
        /// A tensor has another type, shape or place than was asked for.
        case mismatch
        /// What was to be written cannot be: a name given twice, pieces that overlap, a writer used after its end.
        case misuse
        /// A variable that was to be saved has no value.
        case uninitializedVariable
        /// The session refused the values.
        case session
    }

    public let kind: Kind
    /// The file, or the checkpoint's prefix where no single file is at fault.
    public let path: String
    /// Where in the file, in bytes from its start.
    public let offset: Int?
    /// The tensor that it concerns.
    public let tensor: String?
    public let reason: String
    /// The call that failed, for `.file`.
    public let fileError: FileError?
    /// What did and did not match, where a strict restore was refused for it.
    public let report: RestoreReport?

    init(
        _ kind: Kind, _ path: String, at offset: Int? = nil, tensor: String? = nil, _ reason: String,
        fileError: FileError? = nil, report: RestoreReport? = nil
    ) {
        self.kind = kind
        self.path = path
        self.offset = offset
        self.tensor = tensor
        self.reason = reason
        self.fileError = fileError
        self.report = report
    }

    init(_ error: FileError, at offset: Int? = nil, tensor: String? = nil) {
        self.init(.file, error.path, at: offset, tensor: tensor, "\(error)", fileError: error)
    }

    /// - Errors: `misuse` for a prefix that gives the files of a checkpoint no name.
    static func requireName(in prefix: String) throws(CheckpointError) {
        guard namesNoFile(prefix) else { return }
        throw CheckpointError(
            .misuse, prefix, "a checkpoint needs a name after the folder, such as \"\(joinPath(prefix, "model"))\"")
    }

    /// The same failure, with the tensor it concerns named.
    func naming(_ tensor: String) -> CheckpointError {
        CheckpointError(
            kind, path, at: offset, tensor: self.tensor ?? tensor, reason, fileError: fileError, report: report)
    }

    /// The same failure with more said about it.
    func adding(_ text: String) -> CheckpointError {
        CheckpointError(
            kind, path, at: offset, tensor: tensor, reason + text, fileError: fileError, report: report)
    }

    /// `runs/model-7.data-00000-of-00001, byte 120: tensor "w": its checksum is 1, but ...`
    public var description: String {
        var text = path.isEmpty ? "\"\"" : path
        if let offset { text += ", byte \(offset)" }
        text += ": "
        if let tensor { text += "tensor \"\(tensor)\": " }
        text += reason
        if let report { text += "\n\(report)" }
        return text
    }
}

/// Calls the file system; its failures become errors of checkpoints.
func checkedFileCall<Result>(
    tensor: String? = nil, _ body: () throws(FileError) -> Result
) throws(CheckpointError) -> Result {
    do throws(FileError) { return try body() } catch { throw CheckpointError(error, tensor: tensor) }
}
