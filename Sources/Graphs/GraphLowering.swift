// From nodes to a program: lowers the nodes that are asked for, in an order that respects their inputs.

package import Programs
import Tensors

/// The lowering of parts of one graph into one program.
package struct GraphLowering {
    private let graph: Graph
    private let records: [NodeRecord]
    let builder: ProgramBuilder
    private let state: any LoweringState
    private var values: [Endpoint: ValueID] = [:]
    private var isLowered: [Bool]

    /// More elements than this fit into no memory.
    private static let largestCount = 1 << 44

    /// Whether the nodes are those of a decomposition, which no user has seen.
    private let isScratch: Bool
    /// For the body of a function: the tag of the node that calls it.
    private let callerTag: Int32?

    package init(
        graph: Graph, builder: ProgramBuilder, state: any LoweringState, isScratch: Bool = false,
        callerTag: Int32? = nil
    ) {
        self.graph = graph
        self.isScratch = isScratch
        self.callerTag = callerTag
        records = graph.records
        self.builder = builder
        self.state = state
        isLowered = [Bool](repeating: false, count: records.count)
    }

    /// Gives an output a value from outside, such as a fed one.
    package mutating func define(_ endpoint: Endpoint, _ value: ValueID) {
        values[endpoint] = value
    }

    /// The value of an output; lowers what it needs.
    package mutating func value(of endpoint: Endpoint) throws -> ValueID {
        if let value = values[endpoint] { return value }
        for node in order(to: [endpoint.node]) { try lower(node) }
        if let value = values[endpoint] { return value }
        throw GraphError([
            records[endpoint.node.int].diagnostic(
                Mistake("output \(endpoint.output) has no value that could be fetched"))
        ])
    }

    /// The nodes that `targets` need and that are not lowered yet, each after those it needs. Without added control
    /// inputs this is the order in which they were made.
    package func order(to targets: [NodeID]) -> [NodeID] {
        var isNeeded = [Bool](repeating: false, count: records.count)
        var waiting = targets
        var needed: [NodeID] = []
        var isAscending = true
        while let node = waiting.popLast() {
            if isNeeded[node.int] || isLowered[node.int] || isReplaced(node) { continue }
            isNeeded[node.int] = true
            needed.append(node)
            for input in records[node.int].inputs where values[input] == nil { waiting.append(input.node) }
            for control in records[node.int].controlInputs {
                if control > node { isAscending = false }
                waiting.append(control)
            }
        }
        needed.sort()
        return isAscending ? needed : inDependencyOrder(needed, isNeeded)
    }

    /// Whether all outputs have values from outside: then the node itself need not run, though others wait for it.
    private func isReplaced(_ node: NodeID) -> Bool {
        let outputs = records[node.int].outputTypes.indices
        return !outputs.isEmpty && outputs.allSatisfy { values[Endpoint(node: node, output: $0)] != nil }
    }

    /// Smallest number first among the nodes whose inputs are done. Circles were refused when they were made.
    private func inDependencyOrder(_ needed: [NodeID], _ isNeeded: [Bool]) -> [NodeID] {
        var isOpened = [Bool](repeating: false, count: records.count)
        var isDone = isOpened
        var ordered: [NodeID] = []
        for start in needed {
            var stack = [start]
            while let node = stack.last {
                if isDone[node.int] {
                    stack.removeLast()
                } else if isOpened[node.int] {
                    // All that was put above it is done.
                    isDone[node.int] = true
                    ordered.append(node)
                    stack.removeLast()
                } else {
                    isOpened[node.int] = true
                    let record = records[node.int]
                    let missing = (record.inputs.map(\.node) + record.controlInputs).filter {
                        isNeeded[$0.int] && !isDone[$0.int]
                    }
                    stack += missing.sorted(by: >)
                }
            }
        }
        return ordered
    }

    /// Lowers one node, whose inputs are lowered.
    ///
    /// - Errors: `GraphError` that names the node, for mistakes that show only with concrete shapes.
    package mutating func lower(_ node: NodeID) throws {
        isLowered[node.int] = true
        let record = records[node.int]
        if let callerTag {
            builder.tag = state.tag(for: record, calledBy: callerTag)
        } else if !isScratch {
            builder.tag = node.index
        }
        let operation = record.operation
        // Handles have no value: their place is filled by the first constant or parameter, never looked at.
        var operands: [ValueID] = []
        var types: [TensorType] = []
        operands.reserveCapacity(record.inputs.count)
        types.reserveCapacity(record.inputs.count)
        for input in record.inputs {
            if let value = values[input] {
                let type = builder.type(of: value)
                operands.append(value)
                types.append(TensorType(type.dtype, Shape(extents: type.shape)))
            } else {
                operands.append(ValueID(0))
                types.append(records[input.node.int].outputTypes[Int(input.output)])
            }
        }
        do {
            let outputTypes = try operation.outputTypes(
                InputTypes(types) { [builder, operands] index in
                    types[index].dtype == .resource ? nil : builder.constantValue(operands[index])
                })
            for type in outputTypes where !type.isAddressable { throw Mistake.tooLarge(type.shape) }
            for type in outputTypes {
                guard let shape = type.shape.known else { continue }
                if elementCount(shape).map({ $0 > Self.largestCount }) ?? true {
                    throw Mistake("a result of shape \(type.shape) has more elements than memory can address")
                }
            }
            let context = LoweringContext(
                builder: builder, operands: operands, outputTypes: outputTypes, node: node,
                inputNodes: record.inputs.map { source(ofHandle: $0) }, isHandle: types.map { $0.dtype == .resource },
                caller: record, state: state)
            let results = try operation.lower(context)
            for (index, result) in results.enumerated() {
                let endpoint = Endpoint(node: node, output: index)
                if values[endpoint] == nil, result != .handle { values[endpoint] = result }
            }
        } catch let mistake as Mistake {
            throw GraphError([record.diagnostic(mistake)])
        } catch let defect as InvalidProgram {
            throw GraphError([
                record.diagnostic(Mistake("could not be lowered: \(defect)", hint: "this is a defect of the library"))
            ])
        }
    }
}

extension GraphLowering {
    /// The node that a handle comes from, through nodes that pass it on; for other values, the node itself.
    private func source(ofHandle endpoint: Endpoint) -> NodeID {
        var endpoint = endpoint
        while let record = handleRecord(endpoint), let input = record.handleInput(ofOutput: Int(endpoint.output)) {
            endpoint = input
        }
        return endpoint.node
    }

    private func handleRecord(_ endpoint: Endpoint) -> NodeRecord? {
        let record = records[endpoint.node.int]
        let output = Int(endpoint.output)
        return record.outputTypes.indices.contains(output) && record.outputTypes[output].dtype == .resource
            ? record : nil
    }
}

// MARK: - Arguments of scratch graphs

/// The argument of a decomposition whose value is known.
private struct ArgumentOperation: ConstantOperation {
    let type: TensorType
    let array: UntypedArray

    var name: String { "_Arg" }
    var attributes: [Attribute] { [Attribute("T", .type(type.dtype))] }
    var effect: Effect { .none }
    var outputCount: Int { 1 }
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { [type] }
    func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }
    func lower(_ context: LoweringContext) throws -> [ValueID] {
        throw Mistake("the argument of a decomposition has no value of its own")
    }
}

extension Graph {
    func argument(_ type: TensorType) -> Value { addOne(FunctionArgument(type: type), []) }

    func argument(_ type: TensorType, constant: UntypedArray) -> Value {
        addOne(ArgumentOperation(type: type, array: constant), [])
    }
}
