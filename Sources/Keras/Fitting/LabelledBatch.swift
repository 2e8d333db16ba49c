// What an element of a data set must have for a model to learn from it, or to be evaluated on it.

public import Datasets

/// A batch of samples with their labels, and how much each sample counts.
///
/// `Pair(x, y)` and `Triple(x, y, weight)` are such batches. A structure of arrays joins in:
///
///     struct Reviews: LabelledBatch {
///         var words: NDArray<Int32>
///         var stars: NDArray<Float>
///         var trust: NDArray<Float>
///         var inputs: any ArrayBundle { words }
///         var labels: any ArrayBundle { stars }
///         var sampleWeight: (any ArrayBundle)? { trust }
///     }
public protocol LabelledBatch: Sendable {
    /// What the model is given.
    var inputs: any ArrayBundle { get }
    /// What it should answer.
    var labels: any ArrayBundle { get }
    /// How much each sample counts, one number for each; nil, the default: each as much as any other. All batches of a
    /// data set have weights, or none has.
    var sampleWeight: (any ArrayBundle)? { get }
}

extension LabelledBatch {
    public var sampleWeight: (any ArrayBundle)? { nil }
}

extension Pair: LabelledBatch where X: ArrayBundle, Y: ArrayBundle {
    public var inputs: any ArrayBundle { x }
    public var labels: any ArrayBundle { y }
}

extension Triple: LabelledBatch where X: ArrayBundle, Y: ArrayBundle, Weight: ArrayBundle {
    public var inputs: any ArrayBundle { x }
    public var labels: any ArrayBundle { y }
    public var sampleWeight: (any ArrayBundle)? { weight }
}

/// A data set of such batches, whatever its elements are otherwise: `fit` may learn from triples, and be validated on
/// pairs.
public protocol LabelledBatches<Element>: Sendable {
    /// A batch.
    associatedtype Element: LabelledBatch
    /// The data set.
    var batches: Dataset<Element> { get }
}

extension Dataset: LabelledBatches where Element: LabelledBatch {
    public var batches: Dataset { self }
}
