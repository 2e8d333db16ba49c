// The few questions and commands to the file system that data sets need, without Foundation: programs that only read
// local files start faster for it.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The variable of the process's environment, or nil where it is unset or empty.
package func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

package func joinPath(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : folder + "/" + name
}

package func fileExists(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

/// Makes a folder and those above it, where they are not there yet.
package func makeFolder(_ path: String) throws(DatasetError) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        prefix = joinPath(prefix, String(part))
        guard mkdir(prefix, 0o755) != 0, errno != EEXIST else { continue }
        let cause = errno
        // Some systems answer "read-only" for a folder that is there.
        if !fileExists(prefix) { throw .cannotMakeFolder(prefix, because: describeSystemError(cause)) }
    }
}

/// Gives a finished file its final name, in one step that other processes see whole or not at all.
package func renameFile(_ source: String, to destination: String) throws(DatasetError) {
    guard rename(source, destination) == 0 else {
        throw .cannotWrite(destination, because: describeSystemError(errno))
    }
}

/// Removes a file, if it is there.
package func removeFile(_ path: String) {
    unlink(path)
}

/// A new file that is written from start to end.
package final class FileWriting {
    package let path: String
    private let descriptor: Int32

    /// Creates the file, which must not be there yet.
    package init(_ path: String) throws(DatasetError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotWrite(path, because: describeSystemError(errno)) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        guard writeAll(bytes, to: descriptor) else { throw .cannotWrite(path, because: describeSystemError(errno)) }
    }
}

/// Whether standard error is a terminal, where a line can be drawn over again.
package var standardErrorIsTerminal: Bool {
    isatty(STDERR_FILENO) == 1
}

package func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let count = write(descriptor, part.baseAddress, part.count)
        if count < 0 {
            if errno == EINTR { continue }
            return false
        }
        rest = rest.dropFirst(count)
    }
    return true
}

/// A number that no other process alive has.
package var processNumber: Int32 { getpid() }
