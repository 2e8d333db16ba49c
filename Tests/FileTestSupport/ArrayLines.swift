// Arrays as lines of text, to hand them to Python and back, bit by bit.

package import Tensors
import TestSupport

extension AnyArray {
    /// `float32 2,3 0000803f...`: type, dimensions and bytes; strings have their lengths before a colon and are joined
    /// by commas.
    package var line: String {
        let digits: String
        if let strings = byteStrings {
            digits = strings.map { "x" + hexadecimal($0) }.joined(separator: ",")
        } else {
            digits = withUnsafeBytes { hexadecimal($0) } ?? ""
        }
        return "\(dtype) \(shape.map(String.init).joined(separator: ",")) \(digits)"
    }

    /// The array of a line; nil for a line that is none.
    package init?(line: some StringProtocol) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 3, let dtype = DType.allStored.first(where: { $0.description == fields[0] }) else {
            return nil
        }
        let shape = fields[1].split(separator: ",").compactMap { Int($0) }
        if dtype == .string {
            let strings = fields[2].split(separator: ",").map { bytes(hexadecimal: $0.dropFirst()) }
            guard let array = try? AnyArray(strings: strings, shape: shape) else { return nil }
            self = array
        } else {
            guard let array = try? AnyArray(dtype: dtype, shape: shape, bytes: bytes(hexadecimal: fields[2])) else {
                return nil
            }
            self = array
        }
    }
}

extension AnyArray {
    /// The elements at which two arrays differ, described; empty where they agree.
    package func differences(from expected: AnyArray, tolerance: Double = 0) -> [String] {
        guard case .elements(let mine) = content, case .elements(let theirs) = expected.content else {
            return self == expected ? [] : ["\(self) instead of \(expected)"]
        }
        return mine.differences(from: theirs, tolerance: tolerance)
    }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

private func bytes(hexadecimal digits: some StringProtocol) -> [UInt8] {
    let digits = Array(digits.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).map { index in
        UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) ?? 0
    }
}

extension TensorFlowOracle {
    /// Python functions that read and write such lines.
    package static let arrayLines = """
        import numpy as np, ml_dtypes

        def decode(line):
            dtype, shape, digits = line.rstrip("\\n").split(" ")
            dims = [int(part) for part in shape.split(",") if part]
            if dtype == "string":
                return np.array([bytes.fromhex(part[1:]) for part in digits.split(",") if part], object).reshape(dims)
            dtype = getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
            return np.frombuffer(bytes.fromhex(digits), dtype=dtype).reshape(dims)

        def encode(array):
            array = np.asarray(array)
            dims = ",".join(str(extent) for extent in array.shape)
            if array.dtype == object or array.dtype.kind in "SU":
                parts = [x if isinstance(x, bytes) else str(x).encode() for x in array.reshape(-1)]
                return f"string {dims} " + ",".join("x" + part.hex() for part in parts)
            return f"{array.dtype.name} {dims} {np.ascontiguousarray(array).tobytes().hex()}"

        """
}
