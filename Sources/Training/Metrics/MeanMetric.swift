// Metrics that are the mean of a value of each sample: accuracies, errors, losses.

public import Graphs
import Operations
public import Tensors

/// The mean of a value of each sample.
///
///     MetricVariables(MeanMetric.sparseCategoricalAccuracy)
///     MetricVariables(MeanMetric("distance") { labels, predictions in abs(labels - predictions) })
///
/// - Source: Keras's `MeanMetricWrapper`: values of higher rank than the weights are averaged first, and so are several
///   values of a sample.
public struct MeanMetric: StreamingMetric {
    public let name: String
    private let values: @Sendable (Tensor<Float>, Tensor<Float>) -> Tensor<Float>
    private let isRootOfSquares: Bool

    /// - Parameter values: from labels and predictions, both `[batch, ...]`, to the values of samples.
    public init(
        _ name: String,
        _ values: @escaping @Sendable (_ labels: Tensor<Float>, _ predictions: Tensor<Float>) -> Tensor<Float>
    ) {
        self.init(name, isRootOfSquares: false, values)
    }

    private init(
        _ name: String, isRootOfSquares: Bool,
        _ values: @escaping @Sendable (Tensor<Float>, Tensor<Float>) -> Tensor<Float>
    ) {
        self.name = name
        self.isRootOfSquares = isRootOfSquares
        self.values = values
    }

    public var sums: [MetricSum] { [MetricSum("total"), MetricSum("count")] }

    public func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>] {
        let values = self.values(labels.asFloat, predictions)
        return sampleSums(of: values, weights: weights)
    }

    public func result(_ sums: [Tensor<Float>]) -> Tensor<Float> {
        let mean = divideNoNaN(sums[0], sums[1])
        return isRootOfSquares ? sqrt(mean) : mean
    }
}

/// What values of samples add to a sum and to a count.
///
/// - Parameters:
///   - values: `[batch, ...]`.
///   - weights: of any shape that is a beginning of that of the values.
/// - Source: Keras's `reduce_to_samplewise_values`.
func sampleSums(of values: Tensor<Float>, weights: Tensor<Float>?) -> [Tensor<Float>] {
    guard let weights else {
        let values = values.averagedPerSample
        if values.shape.rank == 0 { return [values, constant(1, in: values.graph)] }
        return [values.sum(), cast(size(of: values), to: Float.self)]
    }
    var (values, counts) = withEqualRanks(values, weights)
    if let rank = values.shape.rank, let weightRank = counts.shape.rank, rank > weightRank {
        values = values.mean(axes: Array(weightRank..<rank))
    }
    // Weights of a few dimensions of size 1 count once for each value.
    counts = counts + zeros(like: values)
    values = values * counts
    return [values.averagedPerSample.sum(), counts.averagedPerSample.sum()]
}

extension Tensor<Float> {
    /// The mean along all axes but the first.
    fileprivate var averagedPerSample: Tensor<Float> {
        guard let rank = shape.rank, rank > 1 else { return self }
        return mean(axes: Array(1..<rank))
    }
}

extension Tensor where Scalar: NumericElement {
    /// The numbers as floats.
    var asFloat: Tensor<Float> { Scalar.self == Float.self ? Tensor<Float>(value) : cast(self, to: Float.self) }
}

// MARK: - Keras's

extension MeanMetric {
    /// How often label and prediction are equal.
    public static let exactAccuracy = MeanMetric("accuracy") { Training.exactAccuracy(labels: $0, predictions: $1) }

    /// How often a prediction is on the right side of a threshold.
    public static func binaryAccuracy(threshold: Float = 0.5) -> MeanMetric {
        MeanMetric("binary_accuracy") { Training.binaryAccuracy(labels: $0, predictions: $1, threshold: threshold) }
    }

    /// How often the class with the largest prediction is the right one, labels being distributions.
    public static let categoricalAccuracy = MeanMetric("categorical_accuracy") {
        Training.categoricalAccuracy(labels: $0, predictions: $1)
    }

    /// How often the class with the largest prediction is the right one, labels being numbers.
    public static let sparseCategoricalAccuracy = MeanMetric("sparse_categorical_accuracy") {
        Training.sparseCategoricalAccuracy(labels: $0, predictions: $1)
    }

    /// How often the right class is among the best `k`, labels being distributions.
    public static func topKCategoricalAccuracy(k: Int = 5) -> MeanMetric {
        MeanMetric("top_k_categorical_accuracy") {
            Training.topKCategoricalAccuracy(labels: $0, predictions: $1, k: k)
        }
    }

    /// How often the right class is among the best `k`, labels being numbers.
    public static func sparseTopKCategoricalAccuracy(k: Int = 5) -> MeanMetric {
        MeanMetric("sparse_top_k_categorical_accuracy") {
            Training.sparseTopKCategoricalAccuracy(labels: $0, predictions: $1, k: k)
        }
    }

    /// The mean squared difference.
    public static let meanSquaredError = MeanMetric("mean_squared_error") {
        Training.meanSquaredError(labels: $0, predictions: $1)
    }
    /// The mean absolute difference.
    public static let meanAbsoluteError = MeanMetric("mean_absolute_error") {
        Training.meanAbsoluteError(labels: $0, predictions: $1)
    }
    /// The mean difference in percent of the label.
    public static let meanAbsolutePercentageError = MeanMetric("mean_absolute_percentage_error") {
        Training.meanAbsolutePercentageError(labels: $0, predictions: $1)
    }
    /// The mean squared difference of logarithms.
    public static let meanSquaredLogarithmicError = MeanMetric("mean_squared_logarithmic_error") {
        Training.meanSquaredLogarithmicError(labels: $0, predictions: $1)
    }
    /// The square root of the mean squared error.
    public static let rootMeanSquaredError = MeanMetric("root_mean_squared_error", isRootOfSquares: true) {
        labels, predictions in
        makeSampleValues("root_mean_squared_error", labels, predictions, nil) { squaredDifference($1, $0) }
    }
    /// The mean logarithm of the hyperbolic cosine of the difference.
    public static let logCosh = MeanMetric("logcosh") { Training.logCosh(labels: $0, predictions: $1) }
    /// The mean Poisson loss.
    public static let poisson = MeanMetric("poisson") { Training.poisson(labels: $0, predictions: $1) }
    /// The mean divergence of predicted distributions from those of the labels.
    public static let klDivergence = MeanMetric("kl_divergence") {
        Training.klDivergence(labels: $0, predictions: $1)
    }
    /// The mean hinge.
    public static let hinge = MeanMetric("hinge") { Training.hinge(labels: $0, predictions: $1) }
    /// The mean squared hinge.
    public static let squaredHinge = MeanMetric("squared_hinge") {
        Training.squaredHinge(labels: $0, predictions: $1)
    }
    /// The mean hinge of the best wrong class.
    public static let categoricalHinge = MeanMetric("categorical_hinge") {
        Training.categoricalHinge(labels: $0, predictions: $1)
    }

    /// The cosine between labels and predictions: 1 for equal directions, unlike the loss.
    public static func cosineSimilarity(axis: Int = -1) -> MeanMetric {
        MeanMetric("cosine_similarity") { -Training.cosineSimilarity(labels: $0, predictions: $1, axis: axis) }
    }

    /// The mean cross entropy of two classes.
    public static func binaryCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> MeanMetric {
        MeanMetric("binary_crossentropy") {
            Training.binaryCrossentropy(
                labels: $0, predictions: $1, fromLogits: fromLogits, labelSmoothing: labelSmoothing)
        }
    }

    /// The mean cross entropy of distributions over classes.
    public static func categoricalCrossentropy(
        fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1
    ) -> MeanMetric {
        MeanMetric("categorical_crossentropy") {
            Training.categoricalCrossentropy(
                labels: $0, predictions: $1, fromLogits: fromLogits, labelSmoothing: labelSmoothing, axis: axis)
        }
    }

    /// The mean cross entropy of classes given by their numbers.
    public static func sparseCategoricalCrossentropy(
        fromLogits: Bool = false, ignoredClass: Int? = nil
    ) -> MeanMetric {
        MeanMetric("sparse_categorical_crossentropy") {
            Training.sparseCategoricalCrossentropy(
                labels: cast($0, to: Int64.self), predictions: $1, fromLogits: fromLogits,
                ignoredClass: ignoredClass.map { Int64($0) })
        }
    }
}
