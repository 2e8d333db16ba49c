// Reads a saved model: chooses the graph, imports it, and gives its variables their values.

import Checkpoints
public import Files
import GraphDefs
import Graphs
import Messages
import Operations
public import Sessions
import SwiftProtobuf
import Tensors

extension SavedModel {
    /// The tags of a graph that is meant to be run, not trained.
    public static let servingTags = ["serve"]
    static let fileName = "saved_model.pb"
    static let textFileName = "saved_model.pbtxt"
    static let variablesPath = "variables/variables"
    static let assetsFolder = "assets"
    /// Files that TensorFlow leaves alone, for those who wrote the model.
    package static let extraFolder = "assets.extra"

    /// Loads a model from its folder.
    ///
    /// - Parameters:
    ///   - path: the folder that holds `saved_model.pb`.
    ///   - tags: which of its graphs is wanted, by all of its tags; nil: the one tagged `serve`, or the only one.
    ///   - options: those of the session that is made.
    /// - Errors: `SavedModelError`, `GraphDefError`, `GraphError`, `CheckpointError` or `FileError`, each with what is
    ///   wrong and where.
    public init(
        contentsOf path: String, tags: [String]? = nil, options: SessionOptions = SessionOptions(),
        files: any FileSystem = LocalFileSystem()
    ) throws {
        // The file in the folder means the folder.
        var path = path
        if [Self.fileName, Self.textFileName].contains(lastPathPart(path)) { path = parentPath(path) }
        let message = try Self.message(path, files)
        let chosen = try Self.metaGraph(message, tags, path)
        let graph = Graph()
        let imported = try graph.importGraphDef(
            GraphDef(withoutSaver(chosen.graphDef), path: joinPath(path, Self.fileName)))
        graph.takeCollections(of: MetaGraphDef(chosen), for: imported)
        let session = Session(graph: graph, options: options)
        try Self.restore(session, imported, VariableKeys(chosen.graphDef), path, files)

        self.path = path
        self.tags = chosen.metaInfoDef.tags
        producer = MetaGraphDef(chosen).producer
        self.graph = graph
        self.session = session
        unsupportedNodes = imported.unsupportedNodes
        signatures = try Self.signatures(chosen, imported, path)
        var assets: [String: String] = [:]
        for asset in chosen.assetFileDef {
            guard isFileName(asset.filename) else {
                throw SavedModelError(
                    .malformed, path, "the asset \"\(asset.filename)\" does not name a file in its folder")
            }
            assets[asset.filename] = joinPath(joinPath(path, Self.assetsFolder), asset.filename)
        }
        self.assets = assets
    }

    private static func message(_ path: String, _ files: any FileSystem) throws -> Tensorflow_SavedModel {
        let names = [fileName, textFileName]
        guard let name = try names.first(where: { try files.status(joinPath(path, $0)) != nil }) else {
            throw SavedModelError(
                .malformed, path,
                try files.status(path) == nil
                    ? "there is no such folder" : "there is no \(fileName) in it, so it is no saved model")
        }
        let bytes = try files.contents(of: joinPath(path, name), limit: Int(Int32.max))
        let message: Tensorflow_SavedModel
        do throws(MessageError) { message = try Tensorflow_SavedModel(bytes: bytes, named: "saved model") } catch {
            throw SavedModelError(.malformed, path, "\(name): \(error)")
        }
        guard message.savedModelSchemaVersion <= 1 else {
            throw SavedModelError(
                .malformed, path,
                "it is of version \(message.savedModelSchemaVersion) of the format; this library reads version 1")
        }
        if message.metaGraphs.isEmpty { throw SavedModelError(.malformed, path, "there is no graph in it") }
        return message
    }

    /// The graph with just the given tags.
    private static func metaGraph(
        _ message: Tensorflow_SavedModel, _ tags: [String]?, _ path: String
    ) throws(SavedModelError) -> Tensorflow_MetaGraphDef {
        let graphs = message.metaGraphs
        let wanted = Set(tags ?? servingTags)
        if let found = graphs.first(where: { Set($0.metaInfoDef.tags) == wanted }) { return found }
        if tags == nil, graphs.count == 1 { return graphs[0] }
        let available = graphs.map { "[\($0.metaInfoDef.tags.joined(separator: ", "))]" }.joined(separator: ", ")
        throw SavedModelError(
            .noSuchTags, path,
            "there is no graph with the tags [\(wanted.sorted().joined(separator: ", "))]; there are \(available)")
    }

    private static func restore(
        _ session: Session, _ imported: ImportedGraph, _ keys: VariableKeys, _ path: String, _ files: any FileSystem
    ) throws {
        let variables = session.graph.variables
        if variables.isEmpty { return }
        let prefix = joinPath(path, variablesPath)
        let reader = try CheckpointReader(prefix, files: files)
        var values: [(variable: AnyVariable, value: AnyArray)] = []
        var missing: [String] = []
        for (name, variable) in zip(imported.variableNames, variables) {
            let place = keys.keys[name] ?? (key: name, slice: "")
            guard let entry = reader[place.key] else {
                missing.append(name)
                continue
            }
            let value: AnyArray
            if place.slice.isEmpty {
                value = try reader.read(entry.name)
            } else if let part = slice(from: place.slice) {
                value = try reader.read(entry.name, slice: part)
            } else {
                throw SavedModelError(.malformed, path, "\"\(place.slice)\" names no part of \"\(place.key)\"")
            }
            guard value.dtype == variable.dtype, variable.shape.accepts(value.shape) else {
                throw SavedModelError(
                    .malformed, path,
                    "the variable \"\(name)\" of \(variable.dtype)\(variable.shape) has a value of "
                        + "\(value.dtype)\(Shape(value.shape)) under \"\(place.key)\"")
            }
            values.append((variable, value))
        }
        // Variables that the saver leaves out are temporary ones; what needs them says so when it runs.
        let unexplained = missing.filter { keys.keys[$0] != nil || keys.keys.isEmpty }
        if !unexplained.isEmpty {
            let names = unexplained.sorted().prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
            throw SavedModelError(
                .missingVariables, path,
                "\(unexplained.count) variable\(unexplained.count == 1 ? " has" : "s have") no value in "
                    + "\(variablesPath): \(names)")
        }
        try session.setValues(values)
    }

    private static func signatures(
        _ chosen: Tensorflow_MetaGraphDef, _ imported: ImportedGraph, _ path: String
    ) throws -> [String: ModelSignature] {
        var signatures: [String: ModelSignature] = [:]
        for (name, signature) in chosen.signatureDef where !name.hasPrefix("__saved_model") {
            func tensors(_ infos: [String: Tensorflow_TensorInfo], _ what: String) throws -> [String: AnyTensor] {
                var tensors: [String: AnyTensor] = [:]
                for (key, info) in infos {
                    guard case .name(let tensorName)? = info.encoding else {
                        throw SavedModelError(
                            .malformed, path, "\(what) \"\(key)\" of the signature \"\(name)\" is no plain tensor")
                    }
                    do throws(GraphLookupError) { tensors[key] = try imported.tensor(named: tensorName) } catch {
                        throw SavedModelError(
                            .malformed, path, "\(what) \"\(key)\" of the signature \"\(name)\": \(error)")
                    }
                }
                return tensors
            }
            signatures[name] = ModelSignature(
                inputs: try tensors(signature.inputs, "input"), outputs: try tensors(signature.outputs, "output"),
                methodName: signature.methodName)
        }
        return signatures
    }
}

/// Whether a name is that of a file right in a folder.
func isFileName(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("/") && name != "." && name != ".." && !name.utf8.contains(0)
}
