// How weights start, by value or by Keras's name.

import Graphs
public import Operations
public import Tensors

/// A recipe for a weight's initial value.
///
///     Dense(512, kernelInitializer: .heNormal())
///     Dense(512, kernelInitializer: "he_normal")             // by Keras's name
///     Dense(512, kernelInitializer: WeightInitializer(.normal(standardDeviation: 0.03)))
public struct WeightInitializer: Sendable, ExpressibleByStringLiteral {
    let named: Named<Initializer<Float>>

    /// An initializer of variables. A model with it cannot be saved as JSON.
    public init(_ initializer: Initializer<Float>) {
        named = .known(Configuration("function"), initializer)
    }

    /// The initializer of Keras's name, such as `glorot_uniform`; an unknown name is a mistake where it is used.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The initializer of Keras's name, such as `glorot_uniform`; an unknown name is a mistake where it is used.
    public init(name: String) { named = Named(name, in: Self.table) }

    private init(
        _ className: String, _ settings: [String: JSONValue], _ initializer: Initializer<Float>,
        refused fact: String? = nil
    ) {
        named = Named(Configuration(className, settings), initializer, refused: fact)
    }

    /// What speaks against a normal distribution.
    private static func fact(againstMean mean: Float, _ standardDeviation: Float) -> String? {
        guard !(mean.isFinite && standardDeviation.isFinite && standardDeviation >= 0) else { return nil }
        return "has mean \(mean) and standard deviation \(standardDeviation), which must not be below 0"
    }

    /// The initializer of variables; for an unknown name zeros and a mistake.
    func initializer(in context: LayerContext) -> Initializer<Float> {
        do {
            return try named.function("initializer", known: Self.table.keys)
        } catch {
            context.report(error.message, hint: error.hint)
            return .zeros
        }
    }

    /// Zeros.
    public static let zeros = WeightInitializer("Zeros", [:], .zeros)
    /// Ones.
    public static let ones = WeightInitializer("Ones", [:], .ones)

    /// The same value in every element.
    public static func constant(_ value: Float) -> WeightInitializer {
        WeightInitializer("Constant", ["value": .number(Double(value))], .constant(value))
    }

    /// Normally distributed numbers.
    public static func randomNormal(
        mean: Float = 0, standardDeviation: Float = 0.05, seed: Int? = nil
    ) -> WeightInitializer {
        WeightInitializer(
            "RandomNormal",
            ["mean": .number(Double(mean)), "stddev": .number(Double(standardDeviation)), "seed": JSONValue(seed)],
            .normal(mean: mean, standardDeviation: standardDeviation, seed: seed),
            refused: fact(againstMean: mean, standardDeviation))
    }

    /// Numbers drawn evenly from `minimum..<maximum`.
    public static func randomUniform(
        minimum: Float = -0.05, maximum: Float = 0.05, seed: Int? = nil
    ) -> WeightInitializer {
        let isSound = minimum.isFinite && maximum.isFinite && minimum <= maximum
        return WeightInitializer(
            "RandomUniform",
            ["minval": .number(Double(minimum)), "maxval": .number(Double(maximum)), "seed": JSONValue(seed)],
            .uniform(in: isSound ? minimum..<maximum : 0..<1, seed: seed),
            refused: isSound ? nil : "draws from \(minimum) up to \(maximum), which is no range")
    }

    /// Normally distributed numbers, drawn anew where they are more than two standard deviations from the mean.
    public static func truncatedNormal(
        mean: Float = 0, standardDeviation: Float = 0.05, seed: Int? = nil
    ) -> WeightInitializer {
        WeightInitializer(
            "TruncatedNormal",
            ["mean": .number(Double(mean)), "stddev": .number(Double(standardDeviation)), "seed": JSONValue(seed)],
            .truncatedNormal(mean: mean, standardDeviation: standardDeviation, seed: seed),
            refused: fact(againstMean: mean, standardDeviation))
    }

    /// Random numbers with variance `scale / n`, where `n` is the size of the layer.
    public static func varianceScaling(
        scale: Double = 1, mode: FanMode = .fanIn, distribution: WeightDistribution = .truncatedNormal,
        seed: Int? = nil
    ) -> WeightInitializer {
        let modes: [FanMode: String] = [.fanIn: "fan_in", .fanOut: "fan_out", .fanAverage: "fan_avg"]
        let distributions: [WeightDistribution: String] = [
            .uniform: "uniform", .truncatedNormal: "truncated_normal", .normal: "untruncated_normal",
        ]
        return WeightInitializer(
            "VarianceScaling",
            [
                "scale": .number(scale), "mode": JSONValue(modes[mode]),
                "distribution": JSONValue(distributions[distribution]), "seed": JSONValue(seed),
            ], .varianceScaling(scale: scale, mode: mode, distribution: distribution, seed: seed),
            refused: scale > 0 && scale.isFinite ? nil : "has the scale \(scale), but must have one above 0")
    }

    /// Even in ±√(6 / (inputs + outputs)).
    ///
    /// - Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks".
    public static func glorotUniform(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer("GlorotUniform", ["seed": JSONValue(seed)], .glorotUniform(seed: seed))
    }

    /// Normal with variance 2 / (inputs + outputs), truncated.
    public static func glorotNormal(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer("GlorotNormal", ["seed": JSONValue(seed)], .glorotNormal(seed: seed))
    }

    /// Even in ±√(6 / inputs), for layers with rectifiers.
    public static func heUniform(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer("HeUniform", ["seed": JSONValue(seed)], .heUniform(seed: seed))
    }

    /// Normal with variance 2 / inputs, truncated, for layers with rectifiers.
    public static func heNormal(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer("HeNormal", ["seed": JSONValue(seed)], .heNormal(seed: seed))
    }

    /// Even in ±√(3 / inputs).
    public static func lecunUniform(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer("LecunUniform", ["seed": JSONValue(seed)], .lecunUniform(seed: seed))
    }

    /// Normal with variance 1 / inputs, truncated.
    public static func lecunNormal(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer("LecunNormal", ["seed": JSONValue(seed)], .lecunNormal(seed: seed))
    }

    /// Rows or columns at right angles.
    public static func orthogonal(gain: Double = 1, seed: Int? = nil) -> WeightInitializer {
        WeightInitializer(
            "OrthogonalInitializer", ["gain": .number(gain), "seed": JSONValue(seed)],
            .orthogonal(gain: gain, seed: seed))
    }

    /// The identity matrix.
    public static func identity(gain: Double = 1) -> WeightInitializer {
        WeightInitializer("Identity", ["gain": .number(gain)], .identity(gain: gain))
    }

    /// The initializers by Keras's names.
    static let table: [String: Named<Initializer<Float>>] = [
        "zeros": zeros.named, "ones": ones.named, "random_normal": randomNormal().named,
        "random_uniform": randomUniform().named, "truncated_normal": truncatedNormal().named,
        "variance_scaling": varianceScaling().named, "glorot_uniform": glorotUniform().named,
        "glorot_normal": glorotNormal().named, "he_uniform": heUniform().named, "he_normal": heNormal().named,
        "lecun_uniform": lecunUniform().named, "lecun_normal": lecunNormal().named,
        "orthogonal": orthogonal().named, "identity": identity().named,
    ]
}
