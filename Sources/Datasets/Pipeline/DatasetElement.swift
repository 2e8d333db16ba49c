// What can be an element of a data set and come in batches: arrays, numbers, texts. Knows nothing of pipelines.

public import Tensors

/// Something of which several make a batch.
///
/// A structure of arrays joins in by stacking its fields:
///
///     struct Pairing: DatasetElement {
///         var left, right: NDArray<Float>
///         static func stack(_ elements: [Pairing]) throws(DatasetError) -> Pairing {
///             Pairing(left: try .stack(elements.map(\.left)), right: try .stack(elements.map(\.right)))
///         }
///     }
public protocol DatasetElement: Sendable {
    /// What several elements make together.
    associatedtype Batch: Sendable

    /// Puts elements, of which there is at least one, together along a new first axis.
    ///
    /// - Errors: `DatasetError` where they do not fit each other.
    static func stack(_ elements: [Self]) throws(DatasetError) -> Batch
}

/// An element that consists of rows: what can be sliced into a data set, and what a batch of such is.
public protocol SliceableElement: DatasetElement where Batch == Self {
    /// The number of rows.
    ///
    /// - Errors: `DatasetError` for a single value, and for parts of different lengths.
    func countRows() throws(DatasetError) -> Int

    /// Row number `index`, without the first axis. It must be there.
    func row(_ index: Int) -> Self

    /// The rows in `range`, limited to those there are.
    func rows(_ range: Range<Int>) -> Self

    /// The rows of the given numbers, in that order, copied together. They must be there.
    ///
    /// - Errors: `DatasetError` where memory is too small for them.
    func gathering(_ rows: [Int]) throws(DatasetError) -> Self
}

/// An element that can be made larger until it fits others.
public protocol PaddableElement: DatasetElement {
    /// Up to which shape, and with what.
    associatedtype Padding: Sendable
    /// Up to the largest of each batch, with zeros.
    static var defaultPadding: Padding { get }

    /// Like `stack`, but makes the elements equally large first.
    static func stack(_ elements: [Self], padding: Padding) throws(DatasetError) -> Batch
}

/// How an array is made larger.
public struct ArrayPadding<Scalar: TensorElement>: Sendable {
    /// The shape to fill up to; nil for a dimension stands for the largest in the batch, and so does an unknown shape.
    public var shape: Shape
    /// What fills the room at the end of each axis.
    public var value: Scalar

    public init(shape: Shape = .unknown, value: Scalar = .zero) {
        self.shape = shape
        self.value = value
    }
}

// MARK: - Arrays

extension NDArray: SliceableElement, PaddableElement {
    /// - Shapes: n × `[...]` → `[n, ...]`
    public static func stack(_ elements: [NDArray]) throws(DatasetError) -> NDArray {
        NDArray(untyped: try UntypedArray.stack(elements.map(\.untyped)))
    }

    public func countRows() throws(DatasetError) -> Int {
        guard let count = shape.first else { throw .noLeadingAxis("an array of the shape []") }
        return count
    }

    public func row(_ index: Int) -> NDArray {
        NDArray(untyped: rows(index..<(index + 1)).untyped.reshaped(Array(shape.dropFirst())))
    }

    public func gathering(_ rows: [Int]) throws(DatasetError) -> NDArray {
        NDArray(untyped: try untyped.gathering(rows[...]))
    }

    public static var defaultPadding: ArrayPadding<Scalar> { ArrayPadding() }

    /// - Shapes: n × `[...]` → `[n, ...]` with the padded dimensions
    public static func stack(
        _ elements: [NDArray], padding: ArrayPadding<Scalar>
    ) throws(DatasetError) -> NDArray {
        let arrays = elements.map(\.untyped)
        let shape = try paddedShape(of: arrays.map(\.shape), padding.shape)
        var result = NDArray(repeating: padding.value, shape: shape)
        if let refusal = result.untyped.storage.refusal { throw .tooLarge(refusal) }
        result.withUnsafeMutableBufferPointer { target in
            let width = target.count / Swift.max(1, elements.count)
            for (index, array) in arrays.enumerated() {
                array.withElements(of: Scalar.self) { source in
                    guard let source = source.baseAddress, let target = target.baseAddress else { return }
                    copyBlock(source, array.shape, target + index * width, Array(shape.dropFirst()))
                }
            }
        }
        return result
    }
}

/// The shape of a batch of arrays of the given shapes after padding.
private func paddedShape(of shapes: [[Int]], _ wanted: Shape) throws(DatasetError) -> [Int] {
    let rank = shapes.first?.count ?? 0
    var largest = shapes.first ?? []
    for shape in shapes {
        guard shape.count == rank else { throw .unequalShapes(largest, shape) }
        for axis in 0..<rank { largest[axis] = max(largest[axis], shape[axis]) }
    }
    guard let extents = wanted.dimensions else { return [shapes.count] + largest }
    guard extents.count == rank else { throw .doesNotFit(largest, into: "\(wanted)") }
    for axis in 0..<rank {
        guard let extent = extents[axis] else { continue }
        guard largest[axis] <= extent else { throw .doesNotFit(largest, into: "\(wanted)") }
        largest[axis] = extent
    }
    return [shapes.count] + largest
}

/// Copies a row-major block into the corner of a larger one.
private func copyBlock<Scalar: BitwiseCopyable>(
    _ source: UnsafePointer<Scalar>, _ shape: [Int], _ target: UnsafeMutablePointer<Scalar>, _ room: [Int]
) {
    guard let width = shape.last else {
        target.initialize(to: source.pointee)
        return
    }
    guard !shape.contains(0) else { return }
    let strides = denseStrides(room)
    var position = [Int](repeating: 0, count: shape.count - 1)
    var source = source
    while true {
        var offset = 0
        for axis in position.indices { offset += position[axis] * strides[axis] }
        (target + offset).update(from: source, count: width)
        source += width
        var axis = position.count - 1
        while axis >= 0 {
            position[axis] += 1
            if position[axis] < shape[axis] { break }
            position[axis] = 0
            axis -= 1
        }
        if axis < 0 { return }
    }
}

// MARK: - Numbers and texts

extension DatasetElement where Self: TensorElement {
    /// - Shapes: n numbers → `[n]`
    public static func stack(_ elements: [Self]) throws(DatasetError) -> NDArray<Self> { NDArray(elements) }
}

extension Float: DatasetElement {}
extension Double: DatasetElement {}
extension Int8: DatasetElement {}
extension Int16: DatasetElement {}
extension Int32: DatasetElement {}
extension Int64: DatasetElement {}
extension UInt8: DatasetElement {}
extension UInt16: DatasetElement {}
extension UInt32: DatasetElement {}
extension UInt64: DatasetElement {}
extension Bool: DatasetElement {}

extension Int: DatasetElement {
    /// - Shapes: n numbers → `[n]`, of `int64`
    public static func stack(_ elements: [Int]) throws(DatasetError) -> NDArray<Int64> {
        NDArray(elements.map(Int64.init))
    }
}

extension String: DatasetElement {
    /// - Shapes: n texts → `[n]`, of `string`
    public static func stack(_ elements: [String]) throws(DatasetError) -> AnyArray { AnyArray(strings: elements) }
}

extension Array: DatasetElement where Element: TensorElement {
    /// - Shapes: n lists of m numbers → `[n, m]`
    public static func stack(_ elements: [[Element]]) throws(DatasetError) -> NDArray<Element> {
        try NDArray<Element>.stack(elements.map { NDArray<Element>($0) })
    }
}

extension Array: PaddableElement where Element: TensorElement {
    public static var defaultPadding: ArrayPadding<Element> { ArrayPadding() }

    /// - Shapes: n lists of up to m numbers → `[n, m]`
    public static func stack(
        _ elements: [[Element]], padding: ArrayPadding<Element>
    ) throws(DatasetError) -> NDArray<Element> {
        try NDArray<Element>.stack(elements.map { NDArray<Element>($0) }, padding: padding)
    }
}
