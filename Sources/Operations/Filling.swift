// Tensors whose elements follow from their shape: zeros, ones, one repeated value, ranges, the identity matrix.

public import Graphs
package import Programs
public import Tensors

/// Zeros or ones in the shape of another tensor.
package struct Filled: Operation {
    package enum Content: String, Sendable {
        case zeros = "ZerosLike"
        case ones = "OnesLike"
    }

    package let content: Content
    package let dtype: DType

    package init(_ content: Content, _ dtype: DType) {
        self.content = content
        self.dtype = dtype
    }

    package var name: String { content.rawValue }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if inputs[0].dtype != dtype { throw .dtypesDiffer(inputs[0].dtype, dtype) }
        return [inputs[0]]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "it uses the shape of its input alone")
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let type = ArrayType(dtype, context.shape(0))
        return [try context.builder.filled(content == .ones ? 1 : 0, type)]
    }
}

/// (sizes, value of rank 0) → the value in every element.
package struct Fill: Operation {
    package let dtype: DType
    package let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "Fill" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(dtype)), Attribute("index_type", .type(indexType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        if inputs[1].dtype != dtype { throw .dtypesDiffer(inputs[1].dtype, dtype) }
        if !inputs[0].shape.isCompatible(with: [nil]) {
            throw Mistake("the sizes have shape \(inputs[0].shape), but must be a vector")
        }
        if !inputs[1].shape.isCompatible(with: .scalar) {
            throw Mistake("the value has shape \(inputs[1].shape), but must be a single one")
        }
        if let sizes = inputs.integers(0), elementCount(sizes) == nil {
            throw Mistake("shape \(sizes) has a negative dimension or more elements than memory can address")
        }
        return [TensorType(dtype, inputs.sizes(0))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([nil, context.isWanted[1] ? makeFullSum(context.outputGradient) : nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let sizes = try context.integers(0, "the sizes of a filled tensor")
        return [try context.builder.broadcast(context.operands[1], to: sizes)]
    }
}

/// (start, limit, delta), all of rank 0 → `start, start + delta, ...` up to but without `limit`.
package struct RangeOperation: Operation {
    package let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "Range" }
    package var attributes: [Attribute] { [Attribute("Tidx", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        if !dtype.isNumeric { throw .unsupported(dtype, accepted: "numbers") }
        for (type, what) in zip(inputs.types, ["start", "limit", "delta"]) {
            if type.dtype != dtype { throw .dtypesDiffer(type.dtype, dtype) }
            if !type.shape.isCompatible(with: .scalar) {
                throw Mistake("\(what) has shape \(type.shape), but must be a single number")
            }
        }
        let numbers = (0..<3).compactMap { inputs.constant($0)?.scalarAsDouble }
        guard numbers.count == 3 else { return [TensorType(dtype, [nil])] }
        return [TensorType(dtype, [try Self.count(numbers[0], numbers[1], numbers[2])])]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "the number of elements of a range changes in steps")
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let type = ArrayType(dtype, try context.outputShape())
        let start = try builder.broadcast(context.operands[0], to: type.shape)
        let delta = try builder.broadcast(context.operands[2], to: type.shape)
        let steps = try builder.binary(.multiply, positions(type, builder), delta)
        return [try builder.binary(.add, start, steps)]
    }

    /// 0, 1, 2, ...: where they are few as a constant, so that the range may be a list of axes.
    private func positions(_ type: ArrayType, _ builder: ProgramBuilder) throws -> ValueID {
        if type.count <= ProgramBuilder.foldingLimit,
            let array = Interpreter.evaluate(.iota(axis: 0), [], type)
        {
            return builder.constant(array)
        }
        return try builder.iota(type, axis: 0)
    }

    private static func count(_ start: Double, _ limit: Double, _ delta: Double) throws(Mistake) -> Int {
        if delta == 0 || !delta.isFinite || !start.isFinite || !limit.isFinite {
            throw Mistake(
                "a range from \(start) to \(limit) in steps of \(delta) has no end", hint: "let delta be a number but 0"
            )
        }
        let count = ((limit - start) / delta).rounded(.up)
        if count >= 0x1p48 { throw Mistake("a range of \(count) elements is larger than memory") }
        return max(0, Int(count))
    }
}

// MARK: - Functions

/// Constants of more elements than this are filled when the graph runs.
private let largestConstant = 1000

/// A tensor of the given shape with `value` in every element.
///
///     fill([2, 3], with: 0.5 as Float)      // Tensor("Const:0", shape=(2, 3), dtype=float32)
///
/// - Errors: a negative dimension is a mistake.
public func fill<Scalar: TensorElement>(
    _ shape: [Int], with value: Scalar, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    if let count = elementCount(shape), count <= largestConstant {
        let array = UntypedArray(repeating: value, shape: shape, count: count)
        return Tensor(makeConstant(array, name: name, in: graph))
    }
    return withGraph(graph ?? .default) {
        withNodeScope(name ?? "Fill") { name in
            let sizes = integerConstant(shape, name: "dims")
            let content = constant(value, name: "value")
            return makeTensor(
                Fill(dtype: Scalar.dtype, indexType: sizes.dtype), [sizes, content.value], name: name)
        }
    }
}

/// A tensor of the given shape with the value of a tensor of rank 0 in every element.
///
/// - Gradient: the sum of all elements' gradients.
public func fill<Scalar: TensorElement>(
    _ shape: [Int], with value: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let value = value.tensor
    return withGraph(value.graph) {
        withNodeScope(name ?? "Fill") { name in
            let sizes = integerConstant(shape, name: "dims")
            return makeTensor(Fill(dtype: Scalar.dtype, indexType: sizes.dtype), [sizes, value.value], name: name)
        }
    }
}

/// Zeros (`false`).
///
///     let x: Tensor<Float> = zeros([2, 3])
public func zeros<Scalar: TensorElement>(
    _ shape: [Int], as type: Scalar.Type = Scalar.self, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    fill(shape, with: Scalar.zero, name: name ?? "zeros", in: graph)
}

/// Ones (`true`).
public func ones<Scalar: TensorElement>(
    _ shape: [Int], as type: Scalar.Type = Scalar.self, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    fill(shape, with: Scalar.one, name: name ?? "ones", in: graph)
}

/// Zeros in the shape of another tensor, which may be unknown until the graph runs.
public func zeros<Scalar: TensorElement>(
    like value: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(Filled(.zeros, Scalar.dtype), [value.tensor.value], name: name)
}

/// Ones in the shape of another tensor, which may be unknown until the graph runs.
public func ones<Scalar: TensorElement>(
    like value: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(Filled(.ones, Scalar.dtype), [value.tensor.value], name: name)
}

/// `start, start + delta, ...` up to but without `limit`.
///
///     range(0, 6, 2) as Tensor<Int32>       // 0, 2, 4
///
/// - Errors: a delta of 0 is a mistake.
public func range<Scalar: NumericElement>(
    _ start: Scalar, _ limit: Scalar, _ delta: Scalar = .one, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    withGraph(graph ?? .default) {
        withNodeScope(name ?? "range") { name in
            let inputs = [
                constant(start, name: "start"), constant(limit, name: "limit"), constant(delta, name: "delta"),
            ]
            return makeTensor(RangeOperation(dtype: Scalar.dtype), inputs.map(\.value), name: name)
        }
    }
}

/// `start, start + delta, ...` up to but without `limit`, from tensors of rank 0 that constants or shapes decide.
public func range<Scalar: NumericElement>(
    _ start: some TensorExpression<Scalar>, _ limit: some TensorExpression<Scalar>,
    _ delta: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let inputs = [start.tensor.value, limit.tensor.value, delta.tensor.value]
    return makeTensor(RangeOperation(dtype: Scalar.dtype), inputs, name: name ?? "range")
}

/// The identity matrix.
///
///     matmul(x, a) - identity(10)
///
/// - Shapes: → `[size, size]`.
/// - Errors: a negative size is a mistake.
public func identity<Scalar: NumericElement>(
    _ size: Int, as type: Scalar.Type = Scalar.self, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    let name = name ?? "eye"
    if let count = elementCount([size, size]), count <= largestConstant {
        let matrix = NDArray<Scalar>(shape: [size, size]) { elements in
            for index in elements.indices {
                elements.initializeElement(at: index, to: index % (size + 1) == 0 ? .one : .zero)
            }
        }
        return constant(matrix, name: name, in: graph)
    }
    return withGraph(graph ?? .default) {
        withNodeScope(name) { name in
            let diagonal = ones([size], as: Scalar.self)
            return makeTensor(MatrixDiagonal(dtype: Scalar.dtype), [diagonal.value], name: name)
        }
    }
}

// MARK: - From files

extension Filled: DecodableOperation {
    package static var operationNames: [String] { ["ZerosLike", "OnesLike"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(node.operation == "OnesLike" ? .ones : .zeros, try node.dtype("T"))
    }
}

extension Fill: DecodableOperation {
    package static var operationNames: [String] { ["Fill"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), indexType: try node.dtype("index_type", default: .int32))
    }
}

extension RangeOperation: DecodableOperation {
    package static var operationNames: [String] { ["Range"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("Tidx", default: .int32))
    }
}
