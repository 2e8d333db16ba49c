// Volumes padded, cut, repeated, or dropped by channels.

public import Graphs
public import Operations
public import Tensors

/// Whether an input is volumes; else a mistake.
private func areVolumes(_ input: Tensor<Float>, _ dataFormat: DataFormat, _ context: LayerContext) -> Bool {
    let isFirst = dataFormat == .channelsFirst
    let meaning = isFirst ? "[batch, channels, depth, height, width]" : "[batch, depth, height, width, channels]"
    return context.hasRank(5, input, meaning)
}

/// Zeros around volumes.
///
/// - Shapes: `[batch, depth, height, width, channels]`, each of the three larger by both its paddings.
/// - Source: Keras's `ZeroPadding3D`.
public struct ZeroPadding3D: UnaryLayer, MaskEnding {
    public let state: LayerState
    /// How many to put before and behind, along depth, height and width.
    public let padding: [(Int, Int)]
    public let dataFormat: DataFormat

    /// - Parameters:
    ///   - depth, vertical, horizontal: how many before and how many behind, along each axis.
    public init(
        depth: (Int, Int) = (1, 1), vertical: (Int, Int) = (1, 1), horizontal: (Int, Int) = (1, 1),
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        padding = [depth, vertical, horizontal]
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard padding.allSatisfy({ $0.0 >= 0 && $0.1 >= 0 }) else {
            return context.mistake("padding must not be below 0")
        }
        guard areVolumes(input, dataFormat, context) else { return context.nothing }
        return input.padded(
            dataFormat == .channelsFirst ? [(0, 0), (0, 0)] + padding : [(0, 0)] + padding + [(0, 0)])
    }
}

/// Cuts the sides off volumes.
///
/// - Shapes: `[batch, depth, height, width, channels]`, each of the three smaller by both its cuts.
/// - Source: Keras's `Cropping3D`.
public struct Cropping3D: UnaryLayer, MaskEnding {
    public let state: LayerState
    /// How many to cut off before and behind, along depth, height and width.
    public let cropping: [(Int, Int)]
    public let dataFormat: DataFormat

    /// - Parameters:
    ///   - depth, vertical, horizontal: how many before and how many behind, along each axis.
    public init(
        depth: (Int, Int) = (1, 1), vertical: (Int, Int) = (1, 1), horizontal: (Int, Int) = (1, 1),
        dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        cropping = [depth, vertical, horizontal]
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard areVolumes(input, dataFormat, context) else { return context.nothing }
        let first = dataFormat == .channelsFirst ? 2 : 1
        return cropped(input, cropping.enumerated().map { (first + $0, $1) }, context)
    }
}

/// Repeats layers, rows and columns of volumes.
///
/// - Shapes: `[batch, depth, height, width, channels]` → each of the three larger by its factor.
/// - Source: Keras's `UpSampling3D`.
public struct UpSampling3D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let size: (Int, Int, Int)
    public let dataFormat: DataFormat

    public init(
        _ size: (Int, Int, Int) = (2, 2, 2), dataFormat: DataFormat = .channelsLast, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.size = size
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard size.0 > 0, size.1 > 0, size.2 > 0 else {
            return context.mistake("sizes must be at least 1, but are \(size)")
        }
        guard areVolumes(input, dataFormat, context) else { return context.nothing }
        let first = dataFormat == .channelsFirst ? 2 : 1
        return input.repeatingElements(size.0, axis: first).repeatingElements(size.1, axis: first + 1)
            .repeatingElements(size.2, axis: first + 2)
    }
}

/// Dropout of whole channels of volumes.
///
/// - Shapes: `[batch, depth, height, width, channels]`, or with the channels first, unchanged.
/// - Source: as `SpatialDropout1D`.
public struct SpatialDropout3D: UnaryLayer {
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
        guard areVolumes(input, dataFormat, context) else { return context.nothing }
        let noise: [Int?] = dataFormat == .channelsFirst ? [nil, nil, 1, 1, 1] : [nil, 1, 1, 1, nil]
        return droppingWhole(input, rate, noise, seed, context)
    }
}

// MARK: - In files

extension Configuration {
    fileprivate static func json(ofPairs pairs: [(Int, Int)]) -> JSONValue {
        .array(pairs.map { JSONValue([$0.0, $0.1]) })
    }

    /// Pairs of numbers for depth, height and width, in any of Keras's forms: one number, one for each, a pair for each.
    fileprivate func triplesOfPairs(_ key: String) throws -> [(Int, Int)] {
        try setting(key, [(1, 1), (1, 1), (1, 1)], "numbers or pairs of numbers") { json in
            let parts = json.integer.map { _ in [json, json, json] } ?? json.array ?? []
            let pairs = parts.compactMap { part -> (Int, Int)? in
                if let single = part.integer { return (single, single) }
                let pair = part.array?.compactMap(\.integer) ?? []
                return pair.count == 2 ? (pair[0], pair[1]) : nil
            }
            return pairs.count == 3 && parts.count == 3 ? pairs : nil
        }
    }
}

extension ZeroPadding3D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            ["padding": Configuration.json(ofPairs: padding), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        let pairs = try configuration.triplesOfPairs("padding")
        self.init(
            depth: pairs[0], vertical: pairs[1], horizontal: pairs[2], dataFormat: try configuration.dataFormat(),
            name: configuration.layerName)
    }
}

extension Cropping3D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            ["cropping": Configuration.json(ofPairs: cropping), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        let pairs = try configuration.triplesOfPairs("cropping")
        self.init(
            depth: pairs[0], vertical: pairs[1], horizontal: pairs[2], dataFormat: try configuration.dataFormat(),
            name: configuration.layerName)
    }
}

extension UpSampling3D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            ["size": JSONValue([size.0, size.1, size.2]), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        let size = try configuration.integers("size", count: 3, default: [2, 2, 2])
        self.init(
            (size[0], size[1], size[2]), dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}

extension SpatialDropout3D: ConfigurableLayer {
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
