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

    private init(_ className: String, _ settings: [String: JSONValue], _ initializer: Initializer<Float>) {
        named = .known(Configuration(className, settings), initializer)
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
            .normal(mean: mean, standardDeviation: standardDeviation, seed: seed))
    }

    /// Numbers drawn evenly from `minimum..<maximum`.
    public static func randomUniform(
        minimum: Float = -0.05, maximum: Float = 0.05, seed: Int? = nil
    ) -> WeightInitializer {
        WeightInitializer(
            "RandomUniform",
            ["minval": .number(Double(minimum)), "maxval": .number(Double(maximum)), "seed": JSONValue(seed)],
            .uniform(in: minimum..<max(minimum, maximum), seed: seed))
    }

    /// Normally distributed numbers, drawn anew where they are more than two standard deviations from the mean.
    public static func truncatedNormal(
        mean: Float = 0, standardDeviation: Float = 0.05, seed: Int? = nil
    ) -> WeightInitializer {
        WeightInitializer(
            "TruncatedNormal",
            ["mean": .number(Double(mean)), "stddev": .number(Double(standardDeviation)), "seed": JSONValue(seed)],
            .truncatedNormal(mean: mean, standardDeviation: standardDeviation, seed: seed))
    }

    /// Even in ±√(6 / (inputs + outputs)).
    ///
    /// - Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks".
    public static func glorotUniform(seed: Int? = nil) -> WeightInitializer {
        WeightInitializer(
            "GlorotUniform", ["seed": JSONValue(seed)],
            Initializer { shape in
                let receptive = shape.dropLast(2).reduce(1, *)
                let fans = shape.count < 2 ? 2 * (shape.first ?? 1) : receptive * shape.suffix(2).reduce(0, +)
                let limit = (6 / Float(max(1, fans))).squareRoot()
                return Operations.randomUniform(shape, in: -limit..<limit, seed: seed)
            })
    }

    /// The initializers by Keras's names.
    static let table: [String: Named<Initializer<Float>>] = [
        "zeros": zeros.named, "ones": ones.named, "random_normal": randomNormal().named,
        "random_uniform": randomUniform().named, "truncated_normal": truncatedNormal().named,
        "glorot_uniform": glorotUniform().named,
    ]
}
