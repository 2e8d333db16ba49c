// Line and scatter charts: what a user describes. How it is laid out and drawn is `PlotDrawing`.

/// How the points of a series are shown.
public struct SeriesStyle: Hashable, Sendable {
    var hasLine = false
    var hasPoints = false
    var hasArea = false

    /// A line through the points; few points are marked.
    public static let line = SeriesStyle(hasLine: true)
    /// The points alone, as in a scatter chart.
    public static let points = SeriesStyle(hasPoints: true)
    /// A line with every point marked.
    public static let markedLine = SeriesStyle(hasLine: true, hasPoints: true)
    /// A line with the area down to 0 tinted.
    public static let area = SeriesStyle(hasLine: true, hasArea: true)
}

/// A line of a chart, or points.
///
///     Series("loss", y: losses)                              // x is 0, 1, 2, ...
///     Series("validation", x: [1, 2, 3], y: [0.9, 0.7, 0.6])
public struct Series: Sendable {
    /// What the line is called in the legend. Lines of one name in several panels have one colour.
    public var name: String
    /// Where the points lie, from left to right.
    public var x: [Double]
    /// The values there. What is not a finite number (or not positive, on a logarithmic axis) leaves a gap.
    public var y: [Double]
    public var style: SeriesStyle

    /// A line through the points `(x[i], y[i])`; the chart is refused where there are not as many of one as of the
    /// other.
    public init(_ name: String, x: [Double], y: [Double], style: SeriesStyle = .line) {
        self.name = name
        self.x = x
        self.y = y
        self.style = style
    }

    /// A line through values at even distances.
    ///
    /// - Parameters:
    ///   - y: the values.
    ///   - start: the x of the first; 0 by default.
    ///   - step: from one x to the next; 1 by default.
    ///   - style: line, points, or both.
    public init(
        _ name: String, y: [Double], from start: Double = 0, step: Double = 1, style: SeriesStyle = .line
    ) {
        self.init(name, x: y.indices.map { start + Double($0) * step }, y: y, style: style)
    }
}

/// How an axis maps numbers to places and writes them.
public struct AxisStyle: Hashable, Sendable {
    package var isLogarithmic = false
    package var isPercent = false

    /// Equal distances for equal differences.
    public static let linear = AxisStyle()
    /// Equal distances for equal factors.
    public static let logarithmic = AxisStyle(isLogarithmic: true)
    /// Linear, with 0.975 written as 97.5 %.
    public static let percent = AxisStyle(isPercent: true)
}

/// A part of a chart with a y axis of its own.
public struct Panel: Sendable {
    /// What the values are.
    public var yLabel: String
    public var yStyle: AxisStyle
    public var series: [Series]

    public init(yLabel: String, yStyle: AxisStyle = .linear, series: [Series]) {
        self.yLabel = yLabel
        self.yStyle = yStyle
        self.series = series
    }
}

/// A chart of lines, with one panel or several that share the x axis.
///
///     let chart = LineChart(
///         title: "Learning a matrix inverse", xLabel: "step", yLabel: "loss", yStyle: .logarithmic,
///         series: [Series("loss", y: losses)])
///     try chart.write(to: "loss.svg")
///
/// Series of any length make small files: what falls into one column of pixels is drawn from its least to its
/// greatest value.
public struct LineChart: Chart {
    public var title: String
    public var xLabel: String
    public var xStyle: AxisStyle
    public var panels: [Panel]
    /// The height of each panel's plot in pixels, from 80 to 2048; nil is 320 for one panel and 190 for each of several.
    public var panelHeight: Int?

    /// A chart with one panel.
    public init(
        title: String, xLabel: String, yLabel: String = "", xStyle: AxisStyle = .linear, yStyle: AxisStyle = .linear,
        series: [Series]
    ) {
        self.init(
            title: title, xLabel: xLabel, xStyle: xStyle,
            panels: [Panel(yLabel: yLabel, yStyle: yStyle, series: series)])
    }

    /// A chart whose panels stand one above the other.
    public init(title: String, xLabel: String, xStyle: AxisStyle = .linear, panels: [Panel]) {
        self.title = title
        self.xLabel = xLabel
        self.xStyle = xStyle
        self.panels = panels
    }

    /// Draws the chart: see `Chart`.
    ///
    /// - Errors: a series with more x than y or the reverse; a negative number where the axis is logarithmic, or a
    ///   series without any positive one there. A 0, as of a loss too small for its type, leaves a gap.
    public func canvas(width: Double) throws(ChartError) -> Canvas {
        var plot = Plot(title: title, xLabel: xLabel, xStyle: xStyle)
        for panel in panels {
            var layers: [Plot.Layer] = []
            for series in panel.series {
                try series.check(x: xStyle, y: panel.yStyle)
                layers.append(Plot.Layer(name: series.name, .line(series)))
            }
            plot.panels.append(Plot.Panel(yLabel: panel.yLabel, yStyle: panel.yStyle, layers: layers))
        }
        plot.panelHeight = panelHeight
        return PlotDrawing(plot, width: width).drawn()
    }
}

extension Series {
    fileprivate func check(x xStyle: AxisStyle, y yStyle: AxisStyle) throws(ChartError) {
        guard x.count == y.count else {
            throw ChartError(
                "series \"\(name)\" has \(x.count) x and \(y.count) y", hint: "give each point both coordinates")
        }
        for (values, style, axis) in [(x, xStyle, "x"), (y, yStyle, "y")] where style.isLogarithmic {
            if let index = values.firstIndex(where: { $0 < 0 && $0.isFinite }) {
                throw ChartError(
                    "series \"\(name)\" has \(axis)[\(index)] = \(values[index]), which has no place on a logarithmic axis",
                    hint: "draw the sizes of the numbers, or use a linear axis")
            }
            if values.contains(0), !values.contains(where: { $0 > 0 && $0.isFinite }) {
                throw ChartError(
                    "series \"\(name)\" has no positive \(axis), and 0 has no place on a logarithmic axis",
                    hint: "use a linear axis")
            }
        }
    }
}
