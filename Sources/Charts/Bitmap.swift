// Pixels: what images are made of and what the rasteriser draws on.

/// A colour of 8 bits a channel, in sRGB.
struct RGB: Hashable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

    /// From 0xRRGGBB.
    init(_ number: UInt32) {
        self.init(
            UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 8),
            UInt8(truncatingIfNeeded: number))
    }

    /// `#rrggbb`
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return "#" + String([red, green, blue].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// How bright it is, from 0 to 1.
    ///
    /// - Source: WCAG 2.2, "relative luminance".
    var luminance: Double {
        let parts = [red, green, blue].map { linearLight(Double($0) / 255) }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    /// How well one colour stands out from another, from 1 to 21; texts need 4.5, lines 3.
    ///
    /// - Source: WCAG 2.2, "contrast ratio".
    func contrast(with other: RGB) -> Double {
        let (a, b) = (luminance, other.luminance)
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }
}

/// An image of opaque pixels, row by row from the top.
struct Bitmap: Equatable, Sendable {
    let width: Int
    let height: Int
    /// Red, green and blue of each pixel.
    private(set) var bytes: [UInt8]

    /// The most pixels that a picture may have.
    static let greatestCount = 1 << 26

    /// An image of one colour. Sizes below 1 count as 1; the caller sees to it that it is not too large.
    init(width: Int, height: Int, _ colour: RGB) {
        (self.width, self.height) = (max(width, 1), max(height, 1))
        let count = self.width * self.height
        bytes = [UInt8](unsafeUninitializedCapacity: count * 3) { buffer, initialized in
            for index in 0..<count {
                buffer[3 * index] = colour.red
                buffer[3 * index + 1] = colour.green
                buffer[3 * index + 2] = colour.blue
            }
            initialized = count * 3
        }
    }

    /// An image whose pixels are given by a function of column and row.
    init(width: Int, height: Int, _ colour: (Int, Int) -> RGB) {
        self.init(width: width, height: height, RGB(0))
        for row in 0..<self.height {
            for column in 0..<self.width { self[column, row] = colour(column, row) }
        }
    }

    /// The pixel at a column and a row, which must be inside.
    subscript(column: Int, row: Int) -> RGB {
        get {
            let index = (row * width + column) * 3
            return RGB(bytes[index], bytes[index + 1], bytes[index + 2])
        }
        set {
            let index = (row * width + column) * 3
            bytes[index] = newValue.red
            bytes[index + 1] = newValue.green
            bytes[index + 2] = newValue.blue
        }
    }

    /// Lays a colour over a part of a row.
    ///
    /// - Parameters:
    ///   - first: the column of the first pixel; all must be inside.
    ///   - coverage: of each pixel, from 0 to 1.
    mutating func blend(_ colour: RGB, row: Int, from first: Int, coverage: ArraySlice<Float>) {
        let (red, green, blue) = (Float(colour.red), Float(colour.green), Float(colour.blue))
        let start = (row * width + first) * 3
        bytes.withUnsafeMutableBufferPointer { bytes in
            var index = start
            for part in coverage {
                if part >= 0.999 {
                    bytes[index] = colour.red
                    bytes[index + 1] = colour.green
                    bytes[index + 2] = colour.blue
                } else if part > 0 {
                    func mix(_ old: UInt8, _ new: Float) -> UInt8 {
                        UInt8(max(0, min(255, (Float(old) + (new - Float(old)) * part).rounded())))
                    }
                    bytes[index] = mix(bytes[index], red)
                    bytes[index + 1] = mix(bytes[index + 1], green)
                    bytes[index + 2] = mix(bytes[index + 2], blue)
                }
                index += 3
            }
        }
    }
}
