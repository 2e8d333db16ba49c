// fit: training over epochs, with callbacks, validation and progress.

import Datasets
import Files
import Graphs
import Operations
import Sessions
public import Tensors

extension Model {
    /// Trains the model on arrays.
    ///
    ///     let history = try model.fit(xTrain, yTrain, epochs: 5, validationData: (xTest, yTest))
    ///
    /// With the same seed, and a graph with a seed, the same numbers come out each time.
    ///
    /// - Parameters:
    ///   - x: the inputs, one sample for each index of the first axis.
    ///   - y: the labels of the samples.
    ///   - batchSize: how many samples make a step; the last batch of an epoch may be smaller.
    ///   - epochs: the number of the epoch after the last.
    ///   - verbose: how much is told; as Keras's 0, 1, 2.
    ///   - callbacks: what is called at the beginnings and ends of epochs and batches.
    ///   - validationSplit: the part of the samples, taken from the end, that is not trained on but evaluated after each
    ///     epoch.
    ///   - validationData: inputs and labels to evaluate after each epoch.
    ///   - validationSampleWeight: how much each sample of the validation data counts.
    ///   - shuffle: whether each epoch takes the samples in another order.
    ///   - seed: decides the orders; nil: the graph's seed, else another one each time.
    ///   - classWeight: how much samples of a class count, by its number; others count 1.
    ///   - sampleWeight: how much each sample counts.
    ///   - initialEpoch: the number of the first epoch, from 0.
    ///   - stepsPerEpoch: how many batches make an epoch; nil: all there are.
    ///   - validationSteps: how many batches are taken in validation; nil: all there are.
    ///   - validationBatchSize: the size of batches in validation; nil: as in training.
    ///   - validationFrequency: validation follows each so many epochs.
    ///   - resume: a state of training that `ModelCheckpoint`, `BackupAndRestore` or `FitRun.saveTrainingState` wrote, or
    ///     a folder with some, of which the newest counts: training goes on from there, with the numbers that it would
    ///     have had without the stop. What began an epoch in the middle of which it goes on is not called again.
    /// - Returns: the logs of the epochs.
    /// - Errors: `KerasError` for data that does not fit, `GraphError` for mistakes in building the model, what callbacks
    ///   throw, `CancellationError` where the task is cancelled. Weights then are those of the last step that was made.
    @discardableResult
    public func fit(
        _ x: some ArrayBundle, _ y: some ArrayBundle, batchSize: Int = 32, epochs: Int = 1,
        verbose: Verbosity = .automatic, callbacks: [any Callback] = [], validationSplit: Double = 0,
        validationData: (any ArrayBundle, any ArrayBundle)? = nil, validationSampleWeight: NDArray<Float>? = nil,
        shuffle: Bool = true, seed: UInt64? = nil, classWeight: [Int: Float]? = nil,
        sampleWeight: NDArray<Float>? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
        validationSteps: Int? = nil, validationBatchSize: Int? = nil, validationFrequency: Int = 1,
        resume: String? = nil
    ) throws -> History {
        try requireAtLeastOne(batchSize, "the batch size")
        try requireAtLeastOne(validationBatchSize ?? 1, "the batch size of validation")
        if !(0..<1).contains(validationSplit) {
            throw KerasError(
                "the validation split is \(validationSplit), but must be from 0 up to, but not 1",
                hint: "0.2 keeps the last fifth of the samples for validation")
        }
        var plan = try dataPlan(for: x, classWeight: classWeight)
        plan.isCut = true
        var samples = try plan.batch(x, y, weights: sampleWeight)
        if validationSampleWeight != nil, validationData == nil {
            throw KerasError(
                "there are sample weights for validation, but no validation data",
                hint: "a validation split takes its part of sampleWeight")
        }
        var validation: Batch?
        if let (vx, vy) = validationData {
            validation = try KerasError.naming("validation data") {
                var plan = try dataPlan(for: vx)
                plan.isCut = true
                return try plan.batch(vx, vy, weights: validationSampleWeight)
            }
        } else if validationSplit > 0 {
            let count = samples.sampleCount
            let kept = Int((Double(count) * (1 - validationSplit)).rounded(.down))
            guard kept > 0, kept < count else {
                throw KerasError(
                    "a validation split of \(validationSplit) leaves \(kept) of \(counted(count, "sample")) for training "
                        + "and \(count - kept) for validation", hint: "give more samples, or another split")
            }
            validation = samples.samples(kept..<count)
            samples = samples.samples(0..<kept)
        }
        try requireWholeBatches(of: samples.sampleCount, batchSize)
        try KerasError.naming("validation data") {
            try validation.map { try requireWholeBatches(of: $0.sampleCount, validationBatchSize ?? batchSize) }
        }
        let resumed = try TrainingSnapshot(resume: resume, callbacks, seed: seed)
        let shuffleSeed =
            resumed?.seed ?? seed ?? graph.seed.map { UInt64(bitPattern: Int64($0)) } ?? UInt64.random(in: 0 ... .max)
        return try FitLoop(
            model: self, source: ArrayBatches(samples, batchSize: batchSize, shuffleSeed: shuffle ? shuffleSeed : nil),
            validation: validation.map {
                ArrayBatches($0, batchSize: validationBatchSize ?? batchSize, shuffleSeed: nil)
            },
            options: FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch,
                validationSteps: validationSteps, validationFrequency: validationFrequency, verbose: verbose,
                callbacks: callbacks,
                position: FitPosition(seed: shuffleSeed), resumed: resumed)
        ).run()
    }

    /// What the model reports, as numbers.
    func results(of steps: TrainingSteps) throws -> Logs {
        var logs = Logs()
        for (name, value) in zip(steps.names, try session.run(steps.results)) { logs[name] = Double(value.scalar) }
        return logs
    }
}

/// How a training runs.
struct FitOptions {
    var epochs: Int
    var initialEpoch: Int
    var stepsPerEpoch: Int?
    var validationSteps: Int?
    var validationFrequency: Int
    var verbose: Verbosity
    var callbacks: [any Callback]
    var position: FitPosition
    /// The state of training to go on from.
    var resumed: TrainingSnapshot?

    /// - Errors: `KerasError` for numbers that say nothing.
    func check() throws {
        if epochs < 0 {
            throw KerasError(
                "epochs is \(epochs), but must not be below 0", hint: "it is the number of the epoch after the last")
        }
        if initialEpoch < 0 {
            throw KerasError("initialEpoch is \(initialEpoch), but must not be below 0", hint: "the first epoch is 0")
        }
        if resumed == nil, initialEpoch > epochs {
            throw KerasError(
                "initialEpoch is \(initialEpoch), but epochs is \(epochs)",
                hint: "epochs is the number of the epoch after the last, not how many there are: "
                    + "give \(initialEpoch.addingReportingOverflow(epochs).partialValue) for \(epochs) more")
        }
        if let stepsPerEpoch { try requireAtLeastOne(stepsPerEpoch, "stepsPerEpoch") }
        try requireAtLeastOne(validationFrequency, "validationFrequency")
    }
}

/// - Errors: `KerasError` for a number below 1.
func requireAtLeastOne(_ number: Int, _ title: String) throws {
    guard number < 1 else { return }
    throw KerasError("\(title) is \(number), but must be at least 1", hint: "give 1 or more, or leave it out")
}

/// One training.
struct FitLoop {
    let model: Model
    let source: any BatchSource
    let validation: (any BatchSource)?
    let options: FitOptions

    func run() throws -> History {
        try options.check()
        if let limit = options.stepsPerEpoch { try source.checkSteps(limit, "stepsPerEpoch") }
        if let limit = options.validationSteps {
            guard let validation else {
                throw KerasError(
                    "validationSteps is \(limit), but there is no validation data",
                    hint: "give validationData or a validation split, or leave it out")
            }
            try KerasError.naming("validation data") { try validation.checkSteps(limit, "validationSteps") }
        }
        let structure = try model.requireStructure()
        try model.requireTrainableWeights()
        let steps = try model.steps(for: source.signature, structure)
        let runner = StepRunner(model: model, structure: structure, steps: steps)
        let validator = try validation.map { source in
            let steps = try model.steps(for: source.signature, structure)
            return (source, StepRunner(model: model, structure: structure, steps: steps))
        }
        try model.initializeVariables()
        var position = options.position
        position.data = source.identity
        let callbacks = options.callbacks
        let run = FitRun(
            model: model, epochs: options.epochs, steps: steps, position: position, callbacks: callbacks)
        run.isValidated = validator != nil
        run.epoch = options.initialEpoch
        if let resumed = options.resumed { try run.resume(from: resumed) }
        let limit = options.stepsPerEpoch
        run.stepsPerEpoch = [limit, source.batchesPerEpoch].compactMap { $0 }.min()
        let batchCallbacks = callbacks.filter(\.wantsBatches)
        let watch = InterruptionWatch()

        for callback in callbacks { try callback.trainingBegan(run) }
        if let resumed = options.resumed { try run.restoreCallbacks(from: resumed) }
        while run.epoch < options.epochs, !run.isStopping {
            let epoch = run.epoch
            // In the middle of an epoch, its beginning was before the stop.
            if run.batch == 0 {
                for callback in callbacks { try callback.epochBegan(epoch, run) }
                try model.session.run(steps.reset)
            }
            try source.start(epoch: epoch, skipping: run.batch)
            run.isInEpoch = true
            var progress = ProgressDisplay(
                title: "Epoch \(epoch + 1)/\(options.epochs)", total: run.stepsPerEpoch, verbosity: options.verbose)
            while run.batch < limit ?? .max, !run.isStopping, let batch = try source.next() {
                for callback in batchCallbacks { try callback.batchBegan(run.batch, run) }
                try runner.train(batch)
                run.batch += 1
                for callback in batchCallbacks { try callback.batchEnded(run.batch - 1, run) }
                if progress.isDue() { progress.update(step: run.batch, try run.logs()) }
                try Task.checkCancellation()
                if let signal = watch.signalNumber {
                    progress.breakOff()
                    try interrupted(run, signal)
                }
            }
            // A callback may have ended the run before its first batch.
            if run.batch == 0, run.isStopping { break }
            guard run.batch > 0 else {
                throw KerasError(
                    "the data set has no batch in epoch \(epoch + 1)", hint: "does each pass over it begin anew?")
            }
            if let limit, run.batch < limit, !run.isStopping {
                throw KerasError(
                    "the data set ended after \(counted(run.batch, "batch", "batches")) of epoch \(epoch + 1), but "
                        + "stepsPerEpoch is \(limit)", hint: "call repeat() on it, or leave stepsPerEpoch out")
            }
            run.stepsPerEpoch = run.stepsPerEpoch ?? run.batch
            var logs = try run.logs()
            if let (source, validator) = validator, (epoch + 1) % options.validationFrequency == 0 {
                try model.session.run(validator.steps.reset)
                try source.start(epoch: 0, skipping: 0)
                var count = 0
                while count < options.validationSteps ?? .max,
                    let batch = try KerasError.naming("validation data", source.next)
                {
                    try validator.test(batch)
                    try Task.checkCancellation()
                    count += 1
                }
                logs.merge(try model.results(of: validator.steps).prefixed("val_"))
            }
            if let rate = try model.learningRate() { logs["learning_rate"] = rate }
            run.isEndingEpoch = true
            for callback in callbacks { try callback.epochEnded(epoch, &logs, run) }
            var shown = logs
            shown["learning_rate"] = nil
            progress.finish(step: run.batch, shown)
            try run.finishEpoch(logs)
            run.tellMessages()
            if let signal = watch.signalNumber { try interrupted(run, signal) }
        }
        for callback in callbacks { try callback.trainingEnded(run) }
        return run.history
    }

    /// Lets callbacks save what must not be lost, then ends the process.
    private func interrupted(_ run: FitRun, _ signal: Int32) throws -> Never {
        run.tellMessages()
        writeToStandardError(
            "\(InterruptionWatch.name(of: signal)): training stops in epoch \(run.epoch + 1), after \(run.batch) batches\n"
        )
        for callback in options.callbacks { try callback.interrupted(run) }
        InterruptionWatch.endProcess(after: signal)
    }
}

/// Runs steps on batches.
struct StepRunner {
    let model: Model
    let structure: ModelStructure
    let steps: TrainingSteps

    /// One step of training.
    func train(_ batch: Batch) throws { try model.session.run(steps.train, feeding: feeds(batch)) }

    /// Takes a batch into the loss and the metrics.
    func test(_ batch: Batch) throws { try model.session.run(steps.test, feeding: feeds(batch)) }

    private func feeds(_ batch: Batch) -> [AnyFeed] {
        var feeds: [AnyFeed] = []
        feeds.reserveCapacity(batch.inputs.count + batch.labels.count + 1)
        for (input, array) in zip(structure.inputs, batch.inputs) { feeds.append(input.tensor.fed(array)) }
        for (label, array) in zip(steps.labels, batch.labels) {
            if let label, let array { feeds.append(label.fed(array)) }
        }
        if let weights = steps.weights, let array = batch.weights {
            feeds.append(AnyTensor(weights).fed(AnyArray(array)))
        }
        return feeds
    }
}
