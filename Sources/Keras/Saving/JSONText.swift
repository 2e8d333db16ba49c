// JSON as text: reads what Python and others write, and writes what they read. Nothing in the text decides how deep a
// call goes or how much memory is taken beyond a multiple of its length.
//
// Source: RFC 8259; beyond it `NaN`, `Infinity` and `-Infinity`, as Python's `json` writes and reads them.

extension JSONValue {
    /// So deep may arrays and objects lie in each other.
    static let depthLimit = 200
    /// So many bytes a text may have.
    static let byteLimit = 1 << 28

    /// The value of JSON text.
    ///
    /// - Errors: `KerasError` with line and column where it is none, or deeper than 200 levels.
    public init(text: String) throws(KerasError) { try self.init(bytes: Array(text.utf8)) }

    /// The value of JSON text in UTF-8.
    ///
    /// - Errors: `KerasError` with line and column where it is none, or deeper than 200 levels.
    public init(bytes: [UInt8]) throws(KerasError) {
        guard bytes.count <= Self.byteLimit else {
            throw KerasError("the JSON text has \(bytes.count) bytes, but at most \(Self.byteLimit) are read")
        }
        var parser = JSONParser(text: bytes)
        self = try parser.document()
    }

    /// JSON text, keys in alphabetical order.
    public func text(indented: Bool = false) -> String {
        var result = ""
        write(to: &result, indentation: indented ? 0 : nil)
        return result
    }

    private func write(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += "\(value)"
        case .number(let value):
            text += value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.writeList("[", values, "]", to: &text, indentation) { value, text, inner in
                value.write(to: &text, indentation: inner)
            }
        case .object(let values):
            Self.writeList("{", values.sorted { $0.key < $1.key }, "}", to: &text, indentation) { entry, text, inner in
                Self.write(entry.key, to: &text)
                text += ": "
                entry.value.write(to: &text, indentation: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ open: String, _ elements: [Element], _ close: String, to text: inout String, _ indentation: Int?,
        _ write: (Element, inout String, Int?) -> Void
    ) {
        text += open
        let inner = indentation.map { $0 + 2 }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += inner == nil ? ", " : "," }
            if let inner { text += "\n" + String(repeating: " ", count: inner) }
            write(element, &text, inner)
        }
        if let indentation, !elements.isEmpty { text += "\n" + String(repeating: " ", count: indentation) }
        text += close
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Reads one JSON text.
private struct JSONParser {
    let text: [UInt8]
    var position = 0

    mutating func document() throws(KerasError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        if position < text.count { throw failure("something follows the value") }
        return value
    }

    private mutating func value(depth: Int) throws(KerasError) -> JSONValue {
        if depth > JSONValue.depthLimit { throw failure("values lie deeper than \(JSONValue.depthLimit) levels") }
        skipSpace()
        guard position < text.count else { throw failure("the text ends where a value is expected") }
        switch text[position] {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        default: break
        }
        let words: [(String, JSONValue)] = [
            ("true", .bool(true)), ("false", .bool(false)), ("null", .null), ("NaN", .number(.nan)),
            ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
        ]
        for (word, value) in words where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        return try number()
    }

    private mutating func object(depth: Int) throws(KerasError) -> [String: JSONValue] {
        position += 1
        var values: [String: JSONValue] = [:]
        if take("}") { return values }
        repeat {
            skipSpace()
            guard position < text.count, text[position] == UInt8(ascii: "\"") else {
                throw failure("a key in quotes is expected")
            }
            let key = try string()
            guard take(":") else { throw failure("a colon is expected after the key \"\(key.prefix(60))\"") }
            values[key] = try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw failure("a comma or } is expected") }
        return values
    }

    private mutating func array(depth: Int) throws(KerasError) -> [JSONValue] {
        position += 1
        var values: [JSONValue] = []
        if take("]") { return values }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw failure("a comma or ] is expected") }
        return values
    }

    private mutating func number() throws(KerasError) -> JSONValue {
        let start = position
        func isDigit() -> Bool { position < text.count && (48...57).contains(text[position]) }
        if position < text.count, text[position] == UInt8(ascii: "-") { position += 1 }
        guard isDigit() else {
            position = start
            throw failure("a value is expected")
        }
        // A number that begins with 0 ends there: `01` is none.
        if text[position] == UInt8(ascii: "0") { position += 1 } else { while isDigit() { position += 1 } }
        var isWhole = true
        if position < text.count, text[position] == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            guard isDigit() else { throw failure("a digit is expected after the point") }
            while isDigit() { position += 1 }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard isDigit() else { throw failure("a digit is expected in the exponent") }
            while isDigit() { position += 1 }
        }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        if isWhole, let integer = Int(digits) { return .integer(integer) }
        guard let number = Double(digits) else { throw failure("\(digits.prefix(60)) is no number") }
        return .number(number)
    }

    private mutating func string() throws(KerasError) -> String {
        position += 1
        var bytes: [UInt8] = []
        while position < text.count {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            if byte < 0x20 {
                position -= 1
                throw failure("a control character stands in a text")
            }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard position < text.count else { break }
            let escaped = text[position]
            position += 1
            switch escaped {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(escaped)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "b"): bytes.append(8)
            case UInt8(ascii: "f"): bytes.append(12)
            case UInt8(ascii: "u"): bytes += Array(try character().utf8)
            default:
                position -= 1
                throw failure("an unknown escape stands in a text")
            }
        }
        throw failure("the text ends within quotes")
    }

    /// The character of `\uXXXX`, or of two of them; half of a pair alone becomes U+FFFD.
    private mutating func character() throws(KerasError) -> String {
        let first = try hexadecimal()
        if (0xD800..<0xDC00).contains(first), text[position...].starts(with: "\\u".utf8) {
            let mark = position
            position += 2
            let second = try hexadecimal()
            if (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return String(Character(scalar))
            }
            position = mark
        }
        return Unicode.Scalar(first).map { String(Character($0)) } ?? "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(KerasError) -> UInt32 {
        guard text.count - position >= 4,
            text[position..<(position + 4)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let number = UInt32(String(decoding: text[position..<(position + 4)], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits are expected") }
        position += 4
        return number
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[position]) { position += 1 }
    }

    private func failure(_ fact: String) -> KerasError {
        let before = text.prefix(position)
        let line = before.reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
        let column = position - (before.lastIndex(of: 10).map { $0 + 1 } ?? 0) + 1
        return KerasError("the text is not JSON: line \(line), column \(column): \(fact)")
    }
}
