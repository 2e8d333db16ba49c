// Nodes of a graph: what is stored of them, and the handles users hold.

package import Tensors

/// The position of a node in its graph.
package struct NodeID: Hashable, Sendable, Comparable {
    package let index: Int32

    package init(_ index: Int) { self.index = Int32(truncatingIfNeeded: index) }
    package var int: Int { Int(index) }
    package static func < (left: NodeID, right: NodeID) -> Bool { left.index < right.index }
}

/// One output of a node.
package struct Endpoint: Hashable, Sendable {
    package let node: NodeID
    package let output: Int32

    package init(node: NodeID, output: Int) {
        self.node = node
        self.output = Int32(truncatingIfNeeded: output)
    }
}

/// What a graph stores of a node. It never changes; added control inputs make a new record.
package final class NodeRecord: Sendable {
    package let name: String
    package let operation: any Operation
    package let inputs: [Endpoint]
    package let controlInputs: [NodeID]
    package let outputTypes: [TensorType]
    package let device: String?
    /// False where the node or one of its inputs has a mistake, which was reported.
    package let isSound: Bool
    package let origin: Origin

    init(
        name: String, operation: any Operation, inputs: [Endpoint], controlInputs: [NodeID], outputTypes: [TensorType],
        device: String?, isSound: Bool, origin: Origin
    ) {
        self.name = name
        self.operation = operation
        self.inputs = inputs
        self.controlInputs = controlInputs
        self.outputTypes = outputTypes
        self.device = device
        self.isSound = isSound
        self.origin = origin
    }

    func adding(controlInput: NodeID) -> NodeRecord {
        NodeRecord(
            name: name, operation: operation, inputs: inputs, controlInputs: controlInputs + [controlInput],
            outputTypes: outputTypes, device: device, isSound: isSound, origin: origin)
    }

    /// A mistake of this node, found when it was about to run.
    package func diagnostic(_ mistake: Mistake) -> Diagnostic {
        Diagnostic(operation: operation.name, node: name, message: mistake.message, hint: mistake.hint, origin: origin)
    }
}

/// A node of a graph: run it for what it does, such as an optimizer's update.
public struct Node: Hashable, Sendable {
    public let graph: Graph
    package let id: NodeID

    package init(graph: Graph, id: NodeID) {
        self.graph = graph
        self.id = id
    }

    package var record: NodeRecord { graph.record(id) }

    /// False where the node or one of its inputs has a mistake, which was reported.
    package var isSound: Bool { record.isSound }

    /// The full name, with its scopes: `model/fc1/MatMul`.
    public var name: String { record.name }
    /// TensorFlow's name of the op: `MatMul`.
    public var type: String { record.operation.name }
    /// The device asked for, such as `/gpu:0`; empty where any will do.
    public var device: String { record.device ?? "" }
    /// The names of the inputs as TensorFlow writes them: `a`, `b:1`, and `^c` for control inputs.
    public var inputNames: [String] {
        let record = record
        return record.inputs.map { endpoint in
            let name = graph.record(endpoint.node).name
            return endpoint.output == 0 ? name : "\(name):\(endpoint.output)"
        } + record.controlInputs.map { "^" + graph.record($0).name }
    }
    /// The attributes' names and values, as text.
    public var attributes: [(name: String, value: String)] {
        record.operation.attributes.map { ($0.name, "\($0.value)") }
    }

    /// Makes this node wait for `other` whenever it runs.
    public func addControlInput(_ other: Node) {
        graph.addControlInput(other, to: self)
    }
}

extension Node: CustomStringConvertible {
    public var description: String { "Node(\"\(name)\", op=\(type))" }
}

/// An output of a node, of any type.
package struct Value: Hashable, Sendable {
    package let graph: Graph
    package let endpoint: Endpoint

    package init(graph: Graph, endpoint: Endpoint) {
        self.graph = graph
        self.endpoint = endpoint
    }

    package var node: Node { Node(graph: graph, id: endpoint.node) }
    package var type: TensorType {
        let types = graph.record(endpoint.node).outputTypes
        let index = Int(endpoint.output)
        return types.indices.contains(index) ? types[index] : TensorType(.float32, .unknown)
    }
    package var dtype: DType { type.dtype }
    package var shape: Shape { type.shape }
    package var name: String { "\(graph.record(endpoint.node).name):\(endpoint.output)" }
    /// The array, where the value is a constant.
    package var constant: UntypedArray? { (graph.record(endpoint.node).operation as? any ConstantOperation)?.array }
}
