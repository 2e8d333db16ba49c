// Samples of convolutions and sliding windows.

import Programs
import Tensors

func windowSamples(_ dtype: DType) -> [InstructionSample] {
    func sample(_ instruction: Instruction, _ operands: [UntypedArray], _ shape: [Int]) -> InstructionSample {
        InstructionSample(instruction: instruction, operands: operands, type: ArrayType(dtype, shape))
    }
    var samples: [InstructionSample] = []
    for reducer in Reducer.allCases where reducer.accepts(dtype) {
        samples += [
            sample(
                .reduceWindow(reducer, [WindowAxis(), WindowAxis(size: 2, stride: 2, low: 1), WindowAxis()]),
                [mixed(dtype, [2, 5, 3])], [2, 3, 3]),
            sample(
                .reduceWindow(
                    reducer, [WindowAxis(size: 2), WindowAxis(size: 2, dilation: 3), WindowAxis(size: 3, high: 2)]),
                [ordinary(dtype, [2, 5, 3])], [1, 2, 3]),
            // A window that lies in the padding alone.
            sample(.reduceWindow(reducer, [WindowAxis(size: 2, stride: 2, low: 2)]), [ordinary(dtype, [3])], [2]),
            sample(.reduceWindow(reducer, [WindowAxis(size: 4)]), [ordinary(dtype, [3])], [0]),
        ]
    }
    guard dtype.isNumeric else { return samples }
    let (image, kernel) = (ordinary(dtype, [2, 5, 4, 2]), ordinary(dtype, [3, 2, 2, 3]))
    let convolutions: [(ConvolutionWindow, UntypedArray, UntypedArray, [Int])] = [
        (ConvolutionWindow(axes: [WindowAxis(size: 3), WindowAxis(size: 2)]), image, kernel, [2, 3, 3, 3]),
        (
            ConvolutionWindow(axes: [
                WindowAxis(size: 3, stride: 2, low: 1, high: 1), WindowAxis(size: 2, low: 1, dilation: 2),
            ]), image, kernel, [2, 3, 3, 3]
        ),
        (
            ConvolutionWindow(axes: [
                WindowAxis(size: 3, low: 2, high: 2, baseDilation: 2), WindowAxis(size: 2, low: -1, high: 1),
            ]), image, kernel, [2, 11, 3, 3]
        ),
        (
            ConvolutionWindow(axes: [WindowAxis(size: 3)], featureGroups: 2),
            ordinary(dtype, [2, 5, 4]), ordinary(dtype, [3, 2, 6]), [2, 3, 6]
        ),
        (
            ConvolutionWindow(axes: [WindowAxis(size: 3)], batchGroups: 2),
            ordinary(dtype, [4, 5, 2]), ordinary(dtype, [3, 2, 6]), [2, 3, 6]
        ),
        (
            ConvolutionWindow(axes: [WindowAxis(size: 2), WindowAxis(size: 1), WindowAxis(size: 2)]),
            ordinary(dtype, [1, 3, 2, 2, 2]), ordinary(dtype, [2, 1, 2, 2, 1]), [1, 2, 2, 1, 1]
        ),
        (
            ConvolutionWindow(axes: [WindowAxis(size: 3)]), ordinary(dtype, [2, 5, 0]), ordinary(dtype, [3, 0, 2]),
            [2, 3, 2]
        ),
        (
            ConvolutionWindow(axes: [WindowAxis(size: 3)]), ordinary(dtype, [0, 5, 1]), ordinary(dtype, [3, 1, 2]),
            [0, 3, 2]
        ),
    ]
    samples += convolutions.map { sample(.convolution($0), [$1, $2], $3) }
    let pooling = [WindowAxis(), WindowAxis(size: 2, stride: 2), WindowAxis(size: 3, stride: 1, low: 1), WindowAxis()]
    samples += [
        sample(
            .selectAndScatter(pooling), [ordinary(dtype, [2, 5, 4, 2]), ordinary(dtype, [2, 2, 3, 2])], [2, 5, 4, 2]),
        sample(.selectAndScatter([WindowAxis(size: 3, stride: 2)]), [mixed(dtype, [9]), ordinary(dtype, [4])], [9]),
        sample(.selectAndScatter([WindowAxis(size: 4)]), [ordinary(dtype, [3]), ordinary(dtype, [0])], [3]),
    ]
    return samples
}
