// Whether the right class is among those with the largest predictions: counted, not sorted.

public import Graphs
package import Programs
public import Tensors

/// (predictions, targets, k) → for each row whether fewer than `k` predictions are above that of the target.
///
/// A row with a prediction that is not finite, or with a target that is no class, is false.
///
/// - Gradient: none; truth values do not change smoothly.
/// - Source: TensorFlow's kernel of `InTopKV2`, which decides ties in favour of the target.
package struct InTopK: Operation {
    /// The type of targets and `k`.
    let indexType: DType

    package init(indexType: DType) { self.indexType = indexType }

    package var name: String { "InTopKV2" }
    package var attributes: [Attribute] { [Attribute("T", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        if inputs[0].dtype != .float32 { throw .unsupported(inputs[0].dtype, accepted: "float32") }
        try inputs.requireIntegers(1, "the targets")
        try inputs.requireIntegers(2, "k", maximumRank: 0)
        let (predictions, targets) = (inputs[0].shape, inputs[1].shape)
        if let rank = predictions.rank, rank != 2 {
            throw Mistake("the predictions must be a matrix, but have shape \(predictions)")
        }
        if targets.rank == 0 { throw Mistake("the targets must be a vector, but have shape \(targets)") }
        if let rows = predictions[0], let count = targets[0], rows != count {
            throw Mistake(
                "the shapes of predictions and targets do not fit: \(predictions) and \(targets)",
                hint: "give one target for each row of the predictions")
        }
        return [TensorType(.bool, Shape(extents: [predictions[0] ?? targets[0] ?? -1]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "truth values have no derivative")
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let (predictions, targets) = (context.operands[0], context.operands[1])
        let shape = context.shape(0)
        func along(_ value: ValueID) throws -> ValueID { try builder.broadcast(value, to: shape, axes: [0]) }
        let isTarget = try builder.compare(
            .equal, builder.iota(ArrayType(indexType, shape), axis: 1), along(targets))
        let zero = try builder.filled(0, ArrayType(.float32, shape))
        let ofTarget = try builder.reduce(.sum, builder.select(isTarget, predictions, zero), axes: [1])
        let isAbove = try builder.compare(.greater, predictions, along(ofTarget))
        let count = try builder.reduce(.sum, builder.convert(isAbove, to: indexType), axes: [1])
        let limit = try builder.broadcast(builder.convert(context.operands[2], to: indexType), to: [shape[0]])
        let isFinite = try builder.reduce(.and, builder.unary(.isFinite, predictions), axes: [1])
        let isClass = try builder.reduce(.or, isTarget, axes: [1])
        return [
            try builder.binary(
                .and, builder.compare(.less, count, limit), builder.binary(.and, isFinite, isClass))
        ]
    }
}

/// For each row whether the prediction of the target is among the `k` largest.
///
///     inTopK(predictions, labels, k: 5)        // [batch, classes], [batch] → [batch]
///
/// - Parameters:
///   - targets: `int32` or `int64`; one that is no class is never among them.
///   - k: how many of the largest predictions count; of equal ones all do.
/// - Errors: predictions that are no matrix, or targets that are not one for each row, are a mistake.
/// - Gradient: none.
/// - Source: TensorFlow's `math.in_top_k`.
public func inTopK(
    _ predictions: some TensorExpression<Float>, _ targets: some TensorExpression<some IntegerElement>, k: Int,
    name: String? = nil
) -> Tensor<Bool> {
    let (predictions, targets) = (predictions.value, targets.value)
    return inNodeScope(name, "InTopK", of: predictions.graph) { name in
        let limit = makeConstant(
            UntypedArray(integers: [k], dtype: targets.dtype == .int64 ? .int64 : .int32).reshaped([]), name: "k")
        return makeTensor(InTopK(indexType: targets.dtype), [predictions, targets, limit], name: name)
    }
}

// MARK: - From files

extension InTopK: DecodableOperation {
    package static var operationNames: [String] { ["InTopKV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(indexType: try node.dtype("T", default: .int32))
    }
}
