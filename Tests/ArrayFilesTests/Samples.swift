// Arrays of every type and many shapes, and what an oracle says of them, for all the tests here.

import ArrayFiles
import FileTestSupport
import Tensors

/// Repeatable random bytes.
struct SampleBytes: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

enum Samples {
    static let shapes: [[Int]] = [[], [0], [1], [5], [2, 3], [0, 4], [2, 0, 3], [2, 3, 4], [1, 2, 1, 3, 2]]
    static let npyTypes: [DType] = [
        .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float16, .float32, .float64,
        .complex64, .complex128,
    ]
    static let safetensorsTypes: [DType] =
        npyTypes.filter { $0 != .complex128 } + [.bfloat16]
        + [
            DType(.other(.float8e5m2)), DType(.other(.float8e4m3fn)), DType(.other(.float8e4m3fnuz)),
            DType(.other(.float8e5m2fnuz)),
        ]

    /// An array of random bits, NaNs of every kind among them.
    static func array(_ dtype: DType, _ shape: [Int], seed: Int = 1) throws -> AnyArray {
        var random = SampleBytes(state: UInt64(seed) &+ UInt64(dtype.tensorFlowNumber) << 32)
        let count = shape.reduce(1, *) * dtype.byteCount
        let bytes = (0..<count).map { _ in
            let byte = UInt8.random(in: 0...255, using: &random)
            return dtype == .bool ? byte & 1 : dtype == DType(.other(.float4e2m1fn)) ? byte & 15 : byte
        }
        return try AnyArray(dtype: dtype, shape: shape, bytes: bytes)
    }

    static func zeros(_ shape: [Int]) throws -> AnyArray {
        try AnyArray(dtype: .float32, shape: shape, bytes: repeatElement(0, count: 4 * shape.reduce(1, *)))
    }

    static let strings: [[UInt8]] = ["", "a", "Grüße", "\u{1F600}x", "a\0b", "  "].map { Array($0.utf8) }
}

extension AnyArray {
    /// One line with the shape and all the bits: `2,3:00ff...`; of strings, their bytes between bars.
    var fingerprint: String {
        let content =
            byteStrings.map { $0.map(hexadecimal).joined(separator: "|") } ?? withUnsafeBytes { hexadecimal($0) } ?? ""
        return shape.map(String.init).joined(separator: ",") + ":" + content
    }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The counterpart of `fingerprint` in Python.
let fingerprintScript = """
    import sys, os, io, json, zipfile, struct
    import numpy as np
    def fingerprint(a):
        shape = ','.join(map(str, a.shape))
        if a.dtype.kind in 'SU':
            items = [x if isinstance(x, bytes) else x.encode('utf-8', 'surrogatepass') for x in a.ravel().tolist()]
            return shape + ':' + '|'.join(x.hex() for x in items)
        return shape + ':' + np.ascontiguousarray(a).astype(a.dtype.newbyteorder('<')).tobytes().hex()

    """

/// The lines of an output, as key and value around the first `=`.
func pairs(_ output: String) -> [(key: String, value: String)] {
    output.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: "=", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
}
