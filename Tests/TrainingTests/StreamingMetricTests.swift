import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// Metrics that are gathered over batches, against Keras's after each batch.
@Suite struct StreamingMetricTests {
    private struct Batch: Sendable {
        let labels: TestArray
        let predictions: TestArray
        var weights: TestArray?
    }

    private struct MetricCase: Sendable {
        let name: String
        /// A Python expression for Keras's metric, with `M` for `keras.metrics`.
        let python: String
        let metric: any StreamingMetric
        let batches: [Batch]
    }

    private static func batches(
        _ shape: [Int], labels: (UInt64) -> TestArray, predictions: ClosedRange<Double>, weighted: [Int]? = nil
    ) -> [Batch] {
        (1...3).map { number in
            Batch(
                labels: labels(UInt64(number)),
                predictions: TestArray(shape, in: predictions, seed: UInt64(10 + number)),
                weights: weighted.map { TestArray($0, in: 0...2, seed: UInt64(20 + number)) })
        }
    }

    private static let cases: [MetricCase] = {
        let numbers = { (seed: UInt64) in TestArray([5, 3], in: -1...1, seed: seed) }
        let bits = { (seed: UInt64) in TestArray([5, 3], of: 0...1, seed: seed) }
        let classes = { (seed: UInt64) in TestArray([6], of: 0...3, seed: seed) }
        let columns = { (seed: UInt64) in TestArray([6, 1], of: 0...3, seed: seed) }
        let maps = { (seed: UInt64) in TestArray([2, 3], of: 0...3, seed: seed) }
        let oneHot = { (seed: UInt64) -> TestArray in
            let classes = TestArray([6], of: 0...3, seed: seed).scalars
            return TestArray([6, 4], classes.flatMap { each in (0..<4).map { Double($0) == each ? 1 : 0 } })
        }
        let probabilities = 0.02...0.98
        let values = batches([5, 3], labels: numbers, predictions: -1...1)
        let weighted = batches([5, 3], labels: numbers, predictions: -1...1, weighted: [5])
        let weightedEach = batches([5, 3], labels: numbers, predictions: -1...1, weighted: [5, 3])
        let binary = batches([5, 3], labels: bits, predictions: probabilities)
        let binaryWeighted = batches([5, 3], labels: bits, predictions: probabilities, weighted: [5])
        let sparse = batches([6, 4], labels: classes, predictions: probabilities)
        let sparseWeighted = batches([6, 4], labels: classes, predictions: probabilities, weighted: [6])
        let sparseColumns = batches([6, 4], labels: columns, predictions: probabilities, weighted: [6, 1])
        let sparseMaps = batches([2, 3, 4], labels: maps, predictions: probabilities)
        let distributions = batches([6, 4], labels: oneHot, predictions: probabilities, weighted: [6])
        var all: [MetricCase] = []
        func add(_ python: String, _ metric: some StreamingMetric, _ batches: [[Batch]]) {
            for each in batches {
                let shapes = each[0].labels.shape.description + (each[0].weights.map { " weighted \($0.shape)" } ?? "")
                all.append(MetricCase(name: "\(python) \(shapes)", python: python, metric: metric, batches: each))
            }
        }
        add("M.MeanSquaredError()", MeanMetric.meanSquaredError, [values, weighted])
        add("M.MeanAbsoluteError()", MeanMetric.meanAbsoluteError, [values, weighted])
        add("M.MeanAbsolutePercentageError()", MeanMetric.meanAbsolutePercentageError, [values])
        add("M.MeanSquaredLogarithmicError()", MeanMetric.meanSquaredLogarithmicError, [binary])
        add("M.RootMeanSquaredError()", MeanMetric.rootMeanSquaredError, [values, weighted, weightedEach])
        add("M.LogCoshError()", MeanMetric.logCosh, [values])
        add("M.Poisson()", MeanMetric.poisson, [binary])
        add("M.KLDivergence()", MeanMetric.klDivergence, [distributions])
        add("M.Hinge()", MeanMetric.hinge, [binary, weighted])
        add("M.SquaredHinge()", MeanMetric.squaredHinge, [binary])
        add("M.CategoricalHinge()", MeanMetric.categoricalHinge, [distributions])
        add("M.CosineSimilarity()", MeanMetric.cosineSimilarity(), [values, weighted])
        add("M.Accuracy()", MeanMetric.exactAccuracy, [batches([5, 3], labels: bits, predictions: 1...1)])
        add("M.BinaryAccuracy()", MeanMetric.binaryAccuracy(), [binary, binaryWeighted])
        add("M.BinaryAccuracy(threshold=0.3)", MeanMetric.binaryAccuracy(threshold: 0.3), [binary])
        add("M.CategoricalAccuracy()", MeanMetric.categoricalAccuracy, [distributions])
        add(
            "M.SparseCategoricalAccuracy()", MeanMetric.sparseCategoricalAccuracy,
            [sparse, sparseWeighted, sparseColumns, sparseMaps])
        add("M.TopKCategoricalAccuracy(k=2)", MeanMetric.topKCategoricalAccuracy(k: 2), [distributions])
        add(
            "M.SparseTopKCategoricalAccuracy(k=2)", MeanMetric.sparseTopKCategoricalAccuracy(k: 2),
            [sparse, sparseWeighted, sparseMaps])
        add("M.BinaryCrossentropy()", MeanMetric.binaryCrossentropy(), [binary, binaryWeighted])
        add("M.CategoricalCrossentropy()", MeanMetric.categoricalCrossentropy(), [distributions])
        add("M.SparseCategoricalCrossentropy()", MeanMetric.sparseCategoricalCrossentropy(), [sparse, sparseWeighted])
        for kind in ConfusionKind.allCases {
            let name = kind.rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            add("M.\(name)()", ConfusionCount(kind), [binary, binaryWeighted])
            add(
                "M.\(name)(thresholds=[0.2, 0.5, 0.9])", ConfusionCount(kind, thresholds: [0.2, 0.5, 0.9]),
                [binary, binaryWeighted])
        }
        add("M.Precision()", PositiveShare.precision(), [binary, binaryWeighted])
        add("M.Recall()", PositiveShare.recall(), [binary, binaryWeighted])
        add("M.Precision(class_id=1)", PositiveShare.precision(classIndex: 1), [binary, binaryWeighted])
        add("M.Recall(thresholds=[0.1, 0.7])", PositiveShare.recall(thresholds: [0.1, 0.7]), [binary])
        for (curve, name) in [
            (AreaUnderCurve.Curve.receiverOperatingCharacteristic, "ROC"), (.precisionRecall, "PR"),
        ] {
            for (summation, method) in [
                (AreaUnderCurve.Summation.interpolation, "interpolation"), (.minoring, "minoring"),
                (.majoring, "majoring"),
            ] {
                add(
                    "M.AUC(curve='\(name)', summation_method='\(method)')",
                    AreaUnderCurve(curve, summation: summation), [binary, binaryWeighted])
            }
        }
        add(
            "M.AUC(thresholds=[0.8, 0.1, 0.35])", AreaUnderCurve(thresholds: [0.8, 0.1, 0.35]), [binary])
        add("M.AUC(num_thresholds=11)", AreaUnderCurve(thresholdCount: 11), [binary])
        let labelled = batches([6], labels: classes, predictions: 0...0).map { batch in
            Batch(
                labels: batch.labels, predictions: TestArray([6], of: -1...5, seed: UInt64(batch.labels.scalars[0]) + 7)
            )
        }
        add("M.MeanIoU(num_classes=4)", MeanIntersectionOverUnion(classCount: 4), [labelled])
        add(
            "M.MeanIoU(num_classes=4, ignore_class=2)", MeanIntersectionOverUnion(classCount: 4, ignoredClass: 2),
            [labelled])
        add(
            "M.MeanIoU(num_classes=4, sparse_y_pred=False)",
            MeanIntersectionOverUnion(classCount: 4, predictsDistributions: true), [sparse, sparseMaps])
        for (average, name) in [
            (FBetaScore.Average.none, "None"), (.micro, "'micro'"), (.macro, "'macro'"), (.weighted, "'weighted'"),
        ] {
            add("M.F1Score(average=\(name))", FBetaScore(classCount: 4, average: average), [distributions])
            add(
                "M.FBetaScore(average=\(name), beta=2.0, threshold=0.4)",
                FBetaScore(classCount: 3, average: average, beta: 2, threshold: 0.4), [binary])
        }
        for (aggregation, name) in [
            (RSquared.Aggregation.none, "None"), (.uniformAverage, "'uniform_average'"),
            (.varianceWeightedAverage, "'variance_weighted_average'"),
        ] {
            add(
                "M.R2Score(class_aggregation=\(name))", RSquared(outputCount: 3, aggregation: aggregation),
                [values, weighted])
        }
        return all
    }()

    private static func results(_ each: MetricCase) throws -> [[Float]] {
        try Graph().asDefault {
            func input(_ array: TestArray) -> Tensor<Float> {
                placeholder(Float.self, Shape([nil] + array.shape.dropFirst().map { Optional($0) }))
            }
            let first = each.batches[0]
            let (labels, predictions) = (input(first.labels), input(first.predictions))
            let weights = first.weights.map(input)
            let metric = MetricVariables(each.metric)
            let update = metric.update(labels: labels, predictions: predictions, weights: weights)
            let session = Session()
            try session.run(localVariablesInitializer())
            return try each.batches.map { batch in
                var feeds = [
                    AnyTensor(labels).fed(AnyArray(try batch.labels.floats)),
                    AnyTensor(predictions).fed(AnyArray(try batch.predictions.floats)),
                ]
                if let weights, let values = batch.weights {
                    feeds.append(AnyTensor(weights).fed(AnyArray(try values.floats)))
                }
                let updated = try session.run(update, feeding: feeds).scalars
                let result = try session.run(metric.result).scalars
                #expect(updated == result, "\(each.name)")
                return result
            }
        }
    }

    @Test func everyMetricIsThatOfKerasAfterEachBatch() throws {
        guard let oracle = TensorFlowOracle.fromEnvironment else { return }
        func python(_ array: TestArray) -> String { "A(\(array.scalars), \(array.shape))" }
        let lines = Self.cases.map { each in
            "case(\(each.python), ["
                + each.batches.map { batch in
                    "(\(python(batch.labels)), \(python(batch.predictions)), "
                        + (batch.weights.map(python) ?? "None") + ")"
                }.joined(separator: ", ") + "])"
        }
        let text = try oracle.run(
            """
            import numpy as np, keras
            M = keras.metrics
            def A(values, shape): return np.array(values, np.float32).reshape(shape)
            def case(metric, batches):
                for y, p, w in batches:
                    metric.update_state(y, p, sample_weight=w)
                    print(' '.join(repr(float(e)) for e in np.array(metric.result()).reshape(-1)))
            \(lines.joined(separator: "\n"))
            """)
        var found = text.split(separator: "\n").map { $0.split(separator: " ").map { Float($0) ?? .signalingNaN } }[...]
        for each in Self.cases {
            for (number, here) in try Self.results(each).enumerated() {
                let line = found.popFirst()
                let there = try #require(line, "\(each.name)")
                #expect(here.count == there.count, "\(each.name): \(here), not \(there)")
                for (x, y) in zip(here, there) {
                    let isClose = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= 4e-6 * max(1, abs(y))
                    #expect(isClose, "\(each.name): after batch \(number) \(x), not \(y)")
                }
            }
        }
        #expect(found.isEmpty)
    }

    @Test func aResetForgetsEverything() throws {
        try Graph().asDefault {
            let metric = MetricVariables(MeanMetric.meanAbsoluteError)
            let update = metric.update(
                labels: constant([[1], [2]] as [[Float]]), predictions: constant([[0], [0]] as [[Float]]))
            let session = Session()
            try session.run(metric.reset)
            let first = try session.scalar(update)
            #expect(first == 1.5)
            try session.run(metric.reset)
            let nothing = try session.scalar(metric.result)
            #expect(nothing == 0)
        }
    }

    @Test func aConfusionMatrixCountsEachPair() throws {
        try Graph().asDefault {
            let (labels, predictions) = (constant([0, 1, 1, 2, 1]), constant([0, 1, 0, 2, 1]))
            let session = Session()
            let matrix: Tensor<Int32> = confusionMatrix(labels: labels, predictions: predictions, classCount: 3)
            let counts = try session.run(matrix)
            #expect(counts.shape == [3, 3])
            #expect(counts.scalars == [1, 0, 0, 1, 2, 0, 0, 0, 1])
            let weights = constant([1, 2, 3, 4, 0.5] as [Float])
            let weighted = confusionMatrix(
                labels: labels, predictions: predictions, classCount: 3, weights: weights)
            let sums = try session.run(weighted).scalars
            #expect(sums == [1, 0, 0, 3, 2.5, 0, 0, 0, 4])
            let outside: Tensor<Int32> = confusionMatrix(labels: labels, predictions: predictions, classCount: 2)
            #expect(throws: (any Error).self) { try session.run(outside) }
        }
    }
}

extension TestArray {
    fileprivate var floats: NDArray<Float> {
        get throws { try NDArray(shape: shape, scalars.map { Float($0) }) }
    }
}
