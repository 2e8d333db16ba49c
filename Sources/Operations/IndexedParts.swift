// Parts of a tensor by the coordinates of where they are, and the sum of parts put to coordinates: each the other's
// gradient.

public import Graphs
package import Programs
public import Tensors

/// What both operations make of coordinates: one index each into the parts of a flat array.
private struct Coordinates {
    let builder: ProgramBuilder
    /// The dimensions that coordinates name.
    let named: [Int]
    /// The number of parts.
    let count: Int
    /// Their numbers, flat.
    let index: ValueID

    /// - Errors: `Mistake` where there are too many parts to count.
    init(_ coordinates: ValueID, of shape: [Int], _ builder: ProgramBuilder) throws {
        self.builder = builder
        let form = builder.shape(of: coordinates)
        let width = form[form.count - 1]
        let rows = form.dropLast().reduce(1, *)
        named = Array(shape.prefix(width))
        guard let count = elementCount(named) else { throw Mistake.tooLarge(Shape(shape)) }
        self.count = count
        let type = ArrayType(.int64, [rows])
        let flat = try builder.reshape(builder.convert(coordinates, to: .int64), to: [rows, width])
        var index = try builder.filled(0, type)
        var isInside: ValueID?
        for (axis, stride) in denseStrides(named).enumerated() {
            let column = try builder.reshape(
                builder.add(.slice(starts: [0, axis], limits: [rows, axis + 1], strides: [1, 1]), [flat]), to: [rows])
            let fits = try builder.binary(
                .and, builder.compare(.greaterOrEqual, column, builder.filled(0, type)),
                builder.compare(.less, column, builder.filled(Double(named[axis]), type)))
            isInside = try isInside.map { try builder.binary(.and, $0, fits) } ?? fits
            index = try builder.binary(
                .add, index, builder.binary(.multiply, column, builder.filled(Double(stride), type)))
        }
        // What is outside must not become the number of another part: it becomes one beyond all, which a run refuses.
        let outside = try builder.filled(Double(count), type)
        self.index = try isInside.map { try builder.select($0, index, outside) } ?? index
    }
}

/// Checks coordinates against the shape they are of, and splits it into what they name and what a part has.
private func part(of shape: Shape, coordinates: Shape, _ width: Int?) throws(Mistake) -> (named: [Int], rest: [Int])? {
    guard let extents = shape.extents, let width else { return nil }
    guard width <= extents.count else {
        throw Mistake(
            "coordinates of shape \(coordinates) name \(width) axes, but \(shape) has \(extents.count)")
    }
    return (Array(extents[..<width]), Array(extents[width...]))
}

/// (params, coordinates) → the parts of the params at the coordinates, which name leading axes.
///
/// - Shapes: params `[a, b, c]`, coordinates `[i, j, 2]` → `[i, j, c]`.
/// - Errors: coordinates out of range make the run throw.
/// - Gradient: `g`, summed where it was taken from; none for the coordinates.
package struct GatherNd: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "GatherNd" }
    package var attributes: [Attribute] {
        [Attribute("Tparams", .type(dtype)), Attribute("Tindices", .type(indexType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the coordinates", maximumRank: .max)
        let coordinates = inputs[1].shape
        if coordinates.rank == 0 { throw Mistake("the coordinates must be a vector at least, but are a single number") }
        guard let split = try part(of: inputs[0].shape, coordinates: coordinates, coordinates[-1]),
            let extents = coordinates.extents
        else { return [TensorType(dtype, .unknown)] }
        return [TensorType(dtype, Shape(extents: extents.dropLast() + split.rest))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (params, coordinates) = (context.inputs[0], context.inputs[1])
        let sizes = makeCast(makeShape(params), to: indexType)
        let operation = ScatterNd(dtype: dtype, indexType: indexType)
        return .inputs([makeValue(operation, [coordinates, context.outputGradient, sizes]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = context.shape(0)
        let coordinates = try Coordinates(context.operands[1], of: shape, builder)
        let rest = Array(shape.dropFirst(coordinates.named.count))
        let flat = try builder.reshape(context.operands[0], to: [coordinates.count] + rest)
        let parts = try builder.add(.gather(axis: 0), [flat, coordinates.index])
        return [try builder.reshape(parts, to: context.outputShape())]
    }
}

/// (coordinates, updates, shape) → zeros of the shape with the updates added at the coordinates.
///
/// - Shapes: coordinates `[i, j, 2]`, updates `[i, j, c]`, shape `a, b, c` → `[a, b, c]`.
/// - Errors: coordinates out of range make the run throw.
/// - Gradient: the parts of `g` at the coordinates.
package struct ScatterNd: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "ScatterNd" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tindices", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        if !inputs[1].dtype.isNumeric { throw .unsupported(inputs[1].dtype, accepted: "numbers") }
        try inputs.requireIntegers(0, "the coordinates", maximumRank: .max)
        try inputs.requireIntegers(2, "the shape")
        let coordinates = inputs[0].shape
        if coordinates.rank == 0 { throw Mistake("the coordinates must be a vector at least, but are a single number") }
        if let sizes = inputs.integers(2), elementCount(sizes) == nil {
            throw Mistake("\(sizes) is not a shape: its sizes are negative or too large")
        }
        let shape = inputs.sizes(2)
        if let split = try part(of: shape, coordinates: coordinates, coordinates[-1]),
            let extents = coordinates.extents
        {
            let expected = Shape(extents: extents.dropLast() + split.rest)
            if !inputs[1].shape.isCompatible(with: expected) {
                throw Mistake(
                    "the updates have shape \(inputs[1].shape), but coordinates of shape \(coordinates) in \(shape) "
                        + "are for \(expected)")
            }
        }
        return [TensorType(dtype, shape)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let operation = GatherNd(dtype: dtype, indexType: indexType)
        return .inputs([nil, makeValue(operation, [context.outputGradient, context.inputs[0]]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        _ = try context.integers(2, "the shape")
        let shape = try context.outputShape()
        let coordinates = try Coordinates(context.operands[0], of: shape, builder)
        let rows = builder.shape(of: coordinates.index)
        let rest = shape.dropFirst(coordinates.named.count)
        let updates = try builder.reshape(context.operands[1], to: rows + rest)
        let sums = try builder.add(.scatterAdd(axis: 0, range: coordinates.count), [updates, coordinates.index])
        return [try builder.reshape(sums, to: shape)]
    }
}

// MARK: - Public functions

/// The parts of a tensor at coordinates, which name its leading axes.
///
///     gatherND(matrix, constant([[0, 1], [2, 0]]))        // the elements matrix[0, 1] and matrix[2, 0]
///
/// - Shapes: params `[a, b, c]`, coordinates `[i, 2]` → `[i, c]`.
/// - Errors: coordinates that name more axes than there are are a mistake; such out of range make the run throw.
/// - Gradient: `g`, summed where it was taken from; none for the coordinates.
/// - Source: TensorFlow's `gather_nd`.
public func gatherND<Scalar: TensorElement>(
    _ params: some TensorExpression<Scalar>, _ coordinates: some TensorExpression<some IntegerElement>,
    name: String? = nil
) -> Tensor<Scalar> {
    let coordinates = coordinates.value
    return makeTensor(
        GatherNd(dtype: Scalar.dtype, indexType: coordinates.dtype), [params.value, coordinates], name: name)
}

/// Zeros with parts added at coordinates, which name the leading axes.
///
///     scatterND(constant([[1], [3], [1]]), constant([5, 6, 7] as [Float]), shape: [4])        // [0, 12, 0, 6]
///
/// - Shapes: coordinates `[i, 2]`, updates `[i, c]`, shape `[a, b, c]` → `[a, b, c]`.
/// - Errors: updates that do not fit are a mistake; coordinates out of range make the run throw.
/// - Gradient: the parts of `g` at the coordinates.
/// - Source: TensorFlow's `scatter_nd`.
public func scatterND<Scalar: NumericElement, Index: IntegerElement>(
    _ coordinates: some TensorExpression<Index>, _ updates: some TensorExpression<Scalar>, shape: [Int],
    name: String? = nil
) -> Tensor<Scalar> {
    let (coordinates, updates) = (coordinates.value, updates.value)
    return inNodeScope(name, "ScatterNd", of: updates.graph) { name in
        let sizes = makeConstant(UntypedArray(integers: shape, dtype: Index.dtype), name: "shape")
        return makeTensor(
            ScatterNd(dtype: Scalar.dtype, indexType: Index.dtype), [coordinates, updates, sizes], name: name)
    }
}

// MARK: - From files

extension GatherNd: DecodableOperation {
    package static var operationNames: [String] { ["GatherNd"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("Tparams"), indexType: try node.dtype("Tindices"))
    }
}

extension ScatterNd: DecodableOperation {
    package static var operationNames: [String] { ["ScatterNd"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), indexType: try node.dtype("Tindices"))
    }
}
