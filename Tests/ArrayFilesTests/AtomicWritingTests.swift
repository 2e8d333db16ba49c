// A disk that fails, or loses its power, at every single call in turn: the old file stays whole, or the new one is there
// whole.

import ArrayFiles
import FileTestSupport
import Files
import Tensors
import Testing

@Suite struct AtomicWritingTests {
    typealias Write = @Sendable (AnyArray, any FileSystem) throws(ArrayFileError) -> Void

    static let writers: [(name: String, write: Write)] = [
        ("npy", { array, files throws(ArrayFileError) in try NPYFile.write(array, to: "f/x", in: files) }),
        (
            "npz",
            { array, files throws(ArrayFileError) in
                try NPZWriter.write(["a": array, "b": array], to: "f/x", compression: .deflated, in: files)
            }
        ),
        (
            "safetensors",
            { array, files throws(ArrayFileError) in try SafetensorsWriter.write(["a": array], to: "f/x", in: files) }
        ),
    ]

    static let old: [UInt8] = [1, 2, 3]

    /// A disk with an old file, and what the new one is to be. The bits are random, so that there are several writes.
    private func start(_ write: Write) throws -> (disk: FaultyFileSystem, array: AnyArray, new: [UInt8]) {
        let array = try Samples.array(.float64, [100, 300])
        let disk = FaultyFileSystem()
        try disk.makeFolder("f")
        disk.put(Self.old, at: "f/x")
        let sound = disk.copy()
        try write(array, sound)
        return (disk, array, try #require(sound.content(of: "f/x")))
    }

    @Test(arguments: writers.indices) func aCallThatFailsIsReportedAndLeavesTheOldOrTheNewFile(index: Int) throws {
        let write = Self.writers[index].write
        let (start, array, new) = try start(write)
        var failures = 0
        for number in 0... {
            let disk = start.copy()
            disk.setFault(.init(number: number, isFinal: false))
            var failure: ArrayFileError?
            do throws(ArrayFileError) { try write(array, disk) } catch { failure = error }
            let content = disk.content(of: "f/x")
            guard disk.faultWasReached else {
                #expect(failure == nil && content == new)
                break
            }
            failures += 1
            guard case .file = failure?.kind else {
                Issue.record("call \(number) is reported as \(failure.map { "\($0)" } ?? "a success")")
                continue
            }
            #expect(content == Self.old || content == new, "call \(number)")
            #expect(disk.paths == ["f/x"], "call \(number) leaves \(disk.paths)")
        }
        // Creating, at least one write, syncing, closing, renaming and syncing the folder.
        #expect(failures >= 6)
    }

    @Test(arguments: writers.indices) func aLossOfPowerLeavesTheOldOrTheNewFile(index: Int) throws {
        let write = Self.writers[index].write
        let (start, array, new) = try start(write)
        for number in 0... {
            let disk = start.copy()
            disk.setFault(.init(number: number, isFinal: true))
            let isReported: Bool
            do throws(ArrayFileError) {
                try write(array, disk)
                isReported = false
            } catch {
                isReported = true
            }
            for data in FaultyFileSystem.LostData.allCases {
                for names in FaultyFileSystem.LostNames.allCases {
                    let after = disk.copy()
                    after.crash(data, names, seed: UInt64(number))
                    let content = after.content(of: "f/x")
                    #expect(content == new || (isReported && content == Self.old), "call \(number), \(data), \(names)")
                }
            }
            if !disk.faultWasReached { break }
        }
    }

    @Test func aWriterWhoseDiskFailedOnceFinishesNothing() throws {
        let array = try Samples.array(.float64, [100, 300])
        let disk = FaultyFileSystem()
        let writer = try NPZWriter("x", in: disk)
        disk.setFault(.init(number: 0, isFinal: false) { $0 == .write })
        #expect(throws: ArrayFileError.self) { try writer.add(array, named: "a") }
        #expect(throws: ArrayFileError.self) { try writer.add(array, named: "b") }
        #expect(throws: ArrayFileError.self) { try writer.finish() }
        #expect(disk.paths.isEmpty)
    }
}
