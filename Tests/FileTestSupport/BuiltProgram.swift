// Programs of this package, run as processes as a user runs them.

import Foundation

/// What a run of a program gave.
package struct ProgramResult {
    package let status: Int32
    /// Whether it ended by itself rather than by a signal.
    package let endedByItself: Bool
    package let output: String
    package let errors: String
}

/// Runs a built program to its end.
///
/// - Parameters:
///   - name: the program, which lies beside the tests.
///   - folder: where it runs.
package func runBuiltProgram(
    _ name: String, _ arguments: [String], in folder: TemporaryFolder? = nil
) throws -> ProgramResult {
    let beside = Bundle.main.bundleURL.appendingPathComponent(name)
    let here = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let scratch = try TemporaryFolder()
    let process = Process()
    process.executableURL =
        FileManager.default.isExecutableFile(atPath: beside.path) ? beside : here.appendingPathComponent(name)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder.path) }
    // Into files: a pipe that nobody reads would stop a program that says much.
    for name in ["output", "errors"] { try scratch.write([], to: name) }
    process.standardOutput = FileHandle(forWritingAtPath: scratch.path("output"))
    process.standardError = FileHandle(forWritingAtPath: scratch.path("errors"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return ProgramResult(
        status: process.terminationStatus, endedByItself: process.terminationReason == .exit,
        output: String(decoding: try scratch.bytes(of: "output"), as: UTF8.self),
        errors: String(decoding: try scratch.bytes(of: "errors"), as: UTF8.self))
}
