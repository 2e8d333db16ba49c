import Graphs
import Operations
import Tensors
import Testing

/// Control dependencies, devices and finalisation.
@Suite struct DependencyTests {
    @Test func nodesMadeInABlockWaitForTheNamedOnes() {
        Graph().asDefault {
            let first = noOp(name: "first")
            let second = noOp(name: "second")
            let (one, both, none) = withControlDependencies([first]) {
                (
                    constant(1 as Float), withControlDependencies([second]) { constant(2 as Float) },
                    withControlDependencies([]) { constant(3 as Float) }
                )
            }
            #expect(one.node.inputNames == ["^first"])
            #expect(both.node.inputNames == ["^first", "^second"])
            #expect(none.node.inputNames == [])
        }
    }

    @Test func variablesWaitForNothing() {
        Graph().asDefault {
            let v = withControlDependencies([noOp()]) { Variable<Float>(1, name: "v") }
            #expect(v.initializer.inputNames == ["v", "v/initial_value"])
        }
    }

    @Test func aGroupWaitsForAllItsMembers() {
        Graph().asDefault {
            let all = group(noOp(name: "a"), constant(1 as Float, name: "b"), name: "all")
            #expect(all.name == "all" && all.inputNames == ["^a", "^b"])
        }
    }

    @Test func aNodeCanBeMadeToWaitForALaterOne() {
        let graph = Graph()
        graph.asDefault {
            let (early, late) = (noOp(name: "early"), noOp(name: "late"))
            early.addControlInput(late)
            early.addControlInput(late)
            #expect(early.inputNames == ["^late"])
        }
        #expect(graph.diagnostics.isEmpty)
    }

    @Test func aCycleIsAMistakeThatNamesBothNodes() {
        let graph = Graph()
        graph.asDefault {
            let a = noOp(name: "a")
            let b = withControlDependencies([a]) { noOp(name: "b") }
            let c = withControlDependencies([b]) { noOp(name: "c") }
            a.addControlInput(c)
            #expect(a.inputNames == [])
            a.addControlInput(a)
            #expect(a.inputNames == [])
        }
        #expect(
            graph.diagnostics.map(\.message) == [
                "\"a\" would wait for \"c\", which itself waits for it: a cycle",
                "\"a\" would wait for itself: a cycle",
            ])
        #expect(graph.diagnostics.first?.hint == "leave out one of the two dependencies")
    }

    @Test func tasksThatCloseACycleTogetherLeaveNone() async {
        // Each task asks for one half of a cycle; whoever comes second makes the mistake.
        for _ in 0..<50 {
            let graph = Graph()
            let (a, b) = graph.asDefault { (noOp(name: "a"), noOp(name: "b")) }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { a.addControlInput(b) }
                group.addTask { b.addControlInput(a) }
            }
            #expect(a.inputNames.count + b.inputNames.count == 1)
            #expect(graph.diagnostics.count == 1)
        }
    }

    @Test func aDependencyOnANodeOfAnotherGraphIsAMistake() {
        let graph = Graph()
        let foreign = noOp(name: "theirs", in: Graph())
        let mine = noOp(name: "mine", in: graph)
        mine.addControlInput(foreign)
        #expect(graph.diagnostics.map(\.message) == ["\"theirs\" and \"mine\" belong to different graphs"])
    }

    @Test func devicesAreNotedOnNodes() {
        Graph().asDefault {
            let (inner, outer) = withDevice("/gpu:0") {
                (withDevice("/cpu:0") { constant(1 as Float) }, constant(2 as Float))
            }
            #expect(inner.node.device == "/cpu:0")
            #expect(outer.node.device == "/gpu:0")
            #expect(constant(3 as Float).node.device == "")
            #expect(withDevice("/gpu:0") { withDevice(nil) { constant(4 as Float) } }.node.device == "")
        }
    }

    @Test func aFinalizedGraphTakesNothingMore() {
        let graph = Graph()
        let (a, b) = graph.asDefault { (noOp(name: "a"), noOp(name: "b")) }
        #expect(!graph.isFinalized)
        graph.finalize()
        #expect(graph.isFinalized && graph.diagnostics.isEmpty)
        _ = constant(1 as Float, in: graph)
        a.addControlInput(b)
        #expect(a.inputNames == [])
        #expect(
            graph.diagnostics.map(\.message)
                == Array(repeating: "the graph was finalized, nothing can be added to it", count: 2))
        #expect(throws: GraphError.self) { try graph.requireSound() }
    }
}
