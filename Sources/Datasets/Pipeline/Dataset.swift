// The data set as a value: what it is, how it is gone through, and the sources that need nothing else. Each family of
// transformations has a file of its own.

/// A sequence of elements that is described once and gone through as often as wanted.
///
///     let train = try Dataset(x, y)
///         .shuffle(seed: 7)
///         .batch(32)
///         .prefetch(2)
///     for epoch in 0..<10 {
///         let batches = train.makeIterator(epoch: epoch)
///         while let batch = try batches.next() { … batch.x, batch.y … }
///     }
///
/// Each pass has a number, its epoch, which together with the seeds decides every order: the same seed and the same
/// epoch give the same elements in the same order, whatever the parallelism. Nothing else is remembered from one pass
/// to the next, so that a pass can be taken up in its middle: `makeIterator(epoch: 3, skipping: 120)`.
///
/// Errors of sources and closures reach whoever asks for the element concerned, see `PipelineError`.
public struct Dataset<Element: Sendable>: Sendable {
    /// How many elements a pass has, as far as that is known without going through it.
    public let cardinality: Cardinality
    /// Begins the pass of the given number.
    let start: @Sendable (_ epoch: Int) throws -> Cursor<Element>
    /// Where the elements are rows of an array: which, and how several are taken at once.
    let rows: RowPlan<Element>?

    init(cardinality: Cardinality, start: @escaping @Sendable (_ epoch: Int) throws -> Cursor<Element>) {
        self.cardinality = cardinality
        self.start = start
        rows = nil
    }

    init(rows: RowPlan<Element>) {
        cardinality = rows.indices.cardinality
        start = { epoch in RowCursor(rows, try rows.indices.start(epoch)) }
        self.rows = rows
    }

    /// The number of elements, where it is known and finite.
    public var count: Int? {
        if case .finite(let count) = cardinality { count } else { nil }
    }

    /// Begins a pass.
    ///
    /// - Parameters:
    ///   - epoch: the number of the pass: other numbers give other orders to what reshuffles.
    ///   - count: how many elements to pass over first. Over batches of rows, and over what `map` would make, that
    ///     costs next to nothing; a filter and a small shuffle buffer must go through them.
    public func makeIterator(epoch: Int = 0, skipping count: Int = 0) -> DatasetIterator<Element> {
        DatasetIterator(self, DatasetPosition(epoch: epoch, elementCount: max(0, count)))
    }

    /// Takes up a pass where another iterator of an equal data set was, whatever has happened since.
    public func makeIterator(at position: DatasetPosition) -> DatasetIterator<Element> {
        makeIterator(epoch: position.epoch, skipping: position.elementCount)
    }

    /// Calls `body` with every element of a pass.
    ///
    /// - Errors: those of the sources and closures, and what `body` throws.
    public func forEach(epoch: Int = 0, _ body: (Element) throws -> Void) throws {
        let iterator = makeIterator(epoch: epoch)
        while let element = try iterator.next() { try body(element) }
    }

    /// All elements of a pass, in an array.
    ///
    /// - Errors: those of the sources and closures; a data set that never ends is refused.
    public func elements(epoch: Int = 0) throws -> [Element] {
        guard cardinality != .infinite else { throw DatasetError.endless("elements()") }
        var elements: [Element] = []
        try forEach(epoch: epoch) { elements.append($0) }
        return elements
    }

    /// A pass for a `for` loop: each element, or the error that ends the pass.
    ///
    ///     for result in train.results(epoch: 2) {
    ///         let batch = try result.get()
    ///     }
    public func results(epoch: Int = 0) -> some Sequence<Result<Element, any Error>> {
        let iterator = makeIterator(epoch: epoch)
        var isAtEnd = false
        return AnyIterator {
            guard !isAtEnd else { return nil }
            do {
                if let element = try iterator.next() { return .success(element) }
                isAtEnd = true
                return nil
            } catch {
                isAtEnd = true
                return .failure(error)
            }
        }
    }
}

/// How many elements a pass over a data set has.
public enum Cardinality: Hashable, Sendable {
    case finite(Int)
    /// It never ends.
    case infinite
    /// It is not known before the pass ends.
    case unknown

    /// Of what `transform` makes of the number; what is infinite or unknown stays so.
    func mapped(_ transform: (Int) -> Int) -> Cardinality {
        if case .finite(let count) = self { .finite(transform(count)) } else { self }
    }
}

/// A place in a pass: what to save so as to go on later.
public struct DatasetPosition: Hashable, Sendable, Codable {
    /// The number of the pass.
    public var epoch: Int
    /// How many elements had been taken.
    public var elementCount: Int

    public init(epoch: Int, elementCount: Int) {
        self.epoch = epoch
        self.elementCount = elementCount
    }
}

/// One pass over a data set. What works for it in the background ends with its last reference.
public final class DatasetIterator<Element: Sendable> {
    private let dataset: Dataset<Element>
    private var cursor: Cursor<Element>?
    private var isAtEnd = false
    private var failure: (any Error)?
    /// Where the pass is.
    public private(set) var position: DatasetPosition

    init(_ dataset: Dataset<Element>, _ position: DatasetPosition) {
        self.dataset = dataset
        self.position = position
    }

    /// The next element; nil at the end.
    ///
    /// - Errors: those of the sources and closures. The pass has then ended: every later call throws the same again.
    public func next() throws -> Element? {
        if let failure { throw failure }
        guard !isAtEnd else { return nil }
        do {
            if let element = try startedCursor().next() {
                if position.elementCount < .max { position.elementCount += 1 }
                return element
            }
            isAtEnd = true
        } catch {
            failure = error
        }
        cursor = nil
        if let failure { throw failure }
        return nil
    }

    private func startedCursor() throws -> Cursor<Element> {
        if let cursor { return cursor }
        let cursor = try dataset.start(position.epoch)
        _ = try cursor.skip(position.elementCount)
        self.cursor = cursor
        return cursor
    }
}

// MARK: - Sources

extension Dataset {
    /// The elements of a sequence, which is gone through anew in each pass.
    public init(_ elements: some Sequence<Element> & Sendable) {
        if let array = elements as? [Element] {
            self.init(cardinality: .finite(array.count)) { _ in ArrayCursor(array) }
        } else {
            self.init(cardinality: .unknown) { _ in
                var iterator = elements.makeIterator()
                return ClosureCursor { iterator.next() }
            }
        }
    }

    /// What a generator makes, one call an element, until it returns nil.
    ///
    ///     Dataset.generating { epoch in
    ///         var random = RandomStream(seed: 1, stream: UInt64(epoch))
    ///         return { Float(random.nextUniform()) }
    ///     }
    ///
    /// - Parameter generator: is called at the start of each pass, with its number, and returns what makes the elements.
    /// - Errors: what it throws reaches the consumer as a `PipelineError`.
    public static func generating(
        fileID: StaticString = #fileID, line: UInt = #line,
        _ generator: @escaping @Sendable (_ epoch: Int) throws -> () throws -> Element?
    ) -> Dataset {
        let place = PipelinePlace("generating", fileID, line)
        return Dataset(cardinality: .unknown) { epoch in
            let next = try place.rethrowing(element: 0) { try generator(epoch) }
            var index = 0
            return ClosureCursor {
                defer { index += 1 }
                return try place.rethrowing(element: index) { try next() }
            }
        }
    }
}

extension Dataset where Element == Int {
    /// The whole numbers of a range.
    public static func range(_ range: Range<Int>) -> Dataset {
        let (count, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
        return Dataset(cardinality: overflow ? .unknown : .finite(count)) { _ in RangeCursor(range) }
    }

    /// The whole numbers from 0 up to `count`, which does not belong to them.
    public static func range(_ count: Int) -> Dataset { range(0..<Swift.max(0, count)) }
}
