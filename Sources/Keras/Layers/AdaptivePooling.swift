// Pooling to a given number of places, whatever the input's size: windows are as large as that takes.

import Graphs
public import Operations
public import Tensors

/// How an adaptive pooling layer makes one element of a window.
enum AdaptivePooling: Sendable {
    case max
    case average
}

/// Along an axis the places of the windows, `floor(i · size / places) ..< ceil((i + 1) · size / places)`.
private struct AdaptiveWindows {
    let size: Int
    let places: Int

    /// Whether they lie side by side, one as large as the other.
    var areAlike: Bool { size % places == 0 }
    /// How many elements the largest has; others have one fewer.
    var width: Int { size / places + (areAlike ? 0 : 2) }

    /// Why there cannot be so many.
    var refusal: String? {
        clampedProduct(places, size) == .max
            ? "there are too many" : Memory.refusal(of: [places, width], .int64)
    }

    /// The numbers of the elements, window by window, and their shares in the mean. What a window lacks is its last
    /// element again, which changes no maximum and has no share.
    func elements() -> (numbers: [Int64], shares: [Float]) {
        var numbers: [Int64] = []
        var shares: [Float] = []
        numbers.reserveCapacity(places * width)
        shares.reserveCapacity(places * width)
        for place in 0..<places {
            let start = place * size / places
            let end = ((place + 1) * size + places - 1) / places
            for offset in 0..<width {
                numbers.append(Int64(Swift.min(start + offset, end - 1)))
                shares.append(start + offset < end ? 1 / Float(end - start) : 0)
            }
        }
        return (numbers, shares)
    }
}

/// The settings of an adaptive pooling layer.
struct AdaptivePoolingSettings: Sendable {
    let sizes: [Int]
    let dataFormat: DataFormat

    /// Axis by axis: a window of several axes has the largest, or the mean, of its rows.
    func pooled(_ input: Tensor<Float>, _ kind: AdaptivePooling, _ context: LayerContext) -> Tensor<Float> {
        if sizes.contains(where: { $0 < 1 }) {
            return context.mistake(
                "output sizes must be at least 1, but \(sizes.count == 1 ? "it is \(sizes[0])" : "are \(sizes)")")
        }
        let kinds = ["sequences", "images", "volumes"]
        guard context.hasRank(sizes.count + 2, input, kinds[min(sizes.count, 3) - 1]) else { return context.nothing }
        let first = dataFormat == .channelsFirst ? 2 : 1
        var windows: [AdaptiveWindows] = []
        for (index, places) in sizes.enumerated() {
            guard let size = context.size(ofAxis: first + index, of: input) else { return context.nothing }
            if size < 1 { return context.mistake("cannot pool inputs of shape \(input.shape), which have no elements") }
            windows.append(AdaptiveWindows(size: size, places: places))
            if let refusal = windows[index].refusal {
                return context.mistake("cannot make \(counted(places, "place")) of \(size): \(refusal)")
            }
        }
        // In one step where windows lie side by side.
        var result = pool(input, kind, windows.map { $0.areAlike ? $0.width : 1 })
        for (index, windows) in windows.enumerated() where !windows.areAlike {
            result = pooled(result, kind, windows, axis: first + index, index)
        }
        return result
    }

    /// Along one axis, by windows that are not alike.
    private func pooled(
        _ input: Tensor<Float>, _ kind: AdaptivePooling, _ windows: AdaptiveWindows, axis: Int, _ index: Int
    ) -> Tensor<Float> {
        let (numbers, shares) = windows.elements()
        let elements = gather(input, constant(NDArray(numbers), in: input.graph), axis: axis)
        var extents = sizes.map { _ in 1 }
        extents[index] = windows.width
        if kind == .max { return pool(elements, .max, extents) }
        // The mean of all, times their number, is the sum.
        let behind = [Int](repeating: 1, count: sizes.count + 1 - axis)
        let factors = constant(NDArray(shares.map { $0 * Float(windows.width) }), in: input.graph)
        return pool(elements * factors.reshaped([shares.count] + behind), .average, extents)
    }

    /// By windows side by side.
    private func pool(_ x: Tensor<Float>, _ kind: AdaptivePooling, _ size: [Int]) -> Tensor<Float> {
        if size.allSatisfy({ $0 == 1 }) { return x }
        switch (size.count, kind) {
        case (1, .max): return maxPool1d(x, size: size[0], stride: size[0], dataFormat: dataFormat)
        case (1, .average): return averagePool1d(x, size: size[0], stride: size[0], dataFormat: dataFormat)
        case (2, .max):
            return maxPool2d(x, size: (size[0], size[1]), strides: (size[0], size[1]), dataFormat: dataFormat)
        case (2, .average):
            return averagePool2d(x, size: (size[0], size[1]), strides: (size[0], size[1]), dataFormat: dataFormat)
        case (_, .max):
            let extents = (size[0], size[1], size[2])
            return maxPool3d(x, size: extents, strides: extents, dataFormat: dataFormat)
        case (_, .average):
            let extents = (size[0], size[1], size[2])
            return averagePool3d(x, size: extents, strides: extents, dataFormat: dataFormat)
        }
    }

    var json: [String: JSONValue] {
        ["output_size": JSONValue(sizes), "data_format": .string(dataFormat.kerasName)]
    }

    init(_ sizes: [Int], _ dataFormat: DataFormat) { (self.sizes, self.dataFormat) = (sizes, dataFormat) }

    init(_ configuration: Configuration, rank: Int) throws {
        self.init(try configuration.integers("output_size", count: rank), try configuration.dataFormat())
    }
}

/// What the adaptive pooling layers have in common: how they pool, and how their settings stand in files.
protocol AdaptivePoolingLayer: ConfigurableLayer, UnaryLayer, MaskEnding {
    static var kind: AdaptivePooling { get }
    /// The number of axes that are pooled.
    static var rank: Int { get }
    var settings: AdaptivePoolingSettings { get }
    init(state: LayerState, settings: AdaptivePoolingSettings)
}

extension AdaptivePoolingLayer {
    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        settings.pooled(input, Self.kind, context)
    }

    public var configuration: Configuration { Configuration(Self.className, settings.json) }

    public init(configuration: Configuration) throws {
        self.init(
            state: LayerState(name: configuration.layerName),
            settings: try AdaptivePoolingSettings(configuration, rank: Self.rank))
    }
}

/// The mean elements of as many windows of sequences as are wanted.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, size, channels]`; the number of steps must be known.
/// - Gradient: to all elements of a window, by equal shares.
/// - Source: Keras's `AdaptiveAveragePooling1D`.
public struct AdaptiveAveragePooling1D: AdaptivePoolingLayer {
    static let kind = AdaptivePooling.average
    static let rank = 1
    public let state: LayerState
    let settings: AdaptivePoolingSettings

    init(state: LayerState, settings: AdaptivePoolingSettings) { (self.state, self.settings) = (state, settings) }

    public init(
        _ size: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            state: LayerState(name: name, inputShape: inputShape),
            settings: AdaptivePoolingSettings([size], dataFormat))
    }
}

/// The mean elements of as many windows of images as are wanted.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, size.0, size.1, channels]`; height and width must be known.
/// - Gradient: to all elements of a window, by equal shares.
/// - Source: Keras's `AdaptiveAveragePooling2D`.
public struct AdaptiveAveragePooling2D: AdaptivePoolingLayer {
    static let kind = AdaptivePooling.average
    static let rank = 2
    public let state: LayerState
    let settings: AdaptivePoolingSettings

    init(state: LayerState, settings: AdaptivePoolingSettings) { (self.state, self.settings) = (state, settings) }

    public init(
        _ size: (Int, Int), dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            state: LayerState(name: name, inputShape: inputShape),
            settings: AdaptivePoolingSettings([size.0, size.1], dataFormat))
    }

    /// The same size along all axes.
    public init(
        _ size: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init((size, size), dataFormat: dataFormat, inputShape: inputShape, name: name)
    }
}

/// The mean elements of as many windows of volumes as are wanted.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, size.0, size.1, size.2, channels]`; depth, height and width
///   must be known.
/// - Gradient: to all elements of a window, by equal shares.
/// - Source: Keras's `AdaptiveAveragePooling3D`.
public struct AdaptiveAveragePooling3D: AdaptivePoolingLayer {
    static let kind = AdaptivePooling.average
    static let rank = 3
    public let state: LayerState
    let settings: AdaptivePoolingSettings

    init(state: LayerState, settings: AdaptivePoolingSettings) { (self.state, self.settings) = (state, settings) }

    public init(
        _ size: (Int, Int, Int), dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            state: LayerState(name: name, inputShape: inputShape),
            settings: AdaptivePoolingSettings([size.0, size.1, size.2], dataFormat))
    }

    /// The same size along all axes.
    public init(
        _ size: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init((size, size, size), dataFormat: dataFormat, inputShape: inputShape, name: name)
    }
}

/// The largest elements of as many windows of sequences as are wanted.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, size, channels]`; the number of steps must be known.
/// - Gradient: to the largest element of each window.
/// - Source: Keras's `AdaptiveMaxPooling1D`.
public struct AdaptiveMaxPooling1D: AdaptivePoolingLayer {
    static let kind = AdaptivePooling.max
    static let rank = 1
    public let state: LayerState
    let settings: AdaptivePoolingSettings

    init(state: LayerState, settings: AdaptivePoolingSettings) { (self.state, self.settings) = (state, settings) }

    public init(
        _ size: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            state: LayerState(name: name, inputShape: inputShape),
            settings: AdaptivePoolingSettings([size], dataFormat))
    }
}

/// The largest elements of as many windows of images as are wanted.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, size.0, size.1, channels]`; height and width must be known.
/// - Gradient: to the largest element of each window.
/// - Source: Keras's `AdaptiveMaxPooling2D`.
public struct AdaptiveMaxPooling2D: AdaptivePoolingLayer {
    static let kind = AdaptivePooling.max
    static let rank = 2
    public let state: LayerState
    let settings: AdaptivePoolingSettings

    init(state: LayerState, settings: AdaptivePoolingSettings) { (self.state, self.settings) = (state, settings) }

    public init(
        _ size: (Int, Int), dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            state: LayerState(name: name, inputShape: inputShape),
            settings: AdaptivePoolingSettings([size.0, size.1], dataFormat))
    }

    /// The same size along all axes.
    public init(
        _ size: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init((size, size), dataFormat: dataFormat, inputShape: inputShape, name: name)
    }
}

/// The largest elements of as many windows of volumes as are wanted.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, size.0, size.1, size.2, channels]`; depth, height and width
///   must be known.
/// - Gradient: to the largest element of each window.
/// - Source: Keras's `AdaptiveMaxPooling3D`.
public struct AdaptiveMaxPooling3D: AdaptivePoolingLayer {
    static let kind = AdaptivePooling.max
    static let rank = 3
    public let state: LayerState
    let settings: AdaptivePoolingSettings

    init(state: LayerState, settings: AdaptivePoolingSettings) { (self.state, self.settings) = (state, settings) }

    public init(
        _ size: (Int, Int, Int), dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            state: LayerState(name: name, inputShape: inputShape),
            settings: AdaptivePoolingSettings([size.0, size.1, size.2], dataFormat))
    }

    /// The same size along all axes.
    public init(
        _ size: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init((size, size, size), dataFormat: dataFormat, inputShape: inputShape, name: name)
    }
}
