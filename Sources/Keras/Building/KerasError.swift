// What goes wrong around a model at run time. Mistakes in building one are the graph's: see `GraphError`.

import Tensors

/// A mistake in using a model: what is wrong, and how to repair it.
public struct KerasError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// How to repair it.
    public let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    public var description: String { message + (hint.map { "\n    hint: \($0)" } ?? "") }

    /// A name that stands for nothing among the known ones.
    static func unknownName(_ name: String, _ what: String, known: [String]) -> KerasError {
        let near = nearestName(to: name, among: known)
        return KerasError(
            "there is no \(what) \"\(name)\"",
            hint: near.map { "did you mean \"\($0)\"?" } ?? "known are: \(known.sorted().joined(separator: ", "))")
    }
}
