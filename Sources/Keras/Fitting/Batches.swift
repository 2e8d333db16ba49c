// Where the batches of a training come from.

import Datasets
import Tensors

/// One batch: arrays for the inputs and the outputs, and how much each sample counts.
struct Batch {
    var inputs: [AnyArray]
    var labels: [AnyArray?]
    var weights: NDArray<Float>?

    var sampleCount: Int { inputs.first?.sampleCount ?? 0 }

    /// What decides the nodes of a step on it.
    var signature: TrainingSignature {
        TrainingSignature(labelRanks: labels.map { $0?.shape.count }, isWeighted: weights != nil)
    }

    /// The samples in a range.
    func samples(_ range: Range<Int>) -> Batch {
        Batch(
            inputs: inputs.map { $0.rows(range) }, labels: labels.map { $0?.rows(range) },
            weights: weights?.rows(range))
    }
}

/// A source of batches, epoch by epoch.
protocol BatchSource: AnyObject {
    /// What its batches are like.
    var signature: TrainingSignature { get }
    /// The number of batches of an epoch, where it is known.
    var batchesPerEpoch: Int? { get }
    /// Starts an epoch; the same epoch gives the same batches each time.
    ///
    /// - Parameters:
    ///   - skipping: how many batches to leave out, those of a run that goes on in the middle.
    func start(epoch: Int, skipping: Int) throws
    /// The next batch, or nil at the end of the epoch.
    func next() throws -> Batch?
    /// What the data is, by names such as `samples`: a training goes on with the same only.
    var identity: [String: JSONValue] { get }
}

extension BatchSource {
    var identity: [String: JSONValue] { [:] }

    /// - Errors: `KerasError` where there are fewer batches than are to be taken, as far as that is known.
    func checkSteps(_ limit: Int, _ title: String) throws {
        try requireAtLeastOne(limit, title)
        guard let count = batchesPerEpoch, limit > count else { return }
        throw KerasError(
            "\(title) is \(limit), but the data has \(counted(count, "batch", "batches"))",
            hint: "leave it out to take all, or call repeat() on a data set")
    }
}

extension Model {
    /// - Errors: `KerasError` where the model takes a fixed number of samples at a time, and batches have another.
    func requireWholeBatches(of count: Int, _ batchSize: Int) throws {
        guard let fixed = inputs.lazy.compactMap({ $0.shape[0] }).first, fixed > 0 else { return }
        // No batch has more samples than there are.
        if min(batchSize, count) != fixed {
            throw KerasError(
                "\"\(name)\" takes \(counted(fixed, "sample")) at a time, but the batch size is \(batchSize) for "
                    + counted(count, "sample"), hint: "pass batchSize: \(fixed), or make the input without batchSize")
        }
        if count % fixed != 0 {
            throw KerasError(
                "\"\(name)\" takes \(counted(fixed, "sample")) at a time, but there are \(count)",
                hint: "leave out \(count % fixed), or make the input without batchSize")
        }
    }
}

/// Batches of arrays that lie in memory.
final class ArrayBatches: BatchSource {
    private let samples: Batch
    private let count: Int
    private let batchSize: Int
    private let givenBatchSize: Int
    private let shuffleSeed: UInt64?
    private var order: [Int] = []
    private var position = 0

    /// - Parameters:
    ///   - shuffleSeed: decides the order of each epoch; nil for the order of the arrays.
    init(_ samples: Batch, batchSize: Int, shuffleSeed: UInt64?) {
        self.samples = samples
        count = samples.sampleCount
        // No batch has more samples than there are.
        self.batchSize = max(1, min(batchSize, count))
        givenBatchSize = batchSize
        self.shuffleSeed = shuffleSeed
    }

    var signature: TrainingSignature { samples.signature }

    var batchesPerEpoch: Int? { (count - 1) / batchSize + 1 }

    var identity: [String: JSONValue] {
        ["samples": .integer(count), "batch size": .integer(givenBatchSize), "shuffled": .bool(shuffleSeed != nil)]
    }

    func start(epoch: Int, skipping: Int) {
        let (skipped, overflow) = skipping.multipliedReportingOverflow(by: batchSize)
        position = overflow ? count : min(count, skipped)
        guard let shuffleSeed else { return }
        var random = RandomStream(seed: shuffleSeed &+ UInt64(truncatingIfNeeded: epoch) &* 0x9E37_79B9_7F4A_7C15)
        order = Array(0..<count)
        order.shuffle(using: &random)
    }

    func next() throws -> Batch? {
        guard position < count else { return nil }
        let range = position..<min(count, position + batchSize)
        position = range.upperBound
        if shuffleSeed == nil { return samples.samples(range) }
        let rows = Array(order[range])
        return Batch(
            inputs: try samples.inputs.map { try $0.gathering(rows) },
            labels: try samples.labels.map { try $0?.gathering(rows) }, weights: try samples.weights?.gathering(rows))
    }
}
