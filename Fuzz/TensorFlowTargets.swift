// Checkpoints, event files and saved models.
//
// Some of these are several files, which the input holds one after the other behind the length of the first. Where a
// checksum would keep the fuzzer out, the target makes it anew.

import Checkpoints
import FileTestSupport
import Files
import GraphDefs
import SavedModels
import Sessions
import Summaries
import Tensors

let tensorFlowTargets: [FuzzTarget] = [
    FuzzTarget(
        name: "checkpoint",
        read: { bytes in
            let (index, data) = split(bytes)
            let memory = MemoryFileSystem(["c.index": index, "c.data-00000-of-00001": data])
            let reader = try CheckpointReader("c", files: memory)
            try? reader.checkFiles()
            _ = reader.verify()
            for entry in reader.entries {
                do throws(CheckpointError) { _ = try reader.read(entry.name) } catch { _ = "\(error)" }
            }
        },
        seeds: {
            let folder = "CheckpointsTests/Fixtures/checkpoint/model.ckpt-42"
            let memory = MemoryFileSystem()
            let writer = try CheckpointWriter("c", files: memory)
            try writer.add(AnyArray(NDArray<Float>([1, 2])), named: "a")
            try writer.add(AnyArray(strings: ["x", "yz"]), named: "s")
            try writer.add(AnyArray(NDArray<Float>([1, 2])), named: "p", pieceOf: [4], at: [2])
            try writer.finish()
            return [
                try join(fixture(folder + ".index"), fixture(folder + ".data-00000-of-00001")),
                join(memory["c.index"] ?? [], memory["c.data-00000-of-00001"] ?? []),
            ]
        }),
    FuzzTarget(
        name: "checkpoint-state",
        read: { bytes in
            let memory = MemoryFileSystem(["f/checkpoint": bytes])
            _ = try CheckpointState(inFolder: "f", files: memory)
        },
        seeds: { [try fixture("CheckpointsTests/Fixtures/checkpoint/checkpoint")] }),
    FuzzTarget(
        name: "records",
        read: { bytes in
            let reader = try EventFileReader("x", fileSystem: MemoryFileSystem(["x": bytes]))
            while try reader.next() != nil {}
        },
        seeds: {
            try fixtures(in: "SummariesTests/Fixtures/events_v1") + fixtures(in: "SummariesTests/Fixtures/events_v2")
        }),
    FuzzTarget(
        name: "event",
        read: { bytes in
            var file: [UInt8] = []
            RecordFrame.append(bytes, to: &file)
            let reader = try EventFileReader("x", fileSystem: MemoryFileSystem(["x": file]))
            while try reader.next() != nil {}
        },
        seeds: {
            var seeds: [[UInt8]] = []
            for version in ["v1", "v2"] {
                for file in try fixtures(in: "SummariesTests/Fixtures/events_\(version)") {
                    var records = try RecordReader("x", in: MemoryFileSystem(["x": file]))
                    while let record = try records.next() { seeds.append(record) }
                }
            }
            return seeds
        }),
    FuzzTarget(
        name: "saved-model",
        read: { bytes in
            let (model, rest) = split(bytes)
            let (index, data) = split(rest)
            let memory = MemoryFileSystem([
                "m/saved_model.pb": model, "m/variables/variables.index": index,
                "m/variables/variables.data-00000-of-00001": data,
            ])
            _ = try SavedModel(contentsOf: "m", files: memory).signatures.mapValues(\.description)
        },
        seeds: {
            let folder = "SavedModelsTests/Fixtures/saved_model_v1/"
            return [
                try join(
                    fixture(folder + "saved_model.pb"),
                    join(
                        fixture(folder + "variables/variables.index"),
                        fixture(folder + "variables/variables.data-00000-of-00001")))
            ]
        }),
]

/// Two files behind the length of the first, in four bytes.
private func split(_ bytes: [UInt8]) -> ([UInt8], [UInt8]) {
    guard bytes.count >= 4 else { return (bytes, []) }
    let length = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    let rest = bytes.dropFirst(4)
    return (Array(rest.prefix(length)), Array(rest.dropFirst(length)))
}

private func join(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: first.count >> (8 * $0)) } + first + second
}
