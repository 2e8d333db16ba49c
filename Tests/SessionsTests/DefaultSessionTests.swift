import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// What runs where no session is named.
@Suite(.serialized) struct DefaultSessionTests {
    @Test func theDefaultSessionEvaluatesTensorsAndRunsNodes() throws {
        let graph = Graph()
        let session = Session(graph: graph)
        try session.asDefault {
            #expect(Session.default === session)
            #expect(Graph.default === graph)
            let x = placeholder(Float.self, [nil])
            let total = Variable<Float>(0, name: "total")
            let add = total.assignAdd(x.sum())
            try total.initializer.run()
            try add.node.run(feeding: x.fed(NDArray([1, 2, 3])))
            try group([add.node]).run(feeding: x.fed(NDArray([4])))
            let value = try total.eval()
            #expect(value.scalar == 10)
            let product = try (x * 2).eval(feeding: x.fed(NDArray([1, 2])))
            #expect(product.scalars == [2, 4])
        }
    }

    @Test func theInnermostSessionCountsAndANamedOneBeforeAll() throws {
        let graph = Graph()
        let v = Variable<Int32>(0, name: "v", in: graph)
        let (outer, inner) = (Session(graph: graph), Session(graph: graph))
        for session in [outer, inner] { try session.initializeVariables() }
        try outer.asDefault {
            try inner.asDefault {
                try v.assignAdd(1).node.run()
                try v.assignAdd(5).node.run(session: outer)
                let value = try v.eval()
                #expect(value.scalar == 1)
            }
            let value = try v.eval()
            #expect(value.scalar == 5)
        }
    }

    @Test func anInteractiveSessionIsTheDefaultUntilItIsClosed() throws {
        let graph = Graph()
        let x = constant([1, 2, 3] as [Float], in: graph)
        let first = InteractiveSession(graph: graph)
        let second = InteractiveSession(graph: graph)
        defer { for session in [first, second] { session.close() } }
        #expect(Session.default === second.session)
        let sum = try x.sum().eval()
        #expect(sum.scalar == 6)
        second.close()
        #expect(Session.default === first.session)
        first.close()
        let error = #expect(throws: SessionError.self) { try x.eval() }
        #expect(error?.kind == .noDefaultSession)
        #expect(
            error?.description
                == """
                there is no default session to run "Const:0" in
                    hint: run it inside session.asDefault { }, name a session, or make an InteractiveSession first
                """)
    }
}
