// The ideal input of each class: gradient descent on an image, while the trained weights, which are fed, stay.

import Charts
import TensorGraph

/// What an image costs by itself: 0.25 times the mean, over its 28 rows of pixels, of the row's sum.
enum Penalty: String, CaseIterable {
    case none = "plain"
    case absolute = "L1"
    case squared = "L2"

    /// - Shapes: `[10, 28, 28]` → `[]`, the sum over the ten images.
    func cost(of images: Tensor<Float>) -> Tensor<Float>? {
        switch self {
        case .none: nil
        case .absolute: 0.25 * abs(images).sum(axis: 2).mean(axis: 1).sum()
        case .squared: 0.25 * square(images).sum(axis: 2).mean(axis: 1).sum()
        }
    }
}

/// The images that the network takes for the best of each class.
struct IdealInputs {
    /// For each penalty the least probability that the network gives to an image's own class.
    private(set) var probabilities: [Double] = []
    private var pixels: [Double] = []

    /// All images start from one and the same, the mean of all digits, and keep their pixels from 0 to 1.
    init(by network: TrainedNetwork, startingAt start: [Float], steps: Int) throws {
        let starts = try NDArray(shape: [10, 28, 28], (0..<10).flatMap { _ in start })
        for penalty in Penalty.allCases {
            let (images, least) = try Graph().asDefault {
                let w1 = placeholder(Float.self, [784, 300], name: "W1")
                let b1 = placeholder(Float.self, [300], name: "b1")
                let w2 = placeholder(Float.self, [300, 10], name: "W2")
                let b2 = placeholder(Float.self, [10], name: "b2")
                let image = Variable(starts, name: "image")
                let logits = matmul(relu(matmul(image.reshaped([10, 784]), w1) + b1), w2) + b2
                // Row i of the identity says that image i is to be a digit of class i.
                var cost = softmaxCrossEntropy(logits: logits, labels: identity(10)).sum()
                if let own = penalty.cost(of: image.tensor) { cost = cost + own }
                let step = image.assign((image - 0.1 * gradients(of: cost, with: image)).clipped(to: 0...1))
                let least = (softmax(logits) * identity(10)).sum(axis: 1).min()

                let session = Session()
                try session.initializeVariables()
                let weights = [w1.fed(network.w1), b1.fed(network.b1), w2.fed(network.w2), b2.fed(network.b2)]
                for _ in 0..<steps {
                    try session.run(step.node, feeding: weights[0], weights[1], weights[2], weights[3])
                }
                return try session.run(
                    image, least, feeding: weights[0], weights[1], weights[2], weights[3])
            }
            pixels += images.scalars.map { Double($0) }
            probabilities.append(Double(least.scalar))
        }
    }

    var grid: ImageGrid {
        ImageGrid(
            title: "The ideal input of each class: plain, L1, L2", pixels, shape: [30, 28, 28],
            captions: Penalty.allCases.flatMap { penalty in (0..<10).map { "\(penalty.rawValue) \($0)" } },
            normalisation: .own, columnCount: 10, magnification: 2)
    }
}
