// Images of another size: larger by whole factors, of a given size, or cut out of the middle.

public import Graphs
public import Operations
public import Tensors

/// How elements between those of an image are made.
public enum Interpolation: String, Hashable, Sendable, CaseIterable {
    /// The nearest element.
    case nearest
    /// The mean of the four nearest, by their distances.
    case bilinear

    fileprivate var method: ResizeMethod { self == .nearest ? .nearest : .bilinear }
}

extension Configuration {
    func interpolation(default value: Interpolation) throws -> Interpolation {
        let name = try string("interpolation", default: value.rawValue)
        if let found = Interpolation(rawValue: name) { return found }
        throw KerasError.unknownName(name, "interpolation", known: Interpolation.allCases.map(\.rawValue))
    }
}

/// Repeats each step of sequences.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, size · steps, channels]`.
/// - Source: Keras's `UpSampling1D`.
public struct UpSampling1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let size: Int

    public init(_ size: Int = 2, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.size = size
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard size > 0 else { return context.mistake("the size must be at least 1, but is \(size)") }
        guard context.hasRank(3, input, "[batch, steps, channels]") else { return context.nothing }
        return input.repeatingElements(size, axis: 1)
    }
}

/// Repeats rows and columns of images, or makes new ones between them.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, size.0 · height, size.1 · width, channels]`.
/// - Source: Keras's `UpSampling2D`.
public struct UpSampling2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let size: (Int, Int)
    public let dataFormat: DataFormat
    public let interpolation: Interpolation

    public init(
        _ size: (Int, Int) = (2, 2), dataFormat: DataFormat = .channelsLast, interpolation: Interpolation = .nearest,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.size = size
        self.dataFormat = dataFormat
        self.interpolation = interpolation
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard size.0 > 0, size.1 > 0 else { return context.mistake("sizes must be at least 1, but are \(size)") }
        guard context.hasRank(4, input, "[batch, height, width, channels]") else { return context.nothing }
        let first = dataFormat == .channelsFirst ? 2 : 1
        if interpolation == .nearest {
            return input.repeatingElements(size.0, axis: first).repeatingElements(size.1, axis: first + 1)
        }
        guard let height = context.size(ofAxis: first, of: input),
            let width = context.size(ofAxis: first + 1, of: input)
        else { return context.nothing }
        let (rows, rowsOverflow) = height.multipliedReportingOverflow(by: size.0)
        let (columns, columnsOverflow) = width.multipliedReportingOverflow(by: size.1)
        guard !rowsOverflow, !columnsOverflow else { return context.mistake("sizes \(size) are too large") }
        return dataFormat.withChannelsLast(input) { resized($0, to: (rows, columns), method: .bilinear) }
    }
}

/// Images of a given height and width.
///
/// - Shapes: `[batch, height', width', channels]` → `[batch, height, width, channels]`.
/// - Source: Keras's `Resizing`, without antialiasing and without padding.
public struct Resizing: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let height: Int
    public let width: Int
    public let interpolation: Interpolation
    /// Whether the largest part of the new aspect ratio is cut out of the middle first, so that nothing is distorted.
    public let cropsToAspectRatio: Bool
    public let dataFormat: DataFormat

    public init(
        _ height: Int, _ width: Int, interpolation: Interpolation = .bilinear, cropsToAspectRatio: Bool = false,
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.height = height
        self.width = width
        self.interpolation = interpolation
        self.cropsToAspectRatio = cropsToAspectRatio
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let own = imageSize(of: input, (height, width), dataFormat, context) else { return context.nothing }
        return dataFormat.withChannelsLast(input) { images in
            let images = cropsToAspectRatio ? croppedToAspectRatio(images, own, (height, width)) : images
            return resized(images, to: (height, width), method: interpolation.method)
        }
    }
}

/// The middle of images; smaller images are made larger first.
///
/// - Shapes: `[batch, height', width', channels]` → `[batch, height, width, channels]`.
/// - Source: Keras's `CenterCrop`.
public struct CenterCrop: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let height: Int
    public let width: Int
    public let dataFormat: DataFormat

    public init(
        _ height: Int, _ width: Int, dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.height = height
        self.width = width
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let own = imageSize(of: input, (height, width), dataFormat, context) else { return context.nothing }
        return dataFormat.withChannelsLast(input) { images in
            if own.0 >= height, own.1 >= width {
                return cut(images, from: ((own.0 - height) / 2, (own.1 - width) / 2), (height, width))
            }
            return resized(
                croppedToAspectRatio(images, own, (height, width)), to: (height, width), method: .bilinear)
        }
    }
}

/// The height and width of images, or nil and a mistake.
func imageSize(
    of input: Tensor<Float>, _ wanted: (Int, Int), _ dataFormat: DataFormat, _ context: LayerContext
) -> (Int, Int)? {
    guard wanted.0 > 0, wanted.1 > 0 else {
        context.report("the height and the width must be at least 1, but are \(wanted)")
        return nil
    }
    guard context.hasRank(4, input, "images") else { return nil }
    let first = dataFormat == .channelsFirst ? 2 : 1
    guard let height = context.size(ofAxis: first, of: input), let width = context.size(ofAxis: first + 1, of: input)
    else { return nil }
    return (height, width)
}

/// The largest part of another aspect ratio in the middle, with Keras's rounding.
func croppedToAspectRatio(_ images: Tensor<Float>, _ own: (Int, Int), _ wanted: (Int, Int)) -> Tensor<Float> {
    func scaled(_ size: Int, _ numerator: Int, _ denominator: Int, atMost most: Int) -> Int {
        let (product, overflows) = size.multipliedReportingOverflow(by: numerator)
        return overflows ? most : max(1, min(most, product / denominator))
    }
    let height = scaled(own.1, wanted.0, wanted.1, atMost: own.0)
    let width = scaled(own.0, wanted.1, wanted.0, atMost: own.1)
    return cut(images, from: ((own.0 - height) / 2, (own.1 - width) / 2), (height, width))
}

private func cut(_ images: Tensor<Float>, from start: (Int, Int), _ size: (Int, Int)) -> Tensor<Float> {
    images[.all, start.0..<start.0 + size.0, start.1..<start.1 + size.1]
}

extension DataFormat {
    /// Applies a function of images with the channels last.
    func withChannelsLast(
        _ images: Tensor<Float>, _ function: (Tensor<Float>) -> Tensor<Float>
    ) -> Tensor<Float> {
        guard self == .channelsFirst else { return function(images) }
        return function(images.transposed(permutation: [0, 2, 3, 1])).transposed(permutation: [0, 3, 1, 2])
    }
}

// MARK: - In files

extension UpSampling1D: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["size": .integer(size)]) }

    public init(configuration: Configuration) throws {
        self.init(try configuration.integer("size", default: 2), name: configuration.layerName)
    }
}

extension UpSampling2D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "size": JSONValue([size.0, size.1]), "interpolation": .string(interpolation.rawValue),
                "data_format": .string(dataFormat.kerasName),
            ])
    }

    public init(configuration: Configuration) throws {
        let size = try configuration.integers("size", count: 2, default: [2, 2])
        self.init(
            (size[0], size[1]), dataFormat: try configuration.dataFormat(),
            interpolation: try configuration.interpolation(default: .nearest), name: configuration.layerName)
    }
}

extension Resizing: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "height": .integer(height), "width": .integer(width),
                "interpolation": .string(interpolation.rawValue), "crop_to_aspect_ratio": .bool(cropsToAspectRatio),
                "data_format": .string(dataFormat.kerasName),
            ])
    }

    public init(configuration: Configuration) throws {
        for key in ["pad_to_aspect_ratio", "antialias"] where configuration.settings[key]?.bool == true {
            throw KerasError("\"\(key)\" of Resizing is not taken here")
        }
        self.init(
            try configuration.integer("height"), try configuration.integer("width"),
            interpolation: try configuration.interpolation(default: .bilinear),
            cropsToAspectRatio: try configuration.bool("crop_to_aspect_ratio", default: false),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}

extension CenterCrop: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "height": .integer(height), "width": .integer(width), "data_format": .string(dataFormat.kerasName),
            ])
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.integer("height"), try configuration.integer("width"),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}
