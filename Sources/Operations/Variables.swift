// Variables: values that outlive a run. A session keeps them; the graph knows their handles, types and initial values.

public import Graphs
public import Tensors

/// A value that outlives a run of the graph, such as a weight.
///
///     let w = Variable<Float>(.normal(standardDeviation: 0.03), shape: [784, 300], name: "W1")
///     let step = w.assignSub(0.1 * gradient)
///
/// It stands in formulas for its value. A read that nothing orders after an assignment sees the value from before the
/// run.
public struct Variable<Scalar: TensorElement>: TensorExpression, Hashable, Sendable {
    package let handle: Value
    package let type: TensorType
    /// Its value from before the run, whatever surrounds the caller.
    package let firstRead: Value

    /// The node that gives it its initial value.
    public let initializer: Node
    /// The initial value.
    public let initialValue: Tensor<Scalar>
    /// Whether optimizers change it unless told otherwise.
    public let isTrainable: Bool
    /// Whether it belongs to a process, such as a metric's counter, not to the model: it is not saved with it.
    public let isLocal: Bool

    /// A variable of the given shape.
    ///
    ///     let x = Variable<Float>(.zeros, shape: [10, 10], name: "x")
    ///
    /// - Parameters:
    ///   - trainable: whether optimizers change it unless told otherwise.
    ///   - local: whether it belongs to a process, such as a metric's counter, not to the model: then it is among
    ///     `localVariables` instead of `variables`, is neither trained nor saved unless it is named, and
    ///     `localVariablesInitializer` initialises it.
    /// - Errors: a negative dimension is a mistake.
    public init(
        _ initializer: Initializer<Scalar>, shape: [Int], trainable: Bool = true, local: Bool = false,
        name: String? = nil, in graph: Graph? = nil
    ) {
        self.init(graph ?? .default, name, trainable && !local, isLocal: local) {
            withNameScope("Initializer") { initializer.makeTensor(shape) }
        }
    }

    /// A variable that starts as the value of a tensor, whose shape must be known.
    ///
    /// - Errors: a tensor whose shape is not fully known is a mistake.
    public init(_ initialValue: some TensorExpression<Scalar>, trainable: Bool = true, name: String? = nil) {
        let initialValue = initialValue.tensor
        self.init(initialValue.graph, name, trainable) { initialValue }
    }

    /// A variable that starts as an array.
    public init(
        _ initialValue: NDArray<Scalar>, trainable: Bool = true, name: String? = nil, in graph: Graph? = nil
    ) {
        self.init(graph ?? .default, name, trainable) { constant(initialValue, name: "initial_value") }
    }

    /// A variable that starts as a single value, of rank 0.
    public init(_ initialValue: Scalar, trainable: Bool = true, name: String? = nil, in graph: Graph? = nil) {
        self.init(NDArray(initialValue), trainable: trainable, name: name, in: graph)
    }

    private init(
        _ graph: Graph, _ name: String?, _ isTrainable: Bool, isLocal: Bool = false,
        _ makeInitialValue: () -> Tensor<Scalar>
    ) {
        // A variable waits for nothing: it may be initialised before anything else runs.
        let parts = withGraph(graph) {
            withControlDependencies([]) {
                withNodeScope(name ?? "Variable") { name in
                    VariableParts(named: name, initialValue: makeInitialValue().value, dtype: Scalar.dtype)
                }
            }
        }
        handle = parts.handle
        type = parts.type
        firstRead = parts.read
        initializer = parts.assign
        initialValue = Tensor(parts.initialValue)
        self.isTrainable = isTrainable
        self.isLocal = isLocal
        graph.register(
            VariableRecord(
                name: handle.node.name, handle: handle.endpoint.node, initializer: initializer.id, type: type,
                isTrainable: isTrainable, isLocal: isLocal))
    }

    fileprivate init?(_ variable: AnyVariable) {
        let graph = variable.graph
        guard variable.dtype == Scalar.dtype, let initializer = variable.initializer,
            let initialValue = initializer.record.inputs.last
        else { return nil }
        handle = variable.handle
        type = variable.type
        isTrainable = variable.isTrainable
        isLocal = variable.isLocal
        self.initializer = initializer
        self.initialValue = Tensor(Value(graph: graph, endpoint: initialValue))
        let known = graph.node(named: "\(variable.name)/Read/ReadVariableOp")
        if let known, known.record.operation is ReadVariable, known.record.inputs.first == handle.endpoint {
            firstRead = Value(graph: graph, endpoint: Endpoint(node: known.id, output: 0))
        } else {
            firstRead = withGraph(graph) { withControlDependencies([]) { variable.read() } }
        }
    }

    /// What is known of its shape: everything, unless there was a mistake.
    public var shape: Shape { type.shape }
    /// The type of its elements.
    public var dtype: DType { Scalar.dtype }
    /// Its name, that of its handle's node.
    public var name: String { handle.node.name }
    /// The graph it belongs to.
    public var graph: Graph { handle.graph }

    /// Its value: inside `withControlDependencies` after the nodes named there, else from before the run; inside a
    /// branch or a loop, from before the branch or the turn.
    public var tensor: Tensor<Scalar> {
        isInsideControlDependencies || Graph.default.isInside(graph) ? read() : Tensor(firstRead)
    }

    /// A new read, which waits for the nodes named by `withControlDependencies`.
    public func read(name: String? = nil) -> Tensor<Scalar> {
        makeTensor(ReadVariable(type: type), [handle], name: name)
    }
}

/// The nodes of a variable.
private struct VariableParts {
    let handle: Value
    let type: TensorType
    let initialValue: Value
    let assign: Node
    let read: Value

    init(named name: String, initialValue: Value, dtype: DType) {
        let graph = initialValue.graph
        type = TensorType(dtype, initialValue.shape)
        self.initialValue = initialValue
        // A mistake in the initial value was reported: as an input it keeps the handle from reporting another.
        let isSound = initialValue.node.record.isSound
        handle = graph.addOne(
            VariableHandle(type: type, sharedName: String(name.dropLast())), isSound ? [] : [initialValue], name: name)
        assign = graph.addNode(AssignVariable(.assign, type: type), [handle, initialValue], name: "Assign")
        read = graph.addOne(ReadVariable(type: type), [handle], name: "Read/ReadVariableOp")
    }
}

extension Variable: CustomStringConvertible {
    public var description: String {
        "Variable(\"\(handle.name)\", shape=\(shape.tupleDescription), dtype=\(dtype))"
    }
}

// MARK: - Assigning

extension Variable {
    /// Gives it a new value.
    ///
    ///     let update = group(w1.assign(w1 - rate * gw1), w2.assign(w2 - rate * gw2))
    ///
    /// - Returns: the value after the assignment; running it, or a group of it, assigns.
    /// - Errors: a value of another shape is a mistake.
    /// - Gradient: none flows to the value.
    @discardableResult
    public func assign(_ value: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
        update(.assign, value.tensor.value, name)
    }

    /// Gives it the elements of an array.
    @discardableResult
    public func assign(_ value: NDArray<Scalar>, name: String? = nil) -> Tensor<Scalar> {
        assign(constant(value, in: graph), name: name)
    }

    private func update(_ kind: AssignVariable.Kind, _ value: Value, _ name: String?) -> Tensor<Scalar> {
        let node = makeNode(AssignVariable(kind, type: type), [handle, value], name: name, in: graph)
        let graph = graphForNodes(of: graph)
        return withGraph(graph) {
            Tensor(graph.addOne(ReadVariable(type: type), [handle], controlInputs: [node]))
        }
    }
}

extension Variable where Scalar: NumericElement {
    /// Adds a value to it.
    ///
    /// - Returns: the value after the assignment.
    /// - Errors: a value of another shape is a mistake; nothing is broadcast.
    @discardableResult
    public func assignAdd(_ value: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
        update(.add, value.tensor.value, name)
    }

    /// Adds a number to it, which must be of rank 0.
    @discardableResult
    public func assignAdd(_ value: Scalar, name: String? = nil) -> Tensor<Scalar> {
        assignAdd(constant(value, in: graph), name: name)
    }

    /// Subtracts a value from it.
    ///
    /// - Returns: the value after the assignment.
    /// - Errors: a value of another shape is a mistake; nothing is broadcast.
    @discardableResult
    public func assignSub(_ value: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
        update(.subtract, value.tensor.value, name)
    }

    /// Subtracts a number from it, which must be of rank 0.
    @discardableResult
    public func assignSub(_ value: Scalar, name: String? = nil) -> Tensor<Scalar> {
        assignSub(constant(value, in: graph), name: name)
    }
}

// MARK: - All variables of a graph

/// A variable whose element type is known only at run time.
public struct AnyVariable: Hashable, Sendable, CustomStringConvertible {
    package let handle: Value
    /// The type of its value.
    public let type: TensorType
    /// The node that gives it its initial value; nil for an imported variable whose graph has none.
    public let initializer: Node?
    /// Whether optimizers change it unless told otherwise.
    public let isTrainable: Bool
    /// Whether it belongs to a process, such as a metric's counter, not to the model.
    public let isLocal: Bool

    /// Forgets the element type.
    public init<Scalar>(_ variable: Variable<Scalar>) {
        handle = variable.handle
        type = variable.type
        initializer = variable.initializer
        isTrainable = variable.isTrainable
        isLocal = variable.isLocal
    }

    package init(_ record: VariableRecord, of graph: Graph) {
        handle = Value(graph: graph, endpoint: Endpoint(node: record.handle, output: 0))
        type = record.type
        initializer = record.initializer.map { Node(graph: graph, id: $0) }
        isTrainable = record.isTrainable
        isLocal = record.isLocal
    }

    /// Its name, that of its handle's node.
    public var name: String { handle.node.name }
    /// The shape of its value.
    public var shape: Shape { type.shape }
    /// The type of its elements.
    public var dtype: DType { type.dtype }
    /// The graph it belongs to.
    public var graph: Graph { handle.graph }

    public var description: String {
        "Variable(\"\(handle.name)\", shape=\(shape.tupleDescription), dtype=\(dtype))"
    }

    /// The variable with its static type; nil where its elements are of another type, or it has no initial value.
    public func `as`<Scalar: TensorElement>(_ type: Scalar.Type) -> Variable<Scalar>? {
        Variable<Scalar>(self)
    }

    /// A new read, of any type.
    package func read(name: String? = nil) -> Value { makeValue(ReadVariable(type: type), [handle], name: name) }
}

extension Graph {
    /// The variables of the model, in the order they were made: all but local ones.
    public var variables: [AnyVariable] { variableRecords.filter { !$0.isLocal }.map { AnyVariable($0, of: self) } }

    /// The variables that belong to a process, such as counters of metrics, in the order they were made.
    public var localVariables: [AnyVariable] {
        variableRecords.filter(\.isLocal).map { AnyVariable($0, of: self) }
    }

    /// The variables that optimizers change unless told otherwise, in the order they were made.
    public var trainableVariables: [AnyVariable] { variables.filter(\.isTrainable) }
}

/// A node that gives every variable of the model made so far its initial value.
public func globalVariablesInitializer(name: String? = nil, in graph: Graph? = nil) -> Node {
    let graph = graph ?? .default
    return makeNode(
        NoOperation(), [], name: name ?? "init", controlInputs: graph.variables.compactMap(\.initializer), in: graph)
}

/// A node that gives every local variable made so far its initial value: it sets metrics back.
///
///     let (accuracy, update) = metrics.accuracy(labels: labels, predictions: predictions)
///     try session.run(localVariablesInitializer())
public func localVariablesInitializer(name: String? = nil, in graph: Graph? = nil) -> Node {
    let graph = graph ?? .default
    return makeNode(
        NoOperation(), [], name: name ?? "init", controlInputs: graph.localVariables.compactMap(\.initializer),
        in: graph)
}
