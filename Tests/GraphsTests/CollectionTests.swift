import Graphs
import Operations
import Tensors
import Testing

@Suite struct CollectionTests {
    @Test func collectionsKeepTensorsAndNodesInOrder() {
        let graph = Graph()
        graph.asDefault {
            let a = constant(1 as Float, name: "a")
            let train = group(a, name: "train")
            graph.addToCollection("losses", AnyTensor(a))
            graph.addToCollection("train_op", train)
            let b = identity(a, name: "b")
            graph.addToCollection("losses", AnyTensor(b))
            #expect(graph.collection("losses").map(\.name) == ["a:0", "b:0"])
            #expect(graph.collection("train_op") == [.node(train)])
        }
        #expect(graph.collectionKeys == ["losses", "train_op"])
        #expect(graph.collection("none").isEmpty)
    }

    @Test func whatBelongsToAnotherGraphIsAMistake() {
        let (graph, other) = (Graph(), Graph())
        let foreign = other.asDefault { constant(1 as Float, name: "a") }
        graph.addToCollection("losses", AnyTensor(foreign))
        graph.addToCollection("losses", foreign.node)
        #expect(graph.collection("losses").isEmpty)
        #expect(
            graph.diagnostics.map(\.message) == [
                "\"a:0\" belongs to another graph than the collection",
                "\"a\" belongs to another graph than the collection",
            ])
    }
}
