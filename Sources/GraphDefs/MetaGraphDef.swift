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

    /// Reads a file in binary form, or in text form where its content is text.
    ///
    /// - Errors: `FileError` where it cannot be read, `GraphDefError` where it holds no graph.
    public init(contentsOf path: String, files: any FileSystem = LocalFileSystem()) throws {
        let bytes = try files.contents(of: path, limit: GraphDef.largestByteCount)
        do {
            if let binary = try? MetaGraphDef(serialized: bytes) {
                self = binary
            } else {
                try self.init(text: String(decoding: bytes, as: UTF8.self))
            }
        } catch let error as GraphDefError {
            throw error.inFile(path)
        }
        self.path = path
    }

    /// Reads the binary form.
    ///
    /// - Errors: `GraphDefError`.
    public init(serialized bytes: [UInt8]) throws {
        do { message = try Tensorflow_MetaGraphDef(serializedBytes: bytes) } catch {
            throw GraphDefError("the bytes are no MetaGraphDef: \(error)")
        }
        if !message.hasGraphDef { throw GraphDefError("the bytes are no MetaGraphDef: there is no graph in it") }
    }

    /// Reads the text form.
    ///
    /// - Errors: `GraphDefError` with the place.
    public init(text: String) throws {
        var options = TextFormatDecodingOptions()
        options.ignoreUnknownFields = true
        do { message = try Tensorflow_MetaGraphDef(textFormatString: text, options: options) } catch {
            throw GraphDefError("the text is no MetaGraphDef: \(error)")
        }
        if !message.hasGraphDef { throw GraphDefError("the text is no MetaGraphDef: there is no graph in it") }
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
        message.metaInfoDef.tensorflowVersion = "2.21.0"
        for key in graph.collectionKeys {
            message.collectionDef[key] = .with {
                $0.nodeList = .with { $0.value = graph.collection(key).map(\.name) }
            }
        }
        let records = graph.records
        let variables = graph.variableRecords.compactMap { variable in
            Tensorflow_VariableDef(variable, in: records).map { (definition: $0, isTrainable: variable.isTrainable) }
        }
        for (key, chosen) in [
            (MetaGraphDef.variablesKey, variables),
            (MetaGraphDef.trainableVariablesKey, variables.filter(\.isTrainable)),
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

    /// The graph.
    public var graphDef: GraphDef { GraphDef(message.graphDef, path: path) }

    /// What the graph is meant for.
    public var tags: [String] { message.metaInfoDef.tags }

    /// The version of TensorFlow that wrote it; empty where it does not say.
    public var producer: String { message.metaInfoDef.tensorflowVersion }

    /// The names of the collections.
    public var collectionKeys: [String] { message.collectionDef.keys.sorted() }

    /// The names of nodes and tensors in a collection, or of its variables; empty for collections of other things.
    public func collection(_ key: String) -> [String] {
        switch message.collectionDef[key]?.kind {
        case .nodeList(let list): list.value
        case .bytesList(let list):
            list.value.compactMap { try? Tensorflow_VariableDef(serializedBytes: $0) }.map(\.variableName)
                .filter { !$0.isEmpty }
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
        let bytes: [UInt8]
        do { bytes = path.hasSuffix("txt") ? Array(text.utf8) : try message.serializedBytes() } catch {
            throw GraphDefError("it cannot be written: \(error)", path: path, hint: "keep large arrays in variables")
        }
        try files.writeAtomically(bytes, to: path)
    }
}

extension Tensorflow_VariableDef {
    /// What TensorFlow keeps of a variable; nil where nothing gives it an initial value, without which there is none
    /// there.
    fileprivate init?(_ variable: VariableRecord, in records: [NodeRecord]) {
        guard let initializer = variable.initializer, records[initializer.int].inputs.count >= 2 else { return nil }
        let read = records.first {
            $0.inputs.count == 1 && $0.inputs[0].node == variable.handle && $0.operation.name == "ReadVariableOp"
                && $0.controlInputs.isEmpty
        }
        guard let read else { return nil }
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
        let trainable = Set((variables(MetaGraphDef.trainableVariablesKey) ?? []).map(\.variableName))
        for variable in variables(MetaGraphDef.variablesKey) ?? [] {
            guard let handle = imported.nodes[nodeName(variable.variableName)] else { continue }
            let initializer = imported.nodes[nodeName(variable.initializerName)]
            amendVariable(
                ofHandle: handle.id, initializer: initializer?.id,
                isTrainable: trainable.contains(variable.variableName))
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
