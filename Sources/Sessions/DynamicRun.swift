// Runs whose tensors' types are known only at run time: for imported graphs, signatures of saved models, command lines.

public import Graphs
public import Tensors

/// A tensor of any type and the array that stands for it during a run.
public struct AnyFeed: Sendable {
    let value: Value
    let array: AnyArray
}

extension AnyTensor {
    /// Feeds an array in place of this tensor.
    public func fed(_ array: AnyArray) -> AnyFeed { AnyFeed(value: value, array: array) }
}

extension AnyTensor: Fetchable {
    public func collect(into request: inout FetchRequest) { request.add(value) }

    public func fetched(from results: inout FetchResults) -> AnyArray { AnyArray(results.take()) }
}

extension Session {
    /// Runs what the fetches need, with feeds whose types are known only at run time.
    ///
    ///     let x = try graph.tensor(named: "x:0"), y = try graph.tensor(named: "y:0")
    ///     let results = try session.run([y], feeding: [x.fed(array)])      // [AnyArray]
    ///
    /// - Errors: as the form with typed feeds, and where a fed array has another type than its tensor.
    @discardableResult
    public func run<F: Fetchable>(_ fetches: F, feeding feeds: [AnyFeed]) throws -> F.Fetched {
        var arrays: [UntypedArray] = []
        var slots: [Plan.FeedSlot] = []
        var request = FetchRequest(graph: graph, purpose: .hash)
        fetches.collect(into: &request)
        for feed in feeds {
            guard case .elements(let array) = feed.array.content else {
                throw SessionError(
                    .feedType, "\"\(feed.value.name)\" is fed strings, but runs compute with numbers only")
            }
            try request.combine(feed: feed.value, array)
            arrays.append(array)
            slots.append(Plan.FeedSlot(endpoint: feed.value.endpoint, dtype: array.dtype, shape: array.shape))
        }
        if let foreign = request.foreign { throw SessionError.foreign(foreign) }
        let hash = request.hash.value
        request = FetchRequest(graph: graph, purpose: .record)
        fetches.collect(into: &request)
        let plan: Plan
        if let cached = cachedPlan(hash: hash), cached.items == request.items, cached.feeds == slots {
            plan = cached
        } else {
            plan = try makePlan(items: request.items, feeds: slots, hash: hash)
        }
        let run = plan.takeRun()
        for index in arrays.indices { run.feeds[index] = arrays[index] }
        return try execute(run, fetches)
    }
}
