// Heat maps: a matrix as a field of colours.

public import Tensors

/// A matrix whose numbers are colours, with a bar that says which.
///
///     HeatMap(title: "x · a", rows: [[1, 0.01], [-0.02, 0.99]], colours: .diverging, hasValues: true)
public struct HeatMap: Chart {
    public var title: String
    /// What the columns are.
    public var xLabel: String
    /// What the rows are.
    public var yLabel: String
    /// The numbers, row by row from the top. What is not a number is grey.
    public var rows: [[Double]]
    /// The names of the rows; empty for none.
    public var rowLabels: [String]
    /// The names of the columns; empty for none.
    public var columnLabels: [String]
    public var colours: ColourMap
    /// The numbers at the ends of the colour bar; nil takes them from the matrix.
    public var range: ClosedRange<Double>?
    /// Whether each cell has its number written in it, where there is room.
    public var hasValues: Bool

    public init(
        title: String, xLabel: String = "", yLabel: String = "", rows: [[Double]], rowLabels: [String] = [],
        columnLabels: [String] = [], colours: ColourMap = .sequential, range: ClosedRange<Double>? = nil,
        hasValues: Bool = false
    ) {
        (self.title, self.xLabel, self.yLabel, self.rows) = (title, xLabel, yLabel, rows)
        (self.rowLabels, self.columnLabels, self.colours) = (rowLabels, columnLabels, colours)
        (self.range, self.hasValues) = (range, hasValues)
    }

    /// A heat map of an array of two dimensions.
    ///
    /// - Errors: `ChartError` where the array has not two dimensions.
    public init<Scalar: BinaryFloatingPoint>(
        title: String, _ matrix: NDArray<Scalar>, colours: ColourMap = .sequential, hasValues: Bool = false
    ) throws(ChartError) {
        let shape = matrix.shape
        guard shape.count == 2 else {
            throw ChartError("a heat map shows a matrix, not an array of shape \(shape)")
        }
        let values = matrix.scalars
        let rows = (0..<shape[0]).map { row in (0..<shape[1]).map { Double(values[row * shape[1] + $0]) } }
        self.init(title: title, rows: rows, colours: colours, hasValues: hasValues)
    }

    public var naturalWidth: Int { 560 }

    /// Draws the chart: see `Chart`.
    ///
    /// - Errors: rows of different lengths; as many labels as do not fit the matrix; a matrix of more than 4 million
    ///   numbers.
    public func canvas(width: Double) throws(ChartError) -> Canvas {
        let columnCount = rows.first?.count ?? 0
        if let index = rows.firstIndex(where: { $0.count != columnCount }) {
            throw ChartError(
                "row \(index) of the matrix has \(rows[index].count) numbers, row 0 has \(columnCount)",
                hint: "give each row as many numbers")
        }
        for (labels, count, kind) in [(rowLabels, rows.count, "rows"), (columnLabels, columnCount, "columns")]
        where !labels.isEmpty && labels.count != count {
            throw ChartError("there are \(labels.count) labels for \(count) \(kind)")
        }
        guard rows.count * columnCount <= 1 << 22 else {
            throw ChartError(
                "a heat map cannot show \(rows.count) × \(columnCount) numbers", hint: "draw a part of the matrix")
        }
        return HeatMapDrawing(self, columnCount: columnCount, width: width).drawn()
    }
}

/// The layout of a heat map: row labels, the field, the bar with its numbers; column labels are below.
private struct HeatMapDrawing {
    private let map: HeatMap
    private let columnCount: Int
    private let low: Double
    private let high: Double
    private let scale: Scale
    private var canvas: Canvas
    private var field = Rectangle(x: 0, y: 0, width: 0, height: 0)
    private let labelRoom: Double
    /// Of a cell, in pixels.
    private let cellWidth: Double
    private let cellHeight: Double

    private static let barWidth = 14.0
    private static let longestLabel = 140.0

    init(_ map: HeatMap, columnCount: Int, width: Double) {
        self.map = map
        self.columnCount = columnCount
        canvas = Canvas(width: width)
        canvas.title = map.title
        let values = map.rows.joined().filter { $0.magnitude < Scale.greatest }
        let found = map.range ?? (values.min() ?? 0)...(values.max() ?? 1)
        let ends = map.colours.ends(
            max(found.lowerBound, -Scale.greatest), min(found.upperBound, Scale.greatest))
        scale = Scale(ends.low...max(ends.low, ends.high), style: .linear, count: 5, isTight: true)
        (low, high) = (scale.low, scale.high)

        let widest = map.rowLabels.map { min(textWidth($0), Self.longestLabel) }.max() ?? 0
        labelRoom = (widest > 0 ? widest + 8 : 0)
        let barRoom = 18 + Self.barWidth + 8 + (scale.ticks.map { textWidth($0.text) }.max() ?? 0)
        let room = max(width - 2 * Canvas.margin - labelRoom - barRoom, 40)
        // Square cells where the matrix is about square; whole pixels where there are any to spare.
        func whole(_ size: Double) -> Double { size >= 1 ? size.rounded(.down) : size }
        cellWidth = whole(min(room / Double(max(columnCount, 1)), 64))
        let tallest = 640 / Double(max(map.rows.count, 1))
        cellHeight = whole(min(max(cellWidth, map.rows.count <= 40 ? 14 : 0), tallest, 64))
    }

    func drawn() -> Canvas {
        var drawing = self
        drawing.draw()
        return drawing.canvas
    }

    private mutating func draw() {
        var top = canvas.drawTitle(map.title, y: Canvas.margin)
        if !map.yLabel.isEmpty {
            top += 18
            canvas.draw(map.yLabel, at: Place(x: Canvas.margin, y: top), isBold: true)
        }
        top += 14
        field = Rectangle(
            x: (Canvas.margin + labelRoom).rounded(), y: top.rounded(), width: cellWidth * Double(columnCount),
            height: cellHeight * Double(map.rows.count))
        guard columnCount > 0, !map.rows.isEmpty else {
            canvas.draw(Canvas.noDataText, at: Place(x: Canvas.margin, y: top + 14), .start, .mutedText)
            canvas.height = top + 14 + Canvas.margin
            return
        }
        drawCells()
        drawRowLabels()
        drawBar()
        var bottom = max(field.bottom, top + 80) + 4
        if !map.columnLabels.isEmpty { bottom = max(bottom, field.bottom + drawColumnLabels()) }
        if !map.xLabel.isEmpty {
            bottom += 20
            canvas.draw(map.xLabel, at: Place(x: field.x + field.width / 2, y: bottom), .middle, isBold: true)
        }
        canvas.height = bottom + Canvas.margin
    }

    private mutating func drawCells() {
        // Few cells stand apart, many are pixels of an image.
        guard map.rows.count * columnCount <= 1024, cellWidth >= 8, cellHeight >= 8 else {
            let image = Bitmap(width: columnCount, height: map.rows.count) { column, row in
                map.colours.colour(map.rows[row][column], from: low, to: high)
            }
            canvas.draw(.image(image, field))
            return
        }
        let texts = map.hasValues ? cellTexts() : []
        let widest = texts.joined().map { textWidth($0, fontSize: 12) }.max() ?? 0
        let hasTexts = map.hasValues && widest <= cellWidth - 2 && cellHeight >= 15
        for (row, values) in map.rows.enumerated() {
            for (column, value) in values.enumerated() {
                let colour = map.colours.colour(value, from: low, to: high)
                let cell = Rectangle(
                    x: field.x + Double(column) * cellWidth, y: field.y + Double(row) * cellHeight,
                    width: cellWidth - 1, height: cellHeight - 1)
                canvas.draw(.rectangle(cell, .fixed(colour), opacity: 1))
                guard hasTexts else { continue }
                let (dark, light) = (RGB(0x11151a), RGB(0xffffff))
                let ink = colour.contrast(with: dark) > colour.contrast(with: light) ? dark : light
                canvas.draw(
                    texts[row][column], at: Place(x: cell.x + cell.width / 2, y: cell.y + cell.height / 2 + 4.5),
                    .middle, size: 12, .fixed(ink))
            }
        }
    }

    /// The numbers of the cells, all with as many decimals as make three digits of the greatest.
    private func cellTexts() -> [[String]] {
        let values = map.rows.joined().filter { $0.magnitude < Scale.greatest }
        let exponent = decimalExponent(of: values.map(\.magnitude).max() ?? 0)
        let isWhole = values.allSatisfy { $0 == $0.rounded() }
        let decimals = isWhole ? 0 : max(0, 2 - max(exponent, 0))
        return map.rows.map { row in
            row.map { value in
                guard value.magnitude < Scale.greatest else { return "–" }
                guard (-2..<7).contains(exponent) else { return valueText(value, significantDigits: 3) }
                return fixedText(value, decimals: decimals)
            }
        }
    }

    private mutating func drawRowLabels() {
        let step = max(1, Int((16 / max(cellHeight, 0.01)).rounded(.up)))
        for (row, label) in map.rowLabels.enumerated() where row % step == 0 {
            let y = field.y + (Double(row) + 0.5) * cellHeight + 4
            canvas.draw(
                shortened(label, width: Self.longestLabel), at: Place(x: field.x - 8, y: y), .end, .mutedText)
        }
    }

    /// - Returns: the height that the labels take.
    private mutating func drawColumnLabels() -> Double {
        let labels = map.columnLabels.map { shortened($0, width: Self.longestLabel) }
        let widest = labels.map { textWidth($0) }.max() ?? 0
        let isLevel = widest + 4 <= cellWidth
        // Numbers may leave out some; slanted names need their height of room.
        let isShort = widest <= 30
        let need = isLevel ? 1 : isShort ? widest + 6 : 17
        let step = isLevel ? 1 : max(1, Int((need / max(cellWidth, 0.01)).rounded(.up)))
        for (column, label) in labels.enumerated() where column % step == 0 {
            let x = field.x + (Double(column) + 0.5) * cellWidth
            if isLevel || isShort {
                canvas.draw(label, at: Place(x: x, y: field.bottom + 17), .middle, .mutedText)
            } else {
                canvas.draw(label, at: Place(x: x + 5, y: field.bottom + 13), .end, .mutedText, angle: -45)
            }
        }
        return isLevel || isShort ? 20 : 16 + widest * 0.72
    }

    private mutating func drawBar() {
        let height = max(min(field.height, 320), 80).rounded()
        let bar = Rectangle(x: field.right + 18, y: field.y, width: Self.barWidth, height: height)
        let image = Bitmap(width: 1, height: 256) { _, row in map.colours.colours[255 - row] }
        canvas.draw(.image(image, bar))
        // A low bar has room for every other mark or fewer.
        let step = max(1, (scale.ticks.count * 18 + Int(height) - 1) / Int(height))
        for (index, tick) in scale.ticks.enumerated() where index % step == 0 {
            let y = (bar.bottom - scale.fraction(tick.value) * height).rounded()
            canvas.draw(.rule(Place(x: bar.right, y: y), Place(x: bar.right + 4, y: y), .axis))
            canvas.draw(tick.text, at: Place(x: bar.right + 8, y: y + 4.5), .start, .mutedText)
        }
    }
}
