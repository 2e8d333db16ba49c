// Parts of tensors, and the reverse: parts put into a larger whole.

package import Graphs
package import Programs
package import Tensors

// MARK: - Slice

/// The part of the given size that starts at the given position; a size of -1 means up to the end.
///
/// - Gradient: `g` with zeros around it.
package struct Slice: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "Slice" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Index", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireIntegers(1, "the begin")
        try inputs.requireIntegers(2, "the size")
        let shape = inputs[0].shape
        guard let sizes = inputs.integers(2) else {
            let rank = shape.rank ?? inputs[1].shape[0] ?? inputs[2].shape[0]
            // What is known of the sizes is known of the part, but for sizes that stand for "up to the end".
            return [TensorType(dtype, shape.rank == nil ? rank.map(Shape.unknown(rank:)) ?? .unknown : inputs.sizes(2))]
        }
        let begin = inputs.integers(1)
        let extents = shape.extents ?? sizes.map { _ in -1 }
        guard extents.count == sizes.count, begin.map({ $0.count == sizes.count }) ?? true else {
            throw Mistake(
                "begin \(begin ?? []) and size \(sizes) do not fit shape \(shape)",
                hint: "give one of each for each axis")
        }
        var result = sizes
        for axis in sizes.indices {
            let (start, size, extent) = (begin?[axis] ?? 0, sizes[axis], extents[axis])
            let isInside = start >= 0 && size >= -1 && (extent < 0 || (start <= extent && size <= extent - start))
            if !isInside {
                throw Mistake(
                    "the slice from \(begin ?? []) of size \(sizes) reaches out of shape \(shape) along axis \(axis)")
            }
            if size == -1 { result[axis] = extent < 0 || begin == nil ? -1 : extent - start }
        }
        return [TensorType(dtype, Shape(extents: result))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (x, begin, g) = (context.inputs[0], context.inputs[1], context.outputGradient)
        if let start = begin.constant?.integers, let whole = x.shape.known, let part = g.shape.known,
            whole.count == start.count, part.count == start.count
        {
            let paddings = start.indices.map { (start[$0], whole[$0] - start[$0] - part[$0]) }
            return .inputs([makePad(g, paddings), nil, nil])
        }
        let dtype = begin.dtype
        let after = makeCast(makeShape(x), to: dtype) - begin - makeCast(makeShape(context.outputs[0]), to: dtype)
        let padded = makeValue(Pad(dtype: g.dtype, indexType: dtype), [g, makePack([begin, after], axis: 1)])
        return .inputs([padded, nil, nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let begin = try context.integers(1, "the begin")
        let shape = try context.outputShape()
        let limits = zip(begin, shape).map { $0 + $1 }
        return [
            try context.builder.add(
                .slice(starts: begin, limits: limits, strides: begin.map { _ in 1 }), [context.operands[0]])
        ]
    }
}

// MARK: - Pad, PadV2

/// Zeros, or the number of the third input, around the input: the second input holds the counts before and after it
/// for each axis.
///
/// - Gradient: the part of `g` that stands where the input stood; the sum of the rest for the number.
package struct Pad: Operation {
    let dtype: DType
    let indexType: DType
    /// Whether there is a third input.
    let hasValue: Bool

    package init(dtype: DType, indexType: DType = .int32, hasValue: Bool = false) {
        self.dtype = dtype
        self.indexType = indexType
        self.hasValue = hasValue
    }

    package var name: String { hasValue ? "PadV2" : "Pad" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tpaddings", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: hasValue ? 3 : 2)
        try inputs.requireIntegers(1, "the paddings", maximumRank: 2)
        if hasValue {
            try inputs.requireEqualTypes(2..<3)
            if let rank = inputs[2].shape.rank, rank != 0 {
                throw Mistake("the value to pad with must be a single one, but has shape \(inputs[2].shape)")
            }
        }
        let (shape, form) = (inputs[0].shape, inputs[1].shape)
        let rank = shape.rank ?? form[0]
        if !form.isCompatible(with: [rank, 2]) {
            throw Mistake("paddings of shape \(form) do not fit shape \(shape)", hint: "give two for each axis")
        }
        guard let paddings = inputs.integers(1), let rank else {
            return [TensorType(dtype, rank.map(Shape.unknown(rank:)) ?? .unknown)]
        }
        if paddings.contains(where: { $0 < 0 }) { throw Mistake("paddings must not be negative: \(paddings)") }
        guard let extents = shape.extents else { return [TensorType(dtype, .unknown(rank: rank))] }
        var result: [Int] = []
        for (axis, extent) in extents.enumerated() {
            let (before, isTooLarge) = paddings[2 * axis].addingReportingOverflow(paddings[2 * axis + 1])
            let (sum, overflows) = before.addingReportingOverflow(max(0, extent))
            if isTooLarge || overflows { throw Mistake("paddings \(paddings) are too large") }
            result.append(extent < 0 ? -1 : sum)
        }
        return [TensorType(dtype, Shape(extents: result))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (x, paddings, g) = (context.inputs[0], context.inputs[1], context.outputGradient)
        let begin: Value
        if let constant = paddings.constant?.integers {
            begin = integerConstant(stride(from: 0, to: constant.count, by: 2).map { constant[$0] }, in: g.graph)
        } else {
            begin = makePart(paddings, axis: 1, at: 0)
        }
        let sizes = makeCast(makeShape(x), to: begin.dtype)
        let part = makeValue(Slice(dtype: dtype, indexType: begin.dtype), [g, begin, sizes])
        guard hasValue else { return .inputs([part, nil]) }
        return .inputs([part, nil, context.isWanted[2] ? makeFullSum(g) - makeFullSum(part) : nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let paddings = try context.integers(1, "the paddings")
        let axes = context.shape(0).indices
        let value = hasValue ? context.operands[2] : context.builder.scalar(0, dtype)
        let instruction = Instruction.pad(
            low: axes.map { paddings[2 * $0] }, high: axes.map { paddings[2 * $0 + 1] }, interior: axes.map { _ in 0 })
        return [try context.builder.add(instruction, [context.operands[0], value])]
    }
}

func makePad(_ x: Value, _ paddings: [(Int, Int)]) -> Value {
    if paddings.allSatisfy({ $0 == (0, 0) }) { return x }
    let counts = makePaddings(paddings, in: x.graph)
    return makeValue(Pad(dtype: x.dtype, indexType: counts.dtype), [x, counts])
}

/// The constant that paddings are, `[rank, 2]`.
func makePaddings(_ paddings: [(Int, Int)], name: String? = nil, in graph: Graph) -> Value {
    let flat = paddings.flatMap { [$0.0, $0.1] }
    let dtype: DType = flat.allSatisfy { Int32(exactly: $0) != nil } ? .int32 : .int64
    let array = UntypedArray(integers: flat, dtype: dtype).reshaped([paddings.count, 2])
    return makeConstant(array, name: name, in: graph)
}

// MARK: - From files

extension Slice: DecodableOperation {
    package static var operationNames: [String] { ["Slice"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), indexType: try node.dtype("Index"))
    }
}

extension Pad: DecodableOperation {
    package static var operationNames: [String] { ["Pad", "PadV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tpaddings", default: .int32),
            hasValue: node.operation == "PadV2")
    }
}
