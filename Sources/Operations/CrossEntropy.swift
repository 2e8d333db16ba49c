// Losses of classifiers, on logits: the softmax or the sigmoid is part of them, which keeps them exact where the
// probabilities would round to 0 or 1.

public import Graphs
package import Programs
public import Tensors

// MARK: - SoftmaxCrossEntropyWithLogits

/// The cross entropy between the softmax of each row of the logits and the labels, and its gradient.
///
///     loss = -Σ labels · logSoftmax(logits),  backprop = softmax(logits) - labels
///
/// - Gradient: the second output serves as that of the logits, as in TensorFlow: exact where each row of the labels
///   adds up to 1.
/// - Source: TensorFlow's `nn_grad.py`. Unlike there, the gradient of the second output reaches the labels too.
package struct SoftmaxCrossEntropy: Operation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "SoftmaxCrossEntropyWithLogits" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 2 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireEqualTypes(1..<2)
        if !inputs[0].dtype.isFloating { throw .unsupported(inputs[0].dtype, accepted: "floating-point numbers") }
        let (logits, labels) = (inputs[0].shape, inputs[1].shape)
        for (shape, what) in [(logits, "logits"), (labels, "labels")] {
            if let rank = shape.rank, rank != 2 {
                throw Mistake("the \(what) must be a matrix, but have shape \(shape)")
            }
        }
        guard let both = logits.merged(with: labels) else {
            throw .shapesDiffer(logits, labels, what: "the shapes of logits and labels")
        }
        return [
            TensorType(dtype, Shape(extents: [both[0] ?? -1])),
            TensorType(dtype, Shape(extents: [both[0] ?? -1, both[1] ?? -1])),
        ]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let logits = context.inputs[0]
        var labelsGradient: Value?
        if context.isWanted[1] {
            let ofLoss = context.outputGradients[0].map {
                makeExpansion($0, at: -1) * -makeValue(Softmax(dtype: dtype, isLogarithm: true), [logits])
            }
            let ofBackprop = context.outputGradients[1].map { -$0 }
            labelsGradient = sum(ofLoss, ofBackprop)
        }
        return .inputs([logitsGradient(context), labelsGradient])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let parts = try SoftmaxParts(context.operands[0], builder)
        let labels = context.operands[1]
        // A class of label 0 counts nothing, even where its logit is -∞.
        let isUnlabelled = try builder.compare(.equal, labels, builder.filled(0, builder.type(of: labels)))
        let losses = try builder.select(
            isUnlabelled, builder.filled(0, builder.type(of: labels)),
            builder.binary(
                .multiply, labels,
                builder.binary(.subtract, parts.repeated(builder.unary(.log, parts.sums)), parts.shifted)))
        return [
            try builder.reduce(.sum, losses, axes: [1]),
            try builder.binary(.subtract, parts.probabilities, labels),
        ]
    }
}

/// The gradient of the logits from those of loss and backprop; the second for gradients of gradients.
private func logitsGradient(_ context: GradientContext) -> Value? {
    guard context.isWanted[0] else { return nil }
    let logits = context.inputs[0]
    let ofLoss = context.outputGradients[0].map { makeExpansion($0, at: -1) * context.outputs[1] }
    let ofBackprop = context.outputGradients[1].map { g in
        let y = makeValue(Softmax(dtype: logits.dtype), [logits])
        return (g - reduce(.sum, g * y, axes: [-1], keepsDimensions: true)) * y
    }
    return sum(ofLoss, ofBackprop)
}

private func sum(_ first: Value?, _ second: Value?) -> Value? {
    guard let first else { return second }
    return second.map { first + $0 } ?? first
}

// MARK: - SparseSoftmaxCrossEntropyWithLogits

/// The cross entropy between the softmax of each row of the logits and the class with the row's number, and its
/// gradient.
///
/// A label that is no class makes the loss and the gradient of its row NaN, as TensorFlow's GPU kernel does; on the CPU
/// TensorFlow refuses the run.
///
/// - Gradient: as for `SoftmaxCrossEntropyWithLogits`; none for the labels.
package struct SparseSoftmaxCrossEntropy: Operation {
    let dtype: DType
    let labelType: DType

    package init(dtype: DType, labelType: DType) {
        self.dtype = dtype
        self.labelType = labelType
    }

    package var name: String { "SparseSoftmaxCrossEntropyWithLogits" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(dtype)), Attribute("Tlabels", .type(labelType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 2 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        if !inputs[0].dtype.isFloating { throw .unsupported(inputs[0].dtype, accepted: "floating-point numbers") }
        try inputs.requireIntegers(1, "the labels")
        let logits = inputs[0].shape
        if let rank = logits.rank, rank != 2 { throw Mistake("the logits must be a matrix, but have shape \(logits)") }
        if let rows = logits[0], let count = inputs[1].shape[0], rows != count {
            throw Mistake(
                "the shapes of logits and labels do not fit: \(logits) and \(inputs[1].shape)",
                hint: "give one label for each row of the logits")
        }
        let rows = logits[0] ?? inputs[1].shape[0] ?? -1
        return [
            TensorType(dtype, Shape(extents: [rows])), TensorType(dtype, Shape(extents: [rows, logits[1] ?? -1])),
        ]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([logitsGradient(context), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let parts = try SoftmaxParts(context.operands[0], builder)
        let labels = context.operands[1]
        let labelsType = context.type(1)
        let wide = ArrayType(labelsType.dtype, parts.shape)
        let isLabel = try builder.compare(.equal, builder.iota(wide, axis: 1), parts.repeated(labels))
        let zero = try builder.filled(0, ArrayType(dtype, parts.shape))
        let labelled = try builder.reduce(.sum, builder.select(isLabel, parts.shifted, zero), axes: [1])
        let losses = try builder.binary(.subtract, builder.unary(.log, parts.sums), labelled)
        let one = try builder.filled(1, ArrayType(dtype, parts.shape))
        let backprop = try builder.binary(.subtract, parts.probabilities, builder.select(isLabel, one, zero))
        let isClass = try builder.binary(
            .and, builder.compare(.greaterOrEqual, labels, builder.filled(0, labelsType)),
            builder.compare(.less, labels, builder.filled(Double(parts.shape[1]), labelsType)))
        let nan = builder.scalar(.nan, dtype)
        return [
            try builder.select(isClass, losses, builder.broadcast(nan, to: labelsType.shape)),
            try builder.select(parts.repeated(isClass), backprop, builder.broadcast(nan, to: parts.shape)),
        ]
    }
}

// MARK: - Public functions

/// The cross entropy between labels, given as probabilities of the classes, and the softmax of logits.
///
///     loss = -Σ labels · log softmax(logits)
///
/// - Shapes: logits and labels `[..., classes]` → `[...]`.
/// - Parameters:
///   - labels: for each row a distribution over the classes; one-hot for known classes.
/// - Errors: logits and labels whose shapes differ are a mistake.
/// - Gradient: `g (softmax(logits) - labels)` for the logits, which supposes that the labels of each row add up to 1, and
///   `-g log softmax(logits)` for the labels.
/// - Source: TensorFlow's `softmax_cross_entropy_with_logits`.
public func softmaxCrossEntropy<Scalar: FloatingElement>(
    logits: some TensorExpression<Scalar>, labels: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let operation = SoftmaxCrossEntropy(dtype: Scalar.dtype)
    let (logits, labels) = (logits.value, labels.value)
    guard let rank = logits.shape.rank ?? labels.shape.rank, rank > 2 || rank == 1 else {
        return makeTensor(operation, [logits, labels], name: name)
    }
    if let mismatch = mismatch(logits.shape, labels.shape) {
        return makeTensor(Misuse(operation, mismatch), [logits, labels], name: name)
    }
    return inNodeScope(name, "SoftmaxCrossEntropy", of: logits.graph) { name in
        Tensor(inRows(logits, name: name) { makeValue(operation, [$0, flattenedToRows(labels)]) })
    }
}

/// The cross entropy between known classes, given by their numbers, and the softmax of logits.
///
///     loss = -log softmax(logits)[label]
///
/// - Shapes: logits `[..., classes]`, labels `[...]` → `[...]`.
/// - Parameters:
///   - labels: `int32` or `int64` numbers below the number of classes; the loss of any other is NaN, and so is its
///     gradient.
/// - Errors: labels whose shape is not that of the logits without the last dimension are a mistake.
/// - Gradient: `g (softmax(logits) - oneHot(label))`.
/// - Source: TensorFlow's `sparse_softmax_cross_entropy_with_logits`.
public func sparseSoftmaxCrossEntropy<Scalar: FloatingElement>(
    logits: some TensorExpression<Scalar>, labels: some TensorExpression<some IntegerElement>, name: String? = nil
) -> Tensor<Scalar> {
    let (logits, labels) = (logits.value, labels.value)
    let operation = SparseSoftmaxCrossEntropy(dtype: Scalar.dtype, labelType: labels.dtype)
    guard let rank = logits.shape.rank ?? labels.shape.rank.map({ $0 + 1 }), rank > 2 || rank == 1 else {
        return makeTensor(operation, [logits, labels], name: name)
    }
    if let mismatch = mismatch(Shape(extents: logits.shape.extents.map { Array($0.dropLast()) }), labels.shape) {
        return makeTensor(Misuse(operation, mismatch), [logits, labels], name: name)
    }
    return inNodeScope(name, "SparseSoftmaxCrossEntropy", of: logits.graph) { name in
        Tensor(inRows(logits, name: name) { makeValue(operation, [$0, makeReshape(labels, shape: [-1])]) })
    }
}

private func mismatch(_ logits: Shape, _ labels: Shape) -> Mistake? {
    logits.isCompatible(with: labels) ? nil : .shapesDiffer(logits, labels, what: "the shapes of logits and labels")
}

/// `[..., n]` as `[rows, n]`.
private func flattenedToRows(_ x: Value) -> Value {
    if let last = x.shape[-1], last > 0 { return makeReshape(x, shape: [-1, last]) }
    let last = makeVectorSlice(makeShape(x), from: -1, to: nil)
    let sizes = makeConcatenation([integerConstant([-1], in: x.graph), last], axis: integerConstant(0, in: x.graph))
    return makeReshape(x, shape: sizes)
}

/// Applies `loss` to the logits as a matrix and gives the result the logits' leading dimensions.
private func inRows(_ logits: Value, name: String, _ loss: (Value) -> Value) -> Value {
    let losses = loss(flattenedToRows(logits))
    let sizes =
        logits.shape.known.map { integerConstant(Array($0.dropLast()), in: logits.graph) }
        ?? makeVectorSlice(makeShape(logits), from: 0, to: -1)
    return makeReshape(losses, shape: sizes, name: name)
}

/// The cross entropy between labels, given as probabilities, and the sigmoid of logits, element by element.
///
///     loss = max(x, 0) - x z + log(1 + exp(-|x|)),  x = logits, z = labels
///
/// - Shapes: those of logits and labels broadcast.
/// - Gradient: `g (sigmoid(logits) - labels)` for the logits, `-g logits` for the labels.
/// - Source: TensorFlow's `sigmoid_cross_entropy_with_logits`.
public func sigmoidCrossEntropy<Scalar: FloatingElement>(
    logits: some TensorExpression<Scalar>, labels: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let (x, z) = (logits.value, labels.value)
    return inNodeScope(name, "SigmoidCrossEntropy", of: x.graph) { name in
        // Selections rather than max and |x|, so that the two derivatives at 0 add up to that of the whole.
        let zero = scalarConstant(0, Scalar.dtype)
        let isPositive = elementwise(.greaterEqual, [x, zero])
        let positive = makeSelect(isPositive, x, zero)
        let tail = elementwise(.log1p, [elementwise(.exp, [makeSelect(isPositive, -x, x)])])
        return Tensor(elementwise(.add, [positive - x * z, tail], name: name))
    }
}

// MARK: - From files

extension SoftmaxCrossEntropy: DecodableOperation {
    package static var operationNames: [String] { ["SoftmaxCrossEntropyWithLogits"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"))
    }
}

extension SparseSoftmaxCrossEntropy: DecodableOperation {
    package static var operationNames: [String] { ["SparseSoftmaxCrossEntropyWithLogits"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), labelType: try node.dtype("Tlabels", default: .int64))
    }
}
