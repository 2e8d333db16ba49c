// What can be wrong with a chart, and putting a finished one into a file, without Foundation.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A chart that cannot be drawn or written.
public struct ChartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file that was to be written; nil where the chart is wrong before it comes to a file.
    public let path: String?
    /// What is wrong.
    public let reason: String
    /// What may help.
    public let hint: String?

    init(_ reason: String, hint: String? = nil, path: String? = nil) {
        (self.reason, self.hint, self.path) = (reason, hint, path)
    }

    /// The same error, which came up while a file was to be written.
    func of(_ path: String) -> ChartError { ChartError(reason, hint: hint, path: path) }

    public var description: String {
        (path.map { "\($0): " } ?? "") + "the chart cannot be written: \(reason)"
            + (hint.map { "\n    hint: \($0)" } ?? "")
    }
}

/// Replaces the content of a file.
func writeFile(_ bytes: [UInt8], to path: String) throws(ChartError) {
    func failure() -> ChartError {
        ChartError(
            strerror(errno).map { String(cString: $0) } ?? "error \(errno)",
            hint: "check that the folder exists, that this user may write there, and that the disk has room",
            path: path)
    }

    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
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
