import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

@Suite struct MovingAverageTests {
    @Test func averagesFollowTheirVariables() throws {
        try Graph().asDefault {
            let v = Variable<Float>(8, name: "v")
            let d = Variable<Double>(1, name: "d")
            let average = ExponentialMovingAverage(decay: 0.75)
            let moved = group(v.assignAdd(4).node, d.assignAdd(1).node)
            let update = withControlDependencies([moved]) { average.apply(to: [AnyVariable(v), AnyVariable(d)]) }
            let (shadow, other) = (try #require(average.average(of: v)), try #require(average.average(of: d)))
            #expect(shadow.name == "v/ExponentialMovingAverage")
            #expect(!shadow.isTrainable)
            let session = Session()
            try session.initializeVariables()
            // Starts at the variable's initial value: 8, then 8 + (12 - 8) / 4, then 9 + (16 - 9) / 4.
            let values: [Float] = try (0..<3).map { index in
                if index > 0 { try session.run(update) }
                return try session.scalar(shadow)
            }
            #expect(values == [8, 9, 10.75])
            #expect(try session.scalar(other) == 1 + 0.25 + (3 - 1.25) / 4 as Double)
        }
    }

    @Test func aStepCountMakesTheFirstAveragesFollowFaster() throws {
        try Graph().asDefault {
            let count = placeholder(Float.self, [])
            let v = Variable<Float>(0, name: "v")
            let average = ExponentialMovingAverage(decay: 0.5, stepCount: count)
            let update = average.apply(to: [AnyVariable(v)])
            let shadow = try #require(average.average(of: v))
            let session = Session()
            try session.initializeVariables()
            try session.run(v.assign(NDArray(1)))
            // (1 + 0) / (10 + 0) stays, then (1 + 98) / 108, which is above 0.5.
            try session.run(update, feeding: count.fed(0))
            #expect(abs(try session.scalar(shadow) - 0.9 as Float) < 1e-6)
            try session.run(update, feeding: count.fed(98))
            #expect(abs(try session.scalar(shadow) - 0.95 as Float) < 1e-6)
        }
    }

    @Test func averagesAreSavedUnderTheirNamesAndRestoredIntoTheVariables() throws {
        let graph = Graph()
        graph.asDefault {
            let v = Variable<Float>(1, name: "v")
            let frozen = Variable<Float>(2, trainable: false, name: "frozen")
            let average = ExponentialMovingAverage(decay: 0.9)
            _ = average.apply(to: [AnyVariable(v)])
            let names = average.variablesToRestore()
            #expect(Set(names.keys) == ["v/ExponentialMovingAverage", "frozen"])
            #expect(names["v/ExponentialMovingAverage"] == AnyVariable(v))
            #expect(names["frozen"] == AnyVariable(frozen))
            // Also where no averages are kept: a graph that only uses what was trained.
            let other = Graph()
            _ = other.asDefault { Variable<Float>(1, name: "w") }
            #expect(average.variablesToRestore(in: other).keys.sorted() == ["w/ExponentialMovingAverage"])
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func averagesAreThoseOfTensorFlow() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let text = try oracle.run(
            """
            import json, tensorflow as tf
            v1 = tf.compat.v1
            results = []
            for zero_debias in [False, True]:
                with tf.Graph().as_default(), v1.Session() as s:
                    v = v1.get_variable("v", initializer=[1.0, -2.0], use_resource=True)
                    n = v1.get_variable("n", initializer=0.0, use_resource=True, trainable=False)
                    x = tf.multiply(v, 3.0, name="x")
                    average = tf.train.ExponentialMovingAverage(0.6, num_updates=n, zero_debias=zero_debias)
                    move = tf.group(v.assign(v * 1.5 + 1.0), n.assign_add(1.0))
                    with tf.control_dependencies([move]):
                        update = average.apply([v, tf.multiply(v.read_value(), 3.0, name="y")])
                    y = s.graph.get_tensor_by_name("y:0")
                    s.run(v1.global_variables_initializer())
                    values = []
                    for step in range(8):
                        s.run(update)
                        values += [float(e) for a in s.run([average.average(v), average.average(y)]) for e in a]
                    results.append({"values": values, "names": sorted(e.op.name for e in v1.global_variables())})
            print(json.dumps(results))
            """)
        struct Result: Decodable {
            let values: [Float]
            let names: [String]
        }
        let expected = try JSONDecoder().decode([Result].self, from: Data(text.utf8))
        #expect(expected.count == 2)
        for (correctsStart, expected) in zip([false, true], expected) {
            let graph = Graph()
            try graph.asDefault {
                let v = Variable(NDArray<Float>([1, -2]), name: "v")
                let n = Variable<Float>(0, trainable: false, name: "n")
                let move = group(v.assign(v * 1.5 + 1).node, n.assignAdd(1).node)
                let (update, average, y) = withControlDependencies([move]) {
                    let average = ExponentialMovingAverage(
                        decay: 0.6, stepCount: n.read(), correctsStart: correctsStart)
                    let y: Tensor<Float> = identity(v.read() * 3, name: "y")
                    return (group(average.apply(to: [AnyVariable(v)]), average.apply(to: [y])), average, y)
                }
                let shadows = [try #require(average.average(of: v)), try #require(average.average(of: y))]
                let session = Session()
                try session.initializeVariables()
                var values: [Float] = []
                for _ in 0..<8 {
                    try session.run(update)
                    values += try session.run(shadows).flatMap(\.scalars)
                }
                #expect(values.count == expected.values.count)
                for (found, expected) in zip(values, expected.values) {
                    #expect(abs(found - expected) <= 1e-5 * max(1, abs(expected)), "\(correctsStart)")
                }
                #expect(graph.variables.map(\.name).sorted() == expected.names)
            }
        }
    }
}
