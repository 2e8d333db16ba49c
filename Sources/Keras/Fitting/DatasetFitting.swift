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
    /// Where samples count differently, triples say how much:
    ///
    ///     try model.fit(Dataset(images, labels, weights).batch(32))
    ///
    /// Epoch `n` is the data set's pass `n`. Data sets without end need `stepsPerEpoch`, and `validationSteps` in validation.
    ///
    /// - Parameters:
    ///   - data: batches: pairs of inputs and labels, triples that have sample weights too, or other `LabelledBatch`es.
    ///   - validationData: batches to evaluate after each epoch, with sample weights or without.
    ///   - classWeight: how much samples of a class count, times their weights.
    ///   - Others: as for `fit` on arrays.
    /// - Errors: as `fit` on arrays, and what the data set throws.
    @discardableResult
    public func fit(
        _ data: Dataset<some LabelledBatch>, epochs: Int = 1, verbose: Verbosity = .automatic,
        callbacks: [any Callback] = [], validationData: (any LabelledBatches)? = nil,
        classWeight: [Int: Float]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
        validationSteps: Int? = nil, validationFrequency: Int = 1, resume: String? = nil
    ) throws -> History {
        let resumed = try TrainingSnapshot(resume: resume, callbacks, seed: nil)
        let source = try DatasetBatches(
            data, for: self, classWeight: classWeight, isLimited: stepsPerEpoch != nil, hint: "give stepsPerEpoch",
            epoch: resumed?.epoch ?? initialEpoch, skipping: resumed?.batch ?? 0)
        let validation = try KerasError.naming("validation data") {
            try validationData.map { try validationSource($0, isLimited: validationSteps != nil) }
        }
        return try FitLoop(
            model: self, source: source, validation: validation,
            options: FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch,
                validationSteps: validationSteps, validationFrequency: validationFrequency, verbose: verbose,
                callbacks: callbacks,
                position: FitPosition(seed: resumed?.seed ?? 0), resumed: resumed)
        ).run()
    }

    private func validationSource(_ data: some LabelledBatches, isLimited: Bool) throws -> any BatchSource {
        try DatasetBatches(
            data.batches, for: self, classWeight: nil, isLimited: isLimited,
            hint: "give validationSteps, or call take(_:) on it")
    }

    /// The loss and the metrics on a data set of batches.
    ///
    /// - Parameters:
    ///   - data: batches: pairs of inputs and labels, triples that have sample weights too, or other `LabelledBatch`es.
    ///   - steps: how many batches to take; nil: all there are.
    /// - Errors: as `fit`.
    @discardableResult
    public func evaluate(
        _ data: Dataset<some LabelledBatch>, verbose: Verbosity = .automatic, steps: Int? = nil
    ) throws -> Logs {
        let source = try DatasetBatches(
            data, for: self, classWeight: nil, isLimited: steps != nil, hint: "say how many batches to take with steps")
        return try evaluate(source, verbose: verbose, limit: steps)
    }

    /// The outputs for a data set of batches of inputs, one behind the other.
    ///
    /// - Parameters:
    ///   - steps: how many batches to take; nil: all there are.
    /// - Errors: as `predict` on arrays, and what the data set throws.
    public func predict<X: ArrayBundle>(_ data: Dataset<X>, steps: Int? = nil) throws -> NDArray<Float> {
        let all = try predictAll(data, steps: steps)
        return try only(all)
    }

    /// The outputs for a data set of batches of inputs, for models with several.
    ///
    /// - Parameters:
    ///   - steps: how many batches to take; nil: all there are.
    /// - Errors: as `predictAll` on arrays, and what the data set throws.
    public func predictAll<X: ArrayBundle>(_ data: Dataset<X>, steps: Int? = nil) throws -> [NDArray<Float>] {
        if let steps { try requireAtLeastOne(steps, "steps") }
        if case .infinite = data.cardinality, steps == nil {
            throw KerasError.withoutEnd("say how many batches to take with steps")
        }
        let iterator = data.makeIterator()
        guard let first = try iterator.next() else { throw KerasError.withoutBatch }
        var plan = try KerasError.naming("batch 1") { try inputPlan(for: first) }
        plan.isOfDataset = true
        let predictor = try Predictor(self)
        var parts = [[NDArray<Float>]](repeating: [], count: predictor.outputs.count)
        var count = 0
        var next: X? = first
        while let batch = next {
            count += 1
            let inputs = try KerasError.naming("batch \(count)") { try plan.arrangedInputs(batch) }
            for (index, result) in try predictor.outputs(for: inputs).enumerated() { parts[index].append(result) }
            next = count < steps ?? .max ? try iterator.next() : nil
        }
        return parts.map { NDArray(joining: $0) }
    }
}

extension KerasError {
    fileprivate static func withoutEnd(_ hint: String) -> KerasError {
        KerasError("the data set has no end", hint: hint)
    }

    fileprivate static var withoutBatch: KerasError {
        KerasError(
            "the data set has no batch", hint: "its source is empty, or filter, take or skip leave nothing of it")
    }

    /// Calls `body`; an error of data says where it is.
    static func naming<Result>(_ place: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as KerasError {
            throw KerasError("\(place()): \(error.message)", hint: error.hint)
        }
    }
}

/// Batches of a data set.
private final class DatasetBatches<Element: LabelledBatch>: BatchSource {
    private let data: Dataset<Element>
    private let plan: DataPlan
    /// What the labels of its first batch are like, and whether it has weights.
    let signature: TrainingSignature
    private var iterator: DatasetIterator<Element>
    /// The batch that was taken to learn what they are like: it is the first of the pass that is begun first.
    private var first: Batch?
    /// Which batch comes next.
    private var position: DatasetPosition

    /// - Parameters:
    ///   - isLimited: whether no more than some batches are taken.
    ///   - hint: what to do about a data set without end.
    ///   - epoch: the pass that is begun first, and how many of its batches are passed over.
    init(
        _ data: Dataset<Element>, for model: Model, classWeight: [Int: Float]?, isLimited: Bool, hint: String,
        epoch: Int = 0, skipping: Int = 0
    ) throws {
        _ = try model.requireSettings()
        if case .infinite = data.cardinality, !isLimited { throw KerasError.withoutEnd(hint) }
        self.data = data
        iterator = data.makeIterator(epoch: epoch, skipping: skipping)
        position = iterator.position
        var sample = try iterator.next()
        let isFirst = sample != nil
        // A training may go on behind the last batch of an epoch.
        if sample == nil, skipping > 0 { sample = try data.makeIterator().next() }
        guard let sample else { throw KerasError.withoutBatch }
        // The labels show it where the inputs' shape is not known yet.
        if model.structure == nil, sample.labels.namedArrays.contains(where: { $0.array.shape.isEmpty }) {
            throw KerasError(
                "the elements of the data set are single samples, but training takes batches",
                hint: "call batch(_:) on it, such as batch(32)")
        }
        let place = position
        let (plan, batch) = try KerasError.naming(Self.name(of: place)) {
            var plan = try model.dataPlan(for: sample.inputs, classWeight: classWeight)
            plan.isOfDataset = true
            return (plan, try plan.batch(sample))
        }
        self.plan = plan
        signature = batch.signature
        first = isFirst ? batch : nil
    }

    var batchesPerEpoch: Int? { data.count }

    var identity: [String: JSONValue] { batchesPerEpoch.map { ["batches": .integer($0)] } ?? [:] }

    func start(epoch: Int, skipping: Int) {
        let wanted = DatasetPosition(epoch: epoch, elementCount: skipping)
        if first != nil, position == wanted { return }
        first = nil
        position = wanted
        iterator = data.makeIterator(epoch: epoch, skipping: skipping)
    }

    func next() throws -> Batch? {
        if let batch = first {
            first = nil
            position.elementCount += 1
            return batch
        }
        guard let element = try iterator.next() else { return nil }
        let batch = try KerasError.naming(Self.name(of: position)) {
            let batch = try plan.batch(element)
            guard batch.signature.isWeighted == signature.isWeighted else {
                throw KerasError(
                    signature.isWeighted
                        ? "there are no sample weights, but the first batch has some"
                        : "there are sample weights, but the first batch has none",
                    hint: "give them with every batch; a weight of 1 changes nothing")
            }
            guard batch.signature == signature else {
                throw KerasError(
                    "the labels have another rank than those of the first batch", hint: "make them alike with map")
            }
            return batch
        }
        position.elementCount += 1
        return batch
    }

    private static func name(of position: DatasetPosition) -> String {
        "batch \(position.elementCount + 1) of pass \(position.epoch + 1)"
    }
}

extension DataPlan {
    /// A batch of a data set as the model takes it.
    ///
    /// - Errors: as `batch` of arrays, and `KerasError` for sample weights that are not one array of numbers.
    fileprivate func batch(_ element: some LabelledBatch) throws -> Batch {
        let weights = try element.sampleWeight.map { bundle in
            let arrays = bundle.namedArrays
            guard arrays.count == 1, let only = arrays.first?.array else {
                throw KerasError(
                    "the sample weights are \(counted(arrays.count, "array"))",
                    hint: "give one array with a weight for each sample, which counts for all outputs")
            }
            return try only.converted(to: .float32, "the sample weights").as(Float.self)
        }
        return try batch(element.inputs, element.labels, weights: weights)
    }
}
