// Where the batches of a training come from.

import Tensors

/// One batch: arrays for the inputs and the outputs, and how much each sample counts.
struct Batch {
    var inputs: [AnyArray]
    var labels: [AnyArray?]
    var weights: NDArray<Float>?

    var sampleCount: Int { inputs.first?.sampleCount ?? 0 }
}

/// A source of batches, epoch by epoch.
protocol BatchSource: AnyObject {
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
}

/// Batches of arrays that lie in memory.
final class ArrayBatches: BatchSource {
    private let samples: Batch
    private let count: Int
    private let batchSize: Int
    private let shuffleSeed: UInt64?
    private var order: [Int32] = []
    private var position = 0

    /// - Parameters:
    ///   - shuffleSeed: decides the order of each epoch; nil for the order of the arrays.
    init(_ samples: Batch, batchSize: Int, shuffleSeed: UInt64?) {
        self.samples = samples
        count = samples.sampleCount
        self.batchSize = max(1, batchSize)
        self.shuffleSeed = shuffleSeed
    }

    var batchesPerEpoch: Int? { (count + batchSize - 1) / batchSize }

    var identity: [String: JSONValue] {
        ["samples": .integer(count), "batch size": .integer(batchSize), "shuffled": .bool(shuffleSeed != nil)]
    }

    func start(epoch: Int, skipping: Int) {
        position = min(count, skipping.multipliedReportingOverflow(by: batchSize).partialValue)
        guard let shuffleSeed else { return }
        var random = RandomStream(seed: shuffleSeed &+ UInt64(truncatingIfNeeded: epoch) &* 0x9E37_79B9_7F4A_7C15)
        order = (0..<Int32(clamping: count)).map { $0 }
        order.shuffle(using: &random)
    }

    func next() -> Batch? {
        guard position < count else { return nil }
        let range = position..<min(count, position + batchSize)
        position = range.upperBound
        func part(_ array: AnyArray) -> AnyArray {
            shuffleSeed == nil ? array.samples(range) : array.gathered(order[range])
        }
        return Batch(
            inputs: samples.inputs.map(part), labels: samples.labels.map { $0.map(part) },
            weights: samples.weights.flatMap { try? part(AnyArray($0)).as(Float.self) })
    }
}

extension AnyArray {
    /// The samples of the given numbers, copied.
    func gathered(_ rows: ArraySlice<Int32>) -> AnyArray {
        func gather<Scalar: TensorElement>(_ type: Scalar.Type) -> AnyArray? {
            guard let array = try? self.as(type), let extent = array.shape.first, extent > 0 else { return nil }
            let size = array.count / extent
            return array.withUnsafeBufferPointer { source in
                AnyArray(
                    NDArray<Scalar>(shape: [rows.count] + array.shape.dropFirst()) { target in
                        guard let from = source.baseAddress, let to = target.baseAddress else { return }
                        for (index, row) in rows.enumerated() where Int(row) < extent {
                            (to + index * size).update(from: from + Int(row) * size, count: size)
                        }
                    })
            }
        }
        return dtype.elementType.flatMap { gather($0) } ?? self
    }
}
