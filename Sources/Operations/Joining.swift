// Several tensors made one along an axis, and one made several.

package import Graphs
package import Programs
package import Tensors

// MARK: - ConcatV2

/// The inputs one after the other along the axis that the last input holds.
///
/// - Gradient: for each input the part of `g` that came from it.
package struct Concatenation: Operation {
    let dtype: DType
    let indexType: DType
    /// The number of inputs that are joined.
    let count: Int

    package init(dtype: DType, indexType: DType = .int32, count: Int) {
        self.dtype = dtype
        self.indexType = indexType
        self.count = max(0, count)
    }

    package var name: String { "ConcatV2" }
    package var attributes: [Attribute] {
        [Attribute("N", .int(count)), Attribute("T", .type(dtype)), Attribute("Tidx", .type(indexType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        if count < 1 { throw Mistake("joins no tensors", hint: "give at least one") }
        try inputs.require(count: count + 1)
        try inputs.requireEqualTypes(1..<count)
        try inputs.requireIntegers(count, "the axis", maximumRank: 0)
        let shapes = inputs.types.prefix(count).map(\.shape)
        guard let rank = shapes.lazy.compactMap(\.rank).first else { return [TensorType(dtype, .unknown)] }
        if let other = shapes.first(where: { $0.rank != nil && $0.rank != rank }) {
            throw .shapesDiffer(shapes.first { $0.rank == rank } ?? other, other, what: "the ranks")
        }
        guard let axis = inputs.integers(count)?.first else { return [TensorType(dtype, .unknown(rank: rank))] }
        let joined = try position(ofAxis: axis, rank: rank)
        var common = Shape.unknown(rank: rank)
        for shape in shapes {
            let others = Shape(
                extents: shape.extents.map { extents in
                    extents.indices.map { $0 == joined ? -1 : extents[$0] }
                })
            guard let merged = common.merged(with: others) else {
                throw .shapesDiffer(shapes[0], shape, what: "but for axis \(joined), the shapes")
            }
            common = merged
        }
        var extents = common.extents ?? []
        extents[joined] = try total(shapes.map { $0[joined] ?? -1 })
        return [TensorType(dtype, Shape(extents: extents))]
    }

    private func total(_ extents: [Int]) throws(Mistake) -> Int {
        var sum = 0
        for extent in extents {
            if extent < 0 { return -1 }
            let (next, overflows) = sum.addingReportingOverflow(extent)
            if overflows { throw Mistake("the joined dimension is too large") }
            sum = next
        }
        return sum
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (g, axis) = (context.outputGradient, context.inputs[count])
        let parts = Array(context.inputs.prefix(count))
        if parts.count == 1 { return .inputs([g, nil]) }
        if let rank = g.shape.rank ?? context.outputs[0].shape.rank, let constant = axis.constant?.integers?.first,
            let position = try? position(ofAxis: constant, rank: rank)
        {
            var start: Int? = 0
            let gradients = parts.enumerated().map { index, part -> Value? in
                guard let begin = start else { return nil }
                start = part.shape[position].map { begin + $0 }
                guard context.isWanted[index] else { return nil }
                var starts = [Int](repeating: 0, count: rank)
                starts[position] = begin
                return makeSlice(g, begin: integerConstant(starts, in: g.graph), size: makeShape(part))
            }
            // Before the last part every size along the axis must be known for this.
            if parts.dropLast().allSatisfy({ $0.shape[position] != nil }) { return .inputs(gradients + [nil]) }
        }
        let shapes = parts.map { makeCast(makeShape($0), to: .int32) }
        let offsets = withGraph(g.graph) {
            g.graph.add(ConcatOffset(count: count), [makeCast(axis, to: .int32)] + shapes)
        }
        return .inputs(zip(offsets, shapes).map { makeSlice(g, begin: $0, size: $1) } + [nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let rank = context.shape(0).count
        let axis = try positions(ofAxes: context.integers(count, "the axis"), rank: rank).first ?? 0
        return [try context.builder.add(.concatenate(axis: axis), Array(context.operands.prefix(count)))]
    }
}

private func makeSlice(_ x: Value, begin: Value, size: Value) -> Value {
    makeValue(Slice(dtype: x.dtype, indexType: size.dtype), [x, makeCast(begin, to: size.dtype), size])
}

/// (axis, shapes...) → where each of the tensors with these shapes starts in their concatenation.
package struct ConcatOffset: Operation {
    let count: Int

    package init(count: Int) { self.count = max(0, count) }

    package var name: String { "ConcatOffset" }
    package var attributes: [Attribute] { [Attribute("N", .int(count))] }
    package var effect: Effect { .none }
    package var outputCount: Int { count }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: count + 1)
        for index in inputs.types.indices { try inputs.requireIntegers(index, "the shapes") }
        return inputs.types.dropFirst().map { TensorType(.int32, Shape(extents: [$0.shape[0] ?? -1])) }
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "positions are integers") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let axes = try context.integers(0, "the axis")
        var start = 0
        var results: [ValueID] = []
        for index in 0..<count {
            let shape = try context.integers(index + 1, "the shapes")
            let axis = try positions(ofAxes: axes, rank: shape.count).first ?? 0
            var offset = shape.map { _ in 0 }
            offset[axis] = start
            start += shape[axis]
            results.append(context.builder.constant(UntypedArray(integers: offset)))
        }
        return results
    }
}

// MARK: - Pack, Unpack

/// The inputs, of one shape, along a new axis.
///
/// - Gradient: `g` taken apart along the axis.
package struct Pack: Operation {
    let dtype: DType
    let count: Int
    let axis: Int

    package init(dtype: DType, count: Int, axis: Int = 0) {
        self.dtype = dtype
        self.count = max(0, count)
        self.axis = axis
    }

    package var name: String { "Pack" }
    package var attributes: [Attribute] {
        [Attribute("N", .int(count)), Attribute("T", .type(dtype)), Attribute("axis", .int(axis))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        if count < 1 { throw Mistake("stacks no tensors", hint: "give at least one") }
        try inputs.require(count: count)
        try inputs.requireEqualTypes(1..<count)
        var common = Shape.unknown
        for type in inputs.types {
            guard let merged = common.merged(with: type.shape) else { throw .shapesDiffer(common, type.shape) }
            common = merged
        }
        guard var extents = common.extents else { return [TensorType(dtype, .unknown)] }
        extents.insert(count, at: try position(ofAxis: axis, rank: extents.count + 1))
        return [TensorType(dtype, Shape(extents: extents))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let g = context.outputGradient
        return .inputs(withGraph(g.graph) { g.graph.add(Unpack(dtype: dtype, count: count, axis: axis), [g]) })
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let position = try position(ofAxis: axis, rank: context.shape(0).count + 1)
        var shape = context.shape(0)
        shape.insert(1, at: position)
        let layers = try context.operands.map { try builder.reshape($0, to: shape) }
        return [try builder.add(.concatenate(axis: position), layers)]
    }
}

func makePack(_ values: [Value], axis: Int) -> Value {
    makeValue(Pack(dtype: values.first?.dtype ?? .float32, count: values.count, axis: axis), values)
}

/// The parts along an axis, without it.
///
/// - Gradient: those of the parts, stacked; zeros for parts that are not used.
package struct Unpack: Operation {
    let dtype: DType
    let count: Int
    let axis: Int

    package init(dtype: DType, count: Int, axis: Int = 0) {
        self.dtype = dtype
        self.count = max(0, count)
        self.axis = axis
    }

    package var name: String { "Unpack" }
    package var attributes: [Attribute] {
        [Attribute("num", .int(count)), Attribute("T", .type(dtype)), Attribute("axis", .int(axis))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { count }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        guard var extents = inputs[0].shape.extents else {
            return Array(repeating: TensorType(dtype, .unknown), count: count)
        }
        let size = extents.remove(at: try position(ofAxis: axis, rank: extents.count))
        if size >= 0, size != count {
            throw Mistake("axis \(axis) of shape \(inputs[0].shape) has size \(size), not \(count)")
        }
        return Array(repeating: TensorType(dtype, Shape(extents: extents)), count: count)
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makePack(context.outputGradientsOrZeros, axis: axis)])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let position = try position(ofAxis: axis, rank: context.shape(0).count)
        return try (0..<count).map { index in
            let part = try builder.part(of: context.operands[0], axis: position, from: index, count: 1)
            return try builder.reshape(part, to: context.outputShape(index))
        }
    }
}

// MARK: - Split, SplitV

/// (axis, x) → equal parts along the axis.
///
/// - Gradient: those of the parts, joined; zeros for parts that are not used.
package struct Split: Operation {
    let dtype: DType
    let count: Int

    package init(dtype: DType, count: Int) {
        self.dtype = dtype
        self.count = max(0, count)
    }

    package var name: String { "Split" }
    package var attributes: [Attribute] { [Attribute("num_split", .int(count)), Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { count }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(0, "the axis", maximumRank: 0)
        if count < 1 { throw Mistake("splits into \(count) parts", hint: "ask for at least one") }
        guard var extents = inputs[1].shape.extents, let axis = inputs.integers(0)?.first else {
            let shape = inputs[1].shape.rank.map(Shape.unknown(rank:)) ?? .unknown
            return Array(repeating: TensorType(dtype, shape), count: count)
        }
        let split = try position(ofAxis: axis, rank: extents.count)
        if extents[split] >= 0, !extents[split].isMultiple(of: count) {
            throw Mistake("axis \(axis) of shape \(inputs[1].shape) does not divide into \(count) equal parts")
        }
        if extents[split] >= 0 { extents[split] /= count }
        return Array(repeating: TensorType(dtype, Shape(extents: extents)), count: count)
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([nil, makeConcatenation(context.outputGradientsOrZeros, axis: context.inputs[0])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let axis = try positions(ofAxes: context.integers(0, "the axis"), rank: context.shape(1).count).first ?? 0
        let size = context.shape(1)[axis] / count
        return try (0..<count).map {
            try context.builder.part(of: context.operands[1], axis: axis, from: $0 * size, count: size)
        }
    }
}

/// (x, sizes, axis) → parts of the given sizes along the axis; one size may be -1: the rest.
///
/// - Gradient: those of the parts, joined; zeros for parts that are not used.
package struct SplitBySizes: Operation {
    let dtype: DType
    let sizeType: DType
    let count: Int

    package init(dtype: DType, sizeType: DType = .int32, count: Int) {
        self.dtype = dtype
        self.sizeType = sizeType
        self.count = max(0, count)
    }

    package var name: String { "SplitV" }
    package var attributes: [Attribute] {
        [Attribute("num_split", .int(count)), Attribute("T", .type(dtype)), Attribute("Tlen", .type(sizeType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { count }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireIntegers(1, "the sizes")
        try inputs.requireIntegers(2, "the axis", maximumRank: 0)
        let unknown = inputs[0].shape.rank.map(Shape.unknown(rank:)) ?? .unknown
        guard let extents = inputs[0].shape.extents, let sizes = inputs.integers(1),
            let axis = inputs.integers(2)?.first
        else { return Array(repeating: TensorType(dtype, unknown), count: count) }
        let split = try position(ofAxis: axis, rank: extents.count)
        let parts = try resolved(sizes, extents[split], inputs[0].shape)
        return parts.map { size in
            var shape = extents
            shape[split] = size
            return TensorType(dtype, Shape(extents: shape))
        }
    }

    private func resolved(_ sizes: [Int], _ extent: Int, _ shape: Shape) throws(Mistake) -> [Int] {
        let open = sizes.indices.filter { sizes[$0] == -1 }
        let named = sizes.filter { $0 >= 0 }
        var sum = 0
        for size in named { sum = sum.addingReportingOverflow(size).overflow ? Int.max : sum + size }
        let fits = open.isEmpty ? extent < 0 || sum == extent : open.count == 1 && (extent < 0 || sum <= extent)
        guard sizes.count == count, named.count + open.count == count, fits else {
            throw Mistake("sizes \(sizes) do not divide shape \(shape)")
        }
        return sizes.map { $0 == -1 && extent >= 0 ? extent - sum : $0 }
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeConcatenation(context.outputGradientsOrZeros, axis: context.inputs[2]), nil, nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = context.shape(0)
        let axis = try positions(ofAxes: context.integers(2, "the axis"), rank: shape.count).first ?? 0
        var start = 0
        return try resolved(context.integers(1, "the sizes"), shape[axis], Shape(shape)).map { size in
            defer { start += size }
            return try context.builder.part(of: context.operands[0], axis: axis, from: start, count: size)
        }
    }
}

// MARK: - Helpers

/// One value alone is passed on: TensorFlow's op takes no fewer than two.
func makeConcatenation(_ values: [Value], axis: Value, name: String? = nil) -> Value {
    if values.count == 1 { return makeValue(PassThrough(.identity, values[0].dtype), values, name: name) }
    let operation = Concatenation(
        dtype: values.first?.dtype ?? .float32, indexType: axis.dtype, count: values.count)
    return makeValue(operation, values + [axis], name: name)
}

extension GradientContext {
    /// The gradients of all outputs, with zeros for outputs that nothing depends on.
    fileprivate var outputGradientsOrZeros: [Value] {
        zip(outputs, outputGradients).map { output, gradient in gradient ?? makeZeros(like: output) }
    }
}

extension ProgramBuilder {
    /// `count` positions along an axis.
    fileprivate func part(of operand: ValueID, axis: Int, from start: Int, count: Int) throws -> ValueID {
        var (starts, limits) = (shape(of: operand).map { _ in 0 }, shape(of: operand))
        (starts[axis], limits[axis]) = (start, start + count)
        return try add(.slice(starts: starts, limits: limits, strides: starts.map { _ in 1 }), [operand])
    }
}

// MARK: - From files

extension Concatenation: DecodableOperation {
    package static var operationNames: [String] { ["ConcatV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tidx", default: .int32), count: try node.count("N"))
    }
}

extension ConcatOffset: DecodableOperation {
    package static var operationNames: [String] { ["ConcatOffset"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(count: try node.count("N"))
    }
}

extension Pack: DecodableOperation {
    package static var operationNames: [String] { ["Pack"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), count: try node.count("N"), axis: try node.int("axis", default: 0))
    }
}

extension Unpack: DecodableOperation {
    package static var operationNames: [String] { ["Unpack"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), count: try node.count("num"), axis: try node.int("axis", default: 0))
    }
}

extension Split: DecodableOperation {
    package static var operationNames: [String] { ["Split"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), count: try node.count("num_split"))
    }
}

extension SplitBySizes: DecodableOperation {
    package static var operationNames: [String] { ["SplitV"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), sizeType: try node.dtype("Tlen", default: .int64),
            count: try node.count("num_split"))
    }
}
