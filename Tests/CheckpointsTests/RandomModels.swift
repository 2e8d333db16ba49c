import Checkpoints
import Tensors

/// Tensors of all types, ranks and sizes for tests against TensorFlow, the same for the same seed.
struct RandomModel {
    struct Part {
        let name: String
        let value: AnyArray
        /// Where it is cut into pieces along each axis; nil for one that is stored whole.
        var cuts: [[Int]]?
    }

    private(set) var parts: [Part] = []
    private var random: RandomStream

    /// The types that TensorFlow keeps in checkpoints.
    static let dtypes = DType.allStored

    init(seed: UInt64) throws {
        random = RandomStream(seed: seed)
        switch seed {
        case 0: try addManySmall()
        case 1: for dtype in Self.dtypes { try add("all/\(dtype)", dtype, [3, 2]) }
        case 2: for dtype in Self.dtypes { try add("scalar/\(dtype)", dtype, []) }
        case 3: for dtype in Self.dtypes { try add("empty/\(dtype)", dtype, [0, 4]) }
        case 4: try addOddNames()
        case 5: try add("large", .float32, [1000, 1500])
        case 6: try addPartitioned(count: 12)
        default:
            for number in 0..<(1 + next(12)) {
                let dtype = Self.dtypes[next(Self.dtypes.count)]
                let shape = (0..<next(5)).map { _ in next(6) == 0 ? 1 : next(7) }
                try add("scope\(next(3))/v\(number)", dtype, shape)
            }
            if seed.isMultiple(of: 3) { try addPartitioned(count: 2) }
        }
    }

    private mutating func next(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    private mutating func add(_ name: String, _ dtype: DType, _ shape: [Int]) throws {
        parts.append(Part(name: name, value: try value(dtype, shape)))
    }

    private mutating func value(_ dtype: DType, _ shape: [Int]) throws -> AnyArray {
        let count = shape.reduce(1, *)
        if dtype == .string {
            let strings = (0..<count).map { _ in
                let length = next(4) == 0 ? 100 + next(500) : next(5)
                return (0..<length).map { _ in UInt8(next(256)) }
            }
            return try AnyArray(strings: strings, shape: shape)
        }
        var bytes = [UInt8]()
        bytes.reserveCapacity(count * dtype.byteCount)
        while bytes.count < count * dtype.byteCount {
            let word = random.next()
            for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(byte)))) }
        }
        bytes.removeLast(bytes.count - count * dtype.byteCount)
        // Types of fewer bits hold only what fits in them.
        switch "\(dtype)" {
        case "bool": bytes = bytes.map { $0 & 1 }
        case "int4": bytes = bytes.map { UInt8(bitPattern: Int8(bitPattern: $0) >> 4) }
        case "uint4", "float4_e2m1fn": bytes = bytes.map { $0 & 15 }
        case "int2": bytes = bytes.map { UInt8(bitPattern: Int8(bitPattern: $0) >> 6) }
        case "uint2": bytes = bytes.map { $0 & 3 }
        default: break
        }
        return try AnyArray(dtype: dtype, shape: shape, bytes: bytes)
    }

    /// So many names that the index has several blocks.
    private mutating func addManySmall() throws {
        for number in 0..<6000 {
            try add("many/layer_\(number % 7)/of/a/deep/network/variable_\(number)", .float32, [])
        }
    }

    private mutating func addOddNames() throws {
        for name in [
            "ünïcödé/重み/🎲", "é", "e\u{301}", String(repeating: "long/", count: 400) + "end", " ", "a b\tc\nd",
            "\"quoted\"",
            "v:0", "x", "x/", "x//y", "~", "\u{7f}",
        ] { try add(name, .int32, [2]) }
    }

    private mutating func addPartitioned(count: Int) throws {
        // TensorFlow puts tensors together from pieces for these types only.
        let dtypes = [.float32, .float64, .int8, .int16, .int32, .int64, .uint8, .bool, .complex64] as [DType]
        for number in 0..<count {
            let rank = 1 + next(3)
            let shape = (0..<rank).map { _ in 1 + next(number.isMultiple(of: 5) ? 90 : 9) }
            let cutAxes = number.isMultiple(of: 2) ? [next(rank)] : Array(0..<rank)
            let cuts = (0..<rank).map { axis in
                let inner = cutAxes.contains(axis) ? Set((0..<2).map { _ in next(shape[axis] + 1) }) : []
                return Array(Set([0, shape[axis]]).union(inner)).sorted()
            }
            let value = try value(dtypes[next(dtypes.count)], shape)
            parts.append(Part(name: "parted/\(number)", value: value, cuts: cuts))
        }
    }

    func write(to prefix: String) throws {
        let writer = try CheckpointWriter(prefix)
        for part in parts {
            guard let cuts = part.cuts else {
                try writer.add(part.value, named: part.name)
                continue
            }
            for box in boxes(cuts) {
                try writer.add(
                    try piece(part.value, box), named: part.name, pieceOf: part.value.shape, at: box.map(\.lowerBound))
            }
        }
        try writer.finish()
    }

    private func boxes(_ cuts: [[Int]]) -> [[Range<Int>]] {
        cuts.reduce([[]]) { boxes, cuts in
            boxes.flatMap { box in zip(cuts, cuts.dropFirst()).map { box + [$0..<$1] } }
        }
    }
}

/// A part of an array, element by element: slow and plain.
func piece(_ array: AnyArray, _ box: [Range<Int>]) throws -> AnyArray {
    let size = array.dtype.byteCount
    let bytes = array.withUnsafeBytes { Array($0) } ?? []
    var found: [UInt8] = []
    var index = box.map(\.lowerBound)
    if box.allSatisfy({ !$0.isEmpty }) {
        while true {
            let place = zip(index, array.shape).reduce(0) { $0 * $1.1 + $1.0 } * size
            found += bytes[place..<(place + size)]
            guard let axis = index.indices.last(where: { index[$0] + 1 < box[$0].upperBound }) else { break }
            index[axis] += 1
            for inner in index.indices where inner > axis { index[inner] = box[inner].lowerBound }
        }
    }
    return try AnyArray(dtype: array.dtype, shape: box.map(\.count), bytes: found)
}
