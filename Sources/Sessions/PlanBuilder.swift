// Makes a plan: takes the nodes that the fetches need, lowers them with the fed shapes, and compiles the program.

import CPU
import Graphs
import Programs
import Tensors

/// Decides what reads and updates of variables mean inside one run: see `UpdateHistory`. Updates happen in the order in
/// which their nodes were made.
final class PlanBuilder: LoweringState {
    private let graph: Graph
    private let records: [NodeRecord]
    private let builder = ProgramBuilder()
    private let store: VariableStore
    /// The graph's variables by their handles.
    private let declarations: [NodeID: VariableRecord]
    private var argumentCount = 0
    private var reads: [Plan.Read] = []
    private var randomStreams: [Plan.RandomStream] = []
    private var before: [NodeID: ValueID] = [:]
    private var argumentOfVariable: [NodeID: Int] = [:]
    private var writes: UpdateHistory<ValueID>
    /// What was lowered inside functions; see `tag(for:calledBy:)`.
    private var innerNodes: [Plan.InnerNode] = []

    private let allowsSoftPlacement: Bool

    private init(graph: Graph, store: VariableStore, allowsSoftPlacement: Bool) {
        self.graph = graph
        records = graph.records
        writes = UpdateHistory(records: records)
        self.store = store
        declarations = Dictionary(
            graph.variableRecords.map { ($0.handle, $0) }, uniquingKeysWith: { first, _ in first })
        self.allowsSoftPlacement = allowsSoftPlacement
    }

    /// - Errors: `GraphError` for mistakes in the graph, `SessionError` for those of this run.
    static func plan(
        graph: Graph, items: [FetchRequest.Item], feeds: [Plan.FeedSlot], store: VariableStore, device: CPUDevice,
        allowsSoftPlacement: Bool
    ) throws -> Plan {
        try graph.requireSound()
        let revision = graph.revision
        let builder = PlanBuilder(graph: graph, store: store, allowsSoftPlacement: allowsSoftPlacement)
        do {
            return try builder.build(items: items, feeds: feeds, revision: revision, device: device)
        } catch let error as GraphError {
            throw SessionError.notComputable(error.diagnostics)
        } catch let defect as InvalidProgram {
            throw SessionError(.notComputable, "the program could not be compiled: \(defect)")
        }
    }

    private func build(
        items: [FetchRequest.Item], feeds: [Plan.FeedSlot], revision: Int, device: CPUDevice
    ) throws -> Plan {
        var lowering = GraphLowering(graph: graph, builder: builder, state: self)
        var fed: Set<Endpoint> = []
        for feed in feeds {
            let record = records[feed.endpoint.node.int]
            let name = "\(record.name):\(feed.endpoint.output)"
            let type = record.outputTypes[Int(feed.endpoint.output)]
            guard fed.insert(feed.endpoint).inserted else { throw SessionError.duplicateFeed(name) }
            guard type.dtype == feed.dtype else {
                throw SessionError.feedType(name, expected: type.dtype, found: feed.dtype)
            }
            guard type.shape.accepts(feed.shape) else {
                throw SessionError.feedShape(name, expected: type.shape, found: feed.shape)
            }
            lowering.define(feed.endpoint, argument(ArrayType(feed.dtype, feed.shape)))
        }
        var targets: [NodeID] = []
        for item in items {
            switch item {
            case .output(let endpoint): if !fed.contains(endpoint) { targets.append(endpoint.node) }
            case .target(let node): targets.append(node)
            }
        }
        for node in lowering.order(to: targets) {
            if let device = records[node.int].device, !allowsSoftPlacement, !isMetByCPU(device) {
                throw GraphError([records[node.int].diagnostic(.noDevice(device))])
            }
            try lowering.lower(node)
        }

        var results: [ValueID] = []
        for item in items {
            if case .output(let endpoint) = item { results.append(try lowering.value(of: endpoint)) }
        }
        let fetchCount = results.count
        var updated: [(variable: NodeID, value: ValueID)] = []
        for variable in writes.updated {
            guard let last = writes.last(of: variable), last != before[variable] else { continue }
            updated.append((variable, last))
            results.append(last)
        }
        let program = builder.finish(results: results)
        // Before it is compiled, too: a kernel for what no memory holds may need as much itself.
        var counted: Set<ValueID> = []
        try requireMemory(program, frame: 0, items, fetchCount: fetchCount, updated.map(\.variable)) { index in
            switch program[program.results[index]].instruction {
            case .parameter, .constant: false
            default: counted.insert(program.results[index]).inserted
            }
        }
        var overwriting: [Int: Int] = [:]
        for (index, update) in updated.enumerated() {
            overwriting[fetchCount + index] = argumentOfVariable[update.variable]
        }
        let executable = try device.compile(program, overwriting: overwriting)
        let updates = updated.enumerated().map { index, update in
            let result = fetchCount + index
            return Plan.Update(
                slot: store.slot(ofHandle: update.variable, name: records[update.variable.int].name),
                result: result, byteCount: builder.type(of: update.value).byteCount,
                isComputed: executable.resultSources[result] == .computed,
                overwrittenRead: executable.overwrittenArguments[result].flatMap { argument in
                    reads.firstIndex { $0.argument == argument }
                })
        }
        try requireMemory(
            executable.program, frame: executable.frameByteCount, items, fetchCount: fetchCount,
            updated.map(\.variable)
        ) { executable.resultSources[$0] == .computed }
        return Plan(
            items: items, feeds: feeds, revision: revision, executable: executable, reads: reads, updates: updates,
            randomStreams: randomStreams, fetchTypes: results.prefix(fetchCount).map { builder.type(of: $0) },
            innerNodes: innerNodes, nodeCount: records.count)
    }

    /// - Errors: `SessionError.outOfMemory` where the run needs more memory than there is; it names what needs most.
    private func requireMemory(
        _ program: Program, frame: Int, _ items: [FetchRequest.Item], fetchCount: Int, _ updated: [NodeID],
        isComputed: (Int) -> Bool
    ) throws(SessionError) {
        let sizes = program.results.indices.map { index in
            isComputed(index) ? program.type(of: program.results[index]).byteCount : 0
        }
        guard sizes.reduce(frame, { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }) > Memory.byteCount
        else {
            return
        }
        guard let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }), sizes[largest] > frame else {
            throw .outOfMemory("the run needs memory for intermediate values", byteCount: frame)
        }
        let shape = Shape(program.type(of: program.results[largest]).shape)
        let outputs = items.compactMap { item in if case .output(let endpoint) = item { endpoint } else { nil } }
        let name =
            largest < fetchCount
            ? "\"\(records[outputs[largest].node.int].name):\(outputs[largest].output)\""
            : "variable \"\(records[updated[largest - fetchCount].int].name)\""
        throw .outOfMemory("\(name) of shape \(shape) is an array", byteCount: sizes[largest])
    }

    private func argument(_ type: ArrayType) -> ValueID {
        argumentCount += 1
        return builder.parameter(type)
    }

    // MARK: LoweringState

    func read(variable: NodeID, by node: NodeID) throws -> ValueID {
        if let seen = writes.value(of: variable, seenBy: node) { return seen }
        return try valueBefore(variable)
    }

    func write(variable: NodeID, by node: NodeID, _ value: ValueID) throws {
        writes.add(value, to: variable, by: node)
    }

    func tag(for record: NodeRecord, calledBy tag: Int32) -> Int32 {
        innerNodes.append(Plan.InnerNode(record: record, calledBy: tag))
        return Int32(clamping: records.count + innerNodes.count - 1)
    }

    func randomState(of node: NodeID, samples: Int) throws -> ValueID {
        guard let operation = records[node.int].operation as? any RandomOperation else {
            throw InvalidProgram("\(records[node.int].operation.name) has no seeds")
        }
        let stream = Plan.RandomStream(
            node: node, seeds: operation.seeds, samples: samples, argument: argumentCount)
        randomStreams.append(stream)
        return argument(ArrayType(.uint64, [4]))
    }

    /// The variable's value from before the run.
    private func valueBefore(_ variable: NodeID) throws -> ValueID {
        if let value = before[variable] { return value }
        guard let declared = declarations[variable],
            let shape = declared.type.shape.known
        else {
            throw Mistake("the variable \"\(records[variable.int].name)\" has no known shape")
        }
        reads.append(
            Plan.Read(slot: store.slot(ofHandle: variable, name: declared.name), argument: argumentCount))
        argumentOfVariable[variable] = argumentCount
        let value = argument(ArrayType(declared.type.dtype, shape))
        before[variable] = value
        return value
    }
}

extension Mistake {
    fileprivate static func noDevice(_ device: String) -> Mistake {
        Mistake(
            "asks for device \(device), but there is only \(listDevices().joined(separator: ", "))",
            hint: "leave out withDevice, or set SessionOptions.allowsSoftPlacement")
    }
}
