// `tensorgraph inspect` on sound files of every kind, on damaged ones and on what is no file of ours.

import ArrayFiles
import FileTestSupport
import Files
import Foundation
import Tensors
import Testing

@Suite struct InspectTests {
    static let inputs: [(path: String, kind: String, word: String)] = [
        (Fixture.checkpoint, "checkpoint", "13 arrays"), (Fixture.checkpoint + ".index", "checkpoint", "13 arrays"),
        (Fixture.checkpoint + ".data-00000-of-00001", "checkpoint", "13 arrays"),
        (Fixture.checkpointFolder, "checkpoint", "global_step  int64"), (Fixture.events, "event-file", "my_plugin"),
        (Fixture.graph, "graphdef", "95 nodes"), (Fixture.graphText, "graphdef", "95 nodes"),
        (Fixture.model, "saved-model", "serving_default"),
        (Fixture.model + "/saved_model.pb", "saved-model", "serving_default"),
    ]

    @Test(arguments: inputs) func theKindIsToldByTheContent(path: String, kind: String, word: String) throws {
        let text = try tensorgraph("inspect", path)
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.contains(word))
        #expect(text.output.contains("sound"))
        let json = try tensorgraph("inspect", path, "--json")
        #expect(json.status == 0)
        let object = try json.json()
        #expect(object["schema"] as? Int == 1)
        #expect(object["kind"] as? String == kind)
        #expect((object["problems"] as? [Any])?.isEmpty == true)
    }

    @Test func theJSONHoldsWhatTheSchemaPromises() throws {
        let checkpoint = try tensorgraph("inspect", Fixture.checkpoint, "--json").json()
        #expect(checkpoint["checksumsVerified"] as? Bool == true)
        #expect(checkpoint["shards"] as? Int == 1)
        let arrays = try #require(checkpoint["arrays"] as? [[String: Any]])
        let weights = try #require(arrays.first { $0["name"] as? String == "f32/w" })
        #expect(weights["dtype"] as? String == "float32")
        #expect(weights["shape"] as? [Int] == [2, 3])
        #expect(weights["bytes"] as? Int == 24)

        let events = try #require(
            try tensorgraph("inspect", Fixture.events, "--json").json()["events"] as? [String: Any])
        #expect(events["count"] as? Int == 13)
        #expect(events["lastStep"] as? Int == 1)
        let tags = try #require(events["tags"] as? [[String: Any]])
        let loss = try #require(tags.first { $0["tag"] as? String == "loss" })
        #expect(loss["plugin"] as? String == "scalars")
        #expect(loss["lastValue"] as? Double == 0.25)

        let model = try tensorgraph("inspect", Fixture.model, "--json").json()
        let signatures = try #require((model["model"] as? [String: Any])?["signatures"] as? [[String: Any]])
        #expect(signatures.count == 1 && signatures[0]["name"] as? String == "serving_default")
        let inputs = try #require(signatures[0]["inputs"] as? [[String: Any]])
        #expect(inputs[0]["shape"] as? [Int] == [-1, 2])

        let graph = try #require(try tensorgraph("inspect", Fixture.graph, "--json").json()["graph"] as? [String: Any])
        #expect(graph["nodes"] as? Int == 95)
        #expect(graph["placeholders"] as? [String] == ["x", "t"])
    }

    @Test func arraysOfNumpyAndSafetensorsAreShown() throws {
        let folder = try TemporaryFolder()
        let array = AnyArray(NDArray<Float>([1, 2, 3]))
        // Under names that say nothing.
        try NPYFile.write(array, to: folder.path("one"))
        try NPZWriter.write(["w": array, "b": array], to: folder.path("two"), compression: .deflated)
        try SafetensorsWriter.write(["w": array], metadata: ["format": "pt"], to: folder.path("three"))
        for (name, kind) in [("one", "npy"), ("two", "npz"), ("three", "safetensors")] {
            let result = try tensorgraph("inspect", name, "--json", in: folder)
            #expect(try result.json()["kind"] as? String == kind)
            let text = try tensorgraph("inspect", name, in: folder).output
            #expect(text.contains("float32  [3]"))
        }
        #expect(try tensorgraph("inspect", "three", in: folder).output.contains("format    pt"))
    }

    @Test func aDamagedFileIsNamedWithThePlaceAndTheRestIsShown() throws {
        let folder = try TemporaryFolder()
        let array = AnyArray(NDArray<Float>([1, 2, 3]))
        try NPZWriter.write(["b": array, "w": array], to: folder.path("x.npz"))
        var bytes = try folder.bytes(of: "x.npz")
        bytes[170] ^= 1
        try folder.write(bytes, to: "x.npz")
        let result = try tensorgraph("inspect", "x.npz", in: folder)
        #expect(result.status == 65)
        #expect(result.output.contains("damaged: 1 problem"))
        #expect(result.errors.contains("x.npz: array \"b\": its CRC-32 is"))

        for suffix in [".index", ".data-00000-of-00001"] {
            try FileManager.default.copyItem(atPath: Fixture.checkpoint + suffix, toPath: folder.path("c" + suffix))
        }
        var data = try folder.bytes(of: "c.data-00000-of-00001")
        data[data.count / 2] ^= 1
        try folder.write(data, to: "c.data-00000-of-00001")
        let checkpoint = try tensorgraph("inspect", "c", in: folder)
        #expect(checkpoint.status == 65)
        #expect(checkpoint.errors.contains("c.data-00000-of-00001"))
        #expect(checkpoint.output.contains("13 arrays"))

        var events = try #require(FileManager.default.contents(atPath: Fixture.events))
        events[events.count / 2] ^= 1
        try folder.write([UInt8](events), to: "e")
        let log = try tensorgraph("inspect", "e", in: folder)
        #expect(log.status == 65)
        #expect(log.errors.contains("e: the record at byte "))
    }

    @Test func whatIsCutShortIsRefusedByTheReaderOfItsName() throws {
        let folder = try TemporaryFolder()
        for name in ["x.npy", "x.npz", "x.safetensors", "x.index", "x.pb"] {
            try folder.write([1, 2, 3], to: name)
            let result = try tensorgraph("inspect", name, in: folder)
            #expect(result.status == 65, "\(name): \(result.status) \(result.errors)")
            #expect(result.errors.hasPrefix("error: "))
        }
    }

    @Test func whatIsNotThereIsMissing() throws {
        let folder = try TemporaryFolder()
        let result = try tensorgraph("inspect", "nothing", in: folder)
        #expect(result.status == 66)
        #expect(result.errors.contains("there is no nothing"))
        #expect(try tensorgraph("inspect", ".", in: folder).status == 66)
    }

    @Test func controlCharactersOfNamesDoNotReachTheTerminal() throws {
        let folder = try TemporaryFolder()
        let array = AnyArray(NDArray<Float>(1))
        try SafetensorsWriter.write(["a\u{1b}[31m": array], to: folder.path("x"))
        #expect(try tensorgraph("inspect", "x", in: folder).output.contains("\u{1b}") == false)
    }
}
