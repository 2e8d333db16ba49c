// Every kind of chart: what it shows, labels that do not cover each other, and mistakes with their texts.

import Foundation
import PNGFiles
import Tensors
import Testing

@testable import Charts

/// Numbers that look random.
private func noise(_ count: Int) -> [Double] {
    var state: UInt64 = 7
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 40) / Double(1 << 24) - 0.5
    }
}

private func message(_ body: () throws(ChartError) -> Void) -> String {
    do throws(ChartError) {
        try body()
        return "no error"
    } catch {
        return error.description
    }
}

struct ChartKindsTests {
    private static let names = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]

    static let charts: [(String, any Chart)] = [
        (
            "training",
            LineChart(
                title: "Cost and accuracy", xLabel: "epoch",
                panels: [
                    Panel(
                        yLabel: "cost",
                        series: (0..<9).map { line in
                            Series("network \(line)", y: (1...12).map { 1 / Double($0) + Double(line) / 90 }, from: 1)
                        }),
                    Panel(yLabel: "accuracy", yStyle: .percent, series: [Series("network 0", y: [0.5, 0.9, 0.95])]),
                ])
        ),
        (
            "large numbers",
            LineChart(
                title: "Steps", xLabel: "step", yStyle: .logarithmic,
                series: [Series("a", x: [0, 12_345_678, 98_765_432], y: [1e-9, 3, 7e12])])
        ),
        (
            "scatter",
            LineChart(title: "Points", xLabel: "x", series: [Series("p", x: noise(500), y: noise(500), style: .points)])
        ),
        ("area", LineChart(title: "Area", xLabel: "x", series: [Series("p", y: [1, 3, 2], style: .area)])),
        (
            "histogram",
            Histogram(title: "Weights", xLabel: "w", values: [("before", noise(900)), ("after", noise(300))])
        ),
        ("bars", BarChart(title: "Counts", labels: names, values: (0..<10).map { Double($0 * 700) - 900 })),
        (
            "confusion",
            HeatMap(
                title: "Confusion", xLabel: "predicted", yLabel: "label",
                rows: (0..<10).map { row in (0..<10).map { row == $0 ? 950 : Double(row * $0) } }, rowLabels: names,
                columnLabels: names, hasValues: true)
        ),
        (
            "inverse",
            HeatMap(
                title: "Inverse", rows: (0..<60).map { row in noise(60).map { $0 * Double(row) } },
                rowLabels: (0..<60).map(String.init), columnLabels: (0..<60).map(String.init), colours: .diverging)
        ),
        (
            "images",
            ImageGrid(
                title: "Images", noise(30 * 8 * 8), shape: [30, 8, 8],
                captions: (0..<30).map { "a caption of image \($0)" }, colours: .diverging)
        ),
        (
            "figure",
            Figure(
                title: "Four charts",
                [
                    LineChart(title: "Loss", xLabel: "epoch", series: [Series("loss", y: [3, 2, 1])]),
                    Histogram(title: "Weights", xLabel: "w", noise(100)),
                    BarChart(title: "Counts", labels: names, values: noise(10)),
                    ImageGrid(title: "Images", noise(64), shape: [1, 8, 8]),
                ])
        ),
    ]

    @Test(arguments: charts.indices)
    func everyKindIsWellFormedAndDrawnTheSameTwice(index: Int) throws {
        let (name, chart) = Self.charts[index]
        let svg = try chart.svg()
        #expect(elements(of: svg) != nil, "\(name)")
        #expect(try chart.svg() == svg)
        let bitmap = try chart.bitmap(look: .light, width: 480, scale: 1)
        #expect(try chart.bitmap(look: .light, width: 480, scale: 1) == bitmap)
        #expect(bitmap[0, 0] == Tones.light.background)
        let dark = try chart.bitmap(look: .dark, width: 480, scale: 1)
        #expect(dark[0, 0] == Tones.dark.background && dark != bitmap)
        let double = try chart.bitmap(look: .light, width: 480, scale: 2)
        #expect(double.width == 2 * bitmap.width && double.height == 2 * bitmap.height)
    }

    @Test(arguments: charts.indices, [340.0, 560, 860, 1600])
    func noLabelCoversAnother(index: Int, width: Double) throws {
        let (name, chart) = Self.charts[index]
        let canvas = try chart.canvas(width: width)
        let labels = canvas.labels.filter { $0.angle == 0 }
        for (place, label) in labels.enumerated() {
            for other in labels[(place + 1)...] where label.box.overlaps(other.box) {
                // Lines of legends and titles stand closely.
                let rows = abs(label.place.y - other.place.y)
                #expect(rows >= 9, "\(name) at \(width): \"\(label.text)\" and \"\(other.text)\"")
            }
            let box = label.box
            #expect(box.x > 0 && box.right < width + 4 && box.bottom <= canvas.height, "\(name): \(label.text)")
        }
    }

    // MARK: Values

    @Test func valuesAreCountedInTheirBins() throws {
        let histogram = Histogram(title: "", xLabel: "", values: [])
        #expect(histogram.count([0, 0.5, 1, 1.5, 2, 3, -1], [0, 1, 2]) == [2, 3])
        var density = histogram
        density.isDensity = true
        #expect(density.count([0.5, 1.5, 1.6, 3], [0, 1, 4]) == [0.25, 0.25])
        #expect(try Bins.count(4).edges(for: [0, 8]) == [0, 2, 4, 6, 8])
        // NumPy: len(np.histogram_bin_edges(np.arange(1000.), "auto")) is 12.
        #expect(try Bins.automatic.edges(for: (0..<1000).map(Double.init)).count == 12)
        #expect(try Bins.automatic.edges(for: [3, 3, 3]) == [2.5, 3.5])
        #expect(try Bins.automatic.edges(for: []) == [0, 1])
        #expect(try Bins.automatic.edges(for: [0, 1e-9, 1] + Array(repeating: 0, count: 100_000)).count < 203)
    }

    @Test func cellsHaveTheColoursOfTheirNumbers() throws {
        let map = HeatMap(title: "", rows: [[0, 1], [.nan, 0.5]])
        let canvas = try map.canvas(width: 400)
        let colours = canvas.marks.compactMap { mark -> RGB? in
            if case .rectangle(_, .fixed(let colour), _) = mark { return colour }
            return nil
        }
        let all = ColourMap.sequential.colours
        #expect(colours == [all[0], all[255], ColourMap.missing, all[128]])
    }

    @Test func cellsAreWrittenWithEquallyManyDecimals() throws {
        func texts(_ rows: [[Double]]) throws -> [String] {
            try HeatMap(title: "", rows: rows, hasValues: true).canvas(width: 500).labels.filter { $0.size == 12 }
                .map(\.text)
        }
        #expect(try texts([[1, 0.00002], [-0.251, .nan]]) == ["1.00", "0.00", "\u{2212}0.25", "–"])
        #expect(try texts([[980, 3]]) == ["980", "3"])
        #expect(try texts([[98.5, 3]]) == ["98.5", "3.0"])
        #expect(try texts([[0, 0]]) == ["0", "0"])
    }

    @Test func imagesAreMagnifiedByWholeNumbers() throws {
        let grid = ImageGrid(title: "", [0, 1, 1, 0], shape: [1, 2, 2], magnification: 5)
        let bitmap = try grid.bitmap(look: .light, width: 320, scale: 1)
        // The title is empty: the image begins at the margin and 10 below it.
        let (x, y) = (Int(Canvas.margin), Int(Canvas.margin) + 10)
        for row in 0..<10 {
            for column in 0..<10 {
                let expected: UInt8 = (row / 5 == column / 5) ? 0 : 255
                #expect(bitmap[x + column, y + row].red == expected, "\(column), \(row)")
            }
        }
        #expect(bitmap[x + 10, y] == Tones.light.background)
    }

    @Test func imagesHaveOwnSharedOrGivenEnds() throws {
        func reds(_ normalisation: ImageNormalisation, _ shape: [Int] = [2, 1, 2]) throws -> [UInt8] {
            let count = shape.reduce(1, *)
            let values: [Double] = (0..<count).map { $0 < 4 ? [0, 1, 0, 4][$0] : 2 }
            let canvas = try ImageGrid(title: "", values, shape: shape, normalisation: normalisation)
                .canvas(width: 320)
            return canvas.marks.flatMap { mark -> [UInt8] in
                guard case .image(let bitmap, _) = mark else { return [] }
                return stride(from: 0, to: bitmap.bytes.count, by: 3).map { bitmap.bytes[$0] }
            }
        }
        #expect(try reds(.own) == [0, 255, 0, 255])
        #expect(try reds(.shared) == [0, 64, 0, 255])
        #expect(try reds(.range(0...2)) == [0, 128, 0, 255])
        #expect(try reds(.range(0...4), [1, 1, 2, 3]) == [0, 255])
    }

    @Test func arraysAreTakenAsTheyAre() throws {
        let matrix = try NDArray<Float>(shape: [2, 3], [1, 2, 3, 4, 5, 6])
        #expect(try HeatMap(title: "", matrix).rows == [[1, 2, 3], [4, 5, 6]])
        #expect(ImageGrid(title: "", try NDArray<Float>(shape: [1, 1, 2], [1, 2])).shape == [1, 1, 2])
        let vector = try NDArray<Float>(shape: [2], [1, 2])
        #expect(
            message { () throws(ChartError) in _ = try HeatMap(title: "", vector) }.contains(
                "not an array of shape [2]"))
    }

    // MARK: Mistakes and limits

    static let mistakes: [(any Chart, String)] = [
        (HeatMap(title: "", rows: [[1, 2], [3]]), "row 1 of the matrix has 1 numbers, row 0 has 2"),
        (HeatMap(title: "", rows: [[1, 2]], rowLabels: ["a", "b"]), "there are 2 labels for 1 rows"),
        (ImageGrid(title: "", [1], shape: [1, -1, -1]), "not [1, -1, -1]"),
        (ImageGrid(title: "", [1], shape: [1]), "images have the shape [count, height, width]"),
        (ImageGrid(title: "", [1, 2], shape: [1, 1, 1]), "images of shape [1, 1, 1] have 1 numbers, but there are 2"),
        (ImageGrid(title: "", [], shape: [1, 1, 1, 2]), "an image has 1 channel or 3, not 2"),
        (ImageGrid(title: "", [], shape: [Int.max, 2, 2]), "too large"),
        (ImageGrid(title: "", [1], shape: [1, 1, 1], captions: ["a", "b"]), "there are 2 captions for 1 images"),
        (ImageGrid(title: "", [1], shape: [1, 1, 1], magnification: -3), "images cannot have -3 pixels for each"),
        (
            ImageGrid(title: "", Array(repeating: 0, count: 20_000), shape: [20_000, 1, 1]),
            "pixels' height"
        ),
        (Histogram(title: "", xLabel: "", values: [("a", [1])], bins: .count(0)), "a histogram cannot have 0 bins"),
        (Histogram(title: "", xLabel: "", values: [("a", [1])], bins: .edges([1, 1])), "do not grow"),
        (BarChart(title: "", labels: ["a"], values: [1, 2]), "\"values\" has 2 values for 1 labels"),
        (BarChart(title: "", yStyle: .logarithmic, labels: ["a"], values: [-1]), "no place on a logarithmic axis"),
        (Figure([], columnCount: 0), "a figure cannot have 0 columns"),
    ]

    @Test(arguments: mistakes.indices)
    func aMistakeIsSaid(index: Int) {
        let (chart, text) = Self.mistakes[index]
        let found = message { () throws(ChartError) in _ = try chart.svg() }
        #expect(found.contains(text), "\(found)")
    }

    @Test func theEndingDecidesTheFormat() throws {
        let chart = ImageGrid(title: "", [0, 1], shape: [1, 1, 2])
        let folder = FileManager.default.temporaryDirectory.path + "/charts-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try chart.write(to: folder + "/a.PNG")
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder + "/a.PNG")).prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
        try chart.write(to: folder + "/a.svg")
        #expect(try String(contentsOfFile: folder + "/a.svg", encoding: .utf8).contains("data:image/png;base64,iVBOR"))
        let found = message { () throws(ChartError) in try chart.write(to: folder + "/a.pdf") }
        #expect(found.contains("a.pdf: the chart cannot be written: the name's ending says neither .svg nor .png"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/a.pdf"))
        let nameless = message { () throws(ChartError) in try chart.write(to: folder + "/") }
        #expect(nameless.contains("the path names no file\n    hint: add a name to it, such as \(folder)/chart.svg"))
    }

    @Test func aPictureWithTooManyPixelsIsRefused() {
        let rows = (0..<9).map { Panel(yLabel: "\($0)", series: []) }
        var chart = LineChart(title: "", xLabel: "", panels: rows)
        chart.panelHeight = 2048
        let found = message { () throws(ChartError) in _ = try chart.png(width: 4096, scale: 4) }
        #expect(found.contains("the picture would have 16384 ×"))
    }

    @Test func aHundredThousandPointsStaySmall() throws {
        let values = noise(100_000)
        for style in [SeriesStyle.line, .points, .area, .markedLine] {
            let chart = LineChart(title: "t", xLabel: "x", series: [Series("a", y: values, style: style)])
            let canvas = try chart.canvas(width: 860)
            #expect(canvas.marks.count < 80_000)
        }
    }

    @Test func textsOfTheUserAreMadeHarmless() throws {
        let odd = "<&\"']]>\u{0}\u{FFFE}"
        let svg = try BarChart(title: odd, xLabel: odd, labels: [odd], values: [(odd, [1]), (odd + "2", [2])]).svg()
        #expect(elements(of: svg) != nil)
    }

    @Test(arguments: [
        ([UInt8](), ""), ([102], "Zg=="), ([102, 111], "Zm8="), ([102, 111, 111], "Zm9v"),
        ([255, 254, 253, 252], "//79/A=="),
    ])
    func bytesAreWrittenInBase64(bytes: [UInt8], expected: String) {
        #expect(base64(bytes) == expected)
    }

    /// Python reads the pixels that were written.
    @Test func anotherReaderFindsThePixels() throws {
        let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first { FileManager.default.fileExists(atPath: $0) }
        guard let python else {
            print("skipped: no python3 on this machine")
            return
        }
        let path = FileManager.default.temporaryDirectory.path + "/charts-\(UUID().uuidString).png"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let chart = BarChart(title: "Pixels", labels: ["a", "b"], values: [3, 5])
        try chart.write(to: path, width: 400, scale: 1)
        let bitmap = try chart.bitmap(look: .light, width: 400, scale: 1)
        let program = """
            import struct, sys, zlib
            data = open(sys.argv[1], "rb").read()
            place, parts = 8, b""
            while place < len(data):
                length, = struct.unpack(">I", data[place:place + 4])
                name, body = data[place + 4:place + 8], data[place + 8:place + 8 + length]
                assert zlib.crc32(name + body) == struct.unpack(">I", data[place + 8 + length:place + 12 + length])[0]
                if name == b"IHDR": width, height = struct.unpack(">II", body[:8])
                if name == b"IDAT": parts += body
                place += 12 + length
            rows, stride, above, pixels = zlib.decompress(parts), 3 * width + 1, bytes(3 * width), b""
            for start in range(0, len(rows), stride):
                assert rows[start] == 2
                above = bytes((a + b) & 255 for a, b in zip(rows[start + 1:start + stride], above))
                pixels += above
            print(width, height, zlib.crc32(pixels))
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", program, path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(output == "\(bitmap.width) \(bitmap.height) \(checksum(bitmap.bytes))\n")
    }

    /// CRC-32 as zlib has it, bit by bit.
    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value: UInt32 = 0xffff_ffff
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = value & 1 == 1
                value >>= 1
                if isOdd { value ^= 0xedb8_8320 }
            }
        }
        return value ^ 0xffff_ffff
    }
}
