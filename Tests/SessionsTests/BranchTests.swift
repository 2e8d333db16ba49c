import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Branches as users write them: what they compute, what they see from around, their gradients, how they fail.
@Suite struct BranchTests {
    @Test func onlyTheBranchThatIsSelectedRuns() throws {
        try Graph().asDefault { () throws in
            let (a, b) = (placeholder(Int32.self, []), placeholder(Int32.self, []))
            let quotient = cond(notEqual(b, 0), then: { a / b }, else: { constant(-1) })
            let session = Session()
            #expect(try session.run(quotient, feeding: a.fed(7), b.fed(2)).scalar == 3)
            // The division by zero of the other branch is never computed.
            #expect(try session.run(quotient, feeding: a.fed(7), b.fed(0)).scalar == -1)
            #expect(quotient.node.type == "StatelessIf")
        }
    }

    @Test func branchesHaveSeveralResults() throws {
        try Graph().asDefault { () throws in
            let (a, b) = (placeholder(Float.self, []), placeholder(Float.self, []))
            let (low, high) = cond(less(a, b), then: { (a, b) }, else: { (b, a) })
            let session = Session()
            for (x, y) in [(1, 2), (5, -3)] as [(Float, Float)] {
                let (l, h) = try session.run(low, high, feeding: a.fed(x), b.fed(y))
                #expect(l.scalar == min(x, y) && h.scalar == max(x, y))
            }
        }
    }

    @Test func aNumberSelectsAmongBranches() throws {
        try Graph().asDefault { () throws in
            let index = placeholder(Int32.self, [])
            let x = constant([1, 2, 3] as [Float])
            let y = switchCase(index, branches: [{ x }, { x * 10 }, { x * 100 }])
            let session = Session()
            for (number, factor) in [(0, 1), (1, 10), (2, 100), (3, 100), (-1, 100)] as [(Int32, Float)] {
                #expect(try session.run(y, feeding: index.fed(number)).scalars == [factor, 2 * factor, 3 * factor])
            }
        }
    }

    @Test func shapesMayDifferWhereThePredicateIsKnown() throws {
        try Graph().asDefault { () throws in
            let x = constant([1, 2, 3] as [Float])
            func choice(_ predicate: Tensor<Bool>) -> Tensor<Float> {
                cond(predicate, then: { x }, else: { concatenate([x, x], axis: 0) })
            }
            let session = Session()
            #expect(try session.run(choice(constant(false))).count == 6)
            #expect(try session.run(choice(constant(true))).count == 3)
            let predicate = placeholder(Bool.self, [])
            let unknown = choice(predicate)
            #expect(unknown.shape == [nil])
            let error = #expect(throws: SessionError.self) {
                try session.run(unknown, feeding: predicate.fed(true))
            }
            let text = error?.description ?? ""
            #expect(text.contains("output 0 different types: \"cond_true"), "\(text)")
            #expect(text.contains("float32[3]") && text.contains("float32[6]"), "\(text)")
        }
    }

    @Test func constantsFromAroundStayConstants() throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Float.self, [nil, nil])
            let predicate = placeholder(Bool.self, [])
            let graph = Graph.default
            // A shape that is an argument of the function, constant outside.
            let body = Graph()
            let arguments = [
                body.addArgument(TensorType(.float32, .unknown)), body.addArgument(TensorType(.int32, .unknown)),
            ]
            let result = makeValue(Reshape(dtype: .float32), arguments)
            let function = try FunctionBody(name: "f", graph: body, arguments: arguments, results: [result])
            let shape = constant([3, 2] as [Int32])
            let y = graph.addOne(
                Conditional(.ifStateless, branches: [function, function]), [predicate.value, x.value, shape.value])
            #expect(y.shape == [3, 2])
            let matrix = try NDArray<Float>([[1, 2, 3], [4, 5, 6]])
            let found = try Session().run(Tensor<Float>(y), feeding: predicate.fed(true), x.fed(matrix))
            #expect(found.shape == [3, 2] && found.scalars == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func onlyTheBranchThatRunsUpdatesItsVariable() throws {
        try Graph().asDefault { () throws in
            let predicate = placeholder(Bool.self, [])
            let (a, b) = (Variable<Float>(1, name: "a"), Variable<Float>(10, name: "b"))
            let result = cond(predicate, then: { a.assignAdd(1) }, else: { b.assign(b * 2 + a) })
            let (firstA, firstB) = (a.firstReadForTests, b.firstReadForTests)
            let session = Session()
            try session.initializeVariables()
            #expect(result.node.type == "If")
            let (value, before) = try session.run(result, firstA, feeding: predicate.fed(true))
            #expect(value.scalar == 2 && before.scalar == 1)
            try session.run(result, feeding: predicate.fed(false))
            #expect(try session.run(firstA).scalar == 2)
            #expect(try session.run(firstB).scalar == 22)
        }
    }

    // MARK: - Gradients

    @Test func gradientsOfABranchReachVariablesAndValuesFromAround() throws {
        try Graph().asDefault { () throws in
            let predicate = placeholder(Bool.self, [])
            let x = placeholder(Float.self, [2])
            let w = Variable<Float>(NDArray([3, 4]), name: "w")
            let loss = cond(predicate, then: { (w * x * x).sum() }, else: { x.sum() * 5 })
            let (gx, gw) = gradients(of: loss, with: x, w)
            let session = Session()
            try session.initializeVariables()
            let input = x.fed(NDArray([1, 2]))
            let (dx, dw) = try session.run(gx, gw, feeding: predicate.fed(true), input)
            #expect(dx.scalars == [6, 16] && dw.scalars == [1, 4])
            let (ex, ew) = try session.run(gx, gw, feeding: predicate.fed(false), input)
            #expect(ex.scalars == [5, 5] && ew.scalars == [0, 0])
        }
    }

    @Test func trainingRunsInsideALoop() throws {
        func losses(inside: Bool) throws -> Float {
            try Graph().asDefault {
                let w = Variable<Float>(NDArray([1, -1]), name: "w")
                let x = constant([0.5, 2] as [Float])
                let steps = placeholder(Int32.self, [])
                func step() -> Tensor<Float> {
                    let error = w * x - 1
                    return w.assignSub(0.1 * gradients(of: (error * error).sum(), with: w))
                }
                let session = Session()
                if inside {
                    let start: Tensor<Int32> = constant(0)
                    let count = whileLoop(start) {
                        less($0, steps)
                    } body: { i in
                        _ = step()
                        return i + 1
                    }
                    try session.initializeVariables()
                    try session.run(count, feeding: steps.fed(6))
                } else {
                    let update = step()
                    try session.initializeVariables()
                    for _ in 0..<6 { try session.run(update) }
                }
                return try session.run(w).scalars.reduce(0, +)
            }
        }
        #expect(try losses(inside: true) == losses(inside: false))
    }

    @Test func gradientsOfLoopsWithoutBoundSayWhatToDo() {
        let graph = Graph()
        graph.asDefault {
            let x = placeholder(Float.self, [])
            let y = whileLoop(x) {
                less($0, 9)
            } body: {
                $0 * 2
            }
            _ = gradients(of: y, with: x)
        }
        let text = graph.diagnostics.map(\.description).joined()
        #expect(
            text.contains(
                "the gradient of a loop needs to know how many turns there are at most; give maximumIterations"),
            "\(text)")
    }

    // MARK: - Mistakes

    @Test func noBranchesAreAMistake() {
        let graph = Graph()
        graph.asDefault { _ = switchCase(constant(0), branches: [() -> Tensor<Float>]()) }
        #expect(graph.diagnostics.first?.description.contains("has no branches") == true)
    }

    @Test func aDecisionThatIsNoSingleValueIsAMistake() {
        let graph = Graph()
        graph.asDefault {
            let x = constant(1 as Float)
            _ = cond(constant([true, false]), then: { x }, else: { x })
            _ = switchCase(constant([0, 1] as [Int32]), branches: [{ x }, { x }])
            // Such a loop would never end.
            _ = whileLoop(constant([1, 2] as [Float]), condition: { less($0, 100) }, body: { $0 + 1 })
        }
        #expect(
            graph.diagnostics.map(\.message) == [
                "what decides has shape [2], but must be a single value",
                "what decides has shape [2], but must be a single value",
                "the condition has shape [2], but must be a single value",
            ])
    }

    @Test(arguments: [-1, 1 << 31, .max]) func turnsThatCannotBeCountedAreAMistake(_ count: Int) {
        let graph = Graph()
        graph.asDefault { _ = forLoop(count, constant(1 as Float)) { _, x in x } }
        #expect(graph.diagnostics.map(\.message) == ["there cannot be \(count) turns"])
    }

    @Test func badDataInABranchNameItsNode() throws {
        try Graph().asDefault { () throws in
            let (index, predicate) = (placeholder(Int32.self, [1]), placeholder(Bool.self, []))
            let x = constant([1, 2, 3] as [Float])
            let y = cond(
                predicate, name: "outer", then: { gather(x, index, name: "inner") },
                else: { constant([0] as [Float]) })
            let error = #expect(throws: SessionError.self) {
                try Session().run(y, feeding: index.fed(NDArray([7])), predicate.fed(true))
            }
            let text = error?.description ?? ""
            #expect(text.contains("\"inner\"") && text.contains("index 7 is out of range"), "\(text)")
            #expect(text.contains("inside StatelessIf \"outer\""), "\(text)")
        }
    }
}

extension Variable {
    /// Its value from before the run.
    fileprivate var firstReadForTests: Tensor<Scalar> { Tensor(firstRead) }
}
