// Ops that are not known here, or not in the form that a file has them: accepted on import, kept for export, and
// refused only by a run that needs them.

package import Graphs
import Messages
package import Programs
package import Tensors

/// The functions that a foreign operation may refer to, as TensorFlow's serialized `FunctionDefLibrary`.
package final class FunctionLibrary: Sendable {
    package let serialized: [UInt8]
    package init(serialized: [UInt8]) { self.serialized = serialized }
}

/// An op as a file describes it.
package struct ForeignOperation: UncheckedOperation {
    package let name: String
    package let attributes: [Attribute]
    package let library: FunctionLibrary?
    private let types: [TensorType]
    private let reason: String

    /// - Parameters:
    ///   - types: what is guessed of the outputs.
    ///   - reason: why it cannot be run.
    package init(
        name: String, attributes: [Attribute], types: [TensorType], reason: String, library: FunctionLibrary? = nil
    ) {
        self.name = name
        self.attributes = attributes
        self.types = types
        self.reason = reason
        self.library = library
    }

    package var effect: Effect { .none }
    package var outputCount: Int { types.count }
    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { types }
    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: reason) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        throw Mistake(
            "this node was imported, but cannot be run: \(reason)",
            hint: "feed its outputs, or fetch what does not need it")
    }
}

extension ForeignOperation {
    /// Guesses the types of a node's outputs from its attributes: lists of types, else the one type that is named as
    /// ops usually name that of their output.
    ///
    /// - Parameters:
    ///   - count: how many outputs other nodes use.
    static func guessedTypes(_ attributes: [String: AttributeValue], count: Int) -> [TensorType] {
        var shapes: [Shape] = []
        for name in ["_output_shapes", "output_shapes", "shapes"] {
            if case .shapes(let list)? = attributes[name] { shapes = list }
        }
        if case .shape(let shape)? = attributes["shape"], shapes.isEmpty { shapes = [shape] }
        var dtypes: [DType] = []
        for name in ["Tout", "output_types", "dtypes", "component_types"] {
            if case .types(let list)? = attributes[name] { dtypes = list }
        }
        if dtypes.isEmpty {
            let names = ["dtype", "DstT", "out_type", "output_type", "Tout", "T"]
            let single = names.lazy.compactMap { name -> DType? in
                if case .type(let dtype)? = attributes[name] { dtype } else { nil }
            }.first
            // Where nothing tells, the type of no array says so.
            dtypes = Array(repeating: single ?? .variant, count: max(count, 1))
        }
        return (0..<max(count, dtypes.count)).map { index in
            TensorType(
                index < dtypes.count ? dtypes[index] : .variant, index < shapes.count ? shapes[index] : .unknown)
        }
    }
}
