// Several elements made one, and the reverse.

import Tensors

extension Dataset where Element: DatasetElement {
    /// Elements stacked along a new first axis, `size` at a time.
    ///
    /// - Shapes: size × `[...]` → `[size, ...]`
    /// - Parameters:
    ///   - size: how many elements make a batch, at least 1 (what is less counts as 1).
    ///   - dropRemainder: whether to leave out a last batch that is smaller than the others; false by default.
    /// - Errors: elements that do not fit each other reach the consumer as a `PipelineError`.
    public func batch(
        _ size: Int, dropRemainder: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
    ) -> Dataset<Element.Batch> {
        batches(size, dropRemainder, PipelinePlace("batch", fileID, line), Element.stack)
    }

    fileprivate func batches<Batch: Sendable>(
        _ size: Int, _ dropRemainder: Bool, _ place: PipelinePlace,
        _ stack: @escaping @Sendable ([Element]) throws -> Batch
    ) -> Dataset<Batch> {
        let size = Swift.max(1, size)
        return Dataset<Batch>(cardinality: cardinality.batches(of: size, dropRemainder)) { epoch in
            BatchCursor(try start(epoch), size: size, dropRemainder: dropRemainder, place, stack)
        }
    }
}

extension Dataset where Element: SliceableElement {
    /// Elements stacked along a new first axis, `size` at a time. Of slices of arrays each row is copied once; rows
    /// that follow each other share the memory of the whole.
    ///
    /// - Shapes: size × `[...]` → `[size, ...]`
    /// - Parameters:
    ///   - size: how many elements make a batch, at least 1 (what is less counts as 1).
    ///   - dropRemainder: whether to leave out a last batch that is smaller than the others; false by default.
    /// - Errors: elements that do not fit each other reach the consumer as a `PipelineError`.
    public func batch(
        _ size: Int, dropRemainder: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
    ) -> Dataset<Element> {
        guard let rows else {
            return batches(size, dropRemainder, PipelinePlace("batch", fileID, line), Element.stack)
        }
        let size = Swift.max(1, size)
        return Dataset(cardinality: cardinality.batches(of: size, dropRemainder)) { epoch in
            RowBatchCursor(rows, try rows.indices.start(epoch), size: size, dropRemainder: dropRemainder)
        }
    }

    /// The rows of each element, one after another: the reverse of `batch`.
    ///
    /// - Shapes: `[n, ...]` → n × `[...]`
    /// - Errors: an element without rows reaches the consumer as a `PipelineError`.
    public func unbatch(fileID: StaticString = #fileID, line: UInt = #line) -> Dataset {
        let place = PipelinePlace("unbatch", fileID, line)
        return Dataset(cardinality: .unknown) { epoch in UnbatchingCursor(try start(epoch), place) }
    }
}

extension Dataset where Element: PaddableElement {
    /// Elements of different sizes, made equally large and stacked, `size` at a time.
    ///
    ///     Dataset([[1, 2], [3]] as [[Int32]]).paddedBatch(2)     // [[1, 2], [3, 0]]
    ///
    /// - Shapes: size × `[?, ...]` → `[size, largest, ...]`
    /// - Parameters:
    ///   - size: how many elements make a batch, at least 1 (what is less counts as 1).
    ///   - padding: up to which shape and with what value; by default up to the largest of each batch, with zeros.
    ///   - dropRemainder: whether to leave out a last batch that is smaller than the others; false by default.
    /// - Errors: elements larger than the shape, or of different rank, reach the consumer as a `PipelineError`.
    public func paddedBatch(
        _ size: Int, padding: Element.Padding = Element.defaultPadding, dropRemainder: Bool = false,
        fileID: StaticString = #fileID, line: UInt = #line
    ) -> Dataset<Element.Batch> {
        batches(size, dropRemainder, PipelinePlace("paddedBatch", fileID, line)) {
            try Element.stack($0, padding: padding)
        }
    }
}

extension Dataset {
    /// Neighbouring elements in arrays: windows over the sequence.
    ///
    ///     Dataset.range(5).window(3).elements()    // [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    ///
    /// - Parameters:
    ///   - size: how many elements a window has, at least 1.
    ///   - shift: how many elements further the next window starts, at least 1; 1 by default.
    ///   - stride: the distance of a window's elements, at least 1; 1 by default.
    ///   - dropRemainder: whether to leave out windows at the end that are smaller; true by default.
    /// - Errors: a number below 1 is a `DatasetError` at the first element.
    public func window(
        _ size: Int, shift: Int = 1, stride: Int = 1, dropRemainder: Bool = true
    ) -> Dataset<[Element]> {
        Dataset<[Element]>(cardinality: .unknown) { epoch in
            for (name, value) in [("size", size), ("shift", shift), ("stride", stride)] where value < 1 {
                throw DatasetError.notPositive(name, value)
            }
            let (span, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            guard !overflow, span < .max else { throw DatasetError.tooLarge("a window spans too many elements") }
            return WindowCursor(try start(epoch), span: span + 1, shift, stride, dropRemainder)
        }
    }
}

extension Cardinality {
    fileprivate func batches(of size: Int, _ dropRemainder: Bool) -> Cardinality {
        mapped { $0 / size + ($0 % size > 0 && !dropRemainder ? 1 : 0) }
    }
}

// MARK: - Cursors

private final class BatchCursor<Element, Batch>: Cursor<Batch> {
    private let source: Cursor<Element>
    private let size: Int
    private let dropRemainder: Bool
    private let place: PipelinePlace
    private let stack: ([Element]) throws -> Batch
    private var index = 0

    init(
        _ source: Cursor<Element>, size: Int, dropRemainder: Bool, _ place: PipelinePlace,
        _ stack: @escaping ([Element]) throws -> Batch
    ) {
        self.source = source
        self.size = size
        self.dropRemainder = dropRemainder
        self.place = place
        self.stack = stack
    }

    override func next() throws -> Batch? {
        var elements: [Element] = []
        while elements.count < size, let element = try source.next() { elements.append(element) }
        guard !elements.isEmpty, elements.count == size || !dropRemainder else { return nil }
        defer { index &+= elements.count }
        return try place.rethrowing(element: index) { try stack(elements) }
    }

    override func skip(_ count: Int) throws -> Int {
        let skipped = try skipBatches(count, of: size, dropRemainder, in: source)
        index &+= skipped &* size
        return skipped
    }
}

private final class UnbatchingCursor<Element: SliceableElement>: Cursor<Element> {
    private let source: Cursor<Element>
    private let place: PipelinePlace
    private var index = 0
    private var batch: Element?
    private var rows = 0..<0

    init(_ source: Cursor<Element>, _ place: PipelinePlace) {
        self.source = source
        self.place = place
    }

    override func next() throws -> Element? {
        while true {
            if let batch, let row = rows.first {
                rows = (row + 1)..<rows.upperBound
                return batch.row(row)
            }
            guard let batch = try source.next() else { return nil }
            rows = 0..<(try place.rethrowing(element: index) { try batch.countRows() })
            index += 1
            self.batch = batch
        }
    }
}

private final class WindowCursor<Element>: Cursor<[Element]> {
    private let source: Cursor<Element>
    private let span: Int
    private let shift: Int
    private let stride: Int
    private let dropRemainder: Bool
    private var buffer: [Element] = []

    init(_ source: Cursor<Element>, span: Int, _ shift: Int, _ stride: Int, _ dropRemainder: Bool) {
        self.source = source
        self.span = span
        self.shift = shift
        self.stride = stride
        self.dropRemainder = dropRemainder
    }

    override func next() throws -> [Element]? {
        while buffer.count < span, let element = try source.next() { buffer.append(element) }
        guard !buffer.isEmpty, buffer.count == span || !dropRemainder else { return nil }
        let window = Swift.stride(from: 0, to: buffer.count, by: stride).map { buffer[$0] }
        if shift <= buffer.count {
            buffer.removeFirst(shift)
        } else {
            _ = try source.skip(shift - buffer.count)
            buffer.removeAll(keepingCapacity: true)
        }
        return window
    }
}
