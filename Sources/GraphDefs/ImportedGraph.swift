// What an import made: nodes and tensors by the names they have in the definition.

public import Graphs
import Operations
public import Tensors

/// The nodes that an import added to a graph.
///
///     let imported = try graph.importGraphDef(definition)
///     let loss = try imported.tensor(named: "loss:0", as: Float.self)
///     try session.run(imported.node(named: "train"), loss, feeding: ...)
public struct ImportedGraph: Sendable {
    /// The graph that was added to.
    public let graph: Graph
    /// What was asked for by `returnElements`, in that order.
    public internal(set) var elements: [ImportedElement] = []
    /// The nodes whose ops are not known here, by their names in the definition, with the reason: they are kept, but a
    /// run that needs one of them throws.
    public internal(set) var unsupportedNodes: [(name: String, operation: String, reason: String)] = []
    /// The names, in the definition, of the variables that were added.
    public internal(set) var variableNames: [String] = []

    var nodes: [String: Node] = [:]
    /// The outputs that are not simply those of the node that was made.
    var replaced: [String: ImportedValue] = [:]

    init(graph: Graph) { self.graph = graph }

    /// The node of the given name in the definition.
    ///
    /// - Errors: `GraphLookupError`, with the nearest name.
    public func node(named name: String) throws(GraphLookupError) -> Node {
        if let node = nodes[name] { return node }
        let near = nearestName(to: name, among: nodes.keys)
        throw GraphLookupError(
            "the definition has no node \"\(name)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
    }

    /// The tensor of the given name in the definition: `node`, or `node:1`. That of a variable is its value.
    ///
    /// - Errors: `GraphLookupError`, with the nearest name.
    public func tensor(named name: String) throws(GraphLookupError) -> AnyTensor {
        let found: AnyTensor
        switch replaced[canonicalTensorName(name)] {
        case .value(let value): found = AnyTensor(value)
        case .reference(let handle, let after): return AnyTensor(graph.read(of: handle, after: after))
        case nil:
            let (nodeName, output) = try splitTensorName(name)
            found = try graph.tensor(named: "\(node(named: nodeName).name):\(output)")
        }
        return found.node.record.operation is VariableHandle ? AnyTensor(graph.read(of: found.value, after: [])) : found
    }

    /// The tensor of the given name in the definition, with its static type.
    ///
    /// - Errors: `GraphLookupError`, also where it is of another type.
    public func tensor<Scalar: TensorElement>(
        named name: String, as type: Scalar.Type
    ) throws(GraphLookupError) -> Tensor<Scalar> {
        try tensor(named: name).required(as: type)
    }
}

/// Something that an import was asked to return.
public enum ImportedElement: Hashable, Sendable {
    /// For a name without a number.
    case node(Node)
    /// For a name with the number of an output.
    case tensor(AnyTensor)
}
