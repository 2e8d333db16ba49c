// The colours of charts: for pixels, and as a style sheet inside an SVG document.
//
// Source: the palette is M. Okabe, K. Ito, "Color universal design" (2008), which people with every kind of colour
// vision tell apart; the tones are darker on white and lighter on black, so that text in them can be read, too.

/// Light or dark.
public struct Look: Hashable, Sendable {
    private enum Choice {
        case automatic
        case light
        case dark
    }

    private let choice: Choice

    /// As the reader's system has it (`prefers-color-scheme`); light where that is not known.
    public static let automatic = Look(choice: .automatic)
    /// Dark lines on white.
    public static let light = Look(choice: .light)
    /// Light lines on black.
    public static let dark = Look(choice: .dark)

    /// The colours of a picture that has only one look; light where the reader's system would decide.
    var tones: Tones { choice == .dark ? .dark : .light }

    /// The rules of a document that uses these inks.
    func styleSheet(filled: Set<Ink>, stroked: Set<Ink>) -> String {
        func rules(_ tones: Tones) -> String {
            let lines =
                filled.map { ".\($0.fillClass) { fill: \(tones.colour(of: $0).hexadecimal) }\n" }
                + stroked.map { ".\($0.strokeClass) { stroke: \(tones.colour(of: $0).hexadecimal) }\n" }
            return Set(lines).sorted().joined()
        }
        switch choice {
        case .automatic:
            return Self.shared + rules(.light) + "@media (prefers-color-scheme: dark) {\n" + rules(.dark) + "}\n"
        case .light: return Self.shared + rules(.light)
        case .dark: return Self.shared + rules(.dark)
        }
    }

    /// How many lines have a colour of their own; further ones repeat them, dashed.
    static let colourCount = Tones.light.lines.count
    static let dashes: [[Double]] = [[], [6, 4], [2, 4], [9, 4, 2, 4]]

    private static let shared = """
        text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", \
        sans-serif; font-size: 13px; font-variant-numeric: tabular-nums }
        .line { fill: none; stroke-linejoin: round; stroke-linecap: round; stroke-width: 2 }
        .rule { fill: none; stroke-width: 1; shape-rendering: crispEdges }
        image { image-rendering: pixelated }

        """
}

/// The colours of one look.
struct Tones {
    let background: RGB
    let text: RGB
    let mutedText: RGB
    let grid: RGB
    let axis: RGB
    let lines: [RGB]

    static let light = Tones(
        background: RGB(0xffffff), text: RGB(0x1f2328), mutedText: RGB(0x59636e), grid: RGB(0xe7eaee),
        axis: RGB(0xb4bbc3),
        lines: [0x0068a8, 0xc84f00, 0x00805d, 0xa8447c, 0x8a6100, 0x2f7fb8, 0x4a5058].map { RGB($0) })
    static let dark = Tones(
        background: RGB(0x0d1117), text: RGB(0xf0f3f6), mutedText: RGB(0x9aa4af), grid: RGB(0x232a33),
        axis: RGB(0x4a535e),
        lines: [0x58b4f0, 0xff9350, 0x35c79a, 0xe69ac4, 0xf0b93c, 0x9dd2f5, 0xb8c0c8].map { RGB($0) })

    func colour(of ink: Ink) -> RGB {
        switch ink {
        case .background: background
        case .text: text
        case .mutedText: mutedText
        case .grid: grid
        case .axis: axis
        case .series(let index): lines[Int(index.magnitude) % lines.count]
        case .fixed(let colour): colour
        }
    }
}

extension Ink {
    /// The class of what is filled with it.
    var fillClass: String {
        switch self {
        case .background: "background"
        case .text: "text"
        case .mutedText: "muted"
        case .grid: "grid-fill"
        case .axis: "axis-fill"
        case .series(let index): "ink\(Int(index.magnitude) % Look.colourCount)"
        case .fixed(let colour): "fill-\(colour.hexadecimal.dropFirst())"
        }
    }

    /// The class of lines drawn with it.
    var strokeClass: String {
        switch self {
        case .background: "background-line"
        case .text: "text-line"
        case .mutedText: "muted-line"
        case .grid: "grid"
        case .axis: "axis"
        case .series(let index): "line\(Int(index.magnitude) % Look.colourCount)"
        case .fixed(let colour): "stroke-\(colour.hexadecimal.dropFirst())"
        }
    }
}
