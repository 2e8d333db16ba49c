import Checkpoints
import FileTestSupport
import Files
import Testing

/// Saves on a disk of which every call fails once, and whose power goes at every call.
@Suite struct FailingDiskTests {
    /// What the save that fails is to do.
    enum Scenario: CaseIterable {
        /// The first ever, in a folder that is not there.
        case first
        /// A further step; an older one is removed.
        case next
        /// The step that is there already.
        case sameStep
        /// A name without a step, time after time.
        case sameName

        var earlierSaves: [(step: Int, named: Int?)] {
            switch self {
            case .first: []
            case .next: [(1, 1), (2, 2)]
            case .sameStep: [(1, 1), (2, 2)]
            case .sameName: [(1, nil), (2, nil)]
            }
        }

        var name: Int? {
            switch self {
            case .first, .next: 3
            case .sameStep: 2
            case .sameName: nil
            }
        }

        var lastStep: Int? { earlierSaves.last?.step }
    }

    static let path = "work/runs/model"

    private func saver(_ disk: FaultyFileSystem) -> Saver { Saver(maxToKeep: 2, files: disk) }

    /// The disk after the earlier saves.
    private func disk(_ scenario: Scenario, _ model: TestModel) throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        for save in scenario.earlierSaves {
            try model.setStep(save.step)
            try saver(disk).save(model.session, to: Self.path, step: save.named)
        }
        try model.setStep(3)
        disk.clearLog()
        return disk
    }

    /// The newest checkpoint must be whole and hold one of the steps, whether or not its data is looked at.
    private func expectNewest(
        _ steps: Set<Int?>, _ disk: FaultyFileSystem, _ model: TestModel, _ comment: String
    ) throws {
        for verifies in [false, true] {
            let newest = latestCheckpoint(in: "work/runs", verifyingData: verifies, files: disk)
            let step = try newest.flatMap { try model.step(in: $0, disk) }
            #expect(steps.contains(step), "\(comment): newest \(newest ?? "none") holds \(step ?? -1)")
        }
    }

    /// The next save works, and leaves nothing lying about.
    private func expectNextSave(
        _ saver: Saver, _ disk: FaultyFileSystem, _ model: TestModel, _ comment: String, leavesNothing: Bool = true
    ) throws {
        try model.setStep(4)
        let prefix = try saver.save(model.session, to: Self.path, step: 4)
        #expect(try model.step(in: prefix, disk) == 4, "\(comment)")
        #expect(latestCheckpoint(in: "work/runs", files: disk) == prefix, "\(comment)")
        let names = disk.paths.map(lastPathPart)
        #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(comment): \(names)")
        for name in names where leavesNothing && name.contains(".data-") {
            let index = name.split(separator: ".")[0] + ".index"
            #expect(names.contains(String(index)), "\(comment): \(name) is left without an index")
        }
        #expect(names.filter { $0.hasSuffix(".index") }.count <= (leavesNothing ? 2 : 3), "\(comment): \(names)")
        try model.setStep(3)
    }

    @Test(arguments: Scenario.allCases)
    func afterACallThatFailedTheNewestCheckpointLoadsAndTheNextSaveWorks(scenario: Scenario) throws {
        let model = TestModel()
        let prepared = try disk(scenario, model)
        let rehearsal = prepared.copy()
        try saver(rehearsal).save(model.session, to: Self.path, step: scenario.name)
        let calls = rehearsal.log.filter(\.call.changes)
        #expect(calls.count >= 14)
        for number in calls.indices {
            let disk = prepared.copy()
            let saver = saver(disk)
            disk.setFault(FaultyFileSystem.Fault(number: number, isFinal: false))
            var isSaved = true
            do throws(CheckpointError) {
                try saver.save(model.session, to: Self.path, step: scenario.name)
            } catch {
                isSaved = false
                #expect(error.kind == .file)
                #expect(error.fileError?.reason == "the disk failed")
            }
            #expect(disk.faultWasReached)
            disk.setFault(nil)
            let comment = "\(scenario), \(calls[number].call) \(calls[number].path) failed"
            #expect(try model.isAt(3), "\(comment)")
            try expectNewest(isSaved ? [3] : [scenario.lastStep, 3], disk, model, comment)
            try expectNextSave(saver, disk, model, comment)
        }
    }

    @Test(arguments: Scenario.allCases)
    func afterALossOfPowerAtAnyCallTheNewestCheckpointLoads(scenario: Scenario) throws {
        let model = TestModel()
        let prepared = try disk(scenario, model)
        let rehearsal = prepared.copy()
        try saver(rehearsal).save(model.session, to: Self.path, step: scenario.name)
        let calls = rehearsal.log.filter(\.call.changes)
        var crashes = 0
        // The last round: the power goes right after the save.
        for number in 0...calls.count {
            let before = prepared.copy()
            before.setFault(FaultyFileSystem.Fault(number: number, isFinal: true))
            let isSaved = (try? saver(before).save(model.session, to: Self.path, step: scenario.name)) != nil
            #expect(isSaved || number < calls.count)
            for data in FaultyFileSystem.LostData.allCases {
                for names in FaultyFileSystem.LostNames.allCases {
                    let disk = before.copy()
                    disk.crash(data, names, seed: UInt64(number))
                    crashes += 1
                    let comment =
                        "\(scenario), power off at \(number < calls.count ? "\(calls[number])" : "end"), data \(data), "
                        + "names \(names)"
                    try expectNewest(isSaved ? [3] : [scenario.lastStep, 3], disk, model, comment)
                    guard data == .torn else { continue }
                    // Where names are kept at random, that of a file may be lost which tells whose another is.
                    try expectNextSave(
                        saver(disk), disk, model, comment, leavesNothing: names == .lost || names == .kept)
                }
            }
        }
        print("\(scenario): \(crashes) losses of power at \(calls.count) calls")
    }

    /// A disk that does not honour syncs shows that the tests above can fail.
    @Test func aDiskThatForgetsSyncedDataIsNoticed() throws {
        let model = TestModel()
        let disk = try disk(.next, model)
        try saver(disk).save(model.session, to: Self.path, step: 3)
        let data = "work/runs/model-3.data-00000-of-00001"
        let bytes = try #require(disk.content(of: data))
        disk.put(Array(bytes.prefix(bytes.count / 2)), at: data)
        #expect(latestCheckpoint(in: "work/runs", files: disk) == "work/runs/model-2")
        disk.put([UInt8](repeating: 0, count: bytes.count), at: data)
        #expect(latestCheckpoint(in: "work/runs", files: disk) == "work/runs/model-3")
        #expect(latestCheckpoint(in: "work/runs", verifyingData: true, files: disk) == "work/runs/model-2")
    }

    /// The order of a save, as calls to the file system.
    @Test func aSaveSyncsDataThenIndexThenNamesThenTheStateAndRemovesTheOldLast() throws {
        let model = TestModel()
        let disk = try disk(.next, model)
        try saver(disk).save(model.session, to: Self.path, step: 3)
        func short(_ path: String) -> String {
            let name = lastPathPart(path)
            return name.firstIndex(of: "~").map { name[..<$0] + "~" } ?? name
        }
        let calls = disk.log.filter(\.call.changes).map { "\($0.call) \(short($0.path))" }
        #expect(
            calls == [
                "create model-3.data~", "create checkpoint~", "write checkpoint~", "sync checkpoint~",
                "close checkpoint~", "create model-3.index~", "write model-3.data~", "sync model-3.data~",
                "close model-3.data~", "rename model-3.data-00000-of-00001", "write model-3.index~",
                "write model-3.index~", "write model-3.index~", "write model-3.index~", "sync model-3.index~",
                "close model-3.index~", "syncFolder runs", "rename model-3.index", "syncFolder runs",
                "create model-1.removal~", "rename checkpoint", "syncFolder runs", "remove model-1.index",
                "remove model-1.data-00000-of-00001", "close model-1.removal~", "remove model-1.removal~",
            ])
    }

    /// A restore of which a call fails leaves the session as it was.
    @Test func aRestoreWhoseDiskFailsChangesNothing() throws {
        let model = TestModel()
        let prepared = try disk(.next, model)
        let rehearsal = prepared.copy()
        try saver(rehearsal).restore(model.session, from: "work/runs/model-2")
        #expect(try model.isAt(2))
        let calls = rehearsal.log.count
        #expect(calls > 4)
        for number in 0..<calls {
            try model.setStep(3)
            let disk = prepared.copy()
            disk.setFault(FaultyFileSystem.Fault(number: number, isFinal: false) { _ in true })
            #expect(throws: CheckpointError.self) { try saver(disk).restore(model.session, from: "work/runs/model-2") }
            #expect(try model.isAt(3))
        }
    }
}
