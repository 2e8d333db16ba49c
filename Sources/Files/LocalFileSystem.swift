// The file system of this machine, by its system calls.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file system of this machine.
public struct LocalFileSystem: FileSystem {
    public init() {}

    public func open(_ path: String) throws(FileError) -> any ReadableFile { try LocalReadableFile(path) }

    public func create(_ path: String, _ mode: FileCreation) throws(FileError) -> any WritableFile {
        try LocalWritableFile(path, mode)
    }

    public func rename(_ source: String, to destination: String) throws(FileError) {
        #if canImport(Glibc)
            let result = Glibc.rename(source, destination)
        #elseif canImport(Musl)
            let result = Musl.rename(source, destination)
        #else
            let result = Darwin.rename(source, destination)
        #endif
        guard result == 0 else { throw .system(.rename, "\(source) to \(destination)") }
    }

    public func remove(_ path: String) throws(FileError) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        // What a file system says of a folder here differs: EISDIR on Linux, EPERM elsewhere.
        if errno == EISDIR || errno == EPERM, rmdir(path) == 0 { return }
        throw .system(.remove, path)
    }

    public func makeFolder(_ path: String) throws(FileError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix = joinPath(prefix, String(part))
            guard mkdir(prefix, 0o755) != 0, errno != EEXIST else { continue }
            let cause = errno
            // Some systems answer "read-only" for a folder that is there.
            if !fileExists(prefix) { throw .system(.makeFolder, prefix, cause) }
        }
        if !path.isEmpty, try status(path)?.isFolder != true { throw .system(.makeFolder, path, ENOTDIR) }
    }

    public func syncFolder(_ path: String) throws(FileError) {
        let folder = path.isEmpty ? "." : path
        let descriptor = openFile(folder, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system(.sync, folder) }
        let result = fsync(descriptor)
        let cause = errno
        systemClose(descriptor)
        // Some file systems have nothing to sync in a folder and say so.
        guard result == 0 || cause == EINVAL else { throw .system(.sync, folder, cause) }
    }

    public func list(_ path: String) throws(FileError) -> [String] {
        let folder = path.isEmpty ? "." : path
        guard let stream = opendir(folder) else { throw .system(.list, folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .system(.list, folder) }
        return names
    }

    public func status(_ path: String) throws(FileError) -> FileStatus? {
        var status = stat()
        guard stat(path.isEmpty ? "." : path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system(.examine, path)
        }
        return FileStatus(status)
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        self.init(
            byteCount: Int(status.st_size), isFolder: status.st_mode & S_IFMT == S_IFDIR,
            modificationSeconds: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9)
    }
}

extension FileError {
    /// The failure of the system call just made.
    fileprivate static func system(_ action: Action, _ path: String, _ code: Int32 = errno) -> FileError {
        FileError(action, path, describeSystemError(code), systemCode: code)
    }
}

private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    while true {
        let descriptor = open(path, flags, mode)
        if descriptor >= 0 || errno != EINTR { return descriptor }
    }
}

private func systemClose(_ descriptor: Int32) {
    close(descriptor)
}

private final class LocalReadableFile: ReadableFile {
    let path: String
    let byteCount: Int
    private let descriptor: Int32

    init(_ path: String) throws(FileError) {
        self.path = path
        // Without blocking: opening a pipe would otherwise wait for a writer for ever.
        descriptor = openFile(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system(.open, path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let cause = errno
            systemClose(descriptor)
            throw .system(.open, path, cause)
        }
        byteCount = Int(status.st_size)
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else {
            systemClose(descriptor)
            throw FileError(.open, path, kind == S_IFDIR ? "it is a folder" : "it is no regular file")
        }
    }

    deinit { systemClose(descriptor) }

    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        var done = 0
        while done < destination.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: destination[done...])
            let count = pread(descriptor, part.baseAddress, min(part.count, 1 << 30), off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(.read, path)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }
}

private final class LocalWritableFile: WritableFile, @unchecked Sendable {
    // Unchecked: written from one thread at a time, as the protocol has it.

    let path: String
    private var descriptor: Int32
    /// The bytes that were written, and of those the bytes that are on their way to the disk. For appended files they are
    /// counted from where appending began, which makes them hints that miss.
    private var writtenCount = 0
    private var startedCount = 0

    init(_ path: String, _ mode: FileCreation) throws(FileError) {
        self.path = path
        let flags =
            switch mode {
            case .new: O_EXCL
            case .replacing: O_TRUNC
            case .appending: O_APPEND
            }
        descriptor = openFile(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o644)
        guard descriptor >= 0 else { throw .system(.create, path) }
    }

    deinit { if descriptor >= 0 { systemClose(descriptor) } }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        guard writeAll(bytes, to: descriptor) else { throw .system(.write, path) }
        writtenCount += bytes.count
        if writtenCount - startedCount >= Self.writebackByteCount { startWriteback() }
    }

    /// So much may be written before the system is asked to begin with moving it to the disk.
    private static let writebackByteCount = 16 << 20

    /// Asks the system to move what was written to the disk while more is written, so that less is left for `sync`.
    private func startWriteback() {
        #if os(Linux)
            // To say that pages are not needed begins their way to the disk; those not there yet stay in memory.
            _ = posix_fadvise(
                descriptor, off_t(startedCount), off_t(writtenCount - startedCount), POSIX_FADV_DONTNEED)
        #endif
        startedCount = writtenCount
    }

    func sync() throws(FileError) {
        while fsync(descriptor) != 0 {
            if errno != EINTR { throw .system(.sync, path) }
        }
    }

    func close() throws(FileError) {
        guard descriptor >= 0 else { return }
        let closing = descriptor
        descriptor = -1
        #if canImport(Glibc)
            let result = Glibc.close(closing)
        #elseif canImport(Musl)
            let result = Musl.close(closing)
        #else
            let result = Darwin.close(closing)
        #endif
        guard result == 0 || errno == EINTR else { throw .system(.close, path) }
    }
}
