// Matrices from their diagonals, and back.

package import Graphs
package import Programs
package import Tensors

/// Square matrices with the given diagonals and zeros elsewhere.
///
/// - Shapes: `[..., n]` → `[..., n, n]`.
/// - Gradient: the diagonal of the output's.
package struct MatrixDiagonal: Operation {
    package let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "MatrixDiag" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if inputs[0].dtype != dtype { throw .dtypesDiffer(inputs[0].dtype, dtype) }
        guard let extents = inputs[0].shape.extents else { return [TensorType(dtype, .unknown)] }
        guard let size = extents.last else { throw Mistake("takes a diagonal, but has a single value") }
        return [TensorType(dtype, Shape(extents: extents + [size]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeValue(MatrixDiagonalPart(dtype: dtype), [context.outputGradient])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = try context.outputShape()
        let rows = try builder.broadcast(
            context.operands[0], to: shape, axes: Array(0..<(shape.count - 2)) + [shape.count - 1])
        let zeros = try builder.filled(0, ArrayType(dtype, shape))
        return [try builder.select(isOnDiagonal(shape, builder), rows, zeros)]
    }
}

/// The diagonals of square matrices.
///
/// - Shapes: `[..., n, n]` → `[..., n]`.
/// - Gradient: the matrix that has the output's on its diagonal.
package struct MatrixDiagonalPart: Operation {
    package let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "MatrixDiagPart" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if inputs[0].dtype != dtype { throw .dtypesDiffer(inputs[0].dtype, dtype) }
        if !dtype.isNumeric { throw .unsupported(dtype, accepted: "numbers") }
        guard let extents = inputs[0].shape.extents else { return [TensorType(dtype, .unknown)] }
        guard extents.count >= 2 else {
            throw Mistake("takes square matrices, but has an input of shape \(inputs[0].shape)")
        }
        let (rows, columns) = (extents[extents.count - 2], extents[extents.count - 1])
        if rows >= 0, columns >= 0, rows != columns {
            throw Mistake("takes square matrices, but has an input of shape \(inputs[0].shape)")
        }
        return [TensorType(dtype, Shape(extents: extents.dropLast(2) + [max(rows, columns)]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs([makeValue(MatrixDiagonal(dtype: dtype), [context.outputGradient])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = context.shape(0)
        let zeros = try builder.filled(0, ArrayType(dtype, shape))
        let kept = try builder.select(isOnDiagonal(shape, builder), context.operands[0], zeros)
        return [try builder.reduce(.sum, kept, axes: [shape.count - 1])]
    }
}

/// Where the last two coordinates are equal.
private func isOnDiagonal(_ shape: [Int], _ builder: ProgramBuilder) throws -> ValueID {
    let matrix = ArrayType(.int32, Array(shape.suffix(2)))
    let mask = try builder.compare(.equal, builder.iota(matrix, axis: 0), builder.iota(matrix, axis: 1))
    return try builder.broadcast(mask, to: shape)
}

// MARK: - From files

extension MatrixDiagonal: DecodableOperation {
    package static var operationNames: [String] { ["MatrixDiag"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"))
    }
}

extension MatrixDiagonalPart: DecodableOperation {
    package static var operationNames: [String] { ["MatrixDiagPart"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"))
    }
}
