// The header of safetensors: types, shapes and places of named arrays, as JSON. Its grammar is of fixed depth, so it is
// scanned by just that grammar: nothing in a file decides how deep a call goes. Knows nothing of elements.
//
// Source: github.com/huggingface/safetensors, the format section of its README.

import Tensors

/// An array of a safetensors file.
struct SafetensorsEntry: Hashable {
    let name: String
    let type: SafetensorsType
    let shape: [Int]
    /// Its bytes, counted from the end of the header.
    var part: Range<Int>
}

/// The element types of safetensors, in the order in which its writers sort them: the widest go first, so that every
/// array is aligned.
enum SafetensorsType: Int, CaseIterable {
    case bool, float4, uint8, int8, float8e5m2, float8e4m3fn, float8e4m3fnuz, float8e5m2fnuz, int16, uint16, float16,
        bfloat16, int32, uint32, float32, complex64, float64, int64, uint64

    var name: String {
        switch self {
        case .bool: "BOOL"
        case .float4: "F4"
        case .uint8: "U8"
        case .int8: "I8"
        case .float8e5m2: "F8_E5M2"
        case .float8e4m3fn: "F8_E4M3"
        case .float8e4m3fnuz: "F8_E4M3FNUZ"
        case .float8e5m2fnuz: "F8_E5M2FNUZ"
        case .int16: "I16"
        case .uint16: "U16"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .int32: "I32"
        case .uint32: "U32"
        case .float32: "F32"
        case .complex64: "C64"
        case .float64: "F64"
        case .int64: "I64"
        case .uint64: "U64"
        }
    }

    var dtype: DType {
        switch self {
        case .bool: .bool
        case .float4: DType(.other(.float4e2m1fn))
        case .uint8: .uint8
        case .int8: .int8
        case .float8e5m2: DType(.other(.float8e5m2))
        case .float8e4m3fn: DType(.other(.float8e4m3fn))
        case .float8e4m3fnuz: DType(.other(.float8e4m3fnuz))
        case .float8e5m2fnuz: DType(.other(.float8e5m2fnuz))
        case .int16: .int16
        case .uint16: .uint16
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .int32: .int32
        case .uint32: .uint32
        case .float32: .float32
        case .complex64: .complex64
        case .float64: .float64
        case .int64: .int64
        case .uint64: .uint64
        }
    }

    init?(_ dtype: DType) {
        guard let type = Self.allCases.first(where: { $0.dtype == dtype }) else { return nil }
        self = type
    }

    /// The bytes of an array in the file; nil where they overflow or do not fill a last byte.
    func byteCount(_ shape: [Int]) -> Int? {
        guard let bound = elementCount(shape.map { max(1, $0) }), let count = elementCount(shape),
            case let (bytes, overflow) = bound.multipliedReportingOverflow(by: dtype.byteCount), !overflow
        else { return nil }
        if self == .float4 { return count % 2 == 0 ? count / 2 : nil }
        return count == 0 ? 0 : bytes
    }
}

/// The header of a safetensors file.
struct SafetensorsHeader {
    /// The arrays, in the order of their bytes.
    var entries: [SafetensorsEntry]
    var metadata: [String: String]

    static let metadataKey = "__metadata__"
    /// The limit of the format's own library.
    static let longest = 100_000_000
    static let greatestRank = 254

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - text: the bytes after the length.
    ///   - dataByteCount: the bytes of the file after the header, which the arrays must cover without holes.
    init(_ text: [UInt8], dataByteCount: Int, _ place: Place) throws(ArrayFileError) {
        var scanner = JSONScanner(text, fileOffset: 8, place)
        entries = []
        metadata = [:]
        var names: Set<String> = []
        try scanner.object { scanner, name, start throws(ArrayFileError) in
            guard names.insert(name).inserted else {
                throw place.damaged(at: start, "the header has \"\(printable(name))\" twice")
            }
            if name == Self.metadataKey {
                metadata = try Self.metadata(&scanner, place)
            } else {
                entries.append(try SafetensorsEntry(&scanner, name, place))
            }
        }
        try scanner.expectEnd()
        entries.sort { ($0.part.lowerBound, $0.part.upperBound) < ($1.part.lowerBound, $1.part.upperBound) }
        var free = 0
        for entry in entries {
            guard entry.part.lowerBound == free else {
                throw place.damaged(
                    at: 8 + text.count + entry.part.lowerBound,
                    "array \"\(printable(entry.name))\" starts at byte \(entry.part.lowerBound) of the data, "
                        + "but those before it end at \(free)")
            }
            free = entry.part.upperBound
        }
        guard free == dataByteCount else {
            throw place.damaged(
                at: 8 + text.count, "the arrays take \(free) bytes, but \(dataByteCount) follow the header",
                hint: free > dataByteCount ? "the file was cut short" : nil)
        }
    }

    private static func metadata(
        _ scanner: inout JSONScanner, _ place: Place
    ) throws(ArrayFileError) -> [String: String] {
        if scanner.takeNull() { return [:] }
        var metadata: [String: String] = [:]
        try scanner.object { scanner, key, start throws(ArrayFileError) in
            guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
                throw place.damaged(at: start, "the metadata has \"\(printable(key))\" twice")
            }
        }
        return metadata
    }

    init(entries: [SafetensorsEntry], metadata: [String: String]) {
        self.entries = entries
        self.metadata = metadata
    }

    /// The length and the header, padded with spaces to a multiple of 8, as the format's own library writes them; keys
    /// of the metadata are sorted.
    var bytes: [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"\(Self.metadataKey)\":{\(pairs.joined(separator: ","))}")
        }
        for entry in entries {
            let sizes = entry.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(entry.name)):{\"dtype\":\"\(entry.type.name)\",\"shape\":[\(sizes)],"
                    + "\"data_offsets\":[\(entry.part.lowerBound),\(entry.part.upperBound)]}")
        }
        var text = Array("{\(fields.joined(separator: ","))}".utf8)
        text += repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }
}

extension SafetensorsEntry {
    /// Reads `{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}`, the keys in any order, each once.
    fileprivate init(_ scanner: inout JSONScanner, _ name: String, _ place: Place) throws(ArrayFileError) {
        var place = place
        place.array = name
        let start = scanner.fileOffset
        var type: SafetensorsType?
        var sizes: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, key, start throws(ArrayFileError) in
            switch key {
            case "dtype" where type == nil:
                let word = try scanner.string()
                guard let known = SafetensorsType.allCases.first(where: { $0.name == word }) else {
                    throw place.unsupported(at: start, "the element type \"\(printable(word))\" is not known")
                }
                type = known
            case "shape" where sizes == nil:
                sizes = try scanner.naturalNumbers(atMost: SafetensorsHeader.greatestRank)
            case "data_offsets" where offsets == nil: offsets = try scanner.naturalNumbers(atMost: 2)
            default: throw place.damaged(at: start, "\"\(printable(key))\" is unknown here, or repeated")
            }
        }
        guard let type, let sizes, let offsets, offsets.count == 2 else {
            throw place.damaged(at: start, "it lacks one of dtype, shape and two data_offsets")
        }
        guard let byteCount = type.byteCount(sizes) else {
            throw place.damaged(at: start, "shape \(sizes) of \(type.name) is too large, or does not fill whole bytes")
        }
        guard offsets[0] <= offsets[1], offsets[1] - offsets[0] == byteCount else {
            throw place.damaged(
                at: start, "shape \(sizes) of \(type.name) needs \(byteCount) bytes, but data_offsets are \(offsets)")
        }
        self.init(name: name, type: type, shape: sizes, part: offsets[0]..<offsets[1])
    }
}
