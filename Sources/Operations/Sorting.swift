// Elements in order: the largest ones, sorting, positions in order.

public import Graphs
package import Programs
public import Tensors

/// (x, k) → the `k` largest elements along the last axis, in descending order, and their positions; of equal ones the
/// earlier comes first.
///
/// - Shapes: `[..., n]`, k → `[..., k]` twice.
/// - Gradient: that of the elements goes back to their positions; none for the positions.
package struct TopK: Operation {
    let dtype: DType
    let countType: DType
    let positionType: DType

    package init(dtype: DType, countType: DType = .int32, positionType: DType = .int32) {
        self.dtype = dtype
        self.countType = countType
        self.positionType = positionType
    }

    package var name: String { "TopKV2" }
    package var attributes: [Attribute] {
        [
            Attribute("sorted", .bool(true)), Attribute("T", .type(dtype)), Attribute("Tk", .type(countType)),
            Attribute("index_type", .type(positionType)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 2 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        if !inputs[0].dtype.isNumeric { throw .unsupported(inputs[0].dtype, accepted: "numbers") }
        try inputs.requireIntegers(1, "k", maximumRank: 0)
        if inputs[0].shape.rank == 0 { throw .axisOutOfRange(-1, rank: 0) }
        let k = inputs.integers(1)?.first
        if let k, k < 0 { throw Mistake("k must not be negative, but is \(k)") }
        guard var extents = inputs[0].shape.extents else {
            return [TensorType(dtype, .unknown), TensorType(positionType, .unknown)]
        }
        let last = extents.count - 1
        if let k, extents[last] >= 0, k > extents[last] {
            throw Mistake(
                "the last dimension of \(inputs[0].shape) has fewer than \(k) elements",
                hint: "take k up to \(extents[last])")
        }
        extents[last] = k ?? -1
        return [TensorType(dtype, Shape(extents: extents)), TensorType(positionType, Shape(extents: extents))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        guard let g = context.outputGradients[0] else { return .none(reason: "positions do not change smoothly") }
        let (x, positions) = (context.inputs[0], context.outputs[1])
        return .inputs([makeSpreadAlongLastAxis(g, positions, like: x), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = context.shape(0)
        let axis = shape.count - 1
        let k = try context.integers(1, "k").first ?? 0
        let positions = try builder.add(
            .argSort(axis: axis, descending: true, count: k), [context.operands[0]])
        return [
            try gathered(context.operands[0], positions, builder), try builder.convert(positions, to: positionType),
        ]
    }

    /// The elements at positions along the last axis, row by row.
    private func gathered(_ x: ValueID, _ positions: ValueID, _ builder: ProgramBuilder) throws -> ValueID {
        let (shape, chosen) = (builder.shape(of: x), builder.shape(of: positions))
        let width = shape[shape.count - 1]
        let rows = shape.dropLast().reduce(1, *)
        let flat = try builder.reshape(x, to: [rows * width])
        let wide = ArrayType(.int64, [rows, chosen[chosen.count - 1]])
        let row = try builder.iota(wide, axis: 0)
        let start = try builder.binary(.multiply, row, builder.filled(Double(width), wide))
        let index = try builder.binary(
            .add, start, builder.reshape(builder.convert(positions, to: .int64), to: wide.shape))
        return try builder.reshape(builder.add(.gather(axis: 0), [flat, index]), to: chosen)
    }
}

/// `g` put to positions along the last axis of an array of zeros in the shape of `x`.
private func makeSpreadAlongLastAxis(_ g: Value, _ positions: Value, like x: Value) -> Value {
    let graph = g.graph
    let width = makePart(makeVectorSlice(makeShape(x), from: -1, to: nil), axis: 0, at: 0)
    let chosen = makeVectorSlice(makeShape(g), from: -1, to: nil)
    // Rows of what was chosen, each with the number of its first element in the flat array.
    let wide = makeConcatenation([integerConstant([-1], in: graph), chosen], axis: integerConstant(0, in: graph))
    let rows = makeReshape(positions, shape: wide)
    let count = makePart(makeShape(rows), axis: 0, at: 0)
    let numbers = makeValue(
        RangeOperation(dtype: .int32), [integerConstant(0, in: graph), count, integerConstant(1, in: graph)])
    let starts = makeExpansion(numbers, at: -1) * width
    let index = makeCast(rows, to: .int32) + starts
    let operation = UnsortedSegmentSum(dtype: g.dtype, indexType: index.dtype, countType: .int32)
    let flat = makeValue(
        operation, [makeReshape(g, shape: wide), index, makeCast(makeSize(x), to: .int32)])
    return makeReshape(flat, like: x)
}

// MARK: - Public functions

/// The largest elements along the last axis and their positions.
///
///     let (values, indices) = topK(constant([3, 1, 4, 1] as [Float]), k: 2)        // [4, 3], [2, 0]
///
/// - Shapes: `[..., n]` → `[..., k]` twice.
/// - Returns: the elements in descending order; of equal ones the earlier comes first. NaN counts as greater than any
///   number.
/// - Errors: more than there are, or a single value, is a mistake.
/// - Gradient: `g` at the positions of the elements; none through the positions.
/// - Source: TensorFlow's `math.top_k`, whose elements are always sorted here.
public func topK<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, k: Int = 1, name: String? = nil
) -> (values: Tensor<Scalar>, indices: Tensor<Int32>) {
    let x = x.value
    return inNodeScope(name, "TopKV2", of: x.graph) { name in
        let count = integerConstant(k, name: "k")
        let operation = TopK(dtype: x.dtype, countType: count.dtype)
        let outputs = withGraph(graphForNodes(of: x.graph)) { Graph.default.add(operation, [x, count], name: name) }
        return (Tensor(outputs[0]), Tensor(outputs[1]))
    }
}

/// The elements in order along an axis.
///
///     sort(constant([3, 1, 2] as [Float]), descending: true)        // [3, 2, 1]
///
/// - Errors: an axis that is out of range, or whose size is not known, is a mistake.
/// - Gradient: `g` at the positions that the elements had.
/// - Source: TensorFlow's `sort`; NaN comes first in either order.
public func sort<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, axis: Int = -1, descending: Bool = false, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    return withGraph(x.graph) {
        withNameScope(name ?? "sort") {
            sorted(x, axis, descending) { values, _ in descending ? values : mirrored(values) }
        }
    }
}

/// The positions of the elements in order along an axis; of equal ones the earlier comes first.
///
/// - Errors: as for `sort(_:axis:descending:name:)`.
/// - Gradient: none; positions do not change smoothly.
/// - Source: TensorFlow's `argsort`.
public func argsort<Scalar: NumericElement>(
    _ x: some TensorExpression<Scalar>, axis: Int = -1, descending: Bool = false, name: String? = nil
) -> Tensor<Int32> {
    let x = x.tensor
    return withGraph(x.graph) {
        withNameScope(name ?? "argsort") { sorted(x, axis, descending) { _, positions in positions } }
    }
}

/// What has the opposite order, and is its own inverse: for integers, whose least has no negative, the complement.
private func mirrored<Scalar: NumericElement>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    if Scalar.dtype.isFloating { return Tensor(-x.value) }
    let highest = Scalar(clamping: Scalar.dtype.isSigned ? -1 : .infinity)
    return Tensor(elementwise(.subtract, [constant(highest, in: x.graph).value, x.value]))
}

/// All elements along an axis as the largest ones of it, or of what is negated.
private func sorted<Scalar: NumericElement, Result: TensorElement>(
    _ x: Tensor<Scalar>, _ axis: Int, _ descending: Bool, _ choose: (Tensor<Scalar>, Tensor<Int32>) -> Tensor<Result>
) -> Tensor<Result> {
    func refused(_ mistake: Mistake) -> Tensor<Result> {
        makeTensor(Misuse(of: "Sort", mistake), [x.value])
    }
    let place: Int
    if let rank = x.shape.rank {
        guard let found = try? position(ofAxis: axis, rank: rank) else {
            return refused(.axisOutOfRange(axis, rank: rank))
        }
        place = found - rank
    } else if axis < 0 {
        place = axis
    } else {
        return refused(Mistake("axis \(axis) needs a known rank", hint: "count it from the end"))
    }
    guard let count = x.shape[place] else {
        return refused(Mistake("the size of axis \(axis) of \(x.shape) must be known to sort along it"))
    }
    let ordered = descending ? x : mirrored(x)
    guard place != -1, let rank = x.shape.rank else {
        let (values, positions) = topK(ordered, k: count)
        return choose(values, positions)
    }
    var axes = Array(0..<rank)
    axes.swapAt(rank + place, rank - 1)
    let (values, positions) = topK(ordered.transposed(permutation: axes), k: count)
    return choose(values, positions).transposed(permutation: axes)
}

// MARK: - From files

extension TopK: DecodableOperation {
    package static var operationNames: [String] { ["TopKV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), countType: try node.dtype("Tk", default: .int32),
            positionType: try node.dtype("index_type", default: .int32))
    }
}
