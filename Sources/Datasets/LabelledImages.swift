// Images with their labels, as classifiers are fed: whole sets, parts of them, and the three sets of an experiment.
// Knows nothing of where they come from.

public import Tensors

/// Images and the class of each.
///
/// Labels are either sparse, the number of the class (`LabelledImages<Int32>`, labels of shape `[n]`), or one-hot, a row
/// of zeros with a one at the class (`LabelledImages<Float>`, labels of shape `[n, classes]`).
///
///     let train = try MNIST.load().train
///     train.images.shape             // [55000, 784]
///     train.labels.shape             // [55000]
///     train.oneHot.labels.shape      // [55000, 10]
///
/// A batch is of this type, too.
public struct LabelledImages<Label: NumericElement>: Sendable {
    /// The images, one a row, flattened: `[n, pixels]`, from 0 (background) to 1.
    public let images: NDArray<Float>
    /// The labels, one a row.
    public let labels: NDArray<Label>
    /// The number of classes.
    public let classCount: Int

    /// The number of images.
    public var count: Int { images.shape.first ?? 0 }

    /// For parts and rearrangements of what has been checked.
    init(uncheckedImages images: NDArray<Float>, labels: NDArray<Label>, classCount: Int) {
        self.images = images
        self.labels = labels
        self.classCount = classCount
    }

    /// The images in `range`, limited to those there are; shares the memory.
    public func rows(_ range: Range<Int>) -> LabelledImages {
        LabelledImages(uncheckedImages: images.rows(range), labels: labels.rows(range), classCount: classCount)
    }
}

extension LabelledImages<Int32> {
    /// Images with sparse labels.
    ///
    /// - Parameters:
    ///   - images: one image a row, of any shape `[n, ...]`.
    ///   - labels: the number of each image's class, of shape `[n]`.
    ///   - classCount: the number of classes; labels lie in `0..<classCount`.
    /// - Errors: `DatasetError` where the counts differ or a label is out of range.
    public init(images: NDArray<Float>, labels: NDArray<Int32>, classCount: Int = 10) throws(DatasetError) {
        try self.init(images: images, labels: labels, classCount: classCount, files: nil)
    }

    /// As above, naming the files where they are at fault.
    init(
        images: NDArray<Float>, labels: NDArray<Int32>, classCount: Int, files: (images: String, labels: String)?
    ) throws(DatasetError) {
        let imageCount = images.shape.first ?? 0
        let labelCount = labels.shape.first ?? 0
        guard images.rank > 0, labels.rank == 1, imageCount == labelCount else {
            throw .unequalCounts(files?.images, imageCount: imageCount, labelCount: labelCount)
        }
        let stray = labels.withUnsafeBufferPointer { labels in
            labels.firstIndex { $0 < 0 || Int($0) >= classCount }.map { ($0, Int(labels[$0])) }
        }
        if let (index, label) = stray {
            throw .labelOutOfRange(files?.labels, index: index, label: label, classCount: classCount)
        }
        self.init(uncheckedImages: images, labels: labels, classCount: classCount)
    }

    /// The same images (sharing the memory) with labels as rows of zeros and a one.
    ///
    /// - Shapes: labels `[n]` → `[n, classCount]`
    public var oneHot: LabelledImages<Float> {
        let rows = labels.withUnsafeBufferPointer { labels in
            NDArray<Float>(shape: [labels.count, classCount]) { elements in
                elements.initialize(repeating: 0)
                for (row, label) in labels.enumerated() { elements[row * classCount + Int(label)] = 1 }
            }
        }
        return LabelledImages<Float>(uncheckedImages: images, labels: rows, classCount: classCount)
    }
}

/// The three sets of an experiment.
public struct ImageSplits<Label: NumericElement>: Sendable {
    /// What a model learns from.
    public let train: LabelledImages<Label>
    /// What its settings are chosen by.
    public let validation: LabelledImages<Label>
    /// What the final result is measured on.
    public let test: LabelledImages<Label>

    public init(train: LabelledImages<Label>, validation: LabelledImages<Label>, test: LabelledImages<Label>) {
        self.train = train
        self.validation = validation
        self.test = test
    }
}

extension ImageSplits<Int32> {
    /// The same images (sharing the memory) with one-hot labels, `[n, 10]` instead of `[n]`.
    ///
    ///     let mnist = try MNIST.load().oneHot
    public var oneHot: ImageSplits<Float> {
        ImageSplits<Float>(train: train.oneHot, validation: validation.oneHot, test: test.oneHot)
    }
}

extension LabelledImages {
    /// The images of the given rows, in that order, copied together. Rows must be there.
    func gathering(_ rows: ArraySlice<Int>) -> LabelledImages {
        // Refused only where the batch would not fit into the machine's memory.
        guard let images = try? images.untyped.gathering(rows), let labels = try? labels.untyped.gathering(rows) else {
            return self.rows(0..<0)
        }
        return LabelledImages(
            uncheckedImages: NDArray(untyped: images), labels: NDArray(untyped: labels), classCount: classCount)
    }

    /// The images with their labels as a data set, one image an element.
    ///
    ///     let train = try MNIST.load().train.dataset.shuffle(seed: 7).batch(100).prefetch()
    ///
    /// Shuffled with a seed and gone through as an epoch, it has the order of `shuffled(seed:epoch:)`.
    public var dataset: Dataset<Pair<NDArray<Float>, NDArray<Label>>> {
        let both = Pair(images, labels)
        return Dataset(
            rowCount: count, row: { both.row($0) }, range: { both.rows($0) }, gather: { try both.gathering($0) })
    }
}
