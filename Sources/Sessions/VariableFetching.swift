// Variables as fetches: their values from before the run.

import Graphs
public import Operations
public import Tensors

extension Variable: Fetchable {
    public func collect(into request: inout FetchRequest) {
        request.add(firstRead)
        if graph !== request.graph { request.foreign = name }
    }

    public func fetched(from results: inout FetchResults) -> NDArray<Scalar> { NDArray(untyped: results.take()) }
}
