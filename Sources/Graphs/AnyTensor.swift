// Tensors whose element type is known only at run time, and tensors found by name: what imported graphs are used
// through.

public import Tensors

/// A value in a graph whose element type is known only at run time.
///
///     let loss = try graph.tensor(named: "loss:0")
///     loss.dtype                                             // float32
///     let typed = try graph.tensor(named: "loss:0", as: Float.self)
public struct AnyTensor: Hashable, Sendable {
    package let value: Value

    /// Forgets the element type.
    public init<Scalar>(_ tensor: some TensorExpression<Scalar>) {
        value = tensor.tensor.value
    }

    package init(_ value: Value) {
        self.value = value
    }

    /// What is known of its shape.
    public var shape: Shape { value.shape }
    /// The type of its elements.
    public var dtype: DType { value.dtype }
    /// Its name: that of its node and the number of the output, `Mul:0`.
    public var name: String { value.name }
    /// The node that computes it.
    public var node: Node { value.node }
    /// The graph it belongs to.
    public var graph: Graph { value.graph }

    /// The tensor with its static type; nil where the elements are of another type.
    public func `as`<Scalar: TensorElement>(_ type: Scalar.Type) -> Tensor<Scalar>? {
        dtype == Scalar.dtype ? Tensor(value) : nil
    }
}

extension AnyTensor {
    /// The tensor with its static type.
    ///
    /// - Errors: `GraphLookupError` where the elements are of another type.
    package func required<Scalar: TensorElement>(as type: Scalar.Type) throws(GraphLookupError) -> Tensor<Scalar> {
        guard let tensor = self.as(type) else {
            throw GraphLookupError("\"\(name)\" is a tensor of \(dtype), not of \(Scalar.dtype)")
        }
        return tensor
    }
}

extension AnyTensor: CustomStringConvertible {
    public var description: String {
        "Tensor(\"\(name)\", shape=\(shape.tupleDescription), dtype=\(dtype))"
    }
}

/// A name that stands for nothing in a graph, or for something else than what was asked for.
public struct GraphLookupError: Error, Sendable, CustomStringConvertible {
    public let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Graph {
    /// The tensor of the given name: that of a node and the number of the output, which may be left out where it is 0.
    ///
    ///     let x = try graph.tensor(named: "x:0", as: Float.self)
    ///
    /// - Errors: `GraphLookupError` where there is no such node or output, or it is of another type; it names the
    ///   nearest.
    public func tensor<Scalar: TensorElement>(
        named name: String, as type: Scalar.Type
    ) throws(GraphLookupError) -> Tensor<Scalar> {
        try tensor(named: name).required(as: type)
    }

    /// The tensor of the given name, of any type.
    ///
    /// - Errors: `GraphLookupError` where there is no such node or output; it names the nearest.
    public func tensor(named name: String) throws(GraphLookupError) -> AnyTensor {
        let (nodeName, output) = try splitTensorName(name)
        guard let node = node(named: nodeName) else {
            let near = nearestName(to: nodeName, among: nodes.lazy.map(\.name))
            throw GraphLookupError(
                "the graph has no node \"\(nodeName)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
        }
        let count = node.record.outputTypes.count
        guard output < count else {
            let outputs = count == 0 ? "no outputs" : count == 1 ? "one output" : "\(count) outputs"
            throw GraphLookupError("\"\(nodeName)\" (\(node.type)) has \(outputs), but \"\(name)\" was asked for")
        }
        return AnyTensor(Value(graph: self, endpoint: Endpoint(node: node.id, output: output)))
    }
}

/// `a/b:1` → (`a/b`, 1); without a number, output 0.
package func splitTensorName(_ name: String) throws(GraphLookupError) -> (node: String, output: Int) {
    guard let colon = name.lastIndex(of: ":") else { return (name, 0) }
    let number = name[name.index(after: colon)...]
    guard let output = Int(number), output >= 0, output < 1 << 20, number.first != "+" else {
        throw GraphLookupError("\"\(name)\" is no tensor's name: after the colon stands the number of an output")
    }
    return (String(name[..<colon]), output)
}
