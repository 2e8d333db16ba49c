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

    /// Reports a setting that makes no sense, where the schedule is used.
    fileprivate func check(_ holds: Bool, _ message: @autoclosure () -> String, at step: Tensor<Float>) {
        if !holds { step.graph.report(Mistake(message()), operation: "\(Self.self)") }
    }

    fileprivate func checkDecaySteps(_ count: Int, at step: Tensor<Float>) {
        check(count >= 1, "a decay takes at least one step, but is given \(count)", at: step)
    }
}

/// `rate · decayRate^(step / decaySteps)`
///
/// - Source: TensorFlow's `train.exponential_decay`.
public struct ExponentialDecay: LearningRateSchedule {
    public let initialRate: Float, decaySteps: Int, decayRate: Float
    /// Whether the exponent is a whole number, so that the rate changes every `decaySteps` only.
    public let isStaircase: Bool

    public init(_ initialRate: Float, decaySteps: Int, decayRate: Float, isStaircase: Bool = false) {
        (self.initialRate, self.decaySteps) = (initialRate, decaySteps)
        (self.decayRate, self.isStaircase) = (decayRate, isStaircase)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        checkDecaySteps(decaySteps, at: step)
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
        (self.initialRate, self.decaySteps) = (initialRate, decaySteps)
        (self.decayRate, self.isStaircase) = (decayRate, isStaircase)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        checkDecaySteps(decaySteps, at: step)
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
        (self.initialRate, self.decaySteps) = (initialRate, decaySteps)
        (self.decayRate, self.isStaircase) = (decayRate, isStaircase)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        checkDecaySteps(decaySteps, at: step)
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
    ///   - boundaries: growing.
    ///   - values: one more than boundaries.
    public init(boundaries: [Int], values: [Float]) {
        self.boundaries = boundaries
        self.values = values
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        check(
            values.count == boundaries.count + 1,
            "needs one value more than boundaries, but has \(values.count) and \(boundaries.count)", at: step)
        check(
            zip(boundaries, boundaries.dropFirst()).allSatisfy { $0 < $1 },
            "the boundaries must grow, but are \(boundaries)", at: step)
        var rate = constant(values.last ?? 0, in: step.graph)
        for (boundary, value) in zip(boundaries, values).reversed() {
            rate = select(where: lessEqual(step, Float(boundary)), constant(value, in: step.graph), rate)
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
        (self.initialRate, self.decaySteps, self.endRate) = (initialRate, decaySteps, endRate)
        (self.power, self.cycles) = (power, cycles)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        checkDecaySteps(decaySteps, at: step)
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
        (self.initialRate, self.decaySteps, self.alpha) = (initialRate, decaySteps, alpha)
        (self.warmupTarget, self.warmupSteps) = (warmupTarget, warmupSteps)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        checkDecaySteps(decaySteps, at: step)
        func decay(_ step: Tensor<Float>, from start: Float) -> Tensor<Float> {
            let part = minimum(step, Float(decaySteps)) / Float(decaySteps)
            return start * ((1 - alpha) * (0.5 * (1 + cos(.pi * part))) + alpha)
        }
        check(warmupSteps >= 0, "the rise takes no less than 0 steps, but is given \(warmupSteps)", at: step)
        guard let warmupTarget else { return decay(step, from: initialRate) }
        guard warmupSteps > 0 else { return decay(step, from: warmupTarget) }
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
        (self.initialRate, self.firstDecaySteps) = (initialRate, firstDecaySteps)
        (self.lengthFactor, self.heightFactor, self.alpha) = (lengthFactor, heightFactor, alpha)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        checkDecaySteps(firstDecaySteps, at: step)
        check(lengthFactor > 0, "each wave is longer by a factor above 0, but it is \(lengthFactor)", at: step)
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
        (self.steps, self.start, self.schedule) = (steps, start, schedule)
    }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> {
        check(steps >= 1, "the rise takes at least one step, but is given \(steps)", at: step)
        // While the rate rises this is the rate that it rises to.
        let after = schedule.rate(at: maximum(step - Float(steps), 0))
        let rising = start + (after - start) * (step / Float(steps))
        return select(where: less(step, Float(steps)), rising, after)
    }
}

/// The same rate at every step: what follows a `WarmUp`.
public struct ConstantRate: LearningRateSchedule {
    public let rate: Float

    public init(_ rate: Float) { self.rate = rate }

    public func rate(at step: Tensor<Float>) -> Tensor<Float> { constant(rate, in: step.graph) }
}
