// Attention with several heads, whose queries, keys and values are projections that are learnt.

import Graphs
import Operations
import Tensors

/// How a layer of attention makes queries, keys, values and outputs.
public struct AttentionProjections: Sendable {
    public var usesBias = true
    public var kernelInitializer: WeightInitializer = .glorotUniform()
    public var biasInitializer: WeightInitializer = .zeros
    public var kernelRegularizer: WeightRegularizer?
    public var biasRegularizer: WeightRegularizer?
    public var kernelConstraint: WeightConstraint?
    public var biasConstraint: WeightConstraint?
}

/// Attention with several heads: each looks for other things.
///
///     let y = MultiHeadAttention(heads: 8, keySize: 64)([x, x])            // self-attention
///     let z = MultiHeadAttention(heads: 8, keySize: 64)([query, value])
///
///     softmax(q kᵀ / √keySize) v, for each head, then a mix of the heads
///
/// - Shapes: query `[batch, steps, n]`, value `[batch, steps', m]`, where it is another, key like the value, and perhaps
///   which steps see which, truth values `[batch, steps, steps']` → `[batch, steps, outputSize]`.
/// - Source: A. Vaswani et al., "Attention is all you need" (2017); Keras's `MultiHeadAttention`, whose weights it has.
public struct MultiHeadAttention: HeadedAttention {
    public let state: LayerState
    public let heads: Int
    public let keySize: Int
    /// The size of each head's values; nil: that of its keys.
    public let valueSize: Int?
    /// The size of the output; nil: that of the query.
    public let outputSize: Int?
    /// How much of the weights of attention is dropped in training.
    public let dropoutRate: Double
    /// Whether a step sees only those that are not behind it.
    public let isCausal: Bool
    public let projections: AttentionProjections
    public let seed: Int?

    public init(
        heads: Int, keySize: Int, valueSize: Int? = nil, outputSize: Int? = nil, dropout: Double = 0,
        usesBias: Bool = true, isCausal: Bool = false, kernelInitializer: WeightInitializer = .glorotUniform(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, seed: Int? = nil, name: String? = nil
    ) {
        self.init(
            heads: heads, keySize: keySize, valueSize: valueSize, outputSize: outputSize, dropout: dropout,
            isCausal: isCausal,
            AttentionProjections(
                usesBias: usesBias, kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
                kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
                kernelConstraint: kernelConstraint, biasConstraint: biasConstraint), seed: seed, name: name)
    }

    private init(
        heads: Int, keySize: Int, valueSize: Int?, outputSize: Int?, dropout: Double, isCausal: Bool,
        _ projections: AttentionProjections, seed: Int?, name: String?
    ) {
        state = LayerState(name: name)
        self.heads = heads
        self.keySize = keySize
        self.valueSize = valueSize
        self.outputSize = outputSize
        dropoutRate = dropout
        self.isCausal = isCausal
        self.projections = projections
        self.seed = seed
    }

    var keyHeads: Int { heads }
    var sizes: (key: Int, value: Int) { (keySize, valueSize ?? keySize) }
}

/// Attention with several heads, groups of which share their keys and values.
///
///     GroupQueryAttention(headSize: 64, queryHeads: 8, keyHeads: 2)([x, x])
///
/// - Shapes: as `MultiHeadAttention`; the output has the size of the query.
/// - Source: J. Ainslie et al., "GQA: training generalized multi-query transformer models" (2023); Keras's
///   `GroupQueryAttention`.
public struct GroupQueryAttention: HeadedAttention {
    public let state: LayerState
    public let headSize: Int
    public let queryHeads: Int
    /// How many heads keys and values have; it divides `queryHeads`.
    public let keyHeads: Int
    public let dropoutRate: Double
    public let isCausal: Bool
    public let projections: AttentionProjections
    public let seed: Int?

    public init(
        headSize: Int, queryHeads: Int, keyHeads: Int, dropout: Double = 0, usesBias: Bool = true,
        isCausal: Bool = false, kernelInitializer: WeightInitializer = .glorotUniform(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, seed: Int? = nil, name: String? = nil
    ) {
        self.init(
            headSize: headSize, queryHeads: queryHeads, keyHeads: keyHeads, dropout: dropout, isCausal: isCausal,
            AttentionProjections(
                usesBias: usesBias, kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
                kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
                kernelConstraint: kernelConstraint, biasConstraint: biasConstraint), seed: seed, name: name)
    }

    private init(
        headSize: Int, queryHeads: Int, keyHeads: Int, dropout: Double, isCausal: Bool,
        _ projections: AttentionProjections, seed: Int?, name: String?
    ) {
        state = LayerState(name: name)
        self.headSize = headSize
        self.queryHeads = queryHeads
        self.keyHeads = keyHeads
        dropoutRate = dropout
        self.isCausal = isCausal
        self.projections = projections
        self.seed = seed
    }

    var heads: Int { queryHeads }
    var sizes: (key: Int, value: Int) { (headSize, headSize) }
    var outputSize: Int? { nil }
}

// MARK: - What both have in common

/// Attention with several heads.
protocol HeadedAttention: SelfAttending {
    var heads: Int { get }
    /// The number of heads of keys and values.
    var keyHeads: Int { get }
    /// Of each head.
    var sizes: (key: Int, value: Int) { get }
    var outputSize: Int? { get }
    var dropoutRate: Double { get }
    var seed: Int? { get }
    var projections: AttentionProjections { get }
}

extension HeadedAttention {
    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let inputs = AttentionInputs(inputs, context) else { return [LayerValue(context.nothing)] }
        guard heads > 0, sizes.key > 0, sizes.value > 0, (0..<1).contains(dropoutRate) else {
            return [
                LayerValue(
                    context.mistake(
                        "heads and sizes must be at least 1 and the dropout below 1, but are \(heads), \(sizes.key) and "
                            + "\(dropoutRate)"))
            ]
        }
        guard keyHeads > 0, heads % keyHeads == 0 else {
            return [
                LayerValue(context.mistake("\(keyHeads) heads of keys do not divide \(heads) heads of queries"))
            ]
        }
        guard let size = context.size(ofAxis: -1, of: inputs.query) else { return [LayerValue(context.nothing)] }
        let q = projections.heads(of: inputs.query, "query", heads, sizes.key, context)
        var k = projections.heads(of: inputs.key, "key", keyHeads, sizes.key, context)
        var v = projections.heads(of: inputs.value, "value", keyHeads, sizes.value, context)
        if keyHeads < heads {
            k = k.repeatingElements(heads / keyHeads, axis: 1)
            v = v.repeatingElements(heads / keyHeads, axis: 1)
        }
        var scores = matmul(q * (1 / Float(sizes.key).squareRoot()), k, transposeB: true)
        if let mask = inputs.mask(isCausal: isCausal, scores[0, 0], hasHeads: true) {
            // As Keras: far below all others rather than -∞, which would make NaN of steps that see nothing.
            scores = select(where: mask, scores, -1e9)
        }
        var weights = softmax(scores)
        if dropoutRate > 0, context.isTraining { weights = dropout(weights, rate: dropoutRate, seed: seed) }
        let gathered = matmul(weights, v).transposed(permutation: [0, 2, 1, 3])
        let output = projections.mix(
            of: context.reshape(gathered, leadingAs: inputs.query, 2, then: [clampedProduct(heads, sizes.value)]),
            heads, sizes.value,
            outputSize ?? size, context)
        return [LayerValue(output, mask: inputs.masks.query)]
    }
}

extension AttentionProjections {
    /// `[batch, steps, n]` → `[batch, heads, steps, size]`.
    fileprivate func heads(
        of input: Tensor<Float>, _ name: String, _ heads: Int, _ size: Int, _ context: LayerContext
    ) -> Tensor<Float> {
        guard let features = context.size(ofAxis: -1, of: input) else { return context.nothing }
        let product = projected(
            input, name, kernel: [features, heads, size], bias: [heads, size], from: features,
            to: clampedProduct(heads, size), context)
        return context.reshape(product, leadingAs: input, 2, then: [heads, size]).transposed(permutation: [0, 2, 1, 3])
    }

    /// `[batch, steps, heads · size]` → `[batch, steps, width]`.
    fileprivate func mix(
        of input: Tensor<Float>, _ heads: Int, _ size: Int, _ width: Int, _ context: LayerContext
    ) -> Tensor<Float> {
        projected(
            input, "attention_output", kernel: [heads, size, width], bias: [width], from: clampedProduct(heads, size),
            to: width,
            context)
    }

    private func projected(
        _ input: Tensor<Float>, _ name: String, kernel: [Int], bias: [Int], from: Int, to: Int, _ context: LayerContext
    ) -> Tensor<Float> {
        let weights = context.weight(
            "\(name)/kernel", shape: kernel, initializer: kernelInitializer, regularizer: kernelRegularizer,
            constraint: kernelConstraint)
        let product = context.matmulAlongLastAxis(input, weights.tensor.reshaped([from, to]))
        guard usesBias else { return product }
        let offset = context.weight(
            "\(name)/bias", shape: bias, initializer: biasInitializer, regularizer: biasRegularizer,
            constraint: biasConstraint)
        return product + offset.tensor.reshaped([to])
    }
}

// MARK: - In files

extension AttentionProjections {
    var json: [String: JSONValue] {
        get throws {
            [
                "use_bias": .bool(usesBias), "kernel_initializer": try kernelInitializer.json,
                "bias_initializer": try biasInitializer.json,
                "kernel_regularizer": try JSONValue(setting: kernelRegularizer),
                "bias_regularizer": try JSONValue(setting: biasRegularizer),
                "kernel_constraint": try JSONValue(setting: kernelConstraint),
                "bias_constraint": try JSONValue(setting: biasConstraint),
            ]
        }
    }

    init(_ configuration: Configuration) throws {
        for key in ["use_gate", "sliding_window", "activity_regularizer", "flash_attention"] {
            if let value = configuration.settings[key], value != .null, value.bool != false {
                throw KerasError("\"\(key)\" of \(configuration.className) is not taken here")
            }
        }
        self.init(
            usesBias: try configuration.bool("use_bias", default: true),
            kernelInitializer: try configuration.initializer("kernel_initializer", default: .glorotUniform()),
            biasInitializer: try configuration.initializer("bias_initializer", default: .zeros),
            kernelRegularizer: try configuration.regularizer("kernel_regularizer"),
            biasRegularizer: try configuration.regularizer("bias_regularizer"),
            kernelConstraint: try configuration.constraint("kernel_constraint"),
            biasConstraint: try configuration.constraint("bias_constraint"))
    }
}

extension HeadedAttention {
    func arguments(_ inputs: [KerasTensor], _ tensors: [JSONValue]) -> (
        positional: [JSONValue], named: [String: JSONValue]
    ) {
        var named: [String: JSONValue] = isCausal ? [Configuration.causalKey: true] : [:]
        guard inputs.last?.dtype == .bool else { return (tensors, named) }
        named["attention_mask"] = tensors.last
        return (tensors.dropLast(), named)
    }
}

extension MultiHeadAttention: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            let own: [String: JSONValue] = [
                "num_heads": .integer(heads), "key_dim": .integer(keySize), "value_dim": .integer(sizes.value),
                "dropout": .number(dropoutRate), "output_shape": JSONValue(outputSize), "seed": JSONValue(seed),
            ]
            return Configuration(Self.className, own.merging(try projections.json) { own, _ in own })
        }
    }

    public init(configuration: Configuration) throws {
        if let axes = configuration.settings["attention_axes"], axes != .null, axes != [1] {
            throw KerasError(
                "\"attention_axes\" of MultiHeadAttention is \(axes.text().prefix(80)), but only 1 is taken")
        }
        self.init(
            heads: try configuration.integer("num_heads"), keySize: try configuration.integer("key_dim"),
            valueSize: try configuration.optionalInteger("value_dim"),
            outputSize: try configuration.optional("output_shape", "a whole number") { json in
                json.integer ?? json.array.flatMap { $0.count == 1 ? $0[0].integer : nil }
            },
            dropout: try configuration.number("dropout", default: 0),
            isCausal: try configuration.bool(Configuration.causalKey, default: false),
            try AttentionProjections(configuration), seed: try configuration.seed(), name: configuration.layerName)
    }
}

extension GroupQueryAttention: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            let own: [String: JSONValue] = [
                "head_dim": .integer(headSize), "num_query_heads": .integer(queryHeads),
                "num_key_value_heads": .integer(keyHeads), "dropout": .number(dropoutRate), "seed": JSONValue(seed),
            ]
            return Configuration(Self.className, own.merging(try projections.json) { own, _ in own })
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            headSize: try configuration.integer("head_dim"), queryHeads: try configuration.integer("num_query_heads"),
            keyHeads: try configuration.integer("num_key_value_heads"),
            dropout: try configuration.number("dropout", default: 0),
            isCausal: try configuration.bool(Configuration.causalKey, default: false),
            try AttentionProjections(configuration), seed: try configuration.seed(), name: configuration.layerName)
    }
}
