// A picture as SVG: the first of the two back ends. Colours are classes of a style sheet, so that one document can be
// light and dark.

import PNGFiles

/// Writes a picture's marks as SVG.
struct SVGDocument {
    private var parts: [String] = []
    private var filled: Set<Ink> = []
    private var stroked: Set<Ink> = []

    /// The document.
    static func text(of canvas: Canvas, _ look: Look) -> String {
        var document = SVGDocument()
        for mark in canvas.marks { document.draw(mark) }
        document.filled.insert(.background)
        // Even, so that the background ends with a pixel at the usual magnifications.
        let height = (canvas.height / 2).rounded(.up) * 2
        let size = "\(coordinate(canvas.width)) \(coordinate(height))"
        let dimensions = "width=\"\(coordinate(canvas.width))\" height=\"\(coordinate(height))\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" \(dimensions) role="img">
            <title>\(escaped(canvas.title))</title>
            <style>
            \(look.styleSheet(filled: document.filled, stroked: document.stroked))</style>
            <rect class="background" \(dimensions)/>
            \(document.parts.joined(separator: "\n"))
            </svg>

            """
    }

    private mutating func draw(_ mark: Mark) {
        switch mark {
        case .lines(let lines, let pen):
            let data = lines.filter { $0.count > 1 }.map { path($0) }.joined()
            guard !data.isEmpty else { return }
            var attributes = stroke(pen.ink) + opacity(pen.opacity)
            // A rule of the style sheet wins over an attribute, but not over a style of the element.
            var style = pen.width == 2 ? "" : "stroke-width: \(coordinate(pen.width)); "
            if pen.join == .miter { style += "stroke-linejoin: miter; stroke-linecap: butt; " }
            if !style.isEmpty { attributes += " style=\"\(style.dropLast(2))\"" }
            if !pen.dash.isEmpty {
                attributes += " stroke-dasharray=\"\(pen.dash.map { coordinate($0) }.joined(separator: " "))\""
            }
            parts.append("<path\(attributes) d=\"\(data)\"/>")
        case .rule(let start, let end, let ink):
            parts.append("<path\(stroke(ink, "rule")) d=\"\(path([start, end]))\"/>")
        case .area(let corners, let ink, let opacity):
            guard corners.count > 2 else { return }
            parts.append("<path\(fill(ink))\(self.opacity(opacity)) d=\"\(path(corners))Z\"/>")
        case .rectangle(let box, let ink, let opacity):
            parts.append("<rect\(fill(ink))\(self.opacity(opacity))\(position(box))/>")
        case .dot(let place, let radius, let ink, let opacity):
            parts.append(
                "<circle\(fill(ink))\(self.opacity(opacity)) cx=\"\(coordinate(place.x))\" "
                    + "cy=\"\(coordinate(place.y))\" r=\"\(coordinate(radius))\"/>")
        case .text(let label): draw(label)
        case .image(let image, let box):
            guard let file = encodePNG(image.bytes, width: image.width, height: image.height, channelCount: 3) else {
                return
            }
            parts.append(
                "<image\(position(box)) preserveAspectRatio=\"none\" href=\"data:image/png;base64,\(base64(file))\"/>")
        }
    }

    private mutating func draw(_ label: Label) {
        var attributes = fill(label.ink) + " x=\"\(coordinate(label.place.x))\" y=\"\(coordinate(label.place.y))\""
        switch label.anchor {
        case .start: break
        case .middle: attributes += " text-anchor=\"middle\""
        case .end: attributes += " text-anchor=\"end\""
        }
        if label.size != 13 { attributes += " style=\"font-size: \(coordinate(label.size))px\"" }
        if label.isBold { attributes += " font-weight=\"600\"" }
        if label.angle != 0 {
            let place = "\(coordinate(label.place.x)) \(coordinate(label.place.y))"
            attributes += " transform=\"rotate(\(coordinate(label.angle)) \(place))\""
        }
        parts.append("<text\(attributes)>\(escaped(label.text))</text>")
    }

    // MARK: Attributes

    private mutating func fill(_ ink: Ink) -> String {
        if case .fixed(let colour) = ink { return " fill=\"\(colour.hexadecimal)\"" }
        filled.insert(ink)
        return " class=\"\(ink.fillClass)\""
    }

    private mutating func stroke(_ ink: Ink, _ kind: String = "line") -> String {
        if case .fixed(let colour) = ink { return " class=\"\(kind)\" stroke=\"\(colour.hexadecimal)\"" }
        stroked.insert(ink)
        return " class=\"\(kind) \(ink.strokeClass)\""
    }

    private func opacity(_ value: Double) -> String { value == 1 ? "" : " opacity=\"\(coordinate(value))\"" }

    private func position(_ box: Rectangle) -> String {
        " x=\"\(coordinate(box.x))\" y=\"\(coordinate(box.y))\" width=\"\(coordinate(max(box.width, 0)))\" "
            + "height=\"\(coordinate(max(box.height, 0)))\""
    }

    private func path(_ line: [Place]) -> String {
        var data = ""
        for (index, place) in line.enumerated() {
            data += (index == 0 ? "M" : "L") + coordinate(place.x) + " " + coordinate(place.y)
        }
        return data
    }
}

/// Bytes as text.
///
/// - Source: RFC 4648, section 4.
func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        var group = UInt32(bytes[start]) << 16
        if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
        if count > 2 { group |= UInt32(bytes[start + 2]) }
        for index in 0..<4 {
            let padding = UInt8(ascii: "=")
            text.append(index <= count ? alphabet[Int(group >> UInt32(18 - 6 * index)) & 63] : padding)
        }
    }
    return String(decoding: text, as: UTF8.self)
}
