// The one table of samples. An operation of the catalogue without a row here fails a test.

import Operations
import Tensors

extension OpSample {
    /// All samples.
    static let all: [OpSample] = [
        elementwise, sources, passing, state, random, reductions, shapes, joining, products, networks, indexing,
        imported, controlFlow, windows,
    ].flatMap { $0 }

    /// Those of double precision, for which gradients are compared with differences.
    static let differentiable: [OpSample] = all.filter { sample in
        guard sample.inputs.contains(where: { $0.dtype == .float64 }) else { return false }
        return switch sample.gradient {
        case .smooth, .firstOrder: true
        case .none, .noInput: false
        }
    }

    /// Those whose gradient has a gradient.
    static let twiceDifferentiable: [OpSample] = differentiable.filter { sample in
        if case .smooth = sample.gradient { true } else { false }
    }

    /// Those that say why there is no gradient.
    static let notDifferentiable: [OpSample] = all.filter { sample in
        if case .none = sample.gradient { true } else { false }
    }

    /// Those with a shape to be inferred.
    static let withInputs: [OpSample] = all.filter { !$0.inputs.isEmpty }

    /// The operations of a catalogue that have no sample.
    static func operationsWithoutSamples(in catalogue: [String]) -> [String] {
        let sampled = Set(all.map(\.operation))
        return catalogue.filter { !sampled.contains($0) }
    }
}
