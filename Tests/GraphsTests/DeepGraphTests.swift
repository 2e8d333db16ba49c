import Graphs
import Operations
import Tensors
import Testing

/// Graphs of a depth at which recursion would end the process.
@Suite struct DeepGraphTests {
    @Test func aGraphOfAHundredThousandNodesIsBuiltAndLetGo() {
        let graph = Graph()
        var x = placeholder(Float.self, [nil], in: graph)
        for _ in 1..<100_000 { x = -x }
        #expect(graph.nodeCount == 100_000)
        #expect(x.name == "Neg_99998:0")
        #expect(x.shape == [nil])
    }

    @Test func gradientsWalkBackThroughTwentyThousandNodes() {
        Graph().asDefault {
            let x = placeholder(Float.self, [nil])
            var y = x
            for _ in 0..<20_000 { y = -y }
            let g = gradients(of: y, with: x)
            #expect(g.shape == [nil])
            #expect(g.graph.diagnostics.isEmpty)
            #expect(g.graph.nodeCount > 40_000)
        }
    }

    @Test func aDependencyIsFoundAtTheEndOfALongChain() {
        let graph = Graph()
        graph.asDefault {
            let first = noOp()
            var last = first
            for _ in 0..<20_000 { last = noOp(controlling: last) }
            first.addControlInput(last)
        }
        #expect(graph.diagnostics.count == 1)
    }
}

private func noOp(controlling node: Node) -> Node { withControlDependencies([node]) { noOp() } }
