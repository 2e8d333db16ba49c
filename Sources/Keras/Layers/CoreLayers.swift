// Layers without weights that a first network is made of: activation, flatten, reshape, dropout.

public import Graphs
import Operations
public import Tensors

/// Applies an activation.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `Activation`.
public struct Activation: UnaryLayer {
    public let state: LayerState
    public let function: ActivationFunction

    public init(_ function: ActivationFunction, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.function = function
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> { function(input, context) }
}

/// Gives back what it is given.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `Identity`.
public struct Identity: Layer {
    public let state: LayerState

    public init(inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] { inputs }
}

/// Makes a vector of each sample.
///
/// - Shapes: `[batch, a, b, ...]` → `[batch, a·b·...]`; `[batch]` → `[batch, 1]`.
/// - Source: Keras's `Flatten`.
public struct Flatten: UnaryLayer, MaskEnding {
    public let state: LayerState

    public init(inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let dimensions = input.shape.dimensions, !dimensions.isEmpty else { return input.reshaped([-1]) }
        // Where the sample's size is known, the reshape is told it, since what follows needs it.
        if let size = Shape(Array(dimensions.dropFirst())).count, size > 0 { return input.reshaped([-1, size]) }
        let batch = shape(of: input)[0..<1]
        return input.reshaped(concatenate([batch, constant([-1] as [Int32])], axis: 0))
    }
}

/// Gives each sample another shape.
///
/// - Shapes: `[batch, ...]` → `[batch] + targetShape`; one size of the target may be -1: whatever fits.
/// - Source: Keras's `Reshape`.
public struct Reshape: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let targetShape: [Int]

    public init(_ targetShape: [Int], inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.targetShape = targetShape
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard targetShape.filter({ $0 < 0 }).count <= 1, targetShape.allSatisfy({ $0 >= -1 }) else {
            return context.mistake("the target shape \(targetShape) may have one size of -1, and none below")
        }
        guard let dimensions = input.shape.dimensions, let size = Shape(Array(dimensions.dropFirst())).count else {
            let batch = shape(of: input)[0..<1]
            let target = constant(targetShape.map { Int32(clamping: $0) })
            return input.reshaped(concatenate([batch, target], axis: 0))
        }
        let known = targetShape.filter { $0 >= 0 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        let hasFree = targetShape.contains(-1)
        guard hasFree ? known > 0 && size % known == 0 : known == size else {
            return context.mistake(
                "samples of shape \(Shape(Array(dimensions.dropFirst()))) have \(size) elements, which the target "
                    + "shape \(targetShape) does not hold")
        }
        return input.reshaped([-1] + targetShape.map { $0 < 0 ? size / known : $0 })
    }
}

/// In training sets a part of the elements to 0, and scales up the others, so that their sum stays in the mean.
///
/// - Shapes: any, unchanged.
/// - Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014); Keras's
///   `Dropout`.
public struct Dropout: UnaryLayer {
    public let state: LayerState
    /// The part that is set to 0, from 0 up to 1.
    public let rate: Double
    public let noiseShape: [Int?]?
    public let seed: Int?

    /// - Parameters:
    ///   - rate: the part that is set to 0, from 0 up to 1.
    ///   - noiseShape: the shape of what is drawn: along axes of size 1 all or nothing is dropped; nil stands for the
    ///     input's size.
    ///   - seed: decides the numbers together with the graph's seed.
    public init(
        _ rate: Double, noiseShape: [Int?]? = nil, seed: Int? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.rate = rate
        self.noiseShape = noiseShape
        self.seed = seed
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard (0...1).contains(rate) else {
            return context.mistake("the rate must be from 0 to 1, but is \(rate)")
        }
        guard rate > 0, context.isTraining else { return input }
        if rate == 1 { return zeros(like: input) }
        guard let noiseShape else { return dropout(input, rate: rate, seed: seed) }
        return dropout(input, rate: rate, noiseShape: noiseShape, seed: seed)
    }
}

// MARK: - In files

extension Activation: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, ["activation": try function.json]) }
    }

    public init(configuration: Configuration) throws {
        self.init(try configuration.activation(), name: configuration.layerName)
    }
}

extension Identity: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className) }

    public init(configuration: Configuration) throws { self.init(name: configuration.layerName) }
}

extension Flatten: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["data_format": "channels_last"]) }

    public init(configuration: Configuration) throws {
        let format = try configuration.optionalString("data_format")
        guard format == nil || format == "channels_last" else {
            throw KerasError("Flatten takes channels last, not \(format ?? "")")
        }
        self.init(name: configuration.layerName)
    }
}

extension Reshape: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["target_shape": JSONValue(targetShape)])
    }

    public init(configuration: Configuration) throws {
        let sizes = try configuration.setting("target_shape", nil, "whole numbers") { json in
            json.array.flatMap { sizes in
                let numbers = sizes.compactMap(\.integer)
                return numbers.count == sizes.count ? numbers : nil
            }
        }
        self.init(sizes, name: configuration.layerName)
    }
}

extension Dropout: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "rate": .number(rate), "seed": JSONValue(seed),
                "noise_shape": noiseShape.map { JSONValue($0) } ?? .null,
            ])
    }

    public init(configuration: Configuration) throws {
        let noise = try configuration.optional("noise_shape", "whole numbers or null") { json in
            json.array.flatMap { sizes -> [Int?]? in
                sizes.allSatisfy { $0 == .null || $0.integer != nil } ? sizes.map(\.integer) : nil
            }
        }
        self.init(
            try configuration.number("rate", default: 0.5), noiseShape: noise, seed: try configuration.seed(),
            name: configuration.layerName)
    }
}
