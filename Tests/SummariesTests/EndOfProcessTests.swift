// A process that ends without closing its writers.

import FileTestSupport
import Foundation
import Summaries
import Testing

@Suite struct EndOfProcessTests {
    @Test func whatWasAddedReachesTheFilesWhenTheProcessEnds() throws {
        // The program lies beside the bundles of the tests.
        let program = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("summary-sample")
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = program
        process.arguments = [folder.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let runs = try EventRun.find(in: folder.path)
        #expect(runs.map(\.name) == ["rate_0.1", "rate_1.0"])
        for run in runs {
            let reader = try EventFileReader(try #require(run.files.first))
            let events = try reader.readAll()
            #expect(run.files.count == 1 && reader.unfinishedByteCount == 0)
            #expect(scalars("loss", events).count == 60)
            let tags = Set(events.flatMap(\.values).map(\.tag))
            #expect(
                tags.isSuperset(of: ["accuracy", "weights", "activations", "first_layer", "ring", "tone", "notes"]))
            let last = try #require(events.last?.values.first)
            guard case .hyperparameters(.end(.success, _)) = last.content else {
                Issue.record("the last value is \(last)")
                continue
            }
        }
    }
}
