// Elements that become data sets of their own: files of a list, sentences of a text.

extension Dataset {
    /// The elements of the data sets that `transform` makes of each element, one data set after another.
    ///
    /// - Errors: what `transform` throws reaches the consumer as a `PipelineError`.
    public func flatMap<Output: Sendable>(
        fileID: StaticString = #fileID, line: UInt = #line,
        _ transform: @escaping @Sendable (Element) throws -> Dataset<Output>
    ) -> Dataset<Output> {
        interleaved(PipelinePlace("flatMap", fileID, line), cycleLength: 1, blockLength: .max, transform)
    }

    /// The elements of the data sets that `transform` makes of each element, several data sets in turn.
    ///
    ///     Dataset(["a.tfrecord", "b.tfrecord"]).interleave(cycleLength: 2) { Dataset.records(of: $0) }
    ///
    /// - Parameters:
    ///   - cycleLength: how many data sets are open at once, at least 1 (what is less counts as 1).
    ///   - blockLength: how many elements to take of one before it is the next one's turn, at least 1; 1 by default.
    /// - Errors: what `transform` throws reaches the consumer as a `PipelineError`.
    /// - Source: the order is that of `tf.data.Dataset.interleave`.
    public func interleave<Output: Sendable>(
        cycleLength: Int, blockLength: Int = 1, fileID: StaticString = #fileID, line: UInt = #line,
        _ transform: @escaping @Sendable (Element) throws -> Dataset<Output>
    ) -> Dataset<Output> {
        interleaved(
            PipelinePlace("interleave", fileID, line), cycleLength: cycleLength, blockLength: blockLength, transform)
    }

    private func interleaved<Output: Sendable>(
        _ place: PipelinePlace, cycleLength: Int, blockLength: Int,
        _ transform: @escaping @Sendable (Element) throws -> Dataset<Output>
    ) -> Dataset<Output> {
        Dataset<Output>(cardinality: count == 0 ? .finite(0) : .unknown) { epoch in
            let source = try start(epoch)
            var index = 0
            return InterleavingCursor(cycleLength: cycleLength, blockLength: blockLength) {
                guard let element = try source.next() else { return nil }
                defer { index += 1 }
                return try place.rethrowing(element: index) { try transform(element) }.start(epoch)
            }
        }
    }
}

private final class InterleavingCursor<Element>: Cursor<Element> {
    private let open: () throws -> Cursor<Element>?
    private let cycleLength: Int
    private let blockLength: Int
    /// The open ones; nil for one that ended and whose place is free.
    private var cycle: [Cursor<Element>?] = []
    private var turn = 0
    private var taken = 0
    private var isSourceAtEnd = false

    init(cycleLength: Int, blockLength: Int, _ open: @escaping () throws -> Cursor<Element>?) {
        self.open = open
        self.cycleLength = max(1, cycleLength)
        self.blockLength = max(1, blockLength)
    }

    override func next() throws -> Element? {
        while true {
            if turn == cycle.count, cycle.count < cycleLength, !isSourceAtEnd { cycle.append(nil) }
            if turn >= cycle.count { turn = 0 }
            guard !cycle.isEmpty else { return nil }
            if cycle[turn] == nil, !isSourceAtEnd {
                cycle[turn] = try open()
                if cycle[turn] == nil { isSourceAtEnd = true }
            }
            guard let current = cycle[turn] else {
                // Nothing will take this place any more.
                cycle.remove(at: turn)
                continue
            }
            if let element = try current.next() {
                taken += 1
                if taken == blockLength { endTurn() }
                return element
            }
            cycle[turn] = nil
            endTurn()
        }
    }

    private func endTurn() {
        turn += 1
        taken = 0
    }
}
