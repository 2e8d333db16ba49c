// Learning rates that follow the number of steps made.

public import Graphs
import Operations
public import Tensors

/// A learning rate that follows the number of steps made.
///
///     let rate = ExponentialDecay(0.1, decaySteps: 1000, decayRate: 0.96)
///     let train = GradientDescent(learningRate: rate.learningRate).minimize(loss, globalStep: step)
///     let now = rate.rate(at: cast(step, to: Float.self))               // to look at it
public protocol LearningRateSchedule: Sendable {
    /// The rate after a number of steps. Shape `[]`.
    func rate(at step: Tensor<Float>) -> Tensor<Float>
}

extension LearningRateSchedule {
    /// The schedule as what optimizers take.
    public var learningRate: LearningRate { LearningRate(self) }
}

/// `rate · decayRate^(step / decaySteps)`
///
/// - Source: TensorFlow's `train.exponential_decay`.
public struct ExponentialDecay: LearningRateSchedule {
    public let initialRate: Float, decaySteps: Int, decayRate: Float
    /// Whether the exponent is a whole number, so that the rate changes every `decaySteps` only.
    public let isStaircase: Bool

    public init(_ initialRate: Float, decaySteps: Int, decayRate: Float, isStaircase: Bool = false) {
        (self.initialRate, self.decaySteps) = (initialRate, max(1, decaySteps))
        (self.decayRate, self.isStaircase) = (decayRate, isStaircase)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        let exponent = step / Float(decaySteps)
        return initialRate * pow(decayRate, isStaircase ? floor(exponent) : exponent)
    }
}

/// `rate · exp(-decayRate · step / decaySteps)`
///
/// - Source: TensorFlow's `train.natural_exp_decay`.
public struct NaturalExponentialDecay: LearningRateSchedule {
    public let initialRate: Float, decaySteps: Int, decayRate: Float
    public let isStaircase: Bool

    public init(_ initialRate: Float, decaySteps: Int, decayRate: Float, isStaircase: Bool = false) {
        (self.initialRate, self.decaySteps) = (initialRate, max(1, decaySteps))
        (self.decayRate, self.isStaircase) = (decayRate, isStaircase)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        let exponent = step / Float(decaySteps)
        return initialRate * exp(-decayRate * (isStaircase ? floor(exponent) : exponent))
    }
}

/// `rate / (1 + decayRate · step / decaySteps)`
///
/// - Source: TensorFlow's `train.inverse_time_decay`.
public struct InverseTimeDecay: LearningRateSchedule {
    public let initialRate: Float, decaySteps: Int, decayRate: Float
    public let isStaircase: Bool

    public init(_ initialRate: Float, decaySteps: Int, decayRate: Float, isStaircase: Bool = false) {
        (self.initialRate, self.decaySteps) = (initialRate, max(1, decaySteps))
        (self.decayRate, self.isStaircase) = (decayRate, isStaircase)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        let ratio = step / Float(decaySteps)
        return initialRate / (1 + decayRate * (isStaircase ? floor(ratio) : ratio))
    }
}

/// `values[i]` up to and with step `boundaries[i]`, the last value beyond.
///
/// - Source: TensorFlow's `train.piecewise_constant`.
public struct PiecewiseConstantDecay: LearningRateSchedule {
    public let boundaries: [Int]
    public let values: [Float]

    /// - Parameters:
    ///   - values: one more than boundaries; where some are missing the last stands for them.
    public init(boundaries: [Int], values: [Float]) {
        self.boundaries = boundaries.sorted()
        self.values = values.isEmpty ? [0] : values
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        func value(_ index: Int) -> Float { values[min(index, values.count - 1)] }
        var rate = constant(value(boundaries.count), in: step.graph)
        for (index, boundary) in boundaries.enumerated().reversed() {
            rate = select(where: lessEqual(step, Float(boundary)), constant(value(index), in: step.graph), rate)
        }
        return rate
    }
}

/// `(rate - end) (1 - step / decaySteps)^power + end`, and `end` beyond.
///
/// - Source: TensorFlow's `train.polynomial_decay`.
public struct PolynomialDecay: LearningRateSchedule {
    public let initialRate: Float, decaySteps: Int, endRate: Float, power: Float
    /// Whether the decay starts again, each time over a multiple of the steps.
    public let cycles: Bool

    public init(_ initialRate: Float, decaySteps: Int, endRate: Float = 1e-4, power: Float = 1, cycles: Bool = false) {
        (self.initialRate, self.decaySteps, self.endRate) = (initialRate, max(1, decaySteps), endRate)
        (self.power, self.cycles) = (power, cycles)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        let length = Float(decaySteps)
        let ratio: Tensor<Float> =
            cycles ? step / (length * maximum(ceil(step / length), 1)) : minimum(step, length) / length
        return (initialRate - endRate) * pow(1 - ratio, power) + endRate
    }
}

/// Half a wave of a cosine from the rate down to `alpha` times it; with `warmupSteps`, after a rise to `warmupTarget`.
///
/// - Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017); Keras's
///   `CosineDecay`.
public struct CosineDecay: LearningRateSchedule {
    public let initialRate: Float, decaySteps: Int, alpha: Float
    public let warmupTarget: Float?, warmupSteps: Int

    public init(
        _ initialRate: Float, decaySteps: Int, alpha: Float = 0, warmupTarget: Float? = nil, warmupSteps: Int = 0
    ) {
        (self.initialRate, self.decaySteps, self.alpha) = (initialRate, max(1, decaySteps), alpha)
        (self.warmupTarget, self.warmupSteps) = (warmupTarget, max(0, warmupSteps))
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        func decay(_ step: Tensor<Float>, from start: Float) -> Tensor<Float> {
            let part = minimum(step, Float(decaySteps)) / Float(decaySteps)
            return start * ((1 - alpha) * (0.5 * (1 + cos(.pi * part))) + alpha)
        }
        guard let warmupTarget, warmupSteps > 0 else { return decay(step, from: initialRate) }
        let rising = (warmupTarget - initialRate) * (step / Float(warmupSteps)) + initialRate
        let falling = decay(maximum(step - Float(warmupSteps), 0), from: warmupTarget)
        return select(where: less(step, Float(warmupSteps)), rising, falling)
    }
}

/// Waves of a cosine, each longer by `lengthFactor` and lower by `heightFactor` than the one before.
///
/// - Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017); TensorFlow's
///   `train.cosine_decay_restarts`.
public struct CosineDecayRestarts: LearningRateSchedule {
    public let initialRate: Float, firstDecaySteps: Int, lengthFactor: Float, heightFactor: Float, alpha: Float

    public init(
        _ initialRate: Float, firstDecaySteps: Int, lengthFactor: Float = 2, heightFactor: Float = 1, alpha: Float = 0
    ) {
        (self.initialRate, self.firstDecaySteps) = (initialRate, max(1, firstDecaySteps))
        (self.lengthFactor, self.heightFactor, self.alpha) = (lengthFactor, heightFactor, alpha)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        let part = step / Float(firstDecaySteps)
        var restart = floor(part)
        var inside = part - restart
        if lengthFactor != 1 {
            restart = floor(log(1 - part * (1 - lengthFactor)) / constant(lengthFactor, in: step.graph).logarithm)
            let lengths = pow(lengthFactor, restart)
            inside = (part - (1 - lengths) / (1 - lengthFactor)) / lengths
        }
        let height = 0.5 * pow(heightFactor, restart) * (1 + cos(.pi * inside))
        return initialRate * ((1 - alpha) * height + alpha)
    }
}

extension Tensor<Float> {
    fileprivate var logarithm: Tensor<Float> { log(self) }
}

/// A rise in a straight line from `start` over the first steps, then another schedule, which starts where the rise ends.
public struct WarmUp: LearningRateSchedule {
    public let steps: Int
    public let start: Float
    public let schedule: any LearningRateSchedule

    /// - Parameters:
    ///   - start: the rate of the first step.
    ///   - schedule: what follows; its steps are counted from the end of the rise.
    public init(steps: Int, from start: Float = 0, then schedule: some LearningRateSchedule) {
        (self.steps, self.start, self.schedule) = (max(1, steps), start, schedule)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        let first = schedule.rate(at: constant(0, in: step.graph))
        let rising = start + (first - start) * (step / Float(steps))
        let after = schedule.rate(at: maximum(step - Float(steps), 0))
        return select(where: less(step, Float(steps)), rising, after)
    }
}

/// The same rate at every step: what follows a `WarmUp`.
public struct ConstantRate: LearningRateSchedule {
    public let rate: Float

    public init(_ rate: Float) { self.rate = rate }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> { constant(rate, in: step.graph) }
}
