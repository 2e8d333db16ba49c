// What is seen of the digits: their fingerprints in the hidden layer, and the mean image of each class.

import Charts
import TensorGraph

/// The hidden layer's values of every test image, class by class: a row is an image, a column a unit.
struct Fingerprints {
    private var maps: [HeatMap] = []

    init(of images: LabelledImages<Int32>, by network: TrainedNetwork) throws {
        let hidden = try Graph().asDefault {
            let hidden = relu(matmul(constant(images.images), constant(network.w1)) + constant(network.b1))
            return try Session().run(hidden)
        }
        let (values, width) = (hidden.scalars, network.b1.count)
        let range = 0...Double(values.max() ?? 1)
        for (digit, members) in membersByClass(images).enumerated() {
            let rows = members.map { row in (0..<width).map { Double(values[row * width + $0]) } }
            maps.append(
                HeatMap(title: "\(digit)", xLabel: "hidden unit", yLabel: "\(rows.count) images", rows: rows, range: range))
        }
    }

    var figure: Figure { Figure(title: "The hidden layer's values of every test image", maps, columnCount: 5) }
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
    images.labels.scalars.enumerated().reduce(into: [[Int]](repeating: [], count: images.classCount)) { members, label in
        members[Int(label.element)].append(label.offset)
    }
}
