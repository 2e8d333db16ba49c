// Coverage against exact areas, unions, clipping, and images that stay sharp.

import Testing

@testable import Charts

struct RasteriserTests {
    /// The area that a shape covers on a black ground, in pixels.
    private func area(width: Int = 64, height: Int = 64, _ build: (inout Outline) -> Void) -> Double {
        var outline = Outline()
        build(&outline)
        var rasteriser = Rasteriser(Bitmap(width: width, height: height, RGB(0)))
        rasteriser.fill(outline, RGB(0xffffff))
        var sum = 0
        for index in stride(from: 0, to: rasteriser.bitmap.bytes.count, by: 3) {
            sum += Int(rasteriser.bitmap.bytes[index])
        }
        return Double(sum) / 255
    }

    private func places(_ numbers: [(Double, Double)]) -> [Place] { numbers.map { Place(x: $0.0, y: $0.1) } }

    @Test(arguments: [0.0, 0.25, 0.37, 0.5])
    func aTriangleCoversItsArea(shift: Double) {
        let covered = area {
            $0.add(polygon: places([(3 + shift, 5 + shift), (50.3, 11.2), (20.1, 60.7)]))
        }
        let exact = abs((50.3 - 3 - shift) * (60.7 - 5 - shift) - (20.1 - 3 - shift) * (11.2 - 5 - shift)) / 2
        #expect(abs(covered - exact) < 0.004 * exact)
    }

    @Test(arguments: [1.5, 4, 20.25, 30])
    func aCircleCoversItsArea(radius: Double) {
        let covered = area { $0.add(circle: Place(x: 32.3, y: 31.8), radius: radius) }
        let exact = Double.pi * radius * radius
        // The bytes of the pixels at the edge are rounded.
        #expect(abs(covered - exact) < 0.004 * exact + 0.02)
    }

    @Test func aRectangleCoversPixelsInPart() {
        var outline = Outline()
        outline.add(Rectangle(x: 1.5, y: 2.25, width: 2, height: 1))
        var rasteriser = Rasteriser(Bitmap(width: 6, height: 6, RGB(0)))
        rasteriser.fill(outline, RGB(200, 200, 200))
        let bitmap = rasteriser.bitmap
        #expect(bitmap[2, 2] == RGB(150, 150, 150) && bitmap[2, 3] == RGB(50, 50, 50))
        #expect(bitmap[1, 2] == RGB(75, 75, 75) && bitmap[3, 2] == RGB(75, 75, 75))
        #expect(bitmap[0, 2] == RGB(0) && bitmap[4, 2] == RGB(0) && bitmap[2, 1] == RGB(0))
    }

    @Test func shapesThatOverlapCoverOnceWhateverTheirDirection() {
        let square = [(10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)]
        let covered = area {
            $0.add(polygon: places(square))
            $0.add(polygon: places(square.reversed()))
            $0.add(polygon: places(square.map { ($0.0 + 10, $0.1) }))
        }
        #expect(abs(covered - 600) < 0.01)
    }

    @Test func aLineCoversItsLengthTimesItsWidth() {
        let straight = area {
            $0.add(line: places([(10, 10), (40, 50)]), width: 3, join: .miter)
        }
        #expect(abs(straight - 150) < 0.6)
        let rounded = area {
            $0.add(line: places([(10, 10), (40, 50)]), width: 3, join: .round)
        }
        #expect(abs(rounded - 150 - Double.pi * 2.25) < 0.8)
    }

    @Test func aSharpCornerIsFilledAndARoundOneIsNot() {
        func corner(_ join: Pen.Join) -> Double {
            area { $0.add(line: places([(10, 50), (10, 10), (50, 10)]), width: 8, join: join) }
        }
        // Two arms of 40 with the square of the corner.
        #expect(abs(corner(.miter) - (2 * 40 * 8)) < 0.5)
        #expect(abs(corner(.round) - (2 * 40 * 8 - 16 + Double.pi * 4 + Double.pi * 16)) < 1)
    }

    @Test func whatIsOutsideIsCutOff() {
        #expect(abs(area { $0.add(Rectangle(x: -1000, y: -1000, width: 1010, height: 1020)) } - 200) < 0.01)
        #expect(abs(area { $0.add(Rectangle(x: -1e6, y: -1e6, width: 2e6, height: 2e6)) } - 4096) < 0.01)
        #expect(area { $0.add(Rectangle(x: 100, y: 0, width: 10, height: 10)) } == 0)
        #expect(area { $0.add(polygon: places([(0, 0), (.nan, 10), (5, .infinity)])) } == 0)
        #expect(area { $0.add(line: places([(.nan, 0), (.infinity, 3)]), width: 2, join: .round) } == 0)
        #expect(area { $0.add(circle: Place(x: 3, y: 3), radius: .nan) } == 0)
    }

    @Test func anImageGrowsInBlocksAndShrinksByAverages() {
        let image = Bitmap(width: 2, height: 2) { column, row in RGB(column == row ? 0xffffff : 0) }
        var rasteriser = Rasteriser(Bitmap(width: 6, height: 6, RGB(0x808080)))
        rasteriser.draw(image, x: 1, y: 1, width: 4, height: 4)
        #expect(rasteriser.bitmap[1, 1] == RGB(0xffffff) && rasteriser.bitmap[2, 2] == RGB(0xffffff))
        #expect(rasteriser.bitmap[3, 2] == RGB(0) && rasteriser.bitmap[0, 0] == RGB(0x808080))
        rasteriser.draw(image, x: 5, y: 5, width: 1, height: 1)
        #expect(rasteriser.bitmap[5, 5] == RGB(127, 127, 127))
        // Partly outside, and with sizes that make no sense.
        rasteriser.draw(image, x: -100, y: 3, width: 10, height: 10)
        rasteriser.draw(image, x: 0, y: 0, width: -3, height: 0)
    }

    @Test func dashesKeepTheirLengthsOverCorners() {
        let dashes = dashed(places([(0, 0), (5, 0), (5, 20)]), [6, 4])
        #expect(
            dashes == [
                places([(0, 0), (5, 0), (5, 1)]), places([(5, 5), (5, 11)]), places([(5, 15), (5, 20)]),
            ])
        #expect(dashed(places([(0, 0), (5, 0)]), [0, 1]).count == 1)
    }
}

struct StrokeFontTests {
    private let font = StrokeFont.shared

    @Test func everyDrawingCanBeRead() {
        #expect(font.unreadable.isEmpty)
        for value in UInt32(32)...126 {
            let scalar = Unicode.Scalar(value)
            #expect(scalar.map { font.has($0) } == true, "\(value)")
        }
        for scalar in "×−µ°²³·…–±≤≥≈→∞√αβγδεθλμπρσφωΔΣΩ⁻⁰¹⁴₁äöüß".unicodeScalars {
            #expect(font.has(scalar), "\(scalar)")
        }
        #expect(!font.has("数"))
    }

    @Test func digitsAreEquallyWide() {
        let widths = Set("0123456789".map { font.width(of: String($0), size: 13) })
        #expect(widths.count == 1)
    }

    @Test(arguments: ["0.02131", "−0.5", "100,000", "97.82 %", "validation accuracy", "10⁻¹²", "WWW MMM", "Epoch"])
    func textsAreNoWiderThanTheRoomThatIsLaidOut(text: String) {
        for isBold in [false, true] {
            let width = font.width(of: text, size: 13, isBold: isBold)
            #expect(width <= textWidth(text, isBold: isBold) * 1.05, "\(width)")
        }
    }

    /// The columns and rows that a text touches.
    private func bounds(_ label: Label) -> (columns: ClosedRange<Int>, rows: ClosedRange<Int>)? {
        var rasteriser = Rasteriser(Bitmap(width: 120, height: 60, RGB(0)))
        rasteriser.fill(font.outline(of: label), RGB(0xffffff))
        var (columns, rows) = ([Int](), [Int]())
        for row in 0..<60 {
            for column in 0..<120 where rasteriser.bitmap[column, row].red > 40 {
                columns.append(column)
                rows.append(row)
            }
        }
        guard let left = columns.min(), let right = columns.max(), let top = rows.min(), let bottom = rows.max() else {
            return nil
        }
        return (left...right, top...bottom)
    }

    @Test func aTextStandsOnItsBaseLineAtItsAnchor() throws {
        let label = Label(text: "HxH", place: Place(x: 60, y: 40), size: 22)
        let start = try #require(bounds(label))
        // Capitals of 14 + 1.85 units of 22, with their feet on the line.
        #expect(start.rows.upperBound == 39 && (23...26).contains(start.rows.lowerBound))
        #expect((60...62).contains(start.columns.lowerBound))
        var other = label
        other.anchor = .end
        let end = try #require(bounds(other))
        #expect((57...60).contains(end.columns.upperBound))
        other.anchor = .middle
        let middle = try #require(bounds(other))
        #expect(abs(middle.columns.lowerBound + middle.columns.upperBound - 119) <= 2)
        #expect(bounds(Label(text: " ", place: Place(x: 60, y: 40), size: 22)) == nil)
        #expect(bounds(Label(text: "数", place: Place(x: 60, y: 40), size: 22)) != nil)
    }

    @Test func aTurnedTextRunsDown() throws {
        let turned = try #require(
            bounds(Label(text: "HHH", place: Place(x: 30, y: 5), size: 16, angle: 90)))
        #expect(turned.rows.count > 2 * turned.columns.count)
        #expect(turned.rows.lowerBound >= 5 && turned.columns.lowerBound >= 29)
    }
}

struct ColourMapTests {
    @Test(arguments: [ColourMap.sequential, .diverging])
    func stepsLookEqual(map: ColourMap) {
        // The way turns back in the middle of a diverging map: each half is looked at.
        let parts = map.isDiverging ? [map.colours[...127], map.colours[128...]] : [map.colours[...]]
        let distances = parts.flatMap { part in
            zip(part, part.dropFirst(8)).map { Oklab($0).distance(Oklab($1)) }
        }
        let mean = distances.reduce(0, +) / Double(distances.count)
        #expect(distances.allSatisfy { abs($0 - mean) < 0.45 * mean }, "\(distances.map { $0 / mean })")
    }

    @Test func aSequentialMapBecomesLighterThroughout() {
        let lightness = ColourMap.sequential.colours.map { Oklab($0).lightness }
        #expect(zip(lightness, lightness.dropFirst(4)).allSatisfy { $0 < $1 })
    }

    @Test func zeroIsTheMiddleOfADivergingMap() {
        let map = ColourMap.diverging
        let ends = map.ends(-0.2, 3)
        #expect(ends.low == -3 && ends.high == 3)
        let middle = map.colour(0, from: -3, to: 3)
        #expect(min(middle.red, middle.green, middle.blue) > 235)
        #expect(map.colour(-3, from: -3, to: 3).blue > map.colour(-3, from: -3, to: 3).red)
        #expect(map.colour(3, from: -3, to: 3).red > map.colour(3, from: -3, to: 3).blue)
        #expect(map.ends(0, 0) == (-1, 1))
    }

    @Test func oddNumbersHaveColours() {
        let map = ColourMap.sequential
        #expect(map.colour(.nan, from: 0, to: 1) == ColourMap.missing)
        #expect(map.colour(.infinity, from: 0, to: 1) == map.colours[255])
        #expect(map.colour(-.infinity, from: 0, to: 1) == map.colours[0])
        #expect(map.colour(7, from: 5, to: 5) == map.colours[128])
    }

    @Test func coloursOfLinesStandOutOnBothGrounds() {
        for tones in [Tones.light, .dark] {
            for line in tones.lines { #expect(line.contrast(with: tones.background) > 4) }
            #expect(tones.text.contrast(with: tones.background) > 12)
            #expect(tones.mutedText.contrast(with: tones.background) > 4.5)
        }
    }
}
