// The names and literals of StableHLO's text form.

import Tensors

/// The elements of an array as an MLIR literal: one element where all are equal, a nested list where there are few, and
/// else the bytes in hexadecimal.
func dense(_ array: UntypedArray) -> String {
    guard array.count > 0 else { return "dense<>" }
    if array.isUniform { return "dense<\(literals(array.reshaped([array.count]).prefix(1))[0])>" }
    // Truth values have no byte form that all versions agree on.
    guard array.count > 64, array.dtype != .bool else { return "dense<\(nested(literals(array), array.shape))>" }
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for index in 0..<array.byteCount {
        let byte = array.bytes.load(fromByteOffset: index, as: UInt8.self)
        text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    withExtendedLifetime(array.storage) {}
    return "dense<\"0x\(String(decoding: text, as: UTF8.self))\">"
}

/// The literals of the elements, grouped by the dimensions.
private func nested(_ elements: [String], _ shape: [Int]) -> String {
    var groups = elements
    for extent in shape.reversed() {
        groups = stride(from: 0, to: groups.count, by: extent).map {
            "[" + groups[$0..<($0 + extent)].joined(separator: ", ") + "]"
        }
    }
    return groups.joined()
}

private func literals(_ array: UntypedArray) -> [String] {
    func integers<Scalar: IntegerElement>(_ type: Scalar.Type) -> [String] {
        array.withElements(of: type) { $0.map { "\($0)" } }
    }
    switch array.dtype.kind {
    case .float32:
        return array.withElements(of: Float.self) { elements in
            elements.map { number in
                let text = decimal("\(number)")
                // Parsers read a double, which must round to the same number.
                guard number.isFinite, let read = Double(text), Float(read) == number else {
                    return "0x" + padded(UInt64(number.bitPattern), digits: 8)
                }
                return text
            }
        }
    case .float64:
        return array.withElements(of: Double.self) { elements in
            elements.map { $0.isFinite ? decimal("\($0)") : "0x" + padded($0.bitPattern, digits: 16) }
        }
    case .bool:
        return array.withElements(of: Bool.self) { $0.map { $0 ? "true" : "false" } }
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
        return array.dtype.integerType.map { integers($0) } ?? []
    case .other:
        return []
    }
}

/// A decimal number as MLIR reads it, with a point before an exponent.
private func decimal(_ text: String) -> String {
    guard !text.contains("."), let exponent = text.firstIndex(of: "e") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
}

private func padded(_ bits: UInt64, digits: Int) -> String {
    let text = String(bits, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

extension UntypedArray {
    /// The first elements of a rank-1 array.
    fileprivate func prefix(_ count: Int) -> UntypedArray {
        UntypedArray(dtype: dtype, shape: [min(count, self.count)], storage: storage, byteOffset: byteOffset)
    }
}

// MARK: - Names

extension UnaryFunction {
    var stableHLOName: String {
        switch self {
        case .negate: "negate"
        case .abs: "abs"
        case .sign: "sign"
        case .exponential: "exponential"
        case .exponentialMinusOne: "exponential_minus_one"
        case .log: "log"
        case .logPlusOne: "log_plus_one"
        case .logistic: "logistic"
        case .sqrt: "sqrt"
        case .rsqrt: "rsqrt"
        case .tanh: "tanh"
        case .sine: "sine"
        case .cosine: "cosine"
        case .tan: "tan"
        case .floor: "floor"
        case .ceil: "ceil"
        case .roundNearestEven: "round_nearest_even"
        case .not: "not"
        case .erf: "erf"
        case .isFinite: "is_finite"
        }
    }
}

extension BinaryFunction {
    var stableHLOName: String {
        switch self {
        case .add: "add"
        case .subtract: "subtract"
        case .multiply: "multiply"
        case .divide: "divide"
        case .maximum: "maximum"
        case .minimum: "minimum"
        case .power: "power"
        case .remainder: "remainder"
        case .atan2: "atan2"
        case .and: "and"
        case .or: "or"
        case .xor: "xor"
        }
    }
}

extension Comparison {
    var stableHLOName: String {
        switch self {
        case .equal: "EQ"
        case .notEqual: "NE"
        case .less: "LT"
        case .lessOrEqual: "LE"
        case .greater: "GT"
        case .greaterOrEqual: "GE"
        }
    }
}

extension Distribution {
    /// The function that a device provides for drawing these numbers.
    var callName: String {
        switch self {
        case .uniform: "tensorgraph.philox_uniform"
        case .normal: "tensorgraph.philox_normal"
        case .truncatedNormal: "tensorgraph.philox_truncated_normal"
        case .uniformInteger: "tensorgraph.philox_uniform_integer"
        }
    }
}

extension DType {
    /// The order by which elements are compared.
    var comparisonOrder: String {
        if isFloating { return "FLOAT" }
        return isSigned ? "SIGNED" : "UNSIGNED"
    }
}
