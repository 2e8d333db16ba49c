// A picture as pixels: the second of the two back ends.

/// Draws a picture's marks on a bitmap.
struct PNGDrawing {
    private let scale: Double
    private let tones: Tones
    private var rasteriser: Rasteriser

    /// The picture as pixels.
    ///
    /// - Parameter scale: the pixels of the bitmap for one of the picture.
    static func bitmap(of canvas: Canvas, _ look: Look, scale: Int) -> Bitmap {
        let (width, height) = (Int(canvas.width.rounded(.up)) * scale, Int(canvas.height.rounded(.up)) * scale)
        let tones = look.tones
        let ground = Bitmap(width: width, height: height, tones.background)
        var drawing = PNGDrawing(scale: Double(scale), tones: tones, rasteriser: Rasteriser(ground))
        for mark in canvas.marks { drawing.draw(mark) }
        return drawing.rasteriser.bitmap
    }

    private func scaled(_ place: Place) -> Place { Place(x: place.x * scale, y: place.y * scale) }

    private mutating func fill(_ outline: Outline, _ ink: Ink, _ opacity: Double = 1) {
        rasteriser.fill(outline, tones.colour(of: ink), opacity: opacity)
    }

    private mutating func draw(_ mark: Mark) {
        var outline = Outline()
        switch mark {
        case .lines(let lines, let pen):
            for line in lines {
                for dash in dashed(line, pen.dash) where dash.count > 1 {
                    outline.add(line: dash.map { scaled($0) }, width: pen.width * scale, join: pen.join)
                }
            }
            fill(outline, pen.ink, pen.opacity)
        case .rule(let start, let end, let ink):
            outline.add(pixels(of: start, end))
            fill(outline, ink)
        case .area(let corners, let ink, let opacity):
            outline.add(polygon: corners.map { scaled($0) })
            fill(outline, ink, opacity)
        case .rectangle(let box, let ink, let opacity):
            outline.add(
                Rectangle(x: box.x * scale, y: box.y * scale, width: box.width * scale, height: box.height * scale))
            fill(outline, ink, opacity)
        case .dot(let place, let radius, let ink, let opacity):
            outline.add(circle: scaled(place), radius: radius * scale)
            fill(outline, ink, opacity)
        case .text(var label):
            label.place = scaled(label.place)
            label.size *= scale
            fill(StrokeFont.shared.outline(of: label), label.ink)
        case .image(let image, let box):
            func whole(_ value: Double) -> Int { Int(min(max((value * scale).rounded(), -1e9), 1e9)) }
            rasteriser.draw(
                image, x: whole(box.x), y: whole(box.y), width: whole(box.width), height: whole(box.height))
        }
    }

    /// The whole pixels of a rule, which is upright or level.
    private func pixels(of start: Place, _ end: Place) -> Rectangle {
        let (a, b) = (scaled(start), scaled(end))
        let width = max(1, scale.rounded())
        // The middle of the line is half a pixel of the picture beside its place, as SVG's crisp edges have it.
        if start.y == end.y {
            let y = (a.y - width / 2).rounded()
            return Rectangle(x: min(a.x, b.x).rounded(), y: y, width: (b.x - a.x).magnitude.rounded(), height: width)
        }
        let x = (a.x - width / 2).rounded()
        return Rectangle(x: x, y: min(a.y, b.y).rounded(), width: width, height: (b.y - a.y).magnitude.rounded())
    }
}
