// What the scanners of headers share: white space and single characters. Knows no format's grammar.

/// Reads a text in ASCII from its start to its end.
protocol TextScanner {
    var text: [UInt8] { get }
    /// Where the next character stands.
    var position: Int { get set }
}

extension TextScanner {
    mutating func skipSpace() {
        while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
    }

    /// Whether the next character is this; if so, it is read.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
