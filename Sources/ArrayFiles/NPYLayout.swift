// How the elements of an npy array lie in the file: numpy's type strings against ours. Knows nothing of files.

import Tensors

/// How elements lie in an npy file.
struct NPYLayout: Hashable {
    enum Elements: Hashable {
        /// Elements of a fixed size, of a type of ours.
        case numbers(DType)
        /// Bytes, padded with zeros.
        case bytes
        /// Code points of 32 bits, padded with zeros.
        case text
    }

    let elements: Elements
    /// The bytes of an element in the file.
    let itemByteCount: Int
    let isBigEndian: Bool

    private static let numbers: [(code: String, dtype: DType)] = [
        ("b1", .bool), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16),
        ("u4", .uint32), ("u8", .uint64), ("f2", .float16), ("f4", .float32), ("f8", .float64), ("c8", .complex64),
        ("c16", .complex128),
    ]

    static func hasNumbers(_ dtype: DType) -> Bool { numbers.contains { $0.dtype == dtype } }

    /// The type of the elements, once read.
    var dtype: DType {
        switch elements {
        case .numbers(let dtype): dtype
        case .bytes, .text: .string
        }
    }

    /// What is swapped in a file of the other byte order: a part of a complex number, all of others.
    var wordByteCount: Int {
        switch elements {
        case .numbers(.complex64): 4
        case .numbers(.complex128): 8
        case .numbers: itemByteCount
        case .bytes: 1
        case .text: 4
        }
    }

    /// Reads a type string: `<f4`, `>i2`, `|b1`, `|S5`, `<U7`.
    init(_ descr: String, at offset: Int, _ place: Place) throws(ArrayFileError) {
        var code = Substring(descr)
        isBigEndian = code.hasPrefix(">")
        if let first = code.first, "<>|=".contains(first) { code.removeFirst() }
        if code == "?" { code = "b1" }
        if let number = Self.numbers.first(where: { $0.code == code }) {
            elements = .numbers(number.dtype)
            itemByteCount = number.dtype.byteCount
            return
        }
        let length = code.dropFirst()
        if let kind = code.first, "SaU".contains(kind), !length.isEmpty,
            length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int(length), count < 1 << 48
        {
            elements = kind == "U" ? .text : .bytes
            itemByteCount = kind == "U" ? count * 4 : count
            return
        }
        let (reason, hint): (String, String?) =
            switch code.first {
            case "O":
                (
                    "its elements are pickled Python objects, which could run code when read",
                    "save it with a type of fixed size"
                )
            case "M", "m": ("its elements are dates or time spans", "save them as int64: array.view('i8')")
            case "V": ("its elements are of a type that numpy does not know, such as bfloat16", "use safetensors")
            case "f", "c": ("its elements are of extended precision", "save them as float64 or complex128")
            default: ("the element type is not known", nil)
            }
        throw place.unsupported(at: offset, "descr is '\(printable(descr))': \(reason)", hint: hint)
    }

    /// The layout in which an array is written.
    ///
    /// - Errors: where npy has no such type, or would lose what the strings end with.
    init(writing array: AnyArray, strings: NPYStrings, _ place: Place) throws(ArrayFileError) {
        isBigEndian = false
        if let byteStrings = array.byteStrings {
            switch strings.kind {
            case .bytes:
                elements = .bytes
                itemByteCount = max(1, byteStrings.reduce(0) { max($0, $1.count) })
                guard !byteStrings.contains(where: { $0.last == 0 }) else {
                    throw place.notRepresentable("a string ends with a zero byte, which npy would drop")
                }
            case .text:
                elements = .text
                var longest = 1
                for string in byteStrings {
                    guard let text = String(validating: string, as: UTF8.self) else {
                        throw place.notRepresentable("a string is not UTF-8", hint: "write strings as .bytes")
                    }
                    if string.last == 0 {
                        throw place.notRepresentable("a string ends with a zero character, which npy would drop")
                    }
                    longest = max(longest, text.unicodeScalars.count)
                }
                itemByteCount = longest * 4
            }
            return
        }
        guard Self.hasNumbers(array.dtype) else {
            throw place.notRepresentable(
                "npy has no type \(array.dtype)", hint: "write safetensors, or cast it to float32 first")
        }
        elements = .numbers(array.dtype)
        itemByteCount = array.dtype.byteCount
    }

    /// The type string.
    var descr: String {
        switch elements {
        case .numbers(let dtype):
            let code = Self.numbers.first { $0.dtype == dtype }?.code ?? "V\(itemByteCount)"
            return (itemByteCount == 1 ? "|" : isBigEndian ? ">" : "<") + code
        case .bytes: return "|S\(itemByteCount)"
        case .text: return (isBigEndian ? ">" : "<") + "U\(itemByteCount / 4)"
        }
    }
}

/// As what strings are written into npy.
public struct NPYStrings: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case bytes, text }
    let kind: Kind

    /// As numpy's `S`, which Python reads as `bytes`.
    public static let bytes = NPYStrings(kind: .bytes)
    /// As numpy's `U`, which Python reads as `str`: only for strings in UTF-8.
    public static let text = NPYStrings(kind: .text)
}
