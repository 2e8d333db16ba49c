// How TensorBoard's page of custom scalars is laid out.

import Messages
import SwiftProtobuf

/// The charts of the page of custom scalars.
///
///     let layout = ScalarLayout([
///         .init("losses", [.lines("all", tags: ["loss.*"]), .margin("error", [.init("mean", "low", "high")])])
///     ])
///     writer.layout(layout)
public struct ScalarLayout: Hashable, Sendable {
    public struct Category: Hashable, Sendable {
        public let title: String
        public let charts: [Chart]
        /// Whether it is shown folded up at first.
        public let isClosed: Bool

        public init(_ title: String, _ charts: [Chart], isClosed: Bool = false) {
            self.title = title
            self.charts = charts
            self.isClosed = isClosed
        }
    }

    public enum Chart: Hashable, Sendable {
        /// A line for each scalar whose tag one of the regular expressions fits.
        case lines(String, tags: [String])
        /// Lines with margins around them.
        case margin(String, [Margin])
    }

    /// The tags of a line and of its margins.
    public struct Margin: Hashable, Sendable {
        public let value: String
        public let lower: String
        public let upper: String

        public init(_ value: String, _ lower: String, _ upper: String) {
            self.value = value
            self.lower = lower
            self.upper = upper
        }
    }

    public let categories: [Category]

    public init(_ categories: [Category]) { self.categories = categories }

    /// The tag under which the page looks for it.
    static let tag = "custom_scalars__config__"
}

extension ScalarLayout {
    init(_ message: Tensorboard_Layout) {
        categories = message.category.map { category in
            let charts = category.chart.map { chart in
                switch chart.content {
                case .margin(let margin):
                    return Chart.margin(chart.title, margin.series.map { Margin($0.value, $0.lower, $0.upper) })
                case .multiline(let lines): return .lines(chart.title, tags: lines.tag)
                case nil: return .lines(chart.title, tags: [])
                }
            }
            return Category(category.title, charts, isClosed: category.closed)
        }
    }

    var message: Tensorboard_Layout {
        .with {
            $0.category = categories.map { category in
                .with {
                    $0.title = category.title
                    $0.closed = category.isClosed
                    $0.chart = category.charts.map { Self.message($0) }
                }
            }
        }
    }

    private static func message(_ chart: Chart) -> Tensorboard_Chart {
        .with {
            switch chart {
            case .lines(let title, let tags):
                $0.title = title
                $0.multiline.tag = tags
            case .margin(let title, let series):
                $0.title = title
                $0.margin.series = series.map { margin in
                    .with { ($0.value, $0.lower, $0.upper) = (margin.value, margin.lower, margin.upper) }
                }
            }
        }
    }
}
