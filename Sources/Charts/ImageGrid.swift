// Grids of images: digits, filters, what a network answers to most.

public import Tensors

/// Which numbers of an image are the ends of its colours.
public struct ImageNormalisation: Hashable, Sendable {
    enum Rule: Hashable, Sendable {
        case own
        case shared
        case fixed(Double, Double)
    }

    let rule: Rule

    /// The least and the greatest number of each image.
    public static let own = ImageNormalisation(rule: .own)
    /// The least and the greatest number of all images, so that they can be compared.
    public static let shared = ImageNormalisation(rule: .shared)
    /// Given numbers, such as 0...1 for photographs; what is beyond counts as the nearest.
    public static func range(_ range: ClosedRange<Double>) -> ImageNormalisation {
        ImageNormalisation(rule: .fixed(range.lowerBound, range.upperBound))
    }
}

/// Images in rows, each with a caption, magnified by a whole number so that their pixels stay sharp.
///
///     ImageGrid(title: "Test images", images.scalars.map(Double.init), shape: [25, 28, 28], captions: digits)
public struct ImageGrid: Chart {
    public var title: String
    /// The numbers of all pixels, image by image and row by row.
    public var values: [Double]
    /// `[count, height, width]` for one number a pixel, or `[count, height, width, channels]` with 1 (a colour of the
    /// map) or 3 (red, green, blue) of them.
    public var shape: [Int]
    /// What stands below each image; empty for nothing.
    public var captions: [String]
    public var colours: ColourMap
    public var normalisation: ImageNormalisation
    /// How many images are in a row; nil fills the width.
    public var columnCount: Int?
    /// How often each pixel is repeated in both directions; nil makes images of some 84 pixels.
    public var magnification: Int?

    public init(
        title: String, _ values: [Double], shape: [Int], captions: [String] = [], colours: ColourMap = .grey,
        normalisation: ImageNormalisation = .own, columnCount: Int? = nil, magnification: Int? = nil
    ) {
        (self.title, self.values, self.shape, self.captions) = (title, values, shape, captions)
        (self.colours, self.normalisation) = (colours, normalisation)
        (self.columnCount, self.magnification) = (columnCount, magnification)
    }

    /// Images from an array of the shape `[count, height, width]` or `[count, height, width, channels]`.
    public init<Scalar: BinaryFloatingPoint>(
        title: String, _ images: NDArray<Scalar>, captions: [String] = [], colours: ColourMap = .grey,
        normalisation: ImageNormalisation = .own, columnCount: Int? = nil, magnification: Int? = nil
    ) {
        self.init(
            title: title, images.scalars.map { Double($0) }, shape: Array(images.shape), captions: captions,
            colours: colours, normalisation: normalisation, columnCount: columnCount, magnification: magnification)
    }

    /// The sizes of the images, checked.
    private func sizes() throws(ChartError) -> (count: Int, height: Int, width: Int, channels: Int) {
        guard (3...4).contains(shape.count), shape.allSatisfy({ $0 >= 0 }) else {
            throw ChartError(
                "images have the shape [count, height, width] or [count, height, width, channels], not \(shape)")
        }
        let channels = shape.count == 4 ? shape[3] : 1
        guard channels == 1 || channels == 3 else {
            throw ChartError("an image has 1 channel or 3, not \(channels) (shape \(shape))")
        }
        var size = 1
        for length in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: length)
            guard !overflow else { throw ChartError("there are no arrays of shape \(shape): it is too large") }
            size = product
        }
        guard size == values.count else {
            throw ChartError("images of shape \(shape) have \(size) numbers, but there are \(values.count)")
        }
        guard captions.isEmpty || captions.count == shape[0] else {
            throw ChartError(
                "there are \(captions.count) captions for \(shape[0]) images", hint: "give one for each, or none")
        }
        for (number, name) in [(columnCount, "columns"), (magnification, "pixels for each")] {
            if let number, !(1...1000).contains(number) {
                throw ChartError("images cannot have \(number) \(name)", hint: "ask for 1 to 1,000")
            }
        }
        // An image without pixels shows nothing, and there may be no end of them.
        return (size == 0 ? 0 : shape[0], shape[1], shape[2], channels)
    }

    /// Draws the chart: see `Chart`.
    ///
    /// - Errors: a shape that is not one of images or does not fit the values or captions; sizes below 1.
    public func canvas(width: Double) throws(ChartError) -> Canvas {
        let (count, height, columns, channels) = try sizes()
        var canvas = Canvas(width: width)
        canvas.title = title
        let top = canvas.drawTitle(title, y: Canvas.margin) + 10
        canvas.height = top + Canvas.margin
        guard count > 0 else {
            canvas.draw(Canvas.noDataText, at: Place(x: Canvas.margin, y: top + 12), .start, .mutedText)
            return canvas
        }

        let gap = 8.0
        let room = width - 2 * Canvas.margin
        let perRow = columnCount.map { min($0, count) }
        let widest = perRow.map { (room - gap * Double($0 - 1)) / Double($0) } ?? room
        let factor = Double(magnification ?? max(1, 84 / max(columns, height)))
        // Magnified by whole numbers; made smaller only where a single pixel for each is too wide.
        let fitting = min(factor, widest / Double(columns))
        let scale = fitting >= 1 ? fitting.rounded(.down) : fitting
        guard scale > 0 else {
            throw ChartError("\(perRow ?? 1) images in a row do not fit into \(Int(width)) pixels")
        }
        let size = (
            width: max((Double(columns) * scale).rounded(.down), 1),
            height: max((Double(height) * scale).rounded(.down), 1)
        )
        // A caption may be wider than a small image.
        let captionWidth = captions.map { min(textWidth($0), 120) }.max() ?? 0
        let cell = perRow == nil ? max(size.width, captionWidth) : max(size.width, min(captionWidth, widest))
        let number = max(1, min(perRow ?? Int((room + gap) / (cell + gap)), count))
        let rowHeight = size.height + (captions.isEmpty ? gap : 26)
        let rowCount = (count + number - 1) / number
        canvas.height = top + Double(rowCount) * rowHeight - gap + Canvas.margin
        guard canvas.height < 30_000 else {
            throw ChartError(
                "\(count) images make a picture of \(Int(min(canvas.height, 1e15))) pixels' height",
                hint: "show fewer images, or smaller ones")
        }

        let shared = ends(values[...])
        for index in 0..<count {
            let place = Place(
                x: (Canvas.margin + Double(index % number) * (cell + gap)).rounded(),
                y: (top + Double(index / number) * rowHeight).rounded())
            let length = height * columns * channels
            let pixels = values[(index * length)..<((index + 1) * length)]
            let box = Rectangle(
                x: (place.x + (cell - size.width) / 2).rounded(), y: place.y, width: size.width, height: size.height)
            canvas.draw(
                .image(bitmap(pixels, columns, height, channels, shared), box))
            guard !captions.isEmpty else { continue }
            canvas.draw(
                shortened(captions[index], width: cell + gap - 2),
                at: Place(x: box.x + box.width / 2, y: box.bottom + 15), .middle, .mutedText)
        }
        return canvas
    }

    private func ends(_ values: ArraySlice<Double>) -> (low: Double, high: Double) {
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.magnitude < Scale.greatest {
            low = min(low, value)
            high = max(high, value)
        }
        return low <= high ? (low, high) : (0, 1)
    }

    private func bitmap(
        _ pixels: ArraySlice<Double>, _ width: Int, _ height: Int, _ channels: Int,
        _ shared: (low: Double, high: Double)
    ) -> Bitmap {
        let found: (low: Double, high: Double) =
            switch normalisation.rule {
            case .own: ends(pixels)
            case .shared: shared
            case .fixed(let low, let high): (low, high)
            }
        // Three channels are colours already.
        let (low, high) = channels == 3 ? found : colours.ends(found.low, found.high)
        return Bitmap(width: width, height: height) { column, row in
            let index = pixels.startIndex + (row * width + column) * channels
            guard channels == 3 else { return colours.colour(pixels[index], from: low, to: high) }
            let parts = (0..<3).map { ColourMap.grey.colour(pixels[index + $0], from: low, to: high).red }
            return RGB(parts[0], parts[1], parts[2])
        }
    }
}
