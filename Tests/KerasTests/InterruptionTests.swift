import FileTestSupport
import Foundation
import Testing
import Training

/// A process that trains is told to end.
@Suite struct InterruptionTests {
    private static let program = {
        let name = "training-interrupted"
        let beside = Bundle.main.bundleURL.appendingPathComponent(name)
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name)
    }()

    private struct Outcome {
        let status: Int32
        let reason: Process.TerminationReason
        let output: String
        let errors: String
    }

    /// Runs the program, and sends it signals, one after the other, once it trains.
    private func run(_ folder: TemporaryFolder, _ arguments: [String], signals: [Int32] = []) throws -> Outcome {
        let state = folder.path("state")
        for name in ["out", "err"] { try folder.write([], to: name) }
        let process = Process()
        process.executableURL = Self.program
        process.arguments = [state] + arguments
        process.standardOutput = FileHandle(forWritingAtPath: folder.path("out"))
        process.standardError = FileHandle(forWritingAtPath: folder.path("err"))
        try process.run()
        for (index, signal) in signals.enumerated() {
            // It says so when it waits for the signal.
            while !FileManager.default.fileExists(atPath: state + ".ready\(index)") {
                try #require(process.isRunning, "it ended by itself")
                usleep(1000)
            }
            kill(process.processIdentifier, signal)
        }
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, reason: process.terminationReason, output: try text(folder, "out"),
            errors: try text(folder, "err"))
    }

    private func text(_ folder: TemporaryFolder, _ name: String) throws -> String {
        String(decoding: try folder.bytes(of: name), as: UTF8.self)
    }

    @Test(arguments: [SIGINT, SIGTERM]) func anInterruptedTrainingIsSavedAndGoesOn(signal: Int32) throws {
        let folder = try TemporaryFolder()
        let whole = try run(folder, ["3"])
        #expect(whole.status == 0)
        let expected = try #require(whole.output.split(separator: "\n").last)
        #expect(expected.hasPrefix("result"))

        let other = try TemporaryFolder()
        let stopped = try run(other, ["3", "wait"], signals: [signal])
        #expect(stopped.reason == .exit)
        #expect(stopped.status == 128 + signal)
        let name = signal == SIGINT ? "Ctrl-C" : "SIGTERM"
        #expect(
            stopped.errors == """
                \(name): training stops in epoch 2, after 2 batches
                the training was saved to \(other.path("state")); go on with fit(resume: "\(other.path("state"))")

                """)
        #expect(!stopped.output.contains("\r") && !stopped.output.contains("result"))

        let resumed = try run(other, ["3", "resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.split(separator: "\n").last == expected)
    }

    @Test func aSecondSignalEndsTheProcessAtOnce() throws {
        let folder = try TemporaryFolder()
        let outcome = try run(folder, ["3", "hang"], signals: [SIGINT, SIGINT])
        #expect(outcome.reason == .uncaughtSignal)
        #expect(outcome.status == SIGINT)
    }
}
