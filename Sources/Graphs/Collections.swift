// Collections: what a graph remembers under a key for those who ask later, such as all its summaries. Exported graphs
// list them too.

/// What stands in a collection: a node, or one of its outputs.
enum CollectionRecord: Sendable {
    case tensor(Endpoint)
    case node(NodeID)
}

/// An element of a collection of a graph.
public enum CollectionItem: Hashable, Sendable {
    case tensor(AnyTensor)
    case node(Node)

    /// The name as TensorFlow's collections list it: `loss:0` for a tensor, `train` for a node.
    public var name: String {
        switch self {
        case .tensor(let tensor): tensor.name
        case .node(let node): node.name
        }
    }
}

extension Graph {
    /// Remembers a tensor under a key.
    ///
    /// - Errors: a tensor of another graph is a mistake.
    public func addToCollection(_ key: String, _ tensor: AnyTensor) {
        guard isOwn(tensor.graph, tensor.name) else { return }
        add(.tensor(tensor.value.endpoint), toCollection: key)
    }

    /// Remembers a node under a key.
    ///
    /// - Errors: a node of another graph is a mistake.
    public func addToCollection(_ key: String, _ node: Node) {
        guard isOwn(node.graph, node.name) else { return }
        add(.node(node.id), toCollection: key)
    }

    private func isOwn(_ graph: Graph, _ name: String) -> Bool {
        if graph === self { return true }
        report(
            Mistake(
                "\"\(name)\" belongs to another graph than the collection",
                hint: "add it to a collection of its own graph"), operation: "collection")
        return false
    }

    /// What was put under a key, in that order.
    public func collection(_ key: String) -> [CollectionItem] {
        collectionRecords(key).map { record in
            switch record {
            case .tensor(let endpoint): .tensor(AnyTensor(Value(graph: self, endpoint: endpoint)))
            case .node(let id): .node(Node(graph: self, id: id))
            }
        }
    }
}
