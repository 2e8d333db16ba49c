// Makes the nodes of a definition in a graph, one after the other.

import Graphs
import Operations
import Tensors

/// The nodes made so far, by their numbers in the definition.
struct NodeBuilder {
    private let graph: Graph
    private let source: SourceNodes
    private let prefix: String
    private let inputMap: [String: AnyTensor]
    private let library: FunctionLibrary?
    private let functions: FunctionImporter

    private var nodes: [Node?]
    private var outputs: [[ImportedValue]]
    /// Reads of references that wait for nothing, by handle.
    private var plainReads: [Value: Value] = [:]
    /// The variables, and the first node that assigns each.
    private var handles: [(index: Int, handle: Value)] = []
    private var initializers: [Value: (node: Node, isNamedAssign: Bool)] = [:]
    private var imported: ImportedGraph

    init(
        graph: Graph, source: SourceNodes, prefix: String, inputMap: [String: AnyTensor], library: FunctionLibrary?,
        functions: FunctionImporter
    ) {
        self.functions = functions
        self.graph = graph
        self.source = source
        self.prefix = prefix
        self.inputMap = inputMap
        self.library = library
        nodes = Array(repeating: nil, count: source.nodes.count)
        outputs = Array(repeating: [], count: source.nodes.count)
        imported = ImportedGraph(graph: graph)
    }

    /// Makes one node, whose inputs are made.
    mutating func make(
        _ index: Int, usedOutputs: Int, operations: inout [Int: Result<any Operation, DecodingMistake>]
    ) throws {
        let node = source.nodes[index]
        let inputs = try node.inputs.map { try imported(input: $0, of: node) }
        let controls = node.controls.compactMap { nodes[$0] }

        if let reference = ReferenceOperation(node.operation) {
            switch reference {
            case .variable:
                let handle = try addVariable(index, node, controls)
                finish(index, handle.node, [.reference(handle: handle, after: [])])
                return
            case .update(let resourceOperation, let handleCount):
                if try addUpdate(index, node, resourceOperation, handleCount, inputs, controls, &operations) { return }
            }
        }
        if node.operation == "Identity", case .reference(let handle, let after)? = inputs.first {
            let read = graph.addRead(of: handle, after: after + controls, name: prefix + node.name + "/")
            finish(index, read.node, [.value(read)])
            return
        }
        let values = try inputs.map { try value(of: $0, controls: controls) }
        let operation = try decode(
            index, node, node.operation, node.attributes, values, usedOutputs: usedOutputs, &operations)
        let made = try add(operation, values, controls: controls, name: node.name)
        if let variable = operation as? VariableHandle, let handle = made.outputs.first {
            register(index, handle, variable.type)
        }
        noteInitializer(made.node, operation, values)
        finish(index, made.node, made.outputs.map { .value($0) })
    }

    private mutating func finish(_ index: Int, _ node: Node, _ values: [ImportedValue]) {
        nodes[index] = node
        outputs[index] = values
    }

    // MARK: Inputs

    private func imported(input: SourceInput, of node: SourceNode) throws(GraphDefError) -> ImportedValue {
        switch input {
        case .given(let name):
            guard let tensor = inputMap[name] else { throw GraphDefError("has an unknown input", node: node.name) }
            return .value(tensor.value)
        case .endpoint(let endpoint):
            guard endpoint.output < outputs[endpoint.node].count else {
                let count = outputs[endpoint.node].count
                throw GraphDefError(
                    "takes output \(endpoint.output) of \"\(source.nodes[endpoint.node].name)\" "
                        + "(\(source.nodes[endpoint.node].operation)), which has \(count)", node: node.name)
            }
            return outputs[endpoint.node][endpoint.output]
        }
    }

    /// The value that a node takes which waits for `controls`.
    private mutating func value(of input: ImportedValue, controls: [Node]) throws -> Value {
        switch input {
        case .value(let value): return value
        case .reference(let handle, let after):
            let awaited = after + controls
            if awaited.isEmpty, let read = plainReads[handle] { return read }
            let read = graph.addRead(of: handle, after: awaited)
            if awaited.isEmpty { plainReads[handle] = read }
            return read
        }
    }

    // MARK: Variables

    private mutating func addVariable(_ index: Int, _ node: SourceNode, _ controls: [Node]) throws -> Value {
        let description = NodeDescription(
            operation: node.operation, attributes: node.attributes, inputTypes: [])
        let type: TensorType
        let sharedName: String
        do throws(DecodingMistake) {
            type = TensorType(try description.dtype("dtype"), try description.shape("shape"))
            sharedName = try description.string("shared_name", default: "")
        } catch {
            throw GraphDefError(error, node)
        }
        guard type.shape.isFullyKnown, type.dtype.isComputed else {
            throw GraphDefError(
                "a variable of type \(type) is not supported: its shape must be known and its type one of numbers",
                node: node.name)
        }
        let operation = VariableHandle(type: type, sharedName: sharedName.isEmpty ? prefix + node.name : sharedName)
        let handle = graph.addOne(operation, [], name: prefix + node.name + "/", controlInputs: controls)
        register(index, handle, type)
        return handle
    }

    private mutating func register(_ index: Int, _ handle: Value, _ type: TensorType) {
        handles.append((index, handle))
        graph.register(
            VariableRecord(
                name: handle.node.name, handle: handle.endpoint.node, initializer: nil, type: type, isTrainable: true))
    }

    /// An update of a reference; false where its first input is none.
    private mutating func addUpdate(
        _ index: Int, _ node: SourceNode, _ operationName: String, _ handleCount: Int, _ inputs: [ImportedValue],
        _ controls: [Node], _ operations: inout [Int: Result<any Operation, DecodingMistake>]
    ) throws -> Bool {
        guard inputs.count >= handleCount else { return false }
        var values: [Value] = []
        var awaited = controls
        for (position, input) in inputs.enumerated() {
            if position < handleCount {
                guard case .reference(let handle, let after) = input else { return false }
                values.append(handle)
                awaited += after
            } else {
                values.append(try value(of: input, controls: controls))
            }
        }
        let attributes = ReferenceOperation.attributes(node.attributes, for: operationName)
        let operation = try decode(index, node, operationName, attributes, values, usedOutputs: 0, &operations)
        let made = try add(operation, values, controls: awaited, name: node.name)
        noteInitializer(made.node, operation, values)
        finish(index, made.node, [.reference(handle: values[0], after: [made.node])])
        return true
    }

    /// The first node named `Assign` under the variable, else the first that assigns it, is what gives a variable its
    /// initial value.
    private mutating func noteInitializer(_ node: Node, _ operation: any Operation, _ inputs: [Value]) {
        guard let assignment = operation as? AssignVariable, assignment.kind == .assign, let handle = inputs.first
        else {
            return
        }
        let isNamedAssign = node.name == handle.node.name + "/Assign"
        guard let known = initializers[handle] else {
            initializers[handle] = (node, isNamedAssign)
            return
        }
        if isNamedAssign, !known.isNamedAssign { initializers[handle] = (node, true) }
    }

    // MARK: Operations

    private mutating func decode(
        _ index: Int, _ node: SourceNode, _ operationName: String, _ attributes: [String: AttributeValue],
        _ inputs: [Value], usedOutputs: Int, _ operations: inout [Int: Result<any Operation, DecodingMistake>]
    ) throws(GraphDefError) -> any Operation {
        let result: Result<any Operation, DecodingMistake>
        if let known = operations[index] {
            result = known
        } else {
            let description = NodeDescription(
                operation: operationName, attributes: attributes, inputTypes: inputs.map(\.type),
                variableAt: { inputs.indices.contains($0) ? inputs[$0].variableType : nil },
                bodyOf: { [functions] name, arguments throws(DecodingMistake) in
                    try functions.body(name, arguments)
                })
            result = Result { () throws(DecodingMistake) in try OperationCatalogue.operation(description) }
            operations[index] = result
        }
        switch result {
        case .success(let operation): return operation
        case .failure(.malformed(let reason)): throw GraphDefError(.malformed(reason), node)
        case .failure(.unsupported(let reason)):
            imported.unsupportedNodes.append((node.name, node.operation, reason))
            return ForeignOperation(
                name: operationName,
                attributes: attributes.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) },
                types: ForeignOperation.guessedTypes(attributes, count: usedOutputs), reason: reason,
                library: attributes.values.contains(where: \.namesFunctions) ? library : nil)
        }
    }

    private func add(
        _ operation: any Operation, _ inputs: [Value], controls: [Node], name: String
    ) throws -> (node: Node, outputs: [Value]) {
        let outputs = graph.add(operation, inputs, name: prefix + name + "/", controlInputs: controls)
        guard let node = graph.node(named: prefix + name) else {
            throw GraphDefError("the name is taken", node: name, hint: "give the import a prefix")
        }
        return (node, outputs)
    }

    /// The value of the tensor of a name in the definition.
    mutating func value(named name: String) throws -> Value {
        guard let endpoint = source.endpoint(named: name), endpoint.output < outputs[endpoint.node].count else {
            throw GraphDefError("there is no tensor \"\(name)\"")
        }
        return try value(of: outputs[endpoint.node][endpoint.output], controls: [])
    }

    // MARK: The end

    /// Makes the variables known to the graph and looks up what is to be returned.
    mutating func finish(returnElements: [String]) throws -> ImportedGraph {
        for (index, handle) in handles {
            if let initializer = initializers[handle] {
                graph.amendVariable(ofHandle: handle.endpoint.node, initializer: initializer.node.id)
            }
            imported.variableNames.append(source.nodes[index].name)
        }
        for (index, node) in source.nodes.enumerated() {
            if let made = nodes[index] { imported.nodes[node.name] = made }
            for (output, value) in outputs[index].enumerated() {
                guard case .reference = value else { continue }
                let name = output == 0 ? node.name : "\(node.name):\(output)"
                imported.replaced[name] = value
            }
        }
        for (call, tensor) in source.replacements {
            if let endpoint = source.endpoint(named: tensor), endpoint.output < outputs[endpoint.node].count {
                imported.replaced[call] = outputs[endpoint.node][endpoint.output]
            }
        }
        for name in returnElements {
            if name.contains(":") {
                imported.elements.append(.tensor(try imported.tensor(named: name)))
            } else {
                imported.elements.append(.node(try imported.node(named: name)))
            }
        }
        return imported
    }
}

extension GraphDefError {
    init(_ mistake: DecodingMistake, _ node: SourceNode) {
        switch mistake {
        case .malformed(let reason), .unsupported(let reason):
            self.init("\(node.operation): \(reason)", node: node.name)
        }
    }
}

extension AttributeValue {
    /// Whether it names functions of a library.
    fileprivate var namesFunctions: Bool {
        switch self {
        case .function, .functions: true
        default: false
        }
    }
}
