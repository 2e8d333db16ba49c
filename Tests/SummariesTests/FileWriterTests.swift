// The writer: what reaches the file, when, and what happens where the disk fails.

import FileTestSupport
import Files
import Foundation
import Summaries
import Tensors
import Testing

/// All events of the only run in a folder.
func events(in folder: String) throws -> [Event] {
    try EventRun.find(in: folder).flatMap(\.files).flatMap { try EventFileReader($0).readAll() }
}

/// The scalars of a tag, by their steps.
func scalars(_ tag: String, _ events: [Event]) -> [Int: Double] {
    var found: [Int: Double] = [:]
    for event in events {
        for value in event.values where value.tag == tag {
            if case .scalar(let number) = value.content { found[event.step] = number }
        }
    }
    return found
}

@Suite struct FileWriterTests {
    @Test(arguments: [SummaryForm.plugin, .classic])
    func whatIsAddedIsReadBack(form: SummaryForm) throws {
        let folder = try TemporaryFolder()
        var options = FileWriterOptions()
        options.form = form
        let writer = try FileWriter(folder.path("run"), options: options)
        for step in 0..<100 { writer.scalar("loss", 1 / Double(step + 1), step: step, description: "the *loss*") }
        try writer.close()
        let events = try events(in: folder.path)
        guard case .fileVersion("brain.Event:2")? = events.first?.content else {
            Issue.record("the first record is \(String(describing: events.first))")
            return
        }
        let found = scalars("loss", events)
        #expect(found.count == 100)
        #expect(found[3] == 0.25)
        let value = try #require(events.last?.values.first)
        #expect(value.form == form && value.plugin == "scalars" && value.description == "the *loss*")
        #expect(writer.droppedCount == 0)
    }

    @Test func aFlushMakesEverythingReadable() throws {
        let folder = try TemporaryFolder()
        let writer = try FileWriter(folder.path)
        let reader = try EventFileReader(writer.path)
        #expect(try reader.readAll().count == 1)
        for step in 1...3 {
            writer.scalar("a", Double(step), step: step)
            try writer.flush()
            try reader.refresh()
            #expect(try reader.readAll().map(\.step) == [step])
        }
    }

    @Test func theLastReferenceWritesEverything() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = try FileWriter(folder.path)
            writer.scalar("a", 1, step: 1)
        }
        #expect(scalars("a", try events(in: folder.path)) == [1: 1])
    }

    @Test func eachWriterHasAFileOfItsOwn() throws {
        let folder = try TemporaryFolder()
        let writers = try (0..<3).map { _ in try FileWriter(folder.path) }
        #expect(Set(writers.map(\.path)).count == 3)
        for (index, writer) in writers.enumerated() { writer.scalar("a", Double(index), step: index) }
        for writer in writers { try writer.close() }
        #expect(scalars("a", try events(in: folder.path)) == [0: 0, 1: 1, 2: 2])
    }

    @Test func whatComesAfterCloseIsCounted() throws {
        let folder = try TemporaryFolder()
        let writer = try FileWriter(folder.path)
        try writer.close()
        try writer.close()
        writer.scalar("a", 1, step: 1)
        #expect(writer.droppedCount == 1)
        #expect(try events(in: folder.path).count == 1)
    }
}
