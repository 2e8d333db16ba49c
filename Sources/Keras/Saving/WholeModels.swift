// Whole models in folders: TensorFlow's SavedModel, with the layers' configuration beside it.

import ArrayFiles
import Checkpoints
import Files
public import Graphs
import Operations
import SavedModels
import Sessions
import Tensors

extension Model {
    private static let configurationFile = "keras.json"
    private static let weightsFile = "weights.json"

    /// Saves the whole model to a folder: as a SavedModel that TensorFlow, TensorFlow Serving and Keras's
    /// `TFSMLayer` load, and with the configuration from which `loadModel` makes it again.
    ///
    ///     try model.save(to: "export/digits")
    ///     let same = try loadModel(from: "export/digits")
    ///
    /// The signature `serving_default` goes from the inputs' names to the names of the layers that make the outputs.
    /// Keras's `.keras` archives hold their weights as HDF5 and are not written.
    ///
    /// What training needs to go on is not in it, see `fit(resume:)`. A model with layers that are no
    /// `ConfigurableLayer` is saved with the graph that it has, training's nodes included, and cannot be loaded by
    /// `loadModel`.
    ///
    /// - Parameters:
    ///   - overwrite: whether a saved model of that name is replaced, once the new one is whole; else it is an error.
    /// - Errors: `KerasError` for a path that stands for another kind of file; `SavedModelError` where there is
    ///   something else of that name; `GraphError`, `FileError`, `CheckpointError`.
    public func save(to path: String, overwrite: Bool = true) throws {
        try WeightsFormat.requireFolder(path)
        try initializeVariables()
        var exported = self
        var extra: [String: [UInt8]] = [:]
        if let configuration = try? toJSON(indented: true) {
            // A graph with the layers alone: what is trained, and what else the graph has, stays behind.
            exported = try copy(configuration)
            extra[Self.configurationFile] = Array(configuration.utf8)
            extra[Self.weightsFile] = Array(
                JSONValue.array(exported.namedWeights.map { .string($0.variable.name) }).text(indented: true).utf8)
        }
        let structure = try exported.requireStructure()
        let names = try requireStructure().outputs.map { $0.call?.layer.name ?? "output" }
        var outputs: [String: AnyTensor] = [:]
        for (index, output) in structure.outputs.enumerated() {
            let name = names[index]
            outputs[outputs[name] == nil ? name : "\(name)_\(index)"] = output.tensor
        }
        let inputs = Dictionary(
            zip(try requireStructure().inputs, structure.inputs).map { (inputLayerName($0), $1.tensor) },
            uniquingKeysWith: { first, _ in first })
        try SavedModel.save(
            exported.session, to: path,
            signatures: [ModelSignature.defaultName: ModelSignature(inputs: inputs, outputs: outputs)], assets: [],
            extraFiles: extra, tags: SavedModel.servingTags, overwrite: overwrite, files: LocalFileSystem())
    }

    /// The same model in a graph of its own.
    private func copy(_ configuration: String) throws -> Model {
        let types = withLayersInside().compactMap { layer -> (any ConfigurableLayer.Type)? in
            (layer as? any ConfigurableLayer).map { type(of: $0) }
        }
        let copy = try modelFromJSON(configuration, customLayers: types, in: Graph())
        try copy.setWeights(try getWeights())
        return copy
    }

    /// Makes a model of what `save` wrote.
    fileprivate static func loaded(
        from path: String, _ customLayers: [any ConfigurableLayer.Type], _ graph: Graph?
    ) throws -> Model {
        let files = LocalFileSystem()
        let extra = joinPath(path, SavedModel.extraFolder)
        guard fileExists(joinPath(extra, configurationFile)) else {
            let isModel = fileExists(joinPath(path, "saved_model.pb"))
            throw KerasError(
                "\(path) holds no configuration of layers",
                hint: isModel
                    ? "it was saved by others, or with layers that are no ConfigurableLayer: SavedModel(path:) runs it"
                    : "is it a folder that Model.save(to:) wrote?")
        }
        let text = try files.contents(of: joinPath(extra, configurationFile), limit: JSONValue.byteLimit)
        let model = try modelFromJSON(String(decoding: text, as: UTF8.self), customLayers: customLayers, in: graph)
        let names = try JSONValue(bytes: try files.contents(of: joinPath(extra, weightsFile), limit: 1 << 26))
        let reader = try CheckpointReader(joinPath(path, "variables/variables"))
        guard let names = names.array?.compactMap(\.string), names.count == model.namedWeights.count else {
            throw KerasError("\(joinPath(extra, weightsFile)) does not name the weights of the model beside it")
        }
        try model.setWeights(names.map { try reader.read($0, as: Float.self) })
        return model
    }
}

/// The model that `Model.save(to:)` wrote to a folder; of a `.json` file or a `.keras` archive the layers with new
/// weights.
///
/// The weights of a `.keras` archive are HDF5, which is not read: take them over with
/// `numpy.savez("weights.npz", *model.get_weights())` and `loadWeights(from:)`.
///
/// - Parameters:
///   - customLayers: types of your own that the model is made of.
/// - Errors: as `modelFromJSON`; `KerasError` for a folder that was saved without configuration; `FileError`,
///   `CheckpointError`, `ArrayFileError`.
public func loadModel(
    from path: String, customLayers: [any ConfigurableLayer.Type] = [], in graph: Graph? = nil
) throws -> Model {
    func model(_ bytes: [UInt8]) throws -> Model {
        do {
            return try modelFromJSON(String(decoding: bytes, as: UTF8.self), customLayers: customLayers, in: graph)
        } catch let error as KerasError {
            throw KerasError("\(path): \(error.message)", hint: error.hint)
        }
    }
    if path.hasSuffix(".keras") {
        return try model(try NPZReader(path).content(of: "config.json", limit: JSONValue.byteLimit))
    }
    if path.hasSuffix(".json") {
        return try model(try LocalFileSystem().contents(of: path, limit: JSONValue.byteLimit))
    }
    return try Model.loaded(from: path, customLayers, graph)
}

extension WeightsFormat {
    /// Checks that a path stands for a folder.
    fileprivate static func requireFolder(_ path: String) throws {
        if path.hasSuffix(".keras") || path.hasSuffix(".h5") {
            throw KerasError(
                "\(path): .keras and .h5 files hold HDF5, which is not written",
                hint: "give a folder for a SavedModel, or save toJSON() and saveWeights(to: \"weights.npz\")")
        }
        if WeightsFormat(path: path) != .checkpoint {
            throw KerasError("\(path) stands for a file of weights", hint: "use saveWeights(to:), or give a folder")
        }
    }
}
