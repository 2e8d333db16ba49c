// How much the samples of each class count.

import Tensors

/// Weights of classes, for models with one trained output.
struct ClassWeights: Sendable {
    private let weights: [Int: Float]

    /// - Errors: `KerasError` for weights below 0 and classes that there are not.
    init(_ weights: [Int: Float], for labels: [DataPlan.Labels?]) throws {
        let trained = labels.compactMap { $0 }
        guard trained.count == 1, let labels = trained.first else {
            throw KerasError(
                "class weights are for models with one trained output, but there are \(trained.count)",
                hint: "use sampleWeight")
        }
        // One unit tells two classes apart.
        let classes = labels.slot.shape[-1].map { $0 == 1 ? 2 : $0 }
        for (number, weight) in weights.sorted(by: { $0.key < $1.key }) {
            if number < 0 || classes.map({ number >= $0 }) ?? false {
                throw KerasError(
                    "there is a weight for class \(number), but the classes are 0..<\(classes.map { "\($0)" } ?? "")",
                    hint: "classes are counted from 0")
            }
            if !(weight >= 0 && weight.isFinite) {
                throw KerasError(
                    "the weight of class \(number) is \(weight), but must be a number of at least 0",
                    hint: "a class of weight 0 does not count at all")
            }
        }
        self.weights = weights
    }

    /// The weight of each sample.
    ///
    /// - Errors: `KerasError` for labels that are not one class per sample.
    func weights(
        of labels: [AnyArray?], sampleCount: Int, times factors: NDArray<Float>?
    ) throws -> NDArray<Float>? {
        guard let label = labels.compactMap({ $0 }).first else { return factors }
        guard let classes = label.classNumbers(sampleCount: sampleCount) else {
            throw KerasError(
                "class weights are for one class per sample, but the labels have shape \(Shape(label.shape))",
                hint: "use sampleWeight")
        }
        let factors = factors?.scalars
        return NDArray<Float>(shape: [sampleCount]) { target in
            for index in target.indices {
                target.initializeElement(at: index, to: (factors?[index] ?? 1) * (weights[classes[index]] ?? 1))
            }
        }
    }
}

extension AnyArray {
    /// The class of each sample: its number, or the position of the largest element of one-hot labels.
    fileprivate func classNumbers(sampleCount: Int) -> [Int]? {
        guard sampleCount > 0, count % sampleCount == 0, shape.count <= 2, let values = converted(to: Float.self) else {
            return nil
        }
        let width = count / sampleCount
        return values.withUnsafeBufferPointer { elements in
            (0..<sampleCount).map { sample in
                if width == 1 { return Int(exactly: elements[sample].rounded()) ?? 0 }
                let row = elements[(sample * width)..<((sample + 1) * width)]
                return (row.indices.max { row[$0] < row[$1] } ?? row.startIndex) - row.startIndex
            }
        }
    }
}
