// Samples of convolutions and pooling.

import Graphs
import Operations
import Tensors

extension OpSample {
    private static let anything = Domain.uniform(-2...2)
    private static let unequal = Domain.distinct(-2...2)

    static let windows: [OpSample] =
        convolutions(Float.self) + convolutions(Double.self) + pools(Float.self) + pools(Double.self)
        + resizes(Float.self) + resizes(Double.self) + [
            OpSample(
                operation: "Conv2D", variant: "of integers",
                inputs: [
                    SampleInput(.int32, [1, 4, 4, 2], .integers(-9...9)),
                    SampleInput(.int32, [2, 2, 2, 3], .integers(-9...9)),
                ],
                gradient: .noInput
            ) { [conv2d(Tensor<Int32>($0[0]), Tensor<Int32>($0[1])).value] },
            OpSample(
                operation: "MaxPool", variant: "of integers",
                inputs: [SampleInput(.int32, [1, 4, 5, 2], .integers(-9...9))], gradient: .noInput
            ) { [maxPool2d(Tensor<Int32>($0[0]), size: (2, 2), padding: .same).value] },
        ]

    private static func convolutions<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        func plain(
            _ variant: String, _ shapes: [[[Int]]], strides: (Int, Int) = (1, 1), _ padding: Padding,
            dilations: (Int, Int) = (1, 1), _ format: DataFormat = .channelsLast
        ) -> [OpSample] {
            family("Conv2D", variant, of: type, shapes: shapes, domains: [anything]) {
                [
                    conv2d($0[0], $0[1], strides: strides, padding: padding, dilations: dilations, dataFormat: format)
                        .value
                ]
            }
        }
        func gradients(
            _ suffix: String, _ variant: String, _ window: ImageWindow, _ image: [Int], _ kernel: [Int],
            _ result: [Int],
            isDepthwise: Bool = false
        ) -> [OpSample] {
            let operation = (isDepthwise ? "DepthwiseConv2dNative" : window.spaceRank == 3 ? "Conv3D" : "Conv2D")
            let version = window.spaceRank == 3 ? "V2" : ""
            return family(
                operation + "BackpropInput" + version, variant, of: type, shapes: [[kernel, result]],
                domains: [anything]
            ) {
                let operation = Convolution(
                    .imageGradient, dtype: Scalar.dtype, window: window, isDepthwise: isDepthwise)
                return [makeValue(operation, [integerConstant(image), $0[0].value, $0[1].value])]
            }
                + family(
                    operation + "BackpropFilter" + version, variant, of: type, shapes: [[image, result]],
                    domains: [anything]
                ) {
                    let operation = Convolution(
                        .kernelGradient, dtype: Scalar.dtype, window: window, isDepthwise: isDepthwise)
                    return [makeValue(operation, [$0[0].value, integerConstant(kernel), $0[1].value])]
                }
        }
        func depthwise(
            _ variant: String, _ shapes: [[[Int]]], strides: (Int, Int) = (1, 1), _ padding: Padding,
            _ format: DataFormat = .channelsLast
        ) -> [OpSample] {
            family("DepthwiseConv2dNative", variant, of: type, shapes: shapes, domains: [anything]) {
                [depthwiseConv2d($0[0], $0[1], strides: strides, padding: padding, dataFormat: format).value]
            }
        }
        let rows = ShapeKnowledge.ranks(reason: "a sequence is an image of one row where its rank is known")
        let open = ShapeKnowledge.everything(reason: "the shape of the result follows from the kernel's")
        let same = ImageWindow(strides: [2, 1], padding: .same)
        return [
            plain("VALID", [[[2, 4, 5, 2], [2, 3, 2, 3]], [[0, 4, 4, 2], [2, 2, 2, 1]]], .valid),
            plain("SAME", [[[1, 5, 4, 2], [3, 2, 2, 2]]], strides: (2, 2), .same),
            plain("of single elements", [[[2, 3, 3, 4], [1, 1, 4, 2]]], .same),
            plain("EXPLICIT", [[[1, 4, 4, 1], [3, 3, 1, 2]]], strides: (2, 1), .explicit([(1, 2), (0, 1)])),
            plain("dilated", [[[1, 7, 6, 1], [3, 2, 1, 2]]], .same, dilations: (2, 3)),
            plain("in groups", [[[1, 4, 4, 4], [2, 2, 2, 6]]], .valid),
            plain("NCHW", [[[2, 3, 5, 4], [2, 2, 3, 2]]], strides: (1, 2), .same, .channelsFirst),
            gradients("", "SAME", same, [1, 5, 4, 2], [3, 2, 2, 3], [1, 3, 4, 3]),
            gradients(
                "", "NCHW", ImageWindow(strides: [1, 1], padding: .valid, format: .channelsFirst), [2, 2, 4, 4],
                [2, 3, 2, 3], [2, 3, 3, 2]),
            gradients(
                "", "in groups", ImageWindow(strides: [1, 1], padding: .valid), [2, 4, 4, 4], [2, 2, 2, 6],
                [2, 3, 3, 6]),
            gradients(
                "", "SAME", ImageWindow(strides: [2, 2], padding: .same), [1, 5, 4, 2], [3, 2, 2, 2], [1, 3, 2, 4],
                isDepthwise: true),
            gradients(
                "", "SAME", ImageWindow(strides: [1, 2, 1], padding: .same), [1, 2, 3, 3, 2], [2, 2, 1, 2, 2],
                [1, 2, 2, 3, 2]),
            depthwise("VALID", [[[2, 4, 5, 3], [2, 3, 3, 1]], [[1, 4, 4, 2], [2, 2, 2, 3]]], .valid),
            depthwise("SAME", [[[1, 5, 5, 2], [3, 3, 2, 2]]], strides: (2, 2), .same),
            depthwise("NCHW", [[[1, 2, 5, 5], [2, 2, 2, 2]]], .same, .channelsFirst),
            family(
                "Conv3D", of: type, shapes: [[[1, 3, 4, 3, 2], [2, 2, 2, 2, 2]]], domains: [anything]
            ) { [conv3d($0[0], $0[1], strides: (1, 2, 1), padding: .same).value] },
            family(
                "Conv2D", "of sequences", of: type, shapes: [[[2, 6, 2], [3, 2, 3]]], domains: [anything], needs: rows
            ) { [conv1d($0[0], $0[1], stride: 2, padding: .same).value] },
            family(
                "Conv2DBackpropInput", "conv2dTranspose", of: type, shapes: [[[2, 3, 2, 2], [3, 3, 4, 2]]],
                domains: [anything], needs: open
            ) { [conv2dTranspose($0[0], $0[1], strides: (2, 2), padding: .valid).value] },
            family(
                "Conv2DBackpropInput", "conv1dTranspose", of: type, shapes: [[[2, 3, 2], [3, 4, 2]]],
                domains: [anything], needs: open
            ) { [conv1dTranspose($0[0], $0[1], stride: 2).value] },
            family(
                "DepthwiseConv2dNative", "in separableConv2d", of: type,
                shapes: [[[1, 4, 4, 2], [2, 2, 2, 2], [1, 1, 4, 3]]], domains: [anything]
            ) { [separableConv2d($0[0], depthwise: $0[1], pointwise: $0[2], padding: .same).value] },
            family(
                "DepthwiseConv2dNative", "in separableConv1d", of: type,
                shapes: [[[1, 5, 2], [2, 2, 2], [1, 4, 3]]], domains: [anything], needs: rows
            ) { [separableConv1d($0[0], depthwise: $0[1], pointwise: $0[2]).value] },
        ].flatMap { $0 }
    }

    private static func resizes<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        // TensorFlow interpolates to float32, whatever the images are.
        let isFloat = Scalar.dtype == .float32
        let kinds: [(String, Bool, Bool)] = [("", false, false), ("aligned", true, false), ("half", false, true)]
        return kinds.flatMap { variant, aligns, isHalf -> [OpSample] in
            [([2, 3, 2, 2], [4, 5]), ([1, 5, 4, 1], [2, 3])].flatMap { images, size -> [OpSample] in
                let result = [images[0], size[0], size[1], images[3]]
                @Sendable func resizing(_ role: Resizing.Role) -> Resizing {
                    Resizing(role, dtype: Scalar.dtype, alignsCorners: aligns, hasHalfPixelCenters: isHalf)
                }
                let nearest =
                    unary("ResizeNearestNeighbor", variant, of: type, shapes: [images], in: anything) {
                        [makeValue(resizing(.nearest), [$0.value, integerConstant(size)])]
                    }
                    + unary("ResizeNearestNeighborGrad", variant, of: type, shapes: [result], in: anything) {
                        [makeValue(resizing(.nearestGradient), [$0.value, integerConstant(Array(images[1...2]))])]
                    }
                let bilinear =
                    unary("ResizeBilinear", variant, of: type, shapes: [images], in: anything) {
                        [makeValue(resizing(.bilinear), [$0.value, integerConstant(size)])]
                    }
                    + unary("ResizeBilinearGrad", variant, of: type, shapes: [result], in: anything) {
                        let like = makeConstant(
                            UntypedArray(
                                [Double](repeating: 0, count: images.reduce(1, *)), dtype: Scalar.dtype, shape: images),
                            in: $0.value.graph)
                        return [makeValue(resizing(.bilinearGradient), [$0.value, like])]
                    }
                return isFloat ? nearest + bilinear : nearest
            }
        }
    }

    private static func pools<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let rows = ShapeKnowledge.ranks(reason: "a sequence is an image of one row where its rank is known")
        func gradients(_ window: ImageWindow, _ sizes: [Int], _ image: [Int], _ result: [Int], _ variant: String)
            -> [OpSample]
        {
            let rank = window.spaceRank == 3 ? "3D" : ""
            @Sendable func pooling(_ role: Pooling.Role) -> Pooling {
                Pooling(role, dtype: Scalar.dtype, window: window, sizes: sizes)
            }
            return [
                family(
                    "MaxPool\(rank)Grad", variant, of: type, shapes: [[image, result]], domains: [unequal, anything]
                ) {
                    let largest = makeValue(pooling(.largest), [$0[0].value])
                    return [makeValue(pooling(.largestGradient), [$0[0].value, largest, $0[1].value])]
                },
                family(
                    "MaxPool\(rank)GradGrad", variant, of: type, shapes: [[image, image]],
                    domains: [unequal, anything]
                ) {
                    let largest = makeValue(pooling(.largest), [$0[0].value])
                    return [makeValue(pooling(.largestGradientGradient), [$0[0].value, largest, $0[1].value])]
                },
                family("AvgPool\(rank)Grad", variant, of: type, shapes: [[result]], domains: [anything]) {
                    [makeValue(pooling(.meanGradient), [integerConstant(image), $0[0].value])]
                },
            ].flatMap { $0 }
        }
        return [
            unary("MaxPool", "VALID", of: type, shapes: [[2, 4, 5, 2], [0, 4, 4, 1]], in: unequal) {
                [maxPool2d($0, size: (2, 2)).value]
            },
            unary("MaxPool", "SAME", of: type, shapes: [[1, 5, 4, 3]], in: unequal) {
                [maxPool2d($0, size: (3, 2), strides: (2, 1), padding: .same).value]
            },
            unary("MaxPool", "NCHW", of: type, shapes: [[1, 2, 4, 5]], in: unequal) {
                [maxPool2d($0, size: (2, 3), strides: (1, 2), padding: .same, dataFormat: .channelsFirst).value]
            },
            unary(
                "MaxPool", "EXPLICIT", of: type, shapes: [[1, 4, 4, 2]], in: unequal,
                gradient: .firstOrder(reason: "the gradient's gradient is not defined for explicit padding")
            ) {
                [maxPool2d($0, size: (2, 2), padding: .explicit([(1, 0), (0, 1)])).value]
            },
            unary("MaxPool", "of sequences", of: type, shapes: [[2, 5, 2]], in: unequal, needs: rows) {
                [maxPool1d($0, size: 3, stride: 2, padding: .same).value]
            },
            unary("AvgPool", "VALID", of: type, shapes: [[2, 4, 5, 2], [0, 4, 4, 1]], in: anything) {
                [averagePool2d($0, size: (2, 2)).value]
            },
            unary("AvgPool", "SAME", of: type, shapes: [[1, 5, 4, 3]], in: anything) {
                [averagePool2d($0, size: (3, 2), strides: (2, 1), padding: .same).value]
            },
            unary("AvgPool", "NCHW", of: type, shapes: [[1, 2, 5, 5]], in: anything) {
                [averagePool2d($0, size: (2, 2), padding: .same, dataFormat: .channelsFirst).value]
            },
            unary("AvgPool", "of sequences", of: type, shapes: [[2, 5, 2]], in: anything, needs: rows) {
                [averagePool1d($0, size: 2).value]
            },
            unary("MaxPool3D", of: type, shapes: [[1, 4, 3, 4, 2]], in: unequal) {
                [maxPool3d($0, size: (2, 2, 2), strides: (2, 1, 2), padding: .same).value]
            },
            unary("AvgPool3D", of: type, shapes: [[1, 4, 3, 4, 2]], in: anything) {
                [averagePool3d($0, size: (2, 2, 2), strides: (2, 1, 2), padding: .same).value]
            },
            gradients(ImageWindow(strides: [2, 1], padding: .same), [3, 2], [1, 5, 4, 2], [1, 3, 4, 2], "SAME"),
            gradients(ImageWindow(strides: [2, 2], padding: .valid), [2, 2], [1, 5, 4, 2], [1, 2, 2, 2], "VALID"),
            gradients(
                ImageWindow(strides: [1, 2], padding: .same, format: .channelsFirst), [2, 2], [2, 2, 3, 4],
                [2, 2, 3, 2], "NCHW"),
            gradients(
                ImageWindow(strides: [2, 1, 1], padding: .same), [2, 2, 1], [1, 3, 3, 2, 2], [1, 2, 3, 2, 2], "SAME"),
        ].flatMap { $0 }
    }
}
