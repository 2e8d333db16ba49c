import Checkpoints
import FileTestSupport
import Files
import Messages
import SwiftProtobuf
import Tensors
import Testing

@Suite struct WriterTests {
    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "none"
        } catch { return "\(error)" }
    }

    @Test func whatCannotBeWrittenIsRefused() throws {
        let disk = FaultyFileSystem()
        let value = AnyArray(NDArray<Float>([1, 2]))
        let writer = try CheckpointWriter("m", files: disk)
        try writer.add(value, named: "a")
        #expect(complaint { try writer.add(value, named: "a") }.contains("added before"))
        #expect(complaint { try writer.add(value, named: "") }.contains("must not be empty"))
        #expect(complaint { try writer.add(value, named: "\0a") }.contains("zero byte"))
        #expect(complaint { try writer.add(value, named: "a", pieceOf: [4], at: [0]) }.contains("added before"))
        #expect(complaint { try writer.add(value, named: "p", pieceOf: [4], at: [3]) }.contains("does not fit"))
        #expect(complaint { try writer.add(value, named: "p", pieceOf: [4], at: [-1]) }.contains("does not fit"))
        #expect(complaint { try writer.add(value, named: "p", pieceOf: [4], at: [.max]) }.contains("does not fit"))
        #expect(complaint { try writer.add(value, named: "p", pieceOf: [4, 4], at: [0, 0]) }.contains("does not fit"))
        #expect(
            complaint { try writer.add(AnyArray(strings: ["x"]), named: "p", pieceOf: [4], at: [0]) }
                .contains("does not fit"))
        // A refusal does no harm to the rest.
        try writer.finish()
        #expect(try CheckpointReader("m", files: disk).read("a") == value)
        #expect(complaint { try writer.add(value, named: "b") }.contains("was finished"))
        #expect(complaint { try writer.finish() }.contains("was finished"))
        writer.abandon()
        #expect(disk.paths == ["m.data-00000-of-00001", "m.index"])
    }

    @Test func piecesThatOverlapOrLeaveGapsAreRefusedAndNothingIsLeft() throws {
        for (starts, words) in [([0, 1], "overlap"), ([0, 3], "hold 4 of the elements"), ([0], "hold 2")] {
            let disk = FaultyFileSystem()
            let writer = try CheckpointWriter("m", files: disk)
            for start in starts {
                try writer.add(AnyArray(NDArray<Float>([1, 2])), named: "p", pieceOf: [5], at: [start])
            }
            let found = complaint { try writer.finish() }
            #expect(found.contains(words), "\(found)")
            #expect(disk.paths.isEmpty)
        }
    }

    @Test func aWriterThatIsDroppedOrGivenUpLeavesNothing() throws {
        let disk = FaultyFileSystem()
        do {
            let writer = try CheckpointWriter("m", files: disk)
            try writer.add(AnyArray(NDArray<Float>([1, 2])), named: "a")
            #expect(disk.paths.count == 1)
        }
        #expect(disk.paths.isEmpty)
        let writer = try CheckpointWriter("m", files: disk)
        writer.abandon()
        #expect(disk.paths.isEmpty)
        #expect(complaint { try writer.add(AnyArray(strings: ["x"]), named: "a") }.contains("was abandoned"))
        let failure = #expect(throws: CheckpointError.self) { try CheckpointWriter("no/folder/m", files: disk) }
        #expect(failure?.kind == .file)
    }

    /// A write that fails for want of space.
    @Test func afterAFailedWriteTheWriterIsOfNoUseAndTheOldCheckpointStays() throws {
        let disk = FaultyFileSystem()
        let old = try CheckpointWriter("m", files: disk)
        try old.add(AnyArray(strings: ["old"]), named: "a")
        try old.finish()
        let writer = try CheckpointWriter("m", files: disk)
        disk.setFault(FaultyFileSystem.Fault(number: 0, isFinal: false) { $0 == .write })
        let large = AnyArray(NDArray<Float>(repeating: 1, shape: [1 << 19]))
        let failure = #expect(throws: CheckpointError.self) { try writer.add(large, named: "large") }
        #expect(failure?.tensor == "large")
        #expect(complaint { try writer.finish() }.contains("was abandoned"))
        #expect(disk.paths == ["m.data-00000-of-00001", "m.index"])
        #expect(try CheckpointReader("m", files: disk).read("a").strings == ["old"])
    }

    @Test(arguments: 0..<12) func randomModelsComeBackWholeAndInParts(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let model = try RandomModel(seed: seed)
        try model.write(to: folder.path("m"))
        let reader = try CheckpointReader(folder.path("m"))
        #expect(reader.entries.count == model.parts.count)
        #expect(reader.verify().isEmpty)
        var random = RandomStream(seed: seed)
        for part in model.parts {
            #expect(try reader.read(part.name) == part.value, "\(part.name)")
            guard part.value.dtype != .string, part.value.count < 100_000, !part.value.shape.isEmpty else { continue }
            for _ in 0..<3 {
                let slice = part.value.shape.map { extent in
                    let start = Int.random(in: 0...extent, using: &random)
                    return start..<Int.random(in: start...extent, using: &random)
                }
                #expect(try reader.read(part.name, slice: slice) == piece(part.value, slice), "\(part.name) \(slice)")
            }
        }
    }

    @Test func partsOutsideOfATensorAndOtherTypesAreRefused() throws {
        let reader = try CheckpointReader(fixturePrefix)
        #expect(complaint { _ = try reader.read("part", slice: [0..<5, 0..<2]) }.contains("lies outside"))
        #expect(complaint { _ = try reader.read("part", slice: [0..<4]) }.contains("lies outside"))
        #expect(complaint { _ = try reader.read("s", slice: [0..<1]) }.contains("parts of a tensor of string"))
        #expect(complaint { _ = try reader.read("part", as: Double.self) }.contains("float32, not of float64"))
        #expect(try reader.read("part", slice: [1..<3, 1..<2]).as(Float.self).scalars == [3, 5])
    }

    /// Checkpoints of objects: names by graph, with cycles, names that stand for two, and keys that lead nowhere.
    @Test func variablesOfObjectsAreFoundByTheirNames() throws {
        let disk = FaultyFileSystem()
        let suffix = "/.ATTRIBUTES/VARIABLE_VALUE"
        func attribute(_ name: String, _ key: String) -> Tensorflow_TrackableObjectGraph.TrackableObject {
            .with {
                $0.children = [
                    .with {
                        $0.nodeID = 0; $0.localName = "parent"
                    }, .with { $0.nodeID = 99 },
                ]
                $0.attributes = [
                    .with {
                        $0.name = "VARIABLE_VALUE"
                        $0.fullName = name
                        $0.checkpointKey = key
                    }
                ]
            }
        }
        let graph = Tensorflow_TrackableObjectGraph.with {
            $0.nodes = [
                .with {
                    $0.children = [
                        .with {
                            $0.nodeID = 0; $0.localName = "self"
                        },
                        .with {
                            $0.nodeID = 2; $0.localName = "layer"
                        },
                        .with {
                            $0.nodeID = -5; $0.localName = "negative"
                        },
                        .with {
                            $0.nodeID = 4; $0.localName = "lost"
                        },
                    ]
                },
                attribute("dense/kernel", "model/a" + suffix), attribute("twice", "model/b" + suffix),
                attribute("twice", "model/c" + suffix), attribute("gone", "nowhere" + suffix),
            ]
        }
        let writer = try CheckpointWriter("m", files: disk)
        for (index, name) in ["a", "b", "c"].enumerated() {
            try writer.add(AnyArray(NDArray(Int32(index))), named: "model/\(name)\(suffix)")
        }
        try writer.add(
            try AnyArray(strings: [graph.serializedBytes()], shape: []), named: "_CHECKPOINTABLE_OBJECT_GRAPH")
        try writer.finish()
        let reader = try CheckpointReader("m", files: disk)
        #expect(try reader.read("dense/kernel", as: Int32.self).scalar == 0)
        #expect(try reader.read("model/c", as: Int32.self).scalar == 2)
        #expect(try reader.read("model/b" + suffix, as: Int32.self).scalar == 1)
        #expect(try reader.read("layer", as: Int32.self).scalar == 1)
        #expect(try reader.read("self/self/layer/parent/layer", as: Int32.self).scalar == 1)
        for name in ["twice", "gone", "nowhere", "self", "negative", "lost", "self/negative/layer", "", "/"] {
            #expect(reader[name] == nil)
        }

        // A damaged graph leaves the keys.
        let path = "m.data-00000-of-00001"
        var bytes = try #require(disk.content(of: path))
        let entry = try #require(reader["_CHECKPOINTABLE_OBJECT_GRAPH"])
        bytes[entry.offset + entry.byteCount / 2] ^= 1
        disk.put(bytes, at: path)
        let damaged = try CheckpointReader("m", files: disk)
        #expect(damaged["dense/kernel"] == nil)
        #expect(try damaged.read("model/c" + suffix, as: Int32.self).scalar == 2)
        #expect(damaged.verify().map(\.tensor) == ["_CHECKPOINTABLE_OBJECT_GRAPH"])
    }
}
