// Variables whose new values are written over their old ones: nobody can tell, but for the memory.

import Graphs
import Operations
import Sessions
import Tensors
import Testing

@Suite struct OverwrittenVariableTests {
    /// Where a variable's value lies.
    private func address(of variable: Variable<Float>, _ session: Session) throws -> UInt {
        let value = try #require(try session.value(of: variable))
        return value.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    }

    @Test func aValueThatNobodyHoldsStaysWhereItIs() throws {
        try Graph().asDefault {
            let w = Variable<Float>(.zeros, shape: [100, 100], name: "w")
            let step = w.assignAdd(ones([100, 100]))
            let session = Session()
            try session.initializeVariables()
            let first = try address(of: w, session)
            for _ in 0..<5 {
                try session.run(group(step))
                #expect(try address(of: w, session) == first)
            }
            #expect(try session.run(w).scalars == Array(repeating: 5, count: 10_000))
            #expect(try session.describePlan(group(step)).contains("is written over argument 0"))
        }
    }

    @Test func aValueThatSomebodyHoldsStaysAsItIs() throws {
        try Graph().asDefault {
            let w = Variable<Float>(.zeros, shape: [100], name: "w")
            let step = group(w.assignAdd(ones([100])))
            let session = Session()
            try session.initializeVariables()
            var held: [NDArray<Float>] = []
            for _ in 0..<4 {
                held.append(try session.run(w))
                try session.run(step)
                try session.run(step)
            }
            for (index, value) in held.enumerated() {
                #expect(value.scalars == Array(repeating: Float(2 * index), count: 100))
            }
            #expect(try session.run(w).scalars == Array(repeating: 8, count: 100))
        }
    }

    @Test func anArrayThatWasGivenToAVariableStaysAsItIs() throws {
        try Graph().asDefault {
            let w = Variable<Float>(.zeros, shape: [3], name: "w")
            let step = group(w.assignAdd(ones([3])))
            let session = Session()
            let given = NDArray<Float>([1, 2, 3])
            try session.setValues([(AnyVariable(w), AnyArray(given))])
            try session.run(step)
            #expect(given.scalars == [1, 2, 3])
            #expect(try session.run(w).scalars == [2, 3, 4])
        }
    }

    @Test func theLossOfAStepIsThatBeforeIt() throws {
        try Graph().asDefault {
            let w = Variable<Float>(NDArray([1, 2, 3]), name: "w")
            let loss = (w * w).sum()
            let step = group(w.assignSub(0.5 * w))
            let session = Session()
            try session.initializeVariables()
            for expected in [14, 3.5, 0.875] as [Float] {
                #expect(try session.run(loss, step).0.scalar == expected)
            }
            let (old, _) = try session.run(w, step)
            #expect(old.scalars == [0.125, 0.25, 0.375])
            #expect(try session.run(w).scalars == [0.0625, 0.125, 0.1875])
        }
    }

    /// Kernels that fail come after some updates and before others.
    @Test func aRunThatFailsAmidItsUpdatesChangesNothing() throws {
        try Graph().asDefault {
            let indices = placeholder(Int32.self, [2])
            let (a, b) = (
                Variable<Float>(.zeros, shape: [50], name: "a"), Variable<Float>(.zeros, shape: [50], name: "b")
            )
            let first = a.assignAdd(ones([50]))
            let second = b.assignAdd(gather(first, indices).sum() * ones([50]))
            let third = a.assignAdd(ones([50]))
            let update = group(first, second, third)
            let session = Session()
            try session.initializeVariables()
            try session.run(update, feeding: indices.fed(NDArray([0, 1])))
            for _ in 0..<3 {
                #expect(throws: SessionError.self) {
                    try session.run(update, feeding: indices.fed(NDArray([0, 50])))
                }
                let (x, y) = try session.run(a, b)
                #expect(x.scalars == Array(repeating: 2, count: 50) && y.scalars == Array(repeating: 2, count: 50))
            }
        }
    }

    /// Readers hold values for a while, so that runs write over them, beside them, and wait, as it comes.
    @Test func readersAndTrainersOfManyTasksSeeWholeSteps() async throws {
        let graph = Graph()
        let count = 20_000
        let (a, b, update) = graph.asDefault {
            let a = Variable<Float>(.zeros, shape: [count], name: "a")
            let b = Variable<Float>(.zeros, shape: [count], name: "b")
            return (a, b, group(a.assignAdd(ones([count])), b.assignSub(ones([count]))))
        }
        let session = Session(graph: graph)
        try session.initializeVariables()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { for _ in 0..<400 { try session.run(update) } } }
            for reader in 0..<3 {
                group.addTask {
                    var held: [NDArray<Float>] = []
                    for turn in 0..<200 {
                        let (x, y): (NDArray<Float>, NDArray<Float>)
                        if reader == 0 {
                            let values = try session.values(of: [AnyVariable(a), AnyVariable(b)])
                            guard case .elements(let first)? = values[0]?.content,
                                case .elements(let second)? = values[1]?.content
                            else { return }
                            (x, y) = (NDArray(untyped: first), NDArray(untyped: second))
                        } else {
                            (x, y) = try session.run(a, b)
                        }
                        let first = x.scalar
                        #expect(x.scalars.allSatisfy { $0 == first } && y.scalars.allSatisfy { $0 == -first })
                        if turn % 3 == 0 { held.append(x) }
                        if held.count > 3 { held.removeFirst() }
                        for value in held {
                            let scalars = value.scalars
                            #expect(scalars.allSatisfy { $0 == scalars[0] })
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try session.run(a).scalars.allSatisfy { $0 == 800 })
    }

    /// A reader comes through although a training writes over the value again and again.
    @Test func aReaderIsServedBeforeTheNextStepWritesOver() async throws {
        let graph = Graph()
        let (w, update) = graph.asDefault {
            let w = Variable<Float>(.zeros, shape: [400_000], name: "w")
            return (w, group(w.assignAdd(ones([400_000]))))
        }
        let session = Session(graph: graph)
        try session.initializeVariables()
        let trainer = Task {
            while !Task.isCancelled { try session.run(update) }
        }
        var last: Float = -1
        for _ in 0..<50 {
            let value = try session.run(w).scalar
            #expect(value >= last)
            last = value
        }
        trainer.cancel()
        try await trainer.value
    }
}
