// What every chart can do: become an SVG document, pixels, or a file.

import PNGFiles

/// A figure that can be written as SVG and as PNG.
///
///     try LineChart(title: "Loss", xLabel: "step", series: [Series("loss", y: losses)]).write(to: "loss.png")
public protocol Chart: Sendable {
    /// Draws the chart.
    ///
    /// - Parameter width: in pixels; `Canvas` grows as high as the chart needs it.
    /// - Errors: `ChartError` where what is to be drawn makes no sense.
    func canvas(width: Double) throws(ChartError) -> Canvas

    /// The width that suits the chart, in pixels.
    var naturalWidth: Int { get }
}

extension Chart {
    public var naturalWidth: Int { 860 }

    /// The chart as an SVG document.
    ///
    /// - Parameters:
    ///   - look: light, dark, or as the reader's system has it, the default.
    ///   - width: in pixels, from 320 to 4096 (what is beyond counts as the nearest); by default what suits the chart.
    /// - Errors: `ChartError` where what is to be drawn makes no sense.
    public func svg(look: Look = .automatic, width: Int? = nil) throws(ChartError) -> String {
        SVGDocument.text(of: try checkedCanvas(width), look)
    }

    /// The chart as the bytes of a PNG file.
    ///
    /// - Parameters:
    ///   - look: light or dark; `.automatic` is light here, for pixels cannot follow the reader's system.
    ///   - width: as for `svg`.
    ///   - scale: the pixels of the file for one of the chart, from 1 to 4: 2, the default, is sharp on most screens.
    /// - Errors: `ChartError` where what is to be drawn makes no sense, or makes more than 67 million pixels.
    public func png(look: Look = .automatic, width: Int? = nil, scale: Int = 2) throws(ChartError) -> [UInt8] {
        let bitmap = try bitmap(look: look, width: width, scale: scale)
        guard let file = encodePNG(bitmap.bytes, width: bitmap.width, height: bitmap.height, channelCount: 3) else {
            throw ChartError("a picture of \(bitmap.width) × \(bitmap.height) pixels cannot be compressed")
        }
        return file
    }

    /// The chart as pixels.
    func bitmap(look: Look, width: Int?, scale: Int) throws(ChartError) -> Bitmap {
        let canvas = try checkedCanvas(width)
        let scale = min(max(scale, 1), 4)
        guard canvas.width * canvas.height * Double(scale * scale) <= Double(Bitmap.greatestCount) else {
            throw ChartError(
                "the picture would have \(Int(canvas.width) * scale) × \(Int(canvas.height) * scale) pixels",
                hint: "show less in one picture, or write it with a smaller scale or width")
        }
        return PNGDrawing.bitmap(of: canvas, look, scale: scale)
    }

    private func checkedCanvas(_ width: Int?) throws(ChartError) -> Canvas {
        let canvas = try canvas(width: Double(min(max(width ?? naturalWidth, 320), 4096)))
        guard canvas.height < 1e6 else {
            throw ChartError("the picture would be \(canvas.height) pixels high", hint: "show less in one picture")
        }
        return canvas
    }

    /// Writes the chart into a file, replacing what is there.
    ///
    /// - Parameters:
    ///   - path: the file, whose ending, `.svg` or `.png`, decides the format; its folder must be there.
    ///   - look, width: as for `svg`.
    ///   - scale: as for `png`; of no effect on SVG.
    /// - Errors: `ChartError` where what is to be drawn makes no sense, or the file cannot be written.
    public func write(
        to path: String, look: Look = .automatic, width: Int? = nil, scale: Int = 2
    ) throws(ChartError) {
        let name = path.lowercased()
        do throws(ChartError) {
            if name.isEmpty || name.hasSuffix("/") {
                throw ChartError("the path names no file", hint: "add a name to it, such as \(path)chart.svg")
            } else if name.hasSuffix(".svg") {
                try writeFile(Array(try svg(look: look, width: width).utf8), to: path)
            } else if name.hasSuffix(".png") {
                try writeFile(try png(look: look, width: width, scale: scale), to: path)
            } else {
                throw ChartError(
                    "the name's ending says neither .svg nor .png",
                    hint: "call it \(path).svg for drawings that stay sharp, or \(path).png for pixels")
            }
        } catch {
            throw error.path == nil ? error.of(path) : error
        }
    }
}
