// Images that are turned, moved and zoomed at random in training; in use they stay as they are.

import Graphs
public import Operations
public import Tensors

/// A layer that looks at each image of a batch through a matrix of its own in training.
protocol RandomTransformation: RandomImageLayer {
    var lookup: ImageLookup { get }
    var dataFormat: DataFormat { get }
    /// - Parameters:
    ///   - images: `[batch, height, width, channels]`.
    func matrices(for images: Tensor<Float>, _ size: (height: Int, width: Int)) -> ImageMatrices
}

extension RandomTransformation {
    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        if let misuse { return context.mistake(misuse) }
        guard context.hasRank(4, input, "images") else { return context.nothing }
        let axes = dataFormat == .channelsFirst ? [2, 3, 1] : [1, 2, 3]
        for axis in axes where context.size(ofAxis: axis, of: input) == nil { return context.nothing }
        let (height, width) = (input.shape[axes[0]] ?? 1, input.shape[axes[1]] ?? 1)
        if height < 1 || width < 1 || clampedProduct(height, width) > Int32.max {
            return context.mistake("images of \(height) by \(width) elements cannot be looked up")
        }
        return context.isTraining ? changed(input) : input
    }

    func changed(_ images: Tensor<Float>) -> Tensor<Float> {
        dataFormat.withChannelsLast(images) { images in
            let size = (height: images.shape[1] ?? 1, width: images.shape[2] ?? 1)
            return lookup.transformed(images, matrices(for: images, size), size)
        }
    }

    /// A number for each image, `[batch, 1, 1]`, others for each index.
    fileprivate func numbers(
        _ index: Int, in range: (Float, Float), for images: Tensor<Float>
    ) -> Tensor<Float> {
        numbers(in: range, for: images, index: index).squeezed(axes: [3])
    }
}

/// Turns images round their middle, each by an angle of its own.
///
///     RandomRotation(0.1)                     // up to 36 degrees in both directions
///
/// - Shapes: `[batch, height, width, channels]`, unchanged; all but the batch must be known.
/// - Gradient: to the elements that were looked up, by their shares.
/// - Source: Keras's `RandomRotation`.
public struct RandomRotation: RandomTransformation {
    public let state: LayerState
    /// The least and the largest angle, in turns; from -1 to 1.
    public let factor: (Float, Float)
    public let seed: Int?
    public let dataFormat: DataFormat
    let lookup: ImageLookup

    /// - Parameters:
    ///   - fill: what lies beyond the edges; `value` where it is a constant.
    public init(
        _ factor: (Float, Float), fill: ImageFill = .reflect, value: Float = 0,
        interpolation: Interpolation = .bilinear, seed: Int? = nil, dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.factor = factor
        self.seed = seed
        self.dataFormat = dataFormat
        lookup = ImageLookup(fill: fill, value: value, interpolation: interpolation)
    }

    /// Up to `factor` turns in both directions.
    public init(
        _ factor: Float, fill: ImageFill = .reflect, value: Float = 0, interpolation: Interpolation = .bilinear,
        seed: Int? = nil, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            (-factor, factor), fill: fill, value: value, interpolation: interpolation, seed: seed,
            dataFormat: dataFormat, inputShape: inputShape, name: name)
    }

    var misuse: String? { misuse(of: factor, lowest: -1) }

    func matrices(for images: Tensor<Float>, _ size: (height: Int, width: Int)) -> ImageMatrices {
        let angles = numbers(0, in: factor, for: images) * (2 * Float.pi)
        return .turning(angles, height: size.height, width: size.width)
    }
}

/// Moves images, each by numbers of its own.
///
/// - Shapes: `[batch, height, width, channels]`, unchanged; all but the batch must be known.
/// - Gradient: to the elements that were looked up, by their shares.
/// - Source: Keras's `RandomTranslation`.
public struct RandomTranslation: RandomTransformation {
    public let state: LayerState
    /// The least and the most that images move down, as a part of their height; from -1 to 1.
    public let height: (Float, Float)
    /// The least and the most that images move to the right, as a part of their width; from -1 to 1.
    public let width: (Float, Float)
    public let seed: Int?
    public let dataFormat: DataFormat
    let lookup: ImageLookup

    /// - Parameters:
    ///   - fill: what lies beyond the edges; `value` where it is a constant.
    public init(
        height: (Float, Float), width: (Float, Float), fill: ImageFill = .reflect, value: Float = 0,
        interpolation: Interpolation = .bilinear, seed: Int? = nil, dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.height = height
        self.width = width
        self.seed = seed
        self.dataFormat = dataFormat
        lookup = ImageLookup(fill: fill, value: value, interpolation: interpolation)
    }

    /// Up to these parts of height and width, in both directions.
    public init(
        height: Float, width: Float, fill: ImageFill = .reflect, value: Float = 0,
        interpolation: Interpolation = .bilinear, seed: Int? = nil, dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            height: (-height, height), width: (-width, width), fill: fill, value: value, interpolation: interpolation,
            seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name)
    }

    var misuse: String? { misuse(of: height, lowest: -1) ?? misuse(of: width, lowest: -1) }

    func matrices(for images: Tensor<Float>, _ size: (height: Int, width: Int)) -> ImageMatrices {
        .moving(
            down: numbers(0, in: height, for: images) * Float(size.height),
            right: numbers(1, in: width, for: images) * Float(size.width))
    }
}

/// Zooms into images or out of them, each by factors of its own.
///
///     RandomZoom(height: (-0.25, 0))          // in, up to 4/3 as large
///
/// - Shapes: `[batch, height, width, channels]`, unchanged; all but the batch must be known.
/// - Gradient: to the elements that were looked up, by their shares.
/// - Source: Keras's `RandomZoom`.
public struct RandomZoom: RandomTransformation {
    public let state: LayerState
    /// By which part more of the height is seen, at least and at most; above -1 to 1.
    public let height: (Float, Float)
    /// The same for the width; nil: as for the height, so that nothing is distorted.
    public let width: (Float, Float)?
    public let seed: Int?
    public let dataFormat: DataFormat
    let lookup: ImageLookup

    /// - Parameters:
    ///   - fill: what lies beyond the edges; `value` where it is a constant.
    public init(
        height: (Float, Float), width: (Float, Float)? = nil, fill: ImageFill = .reflect, value: Float = 0,
        interpolation: Interpolation = .bilinear, seed: Int? = nil, dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.height = height
        self.width = width
        self.seed = seed
        self.dataFormat = dataFormat
        lookup = ImageLookup(fill: fill, value: value, interpolation: interpolation)
    }

    /// Up to `factor` in both directions, the same for height and width.
    public init(
        _ factor: Float, fill: ImageFill = .reflect, value: Float = 0, interpolation: Interpolation = .bilinear,
        seed: Int? = nil, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            height: (-factor, factor), fill: fill, value: value, interpolation: interpolation, seed: seed,
            dataFormat: dataFormat, inputShape: inputShape, name: name)
    }

    var misuse: String? {
        misuse(of: height, lowest: (-1 as Float).nextUp)
            ?? width.flatMap { misuse(of: $0, lowest: (-1 as Float).nextUp) }
    }

    func matrices(for images: Tensor<Float>, _ size: (height: Int, width: Int)) -> ImageMatrices {
        let tall = 1 + numbers(0, in: height, for: images)
        let wide = width.map { 1 + numbers(1, in: $0, for: images) } ?? tall
        return .shrinking(height: tall, width: wide, of: (size.height, size.width))
    }
}

// MARK: - In files

extension Configuration {
    fileprivate func lookup() throws -> ImageLookup {
        let name = try string("fill_mode", default: ImageFill.reflect.rawValue)
        guard let fill = ImageFill(rawValue: name) else {
            throw KerasError.unknownName(name, "fill mode", known: ImageFill.allCases.map(\.rawValue))
        }
        return ImageLookup(
            fill: fill, value: try float("fill_value", default: 0),
            interpolation: try interpolation(default: .bilinear))
    }
}

extension RandomTransformation {
    fileprivate func json(_ own: [String: JSONValue]) -> Configuration {
        let shared: [String: JSONValue] = [
            "fill_mode": .string(lookup.fill.rawValue), "fill_value": .number(Double(lookup.value)),
            "interpolation": .string(lookup.interpolation.rawValue), "seed": JSONValue(seed),
            "data_format": .string(dataFormat.kerasName),
        ]
        return Configuration(Self.className, own.merging(shared) { own, _ in own })
    }
}

extension RandomRotation {
    public var configuration: Configuration { json(["factor": Configuration.json(ofPair: factor)]) }

    public init(configuration: Configuration) throws {
        let lookup = try configuration.lookup()
        self.init(
            try configuration.pair("factor") { (-Swift.abs($0), Swift.abs($0)) }, fill: lookup.fill,
            value: lookup.value, interpolation: lookup.interpolation, seed: try configuration.seed(),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}

extension RandomTranslation {
    public var configuration: Configuration {
        json([
            "height_factor": Configuration.json(ofPair: height), "width_factor": Configuration.json(ofPair: width),
        ])
    }

    public init(configuration: Configuration) throws {
        let lookup = try configuration.lookup()
        self.init(
            height: try configuration.pair("height_factor") { (-Swift.abs($0), Swift.abs($0)) },
            width: try configuration.pair("width_factor") { (-Swift.abs($0), Swift.abs($0)) }, fill: lookup.fill,
            value: lookup.value, interpolation: lookup.interpolation, seed: try configuration.seed(),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}

extension RandomZoom {
    public var configuration: Configuration {
        json([
            "height_factor": Configuration.json(ofPair: height),
            "width_factor": width.map { Configuration.json(ofPair: $0) } ?? nil,
        ])
    }

    public init(configuration: Configuration) throws {
        let lookup = try configuration.lookup()
        let hasWidth = configuration.settings["width_factor"] ?? .null != .null
        self.init(
            height: try configuration.pair("height_factor") { (-Swift.abs($0), Swift.abs($0)) },
            width: hasWidth ? try configuration.pair("width_factor") { (-Swift.abs($0), Swift.abs($0)) } : nil,
            fill: lookup.fill, value: lookup.value, interpolation: lookup.interpolation,
            seed: try configuration.seed(), dataFormat: try configuration.dataFormat(),
            name: configuration.layerName)
    }
}
