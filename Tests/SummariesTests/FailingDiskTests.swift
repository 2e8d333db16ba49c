// Disks that refuse: what the writer says, what it loses, and that it goes on.

import Dispatch
import FileTestSupport
import Files
import Foundation
import Summaries
import Synchronization
import Tensors
import Testing

/// The machine's file system, whose writes fail or wait when told to.
private final class UnreliableFileSystem: FileSystem, Sendable {
    enum Fault: Sendable {
        /// Nothing is written.
        case refusesWrites
        /// Half of what is to be written is.
        case writesHalf
        /// Files cannot be created, nor written.
        case refusesAll
    }

    let real = LocalFileSystem()
    private let fault = Mutex<Fault?>(nil)
    /// Held by a test to make writes wait.
    let gate = NSLock()
    /// Signalled after each write.
    let written = DispatchSemaphore(value: 0)

    var current: Fault? {
        get { fault.withLock { $0 } }
        set { fault.withLock { $0 = newValue } }
    }

    func open(_ path: String) throws(FileError) -> any ReadableFile { try real.open(path) }
    func create(_ path: String, _ mode: FileCreation) throws(FileError) -> any WritableFile {
        if current == .refusesAll { throw FileError(.create, path, "no space left on device") }
        return File(try real.create(path, mode), self)
    }
    func rename(_ source: String, to destination: String) throws(FileError) {
        try real.rename(source, to: destination)
    }
    func remove(_ path: String) throws(FileError) { try real.remove(path) }
    func makeFolder(_ path: String) throws(FileError) { try real.makeFolder(path) }
    func syncFolder(_ path: String) throws(FileError) { try real.syncFolder(path) }
    func list(_ path: String) throws(FileError) -> [String] { try real.list(path) }
    func status(_ path: String) throws(FileError) -> FileStatus? { try real.status(path) }

    private final class File: WritableFile, Sendable {
        let file: any WritableFile
        let disk: UnreliableFileSystem

        init(_ file: any WritableFile, _ disk: UnreliableFileSystem) {
            self.file = file
            self.disk = disk
        }

        var path: String { file.path }
        func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
            disk.gate.lock()
            defer { disk.gate.unlock() }
            switch disk.current {
            case nil:
                try file.write(bytes)
                disk.written.signal()
            case .writesHalf:
                try file.write(UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2)))
                throw FileError(.write, path, "no space left on device")
            case .refusesWrites, .refusesAll: throw FileError(.write, path, "no space left on device")
            }
        }
        func sync() throws(FileError) { try file.sync() }
        func close() throws(FileError) { try file.close() }
    }
}

@Suite struct FailingDiskTests {
    @Test func aFailedWriteIsThrownOnceAndGoneOnFromInANewFile() throws {
        for fault in [UnreliableFileSystem.Fault.refusesWrites, .writesHalf] {
            let folder = try TemporaryFolder()
            let disk = UnreliableFileSystem()
            let writer = try FileWriter(folder.path, fileSystem: disk)
            for step in 0..<10 { writer.scalar("a", Double(step), step: step) }
            try writer.flush()
            disk.current = fault
            for step in 10..<20 { writer.scalar("a", Double(step), step: step) }
            #expect(throws: FileError(.write, writer.path, "no space left on device")) { try writer.flush() }
            disk.current = nil
            for step in 20..<30 { writer.scalar("a", Double(step), step: step) }
            try writer.flush()
            try writer.close()
            #expect(writer.droppedCount == 0)

            let runs = try EventRun.find(in: folder.path)
            #expect(runs.map(\.files.count) == [2])
            var steps: [Int] = []
            for file in try #require(runs.first).files {
                let reader = try EventFileReader(file)
                while let event = try reader.next() { if !event.values.isEmpty { steps.append(event.step) } }
            }
            // Each once: what half a write left behind is not written again.
            #expect(steps == Array(0..<30), "\(fault)")
        }
    }

    @Test func aDiskThatStaysFullLosesWhatItMustAndSaysHowMuch() throws {
        let folder = try TemporaryFolder()
        let disk = UnreliableFileSystem()
        let writer = try FileWriter(folder.path, fileSystem: disk)
        writer.scalar("a", 0, step: 0)
        try writer.flush()
        disk.current = .refusesAll
        for step in 1...5 { writer.scalar("a", Double(step), step: step) }
        #expect(throws: FileError.self) { try writer.close() }
        #expect(writer.droppedCount == 5)
        #expect(scalars("a", try events(in: folder.path)) == [0: 0])
    }

    @Test func aFolderThatCannotBeMadeIsSaidAtOnce() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "file")
        #expect(throws: FileError.self) { try FileWriter(folder.path("file/run")) }
        let disk = UnreliableFileSystem()
        disk.current = .refusesAll
        #expect(throws: FileError.self) { try FileWriter(folder.path("run"), fileSystem: disk) }
        disk.current = .refusesWrites
        #expect(throws: FileError.self) { try FileWriter(folder.path("run"), fileSystem: disk) }
        // No empty file is left behind.
        #expect(try disk.list(folder.path("run")).isEmpty)
    }

    @Test func aSlowDiskHoldsUpNoStepAndWhatDoesNotFitIsCounted() throws {
        let folder = try TemporaryFolder()
        let disk = UnreliableFileSystem()
        var options = FileWriterOptions()
        options.queueByteLimit = 100_000
        options.flushByteCount = 1
        let writer = try FileWriter(folder.path, options: options, fileSystem: disk)
        disk.gate.lock()
        // The disk takes nothing now; adding goes on all the same.
        for step in 0..<10_000 { writer.scalar("a", Double(step), step: step) }
        let dropped = writer.droppedCount
        disk.gate.unlock()
        try writer.close()
        #expect(dropped > 0 && dropped < 10_000)
        #expect(writer.droppedCount == dropped)
        #expect(try events(in: folder.path).count == 1 + 10_000 - dropped)
    }

    @Test func manyThreadsAddToOneWriter() throws {
        let folder = try TemporaryFolder()
        let writer = try FileWriter(folder.path)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for step in 0..<500 {
                writer.scalar("thread \(thread)", Double(step), step: step)
                if step.isMultiple(of: 100) { try? writer.flush() }
            }
        }
        try writer.close()
        let events = try events(in: folder.path)
        for thread in 0..<8 {
            let steps = events.filter { $0.values.first?.tag == "thread \(thread)" }.map(\.step)
            #expect(steps == Array(0..<500))
        }
    }

    @Test func aSingleArrayLargerThanTheLimitIsStillWritten() throws {
        let folder = try TemporaryFolder()
        var options = FileWriterOptions()
        options.queueByteLimit = 1000
        let writer = try FileWriter(folder.path, options: options)
        try writer.histogram("h", NDArray<Float>.zeros([10_000]), step: 1)
        try writer.close()
        #expect(writer.droppedCount == 0)
        #expect(try events(in: folder.path).count == 2)
    }

    @Test func timeAloneWritesWhatWasAdded() throws {
        let folder = try TemporaryFolder()
        let disk = UnreliableFileSystem()
        var options = FileWriterOptions()
        options.flushSeconds = 0.01
        let writer = try FileWriter(folder.path, options: options, fileSystem: disk)
        #expect(disk.written.wait(timeout: .now() + 20) == .success)
        writer.scalar("a", 1, step: 1)
        // Nobody flushes.
        #expect(disk.written.wait(timeout: .now() + 20) == .success)
        #expect(try EventFileReader(writer.path).readAll().count == 2)
    }

    @Test func enoughBytesAreWrittenWithoutWaiting() throws {
        let folder = try TemporaryFolder()
        let disk = UnreliableFileSystem()
        var options = FileWriterOptions()
        options.flushSeconds = 1e6
        options.flushByteCount = 100
        let writer = try FileWriter(folder.path, options: options, fileSystem: disk)
        #expect(disk.written.wait(timeout: .now() + 20) == .success)
        for step in 0..<10 { writer.scalar("a", 1, step: step) }
        #expect(disk.written.wait(timeout: .now() + 20) == .success)
        #expect(try EventFileReader(writer.path).readAll().count >= 2)
    }

    /// The figure is for an optimised build; others are slower.
    @Test func aHundredThousandScalarsTakeLittleTime() throws {
        let folder = try TemporaryFolder()
        let writer = try FileWriter(folder.path)
        let clock = ContinuousClock()
        let start = clock.now
        for step in 0..<100_000 { writer.scalar("loss", 0.5, step: step) }
        let added = clock.now - start
        try writer.close()
        let written = clock.now - start
        print("figure: 100,000 scalars are added in \(added) and written after \(written)")
        #expect(writer.droppedCount == 0)
        #if DEBUG
            #expect(written < .seconds(60))
        #else
            #expect(written < .seconds(1))
        #endif
    }
}
