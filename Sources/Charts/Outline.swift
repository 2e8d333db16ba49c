// Shapes as edges: polygons, and lines with a width. It must not know pixels' colours.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A shape made of polygons that all go around in one direction, so that their union is where the winding is not 0.
struct Outline {
    struct Edge {
        var from: Place
        var to: Place
    }

    private(set) var edges: [Edge] = []

    /// How far the polygons of curves may be from them, in pixels.
    private static let tolerance = 0.04
    /// What is farther away is not drawn: it would only cost time.
    private static let farthest = 1e7

    /// Adds the inside of a polygon; one with a coordinate that is not a number, or far away, is left out.
    mutating func add(polygon: [Place]) {
        guard polygon.count > 2,
            polygon.allSatisfy({ $0.x.magnitude < Self.farthest && $0.y.magnitude < Self.farthest })
        else { return }
        var doubleArea = 0.0
        var previous = polygon[polygon.count - 1]
        for corner in polygon {
            doubleArea += previous.x * corner.y - corner.x * previous.y
            previous = corner
        }
        previous = polygon[polygon.count - 1]
        for corner in polygon {
            edges.append(doubleArea >= 0 ? Edge(from: previous, to: corner) : Edge(from: corner, to: previous))
            previous = corner
        }
    }

    mutating func add(_ rectangle: Rectangle) {
        add(polygon: [
            Place(x: rectangle.x, y: rectangle.y), Place(x: rectangle.right, y: rectangle.y),
            Place(x: rectangle.right, y: rectangle.bottom), Place(x: rectangle.x, y: rectangle.bottom),
        ])
    }

    mutating func add(circle centre: Place, radius: Double) {
        guard radius > 0, radius < Self.farthest else { return }
        let count = min(max(Int(Double.pi / acos(max(0, 1 - Self.tolerance / radius))) + 1, 8), 720)
        // The polygon has the area of the circle, not the greatest one inside it.
        let angle = 2 * Double.pi / Double(count)
        let reach = radius * (angle / sin(angle)).squareRoot()
        add(
            polygon: (0..<count).map { index in
                Place(
                    x: centre.x + reach * cos(Double(index) * angle), y: centre.y + reach * sin(Double(index) * angle))
            })
    }

    /// Adds a line of some width through points.
    mutating func add(line points: [Place], width: Double, join: Pen.Join) {
        guard width > 0 else { return }
        let half = width / 2
        var previous: (direction: Place, end: Place)?
        var start: Place?
        for point in points where point.x.isFinite && point.y.isFinite {
            guard let from = start else {
                start = point
                if join == .round { add(circle: point, radius: half) }
                continue
            }
            let length = hypot(point.x - from.x, point.y - from.y)
            guard length > 1e-6 else { continue }
            let direction = Place(x: (point.x - from.x) / length, y: (point.y - from.y) / length)
            let across = Place(x: -direction.y * half, y: direction.x * half)
            add(polygon: [
                Place(x: from.x + across.x, y: from.y + across.y), Place(x: point.x + across.x, y: point.y + across.y),
                Place(x: point.x - across.x, y: point.y - across.y), Place(x: from.x - across.x, y: from.y - across.y),
            ])
            if let previous { addJoin(at: from, previous.direction, direction, half, join) }
            previous = (direction, point)
            start = point
        }
        if join == .round, let end = previous?.end { add(circle: end, radius: half) }
    }

    /// Fills the gap outside of a corner.
    private mutating func addJoin(at corner: Place, _ a: Place, _ b: Place, _ half: Double, _ join: Pen.Join) {
        let turn = a.x * b.y - a.y * b.x
        let along = a.x * b.x + a.y * b.y
        // The outer side is where the line turns away from.
        let side = turn > 0 ? -half : half
        let first = Place(x: corner.x - a.y * side, y: corner.y + a.x * side)
        let second = Place(x: corner.x - b.y * side, y: corner.y + b.x * side)
        // A slight bend, as in a curve's polygon: the gap is a sliver.
        if along > 0.94 {
            add(polygon: [corner, first, second])
        } else if join == .round {
            add(circle: corner, radius: half)
        } else if along > -0.88 {
            // Where the outer sides meet: half a right angle's corner reaches 1.4 times as far as the side.
            let scale = 1 / (1 + along)
            let tip = Place(
                x: corner.x + (-a.y - b.y) * side * scale, y: corner.y + (a.x + b.x) * side * scale)
            add(polygon: [corner, first, tip, second])
        } else {
            add(polygon: [corner, first, second])
        }
    }
}

/// A line cut into its dashes.
func dashed(_ line: [Place], _ pattern: [Double]) -> [[Place]] {
    let whole = pattern.reduce(0, +)
    guard pattern.allSatisfy({ $0 > 0 }), whole > 0.1, let first = line.first else { return [line] }
    var dashes: [[Place]] = []
    var (current, index, rest) = ([first], 0, pattern[0])
    var from = first
    for point in line.dropFirst() {
        var length = hypot(point.x - from.x, point.y - from.y)
        // What is much longer than any picture would only cost time.
        guard length.isFinite, length < 100_000 else {
            from = point
            continue
        }
        while length > rest {
            from = Place(
                x: from.x + (point.x - from.x) * rest / length, y: from.y + (point.y - from.y) * rest / length)
            length -= rest
            if index % 2 == 0 { dashes.append(current + [from]) }
            index += 1
            rest = pattern[index % pattern.count]
            current = [from]
        }
        rest -= length
        current.append(point)
        from = point
    }
    if index % 2 == 0, current.count > 1 { dashes.append(current) }
    return dashes
}
