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
            try readCheckpoint(index, data)
        },
        seeds: { try checkpointSeeds().map { join($0.index, $0.data) } }),
    FuzzTarget(
        name: "checkpoint-entries",
        read: { bytes in
            let (block, data) = split(bytes)
            try readCheckpoint(indexFile(block), data)
        },
        seeds: { try checkpointSeeds().map { join(firstBlock($0.index), $0.data) } }),
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

private func readCheckpoint(_ index: [UInt8], _ data: [UInt8]) throws {
    let memory = MemoryFileSystem(["c.index": index, "c.data-00000-of-00001": data])
    let reader = try CheckpointReader("c", files: memory)
    try? reader.checkFiles()
    for error in reader.verify() { _ = "\(error)" }
    for entry in reader.entries {
        do throws(CheckpointError) { _ = try reader.read(entry.name) } catch { _ = "\(error)" }
    }
}

private func checkpointSeeds() throws -> [(index: [UInt8], data: [UInt8])] {
    let folder = "CheckpointsTests/Fixtures/checkpoint/model.ckpt-42"
    let memory = MemoryFileSystem()
    let writer = try CheckpointWriter("c", files: memory)
    try writer.add(AnyArray(NDArray<Float>([1, 2])), named: "a")
    try writer.add(AnyArray(strings: ["x", "yz"]), named: "s")
    for start in [0, 2] {
        try writer.add(AnyArray(NDArray<Float>([1, 2])), named: "p", pieceOf: [4], at: [start])
    }
    try writer.finish()
    return [
        try (fixture(folder + ".index"), fixture(folder + ".data-00000-of-00001")),
        (memory["c.index"] ?? [], memory["c.data-00000-of-00001"] ?? []),
    ]
}

/// A table with one block of entries, whose checksums are right.
private func indexFile(_ block: [UInt8]) -> [UInt8] {
    var file: [UInt8] = []
    /// Adds a block and returns its handle: place and size.
    func add(_ block: [UInt8]) -> [UInt8] {
        let handle = varint(file.count) + varint(block.count)
        let checked = block + [0]
        let checksum = Checksum(of: checked).masked
        file += checked + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
        return handle
    }
    let restarts: [UInt8] = [0, 0, 0, 0, 1, 0, 0, 0]
    let blockHandle = add(block)
    let metaHandle = add(restarts)
    let key = [UInt8](repeating: 255, count: 8)
    let indexHandle = add([0, UInt8(key.count), UInt8(blockHandle.count)] + key + blockHandle + restarts)
    let handles = metaHandle + indexHandle
    return file + handles + [UInt8](repeating: 0, count: 40 - handles.count)
        + [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
}

/// The one block of entries of a small index: it ends, with five bytes after it, where the next block starts, which the
/// footer names first.
private func firstBlock(_ index: [UInt8]) -> [UInt8] {
    guard index.count > 48 else { return index }
    var (place, shift) = (0, 0)
    for byte in index.suffix(48) {
        place |= Int(byte & 127) << shift
        shift += 7
        if byte < 128 || shift > 42 { break }
    }
    return Array(index.prefix(max(0, place - 5)))
}

private func varint(_ number: Int) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest >= 128 {
        bytes.append(UInt8(rest & 127 | 128))
        rest >>= 7
    }
    return bytes + [UInt8(rest)]
}
