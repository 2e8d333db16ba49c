// A graph with what TensorFlow keeps beside it: collections, tags, signatures. Knows nothing of saved models' folders.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
public import Files
public import Graphs
package import Messages
import SwiftProtobuf

/// A graph in TensorFlow's form with its collections, as in `.meta` files.
///
///     try MetaGraphDef(graph).write(to: "model.meta")          // tf.train.import_meta_graph reads it
///     let imported = try Graph().importMetaGraphDef(MetaGraphDef(contentsOf: "model.meta"))
///
/// - Source: `tensorflow/core/protobuf/meta_graph.proto` of TensorFlow 2.21.
public struct MetaGraphDef: Sendable, Equatable {
    package var message: Tensorflow_MetaGraphDef
    /// The file it was read from.
    package var path: String?

    package init(_ message: Tensorflow_MetaGraphDef, path: String? = nil) {
        self.message = message
        self.path = path
    }

    /// Reads a file, binary or text; which one is told by the content.
    ///
    /// - Errors: `FileError` where it cannot be read, `GraphDefError` where it holds no graph.
    public init(contentsOf path: String, files: any FileSystem = LocalFileSystem()) throws {
        let bytes = try files.contents(of: path, limit: GraphDef.largestByteCount)
        message = try readMessage(path) { () throws(MessageError) in
            try Tensorflow_MetaGraphDef(bytes: bytes, named: "MetaGraphDef", refusal: Self.refusal)
        }
        self.path = path
    }

    /// Reads the binary form.
    ///
    /// - Errors: `GraphDefError`.
    public init(serialized bytes: [UInt8]) throws {
        message = try readMessage { () throws(MessageError) in
            try Tensorflow_MetaGraphDef(serialized: bytes, named: "MetaGraphDef", refusal: Self.refusal)
        }
    }

    /// Reads the text form.
    ///
    /// - Errors: `GraphDefError` with the place.
    public init(text: String) throws {
        message = try readMessage { () throws(MessageError) in
            try Tensorflow_MetaGraphDef(text: text, named: "MetaGraphDef", refusal: Self.refusal)
        }
    }

    private static func refusal(_ message: Tensorflow_MetaGraphDef) -> String? {
        message.hasGraphDef ? nil : "there is no graph in it"
    }

    /// The definition of a graph with its collections, the variables among them.
    ///
    /// - Parameters:
    ///   - tags: what the graph is meant for.
    /// - Errors: `GraphError` where the graph has mistakes.
    public init(_ graph: Graph, tags: [String] = []) throws(GraphError) {
        message = Tensorflow_MetaGraphDef()
        message.graphDef = try GraphDef(graph).message
        message.metaInfoDef.tags = tags
        // TensorFlow's own version stays out: it did not write this.
        message.metaInfoDef.tensorflowGitVersion = "TensorGraph"
        for key in graph.collectionKeys {
            message.collectionDef[key] = .with {
                $0.nodeList = .with { $0.value = graph.collection(key).map(\.name) }
            }
        }
        let records = graph.records
        // Of each variable a read that waits for nothing, else any.
        var reads: [NodeID: NodeRecord] = [:]
        for record in records where record.operation.name == "ReadVariableOp" && record.inputs.count == 1 {
            let handle = record.inputs[0].node
            if reads[handle].map({ !$0.controlInputs.isEmpty && record.controlInputs.isEmpty }) ?? true {
                reads[handle] = record
            }
        }
        let variables = graph.variableRecords.compactMap { variable in
            Tensorflow_VariableDef(variable, read: reads[variable.handle], in: records)
                .map { (definition: $0, isTrainable: variable.isTrainable, isLocal: variable.isLocal) }
        }
        for (key, chosen) in [
            (MetaGraphDef.variablesKey, variables.filter { !$0.isLocal }),
            (MetaGraphDef.trainableVariablesKey, variables.filter(\.isTrainable)),
            (MetaGraphDef.localVariablesKey, variables.filter(\.isLocal)),
        ] where !chosen.isEmpty {
            message.collectionDef[key] = .with {
                $0.bytesList = .with {
                    $0.value = chosen.compactMap { try? $0.definition.serializedBytes() as Data }
                }
            }
        }
    }

    static let variablesKey = "variables"
    static let trainableVariablesKey = "trainable_variables"
    static let localVariablesKey = "local_variables"

    /// The graph.
    public var graphDef: GraphDef { GraphDef(message.graphDef, path: path) }

    /// What the graph is meant for.
    public var tags: [String] { message.metaInfoDef.tags }

    /// What wrote it, `TensorFlow 2.21.0` or `TensorGraph`; empty where it does not say.
    public var producer: String {
        let version = message.metaInfoDef.tensorflowVersion
        return version.isEmpty ? message.metaInfoDef.tensorflowGitVersion : "TensorFlow \(version)"
    }

    /// The names of the collections.
    public var collectionKeys: [String] { message.collectionDef.keys.sorted() }

    /// The names of nodes and tensors in a collection, or of its variables; empty for collections of other things.
    public func collection(_ key: String) -> [String] {
        switch message.collectionDef[key]?.kind {
        case .nodeList(let list): list.value
        case .bytesList(let list):
            // Other messages, such as those of control flow, can be read as one too, but say less.
            list.value.compactMap { try? Tensorflow_VariableDef(serializedBytes: $0) }
                .filter {
                    $0.variableName.contains(":") && !$0.initializerName.isEmpty && $0.snapshotName.contains(":")
                }
                .map(\.variableName)
        default: []
        }
    }

    /// The binary form.
    public var serialized: [UInt8] { (try? message.serializedBytes() as [UInt8]) ?? [] }

    /// The text form.
    public var text: String { message.textFormatString() }

    /// Writes the binary form, or the text form where the name ends in `txt`. After a crash either the old or the new
    /// file is there.
    ///
    /// - Errors: `FileError`; `GraphDefError` for more than 2 GB.
    public func write(to path: String, files: any FileSystem = LocalFileSystem()) throws {
        try writeMessage(message, asText: path.hasSuffix("txt"), to: path, files)
    }
}

extension Tensorflow_VariableDef {
    /// What TensorFlow keeps of a variable; nil where nothing gives it an initial value or reads it, without which there
    /// is none there.
    fileprivate init?(_ variable: VariableRecord, read: NodeRecord?, in records: [NodeRecord]) {
        guard let read, let initializer = variable.initializer, records[initializer.int].inputs.count >= 2 else {
            return nil
        }
        let initialValue = records[initializer.int].inputs[1]
        self.init()
        variableName = variable.name + ":0"
        initializerName = records[initializer.int].name
        snapshotName = read.name + ":0"
        initialValueName = "\(records[initialValue.node.int].name):\(initialValue.output)"
        isResource = true
        trainable = variable.isTrainable
    }
}

extension Graph {
    /// Adds the nodes of a definition to this graph, and what its collections say of them: which variables are
    /// trainable, how they get their initial values, and collections of nodes and tensors.
    ///
    /// What collections say of things that are not known here is left out.
    ///
    /// - Parameters: as for `importGraphDef`.
    /// - Errors: as `importGraphDef`.
    /// - Source: `tf.compat.v1.train.import_meta_graph` of TensorFlow 2.21.
    @discardableResult
    public func importMetaGraphDef(
        _ definition: MetaGraphDef, prefix: String = "", inputMap: [String: AnyTensor] = [:]
    ) throws -> ImportedGraph {
        let imported = try importGraphDef(definition.graphDef, prefix: prefix, inputMap: inputMap)
        takeCollections(of: definition, for: imported)
        return imported
    }

    /// Takes over what the collections of a definition say of nodes that were imported from it.
    package func takeCollections(of definition: MetaGraphDef, for imported: ImportedGraph) {
        func variables(_ key: String) -> [Tensorflow_VariableDef]? {
            guard case .bytesList(let list)? = definition.message.collectionDef[key]?.kind else { return nil }
            return list.value.compactMap { try? Tensorflow_VariableDef(serializedBytes: $0) }
        }
        let all = variables(MetaGraphDef.variablesKey)
        for variable in all ?? [] {
            guard let handle = imported.nodes[nodeName(variable.variableName)] else { continue }
            amendVariable(
                ofHandle: handle.id, initializer: imported.nodes[nodeName(variable.initializerName)]?.id)
        }
        for variable in variables(MetaGraphDef.localVariablesKey) ?? [] {
            guard let handle = imported.nodes[nodeName(variable.variableName)] else { continue }
            amendVariable(
                ofHandle: handle.id, initializer: imported.nodes[nodeName(variable.initializerName)]?.id,
                isTrainable: false, isLocal: true)
        }
        // Where there are such lists, what is in none of them, such as the counters of metrics, is not trained.
        let listed = variables(MetaGraphDef.trainableVariablesKey)
        if all != nil || listed != nil {
            let trainable = Set((listed ?? []).map { nodeName($0.variableName) })
            for name in imported.variableNames {
                guard let handle = imported.nodes[name] else { continue }
                amendVariable(ofHandle: handle.id, isTrainable: trainable.contains(name))
            }
        }
        for key in definition.collectionKeys {
            guard case .nodeList(let list)? = definition.message.collectionDef[key]?.kind else { continue }
            for name in list.value {
                if !name.contains(":") {
                    if let node = imported.nodes[name] { addToCollection(key, node) }
                } else if let tensor = try? imported.tensor(named: name) {
                    addToCollection(key, tensor)
                }
            }
        }
    }
}
