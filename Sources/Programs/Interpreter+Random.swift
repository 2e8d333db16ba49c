// The interpreter's random numbers: those of TensorFlow's CPU kernels for the same key and counter.
//
// Source: TensorFlow, lib/random/philox_random.h, lib/random/random_distributions.h and kernels/random_op_cpu.h.

import Tensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Philox4x32-10 with a 64-bit key and a 128-bit counter.
struct Philox {
    let key: UInt64
    private var low: UInt64
    private var high: UInt64

    init(key: UInt64, low: UInt64, high: UInt64) {
        self.key = key
        self.low = low
        self.high = high
    }

    /// The block at the counter; the counter goes on by one.
    mutating func next() -> SIMD4<UInt32> {
        var block = SIMD4(
            UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32),
            UInt32(truncatingIfNeeded: high), UInt32(truncatingIfNeeded: high >> 32))
        var (k0, k1) = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
        for _ in 0..<10 {
            let first = UInt64(0xD251_1F53) &* UInt64(block[0])
            let second = UInt64(0xCD9E_8D57) &* UInt64(block[2])
            block = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ block[1] ^ k0, UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ block[3] ^ k1, UInt32(truncatingIfNeeded: first))
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        skip(1)
        return block
    }

    /// Goes on by `count` blocks.
    mutating func skip(_ count: UInt64) {
        let (sum, overflow) = low.addingReportingOverflow(count)
        low = sum
        if overflow { high &+= 1 }
    }
}

/// A floating-point element that TensorFlow's generators make.
private protocol RandomFloat: InterpretedFloat {
    /// How many 32-bit words make one number.
    static var wordCount: Int { get }
    /// A number in `[0, 1)`: the words' low bits as the mantissa of a number in `[1, 2)`, less 1.
    static func uniform(_ words: ArraySlice<UInt32>) -> Self
}

extension Float: RandomFloat {
    fileprivate static var wordCount: Int { 1 }
    fileprivate static func uniform(_ words: ArraySlice<UInt32>) -> Float {
        Float(bitPattern: 127 << 23 | words[words.startIndex] & 0x7F_FFFF) - 1
    }
}

extension Double: RandomFloat {
    fileprivate static var wordCount: Int { 2 }
    fileprivate static func uniform(_ words: ArraySlice<UInt32>) -> Double {
        let mantissa = UInt64(words[words.startIndex] & 0xF_FFFF) << 32 | UInt64(words[words.startIndex + 1])
        return Double(bitPattern: 1023 << 52 | mantissa) - 1
    }
}

extension RandomFloat {
    /// Two normal numbers from the words of two uniform ones.
    ///
    /// - Source: Box and Muller (1958), the first number limited from below as TensorFlow does.
    fileprivate static func normals(_ words: ArraySlice<UInt32>) -> [Self] {
        let middle = words.startIndex + wordCount
        let radius = (-2 * logarithm(Swift.max(uniform(words[..<middle]), Self(1.0e-7)))).squareRoot()
        let angle = Self(2 * Double.pi * uniform(words[middle...]).asDouble)
        return [sine(angle) * radius, cosine(angle) * radius]
    }
}

extension Interpreter {
    /// - Parameters:
    ///   - operands: the state (key, counter low, counter high, unused) and, for integers, the bounds.
    static func random(_ distribution: Distribution, _ operands: [UntypedArray], _ type: ArrayType) -> UntypedArray? {
        let state = operands[0].withElements(of: UInt64.self, Array.init)
        let generator = Philox(key: state[0], low: state[1], high: state[2])

        func floating<Scalar: RandomFloat>(_ scalar: Scalar.Type) -> UntypedArray {
            let numbers: [Scalar] =
                distribution == .truncatedNormal
                ? truncatedNormals(generator, type.count)
                : plain(generator, type.count, isNormal: distribution == .normal)
            return NDArray(numbers).untyped.reshaped(type.shape)
        }
        func integer<Scalar: IntegerElement>(_ scalar: Scalar.Type) -> UntypedArray {
            let low = operands[1].withElements(of: Scalar.self) { $0[0] }
            let high = operands[2].withElements(of: Scalar.self) { $0[0] }
            let numbers: [Scalar] = integers(generator, type.count, low: low, high: high)
            return NDArray(numbers).untyped.reshaped(type.shape)
        }
        switch type.dtype.kind {
        case .float32: return floating(Float.self)
        case .float64: return floating(Double.self)
        case .int32: return integer(Int32.self)
        case .int64: return integer(Int64.self)
        case .int8, .int16, .uint8, .uint16, .uint32, .uint64, .bool, .other: return nil
        }
    }

    /// Uniform or normal numbers, as many from each block as it has words for.
    private static func plain<Scalar: RandomFloat>(_ start: Philox, _ count: Int, isNormal: Bool) -> [Scalar] {
        var (generator, numbers) = (start, [Scalar]())
        while numbers.count < count {
            let block = generator.next()
            let words = block.indices.map { block[$0] }
            let step = isNormal ? 2 * Scalar.wordCount : Scalar.wordCount
            for first in stride(from: 0, to: 4, by: step) {
                let used = words[first..<(first + step)]
                numbers += isNormal ? Scalar.normals(used) : [Scalar.uniform(used)]
            }
        }
        return Array(numbers.prefix(count))
    }

    /// Normal numbers, those outside (-2, 2) drawn again; each group of 4 float32 or 2 float64 numbers has words of
    /// its own, 256 for each number.
    private static func truncatedNormals<Scalar: RandomFloat>(_ start: Philox, _ count: Int) -> [Scalar] {
        let groupSize = 4 / Scalar.wordCount
        var numbers: [Scalar] = []
        while numbers.count < count {
            var generator = start
            generator.skip(UInt64(numbers.count / groupSize) &* UInt64(groupSize * 256 / 4))
            let end = numbers.count + groupSize
            var unused: ArraySlice<UInt32> = []
            while numbers.count < end {
                while unused.count < 2 * Scalar.wordCount {
                    let block = generator.next()
                    unused += block.indices.map { block[$0] }
                }
                let normals = Scalar.normals(unused.prefix(2 * Scalar.wordCount))
                unused = unused.dropFirst(2 * Scalar.wordCount)
                for number in normals where abs(number) < 2 && numbers.count < end { numbers.append(number) }
            }
        }
        return Array(numbers.prefix(count))
    }

    /// Whole numbers in `[low, high)`: the remainder of each 32-bit or 64-bit word.
    private static func integers<Scalar: IntegerElement>(
        _ start: Philox, _ count: Int, low: Scalar, high: Scalar
    ) -> [Scalar] {
        var (generator, numbers) = (start, [Scalar]())
        let range = Scalar.Magnitude(truncatingIfNeeded: high) &- Scalar.Magnitude(truncatingIfNeeded: low)
        func place(_ word: UInt64) -> Scalar {
            let remainder = range == 0 ? 0 : Scalar.Magnitude(truncatingIfNeeded: word) % range
            return low &+ Scalar(truncatingIfNeeded: remainder)
        }
        while numbers.count < count {
            let block = generator.next()
            if Scalar.bitWidth > 32 {
                numbers.append(place(UInt64(block[0]) | UInt64(block[1]) << 32))
                numbers.append(place(UInt64(block[2]) | UInt64(block[3]) << 32))
            } else {
                numbers += block.indices.map { place(UInt64(block[$0])) }
            }
        }
        return Array(numbers.prefix(count))
    }
}
