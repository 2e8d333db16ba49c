import FileTestSupport
import Files
import Testing

@Suite struct RecordTests {
    /// Records of 0 to 40 bytes and one that is longer than what is read at once.
    private let records: [[UInt8]] =
        (0..<40).map { [UInt8](repeating: UInt8($0), count: $0) }
        + [[UInt8](repeating: 7, count: 300_000), [1]]

    private func bytes(_ records: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for record in records { RecordFrame.append(record, to: &bytes) }
        return bytes
    }

    private func readAll(_ path: String) throws -> [[UInt8]] {
        var reader = try RecordReader(path, in: LocalFileSystem())
        var found: [[UInt8]] = []
        while let record = try reader.next() { found.append(record) }
        return found
    }

    @Test func recordsAreReadBack() throws {
        let folder = try TemporaryFolder()
        let writer = RecordWriter(try LocalFileSystem().create(folder.path("a"), .new))
        for record in records { try writer.write(record) }
        try writer.close()
        #expect(try folder.bytes(of: "a") == bytes(records))
        #expect(try readAll(folder.path("a")) == records)
    }

    /// The first record of an event file of TensorFlow.
    @Test func theFrameIsTensorFlows() {
        let record: [UInt8] =
            [0x09, 0x00, 0x00, 0x00, 0x40, 0xfc, 0x54, 0xd9, 0x41, 0x1a, 0x0d] + Array("brain.Event:2".utf8)
        var framed: [UInt8] = []
        RecordFrame.append(record, to: &framed)
        #expect(framed.prefix(12) == [0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22])
        #expect(framed.suffix(4) == [0xec, 0xed, 0x8f, 0x9d])
    }

    @Test func aRecordThatIsCutOffIsReadOnceItIsWhole() throws {
        let folder = try TemporaryFolder()
        let whole = bytes([[1, 2, 3], [4, 5]])
        try folder.write(Array(whole.dropLast(3)), to: "a")
        var reader = try RecordReader(folder.path("a"), in: LocalFileSystem())
        #expect(try reader.next() == [1, 2, 3])
        #expect(try reader.next() == nil)
        #expect(reader.offset == 19 && reader.unfinishedByteCount == 15)
        try folder.write(whole, to: "a")
        #expect(try reader.next() == nil)
        try reader.refresh()
        #expect(try reader.next() == [4, 5])
        #expect(try reader.next() == nil)
    }

    @Test func aWrongChecksumNamesFileAndOffset() throws {
        let folder = try TemporaryFolder()
        var broken = bytes([[1, 2, 3], [4, 5]])
        broken[19 + 12] ^= 1
        let path = try folder.write(broken, to: "a")
        #expect(throws: RecordError(path, offset: 19, "the checksum of its 2 bytes is wrong")) { try readAll(path) }
    }

    /// The checksum of a length can be right and the length still be nonsense.
    @Test func aHugeLengthTakesNoMemory() throws {
        let folder = try TemporaryFolder()
        var bytes: [UInt8] = [255, 255, 255, 255, 255, 255, 255, 255]
        let checksum = Checksum(of: bytes).masked
        withUnsafeBytes(of: checksum.littleEndian) { bytes += Array($0) }
        bytes += [UInt8](repeating: 0, count: 100)
        let path = try folder.write(bytes, to: "a")
        #expect(try readAll(path).isEmpty)
    }

    @Test func everyCutGivesTheRecordsBefore() throws {
        let folder = try TemporaryFolder()
        let small = Array(records.prefix(6))
        let whole = bytes(small)
        for count in 0..<whole.count {
            let path = try folder.write(Array(whole.prefix(count)), to: "a")
            let found = try readAll(path)
            #expect(found == Array(small.prefix(found.count)))
            #expect(bytes(found).count <= count && count < bytes(Array(small.prefix(found.count + 1))).count)
        }
    }
}
