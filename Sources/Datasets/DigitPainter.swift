// Draws a digit: bends its strokes at random, lays them on the pixels and inks them. Only additions, products,
// quotients and square roots are used, which every machine rounds alike.

import Tensors

/// Draws digits one after the other, keeping its scratch memory.
struct DigitPainter {
    /// The number of pixels on a side.
    static let side = 28

    /// The parts into which the curve between two points of a stroke is cut.
    private static let partsPerSpan = 4
    private var controls: [Point] = []
    private var starts: [Point] = []
    private var ends: [Point] = []

    /// Draws `digit` (0 to 9) into an image of `side` × `side` pixels.
    mutating func draw(_ digit: Int, into pixels: UnsafeMutableBufferPointer<Float>, _ random: inout RandomStream) {
        let variants = Glyph.digits[digit % 10]
        let glyph = variants[random.nextNumber(below: variants.count)]
        let warp = Warp(&random)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for stroke in glyph.strokes {
            controls.removeAll(keepingCapacity: true)
            for point in stroke.points { controls.append(warp.apply(point)) }
            cut(isClosed: stroke.isClosed)
        }
        let centre = centreOfBox()
        let drift = Point(random.nextFloat(-1.2...1.2), random.nextFloat(-1.2...1.2))
        let middle = Point(repeating: Float(Self.side) / 2)
        ink(pixels, offset: middle + drift - centre, radius: random.nextFloat(0.8...1.6))
        blemish(pixels, &random)
    }

    /// Cuts the smooth curve through `controls` into straight segments.
    ///
    /// - Source: E. Catmull, R. Rom, "A class of local interpolating splines" (1974).
    private mutating func cut(isClosed: Bool) {
        let count = controls.count
        guard count > 1 else { return }
        func control(_ index: Int) -> Point {
            isClosed ? controls[(index + count) % count] : controls[min(max(index, 0), count - 1)]
        }
        for index in 0..<(isClosed ? count : count - 1) {
            let (before, from, to, after) = (control(index - 1), control(index), control(index + 1), control(index + 2))
            let linear = (to - before) * 0.5
            let square = before - from * 2.5 + to * 2 - after * 0.5
            let cube = (from - to) * 1.5 + (after - before) * 0.5
            var last = from
            for part in 1...Self.partsPerSpan {
                let t = Float(part) / Float(Self.partsPerSpan)
                let next = from + (linear + (square + cube * t) * t) * t
                starts.append(last)
                ends.append(next)
                last = next
            }
        }
    }

    private func centreOfBox() -> Point {
        var (low, high) = (Point(repeating: .infinity), Point(repeating: -.infinity))
        for point in ends {
            low = pointwiseMin(low, point)
            high = pointwiseMax(high, point)
        }
        return (low + high) * 0.5
    }

    /// Gives each pixel ink by its distance to the nearest segment: full inside `radius`, falling to none over a pixel.
    private func ink(_ pixels: UnsafeMutableBufferPointer<Float>, offset: Point, radius: Float) {
        let reach = radius + 0.5
        let far = reach * reach
        pixels.initialize(repeating: far)
        for (start, end) in zip(starts, ends) {
            let (a, b) = (start + offset, end + offset)
            let low = pointwiseMin(a, b) - reach
            let high = pointwiseMax(a, b) + reach
            let direction = b - a
            let length = direction.x * direction.x + direction.y * direction.y
            let scale = length > 0 ? 1 / length : 0
            let columns = Self.range(low.x, high.x)
            for row in Self.range(low.y, high.y) {
                let y = Float(row) + 0.5 - a.y
                for column in columns {
                    let x = Float(column) + 0.5 - a.x
                    let along = min(1, max(0, (x * direction.x + y * direction.y) * scale))
                    let (dx, dy) = (x - along * direction.x, y - along * direction.y)
                    let index = row * Self.side + column
                    pixels[index] = min(pixels[index], dx * dx + dy * dy)
                }
            }
        }
        for index in pixels.indices {
            let square = pixels[index]
            pixels[index] = square < far ? min(1, reach - square.squareRoot()) : 0
        }
    }

    /// The pixels between two coordinates.
    private static func range(_ low: Float, _ high: Float) -> Range<Int> {
        let first = min(max(Int(low), 0), side)
        return first..<max(first, min(Int(high) + 1, side))
    }

    /// Fainter ink, a grainy picture, and the 256 levels of grey that image files have.
    private func blemish(_ pixels: UnsafeMutableBufferPointer<Float>, _ random: inout RandomStream) {
        let strength = random.nextFloat(0.8...1)
        let grain = random.nextFloat(0...0.1)
        var bits: UInt64 = 0
        for index in pixels.indices {
            if index % 8 == 0 { bits = random.next() }
            let noise = (Float(UInt8(truncatingIfNeeded: bits)) - 127.5) / 127.5
            bits >>= 8
            let value = min(1, max(0, pixels[index] * strength + noise * grain))
            pixels[index] = Float(Int(value * 255 + 0.5)) / 255
        }
    }
}

/// A random bend of the unit square and its place and size on the pixels.
private struct Warp {
    /// The images of the two axes, in pixels.
    private let right: Point
    private let down: Point
    /// The bends: by x², xy, y² and the third powers.
    private let bends: (Point, Point, Point, Point, Point)

    init(_ random: inout RandomStream) {
        let height = random.nextFloat(17.5...21)
        let width = height * random.nextFloat(0.5...0.85)
        let slant = Float(0.12) + 0.16 * Float(random.nextNormal())
        // A turn by the angle whose half has the tangent t, without a sine.
        let t = min(0.25, max(-0.25, 0.06 * Float(random.nextNormal())))
        let (cosine, sine) = ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))
        func turned(_ x: Float, _ y: Float) -> Point { [cosine * x - sine * y, sine * x + cosine * y] }
        right = turned(width, 0)
        down = turned(-slant * height, height)
        func bend(_ size: Float) -> Point { [size * Float(random.nextNormal()), size * Float(random.nextNormal())] }
        bends = (bend(0.22), bend(0.22), bend(0.22), bend(0.3), bend(0.3))
    }

    func apply(_ point: Point) -> Point {
        let centred = point - 0.5
        let (x, y) = (centred.x, centred.y)
        var bent = centred + bends.0 * (x * x) + bends.1 * (x * y) + bends.2 * (y * y)
        bent += bends.3 * (x * x * x) + bends.4 * (y * y * y)
        return right * bent.x + down * bent.y
    }
}

extension RandomStream {
    /// A number in the range, each equally likely.
    fileprivate mutating func nextFloat(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * Float(nextUniform())
    }
}
