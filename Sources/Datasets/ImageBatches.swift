// How a set of images is gone through: in order or shuffled by a seed, in batches made when they are asked for.

public import Tensors

extension LabelledImages {
    /// The images in a random order that the seed alone decides, the same on every machine.
    ///
    ///     for epoch in 0..<10 {
    ///         for batch in mnist.train.shuffled(seed: 7, epoch: epoch).batched(100) { … }
    ///     }
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same order.
    ///   - epoch: different epochs of one seed give unrelated orders.
    public func shuffled(seed: UInt64, epoch: Int = 0) -> ShuffledImages<Label> {
        ShuffledImages(images: self, seed: seed, epoch: epoch)
    }

    /// The images in order, in batches that share the memory of the whole.
    ///
    /// - Parameters:
    ///   - size: the number of images in a batch, at least 1 (what is less counts as 1).
    ///   - dropRemainder: whether to leave out a last batch that is smaller than the others; false by default.
    public func batched(_ size: Int, dropRemainder: Bool = false) -> ImageBatches<Label> {
        ImageBatches(images: self, order: nil, size: size, dropRemainder: dropRemainder)
    }
}

/// Images in a random order.
public struct ShuffledImages<Label: NumericElement>: Sendable {
    private let images: LabelledImages<Label>
    /// Which row of the set comes when.
    package let order: [Int]

    init(images: LabelledImages<Label>, seed: UInt64, epoch: Int) {
        self.images = images
        order = permutation(count: images.count, seed: seed, stream: UInt64(bitPattern: Int64(epoch)))
    }

    /// The images in batches, each copied together when it is asked for.
    ///
    /// - Parameters:
    ///   - size: the number of images in a batch, at least 1 (what is less counts as 1).
    ///   - dropRemainder: whether to leave out a last batch that is smaller than the others; false by default.
    public func batched(_ size: Int, dropRemainder: Bool = false) -> ImageBatches<Label> {
        ImageBatches(images: images, order: order, size: size, dropRemainder: dropRemainder)
    }
}

/// The batches of one pass over a set of images, made when they are asked for.
///
///     let batches = mnist.train.batched(100)
///     batches.count                  // 550
///     batches[0].images.shape        // [100, 784]
public struct ImageBatches<Label: NumericElement>: RandomAccessCollection, Sendable {
    private let images: LabelledImages<Label>
    private let order: [Int]?
    private let size: Int
    public let endIndex: Int

    init(images: LabelledImages<Label>, order: [Int]?, size: Int, dropRemainder: Bool) {
        self.images = images
        self.order = order
        self.size = Swift.max(1, size)
        let (whole, rest) = images.count.quotientAndRemainder(dividingBy: self.size)
        endIndex = whole + (rest > 0 && !dropRemainder ? 1 : 0)
    }

    public var startIndex: Int { 0 }

    /// Batch number `index`; an empty one where there is none.
    public subscript(index: Int) -> LabelledImages<Label> {
        guard (0..<endIndex).contains(index) else { return images.rows(0..<0) }
        let start = index * size
        // Not `start + size`, which overflows for a size near the largest number.
        let range = start..<(start + Swift.min(size, images.count - start))
        if let order { return images.gathering(order[range]) }
        return images.rows(range)
    }
}

/// The numbers `0..<count` in a random order that the seed and the stream alone decide.
///
/// - Source: R. Fisher, F. Yates (1938), in R. Durstenfeld's form (1964).
func permutation(count: Int, seed: UInt64, stream: UInt64) -> [Int] {
    var order = Array(0..<max(0, count))
    var random = RandomStream(seed: seed, stream: stream)
    for last in stride(from: order.count - 1, to: 0, by: -1) {
        order.swapAt(last, random.nextNumber(below: last + 1))
    }
    return order
}

extension RandomStream {
    /// A whole number in `0..<bound`, each equally likely; 0 where the bound is not positive.
    ///
    /// The standard library's own may change from release to release; orders drawn from a seed must not.
    ///
    /// - Source: D. Lemire, "Fast random integer generation in an interval" (2019).
    mutating func nextNumber(below bound: Int) -> Int {
        guard bound > 0 else { return 0 }
        let bound = UInt64(bound)
        var product = bound.multipliedFullWidth(by: next())
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = bound.multipliedFullWidth(by: next()) }
        }
        return Int(product.high)
    }
}
