// Slices as subscripts: `x[0..<5]`, `x[.all, -1]`, `x[.ellipsis, .stride(by: 2)]`.

public import Graphs
import Tensors

/// What a subscript takes of one axis: a position, a range, or one of the values of `AxisSlice`.
public protocol AxisIndex: Sendable {
    /// The part of the axis.
    var axisSlice: AxisSlice { get }
}

/// A part of an axis.
public struct AxisSlice: AxisIndex {
    fileprivate enum Kind: Sendable {
        case position(Int)
        /// nil for the first or last element.
        case range(from: Int?, to: Int?, by: Int)
        case newAxis
        case ellipsis
    }

    fileprivate let kind: Kind

    public var axisSlice: AxisSlice { self }

    /// One position; the axis is left out of the result.
    fileprivate static func position(_ index: Int) -> AxisSlice { AxisSlice(kind: .position(index)) }

    fileprivate static func range(from lower: Int?, to upper: Int?, by step: Int = 1) -> AxisSlice {
        AxisSlice(kind: .range(from: lower, to: upper, by: step))
    }
}

extension AxisIndex where Self == AxisSlice {
    /// The whole axis.
    public static var all: AxisSlice { AxisSlice(kind: .range(from: nil, to: nil, by: 1)) }

    /// A new axis of size 1.
    public static var newAxis: AxisSlice { AxisSlice(kind: .newAxis) }

    /// All axes that the other indices do not name.
    public static var ellipsis: AxisSlice { AxisSlice(kind: .ellipsis) }

    /// Every `step`-th element, backwards where `step` is negative.
    ///
    ///     x[.stride(by: -1)]        // the rows in reverse order
    ///
    /// - Parameters:
    ///   - lower: the first position; by default that of the first element (backwards, the last).
    ///   - upper: the position to stop before; by default none.
    public static func stride(from lower: Int? = nil, to upper: Int? = nil, by step: Int) -> AxisSlice {
        AxisSlice(kind: .range(from: lower, to: upper, by: step))
    }
}

extension Int: AxisIndex {
    /// One position; the axis is left out of the result.
    public var axisSlice: AxisSlice { .position(self) }
}

extension Range: AxisIndex where Bound == Int {
    public var axisSlice: AxisSlice { .range(from: lowerBound, to: upperBound) }
}

extension ClosedRange: AxisIndex where Bound == Int {
    public var axisSlice: AxisSlice { .range(from: lowerBound, to: end(through: upperBound)) }
}

extension PartialRangeFrom: AxisIndex where Bound == Int {
    public var axisSlice: AxisSlice { .range(from: lowerBound, to: nil) }
}

extension PartialRangeUpTo: AxisIndex where Bound == Int {
    public var axisSlice: AxisSlice { .range(from: nil, to: upperBound) }
}

extension PartialRangeThrough: AxisIndex where Bound == Int {
    public var axisSlice: AxisSlice { .range(from: nil, to: end(through: upperBound)) }
}

/// The position after `position`; nil after the last one.
private func end(through position: Int) -> Int? {
    position == -1 || position == .max ? nil : position + 1
}

extension TensorExpression {
    /// A part of the tensor: for each axis a position or a range, both counted from the end where negative. Axes that
    /// are not named are taken whole.
    ///
    ///     x[0]                       // the first row
    ///     x[0..<5, -1]               // the last column of the first five rows
    ///     x[.ellipsis, 2...]         // all but the first two along the last axis
    ///     x[.all, .newAxis]          // [n, m] → [n, 1, m]
    ///
    /// - Errors: a position out of range, or more indices than axes, is a mistake; ranges are limited to what is there.
    /// - Gradient: `g` with zeros elsewhere.
    /// - Source: TensorFlow's `StridedSlice`.
    public subscript(_ indices: any AxisIndex...) -> Tensor<Scalar> {
        let x = value
        var masks = SliceMasks()
        var (begin, end, strides): ([Int], [Int], [Int]) = ([], [], [])
        for (entry, index) in indices.enumerated() {
            let bit = 1 << entry
            var (first, last, step) = (0, 0, 1)
            switch index.axisSlice.kind {
            case .position(let position):
                (first, last) = (position, position == -1 || position == .max ? 0 : position + 1)
                masks.shrinkAxis |= bit
                if position == -1 { masks.end |= bit }
            case .range(let lower, let upper, let stride):
                (first, last, step) = (lower ?? 0, upper ?? 0, stride)
                if lower == nil { masks.begin |= bit }
                if upper == nil { masks.end |= bit }
            case .newAxis: masks.newAxis |= bit
            case .ellipsis: masks.ellipsis |= bit
            }
            begin.append(first)
            end.append(last)
            strides.append(step)
        }
        return inNodeScope(nil, "strided_slice", of: x.graph) { name in
            let dtype: DType =
                (begin + end + strides).allSatisfy { Int32(exactly: $0) != nil } ? .int32 : .int64
            let bounds = zip([begin, end, strides], ["stack", "stack_1", "stack_2"]).map { numbers, name in
                makeConstant(UntypedArray(integers: numbers, dtype: dtype), name: name)
            }
            let operation = StridedSlice(dtype: x.dtype, indexType: dtype, masks: masks)
            return makeTensor(operation, [x] + bounds, name: name)
        }
    }

    /// The part of the given size that starts at the given position.
    ///
    ///     x.sliced(begin: [0, 2], size: [5, -1])
    ///
    /// - Parameters:
    ///   - begin: the first position along each axis.
    ///   - size: how many along each axis; -1 for all up to the end.
    /// - Errors: a part that reaches out of the tensor is a mistake.
    /// - Gradient: `g` with zeros around it.
    public func sliced(begin: [Int], size: [Int], name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "Slice", of: x.graph) { name in
            let dtype: DType = (begin + size).allSatisfy { Int32(exactly: $0) != nil } ? .int32 : .int64
            let start = makeConstant(UntypedArray(integers: begin, dtype: dtype), name: "begin")
            let sizes = makeConstant(UntypedArray(integers: size, dtype: dtype), name: "size")
            return makeTensor(Slice(dtype: x.dtype, indexType: dtype), [x, start, sizes], name: name)
        }
    }
}
