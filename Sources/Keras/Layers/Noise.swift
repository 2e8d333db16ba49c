// Layers that disturb training so that networks rely on no single detail; in use they change nothing.

public import Graphs
public import Operations
public import Tensors

/// What is dropped in training: its rate, and the seed that decides it together with the graph's.
protocol DroppingLayer: UnaryLayer, ConfigurableLayer {
    var rate: Double { get }
    var seed: Int? { get }
    init(_ rate: Double, seed: Int?, inputShape: Shape?, name: String?)
}

extension DroppingLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["rate": .number(rate), "seed": JSONValue(seed)])
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.number("rate", default: 0), seed: try configuration.seed(), inputShape: nil,
            name: configuration.layerName)
    }
}

/// Adds normally distributed noise in training.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `GaussianNoise`.
public struct GaussianNoise: UnaryLayer {
    public let state: LayerState
    public let standardDeviation: Float
    public let seed: Int?

    public init(_ standardDeviation: Float, seed: Int? = nil, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.standardDeviation = standardDeviation
        self.seed = seed
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard standardDeviation >= 0 else {
            return context.mistake("the standard deviation must not be below 0, but is \(standardDeviation)")
        }
        guard standardDeviation > 0, context.isTraining else { return input }
        return input
            + randomNormal(shape(of: input), mean: 0, standardDeviation: standardDeviation, seed: seed)
    }
}

/// Multiplies by normally distributed noise of mean 1 in training, whose variance is that of `Dropout(rate)`.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `GaussianDropout`.
public struct GaussianDropout: DroppingLayer {
    public let state: LayerState
    public let rate: Double
    public let seed: Int?

    public init(_ rate: Double, seed: Int? = nil, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.rate = rate
        self.seed = seed
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard (0..<1).contains(rate) else {
            return context.mistake("the rate must be from 0 up to, but not 1, but is \(rate)")
        }
        guard rate > 0, context.isTraining else { return input }
        let deviation = Float((rate / (1 - rate)).squareRoot())
        return input * randomNormal(shape(of: input), mean: 1, standardDeviation: deviation, seed: seed)
    }
}

/// Dropout that keeps mean and variance of self-normalising activations (`selu`).
///
/// - Shapes: any, unchanged.
/// - Source: G. Klambauer et al., "Self-normalizing neural networks" (2017); Keras's `AlphaDropout`.
public struct AlphaDropout: DroppingLayer {
    public let state: LayerState
    public let rate: Double
    public let seed: Int?

    public init(_ rate: Double, seed: Int? = nil, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.rate = rate
        self.seed = seed
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard (0..<1).contains(rate) else {
            return context.mistake("the rate must be from 0 up to, but not 1, but is \(rate)")
        }
        guard rate > 0, context.isTraining else { return input }
        let rate = Float(rate)
        // What selu tends to far below 0.
        let floor: Float = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
        let keeps = greaterEqual(randomUniform(shape(of: input), in: 0..<1, seed: seed), rate)
        let a = ((1 - rate) * (1 + rate * floor * floor)).squareRoot()
        let kept = select(where: keeps, input, floor)
        return kept * (1 / a) - floor * rate / a
    }
}

/// Dropout of whole channels of sequences.
///
/// - Shapes: `[batch, steps, channels]`, unchanged.
/// - Source: J. Tompson et al., "Efficient object localization using convolutional networks" (2015); Keras's
///   `SpatialDropout1D`.
public struct SpatialDropout1D: DroppingLayer {
    public let state: LayerState
    public let rate: Double
    public let seed: Int?

    public init(_ rate: Double, seed: Int? = nil, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.rate = rate
        self.seed = seed
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard context.hasRank(3, input, "[batch, steps, channels]") else { return context.nothing }
        return droppingWhole(input, rate, [nil, 1, nil], seed, context)
    }
}

/// Dropout of whole channels of images.
///
/// - Shapes: `[batch, height, width, channels]`, or with the channels first, unchanged.
/// - Source: as `SpatialDropout1D`.
public struct SpatialDropout2D: UnaryLayer {
    public let state: LayerState
    public let rate: Double
    public let seed: Int?
    public let dataFormat: DataFormat

    public init(
        _ rate: Double, seed: Int? = nil, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.rate = rate
        self.seed = seed
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        let isFirst = dataFormat == .channelsFirst
        let meaning = isFirst ? "[batch, channels, height, width]" : "[batch, height, width, channels]"
        guard context.hasRank(4, input, meaning) else { return context.nothing }
        return droppingWhole(input, rate, isFirst ? [nil, nil, 1, 1] : [nil, 1, 1, nil], seed, context)
    }
}

func droppingWhole(
    _ input: Tensor<Float>, _ rate: Double, _ noiseShape: [Int?], _ seed: Int?, _ context: LayerContext
) -> Tensor<Float> {
    guard (0...1).contains(rate) else { return context.mistake("the rate must be from 0 to 1, but is \(rate)") }
    guard rate > 0, context.isTraining else { return input }
    return rate == 1 ? zeros(like: input) : dropout(input, rate: rate, noiseShape: noiseShape, seed: seed)
}

/// Lets large activations cost something.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `ActivityRegularization`.
public struct ActivityRegularization: UnaryLayer {
    public let state: LayerState
    public let l1: Float
    public let l2: Float

    public init(l1: Float = 0, l2: Float = 0, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.l1 = l1
        self.l2 = l2
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        context.addActivityLoss(.l1l2(l1: l1, l2: l2), of: input)
        return input
    }
}

// MARK: - In files

extension GaussianNoise: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className, ["stddev": .number(Double(standardDeviation)), "seed": JSONValue(seed)])
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.float("stddev", default: 0), seed: try configuration.seed(),
            name: configuration.layerName)
    }
}

extension SpatialDropout2D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            ["rate": .number(rate), "seed": JSONValue(seed), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.number("rate", default: 0), seed: try configuration.seed(),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}

extension ActivityRegularization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["l1": .number(Double(l1)), "l2": .number(Double(l2))])
    }

    public init(configuration: Configuration) throws {
        self.init(
            l1: try configuration.float("l1", default: 0), l2: try configuration.float("l2", default: 0),
            name: configuration.layerName)
    }
}
