// Files that are only in memory: for tests and fuzzers that read the same format a million times.

package import Files
import Synchronization

/// A file system of names and bytes. Folders need not be made; a name with others below it is one.
package final class MemoryFileSystem: FileSystem {
    private let files: Mutex<[String: [UInt8]]>

    package init(_ files: [String: [UInt8]] = [:]) { self.files = Mutex(files) }

    /// The content of a file; nil where there is none. Setting it makes, replaces or removes the file.
    package subscript(path: String) -> [UInt8]? {
        get { files.withLock { $0[path] } }
        set { files.withLock { $0[path] = newValue } }
    }

    /// The names of all files, sorted.
    package var paths: [String] { files.withLock { $0.keys.sorted() } }

    package func open(_ path: String) throws(FileError) -> any ReadableFile {
        guard let bytes = self[path] else { throw FileError(.open, path, "No such file or directory") }
        return MemoryReadableFile(path, bytes)
    }

    package func create(_ path: String, _ mode: FileCreation) throws(FileError) -> any WritableFile {
        let start = self[path]
        if mode == .new, start != nil { throw FileError(.create, path, "File exists") }
        self[path] = mode == .appending ? start ?? [] : []
        return MemoryWritableFile(path, self)
    }

    package func rename(_ source: String, to destination: String) throws(FileError) {
        let isKnown = files.withLock { files in
            guard let bytes = files.removeValue(forKey: source) else { return false }
            files[destination] = bytes
            return true
        }
        if !isKnown { throw FileError(.rename, "\(source) to \(destination)", "No such file or directory") }
    }

    package func remove(_ path: String) throws(FileError) { self[path] = nil }
    package func makeFolder(_ path: String) throws(FileError) {}
    package func syncFolder(_ path: String) throws(FileError) {}

    package func list(_ path: String) throws(FileError) -> [String] {
        let prefix = path.isEmpty || path.hasSuffix("/") ? path : path + "/"
        let names = paths.filter { $0.hasPrefix(prefix) }.map { path in
            String(path.dropFirst(prefix.count).prefix { $0 != "/" })
        }
        return Array(Set(names))
    }

    package func status(_ path: String) throws(FileError) -> FileStatus? {
        if let bytes = self[path] {
            return FileStatus(byteCount: bytes.count, isFolder: false, modificationSeconds: 0)
        }
        guard try !list(path).isEmpty else { return nil }
        return FileStatus(byteCount: 0, isFolder: true, modificationSeconds: 0)
    }

    fileprivate func append(_ bytes: UnsafeRawBufferPointer, to path: String) {
        files.withLock { $0[path, default: []].append(contentsOf: bytes) }
    }
}

private final class MemoryReadableFile: ReadableFile {
    let path: String
    private let bytes: [UInt8]

    init(_ path: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    var byteCount: Int { bytes.count }

    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        guard offset >= 0, offset < bytes.count else { return 0 }
        let count = min(destination.count, bytes.count - offset)
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: destination[..<count]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)]))
        }
        return count
    }
}

private final class MemoryWritableFile: WritableFile {
    let path: String
    private let fileSystem: MemoryFileSystem

    init(_ path: String, _ fileSystem: MemoryFileSystem) {
        self.path = path
        self.fileSystem = fileSystem
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) { fileSystem.append(bytes, to: path) }
    func sync() throws(FileError) {}
    func close() throws(FileError) {}
}
