// Paths with numbers of the run in them, as Python formats them: `{epoch:02d}-{val_loss:.2f}`.

/// A path whose `{name}` or `{name:format}` stand for numbers.
///
/// Formats are those of Python for numbers: `[0][width][.precision]` and `d`, `f`, `e` or nothing. `{{` stands for `{`.
struct PathTemplate {
    let text: String

    /// Whether numbers of the run are in it.
    var isFixed: Bool { !text.contains("{") }

    /// The path for the given numbers.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest, and a format that is none.
    func path(_ values: Logs) throws -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "{" || character == "}" {
                if rest.first == character {
                    rest.removeFirst()
                    result.append(character)
                    continue
                }
                guard character == "{", let end = rest.firstIndex(of: "}") else {
                    throw KerasError("the path \"\(text)\" has a brace without its other", hint: "write {{ for a brace")
                }
                let parts = rest[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                rest = rest[rest.index(after: end)...]
                let name = String(parts[0])
                guard let value = values[name] else {
                    let error = KerasError.unknownName(
                        name, "value for the path \"\(text)\" named", known: values.names)
                    throw error
                }
                result += try formatted(value, parts.count > 1 ? parts[1] : "")
            } else {
                result.append(character)
            }
        }
        return result
    }

    private func formatted(_ value: Double, _ format: Substring) throws -> String {
        var rest = format
        let isPadded = rest.first == "0"
        func digits() -> Int? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            return digits.isEmpty ? nil : Int(digits)
        }
        let width = digits() ?? 0
        var precision: Int?
        if rest.first == "." {
            rest.removeFirst()
            precision = digits()
        }
        let mistake = KerasError(
            "\"\(format)\" in the path \"\(text)\" is no format of a number",
            hint: "such as {epoch:02d}, {val_loss:.2f}")
        guard width <= 40, (precision ?? 0) <= 15 else { throw mistake }
        var number: String
        switch rest {
        case "d":
            guard precision == nil, let integer = Int(exactly: value) else { throw mistake }
            number = "\(integer)"
        case "f": number = value.isFinite ? fixed(value, digits: precision ?? 6) : "\(value)"
        case "e": number = exponential(value, digits: precision ?? 6)
        case "":
            guard precision == nil else { throw mistake }
            number = Int(exactly: value).map { "\($0)" } ?? "\(value)"
        default: throw mistake
        }
        let isNegative = number.hasPrefix("-")
        if isNegative { number.removeFirst() }
        let padding = max(0, width - number.count - (isNegative ? 1 : 0))
        let sign = isNegative ? "-" : ""
        return isPadded
            ? sign + String(repeating: "0", count: padding) + number
            : String(repeating: " ", count: padding) + sign + number
    }

    private func exponential(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var (mantissa, exponent) = (abs(value), 0)
        while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa > 0, mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        var text = fixed(mantissa, digits: digits)
        if text.hasPrefix("10") {
            exponent += 1
            text = fixed(mantissa / 10, digits: digits)
        }
        let size = abs(exponent)
        return (value < 0 ? "-" : "") + text + "e" + (exponent < 0 ? "-" : "+") + (size < 10 ? "0\(size)" : "\(size)")
    }
}
