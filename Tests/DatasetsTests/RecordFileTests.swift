// Files of records: written and read again, damaged, cut off, compressed.

import FileTestSupport
import Files
import Tensors
import Testing

@testable import Datasets

struct RecordFileTests {
    private let records: [[UInt8]] = [[], [1, 2, 3], [UInt8](repeating: 9, count: 300_000), Array("end".utf8)]

    private func write(_ compression: FileCompression, in folder: TemporaryFolder) throws -> String {
        let path = folder.path("records-\(compression.rawValue)")
        let writer = try TFRecordWriter(path, compression: compression)
        for record in records { try writer.write(record) }
        try writer.close()
        return path
    }

    @Test(arguments: [FileCompression.none, .gzip, .zlib])
    func recordsAreReadAsTheyWereWritten(compression: FileCompression) throws {
        let folder = try TemporaryFolder()
        let path = try write(compression, in: folder)
        let dataset = Dataset.tfRecords([path, path], compression: compression)
        #expect(try dataset.elements() == records + records)
        #expect(try dataset.makeIterator(skipping: 5).next() == [1, 2, 3])
        #expect(try Dataset.tfRecords([]).elements().isEmpty)
        for other in FileCompression.allCases where other != compression && other != .automatic {
            let error = datasetError { _ = try Dataset.tfRecords(path, compression: other).elements() }
            #expect(error?.file == path && error?.offset != nil)
        }
    }

    @Test func everyDamagedByteOfAFileIsSeen() throws {
        let folder = try TemporaryFolder()
        let writer = try TFRecordWriter(folder.path("a"))
        for record in [[1, 2, 3], [], [4, 5]] as [[UInt8]] { try writer.write(record) }
        try writer.close()
        let bytes = try folder.bytes(of: "a")
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            let path = try folder.write(damaged, to: "b")
            let error = datasetError { _ = try Dataset.tfRecords(path).elements() }
            let start = index < 19 ? 0 : index < 35 ? 19 : 35
            #expect(error?.offset == start, "byte \(index): \(error as Any)")
        }
        for length in 0..<bytes.count {
            let path = try folder.write(Array(bytes[..<length]), to: "b")
            let iterator = Dataset.tfRecords(path).makeIterator()
            var count = 0
            let error = datasetError { while try iterator.next() != nil { count += 1 } }
            let isWhole = [0, 19, 35].contains(length)
            #expect((error == nil) == isWhole && count == (length < 19 ? 0 : length < 35 ? 1 : 2))
        }
    }

    @Test func anAnnouncedLengthTakesNoMemoryBeforeItsBytesCome() throws {
        let folder = try TemporaryFolder()
        // A record of 2^62 bytes, with the right checksum of its length, of which three bytes follow.
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x40]
        let checksum = maskedChecksum(bytes)
        bytes += withUnsafeBytes(of: checksum.littleEndian) { Array($0) } + [1, 2, 3]
        let error = datasetError { _ = try Dataset.tfRecords(try folder.write(bytes, to: "a")).elements() }
        #expect(error?.reason == "record number 0 is damaged: the file ends within it")
    }

    @Test func anUnfinishedFileGetsNoName() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = try TFRecordWriter(folder.path("a"))
            try writer.write([1])
        }
        #expect(datasetError { _ = try Dataset.tfRecords(folder.path("a")).elements() } != nil)
        let writer = try TFRecordWriter(folder.path("a"))
        try writer.close()
        try writer.close()
        #expect(datasetError { try writer.write([1]) }?.reason == "the file cannot be written: it is closed")
        #expect(try Dataset.tfRecords(folder.path("a")).elements().isEmpty)
        #expect(datasetError { _ = try TFRecordWriter(folder.path("no/such/folder")) } != nil)
    }

    @Test func linesOfTextsEndAsTheyDoEverywhere() throws {
        let folder = try ScratchFolder()
        let text = "one\r\ntwo\n\nZoë \u{1F600}\nlast"
        for (name, bytes) in [("a", Array(text.utf8)), ("b", gzip(Array(text.utf8)))] {
            let path = try folder.write(name, bytes)
            #expect(try Dataset.textLines(path).elements() == ["one", "two", "", "Zoë \u{1F600}", "last"])
        }
        #expect(try Dataset.textLines(try folder.write("c", Array("x\n".utf8))).elements() == ["x"])
        #expect(try Dataset.textLines(try folder.write("d", [])).elements().isEmpty)
        let long = [UInt8](repeating: 97, count: 200_000)
        let path = try folder.write("e", long + [10] + long)
        #expect(try Dataset.textLines(path).elements().map(\.utf8.count) == [200_000, 200_000])
        #expect(datasetError { _ = try Dataset.textLines(folder.path + "/none").elements() } != nil)
    }

    @Test(arguments: ["", "runs/", "."]) func aPathThatNamesNoFileIsRefused(name: String) throws {
        let error = #expect(throws: DatasetError.self) { _ = try TFRecordWriter(name) }
        let cause = name.isEmpty ? "the path is empty" : "it names a folder; add the name of a file to it"
        #expect(try #require(error).description.contains("the file cannot be written: \(cause)"))
    }
}

private func maskedChecksum(_ bytes: [UInt8]) -> UInt32 { Checksum(of: bytes).masked }
