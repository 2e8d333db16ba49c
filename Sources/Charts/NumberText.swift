// Numbers as people read them on a chart. Without Foundation, and without regard to the machine's language.

/// `value` with `decimals` digits after the point and thousands set apart: `12,500`, `-0.05`.
func fixedText(_ value: Double, decimals: Int) -> String {
    let decimals = min(max(decimals, 0), 12)
    let scaled = (abs(value) * powerOfTen(decimals)).rounded()
    guard scaled.isFinite, scaled < 1e15 else { return scientificText(value) }
    var digits = String(Int(scaled))
    if digits.count <= decimals { digits = String(repeating: "0", count: decimals + 1 - digits.count) + digits }
    let whole = digits.dropLast(decimals)
    var grouped = ""
    for (index, digit) in whole.enumerated() {
        if index > 0, (whole.count - index) % 3 == 0 { grouped.append(",") }
        grouped.append(digit)
    }
    // U+2212, the minus sign, is as wide as the digits.
    let sign = value < 0 && scaled > 0 ? "\u{2212}" : ""
    return sign + grouped + (decimals > 0 ? "." + digits.suffix(decimals) : "")
}

/// `value` with about `digits` significant digits, for a label: `0.02131`, `97.82`, `1.3×10⁻⁷`.
func valueText(_ value: Double, significantDigits digits: Int = 4) -> String {
    guard value.isFinite else { return "?" }
    guard value.magnitude > leastWritten else { return "0" }
    let exponent = decimalExponent(of: value)
    guard (-5...9).contains(exponent) else { return scientificText(value) }
    var text = fixedText(value, decimals: max(0, digits - 1 - exponent))
    if text.contains(".") {
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
    }
    return text
}

/// What is smaller counts as 0: the powers of ten beside it overflow.
private let leastWritten = 1e-300

/// `3.1×10⁻⁷`
func scientificText(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    guard value.magnitude > leastWritten else { return "0" }
    var exponent = decimalExponent(of: value)
    var mantissa = (value.magnitude / powerOfTen(exponent) * 10).rounded() / 10
    if mantissa >= 10 {
        mantissa /= 10
        exponent += 1
    }
    let sign = value < 0 ? "\u{2212}" : ""
    let factor = mantissa == 1 ? "" : "\(mantissa == mantissa.rounded() ? "\(Int(mantissa))" : "\(mantissa)")×"
    return sign + factor + "10" + superscript(exponent)
}

/// `⁻¹²`
func superscript(_ number: Int) -> String {
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return (number < 0 ? "⁻" : "")
        + String(String(number.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } })
}

/// The largest whole `e` with `10^e <= |value|`, for a finite value from 1e-300 on.
func decimalExponent(of value: Double) -> Int {
    var exponent = 0
    let magnitude = value.magnitude
    guard magnitude > 0, magnitude.isFinite else { return 0 }
    while powerOfTen(exponent + 1) <= magnitude, exponent < 308 { exponent += 1 }
    while powerOfTen(exponent) > magnitude, exponent > -323 { exponent -= 1 }
    return exponent
}

/// `10^exponent`, correctly rounded between -22 and 22, and nearly so elsewhere.
func powerOfTen(_ exponent: Int) -> Double {
    var (power, base, rest) = (1.0, 10.0, exponent.magnitude)
    while rest > 0 {
        if rest & 1 == 1 { power *= base }
        base *= base
        rest >>= 1
    }
    return exponent < 0 ? 1 / power : power
}
