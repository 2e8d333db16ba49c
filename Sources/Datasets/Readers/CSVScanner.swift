// The rows of a table of comma-separated values, read one at a time. Knows nothing of columns' names and types.
//
// Source: Y. Shafranovich, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180 (2005).

/// The fields of one row, unquoted, in one buffer.
struct CSVFields: Sendable {
    /// The line on which the row starts, from 1.
    var line = 0
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []

    var count: Int { ends.count }

    subscript(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

    fileprivate mutating func append(_ byte: UInt8) { bytes.append(byte) }
    fileprivate mutating func append(_ run: ArraySlice<UInt8>) { bytes += run }
    fileprivate mutating func endField() { ends.append(bytes.count) }
    fileprivate var fieldIsEmpty: Bool { bytes.count == (ends.last ?? 0) }
}

/// Reads rows from bytes as they come.
///
/// Lines end with a line feed, a carriage return, or both. Empty lines are passed over, and so is a byte order mark.
final class CSVScanner {
    private let reader: ByteReader
    private let delimiter: UInt8
    private let rowLimit: Int
    private var line = 1
    private var isAtStart = true
    private var follows: UInt8?

    private enum State {
        case startOfField
        case plain
        case quoted
        /// After a quote within quotes: the end of the field, or the first half of a quote that belongs to it.
        case afterQuote
    }

    /// - Parameter rowLimit: the most bytes that a row may have.
    init(_ reader: ByteReader, delimiter: UInt8, rowLimit: Int = greatestLineByteCount) {
        self.reader = reader
        self.delimiter = delimiter
        self.rowLimit = rowLimit
    }

    var path: String { reader.path }

    /// The next row; nil at the end of the file.
    ///
    /// - Errors: `DatasetError` for a quote where none may be, quotes that are not closed, or a row longer than the limit.
    func next() throws -> CSVFields? {
        var fields = CSVFields()
        var state = State.startOfField
        var quoteLine = line
        fields.line = line
        while true {
            let window = try reader.window()
            if window.isEmpty { break }
            var index = window.startIndex
            if isAtStart {
                isAtStart = false
                if window.starts(with: [0xef, 0xbb, 0xbf]) { index += 3 }
            }
            while index < window.endIndex {
                if state != .afterQuote {
                    // Most bytes are none of those that decide anything.
                    let end = window[index...].firstIndex(where: isSpecial) ?? window.endIndex
                    if end > index {
                        fields.append(window[index..<end])
                        follows = nil
                        if state == .startOfField { state = .plain }
                        index = end
                        continue
                    }
                }
                let byte = window[index]
                index += 1
                let previous = follows
                follows = byte
                if byte == UInt8(ascii: "\n"), previous == UInt8(ascii: "\r") {
                    // The second half of a line's end; within quotes both belong to the field.
                    if state == .quoted { fields.append(byte) }
                    continue
                }
                let isEndOfLine = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
                if isEndOfLine { line += 1 }
                switch state {
                case .quoted:
                    if byte == UInt8(ascii: "\"") { state = .afterQuote } else { fields.append(byte) }
                    continue
                case .afterQuote where byte == UInt8(ascii: "\""):
                    fields.append(byte)
                    state = .quoted
                    continue
                case .startOfField where byte == UInt8(ascii: "\""):
                    state = .quoted
                    quoteLine = line
                    continue
                case .startOfField, .plain, .afterQuote: break
                }
                if byte == delimiter {
                    fields.endField()
                    state = .startOfField
                } else if isEndOfLine {
                    // An empty line is no row of one empty field; one of quotes is.
                    if fields.count == 0, fields.fieldIsEmpty, state == .startOfField {
                        fields.line = line
                        continue
                    }
                    fields.endField()
                    reader.advance(index - window.startIndex)
                    return fields
                } else if state == .afterQuote {
                    throw mistake(fields, line, "text follows a closing quote", "write a quote within quotes twice")
                } else if byte == UInt8(ascii: "\"") {
                    throw mistake(
                        fields, line, "a quote stands within a field that does not start with one",
                        "put the whole field in quotes, and write a quote within twice")
                } else {
                    fields.append(byte)
                    state = .plain
                }
            }
            reader.advance(window.count)
            if fields.bytes.count + fields.count > rowLimit {
                throw mistake(
                    fields, fields.line, "the row is longer than \(rowLimit) bytes",
                    "check the quotes and that this is a table")
            }
        }
        if state == .quoted {
            throw mistake(fields, quoteLine, "the quotes that open here are never closed", "close them")
        }
        if fields.count == 0, fields.fieldIsEmpty, state == .startOfField { return nil }
        fields.endField()
        return fields
    }

    private func isSpecial(_ byte: UInt8) -> Bool {
        byte == delimiter || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    private func mistake(_ fields: CSVFields, _ line: Int, _ reason: String, _ hint: String) -> DatasetError {
        .inTable(path, line: line, column: "\(fields.count + 1)", reason, hint)
    }
}

extension DatasetError {
    static func inTable(
        _ file: String, line: Int, column: String? = nil, _ reason: String, _ hint: String
    ) -> DatasetError {
        DatasetError(
            file: file, reason: "line \(line)" + (column.map { ", column \($0)" } ?? "") + ": " + reason, hint: hint)
    }
}
