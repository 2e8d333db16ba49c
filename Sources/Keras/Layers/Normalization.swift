// Layers that bring activations to mean 0 and variance 1.

public import Graphs
import Operations
public import Tensors

/// Brings each channel to mean 0 and variance 1 over a batch, then scales and shifts it; in use with moving averages of
/// the moments.
///
/// - Shapes: any, unchanged; weights have the size of the axis.
/// - Source: S. Ioffe and C. Szegedy, "Batch normalization" (2015); Keras's `BatchNormalization`. Where it is not trainable,
///   it uses the moving averages in training too.
public struct BatchNormalization: UnaryLayer {
    public let state: LayerState
    public let axis: Int
    /// How much of the moving averages stays at each step.
    public let momentum: Float
    public let epsilon: Float
    /// Whether it shifts by `beta`.
    public let centers: Bool
    /// Whether it scales by `gamma`.
    public let scales: Bool
    public let betaInitializer: WeightInitializer
    public let gammaInitializer: WeightInitializer
    public let movingMeanInitializer: WeightInitializer
    public let movingVarianceInitializer: WeightInitializer
    public let betaRegularizer: WeightRegularizer?
    public let gammaRegularizer: WeightRegularizer?
    public let betaConstraint: WeightConstraint?
    public let gammaConstraint: WeightConstraint?

    public init(
        axis: Int = -1, momentum: Float = 0.99, epsilon: Float = 0.001, centers: Bool = true, scales: Bool = true,
        betaInitializer: WeightInitializer = .zeros, gammaInitializer: WeightInitializer = .ones,
        movingMeanInitializer: WeightInitializer = .zeros, movingVarianceInitializer: WeightInitializer = .ones,
        betaRegularizer: WeightRegularizer? = nil, gammaRegularizer: WeightRegularizer? = nil,
        betaConstraint: WeightConstraint? = nil, gammaConstraint: WeightConstraint? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.centers = centers
        self.scales = scales
        self.betaInitializer = betaInitializer
        self.gammaInitializer = gammaInitializer
        self.movingMeanInitializer = movingMeanInitializer
        self.movingVarianceInitializer = movingVarianceInitializer
        self.betaRegularizer = betaRegularizer
        self.gammaRegularizer = gammaRegularizer
        self.betaConstraint = betaConstraint
        self.gammaConstraint = gammaConstraint
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard (0...1).contains(momentum) else {
            return context.mistake("momentum must be from 0 to 1, but is \(momentum)")
        }
        guard let size = context.size(ofAxis: axis, of: input), let rank = input.shape.rank else {
            return context.nothing
        }
        let place = axis < 0 ? axis + rank : axis
        func weight(
            _ name: String, _ initializer: WeightInitializer, _ regularizer: WeightRegularizer? = nil,
            _ constraint: WeightConstraint? = nil, isTrainable: Bool = true
        ) -> Variable<Float> {
            context.weight(
                name, shape: [size], initializer: initializer, regularizer: regularizer, constraint: constraint,
                isTrainable: isTrainable)
        }
        let gamma = scales ? weight("gamma", gammaInitializer, gammaRegularizer, gammaConstraint) : nil
        let beta = centers ? weight("beta", betaInitializer, betaRegularizer, betaConstraint) : nil
        let movingMean = weight("moving_mean", movingMeanInitializer, isTrainable: false)
        let movingVariance = weight("moving_variance", movingVarianceInitializer, isTrainable: false)

        /// One number for each channel, in the place of its axis.
        func spread(_ values: Tensor<Float>) -> Tensor<Float> {
            place == rank - 1
                ? values : values.reshaped((0..<rank).map { $0 == place ? size : 1 })
        }
        var mean = movingMean.tensor
        var variance = movingVariance.tensor
        if isTrainable, context.isTraining {
            (mean, variance) = moments(input, axes: (0..<rank).filter { $0 != place })
            context.addUpdate(movingMean.assignSub((movingMean.tensor - mean) * (1 - momentum)).node)
            context.addUpdate(movingVariance.assignSub((movingVariance.tensor - variance) * (1 - momentum)).node)
        }
        return batchNormalization(
            input, mean: spread(mean), variance: spread(variance), offset: beta.map { spread($0.tensor) },
            scale: gamma.map { spread($0.tensor) }, epsilon: epsilon)
    }
}

/// Brings each sample to mean 0 and variance 1 along axes, then scales and shifts it.
///
/// - Shapes: any, unchanged; weights have the sizes of the axes.
/// - Source: J. Ba et al., "Layer normalization" (2016); Keras's `LayerNormalization`.
public struct LayerNormalization: UnaryLayer {
    public let state: LayerState
    public let axes: [Int]
    public let epsilon: Float
    public let centers: Bool
    public let scales: Bool
    public let betaInitializer: WeightInitializer
    public let gammaInitializer: WeightInitializer

    public init(
        axes: [Int] = [-1], epsilon: Float = 0.001, centers: Bool = true, scales: Bool = true,
        betaInitializer: WeightInitializer = .zeros, gammaInitializer: WeightInitializer = .ones,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axes = axes
        self.epsilon = epsilon
        self.centers = centers
        self.scales = scales
        self.betaInitializer = betaInitializer
        self.gammaInitializer = gammaInitializer
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let rank = input.shape.rank else { return context.mistake("must know the rank of its input") }
        let places = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
        let sizes = places.compactMap { context.size(ofAxis: $0, of: input) }
        guard sizes.count == axes.count else { return context.nothing }
        let spread = (0..<rank).map { axis in places.firstIndex(of: axis).map { sizes[$0] } ?? 1 }
        func weight(_ name: String, _ initializer: WeightInitializer) -> Tensor<Float> {
            let weight = context.weight(name, shape: sizes, initializer: initializer).tensor
            return places == [rank - 1] ? weight : weight.reshaped(spread)
        }
        let gamma = scales ? weight("gamma", gammaInitializer) : nil
        let beta = centers ? weight("beta", betaInitializer) : nil
        return layerNormalization(input, axes: places, scale: gamma, offset: beta, epsilon: epsilon)
    }
}

/// Brings groups of channels of each sample to mean 0 and variance 1, then scales and shifts each channel.
///
/// - Shapes: `[batch, ..., channels]`, unchanged.
/// - Source: Y. Wu and K. He, "Group normalization" (2018); Keras's `GroupNormalization`.
public struct GroupNormalization: UnaryLayer {
    public let state: LayerState
    /// The number of groups; -1 for one of each channel.
    public let groups: Int
    public let epsilon: Float
    public let centers: Bool
    public let scales: Bool

    public init(
        groups: Int = 32, epsilon: Float = 0.001, centers: Bool = true, scales: Bool = true,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.groups = groups
        self.epsilon = epsilon
        self.centers = centers
        self.scales = scales
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = context.size(ofAxis: -1, of: input), let rank = input.shape.rank else {
            return context.nothing
        }
        let count = groups == -1 ? channels : groups
        guard count > 0, channels % count == 0, rank >= 2 else {
            return context.mistake("\(count) groups do not divide \(channels) channels")
        }
        let gamma = scales ? context.weight("gamma", shape: [channels], initializer: .ones).tensor : nil
        let beta = centers ? context.weight("beta", shape: [channels], initializer: .zeros).tensor : nil
        let grouped = context.reshape(input, leadingAs: input, rank - 1, then: [count, channels / count])
        // Over all places and the channels of the group.
        let axes = Array(1..<(rank - 1)) + [rank]
        let normal = layerNormalization(grouped, axes: axes, epsilon: epsilon)
        var output = context.reshape(normal, leadingAs: input, rank - 1, then: [channels])
        if let gamma { output = output * gamma }
        return beta.map { output + $0 } ?? output
    }
}

/// Divides each sample by the root of the mean of its squares, then scales it.
///
/// - Shapes: any, unchanged.
/// - Source: B. Zhang and R. Sennrich, "Root mean square layer normalization" (2019); Keras's `RMSNormalization`.
public struct RMSNormalization: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let epsilon: Float

    public init(epsilon: Float = 1e-6, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.epsilon = epsilon
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let size = context.size(ofAxis: -1, of: input) else { return context.nothing }
        let scale = context.weight("scale", shape: [size], initializer: .ones)
        let mean = square(input).mean(axis: -1, keepDimensions: true)
        return input * rsqrt(mean + epsilon) * scale
    }
}

/// Gives each sample norm 1 along axes.
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `UnitNormalization`.
public struct UnitNormalization: UnaryLayer {
    public let state: LayerState
    public let axes: [Int]

    public init(axes: [Int] = [-1], inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axes = axes
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        l2Normalize(input, axes: axes)
    }
}

// MARK: - In files

extension BatchNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(
                Self.className,
                [
                    "axis": .integer(axis), "momentum": .number(Double(momentum)),
                    "epsilon": .number(Double(epsilon)), "center": .bool(centers), "scale": .bool(scales),
                    "beta_initializer": try betaInitializer.json, "gamma_initializer": try gammaInitializer.json,
                    "moving_mean_initializer": try movingMeanInitializer.json,
                    "moving_variance_initializer": try movingVarianceInitializer.json,
                    "beta_regularizer": try JSONValue(setting: betaRegularizer),
                    "gamma_regularizer": try JSONValue(setting: gammaRegularizer),
                    "beta_constraint": try JSONValue(setting: betaConstraint),
                    "gamma_constraint": try JSONValue(setting: gammaConstraint),
                ])
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            axis: try configuration.axes().first ?? -1, momentum: try configuration.float("momentum", default: 0.99),
            epsilon: try configuration.float("epsilon", default: 0.001),
            centers: try configuration.bool("center", default: true),
            scales: try configuration.bool("scale", default: true),
            betaInitializer: try configuration.initializer("beta_initializer", default: .zeros),
            gammaInitializer: try configuration.initializer("gamma_initializer", default: .ones),
            movingMeanInitializer: try configuration.initializer("moving_mean_initializer", default: .zeros),
            movingVarianceInitializer: try configuration.initializer("moving_variance_initializer", default: .ones),
            betaRegularizer: try configuration.regularizer("beta_regularizer"),
            gammaRegularizer: try configuration.regularizer("gamma_regularizer"),
            betaConstraint: try configuration.constraint("beta_constraint"),
            gammaConstraint: try configuration.constraint("gamma_constraint"), name: configuration.layerName)
    }
}

extension LayerNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(
                Self.className,
                [
                    "axis": axes.count == 1 ? .integer(axes[0]) : JSONValue(axes),
                    "epsilon": .number(Double(epsilon)), "center": .bool(centers), "scale": .bool(scales),
                    "beta_initializer": try betaInitializer.json, "gamma_initializer": try gammaInitializer.json,
                ])
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            axes: try configuration.axes(), epsilon: try configuration.float("epsilon", default: 0.001),
            centers: try configuration.bool("center", default: true),
            scales: try configuration.bool("scale", default: true),
            betaInitializer: try configuration.initializer("beta_initializer", default: .zeros),
            gammaInitializer: try configuration.initializer("gamma_initializer", default: .ones),
            name: configuration.layerName)
    }
}

extension GroupNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "groups": .integer(groups), "epsilon": .number(Double(epsilon)), "center": .bool(centers),
                "scale": .bool(scales),
            ])
    }

    public init(configuration: Configuration) throws {
        self.init(
            groups: try configuration.integer("groups", default: 32),
            epsilon: try configuration.float("epsilon", default: 0.001),
            centers: try configuration.bool("center", default: true),
            scales: try configuration.bool("scale", default: true), name: configuration.layerName)
    }
}

extension RMSNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["epsilon": .number(Double(epsilon))])
    }

    public init(configuration: Configuration) throws {
        self.init(epsilon: try configuration.float("epsilon", default: 1e-6), name: configuration.layerName)
    }
}

extension UnitNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["axis": axes.count == 1 ? .integer(axes[0]) : JSONValue(axes)])
    }

    public init(configuration: Configuration) throws {
        self.init(axes: try configuration.axes(), name: configuration.layerName)
    }
}
