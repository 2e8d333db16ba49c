// Axes: round marks, ranges that cannot be drawn, and the way numbers are written.

import Testing

@testable import Charts

struct ScaleTests {
    private func texts(
        _ range: ClosedRange<Double>?, _ style: AxisStyle = .linear, count: Int = 5, isTight: Bool = false,
        isWhole: Bool = false
    ) -> [String] {
        Scale(range, style: style, count: count, isTight: isTight, isWhole: isWhole).ticks.map(\.text)
    }

    @Test func linearMarksAreMultiplesOfOneTwoOrFive() {
        #expect(texts(0...1) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(texts(0.083...0.74) == ["0", "0.2", "0.4", "0.6", "0.8"])
        #expect(texts(-3...41) == ["\u{2212}10", "0", "10", "20", "30", "40", "50"])
        #expect(texts(1200...98_000) == ["0", "20,000", "40,000", "60,000", "80,000", "100,000"])
        #expect(texts(9.1...9.4) == ["9.1", "9.2", "9.3", "9.4"])
    }

    @Test func aTightAxisEndsWithTheData() {
        let epochs = Scale(1...10, style: .linear, count: 8, isTight: true, isWhole: true)
        #expect(epochs.low == 1 && epochs.high == 10)
        #expect(epochs.ticks.map(\.text) == (1...10).map(String.init))
        let odd = Scale(3.3...9.2, style: .linear, count: 5, isTight: true)
        #expect(odd.low == 3.3 && odd.high == 9.2)
        #expect(odd.ticks.map(\.text) == ["4", "6", "8"])
    }

    @Test func stepsFromZeroReachToTheRoundNumber() {
        let steps = Scale(0...99_999, style: .linear, count: 5, isTight: true, isWhole: true)
        #expect(steps.high == 100_000)
        #expect(steps.ticks.last?.text == "100,000")
    }

    @Test func logarithmicMarksArePowersOfTen() {
        #expect(texts(0.07...480, .logarithmic, count: 7) == ["0.1", "1", "10", "100"])
        #expect(texts(0.01...2, .logarithmic, count: 8) == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"])
        #expect(texts(1e-12...1, .logarithmic, count: 5).first == "10⁻¹²")
        let halfway = Scale(1...10_000, style: .logarithmic, count: 5).fraction(100)
        #expect(abs(halfway - 0.5) < 1e-12)
    }

    @Test func percentMarksAreHundredfold() {
        #expect(texts(0.887...0.979, .percent, count: 4) == ["85 %", "90 %", "95 %", "100 %"])
        #expect(Scale(0...1, style: .percent, count: 4).text(0.9782) == "97.82 %")
    }

    /// Ranges at the ends of what doubles hold: a division there gives infinity or 0.
    @Test(
        arguments: [
            0...0, 5...5, -5...(-5), 0...Double.leastNormalMagnitude, 1e-300...1e-299, -9.9e299...9.9e299,
            1e299...9e299,
            1...1.0000000000000002, 1e15...(1e15 + 1), 1e-250...1e250,
        ] as [ClosedRange<Double>], [false, true])
    func everyRangeHasFiniteMarksInside(range: ClosedRange<Double>, isTight: Bool) {
        for style in [AxisStyle.linear, .logarithmic, .percent] {
            for isWhole in [false, true] {
                guard Scale.isDrawable(range.lowerBound, style), Scale.isDrawable(range.upperBound, style) else {
                    continue
                }
                let scale = Scale(range, style: style, count: 6, isTight: isTight, isWhole: isWhole)
                #expect(scale.low < scale.high)
                #expect(scale.ticks.count < 40)
                for tick in scale.ticks {
                    #expect((-0.001...1.001).contains(scale.fraction(tick.value)), "\(style) \(tick)")
                }
                #expect((-0.001...1.001).contains(scale.fraction(range.lowerBound)))
                #expect((-0.001...1.001).contains(scale.fraction(range.upperBound)))
            }
        }
    }

    @Test func valuesThatHaveNoPlaceAreKnown() {
        #expect(!Scale.isDrawable(.nan, .linear) && !Scale.isDrawable(.infinity, .linear))
        #expect(!Scale.isDrawable(1.7e308, .linear))
        #expect(Scale.isDrawable(0, .linear) && !Scale.isDrawable(0, .logarithmic))
        #expect(!Scale.isDrawable(-1, .logarithmic))
    }
}

struct NumberTextTests {
    @Test(arguments: [
        (0.0, "0"), (0.0213104, "0.02131"), (97.8249, "97.82"), (1234.5, "1,235"), (1_234_567, "1,234,567"),
        (-0.5, "\u{2212}0.5"), (1.3e-7, "1.3×10⁻⁷"), (1e-9, "10⁻⁹"), (2e12, "2×10¹²"), (9.96e11, "10¹²"),
        (0.99999, "1"), (-.infinity, "?"), (.nan, "?"), (.leastNonzeroMagnitude, "0"),
    ])
    func valuesAreWrittenWithFourDigits(value: Double, expected: String) {
        #expect(valueText(value) == expected)
    }

    @Test(arguments: [
        (12_500.0, 0, "12,500"), (-0.05, 2, "\u{2212}0.05"), (-0.001, 2, "0.00"), (0.996, 2, "1.00"),
        (999.5, 0, "1,000"),
        (3, -2, "3"),
    ])
    func fixedDecimalsAreRoundedAndGrouped(value: Double, decimals: Int, expected: String) {
        #expect(fixedText(value, decimals: decimals) == expected)
    }

    @Test(arguments: [(0.0, "0"), (1.5, "1.5"), (-0.05, "-0.05"), (12.345, "12.35"), (.nan, "0"), (1e300, "0")])
    func coordinatesHaveAtMostTwoDecimals(value: Double, expected: String) {
        #expect(coordinate(value) == expected)
    }
}
