// Stands in for an operation that cannot be made because a function was called in a way that makes no sense; the
// mistake is reported with the others of the graph.

package import Graphs
package import Programs
package import Tensors

/// An operation that was asked for but could not be made.
package struct Misuse: Operation {
    package let name: String
    package let attributes: [Attribute]
    package let outputCount: Int
    private let mistake: Mistake

    init(_ operation: any Operation, _ mistake: Mistake) {
        name = operation.name
        attributes = operation.attributes
        outputCount = operation.outputCount
        self.mistake = mistake
    }

    /// Stands in for the one result of a function of several operations.
    package init(of function: String, _ mistake: Mistake) {
        name = function
        attributes = []
        outputCount = 1
        self.mistake = mistake
    }

    package var effect: Effect { .none }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { throw mistake }
    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: mistake.message) }
    package func lower(_ context: LoweringContext) throws -> [ValueID] { throw mistake }
}

/// A tensor of unknown shape that stands for one that could not be made because of a mistake that was reported already:
/// what follows from it stays silent.
package func unmadeTensor<Scalar: TensorElement>(in graph: Graph) -> Tensor<Scalar> {
    makeTensor(Unmade(dtype: Scalar.dtype), [], in: graph)
}

/// The same for a value whose type only the caller knows.
func unmadeValue(_ dtype: DType, in graph: Graph) -> Value { makeValue(Unmade(dtype: dtype), [], in: graph) }

private struct Unmade: UncheckedOperation {
    let dtype: DType

    var name: String { "Unmade" }
    var attributes: [Attribute] { [] }
    var effect: Effect { .none }
    var outputCount: Int { 1 }
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { [TensorType(dtype, .unknown)] }
    func gradient(_ context: GradientContext) -> Gradient { .none(reason: "it could not be made") }
    func lower(_ context: LoweringContext) throws -> [ValueID] { throw Mistake("it could not be made") }
}
