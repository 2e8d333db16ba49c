// From numbers to colours, in steps that look equal.
//
// Source: B. Ottosson, "A perceptual color space for image processing" (2020), whose distances are about those that
// people see. The maps' own stations are ours.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Colours for numbers.
public struct ColourMap: Hashable, Sendable {
    /// Whether the middle of the map stands for 0.
    let isDiverging: Bool
    /// 256 colours from the least to the greatest.
    let colours: [RGB]

    /// From dark violet over blue and green to light yellow: brighter is more. For counts and sizes.
    public static let sequential = ColourMap(
        stations: [
            Oklch(0.25, 0.110, 300), Oklch(0.40, 0.130, 280), Oklch(0.53, 0.110, 240), Oklch(0.66, 0.110, 180),
            Oklch(0.80, 0.160, 140), Oklch(0.94, 0.160, 108),
        ], isDiverging: false)
    /// From blue over white to red, with white at 0. For numbers of both signs.
    public static let diverging = ColourMap(
        stations: [
            Oklch(0.36, 0.110, 258), Oklch(0.55, 0.130, 252), Oklch(0.76, 0.085, 245), Oklch(0.97, 0.000, 245),
            Oklch(0.76, 0.105, 40), Oklch(0.55, 0.170, 32), Oklch(0.36, 0.120, 25),
        ], isDiverging: true)
    /// From black to white.
    public static let grey = ColourMap(colours: (0...255).map { RGB(UInt8($0), UInt8($0), UInt8($0)) })
    /// From white to black, as ink on paper.
    public static let ink = ColourMap(colours: (0...255).map { RGB(255 - UInt8($0), 255 - UInt8($0), 255 - UInt8($0)) })

    private init(colours: [RGB]) { (self.colours, isDiverging) = (colours, false) }

    private init(stations: [Oklch], isDiverging: Bool) {
        self.isDiverging = isDiverging
        let places = stations.map(\.lab)
        // The colour's distance along the way is what grows evenly.
        var lengths = [0.0]
        for (from, to) in zip(places, places.dropFirst()) { lengths.append((lengths.last ?? 0) + from.distance(to)) }
        let whole = lengths.last ?? 1
        colours = (0...255).map { index in
            let target = Double(index) / 255 * whole
            let next = lengths.firstIndex { $0 >= target } ?? lengths.count - 1
            guard next > 0 else { return places[0].colour }
            let fraction = (target - lengths[next - 1]) / (lengths[next] - lengths[next - 1])
            return places[next - 1].mixed(places[next], fraction).colour
        }
    }

    /// The colour of a number between `low` and `high`; what is beyond has the colour of the end.
    func colour(_ value: Double, from low: Double, to high: Double) -> RGB {
        let span = high - low
        let fraction = span > 0 && span.isFinite ? (value - low) / span : 0.5
        guard !fraction.isNaN else { return Self.missing }
        return colours[min(max(Int((min(max(fraction, 0), 1) * 255).rounded()), 0), 255)]
    }

    /// The ends of the map for numbers from `low` to `high`: 0 is the middle of a diverging one.
    func ends(_ low: Double, _ high: Double) -> (low: Double, high: Double) {
        guard isDiverging else { return (low, high) }
        let farthest = max(low.magnitude, high.magnitude)
        return farthest > 0 ? (-farthest, farthest) : (-1, 1)
    }

    /// What stands for a value that is not a number: a grey that no map of colours has.
    static let missing = RGB(0x8c8c8c)
}

/// A colour by lightness, chroma and hue in degrees.
private struct Oklch {
    let (lightness, chroma, hue): (Double, Double, Double)

    init(_ lightness: Double, _ chroma: Double, _ hue: Double) {
        (self.lightness, self.chroma, self.hue) = (lightness, chroma, hue)
    }

    var lab: Oklab {
        Oklab(lightness: lightness, a: chroma * cos(hue * .pi / 180), b: chroma * sin(hue * .pi / 180))
    }
}

/// A colour in a space where equal distances look equal.
struct Oklab {
    let lightness: Double
    let a: Double
    let b: Double

    func distance(_ other: Oklab) -> Double {
        let (l, a, b) = (lightness - other.lightness, a - other.a, b - other.b)
        return (l * l + a * a + b * b).squareRoot()
    }

    func mixed(_ other: Oklab, _ part: Double) -> Oklab {
        Oklab(
            lightness: lightness + (other.lightness - lightness) * part, a: a + (other.a - a) * part,
            b: b + (other.b - b) * part)
    }

    /// The colour, or the nearest that a screen shows.
    var colour: RGB {
        let l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
        let m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
        let s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
        return RGB(
            byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s))
    }
}

extension Oklab {
    init(_ colour: RGB) {
        let (r, g, b) = (
            linearLight(Double(colour.red) / 255), linearLight(Double(colour.green) / 255),
            linearLight(Double(colour.blue) / 255)
        )
        let l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
        let m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
        let s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
        self.init(
            lightness: 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            a: 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            b: 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)
    }
}

private func cube(_ value: Double) -> Double { value * value * value }

private func byte(_ light: Double) -> UInt8 {
    let value = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
    return UInt8(min(max((value * 255).rounded(), 0), 255))
}

/// The light of a channel of sRGB, both from 0 to 1.
func linearLight(_ value: Double) -> Double {
    value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
}
