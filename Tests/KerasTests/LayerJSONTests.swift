// Every layer in a model's JSON: what real Keras makes of it computes the same, and what Keras writes comes back.

import ArrayFiles
import FileTestSupport
import Foundation
import Graphs
import Tensors
import Testing

@testable import Keras

@Suite struct LayerJSONTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Fixtures/layers.npz"
    ).path

    /// A model of a case's layers, for the inputs of the fixture.
    private func model(_ each: LayerCase, _ numbers: NPZReader) throws -> Model {
        let graph = Graph()
        var arrays: [AnyArray] = []
        while numbers.names.contains("\(each.name)/x/\(arrays.count)") {
            arrays.append(try numbers.read("\(each.name)/x/\(arrays.count)"))
        }
        return try graph.asDefault {
            let inputs = arrays.map { array in
                input(
                    shape: Shape(array.shape.dropFirst().map { Optional($0) }),
                    batchSize: each.isStateful ? array.shape.first : nil, dtype: array.dtype)
            }
            var values = inputs
            for layer in each.layers() {
                let isToItself = layer is any SelfAttending && values.count == 1
                values =
                    layer is Masking
                    ? values.flatMap { layer.outputs(for: [$0]) }
                    : layer.outputs(for: isToItself ? values + values : values)
            }
            let model = Model(inputs: inputs, outputs: values)
            try graph.requireSound()
            return model
        }
    }

    @Test func everyLayerComesBackFromItsJSON() throws {
        let numbers = try NPZReader(Self.fixture)
        for each in LayerCase.all {
            do {
                let text = try model(each, numbers).toJSON()
                #expect(try modelFromJSON(text, in: Graph()).toJSON() == text, "\(each.name)")
            } catch { Issue.record("\(each.name): \(error)") }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func everyLayerGoesToKerasAndBack() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let numbers = try NPZReader(Self.fixture)
        var texts: [(name: String, json: String)] = []
        for each in LayerCase.all {
            do {
                let json = try model(each, numbers).toJSON()
                try folder.write(Array(json.utf8), to: each.name + ".json")
                texts.append((each.name, json))
            } catch { Issue.record("\(each.name): \(error)") }
        }
        try folder.write(Array(texts.map(\.name).joined(separator: "\n").utf8), to: "names")
        let script = """
            import sys, keras, numpy as np, tensorflow as tf
            f = sys.argv[1] + "/"
            data = np.load(sys.argv[2])
            def sorted_arrays(prefix):
                names = [n for n in data.files if n.startswith(prefix)]
                return [data[n] for n in sorted(names, key=lambda n: int(n[len(prefix):].split("/")[0]))]
            failures = []
            for name in open(f + "names").read().split("\\n"):
                try:
                    model = keras.models.model_from_json(open(f + name + ".json").read())
                    weights = sorted_arrays(name + "/w/")
                    if weights: model.set_weights(weights)
                    inputs = [tf.constant(x) for x in sorted_arrays(name + "/x/")]
                    def run(): return model(inputs if len(inputs) > 1 else inputs[0], training=False)
                    try: y = run()
                    except Exception: y = tf.function(run, jit_compile=True)()
                    if name.startswith("stateful"): y = run()
                    if isinstance(y, (list, tuple)):
                        y = tf.concat([tf.reshape(part, [part.shape[0], -1]) for part in y], 1)
                    y, expected = np.asarray(y), data[name + "/y"]
                    assert y.shape == expected.shape, f"shape {y.shape} instead of {expected.shape}"
                    worst = np.abs(y - expected).max()
                    assert worst <= 1e-5 * max(1, np.abs(expected).max()), f"differs by {worst}"
                    open(f + name + "-keras.json", "w").write(model.to_json())
                except Exception as error:
                    failures.append(f"{name}: {str(error)[:600]}")
            open(f + "failures", "w").write("\\n".join(failures))
            """
        _ = try oracle.run(script, [folder.path, Self.fixture])
        let failures = String(decoding: try folder.bytes(of: "failures"), as: UTF8.self)
        #expect(failures.isEmpty, "\(failures)")
        for (name, json) in texts where !failures.contains(name) {
            do {
                let back = try modelFromJSON(
                    String(decoding: try folder.bytes(of: name + "-keras.json"), as: UTF8.self), in: Graph())
                // Keras puts the number of channels in the place of -1 groups.
                if name == "group-normalization-instance" { continue }
                #expect(try back.toJSON() == json, "\(name)")
            } catch { Issue.record("\(name): \(error)") }
        }
        print("\(texts.count) models went to Keras and back")
    }
}
