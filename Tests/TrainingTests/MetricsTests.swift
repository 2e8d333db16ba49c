import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// TensorFlow's `metrics`: value and update over batches.
@Suite struct MetricsTests {
    private typealias Build = @Sendable (Tensor<Float>, Tensor<Float>, Tensor<Float>) -> StreamedMetric

    private struct StreamCase: Sendable {
        /// A call of `tf.compat.v1.metrics` with labels `y`, predictions `p` and weights `w`.
        let python: String
        let batches: [[TestArray]]
        /// Whether TensorFlow's update is the metric too.
        var comparesUpdates = true
        let build: Build
    }

    private static let cases: [StreamCase] = {
        func batches(_ make: (UInt64) -> [TestArray]) -> [[TestArray]] { (1...3).map { make($0 * 100) } }
        let numbers = batches {
            [
                TestArray([4, 3], in: -1...1, seed: $0), TestArray([4, 3], in: -1...1, seed: $0 + 1),
                TestArray([4, 3], in: 0...2, seed: $0 + 2),
            ]
        }
        let rows = batches {
            [
                TestArray([4, 3], in: -1...1, seed: $0), TestArray([4, 3], in: -1...1, seed: $0 + 1),
                TestArray([4, 1], in: 0...2, seed: $0 + 2),
            ]
        }
        let bits = batches {
            [
                TestArray([6], of: 0...1, seed: $0), TestArray([6], of: 0...1, seed: $0 + 1),
                TestArray([6], in: 0...2, seed: $0 + 2),
            ]
        }
        let columns = batches {
            [
                TestArray([6, 1], of: 0...2, seed: $0), TestArray([6], of: 0...2, seed: $0 + 1),
                TestArray([6, 1], in: 0...2, seed: $0 + 2),
            ]
        }
        let probabilities = batches {
            [
                TestArray([8], of: 0...1, seed: $0), TestArray([8], in: 0.02...0.98, seed: $0 + 1),
                TestArray([8], in: 0...2, seed: $0 + 2),
            ]
        }
        let classes = batches {
            [
                TestArray([9], of: 0...3, seed: $0), TestArray([9], of: 0...3, seed: $0 + 1),
                TestArray([9], in: 0...2, seed: $0 + 2),
            ]
        }
        let ranked = batches {
            [
                TestArray([5], of: 0...3, seed: $0), TestArray([5, 4], in: 0...1, seed: $0 + 1),
                TestArray([5], in: 0...2, seed: $0 + 2),
            ]
        }
        @Sendable func integers(_ x: Tensor<Float>) -> Tensor<Int64> { cast(x, to: Int64.self) }
        var all = [
            StreamCase(python: "mean(y)", batches: numbers) { y, _, _ in metrics.mean(y) },
            StreamCase(python: "mean(y, w)", batches: rows) { y, _, w in metrics.mean(y, weights: w) },
            StreamCase(python: "accuracy(y, p)", batches: bits) { y, p, _ in
                metrics.accuracy(labels: y, predictions: p)
            },
            StreamCase(python: "accuracy(y, p, w)", batches: columns) { y, p, w in
                metrics.accuracy(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "mean_squared_error(y, p, w)", batches: numbers) { y, p, w in
                metrics.meanSquaredError(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "root_mean_squared_error(y, p)", batches: numbers) { y, p, _ in
                metrics.rootMeanSquaredError(labels: y, predictions: p)
            },
            StreamCase(python: "mean_absolute_error(y, p, w)", batches: rows) { y, p, w in
                metrics.meanAbsoluteError(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "mean_relative_error(y, p, w)", batches: numbers) { y, p, w in
                metrics.meanRelativeError(labels: y, predictions: p, normalizer: w)
            },
            StreamCase(python: "mean_cosine_distance(y, p, 1)", batches: numbers) { y, p, _ in
                metrics.meanCosineDistance(labels: y, predictions: p, axis: 1)
            },
            StreamCase(python: "percentage_below(y, 0.3, w)", batches: numbers) { y, _, w in
                metrics.percentageBelow(y, threshold: 0.3, weights: w)
            },
            StreamCase(python: "true_positives(y, p, w)", batches: bits) { y, p, w in
                metrics.truePositives(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "false_positives(y, p)", batches: bits) { y, p, _ in
                metrics.falsePositives(labels: y, predictions: p)
            },
            StreamCase(python: "true_negatives(y, p, w)", batches: bits) { y, p, w in
                metrics.trueNegatives(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "false_negatives(y, p, w)", batches: bits) { y, p, w in
                metrics.falseNegatives(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "precision(y, p, w)", batches: bits) { y, p, w in
                metrics.precision(labels: y, predictions: p, weights: w)
            },
            StreamCase(python: "recall(y, p)", batches: bits) { y, p, _ in metrics.recall(labels: y, predictions: p) },
            StreamCase(python: "precision_at_thresholds(y, p, [0.3, 0.7], w)", batches: probabilities) { y, p, w in
                metrics.precisionAtThresholds(labels: y, predictions: p, thresholds: [0.3, 0.7], weights: w)
            },
            StreamCase(python: "recall_at_thresholds(y, p, [0.3, 0.7])", batches: probabilities) { y, p, _ in
                metrics.recallAtThresholds(labels: y, predictions: p, thresholds: [0.3, 0.7])
            },
            StreamCase(python: "false_negatives_at_thresholds(y, p, [0.3, 0.7], w)", batches: probabilities) {
                y, p, w in
                metrics.countAtThresholds(
                    .falseNegatives, labels: y, predictions: p, thresholds: [0.3, 0.7], weights: w)
            },
            StreamCase(
                python: "mean_iou(tf.cast(y, tf.int64), tf.cast(p, tf.int64), 4, w)", batches: classes,
                comparesUpdates: false
            ) { y, p, w in
                metrics.meanIoU(labels: integers(y), predictions: integers(p), classCount: 4, weights: w)
            },
            StreamCase(
                python: "mean_per_class_accuracy(tf.cast(y, tf.int64), tf.cast(p, tf.int64), 4, w)",
                batches: classes, comparesUpdates: false
            ) { y, p, w in
                metrics.meanPerClassAccuracy(labels: integers(y), predictions: integers(p), classCount: 4, weights: w)
            },
            StreamCase(python: "recall_at_k(tf.cast(y, tf.int64)[:, None], p, 2, weights=w)", batches: ranked) {
                y, p, w in
                metrics.recallAtK(labels: integers(y), predictions: p, k: 2, weights: w)
            },
        ]
        for (curve, name) in [
            (AreaUnderCurve.Curve.receiverOperatingCharacteristic, "ROC"), (.precisionRecall, "PR"),
        ] {
            for (summation, isCareful, method) in [
                (AreaUnderCurve.Summation.interpolation, false, "trapezoidal"),
                (.interpolation, true, "careful_interpolation"), (.minoring, false, "minoring"),
                (.majoring, false, "majoring"),
            ] {
                all.append(
                    StreamCase(
                        python: "auc(y, p, w, curve='\(name)', summation_method='\(method)')", batches: probabilities
                    ) { y, p, w in
                        metrics.auc(
                            labels: y, predictions: p, weights: w, curve: curve, summation: summation,
                            isCareful: isCareful)
                    })
            }
        }
        return all
    }()

    private static func results(_ each: StreamCase) throws -> [[Float]] {
        try Graph().asDefault {
            let inputs = each.batches[0].map { array in
                placeholder(Float.self, Shape([nil] + array.shape.dropFirst().map { Optional($0) }))
            }
            let (value, update) = each.build(inputs[0], inputs[1], inputs[2])
            #expect(Graph.default.variables.isEmpty)
            let session = Session()
            try session.run(localVariablesInitializer())
            return try each.batches.flatMap { batch in
                let feeds = try zip(inputs, batch).map { input, array in
                    AnyTensor(input).fed(
                        AnyArray(try NDArray<Float>(shape: array.shape, array.scalars.map { Float($0) })))
                }
                return [try session.run(update, feeding: feeds).scalars, try session.run(value).scalars]
            }
        }
    }

    @Test func everyMetricIsThatOfTensorFlowAfterEachBatch() throws {
        guard let oracle = TensorFlowOracle.fromEnvironment else { return }
        let lines = Self.cases.map { each in
            let batches = each.batches.map { batch in
                "[" + batch.map { "A(\($0.scalars), \($0.shape))" }.joined(separator: ", ") + "]"
            }
            return "case(lambda y, p, w: v1.metrics.\(each.python), [\(batches.joined(separator: ", "))])"
        }
        let text = try oracle.run(
            """
            import numpy as np, tensorflow as tf
            v1 = tf.compat.v1
            def A(values, shape): return np.array(values, np.float32).reshape(shape)
            def show(x): print(' '.join(repr(float(e)) for e in np.array(x).reshape(-1)))
            def case(build, batches):
                with tf.Graph().as_default(), v1.Session() as session:
                    inputs = [v1.placeholder(tf.float32, [None] + list(a.shape[1:])) for a in batches[0]]
                    value, update = build(*inputs)
                    session.run(v1.local_variables_initializer())
                    for batch in batches:
                        show(session.run(update, dict(zip(inputs, batch))))
                        show(session.run(value))
            \(lines.joined(separator: "\n"))
            """)
        var found = text.split(separator: "\n").map { $0.split(separator: " ").map { Float($0) ?? .signalingNaN } }[...]
        for each in Self.cases {
            for (number, here) in try Self.results(each).enumerated() {
                let line = found.popFirst()
                let there = try #require(line, "\(each.python)")
                if number.isMultiple(of: 2), !each.comparesUpdates { continue }
                #expect(here.count == there.count, "\(each.python): \(here), not \(there)")
                for (x, y) in zip(here, there) {
                    #expect(abs(x - y) <= 4e-6 * max(1, abs(y)), "\(each.python): \(number): \(x), not \(y)")
                }
            }
        }
        #expect(found.isEmpty)
    }

    @Test func variablesAreLocalAndNamedAsTensorFlowDoes() {
        Graph().asDefault {
            let x = placeholder(Float.self, [nil], name: "x")
            _ = metrics.accuracy(labels: x, predictions: x)
            _ = metrics.auc(labels: x, predictions: x, name: "area")
            #expect(
                Graph.default.localVariables.map(\.name) == [
                    "accuracy/total", "accuracy/count", "area/true_positives", "area/false_positives",
                    "area/true_negatives", "area/false_negatives",
                ])
            #expect(Graph.default.variables.isEmpty)
        }
    }

    @Test func whatDoesNotFitIsAMistake() throws {
        func message(_ build: () -> StreamedMetric) throws -> String {
            let graph = Graph()
            return try graph.asDefault {
                _ = build()
                let error = #expect(throws: GraphError.self) { try graph.requireSound() }
                return try #require(error?.diagnostics.first).message
            }
        }
        let x: @Sendable ([Int?]) -> Tensor<Float> = { placeholder(Float.self, Shape($0)) }
        #expect(
            try message { metrics.accuracy(labels: x([4]), predictions: x([4, 2])) }
                == "the shapes of labels and predictions differ: [4] and [4, 2]")
        #expect(
            try message { metrics.mean(x([4, 3]), weights: x([2, 3])) }
                == "weights of shape [2, 3] do not fit values of shape [4, 3]")
        #expect(
            try message { metrics.precision(labels: x([4]), predictions: x([5])) }
                == "the shapes of labels and predictions differ: [4] and [5]")
        let numbers: @Sendable () -> Tensor<Int32> = { placeholder(Int32.self, [nil]) }
        #expect(
            try message { metrics.meanIoU(labels: numbers(), predictions: numbers(), classCount: 0) }
                == "the number of classes must be from 1 to 1048576, but is 0")
    }
}
