// Reads JSON whose structure is known beforehand, value by value: no tree is built, and nothing in the text decides
// how deep a call goes. Knows nothing of what the values mean.
//
// Source: RFC 8259.

/// Reads JSON from the start to the end.
struct JSONScanner: TextScanner {
    let text: [UInt8]
    private let start: Int
    private let place: Place
    var position = 0

    /// - Parameter fileOffset: where in the file the text starts, for messages.
    init(_ text: [UInt8], fileOffset: Int, _ place: Place) {
        self.text = text
        start = fileOffset
        self.place = place
    }

    var fileOffset: Int { start + position }

    /// Reads an object; `value` reads the value of each key, whose place it is told.
    mutating func object(
        _ value: (inout JSONScanner, _ key: String, _ offset: Int) throws(ArrayFileError) -> Void
    ) throws(ArrayFileError) {
        try expect("{")
        if take("}") { return }
        repeat {
            skipSpace()
            let offset = fileOffset
            let key = try string()
            try expect(":")
            try value(&self, key, offset)
        } while take(",")
        try expect("}")
    }

    /// Reads an array of whole numbers that are not negative.
    mutating func naturalNumbers(atMost limit: Int) throws(ArrayFileError) -> [Int] {
        try expect("[")
        var numbers: [Int] = []
        if take("]") { return numbers }
        repeat {
            guard numbers.count < limit else { throw failure("there are more than \(limit) numbers in this array") }
            numbers.append(try naturalNumber())
        } while take(",")
        try expect("]")
        return numbers
    }

    mutating func takeNull() -> Bool {
        skipSpace()
        guard text[position...].starts(with: "null".utf8) else { return false }
        position += 4
        return true
    }

    mutating func expectEnd() throws(ArrayFileError) {
        skipSpace()
        if position < text.count { throw failure("bytes follow the JSON value") }
    }

    /// Reads a text in quotes, with its escapes resolved.
    mutating func string() throws(ArrayFileError) -> String {
        try expect("\"")
        let begin = position
        var bytes: [UInt8] = []
        while true {
            guard position < text.count else { throw failure("a text does not end") }
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    position = begin
                    throw failure("a text is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): bytes += Array(String(Character(try escape())).utf8)
            case 0..<32:
                position -= 1
                throw failure("a text holds a control character")
            default: bytes.append(byte)
            }
        }
    }

    // MARK: Parts

    private func failure(_ fact: String) -> ArrayFileError { place.damaged(at: fileOffset, fact) }

    private mutating func expect(_ character: Unicode.Scalar) throws(ArrayFileError) {
        if !take(character) { throw failure("the JSON text lacks a '\(character)' here") }
    }

    private mutating func naturalNumber() throws(ArrayFileError) -> Int {
        skipSpace()
        let begin = position
        var value = 0
        while position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int(text[position] - UInt8(ascii: "0")))
            if tooLarge || overflow {
                position = begin
                throw failure("a number is too large")
            }
            value = sum
            position += 1
        }
        let isNumber = position > begin && (position == begin + 1 || text[begin] != UInt8(ascii: "0"))
        let goesOn =
            position < text.count
            && [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(
                text[position])
        guard isNumber, !goesOn else {
            position = begin
            throw failure("there is no whole number of 0 or more here")
        }
        return value
    }

    private mutating func escape() throws(ArrayFileError) -> Unicode.Scalar {
        guard position < text.count else { throw failure("a text does not end") }
        position += 1
        switch text[position - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var value = try hexadecimal()
            if (0xd800..<0xdc00).contains(value) {
                guard text[position...].starts(with: "\\u".utf8) else { throw failure("half a character is missing") }
                position += 2
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw failure("half a character is missing") }
                value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw failure("\\u names no character") }
            return scalar
        default: throw failure("a text has an escape that JSON does not know")
        }
    }

    private mutating func hexadecimal() throws(ArrayFileError) -> UInt32 {
        guard position + 4 <= text.count else { throw failure("a text does not end") }
        let digits = String(decoding: text[position..<(position + 4)], as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
            throw failure("\\u is not followed by four hexadecimal digits")
        }
        position += 4
        return value
    }
}

/// A text as JSON writes it.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\u{8}": result += "\\b"
        case "\u{c}": result += "\\f"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _ where scalar.value < 32:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
