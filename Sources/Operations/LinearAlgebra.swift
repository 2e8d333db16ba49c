// Products of matrices and of batches of matrices.

public import Graphs
package import Programs
public import Tensors

// MARK: - MatMul

/// The product of two matrices.
///
/// - Gradient: `∂a = g bᵀ`, `∂b = aᵀ g`, with the transposition inside the product.
package struct MatMul: Operation {
    let dtype: DType
    let transposesLeft: Bool
    let transposesRight: Bool

    package init(dtype: DType, transposesLeft: Bool = false, transposesRight: Bool = false) {
        self.dtype = dtype
        self.transposesLeft = transposesLeft
        self.transposesRight = transposesRight
    }

    package var name: String { "MatMul" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("transpose_a", .bool(transposesLeft)),
            Attribute("transpose_b", .bool(transposesRight)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        for index in 0..<min(2, inputs.count) {
            if let rank = inputs[index].shape.rank, rank != 2 {
                throw Mistake("multiplies matrices, but the \(sides[index]) side has shape \(inputs[index].shape)")
            }
        }
        let matrix = try MatrixProduct(inputs, transposesLeft, transposesRight).matrix
        return [TensorType(dtype, Shape(extents: matrix))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        productGradient(context, transposesLeft, transposesRight) { left, right, transposesLeft, transposesRight in
            makeValue(
                MatMul(dtype: dtype, transposesLeft: transposesLeft, transposesRight: transposesRight), [left, right])
        }
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        [
            try context.builder.dot(
                context.operands[0], context.operands[1], transposeLeft: transposesLeft,
                transposeRight: transposesRight)
        ]
    }
}

private let sides = ["left", "right"]

/// What the type rules of products share.
private struct MatrixProduct {
    /// The last two dimensions of the product, -1 for unknown ones.
    let matrix: [Int]

    init(_ inputs: InputTypes, _ transposesLeft: Bool, _ transposesRight: Bool) throws(Mistake) {
        try inputs.require(count: 2)
        try inputs.requireEqualTypes(1..<2)
        if !inputs[0].dtype.isNumeric { throw .unsupported(inputs[0].dtype, accepted: "numbers") }
        let (left, right) = (inputs[0].shape, inputs[1].shape)
        let rows = left[transposesLeft ? -1 : -2]
        let leftInner = left[transposesLeft ? -2 : -1]
        let rightInner = right[transposesRight ? -1 : -2]
        let columns = right[transposesRight ? -2 : -1]
        if let leftInner, let rightInner, leftInner != rightInner {
            let note = { (isTransposed: Bool) in isTransposed ? " (transposed)" : "" }
            throw Mistake(
                "inner dimensions differ: \(left)\(note(transposesLeft)) × \(right)\(note(transposesRight))",
                hint: Self.hint(inputs, transposesLeft, transposesRight))
        }
        matrix = [rows ?? -1, columns ?? -1]
    }

    /// The transposition that would fit, or else the variable that has another shape than it should.
    private static func hint(_ inputs: InputTypes, _ transposesLeft: Bool, _ transposesRight: Bool) -> String? {
        let (left, right) = (inputs[0].shape, inputs[1].shape)
        // What is multiplied along, as things are and with the side turned round.
        let (leftInner, leftOther) = (left[transposesLeft ? -2 : -1], left[transposesLeft ? -1 : -2])
        let (rightInner, rightOther) = (right[transposesRight ? -1 : -2], right[transposesRight ? -2 : -1])
        func argument(_ name: String, _ isTransposed: Bool) -> String { "\(name): \(!isTransposed)" }
        if let leftInner, leftInner == rightOther { return "\(argument("transposeB", transposesRight)) would fit" }
        if let rightInner, rightInner == leftOther { return "\(argument("transposeA", transposesLeft)) would fit" }
        if let leftOther, leftOther == rightOther {
            return "\(argument("transposeA", transposesLeft)), \(argument("transposeB", transposesRight)) would fit"
        }
        for index in [1, 0] {
            guard let variable = inputs.variable(index), let extents = inputs[index].shape.extents else { continue }
            let isInnerLast = index == 0 ? !transposesLeft : transposesRight
            var wanted = extents
            wanted[extents.count - (isInnerLast ? 1 : 2)] = (index == 0 ? rightInner : leftInner) ?? -1
            return "the \(sides[index]) side comes from \(variable); did you mean shape \(Shape(extents: wanted))?"
        }
        return nil
    }
}

/// The gradients of a product, by products that transpose as they read.
private func productGradient(
    _ context: GradientContext, _ transposesLeft: Bool, _ transposesRight: Bool,
    _ product: (Value, Value, Bool, Bool) -> Value
) -> Gradient {
    let (left, right, g) = (context.inputs[0], context.inputs[1], context.outputGradient)
    var gradients: [Value?] = [nil, nil]
    if context.isWanted[0] {
        gradients[0] =
            transposesLeft ? product(right, g, transposesRight, true) : product(g, right, false, !transposesRight)
    }
    if context.isWanted[1] {
        gradients[1] =
            transposesRight ? product(g, left, true, transposesLeft) : product(left, g, !transposesLeft, false)
    }
    return .inputs(gradients)
}

// MARK: - BatchMatMulV2

/// The products of two batches of matrices; the batches' dimensions broadcast.
///
/// - Gradient: as for matrices, summed over the dimensions that were broadcast.
package struct BatchMatMul: Operation {
    let dtype: DType
    let transposesLeft: Bool
    let transposesRight: Bool

    package init(dtype: DType, transposesLeft: Bool = false, transposesRight: Bool = false) {
        self.dtype = dtype
        self.transposesLeft = transposesLeft
        self.transposesRight = transposesRight
    }

    package var name: String { "BatchMatMulV2" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("adj_x", .bool(transposesLeft)),
            Attribute("adj_y", .bool(transposesRight)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        for index in 0..<min(2, inputs.count) {
            if let rank = inputs[index].shape.rank, rank < 2 {
                throw Mistake("multiplies matrices, but the \(sides[index]) side has shape \(inputs[index].shape)")
            }
        }
        let matrix = try MatrixProduct(inputs, transposesLeft, transposesRight).matrix
        let (left, right) = (inputs[0].shape.batch, inputs[1].shape.batch)
        let batch = try broadcastShape([left, right])
        return [TensorType(dtype, Shape(extents: batch.extents.map { $0 + matrix }))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (left, right) = (context.inputs[0], context.inputs[1])
        let (leftBatch, rightBatch) = (left.shape.batch, right.shape.batch)
        if !transposesLeft, right.shape.rank == 2, left.shape.rank ?? 0 > 2, let weights = right.shape.known,
            !weights.contains(0)
        {
            return sharedGradient(context, inner: weights[transposesRight ? 1 : 0], weights[transposesRight ? 0 : 1])
        }
        let gradient = productGradient(context, transposesLeft, transposesRight) { left, right, first, second in
            makeValue(BatchMatMul(dtype: dtype, transposesLeft: first, transposesRight: second), [left, right])
        }
        guard case .inputs(let products) = gradient else { return gradient }
        if leftBatch.isFullyKnown, leftBatch == rightBatch { return gradient }
        let axes = BroadcastGradientArguments.axes(left.batchSizes, right.batchSizes)
        return .inputs(
            zip(products, zip(axes, [left, right])).map { product, operand in
                product.map { makeReshape(makeSum($0, axes: operand.0, keepsDimensions: false), like: operand.1) }
            })
    }

    /// The gradients where all matrices of the batch are multiplied by the same one: as of one tall matrix, so that
    /// no gradient is made for each of the batch just to be summed up.
    private func sharedGradient(_ context: GradientContext, inner: Int, _ columns: Int) -> Gradient {
        let (left, right, g) = (context.inputs[0], context.inputs[1], context.outputGradient)
        var gradients: [Value?] = [nil, nil]
        if context.isWanted[0] {
            let product = BatchMatMul(dtype: dtype, transposesRight: !transposesRight)
            gradients[0] = makeValue(product, [g, right])
        }
        if context.isWanted[1] {
            let tall = [makeReshape(left, shape: [-1, inner]), makeReshape(g, shape: [-1, columns])]
            let product = MatMul(dtype: dtype, transposesLeft: true)
            gradients[1] = makeValue(product, transposesRight ? tall.reversed() : tall)
        }
        return .inputs(gradients)
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = try context.outputShape()
        let (left, right) = (context.operands[0], context.operands[1])
        let (leftShape, rightShape) = (context.shape(0), context.shape(1))
        let batch = Array(shape.dropLast(2))
        // One matrix on the right side multiplies all rows of the left side at once.
        if !transposesLeft, rightShape.dropLast(2).allSatisfy({ $0 == 1 }), leftShape.dropLast(2) == batch[...],
            let rows = elementCount(Array(leftShape.dropLast()))
        {
            let product = try builder.dot(
                builder.reshape(left, to: [rows, leftShape[leftShape.count - 1]]),
                builder.reshape(right, to: rightShape.suffix(2)), transposeRight: transposesRight)
            return [try builder.reshape(product, to: shape)]
        }
        return [
            try builder.dot(
                builder.broadcast(left, to: batch + leftShape.suffix(2)),
                builder.broadcast(right, to: batch + rightShape.suffix(2)), transposeLeft: transposesLeft,
                transposeRight: transposesRight)
        ]
    }
}

extension Shape {
    /// All dimensions but the last two.
    fileprivate var batch: Shape { Shape(extents: extents.map { Array($0.dropLast(2)) }) }
}

extension Value {
    /// All dimensions but the last two, as a vector of sizes.
    fileprivate var batchSizes: Value {
        if let sizes = shape.batch.known { return integerConstant(sizes, in: graph) }
        return makeVectorSlice(makeShape(self), from: 0, to: -2)
    }
}

// MARK: - Public functions

/// The product of two matrices, or of two batches of matrices.
///
///     matmul(x, w)                      // [?, 784] · [784, 10] → [?, 10]
///     matmul(a, b, transposeB: true)    // a bᵀ
///
/// - Shapes: `[n, k] · [k, m] → [n, m]`, `[..., n, k] · [..., k, m] → [..., n, m]` where the leading dimensions
///   broadcast.
/// - Parameters:
///   - transposeA: whether the last two dimensions of `a` stand the other way round, `[k, n]`.
///   - transposeB: whether those of `b` do, `[m, k]`.
/// - Errors: inner dimensions that differ, or fewer than two dimensions, are a mistake.
/// - Gradient: `∂a = g bᵀ`, `∂b = aᵀ g`.
/// - Source: TensorFlow's `MatMul` where both are matrices, else `BatchMatMulV2`.
public func matmul<Scalar: NumericElement>(
    _ a: some TensorExpression<Scalar>, _ b: some TensorExpression<Scalar>, transposeA: Bool = false,
    transposeB: Bool = false, name: String? = nil
) -> Tensor<Scalar> {
    let (a, b) = (a.tensor, b.tensor)
    // Where a rank is unknown the batched product serves any; fewer than two dimensions are MatMul's mistake.
    let isBatched = [a.shape.rank, b.shape.rank].contains { $0.map { $0 > 2 } ?? true }
    if isBatched {
        return makeTensor(
            BatchMatMul(dtype: Scalar.dtype, transposesLeft: transposeA, transposesRight: transposeB),
            [a.value, b.value], name: name ?? "MatMul")
    }
    return makeTensor(
        MatMul(dtype: Scalar.dtype, transposesLeft: transposeA, transposesRight: transposeB), [a.value, b.value],
        name: name)
}

// MARK: - From files

extension MatMul: DecodableOperation {
    package static var operationNames: [String] { ["MatMul"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), transposesLeft: try node.bool("transpose_a", default: false),
            transposesRight: try node.bool("transpose_b", default: false))
    }
}

extension BatchMatMul: DecodableOperation {
    package static var operationNames: [String] { ["BatchMatMulV2", "BatchMatMul"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), transposesLeft: try node.bool("adj_x", default: false),
            transposesRight: try node.bool("adj_y", default: false))
    }
}
