// A saved model that was loaded: its graph, the session with its variables' values, and its signatures.

public import Graphs
public import Sessions
public import Tensors

/// A model in TensorFlow's SavedModel format, loaded and ready to run.
///
///     let model = try SavedModel(contentsOf: "export/digits")
///     print(model.signatures)                                     // serving_default: (x: ...) → (y: ...)
///     let result = try model.run(["x": AnyArray(images)])         // ["y": ...]
///
/// Models saved by TensorFlow 1 and 2 and by Keras load, as far as their ops are known here: those that are not are
/// listed, and only a run that needs one throws.
public struct SavedModel: Sendable {
    /// The folder it was loaded from.
    public let path: String
    /// The tags of the graph that was chosen.
    public let tags: [String]
    /// What wrote it, `TensorFlow 2.21.0` or `TensorGraph`; empty where it does not say.
    public let producer: String
    public let graph: Graph
    /// A session of the graph with the variables' values.
    public let session: Session
    /// What can be run, by name.
    public let signatures: [String: ModelSignature]
    /// The files that came with the model, by their names, with their paths.
    public let assets: [String: String]
    /// Nodes that cannot be run, with the reason.
    public let unsupportedNodes: [(name: String, operation: String, reason: String)]

    /// The signature of the given name.
    ///
    /// - Errors: `SavedModelError.noSuchSignature`, with those there are.
    public func signature(_ name: String = ModelSignature.defaultName) throws(SavedModelError) -> ModelSignature {
        if let signature = signatures[name] { return signature }
        let names = signatures.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        throw SavedModelError(
            .noSuchSignature, path,
            "there is no signature \"\(name)\"" + (names.isEmpty ? "; the model has none" : "; there are \(names)"))
    }

    /// Runs a signature.
    ///
    /// - Parameters:
    ///   - inputs: an array for each input of the signature.
    ///   - signature: the signature's name.
    /// - Returns: an array for each of its outputs.
    /// - Errors: `SavedModelError` for an input that is missing or not there; `SessionError` for arrays that do not fit
    ///   and for ops that are not known here.
    public func run(
        _ inputs: [String: AnyArray], signature name: String = ModelSignature.defaultName
    ) throws -> [String: AnyArray] {
        let signature = try self.signature(name)
        for given in inputs.keys.sorted() where signature.inputs[given] == nil {
            let near = nearestName(to: given, among: signature.inputs.keys)
            throw SavedModelError(
                .inputs, path,
                "the signature \"\(name)\" has no input \"\(given)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? "")
                    + "; it takes \(signature)")
        }
        let missing = signature.inputs.keys.filter { inputs[$0] == nil }.sorted()
        if !missing.isEmpty {
            throw SavedModelError(
                .inputs, path,
                "the signature \"\(name)\" needs \(missing.map { "\"\($0)\"" }.joined(separator: ", ")) too; "
                    + "it takes \(signature)")
        }
        let outputs = signature.outputs.sorted { $0.key < $1.key }
        let feeds = inputs.compactMap { name, array in signature.inputs[name]?.fed(array) }
        let values = try session.run(outputs.map(\.value), feeding: feeds)
        return Dictionary(zip(outputs.map(\.key), values), uniquingKeysWith: { first, _ in first })
    }
}
