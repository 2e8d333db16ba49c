// Random orders that a seed and the number of the pass decide alone, the same on every machine.

import Tensors

extension Dataset {
    /// The elements in a random order.
    ///
    /// A buffer is filled with the first `bufferSize` elements; each element given out is drawn from it at random and
    /// replaced by the next one that comes. A buffer that holds them all makes every order equally likely; with a
    /// smaller one, an element comes at most `bufferSize - 1` places early. Of slices of arrays only the row numbers
    /// are in the buffer, so that one for all of them costs little.
    ///
    /// - Parameters:
    ///   - bufferSize: how many elements to hold, at least 1 (what is less counts as 1); nil, the default, for all.
    ///   - seed: the same seed gives the same order.
    ///   - reshuffleEachIteration: whether each pass has an order of its own, which its number decides; true by default.
    /// - Errors: a buffer for all elements of a data set that never ends is a `DatasetError` at the first element.
    /// - Source: `tf.data.Dataset.shuffle`; the orders drawn from a seed are our own.
    public func shuffle(bufferSize: Int? = nil, seed: UInt64, reshuffleEachIteration: Bool = true) -> Dataset {
        if let rows {
            return rows.reordered {
                $0.shuffle(bufferSize: bufferSize, seed: seed, reshuffleEachIteration: reshuffleEachIteration)
            }
        }
        let bufferSize = bufferSize.map { Swift.max(1, $0) } ?? .max
        return Dataset(cardinality: cardinality) { epoch in
            if cardinality == .infinite, bufferSize == .max { throw DatasetError.endless("shuffle(seed:)") }
            let stream = UInt64(bitPattern: Int64(reshuffleEachIteration ? epoch : 0))
            let source = try start(epoch)
            if let count, count <= bufferSize {
                return PermutingCursor(source, seed: seed, stream: stream)
            }
            return ShufflingCursor(source, bufferSize: bufferSize, seed: seed, stream: stream)
        }
    }
}

/// All elements in a random order.
private final class PermutingCursor<Element>: Cursor<Element> {
    private let source: Cursor<Element>
    private let seed: UInt64
    private let stream: UInt64
    private var elements: [Element] = []
    /// The positions of the elements, once they are there.
    private var order: [Int]?
    private var index = 0

    init(_ source: Cursor<Element>, seed: UInt64, stream: UInt64) {
        self.source = source
        self.seed = seed
        self.stream = stream
    }

    /// Takes the elements in, where that is to be done, and gives the order in which they go out.
    ///
    /// The positions are what is shuffled: their type is known here, and the loop over them several times as fast.
    private func positions() throws -> [Int] {
        if let order { return order }
        try source.take(.max, into: &elements)
        let order = permutation(count: elements.count, seed: seed, stream: stream)
        self.order = order
        return order
    }

    override func next() throws -> Element? {
        let order = try positions()
        guard index < order.count else { return nil }
        index += 1
        return elements[order[index - 1]]
    }

    override func take(_ count: Int, into elements: inout [Element]) throws {
        let order = try positions()
        let range = index..<(index + max(0, min(count, order.count - index)))
        index = range.upperBound
        for position in order[range] { elements.append(self.elements[position]) }
    }

    override func skip(_ count: Int) throws -> Int {
        let skipped = max(0, min(count, try positions().count - index))
        index += skipped
        return skipped
    }
}

/// Elements drawn from a buffer that is filled up again.
private final class ShufflingCursor<Element>: Cursor<Element> {
    private let source: Cursor<Element>
    private let bufferSize: Int
    private var random: RandomStream
    private var buffer: [Element] = []
    private var isSourceAtEnd = false

    init(_ source: Cursor<Element>, bufferSize: Int, seed: UInt64, stream: UInt64) {
        self.source = source
        self.bufferSize = bufferSize
        random = RandomStream(seed: seed, stream: stream)
    }

    override func next() throws -> Element? {
        while !isSourceAtEnd, buffer.count < bufferSize {
            if let element = try source.next() { buffer.append(element) } else { isSourceAtEnd = true }
        }
        guard !buffer.isEmpty else { return nil }
        buffer.swapAt(random.nextNumber(below: buffer.count), buffer.count - 1)
        return buffer.removeLast()
    }
}
