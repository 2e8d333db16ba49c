// Attention: each step of a sequence gathers what it needs from the steps of another. Here are the forms without
// projections, and what all forms share: their inputs and masks.

import Graphs
import Operations
import Tensors

/// A layer of attention, to which one input stands for query and value alike.
protocol SelfAttending: ArgumentNaming {
    /// Whether a step sees only those that are not behind it.
    var isCausal: Bool { get }
}

extension SelfAttending {
    /// Self-attention.
    public func callAsFunction(_ input: KerasTensor) -> KerasTensor { callAsFunction([input, input]) }
}

/// Attention whose scores are products of queries and keys.
///
///     softmax(scale · q kᵀ) v
///
/// - Shapes: query `[batch, steps, n]`, value `[batch, steps', m]` and, where it is another, key `[batch, steps', n]` →
///   `[batch, steps, m]`.
/// - Source: M. Luong et al., "Effective approaches to attention-based neural machine translation" (2015); Keras's
///   `Attention`.
public struct Attention: PlainAttention {
    /// How a query and a key make a score.
    public enum ScoreMode: String, Hashable, Sendable, CaseIterable {
        /// Their product.
        case dot
        /// The sum of `tanh(q + k)`, times a weight.
        case concat
    }

    public let state: LayerState
    /// Whether scores are multiplied by a weight.
    public let usesScale: Bool
    public let scoreMode: ScoreMode
    public let dropoutRate: Double
    public let isCausal: Bool
    public let seed: Int?

    public init(
        usesScale: Bool = false, scoreMode: ScoreMode = .dot, dropout: Double = 0, isCausal: Bool = false,
        seed: Int? = nil, name: String? = nil
    ) {
        state = LayerState(name: name)
        self.usesScale = usesScale
        self.scoreMode = scoreMode
        dropoutRate = dropout
        self.isCausal = isCausal
        self.seed = seed
    }

    func scores(_ query: Tensor<Float>, _ key: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        let scale = usesScale ? context.weight("scale", shape: [], initializer: .ones).tensor : nil
        switch scoreMode {
        case .dot:
            let products = matmul(query, key, transposeB: true)
            return scale.map { products * $0 } ?? products
        case .concat:
            let weight = context.weight("concat_score_weight", shape: [], initializer: .ones)
            let sums = pairwiseSums(query, key)
            return tanh(scale.map { sums * $0 } ?? sums).sum(axis: -1) * weight
        }
    }
}

/// Attention whose scores are weighted sums of `tanh(q + k)`.
///
/// - Shapes: as `Attention`; the query has the key's size.
/// - Source: D. Bahdanau et al., "Neural machine translation by jointly learning to align and translate" (2014); Keras's
///   `AdditiveAttention`.
public struct AdditiveAttention: PlainAttention {
    public let state: LayerState
    /// Whether each feature has a weight.
    public let usesScale: Bool
    public let dropoutRate: Double
    public let isCausal: Bool
    public let seed: Int?

    public init(
        usesScale: Bool = true, dropout: Double = 0, isCausal: Bool = false, seed: Int? = nil, name: String? = nil
    ) {
        state = LayerState(name: name)
        self.usesScale = usesScale
        dropoutRate = dropout
        self.isCausal = isCausal
        self.seed = seed
    }

    func scores(_ query: Tensor<Float>, _ key: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        let parts = tanh(pairwiseSums(query, key))
        guard usesScale else { return parts.sum(axis: -1) }
        guard let size = context.size(ofAxis: -1, of: query) else { return context.nothing }
        return (parts * context.weight("scale", shape: [size], initializer: .glorotUniform())).sum(axis: -1)
    }
}

/// `[batch, steps, n]` and `[batch, steps', n]` → `[batch, steps, steps', n]`.
private func pairwiseSums(_ query: Tensor<Float>, _ key: Tensor<Float>) -> Tensor<Float> {
    query.expandingDimension(at: 2) + key.expandingDimension(at: 1)
}

// MARK: - What both have in common

/// Attention without projections.
protocol PlainAttention: SelfAttending {
    var dropoutRate: Double { get }
    var seed: Int? { get }
    /// `[batch, steps, n]` and `[batch, steps', n]` → `[batch, steps, steps']`.
    func scores(_ query: Tensor<Float>, _ key: Tensor<Float>, _ context: LayerContext) -> Tensor<Float>
}

extension PlainAttention {
    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let inputs = AttentionInputs(inputs, context) else { return [LayerValue(context.nothing)] }
        guard (0..<1).contains(dropoutRate) else {
            return [
                LayerValue(context.mistake("the dropout must be from 0 up to, but not 1, but is \(dropoutRate)"))
            ]
        }
        var scores = scores(inputs.query, inputs.key, context)
        // Steps of the query that do not count are left out below rather than here.
        if let mask = inputs.mask(isCausal: isCausal, scores[0], hasHeads: false) {
            scores = scores + (1 - cast(mask, to: Float.self)) * -1e9
        }
        var weights = softmax(scores)
        if dropoutRate > 0, context.isTraining { weights = dropout(weights, rate: dropoutRate, seed: seed) }
        var output = matmul(weights, inputs.value)
        if let mask = inputs.masks.query {
            output = output * cast(mask, to: Float.self).expandingDimension(at: 2)
        }
        return [LayerValue(output, mask: inputs.masks.query)]
    }

    func arguments(_ inputs: [KerasTensor], _ tensors: [JSONValue]) -> (
        positional: [JSONValue], named: [String: JSONValue]
    ) { ([.array(tensors)], isCausal ? [Configuration.causalKey: true] : [:]) }
}

/// What a layer of attention is given.
struct AttentionInputs {
    let query: Tensor<Float>
    let value: Tensor<Float>
    let key: Tensor<Float>
    /// Which steps of each count.
    let masks: (query: Tensor<Bool>?, value: Tensor<Bool>?, key: Tensor<Bool>?)
    /// Which steps see which.
    private let pairs: Tensor<Bool>?

    /// - Returns: nil and a mistake for inputs that make no sense.
    init?(_ inputs: [LayerValue], _ context: LayerContext) {
        pairs = inputs.last?.tensor.as(Bool.self)
        let inputs = inputs.filter { $0.tensor.dtype != .bool }
        guard (2...3).contains(inputs.count) else {
            context.report(
                "takes a query, a value and perhaps a key, but is given \(inputs.count) inputs",
                hint: "for self-attention give the same tensor twice")
            return nil
        }
        query = context.float(inputs[0].tensor)
        value = context.float(inputs[1].tensor)
        key = inputs.count == 3 ? context.float(inputs[2].tensor) : value
        masks = (inputs[0].mask, inputs[1].mask, inputs.count == 3 ? inputs[2].mask : nil)
        for input in [query, value, key] where !context.hasRank(3, input, "[batch, steps, features]") { return nil }
    }

    /// Which steps see which, in a shape that goes with the scores; nil where all see all.
    ///
    /// - Parameters:
    ///   - one: the scores of one sample, and of one head.
    ///   - hasHeads: whether scores are `[batch, heads, steps, steps']`, and then steps of the query that do not count
    ///     see nothing, as Keras has it.
    func mask(isCausal: Bool, _ one: Tensor<Float>, hasHeads: Bool) -> Tensor<Bool>? {
        var parts: [Tensor<Bool>] = []
        if hasHeads, let mask = masks.query { parts.append(mask.expandingDimension(at: 2)) }
        // Keras's forms without heads have no use for the key's mask.
        for mask in [masks.value, hasHeads ? masks.key : nil] {
            if let mask { parts.append(mask.expandingDimension(at: 1)) }
        }
        if let pairs { parts.append(pairs) }
        if hasHeads { parts = parts.map { $0.shape.rank == 3 ? $0.expandingDimension(at: 1) : $0 } }
        if isCausal {
            // A step is not behind another where its running number is not larger.
            let ones = ones(like: one)
            parts.append(greaterEqual(ones.cumulativeSum(axis: 0), ones.cumulativeSum(axis: 1)))
        }
        return parts.dropFirst().reduce(parts.first) { all, part in all.map { logicalAnd($0, part) } }
    }
}

// MARK: - In files

extension Configuration {
    /// What Keras says with each call of a layer of attention rather than in its settings.
    static var causalKey: String { "use_causal_mask" }
}

extension Attention: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "use_scale": .bool(usesScale), "score_mode": .string(scoreMode.rawValue),
                "dropout": .number(dropoutRate), "seed": JSONValue(seed),
            ])
    }

    public init(configuration: Configuration) throws {
        let name = try configuration.string("score_mode", default: "dot")
        guard let mode = ScoreMode(rawValue: name) else {
            throw KerasError.unknownName(name, "score mode", known: ScoreMode.allCases.map(\.rawValue))
        }
        self.init(
            usesScale: try configuration.bool("use_scale", default: false), scoreMode: mode,
            dropout: try configuration.number("dropout", default: 0),
            isCausal: try configuration.bool(Configuration.causalKey, default: false), seed: try configuration.seed(),
            name: configuration.layerName)
    }
}

extension AdditiveAttention: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            ["use_scale": .bool(usesScale), "dropout": .number(dropoutRate), "seed": JSONValue(seed)])
    }

    public init(configuration: Configuration) throws {
        self.init(
            usesScale: try configuration.bool("use_scale", default: true),
            dropout: try configuration.number("dropout", default: 0),
            isCausal: try configuration.bool(Configuration.causalKey, default: false), seed: try configuration.seed(),
            name: configuration.layerName)
    }
}
