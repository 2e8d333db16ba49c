// What networks are made of beyond matrix products and element-wise functions: softmax and bias. Losses on logits are
// in CrossEntropy.

public import Graphs
package import Programs
public import Tensors

// MARK: - Softmax, LogSoftmax

/// The softmax along the last axis, or its logarithm.
///
///     y = exp(x - m) / Σ exp(x - m),  m = max x
///
/// - Gradient: `(g - Σ g y) y`; of the logarithm `g - exp(y) Σ g`.
package struct Softmax: Operation {
    let dtype: DType
    let isLogarithm: Bool

    package init(dtype: DType, isLogarithm: Bool = false) {
        self.dtype = dtype
        self.isLogarithm = isLogarithm
    }

    package var name: String { isLogarithm ? "LogSoftmax" : "Softmax" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if !inputs[0].dtype.isFloating { throw .unsupported(inputs[0].dtype, accepted: "floating-point numbers") }
        if inputs[0].shape.rank == 0 { throw .axisOutOfRange(-1, rank: 0) }
        return [inputs[0]]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (y, g) = (context.outputs[0], context.outputGradient)
        if isLogarithm {
            return .inputs([g - reduce(.sum, g, axes: [-1], keepsDimensions: true) * elementwise(.exp, [y])])
        }
        return .inputs([(g - reduce(.sum, g * y, axes: [-1], keepsDimensions: true)) * y])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let parts = try SoftmaxParts(context.operands[0], context.builder)
        return [isLogarithm ? try parts.logarithm : try parts.probabilities]
    }
}

/// The steps of a softmax along the last axis that lowerings share.
struct SoftmaxParts {
    private let builder: ProgramBuilder
    let shape: [Int]
    /// The operand less its largest element, so that no exponential overflows.
    let shifted: ValueID
    let exponentials: ValueID
    /// The sums of the exponentials, without the last axis.
    let sums: ValueID

    init(_ operand: ValueID, _ builder: ProgramBuilder) throws {
        self.builder = builder
        shape = builder.shape(of: operand)
        let axis = shape.count - 1
        let largest = try builder.reduce(.maximum, operand, axes: [axis])
        shifted = try builder.binary(
            .subtract, operand, builder.broadcast(largest, to: shape, axes: Array(0..<axis)))
        exponentials = try builder.unary(.exponential, shifted)
        sums = try builder.reduce(.sum, exponentials, axes: [axis])
    }

    /// A value without the last axis, repeated along it.
    func repeated(_ value: ValueID) throws -> ValueID {
        try builder.broadcast(value, to: shape, axes: Array(0..<(shape.count - 1)))
    }

    var probabilities: ValueID {
        get throws { try builder.binary(.divide, exponentials, repeated(sums)) }
    }

    var logarithm: ValueID {
        get throws { try builder.binary(.subtract, shifted, repeated(builder.unary(.log, sums))) }
    }
}

/// Probabilities from logits: positive, with sum 1 along an axis.
///
///     softmax(x)_i = exp(x_i) / Σ_j exp(x_j)
///
/// - Parameters:
///   - axis: the axis along which the probabilities add up to 1; by default the last.
/// - Errors: a single value, or an axis out of range, is a mistake.
/// - Gradient: `(g - Σ g y) y`.
public func softmax<Scalar: FloatingElement>(
    _ logits: some TensorExpression<Scalar>, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    alongLastAxis(logits.tensor, Softmax(dtype: Scalar.dtype), axis, name)
}

/// The logarithm of the softmax, without the loss of precision of taking one after the other.
///
///     logSoftmax(x)_i = x_i - log Σ_j exp(x_j)
///
/// - Parameters, Errors: as for `softmax(_:axis:name:)`.
/// - Gradient: `g - exp(y) Σ g`.
public func logSoftmax<Scalar: FloatingElement>(
    _ logits: some TensorExpression<Scalar>, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    alongLastAxis(logits.tensor, Softmax(dtype: Scalar.dtype, isLogarithm: true), axis, name)
}

/// Applies an operation that works along the last axis along another.
private func alongLastAxis<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, _ operation: Softmax, _ axis: Int, _ name: String?
) -> Tensor<Scalar> {
    if axis == -1 { return makeTensor(operation, [x.value], name: name) }
    guard let rank = x.shape.rank else {
        let mistake = Mistake(
            "axis \(axis) needs a known rank", hint: "only the last axis, -1, can always be used")
        return makeTensor(Misuse(operation, mistake), [x.value], name: name)
    }
    guard let position = try? position(ofAxis: axis, rank: rank) else {
        return makeTensor(Misuse(operation, .axisOutOfRange(axis, rank: rank)), [x.value], name: name)
    }
    if position == rank - 1 { return makeTensor(operation, [x.value], name: name) }
    return inNodeScope(name, operation.name, of: x.graph) { name in
        var axes = Array(0..<rank)
        axes.swapAt(position, rank - 1)
        let permutation = integerConstant(axes, name: "permutation")
        let turned = makeValue(operation, [makeTranspose(x.value, permutation)])
        return Tensor(makeTranspose(turned, permutation, name: name))
    }
}

// MARK: - BiasAdd

/// Adds a vector along the last axis.
package struct BiasAdd: Operation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "BiasAdd" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(dtype)), Attribute("data_format", .string("NHWC"))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireEqualTypes(1..<2)
        if !inputs[0].dtype.isNumeric { throw .unsupported(inputs[0].dtype, accepted: "numbers") }
        let (value, bias) = (inputs[0].shape, inputs[1].shape)
        if let rank = value.rank, rank < 2 {
            throw Mistake("adds to two or more dimensions, but the value has shape \(value)")
        }
        if let rank = bias.rank, rank != 1 { throw Mistake("the bias must be a vector, but has shape \(bias)") }
        guard var extents = value.extents else { return [inputs[0]] }
        let last = extents.count - 1
        if let count = bias[0] {
            if extents[last] >= 0, extents[last] != count {
                let hint = inputs.variable(1).map {
                    "the bias comes from \($0); did you mean shape [\(extents[last])]?"
                }
                throw Mistake("bias of shape \(bias) does not fit the last dimension of \(value)", hint: hint)
            }
            extents[last] = count
        }
        return [TensorType(dtype, Shape(extents: extents))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let g = context.outputGradient
        return .inputs([g, context.isWanted[1] ? makeValue(BiasAddGradient(dtype: dtype), [g]) : nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = try context.outputShape()
        return [
            try context.builder.binary(
                .add, context.operands[0], context.builder.broadcast(context.operands[1], to: shape))
        ]
    }
}

/// The gradient of a bias: the sum over all axes but the last.
package struct BiasAddGradient: Operation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "BiasAddGrad" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(dtype)), Attribute("data_format", .string("NHWC"))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if !inputs[0].dtype.isNumeric { throw .unsupported(inputs[0].dtype, accepted: "numbers") }
        if let rank = inputs[0].shape.rank, rank < 1 {
            throw Mistake("sums to the last axis, but the input has shape \(inputs[0].shape)")
        }
        return [TensorType(dtype, Shape(extents: [inputs[0].shape[-1] ?? -1]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeBroadcast(context.outputGradient, like: context.inputs[0])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let axes = Array(context.shape(0).indices.dropLast())
        return [try context.builder.reduce(.sum, context.operands[0], axes: axes)]
    }
}

/// Adds a vector along the last axis; as `value + bias`, but a bias of another length is always a mistake.
///
/// - Shapes: `[..., n]`, `[n]` → `[..., n]`.
/// - Gradient: `g` for the value, `Σ g` over all axes but the last for the bias.
public func biasAdd<Scalar: NumericElement>(
    _ value: some TensorExpression<Scalar>, _ bias: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(BiasAdd(dtype: Scalar.dtype), [value.value, bias.value], name: name)
}

// MARK: - From files

extension NodeDescription {
    /// Channels are the last dimension here.
    fileprivate func requireChannelsLast() throws(DecodingMistake) {
        let format = try string("data_format", default: "NHWC")
        try require(format == "NHWC", "data_format \(format) is not supported, only NHWC")
    }
}

extension Softmax: DecodableOperation {
    package static var operationNames: [String] { ["Softmax", "LogSoftmax"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), isLogarithm: node.operation == "LogSoftmax")
    }
}

extension BiasAdd: DecodableOperation {
    package static var operationNames: [String] { ["BiasAdd"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        try node.requireChannelsLast()
        self.init(dtype: try node.dtype("T"))
    }
}

extension BiasAddGradient: DecodableOperation {
    package static var operationNames: [String] { ["BiasAddGrad"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        try node.requireChannelsLast()
        self.init(dtype: try node.dtype("T"))
    }
}
