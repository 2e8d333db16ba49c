// The built tool, run as a process.

import FileTestSupport
import Foundation
import Testing

extension ProgramResult {
    /// The output as JSON.
    func json() throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}

/// Runs `tensorgraph` in a folder.
func tensorgraph(_ arguments: String..., in folder: TemporaryFolder? = nil) throws -> ProgramResult {
    let result = try runBuiltProgram("tensorgraph", arguments, in: folder)
    #expect(result.endedByItself, "\(arguments): the tool ended by a signal")
    return result
}

/// The path of a fixture, by its path below `Tests`.
func fixture(_ path: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(path).path
}

enum Fixture {
    static let checkpoint = fixture("CheckpointsTests/Fixtures/checkpoint/model.ckpt-42")
    static let checkpointFolder = fixture("CheckpointsTests/Fixtures/checkpoint")
    static let events = fixture("SummariesTests/Fixtures/events_v2/events.out.tfevents.0000000001.fixture.v2")
    static let graph = fixture("GraphDefsTests/Fixtures/graphdef/mlp_train.pb")
    static let graphText = fixture("GraphDefsTests/Fixtures/graphdef/mlp_train.pbtxt")
    static let model = fixture("SavedModelsTests/Fixtures/saved_model_v1")
}
