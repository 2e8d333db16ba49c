// The layout of a chart with axes, and its drawing.
//
// From top to bottom: the title, the legend, and for each panel its label and its plot; the x axis is below the last.
// To the left of the plots stand the marks, to the right the last value of each line.

/// One chart with axes being drawn.
struct PlotDrawing {
    private let plot: Plot
    private let width: Double
    private let panelHeight: Double

    /// The names of the layers, in order of appearance; the place in the list decides the colour.
    private var colours: [String: Int] = [:]
    private var names: [String] = []
    private let xScale: Scale
    private let yScales: [Scale]
    private let left: Double
    private let right: Double
    private var canvas: Canvas
    private var top = 0.0

    private static let panelGap = 30.0

    init(_ plot: Plot, width: Double) {
        self.plot = plot
        self.width = width
        panelHeight = Double(min(max(plot.panelHeight ?? (plot.panels.count > 1 ? 190 : 320), 80), 2048))
        canvas = Canvas(width: width)
        canvas.title = plot.title
        for layer in plot.layers where colours[layer.name] == nil {
            colours[layer.name] = names.count
            names.append(layer.name)
        }

        let rowCount = Int(panelHeight / 45)
        var xRanges: [ClosedRange<Double>] = []
        var yScales: [Scale] = []
        for panel in plot.panels {
            let ranges = panel.layers.compactMap { $0.range(plot.xStyle, panel.yStyle) }
            xRanges += ranges.map(\.x)
            var range = union(ranges.map(\.y))
            if panel.layers.contains(where: \.standsOnZero), !panel.yStyle.isLogarithmic, let found = range {
                // Room for the texts above the highest and below the lowest bar; nothing but zeros lies at the foot.
                let factor = plot.hasBarTexts ? 1.08 : 1
                let isFlat = found.lowerBound == 0 && found.upperBound == 0
                range = found.lowerBound * factor...(isFlat ? 1 : found.upperBound * factor)
            }
            yScales.append(Scale(range, style: panel.yStyle, count: rowCount))
        }
        self.yScales = yScales
        let marksWidth = yScales.flatMap(\.ticks).map { textWidth($0.text) }.max() ?? 0
        left = Canvas.margin + marksWidth + 10
        var endWidth = 0.0
        for (panel, scale) in zip(plot.panels, yScales) {
            for layer in panel.layers where layer.hasEnd {
                var last: Double?
                layer.forEachPoint { _, y in if Scale.isDrawable(y, panel.yStyle) { last = y } }
                endWidth = max(endWidth, last.map { textWidth(scale.text($0), isBold: true) } ?? 0)
            }
        }
        right = max(width - Canvas.margin - endWidth - (endWidth > 0 ? 10 : 0), left + 40)

        var isWhole = !plot.layers.isEmpty
        for layer in plot.layers {
            layer.forEachPoint { x, _ in
                if x.isFinite, x != x.rounded() || x.magnitude >= 1e15 { isWhole = false }
            }
        }
        let columnCount = Int((right - left) / 95)
        xScale = Scale(
            plot.xRange ?? union(xRanges), style: plot.xStyle, count: columnCount, isTight: true,
            isWhole: isWhole)
    }

    // MARK: The picture

    func drawn() -> Canvas {
        var drawing = self
        drawing.drawHead()
        for (index, panel) in plot.panels.enumerated() {
            drawing.drawPanel(panel, yScales[index], isLast: index == plot.panels.count - 1)
        }
        drawing.canvas.height = drawing.top + Canvas.margin
        return drawing.canvas
    }

    private mutating func drawHead() {
        top = canvas.drawTitle(plot.title, y: Canvas.margin)
        if plot.panels.contains(where: { $0.layers.count > 1 }) { drawLegend() }
        top += 4
    }

    private mutating func drawLegend() {
        var x = Canvas.margin
        top += 14
        for (index, name) in names.enumerated() {
            let itemWidth = 24 + textWidth(name) + 22
            if x > Canvas.margin, x + itemWidth - 22 > width - Canvas.margin {
                x = Canvas.margin
                top += 20
            }
            drawSample(index, at: Place(x: x, y: top - 4.5))
            canvas.draw(name, at: Place(x: x + 24, y: top))
            x += itemWidth
        }
        top += 8
    }

    /// What stands before a name in the legend.
    private mutating func drawSample(_ index: Int, at place: Place) {
        switch plot.layers.first(where: { colours[$0.name] == index })?.kind {
        case .line(let series) where !series.style.hasLine:
            canvas.draw(.dot(Place(x: place.x + 9, y: place.y), radius: 4, .series(index), opacity: 1))
        case .line, nil:
            canvas.draw(.lines([[Place(x: place.x + 1, y: place.y), Place(x: place.x + 17, y: place.y)]], pen(index)))
        case .bars, .steps:
            let box = Rectangle(x: place.x + 3, y: place.y - 5.5, width: 12, height: 11)
            canvas.draw(.rectangle(box, .series(index), opacity: 1))
        }
    }

    private func pen(_ index: Int) -> Pen {
        Pen(ink: .series(index), dash: Look.dashes[index / Look.colourCount % Look.dashes.count])
    }

    // MARK: A panel

    private mutating func drawPanel(_ panel: Plot.Panel, _ scale: Scale, isLast: Bool) {
        if !panel.yLabel.isEmpty {
            top += 18
            canvas.draw(panel.yLabel, at: Place(x: Canvas.margin, y: top), isBold: true)
        }
        top += 14
        let area = Rectangle(x: left, y: top, width: right - left, height: panelHeight)
        for tick in scale.ticks {
            let place = (area.bottom - scale.fraction(tick.value) * panelHeight).rounded()
            canvas.draw(.rule(Place(x: left, y: place), Place(x: right, y: place), .grid))
            canvas.draw(tick.text, at: Place(x: left - 10, y: place + 4.5), .end, .mutedText)
        }

        let layers = PlotLayers(area: area, xScale: xScale, yScale: scale, hasBarTexts: plot.hasBarTexts)
        var ends: [LineEnd] = []
        for layer in panel.layers {
            let index = colours[layer.name] ?? 0
            if let end = layers.draw(layer, index, pen(index), on: &canvas) { ends.append(end) }
        }
        let base = area.bottom.rounded()
        canvas.draw(.rule(Place(x: left, y: base), Place(x: right, y: base), .axis))
        top = area.bottom
        let below = plot.categories.map { drawCategories($0, base, isLast) } ?? drawMarks(base, isLast)
        layers.drawEnds(ends, on: &canvas)
        if panel.layers.allSatisfy({ $0.range(plot.xStyle, panel.yStyle) == nil }) {
            canvas.draw(
                Canvas.noDataText, at: Place(x: (left + right) / 2, y: area.y + panelHeight / 2 - 6), .middle,
                .mutedText)
        }

        top = area.bottom + (isLast ? below : Self.panelGap - 12)
        if isLast, !plot.xLabel.isEmpty {
            top += 23
            canvas.draw(plot.xLabel, at: Place(x: (left + right) / 2, y: top), .middle, isBold: true)
        }
    }

    /// Draws the marks of the x axis.
    ///
    /// - Returns: the height that they take.
    private mutating func drawMarks(_ base: Double, _ isLast: Bool) -> Double {
        var free = -Double.infinity
        for tick in xScale.ticks {
            let place = (left + xScale.fraction(tick.value) * (right - left)).rounded()
            canvas.draw(.rule(Place(x: place, y: base), Place(x: place, y: base + 5), .axis))
            // Long numbers leave no room for the next.
            let half = textWidth(tick.text) / 2
            guard isLast, place - half >= free else { continue }
            free = place + half + 6
            canvas.draw(tick.text, at: Place(x: place, y: base + 21), .middle, .mutedText)
        }
        return 21
    }

    /// Draws names under the x axis: level where there is room, otherwise slanted; where even that is too close, not
    /// all of them.
    private mutating func drawCategories(_ categories: [String], _ base: Double, _ isLast: Bool) -> Double {
        guard isLast, let widest = categories.map({ textWidth($0) }).max() else { return 21 }
        let room = (right - left) / Double(max(categories.count, 1))
        let isLevel = widest + 8 <= room
        let step = max(1, Int((17 / max(room, 0.01)).rounded(.up)))
        for (index, name) in categories.enumerated() where isLevel || index % step == 0 {
            let x = left + xScale.fraction(Double(index)) * (right - left)
            if isLevel {
                canvas.draw(name, at: Place(x: x, y: base + 21), .middle, .mutedText)
            } else {
                let text = shortened(name, width: 140)
                canvas.draw(text, at: Place(x: x + 5, y: base + 15), .end, .mutedText, angle: -40)
            }
        }
        return isLevel ? 21 : 22 + min(widest, 150) * 0.65
    }
}
