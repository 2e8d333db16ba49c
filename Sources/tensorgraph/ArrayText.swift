// Arrays as JSON: `[[1, 2], [3, 4]]`, read into the type that a tensor asks for, and written.
//
// The reader keeps its place in the nesting in a list, so that no text makes it call itself.

import Foundation
import Tensors

/// A nested list of numbers, words and texts.
struct ArrayText {
    /// The elements as they are written; texts without their quotes.
    private var elements: [(text: String, isQuoted: Bool)] = []
    private var shape: [Int] = []

    private static let greatestRank = 32

    /// - Errors: `ToolError` for what is no list of lists of the same lengths.
    init(_ json: String) throws {
        var counts: [Int] = []
        /// The lengths of the lists, by depth, once one has ended.
        var lengths: [Int: Int] = [:]
        var rank: Int?
        let text = Array(json.utf8)
        var position = 0
        var expectsValue = true
        func failure(_ fact: String) -> ToolError {
            ToolError(.usage, "the array is no list of numbers, at character \(position): \(fact)")
        }
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        while position < text.count {
            let byte = text[position]
            if isSpace(byte) {
                position += 1
            } else if byte == UInt8(ascii: "["), expectsValue {
                guard counts.count < Self.greatestRank else {
                    throw failure("more than \(Self.greatestRank) dimensions")
                }
                guard rank ?? .max > counts.count else { throw failure("a list stands beside a number") }
                counts.append(0)
                position += 1
            } else if byte == UInt8(ascii: "]"), let count = counts.last, !expectsValue || count == 0 {
                guard lengths.updateValue(count, forKey: counts.count) ?? count == count else {
                    throw failure("the lists have different lengths")
                }
                if count == 0, rank == nil { rank = counts.count }
                counts.removeLast()
                if !counts.isEmpty { counts[counts.count - 1] += 1 }
                expectsValue = false
                position += 1
            } else if byte == UInt8(ascii: ","), !expectsValue, !counts.isEmpty {
                expectsValue = true
                position += 1
            } else if expectsValue, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]") {
                guard rank ?? counts.count == counts.count else { throw failure("a number stands beside a list") }
                rank = counts.count
                let start = position
                if byte == UInt8(ascii: "\"") {
                    position += 1
                    while position < text.count, text[position] != byte { position += text[position] == 92 ? 2 : 1 }
                    guard position < text.count else { throw failure("a text does not end") }
                    position += 1
                    guard
                        let string = try? JSONDecoder().decode(
                            String.self, from: Data(text[start..<position]))
                    else { throw failure("a text is not JSON") }
                    elements.append((string, true))
                } else {
                    while position < text.count, !isSpace(text[position]), !",[]\"".utf8.contains(text[position]) {
                        position += 1
                    }
                    elements.append((String(decoding: text[start..<position], as: UTF8.self), false))
                }
                if !counts.isEmpty { counts[counts.count - 1] += 1 }
                expectsValue = false
            } else {
                throw failure("\"\(shown(String(UnicodeScalar(byte))))\" is not expected here")
            }
        }
        guard counts.isEmpty, !expectsValue, let rank else { throw failure("it ends early") }
        shape = try (0..<rank).map { depth in
            guard let length = lengths[depth + 1] else { throw failure("the lists have different depths") }
            return length
        }
        guard elements.count == shape.reduce(1, *) else { throw failure("the lists have different lengths") }
    }

    /// The array, of the type that is asked for.
    ///
    /// - Errors: `ToolError` for an element that the type cannot hold.
    func array(_ dtype: DType) throws -> AnyArray {
        if dtype == .string { return try AnyArray(strings: elements.map { Array($0.text.utf8) }, shape: shape) }
        func make<Scalar: TensorElement>(_ type: Scalar.Type) throws -> AnyArray {
            let scalars = try elements.map { element in
                let value: Any? =
                    element.isQuoted && dtype.isInteger ? nil : Self.parse(element.text, type)
                guard let scalar = value as? Scalar else {
                    throw ToolError(.usage, "\"\(shown(element.text))\" is no \(dtype)")
                }
                return scalar
            }
            return try AnyArray(NDArray<Scalar>(scalars)).reshaped(shape)
        }
        guard let type = dtype.elementType else {
            throw ToolError(.unsupported, "arrays of \(dtype) are not read from JSON\n  hint: give an npy file")
        }
        return try make(type)
    }

    private static func parse<Scalar: TensorElement>(_ text: String, _ type: Scalar.Type) -> Any? {
        switch Scalar.dtype {
        case .bool: ["true": true, "false": false][text]
        case .float32: number(text, Float.init)
        case .float64: number(text, Double.init)
        case .int8: Int8(text)
        case .int16: Int16(text)
        case .int32: Int32(text)
        case .int64: Int64(text)
        case .uint8: UInt8(text)
        case .uint16: UInt16(text)
        case .uint32: UInt32(text)
        default: UInt64(text)
        }
    }

    /// `NaN`, `Infinity` and `-Infinity` are what the tool itself writes.
    private static func number<Value>(_ text: String, _ convert: (String) -> Value?) -> Value? {
        convert(text == "Infinity" ? "inf" : text == "-Infinity" ? "-inf" : text)
    }
}

extension AnyArray {
    /// Nested lists; NaN and the infinities are texts, because JSON has no numbers for them.
    var jsonText: String {
        let texts: [String]
        if let strings {
            texts = strings.map(quotedJSON)
        } else {
            func list<Scalar: TensorElement>(_ type: Scalar.Type) -> [String] {
                ((try? self.as(type))?.scalars ?? []).map { scalar in
                    if let value = (scalar as? any NumericElement)?.asDouble, !value.isFinite {
                        return value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\""
                    }
                    return "\(scalar)"
                }
            }
            texts = dtype.elementType.map { list($0) } ?? []
        }
        var parts = texts
        for axis in shape.indices.reversed() {
            let size = shape[axis]
            let count = shape[..<axis].reduce(1, *)
            parts = (0..<count).map { row in
                "[" + (size == 0 ? "" : parts[(row * size)..<((row + 1) * size)].joined(separator: ", ")) + "]"
            }
        }
        return parts.first ?? "[]"
    }
}

/// A text as JSON writes it.
func quotedJSON(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
}
