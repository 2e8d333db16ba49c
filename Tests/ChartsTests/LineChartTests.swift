// Whole charts: well-formed documents for whatever they are given, and the parts a reader expects.

import Foundation
import Testing

@testable import Charts

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The number of elements of each kind in a document; nil where it is not well-formed XML.
func elements(of document: String) -> [String: Int]? {
    final class Counter: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            counts[name, default: 0] += 1
        }
    }
    let counter = Counter()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = counter
    return parser.parse() ? counter.counts : nil
}

struct LineChartTests {
    private static let training = Series("training", x: [1, 2, 3], y: [0.9, 0.5, 0.3])
    private static let validation = Series("validation", x: [1, 2, 3], y: [0.8, 0.6, 0.5])

    private func lines(_ svg: String, containing text: String) -> [Substring] {
        svg.split(separator: "\n").filter { $0.contains(text) }
    }

    @Test func aChartHasItsTitleLabelsAndLines() throws {
        let svg = try LineChart(
            title: "Cost & accuracy <per epoch>", xLabel: "epoch", yLabel: "cost",
            series: [Self.training, Self.validation]
        ).svg()
        let counts = try #require(elements(of: svg))
        #expect(counts["svg"] == 1 && counts["title"] == 1)
        for text in ["Cost &amp; accuracy &lt;per epoch&gt;", ">epoch<", ">cost<", ">training<", ">validation<"] {
            #expect(svg.contains(text), "\(text)")
        }
        // Two lines and their two samples in the legend.
        #expect(lines(svg, containing: "class=\"line ").count == 4)
        // The last values.
        #expect(svg.contains(">0.3<") && svg.contains(">0.5<"))
    }

    @Test func oneLineNeedsNoLegend() throws {
        let svg = try LineChart(title: "t", xLabel: "x", yLabel: "y", series: [Self.training]).svg()
        #expect(!svg.contains(">training<"))
        #expect(lines(svg, containing: "class=\"line ").count == 1)
    }

    @Test func aNameHasOneColourInAllPanels() throws {
        let panels = [
            Panel(yLabel: "a", series: [Self.training, Self.validation]), Panel(yLabel: "b", series: [Self.validation]),
        ]
        let svg = try LineChart(title: "t", xLabel: "x", panels: panels).svg()
        #expect(lines(svg, containing: "class=\"line line0\"").count == 2)
        #expect(lines(svg, containing: "class=\"line line1\"").count == 3)
        #expect(lines(svg, containing: ">x<").count == 1)
    }

    static let odd: [(String, [Series])] = [
        ("no series", []),
        ("an empty series", [Series("a", y: [])]),
        ("one point", [Series("a", y: [3], from: 1)]),
        ("nothing finite", [Series("a", y: [.nan, .infinity, -.infinity])]),
        ("equal values", [Series("a", y: [2, 2, 2])]),
        ("equal places", [Series("a", x: [4, 4], y: [1, 2])]),
        ("the greatest numbers", [Series("a", x: [1e308, 1e299, 0], y: [1e308, 1e299, 1])]),
        (
            "the least numbers",
            [Series("a", x: [0, .leastNonzeroMagnitude, 1e-300], y: [.leastNonzeroMagnitude, 0, 1e-300])]
        ),
        ("falling places", [Series("a", x: [3, 2, 1], y: [1, 2, 3])]),
        ("twenty names", (0..<20).map { Series("series \($0)", y: [Double($0), 1]) }),
        (
            "odd names",
            [
                Series("]]>\u{0}\u{1F}\"'&<svg>", x: [1], y: [1]), Series("", x: [1], y: [2]),
                Series("数字", x: [2], y: [3]),
            ]
        ),
    ]

    @Test(arguments: odd.indices)
    func everySeriesGivesAWellFormedChart(index: Int) throws {
        let (name, series) = Self.odd[index]
        for style in [AxisStyle.linear, .logarithmic, .percent] {
            for xStyle in [AxisStyle.linear, .logarithmic] {
                let chart = LineChart(
                    title: name, xLabel: "x", yLabel: "y", xStyle: xStyle, yStyle: style, series: series)
                for look in [Look.automatic, .light, .dark] {
                    let svg = try chart.svg(look: look)
                    #expect(elements(of: svg) != nil, "\(name)")
                    #expect(!svg.contains("nan") && !svg.contains("inf"), "\(name)")
                }
                let bitmap = try chart.bitmap(look: .light, width: 400, scale: 1)
                #expect(bitmap.width == 400 && bitmap.bytes.contains { $0 < 128 }, "\(name)")
            }
        }
    }

    @Test func aChartWithoutPanelsIsWellFormed() throws {
        #expect(elements(of: try LineChart(title: "", xLabel: "", panels: []).svg()) != nil)
    }

    @Test(arguments: [(Int.min, Int.min, 320), (0, 0, 320), (500, 100, 500), (Int.max, Int.max, 4096)])
    func sizesAreLimited(width: Int, panelHeight: Int, expected: Int) throws {
        var chart = LineChart(title: "t", xLabel: "x", series: [Self.training])
        chart.panelHeight = panelHeight
        let svg = try chart.svg(width: width)
        #expect(svg.contains("width=\"\(expected)\""))
        #expect(elements(of: svg) != nil)
    }

    @Test func theLookDecidesTheStyleSheet() throws {
        let chart = LineChart(title: "t", xLabel: "x", series: [Self.training])
        let automatic = try chart.svg()
        #expect(automatic.contains("prefers-color-scheme: dark"))
        #expect(automatic.contains("#ffffff") && automatic.contains("#0d1117"))
        #expect(try !chart.svg(look: .light).contains("#0d1117"))
        #expect(try !chart.svg(look: .dark).contains("#ffffff"))
    }

    @Test func aLongSeriesMakesASmallChartThatKeepsItsExtremes() throws {
        var values = (0..<200_000).map { Double($0 % 7) }
        values[123_456] = 50
        let chart = LineChart(title: "t", xLabel: "x", series: [Series("a", y: values)])
        #expect(try chart.svg().utf8.count < 250_000)
        // The spike reaches the axis's end, 50, which is the top of the plot.
        let canvas = try chart.canvas(width: 860)
        var (top, highest) = (Double.infinity, Double.infinity)
        for mark in canvas.marks {
            if case .rule(let start, _, .grid) = mark { top = min(top, start.y) }
            if case .area(let corners, _, _) = mark { highest = min(highest, corners.map(\.y).min() ?? highest) }
        }
        #expect(abs(top - highest) < 1)
    }

    @Test func whatHasNoPlaceOnALogarithmicAxisIsSaid() {
        func message(_ series: Series, _ style: AxisStyle = .logarithmic) -> String? {
            do throws(ChartError) {
                _ = try LineChart(title: "t", xLabel: "x", yStyle: style, series: [series]).svg()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(
            message(Series("loss", y: [1, 0.5, -2]))
                == """
                the chart cannot be written: series "loss" has y[2] = -2.0, which has no place on a logarithmic axis
                    hint: draw the sizes of the numbers, or use a linear axis
                """)
        #expect(message(Series("loss", y: [0, 0]))?.contains("has no positive y") == true)
        // A loss that becomes too small for its type leaves a gap.
        #expect(message(Series("loss", y: [1, 0.5, 0])) == nil)
        #expect(message(Series("loss", y: [1, -1]), .linear) == nil)
        #expect(
            message(Series("loss", x: [1, 2, 3], y: [1]))?.contains("series \"loss\" has 3 x and 1 y") == true)
    }

    // MARK: Files

    @Test func aChartIsWrittenAndReplaced() throws {
        let path = FileManager.default.temporaryDirectory.path + "/charts-tests-\(UUID().uuidString).svg"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try String(repeating: "x", count: 100_000).write(toFile: path, atomically: true, encoding: .utf8)
        let chart = LineChart(title: "t", xLabel: "x", series: [Self.training])
        try chart.write(to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == chart.svg())
    }

    @Test func aFolderThatIsNotThereIsSaid() {
        let chart = LineChart(title: "t", xLabel: "x", series: [])
        do throws(ChartError) {
            try chart.write(to: "/nonexistent/chart.svg")
            Issue.record("the chart was written")
        } catch {
            #expect(error.path == "/nonexistent/chart.svg")
            #expect(error.reason == "No such file or directory")
            #expect(error.description.contains("hint: check that the folder exists"))
        }
    }
}

struct LinePathTests {
    private func path(_ points: [(Double, Double)?]) -> LinePath {
        LinePath(count: points.count) { index in points[index].map { Place(x: $0.0, y: $0.1) } }
    }

    @Test func gapsCutTheLine() {
        let line = path([(0, 1), (10, 2), nil, (30, 3), nil, nil, (60, 4), (70, 5)])
        #expect(line.stretches.map(\.count) == [2, 1, 2])
        #expect(line.dots(atMost: 3) == [Place(x: 30, y: 3)])
        #expect(line.dots(atMost: 5).count == 5)
        #expect(line.end == Place(x: 70, y: 5))
        #expect(line.valueCount == 5)
    }

    @Test func aColumnKeepsFirstLeastGreatestAndLastInOrder() {
        let line = path([(0, 5), (0.1, 9), (0.2, 6), (0.3, 1), (0.4, 7), (5, 2)])
        #expect(
            line.stretches == [
                [0, 1, 3, 4, 5].map {
                    [
                        Place(x: 0, y: 5), Place(x: 0.1, y: 9), Place(x: 0.2, y: 6),
                        Place(x: 0.3, y: 1), Place(x: 0.4, y: 7), Place(x: 5, y: 2),
                    ][$0]
                }
            ])
    }

    @Test func theCourseIsTheAverageOfAColumn() {
        let line = path([(0, 1), (1, 3), (2, 5), (10, 4), (11, 6)])
        #expect(line.course(columnWidth: 10) == [[Place(x: 1, y: 3), Place(x: 10.5, y: 5)]])
    }

    @Test func anEmptyLineHasNoEnd() {
        #expect(path([]).end == nil && path([nil, nil]).stretches.isEmpty)
    }
}
