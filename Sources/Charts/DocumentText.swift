// Text inside an SVG document: made harmless, and measured as well as that goes without the reader's font.

/// Text as XML content; characters that XML does not allow become U+FFFD.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "\t", "\n", "\r": result += " "
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// About how wide a text is, in pixels: rather too wide than too narrow for the usual fonts.
func textWidth(_ text: String, fontSize: Double = 13, isBold: Bool = false) -> Double {
    var width = 0.0
    for scalar in text.unicodeScalars {
        switch scalar {
        case ".", ",", ":", ";", "'", "|", "!", "i", "l", "j", " ": width += 0.36
        case "⁰"..."⁻", "¹", "²", "³": width += 0.42
        case "m", "w", "M", "W", "%", "@": width += 0.95
        case "A"..."Z": width += 0.7
        case "\u{1100}"...: width += 1.05
        default: width += 0.62
        }
    }
    return width * fontSize * (isBold ? 1.08 : 1)
}

/// The text in lines that are about `width` wide; a single word is not broken.
func wrappedLines(_ text: String, fontSize: Double, width: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
        let longer = lines.last.map { $0 + " " + word }
        if let longer, textWidth(longer, fontSize: fontSize, isBold: true) <= width {
            lines[lines.count - 1] = longer
        } else {
            lines.append(String(word))
        }
    }
    return lines
}

/// The beginning of a text that is wider than `width`, with `…` for the rest.
func shortened(_ text: String, width: Double, fontSize: Double = 13) -> String {
    guard textWidth(text, fontSize: fontSize) > width else { return text }
    var result = ""
    var used = textWidth("…", fontSize: fontSize)
    for character in text {
        used += textWidth(String(character), fontSize: fontSize)
        if used > width { break }
        result.append(character)
    }
    return result + "…"
}
