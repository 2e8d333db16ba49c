// Precision and recall of a classifier with two classes, at evenly spaced thresholds.

import Tensors

/// How a classifier does at each threshold from 0 to 1: what TensorBoard's page of precision-recall curves shows.
///
/// - Source: `tensorboard.plugins.pr_curve.summary`; checked against its own output.
public struct PrecisionRecallCurve: Hashable, Sendable {
    public let truePositives: [Double]
    public let falsePositives: [Double]
    public let trueNegatives: [Double]
    public let falseNegatives: [Double]
    public let precision: [Double]
    public let recall: [Double]

    /// The number of thresholds: 0 and 1 and, evenly spaced, those between them.
    public var thresholdCount: Int { precision.count }

    /// The curve of predictions from 0 to 1, each of which counts as positive from its value down. What is no number
    /// counts as 0.
    ///
    /// - Parameters:
    ///   - weights: how much each prediction counts; 1 where there are none.
    ///   - thresholdCount: 2 or more.
    /// - Errors: `SummaryError` where there is not one label, and one weight, for each prediction.
    public init(
        labels: [Bool], predictions: [Float], weights: [Float]? = nil, thresholdCount: Int = 201
    ) throws(SummaryError) {
        guard labels.count == predictions.count, weights.map({ $0.count == labels.count }) ?? true else {
            let weighted = weights.map { " and \($0.count) weights" } ?? ""
            throw SummaryError(
                "", "a curve of \(predictions.count) predictions has \(labels.count) labels" + weighted)
        }
        guard (2...1_000_000).contains(thresholdCount) else {
            throw SummaryError("", "a curve has 2 to 1000000 thresholds, not \(thresholdCount)")
        }
        var (positives, negatives) = (
            [Double](repeating: 0, count: thresholdCount), [Double](repeating: 0, count: thresholdCount)
        )
        for (index, prediction) in predictions.enumerated() {
            let limited = prediction.isNaN ? 0 : min(1, max(0, prediction))
            let bucket = Int((limited * Float(thresholdCount - 1)).rounded(.down))
            let weight = Double(weights?[index] ?? 1)
            if labels[index] { positives[bucket] += weight } else { negatives[bucket] += weight }
        }
        for index in (0..<(thresholdCount - 1)).reversed() {
            positives[index] += positives[index + 1]
            negatives[index] += negatives[index + 1]
        }
        truePositives = positives
        falsePositives = negatives
        trueNegatives = negatives.map { negatives[0] - $0 }
        falseNegatives = positives.map { positives[0] - $0 }
        // Where nothing counts as positive the precision is 0.
        precision = zip(truePositives, falsePositives).map { $0 / max(1e-7, $0 + $1) }
        recall = zip(truePositives, falseNegatives).map { $0 / max(1e-7, $0 + $1) }
    }

    /// The curve that an array of shape [6, n] holds.
    init?(_ array: AnyArray) {
        guard array.shape.count == 2, array.shape[0] == 6, let elements = try? array.as(Float.self) else { return nil }
        let rows = (0..<6).map { elements.rows($0..<($0 + 1)).scalars.map { Double($0) } }
        (truePositives, falsePositives, trueNegatives) = (rows[0], rows[1], rows[2])
        (falseNegatives, precision, recall) = (rows[3], rows[4], rows[5])
    }

    /// `[6, n]`.
    var array: AnyArray {
        let rows = [truePositives, falsePositives, trueNegatives, falseNegatives, precision, recall]
        let elements = rows.flatMap { $0.map { Float($0) } }
        return AnyArray(
            NDArray<Float>(shape: [6, thresholdCount]) { target in
                for (index, element) in zip(target.indices, elements) {
                    target.initializeElement(at: index, to: element)
                }
            })
    }
}
