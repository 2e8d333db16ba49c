// The header of `.npy`: magic, version, and a literal of Python's that says type, order and shape. It is read by a
// grammar of just these literals, never evaluated. Knows nothing of where the bytes come from.
//
// Source: numpy/lib/format.py, NEP 1.

import Tensors

/// What an npy array says of itself.
struct NPYHeader {
    /// How the elements lie in the file.
    var layout: NPYLayout
    var isFortranOrder: Bool
    var shape: [Int]
    /// The format's version: 1, 2 or 3.
    var version: Int

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// The longest header read: numpy itself trusts only 10,000 bytes.
    static let longest = 1 << 20
    /// As many as numpy allows.
    static let greatestRank = 64

    /// The number of elements, and of their bytes in the file.
    func counts(_ place: Place) throws(ArrayFileError) -> (elements: Int, bytes: Int) {
        // A dimension of 0 does not excuse others whose product no machine can count.
        guard let bound = elementCount(shape.map { max(1, $0) }), let count = elementCount(shape),
            case let (bytes, overflow) = bound.multipliedReportingOverflow(by: layout.itemByteCount), !overflow
        else {
            throw place.damaged(at: nil, "shape \(shape) has more elements than memory can address")
        }
        return (count, count == 0 ? 0 : bytes)
    }

    /// Reads the header from the start of a stream.
    init(_ stream: any ByteStream, _ place: Place) throws(ArrayFileError) {
        let start = try stream.bytes(upTo: 8)
        guard start.starts(with: Self.magic) else {
            throw place.damaged(
                at: 0, "it does not start with \\x93NUMPY, so it is no npy file",
                hint: start.starts(with: [0x50, 0x4b]) ? "it looks like an npz archive: use NPZReader" : nil)
        }
        guard start.count == 8 else { throw place.damaged(at: start.count, "the file ends within its header") }
        version = Int(start[6])
        guard (1...3).contains(version) else {
            throw place.unsupported(
                at: 6, "the npy version \(start[6]).\(start[7]) is not known", hint: "versions 1.0 to 3.0 are read")
        }
        let lengthBytes = try stream.bytes(upTo: version == 1 ? 2 : 4)
        guard lengthBytes.count == (version == 1 ? 2 : 4) else {
            throw place.damaged(at: stream.position, "the file ends within its header")
        }
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.longest, length <= stream.greatestRest else {
            throw place.damaged(
                at: 8, "the header claims \(length) bytes, but there are \(stream.greatestRest)")
        }
        let offset = stream.position
        let text = try stream.bytes(upTo: length)
        guard text.count == length else {
            throw place.damaged(at: stream.position, "the file ends within its header")
        }
        var literal = PythonLiteral(text, offset: offset, place: place)
        let fields = try literal.header()
        layout = try NPYLayout(fields.descr, at: offset, place)
        isFortranOrder = fields.isFortranOrder
        shape = fields.shape
    }

    init(layout: NPYLayout, shape: [Int]) {
        self.layout = layout
        self.shape = shape
        isFortranOrder = false
        version = 1
    }

    /// The header's bytes, as numpy writes them: padded so that the elements start at a multiple of 64, with room for
    /// the first dimension to grow in place.
    var bytes: [UInt8] {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '\(layout.descr)', 'fortran_order': False, 'shape': (\(sizes)), }"
        if let first = shape.first { text += String(repeating: " ", count: max(0, 21 - String(first).utf8.count)) }
        let prefix = Self.magic.count + 4
        text += String(repeating: " ", count: 64 - (prefix + text.utf8.count + 1) % 64) + "\n"
        let length = text.utf8.count
        return Self.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    }
}

/// The literals of Python that a header consists of.
private struct PythonLiteral: TextScanner {
    let text: [UInt8]
    private let offset: Int
    private let place: Place
    var position = 0

    init(_ text: [UInt8], offset: Int, place: Place) {
        self.text = text
        self.offset = offset
        self.place = place
    }

    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, the keys in any order, each once.
    mutating func header() throws(ArrayFileError) -> (descr: String, isFortranOrder: Bool, shape: [Int]) {
        var descr: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let start = position
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where descr == nil:
                skipSpace()
                if position < text.count, text[position] == UInt8(ascii: "[") || text[position] == UInt8(ascii: "(") {
                    throw place.unsupported(
                        at: offset + position, "its elements are records of several fields",
                        hint: "save each field as an array of its own")
                }
                descr = try string()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try bool()
            case "shape" where shape == nil: shape = try tuple()
            default: throw failure(start, "the header has an unknown or repeated key \"\(printable(key))\"")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == text.count else { throw failure(position, "bytes follow the header's dictionary") }
        guard let descr, let isFortranOrder, let shape else {
            throw failure(0, "the header lacks one of descr, fortran_order and shape")
        }
        return (descr, isFortranOrder, shape)
    }

    private func failure(_ position: Int, _ fact: String) -> ArrayFileError {
        place.damaged(at: offset + position, fact)
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(ArrayFileError) {
        if !take(character) { throw failure(position, "the header lacks a '\(character)' here") }
    }

    /// A text in single or double quotes, without escapes.
    private mutating func string() throws(ArrayFileError) -> String {
        skipSpace()
        guard position < text.count, text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"") else {
            throw failure(position, "the header lacks a text in quotes here")
        }
        let quote = text[position]
        let start = position + 1
        guard let end = text[start...].firstIndex(of: quote) else {
            throw failure(position, "a text in the header does not end")
        }
        let bytes = text[start..<end]
        guard !bytes.contains(where: { $0 < 0x20 || $0 > 0x7e || $0 == UInt8(ascii: "\\") }) else {
            throw failure(position, "a text in the header has characters that no header has")
        }
        position = end + 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func bool() throws(ArrayFileError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw failure(position, "fortran_order is neither True nor False")
    }

    /// `()`, `(3,)`, `(3, 4)`: with an `L` after a number as Python 2 wrote it.
    private mutating func tuple() throws(ArrayFileError) -> [Int] {
        try expect("(")
        var sizes: [Int] = []
        var endsWithComma = true
        while !take(")") {
            guard endsWithComma else { throw failure(position, "the shape lacks a comma here") }
            guard sizes.count < NPYHeader.greatestRank else {
                throw failure(position, "the shape has more than \(NPYHeader.greatestRank) dimensions")
            }
            sizes.append(try integer())
            endsWithComma = take(",")
        }
        if sizes.count == 1, !endsWithComma { throw failure(position, "the shape is a number, not a tuple") }
        return sizes
    }

    private mutating func integer() throws(ArrayFileError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int(text[position] - UInt8(ascii: "0")))
            if tooLarge || overflow { throw failure(start, "a dimension of the shape is too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw failure(start, "a dimension of the shape is no number of 0 or more") }
        if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
        return value
    }
}
