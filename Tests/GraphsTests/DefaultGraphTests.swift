import Graphs
import Operations
import Tensors
import Testing

/// Which graph a node is added to.
@Suite struct DefaultGraphTests {
    @Test func aBlockHasADefaultGraphOfItsOwn() {
        let (outer, inner) = (Graph(), Graph())
        outer.asDefault {
            #expect(Graph.default === outer)
            inner.asDefault {
                #expect(Graph.default === inner)
                _ = constant(1 as Float)
            }
            #expect(Graph.default === outer)
        }
        #expect(outer.nodeCount == 0 && inner.nodeCount == 1)
    }

    @Test func theDefaultGraphIsThatOfTheTask() async {
        let names = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await Graph().asDefault {
                        var names: [String] = []
                        for _ in 0..<20 {
                            names.append(constant(1 as Float).name)
                            await Task.yield()
                        }
                        return names
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let expected = ["Const:0"] + (1..<20).map { "Const_\($0):0" }
        #expect(names == Array(repeating: expected, count: 8))
    }

    @Test func childTasksInheritTheDefaultGraph() async {
        let graph = Graph()
        await graph.asDefault {
            async let child = Graph.default
            let inherited = await child
            #expect(inherited === graph)
        }
    }

    @Test func nodesJoinTheGraphOfTheirInputsWhateverTheDefault() {
        let graph = Graph()
        let x = constant(2 as Float, in: graph)
        let y = Graph().asDefault { (x * x + 1).sum() }
        #expect(y.graph === graph)
        #expect(graph.diagnostics.isEmpty)
    }

    @Test func scopesOfTheSurroundingsDoNotReachIntoAnotherGraph() {
        Graph().asDefault {
            withNameScope("outer") {
                Graph().asDefault { #expect(constant(1 as Float).name == "Const:0") }
                #expect(constant(1 as Float).name == "outer/Const:0")
            }
        }
    }

    @Test func everySourceTakesAGraph() {
        let graph = Graph()
        Graph().asDefault {
            let sources = [
                constant([1, 2] as [Float], in: graph), zeros([2], in: graph), ones([2], in: graph),
                fill([2], with: 3, in: graph), placeholder(Float.self, [2], in: graph), range(0, 2, in: graph),
                identity(2, in: graph).sum(axis: 0), randomUniform([2], in: 0..<1, in: graph),
                randomNormal([2], in: graph),
                truncatedNormal([2], in: graph), Variable<Float>(.zeros, shape: [2], in: graph).tensor,
            ]
            #expect(sources.allSatisfy { $0.graph === graph })
            #expect(noOp(in: graph).graph === graph)
            #expect(Graph.default.nodeCount == 0)
        }
        #expect(graph.diagnostics.isEmpty)
    }

    @Test func inputsOfTwoGraphsAreAMistakeAndTheRestStaysSound() throws {
        let graph = Graph()
        let foreign = constant(1 as Float, name: "foreign", in: Graph())
        let sum = graph.asDefault { constant(1 as Float) + foreign }
        #expect(graph.diagnostics.map(\.message) == ["input 1, \"foreign:0\", belongs to another graph"])
        #expect(sum.node.inputNames == [])
        // What follows from a mistake is not another one.
        _ = sum * 2
        #expect(graph.diagnostics.count == 1)
    }

    #if os(Linux) || os(macOS)
        @Test func afterAResetTheDefaultGraphIsAnotherAndOldTensorsStayValid() async {
            // In a process of its own, since the graph belongs to the whole process.
            await #expect(processExitsWith: .success) {
                let old = constant(1 as Float)
                precondition(old.graph === Graph.default)
                resetDefaultGraph()
                precondition(Graph.default !== old.graph && Graph.default.nodeCount == 0)
                precondition((old + 1).graph === old.graph)
                precondition(constant(1 as Float).name == "Const:0")
            }
        }
    #endif
}
