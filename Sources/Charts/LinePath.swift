// The way of a line over the pixels: its gaps, and what of a long series can be seen at all.

/// A line cut into the stretches between its gaps, with no more points than can be seen.
struct LinePath {
    /// The stretches; none is empty.
    private(set) var stretches: [[Place]] = []
    /// The averages of the columns of pixels in each stretch, with the number of points in each.
    private var averages: [[ColumnAverage]] = []
    /// The last point that can be drawn.
    private(set) var end: Place?
    /// How many values it was made of.
    private(set) var valueCount = 0

    /// - Parameter place: the place of a point, or nil where it leaves a gap.
    init(count: Int, place: (Int) -> Place?) {
        var (stretch, average) = ([Place](), [ColumnAverage]())
        var column = PixelColumn()
        func flush() {
            if let columnAverage = column.average { average.append(columnAverage) }
            column.flush(into: &stretch)
        }
        func finish(_ path: inout LinePath) {
            flush()
            guard !stretch.isEmpty else { return }
            path.stretches.append(stretch)
            path.averages.append(average)
            stretch.removeAll(keepingCapacity: true)
            average.removeAll(keepingCapacity: true)
        }
        for index in 0..<count {
            guard let point = place(index) else {
                finish(&self)
                continue
            }
            if !column.add(point) {
                flush()
                _ = column.add(point)
            }
            end = point
            valueCount += 1
        }
        finish(&self)
    }

    /// The course of a noisy line: the averages over columns of some pixels.
    func course(columnWidth: Double) -> [[Place]] {
        averages.filter { $0.count > 1 }.map { average in
            var line: [Place] = []
            var (x, y, weight, column) = (0.0, 0.0, 0.0, 0)
            func flush() {
                guard weight > 0 else { return }
                line.append(Place(x: x / weight, y: y / weight))
                (x, y, weight) = (0, 0, 0)
            }
            for point in average {
                let its = Int(point.place.x / columnWidth)
                if its != column { flush() }
                x += point.place.x * point.weight
                y += point.place.y * point.weight
                weight += point.weight
                column = its
            }
            flush()
            return line
        }
    }

    /// The areas between the least and the greatest values of a noisy line's columns.
    var spread: [[Place]] {
        averages.filter { $0.count > 1 }.map { columns in
            columns.map { Place(x: $0.place.x, y: $0.least) }
                + columns.reversed().map { Place(x: $0.place.x, y: $0.greatest) }
        }
    }

    /// The points that stand alone between gaps; all points, where there are few.
    func dots(atMost limit: Int) -> [Place] {
        let all = stretches.flatMap { $0 }
        return all.count <= limit ? all : stretches.filter { $0.count == 1 }.flatMap { $0 }
    }
}

/// What the points of a column of pixels have in common.
private struct ColumnAverage {
    let place: Place
    let weight: Double
    let least: Double
    let greatest: Double
}

/// The points that fall into one column of half a pixel, of which the first, the least, the greatest and the last show.
private struct PixelColumn {
    private var number = 0
    private var count = 0
    private var first = Place(x: 0, y: 0)
    private var least = (Place(x: 0, y: 0), 0)
    private var greatest = (Place(x: 0, y: 0), 0)
    private var last = Place(x: 0, y: 0)
    private var sum = Place(x: 0, y: 0)

    var average: ColumnAverage? {
        let weight = Double(count)
        guard count > 0 else { return nil }
        return ColumnAverage(
            place: Place(x: sum.x / weight, y: sum.y / weight), weight: weight, least: least.0.y, greatest: greatest.0.y
        )
    }

    /// Takes a point of this column; false where it belongs to another.
    mutating func add(_ point: Place) -> Bool {
        let its = Int(point.x * 2)
        if count == 0 {
            (number, first, least, greatest) = (its, point, (point, 0), (point, 0))
            sum = Place(x: 0, y: 0)
        } else {
            guard its == number else { return false }
            if point.y < least.0.y { least = (point, count) }
            if point.y > greatest.0.y { greatest = (point, count) }
        }
        last = point
        sum = Place(x: sum.x + point.x, y: sum.y + point.y)
        count += 1
        return true
    }

    /// Appends what shows, in its order, and starts anew.
    mutating func flush(into stretch: inout [Place]) {
        guard count > 0 else { return }
        let extremes = least.1 <= greatest.1 ? [least, greatest] : [greatest, least]
        var positions = [0]
        stretch.append(first)
        for (place, position) in extremes + [(last, count - 1)] where !positions.contains(position) {
            stretch.append(place)
            positions.append(position)
        }
        count = 0
    }
}

/// A coordinate with at most two decimals.
func coordinate(_ value: Double) -> String {
    guard value.magnitude < 1e9 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
}
