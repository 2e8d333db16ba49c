import Graphs
import Operations
import Tensors
import Testing

/// Many tasks may add to one graph at the same time.
@Suite struct ConcurrentBuildingTests {
    @Test func manyTasksBuildOneGraph() async {
        let graph = Graph()
        let x = placeholder(Float.self, [nil, 3], name: "x", in: graph)
        let results = await withTaskGroup(of: Tensor<Float>.self) { group in
            for task in 0..<8 {
                group.addTask {
                    graph.asDefault {
                        withNameScope("part") {
                            let v = Variable<Float>(.zeros, shape: [3], name: "v")
                            var sum = x * v
                            for _ in 0..<100 { sum = sum + Float(task) }
                            return sum
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(graph.diagnostics.isEmpty)
        #expect(results.allSatisfy { $0.shape == [nil, 3] })
        let names = graph.nodes.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(graph.variables.count == 8)
        // Every input comes before the node that uses it.
        let positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        for (index, node) in graph.nodes.enumerated() {
            for input in node.inputNames { #expect((positions[input] ?? .max) < index) }
        }
    }

    @Test func mistakesOfManyTasksAreAllRecorded() async {
        let graph = Graph()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let (a, b): (Tensor<Float>, Tensor<Float>) = (zeros([2], in: graph), zeros([3], in: graph))
                    for _ in 0..<10 { _ = a + b }
                }
            }
        }
        #expect(graph.diagnostics.count == 80)
    }
}
