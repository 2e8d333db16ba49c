// Shapes of tensors in a graph, where dimensions or even the rank may be unknown until the graph runs.

/// The shape of a tensor: its dimensions, some of which may be unknown, or nothing known at all.
///
///     let shape: Shape = [nil, 784]        // any number of rows, 784 columns
///     shape.rank                           // 2
///     Shape.unknown.rank                   // nil
public struct Shape: Hashable, Sendable {
    /// The dimensions with -1 for an unknown one, or nil where the rank is unknown.
    package let extents: [Int]?

    package init(extents: [Int]?) {
        self.extents = extents
    }

    /// A shape with the given dimensions; nil (or a negative number) stands for an unknown one.
    public init(_ dimensions: [Int?]) {
        extents = dimensions.map { dimension in
            if let dimension, dimension >= 0 { dimension } else { -1 }
        }
    }

    /// A fully known shape; a negative number stands for an unknown dimension.
    public init(_ dimensions: [Int]) {
        extents = dimensions.map { $0 < 0 ? -1 : $0 }
    }

    /// Nothing is known, not even the rank.
    public static let unknown = Shape(extents: nil)

    /// The shape of a single value.
    public static let scalar = Shape(extents: [])

    /// A shape of `rank` unknown dimensions.
    public static func unknown(rank: Int) -> Shape {
        Shape(extents: Array(repeating: -1, count: max(0, rank)))
    }

    /// The number of dimensions, or nil where it is unknown.
    public var rank: Int? { extents?.count }

    /// The dimensions, nil for an unknown one; or nil where the rank is unknown.
    public var dimensions: [Int?]? { extents?.map { $0 < 0 ? nil : $0 } }

    /// Whether every dimension is known.
    public var isFullyKnown: Bool {
        guard let extents else { return false }
        return extents.allSatisfy { $0 >= 0 }
    }

    /// The dimensions where all are known.
    public var known: [Int]? { isFullyKnown ? extents : nil }

    /// The number of elements, where every dimension is known and the product does not overflow.
    public var count: Int? { known.flatMap(elementCount) }

    /// Dimension `axis`, counted from the end where negative; nil where it is unknown or there is no such axis.
    public subscript(axis: Int) -> Int? {
        guard let extents else { return nil }
        let index = axis < 0 ? axis + extents.count : axis
        guard extents.indices.contains(index), extents[index] >= 0 else { return nil }
        return extents[index]
    }

    /// Whether some concrete shape fits both.
    public func isCompatible(with other: Shape) -> Bool {
        guard let mine = extents, let theirs = other.extents else { return true }
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0 == $1 || $0 < 0 || $1 < 0 }
    }

    /// Whether an array of the given dimensions has this shape.
    public func accepts(_ dimensions: [Int]) -> Bool {
        guard let extents else { return true }
        guard extents.count == dimensions.count else { return false }
        for index in extents.indices where extents[index] >= 0 && extents[index] != dimensions[index] {
            return false
        }
        return true
    }

    /// What both say together, or nil where they contradict each other.
    public func merged(with other: Shape) -> Shape? {
        guard let mine = extents else { return other }
        guard let theirs = other.extents else { return self }
        guard isCompatible(with: other) else { return nil }
        return Shape(extents: zip(mine, theirs).map { $0 < 0 ? $1 : $0 })
    }
}

extension Shape: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Int?...) {
        self.init(elements)
    }
}

extension Shape: CustomStringConvertible {
    /// `[?, 784]`, `[]` for a single value, `<unknown>` where not even the rank is known.
    public var description: String {
        guard let extents else { return "<unknown>" }
        return "[" + extents.map { $0 < 0 ? "?" : String($0) }.joined(separator: ", ") + "]"
    }

    /// The form TensorFlow prints: `(?, 784)`, `(5,)`, `()`, `<unknown>`.
    package var tupleDescription: String {
        guard let extents else { return "<unknown>" }
        let parts = extents.map { $0 < 0 ? "?" : String($0) }
        return parts.count == 1 ? "(\(parts[0]),)" : "(" + parts.joined(separator: ", ") + ")"
    }
}

/// The type of a tensor in a graph: its elements' type and what is known of its shape.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
    public let dtype: DType
    public let shape: Shape

    public init(_ dtype: DType, _ shape: Shape) {
        self.dtype = dtype
        self.shape = shape
    }

    public var description: String { "\(dtype)\(shape)" }
}

/// The product of the dimensions, or nil where one is negative or the product overflows.
package func elementCount(_ dimensions: [Int]) -> Int? {
    guard dimensions.allSatisfy({ $0 >= 0 }) else { return nil }
    if dimensions.contains(0) { return 0 }
    var count = 1
    for dimension in dimensions {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        if overflow { return nil }
        count = product
    }
    return count
}

/// The strides, in elements, of a dense row-major array; those of an array without elements mean nothing.
package func denseStrides(_ dimensions: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: dimensions.count)
    var stride = 1
    for axis in dimensions.indices.reversed() {
        strides[axis] = stride
        stride &*= max(1, dimensions[axis])
    }
    return strides
}
