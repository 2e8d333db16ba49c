import Testing

@testable import Tensors

@Suite struct RandomStreamTests {
    private func first(_ count: Int, seed: UInt64, stream: UInt64 = 0) -> [UInt64] {
        var random = RandomStream(seed: seed, stream: stream)
        return (0..<count).map { _ in random.next() }
    }

    /// The first is a known answer of Random123 (`kat_vectors`, philox4x32 10); the others come from a plain
    /// implementation in Python that gives all three of Random123's.
    @Test func knownAnswersOfPhilox() {
        #expect(first(2, seed: 0) == [0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c])
        #expect(
            first(4, seed: 0x0123_4567_89ab_cdef, stream: 5) == [
                0x7899_c9cc_b341_ed12, 0x68eb_a6fb_8d35_f144, 0x5208_93a9_d046_0919, 0xa1bd_1919_cd7a_eb5c,
            ])
    }

    @Test func aThousandSeedsGiveDifferentStreams() {
        #expect(Set((0..<1000).map { first(2, seed: $0) }).count == 1000)
        #expect(Set((0..<1000).map { first(2, seed: $0 << 32) }).count == 1000)
        #expect(Set((0..<1000).map { first(2, seed: 1, stream: $0) }).count == 1000)
    }

    @Test func equalSeedsGiveEqualStreams() {
        #expect(first(100, seed: 42) == first(100, seed: 42))
        #expect(Set(first(10_000, seed: 42)).count == 10_000)
        let array = NDArray<Float>(randomIn: -1..<1, shape: [5], seed: 9)
        #expect(array == NDArray<Float>(randomIn: -1..<1, shape: [5], seed: 9))
    }

    @Test func uniformNumbersHaveTheirMoments() {
        var random = RandomStream(seed: 3)
        let numbers = (0..<100_000).map { _ in random.nextUniform() }
        let mean = numbers.reduce(0, +) / 100_000
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
        // Within five standard errors.
        #expect(abs(mean - 0.5) < 0.0046)
        #expect(abs(variance - 1.0 / 12) < 0.0012)
    }

    @Test func normalNumbersHaveTheirMoments() {
        let numbers = NDArray<Double>(randomNormal: [100_000], mean: 2, standardDeviation: 3, seed: 4)
            .scalars.map { ($0 - 2) / 3 }
        func moment(_ order: Int) -> Double {
            numbers.reduce(0) { sum, x in sum + (0..<order).reduce(1) { power, _ in power * x } } / 100_000
        }
        #expect(abs(moment(1)) < 0.016)
        #expect(abs(moment(2) - 1) < 0.023)
        #expect(abs(moment(3)) < 0.062)
        #expect(abs(moment(4) - 3) < 0.16)
    }

    @Test func randomIntegersFillTheirRange() {
        let numbers = NDArray<Int32>(randomIntegersIn: -3..<4, shape: [1000], seed: 5).scalars
        #expect(Set(numbers) == Set(-3...3))
        #expect(NDArray<UInt8>(randomIntegersIn: 7..<7, shape: [3], seed: 5).scalars == [7, 7, 7])
        #expect(NDArray<UInt8>(randomIntegersIn: 300..<400, shape: [2], seed: 5).scalars == [255, 255])
    }

    @Test func randomFloatsStayBelowTheUpperBound() {
        let numbers = NDArray<Float>(randomIn: 0..<1, shape: [100_000], seed: 6).scalars
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
    }

    @Test func copiesOfAStreamGoOnAlike() {
        var random = RandomStream(seed: 8)
        _ = random.nextNormal()
        var copy = random
        #expect(random.nextNormal() == copy.nextNormal())
        #expect(random.next() == copy.next())
    }

    /// Around the lengths of the pieces in which they are drawn.
    @Test(arguments: [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 5000])
    func arraysHoldTheNumbersOfTheStreamOneByOne(count: Int) {
        let seed = UInt64(count) &* 77
        func check<Scalar: FloatingElement>(_ type: Scalar.Type) {
            var random = RandomStream(seed: seed)
            let normal = (0..<count).map { _ in 0.3 + 1.7 * Scalar(random.nextNormal()) }
            #expect(
                NDArray<Scalar>(randomNormal: [count], mean: 0.3, standardDeviation: 1.7, seed: seed).scalars == normal)
            random = RandomStream(seed: seed)
            let uniform = (0..<count).map { _ in -2 + (5 - -2) * Scalar(random.nextUniform()) }
            #expect(NDArray<Scalar>(randomIn: -2..<5, shape: [count], seed: seed).scalars == uniform)
        }
        check(Float.self)
        check(Double.self)
    }

    @Test(arguments: [-3..<4, -200..<70_000, 0..<(1 << 40), (.min)..<(.max), (1 << 53)..<(1 << 60), 9..<9])
    func arraysHoldWholeNumbersOfTheStreamOneByOne(range: Range<Int>) {
        func check<Scalar: NumericElement>(_ type: Scalar.Type) {
            var random = RandomStream(seed: 12)
            let numbers = (0..<100).map { _ in
                Scalar(clamping: Double(range.isEmpty ? range.lowerBound : Int.random(in: range, using: &random)))
            }
            #expect(NDArray<Scalar>(randomIntegersIn: range, shape: [100], seed: 12).scalars == numbers)
        }
        check(Float.self)
        check(Double.self)
        check(Int8.self)
        check(Int16.self)
        check(Int32.self)
        check(Int64.self)
        check(UInt8.self)
        check(UInt16.self)
        check(UInt32.self)
        check(UInt64.self)
    }

    /// What a seed gives is never to change.
    @Test func theNumbersOfASeedArePinned() {
        #expect(
            NDArray<Float>(randomNormal: [4], seed: 1).scalars.map(\.bitPattern) == [
                0x3f16_157f, 0x3ea0_acc3, 0x3f58_6e03, 0x3eb4_9dca,
            ])
        #expect(
            NDArray<Double>(randomNormal: [3], mean: 1, standardDeviation: 2, seed: 2).scalars.map(\.bitPattern)
                == [0x3feb_9d3f_c943_6d75, 0xc010_41c5_adfd_5eec, 0xc001_2f65_f298_00b1])
        #expect(
            NDArray<Float>(randomIn: -1..<1, shape: [4], seed: 3).scalars.map(\.bitPattern) == [
                0xbf44_2f70, 0x3f07_cc50, 0x3dd3_1470, 0x3e5c_9cf8,
            ])
        #expect(
            NDArray<Int32>(randomIntegersIn: -50..<50, shape: [8], seed: 4).scalars == [
                21, 45, 8, -49, 37, 0, -13, -46,
            ])
    }

    /// A normal number that was left over comes first.
    @Test(arguments: [0, 1, 2, 300]) func numbersDrawnTogetherGoOnWhereTheStreamIs(count: Int) {
        for before in 0..<2 {
            var (one, many) = (RandomStream(seed: 5), RandomStream(seed: 5))
            for _ in 0..<before { #expect(one.nextNormal() == many.nextNormal()) }
            var drawn = [Double](repeating: 0, count: count)
            drawn.withUnsafeMutableBufferPointer { many.fillNormal($0) }
            #expect(drawn == (0..<count).map { _ in one.nextNormal() })
            #expect(one.nextNormal() == many.nextNormal())
            #expect(one.next() == many.next())
        }
    }
}
