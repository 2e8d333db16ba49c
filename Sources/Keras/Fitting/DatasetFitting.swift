// fit, evaluate and predict on data sets: batches that are read, made or changed while the model learns.

public import Datasets
import Graphs
import Sessions
public import Tensors

extension Model {
    /// Trains the model on a data set of batches.
    ///
    ///     let batches = Dataset(images, labels).shuffle(seed: 7).batch(32).prefetch(2)
    ///     try model.fit(batches, epochs: 5, validationData: testBatches)
    ///
    /// Epoch `n` is the data set's pass `n`. Data sets without end need `stepsPerEpoch`.
    ///
    /// - Parameters:
    ///   - data: pairs of inputs and labels, each a batch.
    ///   - validationData: batches to evaluate after each epoch.
    ///   - Others: as for `fit` on arrays.
    /// - Errors: as `fit` on arrays, and what the data set throws.
    @discardableResult
    public func fit<X: ArrayBundle, Y: ArrayBundle>(
        _ data: Dataset<Pair<X, Y>>, epochs: Int = 1, verbose: Verbosity = .automatic,
        callbacks: [any Callback] = [], validationData: Dataset<Pair<X, Y>>? = nil,
        classWeight: [Int: Float]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
        validationFrequency: Int = 1, resume: String? = nil
    ) throws -> History {
        let source = try DatasetBatches(data, for: self, classWeight: classWeight, limit: stepsPerEpoch)
        let validation = try validationData.map { try DatasetBatches($0, for: self, classWeight: nil, limit: nil) }
        let resumed = try TrainingSnapshot(resume: resume, callbacks, seed: nil)
        return try FitLoop(
            model: self, source: source, signature: source.signature,
            validation: validation.map { ($0, $0.signature) },
            options: FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch,
                validationFrequency: max(1, validationFrequency), verbose: verbose, callbacks: callbacks,
                position: FitPosition(seed: resumed?.seed ?? 0), resumed: resumed)
        ).run()
    }

    /// The loss and the metrics on a data set of batches.
    ///
    /// - Parameters:
    ///   - steps: how many batches to take; nil: all there are.
    /// - Errors: as `fit`.
    @discardableResult
    public func evaluate<X: ArrayBundle, Y: ArrayBundle>(
        _ data: Dataset<Pair<X, Y>>, verbose: Verbosity = .automatic, steps: Int? = nil
    ) throws -> Logs {
        let source = try DatasetBatches(data, for: self, classWeight: nil, limit: steps)
        return try evaluate(source, source.signature, verbose: verbose, limit: steps)
    }

    /// The outputs for a data set of batches of inputs, one behind the other.
    ///
    /// - Parameters:
    ///   - steps: how many batches to take; nil: all there are.
    /// - Errors: as `predict` on arrays, and what the data set throws.
    public func predict<X: ArrayBundle>(_ data: Dataset<X>, steps: Int? = nil) throws -> NDArray<Float> {
        if case .infinite = data.cardinality, steps == nil { throw KerasError.withoutEnd }
        let iterator = data.makeIterator()
        var parts: [NDArray<Float>] = []
        while parts.count < steps ?? .max, let batch = try iterator.next() { parts.append(try predictOnBatch(batch)) }
        if parts.isEmpty { throw KerasError("the data set has no batch") }
        return NDArray(joining: parts)
    }
}

extension KerasError {
    fileprivate static var withoutEnd: KerasError {
        KerasError("the data set has no end", hint: "say how many batches to take: stepsPerEpoch, or steps")
    }
}

/// Batches of a data set.
private final class DatasetBatches<X: ArrayBundle, Y: ArrayBundle>: BatchSource {
    private let data: Dataset<Pair<X, Y>>
    private let model: Model
    private let classWeight: [Int: Float]?
    private var iterator: DatasetIterator<Pair<X, Y>>?
    /// What the labels of its first batch are like.
    let signature: TrainingSignature

    init(_ data: Dataset<Pair<X, Y>>, for model: Model, classWeight: [Int: Float]?, limit: Int?) throws {
        self.data = data
        self.model = model
        self.classWeight = classWeight
        if case .infinite = data.cardinality, limit == nil { throw KerasError.withoutEnd }
        guard let first = try data.makeIterator().next() else { throw KerasError("the data set has no batch") }
        signature = try model.prepared(first.x, first.y, weights: nil, classWeight: classWeight).signature
    }

    var batchesPerEpoch: Int? { if case .finite(let count) = data.cardinality { count } else { nil } }

    var identity: [String: JSONValue] { batchesPerEpoch.map { ["batches": .integer($0)] } ?? [:] }

    func start(epoch: Int, skipping: Int) { iterator = data.makeIterator(epoch: epoch, skipping: skipping) }

    func next() throws -> Batch? {
        guard let pair = try iterator?.next() else { return nil }
        let (batch, signature) = try model.prepared(pair.x, pair.y, weights: nil, classWeight: classWeight)
        guard signature == self.signature else {
            throw KerasError("the labels of a batch have another rank than those of the first batch")
        }
        return batch
    }
}
