// Normalisation of each sample by itself.

public import Graphs
import Operations
public import Tensors

/// Brings each sample to mean 0 and variance 1 along axes, then scales and shifts it.
///
/// - Shapes: any, unchanged; weights have the sizes of the axes.
/// - Source: J. Ba et al., "Layer normalization" (2016); Keras's `LayerNormalization`.
public struct LayerNormalization: UnaryLayer {
    public let state: LayerState
    public let axes: [Int]
    public let epsilon: Float
    public let scaling: NormalizationScaling

    public init(
        axes: [Int] = [-1], epsilon: Float = 0.001, centers: Bool = true, scales: Bool = true,
        betaInitializer: WeightInitializer = .zeros, gammaInitializer: WeightInitializer = .ones,
        betaRegularizer: WeightRegularizer? = nil, gammaRegularizer: WeightRegularizer? = nil,
        betaConstraint: WeightConstraint? = nil, gammaConstraint: WeightConstraint? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        self.init(
            axes: axes, epsilon: epsilon,
            NormalizationScaling(
                centers: centers, scales: scales, betaInitializer: betaInitializer, gammaInitializer: gammaInitializer,
                betaRegularizer: betaRegularizer, gammaRegularizer: gammaRegularizer, betaConstraint: betaConstraint,
                gammaConstraint: gammaConstraint), inputShape: inputShape, name: name)
    }

    private init(axes: [Int], epsilon: Float, _ scaling: NormalizationScaling, inputShape: Shape?, name: String?) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axes = axes
        self.epsilon = epsilon
        self.scaling = scaling
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard NormalizationScaling.isSound(epsilon: epsilon, context),
            let (places, sizes, spread) = context.places(of: axes, in: input)
        else { return context.nothing }
        let (gamma, beta) = scaling.weights(sizes, context)
        return layerNormalization(
            input, axes: places, scale: gamma.map(spread), offset: beta.map(spread), epsilon: epsilon)
    }
}

extension LayerContext {
    /// Axes from 0 in order, their sizes, and how weights of these sizes stand in the input's shape.
    fileprivate func places(
        of axes: [Int], in input: Tensor<Float>
    ) -> (places: [Int], sizes: [Int], spread: (Tensor<Float>) -> Tensor<Float>)? {
        guard let rank = input.shape.rank else {
            report("must know the rank of its input")
            return nil
        }
        let places = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
        let sizes = places.compactMap { size(ofAxis: $0, of: input) }
        guard sizes.count == axes.count else { return nil }
        if zip(places, places.dropFirst()).contains(where: ==) {
            report("axes \(axes) name an axis twice")
            return nil
        }
        let shape = (0..<rank).map { axis in places.firstIndex(of: axis).map { sizes[$0] } ?? 1 }
        return (places, sizes, { places == [rank - 1] ? $0 : $0.reshaped(shape) })
    }
}

/// Brings groups of channels of each sample to mean 0 and variance 1, then scales and shifts each channel.
///
/// - Shapes: `[batch, ..., channels, ...]`, unchanged.
/// - Source: Y. Wu and K. He, "Group normalization" (2018); Keras's `GroupNormalization`.
public struct GroupNormalization: UnaryLayer {
    public let state: LayerState
    /// The number of groups; -1 for one of each channel.
    public let groups: Int
    /// The axis of the channels.
    public let axis: Int
    public let epsilon: Float
    public let scaling: NormalizationScaling

    public init(
        groups: Int = 32, axis: Int = -1, epsilon: Float = 0.001, centers: Bool = true, scales: Bool = true,
        betaInitializer: WeightInitializer = .zeros, gammaInitializer: WeightInitializer = .ones,
        betaRegularizer: WeightRegularizer? = nil, gammaRegularizer: WeightRegularizer? = nil,
        betaConstraint: WeightConstraint? = nil, gammaConstraint: WeightConstraint? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        self.init(
            groups: groups, axis: axis, epsilon: epsilon,
            NormalizationScaling(
                centers: centers, scales: scales, betaInitializer: betaInitializer, gammaInitializer: gammaInitializer,
                betaRegularizer: betaRegularizer, gammaRegularizer: gammaRegularizer, betaConstraint: betaConstraint,
                gammaConstraint: gammaConstraint), inputShape: inputShape, name: name)
    }

    private init(
        groups: Int, axis: Int, epsilon: Float, _ scaling: NormalizationScaling, inputShape: Shape?, name: String?
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        self.scaling = scaling
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard NormalizationScaling.isSound(epsilon: epsilon, context),
            let channels = context.size(ofAxis: axis, of: input), let rank = input.shape.rank
        else {
            return context.nothing
        }
        let count = groups == -1 ? channels : groups
        guard count > 0, channels % count == 0, rank >= 2 else {
            return context.mistake("\(count) groups do not divide \(channels) channels")
        }
        let place = axis < 0 ? axis + rank : axis
        guard place > 0 else { return context.mistake("the axis of the samples cannot be that of the channels") }
        let (gamma, beta) = scaling.weights([channels], context)
        // The channels last: groups are their neighbours.
        let order = (0..<rank).filter { $0 != place } + [place]
        let isLast = place == rank - 1
        let values = isLast ? input : input.transposed(permutation: order)
        let grouped = context.reshape(values, leadingAs: values, rank - 1, then: [count, channels / count])
        // Over all places and the channels of the group.
        let axes = Array(1..<(rank - 1)) + [rank]
        let normal = layerNormalization(grouped, axes: axes, epsilon: epsilon)
        var output = context.reshape(normal, leadingAs: values, rank - 1, then: [channels])
        if let gamma { output = output * gamma }
        if let beta { output = output + beta }
        if isLast { return output }
        return output.transposed(permutation: (0..<rank).map { axis in order.firstIndex(of: axis) ?? axis })
    }
}

/// Divides each sample by the root of the mean of its squares along axes, then scales it.
///
/// - Shapes: any, unchanged; the weight has the sizes of the axes.
/// - Source: B. Zhang and R. Sennrich, "Root mean square layer normalization" (2019); Keras's `RMSNormalization`.
public struct RMSNormalization: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let axes: [Int]
    public let epsilon: Float

    public init(axes: [Int] = [-1], epsilon: Float = 1e-6, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axes = axes
        self.epsilon = epsilon
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard NormalizationScaling.isSound(epsilon: epsilon, context),
            let (places, sizes, spread) = context.places(of: axes, in: input)
        else { return context.nothing }
        let scale = context.weight("scale", shape: sizes, initializer: .ones)
        let mean = square(input).mean(axes: places, keepDimensions: true)
        return input * rsqrt(mean + epsilon) * spread(scale.tensor)
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

extension LayerNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            let own = ["axis": Configuration.json(ofAxes: axes), "epsilon": .number(Double(epsilon))]
            return Configuration(Self.className, own.merging(try scaling.json) { own, _ in own })
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            axes: try configuration.axes(), epsilon: try configuration.float("epsilon", default: 0.001),
            try NormalizationScaling(configuration), inputShape: nil, name: configuration.layerName)
    }
}

extension GroupNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            let own: [String: JSONValue] = [
                "groups": .integer(groups), "axis": .integer(axis), "epsilon": .number(Double(epsilon)),
            ]
            return Configuration(Self.className, own.merging(try scaling.json) { own, _ in own })
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            groups: try configuration.integer("groups", default: 32),
            axis: try configuration.integer("axis", default: -1),
            epsilon: try configuration.float("epsilon", default: 0.001), try NormalizationScaling(configuration),
            inputShape: nil, name: configuration.layerName)
    }
}

extension RMSNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className, ["axis": Configuration.json(ofAxes: axes), "epsilon": .number(Double(epsilon))])
    }

    public init(configuration: Configuration) throws {
        self.init(
            axes: configuration.settings["axis"] == nil ? [-1] : try configuration.axes(),
            epsilon: try configuration.float("epsilon", default: 1e-6), name: configuration.layerName)
    }
}

extension UnitNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["axis": Configuration.json(ofAxes: axes)])
    }

    public init(configuration: Configuration) throws {
        self.init(axes: try configuration.axes(), name: configuration.layerName)
    }
}
