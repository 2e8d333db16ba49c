// Nodes that pass a value on, or nothing: identity, the ends of gradients, and groups of nodes that run together.

public import Graphs
package import Programs
public import Tensors

/// The input as it is.
package struct PassThrough: PassingOperation {
    package enum Kind: Hashable, Sendable {
        case identity
        /// No gradient flows back.
        case stopGradient
        /// A gradient that would flow back is a mistake, with this explanation.
        case preventGradient(message: String)
        /// The input has this shape, or there is a mistake.
        case ensureShape(Shape)
    }

    package let kind: Kind
    package let dtype: DType

    package init(_ kind: Kind, _ dtype: DType) {
        self.kind = kind
        self.dtype = dtype
    }

    package var name: String {
        switch kind {
        case .identity: "Identity"
        case .stopGradient: "StopGradient"
        case .preventGradient: "PreventGradient"
        case .ensureShape: "EnsureShape"
        }
    }
    package var attributes: [Attribute] {
        let type = Attribute("T", .type(dtype))
        return switch kind {
        case .identity, .stopGradient: [type]
        case .preventGradient(let message): [type, Attribute("message", .string(message))]
        case .ensureShape(let shape): [type, Attribute("shape", .shape(shape))]
        }
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if inputs[0].dtype != dtype { throw .dtypesDiffer(inputs[0].dtype, dtype) }
        guard case .ensureShape(let shape) = kind else { return [inputs[0]] }
        guard let merged = inputs[0].shape.merged(with: shape) else {
            throw .shapesDiffer(inputs[0].shape, shape, what: "the shapes of the input and asked for")
        }
        return [TensorType(dtype, merged)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        switch kind {
        case .identity, .ensureShape: .inputs([context.outputGradient])
        case .stopGradient: .none(reason: "stopGradient(_:) holds the gradient back")
        case .preventGradient(let message): .refused(reason: message)
        }
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        dtype == .resource ? [.handle] : [context.operands[0]]
    }

    package var passesOn: Bool { if case .ensureShape = kind { false } else { true } }
}

/// The value under a name of its own.
///
/// Inside `withControlDependencies` it waits for the nodes named there.
public func identity<Scalar: TensorElement>(
    _ value: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(PassThrough(.identity, Scalar.dtype), [value.tensor.value], name: name)
}

/// The value as it is; gradients take it for a constant.
public func stopGradient<Scalar: TensorElement>(
    _ value: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(PassThrough(.stopGradient, Scalar.dtype), [value.tensor.value], name: name)
}

/// The value as it is; `gradients` through it alone is a mistake that says why.
public func preventGradient<Scalar: TensorElement>(
    _ value: some TensorExpression<Scalar>, message: String, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(PassThrough(.preventGradient(message: message), Scalar.dtype), [value.tensor.value], name: name)
}

/// The value, whose shape is then known to be the given one.
///
/// - Errors: a value of another shape is a mistake, while building or when the graph runs.
/// - Gradient: passes.
public func ensureShape<Scalar: TensorElement>(
    _ value: some TensorExpression<Scalar>, _ shape: Shape, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(PassThrough(.ensureShape(shape), Scalar.dtype), [value.tensor.value], name: name)
}

// MARK: - Groups

/// Does nothing, after the nodes it waits for.
package struct NoOperation: Operation {
    package init() {}

    package var name: String { "NoOp" }
    package var attributes: [Attribute] { [] }
    package var effect: Effect { .none }
    package var outputCount: Int { 0 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 0)
        return []
    }
    package func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }
    package func lower(_ context: LoweringContext) throws -> [ValueID] { [] }
}

/// What a node can wait for: a node, or the tensor that one computes.
public protocol NodeConvertible: Sendable {
    /// The node.
    var node: Node { get }
}

extension Node: NodeConvertible {
    public var node: Node { self }
}

extension Tensor: NodeConvertible {}

/// A node that runs all of the given ones.
///
///     let update = group(w1.assign(w1 - rate * gw1), w2.assign(w2 - rate * gw2))
///
/// - Errors: nodes of different graphs are a mistake.
public func group(_ operations: any NodeConvertible..., name: String? = nil) -> Node {
    group(operations.map(\.node), name: name)
}

/// A node that runs all of the given ones.
public func group(_ nodes: [Node], name: String? = nil) -> Node {
    let graph = nodes.first?.graph ?? .default
    for node in nodes where node.graph != graph {
        graph.report(
            Mistake(
                "\"\(node.name)\" belongs to another graph than \"\(nodes[0].name)\"",
                hint: "make all nodes inside the same asDefault block"), operation: "group")
    }
    return makeNode(NoOperation(), [], name: name ?? "group_deps", controlInputs: nodes, in: graph)
}

/// A node that does nothing.
public func noOp(name: String? = nil, in graph: Graph? = nil) -> Node {
    makeNode(NoOperation(), [], name: name, in: graph)
}

// MARK: - From files

extension PassThrough: DecodableOperation {
    package static var operationNames: [String] { ["Identity", "StopGradient", "PreventGradient", "EnsureShape"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let kind: Kind
        switch node.operation {
        case "StopGradient": kind = .stopGradient
        case "PreventGradient": kind = .preventGradient(message: try node.string("message", default: ""))
        case "EnsureShape": kind = .ensureShape(try node.shape("shape"))
        default: kind = .identity
        }
        self.init(kind, try node.dtype("T"))
    }
}

extension NoOperation: DecodableOperation {
    package static var operationNames: [String] { ["NoOp"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init()
    }
}
