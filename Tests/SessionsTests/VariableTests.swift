import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// What reads and assignments of variables mean.
@Suite struct VariableTests {
    @Test func valuesLiveAsLongAsTheSessionAndAreItsOwn() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let increment = v.assignAdd(1)
            let (first, second) = (Session(), Session())
            try first.initializeVariables()
            try second.initializeVariables()
            for _ in 0..<3 { try first.run(increment) }
            #expect(try first.run(v).scalar == 4)
            #expect(try second.run(v).scalar == 1)
            #expect(throws: SessionError.self) { try Session().run(v) }
        }
    }

    @Test func everyVariableWithoutAValueIsNamed() throws {
        try Graph().asDefault {
            let (a, b) = (Variable<Float>(1, name: "model/a"), Variable<Float>(2, name: "b"))
            let c = Variable<Float>(3, name: "c")
            let session = Session()
            try session.run(c.initializer)
            let error = #expect(throws: SessionError.self) { try session.run(a + b + c) }
            #expect(error?.kind == .uninitializedVariable)
            #expect(
                error?.description == """
                    variables "model/a", "b" have no value yet
                        hint: call session.initializeVariables() first
                    """)
            try session.run(a.initializer)
            #expect(
                #expect(throws: SessionError.self) { try session.run(a + b + c) }?.description
                    .hasPrefix("variable \"b\" has no value yet") == true)
        }
    }

    @Test func initialisersMayDependOnEachOther() throws {
        try Graph().asDefault {
            let a = Variable<Float>(2, name: "a")
            let b = Variable(a.initialValue * 10, name: "b")
            let session = Session()
            try session.initializeVariables()
            #expect(try session.run(b).scalar == 20)
        }
    }

    @Test func theInitializerOfAllVariablesIsANodeToo() throws {
        try Graph().asDefault {
            let a = Variable<Float>(2)
            let b = Variable<Int32>(3)
            let initializer = globalVariablesInitializer()
            let session = Session()
            try session.run(initializer)
            let (x, y) = try session.run(a, b)
            #expect(x.scalar == 2 && y.scalar == 3)
        }
    }

    @Test func localVariablesAreApartFromThoseOfTheModel() throws {
        let graph = Graph()
        try graph.asDefault {
            let w = Variable<Float>(.ones, shape: [2], name: "w")
            let count = Variable<Float>(.zeros, shape: [], local: true, name: "count")
            #expect(count.isLocal && !count.isTrainable && !w.isLocal)
            #expect(graph.variables.map(\.name) == ["w"])
            #expect(graph.localVariables.map(\.name) == ["count"])
            #expect(graph.trainableVariables.map(\.name) == ["w"])
            let global = globalVariablesInitializer()
            let local = localVariablesInitializer()
            let update = count.assignAdd(1)
            let session = Session()
            try session.run(global)
            #expect(throws: SessionError.self) { try session.run(count) }
            try session.run(local)
            for _ in 0..<3 { try session.run(update) }
            let counted = try session.run(count)
            #expect(counted.scalar == 3)
            try session.run(local)
            let fresh = try session.run(count)
            #expect(fresh.scalar == 0)
            // All at once, for both.
            let other = Session()
            try other.initializeVariables()
            let both = try other.run(count, w)
            #expect(both.0.scalar == 0 && both.1.scalars == [1, 1])
        }
    }

    @Test func readsSeeTheValueFromBeforeTheRun() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let before = v * 100
            let update = v.assign(v + 1)
            let after = v * 100
            let session = Session()
            try session.initializeVariables()
            // Whatever the order of fetching or of making the nodes.
            let (a, new, b, direct) = try session.run(before, update, after, v)
            #expect(a.scalar == 100 && new.scalar == 2 && b.scalar == 100 && direct.scalar == 1)
            #expect(try session.run(v).scalar == 2)
        }
    }

    @Test func readsThatDependOnAnAssignmentSeeItsValue() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let update = v.assign(v + 1)
            let (read, product, old) = withControlDependencies([update.node]) { (v.read(), v * 100, identity(v)) }
            let session = Session()
            try session.initializeVariables()
            let (a, b, c) = try session.run(read, product, old)
            #expect(a.scalar == 2 && b.scalar == 200 && c.scalar == 2)
            #expect(try session.run(v).scalar == 2)
        }
    }

    @Test func aReadThatDependsOnOneOfSeveralAssignmentsSeesThatOne() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let first = v.assign(constant(10))
            let second = v.assign(constant(20))
            let afterFirst = withControlDependencies([first.node]) { v.read() }
            let session = Session()
            try session.initializeVariables()
            let (seen, _) = try session.run(afterFirst, second)
            #expect(seen.scalar == 10)
            #expect(try session.run(v).scalar == 20)
        }
    }

    @Test func unorderedAssignmentsHappenInTheOrderOfTheirCreation() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let addTwo = v.assignAdd(2)
            let replace = v.assign(constant(100))
            let addThree = v.assignAdd(3)
            let session = Session()
            try session.initializeVariables()
            // Not in the order of fetching: (1 + 2) is replaced by 100, then 3 are added.
            let (third, second, first) = try session.run(addThree, replace, addTwo)
            #expect(third.scalar == 103 && second.scalar == 100 && first.scalar == 3)
            #expect(try session.run(v).scalar == 103)
        }
    }

    @Test func twoVariablesAreSwappedInOneRun() throws {
        try Graph().asDefault {
            let (a, b) = (Variable(NDArray([1, 2] as [Float])), Variable(NDArray([3, 4] as [Float])))
            let swap = group(a.assign(b), b.assign(a))
            let session = Session()
            try session.initializeVariables()
            for round in 0..<5 {
                let (x, y) = try session.run(a, b)
                #expect(x.scalars == (round.isMultiple(of: 2) ? [1, 2] : [3, 4]))
                #expect(y.scalars == (round.isMultiple(of: 2) ? [3, 4] : [1, 2]))
                try session.run(swap)
            }
        }
    }

    @Test func variablesThatShareAValueChangeApart() throws {
        try Graph().asDefault {
            let (a, b) = (Variable<Float>(.ones, shape: [3]), Variable<Float>(.zeros, shape: [3]))
            let copy = b.assign(a)
            let change = a.assign(a * 2)
            let session = Session()
            try session.initializeVariables()
            try session.run(copy)
            for _ in 0..<3 { try session.run(change) }
            let (x, y) = try session.run(a, b)
            #expect(x.scalars == [8, 8, 8] && y.scalars == [1, 1, 1])
        }
    }

    @Test func aFetchedValueDoesNotChangeWithTheVariable() throws {
        try Graph().asDefault {
            let v = Variable<Float>(.zeros, shape: [1000])
            let increment = v.assignAdd(ones([1000]))
            let session = Session()
            try session.initializeVariables()
            var seen: [NDArray<Float>] = []
            for _ in 0..<6 {
                seen.append(try session.run(v))
                try session.run(increment)
            }
            for (step, array) in seen.enumerated() {
                #expect(array.scalars == Array(repeating: Float(step), count: 1000))
            }
        }
    }

    @Test func aFedArrayIsNotChangedByAssigningItToAVariable() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [3])
            let v = Variable<Float>(.zeros, shape: [3])
            let set = v.assign(x)
            let increment = v.assignAdd(ones([3]))
            let session = Session()
            let array = NDArray([1, 2, 3] as [Float])
            try session.run(set, feeding: x.fed(array))
            for _ in 0..<4 { try session.run(increment) }
            #expect(array.scalars == [1, 2, 3])
            #expect(try session.run(v).scalars == [5, 6, 7])
        }
    }

    @Test func anArrayThatIsChangedAfterItWasFedDoesNotChangeTheVariable() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [3])
            let v = Variable<Float>(.zeros, shape: [3])
            let set = v.assign(x)
            let session = Session()
            var array = NDArray([1, 2, 3] as [Float])
            let (fetched, assigned) = try session.run(x, set, feeding: x.fed(array))
            array.withUnsafeMutableBufferPointer { $0[0] = 100 }
            #expect(try session.run(v).scalars == [1, 2, 3])
            #expect(fetched.scalars == [1, 2, 3] && assigned.scalars == [1, 2, 3])
        }
    }

    @Test func aTrainingRunReturnsTheLossFromBeforeItsUpdate() throws {
        try Graph().asDefault {
            let v = Variable<Float>(3, name: "v")
            let loss = v * v
            let train = v.assignSub(0.1 * gradients(of: loss, with: v)).node
            let late = v * v
            let session = Session()
            try session.initializeVariables()
            let (_, before, alsoBefore) = try session.run(train, loss, late)
            #expect(before.scalar == 9 && alsoBefore.scalar == 9)
            let after = try session.run(loss).scalar
            #expect(abs(after - 2.4 * 2.4) < 1e-5)
        }
    }

    @Test func fetchingAVariableInsideABlockOfDependenciesAddsNothing() throws {
        let graph = Graph()
        try graph.asDefault {
            let v = Variable<Float>(3, name: "v")
            let session = Session()
            try session.initializeVariables()
            let count = graph.nodeCount
            let value = try withControlDependencies([v.initializer]) { try session.run(v) }
            #expect(value.scalar == 3)
            #expect(graph.nodeCount == count)
        }
    }

    @Test func assignmentsOfEveryTypeAreKept() throws {
        try Graph().asDefault {
            let flag = Variable<Bool>(false)
            let number = Variable<Int64>(1 << 40)
            let byte = Variable(NDArray([1, 2] as [UInt8]))
            let double = Variable<Double>(.constant(0.1), shape: [2])
            let session = Session()
            try session.initializeVariables()
            try session.run(
                flag.assign(constant(true)), number.assignAdd(1), byte.assign(byte.tensor.reversed(axes: [0])))
            let (a, b, c, d) = try session.run(flag, number, byte, double)
            #expect(a.scalar && b.scalar == 1 << 40 + 1 && c.scalars == [2, 1] && d.scalars == [0.1, 0.1])
        }
    }

    @Test func nodesThatWaitForManyLaterOnesRunAfterThem() throws {
        // Every assignment waits for the next three, which were made later: the last one made happens first.
        let graph = Graph()
        try graph.asDefault {
            let v = Variable<Float>(0, name: "v")
            let count = 40
            let sets = (0..<count).map { index in v.assign(constant(Float(index)), name: "set\(index)") }
            let assignments = (0..<count).compactMap { graph.node(named: "set\($0)") }
            #expect(assignments.count == sets.count)
            for index in 0..<count {
                for next in (index + 1)..<(index + 4) where next < count {
                    assignments[index].addControlInput(assignments[next])
                }
            }
            let session = Session()
            try session.run(group(assignments))
            #expect(graph.diagnostics.isEmpty)
            #expect(try session.run(v).scalar == 0)
        }
    }
}
