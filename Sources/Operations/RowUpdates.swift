// Tensors with some parts replaced: what a loop writes its results with, turn by turn.

public import Graphs
package import Programs
public import Tensors

/// (tensor, coordinates, updates) → the tensor with the parts at the coordinates, which name leading axes, replaced.
///
/// One row is replaced where it lies if a loop carries the tensor and nothing needs its old value. Of several updates of
/// one part, the result is their sum.
///
/// - Shapes: tensor `[a, b, c]`, coordinates `[i, j, 2]`, updates `[i, j, c]` → `[a, b, c]`.
/// - Errors: coordinates out of range make the run throw.
/// - Gradient: `g` without the parts at the coordinates for the tensor, these parts for the updates.
package struct TensorScatterUpdate: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "TensorScatterUpdate" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tindices", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireIntegers(1, "the coordinates", maximumRank: .max)
        if inputs[2].dtype != inputs[0].dtype { throw .dtypesDiffer(inputs[0].dtype, inputs[2].dtype) }
        let (shape, coordinates) = (inputs[0].shape, inputs[1].shape)
        if coordinates.rank == 0 { throw Mistake("the coordinates must be a vector at least, but are a single number") }
        if let split = try part(of: shape, coordinates: coordinates, coordinates[-1]),
            let extents = coordinates.extents
        {
            let expected = Shape(extents: extents.dropLast() + split.rest)
            if !inputs[2].shape.isCompatible(with: expected) {
                throw Mistake(
                    "the updates have shape \(inputs[2].shape), but coordinates of shape \(coordinates) in \(shape) "
                        + "are for \(expected)")
            }
        }
        return [TensorType(dtype, shape)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (coordinates, updates, g) = (context.inputs[1], context.inputs[2], context.outputGradient)
        var gradients: [Value?] = [nil, nil, nil]
        if context.isWanted[0] {
            gradients[0] = makeValue(self, [g, coordinates, makeZeros(like: updates)])
        }
        if context.isWanted[2] {
            gradients[2] = makeValue(GatherNd(dtype: dtype, indexType: indexType), [g, coordinates])
        }
        return .inputs(gradients)
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let (tensor, updates) = (context.operands[0], context.operands[2])
        let shape = context.shape(0)
        if let number = try builder.rowNumber(context.operands[1]) {
            let row = try builder.reshape(updates, to: Array(shape.dropFirst()))
            return [try builder.add(.updateRow, [tensor, row, number])]
        }
        if !dtype.isNumeric { throw Mistake.unsupported(dtype, accepted: "numbers, for more than one row") }
        let coordinates = try Coordinates(context.operands[1], of: shape, builder)
        let rows = builder.shape(of: coordinates.index)
        let rest = Array(shape.dropFirst(coordinates.named.count))
        let sums = try builder.add(
            .scatterAdd(axis: 0, range: coordinates.count),
            [builder.reshape(updates, to: rows + rest), coordinates.index])
        let hits = try builder.add(
            .scatterAdd(axis: 0, range: coordinates.count),
            [builder.filled(1, ArrayType(.int32, rows)), coordinates.index])
        let isHit = try builder.compare(
            .notEqual, hits, builder.filled(0, ArrayType(.int32, [coordinates.count])))
        let flat = [coordinates.count] + rest
        let choice = try builder.add(
            .broadcast(axes: [0]), [isHit], type: ArrayType(.bool, flat))
        let result = try builder.select(choice, sums, builder.reshape(tensor, to: flat))
        return [try builder.reshape(result, to: shape)]
    }
}

extension ProgramBuilder {
    /// The number of the one row that coordinates name; nil where they name more, or less than a row.
    func rowNumber(_ coordinates: ValueID) throws -> ValueID? {
        let type = type(of: coordinates)
        guard type.count == 1, type.shape.last == 1 else { return nil }
        return try reshape(coordinates, to: [])
    }
}

/// The tensor with row `number`, of rank 0, replaced.
func makeRowUpdate(_ tensor: Value, number: Value, row: Value, name: String? = nil) -> Value {
    makeValue(
        TensorScatterUpdate(dtype: tensor.dtype, indexType: number.dtype),
        [tensor, makeReshape(number, shape: [1, 1]), makeExpansion(row, at: 0)], name: name)
}

/// Zeros for as many rows like `row`, which may be of another graph where its shape is known.
///
/// - Parameters:
///   - count: the number of rows; nil for the single number that `unknownCount` makes.
func makeZeroRows(
    _ count: Int?, like row: Value, in graph: Graph, unknownCount: @autoclosure () -> Value
) -> Value {
    withGraph(graph) {
        if let count, let shape = row.shape.known {
            return makeZeros(row.dtype, sizes: integerConstant([count] + shape, in: graph))
        }
        let first = count.map { integerConstant([$0], in: graph) } ?? makeExpansion(unknownCount(), at: 0)
        let rest = row.shape.known.map { integerConstant($0, in: graph) } ?? makeShape(row)
        return makeZeros(
            row.dtype, sizes: makeConcatenation([first, rest], axis: integerConstant(0, in: graph)))
    }
}

/// Row `number`, of rank 0.
func makeRow(_ tensor: Value, number: Value) -> Value {
    let axis = integerConstant(0, in: tensor.graph)
    return makeValue(
        Gather(dtype: tensor.dtype, indexType: number.dtype, axisType: axis.dtype), [tensor, number, axis])
}

/// The tensor with the parts at coordinates, which name its leading axes, replaced.
///
///     tensorScatterUpdate(constant([1, 2, 3, 4] as [Float]), constant([[1], [3]]), constant([9, 8] as [Float]))
///     // [1, 9, 3, 8]
///
/// - Shapes: tensor `[a, b, c]`, coordinates `[i, 2]`, updates `[i, c]` → `[a, b, c]`.
/// - Errors: updates that do not fit are a mistake; coordinates out of range make the run throw.
/// - Gradient: `g` without those parts for the tensor, those parts for the updates.
/// - Source: TensorFlow's `tensor_scatter_nd_update`; of several updates of one part, the result is their sum.
public func tensorScatterUpdate<Scalar: TensorElement>(
    _ tensor: some TensorExpression<Scalar>, _ coordinates: some TensorExpression<some IntegerElement>,
    _ updates: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let (tensor, coordinates, updates) = (tensor.value, coordinates.value, updates.value)
    return makeTensor(
        TensorScatterUpdate(dtype: Scalar.dtype, indexType: coordinates.dtype), [tensor, coordinates, updates],
        name: name)
}

extension TensorExpression {
    /// The tensor with one row replaced: in a loop that carries it, where it lies.
    ///
    ///     rows = rows.updating(row: i, to: x)
    ///
    /// - Shapes: `[n, inner...]`, row `[inner...]` → `[n, inner...]`.
    /// - Errors: a row of another shape is a mistake; a number out of range makes the run throw.
    /// - Gradient: `g` without that row for the tensor, that row for the row.
    public func updating(
        row number: some TensorExpression<some IntegerElement>, to row: some TensorExpression<Scalar>,
        name: String? = nil
    ) -> Tensor<Scalar> {
        let (tensor, number, row) = (value, number.value, row.value)
        return inNodeScope(name, "TensorScatterUpdate", of: tensor.graph) { name in
            Tensor(makeRowUpdate(tensor, number: number, row: row, name: name))
        }
    }
}

// MARK: - From files

extension TensorScatterUpdate: DecodableOperation {
    package static var operationNames: [String] { ["TensorScatterUpdate"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), indexType: try node.dtype("Tindices"))
    }
}
