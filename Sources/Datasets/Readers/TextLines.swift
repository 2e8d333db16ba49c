// The lines of text files as a data set.

extension Dataset where Element == String {
    /// The lines of text files, one file after another, without what ends them (a line feed, with or without a carriage
    /// return before it). What is not UTF-8 is replaced by U+FFFD.
    ///
    /// - Parameters:
    ///   - paths: the files, plain or compressed.
    ///   - compression: how all of them are compressed; by default, gzip is recognised.
    /// - Errors: a file that cannot be read, or a line longer than 16 MiB, is a `DatasetError` at the element concerned.
    public static func textLines(_ paths: [String], compression: FileCompression = .automatic) -> Dataset {
        Dataset(cardinality: paths.isEmpty ? .finite(0) : .unknown) { _ in
            ConcatenatingCursor(paths.map { path in { LineCursor(try ByteReader(path, compression)) } })
        }
    }

    /// The lines of one text file.
    public static func textLines(_ path: String, compression: FileCompression = .automatic) -> Dataset {
        textLines([path], compression: compression)
    }
}

/// The most bytes that a line of text or a row of a table may have.
let greatestLineByteCount = 1 << 24

private final class LineCursor: Cursor<String> {
    private let reader: ByteReader
    private var number = 0

    init(_ reader: ByteReader) { self.reader = reader }

    override func next() throws -> String? {
        var line: [UInt8] = []
        number += 1
        while true {
            let part = try reader.window()
            guard !part.isEmpty else { break }
            let end = part.firstIndex(of: UInt8(ascii: "\n"))
            line += part[..<(end ?? part.endIndex)]
            reader.advance((end ?? part.endIndex) - part.startIndex + (end == nil ? 0 : 1))
            guard line.count <= greatestLineByteCount else {
                throw DatasetError(
                    file: reader.path, reason: "line \(number) is longer than \(greatestLineByteCount) bytes",
                    hint: "check that this is a file of text")
            }
            if end != nil { return text(line) }
        }
        return line.isEmpty ? nil : text(line)
    }

    private func text(_ line: [UInt8]) -> String {
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...], as: UTF8.self)
    }
}

/// Bytes of a file, a window of them at a time.
final class ByteReader {
    private let source: ByteSource
    private var buffer = [UInt8](repeating: 0, count: ByteReader.windowByteCount)
    private var rest = 0..<0
    var path: String { source.path }

    private static let windowByteCount = 1 << 16

    init(_ path: String, _ compression: FileCompression) throws(DatasetError) {
        source = try ByteSource(path, compression)
    }

    /// The bytes that come next; empty at the end of the file.
    func window() throws -> ArraySlice<UInt8> {
        if rest.isEmpty {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            rest = 0..<count
        }
        return buffer[rest]
    }

    /// Passes over bytes of the window.
    func advance(_ count: Int) { rest = min(rest.lowerBound + count, rest.upperBound)..<rest.upperBound }
}
