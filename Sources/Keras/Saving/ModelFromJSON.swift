// Models from Keras 3's JSON. What the text says is checked: its errors name the place, nothing in it makes the program
// crash, and the work is in proportion to its length.

public import Graphs
import Operations
import Tensors

/// The model that JSON of `Model.toJSON` or of Keras 3's `model.to_json()` describes, with new weights. It is compiled
/// where the text says how, and all of that is known here.
///
///     let model = try modelFromJSON(text)
///     try model.loadWeights(from: "weights.npz")
///
/// - Parameters:
///   - customLayers: types of your own that the text names.
///   - graph: the graph of the model; nil: the default one.
/// - Errors: `KerasError` for text that is no JSON, unknown classes and settings that make no sense, with their place;
///   `GraphError` for layers that do not fit.
public func modelFromJSON(
    _ text: String, customLayers: [any ConfigurableLayer.Type] = [], in graph: Graph? = nil
) throws -> Model {
    let reader = ModelReader(customLayers: customLayers, graph: graph ?? .default)
    let json = try JSONValue(text: text)
    let model = try reader.model(json, path: "$", depth: 0)
    try model.graph.requireSound()
    if let compiled = json["compile_config"] { model.compile(from: compiled) }
    return model
}

/// Makes models of JSON.
private struct ModelReader {
    let custom: [String: any ConfigurableLayer.Type]
    let graph: Graph

    init(customLayers: [any ConfigurableLayer.Type], graph: Graph) {
        custom = LayerCatalogue.table(customLayers)
        self.graph = graph
    }

    func model(_ json: JSONValue, path: String, depth: Int) throws -> Model {
        if depth > nestingLimit { throw KerasError("\(path): models lie in each other too deep") }
        let (className, config) = try object(json, path)
        switch className {
        case "Sequential": return try stack(config, path: path + ".config", depth: depth)
        case "Functional", "Model": return try functional(config, path: path + ".config", depth: depth)
        default:
            throw KerasError.unknownName(className, "model class", known: ["Sequential", "Functional"]).at(path)
        }
    }

    // MARK: - Stacks

    private func stack(_ config: [String: JSONValue], path: String, depth: Int) throws -> Model {
        let model = Sequential(name: try name(config, path), in: graph)
        model.isTrainable = config["trainable"]?.bool ?? true
        var input: (shape: [Int?], dtype: DType)?
        for (index, json) in try array(config["layers"], path + ".layers").enumerated() {
            let place = "\(path).layers[\(index)]"
            let (className, settings) = try object(json, place)
            if className == "InputLayer" {
                guard index == 0 else { throw KerasError("\(place): an InputLayer must be the first layer") }
                input = try inputType(settings, place + ".config")
                continue
            }
            model.add(try layer(className, json, settings, path: place, depth: depth))
        }
        if input == nil, let shape = config["build_input_shape"], shape != .null {
            input = (try sizes(shape, path + ".build_input_shape"), .float32)
        }
        if let input, !input.shape.isEmpty {
            guard !model.layers.isEmpty else { return model }
            model.build(inputShape: Shape(Array(input.shape.dropFirst())), dtype: input.dtype)
        }
        return model
    }

    // MARK: - Functional models

    private func functional(_ config: [String: JSONValue], path: String, depth: Int) throws -> Model {
        var made = MadeLayers()
        let layers = try array(config["layers"], path + ".layers")
        let operations = Set(layers.filter(isOperation).compactMap { $0["name"]?.string })
        for (index, json) in layers.enumerated() where !isOperation(json) {
            let place = "\(path).layers[\(index)]"
            let (className, settings) = try object(json, place)
            guard let name = json["name"]?.string ?? settings["name"]?.string else {
                throw KerasError("\(place).name must be a text")
            }
            if className == "InputLayer" {
                let type = try inputType(settings, place + ".config")
                let tensor = input(
                    shape: Shape(Array(type.shape.dropFirst())), batchSize: type.shape.first.flatMap { $0 },
                    dtype: type.dtype, name: name, in: graph)
                try made.add(name, .input(tensor), place)
                continue
            }
            let nodes = try array(json["inbound_nodes"] ?? [], place + ".inbound_nodes")
            let calls = try nodes.enumerated().map {
                try arguments($1, "\(place).inbound_nodes[\($0)]", operations)
            }
            let layer = try layer(
                className, json, settings.merging(try settingsOfCalls(nodes, place)) { $1 }, path: place, depth: depth)
            let isFunctional = layer is Model && !(layer is Sequential)
            try made.add(name, .layer(layer, calls: calls, isFunctional: isFunctional), place)
        }
        try made.connect(path)
        let inputs = try ends(config["input_layers"], path + ".input_layers").map { try made.end($0, path) }
        let outputs = try ends(config["output_layers"], path + ".output_layers").map { try made.end($0, path) }
        guard !inputs.isEmpty, !outputs.isEmpty else { throw KerasError("\(path): the model has no inputs or outputs") }
        let model = withGraph(graph) { Model(inputs: inputs, outputs: outputs, name: config["name"]?.string) }
        model.isTrainable = config["trainable"]?.bool ?? true
        return model
    }

    /// What is a setting of a layer here, but an argument of its calls in Keras.
    private func settingsOfCalls(_ nodes: [JSONValue], _ path: String) throws -> [String: JSONValue] {
        let key = Configuration.causalKey
        let found = Set(nodes.map { $0["kwargs"]?[key]?.bool ?? false })
        if found.count > 1 {
            throw KerasError("\(path): calls of one layer differ in \(key)", hint: "use a layer for each")
        }
        return found.first == true ? [key: true] : [:]
    }

    /// Whether an entry is an operation of Keras rather than a layer. Masks are computed by such; here they follow from
    /// the layers by themselves.
    private func isOperation(_ json: JSONValue) -> Bool {
        json["module"]?.string?.hasPrefix("keras.src.ops") ?? false
    }

    /// The tensors among the arguments of a call, in order.
    ///
    /// - Parameters:
    ///   - operations: the names of those that compute masks.
    private func arguments(_ json: JSONValue, _ path: String, _ operations: Set<String>) throws -> [TensorReference] {
        guard let arguments = json["args"] else { throw KerasError("\(path).args is missing") }
        var found: [TensorReference] = []
        func collect(_ json: JSONValue, _ path: String) throws {
            // The depth of JSON is bounded.
            if let array = json.array {
                for (index, element) in array.enumerated() { try collect(element, "\(path)[\(index)]") }
            } else if json["class_name"]?.string == "__keras_tensor__" {
                let tensor = try reference(json["config"]?["keras_history"] ?? .null, path + ".config.keras_history")
                if operations.contains(tensor.layer) {
                    throw KerasError("\(path): \"\(tensor.layer)\" is no layer; only masks may come from operations")
                }
                found.append(tensor)
            } else if json != .null {
                throw KerasError("\(path): only tensors are taken here, not \(json.text().prefix(80))")
            }
        }
        try collect(arguments, path + ".args")
        // What is left out or has its usual value needs nothing; tensors come after the others, as Keras's layers name
        // them.
        let named = json["kwargs"]?.object ?? [:]
        let order = [
            "query", "value", "key", "sequences", "inputs", "initial_state", "attention_mask", "count_weights",
        ]
        for (key, value) in named.sorted(by: { $0.key < $1.key })
        where !order.contains(key) && key != "training" && key != Configuration.causalKey {
            if value == .null || value.bool == false || isMask(value, operations) { continue }
            throw KerasError("\(path).kwargs.\(key): this argument is not taken here")
        }
        for key in order { if let value = named[key] { try collect(value, "\(path).kwargs.\(key)") } }
        return found
    }

    /// Whether an argument is a mask, or masks, that operations computed.
    private func isMask(_ json: JSONValue, _ operations: Set<String>) -> Bool {
        let tensors = json.array ?? [json]
        return tensors.allSatisfy { tensor in
            tensor == .null
                || tensor["config"]?["keras_history"]?.array?.first?.string.map { operations.contains($0) } ?? false
        }
    }

    private func reference(_ json: JSONValue, _ path: String) throws -> TensorReference {
        guard let parts = json.array, parts.count >= 3, let layer = parts[0].string, let call = parts[1].integer,
            let output = parts[2].integer, call >= 0, output >= 0
        else { throw KerasError("\(path) must be a layer's name and two numbers, but is \(json.text().prefix(80))") }
        return TensorReference(layer: layer, call: call, output: output, path: path)
    }

    /// Inputs or outputs: one, a list, or an object.
    private func ends(_ json: JSONValue?, _ path: String) throws -> [TensorReference] {
        guard let json else { throw KerasError("\(path) is missing") }
        if let object = json.object {
            return try object.sorted { $0.key < $1.key }.flatMap { try ends($0.value, "\(path).\($0.key)") }
        }
        guard let array = json.array else { throw KerasError("\(path) must be a list") }
        if array.first?.string != nil { return [try reference(json, path)] }
        return try array.enumerated().flatMap { try ends($0.element, "\(path)[\($0.offset)]") }
    }

    // MARK: - Parts

    private func layer(
        _ className: String, _ json: JSONValue, _ settings: [String: JSONValue], path: String, depth: Int
    ) throws -> any Layer {
        if ["Sequential", "Functional", "Model"].contains(className) {
            return try model(json, path: path, depth: depth + 1)
        }
        guard let type = custom[className] ?? LayerCatalogue.byName[className] else {
            let known = Array(LayerCatalogue.byName.keys) + Array(custom.keys)
            let error = KerasError.unknownName(className, "layer class", known: known)
            throw KerasError(
                "\(path): \(error.message)",
                hint: [error.hint, "give layers of your own as customLayers"].compactMap { $0 }.joined(separator: "; "))
        }
        do {
            _ = try name(settings, path)
            let layer = try type.init(configuration: Configuration(className, settings))
            layer.isTrainable = settings["trainable"]?.bool ?? true
            return layer
        } catch let error as KerasError { throw error.at(path + ".config") }
    }

    private func object(_ json: JSONValue, _ path: String) throws -> (String, [String: JSONValue]) {
        guard json.object != nil else {
            throw KerasError("\(path) must be an object, but is \(json.text().prefix(80))")
        }
        guard let className = json["class_name"]?.string else { throw KerasError("\(path).class_name must be a text") }
        guard let config = json["config"]?.object else { throw KerasError("\(path).config must be an object") }
        return (className, config)
    }

    private func array(_ json: JSONValue?, _ path: String) throws -> [JSONValue] {
        if let array = json?.array { return array }
        throw KerasError("\(path) must be a list, but is \(json?.text().prefix(80) ?? "missing")")
    }

    private func name(_ config: [String: JSONValue], _ path: String) throws -> String? {
        guard let json = config["name"], json != .null else { return nil }
        guard let name = json.string, !name.isEmpty, name.utf8.count <= 1000 else {
            throw KerasError("\(path).name must be a text, but is \(json.text().prefix(80))")
        }
        return name
    }

    private func sizes(_ json: JSONValue, _ path: String) throws -> [Int?] {
        guard let array = json.array, array.count <= 32,
            array.allSatisfy({ $0 == .null || $0.integer.map { $0 >= 0 } ?? false })
        else { throw KerasError("\(path) must be a list of sizes or null, but is \(json.text().prefix(80))") }
        return array.map(\.integer)
    }

    private func inputType(_ config: [String: JSONValue], _ path: String) throws -> (shape: [Int?], dtype: DType) {
        guard let json = config["batch_shape"] ?? config["batch_input_shape"] else {
            throw KerasError("\(path).batch_shape is missing")
        }
        let shape = try sizes(json, path + ".batch_shape")
        if shape.isEmpty { throw KerasError("\(path).batch_shape must have an axis for the samples") }
        let text = config["dtype"]?.string ?? "float32"
        let types: [DType] = [.float32, .float64, .int32, .int64, .uint8, .bool]
        guard let dtype = types.first(where: { "\($0)" == text }) else {
            throw KerasError.unknownName(text, "type of inputs", known: types.map { "\($0)" }).at(path + ".dtype")
        }
        return (shape, dtype)
    }
}

/// A tensor by the layer that makes it.
private struct TensorReference {
    let layer: String
    let call: Int
    let output: Int
    let path: String
}

/// The layers of a functional model while they are connected.
private struct MadeLayers {
    enum Content {
        case input(KerasTensor)
        case layer(any Layer, calls: [[TensorReference]], isFunctional: Bool)
    }

    private var names: [String] = []
    private var contents: [String: Content] = [:]
    /// What each call of a layer gave.
    private var outputs: [String: [[KerasTensor]]] = [:]

    mutating func add(_ name: String, _ content: Content, _ path: String) throws {
        guard contents.updateValue(content, forKey: name) == nil else {
            throw KerasError("\(path): there is a layer \"\(name)\" already")
        }
        names.append(name)
        if case .input(let tensor) = content { outputs[name] = [[tensor]] }
    }

    /// Makes all calls, each as soon as what it needs is there.
    mutating func connect(_ path: String) throws {
        // Layers that wait for the calls of others, by the layer and the call that are missing.
        struct Missing: Hashable {
            let layer: String
            let call: Int
        }
        var waiting: [Missing: [String]] = [:]
        var ready: [String] = names.reversed()
        while let name = ready.popLast() {
            guard case .layer(let layer, let calls, _) = contents[name] else { continue }
            next: while let call = outputs[name, default: []].count < calls.count
                ? outputs[name, default: []].count : nil
            {
                var inputs: [KerasTensor] = []
                for reference in calls[call] {
                    guard contents[reference.layer] != nil else {
                        throw KerasError.unknownName(reference.layer, "layer", known: names).at(reference.path)
                    }
                    let made = outputs[reference.layer] ?? []
                    guard reference.call < made.count else {
                        waiting[Missing(layer: reference.layer, call: reference.call), default: []].append(name)
                        break next
                    }
                    guard reference.output < made[reference.call].count else {
                        throw KerasError(
                            "\(reference.path): \"\(reference.layer)\" has \(made[reference.call].count) outputs")
                    }
                    inputs.append(made[reference.call][reference.output])
                }
                guard !inputs.isEmpty else { throw KerasError("\(path): a call of \"\(name)\" has no inputs") }
                outputs[name, default: []].append(layer.outputs(for: inputs))
                ready += waiting.removeValue(forKey: Missing(layer: name, call: call)) ?? []
            }
        }
        if let (missing, stuck) = waiting.min(by: { $0.key.layer < $1.key.layer }) {
            throw KerasError(
                "\(path): \"\(stuck.sorted()[0])\" waits for call \(missing.call) of \"\(missing.layer)\", which never comes",
                hint: "layers must not wait for each other in a ring")
        }
    }

    /// An input or output of the model.
    func end(_ reference: TensorReference, _ path: String) throws -> KerasTensor {
        guard let content = contents[reference.layer] else {
            throw KerasError.unknownName(reference.layer, "layer", known: names).at(reference.path)
        }
        var call = reference.call
        // Keras counts the calls of functional models from 1 here.
        if case .layer(_, _, isFunctional: true) = content { call -= 1 }
        let made = outputs[reference.layer] ?? []
        guard made.indices.contains(call), made[call].indices.contains(reference.output) else {
            throw KerasError(
                "\(reference.path): \"\(reference.layer)\" has no output \(reference.output) of call \(reference.call)")
        }
        return made[call][reference.output]
    }
}

extension KerasError {
    /// The same mistake, with its place.
    fileprivate func at(_ path: String) -> KerasError { KerasError("\(path): \(message)", hint: hint) }
}
