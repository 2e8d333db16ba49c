import Graphs
import Operations
import Sessions
import Tensors
import Testing

@Suite struct RandomStreamPositionTests {
    private func draws(seed: Int?) -> (Session, Tensor<Float>) {
        let graph = Graph()
        graph.seed = seed
        let numbers = withGraph(graph) { randomUniform([4], in: Float(0)..<1, name: "numbers") }
        return (Session(graph: graph), numbers)
    }

    @Test(arguments: [1, nil]) func aSessionGoesOnWithTheNumbersOfAnother(seed: Int?) throws {
        let (first, numbers) = draws(seed: seed)
        try first.run(numbers)
        let positions = first.randomStreamPositions
        #expect(positions.map(\.node) == [numbers.node.name])
        let expected = try [first.run(numbers), first.run(numbers)]
        let (second, others) = draws(seed: seed)
        #expect(second.setRandomStreamPositions(positions) == [])
        #expect(try [second.run(others), second.run(others)] == expected)
        // Without positions a stream starts anew.
        first.setRandomStreamPositions([])
        if seed != nil {
            let (fresh, again) = draws(seed: seed)
            #expect(try first.run(numbers) == fresh.run(again))
        }
    }

    @Test func namesThatStandForNoRandomNodeAreTold() throws {
        let (session, _) = draws(seed: 1)
        let stray = RandomStreamPosition(node: "nowhere", key: 1, low: 2, high: 3)
        #expect(session.setRandomStreamPositions([stray]) == ["nowhere"])
        #expect(session.randomStreamPositions.isEmpty)
    }
}
