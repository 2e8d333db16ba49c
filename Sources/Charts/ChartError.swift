// Putting a finished document into a file, without Foundation.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A chart that cannot be written.
public struct ChartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file that was to be written.
    public let path: String
    /// Why it cannot be.
    public let reason: String

    public var description: String {
        "\(path): the chart cannot be written: \(reason)\n"
            + "    hint: check that the folder exists, that this user may write there, and that the disk has room"
    }
}

/// Replaces the content of a file.
func writeFile(_ text: String, to path: String) throws(ChartError) {
    func failure() -> ChartError {
        ChartError(path: path, reason: strerror(errno).map { String(cString: $0) } ?? "error \(errno)")
    }

    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { continue }
            throw failure()
        }
        done += count
    }
}
