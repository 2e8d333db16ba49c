// Pooling: windows of sequences and images are replaced by their largest or mean elements.

public import Graphs
public import Operations
public import Tensors

/// The settings of a pooling layer.
struct PoolingSettings: Sendable {
    let size: [Int]
    let strides: [Int]
    let padding: LayerPadding
    let dataFormat: DataFormat

    /// Whether the input and the settings fit; else a mistake.
    func fits(_ input: Tensor<Float>, _ context: LayerContext) -> Bool {
        if (size + strides).contains(where: { $0 < 1 }) {
            context.report("pool size and strides must be at least 1, but are \(size) and \(strides)")
            return false
        }
        if padding == .causal {
            context.report("causal padding is for convolutions", hint: "use valid or same")
            return false
        }
        let kinds = ["sequences", "images", "volumes"]
        return context.hasRank(size.count + 2, input, kinds[min(size.count, 3) - 1])
    }

    var json: [String: JSONValue] {
        [
            "pool_size": JSONValue(size), "strides": JSONValue(strides), "padding": .string(padding.rawValue),
            "data_format": .string(dataFormat.kerasName),
        ]
    }

    init(size: [Int], strides: [Int], padding: LayerPadding, dataFormat: DataFormat) {
        (self.size, self.strides, self.padding, self.dataFormat) = (size, strides, padding, dataFormat)
    }

    init(_ configuration: Configuration, rank: Int) throws {
        let size = try configuration.integers("pool_size", count: rank, default: Array(repeating: 2, count: rank))
        let hasStrides = configuration.settings["strides"] != nil && configuration.settings["strides"] != .null
        self.init(
            size: size, strides: hasStrides ? try configuration.integers("strides", count: rank) : size,
            padding: try configuration.padding(), dataFormat: try configuration.dataFormat())
    }
}

/// The largest elements of windows of sequences.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', channels]`.
/// - Source: Keras's `MaxPooling1D`.
public struct MaxPooling1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    let settings: PoolingSettings

    /// - Parameters:
    ///   - stride: by how much windows move on; nil: by their size.
    public init(
        _ size: Int = 2, stride: Int? = nil, padding: LayerPadding = .valid,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        let step = stride ?? size
        settings = PoolingSettings(
            size: [size], strides: [step], padding: padding, dataFormat: dataFormat)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard settings.fits(input, context) else { return context.nothing }
        return maxPool1d(
            input, size: settings.size[0], stride: settings.strides[0],
            padding: settings.padding.operation, dataFormat: settings.dataFormat)
    }
}

extension MaxPooling1D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try PoolingSettings(configuration, rank: 1)
    }
}

/// The largest elements of windows of images.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', channels]`.
/// - Source: Keras's `MaxPooling2D`.
public struct MaxPooling2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    let settings: PoolingSettings

    /// - Parameters:
    ///   - strides: by how much windows move on; nil: by their size.
    public init(
        _ size: (Int, Int) = (2, 2), strides: (Int, Int)? = nil, padding: LayerPadding = .valid,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        let step = strides ?? size
        settings = PoolingSettings(
            size: [size.0, size.1], strides: [step.0, step.1], padding: padding, dataFormat: dataFormat)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard settings.fits(input, context) else { return context.nothing }
        return maxPool2d(
            input, size: (settings.size[0], settings.size[1]), strides: (settings.strides[0], settings.strides[1]),
            padding: settings.padding.operation, dataFormat: settings.dataFormat)
    }
}

extension MaxPooling2D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try PoolingSettings(configuration, rank: 2)
    }
}

/// The mean elements of windows of sequences.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', channels]`.
/// - Source: Keras's `AveragePooling1D`.
public struct AveragePooling1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    let settings: PoolingSettings

    /// - Parameters:
    ///   - stride: by how much windows move on; nil: by their size.
    public init(
        _ size: Int = 2, stride: Int? = nil, padding: LayerPadding = .valid,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        let step = stride ?? size
        settings = PoolingSettings(
            size: [size], strides: [step], padding: padding, dataFormat: dataFormat)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard settings.fits(input, context) else { return context.nothing }
        return averagePool1d(
            input, size: settings.size[0], stride: settings.strides[0],
            padding: settings.padding.operation, dataFormat: settings.dataFormat)
    }
}

extension AveragePooling1D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try PoolingSettings(configuration, rank: 1)
    }
}

/// The mean elements of windows of images.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', channels]`.
/// - Source: Keras's `AveragePooling2D`.
public struct AveragePooling2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    let settings: PoolingSettings

    /// - Parameters:
    ///   - strides: by how much windows move on; nil: by their size.
    public init(
        _ size: (Int, Int) = (2, 2), strides: (Int, Int)? = nil, padding: LayerPadding = .valid,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        let step = strides ?? size
        settings = PoolingSettings(
            size: [size.0, size.1], strides: [step.0, step.1], padding: padding, dataFormat: dataFormat)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard settings.fits(input, context) else { return context.nothing }
        return averagePool2d(
            input, size: (settings.size[0], settings.size[1]), strides: (settings.strides[0], settings.strides[1]),
            padding: settings.padding.operation, dataFormat: settings.dataFormat)
    }
}

extension AveragePooling2D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try PoolingSettings(configuration, rank: 2)
    }
}
