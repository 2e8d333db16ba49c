// What can be wrong with a saved model.

/// A saved model that cannot be read, run or written.
public struct SavedModelError: Error, Sendable, CustomStringConvertible {
    /// The kinds of mistakes, to tell them apart in code.
    public enum Kind: Hashable, Sendable {
        /// The files are not those of a saved model, or contradict each other.
        case malformed
        /// There is no graph with the tags asked for.
        case noSuchTags
        /// There is no signature of the name asked for.
        case noSuchSignature
        /// Inputs are missing, or there is none of a name that was given.
        case inputs
        /// Variables of the graph have no value in the model.
        case missingVariables
        /// There is something in the place where the model was to be written.
        case exists
        /// What was to be saved makes no sense: signatures without outputs, tensors of another graph, names of assets.
        case invalidRequest
    }

    public let kind: Kind
    /// The folder of the model.
    public let path: String
    /// What is wrong, and how to repair it.
    public let reason: String

    init(_ kind: Kind, _ path: String, _ reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path.isEmpty ? "\"\"" : path): \(reason)" }
}
