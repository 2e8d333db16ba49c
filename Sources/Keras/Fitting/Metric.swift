// Metrics of models, by value or by Keras's name.

public import Graphs
import Operations
public import Tensors
public import Training

/// A number that tells how good predictions are, gathered over the batches of an epoch.
///
///     try model.compile(optimizer: .adam(), loss: "mse", metrics: [.accuracy, "mae", .auc()])
public struct Metric: Sendable, ExpressibleByStringLiteral {
    /// What a metric is made for.
    struct Setting: Sendable {
        let loss: Loss.Labels
        let labels: TensorType
        let predictions: TensorType
    }

    typealias Function = @Sendable (Setting) -> any StreamingMetric

    let named: Named<Function>
    private let ownName: String?

    /// A metric of the training kit.
    ///
    ///     Metric(AreaUnderCurve(), name: "area")
    public init(_ metric: some StreamingMetric, name: String? = nil) {
        ownName = name
        named = .known(Configuration(metric.name), { _ in metric })
    }

    /// The mean of a value of each sample: from labels and predictions, both `[batch, ...]`.
    public init(
        name: String,
        _ function: @escaping @Sendable (_ labels: Tensor<Float>, _ predictions: Tensor<Float>) -> Tensor<Float>
    ) {
        self.init(MeanMetric(name, function))
    }

    /// The metric of Keras's name, such as `accuracy`; `compile` throws for an unknown one.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The metric of Keras's name, such as `accuracy`; `compile` throws for an unknown one.
    public init(name: String) {
        named = Named(name, in: Self.table)
        // It is shown as it was asked for: `acc`, `mse`.
        ownName = name
    }

    private init(_ name: String, _ settings: [String: JSONValue] = [:], _ make: @escaping Function) {
        ownName = nil
        named = .known(Configuration(name, settings), make)
    }

    /// The name under which it is shown.
    public var name: String { ownName ?? named.configuration.className }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest.
    func function() throws(KerasError) -> Function { try named.function("metric", known: Self.table.keys) }

    // MARK: How often it is right

    /// How often the prediction is right: for classes by their numbers, for one-hot labels, or for a single probability,
    /// as the labels and the predictions have it.
    public static let accuracy = Metric("accuracy") { setting in
        if setting.predictions.shape[-1] == 1 { return MeanMetric.binaryAccuracy() }
        if case .classes = setting.loss { return MeanMetric.sparseCategoricalAccuracy }
        return setting.labels.shape.rank == setting.predictions.shape.rank
            ? MeanMetric.categoricalAccuracy : MeanMetric.sparseCategoricalAccuracy
    }

    /// How often a probability is on the right side of a threshold.
    public static func binaryAccuracy(threshold: Float = 0.5) -> Metric {
        Metric("binary_accuracy", ["threshold": .number(Double(threshold))]) { _ in
            MeanMetric.binaryAccuracy(threshold: threshold)
        }
    }

    /// How often the most likely class is that of one-hot labels.
    public static let categoricalAccuracy = Metric(MeanMetric.categoricalAccuracy)
    /// How often the most likely class is the right one, by its number.
    public static let sparseCategoricalAccuracy = Metric(MeanMetric.sparseCategoricalAccuracy)

    /// How often the class of one-hot labels is among the `k` most likely ones.
    public static func topKCategoricalAccuracy(k: Int = 5) -> Metric {
        Metric("top_k_categorical_accuracy", ["k": .integer(k)]) { _ in MeanMetric.topKCategoricalAccuracy(k: k) }
    }

    /// How often the right class, by its number, is among the `k` most likely ones.
    public static func sparseTopKCategoricalAccuracy(k: Int = 5) -> Metric {
        Metric("sparse_top_k_categorical_accuracy", ["k": .integer(k)]) { _ in
            MeanMetric.sparseTopKCategoricalAccuracy(k: k)
        }
    }

    /// Of what was predicted as positive, how much is.
    public static func precision(thresholds: [Float] = [0.5]) -> Metric {
        Metric("precision") { _ in PositiveShare.precision(thresholds: thresholds) }
    }

    /// Of what is positive, how much was predicted.
    public static func recall(thresholds: [Float] = [0.5]) -> Metric {
        Metric("recall") { _ in PositiveShare.recall(thresholds: thresholds) }
    }

    /// The area under the curve of true against false positives, or of precision against recall.
    public static func auc(
        _ curve: AreaUnderCurve.Curve = .receiverOperatingCharacteristic, thresholdCount: Int = 200
    ) -> Metric {
        Metric("auc", ["num_thresholds": .integer(thresholdCount)]) { _ in
            AreaUnderCurve(curve, thresholdCount: thresholdCount)
        }
    }

    // MARK: How far it is off

    /// `mean (labels - predictions)²`
    public static let meanSquaredError = Metric(MeanMetric.meanSquaredError)
    /// `√ mean (labels - predictions)²`
    public static let rootMeanSquaredError = Metric(MeanMetric.rootMeanSquaredError)
    /// `mean |labels - predictions|`
    public static let meanAbsoluteError = Metric(MeanMetric.meanAbsoluteError)

    private static let table: [String: Named<Function>] = {
        let all = [
            accuracy, binaryAccuracy(), categoricalAccuracy, sparseCategoricalAccuracy, topKCategoricalAccuracy(),
            sparseTopKCategoricalAccuracy(), precision(), recall(), auc(), meanSquaredError, rootMeanSquaredError,
            meanAbsoluteError, Metric(MeanMetric.meanAbsolutePercentageError),
            Metric(MeanMetric.meanSquaredLogarithmicError), Metric(MeanMetric.logCosh), Metric(MeanMetric.poisson),
            Metric(MeanMetric.klDivergence), Metric(MeanMetric.hinge), Metric(MeanMetric.squaredHinge),
            Metric(MeanMetric.categoricalHinge), Metric(MeanMetric.cosineSimilarity()),
            Metric(MeanMetric.binaryCrossentropy()), Metric(MeanMetric.categoricalCrossentropy()),
            Metric(MeanMetric.sparseCategoricalCrossentropy()), Metric(RSquared()),
        ]
        var table = Dictionary(all.map { ($0.name, $0.named) }, uniquingKeysWith: { first, _ in first })
        let others = [
            "acc": "accuracy", "mse": "mean_squared_error", "rmse": "root_mean_squared_error",
            "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
            "msle": "mean_squared_logarithmic_error", "kld": "kl_divergence", "bce": "binary_crossentropy",
            "log_cosh": "logcosh",
        ]
        for (other, name) in others { table[other] = table[name] }
        return table
    }()
}

extension Tensor<Float> {
    /// `[batch]` repeated to the shape of `values`, `[batch, ...]`.
    func broadcastAlongLeadingAxis(like values: Tensor<Float>) -> Tensor<Float> {
        let rank = values.shape.rank ?? 1
        let column = rank > 1 ? reshaped([-1] + Array(repeating: 1, count: rank - 1)) : self
        return column.broadcast(to: Operations.shape(of: values))
    }
}
