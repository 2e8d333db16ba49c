// Histograms and bar charts: what a user describes, and the counting of values.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a histogram's range is cut into bins.
public struct Bins: Hashable, Sendable {
    private enum Rule: Hashable, Sendable {
        case automatic
        case count(Int)
        case edges([Double])
    }

    private let rule: Rule

    /// As many as the data bear: the more of Sturges's and Freedman and Diaconis's counts, from 1 to 200.
    ///
    /// - Source: what NumPy calls `auto`.
    public static let automatic = Bins(rule: .automatic)
    /// A number of bins of equal width between the least and the greatest value, from 1 to 10,000.
    public static func count(_ count: Int) -> Bins { Bins(rule: .count(count)) }
    /// Bins between edges, which must grow; what is outside of them is not counted.
    public static func edges(_ edges: [Double]) -> Bins { Bins(rule: .edges(edges)) }

    /// The edges for values, which are finite.
    func edges(for values: [Double]) throws(ChartError) -> [Double] {
        var number = 0
        switch rule {
        case .edges(let edges):
            guard edges.count >= 2, edges.allSatisfy({ $0.magnitude < Scale.greatest }),
                zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
            else {
                throw ChartError(
                    "the edges \(shortened("\(edges)", width: 300)) of the bins do not grow",
                    hint: "give two edges or more, each greater than the one before")
            }
            return edges
        case .count(let count):
            guard (1...10_000).contains(count) else {
                throw ChartError("a histogram cannot have \(count) bins", hint: "ask for 1 to 10,000")
            }
            number = count
        case .automatic: number = Self.count(for: values)
        }
        guard var low = values.min(), var high = values.max() else { return [0, 1] }
        // Equal values stand in the middle of one bin.
        if high - low <= max(high.magnitude, low.magnitude) * 1e-12 {
            let margin = max(0.5, low.magnitude * 1e-6)
            (low, high, number) = (low - margin, high + margin, rule == .automatic ? 1 : number)
        }
        let width = (high - low) / Double(number)
        return (0...number).map { $0 == number ? high : low + Double($0) * width }
    }

    private static func count(for values: [Double]) -> Int {
        guard values.count > 1 else { return 1 }
        let sorted = values.sorted()
        let span = sorted[sorted.count - 1] - sorted[0]
        let quartiles = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
        let width = 2 * quartiles / cbrt(Double(sorted.count))
        let sturges = log2(Double(sorted.count)) + 1
        let spread = width > 0 && span.isFinite ? span / width : 0
        return Int(min(max(sturges, spread.isFinite ? spread : 0), 200).rounded(.up))
    }
}

/// How often values of some sizes occur, for one list of values or several, one over the other.
///
///     Histogram(title: "Weights of the first layer", xLabel: "weight", values: [("before", w0), ("after", w1)])
public struct Histogram: Chart {
    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var yStyle: AxisStyle
    /// The values by name. What is not a finite number is not counted.
    public var values: [(name: String, values: [Double])]
    /// The bins, which all lists share.
    public var bins: Bins
    /// Whether the areas are 1 for each list; otherwise heights are counts.
    public var isDensity: Bool

    public init(
        title: String, xLabel: String, yLabel: String? = nil, yStyle: AxisStyle = .linear,
        values: [(name: String, values: [Double])], bins: Bins = .automatic, isDensity: Bool = false
    ) {
        (self.title, self.xLabel, self.yStyle) = (title, xLabel, yStyle)
        (self.values, self.bins, self.isDensity) = (values, bins, isDensity)
        self.yLabel = yLabel ?? (isDensity ? "density" : "count")
    }

    /// A histogram of one list of values.
    public init(title: String, xLabel: String, _ values: [Double], bins: Bins = .automatic) {
        self.init(title: title, xLabel: xLabel, values: [("values", values)], bins: bins)
    }

    /// Draws the chart: see `Chart`.
    ///
    /// - Errors: bins that make no sense.
    public func canvas(width: Double) throws(ChartError) -> Canvas {
        let finite = values.map { $0.values.filter { $0.magnitude < Scale.greatest } }
        let edges = try bins.edges(for: finite.flatMap { $0 })
        var plot = Plot(title: title, xLabel: xLabel)
        plot.xRange = edges[0]...edges[edges.count - 1]
        var panel = Plot.Panel(yLabel: yLabel, yStyle: yStyle, layers: [])
        for ((name, _), numbers) in zip(values, finite) where !numbers.isEmpty {
            let counts = count(numbers, edges)
            panel.layers.append(Plot.Layer(name: name, .steps(edges: edges, heights: counts)))
        }
        plot.panels = [panel]
        return PlotDrawing(plot, width: width).drawn()
    }

    /// How many values lie between each edge and the next; the last edge belongs to the last bin.
    func count(_ values: [Double], _ edges: [Double]) -> [Double] {
        var counts = Array(repeating: 0.0, count: edges.count - 1)
        for value in values where value >= edges[0] && value <= edges[edges.count - 1] {
            var (low, high) = (0, edges.count - 1)
            while high - low > 1 {
                let middle = (low + high) / 2
                if value >= edges[middle] { low = middle } else { high = middle }
            }
            counts[low] += 1
        }
        let total = counts.reduce(0, +)
        guard isDensity, total > 0 else { return counts }
        return counts.indices.map { counts[$0] / total / (edges[$0 + 1] - edges[$0]) }
    }
}

/// Bars over names, one for each or several side by side.
///
///     BarChart(title: "Test images by digit", labels: (0...9).map(String.init), values: counts)
public struct BarChart: Chart {
    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var yStyle: AxisStyle
    /// What stands below the bars.
    public var labels: [String]
    /// The heights by name; each list has one for every label. What is not a finite number has no bar.
    public var values: [(name: String, values: [Double])]

    public init(
        title: String, xLabel: String = "", yLabel: String = "", yStyle: AxisStyle = .linear, labels: [String],
        values: [(name: String, values: [Double])]
    ) {
        (self.title, self.xLabel, self.yLabel, self.yStyle) = (title, xLabel, yLabel, yStyle)
        (self.labels, self.values) = (labels, values)
    }

    /// A chart with one bar for each label.
    public init(
        title: String, xLabel: String = "", yLabel: String = "", yStyle: AxisStyle = .linear, labels: [String],
        values: [Double]
    ) {
        self.init(
            title: title, xLabel: xLabel, yLabel: yLabel, yStyle: yStyle, labels: labels, values: [("values", values)])
    }

    /// Draws the chart: see `Chart`.
    ///
    /// - Errors: a list that has not one value for every label; negative values where the axis is logarithmic.
    public func canvas(width: Double) throws(ChartError) -> Canvas {
        var panel = Plot.Panel(yLabel: yLabel, yStyle: yStyle, layers: [])
        for (place, (name, heights)) in values.enumerated() {
            guard heights.count == labels.count else {
                throw ChartError("\"\(name)\" has \(heights.count) values for \(labels.count) labels")
            }
            if yStyle.isLogarithmic, let index = heights.firstIndex(where: { $0 < 0 }) {
                throw ChartError(
                    "\"\(name)\" is \(heights[index]) at \"\(labels[index])\", which has no place on a logarithmic axis"
                )
            }
            // All bars of a label take three quarters of its room.
            let barWidth = 0.75 / Double(values.count)
            let left = labels.indices.map { Double($0) - 0.375 + Double(place) * barWidth }
            let right = left.map { $0 + barWidth * (values.count > 1 ? 0.94 : 1) }
            panel.layers.append(Plot.Layer(name: name, .bars(left: left, right: right, heights: heights)))
        }
        var plot = Plot(title: title, xLabel: xLabel)
        plot.categories = labels
        plot.xRange = -0.5...(Double(max(labels.count, 1)) - 0.5)
        plot.hasBarTexts = true
        plot.panels = [panel]
        return PlotDrawing(plot, width: width).drawn()
    }
}
