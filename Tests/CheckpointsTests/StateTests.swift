import Checkpoints
import FileTestSupport
import Files
import Foundation
import Testing

/// The state file, the newest checkpoint, and what other processes left.
@Suite struct StateTests {
    private func save(_ steps: [Int], _ disk: FaultyFileSystem, _ model: TestModel, keep: Int? = nil) throws {
        for step in steps {
            try model.setStep(step)
            try Saver(maxToKeep: keep, files: disk).save(model.session, to: "runs/model", step: step)
        }
    }

    @Test func theFixturesStateFileIsRead() throws {
        let state = try #require(try CheckpointState(inFolder: fixtureFolder))
        #expect(state.latest == fixturePrefix)
        #expect(state.all == [fixturePrefix])
        #expect(latestCheckpoint(in: fixtureFolder) == fixturePrefix)
        #expect(try CheckpointState(inFolder: fixtureFolder + "/nowhere") == nil)
        #expect(latestCheckpoint(in: fixtureFolder + "/nowhere") == nil)
    }

    @Test func pathsAreRelativeInTheFileAndAbsoluteOnesStay() throws {
        let disk = FaultyFileSystem()
        disk.put([], at: "a/b/x")
        let state = CheckpointState(
            latest: "a/b/wei\"rd-ü", all: ["/else/where", "a/b/wei\"rd-ü"], timestamps: [1.5, 2.5],
            lastPreservedTimestamp: 0.5)
        try state.write(toFolder: "a/b", files: disk)
        #expect(try CheckpointState(inFolder: "a/b", files: disk) == state)
        let text = String(decoding: try #require(disk.content(of: "a/b/checkpoint")), as: UTF8.self)
        #expect(!text.contains("a/b"))
        #expect(text.contains("/else/where"))
    }

    @Test func damagedStateFilesAreRefusedOrReadWhateverTheirBytes() throws {
        let disk = FaultyFileSystem()
        for text in ["", "nonsense", "model_checkpoint_path: 7", "{{{{", "all_model_checkpoint_paths: \"x\"", "\u{0}"] {
            disk.put(Array(text.utf8), at: "s/checkpoint")
            let failure = #expect(throws: CheckpointError.self) { try CheckpointState(inFolder: "s", files: disk) }
            #expect(failure?.path == "s/checkpoint")
            #expect(failure?.kind == .damaged)
        }
        let good = Array("model_checkpoint_path: \"m-1\"\nall_model_checkpoint_paths: \"m-1\"\n".utf8)
        for place in good.indices {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] as [UInt8] {
                var bytes = good
                bytes[place] ^= flip
                disk.put(bytes, at: "s/checkpoint")
                _ = try? CheckpointState(inFolder: "s", files: disk)
            }
            disk.put(Array(good[..<place]), at: "s/checkpoint")
            _ = try? CheckpointState(inFolder: "s", files: disk)
        }
        disk.put(Array(repeating: 0x7b, count: 100_000), at: "s/checkpoint")
        #expect(throws: CheckpointError.self) { try CheckpointState(inFolder: "s", files: disk) }
    }

    @Test func theNewestIsTheOneNamedThenOlderOnesThenTheLastWritten() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try save([1, 2, 3], disk, model)
        func newest(verifying: Bool = false) -> String? {
            latestCheckpoint(in: "runs", verifyingData: verifying, files: disk)
        }
        #expect(newest() == "runs/model-3")
        try disk.remove("runs/model-3.index")
        #expect(newest() == "runs/model-2")
        try disk.remove("runs/model-2.data-00000-of-00001")
        #expect(newest() == "runs/model-1")
        // Without the state file: what was written last, of what is whole.
        try save([9, 8], disk, model)
        try disk.remove("runs/checkpoint")
        #expect(newest() == "runs/model-8")
        disk.put(Array("garbage".utf8), at: "runs/checkpoint")
        #expect(newest() == "runs/model-8")
        var bytes = try #require(disk.content(of: "runs/model-8.data-00000-of-00001"))
        bytes[5] ^= 4
        disk.put(bytes, at: "runs/model-8.data-00000-of-00001")
        #expect(newest() == "runs/model-8")
        #expect(newest(verifying: true) == "runs/model-9")
        disk.put(Array("model_checkpoint_path: \"gone\"".utf8), at: "runs/checkpoint")
        #expect(newest(verifying: true) == "runs/model-9")
    }

    /// A state file of TensorFlow's, without times, is gone on with.
    @Test func aStateFileWithoutTimesIsGoneOnWith() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try save([1, 2], disk, model)
        let text =
            "model_checkpoint_path: \"model-2\"\nall_model_checkpoint_paths: \"model-1\"\n"
            + "all_model_checkpoint_paths: \"model-2\"\nall_model_checkpoint_paths: \"model-0\"\n"
        disk.put(Array(text.utf8), at: "runs/checkpoint")
        try save([3], disk, model, keep: 2)
        #expect(try CheckpointState(inFolder: "runs", files: disk)?.all == ["runs/model-2", "runs/model-3"])
        #expect(!disk.paths.contains("runs/model-1.index"))
    }

    @Test func onlyFilesOfDeadProcessesOfThisMachineAreTidiedAway() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try save([1], disk, model)
        let ended = Process()
        ended.executableURL = URL(fileURLWithPath: "/bin/true")
        try ended.run()
        ended.waitUntilExit()
        let owner = "~\(hostName)~\(processNamespace)~"
        let dead = "\(owner)\(ended.processIdentifier)~1.tmp"
        let alive = "\(owner)\(getppid())~1.tmp"
        let ours = [
            "runs/model-5.data\(dead)", "runs/model-6.index\(dead)", "runs/model-6.data-00000-of-00001",
            "runs/checkpoint\(dead)", "runs/model-7.removal\(dead)", "runs/model-7.index",
            "runs/model-7.data-00000-of-00001",
        ]
        let others = [
            "runs/model-5.data\(alive)", "runs/model-5.data~other-host~1~\(ended.processIdentifier)~1.tmp",
            "runs/model-5.data~\(hostName)~1~\(ended.processIdentifier)~1.tmp", "runs/x.tmp", "runs/y\(owner).tmp",
            "runs/y\(owner)a~1.tmp", "runs/y\(owner)-1~1.tmp", "runs/model-9.data-00000-of-00001", "runs/notes",
        ]
        for path in ours + others { disk.put([1, 2, 3], at: path) }
        try save([2], disk, model)
        for path in ours { #expect(!disk.paths.contains(path), "\(path)") }
        for path in others { #expect(disk.paths.contains(path), "\(path)") }
        #expect(latestCheckpoint(in: "runs", files: disk) == "runs/model-2")
    }

    @Test func stepsInNames() {
        #expect(checkpointStep("runs/model-1000") == 1000)
        #expect(checkpointStep("runs/mo-del") == nil)
        #expect(checkpointStep("runs/model") == nil)
        #expect(checkpointStep("m-") == nil)
        #expect(checkpointStep("m-99999999999999999999999") == nil)
    }
}
