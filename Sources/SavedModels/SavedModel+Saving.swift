// Writes a saved model: graph, variables' values, signatures and assets, so that the folder appears whole or not at all.

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
    /// Saves a session's graph and the values of its variables as a model that TensorFlow, TensorFlow Serving and this
    /// library load.
    ///
    ///     let signature = ModelSignature(inputs: ["x": AnyTensor(x)], outputs: ["y": AnyTensor(y)])
    ///     try SavedModel.save(session, to: "export/digits", signatures: [ModelSignature.defaultName: signature])
    ///
    /// Everything is written to a folder beside the one asked for, synced, and then given its name: after a crash the
    /// model is there whole or not at all.
    ///
    /// - Parameters:
    ///   - path: the folder to be made.
    ///   - signatures: what the model can be asked to compute.
    ///   - assets: paths of files that are to come with it.
    ///   - tags: what the graph is meant for.
    ///   - overwrite: whether a saved model of that name is replaced, once the new one is whole; else, and for any other
    ///     folder or file of that name, that is an error.
    /// - Errors: `SavedModelError`, `GraphError` for a graph with mistakes, `SessionError`, `CheckpointError`,
    ///   `FileError`.
    /// - Source: `tf.compat.v1.saved_model.simple_save` of TensorFlow 2.21.
    public static func save(
        _ session: Session, to path: String, signatures: [String: ModelSignature], assets: [String] = [],
        tags: [String] = SavedModel.servingTags, overwrite: Bool = false, files: any FileSystem = LocalFileSystem()
    ) throws {
        try save(
            session, to: path, signatures: signatures, assets: assets, extraFiles: [:], tags: tags,
            overwrite: overwrite, files: files)
    }

    /// The same, with files for those who wrote the model: they lie in the folder `assets.extra`, which TensorFlow leaves
    /// alone.
    package static func save(
        _ session: Session, to path: String, signatures: [String: ModelSignature], assets: [String],
        extraFiles: [String: [UInt8]], tags: [String], overwrite: Bool, files: any FileSystem
    ) throws {
        guard path.contains(where: { $0 != "/" }) else {
            throw SavedModelError(.invalidRequest, path, "a saved model needs a folder of its own, such as \"model\"")
        }
        let graph = session.graph
        var metaGraph = try MetaGraphDef(graph, tags: tags).message
        for (name, signature) in signatures.sorted(by: { $0.key < $1.key }) {
            if signature.outputs.isEmpty {
                throw SavedModelError(.invalidRequest, path, "the signature \"\(name)\" has no outputs")
            }
            for tensor in Array(signature.inputs.values) + Array(signature.outputs.values) where tensor.graph !== graph
            {
                throw SavedModelError(
                    .invalidRequest, path,
                    "\"\(tensor.name)\" of the signature \"\(name)\" belongs to another graph than the session's")
            }
            if let missing = unfedPlaceholder(of: signature) {
                throw SavedModelError(
                    .invalidRequest, path,
                    "the outputs of the signature \"\(name)\" need the placeholder \"\(missing.name)\", which is none of its "
                        + "inputs")
            }
        }
        if try files.status(path) != nil {
            guard try files.status(joinPath(path, fileName)) != nil else {
                throw SavedModelError(
                    .exists, path, "there is something else of that name; choose another, or remove it")
            }
            guard overwrite else {
                throw SavedModelError(
                    .exists, path, "there is a saved model of that name; pass overwrite: true, or choose another name")
            }
        }

        let (variables, values) = try self.variables(of: session, neededBy: signatures, path)
        metaGraph.signatureDef = signatures.mapValues(\.message)
        let saver = SaverNodes(variables, isTaken: { graph.node(named: $0) != nil })
        metaGraph.graphDef.node += saver.nodes
        metaGraph.saverDef = saver.definition
        let assetFiles = try self.assets(assets, path)
        for (index, asset) in assetFiles.enumerated() {
            let nodeName = "\(saver.definition.filenameTensorName.dropLast("/Const:0".count))/asset_\(index)"
            metaGraph.graphDef.node.append(assetNode(asset.name, named: nodeName))
            metaGraph.assetFileDef.append(
                .with {
                    $0.filename = asset.name
                    $0.tensorInfo = .with { $0.name = nodeName + ":0" }
                })
        }
        let model = Tensorflow_SavedModel.with {
            $0.savedModelSchemaVersion = 1
            $0.metaGraphs = [metaGraph]
        }
        try write(model, variables, values, assetFiles, extraFiles, to: path, overwrite: overwrite, files)
    }

    /// The variables that have a value, with it.
    ///
    /// - Errors: `missingVariables` where one without is needed by a signature, or there is no signature.
    private static func variables(
        of session: Session, neededBy signatures: [String: ModelSignature], _ path: String
    ) throws -> (variables: [AnyVariable], values: [AnyArray]) {
        let all = session.graph.variables
        let needed = signatures.isEmpty ? nil : ancestors(of: signatures.values.flatMap(\.outputs.values))
        var (variables, values): ([AnyVariable], [AnyArray]) = ([], [])
        var missing: [String] = []
        for (variable, value) in zip(all, try session.values(of: all)) {
            if let value {
                variables.append(variable)
                values.append(value)
            } else if needed?.contains(variable.handle.node) ?? true {
                missing.append("\"\(variable.name)\"")
            }
        }
        if !missing.isEmpty {
            throw SavedModelError(
                .missingVariables, path,
                "variables have no value yet: \(missing.prefix(10).joined(separator: ", ")); "
                    + "call session.initializeVariables() first")
        }
        return (variables, values)
    }

    /// A placeholder that the outputs of a signature need and that its inputs do not give.
    private static func unfedPlaceholder(of signature: ModelSignature) -> Node? {
        let given = Set(signature.inputs.values.map(\.node))
        return ancestors(of: Array(signature.outputs.values), stopping: given)
            .filter { $0.type == "Placeholder" && !given.contains($0) }.min { $0.name < $1.name }
    }

    /// The nodes that tensors need.
    ///
    /// - Parameters:
    ///   - stopping: nodes whose own inputs do not count.
    private static func ancestors(of tensors: [AnyTensor], stopping: Set<Node> = []) -> Set<Node> {
        var found: Set<Node> = []
        var waiting = tensors.map(\.node)
        while let node = waiting.popLast() {
            guard found.insert(node).inserted, !stopping.contains(node) else { continue }
            let record = node.record
            waiting += (record.inputs.map(\.node) + record.controlInputs).map { Node(graph: node.graph, id: $0) }
        }
        return found
    }

    private static func assets(_ paths: [String], _ path: String) throws(SavedModelError) -> [(
        name: String, path: String
    )] {
        var names: Set<String> = []
        var assets: [(name: String, path: String)] = []
        for asset in paths {
            let name = lastPathPart(asset)
            guard isFileName(name) else {
                throw SavedModelError(.invalidRequest, path, "the asset \"\(asset)\" is no file's path")
            }
            guard names.insert(name).inserted else {
                throw SavedModelError(.invalidRequest, path, "two assets are named \"\(name)\"")
            }
            assets.append((name, asset))
        }
        return assets
    }

    private static func write(
        _ model: Tensorflow_SavedModel, _ variables: [AnyVariable], _ values: [AnyArray],
        _ assets: [(name: String, path: String)], _ extraFiles: [String: [UInt8]], to path: String,
        overwrite: Bool, _ files: any FileSystem
    ) throws {
        let bytes: [UInt8]
        do { bytes = try model.serializedBytes() } catch {
            throw SavedModelError(.invalidRequest, path, "the graph is too large: \(error)")
        }
        var folder = path
        while folder.hasSuffix("/") { folder.removeLast() }
        let temporary = temporaryPath(for: folder)
        do {
            try files.makeFolder(joinPath(temporary, "variables"))
            if !variables.isEmpty {
                let writer = try CheckpointWriter(joinPath(temporary, variablesPath), files: files)
                for (variable, value) in zip(variables, values) { try writer.add(value, named: variable.name) }
                try writer.finish()
            }
            if !assets.isEmpty {
                try files.makeFolder(joinPath(temporary, assetsFolder))
                for asset in assets {
                    try copy(asset.path, to: joinPath(joinPath(temporary, assetsFolder), asset.name), files)
                }
                try files.syncFolder(joinPath(temporary, assetsFolder))
            }
            for (name, content) in extraFiles.sorted(by: { $0.key < $1.key }) {
                try files.writeAtomically(content, to: joinPath(joinPath(temporary, extraFolder), name))
            }
            try files.writeAtomically(bytes, to: joinPath(temporary, fileName))
            // A folder cannot take the place of another. Whoever stops between the two steps leaves both, whole.
            let replaced = try overwrite && files.status(folder) != nil ? temporaryPath(for: folder) : nil
            if let replaced { try files.rename(folder, to: replaced) }
            do { try files.rename(temporary, to: folder) } catch {
                if let replaced { try? files.rename(replaced, to: folder) }
                throw error
            }
            try files.syncFolder(parentPath(folder))
            if let replaced { remove(replaced, files) }
        } catch {
            remove(temporary, files)
            throw error
        }
    }

    /// Copies a file, holding one part of it at a time.
    private static func copy(_ source: String, to destination: String, _ files: any FileSystem) throws(FileError) {
        let input = try files.open(source)
        let output = try files.create(destination, .new)
        var offset = 0
        while offset < input.byteCount {
            let part = try input.bytes(at: offset, count: min(1 << 20, input.byteCount - offset))
            try output.write(part)
            offset += part.count
        }
        try output.sync()
        try output.close()
    }

    /// Removes what was written of a model that could not be finished.
    private static func remove(_ folder: String, _ files: any FileSystem) {
        for inner in ["variables", assetsFolder, extraFolder] {
            for name in (try? files.list(joinPath(folder, inner))) ?? [] {
                try? files.remove(joinPath(joinPath(folder, inner), name))
            }
            try? files.remove(joinPath(folder, inner))
        }
        for name in (try? files.list(folder)) ?? [] { try? files.remove(joinPath(folder, name)) }
        try? files.remove(folder)
    }
}
