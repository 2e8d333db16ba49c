import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Gradients of loops, compared with those of the same turns written one after the other.
@Suite struct LoopGradientTests {
    /// A recurrence of `turns` steps as a loop and unrolled: the values and the gradients of both.
    private func compare(
        turns: Int, limit: Int, sourceLocation: SourceLocation = #_sourceLocation,
        step: @escaping (Tensor<Double>, Tensor<Double>, Tensor<Double>) -> Tensor<Double>
    ) throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Double.self, [6, 2, 3])
            let w = Variable(try NDArray<Double>(shape: [3, 3], [0.5, -0.25, 0.125, 1, 0.75, -0.5, 0.25, 0.5, -1]))
            let start = placeholder(Double.self, [2, 3])
            let count = placeholder(Int32.self, [])
            let (_, looped) = whileLoop(constant(0), start, maximumIterations: limit) { i, _ in
                less(i, count)
            } body: { i, h in
                (i + 1, step(gather(x, i), h, w.read()))
            }
            var unrolled = start
            for i in 0..<turns { unrolled = step(gather(x, constant(Int32(i))), unrolled, w.read()) }
            let session = Session()
            try session.run(w.initializer)
            let numbers = (0..<36).map { Double($0 * 7 % 11) / 11 - 0.4 }
            var results: [[[Double]]] = []
            for last in [looped, unrolled] {
                let loss = (last * last).sum()
                let (gx, gh) = gradients(of: loss, with: x, start, unconnected: .zero)
                let gw = gradients(of: loss, with: w, unconnected: .zero)
                results.append(
                    try [last, gx, gh, gw].map { fetch in
                        try session.run(
                            fetch, feeding: x.fed(try NDArray(shape: [6, 2, 3], numbers)),
                            start.fed(try NDArray(shape: [2, 3], Array(numbers.prefix(6)))), count.fed(Int32(turns))
                        ).scalars
                    })
            }
            for (one, other) in zip(results[0], results[1]) {
                for (a, b) in zip(one, other) {
                    #expect(abs(a - b) <= 1e-12 * max(1, abs(b)), sourceLocation: sourceLocation)
                }
                #expect(one.count == other.count, sourceLocation: sourceLocation)
            }
        }
    }

    @Test(arguments: [0, 1, 4, 6])
    func gradientsAreThoseOfTheTurnsUnrolled(turns: Int) throws {
        try compare(turns: turns, limit: 6) { x, h, w in tanh(matmul(h, w) + x) }
        try compare(turns: turns, limit: 6) { x, h, w in h * sigmoid(x) + matmul(x, w) * h }
    }

    @Test func branchesInsideLoopsHaveGradients() throws {
        try compare(turns: 5, limit: 6) { x, h, w in
            cond(less(h.sum(), x.sum()), then: { matmul(h, w) * x }, else: { tanh(h - x) })
        }
    }

    @Test func loopsInsideLoopsHaveGradients() throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Double.self, [])
            // x to the power of 2 · 3, twice nested.
            let (_, y) = whileLoop(constant(0), x * 0 + 1) { i, _ in
                less(i, 2)
            } body: { i, y in
                let (_, z) = whileLoop(constant(0), y) { j, _ in
                    less(j, 3)
                } body: { j, z in
                    (j + 1, z * x)
                }
                return (i + 1, z)
            }
            let first = gradients(of: y, with: x)
            let second = gradients(of: first, with: x)
            let session = Session()
            #expect(try session.run(y, feeding: x.fed(1.5)).scalar == 11.390625)
            #expect(abs(try session.run(first, feeding: x.fed(1.5)).scalar - 6 * 7.59375) < 1e-12)
            #expect(abs(try session.run(second, feeding: x.fed(1.5)).scalar - 30 * 5.0625) < 1e-12)
        }
    }

    @Test func rowsWrittenInLoopsHaveGradients() throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Double.self, [4])
            let rows: Tensor<Double> = zeros([4])
            let (_, sum, all) = whileLoop(constant(0), constant(0 as Double), rows) { i, _, _ in
                less(i, 4)
            } body: { i, sum, all in
                let next = sum + gather(x, i) * gather(x, i)
                return (i + 1, next, all.updating(row: i, to: next))
            }
            let g = gradients(of: (all * all).sum() + sum * 0, with: x)
            let session = Session()
            let values: [Double] = [1, -2, 0.5, 3]
            var (running, total): ([Double], Double) = ([], 0)
            for value in values {
                total += value * value
                running.append(total)
            }
            #expect(try session.run(all, feeding: x.fed(NDArray(values))).scalars == running)
            let expected = (0..<4).map { k in 2 * values[k] * (k..<4).reduce(0) { $0 + 2 * running[$1] } }
            for (found, right) in zip(try session.run(g, feeding: x.fed(NDArray(values))).scalars, expected) {
                #expect(abs(found - right) < 1e-10)
            }
        }
    }
}
