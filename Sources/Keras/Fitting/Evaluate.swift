// evaluate, predict, and single steps.

import Graphs
import Operations
import Sessions
public import Tensors

extension Model {
    /// The loss and the metrics on arrays.
    ///
    ///     let test = try model.evaluate(xTest, yTest)
    ///     print(test["accuracy"] ?? 0)
    ///
    /// - Parameters:
    ///   - sampleWeight: how much each sample counts.
    ///   - steps: how many batches to take; nil: all there are.
    /// - Errors: as `fit`.
    @discardableResult
    public func evaluate(
        _ x: some ArrayBundle, _ y: some ArrayBundle, batchSize: Int = 32, verbose: Verbosity = .automatic,
        sampleWeight: NDArray<Float>? = nil, steps: Int? = nil
    ) throws -> Logs {
        try requireAtLeastOne(batchSize, "the batch size")
        var plan = try dataPlan(for: x)
        plan.isCut = true
        let samples = try plan.batch(x, y, weights: sampleWeight)
        try requireWholeBatches(of: samples.sampleCount, batchSize)
        return try evaluate(
            ArrayBatches(samples, batchSize: batchSize, shuffleSeed: nil), verbose: verbose, limit: steps)
    }

    func evaluate(_ source: any BatchSource, verbose: Verbosity, limit: Int?) throws -> Logs {
        if let limit { try source.checkSteps(limit, "steps") }
        let structure = try requireStructure()
        let runner = StepRunner(
            model: self, structure: structure, steps: try self.steps(for: source.signature, structure))
        try initializeVariables()
        try session.run(runner.steps.reset)
        try source.start(epoch: 0, skipping: 0)
        let total = [limit, source.batchesPerEpoch].compactMap { $0 }.min()
        var progress = ProgressDisplay(title: nil, total: total, verbosity: verbose)
        var count = 0
        while count < limit ?? .max, let batch = try source.next() {
            try runner.test(batch)
            try Task.checkCancellation()
            count += 1
            if progress.isDue() { progress.update(step: count, try results(of: runner.steps)) }
        }
        if let limit, count < limit {
            throw KerasError(
                "the data set ended after \(counted(count, "batch", "batches")), but steps is \(limit)",
                hint: "call repeat() on it, or leave steps out")
        }
        let logs = try results(of: runner.steps)
        progress.finish(step: count, logs)
        return logs
    }

    /// The output for arrays.
    ///
    ///     let probabilities = try model.predict(images)          // [n, 10]
    ///
    /// - Shapes: inputs `[n, ...]` → `[n, ...]`.
    /// - Errors: `KerasError` for data that does not fit, or a model with several outputs.
    public func predict(
        _ x: some ArrayBundle, batchSize: Int = 32, verbose: Verbosity = .silent
    ) throws -> NDArray<Float> {
        try only(try predictAll(x, batchSize: batchSize, verbose: verbose))
    }

    /// The one output.
    ///
    /// - Errors: `KerasError` where there are several.
    func only(_ outputs: [NDArray<Float>]) throws -> NDArray<Float> {
        if outputs.count == 1 { return outputs[0] }
        throw KerasError("\"\(name)\" has \(outputs.count) outputs", hint: "use predictAll")
    }

    /// The outputs for arrays, for models with several.
    public func predictAll(
        _ x: some ArrayBundle, batchSize: Int = 32, verbose: Verbosity = .silent
    ) throws -> [NDArray<Float>] {
        try requireAtLeastOne(batchSize, "the batch size")
        var plan = try inputPlan(for: x)
        plan.isCut = true
        let inputs = try plan.arrangedInputs(x)
        try requireWholeBatches(of: inputs.first?.sampleCount ?? 0, batchSize)
        let source = ArrayBatches(
            Batch(inputs: inputs, labels: [], weights: nil), batchSize: batchSize, shuffleSeed: nil)
        source.start(epoch: 0, skipping: 0)
        var progress = ProgressDisplay(title: nil, total: source.batchesPerEpoch, verbosity: verbose)
        let predictor = try Predictor(self)
        var parts = [[NDArray<Float>]](repeating: [], count: predictor.outputs.count)
        var done = 0
        while let batch = try source.next() {
            for (index, result) in try predictor.outputs(for: batch.inputs).enumerated() { parts[index].append(result) }
            done += 1
            if progress.isDue() { progress.update(step: done, Logs()) }
        }
        progress.finish(step: done, Logs())
        return parts.map { NDArray(joining: $0) }
    }

    /// The output for one batch, in a single step.
    public func predictOnBatch(_ x: some ArrayBundle) throws -> NDArray<Float> {
        try predict(x, batchSize: max(1, x.namedArrays.first?.array.sampleCount ?? 1))
    }

    /// One step of training on one batch.
    ///
    /// - Parameters:
    ///   - resetsMetrics: whether the metrics are of this batch alone rather than of all since the last reset.
    /// - Returns: the loss before the step, and the metrics.
    /// - Errors: as `fit`.
    @discardableResult
    public func trainOnBatch(
        _ x: some ArrayBundle, _ y: some ArrayBundle, sampleWeight: NDArray<Float>? = nil,
        classWeight: [Int: Float]? = nil, resetsMetrics: Bool = true
    ) throws -> Logs {
        try step(x, y, sampleWeight, classWeight, resetsMetrics) {
            try requireTrainableWeights()
            try $0.train($1)
        }
    }

    /// The loss and the metrics on one batch.
    @discardableResult
    public func testOnBatch(
        _ x: some ArrayBundle, _ y: some ArrayBundle, sampleWeight: NDArray<Float>? = nil,
        resetsMetrics: Bool = true
    ) throws -> Logs {
        try step(x, y, sampleWeight, nil, resetsMetrics) { try $0.test($1) }
    }

    private func step(
        _ x: any ArrayBundle, _ y: any ArrayBundle, _ weights: NDArray<Float>?, _ classWeight: [Int: Float]?,
        _ resetsMetrics: Bool, _ body: (StepRunner, Batch) throws -> Void
    ) throws -> Logs {
        let batch = try dataPlan(for: x, classWeight: classWeight).batch(x, y, weights: weights)
        let structure = try requireStructure()
        let runner = StepRunner(model: self, structure: structure, steps: try steps(for: batch.signature, structure))
        try initializeVariables()
        if resetsMetrics { try session.run(runner.steps.reset) }
        try body(runner, batch)
        return try results(of: runner.steps)
    }
}

/// Runs a model in use, batch by batch.
struct Predictor {
    let outputs: [Tensor<Float>]
    private let model: Model
    private let inputs: [AnyTensor]
    private let updates: [Node]

    init(_ model: Model) throws {
        let structure = try model.requireStructure()
        try model.initializeVariables()
        self.model = model
        inputs = structure.inputs.map(\.tensor)
        outputs = structure.outputs.map { asFloat($0.tensor) }
        updates = structure.calls.flatMap(\.updates)
    }

    /// The outputs for one batch.
    func outputs(for arrays: [AnyArray]) throws -> [NDArray<Float>] {
        try model.session.run(
            OutputsAndUpdates(outputs: outputs, updates: updates), feeding: zip(inputs, arrays).map { $0.fed($1) })
    }
}

/// Fetches outputs, and runs what must be updated with them.
private struct OutputsAndUpdates: Fetchable {
    let outputs: [Tensor<Float>]
    let updates: [Node]

    func collect(into request: inout FetchRequest) {
        outputs.collect(into: &request)
        updates.collect(into: &request)
    }

    func fetched(from results: inout FetchResults) -> [NDArray<Float>] { outputs.fetched(from: &results) }
}

extension NDArray {
    /// Arrays one behind the other along the first axis; they must agree in the others.
    init(joining parts: [NDArray]) {
        if parts.count == 1, let only = parts.first {
            self = only
            return
        }
        let rest = parts.first.map { Array($0.shape.dropFirst()) } ?? []
        self.init(shape: [parts.reduce(0) { $0 + ($1.shape.first ?? 0) }] + rest) { target in
            var position = 0
            for part in parts {
                part.withUnsafeBufferPointer { elements in
                    for element in elements where position < target.count {
                        target.initializeElement(at: position, to: element)
                        position += 1
                    }
                }
            }
        }
    }
}
