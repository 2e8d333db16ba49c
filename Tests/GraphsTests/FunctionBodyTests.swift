import Graphs
import Operations
import Tensors
import Testing

/// Functions as such: what they know of themselves, and the limits that keep hostile ones from harm.
@Suite struct FunctionBodyTests {
    private let number = TensorType(.float32, .scalar)

    /// x → what `build` makes of it.
    private func function(_ name: String, _ build: (Value) -> Value) throws -> FunctionBody {
        let graph = Graph()
        let x = graph.addArgument(number)
        return try FunctionBody(name: name, graph: graph, arguments: [x], results: [graph.asDefault { build(x) }])
    }

    private func call(_ body: FunctionBody, _ x: Value) -> Value {
        x.graph.addOne(FunctionCall(body, isStateful: false), [x])
    }

    @Test func callsMayNotBeNestedWithoutEnd() throws {
        var inner = try function("f0") { $0 }
        for depth in 1..<FunctionBody.depthLimit { inner = try function("f\(depth)") { call(inner, $0) } }
        #expect(inner.depth == FunctionBody.depthLimit)
        let error = #expect(throws: Mistake.self) { try function("last") { call(inner, $0) } }
        #expect(error?.message.contains("more than 32 deep, down to \"last\"") == true, "\(error?.message ?? "")")
    }

    @Test func callsThatGrowLikePowersAreRefused() throws {
        var inner = try function("f0") { $0 }
        let error = #expect(throws: Mistake.self) {
            for depth in 1..<30 {
                inner = try function("f\(depth)") { x in (0..<4).reduce(x) { x, _ in call(inner, x) } }
            }
        }
        #expect(error?.message.contains("stands for more than") == true, "\(error?.message ?? "")")
    }

    @Test func aValueOfAnotherGraphIsNoResult() throws {
        let other = Graph().addArgument(number)
        let error = #expect(throws: Mistake.self) { try function("f") { _ in other } }
        #expect(error?.message.contains("is not part of function \"f\"") == true)
    }

    @Test func mistakesInsideAreThoseOfTheFunction() {
        let error = #expect(throws: Mistake.self) {
            try function("f") { x in
                (constant([1, 2] as [Float]) + constant([1, 2, 3] as [Float])).value
            }
        }
        #expect(error?.message.contains("inside \"f\"") == true && error?.message.contains("do not broadcast") == true)
    }

    @Test func typesOfResultsFollowThoseOfTheArguments() throws {
        let graph = Graph()
        let x = graph.addArgument(TensorType(.float32, .unknown))
        let y = graph.asDefault { (Tensor<Float>(x) * 2).sum(axes: [0]).value }
        let body = try FunctionBody(name: "f", graph: graph, arguments: [x], results: [y, x])
        #expect(body.results.map(\.shape) == [.unknown, .unknown])
        let types = try body.resultTypes(for: [TensorType(.float32, [2, 3])])
        #expect(types.map(\.shape) == [[3], [2, 3]])
        #expect(body.argument(ofResult: 0) == nil && body.argument(ofResult: 1) == 0)
        let error = #expect(throws: Mistake.self) { try body.resultTypes(for: [TensorType(.float32, [])]) }
        #expect(error?.message.contains("inside \"f\", Sum") == true, "\(error?.message ?? "")")
    }

    @Test func argumentsThatDoNotFitAreAMistake() throws {
        let body = try function("f") { $0 }
        let graph = Graph()
        graph.asDefault {
            _ = call(body, constant([1, 2] as [Float]).value)
            _ = graph.addOne(FunctionCall(body, isStateful: false), [])
            _ = call(body, (constant(1) as Tensor<Int32>).value)
        }
        let text = graph.diagnostics.map(\.description)
        #expect(text.count == 3)
        #expect(text[0].contains("argument 0 of function \"f\" has type float32[], but is given float32[2]"))
        #expect(text[1].contains("takes 1 arguments, but is given 0"))
        #expect(text[2].contains("is given int32[]"))
    }

    @Test func handlesAreFollowedThroughWhatPassesThemOn() throws {
        let graph = Graph()
        let handle = graph.addArgument(TensorType(.resource, .scalar), variableType: number)
        let other = graph.addArgument(TensorType(.resource, .scalar), variableType: number)
        let passed = graph.addOne(PassThrough(.identity, .resource), [handle])
        let value = graph.asDefault { (constant(1) as Tensor<Float>).value }
        _ = graph.addNode(AssignVariable(.add, type: number), [passed, value])
        let body = try FunctionBody(name: "f", graph: graph, arguments: [handle, other], results: [passed])
        #expect(body.updatedHandles == [0] && body.usedHandles == [0])
        #expect(body.argument(ofResult: 0) == 0 && body.effects.count == 1)
    }
}
