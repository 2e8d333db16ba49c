// Batch normalisation as one operation, and its gradient: two passes over the data each.

public import Graphs
package import Programs
public import Tensors

/// What the two operations share: where the channels are, and the statistics of the other axes.
private struct ChannelForm {
    let shape: [Int]
    let channelAxis: Int
    let builder: ProgramBuilder

    init(_ shape: [Int], isChannelFirst: Bool, _ builder: ProgramBuilder) {
        self.shape = shape
        self.builder = builder
        channelAxis = isChannelFirst ? 1 : shape.count - 1
    }

    /// How many elements a channel has.
    var count: Int { shape.enumerated().reduce(1) { $1.offset == channelAxis ? $0 : $0 * $1.element } }

    /// A vector of channels, repeated.
    func spread(_ value: ValueID) throws -> ValueID {
        try builder.broadcast(value, to: shape, axes: [channelAxis])
    }

    /// The sum of each channel.
    func sum(_ value: ValueID) throws -> ValueID {
        try builder.reduce(.sum, value, axes: shape.indices.filter { $0 != channelAxis })
    }

    /// The mean of each channel.
    func mean(_ value: ValueID) throws -> ValueID { try scaled(sum(value), 1 / Double(count)) }

    func scaled(_ value: ValueID, _ factor: Double) throws -> ValueID {
        try builder.binary(.multiply, value, builder.filled(factor, builder.type(of: value)))
    }

    /// `1 / √(variance + epsilon)`
    func inverseDeviation(_ variance: ValueID, _ epsilon: Double) throws -> ValueID {
        try builder.unary(
            .rsqrt, builder.binary(.add, variance, builder.filled(epsilon, builder.type(of: variance))))
    }
}

/// Attributes of both operations.
private struct BatchNormAttributes: Hashable {
    let dtype: DType
    let epsilon: Float
    let isTraining: Bool
    let isChannelFirst: Bool

    var list: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("U", .type(dtype)), Attribute("epsilon", .float(epsilon)),
            Attribute("data_format", .string(isChannelFirst ? "NCHW" : "NHWC")),
            Attribute("is_training", .bool(isTraining)),
        ]
    }

    init(dtype: DType, epsilon: Float, isTraining: Bool, isChannelFirst: Bool) {
        self.dtype = dtype
        self.epsilon = epsilon
        self.isTraining = isTraining
        self.isChannelFirst = isChannelFirst
    }

    init(_ node: NodeDescription) throws(DecodingMistake) {
        let format = try node.string("data_format", default: "NHWC")
        try node.require(
            format == "NHWC" || format == "NCHW", "data_format \(format) is not supported, only NHWC and NCHW")
        dtype = try node.dtype("T")
        try node.require(try node.dtype("U") == dtype, "statistics of another type are not supported")
        epsilon = try node.float("epsilon", default: 0.0001)
        isTraining = try node.bool("is_training", default: true)
        isChannelFirst = format == "NCHW"
    }

    /// Checks images and vectors of channels, and merges what is known of both.
    func checkedShape(_ inputs: InputTypes, images: [Int], vectors: [(Int, String)]) throws(Mistake) -> Shape {
        if !dtype.isFloating { throw .unsupported(dtype, accepted: "floating-point numbers") }
        for index in images + vectors.map(\.0) where inputs[index].dtype != dtype {
            throw .dtypesDiffer(dtype, inputs[index].dtype)
        }
        var shape = Shape.unknown(rank: 4)
        for index in images {
            guard let both = shape.merged(with: inputs[index].shape) else {
                throw Mistake(
                    "takes images of rank 4, but has shape \(inputs[index].shape)",
                    hint: isChannelFirst ? "[batch, channels, height, width]" : "[batch, height, width, channels]")
            }
            shape = both
        }
        guard var extents = shape.extents else { return shape }
        let axis = isChannelFirst ? 1 : 3
        for (index, what) in vectors {
            let vector = inputs[index].shape
            guard vector.isCompatible(with: [extents[axis] < 0 ? nil : extents[axis]]) else {
                throw Mistake("the \(what) of shape \(vector) does not fit the channels of \(shape)")
            }
            if let count = vector[0] { extents[axis] = count }
        }
        return Shape(extents: extents)
    }
}

/// (x, scale, offset, mean, variance) → (y, mean, variance, and what the gradient needs).
///
///     y = scale (x - m) / √(v + ε) + offset
///
/// In training, `m` and `v` are mean and variance of the batch, and the second and third output are their exponential
/// averages with the inputs, of the unbiased variance; else they are the inputs.
///
/// - Gradient: in training `FusedBatchNormGradV3`, and none flows through the statistics; else that of the formula.
/// - Source: Ioffe and Szegedy, "Batch normalization" (2015); TensorFlow's kernel of `FusedBatchNormV3`.
package struct FusedBatchNorm: Operation {
    private let form: BatchNormAttributes
    let averageFactor: Float

    package init(
        dtype: DType, epsilon: Float = 0.0001, averageFactor: Float = 1, isTraining: Bool = true,
        isChannelFirst: Bool = false
    ) {
        form = BatchNormAttributes(
            dtype: dtype, epsilon: epsilon, isTraining: isTraining, isChannelFirst: isChannelFirst)
        self.averageFactor = averageFactor
    }

    package var name: String { "FusedBatchNormV3" }
    package var attributes: [Attribute] { form.list + [Attribute("exponential_avg_factor", .float(averageFactor))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 6 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 5)
        var vectors = [(1, "scale"), (2, "offset")]
        if !form.isTraining { vectors += [(3, "mean"), (4, "variance")] }
        let shape = try form.checkedShape(inputs, images: [0], vectors: vectors)
        let channels = TensorType(form.dtype, [shape[form.isChannelFirst ? 1 : 3]])
        return [TensorType(form.dtype, shape)] + Array(repeating: channels, count: 4) + [TensorType(form.dtype, [0])]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        guard form.isTraining else { return context.ofDecomposition(normalized) }
        guard let g = context.outputGradients[0] else {
            return .refused(reason: "gradients of the statistics of FusedBatchNormV3 are not supported")
        }
        let operation = FusedBatchNormGradient(
            dtype: form.dtype, epsilon: form.epsilon, isTraining: form.isTraining,
            isChannelFirst: form.isChannelFirst)
        let inputs = [
            g, context.inputs[0], context.inputs[1], context.outputs[3], context.outputs[4], context.outputs[5],
        ]
        let parts = withGraph(graphForNodes(of: g.graph)) { Graph.default.add(operation, inputs) }
        return .inputs([parts[0], parts[1], parts[2], nil, nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let (x, scale, offset) = (context.operands[0], context.operands[1], context.operands[2])
        let channels = ChannelForm(context.shape(0), isChannelFirst: form.isChannelFirst, builder)
        let empty = try builder.filled(0, ArrayType(form.dtype, [0]))
        let (mean, variance): (ValueID, ValueID)
        if form.isTraining {
            mean = try channels.mean(x)
            let distance = try builder.binary(.subtract, x, channels.spread(mean))
            variance = try channels.mean(builder.binary(.multiply, distance, distance))
        } else {
            (mean, variance) = (context.operands[3], context.operands[4])
        }
        // One product and one sum for each element.
        let factor = try builder.binary(.multiply, scale, channels.inverseDeviation(variance, Double(form.epsilon)))
        let distance = try builder.binary(.subtract, x, channels.spread(mean))
        let y = try builder.binary(
            .add, builder.binary(.multiply, distance, channels.spread(factor)), channels.spread(offset))
        guard form.isTraining else { return [y, mean, variance, mean, variance, empty] }
        let count = Double(channels.count)
        let unbiased = try channels.scaled(variance, count > 1 ? count / (count - 1) : 1)
        return [
            y, try averaged(mean, with: context.operands[3], channels, builder),
            try averaged(unbiased, with: context.operands[4], channels, builder), mean, variance, empty,
        ]
    }

    /// The formula with given statistics, through which gradients flow as well.
    private func normalized(_ inputs: [Value]) -> [Value] {
        let spread = inputs.dropFirst().map { vector in
            form.isChannelFirst ? makeExpansion(makeExpansion(vector, at: -1), at: -1) : vector
        }
        let epsilon = scalarConstant(Double(form.epsilon), form.dtype, in: inputs[0].graph)
        let inverse = elementwise(.rsqrt, [spread[3] + epsilon])
        return [spread[0] * inverse * (inputs[0] - spread[2]) + spread[1]] + inputs[3...4] + inputs[3...4]
    }

    /// The exponential average; with the factor 1 the input counts nothing and may be empty.
    private func averaged(
        _ new: ValueID, with old: ValueID, _ channels: ChannelForm, _ builder: ProgramBuilder
    ) throws -> ValueID {
        if averageFactor == 1 { return new }
        guard builder.type(of: old) == builder.type(of: new) else {
            throw Mistake(
                "the running statistics of shape \(Shape(builder.shape(of: old))) do not fit the channels",
                hint: "with an average factor other than 1 they are needed")
        }
        return try builder.binary(
            .add, channels.scaled(old, 1 - Double(averageFactor)), channels.scaled(new, Double(averageFactor)))
    }
}

/// (g, x, scale, mean, variance, unused) → the gradients of `x`, scale and offset.
///
///     dx = scale r (g - mean(g) - n mean(g n)),  n = r (x - m),  r = 1 / √(v + ε)
///
/// - Gradient: that of the formula, in training with mean and variance as functions of `x`.
package struct FusedBatchNormGradient: Operation {
    private let form: BatchNormAttributes

    package init(dtype: DType, epsilon: Float = 0.0001, isTraining: Bool = true, isChannelFirst: Bool = false) {
        form = BatchNormAttributes(
            dtype: dtype, epsilon: epsilon, isTraining: isTraining, isChannelFirst: isChannelFirst)
    }

    package var name: String { "FusedBatchNormGradV3" }
    package var attributes: [Attribute] { form.list }
    package var effect: Effect { .none }
    package var outputCount: Int { 5 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 6)
        let shape = try form.checkedShape(
            inputs, images: [0, 1], vectors: [(2, "scale"), (3, "mean"), (4, "variance")])
        let channels = TensorType(form.dtype, [shape[form.isChannelFirst ? 1 : 3]])
        let empty = TensorType(form.dtype, [0])
        return [TensorType(form.dtype, shape), channels, channels, empty, empty]
    }

    package func gradient(_ context: GradientContext) -> Gradient { context.ofDecomposition(decomposed) }

    /// The formula, with the statistics computed anew in training so that their own derivatives count.
    private func decomposed(_ inputs: [Value]) -> [Value] {
        let (g, x, scale) = (inputs[0], inputs[1], inputs[2])
        let axes = form.isChannelFirst ? [0, 2, 3] : [0, 1, 2]
        func spread(_ vector: Value) -> Value {
            form.isChannelFirst ? makeExpansion(makeExpansion(vector, at: -1), at: -1) : vector
        }
        func mean(_ value: Value) -> Value { reduce(.mean, value, axes: axes, keepsDimensions: true) }
        let center = form.isTraining ? mean(x) : spread(inputs[3])
        let distance = x - center
        let variance = form.isTraining ? mean(elementwise(.square, [distance])) : spread(inputs[4])
        let epsilon = scalarConstant(Double(form.epsilon), form.dtype, in: g.graph)
        let inverse = elementwise(.rsqrt, [variance + epsilon])
        let normalized = distance * inverse
        let ofScale = reduce(.sum, g * normalized, axes: axes)
        let ofOffset = reduce(.sum, g, axes: axes)
        let inner = form.isTraining ? g - mean(g) - normalized * mean(g * normalized) : g
        let empty = makeConstant(
            UntypedArray(dtype: form.dtype, shape: [0], storage: ArrayStorage(byteCount: 0)), in: g.graph)
        return [spread(scale) * inverse * inner, ofScale, ofOffset, empty, empty]
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let (g, x, scale) = (context.operands[0], context.operands[1], context.operands[2])
        let channels = ChannelForm(context.shape(1), isChannelFirst: form.isChannelFirst, builder)
        let inverse = try channels.inverseDeviation(context.operands[4], Double(form.epsilon))
        let distance = try builder.binary(.subtract, x, channels.spread(context.operands[3]))
        let normalized = try builder.binary(.multiply, distance, channels.spread(inverse))
        let ofScale = try channels.sum(builder.binary(.multiply, g, normalized))
        let ofOffset = try channels.sum(g)
        let factor = try builder.binary(.multiply, scale, inverse)
        var inner = g
        if form.isTraining {
            let share = 1 / Double(max(channels.count, 1))
            let centered = try builder.binary(.subtract, g, channels.spread(channels.scaled(ofOffset, share)))
            let slope = try builder.binary(
                .multiply, normalized, channels.spread(channels.scaled(ofScale, share)))
            inner = try builder.binary(.subtract, centered, slope)
        }
        let empty = try builder.filled(0, ArrayType(form.dtype, [0]))
        return [
            try builder.binary(.multiply, inner, channels.spread(factor)), ofScale, ofOffset, empty, empty,
        ]
    }
}

// MARK: - Public functions

/// Images normalised by the statistics of their batch, or by given ones.
///
///     y = scale (x - mean) / √(variance + epsilon) + offset
///
/// - Shapes: `x` `[batch, height, width, channels]`, all else `[channels]`.
/// - Parameters:
///   - mean, variance: in training what the averages are formed with (only where the factor is not 1), else the
///     statistics.
///   - averageFactor: how much the batch counts in the averages that are returned.
///   - isTraining: whether the statistics are those of the batch.
///   - isChannelFirst: whether `x` is `[batch, channels, height, width]`.
/// - Returns: the images, and the running averages: in training `(1 - factor) mean + factor · mean of the batch`, and so
///   for the unbiased variance; else the inputs.
/// - Errors: other ranks, and vectors that do not fit the channels, are a mistake.
/// - Gradient: flows to `x`, scale and offset, and to given statistics; not through the averages that are returned.
/// - Source: TensorFlow's `nn.fused_batch_norm`.
public func fusedBatchNorm<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, scale: some TensorExpression<Scalar>, offset: some TensorExpression<Scalar>,
    mean: Tensor<Scalar>? = nil, variance: Tensor<Scalar>? = nil, epsilon: Float = 0.001, averageFactor: Float = 1,
    isTraining: Bool = true, isChannelFirst: Bool = false, name: String? = nil
) -> (y: Tensor<Scalar>, mean: Tensor<Scalar>, variance: Tensor<Scalar>) {
    let x = x.tensor
    return inNodeScope(name, "FusedBatchNormV3", of: x.graph) { name in
        let empty = zeros([0], as: Scalar.self)
        let operation = FusedBatchNorm(
            dtype: Scalar.dtype, epsilon: epsilon, averageFactor: averageFactor, isTraining: isTraining,
            isChannelFirst: isChannelFirst)
        let inputs = [x, scale.tensor, offset.tensor, mean ?? empty, variance ?? empty].map(\.value)
        let outputs = withGraph(graphForNodes(of: x.graph)) { Graph.default.add(operation, inputs, name: name) }
        return (Tensor(outputs[0]), Tensor(outputs[1]), Tensor(outputs[2]))
    }
}

// MARK: - From files

extension FusedBatchNorm: DecodableOperation {
    package static var operationNames: [String] { ["FusedBatchNormV3"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        form = try BatchNormAttributes(node)
        averageFactor = try node.float("exponential_avg_factor", default: 1)
    }
}

extension FusedBatchNormGradient: DecodableOperation {
    package static var operationNames: [String] { ["FusedBatchNormGradV3"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        form = try BatchNormAttributes(node)
    }
}
