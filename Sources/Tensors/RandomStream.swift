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

    /// Writes the numbers that as many calls of `nextUniform` would give.
    mutating func fillUniform(_ target: UnsafeMutableBufferPointer<Double>) {
        for index in target.indices { target.initializeElement(at: index, to: nextUniform()) }
    }

    /// Writes the numbers that as many calls of `nextNormal` would give, bit by bit, in half of the time: many pairs are
    /// drawn first, then their logarithms are summed up side by side, which the compiler does several at a time.
    mutating func fillNormal(_ target: UnsafeMutableBufferPointer<Double>) {
        var done = 0
        if spareNormal != nil, !target.isEmpty {
            target.initializeElement(at: 0, to: nextNormal())
            done = 1
        }
        let room = 128
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 6 * room) { memory in
            guard let x = memory.baseAddress else { return }
            let (y, square, ratio) = (x + room, x + 2 * room, x + 3 * room)
            let (sum, power) = (x + 4 * room, x + 5 * room)
            while done < target.count {
                let rest = target.count - done
                let wanted = min(room, rest / 2 + rest % 2)
                var count = 0
                while count < wanted {
                    let pair = (2 * nextUniform() - 1, 2 * nextUniform() - 1)
                    let sum = pair.0 * pair.0 + pair.1 * pair.1
                    (x[count], y[count], square[count]) = (pair.0, pair.1, sum)
                    // What lies outside is written over by the next.
                    count += sum > 0 && sum < 1 ? 1 : 0
                }
                // The steps of `naturalLogarithm`, each for all pairs.
                for index in 0..<count {
                    // Of a normal number, as all of these are; by its bits, several at a time.
                    let digits = square[index].bitPattern & (1 << 52 - 1)
                    let mantissa = Double(bitPattern: digits | (1.0 as Double).bitPattern)
                    let s = (mantissa - 1) / (mantissa + 1)
                    (power[index], ratio[index], sum[index]) = (s, s * s, 0)
                }
                for term in 0..<seriesTermCount {
                    let divisor = Double(2 * term + 1)
                    for index in 0..<count {
                        sum[index] += power[index] / divisor
                        power[index] *= ratio[index]
                    }
                }
                for index in 0..<count {
                    let value = square[index]
                    let logarithm = 2 * sum[index] + Double(Int(value.bitPattern >> 52) - 1023) * logarithmOfTwo
                    let factor = (-2 * logarithm / value).squareRoot()
                    target.initializeElement(at: done, to: x[index] * factor)
                    done += 1
                    if done < target.count {
                        target.initializeElement(at: done, to: y[index] * factor)
                        done += 1
                    } else {
                        spareNormal = y[index] * factor
                    }
                }
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
    for index in 0..<seriesTermCount {
        sum += power / Double(2 * index + 1)
        power *= square
    }
    return 2 * sum + Double(exponent) * logarithmOfTwo
}

/// Of the series in |s| <= 1/3. Term 16 is below 2^-55 of the sum, so that it and those behind it leave every bit of the
/// sum as it is.
private let seriesTermCount = 16

private let logarithmOfTwo = 0.693147180559945309417232121458
