import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Dropout: what is kept, what it costs, what is refused.
@Suite struct DropoutTests {
    private func run<Result>(seed: Int? = 1, _ body: (Graph) throws -> Result) throws -> Result {
        let graph = Graph()
        graph.seed = seed
        return try graph.asDefault { try body(graph) }
    }

    @Test func keptElementsAreScaledAndTheOthersAreZero() throws {
        try run { _ in
            let x = ones([100, 100]) as Tensor<Float>
            let values = try Session().run(dropout(x, keepProbability: 0.8)).scalars
            #expect(Set(values) == [0, 1.25])
            // Within five standard deviations of 8000.
            #expect(abs(values.count { $0 != 0 } - 8000) < 200)
        }
    }

    @Test func theGradientIsThatOfWhatWasKept() throws {
        try run { _ in
            let x = placeholder(Float.self, [nil, 50])
            let y = dropout(x, rate: 0.5)
            let g = gradients(of: (3 * y).sum(), with: [x])[0]
            let input = NDArray<Float>(repeating: 2, shape: [20, 50])
            let (values, slopes) = try Session().run(y, g, feeding: x.fed(input))
            #expect(Set(values.scalars) == [0, 4])
            #expect(slopes.scalars == values.scalars.map { $0 == 0 ? 0 : 6 })
        }
    }

    @Test func eachRunDrawsAnewAndTheSameSeedsDrawTheSame() throws {
        func draws(_ seed: Int?) throws -> [[Float]] {
            try run(seed: seed) { _ in
                let y = dropout(ones([64]) as Tensor<Float>, rate: 0.5, seed: 7)
                let session = Session()
                return [try session.run(y).scalars, try session.run(y).scalars]
            }
        }
        let (first, again, other) = (try draws(1), try draws(1), try draws(2))
        #expect(first[0] != first[1])
        #expect(first == again)
        #expect(first != other)
    }

    @Test func theProbabilityMayBeFed() throws {
        try run { _ in
            let keep = placeholder(Float.self, [], name: "keep_prob")
            let rate = placeholder(Float.self, [])
            let x = ones([1000]) as Tensor<Float>
            let (y, z) = (dropout(x, keepProbability: keep), dropout(x, rate: rate))
            let session = Session()
            let all = try session.run(y, feeding: keep.fed(1)).scalars
            #expect(all.allSatisfy { $0 == 1 })
            let some = try session.run(y, feeding: keep.fed(0.2)).scalars
            #expect(Set(some) == [0, 5])
            #expect(abs(some.count { $0 != 0 } - 200) < 70)
            let others = try session.run(z, feeding: rate.fed(0)).scalars
            #expect(others.allSatisfy { $0 == 1 })
        }
    }

    @Test func nothingIsDrawnWhereEverythingIsKept() throws {
        try run { graph in
            let x = placeholder(Float.self, [nil])
            #expect(dropout(x, keepProbability: 1) == x)
            #expect(dropout(x, rate: 0) == x)
            #expect(!graph.nodes.contains { $0.type == "RandomUniform" })
        }
    }

    @Test func aNoiseShapeDropsWholeRows() throws {
        try run { _ in
            let x = placeholder(Float.self, [nil, 8])
            let y = dropout(x, keepProbability: 0.5, noiseShape: [nil, 1])
            let values = try Session().run(y, feeding: x.fed(NDArray(repeating: 1, shape: [100, 8]))).scalars
            let rows = stride(from: 0, to: 800, by: 8).map { Set(values[$0..<($0 + 8)]) }
            #expect(rows.allSatisfy { $0.count == 1 })
            #expect(Set(rows) == [[0], [2]])
            #expect(y.shape == [nil, 8])
        }
    }

    @Test func oneRandomNodeServesTheValueAndTheGradient() throws {
        try run { _ in
            let x = placeholder(Float.self, [64, 512])
            let y = dropout(relu(x), rate: 0.2)
            let g = gradients(of: square(y).sum(), with: [x])[0]
            let plan = try Session().describePlan(y, g, feeding: x.fed(.zeros([64, 512])))
            #expect(plan.split(separator: "random").count == 2, "\(plan)")
        }
    }

    @Test func theNumbersAreThoseOfTensorFlow() throws {
        guard let oracle = TensorFlowOracle.fromEnvironment else { return }
        let text = try oracle.run(
            """
            import tensorflow as tf
            v1 = tf.compat.v1
            def show(build):
                with tf.Graph().as_default():
                    v1.set_random_seed(5)
                    x = tf.reshape(tf.range(1.0, 25.0), [4, 6])
                    with v1.Session() as s:
                        y = build(x)
                        for _ in range(2): print(' '.join(str(float(e)) for e in s.run(y).reshape(-1)))
            show(lambda x: v1.nn.dropout(x, keep_prob=0.6, seed=3))
            show(lambda x: v1.nn.dropout(x, rate=0.25))
            show(lambda x: v1.nn.dropout(x, keep_prob=tf.constant(0.5), noise_shape=[4, 1]))
            show(lambda x: v1.nn.dropout(v1.nn.dropout(x, keep_prob=1.0), keep_prob=0.7))
            """)
        let expected = text.split(separator: "\n").map { $0.split(separator: " ").map { Float($0) ?? .nan } }
        let builds: [(Tensor<Float>) -> Tensor<Float>] = [
            { dropout($0, keepProbability: 0.6, seed: 3) },
            { dropout($0, rate: 0.25) },
            { dropout($0, keepProbability: constant(0.5 as Float), noiseShape: [4, 1]) },
            { dropout(dropout($0, keepProbability: 1), keepProbability: 0.7) },
        ]
        var found: [[Float]] = []
        for build in builds {
            try run(seed: 5) { _ in
                let session = Session()
                let y = build((Operations.range(1, 25, 1) as Tensor<Float>).reshaped([4, 6]))
                for _ in 0..<2 { found.append(try session.run(y).scalars) }
            }
        }
        try #require(found.count == expected.count)
        for (x, y) in zip(found, expected) {
            #expect(zip(x, y).allSatisfy { abs($0 - $1) <= 1e-5 * abs($1) }, "\(x), not \(y)")
        }
    }

    @Test func whatMakesNoSenseIsAMistake() throws {
        func message(_ build: (Tensor<Float>) -> Tensor<Float>) throws -> String {
            try run { graph in
                _ = build(placeholder(Float.self, [nil, 8]))
                let error = #expect(throws: GraphError.self) { try graph.requireSound() }
                return error?.diagnostics.map { "\($0.operation): \($0.message)" }.joined(separator: "; ") ?? ""
            }
        }
        for keep in [0, -0.5, 1.5, .nan] {
            #expect(
                try message { dropout($0, keepProbability: keep) }
                    == "Dropout: the probability to keep an element must be above 0 and at most 1, but is \(keep)")
        }
        for rate in [1, -0.5, .nan] {
            #expect(
                try message { dropout($0, rate: rate) }
                    == "Dropout: the rate must be at least 0 and below 1, but is \(rate)")
        }
        #expect(
            try message { dropout($0, keepProbability: constant([0.5, 0.5] as [Float])) }
                == "Dropout: the probability to keep an element must be a single number, but has shape [2]")
        #expect(
            try message { dropout($0, rate: constant([0.5, 0.5] as [Float])) }
                == "Dropout: the rate must be a single number, but has shape [2]")
        #expect(
            try message { dropout($0, rate: 0.5, noiseShape: [nil, 4]) }
                == "Dropout: noise shape [?, 4] does not broadcast to the shape of the input, [?, 8]")
        #expect(
            try message { dropout($0, rate: 0.5, noiseShape: [1]) }
                == "Dropout: noise shape [1] does not broadcast to the shape of the input, [?, 8]")
    }
}
