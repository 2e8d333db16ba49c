import Checkpoints
import FileTestSupport
import Files
import Messages
import SwiftProtobuf
import Tensors
import Testing

/// Files whose checksums are right and whose content is not.
@Suite struct HostileFileTests {
    /// A table of one block, with right checksums.
    private func table(_ entries: [(key: [UInt8], value: [UInt8])]) -> [UInt8] {
        var block: [UInt8] = []
        for (key, value) in entries {
            block += varint(0) + varint(key.count) + varint(value.count) + key + value
        }
        return table(block: block)
    }

    private func table(block: [UInt8], handles: Int = 1) -> [UInt8] {
        var file: [UInt8] = []
        func add(_ bytes: [UInt8]) -> [UInt8] {
            let handle = varint(file.count) + varint(bytes.count)
            let stored = bytes + [0]
            let checksum = Checksum(of: stored).masked
            file += stored + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * UInt32($0))) }
            return handle
        }
        let restarts: [UInt8] = [0, 0, 0, 0, 1, 0, 0, 0]
        let handle = add(block + restarts)
        let empty = add(restarts)
        let entry = varint(0) + varint(1) + varint(handle.count) + [0x7a] + handle
        let index = add((0..<handles).flatMap { _ in entry } + restarts)
        let footer = empty + index
        return file + footer + [UInt8](repeating: 0, count: 40 - footer.count)
            + [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
    }

    private func varint(_ number: Int) -> [UInt8] {
        var (rest, bytes) = (UInt64(number), [UInt8]())
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private func header(_ change: (inout Tensorflow_BundleHeaderProto) -> Void = { _ in }) throws -> [UInt8] {
        var header = Tensorflow_BundleHeaderProto.with { $0.numShards = 1 }
        change(&header)
        return try header.serializedBytes()
    }

    private func entry(_ change: (inout Tensorflow_BundleEntryProto) -> Void) throws -> [UInt8] {
        var entry = Tensorflow_BundleEntryProto.with {
            $0.dtype = .dtFloat
            $0.shape = Shape([2]).message
            $0.size = 8
        }
        change(&entry)
        return try entry.serializedBytes()
    }

    /// What opening a checkpoint of one tensor and reading it says.
    private func complaint(
        _ index: [UInt8], data: [UInt8] = [UInt8](repeating: 0, count: 64), read name: String = "x"
    ) -> String {
        let disk = FaultyFileSystem()
        disk.put(index, at: "m.index")
        disk.put(data, at: "m.data-00000-of-00001")
        do throws(CheckpointError) {
            let reader = try CheckpointReader("m", files: disk)
            _ = reader.verify()
            _ = try reader.read(name)
            return "read"
        } catch { return "\(error)" }
    }

    private func complaint(_ change: (inout Tensorflow_BundleEntryProto) -> Void) throws -> String {
        complaint(table([([], try header()), ([0x78], try entry(change))]))
    }

    @Test func aRightFileOfThisMakingIsRead() throws {
        let data = [UInt8](repeating: 0, count: 64)
        #expect(try complaint { $0.crc32C = Checksum(of: data[..<8]).masked } == "read")
    }

    @Test func hugeAndNegativeSizesAreRefusedBeforeMemoryIsTaken() throws {
        let wrongs: [(String, (inout Tensorflow_BundleEntryProto) -> Void)] = [
            ("is said to have -1 bytes", { $0.size = -1 }),
            ("bytes at -8", { $0.offset = -8 }),
            ("bytes at \(Int64.max)", { $0.offset = .max }),
            ("takes 8 bytes, but \(Int64.max) are stored", { $0.size = .max }),
            ("too large", { $0.shape = .with { $0.dim = [.with { $0.size = .max }, .with { $0.size = .max }] } }),
            ("has the dimension -5", { $0.shape = .with { $0.dim = [.with { $0.size = -5 }] } }),
            ("not fully known", { $0.shape = .with { $0.dim = [.with { $0.size = -1 }] } }),
            ("not fully known", { $0.shape = .with { $0.unknownRank = true } }),
            ("at most 254", { $0.shape = .with { $0.dim = Array(repeating: .with { $0.size = 1 }, count: 300) } }),
            (
                "the file has only 64",
                {
                    $0.shape = Shape([1 << 40]).message; $0.size = 4 << 40
                }
            ),
            ("the file has only 64", { $0.offset = 60 }),
            ("data file 7 of 1", { $0.shardID = 7 }),
            ("data file -1 of 1", { $0.shardID = -1 }),
            ("no element type with the number 0", { $0.dtype = .dtInvalid }),
            ("no element type with the number 99", { $0.dtype = .UNRECOGNIZED(99) }),
            ("TensorFlow's kernels only", { $0.dtype = .dtVariant }),
            (
                "cannot fit in 8 bytes",
                {
                    $0.dtype = .dtString; $0.shape = Shape([1 << 50]).message
                }
            ),
            (
                "string 0 is said to have",
                {
                    $0.dtype = .dtString; $0.offset = 8
                }
            ),
        ]
        for (words, change) in wrongs {
            let index = table([([], try header()), ([0x78], try entry(change))])
            // Bytes that, as lengths of strings, are huge.
            let data = [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 0x7f, count: 56)
            let found = complaint(index, data: data)
            #expect(found.contains(words), "\(found)")
        }
    }

    @Test func partsThatMakeNoSenseAreRefused() throws {
        func slice(_ start: Int64, _ length: Int64?) -> Tensorflow_TensorSliceProto {
            .with {
                $0.extent = [
                    .with {
                        $0.start = start
                        if let length { $0.length = length }
                    }
                ]
            }
        }
        let wrongs: [(String, [Tensorflow_TensorSliceProto])] = [
            ("lies outside", [slice(0, 3)]), ("lies outside", [slice(-1, 2)]), ("lies outside", [slice(.max, .max)]),
            ("lies outside", [slice(1, nil)]), ("lies outside", [slice(0, .min)]),
            ("overlap", [slice(0, 2), slice(1, 1)]), ("overlap", [slice(0, nil), slice(0, nil)]),
            ("with 0 dimensions", [Tensorflow_TensorSliceProto()]), ("is not in the checkpoint", [slice(0, 2)]),
        ]
        for (words, slices) in wrongs {
            let found = try complaint { $0.slices = slices }
            #expect(found.contains(words), "\(found)")
        }
    }

    @Test func headersThatMakeNoSenseAreRefused() throws {
        func complaint(_ header: [UInt8]) -> String { self.complaint(table([([], header)])) }
        #expect(try complaint(header { $0.numShards = 0 }).contains("it has 0 data files"))
        #expect(try complaint(header { $0.numShards = -3 }).contains("it has -3 data files"))
        #expect(try complaint(header { $0.endianness = .big }).contains("big-endian"))
        #expect(try complaint(header { $0.version = .with { $0.minConsumer = 2 } }).contains("version 2"))
        #expect(complaint([0xff, 0xff]).contains("header"))
        #expect(self.complaint(table([([0x61], try header())])).contains("header"))
        #expect(self.complaint(table([])).contains("header"))
        // A number of data files that nobody could list costs nothing.
        #expect(try complaint(header { $0.numShards = .max }).contains("none of that name"))
    }

    @Test func keysOutOfOrderAndTwiceAreRefused() throws {
        let value = try entry { _ in }
        let header = try header()
        #expect(complaint(table([([], header), ([0x78], value), ([0x78], value)])).contains("ascending"))
        #expect(complaint(table([([], header), ([0x79], value), ([0x78], value)])).contains("ascending"))
        #expect(complaint(table([([], header), ([0xc3, 0x28], value)])).contains("UTF-8"))
        // The block of blocks that names one block many times.
        let block = varint(0) + varint(0) + varint(header.count) + header
        #expect(complaint(table(block: block, handles: 1000)).contains("order"))
    }

    @Test func bytesThatBelongToTwoTensorsAreRefused() throws {
        let entries = try (0..<100).map { number in
            (key: Array("x\(number + 100)".utf8), value: try entry { _ in })
        }
        let found = complaint(table([([], try header())] + entries))
        #expect(found.contains("belong to"), "\(found)")
    }

    /// Keys that share their beginnings could take the square of the file's size.
    @Test(.timeLimit(.minutes(1))) func keysThatGrowBeyondMeasureAreRefused() throws {
        let header = try header()
        let length = 100_000
        var block = varint(0) + varint(0) + varint(header.count) + header
        block += varint(0) + varint(length) + varint(0) + [UInt8](repeating: 0x61, count: length)
        for _ in 0..<100_000 { block += varint(length) + varint(1) + varint(0) + [0x62] }
        let found = complaint(table(block: block))
        #expect(!found.contains("read"), "\(found)")
        #expect(found.contains("m.index, byte"))
    }

    @Test func aCompressedBlockIsRefusedInPlainWords() throws {
        var index = table([([], try header())])
        let blockCount = 3 + (try header().count) + 8
        index[blockCount] = 1
        let checksum = Checksum(of: index[...blockCount]).masked
        for byte in 0..<4 { index[blockCount + 1 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(byte))) }
        #expect(complaint(index).contains("compressed (method 1)"))
    }

    @Test func aMissingCheckpointAndAMissingDataFileAreNamed() throws {
        let disk = FaultyFileSystem()
        #expect(throws: CheckpointError.self) { try CheckpointReader("m", files: disk) }
        disk.put(table([([], try header()), ([0x78], try entry { _ in })]), at: "m.index")
        let reader = try CheckpointReader("m", files: disk)
        let failure = #expect(throws: CheckpointError.self) { try reader.read("x") }
        #expect(failure?.kind == .file)
        #expect(failure?.path == "m.data-00000-of-00001")
        #expect(reader.verify().map(\.tensor) == ["x"])
        let other = #expect(throws: CheckpointError.self) { try reader.read("y") }
        #expect(other?.kind == .noSuchTensor)
        #expect(other?.reason.contains("did you mean \"x\"?") == true)
    }
}
