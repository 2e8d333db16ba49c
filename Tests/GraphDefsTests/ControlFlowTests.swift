import GraphDefs
import Graphs
import Sessions
import Tensors
import Testing

/// TensorFlow 1's control flow, as TensorFlow wrote it.
@Suite struct ControlFlowTests {
    @Test(arguments: [(5, 32, 1), (2, 4, -1)] as [(Int32, Float, Float)])
    func theLoopAndTheBranchOfTheFixtureRun(n: Int32, out: Float, branch: Float) throws {
        let graph = Graph()
        let imported = try graph.importGraphDef(GraphDef(contentsOf: fixture("while_cond_v1.pb")))
        #expect(imported.unsupportedNodes.map(\.name) == [])
        let session = Session(graph: graph)
        let feed = try imported.tensor(named: "n:0", as: Int32.self).fed(n)
        #expect(try session.run(imported.tensor(named: "out:0", as: Float.self), feeding: feed).scalar == out)
        #expect(try session.run(imported.tensor(named: "cout:0", as: Float.self), feeding: feed).scalar == branch)
    }

    @Test func aLoopLeavesItsPartsOutAndHasItsFunctionsInTheLibrary() throws {
        let graph = Graph()
        try graph.importGraphDef(GraphDef(contentsOf: fixture("while_cond_v1.pb")))
        let operations = Set(graph.nodes.map(\.type))
        #expect(operations.isSuperset(of: ["While", "If"]))
        #expect(operations.isDisjoint(with: ["Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond"]))
        #expect(try GraphDef(graph).functionNames.count == 4)
    }
}
