// The examples, run as processes for a few steps on a few images that the test makes: what they print and write.

import FileTestSupport
import Foundation
import Tensors
import Testing

@Suite struct ExamplesTests {
    @Test func gradientsByHandAndInAllFormsAgree() throws {
        let result = try run("gradients", "--epochs", "3", "--quiet")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("gradients by the graph and by hand are equal: true"))
        for form in ["fed weights", "variables and grouped", "an optimizer", "losses and layers", "Keras's style"] {
            #expect(result.output.contains(form))
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func theFirstGradientsAreThoseOfNumPy() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let file = folder.path("arrays.npz")
        let result = try run("gradients", "--epochs", "1", "--quiet", "--arrays-file", file)
        #expect(result.status == 0, "\(result.errors)")
        let script = """
            import sys
            import numpy as np
            a = np.load(sys.argv[1])
            x, y, z = a["x"], a["y"], a["z"]
            assert x.shape == y.shape == z.shape == (3, 4) and x.dtype == np.float32
            c = x * y + z
            one = np.ones_like(c)
            for found, expected in [(a["gx"], one * y), (a["gy"], one * x), (a["gz"], one)]:
                assert found.shape == expected.shape and (found == expected).all(), (found, expected)
            assert abs(a["sum"] - c.sum()) < 1e-5, (a["sum"], c.sum())
            print("equal")
            """
        #expect(try oracle.run(script, [file]) == "equal\n")
    }

    @Test func theInverseComesCloserAndIsDrawn() throws {
        let folder = try TemporaryFolder()
        let result = try run("inverse", "--epochs", "300", "--output", folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let losses = numbers(after: "loss = ", in: result.output)
        #expect(try #require(losses.last) < #require(losses.first))
        try expectPictures(["inverse", "inverse-product"], in: folder)
    }

    @Test func theDigitNetworkLearns() throws {
        let folder = try digitFolder()
        let result = try run("mnist", "--epochs", "3", "--data", folder.path, "--output", folder.path("out"))
        #expect(result.status == 0, "\(result.errors)")
        let costs = numbers(after: "cost = ", in: result.output)
        #expect(costs.count == 4)
        #expect(costs[2] < costs[0])
        try expectPictures(["out/mnist"], in: folder)
    }

    @Test func theNetworkIsLookedIntoAndRestored() throws {
        let folder = try digitFolder()
        let common = ["--data", folder.path, "--output", folder.path, "--input-steps", "3"]
        let trained = try run("look-inside", ["--epochs", "4", "--noise", "0.2"] + common)
        #expect(trained.status == 0, "\(trained.errors)")
        let costs = numbers(after: "cost = ", in: trained.output)
        #expect(costs.count == 4 && costs[3] < costs[0])
        try expectPictures(["fingerprints", "fingerprints-excerpt", "mean-images", "ideal-inputs"], in: folder)
        let restored = try run("look-inside", common + ["--restore", folder.path("look-inside-model")])
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(restored.output.contains("Epoch") == false)
        #expect(
            numbers(after: "accuracy = ", in: restored.output) == numbers(after: "accuracy = ", in: trained.output))
        let missing = try run("look-inside", common + ["--restore", folder.path("none")])
        #expect(missing.status != 0 && missing.errors.contains("none"))
    }

    @Test func theAtomsWriteCheckpointsAndLogs() throws {
        let folder = try digitFolder()
        let result = try run("atoms", "--steps", "5", "--data", folder.path, "--output", folder.path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("the counter stands at 3"))
        #expect(result.output.contains("restored: [2.0, 4.0, 6.0]"))
        #expect(numbers(after: "accuracy = ", in: result.output).count == 1)
        try expectPictures(["atoms"], in: folder)
        for file in ["atoms-model.index", "atoms-log/wave", "atoms-log/digits"] {
            #expect(FileManager.default.fileExists(atPath: folder.path(file)), "\(file)")
        }
    }

    @Test(arguments: ["keras-mnist", "convnet"]) func theModelsInKerasStyleLearn(name: String) throws {
        let folder = try digitFolder()
        let result = try run(name, "--epochs", "1", "--data", folder.path, "--output", folder.path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("Test on MNIST: loss = "))
        try expectPictures([name], in: folder)
    }

    @Test func theTaleIsLearntAndWritten() throws {
        let folder = try TemporaryFolder()
        let result = try run(
            "character-lstm", "--epochs", "2", "--length", "600", "--characters", "20", "--output", folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let losses = numbers(after: "loss = ", in: result.output)
        #expect(losses.count == 2 && losses[1] < losses[0])
        #expect(result.output.contains("The keeper "))
        try expectPictures(["character-lstm"], in: folder)
    }

    static let mistakes: [(name: String, arguments: [String], text: String)] = [
        ("gradients", ["--epochs", "0"], "--epochs must be at least 1"),
        ("inverse", ["--seed", "-1"], "--seed"), ("inverse", ["--epoch", "3"], "Unknown option '--epoch'"),
        ("mnist", ["--epochs", "many"], "many"), ("mnist", ["--data", "/nowhere/at/all"], "/nowhere/at/all"),
        ("convnet", ["--data", "/nowhere/at/all"], "train-images-idx3-ubyte"),
        ("keras-mnist", ["--output", "/dev/null/out"], "/dev/null/out"),
        ("atoms", ["--steps", "0"], "--steps must be at least 1"),
        ("look-inside", ["--noise", "nan"], "--noise must be a number from 0 on"),
        ("look-inside", ["--input-steps", "0"], "--input-steps must be at least 1"),
        ("character-lstm", ["--temperature", "0"], "--temperature must be a number above 0"),
        ("character-lstm", ["--length", "10"], "--length must be from 600"),
        ("character-lstm", ["--start", "1"], "is not in the vocabulary"),
    ]

    @Test(arguments: mistakes) func aMistakeIsNamed(name: String, arguments: [String], text: String) throws {
        let result = try run(name, arguments)
        #expect(result.status != 0)
        #expect(result.errors.contains(text), "\(result.errors)")
    }

    private func expectPictures(_ names: [String], in folder: TemporaryFolder) throws {
        for name in names {
            #expect(try folder.bytes(of: name + ".svg").starts(with: Array("<".utf8)))
            for look in ["", "~dark"] {
                #expect(try folder.bytes(of: "\(name)\(look).png").starts(with: [0x89, 0x50, 0x4e, 0x47]))
            }
        }
    }
}
