// Losses of models, by value or by Keras's name.

public import Graphs
import Operations
public import Tensors
import Training

/// How far predictions are from labels, for each sample.
///
///     try model.compile(loss: .sparseCategoricalCrossentropy)
///     try model.compile(loss: "mse")                                   // by Keras's name
///     try model.compile(loss: Loss { labels, predictions in abs(labels - predictions).mean(axis: -1) })
public struct Loss: Sendable, ExpressibleByStringLiteral {
    /// What a loss takes for labels.
    enum Labels: Hashable, Sendable {
        /// Numbers in the shape of the predictions.
        case values
        /// The number of the class, from 0; samples with the ignored one do not count.
        case classes(ignored: Int?)
    }

    struct Function: Sendable {
        let labels: Labels
        /// From labels and predictions to the loss of each sample, of shape `[batch, ...]`.
        let values: @Sendable (AnyTensor, Tensor<Float>) -> Tensor<Float>
    }

    let named: Named<Function>

    /// A loss of one's own: from labels and predictions, both `[batch, ...]`, to the loss of each sample.
    public init(
        name: String = "loss",
        _ function: @escaping @Sendable (_ labels: Tensor<Float>, _ predictions: Tensor<Float>) -> Tensor<Float>
    ) {
        named = .known(Configuration(name), Function(labels: .values) { function(asFloat($0), $1) })
    }

    /// The loss of Keras's name, such as `mse`; `compile` throws for an unknown one.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The loss of Keras's name, such as `mse`; `compile` throws for an unknown one.
    public init(name: String) { named = Named(name, in: Self.table) }

    private init(
        _ name: String, _ settings: [String: JSONValue] = [:], labels: Labels = .values, refused fact: String? = nil,
        _ values: @escaping @Sendable (AnyTensor, Tensor<Float>) -> Tensor<Float>
    ) {
        named = Named(Configuration(name, settings), Function(labels: labels, values: values), refused: fact)
    }

    /// Keras's name of it.
    public var name: String { named.configuration.className }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest.
    func function() throws(KerasError) -> Function { try named.function("loss", known: Self.table.keys) }

    // MARK: Of numbers

    /// `mean (labels - predictions)²` along the last axis.
    public static let meanSquaredError = Loss("mean_squared_error") {
        Training.meanSquaredError(labels: asFloat($0), predictions: $1)
    }

    /// `mean |labels - predictions|` along the last axis.
    public static let meanAbsoluteError = Loss("mean_absolute_error") {
        Training.meanAbsoluteError(labels: asFloat($0), predictions: $1)
    }

    /// `100 mean |(labels - predictions) / labels|` along the last axis.
    public static let meanAbsolutePercentageError = Loss("mean_absolute_percentage_error") {
        Training.meanAbsolutePercentageError(labels: asFloat($0), predictions: $1)
    }

    /// `mean (log(labels + 1) - log(predictions + 1))²` along the last axis.
    public static let meanSquaredLogarithmicError = Loss("mean_squared_logarithmic_error") {
        Training.meanSquaredLogarithmicError(labels: asFloat($0), predictions: $1)
    }

    /// What speaks against moving labels so far.
    private static func fact(againstSmoothing smoothing: Double) -> String? {
        (0...1).contains(smoothing) ? nil : "has the label smoothing \(smoothing), but must have one from 0 to 1"
    }

    /// Squared near 0, linear beyond 1.
    public static var huber: Loss { .huber() }

    /// Squared near 0, linear beyond `delta`.
    public static func huber(delta: Double = 1) -> Loss {
        Loss(
            "huber", ["delta": .number(delta)],
            refused: delta > 0 ? nil : "has the delta \(delta), but must have one above 0"
        ) {
            Training.huber(labels: asFloat($0), predictions: $1, delta: delta)
        }
    }

    /// `mean log(cosh(predictions - labels))` along the last axis.
    public static let logCosh = Loss("log_cosh") { Training.logCosh(labels: asFloat($0), predictions: $1) }

    /// `mean (predictions - labels log predictions)` along the last axis.
    public static let poisson = Loss("poisson") { Training.poisson(labels: asFloat($0), predictions: $1) }

    /// The negative cosine of the angle between labels and predictions.
    public static let cosineSimilarity = Loss("cosine_similarity") {
        Training.cosineSimilarity(labels: asFloat($0), predictions: $1)
    }

    // MARK: Of classes

    /// The cross-entropy of predicted probabilities with the numbers of the right classes.
    public static var sparseCategoricalCrossentropy: Loss { .sparseCategoricalCrossentropy() }

    /// The cross-entropy with the numbers of the right classes.
    ///
    /// - Parameters:
    ///   - fromLogits: whether the predictions are logits rather than probabilities.
    ///   - ignoredClass: the label of samples that do not count.
    public static func sparseCategoricalCrossentropy(fromLogits: Bool = false, ignoredClass: Int? = nil) -> Loss {
        let settings: [String: JSONValue] = [
            "from_logits": .bool(fromLogits), "ignore_class": JSONValue(ignoredClass),
        ]
        return Loss(
            "sparse_categorical_crossentropy", settings, labels: .classes(ignored: ignoredClass)
        ) { labels, predictions in
            Training.sparseCategoricalCrossentropy(
                labels: labels.as(Int32.self) ?? unmadeTensor(in: predictions.graph), predictions: predictions,
                fromLogits: fromLogits, ignoredClass: ignoredClass.map { Int32(clamping: $0) })
        }
    }

    /// The cross-entropy of predicted probabilities with one-hot labels.
    public static var categoricalCrossentropy: Loss { .categoricalCrossentropy() }

    /// The cross-entropy with one-hot labels.
    ///
    /// - Parameters:
    ///   - fromLogits: whether the predictions are logits rather than probabilities.
    ///   - labelSmoothing: how far labels are moved toward an even distribution, from 0 to 1.
    public static func categoricalCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> Loss {
        Loss(
            "categorical_crossentropy", crossentropySettings(fromLogits, labelSmoothing),
            refused: fact(againstSmoothing: labelSmoothing)
        ) {
            Training.categoricalCrossentropy(
                labels: asFloat($0), predictions: $1, fromLogits: fromLogits, labelSmoothing: labelSmoothing)
        }
    }

    /// The cross-entropy of predicted probabilities with labels 0 and 1.
    public static var binaryCrossentropy: Loss { .binaryCrossentropy() }

    /// The cross-entropy with labels 0 and 1.
    ///
    /// - Parameters:
    ///   - fromLogits: whether the predictions are logits rather than probabilities.
    ///   - labelSmoothing: how far labels are moved toward 1/2, from 0 to 1.
    public static func binaryCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> Loss {
        Loss(
            "binary_crossentropy", crossentropySettings(fromLogits, labelSmoothing),
            refused: fact(againstSmoothing: labelSmoothing)
        ) {
            Training.binaryCrossentropy(
                labels: asFloat($0), predictions: $1, fromLogits: fromLogits, labelSmoothing: labelSmoothing)
        }
    }

    /// The cross-entropy of two classes, in which what is right already counts less.
    public static func binaryFocalCrossentropy(
        alpha: Double? = nil, gamma: Double = 2, fromLogits: Bool = false, labelSmoothing: Double = 0
    ) -> Loss {
        var settings = crossentropySettings(fromLogits, labelSmoothing)
        settings["apply_class_balancing"] = .bool(alpha != nil)
        settings["alpha"] = .number(alpha ?? 0.25)
        settings["gamma"] = .number(gamma)
        return Loss("binary_focal_crossentropy", settings, refused: fact(againstSmoothing: labelSmoothing)) {
            Training.binaryFocalCrossentropy(
                labels: asFloat($0), predictions: $1, alpha: alpha, gamma: gamma, fromLogits: fromLogits,
                labelSmoothing: labelSmoothing)
        }
    }

    /// The cross-entropy with one-hot labels, in which what is right already counts less.
    public static func categoricalFocalCrossentropy(
        alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false, labelSmoothing: Double = 0
    ) -> Loss {
        var settings = crossentropySettings(fromLogits, labelSmoothing)
        settings["alpha"] = .number(alpha)
        settings["gamma"] = .number(gamma)
        return Loss("categorical_focal_crossentropy", settings, refused: fact(againstSmoothing: labelSmoothing)) {
            Training.categoricalFocalCrossentropy(
                labels: asFloat($0), predictions: $1, alpha: alpha, gamma: gamma, fromLogits: fromLogits,
                labelSmoothing: labelSmoothing)
        }
    }

    /// `Σ labels log(labels / predictions)` along the last axis.
    public static let klDivergence = Loss("kl_divergence") {
        Training.klDivergence(labels: asFloat($0), predictions: $1)
    }

    /// `mean max(1 - labels predictions, 0)`, with labels -1 and 1 (or 0 and 1).
    public static let hinge = Loss("hinge") { Training.hinge(labels: asFloat($0), predictions: $1) }

    /// `mean max(1 - labels predictions, 0)²`, with labels -1 and 1 (or 0 and 1).
    public static let squaredHinge = Loss("squared_hinge") {
        Training.squaredHinge(labels: asFloat($0), predictions: $1)
    }

    /// The hinge of the best wrong class, with one-hot labels.
    public static let categoricalHinge = Loss("categorical_hinge") {
        Training.categoricalHinge(labels: asFloat($0), predictions: $1)
    }

    // MARK: Of masks

    /// One less twice the overlap divided by the sum of both.
    public static let dice = Loss("dice") { Training.dice(labels: asFloat($0), predictions: $1) }

    /// One less the overlap divided by it and the weighted misses on either side.
    public static func tversky(alpha: Double = 0.5, beta: Double = 0.5) -> Loss {
        Loss("tversky", ["alpha": .number(alpha), "beta": .number(beta)]) {
            Training.tversky(labels: asFloat($0), predictions: $1, alpha: alpha, beta: beta)
        }
    }

    private static func crossentropySettings(_ fromLogits: Bool, _ smoothing: Double) -> [String: JSONValue] {
        ["from_logits": .bool(fromLogits), "label_smoothing": .number(smoothing)]
    }

    private static let table: [String: Named<Function>] = {
        let all = [
            meanSquaredError, meanAbsoluteError, meanAbsolutePercentageError, meanSquaredLogarithmicError, huber(),
            logCosh, poisson, cosineSimilarity, sparseCategoricalCrossentropy(), categoricalCrossentropy(),
            binaryCrossentropy(), binaryFocalCrossentropy(), categoricalFocalCrossentropy(), klDivergence, hinge,
            squaredHinge, categoricalHinge, dice, tversky(),
        ]
        var table = Dictionary(all.map { ($0.name, $0.named) }, uniquingKeysWith: { first, _ in first })
        let others = [
            "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
            "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
            "logcosh": "log_cosh",
        ]
        for (other, name) in others { table[other] = table[name] }
        return table
    }()
}

/// Labels, or whatever flows between layers, as `float32`; a tensor of unknown shape where they are no numbers.
func asFloat(_ labels: AnyTensor) -> Tensor<Float> {
    func converted<Scalar: TensorElement>(_ type: Scalar.Type) -> Tensor<Float>? {
        labels.as(type).map { cast($0, to: Float.self) }
    }
    return labels.as(Float.self) ?? labels.dtype.elementType.flatMap { converted($0) } ?? unmadeTensor(in: labels.graph)
}
