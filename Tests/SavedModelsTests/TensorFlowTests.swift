import FileTestSupport
import Foundation
import Graphs
import Operations
import SavedModels
import Sessions
import Tensors
import Testing
import Training

/// Saved models against real TensorFlow and Keras, both ways.
@Suite(.enabled(if: TensorFlowOracle.fromEnvironment != nil, "no Python with tensorflow"))
struct TensorFlowTests {
    @Test func modelsOfTensorFlowAndKerasGiveHereWhatTheyGiveThere() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Models/make_models.py")
        let names = try oracle.run(String(contentsOf: script, encoding: .utf8), [folder.path]).split(separator: "\n")
            .map(String.init).filter { FileManager.default.fileExists(atPath: folder.path("\($0).txt")) }
        #expect(names.count >= 15)
        var compared = 0
        for name in names {
            do {
                let model = try SavedModel(contentsOf: folder.path(name))
                compared += try replay(folder, name, model)
                // Saved by us and loaded again it is the same model.
                try SavedModel.save(model.session, to: folder.path(name + "_again"), signatures: model.signatures)
                compared += try replay(folder, name, SavedModel(contentsOf: folder.path(name + "_again")))
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        print("compared \(compared) outputs of \(names.count) models")
    }

    private func replay(_ folder: TemporaryFolder, _ name: String, _ model: SavedModel) throws -> Int {
        var compared = 0
        var signature = ""
        var inputs: [String: AnyArray] = [:]
        var outputs: [String: AnyArray] = [:]
        func runRecorded() throws {
            if signature.isEmpty { return }
            let found = try model.run(inputs, signature: signature)
            #expect(found.keys.sorted() == outputs.keys.sorted(), "\(name) \(signature)")
            for (key, expected) in outputs {
                let differences = found[key]?.differences(from: expected, tolerance: 1e-5) ?? ["missing"]
                if !differences.isEmpty { Issue.record("\(name) \(signature) \(key): \(differences)") }
                compared += 1
            }
        }
        for line in String(decoding: try folder.bytes(of: "\(name).txt"), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            let key = String(words[1])
            switch words[0] {
            case "run":
                try runRecorded()
                (signature, inputs, outputs) = (key, [:], [:])
            case "input": inputs[key] = AnyArray(line: words[2])
            default: outputs[key] = AnyArray(line: words[2])
            }
        }
        try runRecorded()
        return compared
    }

    /// Models built and trained here.
    private func models() throws -> [(name: String, session: Session, signature: ModelSignature, input: NDArray<Float>)]
    {
        try (0..<8).map { number in
            let graph = Graph()
            graph.seed = number
            return try graph.asDefault {
                let (inputs, hidden, classes) = (3 + number, 4 + 2 * number, 2 + number % 3)
                let x = placeholder(Float.self, [nil, inputs], name: "x")
                let labels = placeholder(Int32.self, [nil], name: "labels")
                let w1 = Variable<Float>(.normal(standardDeviation: 0.5), shape: [inputs, hidden], name: "layer1/W")
                let b1 = Variable<Float>(.zeros, shape: [hidden], name: "layer1/b")
                let w2 = Variable<Float>(.normal(standardDeviation: 0.5), shape: [hidden, classes], name: "layer2/W")
                let unused = Variable<Int64>(NDArray([1, 2, 3]), trainable: false, name: "counts")
                let sum = matmul(x, w1) + b1
                let activated = [relu(sum), tanh(sum), sigmoid(sum), elu(sum)][number % 4]
                let logits = matmul(activated, w2)
                let loss = sparseSoftmaxCrossEntropy(logits: logits, labels: labels).mean()
                let train =
                    number.isMultiple(of: 2)
                    ? GradientDescent(learningRate: 0.2).minimize(loss) : Adagrad(learningRate: 0.1).minimize(loss)
                let session = Session(graph: graph)
                try session.initializeVariables()
                let input = NDArray<Float>(randomNormal: [6, inputs], seed: UInt64(number))
                let targets = NDArray<Int32>((0..<6).map { Int32($0 % classes) })
                for _ in 0..<5 { try session.run(train, feeding: x.fed(input), labels.fed(targets)) }
                let signature = ModelSignature(
                    inputs: ["x": AnyTensor(x)],
                    outputs: [
                        "probabilities": AnyTensor(softmax(logits)), "class": AnyTensor(argmax(logits, axis: 1)),
                        "counts": AnyTensor(unused),
                    ])
                return ("ours\(number)", session, signature, input)
            }
        }
    }

    @Test func modelsOfOursGiveInTensorFlowWhatTheyGiveHere() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let asset = try folder.write(Array("zero\none\n".utf8), to: "labels.txt")
        let models = try models()
        for model in models {
            let path = folder.path(model.name)
            try SavedModel.save(
                model.session, to: path, signatures: [ModelSignature.defaultName: model.signature], assets: [asset])
            let outputs = try SavedModel(contentsOf: path).run(["x": AnyArray(model.input)])
            let lines = ["input x \(AnyArray(model.input).line)"] + outputs.map { "output \($0) \($1.line)" }
            try folder.write(Array(lines.joined(separator: "\n").utf8), to: "\(model.name).txt")
        }
        let arguments = [folder.path] + models.map(\.name)
        let output = try oracle.run(TensorFlowOracle.arrayLines + Self.script, arguments)
        #expect(output == "compared \(models.count)\n")
    }

    private static let script = """
        import sys
        import tensorflow as tf
        tf1 = tf.compat.v1
        folder, names = sys.argv[1], sys.argv[2:]

        def compare(name, how, found, outputs):
            for key, wanted in outputs.items():
                if not np.allclose(np.asarray(found[key]), wanted, rtol=1e-5, atol=1e-5):
                    print(name, how, key, np.asarray(found[key]).reshape(-1)[:4], "not", wanted.reshape(-1)[:4])

        for name in names:
            inputs, outputs = {}, {}
            for line in open(f"{folder}/{name}.txt"):
                kind, key, rest = line.rstrip("\\n").split(" ", 2)
                (inputs if kind == "input" else outputs)[key] = decode(rest)
            try:
                loaded = tf.saved_model.load(f"{folder}/{name}")
                found = loaded.signatures["serving_default"](**{k: tf.constant(v) for k, v in inputs.items()})
                compare(name, "2", found, outputs)
                with tf.Graph().as_default(), tf1.Session() as session:
                    meta = tf1.saved_model.load(session, ["serve"], f"{folder}/{name}")
                    signature = meta.signature_def["serving_default"]
                    feeds = {signature.inputs[k].name: v for k, v in inputs.items()}
                    found = session.run({k: v.name for k, v in signature.outputs.items()}, feeds)
                    compare(name, "1", found, outputs)
                    asset = session.run(meta.asset_file_def[0].tensor_info.name)
                    # What a saver of ours saves again, TensorFlow reads.
                    saver = meta.saver_def
                    session.run(saver.save_tensor_name, {saver.filename_tensor_name: f"{folder}/{name}-again"})
                    if not tf.train.list_variables(f"{folder}/{name}-again"): print(name, "saved nothing")
                if open(f"{folder}/{name}/assets/{meta.asset_file_def[0].filename}").read() != "zero\\none\\n":
                    print(name, "asset differs")
            except Exception as error:
                print(name, type(error).__name__, str(error)[:500])
        print("compared", len(names))
        """
}
