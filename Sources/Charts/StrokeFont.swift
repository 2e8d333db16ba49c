// The built-in font: reads its drawings, measures texts and turns them into shapes. It must not know charts.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A font whose letters are strokes of a round pen.
struct StrokeFont: Sendable {
    /// A letter: its strokes as points, in units, and how far it moves the pen on.
    struct Glyph: Sendable {
        var strokes: [[Place]] = []
        var advance = 0.0
    }

    /// The units that make the font's size.
    static let unitsPerSize = 22.0
    static let shared = StrokeFont()

    private let glyphs: [Unicode.Scalar: Glyph]
    /// What stands for a sign that the font does not have.
    private let box: Glyph
    /// The letters' names that could not be read: none, which a test sees to.
    let unreadable: [String]

    private static let penWidth = 1.85
    private static let boldPenWidth = 2.75
    /// The width of all digits.
    private static let digitAdvance = 12.3

    private init() {
        var (glyphs, unreadable) = ([Unicode.Scalar: Glyph](), [String]())
        for line in glyphSource.split(separator: "\n") {
            guard let (scalar, glyph) = Self.read(line) else {
                unreadable.append(String(line.prefix(8)))
                continue
            }
            glyphs[scalar] = glyph
        }
        glyphs[" "] = Glyph(advance: 6)
        glyphs["\u{A0}"] = glyphs[" "]
        glyphs["μ"] = glyphs["µ"]
        for (superscript, sign) in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻".unicodeScalars, "0123456789−".unicodeScalars) {
            glyphs[superscript] = glyphs[sign].map { Self.reduced($0, y: 7.2) }
        }
        for (subscripted, sign) in zip("₀₁₂₃₄₅₆₇₈₉".unicodeScalars, "0123456789".unicodeScalars) {
            glyphs[subscripted] = glyphs[sign].map { Self.reduced($0, y: -2.6) }
        }
        for (accented, letter) in zip("äöüÄÖÜ".unicodeScalars, "aouAOU".unicodeScalars) {
            glyphs[accented] = glyphs[letter].map { Self.withDots($0, isCapital: letter.value < 97) }
        }
        self.glyphs = glyphs
        self.unreadable = unreadable
        box = Glyph(
            strokes: [[(2.2, 0), (10, 0), (10, 14), (2.2, 14), (2.2, 0)].map { Place(x: $0.0, y: $0.1) }],
            advance: 12.2)
    }

    /// Whether the font has a drawing of a sign.
    func has(_ scalar: Unicode.Scalar) -> Bool { glyphs[scalar] != nil }

    /// How wide a text is, in the unit of `size`.
    func width(of text: String, size: Double, isBold: Bool = false) -> Double {
        var units = 0.0
        for scalar in text.unicodeScalars { units += advance(of: scalar, isBold: isBold) }
        return units * size / Self.unitsPerSize
    }

    private func advance(of scalar: Unicode.Scalar, isBold: Bool) -> Double {
        (glyphs[scalar] ?? box).advance + (isBold ? 0.8 : 0)
    }

    /// The shape of a text in pixels, for a label whose place and size are in pixels, too.
    func outline(of label: Label) -> Outline {
        var outline = Outline()
        let scale = label.size / Self.unitsPerSize
        guard scale > 0, scale < 100 else { return outline }
        let pen = (label.isBold ? Self.boldPenWidth : Self.penWidth) * scale
        let width = width(of: label.text, size: label.size, isBold: label.isBold)
        var x: Double =
            switch label.anchor {
            case .start: 0
            case .middle: -width / 2
            case .end: -width
            }
        let rows = Rows(scale: scale, pen: pen, isFitted: label.angle == 0)
        let (sine, cosine) = (sin(label.angle * .pi / 180), cos(label.angle * .pi / 180))
        let base = Place(x: label.place.x, y: label.angle == 0 ? label.place.y.rounded() : label.place.y)
        for scalar in label.text.unicodeScalars {
            for stroke in (glyphs[scalar] ?? box).strokes {
                let line = stroke.map { point in
                    let (right, up) = (x + (point.x + (label.isBold ? 0.4 : 0)) * scale, rows.height(point.y))
                    return Place(
                        x: base.x + right * cosine + up * sine, y: base.y + right * sine - up * cosine)
                }
                outline.add(line: line, width: pen, join: .round)
            }
            x += advance(of: scalar, isBold: label.isBold) * scale
        }
        return outline
    }

    /// Heights in pixels above the base line, so that the rows where letters end fall on whole pixels and look sharp.
    private struct Rows {
        private let scale: Double
        private let foot: Double
        private let stations: [(units: Double, pixels: Double)]

        init(scale: Double, pen: Double, isFitted: Bool) {
            self.scale = scale
            guard isFitted else {
                (foot, stations) = (pen / 2, [])
                return
            }
            foot = max(1, pen.rounded()) / 2
            stations = [-4.3, 0, 10, 14].map { ($0, ($0 * scale).rounded()) }
        }

        func height(_ units: Double) -> Double {
            guard let (first, last) = stations.first.flatMap({ first in stations.last.map { (first, $0) } }) else {
                return foot + units * scale
            }
            if units <= first.units { return foot + first.pixels + (units - first.units) * scale }
            if units >= last.units { return foot + last.pixels + (units - last.units) * scale }
            let next = stations.firstIndex { $0.units >= units } ?? 1
            guard next > 0 else { return foot + first.pixels }
            let (a, b) = (stations[next - 1], stations[next])
            return foot + a.pixels + (b.pixels - a.pixels) * (units - a.units) / (b.units - a.units)
        }
    }

    // MARK: Reading the drawings

    private static func read(_ line: Substring) -> (Unicode.Scalar, Glyph)? {
        let fields = line.split(separator: " ", maxSplits: 3)
        guard fields.count == 4, let scalar = fields[0].unicodeScalars.first, let width = Double(fields[2]) else {
            return nil
        }
        let spaces: [Character: Double] = ["s": 2.3, "r": 1.75, "d": 1.15]
        let sides = fields[1].compactMap { spaces[$0] }
        guard sides.count == 2, var strokes = strokes(fields[3]) else { return nil }
        var (before, advance) = (sides[0], sides[0] + width + sides[1])
        if ("0"..."9").contains(scalar) { (before, advance) = ((digitAdvance - width) / 2, digitAdvance) }
        for index in strokes.indices { strokes[index] = strokes[index].map { Place(x: $0.x + before, y: $0.y) } }
        return (scalar, Glyph(strokes: strokes, advance: advance))
    }

    private static func strokes(_ source: Substring) -> [[Place]]? {
        var strokes: [[Place]] = []
        var rest = source[...]
        while let command = rest.popFirst() {
            let end = rest.firstIndex { $0.isLetter } ?? rest.endIndex
            let numbers = rest[..<end].split(separator: " ").map { Double($0) }
            rest = rest[end...]
            let values = numbers.compactMap { $0 }
            guard values.count == numbers.count else { return nil }
            let points = stride(from: 0, to: values.count - 1, by: 2).map { Place(x: values[$0], y: values[$0 + 1]) }
            let last = strokes.last?.last ?? Place(x: 0, y: 0)
            func extend(_ more: [Place]) {
                if strokes.isEmpty { strokes.append([]) }
                strokes[strokes.count - 1] += more
            }
            switch (command, values.count) {
            case ("M", 2): strokes.append(points)
            case ("L", 2): extend(points)
            case ("Q", 4): extend(curve([last, points[0], points[0], points[1]], isQuadratic: true))
            case ("C", 6): extend(curve([last] + points, isQuadratic: false))
            case ("O", 4): strokes.append(arc(values, from: 0, to: 360))
            case ("A", 6):
                if strokes.isEmpty { strokes.append([]) }
                extend(arc(values, from: values[4], to: values[5]))
            case ("Z", 0): extend([strokes.last?.first ?? last])
            default: return nil
            }
        }
        return strokes
    }

    private static func curve(_ points: [Place], isQuadratic: Bool) -> [Place] {
        (1...8).map { index in
            let (t, s) = (Double(index) / 8, 1 - Double(index) / 8)
            let weights =
                isQuadratic ? [s * s, 2 * s * t, 0, t * t] : [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
            var place = Place(x: 0, y: 0)
            for (point, weight) in zip(points, weights) {
                place = Place(x: place.x + point.x * weight, y: place.y + point.y * weight)
            }
            return place
        }
    }

    private static func arc(_ values: [Double], from: Double, to: Double) -> [Place] {
        // Small ones are dots.
        let count = values[2] < 1 ? 6 : max(8, Int((to - from).magnitude / 12))
        return (0...count).map { index in
            let angle = (from + (to - from) * Double(index) / Double(count)) * .pi / 180
            return Place(x: values[0] + values[2] * cos(angle), y: values[1] + values[3] * sin(angle))
        }
    }

    /// A small one, raised or lowered.
    private static func reduced(_ glyph: Glyph, y: Double) -> Glyph {
        let strokes = glyph.strokes.map { $0.map { Place(x: $0.x * 0.62, y: $0.y * 0.58 + y) } }
        return Glyph(strokes: strokes, advance: glyph.advance * 0.62)
    }

    private static func withDots(_ glyph: Glyph, isCapital: Bool) -> Glyph {
        let height = isCapital ? 17.2 : 13.4
        let dots = [-2.1, 2.1].map { arc([glyph.advance / 2 + $0, height, 0.35, 0.35], from: 0, to: 360) }
        return Glyph(strokes: glyph.strokes + dots, advance: glyph.advance)
    }
}
