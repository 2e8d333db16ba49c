// Small questions to the system, without Foundation: programs that only read local files start faster for it.

import Synchronization

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

/// The folder that a path names something in: `a/b` for `a/b/c`, empty for `c`, `/` for `/c`.
package func parentPath(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The last part of a path: `c` for `a/b/c`.
package func lastPathPart(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
}

/// Whether no file can have that path: its last part is nothing, as in `runs/`, or stands for a folder, as `.` does.
package func namesNoFile(_ path: String) -> Bool { ["", ".", ".."].contains(lastPathPart(path)) }

package func fileExists(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

/// The operating system's words for an error number.
package func describeSystemError(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
}

/// A name beside `path` for what will get that name when it is whole; a new one each time.
package func temporaryPath(for path: String) -> String {
    "\(path).\(processNumber).\(temporaryCount.wrappingAdd(1, ordering: .relaxed).newValue).tmp"
}

private let temporaryCount = Atomic<Int>(0)

/// A number that no other process alive has.
package var processNumber: Int32 { getpid() }

/// Whether a process of that number runs, be it another user's.
package func processIsAlive(_ number: Int32) -> Bool {
    kill(number, 0) == 0 || errno != ESRCH
}

/// What tells the process numbers of this process from those in other containers on the machine; 0 where there are none.
package var processNamespace: String {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
    guard count > 0 else { return "0" }
    // `pid:[4026531836]`
    return String(
        decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }.filter { (48...57).contains($0) }, as: UTF8.self)
}

/// The name of this machine.
package var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Seconds since 1970.
package var wallClockSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Whether standard error is a terminal, where a line can be drawn over again.
package var standardErrorIsTerminal: Bool {
    isatty(STDERR_FILENO) == 1
}

package func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
}

/// Whether all bytes could be written; else `errno` says why not.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
        let count = write(descriptor, part.baseAddress, part.count)
        if count < 0 {
            if errno == EINTR { continue }
            return false
        }
        rest = rest.dropFirst(count)
    }
    return true
}
