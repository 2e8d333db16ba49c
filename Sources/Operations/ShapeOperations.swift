// Operations on shapes: asking for them, and giving the same elements, or repetitions of them, another one. The functions
// users call are in ShapeFunctions.

package import Graphs
package import Programs
package import Tensors

// MARK: - Shape, Size, Rank

/// The dimensions of a tensor, the number of its elements or of its dimensions, as integers.
///
/// - Gradient: none; they do not depend on the elements.
package struct ShapeOf: ShapeOperation {
    package enum Quantity: String, Hashable, Sendable {
        case shape = "Shape"
        case size = "Size"
        case rank = "Rank"
    }

    let quantity: Quantity
    let dtype: DType
    let outputType: DType

    package init(_ quantity: Quantity, dtype: DType, outputType: DType = .int32) {
        self.quantity = quantity
        self.dtype = dtype
        self.outputType = outputType
    }

    package var name: String { quantity.rawValue }
    package var attributes: [Attribute] {
        let type = Attribute("T", .type(dtype))
        return quantity == .rank ? [type] : [type, Attribute("out_type", .type(outputType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        let shape: Shape = quantity == .shape ? Shape(extents: [inputs[0].shape.rank ?? -1]) : .scalar
        return [TensorType(outputType, shape)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "\(name) does not depend on the elements")
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = context.shape(0)
        let numbers: [Int] =
            switch quantity {
            case .shape: shape
            case .size: [elementCount(shape) ?? 0]
            case .rank: [shape.count]
            }
        if outputType == .int32, let large = numbers.first(where: { $0 > Int(Int32.max) }) {
            throw Mistake("\(large) does not fit into int32", hint: "ask for int64")
        }
        let vector = UntypedArray(integers: numbers, dtype: outputType)
        return [context.builder.constant(quantity == .shape ? vector : vector.reshaped([]))]
    }
}

// MARK: - Reshape

/// The same elements under the shape that the second input holds; one size may be -1: whatever fits.
///
/// - Gradient: `g` in the shape of the input.
package struct Reshape: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "Reshape" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tshape", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the shape")
        let sizes = inputs.sizes(1)
        guard let wanted = inputs.integers(1) else {
            if let known = sizes.known { return [TensorType(dtype, try resolved(inputs[0].shape, known))] }
            return [TensorType(dtype, sizes)]
        }
        return [TensorType(dtype, try resolved(inputs[0].shape, wanted))]
    }

    /// The wanted shape, with what can be said of a size of -1.
    private func resolved(_ shape: Shape, _ wanted: [Int]) throws(Mistake) -> Shape {
        let open = wanted.indices.filter { wanted[$0] == -1 }
        if open.count > 1 {
            throw Mistake("only one size may be -1, but the wanted shape is \(wanted)", hint: "name all sizes but one")
        }
        let named = wanted.filter { $0 != -1 }
        guard let part = elementCount(named) else {
            throw Mistake("\(wanted) is not a shape: its sizes are negative or too large")
        }
        guard let count = shape.count else { return Shape(extents: wanted) }
        guard let axis = open.first else {
            if part == count { return Shape(extents: wanted) }
            throw Mistake("shape \(shape) with \(count) elements cannot become \(wanted) with \(part)")
        }
        if part == 0 ? count != 0 : !count.isMultiple(of: part) {
            throw Mistake("shape \(shape) with \(count) elements cannot become \(Shape(extents: wanted))")
        }
        var extents = wanted
        extents[axis] = part == 0 ? 0 : count / part
        return Shape(extents: extents)
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeReshape(context.outputGradient, like: context.inputs[0]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        _ = try context.integers(1, "the shape")
        return [try context.builder.reshape(context.operands[0], to: context.outputShape())]
    }
}

// MARK: - ExpandDims, Squeeze

/// A dimension of size 1 at the position that the second input holds.
///
/// - Gradient: `g` in the shape of the input.
package struct ExpandDimensions: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "ExpandDims" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tdim", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the axis")
        guard var extents = inputs[0].shape.extents else { return [TensorType(dtype, .unknown)] }
        guard let axis = inputs.integers(1)?.first else {
            return [TensorType(dtype, .unknown(rank: extents.count + 1))]
        }
        extents.insert(1, at: try position(ofAxis: axis, rank: extents.count + 1))
        return [TensorType(dtype, Shape(extents: extents))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeReshape(context.outputGradient, like: context.inputs[0]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        _ = try context.integers(1, "the axis")
        return [try context.builder.reshape(context.operands[0], to: context.outputShape())]
    }
}

/// Without the given dimensions, which have size 1; without all those of size 1 where none is given.
///
/// - Gradient: `g` in the shape of the input.
package struct Squeeze: Operation {
    let dtype: DType
    let axes: [Int]

    package init(dtype: DType, axes: [Int] = []) {
        self.dtype = dtype
        self.axes = axes
    }

    package var name: String { "Squeeze" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("squeeze_dims", .ints(axes))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        guard let extents = inputs[0].shape.extents else { return [TensorType(dtype, .unknown)] }
        if axes.isEmpty {
            if extents.contains(-1) { return [TensorType(dtype, .unknown)] }
            return [TensorType(dtype, Shape(extents: extents.filter { $0 != 1 }))]
        }
        let removed = try positions(ofAxes: axes, rank: extents.count)
        for axis in removed where extents[axis] > 1 || extents[axis] == 0 {
            throw Mistake("dimension \(axis) of shape \(inputs[0].shape) has size \(extents[axis]), not 1")
        }
        return [TensorType(dtype, Shape(extents: extents.indices.filter { !removed.contains($0) }.map { extents[$0] }))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeReshape(context.outputGradient, like: context.inputs[0])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        [try context.builder.reshape(context.operands[0], to: context.outputShape())]
    }
}

// MARK: - BroadcastTo, Tile

/// Repeats along new leading dimensions and dimensions of size 1, to the shape that the second input holds.
///
/// - Gradient: the sum over what was repeated.
package struct BroadcastTo: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "BroadcastTo" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tidx", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the shape")
        let wanted = inputs.sizes(1)
        if let sizes = inputs.integers(1), elementCount(sizes) == nil {
            throw Mistake("\(sizes) is not a shape: its sizes are negative or too large")
        }
        let shape = inputs[0].shape
        if let narrow = shape.extents, let wide = wanted.extents {
            let fits = zip(narrow.reversed(), wide.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $0 < 0 || $1 < 0 }
            if !fits || narrow.count > wide.count { throw Mistake("shape \(shape) cannot be broadcast to \(wanted)") }
        }
        return [TensorType(dtype, wanted)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeUnbroadcast(context.outputGradient, to: context.inputs[0]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let sizes = try context.integers(1, "the shape")
        return [try context.builder.broadcast(context.operands[0], to: sizes)]
    }
}

/// The whole repeated along each axis as often as the second input says.
///
/// - Gradient: the sum over the repetitions.
package struct Tile: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "Tile" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tmultiples", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the multiples")
        guard let multiples = inputs.integers(1) else {
            return [TensorType(dtype, inputs.sizes(1).rank.map(Shape.unknown(rank:)) ?? .unknown)]
        }
        guard let extents = inputs[0].shape.extents else { return [TensorType(dtype, .unknown(rank: multiples.count))] }
        guard extents.count == multiples.count, multiples.allSatisfy({ $0 >= 0 }) else {
            throw Mistake("multiples \(multiples) do not fit shape \(inputs[0].shape)", hint: "give one for each axis")
        }
        let tiled = zip(extents, multiples).map { extent, multiple in
            extent < 0 ? -1 : elementCount([extent, multiple]) ?? -2
        }
        if tiled.contains(-2) { throw Mistake("multiples \(multiples) of \(inputs[0].shape) are too large") }
        return [TensorType(dtype, Shape(extents: tiled))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (x, multiples) = (context.inputs[0], context.inputs[1])
        guard let rank = x.shape.rank ?? context.outputs[0].shape.rank else {
            return .refused(reason: "the gradient of Tile needs a known rank")
        }
        // [m0, d0, m1, d1, ...], summed over the even axes.
        let sizes = makeCast(makeShape(x), to: multiples.dtype)
        let pairs = makeReshape(makePack([multiples, sizes], axis: 1), shape: [-1])
        let split = makeReshape(context.outputGradient, shape: pairs)
        let sum = reduce(.sum, split, axes: (0..<rank).map { 2 * $0 })
        return .inputs([makeReshape(sum, like: x), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let multiples = try context.integers(1, "the multiples")
        let shape = context.shape(0)
        let split = zip(multiples, shape).flatMap { [$0, $1] }
        let repeated = try context.builder.broadcast(
            context.operands[0], to: split, axes: shape.indices.map { 2 * $0 + 1 })
        return [try context.builder.reshape(repeated, to: context.outputShape())]
    }
}

// MARK: - From files

extension ShapeOf: DecodableOperation {
    package static var operationNames: [String] { ["Shape", "Size", "Rank"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            Quantity(rawValue: node.operation) ?? .shape, dtype: try node.dtype("T"),
            outputType: try node.dtype("out_type", default: .int32))
    }
}

extension Reshape: DecodableOperation {
    package static var operationNames: [String] { ["Reshape"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tshape", default: .int32))
    }
}

extension ExpandDimensions: DecodableOperation {
    package static var operationNames: [String] { ["ExpandDims"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tdim", default: .int32))
    }
}

extension Squeeze: DecodableOperation {
    package static var operationNames: [String] { ["Squeeze"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), axes: try node.ints("squeeze_dims", default: []))
    }
}

extension BroadcastTo: DecodableOperation {
    package static var operationNames: [String] { ["BroadcastTo"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tidx", default: .int32))
    }
}

extension Tile: DecodableOperation {
    package static var operationNames: [String] { ["Tile"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tmultiples", default: .int32))
    }
}
