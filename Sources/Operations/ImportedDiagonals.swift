// TensorFlow's newer forms of diagonals and their matrices, with more inputs, of which the common values are supported.

package import Graphs
package import Tensors

/// (diagonal, number of the diagonal, rows, columns, padding) → matrices with the diagonals.
///
/// - Errors: another diagonal than the main one, another size than the diagonal's, or another padding than 0 is a
///   mistake.
package struct PaddedMatrixDiagonal: CompositeOperation {
    let dtype: DType
    let alignment: String

    package init(dtype: DType, alignment: String = "RIGHT_LEFT") {
        self.dtype = dtype
        self.alignment = alignment
    }

    package var name: String { "MatrixDiagV3" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("align", .string(alignment))] }
    package var inputCount: Int { 5 }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: inputCount)
        try inputs.requireMainDiagonal(1)
        for index in [2, 3] where inputs.integers(index).map({ $0 != [-1] }) ?? false {
            throw Mistake("matrices of another size than their diagonals are not supported")
        }
        try inputs.requireZeroPadding(4)
        return try typesOfDecomposition(inputs, decomposed)
    }

    package func decomposed(_ inputs: [Value]) -> [Value] { [makeValue(MatrixDiagonal(dtype: dtype), [inputs[0]])] }
}

/// (matrices, number of the diagonal, padding) → their diagonals.
///
/// - Errors: another diagonal than the main one is a mistake.
package struct PaddedMatrixDiagonalPart: CompositeOperation {
    let dtype: DType
    let alignment: String

    package init(dtype: DType, alignment: String = "RIGHT_LEFT") {
        self.dtype = dtype
        self.alignment = alignment
    }

    package var name: String { "MatrixDiagPartV3" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("align", .string(alignment))] }
    package var inputCount: Int { 3 }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: inputCount)
        try inputs.requireMainDiagonal(1)
        return try typesOfDecomposition(inputs, decomposed)
    }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        [makeValue(MatrixDiagonalPart(dtype: dtype), [inputs[0]])]
    }
}

extension InputTypes {
    fileprivate func requireMainDiagonal(_ index: Int) throws(Mistake) {
        if let diagonals = integers(index), diagonals.contains(where: { $0 != 0 }) {
            throw Mistake("diagonal \(diagonals) is not supported, only the main one, 0")
        }
    }

    fileprivate func requireZeroPadding(_ index: Int) throws(Mistake) {
        if let padding = constant(index)?.doubles.first, padding != 0 {
            throw Mistake("padding \(padding) is not supported, only 0")
        }
    }
}

// MARK: - From files

extension PaddedMatrixDiagonal: DecodableOperation {
    package static var operationNames: [String] { ["MatrixDiagV3"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), alignment: try node.string("align", default: "RIGHT_LEFT"))
    }
}

extension PaddedMatrixDiagonalPart: DecodableOperation {
    package static var operationNames: [String] { ["MatrixDiagPartV3"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), alignment: try node.string("align", default: "RIGHT_LEFT"))
    }
}
