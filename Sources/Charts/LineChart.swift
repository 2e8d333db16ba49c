// Line charts as SVG: what a user describes. How it is laid out and drawn is `LineChartDrawing`.

/// A line of a chart.
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

    /// A line through the points `(x[i], y[i])`; where one list is longer, its rest is left out.
    public init(_ name: String, x: [Double], y: [Double]) {
        let count = min(x.count, y.count)
        self.name = name
        self.x = Array(x.prefix(count))
        self.y = Array(y.prefix(count))
    }

    /// A line through values at even distances.
    ///
    /// - Parameters:
    ///   - y: the values.
    ///   - start: the x of the first; 0 by default.
    ///   - step: from one x to the next; 1 by default.
    public init(_ name: String, y: [Double], from start: Double = 0, step: Double = 1) {
        self.init(name, x: y.indices.map { start + Double($0) * step }, y: y)
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
public struct LineChart: Sendable {
    public var title: String
    public var xLabel: String
    public var xStyle: AxisStyle
    public var panels: [Panel]

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

    /// The chart as an SVG document.
    ///
    /// - Parameters:
    ///   - look: light, dark, or as the reader's system has it, the default.
    ///   - width: in pixels, from 320 to 4096 (what is beyond counts as the nearest); 860 by default.
    ///   - panelHeight: the height of each panel's plot in pixels, from 80 to 2048; by default 320 for one panel and
    ///     190 for each of several.
    public func svg(look: Look = .automatic, width: Int = 860, panelHeight: Int? = nil) -> String {
        let height = panelHeight ?? (panels.count > 1 ? 190 : 320)
        return LineChartDrawing(
            self, look: look, width: Double(min(max(width, 320), 4096)), panelHeight: Double(min(max(height, 80), 2048))
        ).document()
    }

    /// Writes the chart into an SVG file, replacing what is there.
    ///
    /// - Parameter path: the file; its folder must be there.
    /// - Errors: `ChartError` where the file cannot be written.
    public func write(to path: String, look: Look = .automatic) throws(ChartError) {
        try writeFile(svg(look: look), to: path)
    }
}
