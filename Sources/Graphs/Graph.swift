// The graph: an append-only list of nodes with unique names. Safe to build and read from any thread.

import Synchronization
package import Tensors

/// A computation described by nodes; a session runs parts of it.
///
/// Functions that make tensors add to the default graph (see `asDefault`), or to the graph of their inputs.
public final class Graph: Sendable {
    private let state = Mutex(State())

    fileprivate struct State {
        var nodes: [NodeRecord] = []
        var nodesByName: [String: NodeID] = [:]
        /// How often each base name (lower case, as TensorFlow compares them) was used.
        var nameCounts: [String: Int] = [:]
        var diagnostics: [Diagnostic] = []
        var variables: [VariableRecord] = []
        var variableOfHandle: [NodeID: Int] = [:]
        /// What was put into collections, by their keys.
        var collections: [String: [CollectionRecord]] = [:]
        var seed: Int?
        /// How many random operations took a seed from `nextOperationSeed`.
        var operationSeedCount = 0
        var isFinalized = false
        /// For the body of a function: the values of graphs around it that it uses, with what stands for them here.
        var captures: [(outer: Value, inner: Value)] = []
        var captureOf: [Value: Value] = [:]
        /// For the body of a loop: the argument that holds the number of the turn, once something asks for it.
        var turn: Value?
    }

    private let changes = Atomic<Int>(0)
    /// For the body of a function that is being built: the graph around it.
    package let parent: Graph?
    /// Whether this is the body or the condition of a loop that is being built.
    package let hasTurns: Bool

    /// An empty graph.
    public init() { (parent, hasTurns) = (nil, false) }

    /// An empty graph for the body of a function that nodes of `parent` call. Values of graphs around it that its nodes
    /// take become arguments (see `captures`); constants other than floating-point ones are copied.
    package init(bodyInside parent: Graph, hasTurns: Bool = false) {
        self.parent = parent
        self.hasTurns = hasTurns
    }

    /// The number of nodes.
    public var nodeCount: Int { state.withLock { $0.nodes.count } }

    /// All nodes, in the order they were made.
    public var nodes: [Node] { (0..<nodeCount).map { Node(graph: self, id: NodeID($0)) } }

    /// The node with the given full name, or nil.
    public func node(named name: String) -> Node? {
        state.withLock { $0.nodesByName[name] }.map { Node(graph: self, id: $0) }
    }

    /// The mistakes made so far in building this graph.
    public var diagnostics: [Diagnostic] { state.withLock { $0.diagnostics } }

    /// Throws all mistakes made so far, if there are any.
    ///
    /// - Errors: `GraphError`.
    public func requireSound() throws(GraphError) {
        let diagnostics = self.diagnostics
        if !diagnostics.isEmpty { throw GraphError(diagnostics) }
    }

    /// The seed that random operations of this graph combine with their own; nil: each session draws its own.
    ///
    /// Set it before random operations are made. With the same seed, the same operations in the same order give the
    /// same numbers as TensorFlow's.
    public var seed: Int? {
        get { state.withLock { $0.seed } }
        set { state.withLock { $0.seed = newValue } }
    }

    /// From now on, adding to the graph is a mistake: catches loops that make nodes at every step.
    public func finalize() {
        state.withLock { $0.isFinalized = true }
    }

    /// Whether `finalize` was called.
    public var isFinalized: Bool { state.withLock { $0.isFinalized } }

    /// Changes whenever existing nodes change (control inputs are added), so that plans made before are dropped.
    /// Read at every run, hence without the lock.
    package var revision: Int { changes.load(ordering: .acquiring) }

    /// The seed of a random operation that is given none: 0, 1, 2, ..., as TensorFlow counts for each graph.
    package func nextOperationSeed() -> Int {
        state.withLock { state in
            defer { state.operationSeedCount += 1 }
            return state.operationSeedCount
        }
    }
}

extension Graph: Hashable {
    public static func == (left: Graph, right: Graph) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

// MARK: - Adding nodes

extension Graph {
    /// Adds a node and returns its outputs.
    ///
    /// A mistake in the inputs is recorded; the outputs are then of unknown shape, and what follows from them is not
    /// reported again.
    package func add(
        _ operation: any Operation, _ inputs: [Value], name: String? = nil, controlInputs: [Node] = []
    ) -> [Value] {
        let origin = Origin.capture()
        let scope = Scope.current
        let inputs = parent == nil ? inputs : inputs.map { captured($0) ?? $0 }
        let endpoints = inputs.map(\.endpoint)
        var isSound = true
        var mistake: Mistake?

        // The records of the inputs, under one lock; the type rule runs outside of it.
        let (records, lastNode) = state.withLock { state in
            (endpoints.map { $0.node.int < state.nodes.count ? state.nodes[$0.node.int] : nil }, state.nodes.count)
        }
        for (index, input) in inputs.enumerated() where input.graph !== self {
            mistake =
                mistake
                ?? Mistake(
                    "input \(index), \"\(input.name)\", belongs to another graph",
                    hint: "make all inputs inside the same asDefault block")
            isSound = false
        }
        if isSound {
            for (record, endpoint) in zip(records, endpoints) {
                if let record, record.isSound, endpoint.output < record.outputTypes.count { continue }
                isSound = false
            }
        }
        var types: [TensorType] = []
        if isSound {
            let known = zip(records, endpoints).map { record, endpoint in
                record?.outputTypes[Int(endpoint.output)] ?? TensorType(.float32, .unknown)
            }
            let rules = InputTypes(
                known,
                measuredAt: { index in
                    guard let record = records[index], record.operation is any ShapeOperation else { return nil }
                    return record.inputs.first.map { Value(graph: self, endpoint: $0).shape }
                },
                variableAt: { index in
                    guard let record = records[index], case .reads(let input) = record.operation.effect,
                        record.inputs.indices.contains(input)
                    else { return nil }
                    let handle = self.record(record.inputs[input].node)
                    return "variable \"\(handle.name)\"" + (handle.origin.place.map { " (\($0))" } ?? "")
                },
                constantAt: { index in (records[index]?.operation as? any ConstantOperation)?.array })
            do {
                types = try operation.outputTypes(rules)
                if operation is any UncheckedOperation { isSound = false }
            } catch {
                mistake = error
                isSound = false
            }
        }
        if !isSound, types.isEmpty {
            types = outputTypesDespiteMistake(operation, inputs)
        }
        var control: [NodeID] = []
        var known: Set<NodeID> = []
        for node in controlInputs + scope.controlInputs where node.graph === self && known.insert(node.id).inserted {
            if node.id.int <= lastNode { control.append(node.id) }
        }

        let record = state.withLock { state in
            let nodeName =
                state.reservedName(name) ?? state.uniqueName(scope.qualified(name ?? defaultName(of: operation.name)))
            if state.isFinalized {
                mistake = mistake ?? .finalized
            } else if let name, !isValidName(name, allowsInternal: name.hasSuffix("/")) {
                mistake = mistake ?? .invalidName(name)
            }
            // Inputs of other graphs are left out: their numbers mean something else here.
            let record = NodeRecord(
                name: nodeName, operation: operation,
                inputs: inputs.allSatisfy { $0.graph === self } ? endpoints : [],
                controlInputs: control, outputTypes: types, device: scope.device, isSound: isSound && mistake == nil,
                origin: origin)
            if let mistake {
                state.diagnostics.append(
                    Diagnostic(
                        operation: operation.name, node: nodeName, message: mistake.message, hint: mistake.hint,
                        origin: origin))
            }
            state.nodesByName[nodeName] = NodeID(state.nodes.count)
            state.nodes.append(record)
            return NodeID(state.nodes.count - 1)
        }
        return types.indices.map { Value(graph: self, endpoint: Endpoint(node: record, output: $0)) }
    }

    /// The outputs of a node with a mistake: their elements' types where the rule still tells them, no shapes.
    private func outputTypesDespiteMistake(_ operation: any Operation, _ inputs: [Value]) -> [TensorType] {
        let known = inputs.map { TensorType($0.graph === self ? $0.dtype : .float32, .unknown) }
        if let types = try? operation.outputTypes(InputTypes(known) { _ in nil }), types.count == operation.outputCount
        {
            return types.map { TensorType($0.dtype, .unknown) }
        }
        return Array(repeating: TensorType(known.first?.dtype ?? .float32, .unknown), count: operation.outputCount)
    }

    /// Adds a node with one output.
    package func addOne(
        _ operation: any Operation, _ inputs: [Value], name: String? = nil, controlInputs: [Node] = []
    ) -> Value {
        let outputs = add(operation, inputs, name: name, controlInputs: controlInputs)
        return outputs.first ?? Value(graph: self, endpoint: Endpoint(node: NodeID(nodeCount - 1), output: 0))
    }

    /// Adds a node for what it does rather than for its outputs.
    package func addNode(
        _ operation: any Operation, _ inputs: [Value], name: String? = nil, controlInputs: [Node] = []
    ) -> Node {
        if let output = add(operation, inputs, name: name, controlInputs: controlInputs).first {
            return Node(graph: self, id: output.endpoint.node)
        }
        return Node(graph: self, id: NodeID(nodeCount - 1))
    }

    /// Records a mistake that belongs to no node.
    package func report(_ mistake: Mistake, operation: String, node: String? = nil) {
        let diagnostic = Diagnostic(
            operation: operation, node: node, message: mistake.message, hint: mistake.hint, origin: .capture())
        state.withLock { $0.diagnostics.append(diagnostic) }
    }

    /// Makes `node` wait for `control`. Waiting for a later node is possible; a circle is a mistake.
    package func addControlInput(_ control: Node, to node: Node) {
        guard control.graph === self, node.graph === self else {
            report(
                Mistake("\"\(control.name)\" and \"\(node.name)\" belong to different graphs"),
                operation: "control dependency")
            return
        }
        // Looked at and changed under one lock: two tasks must not close a circle together.
        let mistake = state.withLock { state -> Mistake? in
            let (record, awaited) = (state.nodes[node.id.int], state.nodes[control.id.int])
            if record.controlInputs.contains(control.id) { return nil }
            if state.isFinalized { return .finalized }
            if control.id == node.id {
                return Mistake("\"\(record.name)\" would wait for itself: a cycle", hint: "leave out the dependency")
            }
            if state.depends(control.id, on: node.id) {
                return Mistake(
                    "\"\(record.name)\" would wait for \"\(awaited.name)\", which itself waits for it: a cycle",
                    hint: "leave out one of the two dependencies")
            }
            state.nodes[node.id.int] = record.adding(controlInput: control.id)
            return nil
        }
        if let mistake { report(mistake, operation: "control dependency") }
        changes.add(1, ordering: .releasing)
    }
}

extension Graph.State {
    fileprivate func depends(_ node: NodeID, on other: NodeID) -> Bool {
        var seen = [Bool](repeating: false, count: nodes.count)
        var waiting = [node]
        while let next = waiting.popLast() {
            if next == other { return true }
            if seen[next.int] { continue }
            seen[next.int] = true
            waiting += nodes[next.int].inputs.map(\.node) + nodes[next.int].controlInputs
        }
        return false
    }

    /// The full name, where `name` is one that was reserved for a node (see `withNodeScope`) and is not taken yet.
    fileprivate func reservedName(_ name: String?) -> String? {
        guard let name, name.hasSuffix("/") else { return nil }
        let full = String(name.dropLast())
        return nameCounts[full.lowercased()] != nil && nodesByName[full] == nil ? full : nil
    }

    /// `name`, or the first of `name_1`, `name_2`, ... that is free.
    fileprivate mutating func uniqueName(_ name: String) -> String {
        let key = name.lowercased()
        guard var count = nameCounts[key] else {
            nameCounts[key] = 1
            return name
        }
        while true {
            let candidate = "\(name)_\(count)"
            let candidateKey = "\(key)_\(count)"
            count += 1
            if nameCounts[candidateKey] == nil {
                nameCounts[candidateKey] = 1
                nameCounts[key] = count
                return candidate
            }
        }
    }
}

/// The name a node gets where the user gives none: its op's, without the version of TensorFlow's definition.
private func defaultName(of operation: String) -> String {
    for suffix in ["V2", "V3", "V4"] where operation.hasSuffix(suffix) { return String(operation.dropLast(2)) }
    return operation
}

/// Whether TensorFlow accepts the name of a node or scope.
///
/// - Parameters:
///   - allowsInternal: whether it may start with `_`, as the names of nodes do that TensorFlow itself makes.
package func isValidName(_ name: String, allowsInternal: Bool = false) -> Bool {
    func isStart(_ c: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(c) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(c)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(c) || c == UInt8(ascii: ".")
    }
    func isRest(_ c: UInt8) -> Bool {
        isStart(c) || c == UInt8(ascii: "_") || c == UInt8(ascii: "-") || c == UInt8(ascii: "/")
            || c == UInt8(ascii: ">") || c == UInt8(ascii: "\\")
    }
    guard let first = name.utf8.first else { return false }
    return (isStart(first) || (allowsInternal && first == UInt8(ascii: "_")))
        && name.utf8.dropFirst().allSatisfy(isRest)
}

// MARK: - Bodies of functions

extension Graph {
    /// Whether this is the body of a function somewhere inside `other`.
    package func isInside(_ other: Graph) -> Bool {
        var next = parent
        while let graph = next {
            if graph === other { return true }
            next = graph.parent
        }
        return false
    }

    /// The graph around all graphs around this one; itself where it is no body.
    package var outermost: Graph {
        var graph = self
        while let parent = graph.parent { graph = parent }
        return graph
    }

    /// The argument, int64 of rank 0, that holds the number of the turn, from 0; nil where there are no turns. Making it
    /// makes the loop carry it.
    package var turnNumber: Value? {
        guard hasTurns else { return nil }
        if let known = knownTurnNumber { return known }
        let argument = asDefault { addArgument(TensorType(.int64, .scalar), name: "turn") }
        state.withLock { $0.turn = argument }
        return argument
    }

    /// The number of the turn, if something asked for it.
    package var knownTurnNumber: Value? { state.withLock { $0.turn } }

    /// The values from around that nodes of this graph use, each with the argument that stands for it, in the order of
    /// their first use.
    package var captures: [(outer: Value, inner: Value)] { state.withLock { $0.captures } }

    /// What stands here for a value of a graph around this one: an argument or a copied constant; nil for values of
    /// other graphs.
    package func captured(_ value: Value) -> Value? {
        guard let parent, value.graph !== self else { return nil }
        guard let outer = parent === value.graph ? value : parent.captured(value) else { return nil }
        if let known = state.withLock({ $0.captureOf[outer] }) { return known }
        // Neither name scopes nor control dependencies of the caller apply to it.
        let (inner, isArgument) = asDefault {
            let record = outer.node.record
            // Those that a gradient may be asked for become arguments.
            if let constant = record.operation as? any ConstantOperation, !outer.dtype.isFloating {
                return (addOne(constant, []), false)
            }
            return (addArgument(outer.type, variableType: outer.variableType, name: "captured"), true)
        }
        state.withLock { state in
            state.captureOf[outer] = inner
            if isArgument { state.captures.append((outer, inner)) }
        }
        return inner
    }
}

extension Value {
    /// For the handle of a variable: the type of the variable's value, where it is known.
    package var variableType: TensorType? {
        guard dtype == .resource else { return nil }
        if let argument = node.record.operation as? FunctionArgument { return argument.variableType }
        return graph.variableType(ofHandle: endpoint.node)
    }
}

// MARK: - Reading nodes

extension Graph {
    package func record(_ id: NodeID) -> NodeRecord { state.withLock { $0.nodes[id.int] } }

    /// All records at this moment.
    package var records: [NodeRecord] { state.withLock { $0.nodes } }

    /// Reserves names for nodes that are added next with exactly these, a `/` at their ends (see `add`).
    package func reserve(_ names: some Sequence<String>) {
        state.withLock { state in
            for name in names where state.nameCounts[name.lowercased()] == nil {
                state.nameCounts[name.lowercased()] = 1
            }
        }
    }

    /// Reserves a name for a scope.
    package func uniqueScopeName(_ name: String) -> String { state.withLock { $0.uniqueName(name) } }

    package func register(_ variable: VariableRecord) {
        state.withLock { state in
            state.variableOfHandle[variable.handle] = state.variables.count
            state.variables.append(variable)
        }
    }

    /// Says of a registered variable what is known only later; nil where nothing new is.
    package func amendVariable(
        ofHandle handle: NodeID, initializer: NodeID? = nil, isTrainable: Bool? = nil, isLocal: Bool? = nil
    ) {
        state.withLock { state in
            guard let index = state.variableOfHandle[handle] else { return }
            let known = state.variables[index]
            state.variables[index] = VariableRecord(
                name: known.name, handle: handle, initializer: initializer ?? known.initializer, type: known.type,
                isTrainable: isTrainable ?? known.isTrainable, isLocal: isLocal ?? known.isLocal)
        }
    }

    /// The type of a registered variable's value.
    fileprivate func variableType(ofHandle handle: NodeID) -> TensorType? {
        state.withLock { state in state.variableOfHandle[handle].map { state.variables[$0].type } }
    }

    /// The variables of this graph, in the order they were made.
    package var variableRecords: [VariableRecord] { state.withLock { $0.variables } }

    func add(_ record: CollectionRecord, toCollection key: String) {
        state.withLock { $0.collections[key, default: []].append(record) }
    }

    func collectionRecords(_ key: String) -> [CollectionRecord] { state.withLock { $0.collections[key] ?? [] } }

    /// The keys of the collections that hold something, sorted.
    public var collectionKeys: [String] { state.withLock { $0.collections.keys.sorted() } }
}

/// What a graph knows of one of its variables.
package struct VariableRecord: Sendable {
    package let name: String
    package let handle: NodeID
    /// The node that gives it its initial value; nil for an imported variable whose graph has none.
    package let initializer: NodeID?
    package let type: TensorType
    package let isTrainable: Bool
    /// Whether it belongs to a process, such as a metric's counter, not to the model.
    package let isLocal: Bool

    package init(
        name: String, handle: NodeID, initializer: NodeID?, type: TensorType, isTrainable: Bool, isLocal: Bool = false
    ) {
        self.name = name
        self.handle = handle
        self.initializer = initializer
        self.type = type
        self.isTrainable = isTrainable
        self.isLocal = isLocal
    }
}
