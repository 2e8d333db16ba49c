import ArrayFiles
import Checkpoints
import FileTestSupport
import Foundation
import Graphs
import Operations
import SavedModels
import Sessions
import Tensors
import Testing
import Training

@testable import Keras

/// A layer of a user.
struct Scale: UnaryLayer, ConfigurableLayer {
    let state: LayerState
    let factor: Double

    init(factor: Double, name: String? = nil) {
        state = LayerState(name: name)
        self.factor = factor
    }

    var configuration: Configuration { Configuration(Self.className, ["factor": .number(factor)]) }

    init(configuration: Configuration) throws {
        self.init(factor: try configuration.number("factor", default: 1), name: configuration.layerName)
    }

    func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        Float(factor) * input * context.weight("scale", shape: [], initializer: .ones)
    }
}

/// Joins two tensors, for models with several inputs; no layer of the catalogue.
struct Sum: Layer, ConfigurableLayer {
    static var className: String { "Add" }
    let state: LayerState
    init(name: String? = nil) { state = LayerState(name: name) }
    var configuration: Configuration { Configuration(Self.className) }
    init(configuration: Configuration) { self.init(name: configuration.layerName) }
    func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        let tensors = inputs.map { context.float($0.tensor) }
        return [LayerValue(tensors.dropFirst().reduce(tensors[0]) { $0 + $1 })]
    }
}

enum SampleModels {
    static func stack() -> Model {
        Sequential(in: Graph()) {
            Dense(
                6, activation: .relu, kernelInitializer: .randomNormal(standardDeviation: 0.3),
                kernelRegularizer: .l1l2(l1: 0.1, l2: 0.2), biasRegularizer: .l2(), kernelConstraint: .maxNorm(3),
                biasConstraint: .nonNegative, inputShape: [4])
            Reshape([2, 3])
            Flatten()
            Dropout(0.3, seed: 4)
            Activation(.gelu)
            Dense(3, activation: .softmax, usesBias: false, kernelInitializer: .truncatedNormal())
        }
    }

    /// Two inputs, a shared layer, a model inside, two outputs.
    static func branched() -> Model {
        withGraph(Graph()) {
            let a = input(shape: [4], name: "a")
            let b = input(shape: [4], name: "b")
            let shared = Dense(4, activation: .tanh, name: "shared")
            let inside = input(shape: [4], name: "inside")
            let inner = Model(inputs: inside, outputs: Dense(4, name: "deep")(inside), name: "inner")
            let stack = Sequential([Dense(5, activation: .elu), Dense(2)], name: "stack")
            let sum = Sum(name: "sum")([shared(a), shared(b)])
            let middle = inner(sum)
            let again = inner(shared(middle))
            return Model(
                inputs: [a, b], outputs: [stack(again), Dense(3, name: "side")(sum), middle], name: "branched")
        }
    }

    static let samples = NDArray<Float>(randomNormal: [5, 4], standardDeviation: 1, seed: 2)
    static let others = NDArray<Float>(randomNormal: [5, 4], standardDeviation: 1, seed: 3)

    static func outputs(_ model: Model) throws -> [NDArray<Float>] {
        try model.predictAll(model.inputs.count == 1 ? [samples] : [samples, others])
    }
}

@Suite struct ModelJSONTests {
    @Test func aModelComesBackFromItsJSON() throws {
        for model in [SampleModels.stack(), SampleModels.branched()] {
            let text = try model.toJSON()
            let copy = try modelFromJSON(text, customLayers: [Sum.self], in: Graph())
            #expect(try copy.toJSON() == text)
            #expect(copy.name == model.name)
            try copy.setWeights(try model.getWeights())
            #expect(try SampleModels.outputs(copy) == SampleModels.outputs(model))
        }
    }

    @Test func frozenLayersStayFrozen() throws {
        let model = SampleModels.stack()
        model.layers[0].isTrainable = false
        let copy = try modelFromJSON(try model.toJSON(), in: Graph())
        #expect(copy.layers.map(\.isTrainable) == model.layers.map(\.isTrainable))
        #expect(copy.trainableWeights.count == 1)
    }

    @Test func whatCompileWasToldComesBack() throws {
        let model = SampleModels.stack()
        try model.compile(
            optimizer: .adam(learningRate: 0.01, usesAmsgrad: true).clippingGradients(.norm(2)),
            loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: [.accuracy])
        let text = try model.toJSON()
        #expect(text.contains("SparseCategoricalCrossentropy") && text.contains("\"clipnorm\": 2.0"))
        let copy = try modelFromJSON(text, in: Graph())
        #expect(try copy.toJSON() == text)
        #expect(try copy.learningRate() == 0.01)
        let branched = SampleModels.branched()
        try branched.compile(
            optimizer: .sgd(momentum: 0.9), losses: ["mse", nil, .huber(delta: 2)], lossWeights: [1, 1, 0.5],
            metrics: [["acc"], [], []])
        let several = try branched.toJSON()
        #expect(try modelFromJSON(several, customLayers: [Sum.self], in: Graph()).toJSON() == several)
        // What JSON cannot hold is left out.
        try model.compile(optimizer: "adam", loss: Loss { labels, predictions in square(labels - predictions) })
        #expect(try !model.toJSON().contains("compile_config"))
    }

    @Test func layersOfOnesOwnAreTaken() throws {
        let model = Sequential(in: Graph()) {
            Dense(2, inputShape: [4])
            Scale(factor: 3)
        }
        let text = try model.toJSON()
        let copy = try modelFromJSON(text, customLayers: [Scale.self], in: Graph())
        try copy.setWeights(try model.getWeights())
        #expect(try SampleModels.outputs(copy) == SampleModels.outputs(model))
        let error = #expect(throws: KerasError.self) { try modelFromJSON(text, in: Graph()) }
        #expect(error?.description.contains("customLayers") ?? false)
    }

    @Test func everySettingWithANameComesBack() throws {
        func check<Value: SettingValue>(_ type: Value.Type) throws {
            for name in Value.table.keys {
                let json = try Value(name: name).json
                #expect(try Value(json: json).json == json, "\(name)")
                #expect(try Value(json: .string(name)).json == json, "\(name)")
            }
            for (name, make) in Value.makers {
                let json = try make(Configuration(name)).json
                #expect(try Value(json: json).json == json, "\(name)")
            }
            #expect(throws: KerasError.self) { try Value(json: "nothing_such") }
            #expect(throws: KerasError.self) { try Value(json: 3) }
            #expect(throws: KerasError.self) { try Value(json: ["class_name": "Nothing", "config": [:]]) }
        }
        try check(ActivationFunction.self)
        try check(WeightInitializer.self)
        try check(WeightRegularizer.self)
        try check(WeightConstraint.self)
    }

    /// Every layer type of the sources is in the catalogue.
    @Test func everyLayerOfTheLibraryHasAConfiguration() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Keras/Layers")
        var names: Set<String> = []
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(
                of: /public (?:struct|final class) (\w+)(?:<[^>]*>)?\s*:\s*([^{]*)\{/)
            where match.2.split(separator: /[,\s]+/).contains(where: { $0.hasSuffix("Layer") }) {
                names.insert(String(match.1))
            }
        }
        #expect(names.contains("Dense"))
        // A function of one's own cannot be saved.
        let known = Set(LayerCatalogue.types.map { String(describing: $0) } + ["Lambda"])
        #expect(names.subtracting(known).isEmpty, "without a configuration: \(names.subtracting(known).sorted())")
    }

    @Test func whatCannotBeSavedIsTold() throws {
        struct Plain: UnaryLayer {
            let state = LayerState()
            func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> { input }
        }
        func message(_ layer: any Layer) -> String {
            let model = Sequential([Dense(2, inputShape: [2]), layer], in: Graph())
            let error = #expect(throws: KerasError.self) { try model.toJSON() }
            return error?.description ?? ""
        }
        #expect(message(Plain()).contains("Plain must be a ConfigurableLayer"))
        #expect(message(Activation(ActivationFunction { 2 * $0 })).contains("a function of one's own"))
        #expect(
            message(Dense(2, kernelInitializer: WeightInitializer(.zeros))).contains("the initializer is a function"))
    }

    @Test(arguments: [
        ("{}", "$.class_name must be a text"),
        ("{\"class_name\": \"Sequental\", \"config\": {}}", "did you mean \"Sequential\"?"),
        ("{\"class_name\": \"Sequential\", \"config\": {\"layers\": 3}}", "$.config.layers must be a list"),
        (
            "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Dens\", \"config\": {}}]}}",
            "did you mean \"Dense\"?"
        ),
        (
            "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"config\": {\"units\": \"x\"}}]}}",
            "$.config.layers[0].config: \"units\" of Dense must be a whole number, but is \"x\""
        ),
        (
            "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"config\": {\"units\": 2, \"activation\": \"rel\"}}]}}",
            "did you mean \"relu\"?"
        ),
        (
            "{\"class_name\": \"Functional\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"name\": \"d\", \"config\": {\"units\": 2}, \"inbound_nodes\": [{\"args\": [{\"class_name\": \"__keras_tensor__\", \"config\": {\"keras_history\": [\"d\", 0, 0]}}]}]}], \"input_layers\": [\"d\", 0, 0], \"output_layers\": [\"d\", 0, 0]}}",
            "never comes"
        ),
        (
            "{\"class_name\": \"Functional\", \"config\": {\"layers\": [], \"input_layers\": [\"x\", 0, 0], \"output_layers\": []}}",
            "no layer \"x\""
        ),
        (
            "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"config\": {\"units\": 1000000000, \"kernel_initializer\": \"identity\"}}], \"build_input_shape\": [null, 1000000000]}}",
            "too large"
        ),
        (
            "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"config\": {\"units\": 2, \"kernel_constraint\": {\"class_name\": \"MaxNorm\", \"config\": {\"max_value\": NaN}}}}]}}",
            "must be a finite number"
        ),
    ]) func jsonThatMakesNoSenseIsRefusedWithItsPlace(text: String, fact: String) {
        do {
            _ = try modelFromJSON(text, in: Graph())
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains(fact), "\(error)")
        }
    }

    @Test func brokenTextNeverEndsTheProgram() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var random = RandomStream(seed: seed)
        let texts = try [SampleModels.stack(), SampleModels.branched()].map { Array(try $0.toJSON().utf8) }
        var (taken, refused) = (0, 0)
        let pieces: [[UInt8]] = [
            "null", "-1", "[]", "{}", "\"\"", "1e9", "[[", "true", "\"Dense\"", "99", "NaN", "-1e300",
        ].map {
            Array($0.utf8)
        }
        for index in 0..<300 {
            var bytes = texts[index % 2]
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[position] = UInt8.random(in: 32..<127, using: &random)
                case 1:
                    bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 1..<40, using: &random)))
                default:
                    // Another value in the place of one.
                    let start = bytes[position...].firstIndex(of: UInt8(ascii: ":")) ?? position
                    let end = bytes[start...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? start
                    bytes.replaceSubrange(min(start + 1, end)..<end, with: pieces.randomElement(using: &random) ?? [])
                }
            }
            do {
                _ = try modelFromJSON(String(decoding: bytes, as: UTF8.self), customLayers: [Sum.self], in: Graph())
                taken += 1
            } catch {
                refused += 1
            }
        }
        print("\(taken) were taken, \(refused) refused")
        #expect(refused > 100)
    }

    // MARK: - Weights

    @Test(arguments: ["weights.npz", "weights.safetensors", "checkpoint"]) func weightsComeBackFromFiles(name: String)
        throws
    {
        let folder = try TemporaryFolder()
        let model = SampleModels.branched()
        try model.saveWeights(to: folder.path(name))
        let other = SampleModels.branched()
        #expect(try other.getWeights() != model.getWeights())
        let report = try other.loadWeights(from: folder.path(name))
        #expect(report.isComplete && report.unexpected.isEmpty)
        #expect(try other.getWeights() == model.getWeights())
    }

    @Test func anArchiveHoldsTheWeightsInKerasOrder() throws {
        let folder = try TemporaryFolder()
        let model = SampleModels.branched()
        try model.saveWeights(to: folder.path("weights.npz"))
        let reader = try NPZReader(folder.path("weights.npz"))
        #expect(try reader.names.map { try reader.read($0, as: Float.self) } == model.getWeights())
    }

    @Test func weightsThatDoNotFitAreReported() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("w.npz")
        let model = Sequential([Dense(3, inputShape: [4], name: "first"), Dense(2, name: "second")], in: Graph())
        try model.saveWeights(to: path)
        let other = Sequential([Dense(3, inputShape: [4], name: "first"), Dense(5, name: "secand")], in: Graph())
        let before = try other.getWeights()
        let error = #expect(throws: KerasError.self) { try other.loadWeights(from: path) }
        #expect(error?.message.contains("missing: secand/kernel (did you mean second/kernel?)") ?? false, "\(error!)")
        #expect(try other.getWeights() == before)
        let report = try other.loadWeights(from: path, byName: true)
        #expect(report.loaded == ["first/kernel", "first/bias"])
        #expect(report.missing == ["secand/kernel", "secand/bias"])
        let wider = Sequential([Dense(3, inputShape: [4], name: "first"), Dense(5, name: "second")], in: Graph())
        #expect(throws: KerasError.self) { try wider.loadWeights(from: path) }
        #expect(try wider.loadWeights(from: path, skipMismatch: true).different.count == 2)
        #expect(try wider.getWeights(of: wider.layers[0]) == model.getWeights(of: model.layers[0]))
        for bad in ["w.h5", "w.keras", "w.pt"] {
            #expect(throws: KerasError.self) { try model.saveWeights(to: folder.path(bad)) }
        }
        #expect(throws: KerasError.self) { try model.setWeights([]) }
        #expect(throws: KerasError.self) { try model.setWeights(Array(try model.getWeights().reversed())) }
    }

    // MARK: - Whole models

    @Test func aWholeModelComesBackFromAFolder() throws {
        let folder = try TemporaryFolder()
        for (index, model) in [SampleModels.stack(), SampleModels.branched()].enumerated() {
            let path = folder.path("model\(index)")
            try model.save(to: path)
            let same = try loadModel(from: path, customLayers: [Sum.self], in: Graph())
            #expect(try SampleModels.outputs(same) == SampleModels.outputs(model))
            // And as a saved model of TensorFlow.
            let saved = try SavedModel(contentsOf: path)
            let outputs = try saved.run(
                index == 0
                    ? [model.inputs[0].tensor.node.name: AnyArray(SampleModels.samples)]
                    : ["a": AnyArray(SampleModels.samples), "b": AnyArray(SampleModels.others)])
            #expect(outputs.count == model.outputs.count)
            #expect(throws: (any Error).self) { try model.save(to: path, overwrite: false) }
        }
        for bad in ["m.keras", "m.h5", "m.npz"] {
            #expect(throws: KerasError.self) { try SampleModels.stack().save(to: folder.path(bad)) }
        }
        #expect(throws: KerasError.self) { try loadModel(from: folder.path("nothing"), in: Graph()) }
    }

    @Test func aTrainedModelIsSavedWithoutItsTraining() throws {
        let folder = try TemporaryFolder()
        let task = try SmallTask(dropout: true)
        try task.model.fit(task.x, task.y, epochs: 1, verbose: 0)
        try task.model.save(to: folder.path("model"))
        let saved = try SavedModel(contentsOf: folder.path("model"))
        #expect(saved.graph.variables.map(\.name) == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"])
    }
}
