// From a definition to nodes of a graph.
//
// The way: calls of functions are inlined, the inputs resolved and ordered (SourceNodes), then every node is made by the
// catalogue of operations. It is made twice: first in a graph of its own, so that an import that fails leaves the user's
// graph as it was.

public import Graphs
import Messages
import Operations
import SwiftProtobuf
import Tensors

extension Graph {
    /// Adds the nodes of a definition to this graph.
    ///
    ///     let imported = try graph.importGraphDef(GraphDef(contentsOf: "mlp.pb"), prefix: "mlp", inputMap: ["x:0": x])
    ///     let y = try imported.tensor(named: "y:0", as: Float.self)
    ///
    /// Everything of TensorFlow's is accepted: resource variables and reference variables (which become resource
    /// variables of the same names), calls of functions (which are inlined), and nodes whose ops are not known here
    /// (which can be fed, fetched past and exported again, but not run).
    ///
    /// - Parameters:
    ///   - prefix: a scope for the names of all nodes; empty: the names are those of the definition.
    ///   - inputMap: tensors of this graph that stand in the place of tensors of the definition, by the latter's names.
    ///   - returnElements: names of nodes (`train`) and tensors (`loss:0`) to be returned as `elements`.
    /// - Returns: the nodes and tensors by their names in the definition.
    /// - Errors: `GraphDefError` for a definition that makes no sense, a name that is taken or not there;
    ///   `GraphError` for nodes whose inputs do not fit. Then nothing was added.
    /// - Source: `tf.import_graph_def` of TensorFlow 2.21.
    @discardableResult
    public func importGraphDef(
        _ definition: GraphDef, prefix: String = "", inputMap: [String: AnyTensor] = [:],
        returnElements: [String] = []
    ) throws -> ImportedGraph {
        do {
            let importer = try GraphImporter(
                definition, prefix: prefix, inputMap: inputMap, returnElements: returnElements)
            return try importer.run(into: self)
        } catch let error as GraphDefError {
            throw error.inFile(definition.path)
        }
    }
}

/// One import.
struct GraphImporter {
    private let source: SourceNodes
    private let order: [Int]
    private let usedOutputs: [Int]
    private let prefix: String
    private let inputMap: [String: AnyTensor]
    private let returnElements: [String]
    private let library: FunctionLibrary?
    private let functions: FunctionImporter

    init(
        _ definition: GraphDef, prefix: String, inputMap: [String: AnyTensor], returnElements: [String]
    ) throws(GraphDefError) {
        let message = definition.message
        if message.versions.minConsumer > GraphDef.writtenProducerVersion {
            throw GraphDefError(
                "it asks for a reader of version \(message.versions.minConsumer) or newer; this is one of version "
                    + "\(GraphDef.writtenProducerVersion)")
        }
        var prefix = prefix
        while prefix.hasSuffix("/") { prefix.removeLast() }
        if !prefix.isEmpty, !isValidName(prefix) { throw GraphDefError("the prefix \"\(prefix)\" is not a valid name") }
        self.prefix = prefix.isEmpty ? "" : prefix + "/"
        self.inputMap = inputMap
        self.returnElements = returnElements

        var given: [String: String] = [:]
        for name in inputMap.keys { given[canonicalTensorName(name)] = name }
        let structured = try withStructuredControlFlow(message)
        let inliner = try FunctionInliner(structured)
        let budget = ImportBudget(for: structured, bodyNodes: inliner.nodeLimit)
        source = try SourceNodes(inliner.inline(structured.node), given: given, budget: budget)
        try source.requireFewOutputs()
        for name in inputMap.keys.sorted() {
            guard source.endpoint(named: name) != nil else { throw source.noTensor(name, what: "inputMap") }
        }
        order = try source.ordered()
        var used = source.usedOutputs()
        for name in returnElements + Array(inputMap.keys) {
            guard let endpoint = source.endpoint(named: name) else {
                throw source.noTensor(name, what: "returnElements")
            }
            used[endpoint.node] = max(used[endpoint.node], endpoint.output + 1)
        }
        usedOutputs = used
        library =
            message.library.function.isEmpty
            ? nil : FunctionLibrary(serialized: (try? message.library.serializedBytes()) ?? [])
        functions = FunctionImporter(inliner, library: library, budget: budget)
    }

    func run(into graph: Graph) throws -> ImportedGraph {
        for (name, tensor) in inputMap where tensor.graph !== graph {
            throw GraphDefError(
                "inputMap gives \"\(tensor.name)\" for \"\(name)\", but it belongs to another graph",
                hint: "use tensors of the graph that is imported into")
        }
        for node in source.nodes {
            if graph.node(named: prefix + node.name) != nil {
                throw GraphDefError(
                    "the graph has a node \"\(prefix + node.name)\" already", node: node.name,
                    hint: prefix.isEmpty ? "give the import a prefix" : "give the import another prefix")
            }
        }
        if graph.isFinalized { throw GraphDefError.finalized }
        // A rehearsal, with placeholders for the tensors that are given.
        let rehearsal = Graph()
        let stand = rehearsal.asDefault {
            inputMap.mapValues { AnyTensor(makeValue(Placeholder(type: $0.value.type), [])) }
        }
        var operations: [Int: Result<any Operation, DecodingMistake>] = [:]
        _ = try build(in: rehearsal, inputMap: stand, operations: &operations)
        try rehearsal.requireSound()
        return try build(in: graph, inputMap: inputMap, operations: &operations)
    }

    // MARK: One pass over the nodes

    /// - Parameters:
    ///   - operations: what was decoded in an earlier pass, by the number of the node.
    private func build(
        in graph: Graph, inputMap: [String: AnyTensor],
        operations: inout [Int: Result<any Operation, DecodingMistake>]
    ) throws -> ImportedGraph {
        graph.reserve(source.nodes.lazy.map { prefix + $0.name })
        var builder = NodeBuilder(
            graph: graph, source: source, prefix: prefix, inputMap: inputMap, library: library, functions: functions)
        for index in order {
            let device = source.nodes[index].device
            try graph.asDefault {
                try withDevice(device.isEmpty ? nil : device) {
                    try builder.make(index, usedOutputs: usedOutputs[index], operations: &operations)
                }
            }
        }
        return try graph.asDefault { try builder.finish(returnElements: returnElements) }
    }
}

extension SourceNodes {
    fileprivate func noTensor(_ name: String, what: String) -> GraphDefError {
        let near = nearestName(to: nodeName(name), among: indices.keys)
        return GraphDefError(
            "\(what) names \"\(name)\", which the definition does not have",
            hint: near.map { "did you mean \"\($0)\"?" })
    }
}

extension GraphDefError {
    fileprivate static let finalized = GraphDefError(
        "the graph was finalized, nothing can be added to it", hint: "import before finalize()")
}
