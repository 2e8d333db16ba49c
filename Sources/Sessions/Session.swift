// Runs graphs: finds or makes the plan for what is asked, binds arrays and variables, runs, and commits.

import CPU
public import Graphs
import Synchronization
public import Tensors

/// How a session works.
public struct SessionOptions: Sendable {
    /// How many threads the kernels of a run may use, the caller's included; nil: as many as there are cores, shared
    /// with all other such sessions.
    public var threads: Int?
    /// How many compiled runs are kept; the one not used for longest goes first.
    public var planLimit = 128
    /// Whether a node that asks for a device that is not there runs on one that is; else such a run is a mistake.
    public var allowsSoftPlacement = false
    /// Called with the text of each plan when it is made: its program and its kernels, buffers and offsets.
    public var onPlan: (@Sendable (String) -> Void)?

    public init(threads: Int? = nil, onPlan: (@Sendable (String) -> Void)? = nil) {
        self.threads = threads
        self.onPlan = onPlan
    }
}

/// Runs parts of a graph and holds the values of its variables.
///
///     let session = Session()
///     try session.initializeVariables()
///     let (_, value) = try session.run(train, loss, feeding: x.fed(images), y.fed(labels))
///
/// A session may be used by any number of threads and tasks at the same time. A run computes only what is asked for.
/// Reads of a variable see its value from before the run unless they depend on an update; all new values take their
/// place together at the end of the run, and a run that throws changes nothing.
public final class Session: Sendable {
    public let graph: Graph
    let device: CPUDevice
    private let options: SessionOptions
    let store = VariableStore()
    private let cache = Mutex(PlanCache())

    /// A session for the given graph; by default, for the default graph at this moment.
    public init(graph: Graph = .default, options: SessionOptions = SessionOptions()) {
        self.graph = graph
        self.options = options
        device = options.threads.map { CPUDevice(threads: $0) } ?? .shared
    }

    /// Runs what the fetches need and returns their values: an array for a tensor, nothing for a node.
    ///
    ///     let (_, value) = try session.run(train, loss, feeding: x.fed(images))
    ///
    /// The first run with given fetches and feed shapes makes a plan, later ones use it.
    ///
    /// - Parameters:
    ///   - feeds: arrays that stand for tensors in this run (see `Tensor.fed`). They are not copied.
    /// - Errors: `GraphError` with all mistakes made in building the graph; `SessionError` for mistakes of this run.
    @discardableResult
    public func run<each F: Fetchable, each S: TensorElement>(
        _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) throws -> (repeat (each F).Fetched) {
        try fetch(repeat each fetches, feeding: repeat each feeds)
    }

    /// Runs what one fetch needs and returns its value; as the form with several.
    ///
    /// That its result is no pack lets the compiler infer the types around it: `try session.run(loss).scalar == 0`.
    @discardableResult
    public func run<F: Fetchable, each S: TensorElement>(
        _ fetch: F, feeding feeds: repeat Feed<each S>
    ) throws -> F.Fetched {
        try self.fetch(fetch, feeding: repeat each feeds)
    }

    private func fetch<each F: Fetchable, each S: TensorElement>(
        _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) throws -> (repeat (each F).Fetched) {
        try execute(prepare(repeat each fetches, feeding: repeat each feeds), repeat each fetches)
    }

    /// A run of the plan for the fetches, with the feeds bound.
    func prepare<each F: Fetchable, each S: TensorElement>(
        _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) throws -> RunState {
        // The plan: by hash first, so that a warm step needs no memory to look it up.
        var request = FetchRequest(graph: graph, purpose: .hash)
        repeat (each fetches).collect(into: &request)
        for feed in repeat each feeds {
            try request.combine(feed: feed.value, feed.array.untyped)
        }
        if let foreign = request.foreign { throw SessionError.foreign(foreign) }
        let hash = request.hash.value

        let plan: Plan
        if let candidate = cachedPlan(hash: hash),
            matches(candidate, repeat each fetches, feeding: repeat each feeds)
        {
            plan = candidate
        } else {
            let (recorded, slots) = record(repeat each fetches, feeding: repeat each feeds)
            plan = try makePlan(items: recorded.items, feeds: slots, hash: hash)
        }

        let run = plan.takeRun()
        var index = 0
        for feed in repeat each feeds {
            run.feeds[index] = feed.array.untyped
            index += 1
        }
        return run
    }

    /// The plan that was made for a request of this hash, if there is one.
    func cachedPlan(hash: UInt64) -> Plan? {
        cache.withLock { $0.plan(hash: hash, revision: graph.revision) }
    }

    /// Runs the kernels of a run whose feeds are bound, commits and hands out what was fetched.
    func execute<each F: Fetchable>(
        _ run: RunState, _ fetches: repeat each F
    ) throws -> (repeat (each F).Fetched) {
        let plan = run.plan
        defer {
            run.dropReferences()
            plan.giveBack(run)
        }
        try store.begin(run)
        do {
            try run.execute()
        } catch {
            store.abandon(run)
            throw SessionError.data(error, in: graph, plan)
        }
        // Before the results are handed out, since that may be code of the user's, who may run the session.
        store.commit(run)
        var results = FetchResults(run: run)
        return (repeat (each fetches).fetched(from: &results))
    }

    /// Gives every variable of the graph, local ones included, its initial value; imported variables without one keep
    /// what they have.
    ///
    /// - Errors: as `run`.
    public func initializeVariables() throws {
        let initializers = graph.variableRecords.compactMap(\.initializer).map { Node(graph: graph, id: $0) }
        try run(initializers)
    }

    /// The text of the plan for the given fetches and feeds: its program (as StableHLO) and its kernels, buffers and
    /// offsets. For debugging; nothing is run.
    public func describePlan<each F: Fetchable, each S: TensorElement>(
        _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) throws -> String {
        let (request, slots) = record(repeat each fetches, feeding: repeat each feeds)
        if let foreign = request.foreign { throw SessionError.foreign(foreign) }
        let plan = try PlanBuilder.plan(
            graph: graph, items: request.items, feeds: slots, store: store, device: device,
            allowsSoftPlacement: options.allowsSoftPlacement)
        return plan.executable.description
    }

    /// Notes down what a run is asked for, to make a plan for it.
    private func record<each F: Fetchable, each S: TensorElement>(
        _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) -> (request: FetchRequest, slots: [Plan.FeedSlot]) {
        var request = FetchRequest(graph: graph, purpose: .record)
        repeat (each fetches).collect(into: &request)
        var slots: [Plan.FeedSlot] = []
        for feed in repeat each feeds {
            slots.append(Plan.FeedSlot(endpoint: feed.value.endpoint, dtype: feed.array.dtype, shape: feed.array.shape))
            if feed.value.graph !== graph { request.foreign = feed.value.name }
        }
        return (request, slots)
    }

    private func matches<each F: Fetchable, each S: TensorElement>(
        _ plan: Plan, _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) -> Bool {
        var request = FetchRequest(graph: graph, purpose: .compare, items: plan.items)
        repeat (each fetches).collect(into: &request)
        guard request.matches, request.count == plan.items.count else { return false }
        var index = 0
        var isSame = true
        for feed in repeat each feeds {
            isSame =
                isSame && index < plan.feeds.count && plan.feeds[index].endpoint == feed.value.endpoint
                && plan.feeds[index].shape == feed.array.shape
            index += 1
        }
        return isSame && index == plan.feeds.count
    }

    func makePlan(items: [FetchRequest.Item], feeds: [Plan.FeedSlot], hash: UInt64) throws -> Plan {
        let plan = try PlanBuilder.plan(
            graph: graph, items: items, feeds: feeds, store: store, device: device,
            allowsSoftPlacement: options.allowsSoftPlacement)
        options.onPlan?(plan.executable.description)
        let nodeCount = graph.nodeCount
        let limit = options.planLimit
        let warns = cache.withLock { $0.insert(plan, hash: hash, nodeCount: nodeCount, limit: limit) }
        if warns {
            writeWarning(
                "the graph has grown before each of many runs, so every run compiles anew; make nodes before the loop"
                    + (graph.nodes.last.flatMap { $0.record.origin.place }.map { " (the newest: \($0))" } ?? ""))
        }
        return plan
    }
}

/// The plans of a session.
private struct PlanCache {
    private var plans: [UInt64: (plan: Plan, lastUse: UInt64)] = [:]
    private var clock: UInt64 = 0
    private var lastNodeCount = -1
    private var growths = 0
    private var hasWarned = false
    private static let growthsBeforeWarning = 32

    mutating func plan(hash: UInt64, revision: Int) -> Plan? {
        guard let index = plans.index(forKey: hash), plans.values[index].plan.revision == revision else { return nil }
        clock += 1
        plans.values[index].lastUse = clock
        return plans.values[index].plan
    }

    /// Returns whether the user should be warned that the graph grows at every run.
    mutating func insert(_ plan: Plan, hash: UInt64, nodeCount: Int, limit: Int) -> Bool {
        clock += 1
        plans[hash] = (plan, clock)
        if plans.count > max(1, limit), let oldest = plans.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            plans[oldest.key] = nil
        }
        if lastNodeCount >= 0, nodeCount > lastNodeCount { growths += 1 }
        lastNodeCount = nodeCount
        if hasWarned || growths < Self.growthsBeforeWarning { return false }
        hasWarned = true
        return true
    }
}
