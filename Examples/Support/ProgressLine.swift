// A line on standard error that says how far a program is; silent where standard error is not a terminal.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Shows progress in one line that is written over and over.
package struct ProgressLine {
    private let isEnabled: Bool

    /// - Parameters:
    ///   - isEnabled: false shows nothing, even on a terminal.
    package init(isEnabled: Bool = true) {
        self.isEnabled = isEnabled && isatty(2) == 1
    }

    /// Shows `title  [=====>    ] 120/550`, at most a hundred times on the way.
    package func show(_ title: String, _ done: Int, of total: Int) {
        guard isEnabled, total > 0, done == total || done % max(1, total / 100) == 0 else { return }
        let width = 30
        let filled = width * done / total
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
        write("\r\(title)  [\(bar)] \(done)/\(total)")
    }

    /// Removes the line.
    package func clear() {
        if isEnabled { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { systemWrite(2, $0.baseAddress, $0.count) }
    }
}

/// The system's `write`, under a name that no method hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
