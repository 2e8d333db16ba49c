// What all charts with two axes have in common: panels one above the other, with layers of lines, bars or steps.

/// A chart with axes, ready to be laid out.
struct Plot {
    /// Something drawn between the axes.
    struct Layer {
        enum Kind {
            case line(Series)
            /// Bars from 0 to a height; `left` and `right` are numbers on the x axis.
            case bars(left: [Double], right: [Double], heights: [Double])
            /// An outline from 0 to a height between each edge and the next.
            case steps(edges: [Double], heights: [Double])
        }

        var name: String
        var kind: Kind

        init(name: String, _ kind: Kind) { (self.name, self.kind) = (name, kind) }
    }

    struct Panel {
        var yLabel: String
        var yStyle: AxisStyle
        var layers: [Layer]
    }

    var title: String
    var xLabel: String
    var xStyle: AxisStyle
    /// Names at 0, 1, 2, ... instead of numbers on the x axis.
    var categories: [String]?
    /// The numbers at the ends of the x axis, where they are not those of the layers.
    var xRange: ClosedRange<Double>?
    var panels: [Panel] = []
    var panelHeight: Int?
    /// Whether each bar has its height written above it.
    var hasBarTexts = false

    init(title: String, xLabel: String, xStyle: AxisStyle = .linear) {
        (self.title, self.xLabel, self.xStyle) = (title, xLabel, xStyle)
    }

    /// The layers of all panels.
    var layers: [Layer] { panels.flatMap(\.layers) }
}

extension Plot.Layer {
    /// Whether the layer's last value is to be written beside its end.
    var hasEnd: Bool {
        if case .line(let series) = kind { return series.style.hasLine }
        return false
    }

    /// Whether what is drawn stands on 0.
    var standsOnZero: Bool {
        if case .line(let series) = kind { return series.style.hasArea }
        return true
    }

    /// Calls a function with each point that the axes must have room for.
    func forEachPoint(_ body: (Double, Double) -> Void) {
        switch kind {
        case .line(let series):
            for index in 0..<min(series.x.count, series.y.count) { body(series.x[index], series.y[index]) }
        case .bars(let left, let right, let heights):
            for index in heights.indices {
                body(left[index], heights[index])
                body(right[index], heights[index])
            }
        case .steps(let edges, let heights):
            for index in heights.indices {
                body(edges[index], heights[index])
                body(edges[index + 1], heights[index])
            }
        }
    }

    /// The range of the points that can be drawn; nil where there are none.
    func range(_ xStyle: AxisStyle, _ yStyle: AxisStyle) -> (x: ClosedRange<Double>, y: ClosedRange<Double>)? {
        var (x, y) = ((low: Double.infinity, high: -Double.infinity), (low: Double.infinity, high: -Double.infinity))
        forEachPoint { a, b in
            guard Scale.isDrawable(a, xStyle), Scale.isDrawable(b, yStyle) else { return }
            x = (min(x.low, a), max(x.high, a))
            y = (min(y.low, b), max(y.high, b))
        }
        guard x.low <= x.high else { return nil }
        if standsOnZero, !yStyle.isLogarithmic { y = (min(y.low, 0), max(y.high, 0)) }
        return (x.low...x.high, y.low...y.high)
    }
}

/// The least range that contains all; nil where there are none.
func union(_ ranges: [ClosedRange<Double>]) -> ClosedRange<Double>? {
    guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else { return nil }
    return low...high
}
