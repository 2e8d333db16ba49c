// Lines, points, bars and steps between axes that are already laid out.

/// Where a line ends and what is written there.
struct LineEnd {
    let place: Place
    let text: String
    let index: Int
}

/// The inside of a panel.
struct PlotLayers {
    let area: Rectangle
    let xScale: Scale
    let yScale: Scale
    let hasBarTexts: Bool

    private func x(_ value: Double) -> Double { area.x + xScale.fraction(value) * area.width }
    private func y(_ value: Double) -> Double { area.bottom - yScale.fraction(value) * area.height }

    /// Where 0 is, or the end that is nearest to it.
    private var zero: Double {
        yScale.style.isLogarithmic ? area.bottom : y(min(max(0, yScale.low), yScale.high))
    }

    /// Draws a layer.
    ///
    /// - Returns: the end of a line.
    func draw(_ layer: Plot.Layer, _ index: Int, _ pen: Pen, on canvas: inout Canvas) -> LineEnd? {
        switch layer.kind {
        case .line(let series): return draw(series, index, pen, on: &canvas)
        case .bars(let left, let right, let heights):
            for (bar, height) in heights.enumerated() where Scale.isDrawable(height, yScale.style) {
                drawBar(from: left[bar], to: right[bar], height, .series(index), on: &canvas)
            }
        case .steps(let edges, let heights): drawSteps(edges, heights, index, on: &canvas)
        }
        return nil
    }

    // MARK: Lines and points

    private func draw(_ series: Series, _ index: Int, _ pen: Pen, on canvas: inout Canvas) -> LineEnd? {
        var last = 0.0
        let isDrawable = { (point: Int) in
            Scale.isDrawable(series.x[point], xScale.style) && Scale.isDrawable(series.y[point], yScale.style)
        }
        let count = min(series.x.count, series.y.count)
        guard series.style.hasLine else {
            drawPoints(
                (0..<count).filter(isDrawable).map { Place(x: x(series.x[$0]), y: y(series.y[$0])) }, index, &canvas)
            return nil
        }
        let line = LinePath(count: count) { point in
            guard isDrawable(point) else { return nil }
            last = series.y[point]
            return Place(x: x(series.x[point]), y: y(last))
        }
        // A line with more points than pixels shows its spread, pale, and its course over it.
        let isDense = Double(line.valueCount) > 2 * area.width
        let lines = isDense ? line.course(columnWidth: 5) : line.stretches
        if series.style.hasArea {
            for stretch in lines where stretch.count > 1 {
                let corners =
                    [Place(x: stretch[0].x, y: zero)] + stretch + [Place(x: stretch[stretch.count - 1].x, y: zero)]
                canvas.draw(.area(corners, .series(index), opacity: 0.18))
            }
        }
        if isDense {
            for stretch in line.spread { canvas.draw(.area(stretch, .series(index), opacity: 0.28)) }
        }
        canvas.draw(.lines(lines, pen))
        let dots = isDense ? [] : series.style.hasPoints ? line.stretches.flatMap { $0 } : line.dots(atMost: 40)
        for dot in dots { canvas.draw(.dot(dot, radius: 2.75, .series(index), opacity: 1)) }
        return line.end.map { LineEnd(place: $0, text: yScale.text(last), index: index) }
    }

    /// Points; of very many those that would cover each other are drawn once.
    private func drawPoints(_ points: [Place], _ index: Int, _ canvas: inout Canvas) {
        let isDense = points.count > 2000
        var seen: Set<Int> = []
        for point in points {
            if isDense {
                let cell = Int(point.x / 2) << 20 | Int(point.y / 2)
                guard seen.insert(cell).inserted else { continue }
            }
            canvas.draw(.dot(point, radius: isDense ? 1.5 : 3, .series(index), opacity: isDense ? 0.6 : 0.75))
        }
    }

    /// The last value of each line beside its end, moved apart where they would overlap.
    func drawEnds(_ ends: [LineEnd], on canvas: inout Canvas) {
        let distance = 16.0
        let right = area.right
        let early = ends.filter { $0.place.x < right - 24 }
        let late = ends.filter { $0.place.x >= right - 24 }.sorted { $0.place.y < $1.place.y }
        var heights = late.map(\.place.y)
        for index in heights.indices.dropFirst() { heights[index] = max(heights[index], heights[index - 1] + distance) }
        if let lowest = heights.last, lowest > area.bottom {
            heights[heights.count - 1] = area.bottom
            for index in heights.indices.dropLast().reversed() {
                heights[index] = min(heights[index], heights[index + 1] - distance)
            }
        }
        for end in ends { canvas.draw(.dot(end.place, radius: 3.5, .series(end.index), opacity: 1)) }
        for end in early {
            canvas.draw(
                end.text, at: Place(x: end.place.x + 8, y: end.place.y + 4.5), isBold: true, .series(end.index))
        }
        for (end, height) in zip(late, heights) {
            canvas.draw(end.text, at: Place(x: right + 10, y: height + 4.5), isBold: true, .series(end.index))
        }
    }

    // MARK: Bars and steps

    private func drawBar(from left: Double, to right: Double, _ height: Double, _ ink: Ink, on canvas: inout Canvas) {
        let (start, end) = (x(left).rounded(), max(x(right).rounded(), x(left).rounded() + 1))
        let (top, bottom) = (min(y(height), zero), max(y(height), zero))
        canvas.draw(
            .rectangle(
                Rectangle(x: start, y: top.rounded(), width: end - start, height: (bottom.rounded() - top.rounded())),
                ink, opacity: 1))
        let text = yScale.text(height)
        guard hasBarTexts, textWidth(text) <= end - start + 8 else { return }
        canvas.draw(text, at: Place(x: (start + end) / 2, y: height < 0 ? bottom + 14 : top - 5), .middle, .mutedText)
    }

    private func drawSteps(_ edges: [Double], _ heights: [Double], _ index: Int, on canvas: inout Canvas) {
        var line: [Place] = []
        func finish() {
            guard line.count > 2 else { return }
            canvas.draw(.area(line, .series(index), opacity: 0.3))
            canvas.draw(.lines([line], Pen(ink: .series(index), width: 1.5, join: .miter)))
            line.removeAll()
        }
        for (step, height) in heights.enumerated() {
            // A logarithmic axis has no place for an empty bin.
            guard Scale.isDrawable(height, yScale.style) else {
                if let last = line.last { line.append(Place(x: last.x, y: zero)) }
                finish()
                continue
            }
            if line.isEmpty { line.append(Place(x: x(edges[step]), y: zero)) }
            line.append(Place(x: x(edges[step]), y: y(height)))
            line.append(Place(x: x(edges[step + 1]), y: y(height)))
        }
        if let last = line.last { line.append(Place(x: last.x, y: zero)) }
        finish()
    }
}
