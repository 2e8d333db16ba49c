// How windows meet the edges of images, and which of an image's dimensions holds what: the notions that convolutions
// and pooling share. Knows nothing of either.

import Graphs
import Programs
import Tensors

/// What is put around an image before a window slides over it.
public struct Padding: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case same
        case valid
        case explicit([Pair])
    }

    struct Pair: Hashable, Sendable {
        let low: Int
        let high: Int
    }

    let kind: Kind

    /// As many zeros as make the result as large as the image, divided by the strides and rounded up; the odd one at the
    /// end.
    public static let same = Padding(kind: .same)

    /// Nothing: the window stays inside the image.
    public static let valid = Padding(kind: .valid)

    /// Zeros before and after the image, for each of its dimensions in space.
    ///
    ///     .explicit([(1, 1), (0, 2)])    // a row above and below, two columns on the right
    public static func explicit(_ paddings: [(Int, Int)]) -> Padding {
        Padding(kind: .explicit(paddings.map { Pair(low: $0.0, high: $0.1) }))
    }

    /// TensorFlow's name.
    var name: String {
        switch kind {
        case .same: "SAME"
        case .valid: "VALID"
        case .explicit: "EXPLICIT"
        }
    }
}

/// Checks that an image fits memory with what is put around it.
///
/// - Errors: a mistake that names the shape.
func requireAddressable(_ image: [Int], _ axes: [WindowAxis]) throws(Mistake) {
    var padded = image
    for (index, axis) in axes.enumerated() {
        let (once, isTooLong) = image[index + 1].addingReportingOverflow(axis.low)
        let (twice, isFarTooLong) = once.addingReportingOverflow(axis.high)
        padded[index + 1] = isTooLong || isFarTooLong ? .max : twice
    }
    if elementCount(padded).map({ $0 > 1 << 44 }) ?? true {
        throw Mistake(
            "an image of shape \(Shape(padded)), its padding included, is larger than memory can address")
    }
}

/// Where the features of an image are.
public struct DataFormat: Hashable, Sendable {
    let isFeaturesFirst: Bool

    /// `[batch, space..., features]`, TensorFlow's `NHWC`.
    public static let channelsLast = DataFormat(isFeaturesFirst: false)
    /// `[batch, features, space...]`, TensorFlow's `NCHW`.
    public static let channelsFirst = DataFormat(isFeaturesFirst: true)

    /// TensorFlow's name, for one, two or three dimensions in space.
    func name(spaceRank: Int) -> String {
        let space = spaceRank == 3 ? "DHW" : spaceRank == 2 ? "HW" : "W"
        return isFeaturesFirst ? "NC" + space : "N" + space + "C"
    }

    init(isFeaturesFirst: Bool) { self.isFeaturesFirst = isFeaturesFirst }

    init?(name: String) {
        switch name {
        case "NHWC", "NDHWC", "NWC": self = .channelsLast
        case "NCHW", "NCDHW", "NCW": self = .channelsFirst
        default: return nil
        }
    }
}

/// How a window slides over the space of an image: the attributes that TensorFlow's ops of this kind share.
package struct ImageWindow: Hashable, Sendable {
    /// For each dimension in space.
    package var strides: [Int]
    package var dilations: [Int]
    package var padding: Padding
    package var format: DataFormat

    package var spaceRank: Int { strides.count }
    var rank: Int { spaceRank + 2 }

    package init(strides: [Int], dilations: [Int]? = nil, padding: Padding, format: DataFormat = .channelsLast) {
        self.strides = strides
        self.dilations = dilations ?? strides.map { _ in 1 }
        self.padding = padding
        self.format = format
    }

    /// A number for each dimension of an image, from those in space.
    func all(_ space: [Int], rest: Int = 1) -> [Int] {
        format.isFeaturesFirst ? [rest, rest] + space : [rest] + space + [rest]
    }

    /// The dimensions in space, of one number for each dimension of an image.
    func space<Element>(of all: [Element]) -> [Element] {
        Array(format.isFeaturesFirst ? all.dropFirst(2) : all.dropFirst().dropLast())
    }

    var featureAxis: Int { format.isFeaturesFirst ? 1 : rank - 1 }

    /// From the layout of the image to batch, space, features, and back.
    var toFeaturesLast: [Int] { [0] + Array(2..<rank) + [1] }
    var fromFeaturesLast: [Int] { [0, rank - 1] + Array(1..<(rank - 1)) }

    /// TensorFlow's list of paddings, empty unless they are explicit.
    var explicitPaddings: [Int] {
        guard case .explicit(let pairs) = padding.kind else { return [] }
        let space = pairs.flatMap { [$0.low, $0.high] }
        return format.isFeaturesFirst ? [0, 0, 0, 0] + space : [0, 0] + space + [0, 0]
    }

    /// Checks strides, dilations and explicit paddings by themselves.
    func requireSense() throws(Mistake) {
        for (numbers, what) in [(strides, "strides"), (dilations, "dilations")] {
            guard numbers.count == spaceRank else {
                throw Mistake("the \(what) \(numbers) must be \(spaceRank) numbers, one for each dimension in space")
            }
            if numbers.contains(where: { $0 <= 0 }) {
                throw Mistake("the \(what) must be positive, but are \(numbers)")
            }
            // TensorFlow's kernels hold them in 32 bits; with more, places in an array would overflow.
            if numbers.contains(where: { $0 > Int(Int32.max) }) {
                throw Mistake("the \(what) must be at most \(Int32.max), but are \(numbers)")
            }
        }
        guard case .explicit(let pairs) = padding.kind else { return }
        if pairs.count != spaceRank {
            throw Mistake(
                "explicit padding must have \(spaceRank) pairs, one for each dimension in space, but has \(pairs.count)"
            )
        }
        if pairs.contains(where: { $0.low < 0 || $0.high < 0 }) {
            throw Mistake("explicit padding must not be negative, but is \(pairs.map { ($0.low, $0.high) })")
        }
    }

    /// The window along the dimension `index` in space of an image of `extent` elements there.
    ///
    /// - Errors: a mistake where the window does not fit.
    func axis(_ index: Int, size: Int, over extent: Int) throws(Mistake) -> WindowAxis {
        var axis = WindowAxis(size: size, stride: strides[index], dilation: dilations[index])
        guard size > 0, let span = axis.span else {
            throw Mistake("a window of \(size) elements, \(dilations[index]) apart, makes no sense")
        }
        switch padding.kind {
        case .valid: break
        case .explicit(let pairs): (axis.low, axis.high) = (pairs[index].low, pairs[index].high)
        case .same:
            let positions = extent == 0 ? 0 : (extent - 1) / axis.stride + 1
            // What the last window needs beyond the image; no product here is larger than extent + span.
            let (needed, overflow) = (max(0, positions - 1) * axis.stride).addingReportingOverflow(span)
            guard !overflow else { throw Mistake("a window that spans \(span) elements is too large") }
            let total = positions == 0 ? 0 : max(0, needed - extent)
            (axis.low, axis.high) = (total / 2, total - total / 2)
        }
        guard let positions = axis.positions(over: extent) else {
            throw Mistake("the padding \(axis.low), \(axis.high) is too large")
        }
        if positions == 0, padding.kind != .same, extent > 0 || axis.low + axis.high > 0 {
            throw Mistake(
                "a window that spans \(span) elements does not fit \(extent)"
                    + (axis.low + axis.high > 0 ? " with padding \(axis.low), \(axis.high)" : ""),
                hint: "use padding: .same, or a smaller window")
        }
        return axis
    }

    /// The window along each dimension in space.
    func axes(sizes: [Int], over space: [Int]) throws(Mistake) -> [WindowAxis] {
        var axes: [WindowAxis] = []
        for index in space.indices { axes.append(try axis(index, size: sizes[index], over: space[index])) }
        return axes
    }

    /// The positions along each dimension in space; -1 where the image or the window is unknown.
    func positions(sizes: [Int], over space: [Int]) throws(Mistake) -> [Int] {
        var result: [Int] = []
        for index in strides.indices {
            if space[index] < 0 || sizes[index] < 0 {
                result.append(-1)
            } else {
                let axis = try axis(index, size: sizes[index], over: space[index])
                result.append(axis.positions(over: space[index]) ?? 0)
            }
        }
        return result
    }

    /// The shape of an image with this batch, space and features.
    func shape(_ batch: Int, _ space: [Int], _ features: Int) -> Shape {
        Shape(extents: format.isFeaturesFirst ? [batch, features] + space : [batch] + space + [features])
    }
}
