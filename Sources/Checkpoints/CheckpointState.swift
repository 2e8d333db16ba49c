// The text file `checkpoint` beside checkpoints, which says which is the newest.

public import Files
import Messages
import SwiftProtobuf

/// Which checkpoints of a folder there are and which is the newest, as TensorFlow's state file says.
///
///     let state = try CheckpointState(inFolder: "runs")
///     state?.latest                   // runs/model-1000
///
/// Paths are relative to the folder in the file, so that the folder may be moved, and usable ones here.
public struct CheckpointState: Hashable, Sendable {
    /// The newest checkpoint.
    public var latest: String
    /// All that are kept for now, the oldest first.
    public var all: [String]
    /// When each of `all` was saved, in seconds since 1970; empty where the file does not say.
    public var timestamps: [Double]
    /// When the last checkpoint was saved that is kept for ever; nil where the file does not say.
    public var lastPreservedTimestamp: Double?

    public init(
        latest: String, all: [String], timestamps: [Double] = [], lastPreservedTimestamp: Double? = nil
    ) {
        self.latest = latest
        self.all = all
        self.timestamps = timestamps
        self.lastPreservedTimestamp = lastPreservedTimestamp
    }

    /// The name of the file.
    static let fileName = "checkpoint"
    private static let largestByteCount = 1 << 26

    /// Reads the state of a folder; nil where it has none.
    ///
    /// - Errors: `CheckpointError`: `.damaged`, `.file`.
    public init?(inFolder folder: String, files: any FileSystem = LocalFileSystem()) throws(CheckpointError) {
        try self.init(path: joinPath(folder, Self.fileName), folder: folder, files)
    }

    /// Reads a file whose paths are relative to a folder.
    init?(path: String, folder: String, _ files: any FileSystem) throws(CheckpointError) {
        guard try checkedFileCall({ () throws(FileError) in try files.status(path) }) != nil else { return nil }
        let bytes = try checkedFileCall { () throws(FileError) in
            try files.contents(of: path, limit: Self.largestByteCount)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CheckpointError(.damaged, path, at: 0, "it is no text in UTF-8")
        }
        var options = TextFormatDecodingOptions()
        options.ignoreUnknownFields = true
        let message: Tensorflow_CheckpointState
        do {
            message = try Tensorflow_CheckpointState(textFormatString: text, options: options)
        } catch {
            throw CheckpointError(.damaged, path, at: 0, "it is no state file of checkpoints: \(error)")
        }
        guard !message.modelCheckpointPath.isEmpty else {
            throw CheckpointError(.damaged, path, at: 0, "it does not name a newest checkpoint")
        }
        func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : joinPath(folder, path) }
        latest = resolved(message.modelCheckpointPath)
        all = message.allModelCheckpointPaths.map(resolved)
        timestamps =
            message.allModelCheckpointTimestamps.count == all.count ? message.allModelCheckpointTimestamps : []
        lastPreservedTimestamp = message.lastPreservedTimestamp > 0 ? message.lastPreservedTimestamp : nil
    }

    /// Writes the state file of a folder, so that after a crash either the old or the new one is there.
    ///
    /// - Errors: `CheckpointError.file`.
    public func write(toFolder folder: String, files: any FileSystem = LocalFileSystem()) throws(CheckpointError) {
        try checkedFileCall { () throws(FileError) in
            // Where a call fails, the file is discarded with its last reference.
            try begun(inFolder: folder, files).finish(as: joinPath(folder, Self.fileName))
            try files.syncFolder(folder)
        }
    }

    /// Writes the state to a file that is yet to get its name.
    func begun(inFolder folder: String, _ files: any FileSystem) throws(FileError) -> TemporaryFile {
        func relative(_ path: String) -> String { parentPath(path) == folder ? lastPathPart(path) : path }
        let message = Tensorflow_CheckpointState.with {
            $0.modelCheckpointPath = relative(latest)
            $0.allModelCheckpointPaths = all.map(relative)
            $0.allModelCheckpointTimestamps = timestamps
            $0.lastPreservedTimestamp = lastPreservedTimestamp ?? 0
        }
        let file = try TemporaryFile(for: joinPath(folder, Self.fileName), files)
        try file.file.write(Array(message.textFormatString().utf8))
        try file.complete()
        return file
    }
}
