// Sums, means, extrema and their like along axes. The functions users call are in ReductionFunctions.

package import Graphs
package import Programs
package import Tensors

/// Combines the elements along axes, which are the second input.
///
/// - Shapes: `[n, m]`, axes `[1]` → `[n]`, or `[n, 1]` where dimensions are kept.
/// - Errors: an axis out of range or named twice is a mistake.
package struct Reduction: Operation {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case sum = "Sum"
        case mean = "Mean"
        case product = "Prod"
        case maximum = "Max"
        case minimum = "Min"
        case all = "All"
        case any = "Any"
    }

    let kind: Kind
    let dtype: DType
    let indexType: DType
    let keepsDimensions: Bool

    package init(_ kind: Kind, dtype: DType, indexType: DType = .int32, keepsDimensions: Bool = false) {
        self.kind = kind
        self.dtype = dtype
        self.indexType = indexType
        self.keepsDimensions = keepsDimensions
    }

    package var name: String { kind.rawValue }
    package var attributes: [Attribute] {
        let common = [Attribute("Tidx", .type(indexType)), Attribute("keep_dims", .bool(keepsDimensions))]
        return isLogical ? common : [Attribute("T", .type(dtype))] + common
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    private var isLogical: Bool { kind == .all || kind == .any }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        let type = inputs[0]
        if isLogical ? type.dtype != .bool : !type.dtype.isNumeric {
            throw .unsupported(type.dtype, accepted: isLogical ? "bool" : "numbers")
        }
        try inputs.requireIntegers(1, "the axes")
        guard let extents = type.shape.extents else { return [TensorType(type.dtype, .unknown)] }
        guard let axes = inputs.integers(1) else {
            return [TensorType(type.dtype, keepsDimensions ? .unknown(rank: extents.count) : .unknown)]
        }
        let reduced = try positions(ofAxes: axes, rank: extents.count)
        return [TensorType(type.dtype, Shape(extents: shape(extents, reduced)))]
    }

    /// The dimensions of the result.
    private func shape(_ extents: [Int], _ reduced: [Int]) -> [Int] {
        var shape = extents
        for axis in reduced.reversed() {
            if keepsDimensions { shape[axis] = 1 } else { shape.remove(at: axis) }
        }
        return shape
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let type = context.type(0)
        let axes = try positions(ofAxes: context.integers(1, "the axes"), rank: type.shape.count)
        let result: ValueID
        switch kind {
        case .mean: result = try mean(context.operands[0], axes, builder)
        case .sum: result = try builder.reduce(.sum, context.operands[0], axes: axes)
        case .product: result = try builder.reduce(.product, context.operands[0], axes: axes)
        case .maximum: result = try builder.reduce(.maximum, context.operands[0], axes: axes)
        case .minimum: result = try builder.reduce(.minimum, context.operands[0], axes: axes)
        case .all: result = try builder.reduce(.and, context.operands[0], axes: axes)
        case .any: result = try builder.reduce(.or, context.operands[0], axes: axes)
        }
        return [try builder.reshape(result, to: shape(type.shape, axes))]
    }

    /// Sum over count. Integers are summed in 64 bits and divided toward zero, so that small types do not overflow;
    /// the mean of no integers is 0, that of no floating-point numbers NaN.
    private func mean(_ operand: ValueID, _ axes: [Int], _ builder: ProgramBuilder) throws -> ValueID {
        let type = builder.type(of: operand)
        let count = Double(elementCount(axes.map { type.shape[$0] }) ?? 0)
        if type.dtype.isFloating {
            let sum = try builder.reduce(.sum, operand, axes: axes)
            return try builder.binary(.divide, sum, builder.filled(count, builder.type(of: sum)))
        }
        let wide = try builder.convert(operand, to: type.dtype.isSigned ? .int64 : .uint64)
        let sum = try builder.reduce(.sum, wide, axes: axes)
        let mean = try builder.binary(.divide, sum, builder.filled(Swift.max(1, count), builder.type(of: sum)))
        return try builder.convert(mean, to: type.dtype)
    }
}

// MARK: - Gradients

extension Reduction {
    /// Sum: `g` repeated along the axes. Mean: the same over the count. Product: `g` times the product of the other
    /// elements, exact where some are zero. Maximum, minimum: `g` shared evenly among the elements that attain it.
    ///
    /// - Source: TensorFlow's `math_grad.py`.
    package func gradient(_ context: GradientContext) -> Gradient {
        let (x, g) = (context.inputs[0], context.outputGradient)
        switch kind {
        case .sum:
            return .inputs([makeBroadcast(restored(g, context), like: x), nil])
        case .mean:
            return .inputs([makeBroadcast(restored(g / meanCount(context), context), like: x), nil])
        case .maximum, .minimum:
            let extremum = restored(context.outputs[0], context)
            let attains = makeCast(elementwise(.equal, [x, extremum]), to: dtype)
            let count = makeSum(attains, axes: context.inputs[1], keepsDimensions: true)
            return .inputs([attains * (restored(g, context) / count), nil])
        case .product:
            guard let others = productOfOthers(context) else {
                return .refused(reason: "the gradient of Prod needs axes that are known while the graph is built")
            }
            return .inputs([others * restored(g, context), nil])
        case .all, .any:
            return .none(reason: "\(name) yields truth values")
        }
    }

    /// A value in the shape of the output, in one that broadcasts against the input.
    private func restored(_ value: Value, _ context: GradientContext) -> Value {
        let (x, axes) = (context.inputs[0], context.inputs[1])
        if keepsDimensions || value.shape.rank == 0 { return value }
        if let rank = x.shape.rank, let constant = axes.constant?.integers,
            let reduced = try? positions(ofAxes: constant, rank: rank)
        {
            return reduced.reduce(value) { makeExpansion($0, at: $1) }
        }
        let kept = makeValue(
            Reduction(kind, dtype: dtype, indexType: indexType, keepsDimensions: true), [x, axes])
        return makeReshape(value, like: kept)
    }

    /// How many elements each mean is of, as a number of the mean's type.
    private func meanCount(_ context: GradientContext) -> Value {
        let (x, y) = (context.inputs[0], context.outputs[0])
        if let count = x.shape.count, let results = y.shape.count {
            return scalarConstant(Double(count) / Double(Swift.max(1, results)), dtype, in: x.graph)
        }
        if let extents = x.shape.extents, let axes = context.inputs[1].constant?.integers,
            let reduced = try? positions(ofAxes: axes, rank: extents.count),
            let count = elementCount(reduced.map { extents[$0] })
        {
            return scalarConstant(Double(count), dtype, in: x.graph)
        }
        return makeCast(makeSize(x), to: dtype) / makeCast(makeSize(y), to: dtype)
    }

    /// For each element the product of the others along the axes: of those before times those after it, so that no
    /// zero is divided by.
    private func productOfOthers(_ context: GradientContext) -> Value? {
        let x = context.inputs[0]
        func others(_ value: Value, _ axis: Int) -> Value {
            makeCumulative(.product, value, axis: axis, isExclusive: true)
                * makeCumulative(.product, value, axis: axis, isExclusive: true, isReversed: true)
        }
        guard let axes = context.inputs[1].constant?.integers else { return nil }
        let reduced = x.shape.rank.flatMap { try? positions(ofAxes: axes, rank: $0) } ?? axes
        var result: Value?
        var products = x
        for axis in reduced {
            let factor = others(products, axis)
            result = result.map { $0 * factor } ?? factor
            products = reduce(.product, products, axes: [axis], keepsDimensions: true)
        }
        return result ?? makeBroadcast(scalarConstant(1, dtype, in: x.graph), like: x)
    }
}

// MARK: - ArgMax, ArgMin

/// The position of the largest or smallest element along an axis, the first of equal ones.
///
/// - Gradient: none, positions do not change smoothly.
package struct ArgReduction: Operation {
    let findsSmallest: Bool
    let dtype: DType
    let indexType: DType
    let outputType: DType

    package init(findsSmallest: Bool, dtype: DType, indexType: DType = .int32, outputType: DType = .int64) {
        self.findsSmallest = findsSmallest
        self.dtype = dtype
        self.indexType = indexType
        self.outputType = outputType
    }

    package var name: String { findsSmallest ? "ArgMin" : "ArgMax" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("Tidx", .type(indexType)),
            Attribute("output_type", .type(outputType)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the axis", maximumRank: 0)
        guard var extents = inputs[0].shape.extents else { return [TensorType(outputType, .unknown)] }
        if extents.isEmpty { throw .axisOutOfRange(inputs.integers(1)?.first ?? 0, rank: 0) }
        guard let axis = inputs.integers(1)?.first else {
            return [TensorType(outputType, .unknown(rank: extents.count - 1))]
        }
        let removed = extents.remove(at: try position(ofAxis: axis, rank: extents.count))
        if removed == 0 { throw Mistake("axis \(axis) of shape \(inputs[0].shape) has no elements to choose from") }
        return [TensorType(outputType, Shape(extents: extents))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "\(name) yields positions, which do not change smoothly")
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let axes = try positions(ofAxes: context.integers(1, "the axis"), rank: context.shape(0).count)
        let type = ArrayType(outputType, try context.outputShape())
        return [
            try context.builder.add(
                .argReduce(smallest: findsSmallest, axis: axes.first ?? 0), [context.operands[0]], type: type)
        ]
    }
}

// MARK: - L2Loss

/// Half the sum of squares.
///
/// - Gradient: `g x`.
package struct L2Loss: Operation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "L2Loss" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if !inputs[0].dtype.isFloating { throw .unsupported(inputs[0].dtype, accepted: "floating-point numbers") }
        return [TensorType(dtype, .scalar)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([context.inputs[0] * context.outputGradient])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        try context.lowerDecomposition { inputs in
            let x = inputs[0]
            return [reduce(.sum, x * x) * scalarConstant(0.5, dtype, in: x.graph)]
        }
    }
}

// MARK: - From files

extension Reduction: DecodableOperation {
    package static var operationNames: [String] { Kind.allCases.map(\.rawValue) }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let kind = Kind(rawValue: node.operation) ?? .sum
        self.init(
            kind, dtype: kind == .all || kind == .any ? .bool : try node.dtype("T"),
            indexType: try node.dtype("Tidx", default: .int32),
            keepsDimensions: try node.bool("keep_dims", default: false))
    }
}

extension ArgReduction: DecodableOperation {
    package static var operationNames: [String] { ["ArgMax", "ArgMin"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            findsSmallest: node.operation == "ArgMin", dtype: try node.dtype("T"),
            indexType: try node.dtype("Tidx", default: .int32),
            outputType: try node.dtype("output_type", default: .int64))
    }
}

extension L2Loss: DecodableOperation {
    package static var operationNames: [String] { ["L2Loss"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"))
    }
}
