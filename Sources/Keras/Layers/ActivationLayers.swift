// Activations as layers of their own, with settings or weights.

public import Graphs
import Operations
public import Tensors

/// `x` above a threshold, else a part of it; up to a largest value.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `ReLU`.
public struct ReLU: UnaryLayer {
    public let state: LayerState
    public let maximum: Float?
    public let negativeSlope: Float
    public let threshold: Float

    public init(
        maximum: Float? = nil, negativeSlope: Float = 0, threshold: Float = 0, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.maximum = maximum
        self.negativeSlope = negativeSlope
        self.threshold = threshold
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        if let maximum, maximum < 0 { return context.mistake("the maximum must not be below 0, but is \(maximum)") }
        if negativeSlope < 0 {
            return context.mistake("the negative slope must not be below 0, but is \(negativeSlope)")
        }
        if maximum == nil, negativeSlope == 0, threshold == 0 { return relu(input) }
        return relu(input, negativeSlope: negativeSlope, maximum: maximum, threshold: threshold)
    }
}

/// `x` above 0, else a part of it.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `LeakyReLU`.
public struct LeakyReLU: UnaryLayer {
    public let state: LayerState
    public let negativeSlope: Float

    public init(negativeSlope: Float = 0.3, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.negativeSlope = negativeSlope
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        leakyRelu(input, slope: negativeSlope)
    }
}

/// `x` above 0, else a part of it that is learnt for each element.
///
/// - Shapes: any, unchanged; weights have a sample's shape, of size 1 along shared axes.
/// - Source: K. He et al., "Delving deep into rectifiers" (2015); Keras's `PReLU`.
public struct PReLU: UnaryLayer {
    public let state: LayerState
    public let alphaInitializer: WeightInitializer
    public let alphaRegularizer: WeightRegularizer?
    public let alphaConstraint: WeightConstraint?
    /// The axes along which one weight serves all, counted from 1.
    public let sharedAxes: [Int]

    public init(
        alphaInitializer: WeightInitializer = .zeros, alphaRegularizer: WeightRegularizer? = nil,
        alphaConstraint: WeightConstraint? = nil, sharedAxes: [Int] = [], inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.alphaInitializer = alphaInitializer
        self.alphaRegularizer = alphaRegularizer
        self.alphaConstraint = alphaConstraint
        self.sharedAxes = sharedAxes
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let rank = input.shape.rank, rank >= 1 else {
            return context.mistake("must know the rank of its input, whose shape is \(input.shape)")
        }
        var sizes: [Int] = []
        for axis in 1..<max(1, rank) {
            if sharedAxes.contains(axis) {
                sizes.append(1)
            } else if let size = context.size(ofAxis: axis, of: input) {
                sizes.append(size)
            } else {
                return context.nothing
            }
        }
        let alpha = context.weight(
            "alpha", shape: sizes, initializer: alphaInitializer, regularizer: alphaRegularizer,
            constraint: alphaConstraint)
        return relu(input) - alpha * relu(-input)
    }
}

/// `x` above 0, else `alpha (exp(x) - 1)`.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `ELU`.
public struct ELU: UnaryLayer {
    public let state: LayerState
    public let alpha: Float

    public init(alpha: Float = 1, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.alpha = alpha
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        if alpha == 1 { return elu(input) }
        return select(where: greater(input, 0), input, alpha * expm1(minimum(input, 0)))
    }
}

/// Probabilities along an axis.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `Softmax`.
public struct Softmax: UnaryLayer {
    public let state: LayerState
    public let axis: Int

    public init(axis: Int = -1, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axis = axis
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> { softmax(input, axis: axis) }
}

// MARK: - In files

extension ReLU: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "max_value": maximum.map { .number(Double($0)) } ?? .null,
                "negative_slope": .number(Double(negativeSlope)), "threshold": .number(Double(threshold)),
            ])
    }

    public init(configuration: Configuration) throws {
        self.init(
            maximum: try configuration.optional("max_value", "a number") { $0.number.map { Float($0) } },
            negativeSlope: try configuration.float("negative_slope", default: 0),
            threshold: try configuration.float("threshold", default: 0), name: configuration.layerName)
    }
}

extension LeakyReLU: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["negative_slope": .number(Double(negativeSlope))])
    }

    public init(configuration: Configuration) throws {
        self.init(
            negativeSlope: try configuration.float("negative_slope", default: 0.3), name: configuration.layerName)
    }
}

extension PReLU: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(
                Self.className,
                [
                    "alpha_initializer": try alphaInitializer.json,
                    "alpha_regularizer": try JSONValue(setting: alphaRegularizer),
                    "alpha_constraint": try JSONValue(setting: alphaConstraint),
                    "shared_axes": sharedAxes.isEmpty ? .null : JSONValue(sharedAxes),
                ])
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            alphaInitializer: try configuration.initializer("alpha_initializer", default: .zeros),
            alphaRegularizer: try configuration.regularizer("alpha_regularizer"),
            alphaConstraint: try configuration.constraint("alpha_constraint"),
            sharedAxes: try configuration.optional("shared_axes", "whole numbers") {
                $0.array?.compactMap(\.integer)
            } ?? [], name: configuration.layerName)
    }
}

extension ELU: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["alpha": .number(Double(alpha))]) }

    public init(configuration: Configuration) throws {
        self.init(alpha: try configuration.float("alpha", default: 1), name: configuration.layerName)
    }
}

extension Softmax: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["axis": .integer(axis)]) }

    public init(configuration: Configuration) throws {
        self.init(axis: try configuration.integer("axis", default: -1), name: configuration.layerName)
    }
}
