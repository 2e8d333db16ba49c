import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Nodes that wait for a fed tensor, which is not computed.
@Suite struct FedControlInputTests {
    @Test func whatWaitsForAFedPlaceholderRuns() throws {
        let graph = Graph()
        let (x, y) = graph.asDefault {
            let x = placeholder(Float.self, [2])
            return (x, withControlDependencies([x.node]) { identity(constant(3 as Float)) })
        }
        let value = try Session(graph: graph).run(y, feeding: x.fed(NDArray([1, 2])))
        #expect(value.scalar == 3)
    }

    @Test func whatWaitsForAPlaceholderThatIsNotFedDoesNotRun() {
        let graph = Graph()
        let y = graph.asDefault {
            let x = placeholder(Float.self, [2])
            return withControlDependencies([x.node]) { identity(constant(3 as Float)) }
        }
        #expect(throws: SessionError.self) { try Session(graph: graph).run(y) }
    }
}
