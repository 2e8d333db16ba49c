import Graphs
import Operations
import Tensors
import Testing
import Training

/// Settings that make no sense, and what the user is told.
@Suite struct TrainingMistakesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let expected: [String]
        let build: @Sendable (Variable<Float>) -> Void

        init(_ name: String, _ expected: String..., build: @escaping @Sendable (Variable<Float>) -> Void) {
            self.name = name
            self.expected = expected
            self.build = build
        }

        /// An optimizer.
        init(_ name: String, _ expected: String..., optimizer: any Optimizer) {
            self.name = name
            self.expected = expected
            build = { _ = optimizer.minimize(square($0)) }
        }

        /// A schedule.
        init(_ name: String, _ expected: String..., schedule: any LearningRateSchedule) {
            self.name = name
            self.expected = expected
            build = { _ = GradientDescent(learningRate: schedule.learningRate).minimize(square($0)) }
        }

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        // MARK: Optimizers
        Case(
            "a rate below 0", "GradientDescent: the learning rate must not be below 0, but is -0.1",
            optimizer: GradientDescent(learningRate: -0.1)),
        Case(
            "a rate that is no number", "Adam: the learning rate must not be below 0, but is nan",
            optimizer: Adam(learningRate: LearningRate(.nan))),
        Case(
            "a momentum of 1", "Momentum: momentum must be from 0 up to, but not 1, but is 1.0",
            optimizer: Momentum(learningRate: 1, momentum: 1)),
        Case(
            "a momentum below 0", "Momentum: momentum must be from 0 up to, but not 1, but is -0.5",
            optimizer: Momentum(learningRate: 1, momentum: -0.5)),
        Case(
            "an accumulator of 0", "Adagrad: the initial accumulator value must be above 0, but is 0.0",
            optimizer: Adagrad(learningRate: 1, initialAccumulatorValue: 0)),
        Case(
            "rho and epsilon of Adadelta", "Adadelta: rho must be from 0 up to, but not 1, but is 1.5",
            "Adadelta: epsilon must not be below 0, but is -1.0", optimizer: Adadelta(rho: 1.5, epsilon: -1)),
        Case(
            "all of RMSProp", "RMSProp: the learning rate must not be below 0, but is -1.0",
            "RMSProp: decay must be from 0 up to, but not 1, but is 2.0",
            "RMSProp: momentum must be from 0 up to, but not 1, but is -1.0",
            "RMSProp: epsilon must not be below 0, but is -1e-07",
            optimizer: RMSProp(learningRate: -1, decay: 2, momentum: -1, epsilon: -1e-7)),
        Case(
            "betas", "Adam: beta1 must be from 0 up to, but not 1, but is 1.0",
            "Adam: beta2 must be from 0 up to, but not 1, but is -0.1",
            "Adam: epsilon must not be below 0, but is -1.0", optimizer: Adam(beta1: 1, beta2: -0.1, epsilon: -1)),
        Case(
            "betas of Adamax", "Adamax: beta1 must be from 0 up to, but not 1, but is 1.0",
            optimizer: Adamax(beta1: 1)),
        Case(
            "betas of Nadam", "Nadam: beta2 must be from 0 up to, but not 1, but is 1.0", optimizer: Nadam(beta2: 1)),
        Case("betas of Lion", "Lion: beta2 must be from 0 up to, but not 1, but is 1.0", optimizer: Lion(beta2: 1)),
        Case(
            "a decay below 0", "AdamW: the weight decay must not be below 0, but is -1.0",
            optimizer: AdamW(weightDecay: -1)),
        Case(
            "a power above 0", "Ftrl: the power must not be above 0, but is 0.5",
            optimizer: Ftrl(learningRate: 1, learningRatePower: 0.5)),
        Case(
            "strengths below 0", "Ftrl: the initial accumulator value must not be below 0, but is -1.0",
            "Ftrl: l1 must not be below 0, but is -1.0", "Ftrl: l2 must not be below 0, but is -2.0",
            "Ftrl: l2Shrinkage must not be below 0, but is -3.0", "Ftrl: beta must not be below 0, but is -4.0",
            optimizer: Ftrl(learningRate: 1, initialAccumulatorValue: -1, l1: -1, l2: -2, l2Shrinkage: -3, beta: -4)),
        Case(
            "a limit of 0", "Adam: gradients are clipped to 0.0, which must be above 0",
            optimizer: Adam().clippingGradients(.norm(0))),

        // MARK: Schedules
        Case(
            "a decay without steps", "ExponentialDecay: a decay takes at least one step, but is given 0",
            schedule: ExponentialDecay(1, decaySteps: 0, decayRate: 0.5)),
        Case(
            "a polynomial without steps", "PolynomialDecay: a decay takes at least one step, but is given -3",
            schedule: PolynomialDecay(1, decaySteps: -3)),
        Case(
            "a cosine without steps", "CosineDecay: a decay takes at least one step, but is given 0",
            schedule: CosineDecay(1, decaySteps: 0)),
        Case(
            "a rise of less than no steps", "CosineDecay: the rise takes no less than 0 steps, but is given -1",
            schedule: CosineDecay(1, decaySteps: 1, warmupTarget: 1, warmupSteps: -1)),
        Case(
            "waves without steps", "CosineDecayRestarts: a decay takes at least one step, but is given 0",
            schedule: CosineDecayRestarts(1, firstDecaySteps: 0)),
        Case(
            "waves without length", "CosineDecayRestarts: each wave is longer by a factor above 0, but it is 0.0",
            schedule: CosineDecayRestarts(1, firstDecaySteps: 1, lengthFactor: 0)),
        Case(
            "values that are too few", "PiecewiseConstantDecay: needs one value more than boundaries, but has 2 and 2",
            schedule: PiecewiseConstantDecay(boundaries: [1, 2], values: [1, 2])),
        Case(
            "no values", "PiecewiseConstantDecay: needs one value more than boundaries, but has 0 and 0",
            schedule: PiecewiseConstantDecay(boundaries: [], values: [])),
        Case(
            "boundaries that fall", "PiecewiseConstantDecay: the boundaries must grow, but are [5, 3]",
            schedule: PiecewiseConstantDecay(boundaries: [5, 3], values: [1, 2, 3])),
        Case(
            "a mistake after a rise", "InverseTimeDecay: a decay takes at least one step, but is given 0",
            schedule: WarmUp(steps: 1, then: InverseTimeDecay(1, decaySteps: 0, decayRate: 1))),
        Case(
            "a rise without steps", "WarmUp: the rise takes at least one step, but is given 0",
            schedule: WarmUp(steps: 0, then: ConstantRate(1))),

        // MARK: What surrounds them
        Case(
            "an average that keeps all",
            "ExponentialMovingAverage: the decay must be from 0 up to, but not 1, but is 1.0"
        ) { _ = ExponentialMovingAverage(decay: 1).apply(to: [AnyVariable($0)]) },
        Case(
            "an average of counts",
            "ExponentialMovingAverage \"count\": is not defined for int32, only for floating-point numbers"
        ) { _ in
            let count = Variable<Int32>(1, name: "count")
            _ = ExponentialMovingAverage(decay: 0.5).apply(to: [AnyVariable(count)])
        },
        Case(
            "an average of a tensor of unknown shape",
            "ExponentialMovingAverage: an average needs a fully known shape, but that of \"x:0\" is [?]"
        ) { _ in
            _ = ExponentialMovingAverage(decay: 0.5).apply(to: [placeholder(Float.self, [nil], name: "x")])
        },
        Case("a regularizer below 0", "Regularizer: l2 must be a finite number not below 0, but is -1.0") {
            _ = Regularizer.l2(-1)($0)
        },
        Case("a regularizer without end", "Regularizer: factor must be a finite number not below 0, but is inf") { _ in
            _ = Regularizer.orthogonal(.infinity)(zeros([2, 2], as: Float.self))
        },
        Case(
            "right angles of a vector",
            "Regularizer: right angles are those of a matrix of known shape, but the weight has shape [3]"
        ) { _ in _ = Regularizer.orthogonal()(zeros([3], as: Float.self)) },
    ]

    @Test(arguments: cases)
    func aSettingThatMakesNoSenseIsSaidOnce(_ each: Case) {
        let graph = Graph()
        graph.asDefault { each.build(Variable<Float>(1, name: "v")) }
        let found = graph.diagnostics.map { diagnostic in
            "\(diagnostic.operation)\(diagnostic.node.map { " \"\($0)\"" } ?? ""): \(diagnostic.message)"
        }
        #expect(found == each.expected)
        #expect(throws: GraphError.self) { try graph.requireSound() }
    }

    @Test func settingsAtTheEdgeAreFine() {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            let optimizers: [any Optimizer] = [
                GradientDescent(learningRate: 0), Momentum(learningRate: 0, momentum: 0),
                Adam(beta1: 0, beta2: 0, epsilon: 0),
                AdamW(weightDecay: 0), Ftrl(learningRate: 1, learningRatePower: 0, initialAccumulatorValue: 0),
                RMSProp(learningRate: 1, decay: 0, epsilon: 0), Adadelta(rho: 0, epsilon: 0), Lion(beta1: 0, beta2: 0),
            ]
            for optimizer in optimizers { _ = optimizer.minimize(square(v)) }
        }
        #expect(graph.diagnostics.isEmpty)
    }
}
