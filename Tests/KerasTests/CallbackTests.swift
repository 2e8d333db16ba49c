import Datasets
import FileTestSupport
import Foundation
import Graphs
import Keras
import Operations
import Sessions
import Summaries
import Tensors
import Testing
import Training

/// A small model, and data that it can learn.
struct SmallTask {
    let model: Sequential
    let x: NDArray<Float>
    let y: NDArray<Int32>

    /// - Parameter dropout: whether random numbers are drawn in each step.
    init(seed: Int = 1, samples: Int = 60, units: Int = 8, dropout: Bool = false, optimizer: KerasOptimizer = "adagrad")
        throws
    {
        let graph = Graph()
        graph.seed = seed
        model = Sequential(in: graph) {
            Dense(units, activation: .relu, inputShape: [3])
            if dropout { Dropout(0.4) }
            Dense(2, activation: .softmax)
        }
        x = NDArray<Float>(randomNormal: [samples, 3], standardDeviation: 1, seed: 5)
        y = NDArray<Int32>(
            x.scalars.enumerated().filter { $0.offset % 3 == 0 }.map { $0.element > 0 ? 1 : 0 })
        try model.compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    }
}

/// Replaces a number of the logs, epoch by epoch.
private final class Recorded: Callback {
    let name: String
    let values: [Double]
    init(_ name: String, _ values: [Double]) { (self.name, self.values) = (name, values) }
    func epochEnded(_ epoch: Int, _ logs: inout Logs, _ run: FitRun) {
        if epoch < values.count { logs[name] = values[epoch] }
    }
}

@Suite struct CallbackTests {
    /// Settings of callbacks, and losses that they see.
    private static let sequences: [[Double]] = [
        [1, 0.9, 0.8, 0.81, 0.82, 0.7, 0.71, 0.72, 0.73, 0.74, 0.6, 0.61],
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        [0.5, 0.6, 0.4, 0.41, 0.3999, 0.39985, 0.3, 0.2, 0.2, 0.2, 0.25, 0.1],
        [3, 2.5, .nan, 2, 2.1, 1.9, 1.95, 1.9, 1.9, 1.8, 1.7, 1.75],
        [0.2, 0.3, 0.1, 0.4, 0.05, 0.5, 0.6, 0.7, 0.01, 0.9, 0.8, 0.02],
    ]

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func earlyStoppingAndReducedRatesDecideAsKeras() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let script = """
            import json, sys, numpy as np, keras
            sequences = json.loads(sys.argv[1])
            class Model:
                def __init__(self):
                    self.stop_training = False
                    self.optimizer = keras.optimizers.SGD(0.5)
                    self.metrics = []
                    self.restored = None
                    self.weights_now = None
                def get_weights(self): return self.weights_now
                def set_weights(self, w): self.restored = w
            out = []
            for values in sequences:
                values = [float(v) for v in values]
                for patience, delta, baseline, start in [(0, 0, None, 0), (2, 0, None, 0), (2, 0.05, None, 0), (1, 0, 0.35, 0), (2, 0.001, None, 3)]:
                    model = Model()
                    c = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, min_delta=delta, baseline=baseline, start_from_epoch=start, restore_best_weights=True)
                    c.set_model(model); c.on_train_begin()
                    last = -1
                    for e, v in enumerate(values):
                        model.weights_now = e
                        c.on_epoch_end(e, {"val_loss": v})
                        last = e
                        if model.stop_training: break
                    c.on_train_end()
                    out.append([last, c.wait, c.best_epoch])
                for patience, cooldown, factor, lr, delta in [(1, 0, 0.5, 0, 1e-4), (2, 2, 0.1, 0.01, 1e-4), (1, 1, 0.3, 0.1, 0.05), (2, 0, 0.2, 0, 0)]:
                    model = Model()
                    c = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=patience, cooldown=cooldown, factor=factor, min_lr=lr, min_delta=delta)
                    c.set_model(model); c.on_train_begin()
                    rates = []
                    for e, v in enumerate(values):
                        c.on_epoch_end(e, {"val_loss": v})
                        rates.append(float(keras.backend.convert_to_numpy(model.optimizer.learning_rate)) if hasattr(keras.backend, "convert_to_numpy") else float(model.optimizer.learning_rate.numpy()))
                    out.append(rates)
            print(json.dumps(out))
            """
        let argument = JSONValue.array(Self.sequences.map { .array($0.map { .number($0) }) }).text()
        let text = try oracle.run(script, [argument])
        let expected = try JSONValue(text: String(text.split(separator: "\n").last ?? "")).array ?? []
        var position = 0
        for values in Self.sequences {
            let options: [(Int, Double, Double?, Int)] = [
                (0, 0, nil, 0), (2, 0, nil, 0), (2, 0.05, nil, 0), (1, 0, 0.35, 0), (2, 0.001, nil, 3),
            ]
            for (patience, delta, baseline, start) in options {
                let task = try SmallTask(samples: 20)
                let stopping = EarlyStopping(
                    minDelta: delta, patience: patience, baseline: baseline, restoreBestWeights: true,
                    startFromEpoch: start)
                let history = try task.model.fit(
                    task.x, task.y, epochs: values.count, verbose: 0,
                    callbacks: [Recorded("val_loss", values), stopping])
                let found: JSONValue = [
                    .integer(history.epochs.last ?? -1), .integer(stopping.wait), .integer(stopping.bestEpoch),
                ]
                #expect(
                    found == expected[position],
                    "EarlyStopping \(patience), \(delta), \(String(describing: baseline)), \(start): \(values)")
                position += 1
            }
            let settings: [(Int, Int, Double, Double, Double)] = [
                (1, 0, 0.5, 0, 1e-4), (2, 2, 0.1, 0.01, 1e-4), (1, 1, 0.3, 0.1, 0.05), (2, 0, 0.2, 0, 0),
            ]
            for (patience, cooldown, factor, least, delta) in settings {
                let task = try SmallTask(samples: 20, optimizer: .sgd(learningRate: 0.5))
                var rates: [Double] = []
                let reduce = ReduceLROnPlateau(
                    factor: factor, patience: patience, minDelta: delta, cooldown: cooldown, minLR: least)
                try task.model.fit(
                    task.x, task.y, epochs: values.count, verbose: 0,
                    callbacks: [
                        Recorded("val_loss", values), reduce,
                        LambdaCallback(onEpochEnd: { _, _ in rates.append(try task.model.learningRate() ?? -1) }),
                    ])
                let keras = expected[position].array?.compactMap(\.number) ?? []
                #expect(
                    rates.map { Float($0) } == keras.map { Float($0) }, "ReduceLROnPlateau \(patience), \(cooldown)")
                position += 1
            }
        }
        #expect(position == expected.count)
    }

    @Test func theBestWeightsComeBack() throws {
        let task = try SmallTask()
        var kept: [[NDArray<Float>]] = []
        try task.model.fit(
            task.x, task.y, epochs: 6, verbose: 0,
            callbacks: [
                Recorded("val_loss", [3, 1, 2, 2, 2, 2]),
                LambdaCallback(onEpochEnd: { _, _ in kept.append(try task.model.getWeights()) }),
                EarlyStopping(patience: 2, restoreBestWeights: true),
            ])
        #expect(kept.count == 4)
        #expect(try task.model.getWeights() == kept[1])
        #expect(kept[1] != kept[3])
    }

    @Test func aNameThatIsNotLoggedIsToldAfterTheFirstEpoch() throws {
        let task = try SmallTask()
        func message(_ callback: any Callback, validated: Bool) -> String {
            do {
                try task.model.fit(
                    task.x, task.y, epochs: 2, verbose: 0, callbacks: [callback], validationSplit: validated ? 0.2 : 0)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(
            message(EarlyStopping(monitor: "val_los"), validated: true)
                == "there is no value for EarlyStopping to monitor named \"val_los\"\n    hint: did you mean \"val_loss\"?"
        )
        #expect(message(EarlyStopping(), validated: false).contains("fit has no validationData or validationSplit"))
        #expect(message(ReduceLROnPlateau(monitor: "acuracy"), validated: false).contains("did you mean \"accuracy\"?"))
        #expect(
            message(ModelCheckpoint("/nowhere/x", monitor: "val_acc", saveBestOnly: true), validated: true)
                .contains("ModelCheckpoint"))
        #expect(message(ReduceLROnPlateau(factor: 1), validated: true).contains("from 0 up to 1"))
    }

    @Test func aNameThatDoesNotTellWhatIsBetterNeedsAMode() throws {
        let task = try SmallTask()
        func fit(_ mode: MonitorMode) throws {
            try task.model.fit(
                task.x, task.y, epochs: 3, verbose: 0,
                callbacks: [Recorded("beauty", [1, 2, 3]), EarlyStopping(monitor: "beauty", mode: mode)])
        }
        #expect(throws: KerasError.self) { try fit(.auto) }
        try fit(.max)
    }

    @Test func ratesFollowASchedule() throws {
        let task = try SmallTask(optimizer: .sgd(learningRate: 0.5))
        let history = try task.model.fit(
            task.x, task.y, epochs: 3, verbose: 0,
            callbacks: [LearningRateScheduler { epoch, rate in epoch == 0 ? rate : rate / 2 }])
        #expect(history["learning_rate"] == [0.5, 0.25, 0.125])
        let own = try SmallTask(optimizer: "adagrad")
        #expect(throws: KerasError.self) {
            try own.model.fit(own.x, own.y, verbose: 0, callbacks: [LearningRateScheduler { _, _ in .nan }])
        }
    }

    @Test func trainingEndsAtALossThatIsNotFinite() throws {
        let task = try SmallTask(optimizer: .sgd(learningRate: 1e30))
        let callback = TerminateOnNaN()
        let history = try task.model.fit(task.x, task.y, batchSize: 10, epochs: 5, verbose: 0, callbacks: [callback])
        #expect(callback.terminated != nil)
        #expect(history.epochs.count < 5)
    }

    @Test func epochsAreLinesOfATable() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("log.csv")
        let task = try SmallTask()
        func text() throws -> [Substring] {
            String(decoding: try folder.bytes(of: "log.csv"), as: UTF8.self).split(separator: "\n")
        }
        var seen: [Int] = []
        try task.model.fit(
            task.x, task.y, epochs: 3, verbose: 0,
            callbacks: [
                CSVLogger(path, separator: ";"),
                // The lines are in the file as soon as the epoch has ended.
                LambdaCallback(onEpochEnd: { _, _ in seen.append(try text().count) }),
            ], validationSplit: 0.2, validationFrequency: 2)
        #expect(seen == [2, 3, 4])
        let lines = try text()
        #expect(lines[0] == "epoch;accuracy;learning_rate;loss;val_accuracy;val_loss")
        #expect(lines[1].hasPrefix("0;") && lines[1].hasSuffix(";NA;NA"))
        #expect(!lines[2].contains("NA"))
        try task.model.fit(
            task.x, task.y, epochs: 1, verbose: 0, callbacks: [CSVLogger(path, separator: ";", append: true)])
        #expect(try text().count == 5)
        #expect(try text()[4].hasSuffix(";NA;NA"))
        try task.model.fit(task.x, task.y, epochs: 1, verbose: 0, callbacks: [CSVLogger(path)])
        #expect(try text().count == 2)
    }

    @Test func validationTakesSoManyBatchesAndWeighsItsSamples() throws {
        let task = try SmallTask()
        let weights = NDArray<Float>((0..<60).map { Float($0 % 4) })
        func values(_ logs: Logs) -> [Double?] { [logs["val_loss"], logs["val_accuracy"]] }
        func found(_ logs: Logs) -> [Double?] { [logs["loss"], logs["accuracy"]] }
        var history = try task.model.fit(
            task.x, task.y, verbose: 0, validationData: (task.x, task.y), validationSteps: 2, validationBatchSize: 10)
        let few = try task.model.evaluate(task.x, task.y, batchSize: 10, verbose: 0, steps: 2)
        #expect(values(history.logs[0]) == found(few))
        history = try task.model.fit(
            task.x, task.y, verbose: 0, validationData: (task.x, task.y), validationSampleWeight: weights)
        let weighted = try task.model.evaluate(task.x, task.y, verbose: 0, sampleWeight: weights)
        #expect(values(history.logs[0]) == found(weighted))
        let batches = try Dataset(task.x, task.y).batch(10)
        history = try task.model.fit(batches, verbose: 0, validationData: batches.repeat(), validationSteps: 3)
        let endless = try task.model.evaluate(batches, verbose: 0, steps: 3)
        #expect(values(history.logs[0]) == found(endless))
    }

    @Test func pathsAreFormattedAsPythonDoes() throws {
        let folder = try TemporaryFolder()
        let task = try SmallTask()
        try task.model.fit(
            task.x, task.y, epochs: 2, verbose: 0,
            callbacks: [
                Recorded("val_loss", [0.12345, 12.5]),
                ModelCheckpoint(
                    folder.path("{epoch:03d}-{val_loss:.2f}-{val_loss:06.1f}-{epoch}-{{x}}.npz"), saveWeightsOnly: true),
                ModelCheckpoint(saveWeightsOnly: true) { epoch, logs in folder.path("own\(epoch).safetensors") },
            ])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(
            names == [
                "001-0.12-0000.1-1-{x}.npz", "002-12.50-0012.5-2-{x}.npz", "own0.safetensors", "own1.safetensors",
            ])
        for bad in ["{epoch:5x}", "{nothing}", "{epoch", "{val_loss:d}", "}"] {
            #expect(throws: KerasError.self) {
                try task.model.fit(
                    task.x, task.y, verbose: 0,
                    callbacks: [
                        Recorded("val_loss", [0.5]),
                        ModelCheckpoint(folder.path(bad + ".npz"), saveWeightsOnly: true),
                    ])
            }
        }
    }

    @Test func onlyBetterModelsAreSaved() throws {
        let folder = try TemporaryFolder()
        let task = try SmallTask()
        func saved(_ threshold: Double?, _ mode: MonitorMode) throws -> [String] {
            let path = folder.path("\(UUID().uuidString)")
            try task.model.fit(
                task.x, task.y, epochs: 5, verbose: 0,
                callbacks: [
                    Recorded("val_loss", [3, 2, 2.5, 1, 4]),
                    ModelCheckpoint(
                        path + "/{epoch}.npz", saveBestOnly: true, saveWeightsOnly: true, mode: mode,
                        initialValueThreshold: threshold),
                ])
            return (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
        }
        #expect(try saved(nil, .auto) == ["1.npz", "2.npz", "4.npz"])
        #expect(try saved(2, .auto) == ["4.npz"])
        #expect(try saved(nil, .max) == ["1.npz", "5.npz"])
    }

    @Test func aWholeTrainingIsNotSavedInAFileOfWeights() throws {
        let task = try SmallTask()
        #expect(throws: KerasError.self) {
            try task.model.fit(task.x, task.y, verbose: 0, callbacks: [ModelCheckpoint("/tmp/x.npz")])
        }
    }

    @Test(arguments: ["best.keras", "best.weights.h5"]) func aStateIsNotSavedUnderTheNameOfAnotherKind(_ name: String)
        throws
    {
        let folder = try TemporaryFolder()
        for weightsOnly in [false, true] {
            let task = try SmallTask()
            let error = #expect(throws: KerasError.self) {
                try task.model.fit(
                    task.x, task.y, verbose: 0,
                    callbacks: [ModelCheckpoint(folder.path(name), saveWeightsOnly: weightsOnly)])
            }
            #expect(error?.hint?.contains("without ending for a checkpoint") == true)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func tensorBoardGetsKerasTags() throws {
        let folder = try TemporaryFolder()
        let task = try SmallTask()
        try task.model.fit(
            task.x, task.y, batchSize: 12, epochs: 2, verbose: 0,
            callbacks: [
                TensorBoard(
                    logDirectory: folder.path("logs"), histogramFrequency: 1, writeImages: true,
                    updateFrequency: .batches(2),
                    more: { epoch, writer, _ in writer.text("note", "epoch \(epoch)", step: epoch) })
            ], validationSplit: 0.2)
        func tags(_ run: String) throws -> [String: [Int]] {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("logs/" + run))
            #expect(files.count == 1)
            var tags: [String: [Int]] = [:]
            for event in try EventFileReader(folder.path("logs/\(run)/\(files[0])")).readAll() {
                for value in event.values { tags[value.tag, default: []].append(event.step) }
            }
            return tags
        }
        let train = try tags("train")
        #expect(train["epoch_loss"] == [0, 1])
        #expect(train["epoch_accuracy"] == [0, 1])
        #expect(train["epoch_learning_rate"] == [0, 1])
        #expect(train["batch_loss"] == [2, 4, 6, 8])
        #expect(train["dense/kernel/histogram"] == [0, 1])
        #expect(train["dense/bias/image"] == [0, 1])
        #expect(train["note"] == [0, 1])
        #expect(try tags("validation").keys.sorted() == ["epoch_accuracy", "epoch_loss"])
        guard let oracle = TensorFlowOracle.fromEnvironment else { return }
        let script = """
            import sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            a = EventAccumulator(sys.argv[1], size_guidance={"tensors": 0}); a.Reload()
            print(sorted(a.Tags()["tensors"]))
            print([t.step for t in a.Tensors("epoch_loss")], a.Tags()["graph"])
            v = EventAccumulator(sys.argv[2]); v.Reload()
            print(sorted(v.Tags()["tensors"]))
            """
        let text = try oracle.run(script, [folder.path("logs/train"), folder.path("logs/validation")])
        let lines = text.split(separator: "\n")
        #expect(lines[0].contains("'dense_1/kernel/histogram'") && lines[0].contains("'epoch_loss'"))
        #expect(lines[1] == "[0, 1] True")
        #expect(lines[2] == "['epoch_accuracy', 'epoch_loss']")
    }
}
