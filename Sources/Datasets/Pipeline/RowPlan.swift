// Data sets whose elements are rows of arrays. Only row numbers go through shuffling, repeating, taking and so on; the
// rows themselves are touched once, when a batch is copied together.

public import Tensors

/// Which rows come in which order, and how they are taken.
final class RowPlan<Element: Sendable>: Sendable {
    /// The numbers of the rows.
    let indices: Dataset<Int>
    /// One row.
    let row: @Sendable (Int) throws -> Element
    /// Rows that follow each other, where they need not be copied.
    let range: (@Sendable (Range<Int>) -> Element)?
    /// Rows copied together.
    let gather: @Sendable ([Int]) throws -> Element

    init(
        indices: Dataset<Int>, row: @escaping @Sendable (Int) throws -> Element,
        range: (@Sendable (Range<Int>) -> Element)?, gather: @escaping @Sendable ([Int]) throws -> Element
    ) {
        self.indices = indices
        self.row = row
        self.range = range
        self.gather = gather
    }

    /// The same rows in another order.
    func reordered(_ transform: (Dataset<Int>) -> Dataset<Int>) -> Dataset<Element> {
        Dataset(rows: RowPlan(indices: transform(indices), row: row, range: range, gather: gather))
    }
}

/// Row after row.
final class RowCursor<Element: Sendable>: Cursor<Element> {
    private let plan: RowPlan<Element>
    private let indices: Cursor<Int>

    init(_ plan: RowPlan<Element>, _ indices: Cursor<Int>) {
        self.plan = plan
        self.indices = indices
    }

    override func next() throws -> Element? { try indices.next().map(plan.row) }

    override func skip(_ count: Int) throws -> Int { try indices.skip(count) }
}

/// Batch after batch of rows.
final class RowBatchCursor<Element: Sendable>: Cursor<Element> {
    private let plan: RowPlan<Element>
    private let indices: Cursor<Int>
    private let size: Int
    private let dropRemainder: Bool
    private var numbers: [Int] = []

    init(_ plan: RowPlan<Element>, _ indices: Cursor<Int>, size: Int, dropRemainder: Bool) {
        self.plan = plan
        self.indices = indices
        self.size = size
        self.dropRemainder = dropRemainder
    }

    override func next() throws -> Element? {
        numbers.removeAll(keepingCapacity: true)
        try indices.take(size, into: &numbers)
        guard let first = numbers.first, numbers.count == size || !dropRemainder else { return nil }
        if let range = plan.range, zip(numbers, first...).allSatisfy({ $0 == $1 }) {
            return range(first..<(first + numbers.count))
        }
        return try plan.gather(numbers)
    }

    override func skip(_ count: Int) throws -> Int { try skipBatches(count, of: size, dropRemainder, in: indices) }
}

/// Passes over the elements of up to `count` batches; returns of how many there was one.
func skipBatches<Element>(
    _ count: Int, of size: Int, _ dropRemainder: Bool, in source: Cursor<Element>
) throws -> Int {
    let (wanted, overflow) = count.multipliedReportingOverflow(by: size)
    let (whole, rest) = try source.skip(overflow ? .max : wanted).quotientAndRemainder(dividingBy: size)
    return whole + (rest > 0 && !dropRemainder ? 1 : 0)
}

// MARK: - Slices

extension Dataset where Element: SliceableElement {
    /// The rows of arrays: slices along the first axis, as TensorFlow's `from_tensor_slices` makes them.
    ///
    ///     let images = try Dataset(slices: x)          // x: [60000, 28, 28]; elements: [28, 28]
    ///     let inputs = try Dataset(slices: ["image": AnyArray(x), "age": AnyArray(ages)])
    ///
    /// Shuffling, repeating, taking and so on move row numbers only; `batch` copies each row once.
    ///
    /// - Errors: `DatasetError` where an array is a single value, or where the numbers of rows differ.
    public init(slices arrays: Element) throws(DatasetError) {
        let count = try arrays.countRows()
        self.init(
            rows: RowPlan(
                indices: .range(count), row: { arrays.row($0) }, range: { arrays.rows($0) },
                gather: { try arrays.gathering($0) }))
    }

    /// The rows of arrays, by TensorFlow's name.
    public static func fromTensorSlices(_ arrays: Element) throws(DatasetError) -> Dataset {
        try Dataset(slices: arrays)
    }
}

extension Dataset {
    /// Rows of anything that can take several at once.
    ///
    /// - Parameters:
    ///   - rowCount: how many rows there are.
    ///   - row: one of them.
    ///   - range: rows that follow each other, where they need not be copied.
    ///   - gather: rows copied together, in the given order.
    package init(
        rowCount: Int, row: @escaping @Sendable (Int) throws -> Element,
        range: (@Sendable (Range<Int>) -> Element)? = nil, gather: @escaping @Sendable ([Int]) throws -> Element
    ) {
        self.init(rows: RowPlan(indices: .range(rowCount), row: row, range: range, gather: gather))
    }

    /// Inputs with their targets, row by row.
    ///
    ///     let train = try Dataset(x, y)                // x: [60000, 784], y: [60000]
    ///     train.count                                  // Optional(60000)
    ///     try train.batch(32).elements()[0].x.shape    // [32, 784]
    ///
    /// - Errors: `DatasetError` where an array is a single value, or where the numbers of rows differ.
    public init<X, Y>(_ x: NDArray<X>, _ y: NDArray<Y>) throws(DatasetError)
    where Element == Pair<NDArray<X>, NDArray<Y>> {
        try self.init(slices: Pair(x, y))
    }
    /// Inputs with their targets and how much each counts, row by row.
    ///
    ///     let train = try Dataset(x, y, weights)       // x: [60000, 784], y: [60000], weights: [60000]
    ///
    /// - Errors: `DatasetError` where an array is a single value, or where the numbers of rows differ.
    public init<X, Y, Weight>(
        _ x: NDArray<X>, _ y: NDArray<Y>, _ weights: NDArray<Weight>
    ) throws(DatasetError) where Element == Triple<NDArray<X>, NDArray<Y>, NDArray<Weight>> {
        try self.init(slices: Triple(x, y, weights))
    }
}
