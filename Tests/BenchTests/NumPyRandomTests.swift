// NumPy's random numbers against NumPy 2.4.6. Every literal comes with the command that printed it, where
// `rng = numpy.random.default_rng`.

import Testing

@testable import bench

struct NumPyRandomTests {
    /// `rng(seed).integers(0, bound, len(expected))`
    @Test(
        arguments: [
            (20_261_122, 10, [2, 0, 4, 6, 8, 9, 5, 5, 1, 0, 6, 6]),
            (0, 10, [8, 6, 5, 2, 3]),
            (4_294_967_295, 10, [1, 2, 7, 2, 9]),
            (5, 7, [4, 5, 0, 5, 3]),
            (5, 3_000_000_000, [2_415_008_770, 67_959_658, 1_545_976_682, 1_890_702_091]),
            (5, 1, [0, 0, 0]),
        ] as [(UInt32, UInt32, [Int])])
    func integersAreThoseOfNumPy(seed: UInt32, bound: UInt32, expected: [Int]) {
        var random = NumPyRandom(seed: seed)
        #expect(random.integers(below: bound, count: expected.count) == expected)
    }

    /// `rng(20261122).normal(size=4)`
    @Test func normalNumbersAreThoseOfNumPy() {
        var random = NumPyRandom(seed: 20_261_122)
        let expected = [-0.11482065725950988, 1.5493252880289283, 0.9686827894991359, 0.22280340225967704]
        #expect(expected.map { _ in random.nextNormal() } == expected)
    }

    /// `rng(459).normal(size=24)[23]`, which lies beyond the last layer.
    @Test func numbersOfTheTailAreThoseOfNumPy() {
        var random = NumPyRandom(seed: 459)
        let values = (0..<24).map { _ in random.nextNormal() }
        #expect(values.last == -3.76755529822135)
    }

    /// The digests of `rng(seed).normal(0, deviation, count).astype('f4')`, of the bits of each number in order:
    ///
    ///     digest = 0xcbf29ce484222325
    ///     for word in array.view('u4').tolist(): digest = ((digest ^ word) * 0x100000001b3) % 2**64
    @Test(
        arguments: [
            (20_261_122, 1, 200_000, 0xb189_9b22_1bbb_a093),  // the weights of two-layer
            (20_261_123, 1, 128_000, 0xe66e_69c9_8f91_35f7),  // its batch
            (20_261_122, 0.03, 235_200, 0x6b24_8472_4202_63ff),  // the first weights of mnist-sgd
        ] as [(UInt32, Double, Int, UInt64)])
    func theArraysOfTheWorkloadsAreThoseOfNumPy(seed: UInt32, deviation: Double, count: Int, expected: UInt64) {
        var random = NumPyRandom(seed: seed)
        let values = random.normals(standardDeviation: deviation, count: count)
        #expect(digest(values.map { UInt64($0.bitPattern) }) == expected)
    }

    /// The digest, as above, of `ki_double`, `wi_double` and `fi_double` in NumPy's `ziggurat_constants.h`.
    @Test func theComputedZigguratIsNumPysTable() {
        let table = Ziggurat.normal
        let words = table.thresholds + table.widths.map(\.bitPattern) + table.heights.map(\.bitPattern)
        #expect(words.count == 768)
        #expect(digest(words) == 0x2827_d2bc_2072_448e)
    }

    @Test func theDigestSeesASingleBit() {
        #expect(digest([1, 2, 3]) != digest([1, 2, 2]))
    }
}

private func digest(_ words: [UInt64]) -> UInt64 {
    words.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01b3 }
}
