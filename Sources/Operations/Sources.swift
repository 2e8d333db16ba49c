// Where data enters a graph: constants and placeholders. Also the helpers with which every family of operations adds
// its nodes. Knows nothing of sessions, which feed the placeholders.

public import Graphs
package import Programs
public import Tensors

// MARK: - Adding nodes

/// Adds an operation with one output to the graph of its first input (without inputs: to the default graph).
package func makeValue(
    _ operation: any Operation, _ inputs: [Value], name: String? = nil, in graph: Graph? = nil
) -> Value {
    let graph = graphForNodes(of: graph ?? inputs.first?.graph ?? .default)
    return withGraph(graph) { graph.addOne(operation, inputs, name: name) }
}

/// Adds an operation with one output whose elements are `Scalar`s, as its type rule must see to.
package func makeTensor<Scalar: TensorElement>(
    _ operation: any Operation, _ inputs: [Value], name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    Tensor(makeValue(operation, inputs, name: name, in: graph))
}

/// Adds an operation for what it does.
package func makeNode(
    _ operation: any Operation, _ inputs: [Value], name: String? = nil, controlInputs: [Node] = [],
    in graph: Graph? = nil
) -> Node {
    let graph = graphForNodes(of: graph ?? inputs.first?.graph ?? controlInputs.first?.graph ?? .default)
    return withGraph(graph) { graph.addNode(operation, inputs, name: name, controlInputs: controlInputs) }
}

/// A constant of any element type.
package func makeConstant(_ array: UntypedArray, name: String? = nil, in graph: Graph? = nil) -> Value {
    makeValue(ConstantArray(array: array), [], name: name, in: graph)
}

/// A vector of axes, sizes or indices: int32, or int64 where a number does not fit.
package func integerConstant(_ values: [Int], name: String? = nil, in graph: Graph? = nil) -> Value {
    let dtype: DType = values.allSatisfy { Int32(exactly: $0) != nil } ? .int32 : .int64
    return makeConstant(UntypedArray(integers: values, dtype: dtype), name: name, in: graph)
}

/// A single axis, size or index, of rank 0.
package func integerConstant(_ value: Int, name: String? = nil, in graph: Graph? = nil) -> Value {
    let dtype: DType = Int32(exactly: value) != nil ? .int32 : .int64
    return makeConstant(UntypedArray(integers: [value], dtype: dtype).reshaped([]), name: name, in: graph)
}

/// A rank-0 constant of the given type.
package func scalarConstant(_ value: Double, _ dtype: DType, name: String? = nil, in graph: Graph? = nil) -> Value {
    makeConstant(UntypedArray(scalar: value, dtype: dtype), name: name, in: graph)
}

// MARK: - Constants

/// An array that is part of the graph.
package struct ConstantArray: ConstantOperation {
    package let array: UntypedArray

    package init(array: UntypedArray) { self.array = array }

    package var name: String { "Const" }
    package var attributes: [Attribute] {
        [Attribute("dtype", .type(array.dtype)), Attribute("value", .tensor(ArrayContent(array)))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 0)
        if let refusal = array.storage.refusal { throw Mistake(refusal) }
        return [TensorType(array.dtype, Shape(array.shape))]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] { [context.builder.constant(array)] }
}

/// An array as a tensor.
///
///     constant(try NDArray<Float>(shape: [2, 2], [1, 2, 3, 4]))
///
/// - Parameters:
///   - name: the node's name; `Const` by default.
///   - graph: the graph to add to; the default graph if nil.
/// - Gradient: none flows further.
public func constant<Scalar: TensorElement>(
    _ array: NDArray<Scalar>, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    Tensor(makeConstant(array.untyped, name: name, in: graph))
}

/// A single value as a tensor of rank 0.
public func constant<Scalar: TensorElement>(
    _ value: Scalar, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    constant(NDArray(value), name: name, in: graph)
}

/// A vector.
///
///     constant([1, 2, 3] as [Float])        // Tensor("Const:0", shape=(3,), dtype=float32)
public func constant<Scalar: TensorElement>(
    _ elements: [Scalar], name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    constant(NDArray(elements), name: name, in: graph)
}

/// A matrix, given row by row.
///
/// - Errors: rows of different lengths are a mistake.
public func constant<Scalar: TensorElement>(
    _ rows: [[Scalar]], name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    nestedConstant(rows.flatMap { $0 }, shape: [rows.count, rows.first?.count ?? 0], rows.map(\.count), name, graph)
}

/// An array of rank 3, given matrix by matrix.
///
/// - Errors: matrices of different shapes are a mistake.
public func constant<Scalar: TensorElement>(
    _ matrices: [[[Scalar]]], name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    let rows = matrices.flatMap { $0 }
    let shape = [matrices.count, matrices.first?.count ?? 0, rows.first?.count ?? 0]
    let counts = matrices.map(\.count)
    let uneven = counts.contains { $0 != counts.first } ? counts : rows.map(\.count)
    return nestedConstant(rows.flatMap { $0 }, shape: shape, uneven, name, graph)
}

/// A whole number as a tensor of rank 0; literals without another type are int32, as in TensorFlow.
public func constant(_ value: Int32, name: String? = nil, in graph: Graph? = nil) -> Tensor<Int32> {
    constant(NDArray(value), name: name, in: graph)
}

/// A vector of whole numbers; literals without another type are int32, as in TensorFlow.
public func constant(_ elements: [Int32], name: String? = nil, in graph: Graph? = nil) -> Tensor<Int32> {
    constant(NDArray(elements), name: name, in: graph)
}

/// The array that nested literals stand for, or a recorded mistake where their lengths differ.
private func nestedConstant<Scalar: TensorElement>(
    _ elements: [Scalar], shape: [Int], _ lengths: [Int], _ name: String?, _ graph: Graph?
) -> Tensor<Scalar> {
    if lengths.allSatisfy({ $0 == lengths.first }), let array = try? NDArray(shape: shape, elements) {
        return constant(array, name: name, in: graph)
    }
    return makeTensor(
        RaggedConstant(dtype: Scalar.dtype, lengths: lengths), [], name: name, in: graph)
}

/// Stands in the place of a nested literal that is no array.
private struct RaggedConstant: Operation {
    let dtype: DType
    let lengths: [Int]

    var name: String { "Const" }
    var attributes: [Attribute] { [Attribute("dtype", .type(dtype))] }
    var effect: Effect { .none }
    var outputCount: Int { 1 }
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        throw Mistake(
            "the rows have different lengths: \(lengths)", hint: "give every row as many elements as the first")
    }
    func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }
    func lower(_ context: LoweringContext) throws -> [ValueID] { throw Mistake("the rows have different lengths") }
}

// MARK: - Placeholders

/// A value that a session is given with each run.
package struct Placeholder: Operation {
    package let type: TensorType

    package init(type: TensorType) { self.type = type }

    package var name: String { "Placeholder" }
    package var attributes: [Attribute] {
        [Attribute("dtype", .type(type.dtype)), Attribute("shape", .shape(type.shape))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 0)
        return [type]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        throw Mistake(
            "a value of type \(type.dtype) and shape \(type.shape) must be fed for this placeholder",
            hint: "pass feeding: x.fed(value) to run, where x is the placeholder")
    }
}

/// A value that must be fed with each run.
///
///     let x = placeholder(Float.self, [nil, 784], name: "x")
///     try session.run(relu(x), feeding: x.fed(batch))
///
/// - Parameters:
///   - shape: the shape that fed arrays must have; nil stands for any size.
/// - Errors: a run that needs it and is not fed it throws.
public func placeholder<Scalar: TensorElement>(
    _ type: Scalar.Type = Scalar.self, _ shape: Shape = .unknown, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    makeTensor(Placeholder(type: TensorType(Scalar.dtype, shape)), [], name: name, in: graph)
}

/// A value that may be fed, and else is that of its input.
package struct PlaceholderWithDefault: Operation {
    package let type: TensorType

    package init(type: TensorType) { self.type = type }

    package var name: String { "PlaceholderWithDefault" }
    package var attributes: [Attribute] {
        [Attribute("dtype", .type(type.dtype)), Attribute("shape", .shape(type.shape))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if inputs[0].dtype != type.dtype { throw .dtypesDiffer(inputs[0].dtype, type.dtype) }
        if !inputs[0].shape.isCompatible(with: type.shape) {
            throw .shapesDiffer(inputs[0].shape, type.shape, what: "the shapes of the default and of the placeholder")
        }
        // Before a run the default's concrete shape is known; while building, a fed value may have another.
        return [
            TensorType(
                type.dtype, inputs[0].shape.isFullyKnown && type.shape.isFullyKnown ? inputs[0].shape : type.shape)
        ]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .inputs([context.outputGradient]) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] { [context.operands[0]] }
}

/// A value that may be fed with each run; where it is not, it is `value`.
///
///     let rate = placeholder(withDefault: constant(0.1 as Float))
///
/// - Parameters:
///   - shape: the shape that fed arrays must have; by default that of `value`.
/// - Gradient: passes to the default.
public func placeholder<Scalar: TensorElement>(
    withDefault value: some TensorExpression<Scalar>, _ shape: Shape? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let value = value.tensor
    let type = TensorType(Scalar.dtype, shape ?? value.shape)
    return makeTensor(PlaceholderWithDefault(type: type), [value.value], name: name)
}

// MARK: - From files

extension ConstantArray: DecodableOperation {
    package static var operationNames: [String] { ["Const"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let dtype = try node.dtype("dtype")
        try node.require(dtype.isComputed, "constants of \(dtype) are not computed with")
        let array = try node.tensor("value")
        guard array.dtype == dtype else {
            throw .malformed("the attribute \"value\" is of \(array.dtype), but \"dtype\" says \(dtype)")
        }
        self.init(array: array)
    }
}

extension Placeholder: DecodableOperation {
    package static var operationNames: [String] { ["Placeholder"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(type: TensorType(try node.dtype("dtype"), try node.shape("shape", default: .unknown)))
    }
}

extension PlaceholderWithDefault: DecodableOperation {
    package static var operationNames: [String] { ["PlaceholderWithDefault"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(type: TensorType(try node.dtype("dtype"), try node.shape("shape")))
    }
}
