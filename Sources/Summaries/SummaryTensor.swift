// The handle of a summary in a graph, and how sessions fetch it.

public import Graphs
import Operations
public import Sessions
import Tensors

/// A summary in a graph. Fetched by a session, it gives the `Summary` to be written.
///
///     summary.scalar("loss", loss)
///     let summaries = summary.mergeAll()
///     writer.add(try session.run(summaries), step: step)
public struct SummaryTensor: Sendable {
    /// A summary op and what it summarises.
    struct Leaf: Sendable {
        let operation: SummaryOperation
        /// Nil for what is constant.
        let input: AnyTensor?
    }

    let leaves: [Leaf]
    /// The node's output; nil where no summaries were merged.
    let value: Value?

    /// The node; nil where no summaries were merged.
    public var node: Node? { value?.node }
    /// Its name: that of its node and the number of the output; nil where no summaries were merged.
    public var name: String? { value?.name }
    /// The tags under which its values are written, in order.
    public var tags: [String] { leaves.map(\.operation.tag) }
}

extension SummaryTensor: Fetchable {
    // By index: in builds without optimisation, iterators of arrays of structs allocate for every element.

    public func collect(into request: inout FetchRequest) {
        for index in leaves.indices { leaves[index].input?.collect(into: &request) }
    }

    public func fetched(from results: inout FetchResults) -> Summary {
        var values: [SummaryValue] = []
        values.reserveCapacity(leaves.count)
        for index in leaves.indices {
            let leaf = leaves[index]
            let array = leaf.input?.fetched(from: &results) ?? AnyArray(strings: [])
            values.append(leaf.operation.value(of: array))
        }
        return Summary(values)
    }
}

extension SummaryTensor {
    /// The summary that a node of a graph is; nil where it is none.
    init?(_ tensor: AnyTensor) {
        let graph = tensor.graph
        guard tensor.node.record.operation is SummaryOperation else { return nil }
        value = tensor.value
        // Summaries may be merged any number of times.
        var leaves: [Leaf] = []
        var waiting = [tensor.value.endpoint.node]
        while let node = waiting.popLast() {
            let record = graph.record(node)
            guard let operation = record.operation as? SummaryOperation else { continue }
            switch operation.kind {
            case .merged: waiting += record.inputs.reversed().map(\.node)
            case .text: leaves.append(Leaf(operation: operation, input: nil))
            case .scalar, .histogram, .images, .audio, .tensor:
                guard record.inputs.count > 1 else { continue }
                let input = Value(graph: graph, endpoint: record.inputs[1])
                leaves.append(Leaf(operation: operation, input: AnyTensor(input)))
            }
        }
        self.leaves = leaves
    }
}
