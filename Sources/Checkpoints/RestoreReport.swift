// What of a checkpoint fits the variables that are restored from it, as values and as a table.

public import Tensors

/// What a restore found: which variables fit, and which not and why.
///
///     let report = try saver.restoreMatching(session, from: "runs/model-1000")
///     print(report)
public struct RestoreReport: Sendable, Hashable, CustomStringConvertible {
    /// Something that does not fit.
    public struct Mismatch: Sendable, Hashable {
        /// The variable's name in the checkpoint.
        public let name: String
        /// What the variable is.
        public let expected: TensorType
        /// What the checkpoint holds.
        public let found: TensorType
    }

    /// A variable that the checkpoint does not have.
    public struct Missing: Sendable, Hashable {
        public let name: String
        public let type: TensorType
        /// The name in the checkpoint, not used by another variable, that resembles it most.
        public let nearest: String?
    }

    /// A tensor of the checkpoint that stands for no variable.
    public struct Unexpected: Sendable, Hashable {
        public let name: String
        public let type: TensorType
    }

    /// The checkpoint.
    public let prefix: String
    /// The names of what was (or, with a strict restore that was refused, could have been) restored.
    public internal(set) var restored: [String] = []
    public internal(set) var missing: [Missing] = []
    /// Tensors of the checkpoint that stand for no variable.
    public internal(set) var unexpected: [Unexpected] = []
    /// Variables whose shape or type is another in the checkpoint.
    public internal(set) var different: [Mismatch] = []

    init(prefix: String) {
        self.prefix = prefix
    }

    /// Whether every variable was found with its type and shape.
    public var isComplete: Bool { missing.isEmpty && different.isEmpty }

    /// The rows that a table shows of each kind.
    private static let rowLimit = 50

    /// A table: what does not fit, one row each, and how much does.
    public var description: String {
        var rows: [[String]] = []
        func add<Element>(_ elements: [Element], _ row: (Element) -> [String]) {
            rows += elements.prefix(Self.rowLimit).map(row)
            if elements.count > Self.rowLimit {
                rows.append(["", "... and \(elements.count - Self.rowLimit) more", "", "", ""])
            }
        }
        add(missing) { ["missing", $0.name, "\($0.type)", "-", $0.nearest.map { "did you mean \"\($0)\"?" } ?? ""] }
        add(different) { difference in
            let what = difference.expected.dtype == difference.found.dtype ? "other shape" : "other type"
            return [what, difference.name, "\(difference.expected)", "\(difference.found)", ""]
        }
        add(unexpected) { ["unexpected", $0.name, "-", "\($0.type)", ""] }
        let total = restored.count + missing.count + different.count
        let summary = "\(restored.count) of \(total) variables match \(prefix)"
        if rows.isEmpty { return summary }
        rows.insert(["", "name", "variable", "checkpoint", ""], at: 0)
        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            let line = "  " + (cells + row.suffix(1)).joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return ([summary] + lines).joined(separator: "\n")
    }
}
