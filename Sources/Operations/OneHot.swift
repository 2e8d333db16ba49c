// One-hot vectors: classes as distributions that give one class everything.

public import Graphs
package import Programs
public import Tensors

/// (indices, depth, on, off) → along a new axis `on` at the position that the index names, `off` elsewhere; an index out
/// of range names none.
///
/// - Gradient: none for the indices; of `on` and `off` the sums of `g` where they stand.
package struct OneHot: Operation {
    let dtype: DType
    let indexType: DType
    let axis: Int

    package init(dtype: DType, indexType: DType, axis: Int = -1) {
        self.dtype = dtype
        self.indexType = indexType
        self.axis = axis
    }

    package var name: String { "OneHot" }
    package var attributes: [Attribute] {
        [Attribute("axis", .int(axis)), Attribute("T", .type(dtype)), Attribute("TI", .type(indexType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 4)
        if !inputs[0].dtype.isInteger { throw .unsupported(inputs[0].dtype, accepted: "integers") }
        try inputs.requireIntegers(1, "the depth", maximumRank: 0)
        for index in 2...3 {
            if inputs[index].dtype != dtype { throw .dtypesDiffer(inputs[index].dtype, dtype) }
            if !inputs[index].shape.isCompatible(with: .scalar) {
                throw Mistake("the on and off values must be single ones, but one has shape \(inputs[index].shape)")
            }
        }
        let depth = inputs.integers(1)?.first
        if let depth, depth < 0 { throw Mistake("the depth is negative: \(depth)") }
        guard var extents = inputs[0].shape.extents else { return [TensorType(dtype, .unknown)] }
        extents.insert(depth ?? -1, at: try position(ofAxis: axis, rank: extents.count + 1))
        return [TensorType(dtype, Shape(extents: extents))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let g = context.outputGradient
        guard dtype.isFloating else { return .none(reason: "gradients flow through floating-point numbers only") }
        let (one, zero) = (scalarConstant(1, dtype, in: g.graph), scalarConstant(0, dtype, in: g.graph))
        func share(_ index: Int, _ on: Value, _ off: Value) -> Value? {
            guard context.isWanted[index] else { return nil }
            return makeFullSum(g * makeValue(self, [context.inputs[0], context.inputs[1], on, off]))
        }
        return .inputs([nil, nil, share(2, one, zero), share(3, zero, one)])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = try context.outputShape()
        let position = try position(ofAxis: axis, rank: shape.count)
        // Types of one or two bytes may not reach the depth.
        let given = context.type(0).dtype
        let common = given.byteCount < 4 ? DType.int32 : given
        let indices = try builder.broadcast(
            builder.convert(context.operands[0], to: common), to: shape,
            axes: shape.indices.filter { $0 != position })
        let positions = try builder.iota(ArrayType(common, shape), axis: position)
        return [
            try builder.select(
                builder.compare(.equal, indices, positions), builder.broadcast(context.operands[2], to: shape),
                builder.broadcast(context.operands[3], to: shape))
        ]
    }
}

/// Along a new axis `on` at the position that the index names and `off` elsewhere; an index that is not in `0..<depth`
/// gets `off` alone.
///
///     oneHot(constant([2, 0]), depth: 3) as Tensor<Float>        // [[0, 0, 1], [1, 0, 0]]
///
/// - Shapes: `[n]` → `[n, depth]`.
/// - Parameters:
///   - axis: the position of the new axis in the result, by default the last.
/// - Errors: a negative depth, or an axis out of range, is a mistake.
/// - Gradient: none for the indices.
public func oneHot<Scalar: TensorElement>(
    _ indices: some TensorExpression<some IntegerElement>, depth: Int, on: Scalar = .one, off: Scalar = .zero,
    axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    let indices = indices.value
    return inNodeScope(name, "one_hot", of: indices.graph) { name in
        let inputs = [
            indices, integerConstant(depth, name: "depth"), constant(on, name: "on_value").value,
            constant(off, name: "off_value").value,
        ]
        return makeTensor(
            OneHot(dtype: Scalar.dtype, indexType: indices.dtype, axis: axis), inputs, name: name)
    }
}

// MARK: - From files

extension OneHot: DecodableOperation {
    package static var operationNames: [String] { ["OneHot"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("TI", default: .int64),
            axis: try node.int("axis", default: -1))
    }
}
