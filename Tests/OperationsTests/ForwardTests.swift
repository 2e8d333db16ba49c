// The values of all samples: on the CPU against the interpreter, and against oracles that know nothing of either.

import CPU
import Graphs
import Operations
import TestSupport
import Tensors
import Testing

/// How far results may be apart, relative to the larger of 1 and the expected value.
func tolerance(_ dtype: DType) -> Double {
    switch dtype.kind {
    // Some ten roundings: products are summed in another order, functions are approximated to a few units.
    case .float32: 2e-6
    case .float64: 4e-15
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool, .other: 0
    }
}

/// Records where two lists of arrays differ.
func expectClose(
    _ actual: [UntypedArray], _ expected: [UntypedArray], tolerance override: Double? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, sourceLocation: sourceLocation)
    for (index, (actual, expected)) in zip(actual, expected).enumerated() {
        let differences = actual.differences(from: expected, tolerance: override ?? tolerance(expected.dtype))
        #expect(differences.isEmpty, "output \(index)", sourceLocation: sourceLocation)
    }
}

private let portable = CPUDevice(threads: 1, instructionSet: .portable)

@Suite struct ForwardTests {
    @Test(arguments: OpSample.all)
    func theCPUComputesWhatTheInterpreterDoes(_ sample: OpSample) throws {
        let built = SampleGraph(sample)
        let arrays = sample.arrays()
        let expected = try built.interpreted(arrays, simplifies: sample.isFoldingNeeded)
        try expectClose(built.outputs(arrays), expected, tolerance: sample.tolerance)
        try expectClose(built.outputs(arrays, on: portable), expected, tolerance: sample.tolerance)
    }

    @Test(arguments: OpSample.elementwise.filter { $0.inputs[0].dtype.isFloating })
    func elementwiseFunctionsAreThoseOfFoundation(_ sample: OpSample) throws {
        let function = try #require(ElementwiseFunction(rawValue: sample.operation))
        let arrays = sample.arrays()
        let value = try SampleGraph(sample).outputs(arrays)[0]
        // Operands of equal shapes or single ones; other broadcasting is compared with the interpreter.
        let operands = arrays.map(\.doubles)
        guard arrays.allSatisfy({ $0.shape == value.shape || $0.count == 1 }) else { return }
        let expected = (0..<value.count).map { index in
            let x = operands[0].count == 1 ? operands[0][0] : operands[0][index]
            let y = operands.count < 2 ? 0 : operands[1].count == 1 ? operands[1][0] : operands[1][index]
            return function.oracle(x, y)
        }
        expectClose([value], [UntypedArray(expected, dtype: value.dtype, shape: value.shape)])
    }

    @Test(arguments: ElementwiseFunction.allCases.filter { $0.row.accepted.contains(.float32) })
    func specialValuesAreThoseOfFoundation(_ function: ElementwiseFunction) throws {
        let numbers: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 1, -1, 0.5, -2.5, 3, 88, -88]
        let pairs =
            function.row.operandCount == 1 ? numbers.map { ($0, 0) } : numbers.flatMap { x in numbers.map { (x, $0) } }
        for type in [DType.float32, .float64] {
            let operands = [pairs.map(\.0), pairs.map(\.1)].prefix(function.row.operandCount)
            let sample = OpSample(
                operation: function.rawValue,
                inputs: operands.map { SampleInput(type, [pairs.count], .values($0)) }
            ) { [Operations.elementwise(function, $0)] }
            let built = SampleGraph(sample)
            let arrays = sample.arrays()
            let expected = zip(arrays[0].doubles, arrays[arrays.count - 1].doubles).map { function.oracle($0, $1) }
            for (name, value) in [
                ("CPU", try built.outputs(arrays)[0]), ("portable", try built.outputs(arrays, on: portable)[0]),
                ("interpreter", try built.interpreted(arrays)[0]),
            ] {
                let oracle = UntypedArray(expected, dtype: value.dtype, shape: value.shape)
                let allowed = type == .float32 ? 4e-6 : 1e-14
                let wrong = value.differences(from: oracle, tolerance: allowed)
                #expect(wrong == [], "\(name), \(type), of \(pairs)")
                // Which of two zeros is the larger the C library leaves open.
                if function == .maximum || function == .minimum { continue }
                let zeros = value.zeroSigns(differingFrom: oracle, at: pairs)
                #expect(zeros == [], "signs of zeros, \(name), \(type)")
            }
        }
    }
}

extension UntypedArray {
    /// Where a zero has the other sign than that of the oracle.
    fileprivate func zeroSigns(differingFrom oracle: UntypedArray, at operands: [(Double, Double)]) -> [String] {
        guard dtype.isFloating else { return [] }
        let (mine, theirs) = (doubles, oracle.doubles)
        return operands.indices.compactMap { index -> String? in
            let differs = mine[index] == 0 && theirs[index] == 0 && mine[index].sign != theirs[index].sign
            return differs ? "\(operands[index]): \(mine[index])" : nil
        }
    }
}
