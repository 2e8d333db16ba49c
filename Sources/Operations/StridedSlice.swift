// Slices with steps, as `x[1:5:2, ..., -1]` in Python: what a subscript needs.

package import Graphs
package import Programs
package import Tensors

/// How the begin, end and strides of a strided slice are to be read, entry by entry, bit by bit.
///
/// - Source: TensorFlow's `StridedSlice`.
package struct SliceMasks: Hashable, Sendable {
    /// The begin of these entries does not count: start at the first element.
    package var begin = 0
    /// The end of these entries does not count: go on to the last element.
    package var end = 0
    /// This entry stands for all axes that no other names.
    package var ellipsis = 0
    /// These entries insert a dimension of size 1.
    package var newAxis = 0
    /// These entries name one position; their dimension is left out of the result.
    package var shrinkAxis = 0

    package init() {}

    package var attributes: [Attribute] {
        [
            Attribute("begin_mask", .int(begin)), Attribute("end_mask", .int(end)),
            Attribute("ellipsis_mask", .int(ellipsis)), Attribute("new_axis_mask", .int(newAxis)),
            Attribute("shrink_axis_mask", .int(shrinkAxis)),
        ]
    }
}

/// A strided slice with its entries assigned to the axes of a concrete or partly known shape.
private struct SlicePlan {
    /// One axis of the input: `count` elements from `start` in steps of `stride`; -1 for an unknown count.
    struct AxisPart {
        var start: Int
        var stride: Int
        var count: Int
    }

    var parts: [AxisPart] = []
    /// The dimensions of the result.
    var shape: [Int] = []

    init(
        _ extents: [Int], begin: [Int], end: [Int], strides: [Int], _ masks: SliceMasks
    ) throws(Mistake) {
        guard begin.count == end.count, end.count == strides.count else {
            throw Mistake("begin, end and strides have different lengths: \(begin), \(end) and \(strides)")
        }
        func bit(_ mask: Int, _ entry: Int) -> Bool { entry < Int.bitWidth - 1 && mask >> entry & 1 == 1 }
        let entries = begin.indices
        let ellipsis = entries.first { bit(masks.ellipsis, $0) }
        let named = entries.filter { $0 != ellipsis && !bit(masks.newAxis, $0) }.count
        if named > extents.count {
            throw Mistake("\(named) axes are sliced, but shape \(Shape(extents: extents)) has \(extents.count)")
        }
        func appendWhole(_ count: Int) {
            for _ in 0..<count {
                let extent = extents[parts.count]
                parts.append(AxisPart(start: 0, stride: 1, count: extent))
                shape.append(extent)
            }
        }
        for entry in entries {
            if entry == ellipsis {
                appendWhole(extents.count - named)
            } else if bit(masks.newAxis, entry) {
                shape.append(1)
            } else {
                let isSingle = bit(masks.shrinkAxis, entry)
                let part = try Self.part(
                    axis: parts.count, of: extents, isSingle || !bit(masks.begin, entry) ? begin[entry] : nil,
                    bit(masks.end, entry) ? nil : end[entry], strides[entry], isSingle)
                parts.append(part)
                if !isSingle { shape.append(part.count) }
            }
        }
        appendWhole(extents.count - parts.count)
    }

    private static func part(
        axis: Int, of extents: [Int], _ begin: Int?, _ end: Int?, _ stride: Int, _ isSingle: Bool
    ) throws(Mistake) -> AxisPart {
        let extent = extents[axis]
        if stride == 0 { throw Mistake("the stride of axis \(axis) is 0") }
        if isSingle {
            guard let begin, stride > 0 else { throw Mistake("the stride of a single position must be positive") }
            if extent < 0 { return AxisPart(start: begin, stride: 1, count: 1) }
            guard (-extent..<extent).contains(begin) else {
                throw Mistake("index \(begin) is out of range for axis \(axis) of shape \(Shape(extents: extents))")
            }
            return AxisPart(start: begin < 0 ? begin + extent : begin, stride: 1, count: 1)
        }
        if extent < 0 {
            // Some slices have the same size whatever the extent, if only it is large enough; none is certain.
            return AxisPart(start: 0, stride: stride, count: -1)
        }
        let range = stride > 0 ? 0...extent : -1...(extent - 1)
        func limited(_ position: Int) -> Int {
            let fromStart = position < 0 ? position + extent : position
            return min(max(fromStart, range.lowerBound), range.upperBound)
        }
        let first = begin.map(limited) ?? (stride > 0 ? 0 : extent - 1)
        let last = end.map(limited) ?? (stride > 0 ? extent : -1)
        let span = stride > 0 ? last - first : first - last
        let step = stride.magnitude > UInt(Int.max) ? Int.max : abs(stride)
        return AxisPart(start: first, stride: stride, count: span <= 0 ? 0 : (span - 1) / step + 1)
    }

    /// The axes that are read backwards.
    var reversedAxes: [Int] { parts.indices.filter { parts[$0].stride < 0 && parts[$0].count > 1 } }

    /// The first element read, its successors' distance and the end, in ascending order.
    func ascending(_ part: AxisPart) -> (start: Int, limit: Int, stride: Int) {
        if part.count <= 0 { return (0, 0, 1) }
        if part.count == 1 { return (part.start, part.start + 1, 1) }
        let step = abs(part.stride)
        let last = part.start + (part.count - 1) * part.stride
        return (min(part.start, last), max(part.start, last) + 1, step)
    }
}

/// (x, begin, end, strides) → every `strides[i]`-th element from `begin[i]` up to but without `end[i]`; negative
/// positions count from the end, negative strides go backwards.
///
/// - Gradient: `StridedSliceGrad`.
package struct StridedSlice: Operation {
    let dtype: DType
    let indexType: DType
    let masks: SliceMasks

    package init(dtype: DType, indexType: DType = .int32, masks: SliceMasks = SliceMasks()) {
        self.dtype = dtype
        self.indexType = indexType
        self.masks = masks
    }

    package var name: String { "StridedSlice" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(dtype)), Attribute("Index", .type(indexType))] + masks.attributes
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 4)
        for (index, what) in [(1, "the begin"), (2, "the end"), (3, "the strides")] {
            try inputs.requireIntegers(index, what)
        }
        guard let extents = inputs[0].shape.extents, let begin = inputs.integers(1), let end = inputs.integers(2),
            let strides = inputs.integers(3)
        else { return [TensorType(dtype, .unknown)] }
        let plan = try SlicePlan(extents, begin: begin, end: end, strides: strides, masks)
        return [TensorType(dtype, Shape(extents: plan.shape))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let sizes = makeCast(makeShape(context.inputs[0]), to: indexType)
        let operation = StridedSliceGradient(dtype: dtype, indexType: indexType, masks: masks)
        let gradient = makeValue(operation, [sizes] + context.inputs.dropFirst() + [context.outputGradient])
        return .inputs([gradient, nil, nil, nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let plan = try SlicePlan(
            context.shape(0), begin: context.integers(1, "the begin"), end: context.integers(2, "the end"),
            strides: context.integers(3, "the strides"), masks)
        let ascending = plan.parts.map(plan.ascending)
        let instruction = Instruction.slice(
            starts: ascending.map(\.start), limits: ascending.map(\.limit), strides: ascending.map(\.stride))
        let part = try builder.add(instruction, [context.operands[0]])
        let ordered = try builder.add(.reverse(axes: plan.reversedAxes), [part])
        return [try builder.reshape(ordered, to: plan.shape)]
    }
}

/// (shape of x, begin, end, strides, g) → `g` at the positions that the slice took, zeros elsewhere.
///
/// - Gradient: the same slice of `g`.
package struct StridedSliceGradient: Operation {
    let dtype: DType
    let indexType: DType
    let masks: SliceMasks

    package init(dtype: DType, indexType: DType = .int32, masks: SliceMasks = SliceMasks()) {
        self.dtype = dtype
        self.indexType = indexType
        self.masks = masks
    }

    package var name: String { "StridedSliceGrad" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(dtype)), Attribute("Index", .type(indexType))] + masks.attributes
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 5)
        try inputs.requireIntegers(0, "the shape")
        let sizes = inputs.sizes(0)
        if let whole = sizes.known, let begin = inputs.integers(1), let end = inputs.integers(2),
            let strides = inputs.integers(3)
        {
            let plan = try SlicePlan(whole, begin: begin, end: end, strides: strides, masks)
            if !inputs[4].shape.accepts(plan.shape) {
                throw .shapesDiffer(
                    inputs[4].shape, Shape(plan.shape), what: "the shapes of the gradient and the slice")
            }
        }
        return [TensorType(dtype, sizes)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let slice = StridedSlice(dtype: dtype, indexType: indexType, masks: masks)
        return .inputs([nil, nil, nil, nil, makeValue(slice, [context.outputGradient] + context.inputs[1...3])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let whole = try context.integers(0, "the shape")
        let plan = try SlicePlan(
            whole, begin: context.integers(1, "the begin"), end: context.integers(2, "the end"),
            strides: context.integers(3, "the strides"), masks)
        let part = try builder.reshape(context.operands[4], to: plan.parts.map(\.count))
        let ordered = try builder.add(.reverse(axes: plan.reversedAxes), [part])
        let ascending = plan.parts.map(plan.ascending)
        let high = zip(whole, ascending).map { $0 - $1.limit }
        let instruction = Instruction.pad(
            low: ascending.map(\.start), high: high, interior: ascending.map { $0.stride - 1 })
        return [try builder.add(instruction, [ordered, builder.scalar(0, dtype)])]
    }
}

// MARK: - Parts of vectors and single positions

/// The elements of a vector from one position up to another, as in Python: negative ones count from the end.
func makeVectorSlice(_ x: Value, from begin: Int, to end: Int?) -> Value {
    var masks = SliceMasks()
    if end == nil { masks.end = 1 }
    let bounds = [[begin], [end ?? 0], [1]].map { integerConstant($0, in: x.graph) }
    return makeValue(StridedSlice(dtype: x.dtype, masks: masks), [x] + bounds)
}

/// The part of a tensor at one position of an axis, without that axis.
func makePart(_ x: Value, axis: Int, at position: Int) -> Value {
    var masks = SliceMasks()
    masks.begin = (1 << axis) - 1
    masks.end = masks.begin
    masks.shrinkAxis = 1 << axis
    let zeros = [Int](repeating: 0, count: axis)
    let bounds = [zeros + [position], zeros + [position + 1], zeros.map { _ in 1 } + [1]]
    return makeValue(StridedSlice(dtype: x.dtype, masks: masks), [x] + bounds.map { integerConstant($0, in: x.graph) })
}

// MARK: - From files

extension SliceMasks {
    /// The masks that a node's attributes give.
    init(_ node: NodeDescription) throws(DecodingMistake) {
        begin = try node.int("begin_mask", default: 0)
        end = try node.int("end_mask", default: 0)
        ellipsis = try node.int("ellipsis_mask", default: 0)
        newAxis = try node.int("new_axis_mask", default: 0)
        shrinkAxis = try node.int("shrink_axis_mask", default: 0)
    }
}

extension StridedSlice: DecodableOperation {
    package static var operationNames: [String] { ["StridedSlice"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Index"), masks: try SliceMasks(node))
    }
}

extension StridedSliceGradient: DecodableOperation {
    package static var operationNames: [String] { ["StridedSliceGrad"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Index"), masks: try SliceMasks(node))
    }
}
