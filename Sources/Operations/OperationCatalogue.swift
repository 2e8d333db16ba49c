// The one list of all operations. A new operation is appended to its family's list; a test fails for an operation
// without samples.

package import Graphs
import Tensors

/// Every operation, as float32 where it has a type.
package enum OperationCatalogue {
    /// One instance of each.
    package static let operations: [any Operation] = [
        elementwise, sources, passing, variables, updates, reductions, shapes, products, networks, indexing, random,
        imported,
        controlFlow, windows, resizing,
    ].flatMap { $0 }

    /// TensorFlow's names of all operations.
    package static let names: [String] = operations.map(\.name)

    private static let type = TensorType(.float32, .scalar)

    private static let elementwise: [any Operation] = ElementwiseFunction.allCases.map { function in
        Elementwise(function, function.row.accepted.contains(.float32) ? .float32 : .bool)
    }

    private static let sources: [any Operation] = [
        ConstantArray(array: NDArray<Float>(0).untyped), Placeholder(type: type), PlaceholderWithDefault(type: type),
        Filled(.zeros, .float32), Filled(.ones, .float32), Fill(dtype: .float32), RangeOperation(dtype: .float32),
        MatrixDiagonal(dtype: .float32), MatrixDiagonalPart(dtype: .float32),
    ]

    private static let passing: [any Operation] = [
        PassThrough(.identity, .float32), PassThrough(.stopGradient, .float32),
        PassThrough(.preventGradient(message: ""), .float32), PassThrough(.ensureShape(.scalar), .float32),
        NoOperation(), Cast(from: .float32, to: .int32), Select(dtype: .float32), AddN(dtype: .float32, count: 2),
        BroadcastGradientArguments(dtype: .int32),
    ]

    private static let variables: [any Operation] = [
        VariableHandle(type: type, sharedName: ""), ReadVariable(type: type), AssignVariable(.assign, type: type),
        AssignVariable(.add, type: type), AssignVariable(.subtract, type: type),
    ]

    private static let updates: [any Operation] = UpdateRule.allCases.flatMap { rule in
        [OptimizerUpdate(rule, type: type)]
            + (rule.hasSparseForm ? [OptimizerUpdate(rule, type: TensorType(.float32, [1]), indexType: .int32)] : [])
    }

    private static let reductions: [any Operation] =
        Reduction.Kind.allCases.map { kind in
            Reduction(kind, dtype: kind == .all || kind == .any ? .bool : .float32)
        } + [
            ArgReduction(findsSmallest: false, dtype: .float32), ArgReduction(findsSmallest: true, dtype: .float32),
            L2Loss(dtype: .float32), Cumulative(.sum, dtype: .float32), Cumulative(.product, dtype: .float32),
        ]

    private static let shapes: [any Operation] = [
        ShapeOf(.shape, dtype: .float32), ShapeOf(.size, dtype: .float32), ShapeOf(.rank, dtype: .float32),
        Reshape(dtype: .float32), ExpandDimensions(dtype: .float32), Squeeze(dtype: .float32),
        BroadcastTo(dtype: .float32), Tile(dtype: .float32), Transpose(dtype: .float32),
        InvertPermutation(dtype: .int32), Reverse(dtype: .float32), Slice(dtype: .float32), Pad(dtype: .float32),
        Pad(dtype: .float32, hasValue: true), StridedSlice(dtype: .float32), StridedSliceGradient(dtype: .float32),
        Concatenation(dtype: .float32, count: 2), ConcatOffset(count: 2), Pack(dtype: .float32, count: 2),
        Unpack(dtype: .float32, count: 2), Split(dtype: .float32, count: 2), SplitBySizes(dtype: .float32, count: 2),
    ]

    private static let products: [any Operation] = [MatMul(dtype: .float32), BatchMatMul(dtype: .float32)]

    private static let networks: [any Operation] = [
        Softmax(dtype: .float32), Softmax(dtype: .float32, isLogarithm: true), BiasAdd(dtype: .float32),
        BiasAddGradient(dtype: .float32), SoftmaxCrossEntropy(dtype: .float32),
        SparseSoftmaxCrossEntropy(dtype: .float32, labelType: .int32), LeakyRelu(dtype: .float32),
    ]

    private static let resizing: [any Operation] =
        [Resizing.Role.nearest, .bilinear, .nearestGradient, .bilinearGradient].map { Resizing($0, dtype: .float32) }

    private static let windows: [any Operation] = [2, 3].flatMap { rank -> [any Operation] in
        let window = ImageWindow(strides: Array(repeating: 1, count: rank), padding: .same)
        let sizes = Array(repeating: 2, count: rank)
        let roles: [Convolution.Role] = [.forward, .imageGradient, .kernelGradient]
        return roles.map { Convolution($0, dtype: .float32, window: window) }
            + (rank == 2 ? roles.map { Convolution($0, dtype: .float32, window: window, isDepthwise: true) } : [])
            + [.largest, .largestGradient, .largestGradientGradient, .mean, .meanGradient].map {
                Pooling($0, dtype: .float32, window: window, sizes: sizes)
            }
    }

    private static let indexing: [any Operation] = [
        Gather(dtype: .float32, indexType: .int32), UnsortedSegmentSum(dtype: .float32, indexType: .int32),
        OneHot(dtype: .float32, indexType: .int32),
        InTopK(indexType: .int32),
        TopK(dtype: .float32),
        FusedBatchNorm(dtype: .float32),
        FusedBatchNormGradient(dtype: .float32),
        Einsum(dtype: .float32, equation: "ij,jk->ik", count: 2),
        MirrorPad(dtype: .float32),
        MirrorPad(dtype: .float32, isFolding: true),
        Roll(dtype: .float32),
        GatherNd(dtype: .float32),
        ScatterNd(dtype: .float32), TensorScatterUpdate(dtype: .float32),
        BatchBlocks(.spaceToBatch, dtype: .float32), BatchBlocks(.batchToSpace, dtype: .float32),
        DepthBlocks(.spaceToDepth, dtype: .float32, blockSize: 2),
        DepthBlocks(.depthToSpace, dtype: .float32, blockSize: 2),
    ]

    private static let imported: [any Operation] = [
        SelectRows(dtype: .float32), LeakyReluGradient(dtype: .float32), ClipByValue(dtype: .float32),
        GatherRows(dtype: .float32, indexType: .int32), ShapesOf(dtype: .float32, count: 2),
        PassThroughAll(dtypes: [.float32, .int32]), DynamicStitch(dtype: .float32, count: 2),
        PaddedMatrixDiagonal(dtype: .float32), PaddedMatrixDiagonalPart(dtype: .float32),
    ]

    private static let random: [any Operation] = {
        let seeds = RandomSeeds(seed: 1, seed2: 2)
        return RandomNumbers.Kind.allCases.map { RandomNumbers($0, dtype: .float32, seeds: seeds) }
            + [RandomIntegers(dtype: .int32, seeds: seeds)]
            + RandomNumbers.Kind.allCases.map { StatelessRandomNumbers($0, dtype: .float32) }
            + [StatelessRandomIntegers(dtype: .int32)]
    }()

    private static let controlFlow: [any Operation] = {
        let graph = Graph()
        let argument = graph.addArgument(TensorType(.bool, .scalar))
        guard let body = try? FunctionBody(name: "f", graph: graph, arguments: [argument], results: [argument]) else {
            return []
        }
        return [Conditional.Kind.ifStateless, .ifStateful, .caseStateless, .caseStateful].map { kind in
            Conditional(kind, branches: [body, body], selectorType: kind.isIf ? .bool : .int32)
        }
            + [false, true].flatMap { isStateful -> [any Operation] in
                [
                    WhileLoop(condition: body, body: body, isStateful: isStateful),
                    FunctionCall(body, isStateful: isStateful),
                ]
            }
    }()

    // MARK: From files

    /// Every kind of operation that files can hold.
    private static let decodable: [any DecodableOperation.Type] = [
        Elementwise.self, ConstantArray.self, Placeholder.self, PlaceholderWithDefault.self, Filled.self, Fill.self,
        RangeOperation.self, MatrixDiagonal.self, MatrixDiagonalPart.self, PassThrough.self, NoOperation.self,
        Cast.self, Select.self, AddN.self, BroadcastGradientArguments.self, VariableHandle.self, ReadVariable.self,
        AssignVariable.self, OptimizerUpdate.self, Reduction.self, ArgReduction.self,
        L2Loss.self, Cumulative.self, ShapeOf.self, Reshape.self, ExpandDimensions.self, Squeeze.self,
        BroadcastTo.self, Tile.self, Transpose.self, InvertPermutation.self, Reverse.self, Slice.self, Pad.self,
        StridedSlice.self, StridedSliceGradient.self, Concatenation.self, ConcatOffset.self, Pack.self, Unpack.self,
        Split.self, SplitBySizes.self, MatMul.self, BatchMatMul.self, Softmax.self, BiasAdd.self,
        BiasAddGradient.self, SoftmaxCrossEntropy.self, SparseSoftmaxCrossEntropy.self, LeakyRelu.self, Gather.self,
        UnsortedSegmentSum.self, OneHot.self, SelectRows.self, LeakyReluGradient.self, ClipByValue.self,
        GatherRows.self, ShapesOf.self, PassThroughAll.self, DynamicStitch.self, PaddedMatrixDiagonal.self,
        PaddedMatrixDiagonalPart.self, Conditional.self, WhileLoop.self, FunctionCall.self, RandomNumbers.self,
        RandomIntegers.self, StatelessRandomNumbers.self, StatelessRandomIntegers.self,
        Convolution.self,
        Pooling.self,
        Resizing.self,
        InTopK.self,
        TopK.self,
        FusedBatchNorm.self,
        FusedBatchNormGradient.self,
        Einsum.self,
        MirrorPad.self,
        Roll.self,
        GatherNd.self,
        ScatterNd.self, TensorScatterUpdate.self,
        BatchBlocks.self,
        DepthBlocks.self,
    ]

    private static let decodableByName = Dictionary(
        decodable.flatMap { type in type.operationNames.map { ($0, type) } }, uniquingKeysWith: { first, _ in first })

    /// Whether there is an operation for TensorFlow's op of this name.
    package static func knows(_ name: String) -> Bool { decodableByName[name] != nil }

    /// The operation that a node of a file describes.
    package static func operation(_ node: NodeDescription) throws(DecodingMistake) -> any Operation {
        guard let type = decodableByName[node.operation] else {
            throw .unsupported("the op \(node.operation) is not known")
        }
        return try type.init(node)
    }
}
