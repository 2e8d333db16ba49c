import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// Keras's losses, sample by sample.
@Suite struct SampleLossTests {
    private typealias Loss = @Sendable (Tensor<Double>, Tensor<Double>) -> Tensor<Double>

    private static func loss(
        _ name: String, _ python: String, labels: TestArray, predictions: TestArray,
        isBatchUnknown: Bool = true, tolerance: Double = 1e-9, _ build: @escaping Loss
    ) -> OracleCase {
        OracleCase(
            name: name, python: python, arrays: [labels, predictions], isBatchUnknown: isBatchUnknown,
            tolerance: tolerance
        ) {
            build($0[0], $0[1])
        }
    }

    private static let regressions: [OracleCase] = {
        let y = TestArray([4, 3], in: -2...2, seed: 1)
        let p = TestArray([4, 3], in: -2...2, seed: 2)
        let positive = TestArray([4, 3], in: 0.1...4, seed: 3)
        let alsoPositive = TestArray([4, 3], in: 0.1...4, seed: 4)
        let column = TestArray([4, 1], in: -2...2, seed: 5)
        let vector = TestArray([4], in: -2...2, seed: 6)
        let cube = TestArray([2, 3, 4], in: -2...2, seed: 7)
        let otherCube = TestArray([2, 3, 4], in: -2...2, seed: 8)
        let flatCube = TestArray([2, 3, 1], in: -2...2, seed: 9)
        let square = TestArray([2, 3], in: -2...2, seed: 10)
        return [
            loss("mse", "K.mean_squared_error(y, p)", labels: y, predictions: p) {
                meanSquaredError(labels: $0, predictions: $1)
            },
            loss("mse of a vector and a column", "K.mean_squared_error(y, p)", labels: vector, predictions: column) {
                meanSquaredError(labels: $0, predictions: $1)
            },
            loss("mse of a column and a vector", "K.mean_squared_error(y, p)", labels: column, predictions: vector) {
                meanSquaredError(labels: $0, predictions: $1)
            },
            loss("mse of rank 2 and 3", "K.mean_squared_error(y, p)", labels: square, predictions: flatCube) {
                meanSquaredError(labels: $0, predictions: $1)
            },
            loss("mse of rank 3", "K.mean_squared_error(y, p)", labels: cube, predictions: otherCube) {
                meanSquaredError(labels: $0, predictions: $1)
            },
            loss("mae", "K.mean_absolute_error(y, p)", labels: y, predictions: p) {
                meanAbsoluteError(labels: $0, predictions: $1)
            },
            loss("mape", "K.mean_absolute_percentage_error(y, p)", labels: y, predictions: p) {
                meanAbsolutePercentageError(labels: $0, predictions: $1)
            },
            loss("msle", "K.mean_squared_logarithmic_error(y, p)", labels: positive, predictions: alsoPositive) {
                meanSquaredLogarithmicError(labels: $0, predictions: $1)
            },
            loss("msle of negative", "K.mean_squared_logarithmic_error(y, p)", labels: y, predictions: p) {
                meanSquaredLogarithmicError(labels: $0, predictions: $1)
            },
            loss("huber", "K.huber(y, p)", labels: y, predictions: p) { huber(labels: $0, predictions: $1) },
            loss("huber of another delta", "K.huber(y, p, delta=0.3)", labels: y, predictions: p) {
                huber(labels: $0, predictions: $1, delta: 0.3)
            },
            // Keras takes the logarithm of 2 as a float32.
            loss("log cosh", "K.log_cosh(y, p)", labels: y, predictions: p, tolerance: 4e-9) {
                logCosh(labels: $0, predictions: $1)
            },
            loss("poisson", "K.poisson(y, p)", labels: positive, predictions: alsoPositive) {
                poisson(labels: $0, predictions: $1)
            },
            loss("cosine", "K.cosine_similarity(y, p)", labels: y, predictions: p) {
                cosineSimilarity(labels: $0, predictions: $1)
            },
            loss("cosine of an axis", "K.cosine_similarity(y, p, axis=1)", labels: cube, predictions: otherCube) {
                cosineSimilarity(labels: $0, predictions: $1, axis: 1)
            },
            loss(
                "cosine of zeros", "K.cosine_similarity(y, p)", labels: TestArray([2, 2], [0, 0, 0, 1]),
                predictions: TestArray([2, 2], [1, 2, 3, 4])
            ) { cosineSimilarity(labels: $0, predictions: $1) },
        ]
    }()

    private static let classifications: [OracleCase] = {
        let bits = TestArray([4, 3], of: 0...1, seed: 11)
        let p = TestArray([4, 3], in: 0.02...0.98, seed: 12)
        let extremes = TestArray([4, 3], [0, 1, 1, 0, 0.5, 1e-9, 1, 0, 1 - 1e-9, 0.3, 0.6, 0.1])
        let logits = TestArray([4, 3], in: -5...5, seed: 13)
        let classes = TestArray([4, 3], [1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0])
        let numbers = TestArray([4], of: 0...2, seed: 14)
        let columns = TestArray([4, 1], of: 0...2, seed: 15)
        let cube = TestArray([2, 3, 4], in: 0.02...0.98, seed: 16)
        let cubeLabels = TestArray([2, 3, 4], in: 0...1, seed: 17)
        let cubeNumbers = TestArray([2, 3], of: 0...3, seed: 18)
        let signs = TestArray([4, 3], [1, -1, -1, 1, 1, -1, 1, -1, 1, 1, -1, 1])
        func sparse(
            _ variant: String, _ arguments: String, labels: TestArray, predictions: TestArray,
            _ build: @escaping @Sendable (Tensor<Int32>, Tensor<Double>) -> Tensor<Double>
        ) -> OracleCase {
            loss(
                "sparse categorical \(variant)",
                "K.sparse_categorical_crossentropy(tf.cast(y, tf.int32), p\(arguments))", labels: labels,
                predictions: predictions
            ) { build(cast($0, to: Int32.self), $1) }
        }
        return [
            loss("binary", "K.binary_crossentropy(y, p)", labels: bits, predictions: p) {
                binaryCrossentropy(labels: $0, predictions: $1)
            },
            loss("binary of extremes", "K.binary_crossentropy(y, p)", labels: bits, predictions: extremes) {
                binaryCrossentropy(labels: $0, predictions: $1)
            },
            loss(
                "binary of logits", "K.binary_crossentropy(y, p, from_logits=True)", labels: bits, predictions: logits
            ) { binaryCrossentropy(labels: $0, predictions: $1, fromLogits: true) },
            loss(
                "binary, smoothed", "K.binary_crossentropy(y, p, label_smoothing=0.2)", labels: bits, predictions: p
            ) { binaryCrossentropy(labels: $0, predictions: $1, labelSmoothing: 0.2) },
            loss(
                "binary along axis 1", "K.binary_crossentropy(y, p, axis=1)", labels: cubeLabels, predictions: cube
            ) { binaryCrossentropy(labels: $0, predictions: $1, axis: 1) },
            loss(
                "binary of a sigmoid", "K.binary_crossentropy(y, p, from_logits=True)", labels: bits,
                predictions: logits
            ) { binaryCrossentropy(labels: $0, predictions: sigmoid($1)) },
            loss("categorical", "K.categorical_crossentropy(y, p)", labels: classes, predictions: p) {
                categoricalCrossentropy(labels: $0, predictions: $1)
            },
            loss("categorical of extremes", "K.categorical_crossentropy(y, p)", labels: classes, predictions: extremes)
            { categoricalCrossentropy(labels: $0, predictions: $1) },
            loss(
                "categorical of logits", "K.categorical_crossentropy(y, p, from_logits=True)", labels: classes,
                predictions: logits
            ) { categoricalCrossentropy(labels: $0, predictions: $1, fromLogits: true) },
            loss(
                "categorical of a softmax", "K.categorical_crossentropy(y, p, from_logits=True)", labels: classes,
                predictions: logits
            ) { categoricalCrossentropy(labels: $0, predictions: softmax($1)) },
            loss(
                "categorical, smoothed", "K.categorical_crossentropy(y, p, label_smoothing=0.1)", labels: classes,
                predictions: p
            ) { categoricalCrossentropy(labels: $0, predictions: $1, labelSmoothing: 0.1) },
            loss(
                "categorical along axis 1", "K.categorical_crossentropy(y, p, axis=1)", labels: cubeLabels,
                predictions: cube
            ) { categoricalCrossentropy(labels: $0, predictions: $1, axis: 1) },
            loss(
                "categorical of logits along axis 1",
                "K.categorical_crossentropy(tf.nn.softmax(y, axis=1), p, from_logits=True, axis=1)",
                labels: cubeLabels, predictions: cube, isBatchUnknown: false
            ) { categoricalCrossentropy(labels: softmax($0, axis: 1), predictions: $1, fromLogits: true, axis: 1) },
            sparse("", "", labels: numbers, predictions: p) {
                sparseCategoricalCrossentropy(labels: $0, predictions: $1)
            },
            sparse("of a column", "", labels: columns, predictions: p) {
                sparseCategoricalCrossentropy(labels: $0, predictions: $1)
            },
            sparse("of bytes", "", labels: columns, predictions: p) {
                sparseCategoricalCrossentropy(labels: cast($0, to: UInt8.self), predictions: $1)
            },
            sparse("of rank 3", "", labels: cubeNumbers, predictions: cube) {
                sparseCategoricalCrossentropy(labels: $0, predictions: $1)
            },
            sparse("of logits", ", from_logits=True", labels: numbers, predictions: logits) {
                sparseCategoricalCrossentropy(labels: $0, predictions: $1, fromLogits: true)
            },
            sparse("of a softmax", ", from_logits=True", labels: numbers, predictions: logits) {
                sparseCategoricalCrossentropy(labels: $0, predictions: softmax($1))
            },
            sparse("with a class ignored", ", ignore_class=1", labels: numbers, predictions: p) {
                sparseCategoricalCrossentropy(labels: $0, predictions: $1, ignoredClass: 1)
            },
            sparse(
                "of rank 3 with -1 ignored", ", ignore_class=-1",
                labels: TestArray([2, 3], [0, -1, 2, 3, -1, 1]), predictions: cube
            ) {
                sparseCategoricalCrossentropy(labels: $0, predictions: $1, ignoredClass: -1)
            },
            loss("binary focal", "K.binary_focal_crossentropy(y, p)", labels: bits, predictions: p) {
                binaryFocalCrossentropy(labels: $0, predictions: $1)
            },
            loss(
                "binary focal of logits",
                "K.binary_focal_crossentropy(y, p, apply_class_balancing=True, alpha=0.3, gamma=1.5, from_logits=True, label_smoothing=0.1)",
                labels: bits, predictions: logits
            ) {
                binaryFocalCrossentropy(
                    labels: $0, predictions: $1, alpha: 0.3, gamma: 1.5, fromLogits: true, labelSmoothing: 0.1)
            },
            loss("categorical focal", "K.categorical_focal_crossentropy(y, p)", labels: classes, predictions: p) {
                categoricalFocalCrossentropy(labels: $0, predictions: $1)
            },
            loss(
                "categorical focal of logits",
                "K.categorical_focal_crossentropy(y, p, alpha=0.4, gamma=1.5, from_logits=True, label_smoothing=0.1)",
                labels: classes, predictions: logits
            ) {
                categoricalFocalCrossentropy(
                    labels: $0, predictions: $1, alpha: 0.4, gamma: 1.5, fromLogits: true, labelSmoothing: 0.1)
            },
            loss("divergence", "K.kl_divergence(y, p)", labels: cubeLabels, predictions: cube) {
                klDivergence(labels: $0, predictions: $1)
            },
            loss("hinge", "K.hinge(y, p)", labels: signs, predictions: logits) {
                hinge(labels: $0, predictions: $1)
            },
            loss("hinge of bits", "K.hinge(y, p)", labels: bits, predictions: logits) {
                hinge(labels: $0, predictions: $1)
            },
            loss("squared hinge", "K.squared_hinge(y, p)", labels: bits, predictions: logits) {
                squaredHinge(labels: $0, predictions: $1)
            },
            loss("categorical hinge", "K.categorical_hinge(y, p)", labels: classes, predictions: logits) {
                categoricalHinge(labels: $0, predictions: $1)
            },
            loss("dice", "K.dice(y, p)", labels: bits, predictions: p) { dice(labels: $0, predictions: $1) },
            loss("dice by sample", "K.dice(y, p, axis=(1, 2))", labels: cubeLabels, predictions: cube) {
                dice(labels: $0, predictions: $1, axes: [1, 2])
            },
            loss("tversky", "K.tversky(y, p, alpha=0.3, beta=0.6)", labels: bits, predictions: p) {
                tversky(labels: $0, predictions: $1, alpha: 0.3, beta: 0.6)
            },
        ]
    }()

    @Test func everyLossAndItsGradientAreThoseOfKeras() throws {
        try OracleCase.check(Self.regressions + Self.classifications)
    }

    @Test func crossEntropiesOfASoftmaxOrSigmoidAreThoseOfItsLogits() throws {
        // Far from 0, the probabilities round to 0 and 1, and their logarithms to the limits.
        try Graph().asDefault {
            let logits = constant([[200, 0], [0, 200]] as [[Float]])
            let session = Session()
            let ofClasses = categoricalCrossentropy(
                labels: constant([[0, 1], [0, 1]] as [[Float]]), predictions: softmax(logits))
            let classLosses = try session.run(ofClasses).scalars
            #expect(classLosses == [200, 0])
            let ofNumbers = sparseCategoricalCrossentropy(labels: constant([1, 1]), predictions: softmax(logits))
            let numberLosses = try session.run(ofNumbers).scalars
            #expect(numberLosses == [200, 0])
            let binary = binaryCrossentropy(labels: zeros([2, 2]) as Tensor<Float>, predictions: sigmoid(logits))
            let expected = (200 + 0.6931472 as Float) / 2
            let binaryLosses = try session.run(binary).scalars
            #expect(binaryLosses.allSatisfy { abs($0 - expected) < 1e-4 })
        }
    }

    @Test func lossesOfDifferentShapesAreAMistake() throws {
        func message(_ build: () -> Tensor<Float>) throws -> String {
            let graph = Graph()
            return try graph.asDefault {
                let loss = build()
                let error = #expect(throws: GraphError.self) { try Session().run(loss) }
                let diagnostic = try #require(error?.diagnostics.first)
                #expect(error?.diagnostics.count == 1)
                return diagnostic.operation + ": " + diagnostic.message + (diagnostic.hint.map { " / " + $0 } ?? "")
            }
        }
        let predictions: @Sendable () -> Tensor<Float> = { placeholder(Float.self, [nil, 10]) }
        #expect(
            try message { meanSquaredError(labels: placeholder(Float.self, [nil, 12]), predictions: predictions()) }
                == "mean_squared_error: the shapes of labels and predictions differ: [?, 12] and [?, 10]")
        #expect(
            try message { categoricalCrossentropy(labels: placeholder(Float.self, [nil]), predictions: predictions()) }
                == "categorical_crossentropy: the shapes of labels and predictions differ: [?] and [?, 10]"
                + " / whole numbers as labels are for the sparse losses")
        #expect(
            try message {
                sparseCategoricalCrossentropy(labels: placeholder(Int32.self, [nil, 10]), predictions: predictions())
            }
                == "sparse_categorical_crossentropy: labels of shape [?, 10] do not fit predictions of shape [?, 10]"
                + " / distributions as labels are for categoricalCrossentropy")
        #expect(
            try message {
                sparseCategoricalCrossentropy(labels: placeholder(Int32.self, [3]), predictions: ones([4, 10]))
            }
                == "sparse_categorical_crossentropy: labels of shape [3] do not fit predictions of shape [4, 10]"
                + " / give one label for each row of the predictions")
    }
}
