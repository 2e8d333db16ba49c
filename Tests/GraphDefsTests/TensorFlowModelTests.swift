import FileTestSupport
import Foundation
import GraphDefs
import Graphs
import Sessions
import Tensors
import Testing

/// Graphs that real TensorFlow wrote, run here: the same numbers.
@Suite(.enabled(if: TensorFlowOracle.fromEnvironment != nil, "no Python with tensorflow"))
struct TensorFlowModelTests {
    @Test func everyModelGivesWhatItGivesInTensorFlow() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Models/make_models.py")
        let names = try oracle.run(String(contentsOf: script, encoding: .utf8), [folder.path]).split(separator: "\n")
        #expect(names.count >= 20)
        var compared = 0
        for name in names.map(String.init) {
            do {
                let graph = Graph()
                let imported = try graph.importGraphDef(GraphDef(contentsOf: folder.path("\(name).pb")))
                compared += try replay(folder, name, imported)
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        print("compared \(compared) values of \(names.count) graphs")
    }

    /// Does again what was recorded of a model.
    private func replay(_ folder: TemporaryFolder, _ name: String, _ imported: ImportedGraph) throws -> Int {
        let session = Session(graph: imported.graph)
        var feeds: [String: AnyFeed] = [:]
        var tolerance = 3e-6
        var compared = 0
        for line in String(decoding: try folder.bytes(of: "\(name).txt"), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            let what = String(words[1])
            switch words[0] {
            case "tolerance": tolerance = Double(what) ?? 0
            case "feed":
                feeds[what] = try imported.tensor(named: what).fed(#require(AnyArray(line: words[2])))
            case "run":
                try session.run(imported.node(named: what), feeding: Array(feeds.values))
            default:
                let expected = try #require(AnyArray(line: words[2]))
                let found = try session.run(imported.tensor(named: what), feeding: Array(feeds.values))
                let differences = found.differences(from: expected, tolerance: tolerance)
                if !differences.isEmpty { Issue.record("\(name), \(what): \(differences)") }
                compared += 1
            }
        }
        return compared
    }
}
