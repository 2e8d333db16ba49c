// What the library asks of a disk, as a protocol, so that a test can make every single call fail and lose what was not
// synced. Knows nothing of formats.

/// The calls to a file system that saving and loading need.
///
/// `LocalFileSystem` is that of the machine; hand another one to a `Saver` or a writer to keep files elsewhere.
/// Every function throws a `FileError` that names the path and the system's reason.
public protocol FileSystem: Sendable {
    /// Opens a file to be read at any place.
    func open(_ path: String) throws(FileError) -> any ReadableFile
    /// Opens a file to be written from its start or, for `.appending`, its end.
    func create(_ path: String, _ mode: FileCreation) throws(FileError) -> any WritableFile
    /// Gives a file another name, in one step that other processes see whole or not at all; what had that name is gone.
    func rename(_ source: String, to destination: String) throws(FileError)
    /// Removes a file or an empty folder; what is not there is none to remove.
    func remove(_ path: String) throws(FileError)
    /// Makes a folder and those above it, where they are not there yet.
    func makeFolder(_ path: String) throws(FileError)
    /// Makes sure that the names in a folder survive a loss of power.
    func syncFolder(_ path: String) throws(FileError)
    /// The names in a folder, in no particular order.
    func list(_ path: String) throws(FileError) -> [String]
    /// What is known of a file or folder; nil where there is none.
    func status(_ path: String) throws(FileError) -> FileStatus?
}

/// What there must be, or must not, where a file is created.
public enum FileCreation: Sendable {
    /// There must be no file of that name.
    case new
    /// What was there is replaced.
    case replacing
    /// What was there stays, and is gone on with.
    case appending
}

/// What is known of a file or folder.
public struct FileStatus: Hashable, Sendable {
    public let byteCount: Int
    public let isFolder: Bool
    /// When its content changed last, in seconds since 1970.
    public let modificationSeconds: Double

    public init(byteCount: Int, isFolder: Bool, modificationSeconds: Double) {
        self.byteCount = byteCount
        self.isFolder = isFolder
        self.modificationSeconds = modificationSeconds
    }
}

/// A file that is read. It may be used by several threads at once, and is closed with its last reference.
public protocol ReadableFile: AnyObject, Sendable {
    var path: String { get }
    /// Its size when it was opened.
    var byteCount: Int { get }
    /// Fills `destination` with the bytes from `offset` on.
    ///
    /// - Returns: how many bytes were read: fewer than asked for only where the file ends.
    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int
}

/// A file that is written from one thread at a time. It is closed with its last reference, or by `close`.
public protocol WritableFile: AnyObject, Sendable {
    var path: String { get }
    /// Writes all of the bytes after those before.
    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError)
    /// Makes sure that what was written survives a loss of power.
    func sync() throws(FileError)
    /// Closes it; a second call does nothing.
    func close() throws(FileError)
}

extension ReadableFile {
    /// The bytes of a part of the file.
    ///
    /// - Errors: `FileError` where the file ends before.
    package func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw FileError(.read, path, "bytes \(offset)..<\(offset + max(0, count)) of \(byteCount) are asked for")
        }
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(FileError) {
                initialized = try read(
                    into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]),
                    at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if bytes.count < count { throw FileError(.read, path, "it ends at byte \(offset + bytes.count)") }
        return bytes
    }
}

extension WritableFile {
    package func write(_ bytes: [UInt8]) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBytes { buffer in
            do throws(FileError) { try write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

extension FileSystem {
    /// The whole content of a file.
    ///
    /// - Errors: `FileError`, also for a file of more than `limit` bytes.
    package func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try open(path)
        guard file.byteCount <= limit else {
            throw FileError(.read, path, "it has \(file.byteCount) bytes, but at most \(limit) are expected")
        }
        return try file.bytes(at: 0, count: file.byteCount)
    }

    /// Writes a file so that after a crash either the old or the new content is there: to a new name, synced, renamed,
    /// and the folder, which is made where it is not there, synced.
    package func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
        try FileError.requireName(in: path)
        let temporary = temporaryPath(for: path)
        if !parentPath(path).isEmpty { try makeFolder(parentPath(path)) }
        do throws(FileError) {
            let file = try create(temporary, .replacing)
            try file.write(bytes)
            try file.sync()
            try file.close()
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw error
        }
        try syncFolder(parentPath(path))
    }
}

/// A call to the file system that failed.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public enum Action: String, Hashable, Sendable {
        case open, read, create, write, sync, close, rename, remove, list
        case makeFolder = "make the folder"
        case examine
    }

    public let action: Action
    public let path: String
    /// The system's reason.
    public let reason: String
    /// The system's number for the reason, where it was the system's.
    public let systemCode: Int32?

    public init(_ action: Action, _ path: String, _ reason: String, systemCode: Int32? = nil) {
        self.action = action
        self.path = path
        self.reason = reason
        self.systemCode = systemCode
    }

    public var description: String { "cannot \(action.rawValue) \(path.isEmpty ? "\"\"" : path): \(reason)" }

    /// - Errors: `FileError` for a path that names no file: one that is empty, or ends with that of a folder.
    package static func requireName(in path: String) throws(FileError) {
        guard namesNoFile(path) else { return }
        throw FileError(
            .create, path,
            path.isEmpty ? "the path is empty" : "it names a folder; add the name of a file to it")
    }
}
