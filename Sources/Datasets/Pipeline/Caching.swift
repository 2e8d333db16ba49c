// Keeping in memory what was made once.

import Synchronization

extension Dataset {
    /// The same elements, kept in memory after the first pass that goes through to the end.
    ///
    /// What comes before runs as pass 0 each time it runs, so that a shuffle before a cache has one order for ever;
    /// shuffle after it. Copies of the data set share what is kept.
    public func cache() -> Dataset {
        let kept = Kept<Element>()
        return Dataset(cardinality: cardinality) { _ in
            if let elements = kept.elements.withLock({ $0 }) { return ArrayCursor(elements) }
            return CachingCursor(try start(0), kept)
        }
    }
}

private final class Kept<Element: Sendable>: Sendable {
    let elements = Mutex<[Element]?>(nil)
}

private final class CachingCursor<Element: Sendable>: Cursor<Element> {
    private let source: Cursor<Element>
    private let kept: Kept<Element>
    private var elements: [Element] = []

    init(_ source: Cursor<Element>, _ kept: Kept<Element>) {
        self.source = source
        self.kept = kept
    }

    override func next() throws -> Element? {
        if let element = try source.next() {
            elements.append(element)
            return element
        }
        kept.elements.withLock { $0 = elements }
        return nil
    }
}
