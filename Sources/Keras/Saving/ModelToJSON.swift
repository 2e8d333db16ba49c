// Models as Keras 3's JSON.

import Graphs
import Tensors

extension Model {
    /// The model's layers, settings and connections as Keras 3's JSON, without weights: Keras's
    /// `keras.models.model_from_json` and `modelFromJSON` make the same model of it. What `compile` was told is in it
    /// too, unless it was functions and optimizers of one's own, or schedules.
    ///
    /// - Errors: `KerasError` for layers that are no `ConfigurableLayer`, and settings that are functions of one's own;
    ///   `GraphError` for mistakes in building the model.
    public func toJSON(indented: Bool = false) throws -> String {
        try graph.requireSound()
        return try json(depth: 0).text(indented: indented)
    }

    /// The object of Keras's JSON.
    func json(depth: Int) throws -> JSONValue {
        if depth > nestingLimit {
            throw KerasError("models lie in each other more than \(nestingLimit) deep in \"\(name)\"")
        }
        let isStack = self is Sequential
        var config: [String: JSONValue] = ["name": .string(name), "trainable": .bool(isTrainable)]
        if isStack {
            var layers = try self.layers.map { JSONValue.object(try layerJSON($0, depth: depth)) }
            if let first = structure?.inputs.first {
                layers.insert(.object(inputJSON(first)), at: 0)
                config["build_input_shape"] = JSONValue(first.shape.dimensions ?? [])
            }
            config["layers"] = .array(layers)
        } else {
            guard let structure else { throw KerasError("the model \"\(name)\" has no layers") }
            let writer = FunctionalWriter(structure)
            var layers = structure.inputs.map { input -> JSONValue in
                var json = inputJSON(input)
                json["name"] = .string(inputLayerName(input))
                json["inbound_nodes"] = []
                return .object(json)
            }
            for layer in structure.layersInKerasOrder {
                var json = try layerJSON(layer, depth: depth)
                json["name"] = .string(layer.name)
                json["inbound_nodes"] = .array(writer.calls(of: layer).map { writer.inboundNode($0) })
                layers.append(.object(json))
            }
            config["layers"] = .array(layers)
            config["input_layers"] = writer.ends(structure.inputs)
            config["output_layers"] = writer.ends(structure.outputs)
        }
        var json: [String: JSONValue] = [
            "module": .string(isStack ? "keras" : "keras.src.models.functional"),
            "class_name": .string(isStack ? "Sequential" : "Functional"), "config": .object(config),
            "registered_name": isStack ? nil : "Functional",
        ]
        if depth == 0, let compiled = compileConfiguration { json["compile_config"] = compiled }
        return .object(json)
    }

    private func layerJSON(_ layer: any Layer, depth: Int) throws -> [String: JSONValue] {
        if let model = layer as? Model { return try model.json(depth: depth + 1).object ?? [:] }
        let type = Swift.type(of: layer)
        guard let layer = layer as? any ConfigurableLayer else {
            throw KerasError(
                "the layer \"\(layer.name)\" cannot be saved as JSON", hint: "\(type) must be a ConfigurableLayer")
        }
        let configuration: Configuration
        do { configuration = try layer.configuration } catch let error as KerasError {
            throw KerasError("the layer \"\(layer.name)\": \(error.message)", hint: error.hint)
        }
        var config = configuration.settings
        config["name"] = .string(layer.name)
        if !layersWithoutTrainable.contains(configuration.className) { config["trainable"] = .bool(layer.isTrainable) }
        config["dtype"] = config["dtype"] ?? "float32"
        let isOwn = LayerCatalogue.byName[configuration.className] != nil
        return [
            "module": isOwn ? "keras.layers" : nil, "class_name": .string(configuration.className),
            "config": .object(config), "registered_name": isOwn ? nil : .string(configuration.className),
        ]
    }
}

/// Keras's classes that refuse to be told whether they are trained.
let layersWithoutTrainable: Set = ["Discretization", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"]

/// So deep may models lie in each other.
let nestingLimit = 30

/// The layer that stands for an input.
private func inputJSON(_ input: KerasTensor) -> [String: JSONValue] {
    [
        "module": "keras.layers", "class_name": "InputLayer", "registered_name": nil,
        "config": [
            "batch_shape": JSONValue(input.shape.dimensions ?? []), "dtype": .string("\(input.dtype)"),
            "sparse": false, "ragged": false, "name": .string(inputLayerName(input)),
        ],
    ]
}

/// The name of an input as a layer's, in which Keras allows no `/`.
func inputLayerName(_ input: KerasTensor) -> String {
    (input.inputName ?? input.tensor.node.name).split(separator: "/").joined(separator: "_")
}

/// Writes how the layers of a model are connected.
private struct FunctionalWriter {
    private var callsOfLayer: [ObjectIdentifier: [LayerCall]] = [:]
    private var numbers: [ObjectIdentifier: Int] = [:]
    private let inputs: Set<KerasTensor.Identity>

    init(_ structure: ModelStructure) {
        inputs = Set(structure.inputs.map(\.identity))
        for call in structure.calls {
            let layer = ObjectIdentifier(call.layer.state)
            numbers[ObjectIdentifier(call)] = callsOfLayer[layer]?.count ?? 0
            callsOfLayer[layer, default: []].append(call)
        }
    }

    func calls(of layer: any Layer) -> [LayerCall] { callsOfLayer[ObjectIdentifier(layer.state)] ?? [] }

    /// The arguments of a call.
    func inboundNode(_ call: LayerCall) -> JSONValue {
        let tensors = call.inputs.map { tensor -> JSONValue in
            [
                "class_name": "__keras_tensor__",
                "config": [
                    "shape": JSONValue(tensor.shape.dimensions ?? []), "dtype": .string("\(tensor.dtype)"),
                    "keras_history": history(of: tensor, isEnd: false),
                ],
            ]
        }
        let arguments =
            (call.layer as? any ArgumentNaming)?.arguments(call.inputs, tensors)
            ?? (positional: [tensors.count == 1 ? tensors[0] : .array(tensors)], named: [:])
        return ["args": .array(arguments.positional), "kwargs": .object(arguments.named)]
    }

    /// The inputs or outputs of the model.
    func ends(_ tensors: [KerasTensor]) -> JSONValue {
        let ends = tensors.map { history(of: $0, isEnd: true) }
        return ends.count == 1 ? ends[0] : .array(ends)
    }

    /// The layer that made a tensor, which of its calls, which output. At the ends of a model, Keras counts the calls
    /// of functional models from 1.
    private func history(of tensor: KerasTensor, isEnd: Bool) -> JSONValue {
        guard !inputs.contains(tensor.identity), let call = tensor.call else {
            return [.string(inputLayerName(tensor)), 0, 0]
        }
        let isFunctional = call.layer is Model && !(call.layer is Sequential)
        let number = (numbers[ObjectIdentifier(call)] ?? 0) + (isEnd && isFunctional ? 1 : 0)
        return [.string(call.layer.name), .integer(number), .integer(tensor.index)]
    }
}
