import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// The variables that optimizers keep: their names decide whether checkpoints of TensorFlow fit.
@Suite struct SlotTests {
    /// An optimizer here, and in TensorFlow's first form.
    static let cases: [(python: String, optimizer: any Optimizer)] = [
        ("GradientDescentOptimizer(0.1)", GradientDescent(learningRate: 0.1)),
        ("MomentumOptimizer(0.1, 0.9)", Momentum(learningRate: 0.1, momentum: 0.9)),
        ("AdagradOptimizer(0.1)", Adagrad(learningRate: 0.1)),
        ("AdadeltaOptimizer()", Adadelta()),
        ("RMSPropOptimizer(0.1)", RMSProp(learningRate: 0.1)),
        ("RMSPropOptimizer(0.1, centered=True)", RMSProp(learningRate: 0.1, isCentered: true)),
        ("AdamOptimizer()", Adam()),
        ("FtrlOptimizer(0.1)", Ftrl(learningRate: 0.1)),
    ]

    private func train(_ optimizer: any Optimizer) -> Graph {
        let graph = Graph()
        graph.asDefault {
            let (a, b) = (Variable<Float>(1, name: "a"), Variable<Float>(.ones, shape: [2, 3], name: "layer/b"))
            _ = optimizer.minimize(square(a) + square(b).sum())
        }
        return graph
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func allVariablesHaveTensorFlowsNamesAndValues() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let lines = Self.cases.map { "lambda: t.\($0.python)" }.joined(separator: ", ")
        let text = try oracle.run(
            """
            import json, tensorflow as tf
            v1, t = tf.compat.v1, tf.compat.v1.train
            results = []
            for make in [\(lines)]:
                with tf.Graph().as_default(), v1.Session() as s:
                    a = v1.get_variable("a", initializer=1.0, use_resource=True)
                    b = v1.get_variable("layer/b", initializer=[[1.0] * 3] * 2, use_resource=True)
                    make().minimize(a * a + tf.reduce_sum(b * b))
                    s.run(v1.global_variables_initializer())
                    results.append({v.op.name: s.run(v).ravel().tolist() for v in v1.global_variables()})
            print(json.dumps(results))
            """)
        let expected = try JSONDecoder().decode([[String: [Float]]].self, from: Data(text.utf8))
        #expect(expected.count == Self.cases.count)
        for (each, expected) in zip(Self.cases, expected) {
            let graph = train(each.optimizer)
            let session = Session(graph: graph)
            try session.initializeVariables()
            var found: [String: [Float]] = [:]
            for variable in graph.variables {
                let typed = try #require(variable.as(Float.self))
                found[variable.name] = try session.run(typed).scalars
            }
            #expect(found == expected, "\(each.python)")
        }
    }

    @Test func slotsAreFoundByTheirVariable() throws {
        let optimizers =
            Self.cases.map(\.optimizer) + [
                Adam(usesAmsgrad: true), AdamW(), Adamax(), Nadam(), Lion(), Adam().clippingGradients(.norm(1)),
                Momentum(learningRate: 1, momentum: 0.5).updatingAllRows(),
            ]
        for optimizer in optimizers {
            let graph = train(optimizer)
            for variable in graph.trainableVariables {
                let slots = optimizer.slots(of: variable)
                #expect(slots.map(\.name) == optimizer.slotNames.map { "\(variable.name)/\($0)" })
                #expect(slots.allSatisfy { $0.shape == variable.shape && !$0.isTrainable })
            }
            #expect(graph.trainableVariables.map(\.name) == ["a", "layer/b"])
        }
        let untouched = Graph()
        let v = Variable<Float>(1, name: "v", in: untouched)
        #expect(Adam().slots(of: AnyVariable(v)).isEmpty)
    }

    @Test func aSecondOptimizerHasPowersOfItsOwn() throws {
        try Graph().asDefault {
            let (a, b) = (Variable<Float>(1, name: "a"), Variable<Float>(1, name: "b"))
            let first = Adam().minimize(square(a), variables: [AnyVariable(a)])
            _ = Adam().minimize(square(b), variables: [AnyVariable(b)])
            #expect(
                a.graph.variables.map(\.name) == [
                    "a", "b", "beta1_power", "beta2_power", "a/Adam", "a/Adam_1", "beta1_power_1", "beta2_power_1",
                    "b/Adam", "b/Adam_1",
                ])
            let session = Session()
            try session.initializeVariables()
            try session.run(first)
            #expect(try session.scalar(b) == 1 as Float)
            let powers = a.graph.variables.filter { $0.name.hasPrefix("beta1_power") }.compactMap { $0.as(Float.self) }
            let values = try session.run(powers).map(\.scalar)
            #expect(values == [0.9 * 0.9, 0.9])
        }
    }
}
