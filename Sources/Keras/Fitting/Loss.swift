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
    enum Labels: Sendable {
        /// Numbers in the shape of the predictions.
        case values
        /// The number of the class, from 0.
        case classes
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
        _ name: String, _ settings: [String: JSONValue] = [:], labels: Labels = .values,
        _ values: @escaping @Sendable (AnyTensor, Tensor<Float>) -> Tensor<Float>
    ) {
        named = .known(Configuration(name, settings), Function(labels: labels, values: values))
    }

    /// Keras's name of it.
    public var name: String { named.configuration.className }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest.
    func function() throws(KerasError) -> Function { try named.function("loss", known: Self.table.keys) }

    /// `mean (labels - predictions)²` along the last axis.
    public static let meanSquaredError = Loss("mean_squared_error") { labels, predictions in
        square(asFloat(labels) - predictions).mean(axis: -1)
    }

    /// `mean |labels - predictions|` along the last axis.
    public static let meanAbsoluteError = Loss("mean_absolute_error") { labels, predictions in
        abs(asFloat(labels) - predictions).mean(axis: -1)
    }

    /// The cross-entropy of predicted probabilities with the numbers of the right classes.
    public static var sparseCategoricalCrossentropy: Loss { .sparseCategoricalCrossentropy() }

    /// The cross-entropy with the numbers of the right classes.
    ///
    /// - Parameters:
    ///   - fromLogits: whether the predictions are logits rather than probabilities.
    public static func sparseCategoricalCrossentropy(fromLogits: Bool = false) -> Loss {
        Loss(
            "sparse_categorical_crossentropy", ["from_logits": .bool(fromLogits)], labels: .classes
        ) { labels, predictions in
            sparseSoftmaxCrossEntropy(
                logits: predictions, labels: labels.as(Int32.self) ?? unmadeTensor(in: predictions.graph))
        }
    }

    private static let table: [String: Named<Function>] = {
        let all = [meanSquaredError, meanAbsoluteError, sparseCategoricalCrossentropy]
        var table = Dictionary(all.map { ($0.name, $0.named) }, uniquingKeysWith: { first, _ in first })
        table["mse"] = meanSquaredError.named
        table["mae"] = meanAbsoluteError.named
        return table
    }()
}

/// Labels as numbers.
func asFloat(_ labels: AnyTensor) -> Tensor<Float> {
    func converted<Scalar: TensorElement>(_ type: Scalar.Type) -> Tensor<Float>? {
        labels.as(type).map { cast($0, to: Float.self) }
    }
    return labels.as(Float.self) ?? labels.dtype.elementType.flatMap { converted($0) } ?? unmadeTensor(in: labels.graph)
}
