// How losses of elements become one number: weights, reductions, the collection in which a graph's losses are found.
// Knows no loss.

public import Graphs
import Operations
public import Tensors

/// The collection of the losses of a graph, TensorFlow's `tf.GraphKeys.LOSSES`.
public let lossesKey = "losses"
/// The collection of penalties on weights, TensorFlow's `tf.GraphKeys.REGULARIZATION_LOSSES`.
public let regularizationLossesKey = "regularization_losses"

/// What losses count: a number for all of them, or a tensor of the same rank whose dimensions are theirs or 1.
public struct LossWeights<Scalar: FloatingElement>: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    enum Source: Sendable {
        case number(Double)
        case tensor(Tensor<Scalar>)
    }

    let source: Source

    /// One number for all.
    public init(_ number: Double) { source = .number(number) }
    /// Numbers that the graph computes, such as a placeholder.
    ///
    /// - Parameter weights: `[]`, or of the rank of the losses, with their dimensions or 1.
    public init(_ weights: some TensorExpression<Scalar>) { source = .tensor(weights.tensor) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(Double(value)) }
}

/// How the weighted losses of elements become one.
public enum LossReduction: Sendable, CaseIterable {
    /// Not at all.
    case none
    /// Their sum.
    case sum
    /// Their sum divided by the sum of the weights.
    case mean
    /// Their sum divided by their number.
    case sumOverBatchSize
    /// Their sum divided by the number of those whose weight is not 0: the default.
    case sumByNonzeroWeights
}

extension losses {
    /// Weighted losses as one number.
    ///
    /// - Parameters:
    ///   - values: the losses of elements.
    ///   - weights: what they count.
    ///   - reduction: how they become one; without elements, or where all weights are 0, that is 0.
    ///   - collection: the key under which the graph remembers the result; nil for none.
    /// - Returns: of rank 0; with the reduction `none` in the shape of the losses.
    /// - Errors: weights that have another rank than the losses, or a dimension that is neither theirs nor 1, are a
    ///   mistake.
    /// - Source: `tf.compat.v1.losses.compute_weighted_loss` of TensorFlow 2.21.
    public static func computeWeightedLoss<Scalar: FloatingElement>(
        _ values: some TensorExpression<Scalar>, weights: LossWeights<Scalar> = 1,
        reduction: LossReduction = .sumByNonzeroWeights, collection: String? = lossesKey, name: String? = nil
    ) -> Tensor<Scalar> {
        let values = values.tensor
        return withGraph(values.graph) {
            withNameScope(name ?? "weighted_loss") {
                let loss = reduced(values, weights, reduction)
                if let collection { values.graph.addToCollection(collection, AnyTensor(loss)) }
                return loss
            }
        }
    }

    private static func reduced<Scalar: FloatingElement>(
        _ values: Tensor<Scalar>, _ weights: LossWeights<Scalar>, _ reduction: LossReduction
    ) -> Tensor<Scalar> {
        let weighted: Tensor<Scalar>
        switch weights.source {
        case .number(let number): weighted = number == 1 ? values : values * Scalar(number)
        case .tensor(let tensor):
            guard doesBroadcast(tensor.shape, to: values.shape) else {
                let mistake = Mistake(
                    "weights of shape \(tensor.shape) do not fit losses of shape \(values.shape)",
                    hint: "weights are a single number or have the rank of the losses, with their dimensions or 1")
                return makeTensor(Misuse(of: "weighted_loss", mistake), [values.value, tensor.value])
            }
            weighted = values * tensor
        }
        switch reduction {
        case .none: return weighted
        case .sum: return weighted.sum()
        case .mean: return divideNoNaN(weighted.sum(), spread(weights, values) { $0 })
        case .sumOverBatchSize: return divideNoNaN(weighted.sum(), count(values))
        case .sumByNonzeroWeights:
            return divideNoNaN(
                weighted.sum(), spread(weights, values) { cast(notEqual($0, Scalar.zero), to: Scalar.self) })
        }
    }

    /// The sum over all elements of a function of their weight.
    private static func spread<Scalar: FloatingElement>(
        _ weights: LossWeights<Scalar>, _ values: Tensor<Scalar>, _ function: (Tensor<Scalar>) -> Tensor<Scalar>
    ) -> Tensor<Scalar> {
        switch weights.source {
        case .number(let number): count(values) * function(constant(Scalar(number)))
        case .tensor(let tensor):
            tensor.shape.rank == 0
                ? count(values) * function(tensor) : (function(tensor) * ones(like: values)).sum()
        }
    }

    private static func count<Scalar: FloatingElement>(_ values: Tensor<Scalar>) -> Tensor<Scalar> {
        if let count = values.shape.count { return constant(Scalar(count)) }
        return cast(size(of: values), to: Scalar.self)
    }

    private static func doesBroadcast(_ weights: Shape, to values: Shape) -> Bool {
        guard let weights = weights.extents, let values = values.extents, !weights.isEmpty else { return true }
        return weights.count == values.count
            && zip(weights, values).allSatisfy { $0 == 1 || $0 < 0 || $1 < 0 || $0 == $1 }
    }

    // MARK: - The losses of a graph

    /// Remembers a loss that was made without these functions.
    public static func addLoss(_ loss: some TensorExpression<some FloatingElement>, collection: String = lossesKey) {
        let loss = loss.tensor
        loss.graph.addToCollection(collection, AnyTensor(loss))
    }

    /// The losses that a graph remembers, in the order they were made.
    ///
    /// - Parameters:
    ///   - scope: only those whose name begins with it.
    ///   - type: only those of this type.
    public static func getLosses<Scalar: FloatingElement>(
        scope: String? = nil, collection: String = lossesKey, as type: Scalar.Type = Float.self,
        in graph: Graph? = nil
    ) -> [Tensor<Scalar>] {
        (graph ?? .default).collection(collection).compactMap { item in
            guard case .tensor(let tensor) = item, scope.map({ tensor.name.hasPrefix($0) }) ?? true else { return nil }
            return tensor.as(type)
        }
    }

    /// The penalties on weights that a graph remembers, in the order they were made.
    ///
    /// - Parameters: as for `getLosses(scope:collection:as:in:)`.
    public static func getRegularizationLosses<Scalar: FloatingElement>(
        scope: String? = nil, as type: Scalar.Type = Float.self, in graph: Graph? = nil
    ) -> [Tensor<Scalar>] {
        getLosses(scope: scope, collection: regularizationLossesKey, as: type, in: graph)
    }

    /// The sum of all losses of a graph, and of the penalties on its weights.
    ///
    /// - Parameters:
    ///   - addsRegularizationLosses: whether the penalties count too.
    ///   - scope, type: as for `getLosses(scope:collection:as:in:)`.
    /// - Errors: a graph without losses is a mistake.
    public static func getTotalLoss<Scalar: FloatingElement>(
        addsRegularizationLosses: Bool = true, scope: String? = nil, as type: Scalar.Type = Float.self,
        name: String = "total_loss", in graph: Graph? = nil
    ) -> Tensor<Scalar> {
        let graph = graph ?? .default
        var all = getLosses(scope: scope, as: type, in: graph)
        if addsRegularizationLosses { all += getRegularizationLosses(scope: scope, as: type, in: graph) }
        guard !all.isEmpty else {
            let mistake = Mistake(
                "the graph has no loss of type \(Scalar.dtype)" + (scope.map { " under \"\($0)\"" } ?? ""),
                hint: "losses are remembered by the functions of `losses`, or by addLoss")
            return makeTensor(Misuse(of: "total_loss", mistake), [], name: name, in: graph)
        }
        return withGraph(graph) { addN(all, name: name) }
    }
}
