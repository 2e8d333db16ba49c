// A disk that fails at every single call in turn: the old file stays whole, or the new one is there whole.

import ArrayFiles
import FileTestSupport
import Files
import Synchronization
import Tensors
import Testing

@Suite struct AtomicWritingTests {
    static let writers: [(name: String, write: @Sendable (AnyArray, any FileSystem) throws(ArrayFileError) -> Void)] = [
        ("npy", { array, files throws(ArrayFileError) in try NPYFile.write(array, to: "x", in: files) }),
        (
            "npz",
            { array, files throws(ArrayFileError) in
                try NPZWriter.write(["a": array, "b": array], to: "x", compression: .deflated, in: files)
            }
        ),
        (
            "safetensors",
            { array, files throws(ArrayFileError) in try SafetensorsWriter.write(["a": array], to: "x", in: files) }
        ),
    ]

    @Test(arguments: writers.indices) func aFailingDiskLeavesTheOldOrTheNewFile(index: Int) throws {
        let write = Self.writers[index].write
        // Of random bits, so that there are several writes.
        let array = try Samples.array(.float64, [100, 300])
        let sound = MemoryFileSystem()
        try write(array, sound)
        let new = try #require(sound["x"])
        var failures = 0
        for call in 1... {
            let memory = MemoryFileSystem(["x": [1, 2, 3]])
            let failing = FailingFileSystem(memory, failingCall: call)
            do throws(ArrayFileError) {
                try write(array, failing)
                #expect(memory["x"] == new)
                break
            } catch {
                failures += 1
                guard case .file = error.kind else {
                    Issue.record("call \(call): \(error)")
                    continue
                }
                #expect(memory["x"] == [1, 2, 3] || memory["x"] == new, "call \(call)")
                #expect(memory.paths == ["x"], "call \(call) leaves \(memory.paths)")
            }
        }
        // Creating, at least one write, syncing, closing, renaming and syncing the folder.
        #expect(failures >= 6)
    }
}

/// Fails at the call of a number, counted from 1.
private final class FailingFileSystem: FileSystem {
    private let base: MemoryFileSystem
    private let failingCall: Int
    private let calls = Mutex(0)

    init(_ base: MemoryFileSystem, failingCall: Int) {
        self.base = base
        self.failingCall = failingCall
    }

    func count(_ action: FileError.Action, _ path: String) throws(FileError) {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        if call == failingCall { throw FileError(action, path, "the disk is full") }
    }

    func open(_ path: String) throws(FileError) -> any ReadableFile { try base.open(path) }

    func create(_ path: String, _ mode: FileCreation) throws(FileError) -> any WritableFile {
        try count(.create, path)
        return FailingFile(try base.create(path, mode), self)
    }

    func rename(_ source: String, to destination: String) throws(FileError) {
        try count(.rename, source)
        try base.rename(source, to: destination)
    }

    func remove(_ path: String) throws(FileError) { try base.remove(path) }
    func makeFolder(_ path: String) throws(FileError) { try base.makeFolder(path) }

    func syncFolder(_ path: String) throws(FileError) {
        try count(.sync, path)
        try base.syncFolder(path)
    }

    func list(_ path: String) throws(FileError) -> [String] { try base.list(path) }
    func status(_ path: String) throws(FileError) -> FileStatus? { try base.status(path) }
}

private final class FailingFile: WritableFile {
    private let base: any WritableFile
    private let fileSystem: FailingFileSystem

    init(_ base: any WritableFile, _ fileSystem: FailingFileSystem) {
        self.base = base
        self.fileSystem = fileSystem
    }

    var path: String { base.path }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try fileSystem.count(.write, path)
        try base.write(bytes)
    }

    func sync() throws(FileError) {
        try fileSystem.count(.sync, path)
        try base.sync()
    }

    func close() throws(FileError) {
        try fileSystem.count(.close, path)
        try base.close()
    }
}
