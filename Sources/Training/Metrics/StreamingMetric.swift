// What a metric is that is gathered over batches: sums that grow from batch to batch, and a result that follows from
// them. Knows no metric, and not where the sums are kept.

public import Graphs
public import Operations
public import Tensors

/// One of the sums that a metric keeps.
public struct MetricSum: Hashable, Sendable {
    public let name: String
    public let shape: [Int]

    public init(_ name: String, _ shape: [Int] = []) {
        self.name = name
        self.shape = shape
    }
}

/// A metric that is gathered over batches: it keeps sums, which start with zeros, and adds to each of them what a batch
/// brings.
///
/// All that distinguishes metrics is what they sum up and how a result follows from it; `MetricVariables` keeps the sums
/// in variables.
public protocol StreamingMetric: Sendable {
    /// The name of the metric, as Keras calls it.
    var name: String { get }
    /// What it keeps.
    var sums: [MetricSum] { get }
    /// What a batch adds to each of the sums.
    ///
    /// - Parameters:
    ///   - labels, predictions: `[batch, ...]`.
    ///   - weights: how much samples count, `[batch]` or as the metric says; nil: all equally.
    func increments<Label: NumericElement>(
        labels: Tensor<Label>, predictions: Tensor<Float>, weights: Tensor<Float>?
    ) -> [Tensor<Float>]
    /// The metric of what was summed up, one tensor for each of the sums.
    func result(_ sums: [Tensor<Float>]) -> Tensor<Float>
}

/// A metric with variables of a graph as its sums.
///
///     let metric = MetricVariables(AreaUnderCurve())
///     let update = metric.update(labels: labels, predictions: predictions)
///     for batch in batches { try session.run(update, feeding: ...) }
///     print(try session.run(metric.result))
///     try session.run(metric.reset)
public struct MetricVariables: Sendable {
    public let metric: any StreamingMetric
    /// The sums.
    public let variables: [Variable<Float>]
    /// The metric of what was taken in before the run.
    public let result: Tensor<Float>
    /// A node that forgets everything.
    public let reset: Node
    private let scope: String

    /// - Parameters:
    ///   - isLocal: whether the variables are local ones, which `localVariablesInitializer` initialises and `Saver` leaves
    ///     out.
    ///   - name: the scope of the nodes; the metric's name by default.
    public init(
        _ metric: some StreamingMetric, isLocal: Bool = true, name: String? = nil, in graph: Graph? = nil
    ) {
        self.metric = metric
        scope = name ?? metric.name
        (variables, result, reset) = withGraph(graph ?? .default) {
            withNameScope(name ?? metric.name) {
                let variables = metric.sums.map { sum in
                    Variable<Float>(.zeros, shape: sum.shape, trainable: false, local: isLocal, name: sum.name)
                }
                return (
                    variables, metric.result(variables.map { $0.tensor }),
                    group(variables.map(\.initializer), name: "reset")
                )
            }
        }
    }

    /// Takes a batch in.
    ///
    /// - Returns: the metric with this batch; running it takes the batch in.
    public func update<Label: NumericElement>(
        labels: some TensorExpression<Label>, predictions: some TensorExpression<Float>,
        weights: Tensor<Float>? = nil
    ) -> Tensor<Float> {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return withGraph(predictions.graph) {
            withNameScope(scope + "_update") {
                let increments = metric.increments(labels: labels, predictions: predictions, weights: weights)
                return metric.result(zip(variables, increments).map { $0.assignAdd($1) })
            }
        }
    }
}
