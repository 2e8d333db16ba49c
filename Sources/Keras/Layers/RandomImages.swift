// Images that are changed at random in training, so that networks see more than there are; in use they stay as they are.

import Graphs
public import Operations
public import Tensors

/// A layer that changes each image of a batch in its own way in training.
protocol RandomImageLayer: UnaryLayer, ConfigurableLayer {
    /// Decides together with the graph's seed.
    var seed: Int? { get }
    /// What is wrong with the settings.
    var misuse: String? { get }
    /// The images, changed.
    func changed(_ images: Tensor<Float>) -> Tensor<Float>
}

extension RandomImageLayer {
    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        if let misuse { return context.mistake(misuse) }
        guard context.hasRank(4, input, "images") else { return context.nothing }
        return context.isTraining ? changed(input) : input
    }

    /// A number for each image, `[batch, 1, 1, 1]`.
    ///
    /// - Parameters:
    ///   - index: with a seed, the same index gives the same numbers.
    func numbers(in range: (Float, Float), for images: Tensor<Float>, index: Int = 0) -> Tensor<Float> {
        let sizes = concatenate([shape(of: images)[0..<1], constant([1, 1, 1] as [Int32])], axis: 0)
        let unit: Tensor<Float> = randomUniform(sizes, seed: seed.map { $0 &+ index })
        return range.0 + unit * (range.1 - range.0)
    }

    /// What is wrong with a range of factors.
    func misuse(of factor: (Float, Float), lowest: Float) -> String? {
        guard lowest <= factor.0, factor.0 <= factor.1, factor.1 <= 1 else {
            return "factors must ascend from \(lowest) or above to at most 1, but are \(factor)"
        }
        return nil
    }
}

/// Turns images over: each with probability ½.
///
/// - Shapes: `[batch, height, width, channels]`, unchanged.
/// - Source: Keras's `RandomFlip`; as there, an image is turned over in both directions or in none.
public struct RandomFlip: RandomImageLayer {
    /// Where images are turned.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case horizontal
        case vertical
        case horizontalAndVertical = "horizontal_and_vertical"
    }

    public let state: LayerState
    public let mode: Mode
    public let seed: Int?
    public let dataFormat: DataFormat

    public init(
        _ mode: Mode = .horizontalAndVertical, seed: Int? = nil, dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.mode = mode
        self.seed = seed
        self.dataFormat = dataFormat
    }

    var misuse: String? { nil }

    func changed(_ images: Tensor<Float>) -> Tensor<Float> {
        flipped(images, where: lessEqual(numbers(in: (0, 1), for: images), 0.5))
    }

    /// - Parameters:
    ///   - isTurned: for each image, `[batch, 1, 1, 1]`.
    func flipped(_ images: Tensor<Float>, where isTurned: Tensor<Bool>) -> Tensor<Float> {
        let rows = dataFormat == .channelsFirst ? 2 : 1
        let axes = mode == .horizontal ? [rows + 1] : mode == .vertical ? [rows] : [rows, rows + 1]
        return select(where: isTurned, images.reversed(axes: axes), images)
    }
}

/// Makes images brighter or darker, each by a number of its own.
///
/// - Shapes: `[batch, height, width, channels]`, unchanged.
/// - Source: Keras's `RandomBrightness`.
public struct RandomBrightness: RandomImageLayer {
    public let state: LayerState
    /// The least and the most that is added, as a part of the range of values; from -1 to 1.
    public let factor: (Float, Float)
    /// The least and the largest value of an image.
    public let valueRange: (Float, Float)
    public let seed: Int?

    public init(
        _ factor: (Float, Float), valueRange: (Float, Float) = (0, 255), seed: Int? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.factor = factor
        self.valueRange = (min(valueRange.0, valueRange.1), max(valueRange.0, valueRange.1))
        self.seed = seed
    }

    /// Up to `factor` of the range of values, in both directions.
    public init(
        _ factor: Float, valueRange: (Float, Float) = (0, 255), seed: Int? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        self.init((-factor, factor), valueRange: valueRange, seed: seed, inputShape: inputShape, name: name)
    }

    var misuse: String? { misuse(of: factor, lowest: -1) }

    func changed(_ images: Tensor<Float>) -> Tensor<Float> {
        brightened(images, by: numbers(in: factor, for: images) * (valueRange.1 - valueRange.0))
    }

    /// - Parameters:
    ///   - more: what is added to each image, `[batch, 1, 1, 1]`.
    func brightened(_ images: Tensor<Float>, by more: Tensor<Float>) -> Tensor<Float> {
        minimum(maximum(images + more, valueRange.0), valueRange.1)
    }
}

/// Makes the differences in images larger or smaller, in each by a factor of its own.
///
///     y = (x - mean) · factor + mean,  factor even in [1 - lower, 1 + upper], mean of each channel of each image
///
/// - Shapes: `[batch, height, width, channels]`, unchanged.
/// - Source: Keras's `RandomContrast`.
public struct RandomContrast: RandomImageLayer {
    public let state: LayerState
    /// By how much the factor is below 1 at most, and by how much above; from 0 to 1.
    public let factor: (lower: Float, upper: Float)
    /// The least and the largest value of an image.
    public let valueRange: (Float, Float)
    public let seed: Int?
    public let dataFormat: DataFormat

    public init(
        _ factor: (lower: Float, upper: Float), valueRange: (Float, Float) = (0, 255), seed: Int? = nil,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.factor = factor
        self.valueRange = valueRange
        self.seed = seed
        self.dataFormat = dataFormat
    }

    var misuse: String? {
        for part in [factor.lower, factor.upper] where !(0...1).contains(part) {
            return "factors must be from 0 to 1, but are \((factor.lower, factor.upper))"
        }
        return nil
    }

    func changed(_ images: Tensor<Float>) -> Tensor<Float> {
        contrasted(images, by: numbers(in: (1 - factor.lower, 1 + factor.upper), for: images))
    }

    /// - Parameters:
    ///   - factors: that of each image, `[batch, 1, 1, 1]`.
    func contrasted(_ images: Tensor<Float>, by factors: Tensor<Float>) -> Tensor<Float> {
        let mean = images.mean(axes: dataFormat == .channelsFirst ? [2, 3] : [1, 2], keepDimensions: true)
        return minimum(maximum((images - mean) * factors + mean, valueRange.0), valueRange.1)
    }
}

// MARK: - In files

extension Configuration {
    /// A pair of numbers; one number where `single` says what it stands for.
    func pair(
        _ key: String, default value: (Float, Float)? = nil, single: (Float) -> (Float, Float)? = { _ in nil }
    ) throws -> (Float, Float) {
        try setting(key, value, "two numbers") { json in
            if let number = json.number { return single(Float(number)) }
            let numbers = json.array?.compactMap { $0.number.map { Float($0) } } ?? []
            return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
        }
    }

    static func json(ofPair pair: (Float, Float)) -> JSONValue {
        [.number(Double(pair.0)), .number(Double(pair.1))]
    }
}

extension RandomFlip {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "mode": .string(mode.rawValue), "seed": JSONValue(seed), "data_format": .string(dataFormat.kerasName),
            ])
    }

    public init(configuration: Configuration) throws {
        let name = try configuration.string("mode", default: Mode.horizontalAndVertical.rawValue)
        guard let mode = Mode(rawValue: name) else {
            throw KerasError.unknownName(name, "mode", known: Mode.allCases.map(\.rawValue))
        }
        self.init(
            mode, seed: try configuration.seed(), dataFormat: try configuration.dataFormat(),
            name: configuration.layerName)
    }
}

extension RandomBrightness {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "factor": Configuration.json(ofPair: factor), "value_range": Configuration.json(ofPair: valueRange),
                "seed": JSONValue(seed),
            ])
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.pair("factor") { (-$0, $0) },
            valueRange: try configuration.pair("value_range", default: (0, 255)), seed: try configuration.seed(),
            name: configuration.layerName)
    }
}

extension RandomContrast {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "factor": Configuration.json(ofPair: factor), "value_range": Configuration.json(ofPair: valueRange),
                "seed": JSONValue(seed), "data_format": .string(dataFormat.kerasName),
            ])
    }

    public init(configuration: Configuration) throws {
        let factor = try configuration.pair("factor") { (0, $0) }
        self.init(
            (factor.0, factor.1), valueRange: try configuration.pair("value_range", default: (0, 255)),
            seed: try configuration.seed(), dataFormat: try configuration.dataFormat(),
            name: configuration.layerName)
    }
}
