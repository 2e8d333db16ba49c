import Checkpoints
import FileTestSupport
import Files
import Graphs
import Messages
import Operations
import Sessions
import Synchronization
import Tensors
import Testing

@Suite struct SaverTests {
    private func indices(_ disk: FaultyFileSystem) -> [String] {
        disk.paths.filter { $0.hasSuffix(".index") }.map { String($0.dropLast(6)) }
    }

    @Test func whatIsSavedComesBack() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        let saver = Saver(files: disk)
        try model.setStep(7)
        let path = try saver.save(model.session, to: "runs/model", step: model.step)
        #expect(path == "runs/model-7")
        try model.setStep(8)
        try saver.restore(model.session, from: path)
        #expect(try model.isAt(7))
        // A new session, none of whose variables has a value; and the path with its ending.
        let fresh = Session(graph: model.graph)
        try saver.restore(fresh, from: path + ".index")
        #expect(try fresh.value(of: model.step)?.scalar == 7)
    }

    /// Values are kept while training goes on: a save shares memory, and restored values may be updated.
    @Test func trainingGoesOnAfterARestore() throws {
        let graph = Graph()
        let w = Variable<Float>(NDArray([1, 2, 3]), name: "w", in: graph)
        let update = w.assignAdd(constant(NDArray<Float>([1, 1, 1]), in: graph))
        let session = Session(graph: graph)
        try session.initializeVariables()
        let disk = FaultyFileSystem()
        try Saver(files: disk).save(session, to: "m")
        try session.run(update)
        try Saver(files: disk).restore(session, from: "m")
        #expect(try session.run(update).scalars == [2, 3, 4])
        #expect(try session.run(update).scalars == [3, 4, 5])
    }

    @Test func localVariablesAreSavedOnlyWhereTheyAreNamed() throws {
        let graph = Graph()
        let w = Variable<Float>(NDArray([1, 2]), name: "w", in: graph)
        let count = Variable<Float>(.zeros, shape: [], local: true, name: "count", in: graph)
        let session = Session(graph: graph)
        try session.initializeVariables()
        let disk = FaultyFileSystem()
        try Saver(files: disk).save(session, to: "m")
        #expect(try CheckpointReader("m", files: disk).entries.map(\.name) == ["w"])
        try Saver([AnyVariable(w), AnyVariable(count)], files: disk).save(session, to: "all")
        #expect(try CheckpointReader("all", files: disk).entries.map(\.name) == ["count", "w"])
    }

    @Test func theOldestGoAndTheStateFileNamesTheRestInOrder() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        for step in [3, 1, 2, 9] {
            try model.setStep(step)
            // A new saver each time, as after a restart: it goes on from the state file.
            try Saver(maxToKeep: 2, files: disk).save(model.session, to: "runs/model", step: step)
        }
        #expect(indices(disk) == ["runs/model-2", "runs/model-9"])
        let state = try #require(try CheckpointState(inFolder: "runs", files: disk))
        #expect(state.latest == "runs/model-9")
        #expect(state.all == ["runs/model-2", "runs/model-9"])
        #expect(state.timestamps.count == 2)
        let text = String(decoding: try #require(disk.content(of: "runs/checkpoint")), as: UTF8.self)
        #expect(
            text.hasPrefix(
                """
                model_checkpoint_path: "model-9"
                all_model_checkpoint_paths: "model-2"
                all_model_checkpoint_paths: "model-9"

                """))
    }

    @Test func checkpointsOfOtherNamesAreListedButNotCounted() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try model.setStep(1)
        try Saver(files: disk).save(model.session, to: "runs/best")
        try Saver(files: disk).save(model.session, to: "runs/model-big", step: 1)
        for step in 1...4 {
            let path = step == 2 ? "runs//model" : "runs/model"
            try Saver(maxToKeep: 1, files: disk).save(model.session, to: path, step: step)
        }
        #expect(indices(disk) == ["runs/best", "runs/model-4", "runs/model-big-1"])
        #expect(
            try CheckpointState(inFolder: "runs", files: disk)?.all
                == ["runs/best", "runs/model-big-1", "runs/model-4"])
    }

    @Test func oneIsKeptForEverySoManyHours() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try model.setStep(1)
        let time = Time()
        for hour in 0...11 {
            time.seconds.withLock { $0 = 1000 + Double(hour) * 3600 }
            let saver = Saver(nil, maxToKeep: 2, keepEveryHours: 3, files: disk, clock: { time.now })
            try saver.save(model.session, to: "runs/model", step: hour)
        }
        // The first saver was made at hour 0, so the first one kept is of hour 3.
        let steps = indices(disk).compactMap(checkpointStep).sorted()
        #expect(steps == [3, 6, 9, 10, 11])
    }

    private final class Time: Sendable {
        let seconds = Mutex(0.0)
        var now: Double { seconds.withLock { $0 } }
    }

    @Test func aSubsetAndOtherNames() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try model.setStep(5)
        try Saver([AnyVariable(model.bias)], files: disk).save(model.session, to: "m")
        #expect(try CheckpointReader("m", files: disk).entries.map(\.name) == ["layer/bias"])
        let renamed = Saver(
            names: ["old/b": AnyVariable(model.bias), "old/w": AnyVariable(model.weights)], files: disk)
        try renamed.save(model.session, to: "renamed")
        #expect(try CheckpointReader("renamed", files: disk).entries.map(\.name) == ["old/b", "old/w"])
        try model.setStep(6)
        try renamed.restore(model.session, from: "renamed")
        #expect(try model.session.value(of: model.step)?.scalar == 6)
        #expect(try model.session.value(of: model.bias)?.scalar == 5)
    }

    @Test func whatDoesNotFitIsToldInATableAndChangesNothing() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try model.setStep(5)
        let writer = try CheckpointWriter("m", files: disk)
        try writer.add(AnyArray(NDArray(Int64(77))), named: "global_step")
        try writer.add(try array([3, 2], [Double](repeating: 0, count: 6)), named: "layer/bias")
        try writer.add(try array([2], [1, 2] as [Int32]), named: "flags")
        try writer.add(AnyArray(strings: ["x"]), named: "layer/weight")
        try writer.finish()

        let saver = Saver(files: disk)
        let failure = #expect(throws: CheckpointError.self) { try saver.restore(model.session, from: "m") }
        #expect(failure?.kind == .mismatch)
        #expect(
            failure?.description == """
                m: 3 variables cannot be restored, so none was (restoreMatching takes what fits)
                1 of 4 variables match m
                               name           variable       checkpoint
                  missing      layer/weights  float32[300]   -              did you mean "layer/weight"?
                  other shape  layer/bias     float64[2, 3]  float64[3, 2]
                  other type   flags          bool[2]        int32[2]
                  unexpected   layer/weight   -              string[1]
                """)
        #expect(try model.isAt(5))

        let report = try saver.restoreMatching(model.session, from: "m")
        #expect(report == failure?.report)
        #expect(!report.isComplete)
        #expect(report.restored == ["global_step"])
        #expect(try model.session.value(of: model.step)?.scalar == 77)
        #expect(try model.session.value(of: model.bias)?.scalar == 5)
        let whole = try saver.save(model.session, to: "whole")
        #expect("\(try saver.restoreMatching(model.session, from: whole))" == "4 of 4 variables match whole")
    }

    @Test func variablesWithoutValuesAreNamed() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        let failure = #expect(throws: CheckpointError.self) {
            try Saver(files: disk).save(model.session, to: "runs/m")
        }
        #expect(failure?.kind == .uninitializedVariable)
        #expect(failure?.reason.contains("\"layer/weights\", \"layer/bias\"") == true)
        #expect(disk.paths.isEmpty)
        let unnamed = #expect(throws: CheckpointError.self) {
            try model.setStep(1)
            try Saver(files: disk).save(model.session, to: "runs/")
        }
        #expect(unnamed?.kind == .misuse)
        let foreign = #expect(throws: CheckpointError.self) {
            try Saver([AnyVariable(TestModel().bias)], files: disk).save(model.session, to: "m")
        }
        #expect(foreign?.kind == .session)
    }

    @Test func aDamagedCheckpointChangesNothingAndItsTensorIsNamed() throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        try model.setStep(5)
        try Saver(files: disk).save(model.session, to: "m")
        let path = "m.data-00000-of-00001"
        var bytes = try #require(disk.content(of: path))
        bytes[bytes.count - 1] ^= 1
        disk.put(bytes, at: path)
        try model.setStep(6)
        let failure = #expect(throws: CheckpointError.self) {
            try Saver(files: disk).restore(model.session, from: "m")
        }
        #expect(failure?.kind == .damaged)
        #expect(failure?.path == path)
        #expect(failure?.tensor == "layer/weights")
        #expect(try model.isAt(6))
    }

    /// Models that are too large to be held beside the old values.
    @Test func aLargeCheckpointIsCheckedBeforeAnythingChanges() throws {
        let graph = Graph()
        let count = 9 << 20
        let variables = (0..<3).map { Variable<Float>(.zeros, shape: [count], name: "v\($0)", in: graph) }
        let session = Session(graph: graph)
        func set(_ value: Float) throws {
            try session.setValues(
                variables.map { (AnyVariable($0), AnyArray(NDArray<Float>(repeating: value, shape: [count]))) })
        }
        func values() throws -> [Float?] { try variables.map { try session.value(of: $0)?[count - 1] } }
        try set(1)
        let folder = try TemporaryFolder()
        try Saver().save(session, to: folder.path("m"))
        try set(2)
        try Saver().restore(session, from: folder.path("m"))
        #expect(try values() == [1, 1, 1])
        try set(3)
        let path = folder.path("m.data-00000-of-00001")
        let files = LocalFileSystem()
        var tail = try files.open(path).bytes(at: 8 * count, count: 4 * count)
        tail[0] ^= 1
        let head = try files.open(path).bytes(at: 0, count: 8 * count)
        let file = try files.create(path, .replacing)
        try file.write(head)
        try file.write(tail)
        try file.close()
        let failure = #expect(throws: CheckpointError.self) { try Saver().restore(session, from: folder.path("m")) }
        #expect(failure?.tensor == "v2")
        #expect(try values() == [3, 3, 3])
    }

    /// Two threads at one saver, and another that trains.
    @Test func severalThreadsMaySaveAtOnce() async throws {
        let model = TestModel()
        let disk = FaultyFileSystem()
        let saver = Saver(maxToKeep: 3, files: disk)
        try model.setStep(1)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for turn in 0..<10 {
                        _ = try? saver.save(model.session, to: "runs/model", step: 10 * turn + task)
                        try? model.setStep(turn)
                    }
                }
            }
        }
        #expect(indices(disk).count == 3)
        #expect(disk.paths.count == 7)
        for prefix in indices(disk) { #expect(try model.step(in: prefix, disk) != nil) }
    }
}
