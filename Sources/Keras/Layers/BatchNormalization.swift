// Normalisation over batches.

import Graphs
import Operations
public import Tensors

/// Brings each channel to mean 0 and variance 1 over a batch, then scales and shifts it; in use with moving averages of
/// the moments.
///
/// - Shapes: any, unchanged; weights have the size of the axis.
/// - Source: S. Ioffe and C. Szegedy, "Batch normalization" (2015); Keras's `BatchNormalization`. Where it is not trainable,
///   it uses the moving averages in training too. Masked steps do not count in the moments.
public struct BatchNormalization: Layer {
    public let state: LayerState
    public let axis: Int
    /// How much of the moving averages stays at each step.
    public let momentum: Float
    public let epsilon: Float
    public let scaling: NormalizationScaling
    public let movingMeanInitializer: WeightInitializer
    public let movingVarianceInitializer: WeightInitializer

    public init(
        axis: Int = -1, momentum: Float = 0.99, epsilon: Float = 0.001, centers: Bool = true, scales: Bool = true,
        betaInitializer: WeightInitializer = .zeros, gammaInitializer: WeightInitializer = .ones,
        movingMeanInitializer: WeightInitializer = .zeros, movingVarianceInitializer: WeightInitializer = .ones,
        betaRegularizer: WeightRegularizer? = nil, gammaRegularizer: WeightRegularizer? = nil,
        betaConstraint: WeightConstraint? = nil, gammaConstraint: WeightConstraint? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        self.init(
            axis: axis, momentum: momentum, epsilon: epsilon,
            NormalizationScaling(
                centers: centers, scales: scales, betaInitializer: betaInitializer, gammaInitializer: gammaInitializer,
                betaRegularizer: betaRegularizer, gammaRegularizer: gammaRegularizer, betaConstraint: betaConstraint,
                gammaConstraint: gammaConstraint),
            movingMeanInitializer: movingMeanInitializer, movingVarianceInitializer: movingVarianceInitializer,
            inputShape: inputShape, name: name)
    }

    private init(
        axis: Int, momentum: Float, epsilon: Float, _ scaling: NormalizationScaling,
        movingMeanInitializer: WeightInitializer, movingVarianceInitializer: WeightInitializer, inputShape: Shape?,
        name: String?
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.scaling = scaling
        self.movingMeanInitializer = movingMeanInitializer
        self.movingVarianceInitializer = movingVarianceInitializer
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let input = context.single(inputs) else { return [LayerValue(context.nothing)] }
        return [LayerValue(normalized(context.float(input.tensor), input.mask, context), mask: input.mask)]
    }

    private func normalized(_ input: Tensor<Float>, _ mask: Tensor<Bool>?, _ context: LayerContext) -> Tensor<Float> {
        guard (0...1).contains(momentum) else {
            return context.mistake("momentum must be from 0 to 1, but is \(momentum)")
        }
        guard NormalizationScaling.isSound(epsilon: epsilon, context) else { return context.nothing }
        guard let size = context.size(ofAxis: axis, of: input), let rank = input.shape.rank else {
            return context.nothing
        }
        let place = axis < 0 ? axis + rank : axis
        let (gamma, beta) = scaling.weights([size], context)
        let movingMean = context.weight(
            "moving_mean", shape: [size], initializer: movingMeanInitializer, isTrainable: false)
        let movingVariance = context.weight(
            "moving_variance", shape: [size], initializer: movingVarianceInitializer, isTrainable: false)

        /// One number for each channel, in the place of its axis.
        func spread(_ values: Tensor<Float>) -> Tensor<Float> {
            place == rank - 1
                ? values : values.reshaped((0..<rank).map { $0 == place ? size : 1 })
        }
        var mean = movingMean.tensor
        var variance = movingVariance.tensor
        if isTrainable, context.isTraining {
            let axes = (0..<rank).filter { $0 != place }
            (mean, variance) =
                mask.map { maskedMoments(input, $0, axes, spread) } ?? moments(input, axes: axes)
            context.addUpdate(movingMean.assignSub((movingMean.tensor - mean) * (1 - momentum)).node)
            context.addUpdate(movingVariance.assignSub((movingVariance.tensor - variance) * (1 - momentum)).node)
        }
        return batchNormalization(
            input, mean: spread(mean), variance: spread(variance), offset: beta.map { spread($0) },
            scale: gamma.map { spread($0) }, epsilon: epsilon)
    }
}

/// The moments of the steps that count, as Keras takes them.
private func maskedMoments(
    _ input: Tensor<Float>, _ mask: Tensor<Bool>, _ axes: [Int], _ spread: (Tensor<Float>) -> Tensor<Float>
) -> (Tensor<Float>, Tensor<Float>) {
    let missing = (input.shape.rank ?? 0) - (mask.shape.rank ?? 0)
    let marks = (0..<max(0, missing)).reduce(cast(mask, to: Float.self)) { marks, _ in marks.expandingDimension(at: -1)
    }
    let weights = ones(like: input) * marks
    let count = weights.sum(axes: axes) + 1e-7
    let mean = (weights * input).sum(axes: axes) / count
    return (mean, (weights * square(input - spread(mean))).sum(axes: axes) / count)
}

// MARK: - In files

extension BatchNormalization: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            let own: [String: JSONValue] = [
                "axis": .integer(axis), "momentum": .number(Double(momentum)), "epsilon": .number(Double(epsilon)),
                "moving_mean_initializer": try movingMeanInitializer.json,
                "moving_variance_initializer": try movingVarianceInitializer.json,
            ]
            return Configuration(Self.className, own.merging(try scaling.json) { own, _ in own })
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            axis: try configuration.axes().first ?? -1, momentum: try configuration.float("momentum", default: 0.99),
            epsilon: try configuration.float("epsilon", default: 0.001), try NormalizationScaling(configuration),
            movingMeanInitializer: try configuration.initializer("moving_mean_initializer", default: .zeros),
            movingVarianceInitializer: try configuration.initializer("moving_variance_initializer", default: .ones),
            inputShape: nil, name: configuration.layerName)
    }
}
