// Feeding: what it costs to make shuffled batches of MNIST, alone and beside a training step that takes them.

import Datasets
import Tensors

/// Shuffled batches of the MNIST training images, made when they are asked for; nothing is trained. A step is a batch.
struct Feeding: Workload {
    let dataFolder: String
    let batch: Int
    /// Whether a thread in the background makes them ahead. What is timed is then the wait.
    var isPrefetched = false
    var stepCount: Int { 200_000 / batch }

    func load() throws -> any LoadedWorkload {
        let splits = try MNIST.read(folder: dataFolder, trainCount: 60_000, validationCount: 0, testCount: 0)
        return Loaded(workload: self, images: splits.train)
    }

    private struct Loaded: LoadedWorkload {
        let workload: Feeding
        let images: LabelledImages<Int32>

        func build() -> Trainer {
            let feed = ShuffledFeed(images, batch: workload.batch, isPrefetched: workload.isPrefetched)
            return Trainer { _ in
                let batch = try feed.next()
                // A loss that tells whether the right bytes came: the mean of the labels.
                return batch.y.withUnsafeBufferPointer { labels in
                    Float(labels.reduce(0) { $0 + Int($1) }) / Float(max(1, labels.count))
                }
            }
        }
    }
}

/// Batches in a new order each epoch, for ever.
///
/// Sendable because steps run one after another on one thread.
final class ShuffledFeed<Label: NumericElement>: @unchecked Sendable {
    private let batches: DatasetIterator<Pair<NDArray<Float>, NDArray<Label>>>

    init(_ images: LabelledImages<Label>, batch: Int, isPrefetched: Bool) {
        let shuffled = images.dataset.shuffle(seed: 1).batch(batch, dropRemainder: true).repeat()
        batches = (isPrefetched ? shuffled.prefetch(2) : shuffled).makeIterator()
    }

    func next() throws -> Pair<NDArray<Float>, NDArray<Label>> {
        guard let batch = try batches.next() else { throw NoImages() }
        return batch
    }

    private struct NoImages: Error, CustomStringConvertible {
        let description = "there are fewer images than a batch has"
    }
}
