// Pooling of volumes, by windows and over all places at once.

public import Graphs
public import Operations
public import Tensors

/// The largest elements of windows of volumes.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, depth', height', width', channels]`.
/// - Source: Keras's `MaxPooling3D`.
public struct MaxPooling3D: UnaryLayer, MaskEnding {
    public let state: LayerState
    let settings: PoolingSettings

    /// - Parameters:
    ///   - strides: by how much windows move on; nil: by their size.
    public init(
        _ size: (Int, Int, Int) = (2, 2, 2), strides: (Int, Int, Int)? = nil, padding: LayerPadding = .valid,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        let step = strides ?? size
        settings = PoolingSettings(
            size: [size.0, size.1, size.2], strides: [step.0, step.1, step.2], padding: padding, dataFormat: dataFormat)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard settings.fits(input, context) else { return context.nothing }
        return maxPool3d(
            input, size: (settings.size[0], settings.size[1], settings.size[2]),
            strides: (settings.strides[0], settings.strides[1], settings.strides[2]),
            padding: settings.padding.operation, dataFormat: settings.dataFormat)
    }
}

extension MaxPooling3D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try PoolingSettings(configuration, rank: 3)
    }
}

/// The mean elements of windows of volumes.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, depth', height', width', channels]`.
/// - Source: Keras's `AveragePooling3D`.
public struct AveragePooling3D: UnaryLayer, MaskEnding {
    public let state: LayerState
    let settings: PoolingSettings

    /// - Parameters:
    ///   - strides: by how much windows move on; nil: by their size.
    public init(
        _ size: (Int, Int, Int) = (2, 2, 2), strides: (Int, Int, Int)? = nil, padding: LayerPadding = .valid,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        let step = strides ?? size
        settings = PoolingSettings(
            size: [size.0, size.1, size.2], strides: [step.0, step.1, step.2], padding: padding, dataFormat: dataFormat)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard settings.fits(input, context) else { return context.nothing }
        return averagePool3d(
            input, size: (settings.size[0], settings.size[1], settings.size[2]),
            strides: (settings.strides[0], settings.strides[1], settings.strides[2]),
            padding: settings.padding.operation, dataFormat: settings.dataFormat)
    }
}

extension AveragePooling3D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try PoolingSettings(configuration, rank: 3)
    }
}

/// The largest elements of whole volumes, channel by channel.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, channels]`, or with axes of size 1 where `keepsDimensions`.
/// - Source: Keras's `GlobalMaxPooling3D`.
public struct GlobalMaxPooling3D: GlobalPoolingLayer, UnaryLayer, MaskEnding {
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
        guard let axes = placeAxes(of: input, rank: 5, "volumes", context) else { return context.nothing }
        return input.max(axes: axes, keepDimensions: keepsDimensions)
    }
}

/// The mean elements of whole volumes, channel by channel.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, channels]`, or with axes of size 1 where `keepsDimensions`.
/// - Source: Keras's `GlobalAveragePooling3D`.
public struct GlobalAveragePooling3D: GlobalPoolingLayer, UnaryLayer, MaskEnding {
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
        guard let axes = placeAxes(of: input, rank: 5, "volumes", context) else { return context.nothing }
        return input.mean(axes: axes, keepDimensions: keepsDimensions)
    }
}
