// Metrics of models, by value or by Keras's name.

public import Graphs
import Operations
public import Tensors
import Training

/// A number that tells how good predictions are, gathered over the batches of an epoch.
///
///     try model.compile(optimizer: .adam(), loss: "mse", metrics: [.accuracy, "mae"])
public struct Metric: Sendable, ExpressibleByStringLiteral {
    /// What a metric is made for.
    struct Setting: Sendable {
        let loss: Loss.Labels
        let labels: TensorType
        let predictions: TensorType
    }

    struct Function: Sendable {
        /// Makes the accumulators; called once, in the scope of the metric.
        let make: @Sendable (Setting) -> any MetricAccumulator
    }

    let named: Named<Function>
    private let ownName: String?

    /// The mean of a value of each sample: from labels and predictions, both `[batch, ...]`.
    public init(
        name: String,
        _ function: @escaping @Sendable (_ labels: Tensor<Float>, _ predictions: Tensor<Float>) -> Tensor<Float>
    ) {
        ownName = nil
        named = .known(
            Configuration(name), Function { _ in MeanAccumulator { function(asFloat($0), $1) } })
    }

    /// The metric of Keras's name, such as `accuracy`; `compile` throws for an unknown one.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The metric of Keras's name, such as `accuracy`; `compile` throws for an unknown one.
    public init(name: String) {
        named = Named(name, in: Self.table)
        // It is shown as it was asked for: `acc`, `mse`.
        ownName = name
    }

    private init(_ name: String, _ make: @escaping @Sendable (Setting) -> any MetricAccumulator) {
        ownName = nil
        named = .known(Configuration(name), Function(make: make))
    }

    /// The name under which it is shown.
    public var name: String { ownName ?? named.configuration.className }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest.
    func function() throws(KerasError) -> Function { try named.function("metric", known: Self.table.keys) }

    /// How often the prediction is right: for classes by their numbers, for one-hot labels, or for a single probability,
    /// as the labels and the predictions have it.
    public static let accuracy = Metric("accuracy") { setting in
        MeanAccumulator(accuracyFunction(for: setting))
    }

    private static let table: [String: Named<Function>] = {
        var table = [accuracy.name: accuracy.named]
        table["acc"] = accuracy.named
        return table
    }()
}

/// The kind of accuracy that fits, as Keras chooses it.
private func accuracyFunction(
    for setting: Metric.Setting
) -> @Sendable (AnyTensor, Tensor<Float>) -> Tensor<Float> {
    let classes = setting.predictions.shape[-1]
    if classes == 1 {
        return { labels, predictions in
            cast(equal(asFloat(labels), cast(greater(predictions, 0.5), to: Float.self)), to: Float.self).mean(axis: -1)
        }
    }
    if case .classes = setting.loss {
        return sparseAccuracy
    }
    if setting.labels.shape.rank != setting.predictions.shape.rank { return sparseAccuracy }
    return { labels, predictions in
        cast(equal(argmax(asFloat(labels), axis: -1), argmax(predictions, axis: -1)), to: Float.self)
    }
}

private func sparseAccuracy(_ labels: AnyTensor, _ predictions: Tensor<Float>) -> Tensor<Float> {
    cast(equal(asFloat(labels), cast(argmax(predictions, axis: -1), to: Float.self)), to: Float.self)
}

/// Variables that gather what a metric needs from batch to batch.
protocol MetricAccumulator: Sendable {
    /// Its variables; they start with zeros.
    var variables: [AnyVariable] { get }
    /// A node that takes a batch in.
    ///
    /// - Parameters:
    ///   - weights: how much each sample counts, shape `[batch]`; nil: all equally.
    func update(labels: AnyTensor, predictions: Tensor<Float>, weights: Tensor<Float>?) -> Node
    /// The metric of what was taken in since the last reset.
    var result: Tensor<Float> { get }
    /// A node that forgets everything.
    var reset: Node { get }
}

/// A mean over samples.
struct MeanAccumulator: MetricAccumulator {
    let values: @Sendable (AnyTensor, Tensor<Float>) -> Tensor<Float>
    private let total: Variable<Float>
    private let count: Variable<Float>

    init(_ values: @escaping @Sendable (AnyTensor, Tensor<Float>) -> Tensor<Float>) {
        self.values = values
        total = Variable<Float>(.zeros, shape: [], trainable: false, name: "total")
        count = Variable<Float>(.zeros, shape: [], trainable: false, name: "count")
    }

    var variables: [AnyVariable] { [AnyVariable(total), AnyVariable(count)] }
    var result: Tensor<Float> { total / maximum(count, 1e-12) }
    var reset: Node { group([total.assign(0 * total).node, count.assign(0 * count).node]) }

    func update(labels: AnyTensor, predictions: Tensor<Float>, weights: Tensor<Float>?) -> Node {
        update(values(labels, predictions), weights: weights)
    }

    /// Takes the values of samples in.
    func update(_ values: Tensor<Float>, weights: Tensor<Float>?) -> Node {
        guard let weights else {
            return group([
                total.assignAdd(values.sum()).node, count.assignAdd(cast(size(of: values), to: Float.self)).node,
            ])
        }
        let spread = weights.broadcastAlongLeadingAxis(like: values)
        return group([total.assignAdd((values * spread).sum()).node, count.assignAdd(spread.sum()).node])
    }
}

extension Tensor<Float> {
    /// `[batch]` repeated to the shape of `values`, `[batch, ...]`.
    func broadcastAlongLeadingAxis(like values: Tensor<Float>) -> Tensor<Float> {
        let rank = values.shape.rank ?? 1
        let column = rank > 1 ? reshaped([-1] + Array(repeating: 1, count: rank - 1)) : self
        return column.broadcast(to: Operations.shape(of: values))
    }
}
