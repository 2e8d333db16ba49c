// Windows that slide over an array: what convolutions, pooling and their gradients have in common. How many positions a
// window has is decided here alone. Knows nothing of padding by name (SAME, VALID): here all padding is numbers.

/// How a window slides along one dimension.
package struct WindowAxis: Hashable, Sendable, CustomStringConvertible {
    /// How many elements the window takes.
    package var size: Int
    /// By how much the window moves on.
    package var stride: Int
    /// Elements that are put before (after) the first (last) one; a negative number leaves as many out.
    package var low: Int
    package var high: Int
    /// The distance between neighbours of the array: others than 1 put gaps between them.
    package var baseDilation: Int
    /// The distance between neighbours that the window takes.
    package var dilation: Int

    package init(
        size: Int = 1, stride: Int = 1, low: Int = 0, high: Int = 0, baseDilation: Int = 1, dilation: Int = 1
    ) {
        self.size = size
        self.stride = stride
        self.low = low
        self.high = high
        self.baseDilation = baseDilation
        self.dilation = dilation
    }

    /// A window of one element that visits each: the dimension stays as it is.
    package var isTrivial: Bool { self == WindowAxis() }

    package var description: String {
        var text = "\(size)"
        if stride != 1 { text += " stride \(stride)" }
        if (low, high) != (0, 0) { text += " padding \(low), \(high)" }
        if baseDilation != 1 { text += " base dilation \(baseDilation)" }
        if dilation != 1 { text += " dilation \(dilation)" }
        return text
    }

    /// The elements that the window spans, gaps included; nil where the number overflows or the window makes no sense.
    package var span: Int? { Self.spread(size, by: dilation) }

    /// The number of positions over `extent` elements: 0 where the window does not fit; nil where a number overflows or
    /// the window makes no sense.
    package func positions(over extent: Int) -> Int? {
        guard size > 0, stride > 0, baseDilation > 0, dilation > 0, extent >= 0, let span,
            let spread = Self.spread(extent, by: baseDilation)
        else { return nil }
        let (part, isPartTooLong) = spread.addingReportingOverflow(low)
        let (whole, isWholeTooLong) = part.addingReportingOverflow(high)
        guard !isPartTooLong, !isWholeTooLong else { return nil }
        return whole < span ? 0 : (whole - span) / stride + 1
    }

    /// `count` elements with `dilation - 1` gaps between neighbours.
    private static func spread(_ count: Int, by dilation: Int) -> Int? {
        guard count > 0 else { return 0 }
        let (gaps, overflow) = (count - 1).multipliedReportingOverflow(by: dilation)
        return overflow || gaps == .max ? nil : gaps + 1
    }
}

extension [WindowAxis] {
    /// The number of positions along each dimension, or nil as for one axis.
    package func positions(over shape: [Int]) -> [Int]? {
        guard count == shape.count else { return nil }
        var result: [Int] = []
        for (axis, extent) in zip(self, shape) {
            guard let positions = axis.positions(over: extent) else { return nil }
            result.append(positions)
        }
        return result
    }
}

/// A convolution's window and groups. Arrays are laid out one way only, the features last: `[batch, space..., features]`,
/// kernels `[space..., features of a group, features of the result]`. Other layouts are transpositions around it, which
/// move nothing where devices read through strides; so every consumer has one case to get right.
package struct ConvolutionWindow: Hashable, Sendable {
    /// One for each dimension in space, at most three; the sizes are the kernel's.
    package var axes: [WindowAxis]
    /// In so many parts the features are cut; each part of the result sees the part of the input with its number.
    package var featureGroups: Int
    /// In so many parts the batch is cut; each part of the result's features sees the part of the batch with its number.
    package var batchGroups: Int

    package init(axes: [WindowAxis], featureGroups: Int = 1, batchGroups: Int = 1) {
        self.axes = axes
        self.featureGroups = featureGroups
        self.batchGroups = batchGroups
    }

    package static let mostAxes = 3
}
