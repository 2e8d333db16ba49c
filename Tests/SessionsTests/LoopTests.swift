import CAllocationCounter
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Loops as users write them: what they compute, what they see from around, what they do to variables, how they fail.
@Suite(.serialized) struct LoopTests {
    /// `x` doubled `n` times.
    private func doubled(_ x: Tensor<Float>, _ n: Tensor<Int32>) -> Tensor<Float> {
        let start: Tensor<Int32> = constant(0)
        let (_, result) = whileLoop(start, x) { i, _ in
            less(i, n)
        } body: { i, x in
            (i + 1, x + x)
        }
        return result
    }

    @Test func aLoopRunsWhileItsConditionHolds() throws {
        try Graph().asDefault { () throws in
            let n = placeholder(Int32.self, [])
            let result = doubled(constant([1, 3]), n)
            let session = Session()
            #expect(try session.run(result, feeding: n.fed(5)).scalars == [32, 96])
            #expect(try session.run(result, feeding: n.fed(0)).scalars == [1, 3])
            #expect(try session.run(result, feeding: n.fed(-7)).scalars == [1, 3])
            #expect(result.node.type == "StatelessWhile")
            #expect(result.shape == [2])
        }
    }

    @Test func loopsAndBranchesLieInsideEachOther() throws {
        try Graph().asDefault { () throws in
            let n = placeholder(Int32.self, [])
            let scale = placeholder(Float.self, [])
            // For i in 0..<n, for j in 0..<i: add i * scale where i + j is even, else subtract 1.
            let zero = constant(0) as Tensor<Int32>
            let (_, sum) = whileLoop(zero, constant(0) as Tensor<Float>) { i, _ in
                less(i, n)
            } body: { i, sum in
                let (_, inner) = whileLoop(zero, sum) { j, _ in
                    less(j, i)
                } body: { j, sum in
                    let change = cond(
                        equal((i + j) % 2, 0), then: { cast(i, to: Float.self) * scale }, else: { constant(-1) })
                    return (j + 1, sum + change)
                }
                return (i + 1, inner)
            }
            func expected(_ n: Int, _ scale: Float) -> Float {
                var sum: Float = 0
                for i in 0..<n { for j in 0..<i { sum += (i + j) % 2 == 0 ? Float(i) * scale : -1 } }
                return sum
            }
            let session = Session()
            for (n_, scale_) in [(0, 1), (1, 2), (5, 0.5), (9, -2)] as [(Int32, Float)] {
                let found = try session.run(sum, feeding: n.fed(n_), scale.fed(scale_))
                #expect(found.scalar == expected(Int(n_), scale_))
            }
        }
    }

    @Test func theNumberOfTurnsCanBeLimited() throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Float.self, [])
            let result = whileLoop(x, maximumIterations: 3) { _ in
                constant(true)
            } body: {
                $0 * 2
            }
            #expect(try Session().run(result, feeding: x.fed(1)).scalar == 8)
        }
    }

    // MARK: - Variables

    @Test func aLoopUpdatesVariablesTurnByTurn() throws {
        try Graph().asDefault { () throws in
            let n = placeholder(Int32.self, [])
            let v = Variable<Float>(1, name: "v")
            // Each turn sees what the one before left.
            let (_, seen) = whileLoop(constant(0) as Tensor<Int32>, constant(0) as Tensor<Float>) { i, _ in
                less(i, n)
            } body: {
                i, seen in
                let before = v.tensor
                v.assign(v * 3)
                return (i + 1, seen + before)
            }
            let after = withControlDependencies([seen.node]) { v.read() }
            let session = Session()
            try session.initializeVariables()
            #expect(seen.node.type == "While")
            let (sum, last, before) = try session.run(seen, after, v, feeding: n.fed(3))
            #expect(sum.scalar == 1 + 3 + 9)
            #expect(last.scalar == 27)
            #expect(before.scalar == 1)
            #expect(try session.run(v).scalar == 27)
            // Without a turn nothing changes.
            try session.run(seen, feeding: n.fed(0))
            #expect(try session.run(v).scalar == 27)
        }
    }

    @Test func aConditionThatUpdatesAVariableIsAMistake() throws {
        try Graph().asDefault { () throws in
            let v = Variable<Float>(1, name: "v")
            let result = whileLoop(constant(0) as Tensor<Float>) { x in
                less(v.assignAdd(1), x)
            } body: {
                $0 + 1
            }
            let session = Session()
            try session.initializeVariables()
            let error = #expect(throws: SessionError.self) { try session.run(result) }
            #expect(error?.description.contains("updates the variable") == true, "\(error?.description ?? "")")
        }
    }

    @Test func aVariableMadeInsideIsAMistake() throws {
        try Graph().asDefault { () throws in
            let result = whileLoop(constant(0) as Tensor<Float>) {
                less($0, 3)
            } body: { x in
                x + Variable<Float>(1, name: "inside")
            }
            let error = #expect(throws: SessionError.self) { try Session().run(result) }
            let text = error?.description ?? ""
            #expect(text.contains("\"inside\" is made inside function") && text.contains("hint"), "\(text)")
        }
    }

    // MARK: - Mistakes

    @Test func aValueThatChangesItsShapeIsAMistakeThatNamesBoth() throws {
        let graph = Graph()
        graph.asDefault {
            let x = constant([1, 2] as [Float])
            _ = whileLoop(x) {
                less($0.sum(), 9)
            } body: {
                concatenate([$0, x], axis: 0)
            }
        }
        let text = graph.diagnostics.map(\.description).joined()
        #expect(text.contains("carried value 0 has type float32[2] before a turn"), "\(text)")
        #expect(text.contains("float32[4] after it") && text.contains("LoopTests.swift"), "\(text)")
        // The same where shapes show only in the run.
        try Graph().asDefault { () throws in
            let x = placeholder(Float.self, [nil])
            let result = whileLoop(x) {
                less($0.sum(), 9)
            } body: {
                concatenate([$0, x], axis: 0)
            }
            let error = #expect(throws: SessionError.self) {
                try Session().run(result, feeding: x.fed(NDArray([1, 2, 3])))
            }
            let text = error?.description ?? ""
            #expect(text.contains("float32[3] before a turn") && text.contains("float32[6] after it"), "\(text)")
        }
    }

    @Test func aMistakeInsideIsReportedWithItsLine() {
        let graph = Graph()
        graph.asDefault {
            let x = constant([1, 2, 3] as [Float])
            let y = whileLoop(x) {
                less($0.sum(), 9)
            } body: {
                $0 + constant([1, 2] as [Float])
            }
            _ = y * 2
        }
        let text = graph.diagnostics.map(\.description).joined(separator: "\n")
        #expect(graph.diagnostics.count == 1, "\(text)")
        #expect(text.contains("[3] and [2] do not broadcast") && text.contains("while_body"), "\(text)")
    }

    @Test func aValueThatLeavesItsLoopIsAMistake() {
        let graph = Graph()
        graph.asDefault {
            var leaked: Tensor<Float>?
            let y = whileLoop(constant(1) as Tensor<Float>) {
                less($0, 9)
            } body: { x in
                leaked = x * 2
                return x + 1
            }
            if let leaked { _ = y + leaked }
        }
        #expect(graph.diagnostics.first?.description.contains("belongs to another graph") == true)
    }

    @Test func badDataInsideNameTheNodeAndTheLoop() throws {
        try Graph().asDefault { () throws in
            let n = placeholder(Int32.self, [])
            let result = whileLoop(constant(3) as Tensor<Int32>) {
                greater($0, -3)
            } body: { i in
                let quotient = n / i
                return i - 1 + quotient / 1000
            }
            let error = #expect(throws: SessionError.self) { try Session().run(result, feeding: n.fed(7)) }
            let text = error?.description ?? ""
            #expect(error?.kind == .data)
            #expect(text.contains("an integer was divided by zero, inside StatelessWhile \"while\""), "\(text)")
            #expect(text.contains("LoopTests.swift"), "\(text)")
        }
    }

    @Test func aRunThatFailsInALoopChangesNothing() throws {
        try Graph().asDefault { () throws in
            let v = Variable<Int32>(1, name: "v")
            let result = whileLoop(constant(3) as Tensor<Int32>) {
                greater($0, -3)
            } body: { i in
                v.assignAdd(i)
                return i - 1 + v * 0 / i
            }
            let session = Session()
            try session.initializeVariables()
            #expect(throws: SessionError.self) { try session.run(result) }
            #expect(try session.run(v).scalar == 1)
        }
    }

    @Test func anEndlessLoopStopsWhenItsTaskIsCancelled() async throws {
        let graph = Graph()
        let (x, result) = graph.asDefault {
            let x = placeholder(Float.self, [])
            return (
                x,
                whileLoop(x) {
                    greater($0, 0)
                } body: {
                    $0 + 0 * $0
                }
            )
        }
        let session = Session(graph: graph)
        let task = Task { try session.run(result, feeding: x.fed(1)) }
        task.cancel()
        var error: SessionError?
        do { _ = try await task.value } catch let thrown as SessionError { error = thrown }
        #expect(error?.kind == .cancelled)
        #expect(error?.description.contains("cancelled") == true)
        // The session goes on.
        #expect(try session.run(result, feeding: x.fed(-1)).scalar == -1)
    }

    @Test func tooMuchMemoryInsideIsRefused() throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Float.self, [nil, 1])
            let result = whileLoop(constant(0) as Tensor<Float>) {
                less($0, 3)
            } body: { sum in
                sum + Operations.tanh(matmul(x, x.transposed())).sum(axes: [0]).sum() + matmul(x, x.transposed())[0][0]
            }
            let rows = NDArray<Float>.zeros([1 << 21, 1])
            let error = #expect(throws: SessionError.self) { try Session().run(result, feeding: x.fed(rows)) }
            #expect(error?.kind == .outOfMemory, "\(error?.description ?? "")")
        }
    }

    // MARK: - Plans

    @Test(.enabled(if: allocation_counter_is_active(), "counted with glibc and without sanitizers only"))
    func aWarmRunOfALoopAllocatesNothing() throws {
        try Graph().asDefault { () throws in
            let n = placeholder(Int32.self, [])
            let v = Variable<Float>(.zeros, shape: [20], name: "v")
            let (_, x) = whileLoop(constant(0) as Tensor<Int32>, constant(Array(repeating: Float(1), count: 20))) {
                i, _ in
                less(i, n)
            } body: { i, x in
                let y = cond(equal(i % 2, 0), then: { x * 2 }, else: { x - 1 })
                v.assignAdd(y)
                return (i + 1, y + v)
            }
            let session = Session(options: SessionOptions(threads: 1))
            try session.initializeVariables()
            let node = x.node
            for turns in [0, 1, 50] as [Int32] {
                let turns = NDArray<Int32>(turns)
                func step() throws { try session.run(node, feeding: n.fed(turns)) }
                for _ in 0..<5 { try step() }
                let before = allocation_counter_calls()
                for _ in 0..<10 { try step() }
                #expect(allocation_counter_calls() - before == 0)
            }
        }
    }

    @Test func theNumberOfThreadsDoesNotChangeABit() throws {
        func result(threads: Int) throws -> [NDArray<Float>] {
            try Graph().asDefault {
                Graph.default.seed = 4
                let x = randomNormal([200, 200]) as Tensor<Float>
                let n = placeholder(Int32.self, [])
                let (_, y, sum) = whileLoop(constant(0) as Tensor<Int32>, x, constant(0) as Tensor<Float>) {
                    i, _, _ in
                    less(i, n)
                } body: { i, y, sum in
                    let next = Operations.tanh(matmul(y, x) * 0.1)
                    return (i + 1, next, sum + next.sum())
                }
                let session = Session(options: SessionOptions(threads: threads))
                let (a, b) = try session.run(y, sum, feeding: n.fed(4))
                return [a, b]
            }
        }
        let one = try result(threads: 1)
        #expect(one[0].scalars.allSatisfy { $0.isFinite })
        #expect(try result(threads: 2) == one)
        #expect(try result(threads: 3) == one)
    }

    @Test func thePlanShowsWhatIsInside() throws {
        try Graph().asDefault { () throws in
            let n = placeholder(Int32.self, [])
            let text = try Session().describePlan(doubled(constant([1, 3]), n), feeding: n.fed(5))
            #expect(
                text.contains("stablehlo.while") && text.contains(": while") && text.contains("program 1:"), "\(text)")
        }
    }

    @Test func runsOfOneLoopAtTheSameTimeDoNotMeet() async throws {
        let graph = Graph()
        let (n, result) = graph.asDefault {
            let n = placeholder(Int32.self, [])
            return (n, doubled(constant([1, 3]), n))
        }
        let session = Session(graph: graph)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for turns in 0..<Int32(40) {
                group.addTask {
                    let found = try session.run(result, feeding: n.fed(turns % 20))
                    return found.scalars == [Float(1 << (turns % 20)), Float(3 << (turns % 20))]
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
