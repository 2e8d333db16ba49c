// One pass over a data set, inside the module: what a transformation wraps. Knows nothing of threads; a cursor belongs
// to one thread at a time.

/// A pass over a data set that gives one element after another.
///
/// Transformations subclass it. After `next` returned nil it returns nil for ever; after it threw it is not called again.
class Cursor<Element> {
    /// The next element; nil where there is none.
    func next() throws -> Element? { nil }

    /// Appends up to `count` elements, as cheaply as it can; fewer only where the pass ends.
    func take(_ count: Int, into elements: inout [Element]) throws {
        for _ in 0..<max(0, count) {
            guard let element = try next() else { return }
            elements.append(element)
        }
    }

    /// Passes over up to `count` elements, as cheaply as it can.
    ///
    /// - Returns: how many there were: fewer only where the pass ends.
    func skip(_ count: Int) throws -> Int {
        var skipped = 0
        while skipped < count, try next() != nil { skipped += 1 }
        return skipped
    }
}

/// A cursor that asks a closure.
final class ClosureCursor<Element>: Cursor<Element> {
    private var body: (() throws -> Element?)?

    init(_ body: @escaping () throws -> Element?) { self.body = body }

    override func next() throws -> Element? {
        if let element = try body?() { return element }
        body = nil
        return nil
    }
}

/// The whole numbers of a range.
final class RangeCursor: Cursor<Int> {
    private var rest: Range<Int>

    init(_ range: Range<Int>) { rest = range }

    override func next() -> Int? {
        guard !rest.isEmpty else { return nil }
        let first = rest.lowerBound
        rest = (first + 1)..<rest.upperBound
        return first
    }

    override func take(_ count: Int, into elements: inout [Int]) {
        let start = rest.lowerBound
        elements.append(contentsOf: start..<(start + skip(count)))
    }

    override func skip(_ count: Int) -> Int {
        let (length, overflow) = rest.upperBound.subtractingReportingOverflow(rest.lowerBound)
        let skipped = max(0, min(count, overflow ? .max : length))
        rest = (rest.lowerBound + skipped)..<rest.upperBound
        return skipped
    }
}

/// The elements of an array.
final class ArrayCursor<Element>: Cursor<Element> {
    private let elements: [Element]
    private var index = 0

    init(_ elements: [Element]) { self.elements = elements }

    override func next() -> Element? {
        guard index < elements.count else { return nil }
        index += 1
        return elements[index - 1]
    }

    override func skip(_ count: Int) -> Int {
        let skipped = max(0, min(count, elements.count - index))
        index += skipped
        return skipped
    }
}
