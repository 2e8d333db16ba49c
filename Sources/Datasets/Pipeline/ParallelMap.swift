// Applying a closure on several threads while keeping the order.

/// Takes elements from a source one after another, transforms several at once, and gives them out in the source's order.
final class ParallelMapCursor<Input: Sendable, Output: Sendable>: Cursor<Output> {
    private let shared: Monitor<State>
    private let pull: Monitor<Pull>
    private let place: PipelinePlace
    private let transform: @Sendable (Input) throws -> Output
    private let threadCount: Int
    private var isStarted = false
    private var isAtEnd = false

    /// What happened to the elements.
    private struct State {
        /// Results by the number of the element; nil for the end of the pass.
        var results: [Int: Result<Output?, any Error>] = [:]
        /// How many elements threads have set out to take.
        var reserved = 0
        var delivered = 0
        /// Nothing more is to be taken: the source is at its end, something went wrong, or the consumer has gone.
        var isClosed = false
    }

    /// The source, of which one thread at a time takes an element.
    private struct Pull {
        let source: Cursor<Input>
        var count = 0
        var isAtEnd = false
        var skipped = 0
    }

    init(
        _ source: Cursor<Input>, threadCount: Int, _ place: PipelinePlace,
        _ transform: @escaping @Sendable (Input) throws -> Output
    ) {
        shared = Monitor(State())
        pull = Monitor(Pull(source: source))
        self.place = place
        self.transform = transform
        self.threadCount = threadCount
    }

    deinit { shared.change { $0.isClosed = true } }

    override func skip(_ count: Int) throws -> Int {
        guard !isStarted else { return try super.skip(count) }
        let result = pull.change { pull in
            Result {
                let skipped = try pull.source.skip(count)
                pull.skipped &+= skipped
                return skipped
            }
        }
        return try result.get()
    }

    override func next() throws -> Output? {
        guard !isAtEnd else { return nil }
        if !isStarted {
            isStarted = true
            for _ in 0..<threadCount {
                guard startThread(worker()) else { throw DatasetError.noThread }
            }
        }
        let result = shared.wait { state in
            state.results.removeValue(forKey: state.delivered).map { result in
                state.delivered += 1
                return result
            }
        }
        let output = try result.get()
        isAtEnd = output == nil
        return output
    }

    private func worker() -> @Sendable () -> Void {
        let (shared, pull, place, transform) = (shared, pull, place, transform)
        // Twice as many as threads, so that a slow element does not stop the others at once.
        let window = 2 * threadCount
        return {
            while true {
                let mayGoOn: Bool = shared.wait { state in
                    if state.isClosed { return false }
                    guard state.reserved - state.delivered < window else { return nil }
                    state.reserved += 1
                    return true
                }
                guard mayGoOn else { return }
                let taken: (number: Int, skipped: Int, input: Result<Input?, any Error>)? = pull.change { pull in
                    guard !pull.isAtEnd else { return nil }
                    let input = Result { try pull.source.next() }
                    if case .success(.some) = input {} else { pull.isAtEnd = true }
                    defer { pull.count += 1 }
                    return (pull.count, pull.skipped, input)
                }
                guard let (number, skipped, input) = taken else { return }
                let output = input.flatMap { input in
                    Result {
                        try input.map { input in
                            try place.rethrowing(element: skipped &+ number) { try transform(input) }
                        }
                    }
                }
                shared.change { state in
                    state.results[number] = output
                    if case .success(.some) = output {} else { state.isClosed = true }
                }
            }
        }
    }
}
