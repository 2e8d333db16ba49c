// Damaged event files: each byte changed, each length, sizes made huge. What comes of them is an error that names the
// file and the place, or events that were written.

import FileTestSupport
import Files
import Foundation
import Messages
import Sessions
import Summaries
import SwiftProtobuf
import Tensors
import Testing

@Suite struct MutationTests {
    /// A file with one value of each kind, and its length.
    private func smallFile(_ folder: TemporaryFolder, _ form: SummaryForm) throws -> [UInt8] {
        var options = FileWriterOptions()
        options.form = form
        let writer = try FileWriter(folder.path("run"), options: options)
        writer.scalar("a", 0.5, step: 1, description: "d")
        try writer.histogram("h", NDArray([1, 2] as [Float]), step: 2, bucketCount: 2)
        try writer.image("i", NDArray(shape: [1, 1, 1], [7] as [UInt8]), step: 3)
        try writer.audio("s", NDArray(shape: [1, 2], [0, 1]), sampleRate: 8, step: 4)
        writer.text("t", "hi", step: 5)
        try writer.prCurve("p", labels: [true], predictions: [0.5], thresholds: 2, step: 6)
        writer.layout(ScalarLayout([.init("c", [.lines("l", tags: ["a"])])]))
        writer.hparams(["lr": 0.1], trial: "t")
        writer.add(
            RunMetadata(
                startMicroseconds: 7,
                devices: [
                    .init(
                        device: "d",
                        nodes: [
                            .init(
                                node: "n", label: "l", startNanoseconds: 1000, durationNanoseconds: 1000,
                                output: .init(dtype: .float32, shape: [2], byteCount: 8))
                        ])
                ]), tag: "m", step: 8)
        try writer.close()
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: writer.path)))
    }

    /// The events up to the first error, as text, and that error.
    private func read(_ path: String) throws -> (events: [String], error: (any Error)?) {
        let reader = try EventFileReader(path)
        var events: [String] = []
        do {
            while let event = try reader.next() { events.append("\(event)") }
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    private func isPrefix(_ events: [String], of all: [String]) -> Bool {
        events.count <= all.count && events.elementsEqual(all.prefix(events.count))
    }

    @Test(arguments: [SummaryForm.plugin, .classic])
    func everyChangedByteIsFoundOrCutsTheFileShort(form: SummaryForm) throws {
        let folder = try TemporaryFolder()
        let whole = try smallFile(folder, form)
        let path = try folder.write(whole, to: "file.tfevents")
        let expected = try read(path)
        #expect(expected.error == nil && expected.events.count == 10)
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= UInt8(1 << (index % 8))
            try folder.write(bytes, to: "file.tfevents")
            let found = try read(path)
            #expect(isPrefix(found.events, of: expected.events), "byte \(index)")
            let error = try #require(found.error as? RecordError, "byte \(index) was changed unseen")
            #expect(error.path == path && error.offset <= index && !error.reason.isEmpty)
        }
    }

    @Test func everyLengthGivesTheEventsBefore() throws {
        let folder = try TemporaryFolder()
        let whole = try smallFile(folder, .plugin)
        let path = try folder.write(whole, to: "file.tfevents")
        let expected = try read(path).events
        for count in whole.indices {
            try folder.write(Array(whole.prefix(count)), to: "file.tfevents")
            let found = try read(path)
            #expect(found.error == nil && found.events.count < expected.count)
            #expect(isPrefix(found.events, of: expected))
        }
    }

    /// Every byte of the records changed in every bit, with checksums that fit: what is decoded is then up to the
    /// content alone.
    @Test(arguments: [SummaryForm.plugin, .classic])
    func changedContentWithRightChecksumsNeverCrashes(form: SummaryForm) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try smallFile(folder, form), to: "file.tfevents")
        var records: [[UInt8]] = []
        var reader = try RecordReader(path, in: LocalFileSystem())
        while let record = try reader.next() { records.append(record) }
        var mutants: [[UInt8]] = []
        for record in records {
            for index in record.indices {
                for bit in 0..<8 {
                    var mutant = record
                    mutant[index] ^= UInt8(1 << bit)
                    mutants.append(mutant)
                }
                for value in [0, 127, 255] as [UInt8] {
                    var mutant = record
                    mutant[index] = value
                    mutants.append(mutant)
                }
                mutants.append(Array(record.prefix(index)))
                // A length that becomes huge.
                mutants.append(record.prefix(index) + [255, 255, 255, 255, 7] + record.suffix(from: index + 1))
            }
        }
        var framed: [UInt8] = []
        for mutant in mutants { RecordFrame.append(mutant, to: &framed) }
        try folder.write(framed, to: "file.tfevents")
        let events = try EventFileReader(path)
        var (read, refused) = (0, 0)
        while true {
            let offset = events.offset
            do {
                guard try events.next() != nil else { break }
                read += 1
            } catch {
                let error = try #require(error as? RecordError)
                #expect(error.offset == offset && error.path == path)
                refused += 1
            }
        }
        #expect(read + refused == mutants.count)
        print("mutants of events: \(read) are events, \(refused) are refused")
    }

    /// A few bytes must not become gigabytes.
    @Test func aTensorThatRepeatsOneValueOverAHugeShapeIsRefused() throws {
        let folder = try TemporaryFolder()
        for dtype in [Tensorflow_DataType.dtFloat, .dtString] {
            let event = Tensorflow_Event.with {
                $0.summary.value = [
                    .with {
                        $0.tag = "a"
                        $0.tensor.dtype = dtype
                        $0.tensor.tensorShape.dim = [.with { $0.size = 1 << 40 }]
                        $0.tensor.floatVal = [1]
                        $0.tensor.stringVal = [Data("x".utf8)]
                    }
                ]
            }
            var bytes: [UInt8] = []
            RecordFrame.append(try event.serializedBytes(), to: &bytes)
            let path = try folder.write(bytes, to: "file.tfevents")
            let error = try #require(try read(path).error as? RecordError)
            #expect(error.offset == 0 && error.path == path)
        }
    }

    @Test func aFileThatIsNoEventFileIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            Array("This is a text, and a longer one than a record's header.".utf8), to: "tfevents")
        #expect(
            try read(path).error as? RecordError == RecordError(path, offset: 0, "the checksum of its length is wrong"))
        #expect(throws: FileError.self) { try EventFileReader(folder.path("missing")) }
        #expect(throws: FileError.self) { try EventRun.find(in: folder.path("missing")) }
        #expect(try EventRun.find(in: folder.path).map(\.name) == ["."])
    }
}
