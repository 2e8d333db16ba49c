import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// The optimizers against steps worked out by hand, and what they have in common.
@Suite struct OptimizerTests {
    /// The values of a variable after each of the first steps on `loss = (v - target)² / 2`, whose gradient is
    /// `v - target`.
    private func steps(
        _ optimizer: some Optimizer, from start: [Double], target: [Double], count: Int = 2
    ) throws -> [[Double]] {
        try Graph().asDefault {
            let v = Variable(NDArray(start), name: "v")
            let difference = v - constant(target)
            let train = optimizer.minimize((difference * difference / 2).sum())
            let session = Session()
            try session.initializeVariables()
            return try (0..<count).map { _ in
                try session.run(train)
                return try session.run(v).scalars
            }
        }
    }

    private func expectClose(
        _ found: [[Double]], _ expected: [[Double]], _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == expected.count, sourceLocation: location)
        for (x, y) in zip(found.joined(), expected.joined()) {
            #expect(abs(x - y) <= 1e-14 * max(1, abs(y)), "\(x), not \(y)", sourceLocation: location)
        }
    }

    @Test func gradientDescentTakesTheStepsOfItsFormula() throws {
        // v ← v - 0.1 (v - target): 4 → 4 - 0.1 · 3 = 3.7 → 3.7 - 0.1 · 2.7 = 3.43; -2 → -2 + 0.1 · 2 = -1.8 → -1.62.
        expectClose(
            try steps(GradientDescent(learningRate: 0.1), from: [4, -2], target: [1, 0]),
            [[3.7, -1.8], [3.43, -1.62]])
    }

    @Test func adagradTakesTheStepsOfItsFormula() throws {
        // accumulator ← accumulator + g², v ← v - rate g / √accumulator.
        let (first, second): (Double, Double) = {
            let a1 = 0.5 + 3.0 * 3.0
            let v1 = 4 - 0.2 * 3 / a1.squareRoot()
            let g2 = v1 - 1
            let a2 = a1 + g2 * g2
            return (v1, v1 - 0.2 * g2 / a2.squareRoot())
        }()
        expectClose(
            try steps(Adagrad(learningRate: 0.2, initialAccumulatorValue: 0.5), from: [4], target: [1]),
            [[first], [second]])
        // The default is 0.1.
        let byDefault = 4 - 0.2 * 3 / (9.1).squareRoot()
        expectClose(try steps(Adagrad(learningRate: 0.2), from: [4], target: [1], count: 1), [[byDefault]])
    }

    @Test func aConvexProblemIsSolved() throws {
        // Least squares with a known answer: the loss falls at every step and the variables arrive.
        try Graph().asDefault {
            let a = NDArray<Double>(randomNormal: [40, 3], seed: 1)
            let solution = constant([[2], [-1], [0.5]] as [[Double]])
            let x = Variable<Double>(.zeros, shape: [3, 1], name: "x")
            let error = matmul(constant(a), x) - matmul(constant(a), solution)
            let loss = (error * error).mean()
            let train = GradientDescent(learningRate: 0.2).minimize(loss)
            let session = Session()
            try session.initializeVariables()
            var last = Double.infinity
            for _ in 0..<200 {
                let value = try session.run(train, loss).1.scalar
                #expect(value <= last)
                last = value
            }
            for (found, expected) in zip(try session.run(x).scalars, [2, -1, 0.5]) {
                #expect(abs(found - expected) < 1e-6)
            }
        }
    }

    @Test func adagradArrivesAsWell() throws {
        let found = try #require(
            try steps(Adagrad(learningRate: 0.5), from: [4, -2], target: [1, 0], count: 400).last)
        #expect(abs(found[0] - 1) < 1e-3 && abs(found[1]) < 1e-3)
    }

    @Test func theGlobalStepCountsTheUpdates() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let step = Variable<Int64>(0, trainable: false, name: "step")
            let train = GradientDescent(learningRate: 0.1).minimize(v * v, globalStep: step)
            let session = Session()
            try session.initializeVariables()
            for expected in 1...3 as ClosedRange<Int64> {
                // The count from before the run, as every read.
                #expect(try session.run(train, step).1.scalar == expected - 1)
                #expect(try session.scalar(step) == expected)
            }
        }
    }

    @Test func onlyTheNamedVariablesChange() throws {
        try Graph().asDefault {
            let (a, b) = (Variable<Float>(1, name: "a"), Variable<Float>(1, name: "b"))
            let frozen = Variable<Float>(1, trainable: false, name: "frozen")
            let loss = a * a + b * b + frozen * frozen
            let onlyB = GradientDescent(learningRate: 0.5).minimize(loss, variables: [AnyVariable(b)])
            let trainable = GradientDescent(learningRate: 0.5).minimize(loss)
            let everything = GradientDescent(learningRate: 0.5).minimize(
                loss, variables: [AnyVariable(a), AnyVariable(frozen)])
            let session = Session()
            try session.initializeVariables()
            try session.run(onlyB)
            #expect(try session.run([a, b, frozen]).map { $0.scalar } == [1, 0, 1] as [Float])
            try session.run(trainable)
            #expect(try session.run([a, b, frozen]).map { $0.scalar } == [0, 0, 1] as [Float])
            try session.run(everything)
            #expect(try session.run([a, b, frozen]).map { $0.scalar } == [0, 0, 0] as [Float])
        }
    }

    @Test func variablesOfAnotherTypeAreLeftAlone() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let count = Variable<Int32>(5, name: "count")
            let double = Variable<Double>(5, name: "double")
            let train = GradientDescent(learningRate: 0.5).minimize(v * v)
            let session = Session()
            try session.initializeVariables()
            try session.run(train)
            #expect(try session.scalar(v) == 0)
            #expect(try session.scalar(count) == 5)
            #expect(try session.scalar(double) == 5)
        }
    }

    @Test func theLearningRateMayBeATensor() throws {
        try Graph().asDefault {
            let rate = placeholder(Float.self, [], name: "rate")
            let v = Variable<Float>(1, name: "v")
            let d = Variable<Double>(1, name: "d")
            let optimizer = GradientDescent(learningRate: LearningRate(rate))
            let (train, trainDouble) = (optimizer.minimize(v * v), optimizer.minimize(d * d))
            let session = Session()
            try session.initializeVariables()
            try session.run(train, feeding: rate.fed(0.25))
            #expect(try session.scalar(v) == 0.5)
            try session.run(train, feeding: rate.fed(0.5))
            #expect(try session.scalar(v) == 0)
            try session.run(trainDouble, feeding: rate.fed(0.25))
            #expect(try session.scalar(d) == 0.5)
            #expect(throws: SessionError.self) { try session.run(train) }
        }
    }

    @Test func gradientsMayBeChangedBeforeTheyAreApplied() throws {
        try Graph().asDefault {
            let v = Variable<Float>(10, name: "v")
            let unused = Variable<Float>(1, name: "unused")
            let optimizer = GradientDescent(learningRate: 1)
            var pairs = optimizer.computeGradients(v * v)
            // One pair for each variable that the loss depends on.
            #expect(pairs.map(\.variable.name) == ["v"])
            for index in pairs.indices { pairs[index].gradient = pairs[index].gradient.clipped(to: -3...3) }
            let train = optimizer.applyGradients(pairs)
            let session = Session()
            try session.initializeVariables()
            try session.run(train)
            #expect(try session.scalar(v) == 7)
            #expect(try session.scalar(unused) == 1)
        }
    }

    @Test func theNodeIsNamedAfterTheOptimizerOrAsAskedFor() {
        Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            #expect(GradientDescent(learningRate: 1).minimize(v * v).name == "GradientDescent")
            #expect(Adagrad(learningRate: 1).minimize(v * v, name: "train").name == "train")
            #expect(v.graph.node(named: "v/Adagrad")?.type == "VarHandleOp")
        }
    }

    @Test func theSlotsOfAnOptimizerAreNotTrained() {
        Graph().asDefault {
            let v = Variable<Float>(.zeros, shape: [2, 3], name: "v")
            _ = Adagrad(learningRate: 1).minimize((v * v).sum())
            #expect(v.graph.variables.map(\.name) == ["v", "v/Adagrad"])
            #expect(v.graph.variables.map(\.shape) == [[2, 3], [2, 3]])
            #expect(v.graph.trainableVariables.map(\.name) == ["v"])
        }
    }

    // MARK: - Mistakes

    @Test func aLossWithoutVariablesIsAMistake() {
        let graph = Graph()
        graph.asDefault { _ = GradientDescent(learningRate: 1).minimize(constant(1 as Float)) }
        #expect(graph.diagnostics.map(\.message) == ["the graph has no trainable variable of type float32"])
        #expect(throws: GraphError.self) { try graph.requireSound() }
    }

    @Test func aLossThatDependsOnNoneOfTheVariablesIsAMistake() {
        let graph = Graph()
        graph.asDefault {
            let (v, w) = (Variable<Float>(1, name: "v"), Variable<Float>(1, name: "w"))
            _ = GradientDescent(learningRate: 1).minimize(constant(1 as Float, name: "loss"))
            _ = GradientDescent(learningRate: 1).minimize(v * v, variables: [AnyVariable(w)])
        }
        #expect(
            graph.diagnostics.map(\.message) == [
                "the loss \"loss:0\" depends on none of the variables \"v\", \"w\"",
                "the loss \"Mul:0\" depends on none of the variables \"w\"",
            ])
    }

    @Test func aLossThatDependsOnVariablesThroughNoGradientSaysWhereTheWayEnds() {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            _ = GradientDescent(learningRate: 1).minimize(stopGradient(v, name: "stop") * 2)
        }
        #expect(graph.diagnostics.count == 1)
        #expect(graph.diagnostics.first?.hint?.contains("\"stop\"") == true, "\(graph.diagnostics)")
    }

    @Test func aLossWithAMistakeIsReportedOnce() {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(.zeros, shape: [2], name: "v")
            let loss = (v + zeros([3])).sum()
            _ = Adagrad(learningRate: 1).minimize(loss)
        }
        #expect(graph.diagnostics.map(\.message) == ["shapes [2] and [3] do not broadcast"])
    }

    @Test func anAccumulatorMustStartAboveZero() {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            _ = Adagrad(learningRate: 1, initialAccumulatorValue: 0).minimize(v * v)
        }
        #expect(graph.diagnostics.map(\.message) == ["the initial accumulator value must be above 0, but is 0.0"])
    }

    @Test func aLearningRateMustBeASingleNumber() {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            _ = GradientDescent(learningRate: LearningRate(constant([1, 2] as [Float]))).minimize(v * v)
        }
        #expect(graph.diagnostics.map(\.message) == ["alpha has shape [2], but must be a single number"])
    }

    @Test func aVariableOfAnotherGraphIsAMistake() {
        let graph = Graph()
        let foreign = Variable<Float>(1, name: "foreign", in: Graph())
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            _ = GradientDescent(learningRate: 1).minimize(v * v, variables: [AnyVariable(foreign)])
        }
        #expect(
            graph.diagnostics.map(\.message) == ["the loss \"Mul:0\" depends on none of the variables \"foreign\""])
    }

    @Test func aVariableOfAnotherTypeThatIsNamedIsAMistake() {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            let count = Variable<Int32>(1, name: "count")
            _ = GradientDescent(learningRate: 1).minimize(v * v, variables: [AnyVariable(v), AnyVariable(count)])
        }
        #expect(graph.diagnostics.map(\.message) == ["the inputs' types differ: int32 and float32"])
    }
}
