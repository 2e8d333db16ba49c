// Attention: each step of a sequence gathers what it needs from the steps of another.

import Graphs
import Operations
import Tensors

/// A layer to which one input stands for query and value alike.
protocol SelfAttending: Layer {}

/// Attention with several heads: each looks for other things.
///
///     let y = MultiHeadAttention(heads: 8, keySize: 64)([x, x])            // self-attention
///     let z = MultiHeadAttention(heads: 8, keySize: 64)([query, value])
///
///     softmax(q kᵀ / √keySize) v, for each head, then a mix of the heads
///
/// - Shapes: query `[batch, steps, n]`, value `[batch, steps', m]` and, where it is another, key like the value →
///   `[batch, steps, outputSize]`.
/// - Source: A. Vaswani et al., "Attention is all you need" (2017); Keras's `MultiHeadAttention`, whose weights it has.
public struct MultiHeadAttention: SelfAttending {
    public let state: LayerState
    public let heads: Int
    public let keySize: Int
    /// The size of each head's values; nil: that of its keys.
    public let valueSize: Int?
    /// The size of the output; nil: that of the query.
    public let outputSize: Int?
    /// How much of the weights of attention is dropped in training.
    public let dropoutRate: Double
    public let usesBias: Bool
    /// Whether a step sees only those that are not behind it.
    public let isCausal: Bool
    public let kernelInitializer: WeightInitializer
    public let biasInitializer: WeightInitializer

    public init(
        heads: Int, keySize: Int, valueSize: Int? = nil, outputSize: Int? = nil, dropout: Double = 0,
        usesBias: Bool = true, isCausal: Bool = false, kernelInitializer: WeightInitializer = .glorotUniform(),
        biasInitializer: WeightInitializer = .zeros, name: String? = nil
    ) {
        state = LayerState(name: name)
        self.heads = heads
        self.keySize = keySize
        self.valueSize = valueSize
        self.outputSize = outputSize
        dropoutRate = dropout
        self.usesBias = usesBias
        self.isCausal = isCausal
        self.kernelInitializer = kernelInitializer
        self.biasInitializer = biasInitializer
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard (2...3).contains(inputs.count) else {
            return [
                LayerValue(
                    context.mistake(
                        "takes a query, a value and perhaps a key, but is given \(inputs.count) inputs",
                        hint: "for self-attention give the same tensor twice"))
            ]
        }
        guard heads > 0, keySize > 0, (valueSize ?? 1) > 0, (0..<1).contains(dropoutRate) else {
            return [
                LayerValue(
                    context.mistake(
                        "heads and sizes must be at least 1 and the dropout below 1, but are \(heads), \(keySize) and "
                            + "\(dropoutRate)"))
            ]
        }
        let query = context.float(inputs[0].tensor)
        let value = context.float(inputs[1].tensor)
        let key = inputs.count == 3 ? context.float(inputs[2].tensor) : value
        for input in [query, value, key] where !context.hasRank(3, input, "[batch, steps, features]") {
            return [LayerValue(context.nothing)]
        }
        guard let size = context.size(ofAxis: -1, of: query) else { return [LayerValue(context.nothing)] }
        let valueSize = valueSize ?? keySize
        let q = projected(query, "query", keySize, context) * (1 / Float(keySize).squareRoot())
        let k = projected(key, "key", keySize, context)
        let v = projected(value, "value", valueSize, context)
        var scores = matmul(q, k, transposeB: true)
        if let mask = mask(query: inputs[0].mask, keys: inputs.last?.mask, scores) {
            // As Keras: far below all others rather than -∞, which would make NaN of steps that see nothing.
            scores = scores + (1 - cast(mask, to: Float.self)) * -1e9
        }
        var weights = softmax(scores)
        if dropoutRate > 0, context.isTraining { weights = dropout(weights, rate: dropoutRate) }
        let gathered = matmul(weights, v).transposed(permutation: [0, 2, 1, 3])
        let width = outputSize ?? size
        let kernel = context.weight(
            "attention_output/kernel", shape: [heads, valueSize, width], initializer: kernelInitializer)
        let joined = context.reshape(gathered, leadingAs: query, 2, then: [heads * valueSize])
        var output = context.matmulAlongLastAxis(joined, kernel.tensor.reshaped([heads * valueSize, width]))
        if usesBias {
            output =
                output
                + context.weight("attention_output/bias", shape: [width], initializer: biasInitializer)
        }
        return [LayerValue(output, mask: inputs[0].mask)]
    }

    /// `[batch, steps, n]` → `[batch, heads, steps, size]`.
    private func projected(
        _ input: Tensor<Float>, _ name: String, _ size: Int, _ context: LayerContext
    ) -> Tensor<Float> {
        guard let features = context.size(ofAxis: -1, of: input) else { return context.nothing }
        let kernel = context.weight(
            "\(name)/kernel", shape: [features, heads, size], initializer: kernelInitializer)
        var product = context.matmulAlongLastAxis(input, kernel.tensor.reshaped([features, heads * size]))
        if usesBias {
            let bias = context.weight("\(name)/bias", shape: [heads, size], initializer: biasInitializer)
            product = product + bias.tensor.reshaped([heads * size])
        }
        return context.reshape(product, leadingAs: input, 2, then: [heads, size]).transposed(permutation: [0, 2, 1, 3])
    }

    /// Which steps see which, in a shape that goes with the scores.
    private func mask(query: Tensor<Bool>?, keys: Tensor<Bool>?, _ scores: Tensor<Float>) -> Tensor<Bool>? {
        var parts: [Tensor<Bool>] = []
        if let query { parts.append(query.expandingDimension(at: 1).expandingDimension(at: 3)) }
        if let keys { parts.append(keys.expandingDimension(at: 1).expandingDimension(at: 1)) }
        if isCausal {
            // A step is not behind another where its running number is not larger.
            let one = ones(like: scores[0, 0])
            let row = one.cumulativeSum(axis: 0)
            let column = one.cumulativeSum(axis: 1)
            parts.append(greaterEqual(row, column))
        }
        return parts.dropFirst().reduce(parts.first) { all, part in all.map { logicalAnd($0, part) } }
    }
}

extension SelfAttending {
    /// Self-attention.
    public func callAsFunction(_ input: KerasTensor) -> KerasTensor { callAsFunction([input, input]) }
}

// MARK: - In files

extension Configuration {
    /// What Keras says with each call of a layer of attention rather than in its settings.
    static var causalKey: String { "use_causal_mask" }
}

extension MultiHeadAttention: ConfigurableLayer, ArgumentNaming {
    func arguments(_ tensors: [JSONValue]) -> (positional: [JSONValue], named: [String: JSONValue]) {
        (tensors, isCausal ? [Configuration.causalKey: true] : [:])
    }

    public var configuration: Configuration {
        get throws {
            return Configuration(
                Self.className,
                [
                    "num_heads": .integer(heads), "key_dim": .integer(keySize),
                    "value_dim": .integer(valueSize ?? keySize), "dropout": .number(dropoutRate),
                    "use_bias": .bool(usesBias), "output_shape": JSONValue(outputSize),
                    "kernel_initializer": try kernelInitializer.json, "bias_initializer": try biasInitializer.json,
                ])
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            heads: try configuration.integer("num_heads"), keySize: try configuration.integer("key_dim"),
            valueSize: try configuration.optionalInteger("value_dim"),
            outputSize: try configuration.optional("output_shape", "a whole number") { json in
                json.integer ?? json.array.flatMap { $0.count == 1 ? $0[0].integer : nil }
            },
            dropout: try configuration.number("dropout", default: 0),
            usesBias: try configuration.bool("use_bias", default: true),
            isCausal: try configuration.bool(Configuration.causalKey, default: false),
            kernelInitializer: try configuration.initializer("kernel_initializer", default: .glorotUniform()),
            biasInitializer: try configuration.initializer("bias_initializer", default: .zeros),
            name: configuration.layerName)
    }
}
