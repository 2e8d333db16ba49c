// How a convolution becomes a product of matrices: the left one has a row for each position of the window and a column
// for each element of a patch, and is never made; the kernels pack it tile by tile from the image.
//
// Where an element lies is a sum over the row's digits (image, position) and the column's (place in the window,
// feature). Digits are sorted by their strides, so that what is adjacent in memory is packed in runs, whatever
// dimensions an operand was transposed by: forward passes, gradients of kernels (which are convolutions of the
// transposed image) and images with the features first all take this path.

import Programs

/// A convolution without padding as a product.
struct ConvolutionPlan {
    /// A dimension through which rows or columns of the left operand count, the last the fastest.
    struct Digit: Equatable {
        var extent: Int
        var stride: Int
    }

    var rows: [Digit]
    var columns: [Digit]
    let rowCount: Int
    let columnCount: Int
    /// Features of the result in each group.
    let resultCount: Int
    let groups: Int
    /// From one group to the next in the input; in kernel and result it is the group's features.
    let groupStride: Int
    /// Of the kernel as a matrix.
    let kernelRow: Int
    let kernelColumn: Int
    /// Whether element-wise values may follow tile by tile.
    let takesEpilogue: Bool
    /// Whether each channel has a kernel of its own, with so many results.
    let multiplier: Int?
}

extension KernelPlanner {
    /// Dimensions of more than one element, the one of the largest stride first; neighbours that lie like one are merged.
    private func sorted(_ dimensions: [(axis: Int, digit: ConvolutionPlan.Digit)]) -> [(
        axis: Int, digit: ConvolutionPlan.Digit
    )] {
        dimensions.filter { $0.digit.extent != 1 }.enumerated().sorted {
            let (left, right) = (abs($0.element.digit.stride), abs($1.element.digit.stride))
            return left != right ? left > right : $0.offset < $1.offset
        }.map(\.element)
    }

    private func merged(_ digits: [ConvolutionPlan.Digit]) -> [ConvolutionPlan.Digit] {
        var result: [ConvolutionPlan.Digit] = []
        for digit in digits {
            if let last = result.last, last.stride == digit.stride * digit.extent {
                result[result.count - 1] = ConvolutionPlan.Digit(
                    extent: last.extent * digit.extent, stride: digit.stride)
            } else {
                result.append(digit)
            }
        }
        return result.isEmpty ? [ConvolutionPlan.Digit(extent: 1, stride: 1)] : result
    }

    mutating func placeConvolution(_ value: ValueID, _ step: Program.Step, _ window: ConvolutionWindow) {
        let (inputShape, kernelShape) = (program[step.operands[0]].type.shape, program[step.operands[1]].type.shape)
        let shape = step.type.shape
        let rank = window.axes.count
        let groups = max(window.featureGroups, window.batchGroups)
        let channelAxis = window.batchGroups > 1 ? 0 : rank + 1
        let resultCount = kernelShape[rank + 1] / groups
        let isDepthwise =
            groups > 1 && (window.batchGroups > 1 ? shape[0] == 1 : kernelShape[rank] == 1)
        var input = views[step.operands[0].int]
        var kernel = views[step.operands[1].int]

        // Something must be adjacent, or packing would touch a line of cache for each element.
        let needsChannels = isDepthwise && inputShape[channelAxis] > 1
        let isAdjacent =
            needsChannels
            ? input.strides[channelAxis] == 1
            : inputShape.indices.contains { inputShape[$0] > 1 && abs(input.strides[$0]) == 1 }
        if !isAdjacent, inputShape.contains(where: { $0 > 1 }) {
            var order = Array(inputShape.indices)
            order.removeAll { $0 == channelAxis }
            input = copy(of: step.operands[0], order: order + [channelAxis])
        }

        var rows: [(axis: Int, digit: ConvolutionPlan.Digit)] = [
            (0, ConvolutionPlan.Digit(extent: shape[0], stride: input.strides[0]))
        ]
        var columns: [(axis: Int, digit: ConvolutionPlan.Digit)] = []
        for (index, axis) in window.axes.enumerated() {
            let stride = input.strides[index + 1]
            rows.append((index + 1, ConvolutionPlan.Digit(extent: shape[index + 1], stride: stride * axis.stride)))
            columns.append((index, ConvolutionPlan.Digit(extent: axis.size, stride: stride * axis.dilation)))
        }
        columns.append((rank, ConvolutionPlan.Digit(extent: kernelShape[rank], stride: input.strides[rank + 1])))

        let columnOrder = sorted(columns)
        let rowOrder = isDepthwise ? rows.filter { $0.digit.extent != 1 } : sorted(rows)

        // The kernel as a matrix with a row for each column of the left operand.
        let kernelOrder = columnOrder.map(\.axis)
        var kernelRow = kernel.rowStride(kernelOrder, kernelShape)
        if kernelRow == nil || isDepthwise && kernel.strides[rank + 1] != 1 && kernelShape[rank + 1] > 1 {
            let rest = kernelShape.indices.filter { !kernelOrder.contains($0) }
            let last = rest.filter { $0 == rank + 1 }
            kernel = copy(of: step.operands[1], order: rest.filter { $0 != rank + 1 } + kernelOrder + last)
            kernelRow = kernel.rowStride(kernelOrder, kernelShape)
        }

        // The result lies in the order of the rows.
        let resultOrder = rowOrder.map(\.axis)
        let isNatural = resultOrder == resultOrder.sorted()
        if !isNatural {
            var strides = [Int](repeating: 0, count: shape.count)
            var stride = shape[rank + 1]
            if stride != 1 { strides[rank + 1] = 1 }
            for axis in resultOrder.reversed() {
                strides[axis] = stride
                stride *= shape[axis]
            }
            views[value.int] = View(root: value, offset: 0, strides: strides)
        }

        let draft = KernelDraft(
            isDepthwise ? .depthwise(value) : .product(value), space: shape, sources: [input, kernel])
        draft.convolution = ConvolutionPlan(
            rows: merged(rowOrder.map(\.digit)), columns: merged(columnOrder.map(\.digit)),
            rowCount: shape.dropLast().reduce(1, *), columnCount: kernelShape.dropLast().reduce(1, *),
            resultCount: resultCount, groups: groups,
            groupStride: input.strides[channelAxis]
                * (window.batchGroups > 1 ? shape[0] : kernelShape[rank]),
            kernelRow: kernelRow ?? 0, kernelColumn: kernel.strides[rank + 1],
            takesEpilogue: isNatural && groups == 1 && !isDepthwise,
            multiplier: isDepthwise ? resultCount : nil)
        append(draft, computes: value)
    }

    /// A dense copy whose dimensions lie in the given order, seen as the value.
    private mutating func copy(of value: ValueID, order: [Int]) -> View {
        let type = type(of: value)
        let shape = order.map { type.shape[$0] }
        let destination = newMemory(ArrayType(type.dtype, shape))
        let strides = rowMajorStrides(shape)
        let copy = KernelDraft.Copy(
            source: views[value.int].transposed(order), destination: destination, offset: 0, strides: strides)
        append(KernelDraft(.copy(copy), space: shape), computes: destination)
        var view = View(root: destination, offset: 0, strides: strides)
        for (position, axis) in order.enumerated() { view.strides[axis] = strides[position] }
        return view
    }
}

extension View {
    /// The one stride that walks through the given dimensions, the last the fastest; nil where there is none.
    fileprivate func rowStride(_ order: [Int], _ shape: [Int]) -> Int? {
        View(root: root, offset: 0, strides: order.map { strides[$0] }).batchStride(order.map { shape[$0] })
    }
}
