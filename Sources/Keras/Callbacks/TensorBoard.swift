// Logs of a training for TensorBoard, laid out and named as Keras's.

import Files
import Graphs
public import Summaries
import Tensors

/// How often scalars are written for TensorBoard.
public enum UpdateFrequency: Sendable, Hashable {
    /// After each epoch.
    case epoch
    /// After each batch too.
    case batch
    /// After each so many batches too.
    case batches(Int)

    var batchCount: Int? {
        switch self {
        case .epoch: nil
        case .batch: 1
        case .batches(let count): count
        }
    }
}

/// Writes the logs for TensorBoard: the runs `train` and `validation` in a folder.
///
///     TensorBoard(logDirectory: "logs", histogramFrequency: 1)
///     // tensorboard --logdir logs
///
/// Scalars are named `epoch_loss`, `epoch_accuracy`, `epoch_learning_rate`, and `batch_loss` where batches are written;
/// of each weight there is `dense/kernel/histogram` and `dense/kernel/image`.
///
/// - Source: Keras 3's `TensorBoard`.
public final class TensorBoard: ResumableCallback {
    public let logDirectory: String
    public let histogramFrequency: Int
    public let writeGraph: Bool
    public let writeImages: Bool
    public let updateFrequency: UpdateFrequency
    private let more: ((_ epoch: Int, _ writer: FileWriter, _ run: FitRun) throws -> Void)?
    private var train: FileWriter?
    private var validation: FileWriter?
    private var batchCount = 0

    /// - Parameters:
    ///   - logDirectory: the folder of the runs.
    ///   - histogramFrequency: the weights' distributions are written after each so many epochs; 0: never.
    ///   - writeGraph: whether the graph is shown.
    ///   - writeImages: whether the weights are shown as images too, with their distributions.
    ///   - updateFrequency: whether scalars are written after batches too.
    ///   - more: what else is to be written after an epoch, such as images of predictions, to the run `train`.
    public init(
        logDirectory: String = "logs", histogramFrequency: Int = 0, writeGraph: Bool = true,
        writeImages: Bool = false, updateFrequency: UpdateFrequency = .epoch,
        more: ((_ epoch: Int, _ writer: FileWriter, _ run: FitRun) throws -> Void)? = nil
    ) {
        self.logDirectory = logDirectory
        self.histogramFrequency = histogramFrequency
        self.writeGraph = writeGraph
        self.writeImages = writeImages
        self.updateFrequency = updateFrequency
        self.more = more
    }

    public var wantsBatches: Bool { updateFrequency.batchCount != nil }

    public func trainingBegan(_ run: FitRun) throws {
        if let count = updateFrequency.batchCount, count < 1 {
            throw KerasError("TensorBoard is to write after each \(count) batches", hint: "give at least 1")
        }
        batchCount = 0
        train = try FileWriter(
            joinPath(logDirectory, "train"), graph: writeGraph && !run.isResumed ? run.model.graph : nil)
        validation = nil
    }

    public func batchEnded(_ batch: Int, _ run: FitRun) throws {
        batchCount += 1
        guard let count = updateFrequency.batchCount, batchCount.isMultiple(of: count) else { return }
        for (name, value) in try run.logs().entries { train?.scalar("batch_" + name, value, step: batchCount) }
    }

    public func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) throws {
        for (name, value) in logs.entries {
            if name.hasPrefix("val_") {
                let writer = try validation ?? FileWriter(joinPath(logDirectory, "validation"))
                validation = writer
                writer.scalar("epoch_" + name.dropFirst(4), value, step: epoch)
            } else {
                train?.scalar("epoch_" + name, value, step: epoch)
            }
        }
        if histogramFrequency > 0, epoch.isMultiple(of: histogramFrequency), let train {
            for (name, value) in try run.model.namedWeightValues() {
                try train.histogram(name + "/histogram", value, step: epoch)
                if writeImages, let image = try weightImage(value) {
                    try train.image(name + "/image", image, step: epoch)
                }
            }
        }
        if let train { try more?(epoch, train, run) }
        try train?.flush()
        try validation?.flush()
    }

    public func trainingEnded(_ run: FitRun) throws {
        try train?.close()
        try validation?.close()
    }

    public func interrupted(_ run: FitRun) throws {
        try train?.close()
        try validation?.close()
    }

    public func savedState() -> CallbackState { CallbackState(values: ["batches": .integer(batchCount)]) }

    public func restore(_ state: CallbackState) { batchCount = state.values["batches"]?.integer ?? 0 }

    /// A weight as `[k, height, width, 1]`: a kernel of a dense layer as one image, that of a convolution as one for
    /// each last index; nil where it cannot be shown.
    private func weightImage(_ weight: NDArray<Float>) throws -> NDArray<Float>? {
        let shape = weight.shape.filter { $0 != 1 }
        let scalars = weight.scalars
        switch shape.count {
        case 1: return try weight.reshaped([1, shape[0], 1, 1])
        case 2 where shape[0] > shape[1]:
            let (rows, columns) = (shape[0], shape[1])
            let turned = (0..<columns).flatMap { column in (0..<rows).map { scalars[$0 * columns + column] } }
            return try NDArray(shape: [1, columns, rows, 1], turned)
        case 2: return try weight.reshaped([1, shape[0], shape[1], 1])
        case 3:
            let (area, count) = (shape[0] * shape[1], shape[2])
            let turned = (0..<count).flatMap { index in (0..<area).map { scalars[$0 * count + index] } }
            return try NDArray(shape: [count, shape[0], shape[1], 1], turned)
        default: return nil
        }
    }
}
