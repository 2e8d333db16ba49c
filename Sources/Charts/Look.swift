// The colours of charts, as a style sheet inside the document.
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

    /// The rules of the document.
    var styleSheet: String {
        switch choice {
        case .automatic:
            Tones.shared + Tones.light.rules + "@media (prefers-color-scheme: dark) {\n" + Tones.dark.rules + "}\n"
        case .light: Tones.shared + Tones.light.rules
        case .dark: Tones.shared + Tones.dark.rules
        }
    }

    /// How many lines have a colour of their own; further ones repeat them, dashed.
    static let colourCount = Tones.light.lines.count
    static let dashes = ["", "6 4", "2 3", "9 3 2 3"]
}

/// The colours of one look.
private struct Tones {
    let background: String
    let text: String
    let mutedText: String
    let grid: String
    let axis: String
    let lines: [String]

    static let light = Tones(
        background: "#ffffff", text: "#1f2328", mutedText: "#59636e", grid: "#e7eaee", axis: "#b4bbc3",
        lines: ["#0068a8", "#c84f00", "#00805d", "#a8447c", "#8a6100", "#2f7fb8", "#4a5058"])
    static let dark = Tones(
        background: "#0d1117", text: "#f0f3f6", mutedText: "#9aa4af", grid: "#232a33", axis: "#4a535e",
        lines: ["#58b4f0", "#ff9350", "#35c79a", "#e69ac4", "#f0b93c", "#9dd2f5", "#b8c0c8"])

    static let shared = """
        text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", \
        sans-serif; font-size: 13px; font-variant-numeric: tabular-nums }
        .title { font-size: 18px; font-weight: 600 }
        .label { font-weight: 600 }
        .line, .spread { fill: none; stroke-linejoin: round; stroke-linecap: round; stroke-width: 2 }
        .spread { stroke-width: 1; opacity: 0.35 }
        .grid, .axis { fill: none; stroke-width: 1; shape-rendering: crispEdges }

        """

    var rules: String {
        var rules = """
            .background { fill: \(background) }
            .title, .legend { fill: \(text) }
            .label { fill: \(text) }
            .tick { fill: \(mutedText) }
            .grid { stroke: \(grid) }
            .axis { stroke: \(axis) }

            """
        for (index, colour) in lines.enumerated() {
            rules += ".line\(index) { stroke: \(colour) }\n.ink\(index) { fill: \(colour) }\n"
        }
        return rules
    }
}
