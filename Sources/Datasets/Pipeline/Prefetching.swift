// Making elements ahead, on a thread in the background, up to a bound.

extension Dataset {
    /// The same elements, made ahead in the background, so that who takes them need not wait.
    ///
    /// The thread starts with the first element asked for and ends with the pass, or when its iterator is dropped, then
    /// after the element it is at. At most `count` elements wait to be taken, and one more is being made.
    ///
    /// - Parameter count: how many elements to hold, at least 1 (what is less counts as 1); 2 by default.
    public func prefetch(_ count: Int = 2) -> Dataset {
        Dataset(cardinality: cardinality) { epoch in PrefetchCursor(try start(epoch), limit: count) }
    }
}

/// What the consumer and the thread share.
struct PrefetchState<Element> {
    /// A ring of elements, oldest at `head`.
    fileprivate var elements: [Element?]
    fileprivate var head = 0
    fileprivate(set) var count = 0
    fileprivate var isFinished = false
    fileprivate var failure: (any Error)?
    fileprivate var isClosed = false
    /// How often the consumer had to wait.
    fileprivate(set) var waitCount = 0
}

/// Takes what a thread makes ahead.
final class PrefetchCursor<Element: Sendable>: Cursor<Element> {
    private let queue: Monitor<PrefetchState<Element>>
    /// Before the thread starts.
    private var source: Cursor<Element>?

    init(_ source: Cursor<Element>, limit: Int) {
        self.source = source
        // Room for so many that nobody notices the limit costs memory for nothing.
        let limit = Swift.min(Swift.max(1, limit), 1 << 16)
        queue = Monitor(PrefetchState(elements: Array(repeating: nil, count: limit)))
    }

    deinit { queue.change { $0.isClosed = true } }

    override func skip(_ count: Int) throws -> Int {
        if let source { return try source.skip(count) }
        return try super.skip(count)
    }

    override func next() throws -> Element? {
        if let source {
            self.source = nil
            try start(Handover(source))
        }
        var hasWaited = false
        let result: Result<Element?, any Error> = queue.wait { state in
            if state.count > 0 {
                let element = state.elements[state.head]
                state.elements[state.head] = nil
                state.head = (state.head + 1) % state.elements.count
                state.count -= 1
                return .success(element)
            }
            if let failure = state.failure { return .failure(failure) }
            if state.isFinished { return .success(nil) }
            if !hasWaited { state.waitCount += 1 }
            hasWaited = true
            return nil
        }
        return try result.get()
    }

    /// How often `next` had to wait for the thread.
    var waitCount: Int { queue.change { $0.waitCount } }
    /// How many elements are ready.
    var readyCount: Int { queue.change { $0.count } }

    private func start(_ source: Handover<Cursor<Element>>) throws {
        let queue = queue
        let isStarted = startThread {
            let source = source.value
            var isGoingOn = true
            while isGoingOn {
                do {
                    let element = try source.next()
                    isGoingOn = queue.wait { $0.append(element) }
                } catch {
                    queue.change { $0.failure = error }
                    isGoingOn = false
                }
            }
        }
        guard isStarted else { throw DatasetError.noThread }
    }
}

extension PrefetchState {
    /// Adds an element where there is room; nil for the end of the pass.
    ///
    /// - Returns: whether to make another, or nil where there is no room yet.
    fileprivate mutating func append(_ element: Element?) -> Bool? {
        if isClosed { return false }
        guard let element else {
            isFinished = true
            return false
        }
        guard count < elements.count else { return nil }
        elements[(head + count) % elements.count] = element
        count += 1
        return true
    }
}
