// Elements that consist of others: pairs, triples, dictionaries, and arrays whose type is known only at run time.

public import Tensors

/// Two things that belong together: inputs and targets of a model, or what `zip` makes.
public struct Pair<X, Y> {
    /// The first: what a model is given.
    public var x: X
    /// The second: what it should answer.
    public var y: Y

    public init(_ x: X, _ y: Y) {
        self.x = x
        self.y = y
    }
}

extension Pair: Sendable where X: Sendable, Y: Sendable {}
extension Pair: Equatable where X: Equatable, Y: Equatable {}
extension Pair: Hashable where X: Hashable, Y: Hashable {}

extension Pair: DatasetElement where X: DatasetElement, Y: DatasetElement {
    public static func stack(_ elements: [Pair]) throws(DatasetError) -> Pair<X.Batch, Y.Batch> {
        Pair<X.Batch, Y.Batch>(try X.stack(elements.map(\.x)), try Y.stack(elements.map(\.y)))
    }
}

extension Pair: SliceableElement where X: SliceableElement, Y: SliceableElement {
    public func countRows() throws(DatasetError) -> Int {
        let counts = (try x.countRows(), try y.countRows())
        guard counts.0 == counts.1 else { throw .unequalRowCounts([counts.0, counts.1]) }
        return counts.0
    }

    public func row(_ index: Int) -> Pair { Pair(x.row(index), y.row(index)) }

    public func rows(_ range: Range<Int>) -> Pair { Pair(x.rows(range), y.rows(range)) }

    public func gathering(_ rows: [Int]) throws(DatasetError) -> Pair {
        Pair(try x.gathering(rows), try y.gathering(rows))
    }
}

extension Pair: PaddableElement where X: PaddableElement, Y: PaddableElement {
    public static var defaultPadding: Pair<X.Padding, Y.Padding> {
        Pair<X.Padding, Y.Padding>(X.defaultPadding, Y.defaultPadding)
    }

    public static func stack(
        _ elements: [Pair], padding: Pair<X.Padding, Y.Padding>
    ) throws(DatasetError) -> Pair<X.Batch, Y.Batch> {
        Pair<X.Batch, Y.Batch>(
            try X.stack(elements.map(\.x), padding: padding.x), try Y.stack(elements.map(\.y), padding: padding.y))
    }
}

// MARK: - Triples

/// Inputs and targets, and how much they count: what training with sample weights takes, or what `zip` makes of three.
///
///     let batches = try Dataset(x, y, weights).shuffle(seed: 7).batch(32)
///     try model.fit(batches, epochs: 5)
public struct Triple<X, Y, Weight> {
    /// The first: what a model is given.
    public var x: X
    /// The second: what it should answer.
    public var y: Y
    /// The third: how much that counts.
    public var weight: Weight

    public init(_ x: X, _ y: Y, _ weight: Weight) {
        self.x = x
        self.y = y
        self.weight = weight
    }

    /// A pair, and how much it counts.
    public init(_ pair: Pair<X, Y>, weight: Weight) { self.init(pair.x, pair.y, weight) }

    /// The first two, without the third.
    public var pair: Pair<X, Y> { Pair(x, y) }
}

extension Triple: Sendable where X: Sendable, Y: Sendable, Weight: Sendable {}
extension Triple: Equatable where X: Equatable, Y: Equatable, Weight: Equatable {}
extension Triple: Hashable where X: Hashable, Y: Hashable, Weight: Hashable {}

extension Triple: DatasetElement where X: DatasetElement, Y: DatasetElement, Weight: DatasetElement {
    public static func stack(
        _ elements: [Triple]
    ) throws(DatasetError) -> Triple<X.Batch, Y.Batch, Weight.Batch> {
        Triple<X.Batch, Y.Batch, Weight.Batch>(
            try X.stack(elements.map(\.x)), try Y.stack(elements.map(\.y)), try Weight.stack(elements.map(\.weight)))
    }
}

extension Triple: SliceableElement where X: SliceableElement, Y: SliceableElement, Weight: SliceableElement {
    public func countRows() throws(DatasetError) -> Int {
        let counts = [try x.countRows(), try y.countRows(), try weight.countRows()]
        guard counts.allSatisfy({ $0 == counts[0] }) else { throw .unequalRowCounts(counts) }
        return counts[0]
    }

    public func row(_ index: Int) -> Triple { Triple(x.row(index), y.row(index), weight.row(index)) }

    public func rows(_ range: Range<Int>) -> Triple { Triple(x.rows(range), y.rows(range), weight.rows(range)) }

    public func gathering(_ rows: [Int]) throws(DatasetError) -> Triple {
        Triple(try x.gathering(rows), try y.gathering(rows), try weight.gathering(rows))
    }
}

extension Triple: PaddableElement where X: PaddableElement, Y: PaddableElement, Weight: PaddableElement {
    public static var defaultPadding: Triple<X.Padding, Y.Padding, Weight.Padding> {
        Triple<X.Padding, Y.Padding, Weight.Padding>(X.defaultPadding, Y.defaultPadding, Weight.defaultPadding)
    }

    public static func stack(
        _ elements: [Triple], padding: Triple<X.Padding, Y.Padding, Weight.Padding>
    ) throws(DatasetError) -> Triple<X.Batch, Y.Batch, Weight.Batch> {
        Triple<X.Batch, Y.Batch, Weight.Batch>(
            try X.stack(elements.map(\.x), padding: padding.x), try Y.stack(elements.map(\.y), padding: padding.y),
            try Weight.stack(elements.map(\.weight), padding: padding.weight))
    }
}

// MARK: - Dictionaries

extension Dictionary: DatasetElement where Key == String, Value: DatasetElement {
    /// Stacks the values of each key; every element must have the same keys.
    public static func stack(_ elements: [[String: Value]]) throws(DatasetError) -> [String: Value.Batch] {
        var batch: [String: Value.Batch] = [:]
        let keys = elements.first?.keys.sorted() ?? []
        for element in elements where element.count != keys.count {
            throw .unequalKeys(keys, element.keys.sorted())
        }
        for key in keys {
            var values: [Value] = []
            values.reserveCapacity(elements.count)
            for element in elements {
                guard let value = element[key] else { throw .unequalKeys(keys, element.keys.sorted()) }
                values.append(value)
            }
            batch[key] = try Value.stack(values)
        }
        return batch
    }
}

extension Dictionary: SliceableElement where Key == String, Value: SliceableElement {
    public func countRows() throws(DatasetError) -> Int {
        var counts: [Int] = []
        for key in keys.sorted() {
            if let value = self[key] { counts.append(try value.countRows()) }
        }
        guard let first = counts.first else { throw .noLeadingAxis("an empty dictionary") }
        guard counts.allSatisfy({ $0 == first }) else { throw .unequalRowCounts(counts) }
        return first
    }

    public func row(_ index: Int) -> [String: Value] { mapValues { $0.row(index) } }

    public func rows(_ range: Range<Int>) -> [String: Value] { mapValues { $0.rows(range) } }

    public func gathering(_ rows: [Int]) throws(DatasetError) -> [String: Value] {
        var gathered: [String: Value] = [:]
        for (key, value) in self { gathered[key] = try value.gathering(rows) }
        return gathered
    }
}

// MARK: - Arrays of any type

extension AnyArray: SliceableElement {
    public static func stack(_ elements: [AnyArray]) throws(DatasetError) -> AnyArray {
        guard let first = elements.first else { throw .noLeadingAxis("nothing") }
        for element in elements where element.dtype != first.dtype {
            throw .unequalTypes("\(first.dtype)", "\(element.dtype)")
        }
        for element in elements where element.shape != first.shape { throw .unequalShapes(first.shape, element.shape) }
        let arrays = elements.compactMap { element in
            if case .elements(let array) = element.content { array } else { nil }
        }
        if arrays.count == elements.count { return AnyArray(try UntypedArray.stack(arrays)) }
        return try AnyArray(checked: elements.flatMap { $0.byteStrings ?? [] }, [elements.count] + first.shape)
    }

    public func countRows() throws(DatasetError) -> Int {
        guard let count = shape.first else { throw .noLeadingAxis("an array of the shape []") }
        return count
    }

    public func row(_ index: Int) -> AnyArray {
        let inner = Array(shape.dropFirst())
        return (try? rows(index..<(index + 1)).reshaped(inner)) ?? self
    }

    public func rows(_ range: Range<Int>) -> AnyArray {
        guard let extent = shape.first else { return self }
        let range = range.clamped(to: 0..<extent)
        let shape = [range.count] + shape.dropFirst()
        switch content {
        case .elements(let array):
            let width = extent == 0 ? 0 : array.byteCount / extent
            return AnyArray(
                UntypedArray(
                    dtype: array.dtype, shape: shape, storage: array.storage,
                    byteOffset: array.byteOffset + range.lowerBound * width))
        case .strings(let strings, _):
            let width = extent == 0 ? 0 : strings.count / extent
            let part = Array(strings[(range.lowerBound * width)..<(range.upperBound * width)])
            return (try? AnyArray(strings: part, shape: shape)) ?? self
        }
    }

    public func gathering(_ rows: [Int]) throws(DatasetError) -> AnyArray {
        switch content {
        case .elements(let array): return AnyArray(try array.gathering(rows[...]))
        case .strings(let strings, let shape):
            let width = (shape.first ?? 0) == 0 ? 0 : strings.count / shape[0]
            let gathered = rows.flatMap { strings[($0 * width)..<(($0 + 1) * width)] }
            return try AnyArray(checked: gathered, [rows.count] + shape.dropFirst())
        }
    }

    private init(checked strings: [[UInt8]], _ shape: [Int]) throws(DatasetError) {
        do throws(ArrayError) { try self.init(strings: strings, shape: shape) } catch {
            throw .tooLarge(error.description)
        }
    }
}
