// Runs as functions, for hot loops.

public import Graphs
public import Tensors

extension Session {
    /// A function that runs the outputs with arrays for the inputs, in the order given.
    ///
    ///     let step = try session.function(inputs: x, y, outputs: train, loss)
    ///     for batch in batches { let (_, value) = try step(batch.images, batch.labels) }
    ///
    /// - Errors: at once, `GraphError` where the graph has mistakes; the function throws as `run` does.
    public func function<each S: TensorElement, each F: Fetchable>(
        inputs: repeat Tensor<each S>, outputs: repeat each F
    ) throws -> @Sendable (repeat NDArray<each S>) throws -> (repeat (each F).Fetched) {
        try graph.requireSound()
        return { (arrays: repeat NDArray<each S>) in
            try self.run(repeat each outputs, feeding: repeat (each inputs).fed(each arrays))
        }
    }
}
