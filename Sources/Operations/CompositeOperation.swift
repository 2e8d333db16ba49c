// Operations that are only names for other operations: all rules follow from the decomposition.

package import Graphs
package import Programs
package import Tensors

/// An operation that is only a name for others.
package protocol CompositeOperation: Operation {
    /// How many inputs it takes.
    var inputCount: Int { get }

    /// What it stands for.
    ///
    /// While the graph is built, shapes of the inputs may be unknown; when it is lowered, they are known.
    func decomposed(_ inputs: [Value]) -> [Value]
}

extension CompositeOperation {
    package var effect: Effect { .none }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: inputCount)
        return try typesOfDecomposition(inputs, decomposed)
    }

    package func gradient(_ context: GradientContext) -> Gradient { context.ofDecomposition(decomposed) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] { try context.lowerDecomposition(decomposed) }
}
