import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// How many kernels an update takes: a variable and its slots are gone through once.
@Suite struct UpdatePlanTests {
    static let optimizers: [any Optimizer] = [
        GradientDescent(learningRate: 0.1), Momentum(learningRate: 0.1, momentum: 0.9),
        Momentum(learningRate: 0.1, momentum: 0.9, usesNesterov: true),
        Momentum(learningRate: 0.1, momentum: 0.9, usesNesterov: true, accumulatesSteps: true),
        Adagrad(learningRate: 0.1), Adadelta(), RMSProp(learningRate: 0.1),
        RMSProp(learningRate: 0.1, isCentered: true), Adam(), Adam(usesAmsgrad: true), AdamW(), Adamax(), Nadam(),
        Lion(), Ftrl(learningRate: 0.1, l1: 0.1, l2: 0.1, l2Shrinkage: 0.1),
    ]

    /// The lines of a plan's kernels, but for those of single numbers.
    private func kernels(_ plan: String) -> [Substring] {
        plan.split(separator: "\n").filter { $0.contains(#/^ *[0-9]+: /#) && !$0.contains("space []") }
    }

    @Test(arguments: optimizers.indices)
    func anUpdateIsTheEpilogueOfTheProductThatMakesItsGradient(_ index: Int) throws {
        let optimizer = Self.optimizers[index]
        try Graph().asDefault {
            let w = Variable<Float>(.zeros, shape: [64, 96], name: "w")
            let (x, g) = (placeholder(Float.self, [32, 64]), placeholder(Float.self, [32, 96]))
            let gradient = matmul(x, g, transposeA: true)
            let train = optimizer.applyGradients([VariableGradient(gradient: gradient, variable: AnyVariable(w))])
            let found = kernels(
                try Session().describePlan(train, feeding: x.fed(.zeros([32, 64])), g.fed(.zeros([32, 96]))))
            #expect(found.count == 1, "\(optimizer): \(found)")
            #expect(found.first?.contains("product[") == true)
        }
    }

    @Test(arguments: optimizers.indices)
    func anUpdateOfAGivenGradientIsOneLoop(_ index: Int) throws {
        let optimizer = Self.optimizers[index]
        try Graph().asDefault {
            let v = Variable<Float>(.zeros, shape: [64, 96], name: "v")
            let g = placeholder(Float.self, [64, 96])
            let train = optimizer.applyGradients([VariableGradient(gradient: g, variable: AnyVariable(v))])
            let found = kernels(try Session().describePlan(train, feeding: g.fed(.zeros([64, 96]))))
            #expect(found.count == 1, "\(optimizer): \(found)")
        }
    }

    @Test func aClippedGradientIsGoneThroughTwice() throws {
        // Once for its norm, once for the update.
        try Graph().asDefault {
            let v = Variable<Float>(.zeros, shape: [64, 96], name: "v")
            let g = placeholder(Float.self, [64, 96])
            let train = Adam().clippingGradients(.norm(1))
                .applyGradients([VariableGradient(gradient: g, variable: AnyVariable(v))])
            let found = kernels(try Session().describePlan(train, feeding: g.fed(.zeros([64, 96]))))
            #expect(found.count == 2, "\(found)")
        }
    }

    @Test(
        arguments: [
            Momentum(learningRate: 0.1, momentum: 0.9), Adagrad(learningRate: 0.1), Adadelta(),
            RMSProp(learningRate: 0.1), Ftrl(learningRate: 0.1, l1: 0.1), Adam(), GradientDescent(learningRate: 0.1),
        ] as [any Optimizer])
    func anUpdateOfRowsGoesThroughTheTableTwice(_ optimizer: any Optimizer) throws {
        // Once to add up the rows of each index, once for the update.
        try Graph().asDefault {
            let table = Variable<Float>(.zeros, shape: [1000, 64], name: "table")
            let rows = placeholder(Int32.self, [8])
            let train = optimizer.minimize(square(gather(table, rows)).sum())
            let plan = try Session().describePlan(train, feeding: rows.fed(NDArray(repeating: 1, shape: [8])))
            let found = kernels(plan).filter { $0.contains("space [1000, 64]") || $0.contains("space [64000]") }
            #expect(found.count == 2, "\(kernels(plan))")
        }
    }
}
