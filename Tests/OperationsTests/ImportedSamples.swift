// Samples of the ops that only imported graphs hold.

import Graphs
import Operations
import Tensors

extension OpSample {
    static let imported: [OpSample] =
        imported(Float.self) + imported(Double.self) + selections + [
            OpSample(
                operation: "DynamicStitch", variant: "with repetitions",
                inputs: [SampleInput(.int32, [2], .integers(-9...9)), SampleInput(.int32, [3], .integers(-9...9))],
                gradient: .noInput
            ) {
                let indices = [integerConstant([0, 1]), integerConstant([1, 2, 1])]
                return [makeValue(DynamicStitch(dtype: .int32, count: 2), indices + $0)]
            },
            OpSample(
                operation: "IdentityN",
                inputs: [
                    SampleInput(.float64, [2], .uniform(-2...2)), SampleInput(.int32, [], .integers(-9...9)),
                ]
            ) { Graph.default.add(PassThroughAll(dtypes: $0.map(\.dtype)), $0) },
        ]

    private static let anything = Domain.uniform(-2...2)

    private static func imported<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let dtype = Scalar.dtype
        return [
            family("LeakyReluGrad", of: type, shapes: [[[2, 3], [2, 3]], [[0], [0]]], domains: [anything]) {
                [makeValue(LeakyReluGradient(dtype: dtype, alpha: 0.3), $0.map(\.value))]
            },
            unary("ClipByValue", of: type, shapes: [[2, 5], [0, 2]], in: anything) {
                let bounds = [scalarConstant(-0.5, dtype), scalarConstant(1, dtype)]
                return [makeValue(ClipByValue(dtype: dtype), [$0.value] + bounds)]
            },
            unary("Gather", of: type, shapes: [[4, 3], [4]], in: anything) {
                [makeValue(GatherRows(dtype: dtype, indexType: .int32), [$0.value, integerConstant([3, 0, 3])])]
            },
            family(
                "ShapeN", of: type, shapes: [[[2, 3], [4]], [[], [0, 2]]], domains: [anything],
                gradient: .none(reason: "ShapeN does not depend on the elements")
            ) { Graph.default.add(ShapesOf(dtype: dtype, count: 2), $0.map(\.value)) },
            family("DynamicStitch", of: type, shapes: [[[3, 2], [2, 2]]], domains: [anything]) {
                let operation = DynamicStitch(dtype: dtype, count: 2)
                return [
                    makeValue(operation, [integerConstant([4, 0, 1]), integerConstant([3, 2])] + $0.map(\.value))
                ]
            },
            unary("MatrixDiagV3", of: type, shapes: [[2, 3], [3]], in: anything) {
                let options = [0, -1, -1].map { integerConstant($0) } + [scalarConstant(0, dtype)]
                return [makeValue(PaddedMatrixDiagonal(dtype: dtype), [$0.value] + options)]
            },
            unary("MatrixDiagPartV3", of: type, shapes: [[2, 3, 3], [3, 3]], in: anything) {
                let options = [integerConstant(0), scalarConstant(0, dtype)]
                return [makeValue(PaddedMatrixDiagonalPart(dtype: dtype), [$0.value] + options)]
            },
        ].flatMap { $0 }
    }

    private static let selections: [OpSample] = [([2, 3], [2, 3]), ([2], [2, 3]), ([], [2, 3]), ([4], [4])].flatMap {
        (condition, values) in
        [DType.float32, .float64].map { dtype in
            OpSample(
                operation: "Select",
                inputs: [SampleInput(.bool, condition, .truth)]
                    + [SampleInput(dtype, values, anything), SampleInput(dtype, values, anything)],
                needs: .ranks(reason: "a vector of conditions chooses rows")
            ) { [makeValue(SelectRows(dtype: dtype), $0)] }
        }
    }
}
