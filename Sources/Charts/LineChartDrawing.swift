// The layout of a line chart and its drawing as SVG.
//
// From top to bottom: the title, the legend, and for each panel its label and its plot; the x axis is below the last.
// To the left of the plots stand the marks, to the right the last value of each line.

/// One chart being drawn.
struct LineChartDrawing {
    private let chart: LineChart
    private let look: Look
    private let width: Double
    private let panelHeight: Double

    /// The names of the lines, in order of appearance; the place in the list decides the colour.
    private let names: [String]
    private let xScale: Scale
    private let yScales: [Scale]
    private let left: Double
    private let right: Double
    private var parts: [String] = []
    private var top = 0.0

    private static let margin = 20.0
    private static let panelGap = 30.0

    init(_ chart: LineChart, look: Look, width: Double, panelHeight: Double) {
        self.chart = chart
        self.look = look
        self.width = width
        self.panelHeight = panelHeight
        var names: [String] = []
        for series in chart.panels.flatMap(\.series) where !names.contains(series.name) { names.append(series.name) }
        self.names = names

        let rowCount = Int(panelHeight / 45)
        yScales = chart.panels.map { panel in
            let range = Self.range(panel.series, chart.xStyle, panel.yStyle) { $0.y[$1] }
            return Scale(range, style: panel.yStyle, count: rowCount)
        }
        let marksWidth = yScales.flatMap(\.ticks).map { textWidth($0.text) }.max() ?? 0
        left = Self.margin + marksWidth + 10
        var endWidth = 0.0
        for (panel, scale) in zip(chart.panels, yScales) {
            for series in panel.series {
                let last = series.y.last { Scale.isDrawable($0, panel.yStyle) }
                endWidth = max(endWidth, last.map { textWidth(scale.text($0), isBold: true) } ?? 0)
            }
        }
        right = width - Self.margin - endWidth - (endWidth > 0 ? 10 : 0)

        let all = chart.panels.flatMap(\.series)
        let isWhole = all.allSatisfy { series in
            series.x.allSatisfy { !$0.isFinite || ($0 == $0.rounded() && $0.magnitude < 1e15) }
        }
        let ranges = chart.panels.compactMap { Self.range($0.series, chart.xStyle, $0.yStyle) { $0.x[$1] } }
        let xRange = ranges.dropFirst().reduce(ranges.first) { whole, range in
            whole.map { min($0.lowerBound, range.lowerBound)...max($0.upperBound, range.upperBound) }
        }
        let columnCount = Int((right - left) / 95)
        xScale = Scale(
            xRange, style: chart.xStyle, count: columnCount, isTight: true, isWhole: isWhole && !all.isEmpty)
    }

    /// The range of a coordinate over the points that can be drawn; nil where there are none.
    private static func range(
        _ series: [Series], _ xStyle: AxisStyle, _ yStyle: AxisStyle, _ value: (Series, Int) -> Double
    ) -> ClosedRange<Double>? {
        var (low, high) = (Double.infinity, -Double.infinity)
        for line in series {
            for index in 0..<min(line.x.count, line.y.count)
            where Scale.isDrawable(line.x[index], xStyle) && Scale.isDrawable(line.y[index], yStyle) {
                let number = value(line, index)
                low = min(low, number)
                high = max(high, number)
            }
        }
        return low <= high ? low...high : nil
    }

    private var plotWidth: Double { right - left }

    // MARK: The document

    func document() -> String {
        var drawing = self
        drawing.drawHead()
        for (index, panel) in chart.panels.enumerated() {
            drawing.drawPanel(panel, yScales[index], isLast: index == chart.panels.count - 1)
        }
        // Even, so that the background ends with a pixel at the usual magnifications.
        return drawing.wrapped(height: ((drawing.top + Self.margin) / 2).rounded(.up) * 2)
    }

    private func wrapped(height: Double) -> String {
        let size = "\(coordinate(width)) \(coordinate(height))"
        let dimensions = "width=\"\(coordinate(width))\" height=\"\(coordinate(height))\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" \(dimensions) role="img">
            <title>\(escaped(chart.title))</title>
            <style>
            \(look.styleSheet)</style>
            <rect class="background" \(dimensions)/>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    private mutating func drawHead() {
        top = Self.margin
        for line in wrappedLines(chart.title, fontSize: 18, width: width - 2 * Self.margin) {
            top += 16
            text(line, "title", x: Self.margin, y: top)
            top += 9
        }
        if chart.panels.contains(where: { $0.series.count > 1 }) { drawLegend() }
        top += 4
    }

    private mutating func drawLegend() {
        var x = Self.margin
        top += 14
        for (index, name) in names.enumerated() {
            let itemWidth = 24 + textWidth(name) + 22
            if x > Self.margin, x + itemWidth - 22 > width - Self.margin {
                x = Self.margin
                top += 20
            }
            parts.append(
                "<path class=\"line \(lineClass(index))\"\(dash(index)) "
                    + "d=\"M\(coordinate(x + 1)) \(coordinate(top - 4.5))h16\"/>")
            text(name, "legend", x: x + 24, y: top)
            x += itemWidth
        }
        top += 8
    }

    // MARK: A panel

    private mutating func drawPanel(_ panel: Panel, _ scale: Scale, isLast: Bool) {
        if !panel.yLabel.isEmpty {
            top += 18
            text(panel.yLabel, "label", x: Self.margin, y: top)
        }
        top += 14
        let bottom = top + panelHeight
        let (left, right, panelHeight, xScale) = (left, right, panelHeight, xScale)
        func x(_ value: Double) -> Double { left + xScale.fraction(value) * (right - left) }
        func y(_ value: Double) -> Double { bottom - scale.fraction(value) * panelHeight }

        for tick in scale.ticks {
            let place = y(tick.value).rounded()
            path("grid", "M\(coordinate(left)) \(coordinate(place))H\(coordinate(right))")
            text(tick.text, "tick", x: left - 10, y: place + 4.5, anchor: "end")
        }
        path("axis", "M\(coordinate(left)) \(coordinate(bottom.rounded()))H\(coordinate(right))")
        for tick in xScale.ticks {
            let place = x(tick.value).rounded()
            path("axis", "M\(coordinate(place)) \(coordinate(bottom.rounded()))v5")
            if isLast { text(tick.text, "tick", x: place, y: bottom + 21, anchor: "middle") }
        }

        var ends: [LineEnd] = []
        for series in panel.series {
            let index = names.firstIndex(of: series.name) ?? 0
            var last = 0.0
            let line = LinePath(count: min(series.x.count, series.y.count)) { point in
                let (a, b) = (series.x[point], series.y[point])
                guard Scale.isDrawable(a, xScale.style), Scale.isDrawable(b, panel.yStyle) else { return nil }
                last = b
                return Place(x: x(a), y: y(b))
            }
            drawLine(line, index)
            if let end = line.end { ends.append(LineEnd(place: end, text: scale.text(last), index: index)) }
        }
        drawEnds(ends, bottom: bottom)

        top = bottom + (isLast ? 21 : Self.panelGap - 12)
        if isLast, !chart.xLabel.isEmpty {
            top += 23
            text(chart.xLabel, "label", x: (left + right) / 2, y: top, anchor: "middle")
        }
    }

    private mutating func drawLine(_ line: LinePath, _ index: Int) {
        // A line with more points than pixels shows its spread, pale and thin, and its course over it.
        let isDense = Double(line.valueCount) > 2 * plotWidth
        let style = isDense ? "class=\"spread \(lineClass(index))\"" : "class=\"line \(lineClass(index))\""
        let data = line.data
        if !data.isEmpty { parts.append("<path \(style)\(isDense ? "" : dash(index)) d=\"\(data)\"/>") }
        if isDense {
            let course = line.course(columnWidth: 5)
            parts.append("<path class=\"line \(lineClass(index))\"\(dash(index)) d=\"\(course)\"/>")
        }
        for dot in line.dots(atMost: 40) { drawDot(dot, radius: 2.75, index) }
    }

    /// The last value of each line beside its end, moved apart where they would overlap.
    private mutating func drawEnds(_ ends: [LineEnd], bottom: Double) {
        let distance = 16.0
        let early = ends.filter { $0.place.x < right - 24 }
        let late = ends.filter { $0.place.x >= right - 24 }.sorted { $0.place.y < $1.place.y }
        var heights = late.map(\.place.y)
        for index in heights.indices.dropFirst() { heights[index] = max(heights[index], heights[index - 1] + distance) }
        if let lowest = heights.last, lowest > bottom {
            heights[heights.count - 1] = bottom
            for index in heights.indices.dropLast().reversed() {
                heights[index] = min(heights[index], heights[index + 1] - distance)
            }
        }
        for end in ends { drawDot(end.place, radius: 3.5, end.index) }
        for end in early {
            text(end.text, "label \(inkClass(end.index))", x: end.place.x + 8, y: end.place.y + 4.5)
        }
        for (end, height) in zip(late, heights) {
            text(end.text, "label \(inkClass(end.index))", x: right + 10, y: height + 4.5)
        }
    }

    // MARK: Elements

    private mutating func drawDot(_ place: Place, radius: Double, _ index: Int) {
        parts.append(
            "<circle class=\"\(inkClass(index))\" cx=\"\(coordinate(place.x))\" cy=\"\(coordinate(place.y))\" "
                + "r=\"\(coordinate(radius))\"/>")
    }

    private mutating func path(_ style: String, _ data: String) {
        parts.append("<path class=\"\(style)\" d=\"\(data)\"/>")
    }

    private mutating func text(_ text: String, _ style: String, x: Double, y: Double, anchor: String? = nil) {
        let anchor = anchor.map { " text-anchor=\"\($0)\"" } ?? ""
        parts.append(
            "<text class=\"\(style)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\"\(anchor)>\(escaped(text))</text>")
    }

    private func lineClass(_ index: Int) -> String { "line\(index % Look.colourCount)" }
    private func inkClass(_ index: Int) -> String { "ink\(index % Look.colourCount)" }

    private func dash(_ index: Int) -> String {
        let dash = Look.dashes[index / Look.colourCount % Look.dashes.count]
        return dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    }
}

/// Where a line ends and what is written there.
private struct LineEnd {
    let place: Place
    let text: String
    let index: Int
}
