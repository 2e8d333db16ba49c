// The factor of an optimizer's steps: a number, a tensor, or a schedule.

public import Graphs
import Operations
import Tensors

/// The factor of an optimizer's steps: a number, a tensor that is computed anew at every step, or a schedule.
///
///     Adam(learningRate: 0.001)
///     Adam(learningRate: LearningRate(rate))                                // a placeholder or a variable
///     Adam(learningRate: ExponentialDecay(0.1, decaySteps: 1000, decayRate: 0.96).learningRate)
public struct LearningRate: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    private enum Source: Sendable {
        case number(Double)
        case tensor(Tensor<Float>)
        case schedule(any LearningRateSchedule)
    }

    private let source: Source

    public init(_ number: Double) { source = .number(number) }
    /// A rate that the graph computes, such as a placeholder or a variable. Shape `[]`.
    public init(_ tensor: some TensorExpression<Float>) { source = .tensor(tensor.tensor) }
    /// A rate that follows the number of steps made.
    public init(_ schedule: some LearningRateSchedule) { source = .schedule(schedule) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(Double(value)) }

    /// The rate, where it is a number.
    package var number: Double? { if case .number(let number) = source { number } else { nil } }

    /// Whether it must know the number of steps made.
    var followsSteps: Bool { if case .schedule = source { true } else { false } }

    /// The rate as a tensor of the given type in `graph`.
    ///
    /// - Parameters:
    ///   - step: how many steps were made; for schedules.
    func tensor<Scalar: FloatingElement>(
        _ type: Scalar.Type, in graph: Graph, step: Tensor<Int64>?
    ) -> Tensor<Scalar> {
        switch source {
        case .number(let number): return constant(Scalar(clamping: number), name: "learning_rate", in: graph)
        case .tensor(let tensor):
            return Scalar.self == Float.self ? Tensor(tensor.value) : cast(tensor, to: Scalar.self)
        case .schedule(let schedule):
            let step = step ?? constant(0, in: graph)
            return withNameScope("learning_rate") {
                cast(schedule.rate(at: cast(step, to: Float.self)), to: Scalar.self)
            }
        }
    }
}
