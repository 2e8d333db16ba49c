// Words as vectors, and which steps of sequences count.

import Graphs
import Operations
public import Tensors

/// A vector for each number: of words, characters, users.
///
/// - Shapes: whole numbers `[batch, ...]` → `[batch, ..., outputSize]`; weights `[inputSize, outputSize]`.
/// - Source: Keras's `Embedding`.
public struct Embedding: Layer, IndexLayer {
    public let state: LayerState
    /// How many numbers there are; each must be below it.
    public let inputSize: Int
    public let outputSize: Int
    public let initializer: WeightInitializer
    public let regularizer: WeightRegularizer?
    public let constraint: WeightConstraint?
    /// Whether the number 0 stands for no step at all: what follows then leaves such steps out.
    public let masksZero: Bool

    public init(
        _ inputSize: Int, _ outputSize: Int, initializer: WeightInitializer = .randomUniform(),
        regularizer: WeightRegularizer? = nil, constraint: WeightConstraint? = nil, masksZero: Bool = false,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.inputSize = inputSize
        self.outputSize = outputSize
        self.initializer = initializer
        self.regularizer = regularizer
        self.constraint = constraint
        self.masksZero = masksZero
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let input = context.single(inputs) else { return [LayerValue(context.nothing)] }
        guard inputSize > 0, outputSize > 0 else {
            return [LayerValue(context.mistake("sizes must be at least 1, but are \(inputSize) and \(outputSize)"))]
        }
        let numbers = input.tensor.as(Int32.self) ?? cast(context.float(input.tensor), to: Int32.self)
        let table = context.weight(
            "embeddings", shape: [inputSize, outputSize], initializer: initializer, regularizer: regularizer,
            constraint: constraint)
        let mask = masksZero ? notEqual(numbers, 0) : nil
        return [LayerValue(embeddingLookup(table, numbers), mask: mask)]
    }
}

/// Says which steps of sequences count: those with any feature that is not `value`.
///
/// - Shapes: `[batch, steps, features]`, unchanged.
/// - Source: Keras's `Masking`.
public struct Masking: Layer {
    public let state: LayerState
    public let value: Float

    public init(value: Float = 0, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.value = value
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let input = context.single(inputs) else { return [LayerValue(context.nothing)] }
        let values = context.float(input.tensor)
        guard context.hasRank(3, values, "[batch, steps, features]") else { return [LayerValue(context.nothing)] }
        let differs = notEqual(values, value)
        let kept = values * cast(differs.any(axis: -1, keepDimensions: true), to: Float.self)
        return [LayerValue(kept, mask: differs.any(axis: -1))]
    }
}

// MARK: - In files

extension Embedding: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(
                Self.className,
                [
                    "input_dim": .integer(inputSize), "output_dim": .integer(outputSize),
                    "embeddings_initializer": try initializer.json,
                    "embeddings_regularizer": try JSONValue(setting: regularizer),
                    "embeddings_constraint": try JSONValue(setting: constraint), "mask_zero": .bool(masksZero),
                ])
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.integer("input_dim"), try configuration.integer("output_dim"),
            initializer: try configuration.initializer("embeddings_initializer", default: .randomUniform()),
            regularizer: try configuration.regularizer("embeddings_regularizer"),
            constraint: try configuration.constraint("embeddings_constraint"),
            masksZero: try configuration.bool("mask_zero", default: false), name: configuration.layerName)
    }
}

extension Masking: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["mask_value": .number(Double(value))])
    }

    public init(configuration: Configuration) throws {
        self.init(value: try configuration.float("mask_value", default: 0), name: configuration.layerName)
    }
}
