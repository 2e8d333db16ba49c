// Tables of comma-separated values: the columns' names, numbers and texts of rows, and data sets of them.

public import Tensors

/// What becomes of a row that lacks a number.
public enum MissingNumbers: Sendable {
    /// It is an error that names the line and the column.
    case refused
    /// This takes its place; `.replaced(with: .nan)` keeps it visible.
    case replaced(with: Float)
    /// The row is left out.
    case rowSkipped
}

/// A file of comma-separated values, read row by row.
///
///     let table = try CSVFile("iris.csv")
///     table.columns                                           // ["sepal length", …, "species"]
///     let species = Vocabulary(try table.texts("species"))
///     let train = try table.dataset(features: ["sepal length", "sepal width"], label: "species", in: species)
///         .shuffle(bufferSize: 1000, seed: 1).batch(32)       // batches: x [32, 2], y [32]
///
/// Fields may be in quotes, which then may hold delimiters, line ends and doubled quotes (RFC 4180). Every row has as
/// many fields as the first. Only one row is in memory at a time, however large the file; it may be gzipped.
public struct CSVFile: Sendable {
    /// The file.
    public let path: String
    /// The names of the columns: the header's, or `1`, `2`, … where there is none.
    public let columns: [String]
    private let hasHeader: Bool
    private let delimiter: UInt8
    private let missing: MissingNumbers
    private let markers: Set<[UInt8]>

    /// - Parameters:
    ///   - path: the file.
    ///   - hasHeader: whether the first row names the columns; true by default.
    ///   - delimiter: what separates fields, an ASCII character; a comma by default.
    ///   - missing: what becomes of a row that lacks a number asked for; refused by default.
    ///   - missingMarkers: what stands for no number.
    /// - Errors: `DatasetError` where the file cannot be read or is empty, or where two columns have one name.
    public init(
        _ path: String, hasHeader: Bool = true, delimiter: Character = ",", missing: MissingNumbers = .refused,
        missingMarkers: Set<String> = ["", "NA", "N/A", "NaN", "nan", "null", "?"]
    ) throws {
        self.path = path
        self.hasHeader = hasHeader
        self.missing = missing
        markers = Set(missingMarkers.map { Array($0.utf8) })
        guard let byte = delimiter.asciiValue, !"\"\r\n".utf8.contains(byte) else {
            throw DatasetError(
                file: path, reason: "\"\(delimiter)\" cannot separate fields",
                hint: "give an ASCII character, not a quote and no line end")
        }
        self.delimiter = byte
        guard let first = try CSVScanner(try ByteReader(path, .automatic), delimiter: byte).next() else {
            throw DatasetError(file: path, reason: "the table is empty", hint: "give a file with at least one row")
        }
        columns =
            hasHeader
            ? (0..<first.count).map { String(decoding: trimmed(first[$0]), as: UTF8.self) }
            : (0..<first.count).map { "\($0 + 1)" }
        var seen: Set<String> = []
        for (index, name) in columns.enumerated() where !seen.insert(name).inserted {
            throw DatasetError.inTable(
                path, line: first.line, column: "\(index + 1)", "a second column is called \"\(name)\"",
                "give each column a name of its own, or pass hasHeader: false where the first row is none")
        }
    }

    /// The rows as texts, in the order of `columns`.
    public var rows: Dataset<[String]> {
        let count = columns.count
        return fields.map { fields in (0..<count).map { String(decoding: fields[$0], as: UTF8.self) } }
    }

    /// Numbers of each row.
    ///
    /// - Shapes: elements `[columns.count]`
    /// - Parameter names: which columns, in which order; nil, the default, for all.
    /// - Errors: an unknown name is a `DatasetError` now, a field that is no number one at its row.
    public func numbers(_ names: [String]? = nil) throws -> Dataset<NDArray<Float>> {
        parsed(try numberParser(names ?? columns)) { numbers, _ in NDArray(numbers) }
    }

    /// Numbers of each row with a number to be predicted.
    ///
    /// - Shapes: elements `x: [features.count]`, `y`: a number
    /// - Errors: an unknown name is a `DatasetError` now, a field that is no number one at its row.
    public func dataset(features: [String], target: String) throws -> Dataset<Pair<NDArray<Float>, Float>> {
        parsed(try numberParser(features + [target])) { numbers, _ in
            Pair(NDArray(Array(numbers.dropLast())), numbers.last ?? 0)
        }
    }

    /// Numbers of each row with the class that it belongs to, by its number in a vocabulary.
    ///
    /// - Shapes: elements `x: [features.count]`, `y`: a number from 0 up to `vocabulary.count`
    /// - Errors: an unknown name is a `DatasetError` now; a field that is no number, or a text that the vocabulary
    ///   lacks, is one at its row.
    public func dataset(
        features: [String], label: String, in vocabulary: Vocabulary
    ) throws -> Dataset<Pair<NDArray<Float>, Int32>> {
        let index = try self.index(of: label)
        return parsed(try numberParser(features)) { numbers, fields in
            let text = String(decoding: trimmed(fields[index]), as: UTF8.self)
            guard let number = vocabulary[text] else {
                throw DatasetError.inTable(
                    path, line: fields.line, column: "\"\(label)\"", "\"\(text.prefix(100))\" is not in the vocabulary",
                    vocabulary.hint(for: text))
            }
            return Pair(NDArray(numbers), Int32(clamping: number))
        }
    }

    /// The texts of a column, without white space around them.
    ///
    /// - Errors: `DatasetError` for an unknown name and a file that cannot be read.
    public func texts(_ column: String) throws -> [String] {
        let index = try self.index(of: column)
        return try fields.map { String(decoding: trimmed($0[index]), as: UTF8.self) }.elements()
    }

    /// All rows' numbers in one array.
    ///
    /// - Shapes: `[rows, columns.count]`
    /// - Errors: `DatasetError` for an unknown name, a field that is no number, and a file that cannot be read.
    public func array(_ names: [String]? = nil) throws -> NDArray<Float> {
        let parse = try numberParser(names ?? columns)
        var elements: [Float] = []
        try fields.forEach { fields in
            if let numbers = try parse(fields) { elements += numbers }
        }
        let width = (names ?? columns).count
        return try NDArray(shape: [width == 0 ? 0 : elements.count / width, width], elements)
    }

    // MARK: Rows

    /// The rows' fields, each row as long as the first.
    private var fields: Dataset<CSVFields> {
        Dataset<CSVFields>(cardinality: .unknown) { _ in
            let scanner = CSVScanner(try ByteReader(path, .automatic), delimiter: delimiter)
            if hasHeader { _ = try scanner.next() }
            return ClosureCursor {
                guard let fields = try scanner.next() else { return nil }
                guard fields.count == columns.count else {
                    throw DatasetError.inTable(
                        path, line: fields.line,
                        "the row has \(fields.count) fields, but the first has \(columns.count)",
                        "check the delimiter and the quotes")
                }
                return fields
            }
        }
    }

    /// The rows that lack no number, or whose missing numbers are replaced.
    private func parsed<Element: Sendable>(
        _ parse: @escaping @Sendable (CSVFields) throws -> [Float]?,
        _ make: @escaping @Sendable ([Float], CSVFields) throws -> Element
    ) -> Dataset<Element> {
        let fields = fields
        return Dataset<Element>(cardinality: .unknown) { epoch in
            let source = try fields.start(epoch)
            return ClosureCursor {
                while let row = try source.next() {
                    if let numbers = try parse(row) { return try make(numbers, row) }
                }
                return nil
            }
        }
    }

    /// Reads the numbers of columns; nil for a row to be left out.
    private func numberParser(_ names: [String]) throws -> @Sendable (CSVFields) throws -> [Float]? {
        let indices = try names.map { try index(of: $0) }
        return { fields in
            var numbers: [Float] = []
            numbers.reserveCapacity(indices.count)
            for (index, name) in zip(indices, names) {
                let field = trimmed(fields[index])
                if let number = Float(String(decoding: field, as: UTF8.self)), !markers.contains(Array(field)) {
                    numbers.append(number)
                    continue
                }
                guard markers.contains(Array(field)) else {
                    let text = String(decoding: field.prefix(100), as: UTF8.self)
                    throw DatasetError.inTable(
                        path, line: fields.line, column: "\"\(name)\"", "\"\(text)\" is not a number",
                        "leave the column out, or add the text to missingMarkers where it stands for no number")
                }
                switch missing {
                case .refused:
                    throw DatasetError.inTable(
                        path, line: fields.line, column: "\"\(name)\"", "the number is missing",
                        "pass missing: .replaced(with:) or .rowSkipped")
                case .replaced(let number): numbers.append(number)
                case .rowSkipped: return nil
                }
            }
            return numbers
        }
    }

    private func index(of name: String) throws -> Int {
        if let index = columns.firstIndex(of: name) { return index }
        let near = nearestName(to: name, among: columns).map { "did you mean \"\($0)\"? " } ?? ""
        throw DatasetError(
            file: path, reason: "there is no column \"\(name)\"",
            hint: near + "the columns are " + columns.prefix(50).map { "\"\($0)\"" }.joined(separator: ", "))
    }
}

/// Without blanks and tabs around it.
private func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = field.firstIndex(where: { !isBlank($0) }), let last = field.lastIndex(where: { !isBlank($0) })
    else { return field.prefix(0) }
    return field[first...last]
}
