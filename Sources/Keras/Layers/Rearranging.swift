// Layers that move, repeat, pad or cut what they are given.

public import Graphs
public import Operations
public import Tensors

/// Puts the axes of each sample in another order.
///
/// - Shapes: `[batch, a, b]` with axes `[2, 1]` → `[batch, b, a]`; the axes of a sample are counted from 1.
/// - Source: Keras's `Permute`.
public struct Permute: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let axes: [Int]

    public init(_ axes: [Int], inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axes = axes
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard axes.sorted() == Array(1..<(axes.count + 1)) else {
            return context.mistake("axes \(axes) are not an order of the axes 1...\(axes.count)")
        }
        guard context.hasRank(axes.count + 1, input, "as there are axes and the batch's", canLackAxis: false) else {
            return context.nothing
        }
        return input.transposed(permutation: [0] + axes)
    }
}

/// Repeats each sample.
///
/// - Shapes: `[batch, features]` → `[batch, count, features]`.
/// - Source: Keras's `RepeatVector`.
public struct RepeatVector: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let count: Int

    public init(_ count: Int, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.count = count
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard count > 0 else { return context.mistake("must repeat at least once, but is told \(count)") }
        guard context.hasRank(2, input, "[batch, features]") else { return context.nothing }
        return input.expandingDimension(at: 1).tiled([1, count, 1])
    }
}

/// Zeros before and behind sequences.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, before + steps + behind, channels]`.
/// - Source: Keras's `ZeroPadding1D`.
public struct ZeroPadding1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let padding: (Int, Int)

    /// - Parameters:
    ///   - padding: how many steps before, and how many behind.
    public init(_ padding: (Int, Int) = (1, 1), inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.padding = padding
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard padding.0 >= 0, padding.1 >= 0 else { return context.mistake("padding must not be below 0") }
        guard context.hasRank(3, input, "[batch, steps, channels]") else { return context.nothing }
        return input.padded([(0, 0), padding, (0, 0)])
    }
}

/// Zeros around images.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, top + height + bottom, left + width + right, channels]`.
/// - Source: Keras's `ZeroPadding2D`.
public struct ZeroPadding2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let vertical: (Int, Int)
    public let horizontal: (Int, Int)
    public let dataFormat: DataFormat

    /// - Parameters:
    ///   - vertical: how many rows above, and how many below.
    ///   - horizontal: how many columns to the left, and how many to the right.
    public init(
        vertical: (Int, Int) = (1, 1), horizontal: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.vertical = vertical
        self.horizontal = horizontal
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard [vertical.0, vertical.1, horizontal.0, horizontal.1].allSatisfy({ $0 >= 0 }) else {
            return context.mistake("padding must not be below 0")
        }
        guard context.hasRank(4, input, "[batch, height, width, channels]") else { return context.nothing }
        return input.padded(
            dataFormat == .channelsFirst
                ? [(0, 0), (0, 0), vertical, horizontal] : [(0, 0), vertical, horizontal, (0, 0)])
    }
}

/// Cuts steps off both ends of sequences.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps - before - behind, channels]`.
/// - Source: Keras's `Cropping1D`.
public struct Cropping1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let cropping: (Int, Int)

    public init(_ cropping: (Int, Int) = (1, 1), inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.cropping = cropping
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard context.hasRank(3, input, "[batch, steps, channels]") else { return context.nothing }
        return cropped(input, [(1, cropping)], context)
    }
}

/// Cuts rows and columns off images.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height - top - bottom, width - left - right, channels]`.
/// - Source: Keras's `Cropping2D`.
public struct Cropping2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let vertical: (Int, Int)
    public let horizontal: (Int, Int)
    public let dataFormat: DataFormat

    public init(
        vertical: (Int, Int) = (0, 0), horizontal: (Int, Int) = (0, 0), dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.vertical = vertical
        self.horizontal = horizontal
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard context.hasRank(4, input, "[batch, height, width, channels]") else { return context.nothing }
        let first = dataFormat == .channelsFirst ? 2 : 1
        return cropped(input, [(first, vertical), (first + 1, horizontal)], context)
    }
}

/// The input without the ends of some axes.
func cropped(
    _ input: Tensor<Float>, _ cuts: [(axis: Int, ends: (Int, Int))], _ context: LayerContext
) -> Tensor<Float> {
    var output = input
    for (axis, ends) in cuts {
        guard ends.0 >= 0, ends.1 >= 0 else { return context.mistake("cropping must not be below 0") }
        if let size = input.shape[axis], clampedSum([ends.0, ends.1]) >= size {
            return context.mistake(
                "cuts \(ends.0) and \(ends.1) off axis \(axis) of shape \(input.shape): nothing is left")
        }
        let slice = AxisSlice.stride(from: ends.0, to: ends.1 == 0 ? nil : -ends.1, by: 1)
        output =
            switch axis {
            case 1: output[.all, slice]
            case 2: output[.all, .all, slice]
            case 3: output[.all, .all, .all, slice]
            default: output[.all, .all, .all, .all, slice]
            }
    }
    return output
}

// MARK: - In files

extension Permute: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["dims": JSONValue(axes)]) }

    public init(configuration: Configuration) throws {
        let axes = try configuration.setting("dims", nil, "whole numbers") { $0.array?.compactMap(\.integer) }
        self.init(axes, name: configuration.layerName)
    }
}

extension RepeatVector: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["n": .integer(count)]) }

    public init(configuration: Configuration) throws {
        self.init(try configuration.integer("n"), name: configuration.layerName)
    }
}

extension ZeroPadding1D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["padding": JSONValue([padding.0, padding.1])])
    }

    public init(configuration: Configuration) throws {
        let padding = try configuration.integers("padding", count: 2)
        self.init((padding[0], padding[1]), name: configuration.layerName)
    }
}

extension Configuration {
    /// Pairs of numbers for rows and columns, in any of Keras's forms: one number, one for each, a pair for each.
    fileprivate func pairs(_ key: String) throws -> [[Int]] {
        try setting(key, nil, "numbers or pairs of numbers") { json in
            if let single = json.integer { return [[single, single], [single, single]] }
            guard let parts = json.array, parts.count == 2 else { return nil }
            let pairs = parts.map { part in
                part.integer.map { [$0, $0] } ?? part.array?.compactMap(\.integer) ?? []
            }
            return pairs.allSatisfy { $0.count == 2 } ? pairs : nil
        }
    }
}

extension ZeroPadding2D: ConfigurableLayer {
    public var configuration: Configuration {
        let pairs = [JSONValue([vertical.0, vertical.1]), JSONValue([horizontal.0, horizontal.1])]
        return Configuration(
            Self.className, ["padding": .array(pairs), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        let pairs = try configuration.pairs("padding")
        self.init(
            vertical: (pairs[0][0], pairs[0][1]), horizontal: (pairs[1][0], pairs[1][1]),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}

extension Cropping1D: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["cropping": JSONValue([cropping.0, cropping.1])])
    }

    public init(configuration: Configuration) throws {
        let cropping = try configuration.integers("cropping", count: 2)
        self.init((cropping[0], cropping[1]), name: configuration.layerName)
    }
}

extension Cropping2D: ConfigurableLayer {
    public var configuration: Configuration {
        let pairs = [JSONValue([vertical.0, vertical.1]), JSONValue([horizontal.0, horizontal.1])]
        return Configuration(
            Self.className, ["cropping": .array(pairs), "data_format": .string(dataFormat.kerasName)])
    }

    public init(configuration: Configuration) throws {
        let pairs = try configuration.pairs("cropping")
        self.init(
            vertical: (pairs[0][0], pairs[0][1]), horizontal: (pairs[1][0], pairs[1][1]),
            dataFormat: try configuration.dataFormat(), name: configuration.layerName)
    }
}
