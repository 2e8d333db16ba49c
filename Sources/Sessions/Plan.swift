// A compiled run: for given fetches, targets and feed shapes, the executable and how its arguments and results are
// bound. And the state of one run of it.

import CPU
import Graphs
import Programs
import Tensors

/// Everything about a run that does not change from step to step.
final class Plan: Sendable {
    struct FeedSlot: Hashable {
        let endpoint: Endpoint
        let dtype: DType
        let shape: [Int]
    }
    struct Read {
        let slot: Int
        let argument: Int
    }
    struct Update {
        let slot: Int
        let result: Int
        let byteCount: Int
        /// False where the new value is an argument or a constant, which is then shared.
        let isComputed: Bool
        /// The number of the read over whose value the kernels write the new one, where they do.
        let overwrittenRead: Int?
    }
    struct RandomStream {
        let node: NodeID
        let seeds: (Int, Int)
        let samples: Int
        let argument: Int
    }

    /// A node of a function's body and the tag of what called it, for messages.
    struct InnerNode {
        let record: NodeRecord
        let calledBy: Int32
    }

    let items: [FetchRequest.Item]
    let feeds: [FeedSlot]
    let revision: Int
    let executable: Executable
    /// Arguments come in this order: the feeds, then variables and random states as they were met.
    let reads: [Read]
    let updates: [Update]
    let randomStreams: [RandomStream]
    /// The type of each fetched result; updates follow them in the program's results.
    let fetchTypes: [ArrayType]
    /// The nodes inside functions, in the order of their tags, which go on after those of the graph's nodes.
    private let innerNodes: [InnerNode]
    private let nodeCount: Int
    private let idleRuns = LockedPool<RunState>()

    init(
        items: [FetchRequest.Item], feeds: [FeedSlot], revision: Int, executable: Executable, reads: [Read],
        updates: [Update], randomStreams: [RandomStream], fetchTypes: [ArrayType],
        innerNodes: [InnerNode], nodeCount: Int
    ) {
        self.items = items
        self.feeds = feeds
        self.revision = revision
        self.executable = executable
        self.reads = reads
        self.updates = updates
        self.randomStreams = randomStreams
        self.fetchTypes = fetchTypes
        self.innerNodes = innerNodes
        self.nodeCount = nodeCount
    }

    /// The node that a tag stands for and those that called it, outermost first.
    func nodes(ofTag tag: Int32, in graph: Graph) -> [NodeRecord] {
        var (found, next): ([NodeRecord], Int32) = ([], tag)
        while Int(next) >= nodeCount, innerNodes.indices.contains(Int(next) - nodeCount) {
            let inner = innerNodes[Int(next) - nodeCount]
            found.append(inner.record)
            // A call has its tag before what it calls.
            guard inner.calledBy < next else { return found.reversed() }
            next = inner.calledBy
        }
        if (0..<nodeCount).contains(Int(next)) { found.append(graph.record(NodeID(Int(next)))) }
        return found.reversed()
    }

    func takeRun() -> RunState {
        let run = idleRuns.pop() ?? RunState(self)
        run.owner = self
        return run
    }

    func giveBack(_ run: RunState) {
        run.owner = nil
        idleRuns.push(run)
    }
}

/// One run of a plan: what it holds on to while it runs. It is used again by the next run, so that a warm step
/// allocates nothing but the arrays it hands out.
final class RunState: @unchecked Sendable {
    // Unchecked: it belongs to one run at a time.
    unowned let plan: Plan
    /// The plan as long as the run is on its way: the session's cache may let go of it, or take another of two that were
    /// made at the same time.
    fileprivate var owner: Plan?
    let frame: Executable.Frame
    var feeds: [UntypedArray?]
    var readValues: [ArrayStorage?]
    var newValues: [ArrayStorage?]
    private var results: [ArrayStorage?]
    private let randomStates: UnsafeMutablePointer<UInt64>

    init(_ plan: Plan) {
        self.plan = plan
        frame = plan.executable.takeFrame()
        feeds = Array(repeating: nil, count: plan.feeds.count)
        readValues = Array(repeating: nil, count: plan.reads.count)
        newValues = Array(repeating: nil, count: plan.updates.count)
        results = Array(repeating: nil, count: plan.fetchTypes.count)
        randomStates = .allocate(capacity: max(1, 4 * plan.randomStreams.count))
    }

    deinit {
        randomStates.deallocate()
    }

    func setRandomState(_ index: Int, key: UInt64, low: UInt64, high: UInt64) {
        randomStates[4 * index] = key
        randomStates[4 * index + 1] = low
        randomStates[4 * index + 2] = high
        randomStates[4 * index + 3] = 0
    }

    func randomState(_ index: Int) -> (key: UInt64, low: UInt64, high: UInt64) {
        (randomStates[4 * index], randomStates[4 * index + 1], randomStates[4 * index + 2])
    }

    /// Binds arguments and results and runs the kernels.
    ///
    /// Here and wherever every run passes, loops go over indices: in builds without optimisation, iterators of arrays of
    /// structs allocate for every element.
    func execute() throws(KernelFailure) {
        for index in feeds.indices {
            if let feed = feeds[index] { frame.setArgument(index, feed.bytes) }
        }
        for index in plan.reads.indices {
            guard let storage = readValues[index] else { continue }
            frame.setArgument(plan.reads[index].argument, UnsafeRawPointer(storage.bytes))
        }
        for index in plan.randomStreams.indices {
            frame.setArgument(plan.randomStreams[index].argument, UnsafeRawPointer(randomStates + 4 * index))
        }
        let sources = plan.executable.resultSources
        for index in results.indices {
            guard case .computed = sources[index] else { continue }
            let storage = ArrayStorage(byteCount: plan.fetchTypes[index].byteCount)
            results[index] = storage
            frame.setResult(index, storage.bytes)
        }
        for index in plan.updates.indices {
            let update = plan.updates[index]
            guard update.isComputed, let storage = newValues[index] else { continue }
            if let read = update.overwrittenRead {
                // Somebody holds the old value: the kernels get a copy of it to write over.
                if let old = readValues[read], old !== storage {
                    storage.bytes.copyMemory(from: old.bytes, byteCount: update.byteCount)
                }
                frame.setArgument(plan.reads[read].argument, UnsafeRawPointer(storage.bytes))
            } else {
                frame.setResult(update.result, storage.bytes)
            }
        }
        try plan.executable.run(frame)
        for index in plan.updates.indices where !plan.updates[index].isComputed {
            newValues[index] = storage(of: plan.updates[index].result, byteCount: plan.updates[index].byteCount)
        }
    }

    /// The array of fetch `index`, once the run is done.
    func array(ofResult index: Int) -> UntypedArray {
        let type = plan.fetchTypes[index]
        switch plan.executable.resultSources[index] {
        case .computed:
            if let storage = results[index] {
                return UntypedArray(dtype: type.dtype, shape: type.shape, storage: storage)
            }
        case .parameter(let argument):
            if argument < feeds.count, let feed = feeds[argument] { return feed.reshaped(type.shape) }
            if let storage = readValue(argument: argument) {
                return UntypedArray(dtype: type.dtype, shape: type.shape, storage: storage)
            }
        case .constant(let number):
            return plan.executable.program.constants[number].reshaped(type.shape)
        case .duplicate(let earlier):
            if earlier < plan.fetchTypes.count { return array(ofResult: earlier).reshaped(type.shape) }
        }
        // Not reached by a finished run; zeros are the total answer.
        return UntypedArray(dtype: type.dtype, shape: type.shape, storage: ArrayStorage(zeros: type.byteCount))
    }

    private func readValue(argument: Int) -> ArrayStorage? {
        for index in plan.reads.indices where plan.reads[index].argument == argument { return readValues[index] }
        return nil
    }

    /// Memory of its own for a variable that becomes equal to an argument, a constant or another result.
    private func storage(of result: Int, byteCount: Int) -> ArrayStorage? {
        switch plan.executable.resultSources[result] {
        case .computed: return nil
        case .parameter(let argument):
            if argument < feeds.count, let feed = feeds[argument] {
                return ArrayStorage(copying: feed.bytes, byteCount: byteCount)
            }
            return readValue(argument: argument)
        case .constant(let number):
            let constant = plan.executable.program.constants[number]
            return ArrayStorage(copying: constant.bytes, byteCount: byteCount)
        case .duplicate(let earlier):
            if earlier < results.count { return results[earlier] }
            for index in plan.updates.indices where plan.updates[index].result == earlier { return newValues[index] }
            return nil
        }
    }

    /// Lets go of everything that the run held.
    func dropReferences() {
        for index in feeds.indices { feeds[index] = nil }
        for index in readValues.indices { readValues[index] = nil }
        for index in newValues.indices { newValues[index] = nil }
        for index in results.indices { results[index] = nil }
        frame.trace = nil
    }
}
