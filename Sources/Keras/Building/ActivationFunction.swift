// Activations by value or by Keras's name.

import Operations
public import Graphs
public import Tensors

/// A function between a layer's formula and its output.
///
///     Dense(512, activation: .relu)
///     Dense(512, activation: "relu")                                   // by Keras's name
///     Dense(512, activation: ActivationFunction { x in x * sigmoid(x) })
public struct ActivationFunction: Sendable, ExpressibleByStringLiteral {
    typealias Function = @Sendable (Tensor<Float>) -> Tensor<Float>

    let named: Named<Function>

    /// A function of one's own. A model with it cannot be saved as JSON.
    public init(_ function: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>) {
        named = .known(Configuration("function"), function)
    }

    /// The activation of Keras's name, such as `relu`; an unknown name is a mistake where it is used.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The activation of Keras's name, such as `relu`; an unknown name is a mistake where it is used.
    public init(name: String) { named = Named(name, in: Self.table) }

    private init(_ name: String, _ function: @escaping Function) {
        named = .known(Configuration(name), function)
    }

    /// Keras's name of it.
    public var name: String { named.configuration.className }

    /// Applies it.
    func callAsFunction(_ x: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        do {
            return try named.function("activation", known: Self.table.keys)(x)
        } catch {
            return context.mistake(error.message, hint: error.hint)
        }
    }

    /// x itself.
    public static let linear = ActivationFunction("linear") { $0 }
    /// `max(x, 0)`
    public static let relu = ActivationFunction("relu") { Operations.relu($0) }
    /// `min(max(x, 0), 6)`
    public static let relu6 = ActivationFunction("relu6") { Operations.relu6($0) }
    /// Probabilities along the last axis.
    public static let softmax = ActivationFunction("softmax") { Operations.softmax($0) }
    /// The logarithm of `softmax`.
    public static let logSoftmax = ActivationFunction("log_softmax") { Operations.logSoftmax($0) }
    /// `1 / (1 + exp(-x))`
    public static let sigmoid = ActivationFunction("sigmoid") { Operations.sigmoid($0) }
    /// `tanh(x)`
    public static let tanh = ActivationFunction("tanh") { Operations.tanh($0) }
    /// `log(1 + exp(x))`
    public static let softplus = ActivationFunction("softplus") { Operations.softplus($0) }
    /// `x / (1 + |x|)`
    public static let softsign = ActivationFunction("softsign") { Operations.softsign($0) }
    /// `x` above 0, else `exp(x) - 1`.
    public static let elu = ActivationFunction("elu") { Operations.elu($0) }
    /// `elu`, scaled so that moments stay.
    public static let selu = ActivationFunction("selu") { Operations.selu($0) }
    /// `x sigmoid(x)`, also known as swish.
    public static let silu = ActivationFunction("silu") { swish($0) }
    /// `x Φ(x)` with the normal distribution Φ.
    public static let gelu = ActivationFunction("gelu") { Operations.gelu($0) }
    /// `x` above 0, else `0.2 x`.
    public static let leakyRelu = ActivationFunction("leaky_relu") { Operations.leakyRelu($0, slope: 0.2) }
    /// `min(max(x / 6 + 1/2, 0), 1)`
    public static let hardSigmoid = ActivationFunction("hard_sigmoid") { Operations.relu6($0 + 3) / 6 }
    /// `x hardSigmoid(x)`, also known as hard swish.
    public static let hardSilu = ActivationFunction("hard_silu") { $0 * Operations.relu6($0 + 3) / 6 }
    /// `exp(x)`
    public static let exponential = ActivationFunction("exponential") { exp($0) }
    /// `x tanh(log(1 + exp(x)))`
    public static let mish = ActivationFunction("mish") { $0 * Operations.tanh(Operations.softplus($0)) }

    /// `min(x, 0)` as `exp(x) - 1`, smooth in the slope too.
    public static let celu = ActivationFunction("celu") { Operations.celu($0) }
    /// One half of the last axis, times the sigmoid of the other.
    public static let glu = ActivationFunction("glu") { Operations.glu($0) }
    /// `min(max(x, -1), 1)`
    public static let hardTanh = ActivationFunction("hard_tanh") { Operations.hardTanh($0) }
    /// `x` where it is farther from 0 than 1/2, else 0.
    public static let hardShrink = ActivationFunction("hard_shrink") { Operations.hardShrink($0) }
    /// `x`, by 1/2 nearer to 0, or 0.
    public static let softShrink = ActivationFunction("soft_shrink") { Operations.softShrink($0) }
    /// `x - tanh(x)`
    public static let tanhShrink = ActivationFunction("tanh_shrink") { Operations.tanhShrink($0) }
    /// `(x + √(x² + 4)) / 2`
    public static let squareplus = ActivationFunction("squareplus") { Operations.squareplus($0) }
    /// The logarithm of `sigmoid`.
    public static let logSigmoid = ActivationFunction("log_sigmoid") { Operations.logSigmoid($0) }
    /// 0 up to -1, `(x + 1)² / 4` up to 1, then `x`.
    public static let sparsePlus = ActivationFunction("sparse_plus") { x in
        select(where: lessEqual(x, -1), zeros(like: x), select(where: less(x, 1), square(x + 1) / 4, x))
    }
    /// 0 up to -1, `(x + 1) / 2` up to 1, then 1.
    public static let sparseSigmoid = ActivationFunction("sparse_sigmoid") { x in
        select(where: lessEqual(x, -1), zeros(like: x), select(where: less(x, 1), (x + 1) / 2, ones(like: x)))
    }
    /// Probabilities along the last axis, many of which are 0: the point of the simplex that is nearest to `x`.
    ///
    /// - Source: A. Martins and R. Astudillo, "From softmax to sparsemax" (2016). The last axis must be known.
    public static let sparsemax = ActivationFunction("sparsemax") { x in
        guard let size = x.shape[-1] else { return x }
        let sorted = topK(x, k: size).values
        let ranks = constant((1...max(1, size)).map { Float($0) }, in: x.graph)
        let isIn = cast(greater(1 + ranks * sorted, sorted.cumulativeSum(axis: -1)), to: Float.self)
        let surplus = (sorted * isIn).sum(axis: -1, keepDimensions: true) - 1
        return Operations.relu(x - surplus / isIn.sum(axis: -1, keepDimensions: true))
    }

    /// `x` above a threshold, else a fixed value. A model with it cannot be saved as JSON, since Keras has no settings of
    /// activations.
    public static func threshold(_ threshold: Float, else value: Float) -> ActivationFunction {
        ActivationFunction { x in select(where: greater(x, threshold), x, value) }
    }

    /// The activations by Keras's names.
    static let table: [String: Named<Function>] = {
        let all = [
            linear, relu, relu6, softmax, logSoftmax, sigmoid, tanh, softplus, softsign, elu, selu, silu, gelu,
            leakyRelu, hardSigmoid, hardSilu, exponential, mish, celu, glu, hardTanh, hardShrink, softShrink,
            tanhShrink, squareplus, logSigmoid, sparsePlus, sparseSigmoid, sparsemax,
        ]
        var table = Dictionary(all.map { ($0.name, $0.named) }, uniquingKeysWith: { first, _ in first })
        table["swish"] = silu.named
        table["hard_swish"] = hardSilu.named
        return table
    }()
}
