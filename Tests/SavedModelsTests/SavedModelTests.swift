import Files
import FileTestSupport
import Foundation
import Graphs
import Operations
import SavedModels
import Sessions
import Tensors
import Testing
import Training

/// The path of a model that real TensorFlow wrote.
func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil), "no fixture \(name)")
}

@Suite struct SavedModelTests {
    @Test func aModelOfTensorFlow1Runs() throws {
        let model = try SavedModel(contentsOf: fixture("saved_model_v1"))
        #expect(model.tags == ["serve"])
        #expect("\(try model.signature())" == "(x: float32[?, 2]) → (y: float32[?, 1])")
        let x = AnyArray(try NDArray<Float>([[1, 1], [2, 3]]))
        #expect(try model.run(["x": x]) == ["y": AnyArray(try NDArray<Float>([[3.5], [8.5]]))])
    }

    /// A trained linear model and its input and output.
    private func linear() throws -> (session: Session, x: Tensor<Float>, y: Tensor<Float>) {
        let graph = Graph()
        return try graph.asDefault {
            let x = placeholder(Float.self, [nil, 2], name: "x")
            let w = Variable<Float>(try NDArray([[1], [2]]), name: "w")
            let b = Variable<Float>(NDArray([0.5]), name: "b")
            let y = identity(matmul(x, w) + b, name: "y")
            let train = GradientDescent(learningRate: 0.1).minimize((y * y).mean())
            let session = Session(graph: graph)
            try session.initializeVariables()
            try session.run(train, feeding: x.fed(NDArray([[1, -1]])))
            return (session, x, y)
        }
    }

    @Test func whatIsSavedLoadsWithEqualResults() throws {
        let folder = try TemporaryFolder()
        let (session, x, y) = try linear()
        let asset = try folder.write(Array("a\nb\n".utf8), to: "labels.txt")
        let path = folder.path("export/1")
        let signature = ModelSignature(inputs: ["x": AnyTensor(x)], outputs: ["y": AnyTensor(y)])
        try SavedModel.save(session, to: path, signatures: ["serving_default": signature], assets: [asset])

        let model = try SavedModel(contentsOf: path)
        let input = try NDArray<Float>([[3, 4], [5, 6]])
        let expected = try session.run(y, feeding: x.fed(input))
        #expect(try model.run(["x": AnyArray(input)]) == ["y": AnyArray(expected)])
        #expect(model.unsupportedNodes.map(\.name) == ["save/asset_0"])
        let labels = try #require(model.assets["labels.txt"])
        #expect(try String(contentsOfFile: labels, encoding: .utf8) == "a\nb\n")

        // Saved again, it is the same model.
        try SavedModel.save(model.session, to: folder.path("again"), signatures: model.signatures)
        let again = try SavedModel(contentsOf: folder.path("again"))
        #expect(try again.run(["x": AnyArray(input)]) == ["y": AnyArray(expected)])
        #expect(try LocalFileSystem().list(folder.path("export")) == ["1"])
    }

    @Test func aModelIsReplacedByANewerOneWhereThatIsAsked() throws {
        let folder = try TemporaryFolder()
        let (session, x, y) = try linear()
        let path = folder.path("m")
        let signatures = [
            "serving_default": ModelSignature(inputs: ["x": AnyTensor(x)], outputs: ["y": AnyTensor(y)])
        ]
        let asset = try folder.write(Array("a".utf8), to: "labels.txt")
        try SavedModel.save(session, to: path, signatures: signatures, assets: [asset])
        try session.setVariableValues(["b": AnyArray(NDArray<Float>([7]))])
        try SavedModel.save(session, to: path, signatures: signatures, overwrite: true)

        let input = try NDArray<Float>([[3, 4]])
        let expected = try session.run(y, feeding: x.fed(input))
        let model = try SavedModel(contentsOf: path)
        #expect(try model.run(["x": AnyArray(input)]) == ["y": AnyArray(expected)])
        #expect(model.assets.isEmpty)
        #expect(try LocalFileSystem().list(folder.path).sorted() == ["labels.txt", "m"])

        // What cannot be written replaces nothing.
        #expect(throws: (any Error).self) {
            try SavedModel.save(
                session, to: path, signatures: signatures, assets: [folder.path("none")], overwrite: true)
        }
        #expect(try SavedModel(contentsOf: path).run(["x": AnyArray(input)]) == ["y": AnyArray(expected)])
        #expect(try LocalFileSystem().list(folder.path).sorted() == ["labels.txt", "m"])
    }

    @Test func mistakesNameTheModelAndTheRepair() throws {
        let folder = try TemporaryFolder()
        let (session, x, y) = try linear()
        let signature = ModelSignature(inputs: ["x": AnyTensor(x)], outputs: ["y": AnyTensor(y)])
        let path = folder.path("m")
        try SavedModel.save(session, to: path, signatures: ["serving_default": signature])
        let model = try SavedModel(contentsOf: path)
        let one = AnyArray(try NDArray<Float>([[1, 2]]))

        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)".replacingOccurrences(of: folder.path, with: "") }
            return "no error"
        }
        let takes = "it takes (x: float32[?, 2]) → (y: float32[?, 1])"
        #expect(
            message { _ = try model.run(["X": one]) }
                == "/m: the signature \"serving_default\" has no input \"X\"; did you mean \"x\"?; \(takes)")
        #expect(message { _ = try model.run([:]) } == "/m: the signature \"serving_default\" needs \"x\" too; \(takes)")
        #expect(
            message { _ = try model.run(["x": one], signature: "train") }
                == "/m: there is no signature \"train\"; there are \"serving_default\"")
        #expect(
            message { _ = try model.run(["x": AnyArray(NDArray<Double>([1]))]) }
                == "\"x:0\" has type float32, but an array of float64 is fed")
        #expect(
            message { _ = try SavedModel(contentsOf: path, tags: ["train", "gpu"]) }
                == "/m: there is no graph with the tags [gpu, train]; there are [serve]")
        #expect(
            message { try SavedModel.save(session, to: path, signatures: [:]) }
                == "/m: there is a saved model of that name; pass overwrite: true, or choose another name")
        #expect(
            message { try SavedModel.save(session, to: folder.path, signatures: [:], overwrite: true) }
                == ": there is something else of that name; choose another, or remove it")
        #expect(
            message { _ = try SavedModel(contentsOf: folder.path) }
                == ": there is no saved_model.pb in it, so it is no saved model")
        let fresh = Session(graph: session.graph)
        #expect(
            message { try SavedModel.save(fresh, to: folder.path("n"), signatures: [:]) }
                == "/n: variables have no value yet: \"w\", \"b\"; call session.initializeVariables() first")
        let foreign = Graph().asDefault { AnyTensor(placeholder(Float.self, name: "z")) }
        #expect(
            message {
                let bad = ModelSignature(inputs: [:], outputs: ["z": foreign])
                try SavedModel.save(session, to: folder.path("n"), signatures: ["s": bad])
            } == "/n: \"z:0\" of the signature \"s\" belongs to another graph than the session's")
        #expect(
            message {
                let bad = ModelSignature(inputs: [:], outputs: ["y": AnyTensor(y)])
                try SavedModel.save(session, to: folder.path("n"), signatures: ["s": bad])
            } == "/n: the outputs of the signature \"s\" need the placeholder \"x\", which is none of its inputs")
        #expect(
            message { _ = try SavedModel(contentsOf: folder.path("nowhere")) } == "/nowhere: there is no such folder")
        #expect(try LocalFileSystem().list(folder.path) == ["m"])
        // The file in the folder means the folder.
        #expect(try SavedModel(contentsOf: path + "/saved_model.pb").producer == "TensorGraph")
        #expect(try SavedModel(contentsOf: fixture("saved_model_v1")).producer == "TensorFlow 2.21.0")
    }

    @Test func everyTruncationAndFlippedByteOfTheGraphIsAnErrorOrAModel() throws {
        let folder = try TemporaryFolder()
        let source = try fixture("saved_model_v1")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: source + "/saved_model.pb")))
        try FileManager.default.copyItem(atPath: source, toPath: folder.path("m"))
        var loaded = 0
        func check(_ mutated: [UInt8]) throws {
            try folder.write(mutated, to: "m/saved_model.pb")
            if let model = try? SavedModel(contentsOf: folder.path("m")) {
                loaded += 1
                let x = AnyArray(try NDArray<Float>([[1, 1], [2, 3]]))
                _ = try? model.run(["x": x])
            }
        }
        for length in stride(from: 0, to: bytes.count, by: 23) { try check(Array(bytes[..<length])) }
        for index in stride(from: 0, to: bytes.count, by: 13) {
            var mutated = bytes
            mutated[index] ^= UInt8(truncatingIfNeeded: 1 << (index % 8))
            try check(mutated)
        }
        print("loaded \(loaded) of \(bytes.count / 23 + bytes.count / 13) mutations")
        try check(bytes)
        #expect(loaded > 0)
    }
}
