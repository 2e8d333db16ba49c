// Rows by their numbers: gathering, summing by number, one-hot vectors.

public import Graphs
package import Programs
public import Tensors

// MARK: - GatherV2

/// (params, indices, axis) → the parts of the params with the given positions along the axis.
///
/// - Shapes: params `[a, n, b]`, indices `[i, j]`, axis 1 → `[a, i, j, b]`.
/// - Errors: an index out of range makes the run throw.
/// - Gradient: `g` summed by index; none for the indices.
package struct Gather: Operation {
    let dtype: DType
    let indexType: DType
    let axisType: DType

    package init(dtype: DType, indexType: DType, axisType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
        self.axisType = axisType
    }

    package var name: String { "GatherV2" }
    package var attributes: [Attribute] {
        [
            Attribute("Tparams", .type(dtype)), Attribute("Tindices", .type(indexType)),
            Attribute("Taxis", .type(axisType)), Attribute("batch_dims", .int(0)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireIntegers(1, "the indices", maximumRank: .max)
        try inputs.requireIntegers(2, "the axis", maximumRank: 0)
        let (params, indices) = (inputs[0].shape, inputs[1].shape)
        if params.rank == 0 { throw .axisOutOfRange(inputs.integers(2)?.first ?? 0, rank: 0) }
        guard let extents = params.extents, let inserted = indices.extents else { return [TensorType(dtype, .unknown)] }
        guard let axis = inputs.integers(2)?.first else {
            return [TensorType(dtype, .unknown(rank: extents.count - 1 + inserted.count))]
        }
        let place = try position(ofAxis: axis, rank: extents.count)
        if let bad = inputs.integers(1)?.first(where: { $0 < 0 || (extents[place] >= 0 && $0 >= extents[place]) }) {
            throw Mistake("index \(bad) is out of range for axis \(place) of shape \(params)")
        }
        return [TensorType(dtype, Shape(extents: extents[..<place] + inserted + extents[(place + 1)...]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (params, indices, g) = (context.inputs[0], context.inputs[1], context.outputGradient)
        guard let axis = context.inputs[2].constant?.integers?.first else {
            return .refused(reason: "the gradient of GatherV2 needs a constant axis")
        }
        guard axis != 0 else {
            // A known count keeps the sum in the shape of the params, so that optimizers recognise it as one of rows.
            let count =
                params.shape[0].map { integerConstant($0, in: g.graph) }
                ?? makePart(makeShape(params), axis: 0, at: 0)
            let sum = segmentSum(g, indices, count)
            return .inputs([makeReshape(sum, like: params), nil, nil])
        }
        guard let rank = params.shape.rank, let indexRank = indices.shape.rank,
            let place = try? position(ofAxis: axis, rank: rank)
        else { return .refused(reason: "the gradient of GatherV2 along another axis than 0 needs known ranks") }
        // The axes of the indices to the front, and after the sum the one that they became back to its place.
        let moved = Array(place..<(place + indexRank)) + Array(0..<place)
        let rest = Array((place + indexRank)..<(rank - 1 + indexRank))
        let front = makeTranspose(g, integerConstant(moved + rest, in: g.graph))
        let sum = segmentSum(front, indices, makePart(makeShape(params), axis: 0, at: place))
        let back = place == 0 ? Array(0..<rank) : Array(1...place) + [0] + Array((place + 1)..<rank)
        return .inputs([makeReshape(makeTranspose(sum, integerConstant(back, in: g.graph)), like: params), nil, nil])
    }

    private func segmentSum(_ values: Value, _ indices: Value, _ count: Value) -> Value {
        let operation = UnsortedSegmentSum(dtype: dtype, indexType: indices.dtype, countType: count.dtype)
        return makeValue(operation, [values, indices, count])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let axes = try positions(ofAxes: context.integers(2, "the axis"), rank: context.shape(0).count)
        return [
            try context.builder.add(.gather(axis: axes.first ?? 0), [context.operands[0], context.operands[1]])
        ]
    }
}

/// The parts of a tensor with the given positions along an axis.
///
///     gather(embeddings, words)        // [n, d], [batch, length] → [batch, length, d]
///
/// - Errors: an axis out of range is a mistake; an index out of range makes the run throw.
/// - Gradient: `g` summed by index; none for the indices.
public func gather<Scalar: TensorElement>(
    _ params: some TensorExpression<Scalar>, _ indices: some TensorExpression<some IntegerElement>, axis: Int = 0,
    name: String? = nil
) -> Tensor<Scalar> {
    let (params, indices) = (params.value, indices.value)
    return inNodeScope(name, "GatherV2", of: params.graph) { name in
        let axis = integerConstant(axis, name: "axis")
        let operation = Gather(dtype: params.dtype, indexType: indices.dtype, axisType: axis.dtype)
        return makeTensor(operation, [params, indices, axis], name: name)
    }
}

// MARK: - UnsortedSegmentSum

/// (data, segments, count) → for each number below the count the sum of the parts of the data with that number;
/// negative numbers are left out.
///
/// - Shapes: data `[i, j, d]`, segments `[i, j]` → `[count, d]`.
/// - Errors: a number that is not below the count makes the run throw.
/// - Gradient: for each part the `g` of its number.
package struct UnsortedSegmentSum: Operation {
    let dtype: DType
    let indexType: DType
    let countType: DType

    package init(dtype: DType, indexType: DType, countType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
        self.countType = countType
    }

    package var name: String { "UnsortedSegmentSum" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("Tindices", .type(indexType)),
            Attribute("Tnumsegments", .type(countType)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        if !inputs[0].dtype.isNumeric { throw .unsupported(inputs[0].dtype, accepted: "numbers") }
        try inputs.requireIntegers(1, "the segments", maximumRank: .max)
        try inputs.requireIntegers(2, "the count", maximumRank: 0)
        let (data, segments) = (inputs[0].shape, inputs[1].shape)
        guard let extents = data.extents, let prefix = segments.extents else { return [TensorType(dtype, .unknown)] }
        guard prefix.count <= extents.count,
            Shape(extents: Array(extents.prefix(prefix.count))).isCompatible(with: segments)
        else {
            throw Mistake("segments of shape \(segments) do not number the parts of shape \(data)")
        }
        let count = inputs.integers(2)?.first
        if let count, count < 0 { throw Mistake("the count of segments is negative: \(count)") }
        return [TensorType(dtype, Shape(extents: [count ?? -1] + extents.dropFirst(prefix.count)))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (data, segments, g) = (context.inputs[0], context.inputs[1], context.outputGradient)
        let zero = scalarConstant(0, segments.dtype, in: g.graph)
        let gather = Gather(dtype: dtype, indexType: segments.dtype)
        let parts = makeValue(
            gather, [g, elementwise(.maximum, [segments, zero]), integerConstant(0, in: g.graph)])
        guard let rank = data.shape.rank, let segmentRank = segments.shape.rank else {
            return .refused(reason: "the gradient of UnsortedSegmentSum needs known ranks")
        }
        let counts = (segmentRank..<max(rank, segmentRank)).reduce(elementwise(.greaterEqual, [segments, zero])) {
            condition, _ in makeExpansion(condition, at: -1)
        }
        return .inputs([makeSelect(counts, parts, scalarConstant(0, dtype, in: g.graph)), nil, nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let count = try context.integers(2, "the count of segments").first ?? 0
        let prefix = context.shape(1)
        let inner = context.shape(0).dropFirst(prefix.count)
        guard let parts = elementCount(prefix) else { throw Mistake("the segments are too many") }
        let data = try builder.reshape(context.operands[0], to: [parts] + inner)
        let segments = try builder.reshape(context.operands[1], to: [parts])
        return [try builder.add(.scatterAdd(axis: 0, range: count), [data, segments])]
    }
}

/// For each number below `count` the sum of the parts of `data` with that number; negative numbers are left out.
///
///     unsortedSegmentSum(constant([1, 2, 4] as [Float]), constant([1, 0, 1]), count: 3)        // [2.0, 5.0, 0.0]
///
/// - Shapes: data `[i, j, d]`, segments `[i, j]` → `[count, d]`.
/// - Errors: segments whose shape does not start that of the data are a mistake; a number that is not below the count
///   makes the run throw.
/// - Gradient: for each part the `g` of its number.
public func unsortedSegmentSum<Scalar: NumericElement>(
    _ data: some TensorExpression<Scalar>, _ segments: some TensorExpression<some IntegerElement>, count: Int,
    name: String? = nil
) -> Tensor<Scalar> {
    let (data, segments) = (data.value, segments.value)
    return inNodeScope(name, "UnsortedSegmentSum", of: data.graph) { name in
        let count = integerConstant(count, name: "num_segments")
        let operation = UnsortedSegmentSum(dtype: data.dtype, indexType: segments.dtype, countType: count.dtype)
        return makeTensor(operation, [data, segments, count], name: name)
    }
}

// MARK: - From files

extension Gather: DecodableOperation {
    package static var operationNames: [String] { ["GatherV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let batchDimensions = try node.int("batch_dims", default: 0)
        try node.require(batchDimensions == 0, "batch_dims \(batchDimensions) is not supported, only 0")
        self.init(
            dtype: try node.dtype("Tparams"), indexType: try node.dtype("Tindices"), axisType: try node.dtype("Taxis"))
    }
}

extension UnsortedSegmentSum: DecodableOperation {
    package static var operationNames: [String] { ["UnsortedSegmentSum"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tindices"),
            countType: try node.dtype("Tnumsegments", default: .int32))
    }
}
