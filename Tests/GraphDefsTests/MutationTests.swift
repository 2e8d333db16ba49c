import Foundation
import GraphDefs
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Damaged definitions: an error, or a graph like any other; never a crash, and the user's graph as it was.
@Suite struct MutationTests {
    @Test func theRichDefinitionRuns() throws {
        let graph = Graph()
        let imported = try graph.importGraphDef(GraphDef(text: richDefinition))
        let session = Session(graph: graph)
        try session.run(imported.node(named: "w/Assign"))
        let x = try imported.tensor(named: "x", as: Float.self).fed(NDArray([[1, 2]]))
        let p = try imported.tensor(named: "p", as: Bool.self).fed(true)
        #expect(try session.run(imported.tensor(named: "y", as: Float.self), feeding: x, p) == NDArray([[12]]))
    }

    /// Imports bytes that may be damaged and does with the graph what a user would.
    ///
    /// - Returns: whether they were imported.
    private func tryOut(_ bytes: [UInt8]) throws -> Bool {
        let graph = Graph()
        graph.asDefault { _ = constant(1 as Float, name: "mine") }
        let imported: ImportedGraph
        do {
            imported = try graph.importGraphDef(GraphDef(serialized: bytes))
        } catch is GraphDefError {
            #expect(graph.nodes.map(\.name) == ["mine"])
            return false
        } catch is GraphError {
            #expect(graph.nodes.map(\.name) == ["mine"])
            return false
        }
        try graph.requireSound()
        let exported = try GraphDef(graph)
        let again = Graph()
        try again.importGraphDef(GraphDef(serialized: exported.serialized))
        #expect(try GraphDef(again) == exported)
        let session = Session(graph: graph)
        _ = try? session.initializeVariables()
        for name in ["y", "joined", "branch", "product"] {
            guard let tensor = try? imported.tensor(named: name) else { continue }
            var feeds: [AnyFeed] = []
            if let x = try? imported.tensor(named: "x") { feeds.append(x.fed(AnyArray(try NDArray<Float>([[1, 2]])))) }
            if let p = try? imported.tensor(named: "p") { feeds.append(p.fed(AnyArray(NDArray<Bool>(true)))) }
            _ = try? session.run(tensor, feeding: feeds)
        }
        return true
    }

    @Test func everyFlippedByteIsAnErrorOrAGraph() throws {
        let bytes = try GraphDef(text: richDefinition).serialized
        var imported = 0
        var tried = 0
        for index in bytes.indices {
            for change in [bytes[index] ^ 1, bytes[index] ^ 0x80, 0, 0xff] where change != bytes[index] {
                var mutated = bytes
                mutated[index] = change
                imported += try tryOut(mutated) ? 1 : 0
                tried += 1
            }
        }
        print("\(tried) mutations of \(bytes.count) bytes: \(imported) were graphs")
        #expect(imported > 0 && imported < tried)
    }

    @Test func everyTruncationIsAnErrorOrAGraph() throws {
        let bytes = try GraphDef(text: richDefinition).serialized
        for length in bytes.indices { _ = try tryOut(Array(bytes[..<length])) }
    }

    @Test(arguments: ["mlp_train.pb", "while_cond_v1.pb"])
    func flippedBytesOfTensorFlowsOwnFilesAreErrorsOrGraphs(file: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture(file))))
        let step = max(1, bytes.count / 400)
        for index in stride(from: 0, to: bytes.count, by: step) {
            var mutated = bytes
            mutated[index] ^= UInt8(1 << (index % 8))
            _ = try tryOut(mutated)
            _ = try tryOut(Array(bytes[..<index]))
        }
    }
}
