// What can be wrong with a graph definition.

/// A graph definition that cannot be read, imported or made.
public struct GraphDefError: Error, Sendable, CustomStringConvertible {
    /// The file, where it came from one.
    public let path: String?
    /// The name of the node at fault, where it is one.
    public let node: String?
    /// What is wrong.
    public let reason: String
    /// How to repair it.
    public let hint: String?

    package init(_ reason: String, node: String? = nil, path: String? = nil, hint: String? = nil) {
        self.reason = reason
        self.node = node
        self.path = path
        self.hint = hint
    }

    /// The same mistake with the file it was found in.
    package func inFile(_ path: String?) -> GraphDefError {
        GraphDefError(reason, node: node, path: self.path ?? path, hint: hint)
    }

    public var description: String {
        var text = path.map { "\($0): " } ?? ""
        if let node { text += "node \"\(node)\": " }
        text += reason
        if let hint { text += "\n    hint: \(hint)" }
        return text
    }
}
