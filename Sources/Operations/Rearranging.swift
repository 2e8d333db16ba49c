// Operations that put the elements in another order: transposition and reversal.

package import Graphs
package import Programs
package import Tensors

// MARK: - Transpose

/// The axes in the order that the second input holds: dimension `i` of the output is `permutation[i]` of the input.
///
/// - Gradient: `g` with the inverse permutation.
package struct Transpose: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "Transpose" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("Tperm", .type(indexType))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the permutation")
        let shape = inputs[0].shape
        guard let permutation = inputs.integers(1) else {
            let rank = shape.rank ?? inputs[1].shape[0]
            return [TensorType(dtype, rank.map(Shape.unknown(rank:)) ?? .unknown)]
        }
        try requirePermutation(permutation)
        guard let extents = shape.extents else { return [TensorType(dtype, .unknown(rank: permutation.count))] }
        if extents.count != permutation.count {
            throw Mistake(
                "permutation \(permutation) does not fit shape \(shape)",
                hint: "name each axis of \(Array(extents.indices)) once")
        }
        return [TensorType(dtype, Shape(extents: permutation.map { extents[$0] }))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let permutation = context.inputs[1]
        let inverse: Value
        if let constant = permutation.constant?.integers {
            inverse = integerConstant(invertedPermutation(constant), in: permutation.graph)
        } else {
            inverse = makeValue(InvertPermutation(dtype: permutation.dtype), [permutation])
        }
        return .inputs([makeTranspose(context.outputGradient, inverse), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        [try context.builder.transpose(context.operands[0], context.integers(1, "the permutation"))]
    }
}

private func requirePermutation(_ permutation: [Int]) throws(Mistake) {
    if permutation.sorted() != Array(permutation.indices) {
        throw Mistake(
            "\(permutation) is not a permutation", hint: "name each axis of \(Array(permutation.indices)) once")
    }
}

/// The permutation that undoes one.
private func invertedPermutation(_ permutation: [Int]) -> [Int] {
    permutation.indices.sorted { permutation[$0] < permutation[$1] }
}

/// The permutation that undoes the one in the input.
package struct InvertPermutation: Operation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "InvertPermutation" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        try inputs.requireIntegers(0, "the permutation")
        if let permutation = inputs.integers(0) { try requirePermutation(permutation) }
        return [TensorType(dtype, Shape(extents: [inputs[0].shape[0] ?? -1]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "a permutation is made of integers") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let permutation = try context.integers(0, "the permutation")
        try requirePermutation(permutation)
        return [context.builder.constant(UntypedArray(integers: invertedPermutation(permutation), dtype: dtype))]
    }
}

// MARK: - ReverseV2

/// The elements in reverse order along the axes that the second input holds.
///
/// - Gradient: `g`, reversed.
package struct Reverse: Operation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType = .int32) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "ReverseV2" }
    package var attributes: [Attribute] { [Attribute("Tidx", .type(indexType)), Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the axes")
        if let axes = inputs.integers(1), let rank = inputs[0].shape.rank {
            _ = try positions(ofAxes: axes, rank: rank)
        }
        return [inputs[0]]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeValue(self, [context.outputGradient, context.inputs[1]]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let axes = try positions(ofAxes: context.integers(1, "the axes"), rank: context.shape(0).count)
        return [try context.builder.add(.reverse(axes: axes), [context.operands[0]])]
    }
}

// MARK: - From files

extension Transpose: DecodableOperation {
    package static var operationNames: [String] { ["Transpose"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tperm", default: .int32))
    }
}

extension InvertPermutation: DecodableOperation {
    package static var operationNames: [String] { ["InvertPermutation"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T", default: .int32))
    }
}

extension Reverse: DecodableOperation {
    package static var operationNames: [String] { ["ReverseV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tidx", default: .int32))
    }
}
