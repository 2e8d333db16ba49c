import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// A session is used by many tasks at once.
@Suite struct ConcurrencyTests {
    @Test func incrementsOfManyTasksAreAllCounted() async throws {
        let graph = Graph()
        let (counter, increment) = graph.asDefault {
            let counter = Variable<Int64>(0, name: "counter")
            return (counter, counter.assignAdd(1))
        }
        let session = Session(graph: graph)
        try session.initializeVariables()
        let seen = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<8 {
                group.addTask { try (0..<1_000).map { _ in try session.run(increment).scalar } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(try session.run(counter).scalar == 8_000)
        // Every run saw a value of its own.
        #expect(Set(seen).count == 8_000)
    }

    /// Each makes a plan, of which the session keeps one.
    @Test func tasksThatAskForTheSameAtOnceAllGetIt() async throws {
        let graph = Graph()
        let sum = graph.asDefault { (constant([1, 2, 3] as [Float]) * 2).sum() }
        for _ in 0..<100 {
            let session = Session(graph: graph)
            let sums = try await withThrowingTaskGroup(of: Float.self) { group in
                for _ in 0..<4 { group.addTask { try session.run(sum).scalar } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sums == [12, 12, 12, 12])
        }
    }

    @Test func readersSeeAllOfAnUpdateOrNothingOfIt() async throws {
        let graph = Graph()
        let (a, b, update) = graph.asDefault {
            let a = Variable<Float>(.zeros, shape: [64], name: "a")
            let b = Variable<Float>(.zeros, shape: [64], name: "b")
            return (a, b, group(a.assignAdd(ones([64])), b.assignSub(ones([64]))))
        }
        let session = Session(graph: graph)
        try session.initializeVariables()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { for _ in 0..<300 { try session.run(update) } } }
            for _ in 0..<5 {
                group.addTask {
                    for _ in 0..<300 {
                        let (x, y) = try session.run(a, b)
                        let first = x.scalar
                        #expect(x.scalars == Array(repeating: first, count: 64))
                        #expect(y.scalars == Array(repeating: -first, count: 64))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try session.run(a).scalar == 900)
    }

    @Test func runsOfDifferentShapesDoNotDisturbEachOther() async throws {
        let graph = Graph()
        let (x, y) = graph.asDefault {
            let x = placeholder(Float.self, [nil, 40])
            let w = constant(NDArray<Float>(randomIntegersIn: -3..<4, shape: [40, 30], seed: 1))
            return (x, matmul(x, w).sum(axis: 1))
        }
        let session = Session(graph: graph, options: SessionOptions(threads: 2))
        let inputs = (1...8).map { NDArray<Float>(randomIntegersIn: -5..<6, shape: [$0 * 30, 40], seed: UInt64($0)) }
        let expected = try inputs.map { try session.run(y, feeding: x.fed($0)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<50 {
                        let index = (task + step) % 8
                        let result = try session.run(y, feeding: x.fed(inputs[index]))
                        #expect(result == expected[index])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func failuresOfSomeRunsDoNotDisturbTheOthers() async throws {
        let graph = Graph()
        let (divisor, counter, update) = graph.asDefault {
            let divisor = placeholder(Int32.self, [])
            let counter = Variable<Int32>(0, name: "counter")
            return (divisor, counter, counter.assignAdd(constant(1) / divisor))
        }
        let session = Session(graph: graph)
        try session.initializeVariables()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        if task.isMultiple(of: 2) {
                            _ = try? session.run(update, feeding: divisor.fed(1))
                        } else {
                            #expect(throws: SessionError.self) { try session.run(update, feeding: divisor.fed(0)) }
                        }
                    }
                }
            }
        }
        #expect(try session.run(counter).scalar == 400)
    }

    @Test func aGraphMayGrowWhileItRuns() async throws {
        let graph = Graph()
        let v = Variable<Float>(0, name: "v", in: graph)
        let session = Session(graph: graph)
        try session.initializeVariables()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for step in 0..<5 {
                        let sum = graph.asDefault { v + Float(task * 10 + step) }
                        let value = try session.run(sum).scalar
                        #expect(value == Float(task * 10 + step))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func manySessionsShareTheThreads() async throws {
        let graph = Graph()
        let (x, y) = graph.asDefault {
            let x = placeholder(Float.self, [100, 100])
            return (x, tanh(matmul(x, x)).sum())
        }
        let input = NDArray<Float>(randomNormal: [100, 100], seed: 1)
        let expected = try Session(graph: graph, options: SessionOptions(threads: 1)).run(y, feeding: x.fed(input))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let session = Session(graph: graph)
                    for _ in 0..<20 {
                        let result = try session.run(y, feeding: x.fed(input))
                        #expect(result == expected)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
