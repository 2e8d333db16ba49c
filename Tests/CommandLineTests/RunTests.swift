// `tensorgraph run`, `devices`, `doctor` and the tool as a whole.

import ArrayFiles
import FileTestSupport
import Foundation
import Tensors
import Testing

@Suite struct RunTests {
    @Test func aSignatureRunsOnJSONAndOnArraysOfNumpy() throws {
        let folder = try TemporaryFolder()
        let result = try tensorgraph("run", Fixture.model, "--input", "x=[[1,2],[3,4]]", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let outputs = try #require(try result.json()["outputs"] as? [String: [String: Any]])
        #expect(outputs["y"]?["values"] as? [[Double]] == [[5.5], [11.5]])
        #expect(outputs["y"]?["shape"] as? [Int] == [2, 1])
        try NPYFile.write(NDArray<Float>([[1, 2], [3, 4]]), to: folder.path("x.npy"))
        try folder.write(Array("[[1, 2],\n [3, 4]]\n".utf8), to: "x.json")
        for input in ["x=x.npy", "x=x.json"] {
            let result = try tensorgraph("run", Fixture.model, "-i", input, "--output-folder", "out", in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try NPYFile.read(folder.path("out/y.npy"), as: Float.self) == NDArray<Float>([[5.5], [11.5]]))
        }
        #expect(try tensorgraph("run", Fixture.model, "-i", "x=[[1,2]]").output == "y: float32[1, 1]\n[[5.5]]\n")
    }

    @Test func tensorsOfAGraphAreFetchedByName() throws {
        let folder = try TemporaryFolder()
        let text = """
            node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } }
            node { name: "y" op: "Mul" input: "x" input: "x" attr { key: "T" value { type: DT_INT32 } } }
            """
        try folder.write(Array(text.utf8), to: "square.pbtxt")
        let result = try tensorgraph(
            "run", "square.pbtxt", "--input", "x:0=[1, -2, 3]", "--fetch", "y:0", "--json", in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let outputs = try #require(try result.json()["outputs"] as? [String: [String: Any]])
        #expect(outputs["y:0"]?["values"] as? [Int] == [1, 4, 9])
        #expect(try tensorgraph("run", "square.pbtxt", "--fetch", "z", in: folder).status == 66)
        #expect(try tensorgraph("run", "square.pbtxt", in: folder).status == 64)
        let unfed = try tensorgraph("run", "square.pbtxt", "--fetch", "y", in: folder)
        #expect(unfed.status == 69 && unfed.errors.contains("x"))
    }

    static let wrongInputs: [(input: String, status: Int32, text: String)] = [
        ("x=[[1,2,3]]", 64, "has shape [?, 2]"), ("x=[[1,2],[3]]", 64, "different lengths"),
        ("x=[[1,2],3]", 64, "a number stands beside a list"), ("x=[[1,[2]]]", 64, "a list stands beside a number"),
        ("x=[[1,2]", 64, "it ends early"), ("x=[[1 2]]", 64, "not expected here"), ("x=", 64, "it ends early"),
        ("x=[[1,a]]", 64, "\"a\" is no float32"), ("x=[[1,2]]]", 64, "not expected here"),
        ("x=" + String(repeating: "[", count: 10_000), 64, "more than 32 dimensions"),
        ("z=[[1,2]]", 64, "has no input \"z\""), ("[[1,2]]", 64, "it is not NAME=FILE"),
        ("x=none.npy", 66, "none.npy"), ("x=none.json", 66, "none.json"),
    ]

    @Test(arguments: wrongInputs) func aWrongInputIsRefused(input: String, status: Int32, text: String) throws {
        let result = try tensorgraph("run", Fixture.model, "--input", input, in: TemporaryFolder())
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(text), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test func missingInputsAndSignaturesAreNamed() throws {
        let missing = try tensorgraph("run", Fixture.model)
        #expect(missing.status == 64 && missing.errors.contains("needs \"x\" too"))
        let signature = try tensorgraph("run", Fixture.model, "--signature", "train")
        #expect(signature.status == 66 && signature.errors.contains("there are \"serving_default\""))
        #expect(try tensorgraph("run", Fixture.checkpoint).status == 69)
    }

    @Test func devicesAreListed() throws {
        #expect(try tensorgraph("devices").output.contains("/cpu:0"))
        let json = try tensorgraph("devices", "--json").json()
        let devices = try #require(json["devices"] as? [[String: Any]])
        #expect(devices.first?["name"] as? String == "/cpu:0")
        #expect((devices.first?["threads"] as? Int ?? 0) > 0)
    }

    @Test func theDoctorFindsThisMachineSoundAndAFolderThatCannotBeWrittenNot() throws {
        let folder = try TemporaryFolder()
        let sound = try tensorgraph("doctor", "--json", in: folder)
        #expect(sound.status == 0, "\(sound.output)")
        let checks = try #require(try sound.json()["checks"] as? [[String: Any]])
        #expect(checks.count == 6 && checks.allSatisfy { $0["passed"] as? Bool == true })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "nothing is left behind")
        #expect(try tensorgraph("doctor", in: folder).output.contains("passed"))
        // A folder that is gone cannot be written, whoever runs the tests.
        let shell = Process()
        let gone = folder.path("gone")
        try FileManager.default.createDirectory(atPath: gone, withIntermediateDirectories: false)
        let tool = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/tensorgraph"
        let bundled = Bundle.main.bundleURL.appendingPathComponent("tensorgraph").path
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = [
            "-c", "cd '\(gone)' && rmdir '\(gone)' && exec \"$0\" doctor",
            FileManager.default.isExecutableFile(atPath: bundled) ? bundled : tool,
        ]
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1)
    }

    @Test func helpHasExamplesAndWrongUsageIs64() throws {
        for command in ["inspect", "run", "convert", "devices", "doctor"] {
            let help = try tensorgraph(command, "--help")
            #expect(help.status == 0 && help.output.contains("Examples:"), "\(command)")
            #expect(try tensorgraph(command, "--no-such-option").status == 64)
        }
        #expect(try tensorgraph("--help").output.contains("Exit codes:"))
        #expect(try tensorgraph("dance").status == 64)
        #expect(try tensorgraph("inspect").status == 64)
    }
}
