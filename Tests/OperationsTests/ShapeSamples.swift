// Samples of operations that give elements another shape or order, take parts of them, or join them.

import Graphs
import Operations
import Tensors

extension OpSample {
    static let shapes: [OpSample] =
        reshaping(Float.self) + reshaping(Double.self) + measuring + [
            OpSample(operation: "InvertPermutation", inputs: [], gradient: .noInput) { _ in
                [makeValue(InvertPermutation(dtype: .int32), [integerConstant([2, 0, 3, 1])])]
            }
        ]

    private static let anything = Domain.uniform(-3...3)

    private static let measuring: [OpSample] = {
        func sample(
            _ operation: String, _ measure: @escaping @Sendable (Tensor<Double>) -> Tensor<Int32>
        ) -> [OpSample] {
            unary(
                operation, of: Double.self, shapes: [[2, 3], [], [0, 3]], in: anything,
                gradient: .none(reason: "\(operation) does not depend on the elements")
            ) { [measure($0).value] }
        }
        return sample("Shape") { shape(of: $0) } + sample("Size") { size(of: $0) } + sample("Rank") { rank(of: $0) }
    }()

    private static func reshaping<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let needsRank = ShapeKnowledge.ranks(reason: "the axes of a gradient follow from the rank")
        return [
            unary("Reshape", of: type, shapes: [[2, 6], [12], [4, 0]], in: anything) { [$0.reshaped([-1, 4]).value] },
            unary("Reshape", "to the shape of another", of: type, shapes: [[2, 3], []], in: anything) {
                [($0.reshaped([-1]) * 2).reshaped(shape(of: $0)).value]
            },
            unary("ExpandDims", of: type, shapes: [[2, 3], []], in: anything) {
                [$0.expandingDimension(at: 0).value, $0.expandingDimension(at: -1).value]
            },
            unary("Squeeze", of: type, shapes: [[1, 3, 1], [1]], in: anything) { [$0.squeezed().value] },
            unary("Squeeze", "of one axis", of: type, shapes: [[1, 3, 1]], in: anything) {
                [$0.squeezed(axes: [-1]).value]
            },
            unary("BroadcastTo", of: type, shapes: [[3], [2, 1, 1], []], in: anything) {
                [$0.broadcast(to: [2, 4, 3]).value]
            },
            unary("BroadcastTo", "of nothing", of: type, shapes: [[1, 3]], in: anything) {
                [$0.broadcast(to: [0, 3]).value]
            },
            unary("Tile", of: type, shapes: [[2, 3], [0, 3]], in: anything, needs: needsRank) {
                [$0.tiled([3, 2]).value]
            },
            unary("Tile", "of a vector", of: type, shapes: [[4]], in: anything, needs: needsRank) {
                [$0.tiled([2]).value]
            },
            unary("Transpose", of: type, shapes: [[2, 3], [0, 3], []], in: anything) { [$0.transposed().value] },
            unary("Transpose", "of three axes", of: type, shapes: [[2, 3, 4]], in: anything) {
                [$0.transposed(permutation: [2, 0, 1]).value, $0.transposed(permutation: [0, 2, 1]).value]
            },
            unary("ReverseV2", of: type, shapes: [[2, 3], [0, 3]], in: anything) {
                [$0.reversed(axes: [0]).value, $0.reversed(axes: [0, -1]).value]
            },
            unary("Slice", of: type, shapes: [[3, 4]], in: anything) {
                [$0.sliced(begin: [1, 0], size: [2, -1]).value, $0.sliced(begin: [0, 4], size: [3, 0]).value]
            },
            unary("Pad", of: type, shapes: [[2, 3], [0, 3]], in: anything) { [$0.padded([(1, 0), (0, 2)]).value] },
            unary("PadV2", of: type, shapes: [[2, 3]], in: anything) { [$0.padded([(1, 2), (0, 0)], with: 7).value] },
            unary("StridedSlice", of: type, shapes: [[3, 4], [5, 2]], in: anything) { [$0[1].value, $0[-2].value] },
            unary("StridedSlice", "of ranges", of: type, shapes: [[4, 5]], in: anything) {
                [
                    $0[1..<3, 2...].value, $0[.ellipsis, -1].value, $0[.stride(by: -2), .newAxis].value,
                    $0[.all, .stride(from: 4, to: 0, by: -3)].value, $0[2..<2].value, $0[-3...(-2), 1...3].value,
                ]
            },
            unary("StridedSliceGrad", of: type, shapes: [[2, 2]], in: anything) { x in
                let bounds = [[4, 5], [0, 1], [4, 5], [2, 3]].map { integerConstant($0, in: x.graph) }
                return [makeValue(StridedSliceGradient(dtype: Scalar.dtype), bounds + [x.value])]
            },
            blocks(type),
        ].flatMap { $0 }
    }

    private static func blocks<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        [
            unary("SpaceToBatchND", of: type, shapes: [[2, 3, 4, 2], [1, 1, 1], [0, 3, 4]], in: anything) {
                [spaceToBatchND($0, blockShape: [2, 3], paddings: [(1, 0), (0, 2)]).value]
            },
            unary("SpaceToBatchND", "of one axis", of: type, shapes: [[2, 4, 3], [1, 2]], in: anything) {
                [spaceToBatchND($0, blockShape: [2], paddings: [(0, 0)]).value]
            },
            unary("BatchToSpaceND", of: type, shapes: [[12, 2, 3, 2], [6, 1, 2], [0, 2, 1]], in: anything) {
                [batchToSpaceND($0, blockShape: [2, 3], crops: [(1, 0), (0, 2)]).value]
            },
            unary("BatchToSpaceND", "of one axis", of: type, shapes: [[4, 2, 3], [2, 2]], in: anything) {
                [batchToSpaceND($0, blockShape: [2], crops: [(0, 0)]).value]
            },
            unary("SpaceToDepth", of: type, shapes: [[2, 4, 6, 3]], in: anything) {
                [spaceToDepth($0, blockSize: 2).value]
            },
            unary("SpaceToDepth", "NCHW", of: type, shapes: [[2, 3, 6, 3]], in: anything) {
                [spaceToDepth($0, blockSize: 3, dataFormat: .channelsFirst).value]
            },
            unary("DepthToSpace", of: type, shapes: [[2, 2, 1, 12]], in: anything) {
                [depthToSpace($0, blockSize: 2).value]
            },
            unary("DepthToSpace", "NCHW", of: type, shapes: [[2, 18, 1, 2]], in: anything) {
                [depthToSpace($0, blockSize: 3, dataFormat: .channelsFirst).value]
            },
        ].flatMap { $0 }
    }

    static let joining: [OpSample] =
        joining(Float.self) + joining(Double.self) + [
            OpSample(operation: "ConcatOffset", inputs: [], gradient: .noInput) { _ in
                let shapes = [[2, 3], [2, 5], [2, 0]].map { integerConstant($0) }
                return Graph.default.add(ConcatOffset(count: 3), [integerConstant(1)] + shapes)
            },
            OpSample(
                operation: "ConcatV2", variant: "of integers",
                inputs: [SampleInput(.int64, [2], .integers(0...9)), SampleInput(.int64, [3], .integers(0...9))],
                gradient: .noInput
            ) { [concatenate($0.map { Tensor<Int64>($0) }, axis: 0).value] },
        ]

    private static func joining<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        [
            family(
                "ConcatV2", of: type, shapes: [[[2, 3], [2, 1]], [[2, 2], [2, 0], [2, 3]]],
                domains: [anything]
            ) {
                [concatenate($0, axis: 1).value]
            },
            family(
                "ConcatV2", "by rows", of: type, shapes: [[[2, 3], [1, 3], [4, 3]], [[0, 3], [2, 3]]],
                domains: [anything]
            ) {
                [concatenate($0, axis: -2).value]
            },
            family("Pack", of: type, shapes: [[[2, 3], [2, 3]], [[], [], []], [[0], [0]]], domains: [anything]) {
                [stack($0).value, stack($0, axis: -1).value]
            },
            unary("Unpack", of: type, shapes: [[2, 3], [2, 0], [2]], in: anything) {
                $0.unstacked(count: 2).map(\.value)
            },
            unary("Unpack", "of columns", of: type, shapes: [[2, 3]], in: anything) {
                $0.unstacked(axis: -1, count: 3).map(\.value)
            },
            unary("Split", of: type, shapes: [[2, 6], [0, 3]], in: anything) {
                $0.split(into: 3, axis: 1).map(\.value)
            },
            unary("SplitV", of: type, shapes: [[5, 2], [3, 2]], in: anything) {
                $0.split(sizes: [1, -1, 0, 2]).map(\.value)
            },
        ].flatMap { $0 }
    }
}
