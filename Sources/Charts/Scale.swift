// The mapping of numbers to places on an axis, and the round numbers that are written beside it.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A mark on an axis.
struct Tick: Equatable {
    let value: Double
    let text: String
}

/// An axis: the numbers it spans, where they lie, and its marks.
struct Scale {
    let style: AxisStyle
    let low: Double
    let high: Double
    let ticks: [Tick]

    /// Numbers beyond this cannot be drawn: their differences would overflow.
    static let greatest = 1e300

    /// Whether a value has a place on an axis of this style.
    static func isDrawable(_ value: Double, _ style: AxisStyle) -> Bool {
        value.magnitude < greatest && (!style.isLogarithmic || value > 1 / greatest)
    }

    /// An axis for values from `range`, which may be nil where there are none.
    ///
    /// - Parameters:
    ///   - count: about how many marks there is room for.
    ///   - isTight: whether the axis ends with the data, not with the next round number.
    ///   - isWhole: whether only whole numbers are marked.
    init(_ range: ClosedRange<Double>?, style: AxisStyle, count: Int, isTight: Bool = false, isWhole: Bool = false) {
        self.style = style
        let count = max(count, 2)
        if style.isLogarithmic {
            let marks = LogarithmicMarks(range ?? 1...10, count: count, isTight: isTight)
            (low, high, ticks) = (marks.low, marks.high, marks.ticks)
        } else {
            let marks = LinearMarks(range ?? 0...1, count: count, isTight: isTight, isWhole: isWhole, style)
            (low, high, ticks) = (marks.low, marks.high, marks.ticks)
        }
    }

    /// The place of a value: 0 at the low end, 1 at the high.
    func fraction(_ value: Double) -> Double {
        guard style.isLogarithmic else { return (value - low) / (high - low) }
        return (log10(value) - log10(low)) / (log10(high) - log10(low))
    }

    /// A value as it is written at the end of a line.
    func text(_ value: Double) -> String {
        style.isPercent ? valueText(value * 100) + " %" : valueText(value)
    }
}

/// Marks at multiples of 1, 2 or 5 times a power of ten.
private struct LinearMarks {
    var low: Double
    var high: Double
    var ticks: [Tick] = []

    init(_ range: ClosedRange<Double>, count: Int, isTight: Bool, isWhole: Bool, _ style: AxisStyle) {
        (low, high) = (range.lowerBound, range.upperBound)
        // Too close together for doubles to tell apart what lies between.
        if high - low <= max(high.magnitude * 1e-12, low.magnitude * 1e-12, 1e-280) {
            let margin = isWhole || low.magnitude < 1e-200 ? 1 : low.magnitude * 0.1
            low -= margin
            high += margin
        }
        if !isTight, low > 0, low < high * 0.3 { low = 0 }
        var (mantissa, exponent) = Self.step((high - low) / Double(count))
        // Whole numbers are few and their marks short: each may have one.
        if isWhole, exponent < 0 || (high - low) <= 2 * Double(count) { (mantissa, exponent) = (1, 0) }
        func multiple(_ index: Double) -> Double {
            exponent < 0 ? index * mantissa / powerOfTen(-exponent) : index * mantissa * powerOfTen(exponent)
        }
        let step = multiple(1)
        // A hair of tolerance: 9.1 / 0.1 is a little less than 91.
        var (first, last) = ((low / step + 1e-9).rounded(.down), (high / step - 1e-9).rounded(.up))
        if isTight {
            // Data that ends just short of a mark, as steps 0 to 99,999 do, reaches to it.
            let reach = (high - low) * 0.01
            if low - multiple(first) <= reach { low = min(low, multiple(first)) } else { first += 1 }
            if multiple(last) - high <= reach { high = max(high, multiple(last)) } else { last -= 1 }
        } else {
            (low, high) = (multiple(first), multiple(last))
        }
        var index = first
        while index <= last, ticks.count < 100 {
            let value = multiple(index)
            ticks.append(Tick(value: value, text: Self.text(value, exponent: exponent, style, high: high)))
            index += 1
        }
    }

    /// The least of 1, 2 and 5 times a power of ten that is at least `step`.
    private static func step(_ step: Double) -> (Double, Int) {
        let exponent = decimalExponent(of: step)
        let mantissa = step / powerOfTen(exponent)
        if mantissa <= 1.000001 { return (1, exponent) }
        if mantissa <= 2.000001 { return (2, exponent) }
        if mantissa <= 5.000001 { return (5, exponent) }
        return (1, exponent + 1)
    }

    private static func text(_ value: Double, exponent: Int, _ style: AxisStyle, high: Double) -> String {
        if value == 0 { return style.isPercent ? "0 %" : "0" }
        if style.isPercent { return fixedText(value * 100, decimals: -exponent - 2) + " %" }
        if exponent < -8 || high.magnitude >= 1e10 { return scientificText(value) }
        return fixedText(value, decimals: -exponent)
    }
}

/// Marks at powers of ten, and at twice and five times those where there are few.
private struct LogarithmicMarks {
    var low: Double
    var high: Double
    var ticks: [Tick] = []

    init(_ range: ClosedRange<Double>, count: Int, isTight: Bool) {
        (low, high) = (range.lowerBound, range.upperBound)
        if high / low < 1.01 { (low, high) = (low / 2, high * 2) }
        let first = decimalExponent(of: low)
        let last = decimalExponent(of: high) + 1
        let steps = (first...last).flatMap { exponent in
            [1.0, 2, 5].map { (value: $0 * powerOfTen(exponent), isPower: $0 == 1, exponent: exponent) }
        }
        if !isTight {
            low = steps.last { $0.value <= low * 1.000001 }?.value ?? low
            high = steps.first { $0.value >= high * 0.999999 }?.value ?? high
        }
        let inside = steps.filter { $0.value >= low * 0.999999 && $0.value <= high * 1.000001 }
        let powers = inside.filter(\.isPower)
        let shown: [(value: Double, isPower: Bool, exponent: Int)]
        if inside.count <= count + 2 {
            shown = inside
        } else {
            let stride = max(1, (powers.count + count - 1) / count)
            shown = powers.filter { ($0.exponent - first) % stride == 0 }
        }
        let isPlain = shown.allSatisfy { (-4...6).contains($0.exponent) }
        ticks = shown.map { step in
            if isPlain { return Tick(value: step.value, text: fixedText(step.value, decimals: -step.exponent)) }
            return Tick(value: step.value, text: scientificText(step.value))
        }
    }
}
