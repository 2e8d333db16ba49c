// Counter-based random numbers on the host, equal on every machine.
//
// Source: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), Philox4x32-10.

/// A stream of random numbers that its seed alone decides.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private let key: (UInt32, UInt32)
    private var counter: UInt64 = 0
    private let stream: UInt64
    private var block: (UInt64, UInt64) = (0, 0)
    private var used = 2
    private var spareNormal: Double?

    /// The stream number `stream` of the given seed; different numbers give independent streams.
    public init(seed: UInt64, stream: UInt64 = 0) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    public mutating func next() -> UInt64 {
        if used == 2 {
            block = Self.philox(counter: counter, stream: stream, key: key)
            counter &+= 1
            used = 0
        }
        used += 1
        return used == 1 ? block.0 : block.1
    }

    /// A number in `[0, 1)` with 53 random bits.
    public mutating func nextUniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number from the normal distribution with mean 0 and standard deviation 1.
    ///
    /// - Source: Marsaglia's polar method.
    public mutating func nextNormal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        while true {
            let (x, y) = (2 * nextUniform() - 1, 2 * nextUniform() - 1)
            let square = x * x + y * y
            if square > 0, square < 1 {
                let factor = (-2 * naturalLogarithm(square) / square).squareRoot()
                spareNormal = y * factor
                return x * factor
            }
        }
    }

    private static func philox(counter: UInt64, stream: UInt64, key: (UInt32, UInt32)) -> (UInt64, UInt64) {
        var (c0, c1) = (UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32))
        var (c2, c3) = (UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
        var (k0, k1) = key
        for _ in 0..<10 {
            let first = UInt64(0xD251_1F53) * UInt64(c0)
            let second = UInt64(0xCD9E_8D57) * UInt64(c2)
            (c0, c1, c2, c3) = (
                UInt32(second >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: second),
                UInt32(first >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: first)
            )
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return (UInt64(c0) | UInt64(c1) << 32, UInt64(c2) | UInt64(c3) << 32)
    }
}

/// The natural logarithm from arithmetic alone, so that seeds give the same numbers whatever the C library.
private func naturalLogarithm(_ value: Double) -> Double {
    let exponent = value.exponent
    // ln(m) = 2 artanh(s) with s = (m - 1) / (m + 1); for m in [1, 2), |s| <= 1/3.
    let mantissa = value.significand
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    var (sum, power) = (0.0, s)
    for index in 0..<18 {
        sum += power / Double(2 * index + 1)
        power *= square
    }
    return 2 * sum + Double(exponent) * 0.693147180559945309417232121458
}
