// Functions: a graph with arguments and results, which operations call (branches, loops, calls of a function library).
// Knows no operation by name.

package import Programs
package import Tensors

/// A part of a computation under a name: a graph of its own, its arguments and its results.
///
/// The arguments are nodes of the graph made with `Graph.addArgument`. The graph must not grow afterwards.
package struct FunctionBody: Sendable {
    package let name: String
    package let graph: Graph
    package let arguments: [Value]
    package let results: [Value]
    /// The nodes that run at every call for what they do: updates of variables.
    package let effects: [Node]
    /// How many bodies lie inside each other, this one included.
    package let depth: Int
    /// How many nodes a call stands for, with those of all calls inside.
    package let nodeCount: Int
    /// The numbers of the arguments, handles of variables, that something uses.
    package let usedHandles: [Int]
    /// The numbers of the arguments, handles of variables, that a call updates.
    package let updatedHandles: [Int]
    private let passedArguments: [Int?]

    /// How many bodies may lie inside each other: lowering calls itself for each, and the stack has an end.
    package static let depthLimit = 32
    /// How many nodes a call may stand for: calls of calls of calls grow like powers.
    package static let nodeLimit = 1 << 20

    /// - Parameters:
    ///   - effects: what runs at every call; nil for all nodes of the graph that update variables.
    /// - Errors: a `Mistake` where arguments or results are not of the graph, the graph has mistakes, or calls are nested
    ///   too deeply or stand for too many nodes.
    package init(
        name: String, graph: Graph, arguments: [Value], results: [Value], effects: [Node]? = nil
    ) throws(Mistake) {
        let records = graph.records
        for value in arguments + results where value.graph !== graph || value.endpoint.node.int >= records.count {
            throw Mistake("\"\(value.name)\" is not part of function \"\(name)\"")
        }
        if let first = graph.diagnostics.first {
            throw Mistake("inside \"\(name)\": \(first)".split(separator: "\n").joined(separator: " "))
        }
        var (depth, count) = (1, records.count)
        for record in records {
            for body in (record.operation as? any CallingOperation)?.bodies ?? [] {
                depth = max(depth, body.depth + 1)
                let (sum, overflow) = count.addingReportingOverflow(body.nodeCount)
                count = overflow ? .max : sum
            }
        }
        if depth > Self.depthLimit {
            throw Mistake("functions call each other more than \(Self.depthLimit) deep, down to \"\(name)\"")
        }
        if count > Self.nodeLimit {
            throw Mistake("function \"\(name)\" stands for more than \(Self.nodeLimit) nodes, with those that it calls")
        }
        self.name = name
        self.graph = graph
        self.arguments = arguments
        self.results = results
        self.depth = depth
        nodeCount = count

        var (used, updated): (Set<Endpoint>, Set<Endpoint>) = ([], [])
        var updating: [Node] = []
        /// What nodes that pass a value on pass on.
        var origins: [Endpoint: Endpoint] = [:]
        for (index, record) in records.enumerated() {
            if case .updates(let inputs) = record.operation.effect {
                updating.append(Node(graph: graph, id: NodeID(index)))
                for input in inputs where record.inputs.indices.contains(input) { updated.insert(record.inputs[input]) }
            }
            used.formUnion(record.inputs)
            if let input = record.passedOn {
                origins[Endpoint(node: NodeID(index), output: 0)] = origins[input] ?? input
            }
        }
        self.effects = effects ?? updating
        let numbers = Dictionary(
            arguments.enumerated().map { ($1.endpoint, $0) }, uniquingKeysWith: { first, _ in first })
        passedArguments = results.map { numbers[origins[$0.endpoint] ?? $0.endpoint] }
        // Handles that are passed on count as what they are.
        used.formUnion(used.compactMap { origins[$0] })
        updated.formUnion(updated.compactMap { origins[$0] })
        let handles = arguments.indices.filter { arguments[$0].dtype == .resource }
        usedHandles = handles.filter { used.contains(arguments[$0].endpoint) }
        updatedHandles = handles.filter { updated.contains(arguments[$0].endpoint) }
    }

    /// The types that arguments were declared with.
    package var argumentTypes: [TensorType] { arguments.map(\.type) }

    /// The number of the argument that result `index` is, through nodes that pass it on; nil where it is something else.
    package func argument(ofResult index: Int) -> Int? {
        passedArguments.indices.contains(index) ? passedArguments[index] : nil
    }

    /// The types of the results for arguments of the given types.
    ///
    /// - Parameters:
    ///   - constantAt: the value of an argument, where it is constant.
    /// - Errors: a `Mistake` that names the node inside whose inputs do not fit.
    package func resultTypes(
        for types: [TensorType], constantAt: (Int) -> UntypedArray? = { _ in nil }
    ) throws(Mistake) -> [TensorType] {
        if types == argumentTypes, !types.indices.contains(where: { constantAt($0) != nil }) {
            return results.map(\.type)
        }
        let records = graph.records
        var known: [Endpoint: TensorType] = [:]
        var constants: [Endpoint: UntypedArray] = [:]
        for (index, argument) in arguments.enumerated() where types.indices.contains(index) {
            known[argument.endpoint] = types[index]
            constants[argument.endpoint] = constantAt(index)
        }
        func type(_ endpoint: Endpoint) -> TensorType {
            if let type = known[endpoint] { return type }
            let declared = records[endpoint.node.int].outputTypes
            let index = Int(endpoint.output)
            return declared.indices.contains(index) ? declared[index] : TensorType(.float32, .unknown)
        }
        // Nodes were made after their inputs, so one pass in their order is enough.
        for (index, record) in records.enumerated() {
            let node = NodeID(index)
            if record.inputs.isEmpty || record.outputTypes.isEmpty { continue }
            let isTold = record.outputTypes.indices.allSatisfy { known[Endpoint(node: node, output: $0)] != nil }
            if isTold { continue }
            let inputs = record.inputs
            let found: [TensorType]
            let rule = InputTypes(
                inputs.map(type),
                measuredAt: { input in
                    let measured = records[inputs[input].node.int]
                    guard measured.operation is any ShapeOperation else { return nil }
                    return measured.inputs.first.map { type($0).shape }
                },
                constantAt: { input in
                    constants[inputs[input]]
                        ?? (records[inputs[input].node.int].operation as? any ConstantOperation)?
                        .array
                })
            do {
                found = try record.operation.outputTypes(rule)
            } catch {
                throw Mistake(
                    "inside \"\(name)\", \(record.operation.name) \"\(record.name)\": \(error.message)",
                    hint: error.hint)
            }
            for (output, type) in found.enumerated() { known[Endpoint(node: node, output: output)] = type }
            if let input = record.passedOn { constants[Endpoint(node: node, output: 0)] = constants[input] }
        }
        return results.map { type($0.endpoint) }
    }

    /// Adds the nodes that the results need to another graph, with values in the place of the arguments.
    ///
    /// - Returns: the results there; nil where they need an update of a variable, which would then happen twice.
    package func inlined(into other: Graph, _ inputs: [Value]) -> [Value]? {
        let records = graph.records
        var values: [Endpoint: Value] = [:]
        for (argument, input) in zip(arguments, inputs) { values[argument.endpoint] = input }
        var isNeeded = [Bool](repeating: false, count: records.count)
        var waiting = results.map(\.endpoint.node)
        while let node = waiting.popLast() {
            if isNeeded[node.int] || values[Endpoint(node: node, output: 0)] != nil { continue }
            isNeeded[node.int] = true
            if case .updates = records[node.int].operation.effect { return nil }
            waiting += records[node.int].inputs.map(\.node) + records[node.int].controlInputs
        }
        var copies: [NodeID: Node] = [:]
        for (index, record) in records.enumerated() where isNeeded[index] {
            let node = NodeID(index)
            let inputs = record.inputs.compactMap { values[$0] }
            let control = record.controlInputs.compactMap { copies[$0] }
            if record.outputTypes.isEmpty {
                copies[node] = other.addNode(record.operation, inputs, name: record.name, controlInputs: control)
                continue
            }
            let outputs = other.add(record.operation, inputs, name: record.name, controlInputs: control)
            copies[node] = outputs.first?.node
            for (output, value) in outputs.enumerated() { values[Endpoint(node: node, output: output)] = value }
        }
        return results.compactMap { values[$0.endpoint] }
    }
}

/// An operation that calls functions.
package protocol CallingOperation: Operation {
    var bodies: [FunctionBody] { get }
    /// For an output that is the handle of a variable: the input that it is; nil where that is not known.
    func inputOfHandle(output: Int) -> Int?
}

/// An operation whose output is its only input as it is.
package protocol PassingOperation: Operation {
    var passesOn: Bool { get }
}

extension NodeRecord {
    /// The input that an output, a handle, is.
    func handleInput(ofOutput output: Int) -> Endpoint? {
        if let input = passedOn { return input }
        guard let number = (operation as? any CallingOperation)?.inputOfHandle(output: output),
            inputs.indices.contains(number)
        else { return nil }
        return inputs[number]
    }

    /// The input that the node passes on as it is.
    fileprivate var passedOn: Endpoint? {
        guard let operation = operation as? any PassingOperation, operation.passesOn else { return nil }
        return inputs.first
    }
}

// MARK: - Arguments

/// The argument of a function.
package struct FunctionArgument: Operation {
    package let type: TensorType
    /// For the handle of a variable: the type of its value.
    package let variableType: TensorType?

    package init(type: TensorType, variableType: TensorType? = nil) {
        self.type = type
        self.variableType = variableType
    }

    package var name: String { "_Arg" }
    package var attributes: [Attribute] { [Attribute("T", .type(type.dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }
    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { [type] }
    package func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }
    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        // A handle has no value.
        if type.dtype == .resource { return [] }
        throw Mistake("the argument of a function has no value of its own")
    }
}

extension Graph {
    /// A new argument of the function whose body this graph is.
    package func addArgument(_ type: TensorType, variableType: TensorType? = nil, name: String? = nil) -> Value {
        addOne(FunctionArgument(type: type, variableType: variableType), [], name: name ?? "arg")
    }
}
