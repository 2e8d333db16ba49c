// Pooling over all places at once.

public import Graphs
public import Operations
public import Tensors

/// What the layers that pool over all places have in common: their settings, and how these stand in files.
protocol GlobalPoolingLayer: ConfigurableLayer {
    var keepsDimensions: Bool { get }
    var dataFormat: DataFormat { get }
    init(keepsDimensions: Bool, dataFormat: DataFormat, inputShape: Shape?, name: String?)
}

extension GlobalPoolingLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            ["keepdims": .bool(keepsDimensions), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        self.init(
            keepsDimensions: try configuration.bool("keepdims", default: false),
            dataFormat: try configuration.dataFormat(), inputShape: nil, name: configuration.layerName)
    }

    /// The axes between those of the samples and of the channels; nil, with a mistake, for an input of another rank.
    func placeAxes(of input: Tensor<Float>, rank: Int, _ what: String, _ context: LayerContext) -> [Int]? {
        guard context.hasRank(rank, input, what) else { return nil }
        return dataFormat == .channelsFirst ? Array(2..<rank) : Array(1..<(rank - 1))
    }
}

/// The largest elements of whole sequences, channel by channel.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, channels]`, or with axes of size 1 where `keepsDimensions`.
/// - Source: Keras's `GlobalMaxPooling1D`.
public struct GlobalMaxPooling1D: GlobalPoolingLayer, UnaryLayer, MaskEnding {
    public let state: LayerState
    public let keepsDimensions: Bool
    public let dataFormat: DataFormat

    public init(
        keepsDimensions: Bool = false, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.keepsDimensions = keepsDimensions
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let axes = placeAxes(of: input, rank: 3, "sequences", context) else { return context.nothing }
        return input.max(axes: axes, keepDimensions: keepsDimensions)
    }
}

/// The largest elements of whole images, channel by channel.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, channels]`, or with axes of size 1 where `keepsDimensions`.
/// - Source: Keras's `GlobalMaxPooling2D`.
public struct GlobalMaxPooling2D: GlobalPoolingLayer, UnaryLayer, MaskEnding {
    public let state: LayerState
    public let keepsDimensions: Bool
    public let dataFormat: DataFormat

    public init(
        keepsDimensions: Bool = false, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.keepsDimensions = keepsDimensions
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let axes = placeAxes(of: input, rank: 4, "images", context) else { return context.nothing }
        return input.max(axes: axes, keepDimensions: keepsDimensions)
    }
}

/// The mean elements of whole sequences, channel by channel.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, channels]`, or with axes of size 1 where `keepsDimensions`.
/// - Source: Keras's `GlobalAveragePooling1D`.
public struct GlobalAveragePooling1D: GlobalPoolingLayer {
    public let state: LayerState
    public let keepsDimensions: Bool
    public let dataFormat: DataFormat

    public init(
        keepsDimensions: Bool = false, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.keepsDimensions = keepsDimensions
        self.dataFormat = dataFormat
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let input = context.single(inputs) else { return [LayerValue(context.nothing)] }
        let values = context.float(input.tensor)
        guard let axes = placeAxes(of: values, rank: 3, "sequences", context) else {
            return [LayerValue(context.nothing)]
        }
        guard let mask = input.mask, dataFormat == .channelsLast else {
            return [LayerValue(values.mean(axes: axes, keepDimensions: keepsDimensions))]
        }
        // Steps that are masked do not count.
        let counts = cast(mask, to: Float.self).expandingDimension(at: 2)
        let sum = (values * counts).sum(axes: axes, keepDimensions: keepsDimensions)
        return [LayerValue(sum / counts.sum(axes: axes, keepDimensions: keepsDimensions))]
    }
}

/// The mean elements of whole images, channel by channel.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, channels]`, or with axes of size 1 where `keepsDimensions`.
/// - Source: Keras's `GlobalAveragePooling2D`.
public struct GlobalAveragePooling2D: GlobalPoolingLayer, UnaryLayer, MaskEnding {
    public let state: LayerState
    public let keepsDimensions: Bool
    public let dataFormat: DataFormat

    public init(
        keepsDimensions: Bool = false, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.keepsDimensions = keepsDimensions
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let axes = placeAxes(of: input, rank: 4, "images", context) else { return context.nothing }
        return input.mean(axes: axes, keepDimensions: keepsDimensions)
    }
}
