// Shapes as they are inferred while a graph is built, against those that its values have.

import Graphs
import Operations
import Tensors
import Testing

extension OpSample {
    /// From all dimensions but every second one to nothing at all, as far as the operation allows.
    var weakestShapes: [@Sendable (SampleInput) -> Shape] {
        let alternating: @Sendable (SampleInput) -> Shape = { input in
            Shape(input.shape.enumerated().map { $0.offset.isMultiple(of: 2) ? nil : $0.element })
        }
        let ranks: @Sendable (SampleInput) -> Shape = { .unknown(rank: $0.shape.count) }
        switch needs {
        case .everything: return []
        case .ranks: return [alternating, ranks]
        case .nothing: return [alternating, ranks, { _ in .unknown }]
        }
    }
}

@Suite struct ShapeInferenceTests {
    @Test(arguments: OpSample.all)
    func inferredShapesAreThoseOfTheValues(_ sample: OpSample) throws {
        let built = SampleGraph(sample)
        let values = try built.outputs(sample.arrays())
        for (output, value) in zip(built.outputs, values) {
            #expect(output.dtype == value.dtype)
            #expect(output.shape.accepts(value.shape), "\(output.shape) inferred, \(value.shape) found")
            #expect(output.shape.isFullyKnown, "only \(output.shape) inferred, \(value.shape) found")
        }
    }

    @Test(arguments: OpSample.withInputs)
    func valuesDoNotDependOnWhatIsKnownOfShapes(_ sample: OpSample) throws {
        let arrays = sample.arrays()
        let expected = try SampleGraph(sample).outputs(arrays)
        for knowledge in sample.weakestShapes {
            let built = SampleGraph(sample, shape: knowledge)
            let values = try built.outputs(arrays)
            for (output, value) in zip(built.outputs, values) {
                #expect(output.shape.accepts(value.shape), "\(output.shape) inferred, \(value.shape) found")
            }
            expectClose(values, expected, tolerance: 0)
        }
    }
}
