// What a chart draws: marks in order, in pixels, y downwards. It must not know how a mark becomes SVG or pixels, nor
// what the marks mean.

/// A point on the picture, in pixels.
struct Place: Equatable, Sendable {
    var x: Double
    var y: Double
}

/// An upright rectangle on the picture, in pixels.
struct Rectangle: Equatable, Sendable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    var right: Double { x + width }
    var bottom: Double { y + height }

    /// Whether the two have an area in common.
    func overlaps(_ other: Rectangle) -> Bool {
        x < other.right && other.x < right && y < other.bottom && other.y < bottom
    }
}

/// A colour: of a part of the picture, so that it follows the look, or the same in each look.
enum Ink: Hashable, Sendable {
    case background
    case text
    case mutedText
    case grid
    case axis
    /// The colour of a series; beyond the last colour they repeat.
    case series(Int)
    case fixed(RGB)
}

/// How a line is drawn.
struct Pen: Equatable, Sendable {
    enum Join: Equatable, Sendable {
        /// Round corners and round ends.
        case round
        /// Sharp corners (cut off where they would reach far) and straight ends.
        case miter
    }

    var ink: Ink
    var width = 2.0
    var join = Join.round
    /// Lengths drawn and left out, in turn; none is a line without gaps.
    var dash: [Double] = []
    var opacity = 1.0
}

/// A text on the picture.
struct Label: Equatable, Sendable {
    enum Anchor: Equatable, Sendable {
        case start
        case middle
        case end
    }

    var text: String
    /// Of the base line: its start, middle or end.
    var place: Place
    var anchor = Anchor.start
    var size = 13.0
    var isBold = false
    var ink = Ink.text
    /// Turned about its place, in degrees, clockwise.
    var angle = 0.0

    /// The box around the text, about; for a text that is not turned.
    var box: Rectangle {
        let width = textWidth(text, fontSize: size, isBold: isBold)
        let start: Double =
            switch anchor {
            case .start: place.x
            case .middle: place.x - width / 2
            case .end: place.x - width
            }
        return Rectangle(x: start, y: place.y - 0.75 * size, width: width, height: size)
    }
}

/// One thing on the picture.
enum Mark: Sendable {
    /// Lines through points; a list of one point draws nothing.
    case lines([[Place]], Pen)
    /// A straight line of one pixel, on whole pixels.
    case rule(Place, Place, Ink)
    /// The inside of a polygon.
    case area([Place], Ink, opacity: Double)
    case rectangle(Rectangle, Ink, opacity: Double)
    case dot(Place, radius: Double, Ink, opacity: Double)
    case text(Label)
    /// An image stretched over a rectangle; its pixels stay sharp.
    case image(Bitmap, Rectangle)
}

/// A picture in the making: marks on an area of some width and height.
public struct Canvas: Sendable {
    /// What the picture is called by readers of the screen.
    var title = ""
    /// In pixels.
    let width: Double
    /// In pixels; grows as a chart needs it.
    var height = 0.0
    private(set) var marks: [Mark] = []

    /// The distance of what is drawn from the edges.
    static let margin = 20.0
    /// What stands where data would be.
    static let noDataText = "no data"

    init(width: Double) { self.width = width }

    mutating func draw(_ mark: Mark) { marks.append(mark) }

    mutating func draw(
        _ text: String, at place: Place, _ anchor: Label.Anchor = .start, size: Double = 13, isBold: Bool = false,
        _ ink: Ink = .text, angle: Double = 0
    ) {
        guard !text.isEmpty else { return }
        marks.append(
            .text(
                Label(
                    text: text, place: place, anchor: anchor, size: size, isBold: isBold, ink: ink, angle: angle)))
    }

    /// Draws another picture with its top left corner at a place.
    mutating func draw(_ other: Canvas, at place: Place) {
        marks.append(contentsOf: other.marks.map { $0.moved(x: place.x, y: place.y) })
    }

    /// Draws a title in as many lines as it needs.
    ///
    /// - Returns: the y below it; `y` where the title is empty.
    mutating func drawTitle(_ title: String, y: Double, size: Double = 18) -> Double {
        var y = y
        for line in wrappedLines(title, fontSize: size, width: width - 2 * Self.margin) {
            y += (size * 0.89).rounded()
            draw(line, at: Place(x: Self.margin, y: y), size: size, isBold: true)
            y += size / 2
        }
        return y
    }

    /// The texts, for checks that none covers another.
    var labels: [Label] {
        marks.compactMap { mark in
            if case .text(let label) = mark { return label }
            return nil
        }
    }
}

extension Mark {
    /// The same elsewhere.
    fileprivate func moved(x: Double, y: Double) -> Mark {
        func at(_ place: Place) -> Place { Place(x: place.x + x, y: place.y + y) }
        func at(_ rectangle: Rectangle) -> Rectangle {
            Rectangle(x: rectangle.x + x, y: rectangle.y + y, width: rectangle.width, height: rectangle.height)
        }
        switch self {
        case .lines(let lines, let pen): return .lines(lines.map { $0.map { at($0) } }, pen)
        case .rule(let start, let end, let ink): return .rule(at(start), at(end), ink)
        case .area(let corners, let ink, let opacity): return .area(corners.map { at($0) }, ink, opacity: opacity)
        case .rectangle(let rectangle, let ink, let opacity): return .rectangle(at(rectangle), ink, opacity: opacity)
        case .dot(let place, let radius, let ink, let opacity):
            return .dot(at(place), radius: radius, ink, opacity: opacity)
        case .text(var label):
            label.place = at(label.place)
            return .text(label)
        case .image(let bitmap, let rectangle): return .image(bitmap, at(rectangle))
        }
    }
}
