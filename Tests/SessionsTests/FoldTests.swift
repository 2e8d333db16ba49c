import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Maps, folds and scans.
@Suite struct FoldTests {
    private let five: [Float] = [1, 2, 3, 4, 5]

    @Test func foldsGoFromOneEndToTheOther() throws {
        try Graph().asDefault { () throws in
            let x = constant(five)
            let session = Session()
            #expect(try session.run(foldl(x) { $0 * 2 + $1 }).scalar == 57)
            #expect(try session.run(foldr(x) { $0 * 2 + $1 }).scalar == 129)
            #expect(try session.run(foldl(x, initial: constant(10 as Float)) { $0 - $1 }).scalar == -5)
            let dot = foldl(x, constant(five), initial: constant(0 as Float)) { sum, a, b in sum + a * b }
            #expect(try session.run(dot).scalar == 55)
        }
    }

    @Test func scansKeepEveryState() throws {
        try Graph().asDefault { () throws in
            let x = constant(five)
            let session = Session()
            #expect(try session.run(scan(x) { $0 + $1 }).scalars == [1, 3, 6, 10, 15])
            #expect(try session.run(scan(x, reverse: true) { $0 + $1 }).scalars == [15, 14, 12, 9, 5])
            #expect(
                try session.run(scan(x, initial: constant(1 as Float)) { $0 * $1 }).scalars == [1, 2, 6, 24, 120])
            #expect(
                try session.run(scan(x, initial: constant(1 as Float), reverse: true) { $0 * $1 }).scalars
                    == [120, 120, 60, 20, 5])
            let pairs = scan(x, constant([1, 0, 1, 0, 1]), initial: constant([0, 1])) { pair, _, step in
                stack([pair[1], pair[0] + pair[1] * step])
            }
            #expect(try session.run(pairs).scalars == [1, 1, 1, 1, 1, 2, 2, 1, 1, 3])
        }
    }

    @Test func mapsTakeAndGiveSeveralTensors() throws {
        try Graph().asDefault { () throws in
            let x = constant(try NDArray<Float>(shape: [3, 2], [1, 2, 3, 4, 5, 6]))
            let session = Session()
            #expect(try session.run(mapFn(x) { $0.sum() }).scalars == [3, 7, 11])
            let (sums, flags) = mapFn(x, constant([1, 0, 2])) { row, number in
                (row * row, greater(number, 0))
            }
            #expect(try session.run(sums).scalars == [1, 4, 9, 16, 25, 36])
            #expect(try session.run(flags).scalars == [true, false, true])
            // As many rows as are fed.
            let fed = placeholder(Float.self, [nil])
            let squares = mapFn(fed) { $0 * $0 }
            #expect(try session.run(squares, feeding: fed.fed(NDArray([3, 4]))).scalars == [9, 16])
            #expect(try session.run(squares, feeding: fed.fed(NDArray<Float>(shape: [0], []))).scalars == [])
        }
    }

    @Test func theyHaveGradients() throws {
        try Graph().asDefault { () throws in
            let x = constant([1, 2, 3] as [Double])
            let session = Session()
            let products = scan(x) { $0 * $1 }
            #expect(try session.run(gradients(of: products.sum(), with: x)).scalars == [9, 4, 2])
            let backwards = scan(x, reverse: true) { $0 * $1 }
            #expect(try session.run(gradients(of: backwards.sum(), with: x)).scalars == [6, 6, 5])
            #expect(try session.run(gradients(of: foldr(x) { $0 * $1 }, with: x)).scalars == [6, 3, 2])
            let factor = constant(3 as Double)
            let mapped = mapFn(x) { $0 * $0 * factor }.sum()
            #expect(try session.run(gradients(of: mapped, with: x)).scalars == [6, 12, 18])
            #expect(try session.run(gradients(of: mapped, with: factor)).scalar == 14)
            let (_, looped) = forLoop(3, constant(0), x) { i, count, x in (count + i, x * x) }
            #expect(try session.run(gradients(of: looped.sum(), with: x)).scalars == [8, 8 * 128, 8 * 2187])
        }
    }

    @Test func randomNumbersInsideMapsDifferFromRowToRow() throws {
        let graph = Graph()
        graph.seed = 4
        try graph.asDefault { () throws in
            let x: Tensor<Float> = zeros([20])
            let noise = mapFn(x) { $0 + randomUniform([]) }
            #expect(Set(try Session().run(noise).scalars).count == 20)
        }
    }

    @Test func wrongInputIsAMistakeThatNamesIt() throws {
        func text(_ build: () -> Void) -> String {
            let graph = Graph()
            graph.asDefault { build() }
            return graph.diagnostics.first?.description ?? "no mistake"
        }
        let scalar = text { _ = mapFn(constant(1 as Float)) { $0 } }
        #expect(scalar.contains("map_fn") && scalar.contains("tensor 0 has rank 0"), "\(scalar)")
        let lengths = text {
            _ = mapFn(constant([1, 2] as [Float]), constant([1, 2, 3] as [Float])) { x, y in x + y }
        }
        #expect(lengths.contains("different numbers of rows: [2], [3]"), "\(lengths)")
        let unknown = text {
            let x = placeholder(Float.self, [2, nil])
            _ = mapFn(x) { $0 * 2 }
        }
        #expect(unknown.contains("known shape") && unknown.contains("[?]"), "\(unknown)")
        let inside = text {
            _ = mapFn(ones([2, 3]) as Tensor<Float>) {
                $0 + constant([1, 2] as [Float])
            }
        }
        #expect(inside.contains("inside") && inside.contains("[3]") && inside.contains("[2]"), "\(inside)")
        let changing = text {
            _ = foldl(constant([1, 2] as [Float]), initial: constant(1 as Float)) { state, row in
                state + constant([1, 2] as [Float])
            }
        }
        #expect(changing.contains("carried value") && changing.contains("shape"), "\(changing)")
        let negative = text { _ = forLoop(-1, constant(1)) { _, x in x } }
        #expect(negative.contains("-1 turns"), "\(negative)")
    }
}
