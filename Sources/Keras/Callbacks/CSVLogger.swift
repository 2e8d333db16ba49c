// Logs of epochs as lines of a table.

import Files

/// Writes the logs of each epoch as a line of a CSV file, which is on its way to the disk when the epoch has ended.
///
///     CSVLogger("runs/log.csv")
///
/// - Source: Keras's `CSVLogger`: columns `epoch` and the names in alphabetical order; `NA` for what is missing.
public final class CSVLogger: Callback {
    public let path: String
    public let separator: String
    public let append: Bool
    private var names: [String] = []
    private var file: (any WritableFile)?

    /// - Parameters:
    ///   - separator: between columns.
    ///   - append: whether what is in the file stays. A training that goes on later keeps the lines of the epochs
    ///     before in any case.
    public init(_ path: String, separator: String = ",", append: Bool = false) {
        self.path = path
        self.separator = separator
        self.append = append
    }

    public func trainingBegan(_ run: FitRun) throws {
        if separator.isEmpty || separator.contains(where: \.isNewline) {
            throw KerasError(
                "the separator of CSVLogger is \(separator.debugDescription), but must not "
                    + (separator.isEmpty ? "be empty" : "end lines"),
                hint: "give a text without line end, such as a comma")
        }
        try requireFileName(in: path, "CSVLogger", such: "log.csv")
        let files = LocalFileSystem()
        if !parentPath(path).isEmpty { try files.makeFolder(parentPath(path)) }
        names = []
        let status = try files.status(path)
        guard append || run.isResumed, let status, status.byteCount > 0 else {
            file = try files.create(path, .replacing)
            return
        }
        let text = String(decoding: try files.contents(of: path, limit: 1 << 28), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        names = lines.first.map { columns($0).dropFirst().map { String($0) } } ?? []
        if run.isResumed {
            // Epochs that were logged after the state was saved come again.
            let header = lines.first
            lines.removeAll { line in
                line != header && columns(line).first.flatMap { Int($0) }.map { $0 >= run.epoch } ?? false
            }
        }
        try files.writeAtomically(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
        file = try files.create(path, .appending)
    }

    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {
        var text = ""
        if names.isEmpty {
            names = logs.names.sorted()
            // The first epoch may be one without validation.
            if run.isValidated {
                for name in names where !name.hasPrefix("val_") && name != "learning_rate" {
                    if logs["val_" + name] == nil { names.append("val_" + name) }
                }
            }
            text = (["epoch"] + names).joined(separator: separator) + "\n"
        }
        let values = names.map { logs[$0].map { "\($0)" } ?? "NA" }
        text += (["\(epoch)"] + values).joined(separator: separator) + "\n"
        try file?.write(Array(text.utf8))
    }

    public func trainingEnded(_ run: FitRun) throws {
        try file?.close()
        file = nil
    }

    private func columns(_ line: Substring) -> [Substring] {
        var result: [Substring] = []
        var rest = line
        while let end = rest.firstRange(of: separator) {
            result.append(rest[..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return result + [rest]
    }
}
