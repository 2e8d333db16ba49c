// The built tool, run as a process.

import FileTestSupport
import Foundation
import Testing

/// What a run of the tool gave.
struct ToolResult {
    let status: Int32
    let output: String
    let errors: String

    /// The output as JSON.
    func json() throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}

/// Runs `tensorgraph` in a folder.
func tensorgraph(_ arguments: String..., in folder: TemporaryFolder? = nil) throws -> ToolResult {
    let tool = Bundle.main.bundleURL.appendingPathComponent("tensorgraph")
    let here = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let place =
        FileManager.default.isExecutableFile(atPath: tool.path) ? tool : here.appendingPathComponent("tensorgraph")
    let scratch = try TemporaryFolder()
    let process = Process()
    process.executableURL = place
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder.path) }
    // Into files: a pipe that nobody reads would stop a tool that says much.
    for name in ["output", "errors"] { try scratch.write([], to: name) }
    process.standardOutput = FileHandle(forWritingAtPath: scratch.path("output"))
    process.standardError = FileHandle(forWritingAtPath: scratch.path("errors"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit, "\(arguments): the tool ended by a signal")
    return ToolResult(
        status: process.terminationStatus, output: String(decoding: try scratch.bytes(of: "output"), as: UTF8.self),
        errors: String(decoding: try scratch.bytes(of: "errors"), as: UTF8.self))
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
