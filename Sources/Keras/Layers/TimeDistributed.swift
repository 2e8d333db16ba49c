// A layer for each step of a sequence.

public import Graphs
import Operations
public import Tensors

/// Applies a layer to each step of sequences; all steps share its weights.
///
///     TimeDistributed(Dense(10))
///
/// - Shapes: `[batch, steps, ...]` → `[batch, steps] + what the layer makes of ...`.
/// - Source: Keras's `TimeDistributed`.
public struct TimeDistributed: UnaryLayer {
    public let state: LayerState
    public let layer: any Layer

    public init(_ layer: any Layer, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.layer = layer
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let dimensions = input.shape.dimensions, dimensions.count >= 3 else {
            return context.mistake(
                "takes inputs of rank 3 or more, [batch, steps, ...], but is given shape \(input.shape)")
        }
        let sample = Array(dimensions.dropFirst(2))
        guard let sizes = Shape(sample).known else {
            return context.mistake("must know the sizes of a step, but is given shape \(input.shape)")
        }
        let steps = input.reshaped([-1] + sizes)
        let output = layer(steps)
        guard let made = output.shape.dimensions, let rest = Shape(Array(made.dropFirst())).known else {
            return output.node.isSound
                ? context.mistake("the layer \"\(layer.name)\" gives steps of unknown size, \(output.shape)") : output
        }
        return context.reshape(output, leadingAs: input, 2, then: rest)
    }
}

// MARK: - In files

extension TimeDistributed: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, ["layer": try Configuration.json(ofInner: layer)]) }
    }

    public init(configuration: Configuration) throws {
        self.init(try configuration.innerLayer("layer"), name: configuration.layerName)
    }
}

extension Configuration {
    /// A layer inside another, as Keras's JSON has it.
    ///
    /// - Errors: `KerasError` for a layer that cannot be saved.
    static func json(ofInner layer: any Layer) throws -> JSONValue {
        guard let layer = layer as? any ConfigurableLayer else {
            throw KerasError("the layer \"\(layer.name)\" (\(type(of: layer).className)) cannot be saved as JSON")
        }
        let configuration = try layer.configuration
        var settings = configuration.settings
        settings["name"] = .string(layer.name)
        if !layersWithoutTrainable.contains(configuration.className) {
            settings["trainable"] = .bool(layer.isTrainable)
        }
        settings["dtype"] = "float32"
        return [
            "module": "keras.layers", "class_name": .string(configuration.className), "config": .object(settings),
            "registered_name": nil,
        ]
    }

    /// A layer of the library among the settings.
    ///
    /// - Errors: `KerasError` for an unknown class, with the nearest.
    func innerLayer(_ key: String) throws -> any Layer {
        guard let name = settings[key]?["class_name"]?.string else {
            throw KerasError("\"\(key)\" of \(className) must be a layer")
        }
        guard let type = LayerCatalogue.byName[name] else {
            throw KerasError.unknownName(name, "layer", known: Array(LayerCatalogue.byName.keys))
        }
        let inner = settings[key]?["config"]?.object ?? [:]
        let layer = try type.init(configuration: Configuration(name, inner))
        layer.isTrainable = inner["trainable"]?.bool ?? true
        return layer
    }
}
