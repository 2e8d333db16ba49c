// One or more samples of every instruction on every dtype that it accepts.

import Programs
import Tensors

/// An instruction with operands.
struct InstructionSample: Sendable, CustomStringConvertible {
    let instruction: Instruction
    let operands: [UntypedArray]
    let type: ArrayType

    var description: String { "\(instruction) \(operands.map { ArrayType($0.dtype, $0.shape) })" }

    /// The sample as a program whose parameters are the operands.
    func program() throws -> Program {
        let builder = ProgramBuilder(simplifies: false)
        let parameters = operands.map { builder.parameter(ArrayType($0.dtype, $0.shape)) }
        return builder.finish(results: [try builder.add(instruction, parameters, type: type)])
    }
}

/// An array of `numbers`, limited to what the dtype holds.
func array(_ dtype: DType, _ shape: [Int], _ numbers: [Double]) -> UntypedArray {
    func make<Scalar: NumericElement>(_ scalar: Scalar.Type) -> UntypedArray {
        NDArray(numbers.map { Scalar(clamping: $0) }).untyped
    }
    let flat = dtype.numericType.map { make($0) } ?? NDArray(numbers.map { $0 != 0 }).untyped
    return flat.reshaped(shape)
}

/// Numbers that try a dtype: signs, zeros, halves, extremes and, among floats, NaN and infinities.
func tryingNumbers(_ dtype: DType) -> [Double] {
    if dtype == .bool { return [0, 1] }
    if dtype.isInteger { return [0, 1, -1, 2, -3, 7, 100, -infinity, infinity] }
    return [0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 0.1, -0.3, 7, -7.2, 33, 1e-5, 1e10, -3e9, .nan, infinity, -infinity]
}

private let infinity = Double.infinity

/// `count` ordinary numbers, few enough apart that some are equal.
func ordinary(_ dtype: DType, _ shape: [Int]) -> UntypedArray {
    var random = RandomStream(seed: 7)
    let count = shape.reduce(1, *)
    return array(dtype, shape, (0..<count).map { _ in Double(Int.random(in: -8...8, using: &random)) / 4 })
}

/// Ordinary numbers with a NaN and both infinities among them.
func mixed(_ dtype: DType, _ shape: [Int]) -> UntypedArray {
    var numbers = ordinary(dtype, shape).doubles
    for (index, number) in tryingNumbers(dtype).enumerated() where index * 5 + 2 < numbers.count {
        numbers[index * 5 + 2] = number
    }
    return array(dtype, shape, numbers)
}

/// The samples of every instruction on one dtype.
func instructionSamples(_ dtype: DType) -> [InstructionSample] {
    elementwiseSamples(dtype) + movingSamples(dtype) + combiningSamples(dtype) + windowSamples(dtype)
}

private func elementwiseSamples(_ dtype: DType) -> [InstructionSample] {
    var samples: [InstructionSample] = []
    let numbers = tryingNumbers(dtype)
    let all = array(dtype, [numbers.count], numbers)
    let type = ArrayType(dtype, all.shape)
    for function in UnaryFunction.allCases where function.accepts(dtype) {
        let result = function == .isFinite ? ArrayType(.bool, all.shape) : type
        samples.append(InstructionSample(instruction: .unary(function), operands: [all], type: result))
    }
    let pairs = numbers.flatMap { x in numbers.map { (x, $0) } }
    for function in BinaryFunction.allCases where function.accepts(dtype) {
        let isDivision = dtype.isInteger && (function == .divide || function == .remainder)
        let isPower = dtype.isInteger && function == .power
        let divisible = pairs.filter { _, right in
            // XLA looks at the last six bits of an exponent only.
            isPower ? right < 64 : !isDivision || array(dtype, [1], [right]).doubles != [0]
        }
        let (left, right) = (divisible.map(\.0), divisible.map(\.1))
        samples.append(
            InstructionSample(
                instruction: .binary(function),
                operands: [array(dtype, [left.count], left), array(dtype, [right.count], right)],
                type: ArrayType(dtype, [left.count])))
    }
    let (left, right) = (array(dtype, [pairs.count], pairs.map(\.0)), array(dtype, [pairs.count], pairs.map(\.1)))
    for comparison in Comparison.allCases {
        samples.append(
            InstructionSample(
                instruction: .compare(comparison), operands: [left, right], type: ArrayType(.bool, [pairs.count])))
    }
    let predicate = array(.bool, [pairs.count], pairs.indices.map { Double($0 % 3 % 2) })
    samples.append(
        InstructionSample(
            instruction: .select, operands: [predicate, left, right], type: ArrayType(dtype, [pairs.count])))
    for target in DType.all {
        samples.append(
            InstructionSample(instruction: .convert, operands: [all], type: ArrayType(target, all.shape)))
    }
    return samples
}

private func movingSamples(_ dtype: DType) -> [InstructionSample] {
    func sample(_ instruction: Instruction, _ operands: [UntypedArray], _ shape: [Int]) -> InstructionSample {
        InstructionSample(instruction: instruction, operands: operands, type: ArrayType(dtype, shape))
    }
    let value = mixed(dtype, [2, 3, 4])
    var samples = [
        sample(.broadcast(axes: []), [ordinary(dtype, [])], [2, 3]),
        sample(.broadcast(axes: [0, 2]), [mixed(dtype, [3, 1])], [3, 2, 5]),
        sample(.reshape, [value], [4, 6]),
        sample(.reshape, [ordinary(dtype, [1])], []),
        sample(.transpose(permutation: [2, 0, 1]), [value], [4, 2, 3]),
        sample(.slice(starts: [0, 1, 0], limits: [2, 3, 4], strides: [1, 1, 3]), [value], [2, 2, 2]),
        sample(.slice(starts: [1, 1, 2], limits: [1, 3, 4], strides: [1, 1, 1]), [value], [0, 2, 2]),
        sample(
            .pad(low: [0, 1, 2], high: [1, 0, 0], interior: [0, 2, 1]), [value, ordinary(dtype, [])], [3, 8, 9]),
        sample(.concatenate(axis: 1), [value, mixed(dtype, [2, 1, 4]), mixed(dtype, [2, 0, 4])], [2, 4, 4]),
        sample(.reverse(axes: [0, 2]), [value], [2, 3, 4]),
    ]
    if dtype.isNumeric {
        samples.append(sample(.iota(axis: 1), [], [2, 300]))
        samples.append(sample(.iota(axis: 0), [], [3, 2]))
    }
    for index in [DType.int32, .int64] {
        samples += [
            sample(.gather(axis: 1), [value, array(index, [2, 2], [0, 2, 1, 1])], [2, 2, 2, 4]),
            sample(.gather(axis: 0), [value, array(index, [], [1])], [3, 4]),
            sample(.gather(axis: 2), [value, array(index, [5], [3, 0, 0, 1, 2])], [2, 3, 5]),
            sample(.gather(axis: 0), [mixed(dtype, [0, 3]), array(index, [0], [])], [0, 3]),
        ]
    }
    return samples
}

private func combiningSamples(_ dtype: DType) -> [InstructionSample] {
    func sample(_ instruction: Instruction, _ operands: [UntypedArray], _ type: ArrayType) -> InstructionSample {
        InstructionSample(instruction: instruction, operands: operands, type: type)
    }
    let (plain, special) = (ordinary(dtype, [2, 5, 3]), mixed(dtype, [2, 5, 3]))
    var samples: [InstructionSample] = []
    for reducer in Reducer.allCases where reducer.accepts(dtype) {
        samples += [
            sample(.reduce(reducer, axes: [1]), [plain], ArrayType(dtype, [2, 3])),
            sample(.reduce(reducer, axes: [0, 2]), [special], ArrayType(dtype, [5])),
            sample(.reduce(reducer, axes: [0, 1, 2]), [special], ArrayType(dtype, [])),
            sample(.reduce(reducer, axes: [1]), [ordinary(dtype, [2, 0])], ArrayType(dtype, [2])),
        ]
    }
    for index in [DType.int32, .int64] {
        for smallest in [false, true] {
            for (axis, shape) in [(0, [5, 3]), (1, [2, 3]), (2, [2, 5])] {
                samples.append(
                    sample(.argReduce(smallest: smallest, axis: axis), [special], ArrayType(index, shape)))
            }
            samples.append(
                sample(.argReduce(smallest: smallest, axis: 1), [plain], ArrayType(index, [2, 3])))
            let extremes = tryingNumbers(dtype).filter { !$0.isNaN }
            samples.append(
                sample(
                    .argReduce(smallest: smallest, axis: 0), [array(dtype, [extremes.count], extremes)],
                    ArrayType(index, [])))
        }
    }
    guard dtype.isNumeric else { return samples }
    for descending in [false, true] {
        for (axis, count, shape) in [(0, 2, [2, 5, 3]), (1, 5, [2, 5, 3]), (1, 2, [2, 2, 3]), (2, 1, [2, 5, 1])] {
            samples.append(
                sample(
                    .argSort(axis: axis, descending: descending, count: count), [special], ArrayType(.int32, shape)))
        }
        let extremes = tryingNumbers(dtype)
        samples += [
            sample(
                .argSort(axis: 0, descending: descending, count: extremes.count),
                [array(dtype, [extremes.count], extremes)], ArrayType(.int32, [extremes.count])),
            // Few of many, and more than a run of the merge.
            sample(
                .argSort(axis: 1, descending: descending, count: 3), [mixed(dtype, [2, 40])],
                ArrayType(.int32, [2, 3])),
            sample(
                .argSort(axis: 0, descending: descending, count: 70), [ordinary(dtype, [70])],
                ArrayType(.int32, [70])),
            sample(
                .argSort(axis: 1, descending: descending, count: 0), [ordinary(dtype, [2, 0])],
                ArrayType(.int32, [2, 0])),
        ]
    }
    for (left, right) in [
        ([2, 3], [3, 4]), ([2, 2, 3], [2, 3, 5]), ([2, 0], [0, 3]), ([3, 2, 1, 3], [3, 2, 3, 1]),
    ] {
        for (transposeLeft, transposeRight) in [(false, false), (true, false), (false, true), (true, true)] {
            func swapped(_ shape: [Int], _ isSwapped: Bool) -> [Int] {
                isSwapped ? Array(shape.dropLast(2) + shape.suffix(2).reversed()) : shape
            }
            samples.append(
                sample(
                    .dot(transposeLeft: transposeLeft, transposeRight: transposeRight),
                    [ordinary(dtype, swapped(left, transposeLeft)), ordinary(dtype, swapped(right, transposeRight))],
                    ArrayType(dtype, left.dropLast() + [right[right.count - 1]])))
        }
    }
    for index in [DType.int32, .int64] {
        samples += [
            sample(
                .scatterAdd(axis: 0, range: 4), [ordinary(dtype, [5, 3]), array(index, [5], [1, -1, 3, 1, 0])],
                ArrayType(dtype, [4, 3])),
            sample(
                .scatterAdd(axis: 1, range: 2), [ordinary(dtype, [2, 3, 2]), array(index, [3], [1, 1, 1])],
                ArrayType(dtype, [2, 2, 2])),
            sample(
                .scatterAdd(axis: 0, range: 0), [ordinary(dtype, [2]), array(index, [2], [-1, -1])],
                ArrayType(dtype, [0])),
        ]
    }
    return samples
}
