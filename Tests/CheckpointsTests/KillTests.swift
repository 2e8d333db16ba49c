import Checkpoints
import FileTestSupport
import Files
import Foundation
import Tensors
import Testing

/// A process that saves is killed at random moments.
@Suite(.serialized) struct KillTests {
    /// How many times in each mode; the environment variable `TENSORGRAPH_KILLS` raises it.
    static let kills = ProcessInfo.processInfo.environment["TENSORGRAPH_KILLS"].flatMap { Int($0) } ?? 12

    private static let program = Bundle.module.bundleURL.deletingLastPathComponent()
        .appendingPathComponent("CheckpointCrasher")

    @Test(arguments: ["keepTwo", "keepAll", "sameStep", "sameName"])
    func theNewestCheckpointLoadsWhateverTheMomentOfTheKill(mode: String) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("\(mode): seed \(seed)")
        var random = RandomStream(seed: seed)
        let folder = try TemporaryFolder()
        var runs = folder.path("runs0")
        var (lastSaved, saves, inBetween) = (0, 0, 0)
        for number in 0..<Self.kills {
            if mode == "keepAll", number > 0, number.isMultiple(of: 20) {
                try FileManager.default.removeItem(atPath: runs)
                runs = folder.path("runs\(number)")
                lastSaved = 0
            }
            let log = folder.path("log")
            try Data().write(to: URL(fileURLWithPath: log))
            let process = Process()
            process.executableURL = Self.program
            process.arguments = [runs, mode, log]
            try process.run()
            func lines() throws -> [Substring] {
                String(decoding: try folder.bytes(of: "log"), as: UTF8.self).split(separator: "\n")
            }
            while try lines().isEmpty {
                try #require(process.isRunning, "\(mode): it ended by itself at kill \(number), seed \(seed)")
                usleep(500)
            }
            // The one test that must let time go by: the moment of the kill is what it varies.
            usleep(UInt32(Int.random(in: 0..<120_000, using: &random)))
            #expect(process.isRunning, "\(mode), seed \(seed)")
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()

            let steps = try lines().compactMap { Int($0) }
            saves += steps.count
            lastSaved = steps.last ?? lastSaved
            let newest = latestCheckpoint(in: runs)
            #expect(newest == latestCheckpoint(in: runs, verifyingData: true), "\(mode), seed \(seed)")
            guard let newest else {
                #expect(lastSaved == 0, "\(mode): none is left at kill \(number), seed \(seed)")
                continue
            }
            let step = try Self.consistentStep(newest)
            #expect(step == lastSaved || step == lastSaved + 1, "\(mode): \(step) after \(lastSaved), seed \(seed)")
            if step == lastSaved + 1 { inBetween += 1 }
            lastSaved = step
        }
        // The next save tidies up.
        let model = TestModel()
        try model.setStep(1_000_000)
        try Saver(maxToKeep: mode == "keepAll" ? nil : 2).save(
            model.session, to: runs + "/model",
            step: mode == "sameName" ? nil : mode == "sameStep" ? 7 : 1_000_000)
        let names = try FileManager.default.contentsOfDirectory(atPath: runs)
        #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
        let indices = names.filter { $0.hasSuffix(".index") }
        #expect(names.count == 2 * indices.count + 1, "\(names)")
        if mode != "keepAll" { #expect(indices.count <= 2, "\(names)") }
        let state = try #require(try CheckpointState(inFolder: runs))
        #expect(state.all.count == indices.count)
        print(
            "\(mode): \(Self.kills) kills, \(saves) saves, \(inBetween) of the kills after the checkpoint and before the return"
        )
    }

    /// The step of a checkpoint, all of whose values must be that.
    private static func consistentStep(_ prefix: String) throws -> Int {
        let reader = try CheckpointReader(prefix)
        #expect(reader.verify().isEmpty)
        let step = try reader.read("global_step", as: Int64.self).scalar
        #expect(try reader.read("weights", as: Float.self).scalars.allSatisfy { $0 == Float(step) })
        for number in 0..<20 {
            #expect(try reader.read("small_\(number)", as: Int32.self).scalars.allSatisfy { $0 == Int32(step) })
        }
        return Int(step)
    }
}
