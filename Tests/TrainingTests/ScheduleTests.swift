import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// A schedule here and what makes the same one in Python.
private struct ScheduleCase: Sendable {
    /// A function of a step `t`.
    let python: String
    let schedule: any LearningRateSchedule

    static let all: [ScheduleCase] = [
        .init(
            python: "v1.exponential_decay(0.1, t, 7, 0.9)()",
            schedule: ExponentialDecay(0.1, decaySteps: 7, decayRate: 0.9)),
        .init(
            python: "S.ExponentialDecay(0.1, 7, 0.9, staircase=True)(t)",
            schedule: ExponentialDecay(0.1, decaySteps: 7, decayRate: 0.9, isStaircase: true)),
        .init(
            python: "v1.natural_exp_decay(0.1, t, 7, 0.5)()",
            schedule: NaturalExponentialDecay(0.1, decaySteps: 7, decayRate: 0.5)),
        .init(
            python: "v1.natural_exp_decay(0.1, t, 7, 0.5, staircase=True)()",
            schedule: NaturalExponentialDecay(0.1, decaySteps: 7, decayRate: 0.5, isStaircase: true)),
        .init(
            python: "v1.inverse_time_decay(0.1, t, 7, 0.5)()",
            schedule: InverseTimeDecay(0.1, decaySteps: 7, decayRate: 0.5)),
        .init(
            python: "S.InverseTimeDecay(0.1, 7, 0.5, staircase=True)(t)",
            schedule: InverseTimeDecay(0.1, decaySteps: 7, decayRate: 0.5, isStaircase: true)),
        .init(
            python: "v1.piecewise_constant(t, [5, 17], [1.0, 0.5, 0.125])()",
            schedule: PiecewiseConstantDecay(boundaries: [5, 17], values: [1, 0.5, 0.125])),
        .init(
            python: "S.PiecewiseConstantDecay([5, 17], [1.0, 0.5, 0.125])(t)",
            schedule: PiecewiseConstantDecay(boundaries: [5, 17], values: [1, 0.5, 0.125])),
        .init(
            python: "v1.polynomial_decay(0.1, t, 20)()", schedule: PolynomialDecay(0.1, decaySteps: 20)),
        .init(
            python: "S.PolynomialDecay(0.1, 20, 0.01, 2.0)(t)",
            schedule: PolynomialDecay(0.1, decaySteps: 20, endRate: 0.01, power: 2)),
        .init(
            python: "v1.polynomial_decay(0.1, t, 9, 0.01, 0.5, cycle=True)()",
            schedule: PolynomialDecay(0.1, decaySteps: 9, endRate: 0.01, power: 0.5, cycles: true)),
        .init(
            python: "v1.cosine_decay(0.1, t, 20, 0.1)()", schedule: CosineDecay(0.1, decaySteps: 20, alpha: 0.1)),
        .init(
            python: "S.CosineDecay(0.01, 20, 0.1, warmup_target=0.1, warmup_steps=8)(t)",
            schedule: CosineDecay(0.01, decaySteps: 20, alpha: 0.1, warmupTarget: 0.1, warmupSteps: 8)),
        .init(
            python: "S.CosineDecay(0.01, 20, warmup_target=0.1)(t)",
            schedule: CosineDecay(0.01, decaySteps: 20, warmupTarget: 0.1)),
        .init(
            python: "v1.cosine_decay_restarts(0.1, t, 5)()", schedule: CosineDecayRestarts(0.1, firstDecaySteps: 5)),
        .init(
            python: "S.CosineDecayRestarts(0.1, 6, 1.5, 0.7, 0.05)(t)",
            schedule: CosineDecayRestarts(
                0.1, firstDecaySteps: 6, lengthFactor: 1.5, heightFactor: 0.7, alpha: 0.05)),
        .init(
            python: "S.CosineDecayRestarts(0.1, 7, 1.0, 0.9)(t)",
            schedule: CosineDecayRestarts(0.1, firstDecaySteps: 7, lengthFactor: 1, heightFactor: 0.9)),
        // Warm-up by hand: a straight line, then the schedule from its start.
        .init(
            python: "np.float32(0.02 + 0.08 * t / 5) if t < 5 else S.ExponentialDecay(0.1, 7, 0.9)(t - 5)",
            schedule: WarmUp(steps: 5, from: 0.02, then: ExponentialDecay(0.1, decaySteps: 7, decayRate: 0.9))),
        .init(
            python: "np.float32(0.1 * t / 4 if t < 4 else 0.1)", schedule: WarmUp(steps: 4, then: ConstantRate(0.1))),
    ]
}

@Suite struct ScheduleTests {
    private func rates(_ schedule: some LearningRateSchedule, _ steps: [Int]) throws -> [Float] {
        try Graph().asDefault {
            let step = placeholder(Float.self, [])
            let rate = schedule.rate(at: step)
            let session = Session()
            return try steps.map { try session.run(rate, feeding: step.fed(NDArray(Float($0)))).scalar }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func ratesFollowTensorFlowsAndKerass() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let steps = Array(0...45) + [100, 1000]
        let lambdas = ScheduleCase.all.map { "lambda t: \($0.python)" }.joined(separator: ",\n    ")
        let text = try oracle.run(
            """
            import json, numpy as np, tensorflow as tf, keras
            v1, S = tf.compat.v1.train, keras.optimizers.schedules
            cases = [
                \(lambdas)]
            print(json.dumps([[float(case(t)) for t in \(steps)] for case in cases]))
            """)
        let expected = try JSONDecoder().decode([[Double]].self, from: Data(text.utf8))
        #expect(expected.count == ScheduleCase.all.count)
        for (each, expected) in zip(ScheduleCase.all, expected) {
            for (step, (found, expected)) in zip(steps, zip(try rates(each.schedule, steps), expected)) {
                // Near the bottom of a cosine's wave the rounding of the argument counts.
                #expect(
                    abs(Double(found) - expected) <= 2e-6 * max(abs(expected), 0.02),
                    "\(each.python) at \(step): \(found), not \(expected)")
            }
        }
    }

    @Test func ratesFollowTheirFormulas() throws {
        #expect(
            try rates(ExponentialDecay(1, decaySteps: 2, decayRate: 0.25, isStaircase: true), [0, 1, 2, 3, 4])
                == [1, 1, 0.25, 0.25, 0.0625])
        #expect(
            try rates(PiecewiseConstantDecay(boundaries: [1, 3], values: [4, 2, 1]), [0, 1, 2, 3, 4])
                == [4, 4, 2, 2, 1])
        #expect(try rates(PolynomialDecay(4, decaySteps: 4, endRate: 0), [0, 1, 4, 9]) == [4, 3, 0, 0])
        #expect(
            try rates(PolynomialDecay(4, decaySteps: 4, endRate: 0, cycles: true), [0, 4, 5, 8]) == [4, 0, 1.5, 0])
        #expect(try rates(InverseTimeDecay(1, decaySteps: 1, decayRate: 1), [0, 1, 3]) == [1, 0.5, 0.25])
        #expect(try rates(CosineDecay(1, decaySteps: 10, alpha: 0.5), [0, 10, 20]) == [1, 0.5, 0.5])
        #expect(try rates(WarmUp(steps: 4, then: ConstantRate(2)), [0, 1, 2, 4, 5]) == [0, 0.5, 1, 2, 2])
    }

    @Test func anOptimizerWithAScheduleFollowsTheGlobalStep() throws {
        let graph = Graph()
        try graph.asDefault {
            let v = Variable<Float>(0, name: "v")
            let schedule = PiecewiseConstantDecay(boundaries: [0, 1], values: [1, 10, 100])
            let train = GradientDescent(learningRate: schedule.learningRate)
                .minimize(-(v * 1), globalStep: graph.globalStep)
            let session = Session()
            try session.initializeVariables()
            let values: [Float] = try (0..<4).map { _ in
                try session.run(train)
                return try session.scalar(v)
            }
            #expect(values == [1, 11, 111, 211])
            // Taken up at another step, as after a checkpoint is restored.
            try session.run(group(graph.globalStep.assign(NDArray(0)).node, v.assign(NDArray(0)).node))
            try session.run(train)
            #expect(try session.scalar(v) == 1 as Float)
            #expect(graph.node(named: "iterations") == nil)
        }
    }

    @Test func anOptimizerWithAScheduleCountsItselfWithoutAGlobalStep() throws {
        let graph = Graph()
        try graph.asDefault {
            let v = Variable<Double>(0, name: "v")
            let schedule = PiecewiseConstantDecay(boundaries: [0], values: [1, 10])
            let train = GradientDescent(learningRate: schedule.learningRate).minimize(-(v * 1))
            let session = Session()
            try session.initializeVariables()
            for _ in 0..<3 { try session.run(train) }
            #expect(try session.scalar(v) == 21 as Double)
            #expect(graph.trainableVariables.map(\.name) == ["v"])
            let counter = try #require(graph.variables.first { $0.name.hasSuffix("iterations") }?.as(Int64.self))
            #expect(try session.scalar(counter) == 3)
        }
    }

    @Test func aLearningRateInAVariableCanBeSetWhileTrainingRuns() throws {
        try Graph().asDefault {
            let rate = Variable<Float>(1, trainable: false, name: "rate")
            let v = Variable<Float>(0, name: "v")
            let train = GradientDescent(learningRate: LearningRate(rate)).minimize(-(v * 1))
            let lower = rate.assign(rate * 0.5)
            let session = Session()
            try session.initializeVariables()
            try session.run(train)
            try session.run(lower)
            try session.run(train)
            #expect(try session.scalar(v) == 1.5 as Float)
        }
    }

    @Test func theGlobalStepIsMadeOnceAndIsNotTrained() throws {
        let graph = Graph()
        let step = graph.globalStep
        #expect(step.name == "global_step")
        #expect(graph.globalStep == step)
        #expect(graph.variables.map(\.name) == ["global_step"])
        #expect(graph.variables.map(\.dtype) == [.int64])
        #expect(graph.trainableVariables.isEmpty)
        // The name does not depend on where it is asked for first.
        let other = Graph()
        other.asDefault { withNameScope("model") { _ = other.globalStep } }
        #expect(other.variables.map(\.name) == ["global_step"])
    }
}
