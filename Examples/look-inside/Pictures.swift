// What is seen of the digits: their fingerprints in the hidden layer, and the mean image of each class.

import Charts
import TensorGraph

/// The hidden layer's values of every test image, class by class: a row is an image, a column a unit.
struct Fingerprints {
    /// For each class its images' values, row by row.
    private var rows: [[[Double]]] = []
    private let width: Int
    /// One of a hundred values lies above it; it has the brightest colour, as they have.
    private let greatest: Double

    init(of images: LabelledImages<Int32>, by network: TrainedNetwork) throws {
        let hidden = try Graph().asDefault {
            let hidden = relu(matmul(constant(images.images), constant(network.w1)) + constant(network.b1))
            return try Session().run(hidden)
        }
        let (values, width) = (hidden.scalars, network.b1.count)
        self.width = width
        let sorted = values.sorted()
        greatest = sorted.isEmpty ? 1 : Double(sorted[sorted.count * 99 / 100])
        rows = membersByClass(images).map { $0.map { row in (0..<width).map { Double(values[row * width + $0]) } } }
    }

    /// All images of every class; a class with fewer than another ends in grey.
    var all: ImageGrid { grid("The hidden layer's values of every test image", rows, columnCount: 5) }

    /// The first images of each class.
    var excerpt: ImageGrid {
        grid(
            "The hidden layer's values of 60 test images of each class", rows.map { Array($0.prefix(60)) },
            columnCount: 2)
    }

    private func grid(_ title: String, _ rows: [[[Double]]], columnCount: Int) -> ImageGrid {
        let height = rows.map(\.count).max() ?? 0
        let missing = [Double](repeating: .nan, count: width)
        let values = rows.flatMap { ($0 + Array(repeating: missing, count: height - $0.count)).joined() }
        return ImageGrid(
            title: title, values, shape: [rows.count, height, width], captions: rows.indices.map { "\($0)" },
            colours: .sequential, normalisation: .range(0...greatest), columnCount: columnCount, magnification: 1)
    }
}

/// The mean image of each class, and of all images.
struct ClassMeans {
    /// `[784]`, the mean of all images.
    let ofAll: [Float]
    private let means: [Double]

    init(of images: LabelledImages<Int32>) {
        let pixels = images.images.scalars
        let members = membersByClass(images)
        let sums = members.map { rows in
            rows.reduce(into: [Double](repeating: 0, count: 784)) { sum, row in
                for pixel in 0..<784 { sum[pixel] += Double(pixels[row * 784 + pixel]) }
            }
        }
        means = zip(sums, members).flatMap { sum, rows in sum.map { $0 / Double(max(rows.count, 1)) } }
        ofAll = (0..<784).map { pixel in Float(sums.reduce(0) { $0 + $1[pixel] } / Double(max(images.count, 1))) }
    }

    var grid: ImageGrid {
        ImageGrid(
            title: "The mean image of each class", means, shape: [10, 28, 28], captions: (0..<10).map { "\($0)" },
            normalisation: .range(0...1), columnCount: 10, magnification: 2)
    }
}

/// The rows of each class's images.
private func membersByClass(_ images: LabelledImages<Int32>) -> [[Int]] {
    images.labels.scalars.enumerated().reduce(into: [[Int]](repeating: [], count: images.classCount)) {
        members, label in
        members[Int(label.element)].append(label.offset)
    }
}
