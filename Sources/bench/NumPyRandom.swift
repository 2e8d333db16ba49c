// NumPy's random numbers, bit for bit, so that a workload starts from the very arrays its Python twins start from.
// Only what the workloads draw is here; nothing else in the package should use it.
//
// Sources: M. O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for random number
// generation" (2014) and her `seed_seq`; G. Marsaglia and W. W. Tsang, "The ziggurat method for generating random
// variables" (2000); J. A. Doornik, "An improved ziggurat method to generate normal random samples" (2005);
// D. Lemire, "Fast random integer generation in an interval" (2019); how they are put together: NumPy's documentation
// and its `numpy/random/src/distributions`.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The numbers of `numpy.random.default_rng(seed)`.
///
///     var random = NumPyRandom(seed: 1)
///     random.integers(below: 10, count: 3)      // [4, 5, 7]
struct NumPyRandom {
    private var bits: PermutedCongruentialGenerator
    /// The upper half of a number whose lower half was handed out.
    private var spareHalf: UInt32?

    /// - Parameters:
    ///   - seed: any number below 2³², which is one word of entropy to NumPy.
    init(seed: UInt32) {
        bits = PermutedCongruentialGenerator(SeedSequence(entropy: seed))
    }

    /// `integers(0, bound, count)` of dtype int64, for a bound from 1 on.
    mutating func integers(below bound: UInt32, count: Int) -> [Int] {
        (0..<count).map { _ in Int(nextInteger(below: bound)) }
    }

    /// `normal(0, standardDeviation, count).astype(float32)`.
    mutating func normals(standardDeviation: Double = 1, count: Int) -> [Float] {
        (0..<count).map { _ in Float(standardDeviation * nextNormal()) }
    }

    /// One of `0..<bound`: the upper half of a product, drawn again where that would favour some.
    private mutating func nextInteger(below bound: UInt32) -> UInt32 {
        let range = max(1, bound)
        if range == 1 { return 0 }
        let threshold = (0 &- range) % range
        while true {
            let product = nextHalf().multipliedFullWidth(by: range)
            if product.low >= threshold { return product.high }
        }
    }

    private mutating func nextHalf() -> UInt32 {
        if let half = spareHalf {
            spareHalf = nil
            return half
        }
        let word = bits.next()
        spareHalf = UInt32(truncatingIfNeeded: word >> 32)
        return UInt32(truncatingIfNeeded: word)
    }

    /// A number in `[0, 1)` with 53 random bits.
    mutating func nextUniform() -> Double {
        Double(bits.next() >> 11) * 0x1p-53
    }

    /// A number of the standard normal distribution.
    mutating func nextNormal() -> Double {
        let table = Ziggurat.normal
        while true {
            let word = bits.next()
            let layer = Int(word & 0xFF)
            let magnitude = (word >> 9) & 0x000F_FFFF_FFFF_FFFF
            let distance = Double(magnitude) * table.widths[layer]
            let value = (word >> 8) & 1 == 1 ? -distance : distance
            if magnitude < table.thresholds[layer] { return value }
            if layer == 0 {
                let tail = nextTail()
                return (magnitude >> 8) & 1 == 1 ? -tail : tail
            }
            let (upper, lower) = (table.heights[layer - 1], table.heights[layer])
            if (upper - lower) * nextUniform() + lower < exp(-0.5 * value * value) { return value }
        }
    }

    /// A number beyond the last layer.
    private mutating func nextTail() -> Double {
        while true {
            let beyond = -Ziggurat.inverseTailStart * log1p(-nextUniform())
            let height = -log1p(-nextUniform())
            if height + height > beyond * beyond { return Ziggurat.tailStart + beyond }
        }
    }
}

/// The layers under the bell curve, all of one area: layer 0 is the lowest and holds the tail, 1 the topmost.
struct Ziggurat: Sendable {
    static let layerCount = 256
    /// Where the tail starts.
    static let tailStart = 3.6541528853610087963519472518
    static let inverseTailStart = 0.27366123732975827203338247596
    /// The area of a layer.
    static let layerArea = 0.0049286732339746519

    /// Below which 52-bit magnitude a point of a layer lies under the curve whatever its height.
    let thresholds: [UInt64]
    /// The width of each layer, divided by 2⁵².
    let widths: [Double]
    /// The curve's height at the right edge of each layer; the peak for layer 0.
    let heights: [Double]

    static let normal = Ziggurat()

    /// Doornik's recurrence from the tail to the peak, in the order of operations that gives the tables of NumPy.
    init() {
        let last = Self.layerCount - 1
        let scale = 0x1p52
        var edges = [Double](repeating: Self.tailStart, count: Self.layerCount)
        var heights = [Double](repeating: 1, count: Self.layerCount)
        heights[last] = exp(-0.5 * Self.tailStart * Self.tailStart)
        for layer in (1..<last).reversed() {
            let outer = layer + 1
            edges[layer] = (-2 * log(heights[outer] + Self.layerArea / edges[outer])).squareRoot()
            heights[layer] = exp(-0.5 * edges[layer] * edges[layer])
            // The exact value lies 0.498 units of the last place above the nearest double. NumPy's tables were made
            // with a less exact exponential that rounded it up, and all layers above follow from it.
            if layer == 38 { heights[layer] = 0x1.5ad29acc85c89p-1 }
        }

        var thresholds = [UInt64](repeating: 0, count: Self.layerCount)
        thresholds[0] = UInt64((Self.tailStart * heights[last] / Self.layerArea * scale).rounded(.toNearestOrEven))
        for layer in 2...last {
            thresholds[layer] = UInt64((edges[layer - 1] / edges[layer] * scale).rounded(.toNearestOrEven))
        }
        var widths = edges.map { $0 / scale }
        widths[0] = Self.layerArea / heights[last] / scale
        (self.thresholds, self.widths, self.heights) = (thresholds, widths, heights)
    }
}

/// NumPy's `PCG64`: a 128-bit linear congruential generator with output function XSL-RR.
private struct PermutedCongruentialGenerator {
    private static let multiplier = UInt128(2_549_297_995_355_413_924) << 64 | 4_865_540_595_714_422_341
    private var state: UInt128
    private let increment: UInt128

    init(_ seed: SeedSequence) {
        let words = seed.words(count: 8)
        func wide(_ first: Int) -> UInt128 {
            // Four words of 32 bits: the upper 64 bits come first, the lower half of each pair too.
            UInt128(words[first + 1]) << 96 | UInt128(words[first]) << 64
                | UInt128(words[first + 3]) << 32 | UInt128(words[first + 2])
        }
        increment = wide(4) << 1 | 1
        state = increment &+ wide(0)
        advance()
    }

    private mutating func advance() {
        state = state &* Self.multiplier &+ increment
    }

    mutating func next() -> UInt64 {
        advance()
        let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
        let rotation = UInt64(truncatingIfNeeded: state >> 122)
        return folded >> rotation | folded << ((64 - rotation) & 63)
    }
}

/// NumPy's `SeedSequence` for one word of entropy.
private struct SeedSequence {
    private var pool: [UInt32]

    init(entropy: UInt32) {
        var hash = HashStream(start: 0x43B0_D7E5, multiplier: 0x931E_8875)
        pool = [entropy, 0, 0, 0].map { hash.mix($0) }
        for source in pool.indices {
            for target in pool.indices where target != source {
                let mixed = 0xCA01_F9DD &* pool[target] &- 0x4973_F715 &* hash.mix(pool[source])
                pool[target] = mixed ^ mixed >> 16
            }
        }
    }

    func words(count: Int) -> [UInt32] {
        var hash = HashStream(start: 0x8B51_F9DD, multiplier: 0x58F3_8DED)
        return (0..<count).map { hash.mix(pool[$0 % pool.count]) }
    }
}

/// A hash whose constant changes with every word.
private struct HashStream {
    private var constant: UInt32
    private let multiplier: UInt32

    init(start: UInt32, multiplier: UInt32) {
        constant = start
        self.multiplier = multiplier
    }

    mutating func mix(_ word: UInt32) -> UInt32 {
        let mixed = word ^ constant
        constant = constant &* multiplier
        let product = mixed &* constant
        return product ^ product >> 16
    }
}
