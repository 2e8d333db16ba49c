// Several charts in one picture.

/// Charts side by side and below each other.
///
///     try Figure(title: "Training", [lossChart, accuracyChart]).write(to: "training.svg")
public struct Figure: Chart {
    public var title: String
    /// The charts, row by row.
    public var charts: [any Chart]
    /// How many are in a row.
    public var columnCount: Int

    /// - Parameters:
    ///   - title: what stands above all charts; may be empty.
    ///   - charts: row by row.
    ///   - columnCount: how many are in a row, from 1 to 8; 2 by default.
    public init(title: String = "", _ charts: [any Chart], columnCount: Int = 2) {
        (self.title, self.charts, self.columnCount) = (title, charts, columnCount)
    }

    public var naturalWidth: Int {
        let columns = max(1, min(columnCount, charts.count, 8))
        return min(max(charts.map { min($0.naturalWidth, 560) }.max() ?? 560, 320) * columns, 4096)
    }

    /// Draws the chart: see `Chart`.
    ///
    /// - Errors: a number of columns outside of 1...8; what is wrong with one of the charts.
    public func canvas(width: Double) throws(ChartError) -> Canvas {
        guard (1...8).contains(columnCount) else {
            throw ChartError("a figure cannot have \(columnCount) columns", hint: "ask for 1 to 8")
        }
        var canvas = Canvas(width: width)
        canvas.title = title
        var top = title.isEmpty ? 0 : canvas.drawTitle(title, y: Canvas.margin, size: 20)
        let columns = max(1, min(columnCount, charts.count))
        let cell = (width / Double(columns)).rounded(.down)
        for start in stride(from: 0, to: charts.count, by: columns) {
            var height = 0.0
            for (column, chart) in charts[start..<min(start + columns, charts.count)].enumerated() {
                let drawn = try chart.canvas(width: cell)
                canvas.draw(drawn, at: Place(x: Double(column) * cell, y: top))
                height = max(height, drawn.height)
            }
            // Two charts' margins between rows are one too many.
            top += height - Canvas.margin / 2
        }
        canvas.height = top + Canvas.margin / 2
        return canvas
    }
}
