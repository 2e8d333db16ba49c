import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Random numbers inside branches and loops.
@Suite struct RandomLoopTests {
    /// Ten numbers, one drawn in each turn.
    private func draws(seed: Int?, operationSeed: Int? = nil, runs: Int = 1, threads: Int? = nil) throws -> [[Float]] {
        let graph = Graph()
        graph.seed = seed
        let rows: Tensor<Float> = graph.asDefault {
            let (_, rows) = whileLoop(constant(0), zeros([10]) as Tensor<Float>) { i, _ in
                less(i, 10)
            } body: { i, rows in
                (i + 1, rows.updating(row: i, to: randomUniform([], seed: operationSeed)))
            }
            return rows
        }
        let session = Session(graph: graph, options: SessionOptions(threads: threads))
        return try (0..<runs).map { _ in try session.run(rows).scalars }
    }

    @Test func eachTurnAndEachRunDrawsOthers() throws {
        let found = try draws(seed: nil, runs: 3).flatMap { $0 }
        #expect(Set(found).count == 30)
        #expect(found.allSatisfy { $0 >= 0 && $0 < 1 })
    }

    @Test func theSameSeedGivesTheSameNumbers() throws {
        let one = try draws(seed: 7, runs: 2, threads: 1)
        #expect(try draws(seed: 7, runs: 2, threads: 2) == one)
        #expect(try draws(seed: 8, runs: 2) != one)
        #expect(try draws(seed: 7, operationSeed: 5, runs: 2) != one)
        #expect(try draws(seed: 7, operationSeed: 5) == draws(seed: 7, operationSeed: 5))
        #expect(one[0] != one[1])
    }

    @Test func loopsInsideLoopsDrawOthersInEachTurn() throws {
        let graph = Graph()
        graph.seed = 1
        let rows: Tensor<Float> = graph.asDefault {
            let (_, rows) = whileLoop(constant(0), zeros([4, 4]) as Tensor<Float>) { i, _ in
                less(i, 4)
            } body: { i, rows in
                let (_, row) = whileLoop(constant(0), zeros([4]) as Tensor<Float>) { j, _ in
                    less(j, 4)
                } body: { j, row in
                    (
                        j + 1,
                        row.updating(row: j, to: cond(less(j, 9), then: { randomUniform([]) }, else: { constant(0) }))
                    )
                }
                return (i + 1, rows.updating(row: i, to: row))
            }
            return rows
        }
        let found = try Session(graph: graph).run(rows).scalars
        #expect(Set(found).count == 16 && !found.contains(0))
    }

    @Test func conditionsDrawToo() throws {
        let graph = Graph()
        graph.seed = 3
        let turns: Tensor<Int32> = graph.asDefault {
            whileLoop(constant(0), maximumIterations: 1000) { _ in
                less(randomUniform([]) as Tensor<Float>, 0.9)
            } body: {
                $0 + 1
            }
        }
        let session = Session(graph: graph)
        let found = try (0..<20).map { _ in try session.run(turns).scalar }
        #expect(Set(found).count > 3)
        #expect(found.allSatisfy { $0 < 1000 })
    }

    /// The gradient of a product with kept elements must see the elements that the forward turns kept.
    @Test func gradientsSeeTheDrawsOfTheirTurns() throws {
        let graph = Graph()
        graph.seed = 11
        try graph.asDefault { () throws in
            let x = placeholder(Double.self, [64])
            let (_, y, masks) = whileLoop(constant(0), x, zeros([5, 64]) as Tensor<Double>) { i, _, _ in
                less(i, 5)
            } body: { i, h, masks in
                let mask = dropout(ones([64]) as Tensor<Double>, keepProbability: 0.9)
                let noise: Tensor<Double> = randomNormal([64], standardDeviation: 0.1)
                return (i + 1, h * h * mask + noise * h, masks.updating(row: i, to: mask * h * 2 + noise))
            }
            let g = gradients(of: y.sum(), with: x)
            let numbers = (0..<64).map { Double($0) / 64 }
            let session = Session()
            for _ in 0..<2 {
                let (found, derivatives) = try session.run(g, masks, feeding: x.fed(NDArray(numbers)))
                for column in 0..<64 {
                    let product = (0..<5).reduce(1.0) { $0 * derivatives.scalars[$1 * 64 + column] }
                    #expect(abs(found.scalars[column] - product) <= 1e-12 * max(1, abs(product)))
                }
                #expect(Set(derivatives.scalars).count > 200)
            }
        }
    }

    @Test func branchesDrawAndTheirGradientsSeeIt() throws {
        let graph = Graph()
        graph.seed = 2
        try graph.asDefault { () throws in
            let x = placeholder(Float.self, [100])
            let y = cond(greater(x.sum(), 0), then: { dropout(x, keepProbability: 0.5) }, else: { x })
            let g = gradients(of: y.sum(), with: x)
            let session = Session()
            let ones = NDArray([Float](repeating: 1, count: 100))
            var seen: [[Float]] = []
            for _ in 0..<3 {
                let (value, slope) = try session.run(y, g, feeding: x.fed(ones))
                #expect(value.scalars == slope.scalars)
                #expect(Set(value.scalars) == [0, 2])
                seen.append(value.scalars)
            }
            #expect(Set(seen).count == 3)
        }
    }
}
