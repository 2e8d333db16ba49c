// Samples of matrix products, of the operations of neural networks and their losses, and of indexing.

import Graphs
import Operations
import Tensors

extension OpSample {
    private static let anything = Domain.uniform(-2...2)

    static let products: [OpSample] =
        products(Float.self) + products(Double.self) + [
            OpSample(
                operation: "MatMul", variant: "of integers",
                inputs: [
                    SampleInput(.int32, [2, 3], .integers(-9...9)), SampleInput(.int32, [3, 2], .integers(-9...9)),
                ],
                gradient: .noInput
            ) { [matmul(Tensor<Int32>($0[0]), Tensor<Int32>($0[1])).value] }
        ]

    private static func products<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        func sample(
            _ operation: String, _ variant: String, _ shapes: [[[Int]]], _ transposeA: Bool, _ transposeB: Bool
        ) -> [OpSample] {
            family(
                operation, variant, of: type, shapes: shapes, domains: [anything],
                needs: operation == "MatMul"
                    ? .ranks(reason: "without ranks the product is a BatchMatMulV2") : .nothing
            ) { [matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB).value] }
        }
        let sums: [OpSample] = [
            ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,jk", [[2, 3], [3, 4]]),
            ("bqhd,bkhd->bhqk", [[2, 3, 2, 4], [2, 5, 2, 4]]),
            ("bhqk,bkhd->bqhd", [[2, 2, 3, 5], [2, 5, 2, 4]]), ("abc,dcb->ad", [[2, 3, 4], [5, 4, 3]]),
            ("abcd,cdef->abef", [[2, 3, 2, 2], [2, 2, 3, 2]]), ("i,j->ij", [[3], [4]]), ("i,i->", [[5], [5]]),
            ("ij,ij->i", [[2, 3], [2, 3]]), ("...ij,...jk->...ik", [[2, 1, 2, 3], [4, 3, 2]]),
            ("...i,i->...", [[2, 3, 4], [4]]), ("ij->ji", [[2, 3]]), ("ijk->j", [[2, 3, 4]]), ("ba", [[2, 3]]),
            ("ab,bc,cd->ad", [[2, 3], [3, 2], [2, 4]]), ("ab,cb,b->ac", [[2, 3], [4, 3], [3]]),
            ("i j, jk -> i k", [[0, 3], [3, 2]]), ("ij,kl->il", [[2, 3], [2, 2]]),
        ].flatMap { equation, shapes in
            family(
                "Einsum", equation, of: type, shapes: [shapes], domains: [anything],
                needs: .ranks(reason: "the gradient of Einsum needs known ranks")
            ) { [einsum(equation, $0).value] }
        }
        return [
            sample(
                "MatMul", "", [[[2, 3], [3, 4]], [[0, 3], [3, 4]], [[2, 0], [0, 4]], [[19, 33], [33, 17]]], false, false
            ),
            sample("MatMul", "transposed left", [[[3, 2], [3, 4]]], true, false),
            sample("MatMul", "transposed right", [[[2, 3], [4, 3]]], false, true),
            sample("MatMul", "transposed both", [[[3, 2], [4, 3]]], true, true),
            sample(
                "BatchMatMulV2", "",
                [
                    [[2, 2, 3], [2, 3, 4]], [[2, 3], [2, 3, 4]], [[3, 1, 2, 2], [2, 2, 2]], [[0, 2, 3], [3, 1]],
                ],
                false, false),
            sums,
            sample("BatchMatMulV2", "transposed left", [[[2, 3, 2], [1, 3, 4]]], true, false),
            sample("BatchMatMulV2", "transposed right", [[[2, 2, 3], [2, 4, 3]]], false, true),
            sample("BatchMatMulV2", "transposed both", [[[2, 3, 2], [2, 4, 3]]], true, true),
        ].flatMap { $0 }
    }

    // MARK: - Networks

    static let networks: [OpSample] = networks(Float.self) + networks(Double.self)

    private static func networks<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let sparse: [([Int], [Int])] = [
            ([4, 3], [4]), ([1, 3], [1]), ([0, 3], [0]), ([2, 2, 3], [2, 2]), ([3], []),
        ]
        return [
            unary("Softmax", of: type, shapes: [[2, 3], [5], [0, 3], [2, 2, 4]], in: anything) { [softmax($0).value] },
            unary(
                "Softmax", "of columns", of: type, shapes: [[2, 3]], in: anything,
                needs: .ranks(reason: "another axis than the last is brought to the end")
            ) { [softmax($0, axis: 0).value] },
            unary("LogSoftmax", of: type, shapes: [[2, 3], [5], [0, 3]], in: anything) { [logSoftmax($0).value] },
            family(
                "BiasAdd", of: type, shapes: [[[2, 3], [3]], [[2, 2, 3], [3]], [[0, 3], [3]]], domains: [anything]
            ) {
                [biasAdd($0[0], $0[1]).value]
            },
            unary("BiasAddGrad", of: type, shapes: [[2, 3], [2, 2, 3], [0, 3]], in: anything) {
                [makeValue(BiasAddGradient(dtype: Scalar.dtype), [$0.value])]
            },
            // The gradient of the logits supposes that labels add up to 1, which those of a softmax do.
            [[4, 3], [0, 3]].map { shape in
                OpSample(
                    operation: "SoftmaxCrossEntropyWithLogits",
                    inputs: [SampleInput(Scalar.dtype, shape, anything), SampleInput(Scalar.dtype, shape, anything)],
                    gradient: .smooth
                ) { [softmaxCrossEntropy(logits: Tensor<Scalar>($0[0]), labels: softmax(Tensor<Scalar>($0[1]))).value] }
            },
            family(
                "SoftmaxCrossEntropyWithLogits", "of higher rank", of: type, shapes: [[[2, 2, 3], [2, 2, 3]]],
                domains: [anything],
                needs: .ranks(reason: "leading dimensions are joined where they are known to be several")
            ) { [softmaxCrossEntropy(logits: $0[0], labels: softmax($0[1])).value] },
            sparse.map { logits, labels in
                OpSample(
                    operation: "SparseSoftmaxCrossEntropyWithLogits",
                    inputs: [
                        SampleInput(Scalar.dtype, logits, anything), SampleInput(.int32, labels, .integers(0...2)),
                    ],
                    needs: labels.count == 1
                        ? .nothing : .ranks(reason: "leading dimensions are joined where they are known to be several")
                ) {
                    [sparseSoftmaxCrossEntropy(logits: Tensor<Scalar>($0[0]), labels: Tensor<Int32>($0[1])).value]
                }
            },
            unary("LeakyRelu", of: type, shapes: [[2, 3], [], [0]], in: anything) {
                [leakyRelu($0, slope: 0.25).value]
            },
            unary("Erf", "in gelu", of: type, shapes: [[2, 3]], in: anything) { [gelu($0).value] },
            unary("Tanh", "in gelu", of: type, shapes: [[2, 3]], in: anything) { [gelu($0, approximate: true).value] },
            unary("Sigmoid", "in swish", of: type, shapes: [[2, 3]], in: anything) { [swish($0).value] },
            activationFormulas(type),
            normalizations(type),
            moves(type),
            family("Log1p", "in sigmoidCrossEntropy", of: type, shapes: [[[2, 3], [2, 3]]], domains: [anything]) {
                [sigmoidCrossEntropy(logits: $0[0], labels: $0[1]).value]
            },
        ].flatMap { $0 }
    }

    private static func moves<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let needsRank = ShapeKnowledge.ranks(reason: "the axis needs a known rank")
        let folding = MirrorMode.allCases.flatMap { mode in
            unary("MirrorPadGrad", "\(mode)", of: type, shapes: [[7, 5]], in: anything) { x -> [Value] in
                let paddings = makeConstant(
                    UntypedArray(integers: [2, 1, 0, 1], dtype: .int32).reshaped([2, 2]), in: x.graph)
                let operation = MirrorPad(dtype: Scalar.dtype, mode: mode, isFolding: true)
                return [makeValue(operation, [x.value, paddings])]
            }
        }
        return folding
            + MirrorMode.allCases.flatMap { mode in
                unary("MirrorPad", "\(mode)", of: type, shapes: [[4, 3]], in: anything) {
                    [$0.padded([(3, 1), (0, 2)], mirroring: mode).value]
                }
            }
            + [
                unary("Roll", of: type, shapes: [[5], [4, 3], [0, 2]], in: anything) {
                    [$0.rolled(by: 2, axis: 0).value]
                },
                unary("Roll", "of two axes", of: type, shapes: [[4, 3]], in: anything) {
                    [$0.rolled(by: [-1, 4], axes: [0, -1]).value]
                },
                unary(
                    "Tile", "in repeatingElements", of: type, shapes: [[4, 3], [2, 2, 2]], in: anything,
                    needs: needsRank
                ) { [$0.repeatingElements(3, axis: 1).value] },
                family("AddV2", "in meshgrid", of: type, shapes: [[[3], [2]]], domains: [anything]) {
                    meshgrid($0).map(\.value)
                },
                family("AddV2", "in meshgrid of three", of: type, shapes: [[[3], [2], [4]]], domains: [anything]) {
                    meshgrid($0, isMatrixIndexed: true).map(\.value)
                },
            ].flatMap { $0 }
    }

    private static func normalizations<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let vectors = [Domain.uniform(0.5...2), anything, anything, .uniform(0.5...2)]
        let training = [false, true].flatMap { isChannelFirst in
            let shape = isChannelFirst ? [2, 3, 2, 2] : [2, 2, 2, 3]
            // TensorFlow's kernels for one processor take channels last only.
            let domain = [anything] + vectors
            return family(
                "FusedBatchNormV3", isChannelFirst ? "with channels first" : "", of: type,
                shapes: [[shape, [3], [3]]], domains: domain, tolerance: Scalar.self == Float.self ? 2e-5 : nil
            ) {
                [fusedBatchNorm($0[0], scale: $0[1], offset: $0[2], isChannelFirst: isChannelFirst).y.value]
            }
                + family(
                    "FusedBatchNormV3", isChannelFirst ? "of inference with channels first" : "of inference", of: type,
                    shapes: [[shape, [3], [3], [3], [3]]], domains: domain
                ) {
                    [
                        fusedBatchNorm(
                            $0[0], scale: $0[1], offset: $0[2], mean: $0[3], variance: $0[4], isTraining: false,
                            isChannelFirst: isChannelFirst
                        ).y.value
                    ]
                }
                + family(
                    "FusedBatchNormGradV3", isChannelFirst ? "with channels first" : "", of: type,
                    shapes: [[shape, shape, [3]]], domains: domain,
                    gradient: .firstOrder(reason: "it is that of a gradient"),
                    tolerance: Scalar.self == Float.self ? 1e-4 : nil
                ) { inputs in
                    let (x, scale) = (inputs[1], inputs[2])
                    let (mean, variance) = moments(x, axes: isChannelFirst ? [0, 2, 3] : [0, 1, 2])
                    let operation = FusedBatchNormGradient(
                        dtype: Scalar.dtype, epsilon: 0.01, isChannelFirst: isChannelFirst)
                    let all = [inputs[0], x, scale, mean, variance, zeros([0], as: Scalar.self, in: x.graph)]
                    return Array(withGraph(x.graph) { x.graph.add(operation, all.map(\.value)) }.prefix(3))
                }
        }
        let averages = family(
            "FusedBatchNormV3", "averages", of: type, shapes: [[[2, 2, 2, 3], [3], [3], [3], [3]]],
            domains: [anything] + vectors, gradient: .none(reason: "gradients of the statistics")
        ) {
            let (_, mean, variance) = fusedBatchNorm(
                $0[0], scale: $0[1], offset: $0[2], mean: $0[3], variance: $0[4], averageFactor: 0.25)
            return [mean.value, variance.value]
        }
        let formulas = [
            unary("Mean", "in moments", of: type, shapes: [[4, 3]], in: anything) {
                let (mean, variance) = moments($0, axes: [0])
                return [mean.value, variance.value]
            },
            family(
                "Mul", "in batchNormalization", of: type, shapes: [[[4, 3], [3], [3], [3], [3]]],
                domains: [anything, anything, .uniform(0.5...2)]
            ) {
                [batchNormalization($0[0], mean: $0[1], variance: $0[2], offset: $0[3], scale: $0[4]).value]
            },
            family("Rsqrt", "in layerNormalization", of: type, shapes: [[[4, 3], [3], [3]]], domains: [anything]) {
                [layerNormalization($0[0], scale: $0[1], offset: $0[2]).value]
            },
            unary(
                "Pow", "in localResponseNormalization", of: type, shapes: [[1, 2, 2, 5]], in: anything,
                needs: .everything(reason: "the number of channels must be known")
            ) { [localResponseNormalization($0, depthRadius: 1, bias: 2, alpha: 0.5, beta: 0.75).value] },
        ].flatMap { $0 }
        return training + averages + formulas
    }

    /// Activations without an op of their own, each under the op that it makes last.
    private static func activationFormulas<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        func sample(
            _ operation: String, _ variant: String, _ shape: [Int] = [2, 3], in domain: Domain = .uniform(-4...4),
            _ build: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
        ) -> [OpSample] {
            unary(operation, variant, of: type, shapes: [shape], in: domain) { [build($0).value] }
        }
        return [
            sample("Sub", "in relu with a slope") { relu($0, negativeSlope: 0.25, maximum: 2) },
            sample("Sub", "in relu with a threshold") { relu($0, negativeSlope: 0.25, threshold: 1) },
            sample("Minimum", "in relu with a bound") { relu($0, negativeSlope: 0, maximum: 2) },
            sample("Mul", "in mish") { mish($0) },
            sample("RealDiv", "in hardSigmoid") { hardSigmoid($0) },
            sample("Mul", "in hardSilu") { hardSilu($0) },
            sample("Maximum", "in hardTanh") { hardTanh($0) },
            sample("Neg", "in logSigmoid") { logSigmoid($0) },
            sample("AddV2", "in celu") { celu($0, alpha: 0.5) },
            sample("Sub", "in tanhShrink") { tanhShrink($0) },
            sample("SelectV2", "in hardShrink") { hardShrink($0) },
            sample("SelectV2", "in softShrink") { softShrink($0) },
            sample("RealDiv", "in squareplus") { squareplus($0) },
            sample("Mul", "in glu", [2, 4]) { glu($0) },
            sample("Mul", "in l2Normalize", in: .uniform(0.5...2)) { l2Normalize($0, axes: [1]) },
        ].flatMap { $0 }
    }

    // MARK: - Indexing

    static let indexing: [OpSample] =
        indexing(Float.self) + indexing(Double.self) + [
            OpSample(
                operation: "InTopKV2",
                inputs: [
                    SampleInput(.float32, [5, 4], .values([1, 3, 2, 3, .nan, 1, 0, 2])),
                    SampleInput(.int32, [5], .values([3, 1, 2, -1, 9])),
                ], gradient: .none(reason: "truth values")
            ) { [inTopK(Tensor<Float>($0[0]), Tensor<Int32>($0[1]), k: 2).value] },
            OpSample(
                operation: "Sub", variant: "in sort of int32",
                inputs: [SampleInput(.int32, [6], .values([3, -2_147_483_648, 3, 0, 7, -1]))],
                gradient: .noInput, needs: .everything(reason: "sorting needs the size of its axis")
            ) { [sort(Tensor<Int32>($0[0])).value] },
            OpSample(
                operation: "TopKV2", variant: "in argsort",
                inputs: [SampleInput(.uint8, [2, 5], .values([3, 200, 3, 0, 7]))],
                gradient: .noInput, needs: .everything(reason: "sorting needs the size of its axis")
            ) { [argsort(Tensor<UInt8>($0[0])).value] },
            OpSample(
                operation: "InTopKV2", variant: "of int64",
                inputs: [
                    SampleInput(.float32, [4, 6], .distinct(-2...2)), SampleInput(.int64, [4], .integers(0...5)),
                ], gradient: .none(reason: "truth values")
            ) { [inTopK(Tensor<Float>($0[0]), Tensor<Int64>($0[1]), k: 3).value] },
            OpSample(
                operation: "OneHot", variant: "of integers",
                inputs: [SampleInput(.int64, [2, 2], .values([0, 3, -1, 9]))],
                gradient: .noInput
            ) { [oneHot(Tensor<Int64>($0[0]), depth: 4, on: 5 as Int32, off: -1, axis: 0).value] },
        ]

    private static func indexing<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        func gathering(_ variant: String, _ params: [Int], _ indices: [Int], axis: Int, _ needs: ShapeKnowledge)
            -> OpSample
        {
            OpSample(
                operation: "GatherV2", variant: variant,
                inputs: [SampleInput(Scalar.dtype, params, anything), SampleInput(.int32, indices, .integers(0...2))],
                needs: needs
            ) { [gather(Tensor<Scalar>($0[0]), Tensor<Int32>($0[1]), axis: axis).value] }
        }
        func segments(_ variant: String, _ data: [Int], _ ids: [Int]) -> OpSample {
            OpSample(
                operation: "UnsortedSegmentSum", variant: variant,
                inputs: [SampleInput(Scalar.dtype, data, anything), SampleInput(.int64, ids, .integers(-1...2))],
                needs: .ranks(reason: "the gradient of UnsortedSegmentSum needs known ranks")
            ) { [unsortedSegmentSum(Tensor<Scalar>($0[0]), Tensor<Int64>($0[1]), count: 3).value] }
        }
        let needsSizes = ShapeKnowledge.everything(reason: "sorting needs the size of its axis")
        let needsRanks = ShapeKnowledge.ranks(reason: "the gradient along another axis than 0 needs known ranks")
        let sorting = [
            unary("TopKV2", of: type, shapes: [[2, 5], [6], [2, 2, 3], [0, 3]], in: .distinct(-2...2)) {
                let (values, indices) = topK($0, k: 3)
                return [values.value, indices.value]
            },
            unary("TopKV2", "of few", of: type, shapes: [[2, 40]], in: .distinct(-2...2)) {
                let (values, indices) = topK($0, k: 2)
                return [values.value, indices.value]
            },
            unary("Neg", "in sort", of: type, shapes: [[2, 5]], in: .distinct(-2...2), needs: needsSizes) {
                [sort($0).value]
            },
            unary("Transpose", "in sort", of: type, shapes: [[5, 2]], in: .distinct(-2...2), needs: needsSizes) {
                [sort($0, axis: 0, descending: true).value]
            },
        ].flatMap { $0 }
        let coordinates: [([Int], [Int], [Double])] = [
            ([4, 3], [5, 2], [0, 1, 3, 2, 0, 1, 2, 0, 1, 1]), ([4, 3], [2, 1], [3, 0]),
            ([3], [2, 2, 1], [2, 0, 2, 1]),
            ([2, 3, 2], [3, 2], [1, 2, 0, 0, 1, 2]), ([4, 3], [0, 2], []),
        ]
        let indexed = coordinates.flatMap { params, form, numbers -> [OpSample] in
            let updates = form.dropLast() + params.dropFirst(form[form.count - 1])
            return [
                OpSample(
                    operation: "GatherNd",
                    inputs: [
                        SampleInput(Scalar.dtype, params, anything), SampleInput(.int32, form, .values(numbers)),
                    ]
                ) { [gatherND(Tensor<Scalar>($0[0]), Tensor<Int32>($0[1])).value] },
                OpSample(
                    operation: "ScatterNd",
                    inputs: [
                        SampleInput(.int64, form, .values(numbers)),
                        SampleInput(Scalar.dtype, Array(updates), anything),
                    ]
                ) { [scatterND(Tensor<Int64>($0[0]), Tensor<Scalar>($0[1]), shape: params).value] },
            ]
        }
        return sorting + indexed + [
            gathering("of rows", [3, 2], [4], axis: 0, .nothing),
            gathering("of one row", [3, 2], [], axis: 0, .nothing),
            gathering("of no rows", [3, 2], [0, 2], axis: 0, .nothing),
            gathering("of columns", [2, 3], [2, 2], axis: -1, needsRanks),
            gathering("of the middle", [2, 3, 2], [4], axis: 1, needsRanks),
            OpSample(
                operation: "RealDiv", variant: "in embeddingLookup",
                inputs: [
                    SampleInput(Scalar.dtype, [4, 3], anything),
                    SampleInput(.int32, [2, 2], .values([3, 0, 3, 2])),
                ], needs: .ranks(reason: "the norm is along the axes of the table")
            ) { [embeddingLookup(Tensor<Scalar>($0[0]), Tensor<Int32>($0[1]), maximumNorm: 1.5).value] },
            segments("of rows", [5, 2], [5]), segments("of elements", [2, 3], [2, 3]),
            segments("of nothing", [0, 2], [0]),
            OpSample(
                operation: "OneHot", variant: "\(Scalar.dtype)",
                inputs: [SampleInput(.int32, [2, 3], .integers(-1...4))],
                gradient: .noInput
            ) { [(oneHot(Tensor<Int32>($0[0]), depth: 4) as Tensor<Scalar>).value] },
        ]
    }
}
