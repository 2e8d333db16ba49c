// Shapes as pixels, with smooth edges. It must not know charts.
//
// Each row of pixels is cut into 16 lines. On each the places are found where the shape begins and ends; between them
// the pixels are covered, the first and the last in part. So a pixel's coverage is exact along x and in sixteenths
// along y.

/// Draws shapes on a bitmap.
struct Rasteriser {
    private(set) var bitmap: Bitmap
    private var coverage: [Float]
    /// Where whole pixels begin (positive) and end to be covered.
    private var changes: [Float]

    private static let linesPerRow = 16

    init(_ bitmap: Bitmap) {
        self.bitmap = bitmap
        coverage = Array(repeating: 0, count: bitmap.width + 2)
        changes = Array(repeating: 0, count: bitmap.width + 2)
    }

    /// An edge on the lines that it crosses.
    private struct Crossing {
        /// On the present line.
        var x: Double
        /// From one line to the next.
        let step: Double
        let first: Int
        /// After the last line.
        let end: Int
        let direction: Int
    }

    /// Lays a colour over a shape; what is outside of the bitmap is left out.
    mutating func fill(_ outline: Outline, _ colour: RGB, opacity: Double = 1) {
        let crossings = crossings(of: outline)
        guard let first = crossings.first?.first, let end = crossings.map(\.end).max() else { return }
        let strength = Float(min(max(opacity, 0), 1)) / Float(Self.linesPerRow)
        var active: [Crossing] = []
        var next = 0
        for row in (first / Self.linesPerRow)...((end - 1) / Self.linesPerRow) {
            var (least, greatest) = (bitmap.width, -1)
            for line in (row * Self.linesPerRow)..<((row + 1) * Self.linesPerRow) {
                active.removeAll { $0.end <= line }
                while next < crossings.count, crossings[next].first <= line {
                    active.append(crossings[next])
                    next += 1
                }
                sort(&active)
                cover(active, &least, &greatest)
                for index in active.indices { active[index].x += active[index].step }
            }
            guard least <= greatest else { continue }
            paint(row, least, min(greatest, bitmap.width - 1), colour, strength)
        }
    }

    /// The edges that cross any line of the bitmap, by the first line.
    private func crossings(of outline: Outline) -> [Crossing] {
        let lines = Double(Self.linesPerRow)
        let lineCount = bitmap.height * Self.linesPerRow
        var crossings: [Crossing] = []
        crossings.reserveCapacity(outline.edges.count)
        for edge in outline.edges {
            let isDown = edge.from.y < edge.to.y
            let (top, bottom) = isDown ? (edge.from, edge.to) : (edge.to, edge.from)
            // A line runs through the middle of its sixteenth.
            let first = max(0, (top.y * lines - 0.5).rounded(.up))
            let end = min(Double(lineCount), (bottom.y * lines - 0.5).rounded(.up))
            guard first < end else { continue }
            let slope = (bottom.x - top.x) / (bottom.y - top.y)
            let x = top.x + ((first + 0.5) / lines - top.y) * slope
            crossings.append(
                Crossing(
                    x: x, step: slope / lines, first: Int(first), end: Int(end), direction: isDown ? 1 : -1))
        }
        crossings.sort { $0.first < $1.first }
        return crossings
    }

    /// Sorts by x what is nearly sorted.
    private func sort(_ active: inout [Crossing]) {
        guard active.count > 1 else { return }
        if active.count > 64 {
            // The order of edges at one place makes no difference.
            active.sort { $0.x < $1.x }
            return
        }
        for index in 1..<active.count where active[index].x < active[index - 1].x {
            let crossing = active[index]
            var place = index
            while place > 0, active[place - 1].x > crossing.x {
                active[place] = active[place - 1]
                place -= 1
            }
            active[place] = crossing
        }
    }

    /// Adds what a line covers.
    private mutating func cover(_ active: [Crossing], _ least: inout Int, _ greatest: inout Int) {
        let width = Double(bitmap.width)
        var winding = 0
        var start = 0.0
        for crossing in active {
            let before = winding
            winding += crossing.direction
            if before == 0 {
                start = crossing.x
            } else if winding == 0 {
                let (from, to) = (min(max(start, 0), width), min(max(crossing.x, 0), width))
                guard from < to else { continue }
                let (first, last) = (Int(from), Int(to))
                if first == last {
                    coverage[first] += Float(to - from)
                } else {
                    coverage[first] += Float(Double(first + 1) - from)
                    coverage[last] += Float(to - Double(last))
                    changes[first + 1] += 1
                    changes[last] -= 1
                }
                least = min(least, first)
                greatest = max(greatest, last)
            }
        }
    }

    /// Blends a row and clears what was gathered for it.
    private mutating func paint(_ row: Int, _ least: Int, _ greatest: Int, _ colour: RGB, _ strength: Float) {
        var whole: Float = 0
        for column in least...greatest {
            whole += changes[column]
            coverage[column] = (coverage[column] + whole) * strength
            changes[column] = 0
        }
        bitmap.blend(colour, row: row, from: least, coverage: coverage[least...greatest])
        for column in least...greatest { coverage[column] = 0 }
        // The place after the last column, where spans that reach the edge end.
        coverage[bitmap.width] = 0
        changes[bitmap.width] = 0
        if greatest + 1 < changes.count { changes[greatest + 1] = 0 }
    }

    /// Draws an image over a rectangle of whole pixels: each pixel as a block where it grows, averaged where it shrinks.
    mutating func draw(_ image: Bitmap, x: Int, y: Int, width: Int, height: Int) {
        guard width > 0, height > 0 else { return }
        for row in max(y, 0)..<max(min(y + height, bitmap.height), max(y, 0)) {
            let rows = Self.source(row - y, of: height, in: image.height)
            for column in max(x, 0)..<max(min(x + width, bitmap.width), max(x, 0)) {
                let columns = Self.source(column - x, of: width, in: image.width)
                if rows.count == 1, columns.count == 1 {
                    bitmap[column, row] = image[columns.lowerBound, rows.lowerBound]
                    continue
                }
                var (red, green, blue) = (0, 0, 0)
                for sourceRow in rows {
                    for sourceColumn in columns {
                        let pixel = image[sourceColumn, sourceRow]
                        red += Int(pixel.red)
                        green += Int(pixel.green)
                        blue += Int(pixel.blue)
                    }
                }
                let count = rows.count * columns.count
                bitmap[column, row] = RGB(UInt8(red / count), UInt8(green / count), UInt8(blue / count))
            }
        }
    }

    /// The pixels of a row of `count` that make one of `size`.
    private static func source(_ index: Int, of size: Int, in count: Int) -> Range<Int> {
        let first = min(index * count / size, count - 1)
        return first..<min(max((index + 1) * count / size, first + 1), count)
    }
}
