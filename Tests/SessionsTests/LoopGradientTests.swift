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

    /// How often a loop turns that goes through the rows of something is known when it is fed.
    @Test func loopsOverRowsOfUnknownNumberHaveGradients() throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Double.self, [nil, 3])
            let w = Variable(try NDArray<Double>(shape: [3, 3], [0.5, -0.25, 0.125, 1, 0.75, -0.5, 0.25, 0.5, -1]))
            let rows = shape(of: x)[0]
            let (_, last) = whileLoop(constant(0), zeros([3]) as Tensor<Double>) { i, _ in
                less(i, rows)
            } body: { i, h in
                (i + 1, tanh(matmul(h.reshaped([1, 3]), w.read()).reshaped([3]) + gather(x, i)))
            }
            let states = scan(x, initial: zeros([3]) as Tensor<Double>) { h, row in
                tanh(matmul(h.reshaped([1, 3]), w.read()).reshaped([3]) + row)
            }
            let mapped = mapFn(x) { row in ensureShape(exp(row) * row.sum(), [3]) }
            let loss = (last * last).sum() + (states * states * mapped).sum()
            let (gx, gw) = (gradients(of: loss, with: x), gradients(of: loss, with: w))
            let ggx = gradients(of: (gx * gx).sum(), with: x)
            let session = Session()
            try session.run(w.initializer)
            for count in [4, 1, 6, 0] {
                let numbers = (0..<3 * count).map { Double($0 * 7 % 11) / 11 - 0.4 }
                let known = constant(try NDArray(shape: [count, 3], numbers))
                var (h, all) = (zeros([3]) as Tensor<Double>, [Tensor<Double>]())
                for i in 0..<count {
                    h = tanh(matmul(h.reshaped([1, 3]), w.read()).reshaped([3]) + known[i])
                    all.append(h * h * (exp(known[i]) * known[i].sum()))
                }
                let expected = all.reduce((h * h).sum()) { $0 + $1.sum() }
                let ex = gradients(of: expected, with: known, unconnected: .zero)
                let ew = gradients(of: expected, with: w, unconnected: .zero)
                let eex = gradients(of: (ex * ex).sum(), with: known, unconnected: .zero)
                let fed = x.fed(try NDArray(shape: [count, 3], numbers))
                for (one, other) in [(loss, expected), (gx, ex), (gw, ew), (ggx, eex)] {
                    let (found, wanted) = (try session.run(one, feeding: fed), try session.run(other))
                    #expect(found.shape == wanted.shape)
                    for (a, b) in zip(found.scalars, wanted.scalars) {
                        #expect(abs(a - b) <= 1e-11 * max(1, abs(b)), "\(count) rows")
                    }
                }
            }
        }
    }

    /// The states that the loop keeps anyway are what its gradient needs: it does not run a second time.
    @Test func aLoopThatKeepsItsStatesRunsOnce() throws {
        for length in [5, nil] {
            try Graph().asDefault { () throws in
                let x = placeholder(Float.self, [nil, length, 3])
                let kernel = Variable<Float>(.ones, shape: [3, 4])
                let recurrent = Variable<Float>(.ones, shape: [4, 4])
                let found = simpleRNN(x, kernel: kernel.tensor, recurrentKernel: recurrent.tensor)
                _ = gradients(of: found.last.sum(), with: kernel.tensor, recurrent.tensor)
                try Graph.default.requireSound()
                #expect(Graph.default.nodes.filter { $0.type == "StatelessWhile" }.count == 2)
            }
        }
    }

    @Test func cellsPassThroughSequencesOfAnyLength() throws {
        try Graph().asDefault { () throws in
            let any = placeholder(Float.self, [nil, nil, 3])
            let cell = BasicLSTMCell<Float>(4)
            let lengths = placeholder(Int32.self, [nil])
            let found = dynamicRNN(cell, any, sequenceLengths: lengths)
            let gradient = gradients(of: found.outputs.sum(), with: any)
            let session = Session()
            for steps in [5, 2] {
                let x = NDArray<Float>(randomNormal: [2, steps, 3], standardDeviation: 1, seed: UInt64(steps))
                let known = constant(x)
                let expected = dynamicRNN(
                    cell, known, sequenceLengths: constant([Int32(steps), 1]), name: "known\(steps)")
                let other = gradients(of: expected.outputs.sum(), with: known)
                try session.initializeVariables()
                let feeds = [
                    AnyTensor(any).fed(AnyArray(x)),
                    AnyTensor(lengths).fed(AnyArray(NDArray([Int32(steps), 1]))),
                ]
                for (one, two) in [(found.outputs, expected.outputs), (gradient, other)] {
                    let here = try session.run(one, feeding: feeds)
                    let there = try session.run(two)
                    #expect(here.shape == there.shape)
                    #expect(zip(here.scalars, there.scalars).allSatisfy { abs($0 - $1) < 1e-6 })
                }
            }
        }
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
