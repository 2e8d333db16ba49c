// Transformations that look at one element at a time: map, filter, and which elements there are how often.

extension Dataset {
    /// Each element, transformed.
    ///
    /// - Parameters:
    ///   - parallelism: how many elements to transform at once, each on a thread of its own; 1, the default, transforms
    ///     where the element is asked for. The order is that of the elements all the same.
    ///   - transform: must give the same for the same element, whichever thread it runs on.
    /// - Errors: what `transform` throws reaches the consumer as a `PipelineError`.
    public func map<Output: Sendable>(
        parallelism: Int = 1, fileID: StaticString = #fileID, line: UInt = #line,
        _ transform: @escaping @Sendable (Element) throws -> Output
    ) -> Dataset<Output> {
        let place = PipelinePlace("map", fileID, line)
        return Dataset<Output>(cardinality: cardinality) { epoch in
            let source = try start(epoch)
            if parallelism > 1 {
                return ParallelMapCursor(source, threadCount: Swift.min(parallelism, 256), place, transform)
            }
            return MapCursor(source, place, transform)
        }
    }

    /// The elements that `isIncluded` accepts.
    ///
    /// - Errors: what `isIncluded` throws reaches the consumer as a `PipelineError`.
    public func filter(
        fileID: StaticString = #fileID, line: UInt = #line,
        _ isIncluded: @escaping @Sendable (Element) throws -> Bool
    ) -> Dataset {
        let place = PipelinePlace("filter", fileID, line)
        return Dataset(cardinality: count == 0 ? .finite(0) : .unknown) { epoch in
            let source = try start(epoch)
            var index = 0
            return ClosureCursor {
                while let element = try source.next() {
                    defer { index &+= 1 }
                    if try place.rethrowing(element: index, { try isIncluded(element) }) { return element }
                }
                return nil
            }
        }
    }

    /// Each element with its number in the pass, counted from 0.
    public func enumerated() -> Dataset<Pair<Int, Element>> {
        Dataset<Pair<Int, Element>>(cardinality: cardinality) { epoch in EnumeratingCursor(try start(epoch)) }
    }

    /// The first `count` elements, or all where there are fewer.
    public func take(_ count: Int) -> Dataset {
        if let rows { return rows.reordered { $0.take(count) } }
        let count = Swift.max(0, count)
        let size: Cardinality =
            switch cardinality {
            case .finite(let all): .finite(Swift.min(all, count))
            case .infinite: .finite(count)
            case .unknown: count == 0 ? .finite(0) : .unknown
            }
        return Dataset(cardinality: size) { epoch in LimitedCursor(try start(epoch), count) }
    }

    /// All but the first `count` elements.
    public func skip(_ count: Int) -> Dataset {
        if let rows { return rows.reordered { $0.skip(count) } }
        let count = Swift.max(0, count)
        return Dataset(cardinality: cardinality.mapped { Swift.max(0, $0 - count) }) { epoch in
            let source = try start(epoch)
            _ = try source.skip(count)
            return source
        }
    }

    /// Every `count`-th element, from number `index` on: the part of one of `count` workers.
    ///
    /// - Errors: an `index` outside of `0..<count` is a `DatasetError` at the first element.
    public func shard(count: Int, index: Int) -> Dataset {
        if let rows { return rows.reordered { $0.shard(count: count, index: index) } }
        guard count > 0, (0..<count).contains(index) else {
            return Dataset(cardinality: .unknown) { _ in
                throw DatasetError(
                    reason: "there is no shard \(index) of \(count)", hint: "give an index from 0 up to count - 1")
            }
        }
        let size = cardinality.mapped { all in all > index ? (all - index - 1) / count + 1 : 0 }
        return Dataset(cardinality: size) { epoch in ShardCursor(try start(epoch), count: count, index: index) }
    }

    /// The elements `count` times over, or for ever.
    ///
    /// Repetition number `i` of a pass is a pass of its own for what comes before: what reshuffles has another order
    /// each time.
    ///
    /// - Parameter count: how often, 0 or less for not at all; nil, the default, for ever.
    public func `repeat`(_ count: Int? = nil) -> Dataset {
        if let rows { return rows.reordered { $0.repeat(count) } }
        let count = count.map { Swift.max(0, $0) }
        let size: Cardinality
        switch (cardinality, count) {
        case (_, 0), (.finite(0), _): size = .finite(0)
        case (.finite(let all), let count?):
            let (product, overflow) = all.multipliedReportingOverflow(by: count)
            size = overflow ? .unknown : .finite(product)
        case (.unknown, _): size = .unknown
        default: size = .infinite
        }
        return Dataset(cardinality: size) { epoch in
            // Passes of the whole must not share repetitions, or two epochs would have one order.
            let first = count.map { epoch &* $0 } ?? epoch &* (1 << 32)
            return RepeatingCursor(count, length: self.count) { try start(first &+ $0) }
        }
    }

    /// These elements, and then those of another data set.
    public func concatenate(_ other: Dataset) -> Dataset {
        let size: Cardinality
        switch (cardinality, other.cardinality) {
        case (.finite(let mine), .finite(let theirs)):
            let (sum, overflow) = mine.addingReportingOverflow(theirs)
            size = overflow ? .unknown : .finite(sum)
        case (.infinite, _), (_, .infinite): size = .infinite
        default: size = .unknown
        }
        return Dataset(cardinality: size) { epoch in
            ConcatenatingCursor([{ try start(epoch) }, { try other.start(epoch) }])
        }
    }

    /// The elements of two data sets side by side, as many as the shorter has.
    public static func zip<X, Y>(_ x: Dataset<X>, _ y: Dataset<Y>) -> Dataset where Element == Pair<X, Y> {
        zipping(x, y, Pair.init)
    }

    /// The elements of three data sets side by side, as many as the shortest has.
    public static func zip<X, Y, Weight>(
        _ x: Dataset<X>, _ y: Dataset<Y>, _ weights: Dataset<Weight>
    ) -> Dataset where Element == Triple<X, Y, Weight> {
        zipping(x, Dataset<Pair<Y, Weight>>.zip(y, weights)) { Triple($0, $1.x, $1.y) }
    }

    private static func zipping<X, Y>(
        _ x: Dataset<X>, _ y: Dataset<Y>, _ combine: @escaping @Sendable (X, Y) -> Element
    ) -> Dataset {
        let size: Cardinality
        switch (x.cardinality, y.cardinality) {
        case (.finite(let mine), .finite(let theirs)): size = .finite(Swift.min(mine, theirs))
        case (.infinite, let other), (let other, .infinite): size = other
        default: size = .unknown
        }
        return Dataset(cardinality: size) { epoch in ZippingCursor(try x.start(epoch), try y.start(epoch), combine) }
    }
}

// MARK: - Cursors

private final class MapCursor<Input, Output>: Cursor<Output> {
    private let source: Cursor<Input>
    private let place: PipelinePlace
    private let transform: @Sendable (Input) throws -> Output
    private var index = 0

    init(_ source: Cursor<Input>, _ place: PipelinePlace, _ transform: @escaping @Sendable (Input) throws -> Output) {
        self.source = source
        self.place = place
        self.transform = transform
    }

    override func next() throws -> Output? {
        guard let element = try source.next() else { return nil }
        defer { index &+= 1 }
        return try place.rethrowing(element: index) { try transform(element) }
    }

    override func skip(_ count: Int) throws -> Int {
        let skipped = try source.skip(count)
        // An endless pass may be skipped through without end.
        index &+= skipped
        return skipped
    }
}

private final class EnumeratingCursor<Element>: Cursor<Pair<Int, Element>> {
    private let source: Cursor<Element>
    private var index = 0

    init(_ source: Cursor<Element>) { self.source = source }

    override func next() throws -> Pair<Int, Element>? {
        guard let element = try source.next() else { return nil }
        defer { index &+= 1 }
        return Pair(index, element)
    }

    override func skip(_ count: Int) throws -> Int {
        let skipped = try source.skip(count)
        // An endless pass may be skipped through without end.
        index &+= skipped
        return skipped
    }
}

private final class LimitedCursor<Element>: Cursor<Element> {
    private let source: Cursor<Element>
    private var rest: Int

    init(_ source: Cursor<Element>, _ count: Int) {
        self.source = source
        rest = count
    }

    override func next() throws -> Element? {
        guard rest > 0 else { return nil }
        rest -= 1
        return try source.next()
    }

    override func skip(_ count: Int) throws -> Int {
        let skipped = try source.skip(min(count, rest))
        rest -= skipped
        return skipped
    }
}

private final class ShardCursor<Element>: Cursor<Element> {
    private let source: Cursor<Element>
    private let count: Int
    /// How many elements belong to others before the next one.
    private var gap: Int

    init(_ source: Cursor<Element>, count: Int, index: Int) {
        self.source = source
        self.count = count
        gap = index
    }

    override func next() throws -> Element? {
        guard try source.skip(gap) == gap else { return nil }
        gap = count - 1
        return try source.next()
    }
}

private final class RepeatingCursor<Element>: Cursor<Element> {
    private let limit: Int?
    /// The number of elements of a repetition, where it is known.
    private let length: Int?
    private let start: (Int) throws -> Cursor<Element>
    private var repetition = 0
    private var source: Cursor<Element>?
    /// Whether the current repetition had an element: one without ends the whole, which would never end otherwise.
    private var hasElements = true

    init(_ limit: Int?, length: Int?, _ start: @escaping (Int) throws -> Cursor<Element>) {
        self.limit = limit
        self.length = length
        self.start = start
    }

    /// The repetition that goes on, or the next; nil after the last.
    private func current() throws -> Cursor<Element>? {
        if let source { return source }
        guard hasElements, limit.map({ repetition < $0 }) ?? true else { return nil }
        let source = try start(repetition)
        repetition &+= 1
        hasElements = false
        self.source = source
        return source
    }

    override func next() throws -> Element? {
        while let source = try current() {
            if let element = try source.next() {
                hasElements = true
                return element
            }
            self.source = nil
        }
        return nil
    }

    override func skip(_ count: Int) throws -> Int {
        var skipped = 0
        while skipped < count {
            // Whole repetitions of known length need not be begun.
            if source == nil, hasElements, let length, length > 0 {
                let whole = min((count - skipped) / length, limit.map { $0 - repetition } ?? .max)
                repetition &+= whole
                skipped += whole * length
                if skipped == count { break }
            }
            guard let source = try current() else { break }
            let part = try source.skip(count - skipped)
            if part > 0 { hasElements = true }
            skipped += part
            if skipped < count { self.source = nil }
        }
        return skipped
    }
}

/// One data set after another, each begun when it is its turn.
final class ConcatenatingCursor<Element>: Cursor<Element> {
    private var waiting: ArraySlice<() throws -> Cursor<Element>>
    private var source: Cursor<Element>?

    init(_ sources: [() throws -> Cursor<Element>]) { waiting = sources[...] }

    private func current() throws -> Cursor<Element>? {
        if source == nil { source = try waiting.popFirst()?() }
        return source
    }

    override func next() throws -> Element? {
        while let source = try current() {
            if let element = try source.next() { return element }
            self.source = nil
        }
        return nil
    }

    override func skip(_ count: Int) throws -> Int {
        var skipped = 0
        while skipped < count, let source = try current() {
            skipped += try source.skip(count - skipped)
            if skipped < count { self.source = nil }
        }
        return skipped
    }
}

private final class ZippingCursor<X, Y, Output>: Cursor<Output> {
    private let x: Cursor<X>
    private let y: Cursor<Y>
    private let combine: (X, Y) -> Output

    init(_ x: Cursor<X>, _ y: Cursor<Y>, _ combine: @escaping (X, Y) -> Output) {
        self.x = x
        self.y = y
        self.combine = combine
    }

    override func next() throws -> Output? {
        guard let first = try x.next(), let second = try y.next() else { return nil }
        return combine(first, second)
    }

    override func skip(_ count: Int) throws -> Int { min(try x.skip(count), try y.skip(count)) }
}
