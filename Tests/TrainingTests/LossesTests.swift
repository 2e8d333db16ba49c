import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// TensorFlow's `losses`: weights, reductions, collections.
@Suite struct LossesTests {
    private static let reductions: [(LossReduction, String)] = [
        (.none, "NONE"), (.sum, "SUM"), (.mean, "MEAN"), (.sumOverBatchSize, "SUM_OVER_BATCH_SIZE"),
        (.sumByNonzeroWeights, "SUM_BY_NONZERO_WEIGHTS"),
    ]

    private static let cases: [OracleCase] = {
        let y = TestArray([4, 3], in: -2...2, seed: 1)
        let p = TestArray([4, 3], in: -2...2, seed: 2)
        let bits = TestArray([4, 3], of: 0...1, seed: 3)
        let probabilities = TestArray([4, 3], in: 0.02...0.98, seed: 4)
        let classes = TestArray([4, 3], [1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0])
        let numbers = TestArray([4], of: 0...2, seed: 5)
        let weights: [(String, TestArray)] = [
            ("a number", TestArray([], [0.7])), ("no weight", TestArray([], [0])),
            ("rows", TestArray([4, 1], [0.5, 0, 2, 1])), ("columns", TestArray([1, 3], [0, 0, 3])),
            ("elements", TestArray([4, 3], of: 0...2, seed: 6)),
        ]
        // TensorFlow's weights are float32.
        let tolerance = 2e-6
        let reduced = reductions.flatMap { reduction, python in
            weights.map { name, weights in
                OracleCase(
                    name: "mse, \(python) with \(name)",
                    python: "v1.losses.mean_squared_error(f32(y), f32(p), f32(w), reduction='\(name32(python))')",
                    arrays: [y, p, weights], isBatchUnknown: name != "rows", tolerance: tolerance
                ) {
                    losses.meanSquaredError(
                        labels: $0[0], predictions: $0[1], weights: LossWeights($0[2]), reduction: reduction)
                }
            }
        }
        func loss(
            _ name: String, _ arguments: String, _ arrays: [TestArray],
            _ build: @escaping @Sendable ([Tensor<Double>]) -> Tensor<Double>
        ) -> OracleCase {
            OracleCase(
                name: name, python: "v1.losses.\(name)(\(arguments))", arrays: arrays, tolerance: tolerance,
                build: build)
        }
        let sampleWeights = TestArray([4], [0.5, 0, 2, 1])
        let columnWeights = TestArray([4, 1], [0.5, 0, 2, 1])
        return reduced + [
            loss("absolute_difference", "f32(y), f32(p)", [y, p]) {
                losses.absoluteDifference(labels: $0[0], predictions: $0[1])
            },
            loss("mean_squared_error", "f32(y), f32(p), 0.3", [y, p]) {
                losses.meanSquaredError(labels: $0[0], predictions: $0[1], weights: 0.3)
            },
            loss("cosine_distance", "f32(y), f32(p), axis=1", [y, p]) {
                losses.cosineDistance(labels: $0[0], predictions: $0[1], axis: 1)
            },
            loss("hinge_loss", "f32(y), f32(p)", [bits, p]) { losses.hinge(labels: $0[0], logits: $0[1]) },
            loss("huber_loss", "f32(y), f32(p), delta=0.6", [y, p]) {
                losses.huber(labels: $0[0], predictions: $0[1], delta: 0.6)
            },
            loss("log_loss", "f32(y), f32(p)", [bits, probabilities]) {
                losses.log(labels: $0[0], predictions: $0[1])
            },
            loss("sigmoid_cross_entropy", "f32(y), f32(p), label_smoothing=0.2", [bits, p]) {
                losses.sigmoidCrossEntropy(multiClassLabels: $0[0], logits: $0[1], labelSmoothing: 0.2)
            },
            loss("softmax_cross_entropy", "f32(y), f32(p)", [classes, p]) {
                losses.softmaxCrossEntropy(oneHotLabels: $0[0], logits: $0[1])
            },
            loss("softmax_cross_entropy", "f32(y), f32(p), f32(w), label_smoothing=0.1", [classes, p, sampleWeights]) {
                losses.softmaxCrossEntropy(
                    oneHotLabels: $0[0], logits: $0[1], weights: LossWeights($0[2]), labelSmoothing: 0.1)
            },
            loss("sparse_softmax_cross_entropy", "tf.cast(y, tf.int32), f32(p), f32(w)", [numbers, p, sampleWeights]) {
                losses.sparseSoftmaxCrossEntropy(
                    labels: cast($0[0], to: Int32.self), logits: $0[1], weights: LossWeights($0[2]))
            },
            loss("sparse_softmax_cross_entropy", "tf.cast(y, tf.int64), f32(p), f32(w)", [numbers, p, columnWeights]) {
                losses.sparseSoftmaxCrossEntropy(
                    labels: cast($0[0], to: Int64.self), logits: $0[1], weights: LossWeights($0[2]))
            },
            // With a single weight TensorFlow, run eagerly, takes the elements of the batch for those of a sample.
            loss("mean_pairwise_squared_error", "f32(y), f32(p), f32(w)", [y, p, columnWeights]) {
                losses.meanPairwiseSquaredError(
                    labels: $0[0], predictions: $0[1], weights: LossWeights($0[2]))
            },
        ]
    }()

    private static func name32(_ reduction: String) -> String {
        switch reduction {
        case "NONE": "none"
        case "SUM": "weighted_sum"
        case "MEAN": "weighted_mean"
        case "SUM_OVER_BATCH_SIZE": "weighted_sum_over_batch_size"
        default: "weighted_sum_by_nonzero_weights"
        }
    }

    @Test func everyLossAndItsGradientAreThoseOfTensorFlow() throws {
        try OracleCase.check(Self.cases)
    }

    @Test func reductionsAreThoseOfTheirFormulas() throws {
        // Losses 1, 4, 9, 16 with weights 0, 1, 2, 1: 4 + 18 + 16 = 38.
        try Graph().asDefault {
            let values = constant([1, 4, 9, 16] as [Double])
            let weights = LossWeights(constant([0, 1, 2, 1] as [Double]))
            let session = Session()
            for (reduction, expected) in [
                (LossReduction.sum, 38.0), (.mean, 38 / 4), (.sumOverBatchSize, 38 / 4),
                (.sumByNonzeroWeights, 38.0 / 3),
            ] {
                let found = try session.scalar(
                    losses.computeWeightedLoss(values, weights: weights, reduction: reduction))
                #expect(abs(found - expected) < 1e-12)
            }
            let each = try session.run(losses.computeWeightedLoss(values, weights: weights, reduction: .none)).scalars
            #expect(each == [0, 4, 18, 16])
            let none = try session.scalar(losses.computeWeightedLoss(values, weights: 0))
            #expect(none == 0)
        }
    }

    @Test func theTotalLossIsTheSumOfWhatTheGraphRemembers() throws {
        try Graph().asDefault {
            let x = constant([1, 2] as [Float])
            let zero = constant([0, 0] as [Float])
            let first = withNameScope("a") { losses.meanSquaredError(labels: zero, predictions: x) }
            losses.addLoss(constant(10 as Float))
            _ = losses.absoluteDifference(labels: zero, predictions: x, collection: nil)
            losses.addLoss(constant(0.5 as Float), collection: regularizationLossesKey)
            losses.addLoss(constant(7.0 as Double))
            #expect(losses.getLosses().count == 2)
            #expect(losses.getLosses(scope: "a") == [first])
            #expect(losses.getRegularizationLosses().count == 1)
            let session = Session()
            let total = try session.scalar(losses.getTotalLoss())
            #expect(total == 2.5 + 10 + 0.5)
            let bare = try session.scalar(losses.getTotalLoss(addsRegularizationLosses: false))
            #expect(bare == 12.5)
            let double = try session.scalar(losses.getTotalLoss(as: Double.self))
            #expect(double == 7)
        }
    }

    @Test func whatDoesNotFitIsAMistake() throws {
        func message(_ build: () -> Tensor<Float>) throws -> String {
            let graph = Graph()
            return try graph.asDefault {
                _ = build()
                let error = #expect(throws: GraphError.self) { try graph.requireSound() }
                return try #require(error?.diagnostics.first).message
            }
        }
        let x: @Sendable ([Int?]) -> Tensor<Float> = { placeholder(Float.self, Shape($0)) }
        #expect(
            try message { losses.meanSquaredError(labels: x([nil, 2]), predictions: x([nil, 3])) }
                == "the shapes of labels and predictions differ: [?, 2] and [?, 3]")
        #expect(
            try message {
                losses.meanSquaredError(labels: x([4, 3]), predictions: x([4, 3]), weights: LossWeights(x([4])))
            } == "weights of shape [4] do not fit losses of shape [4, 3]")
        #expect(
            try message {
                losses.softmaxCrossEntropy(
                    oneHotLabels: x([4, 3]), logits: x([4, 3]), weights: LossWeights(x([3])))
            } == "weights of shape [3] do not fit losses of shape [4]")
        #expect(try message { losses.getTotalLoss() } == "the graph has no loss of type float32")
        #expect(
            try message { losses.getTotalLoss(scope: "model") }
                == "the graph has no loss of type float32 under \"model\"")
    }
}
