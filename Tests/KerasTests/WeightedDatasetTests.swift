// Data sets of triples: they teach what arrays with sample weights teach, and what the same triples teach Keras.

import ArrayFiles
import Datasets
import FileTestSupport
import Graphs
import Keras
import Operations
import Tensors
import Testing
import Training

/// A batch of a user's own.
private struct Measurement: LabelledBatch {
    var values: NDArray<Float>
    var classes: NDArray<Int32>
    var trust: NDArray<Float>?
    var inputs: any ArrayBundle { ["values": values] }
    var labels: any ArrayBundle { classes }
    var sampleWeight: (any ArrayBundle)? { trust }
}

@Suite struct WeightedDatasetTests {
    private let x = NDArray<Float>(randomNormal: [22, 3], standardDeviation: 1, seed: 11)
    private let y = NDArray<Int32>((0..<22).map { Int32($0 * 7 % 3) })
    private let weights = NDArray<Float>((0..<22).map { Float($0 % 5) / 2 })
    private let initial = NDArray<Float>(randomNormal: [3, 3], standardDeviation: 0.5, seed: 12)
    private let classWeight: [Int: Float] = [0: 0.5, 2: 3]

    private func model() throws -> Sequential {
        let model = Sequential(in: Graph()) { Dense(3, activation: .softmax, inputShape: [3]) }
        try model.compile(
            optimizer: .sgd(learningRate: 0.2, momentum: 0.9), loss: .sparseCategoricalCrossentropy,
            metrics: [.accuracy], weightedMetrics: [.accuracy])
        try model.setWeights([initial, .zeros([3])])
        return model
    }

    private var triples: Dataset<Triple<NDArray<Float>, NDArray<Int32>, NDArray<Float>>> {
        get throws { try Dataset(x, y, weights).batch(4) }
    }

    /// The logs of two epochs, and the weights after them.
    private func outcome(_ train: (Sequential) throws -> History) throws -> ([Logs], [NDArray<Float>]) {
        let model = try model()
        return (try train(model).logs, try model.getWeights())
    }

    private func expectEqual(_ left: ([Logs], [NDArray<Float>]), _ right: ([Logs], [NDArray<Float>])) {
        #expect(left.0 == right.0)
        #expect(left.1 == right.1)
    }

    @Test func triplesTeachWhatArraysWithSampleWeightsTeach() throws {
        let arrays = try outcome {
            try $0.fit(
                x, y, batchSize: 4, epochs: 2, verbose: 0, validationData: (x, y), validationSampleWeight: weights,
                shuffle: false, sampleWeight: weights)
        }
        let data = try triples
        expectEqual(try outcome { try $0.fit(data, epochs: 2, verbose: 0, validationData: data) }, arrays)
        // Weights of any numbers are weights.
        let doubles = data.map { Triple($0.x, $0.y, NDArray<Double>($0.weight.scalars.map { Double($0) })) }
        expectEqual(try outcome { try $0.fit(doubles, epochs: 2, verbose: 0, validationData: doubles) }, arrays)
        let own = data.map { Measurement(values: $0.x, classes: $0.y, trust: $0.weight) }
        let named = withGraph(Graph()) {
            let values = input(shape: [3], name: "values")
            return Model(inputs: values, outputs: Dense(3, activation: .softmax)(values))
        }
        try named.compile(
            optimizer: .sgd(learningRate: 0.2, momentum: 0.9), loss: .sparseCategoricalCrossentropy,
            metrics: [.accuracy], weightedMetrics: [.accuracy])
        try named.setWeights([initial, .zeros([3])])
        expectEqual(
            (try named.fit(own, epochs: 2, verbose: 0, validationData: own).logs, try named.getWeights()), arrays)
    }

    @Test func weightsAndPairsMayBeMixed() throws {
        let (weighted, pairs) = (try triples, try Dataset(x, y).batch(4))
        let learned = try outcome { try $0.fit(weighted, epochs: 2, verbose: 0, validationData: pairs) }
        let arrays = try outcome {
            try $0.fit(
                x, y, batchSize: 4, epochs: 2, verbose: 0, validationData: (x, y), shuffle: false, sampleWeight: weights
            )
        }
        expectEqual(learned, arrays)
        let validated = try outcome { try $0.fit(pairs, epochs: 2, verbose: 0, validationData: weighted) }
        expectEqual(
            validated,
            try outcome {
                try $0.fit(
                    x, y, batchSize: 4, epochs: 2, verbose: 0, validationData: (x, y), validationSampleWeight: weights,
                    shuffle: false)
            })
        #expect(learned.1 != validated.1)
    }

    @Test func weightsOfClassesAndOfSamplesAreMultiplied() throws {
        let products = NDArray<Float>(zip(y.scalars, weights.scalars).map { (classWeight[Int($0)] ?? 1) * $1 })
        let (weighted, multiplied) = (try triples, try Dataset(x, y, products).batch(4))
        expectEqual(
            try outcome { try $0.fit(weighted, epochs: 2, verbose: 0, classWeight: classWeight) },
            try outcome { try $0.fit(multiplied, epochs: 2, verbose: 0) })
    }

    @Test func evaluationCountsSamplesByTheirWeights() throws {
        let model = try model()
        let logs = try model.evaluate(triples, verbose: 0)
        #expect(try logs == model.evaluate(x, y, batchSize: 4, verbose: 0, sampleWeight: weights))
        #expect(try logs != model.evaluate(Dataset(x, y).batch(4), verbose: 0))
        #expect(try model.evaluate(triples.repeat(), verbose: 0, steps: 6) == logs)
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func triplesTeachWhatTheyTeachKeras() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        try NPZWriter.write(
            ["x": AnyArray(x), "y": AnyArray(y), "w": AnyArray(weights), "k": AnyArray(initial)],
            to: folder.path("data.npz"))
        let script = """
            import sys, keras, numpy as np, tensorflow as tf
            f = sys.argv[1] + "/"
            d = np.load(f + "data.npz"); x, y, w = d["x"], d["y"], d["w"]
            classes = {0: 0.5, 1: 1.0, 2: 3.0}
            def data(*arrays): return tf.data.Dataset.from_tensor_slices(arrays).batch(4)
            product = (w * np.array([classes[int(c)] for c in y])).astype("float32")
            results = {}
            for name, train, validation, weight in [
                ("triples", data(x, y, w), data(x, y, w), None), ("mixed", data(x, y, w), data(x, y), None),
                ("classes", data(x, y), data(x, y, w), classes), ("both", data(x, y, product), None, None),
            ]:
                model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "softmax")])
                model.compile(keras.optimizers.SGD(0.2, momentum=0.9), "sparse_categorical_crossentropy",
                    metrics=["accuracy"], weighted_metrics=["accuracy"])
                model.set_weights([d["k"], np.zeros(3)])
                h = model.fit(train, epochs=3, verbose=0, validation_data=validation, class_weight=weight).history
                keys = ["loss"] + (["val_loss"] if validation else [])
                results[name + "/logs"] = np.array([h[k] for k in keys], "float32")
                results[name + "/kernel"] = model.get_weights()[0]
                results[name + "/test"] = np.array(
                    [model.evaluate(data(x, y, w), verbose=0, return_dict=True)[k]
                     for k in ["loss", "accuracy", "weighted_accuracy"]], "float32")
            np.savez(f + "keras.npz", **results)
            """
        _ = try oracle.run(script, [folder.path])
        let reader = try NPZReader(folder.path("keras.npz"))
        let (weighted, pairs) = (try triples, try Dataset(x, y).batch(4))
        let cases: [(String, (Sequential) throws -> History)] = [
            ("triples", { try $0.fit(weighted, epochs: 3, verbose: 0, validationData: weighted) }),
            ("mixed", { try $0.fit(weighted, epochs: 3, verbose: 0, validationData: pairs) }),
            (
                "classes",
                { try $0.fit(pairs, epochs: 3, verbose: 0, validationData: weighted, classWeight: classWeight) }
            ),
            ("both", { try $0.fit(weighted, epochs: 3, verbose: 0, classWeight: classWeight) }),
        ]
        for (name, train) in cases {
            let model = try model()
            let logs = try train(model).logs
            let expected = try reader.read("\(name)/logs", as: Float.self)
            let keys = ["loss", "val_loss"].prefix(expected.shape[0])
            #expect(keys.count == (name == "both" ? 1 : 2))
            let found = try keys.flatMap { key in try logs.map { Float(try #require($0[key])) } }
            expectClose(found, expected.scalars, "\(name): losses")
            expectClose(
                try model.getWeights()[0].scalars, try reader.read("\(name)/kernel", as: Float.self).scalars,
                "\(name): kernel")
            let test = try model.evaluate(weighted, verbose: 0)
            expectClose(
                test.entries.map { Float($0.value) }, try reader.read("\(name)/test", as: Float.self).scalars,
                "\(name): evaluation")
        }
    }

    private func expectClose(_ found: [Float], _ expected: [Float], _ what: String) {
        #expect(found.count == expected.count, "\(what): \(found), in Keras \(expected)")
        for (own, there) in zip(found, expected) {
            #expect(abs(own - there) <= 1e-5 * max(1, abs(there)), "\(what): \(found), in Keras \(expected)")
        }
    }
}
