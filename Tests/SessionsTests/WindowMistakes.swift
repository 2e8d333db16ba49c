import Graphs
import Operations
import Tensors

/// Mistakes in convolutions and pooling, with what the user is told.
let windowMistakes: [MistakesTests.GraphMistake] = [
    .init(
        "an image without a batch",
        """
        Conv2D "Conv2D": the image must have 4 dimensions, but has shape [28, 28, 1]
            hint: an image has shape [batch, space..., features]
        """
    ) { _ = conv2d(floats([28, 28, 1]), floats([3, 3, 1, 8])) },
    .init(
        "a kernel of the wrong rank",
        """
        Conv2D "Conv2D": the kernel must have 4 dimensions, but has shape [3, 3, 8]
            hint: a kernel has shape [space..., features, results]
        """
    ) { _ = conv2d(floats([1, 28, 28, 1]), floats([3, 3, 8])) },
    .init(
        "a kernel of other features",
        """
        Conv2D "Conv2D": an image of shape [?, 28, 28, 3] does not fit a kernel of shape [5, 5, 2, 32]
            hint: the kernel comes from variable "filters"; did you mean shape [5, 5, 3, 32]?
        """
    ) {
        _ = conv2d(
            placeholder(Float.self, [nil, 28, 28, 3]), Variable<Float>(.zeros, shape: [5, 5, 2, 32], name: "filters"))
    },
    .init(
        "results that groups cannot share",
        """
        Conv2D "Conv2D": 3 results cannot be cut into 2 groups: an image of shape [1, 8, 8, 4], a kernel of shape \
        [3, 3, 2, 3]
        """
    ) { _ = conv2d(floats([1, 8, 8, 4]), floats([3, 3, 2, 3])) },
    .init(
        "a kernel larger than the image",
        """
        Conv2D "Conv2D": a window that spans 5 elements does not fit 4
            hint: use padding: .same, or a smaller window
        """
    ) { _ = conv2d(floats([1, 4, 8, 1]), floats([5, 5, 1, 1])) },
    .init("a stride of nothing", "Conv2D \"Conv2D\": the strides must be positive, but are [0, 1]") {
        _ = conv2d(floats([1, 4, 4, 1]), floats([2, 2, 1, 1]), strides: (0, 1))
    },
    .init(
        "padding for too few dimensions",
        """
        Conv2D "Conv2D": explicit padding must have 2 pairs, one for each dimension in space, but has 1
        """
    ) { _ = conv2d(floats([1, 4, 4, 1]), floats([2, 2, 1, 1]), padding: .explicit([(1, 1)])) },
    .init(
        "padding beyond all numbers",
        """
        Conv2D "Conv2D": the padding 9223372036854775807, 1 is too large
        """
    ) { _ = conv2d(floats([1, 4, 4, 1]), floats([2, 2, 1, 1]), padding: .explicit([(.max, 1), (0, 0)])) },
    .init(
        "a depthwise kernel of other features",
        """
        DepthwiseConv2dNative "DepthwiseConv2dNative": an image of shape [1, 8, 8, 4] does not fit a kernel of shape \
        [3, 3, 2, 1]
            hint: the kernel's features, 2, must be the image's, 4
        """
    ) { _ = depthwiseConv2d(floats([1, 8, 8, 4]), floats([3, 3, 2, 1])) },
    .init(
        "a transposed convolution without a shape",
        """
        Conv2DBackpropInput "Conv2DBackpropInput": explicit padding leaves the shape of the result open
            hint: give an outputShape
        """
    ) { _ = conv2dTranspose(floats([1, 4, 4, 2]), floats([3, 3, 1, 2]), padding: .explicit([(1, 1), (1, 1)])) },
    .init(
        "a transposed convolution to another shape",
        """
        Conv2DBackpropInput "Conv2DBackpropInput": the shapes of the gradient and of the result differ: [1, 4, 4, 2] \
        and [1, 5, 5, 2]
        """
    ) {
        _ = conv2dTranspose(floats([1, 4, 4, 2]), floats([3, 3, 1, 2]), outputShape: [1, 9, 9, 1], strides: (2, 2))
    },
    .init(
        "a sequence of the wrong rank", "Conv2D \"conv1d\": the sequences must have 3 dimensions, but has shape [4, 4]"
    ) {
        _ = conv1d(floats([4, 4]), floats([2, 4, 1]))
    },
    .init(
        "pooling of a matrix",
        """
        MaxPool "MaxPool": the image must have 4 dimensions, but has shape [4, 4]
            hint: an image has shape [batch, space..., features]
        """
    ) { _ = maxPool2d(floats([4, 4]), size: (2, 2)) },
    .init(
        "a window without elements",
        """
        AvgPool "AvgPool": the window must have 2 positive sizes, one for each dimension in space, but is [2, 0]
        """
    ) { _ = averagePool2d(floats([1, 4, 4, 1]), size: (2, 0), strides: (1, 1)) },
    .init(
        "a mean with explicit padding",
        """
        AvgPool "AvgPool": explicit padding is defined for the largest of windows in two dimensions only
        """
    ) { _ = averagePool2d(floats([1, 4, 4, 1]), size: (2, 2), padding: .explicit([(1, 1), (1, 1)])) },
]

private func floats(_ shape: [Int]) -> Tensor<Float> { placeholder(Float.self, Shape(shape)) }
