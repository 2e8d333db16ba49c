// What can be fetched from a run, and what can be fed into one.

public import Graphs
public import Tensors

/// What a run can compute: a tensor (as an array), a variable (its value), a node (nothing: it is run for its effect),
/// or an array of these.
public protocol Fetchable: Sendable {
    /// What the run returns for it.
    associatedtype Fetched
    /// Names what is wanted. Called by sessions only.
    func collect(into request: inout FetchRequest)
    /// Takes what was wanted from the results, in the same order. Called by sessions only.
    func fetched(from results: inout FetchResults) -> Fetched
}

/// Gathers what a run is asked for.
public struct FetchRequest {
    enum Item: Hashable {
        case output(Endpoint)
        case target(NodeID)
    }

    /// What the request is used for: to compute its hash, to compare it with a known one, or to note it down.
    enum Purpose {
        case hash
        case compare
        case record
    }

    let graph: Graph
    let purpose: Purpose
    var hash = PlanHash()
    var items: [Item]
    /// How many items were seen.
    var count = 0
    var matches = true
    /// The name of something that belongs to another graph.
    var foreign: String?

    init(graph: Graph, purpose: Purpose, items: [Item] = []) {
        self.graph = graph
        self.purpose = purpose
        self.items = items
    }

    mutating func add(_ item: Item) {
        switch purpose {
        case .hash:
            switch item {
            case .output(let endpoint): hash.combine(Int(endpoint.node.index) << 20 | Int(endpoint.output) << 1)
            case .target(let node): hash.combine(Int(node.index) << 20 | 1)
            }
        case .compare:
            matches = matches && count < items.count && items[count] == item
        case .record:
            items.append(item)
        }
        count += 1
    }

    mutating func add(_ value: Value) {
        if value.graph !== graph { foreign = value.name }
        add(.output(value.endpoint))
    }

    /// Takes the identity and shape of a feed into the hash.
    ///
    /// - Errors: `SessionError` for an array that could not be made.
    mutating func combine(feed value: Value, _ array: UntypedArray) throws(SessionError) {
        hash.combine(Int(value.endpoint.node.index) << 8 | Int(value.endpoint.output))
        let shape = array.shape
        for axis in shape.indices { hash.combine(shape[axis]) }
        if value.graph !== graph { foreign = value.name }
        if let refusal = array.storage.refusal { throw .refusedFeed(value.name, refusal) }
    }

    mutating func add(_ node: Node) {
        if node.graph !== graph { foreign = node.name }
        add(.target(node.id))
    }
}

/// Hands out the results of a run in the order of the request.
public struct FetchResults {
    let run: RunState
    var next = 0

    mutating func take() -> UntypedArray {
        defer { next += 1 }
        return run.array(ofResult: next)
    }
}

extension Tensor: Fetchable {
    public func collect(into request: inout FetchRequest) { request.add(value) }

    public func fetched(from results: inout FetchResults) -> NDArray<Scalar> { NDArray(untyped: results.take()) }
}

extension Node: Fetchable {
    public func collect(into request: inout FetchRequest) { request.add(self) }

    public func fetched(from results: inout FetchResults) {}
}

extension Array: Fetchable where Element: Fetchable {
    public func collect(into request: inout FetchRequest) {
        for element in self { element.collect(into: &request) }
    }

    public func fetched(from results: inout FetchResults) -> [Element.Fetched] {
        map { $0.fetched(from: &results) }
    }
}

/// A tensor and the array that stands for it during a run.
public struct Feed<Scalar: TensorElement>: Sendable {
    let value: Value
    let array: NDArray<Scalar>
}

extension Tensor {
    /// Feeds an array in place of this tensor: a placeholder, or any other, which is then not computed.
    ///
    ///     try session.run(loss, feeding: x.fed(images), y.fed(labels))
    public func fed(_ array: NDArray<Scalar>) -> Feed<Scalar> { Feed(value: value, array: array) }

    /// Feeds a single value.
    public func fed(_ scalar: Scalar) -> Feed<Scalar> { Feed(value: value, array: NDArray(scalar)) }
}

/// A 64-bit hash that needs no memory. Equal keys are compared in full afterwards.
struct PlanHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func combine(_ number: Int) {
        value = (value ^ UInt64(bitPattern: Int64(number))) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }
}
