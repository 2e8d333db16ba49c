import ArrayFiles
import FileTestSupport
import Foundation
import Graphs
import Tensors
import Testing
import Training

@testable import Keras

/// Models that go from here to real Keras, and from Keras here.
@Suite struct KerasOracleTests {
    private func expectClose(_ left: [NDArray<Float>], _ right: [NDArray<Float>], _ what: String) {
        #expect(left.map(\.shape) == right.map(\.shape), "\(what)")
        for (left, right) in zip(left, right) {
            let difference = zip(left.scalars, right.scalars).map { abs($0 - $1) }.max() ?? 0
            #expect(difference < 1e-6, "\(what): \(difference)")
        }
    }

    private func arrays(_ folder: TemporaryFolder, _ name: String) throws -> [NDArray<Float>] {
        let reader = try NPZReader(folder.path(name))
        return try reader.names.indices.map { try reader.read("arr_\($0)", as: Float.self) }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func kerasTakesModelsFromHere() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let models = [SampleModels.stack(), SampleModels.branched()]
        for (index, model) in models.enumerated() {
            // The joining layer of the tests stands for Keras's.
            let json = try model.toJSON().replacingOccurrences(
                of: #""module": null, "name": "sum", "registered_name": "Add""#,
                with: #""module": "keras.layers", "name": "sum", "registered_name": null"#)
            try folder.write(Array(json.utf8), to: "\(index).json")
            try model.saveWeights(to: folder.path("\(index).npz"))
            try model.saveWeights(to: folder.path("\(index).safetensors"))
            try model.saveWeights(to: folder.path("\(index)"))
            try NPZWriter.write(
                Dictionary(
                    uniqueKeysWithValues: try model.getWeights().enumerated().map { ("arr_\($0)", AnyArray($1)) }),
                to: folder.path("\(index)-ordered.npz"))
            try model.save(to: folder.path("\(index)-model"))
        }
        try NPZWriter.write(
            ["x": AnyArray(SampleModels.samples), "y": AnyArray(SampleModels.others)], to: folder.path("data.npz"))
        let script = """
            import sys, keras, numpy as np, tensorflow as tf
            from safetensors.numpy import load_file
            f = sys.argv[1] + "/"
            data = np.load(f + "data.npz")
            def flat(v): return list(v) if isinstance(v, (list, tuple)) else [v]
            for i in range(2):
                model = keras.models.model_from_json(open(f + f"{i}.json").read())
                inputs = [data["x"], data["y"]] if len(model.inputs) == 2 else data["x"]
                ordered = np.load(f + f"{i}-ordered.npz")
                weights = [ordered[f"arr_{k}"] for k in range(len(ordered.files))]
                model.set_weights(weights)
                outputs = [np.asarray(v) for v in flat(model.predict(inputs, verbose=0))]
                np.savez(f + f"{i}-keras.npz", *outputs)
                open(f + f"{i}-keras.json", "w").write(model.to_json())
                named = np.load(f + f"{i}.npz")
                model.set_weights([a for _, a in named.items()])
                assert all(np.array_equal(a, v) for a, v in zip(model.get_weights(), weights))
                safe = load_file(f + f"{i}.safetensors")
                for w, v in zip(model.weights, weights):
                    checkpoint = None
                    for name in named.files:
                        if name == w.path or name.endswith("/" + w.path) or w.path.endswith("/" + name):
                            assert np.array_equal(named[name], v), name
                            assert np.array_equal(safe[name], v), name
                            checkpoint = tf.train.load_checkpoint(f + str(i)).get_tensor(name)
                            assert np.array_equal(checkpoint, v), name
                            break
                    else:
                        raise Exception(f"no {w.path} among {named.files}")
                loaded = tf.saved_model.load(f + f"{i}-model")
                s = loaded.signatures["serving_default"]
                names = sorted(s.structured_input_signature[1])
                values = dict(zip(names, [tf.constant(data["x"]), tf.constant(data["y"])]))
                result = s(**values)
                layer = keras.layers.TFSMLayer(f + f"{i}-model", call_endpoint="serving_default")
                again = layer(values if len(names) > 1 else tf.constant(data["x"])) if len(names) == 1 else None
                order = sys.argv[2 + i].split(",")
                np.savez(f + f"{i}-saved.npz", *[result[n].numpy() for n in order])
                if again is not None: assert np.array_equal(flat(list(again.values()))[0], result[order[0]].numpy())
            """
        let names = models.map { $0.outputs.compactMap { $0.call?.layer.name }.joined(separator: ",") }
        _ = try oracle.run(script, [folder.path] + names)
        for (index, model) in models.enumerated() {
            let own = try SampleModels.outputs(model)
            expectClose(own, try arrays(folder, "\(index)-keras.npz"), "\(index) in Keras")
            expectClose(own, try arrays(folder, "\(index)-saved.npz"), "\(index) in TensorFlow")
            // What Keras writes of it comes back.
            let json = String(decoding: try folder.bytes(of: "\(index)-keras.json"), as: UTF8.self)
            let back = try modelFromJSON(json, customLayers: [Sum.self], in: Graph())
            try back.loadWeights(from: folder.path("\(index)-ordered.npz"))
            #expect(try SampleModels.outputs(back) == own)
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func modelsOfKerasAreTaken() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        try NPZWriter.write(
            ["x": AnyArray(SampleModels.samples), "y": AnyArray(SampleModels.others)], to: folder.path("data.npz"))
        let script = """
            import sys, keras, numpy as np
            from keras import layers as L
            f = sys.argv[1] + "/"
            data = np.load(f + "data.npz"); x, y = data["x"], data["y"]
            models = []
            models.append(keras.Sequential([keras.Input((4,)), L.Dense(3, activation="relu", kernel_regularizer="l2", kernel_constraint="max_norm", bias_initializer="ones"), L.Dropout(0.5), L.Activation("gelu"), L.Reshape((3, 1)), L.Flatten(), L.Dense(2, "softmax")]))
            a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
            shared = L.Dense(4, "tanh"); k = keras.Input((4,)); inner = keras.Model(k, L.Dense(4)(k), name="inner")
            s = L.Add()([shared(a), shared(b)]); m = inner(s); n = inner(shared(m))
            stack = keras.Sequential([L.Dense(5, "elu"), L.Dense(2)], name="stack")
            models.append(keras.Model([a, b], [stack(n), L.Dense(3)(s), m]))
            long = L.Dense(4, "silu")(L.Dense(4, "selu")(a)); short = L.Dense(4, "softplus")(b)
            models.append(keras.Model([a, b], L.Dense(1)(L.Add()([short, long]))))
            models.append(keras.Model({"a": a, "b": b}, {"p": L.Dense(2)(a), "q": L.Dense(3)(b)}))
            for i, model in enumerate(models):
                model.compile("adam", "mse")
                open(f + f"{i}.json", "w").write(model.to_json())
                model.save(f + f"{i}.keras")
                inputs = {"a": x, "b": y} if i == 3 else [x, y] if i else x
                out = model.predict(inputs, verbose=0)
                out = [out[n] for n in sorted(out)] if isinstance(out, dict) else out if isinstance(out, list) else [out]
                np.savez(f + f"{i}-weights.npz", *model.get_weights())
                np.savez(f + f"{i}-outputs.npz", *out)
            """
        _ = try oracle.run(script, [folder.path])
        for index in 0..<4 {
            for ending in ["json", "keras"] {
                let model = try loadModel(
                    from: folder.path("\(index).\(ending)"), customLayers: [Sum.self], in: Graph())
                try model.loadWeights(from: folder.path("\(index)-weights.npz"))
                expectClose(
                    try SampleModels.outputs(model), try arrays(folder, "\(index)-outputs.npz"), "\(index).\(ending)")
            }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func kerasCompilesAsItWasToldHere() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let optimizers: [KerasOptimizer] = [
            .sgd(learningRate: 0.5, momentum: 0.9, usesNesterov: true), .adam(epsilon: 1e-6, usesAmsgrad: true),
            .adamW(weightDecay: 0.1), .adamax(), .nadam(), .lion(), .adagrad(initialAccumulatorValue: 0.2),
            .adadelta(rho: 0.9), .rmsprop(momentum: 0.3, isCentered: true), .ftrl(l1: 0.1),
        ]
        let losses: [Loss] = [
            .sparseCategoricalCrossentropy(fromLogits: true), "mse", .huber(delta: 2),
            .categoricalCrossentropy(labelSmoothing: 0.1), .binaryCrossentropy(fromLogits: true),
        ]
        var texts: [String] = []
        for (index, optimizer) in optimizers.enumerated() {
            let model = Sequential([Dense(3, inputShape: [4], name: "d")], name: "m", in: Graph())
            try model.compile(optimizer: optimizer, loss: losses[index % losses.count], metrics: [.accuracy])
            texts.append(try model.toJSON())
            try folder.write(Array(texts[index].utf8), to: "\(index).json")
        }
        let script = """
            import sys, keras
            f = sys.argv[1] + "/"
            for i in range(int(sys.argv[2])):
                m = keras.models.model_from_json(open(f + f"{i}.json").read())
                assert m.compiled
                open(f + f"{i}-keras.json", "w").write(m.to_json())
            """
        _ = try oracle.run(script, [folder.path, "\(optimizers.count)"])
        for (index, text) in texts.enumerated() {
            let json = String(decoding: try folder.bytes(of: "\(index)-keras.json"), as: UTF8.self)
            let back = try modelFromJSON(json, in: Graph())
            let settings = try JSONValue(text: text)["compile_config"]?["optimizer"]?["config"]?.object ?? [:]
            let found = try JSONValue(text: try back.toJSON())["compile_config"]?["optimizer"]?["config"]?.object ?? [:]
            for (key, value) in settings {
                // Keras keeps the rate as float32.
                let (value, other) = (value.number.map { Float($0) }, found[key]?.number.map { Float($0) })
                #expect(value == other, "\(index) \(key)")
            }
            #expect(found.count == settings.count)
        }
    }
}
