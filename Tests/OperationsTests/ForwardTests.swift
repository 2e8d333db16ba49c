// The values of all samples: on the CPU against the interpreter, and against oracles that know nothing of either.

import CPU
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
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool, .resource: 0
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
private let threaded = CPUDevice(threads: 2)

@Suite struct ForwardTests {
    @Test(arguments: OpSample.all)
    func theCPUComputesWhatTheInterpreterDoes(_ sample: OpSample) throws {
        let built = SampleGraph(sample)
        let arrays = sample.arrays()
        let expected = try built.interpreted(arrays, simplifies: sample.isFoldingNeeded)
        try expectClose(built.outputs(arrays), expected, tolerance: sample.tolerance)
        try expectClose(built.outputs(arrays, on: portable), expected, tolerance: sample.tolerance)
    }
}
