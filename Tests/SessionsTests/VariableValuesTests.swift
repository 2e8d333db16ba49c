import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// The values of variables from outside of runs.
@Suite struct VariableValuesTests {
    private func model() throws -> (session: Session, w: Variable<Float>, n: Variable<Int64>) {
        let graph = Graph()
        return try graph.asDefault {
            let w = Variable<Float>(NDArray([1, 2]), name: "w")
            let n = Variable<Int64>(7, name: "n")
            let session = Session(graph: graph)
            try session.run(w.initializer)
            return (session, w, n)
        }
    }

    @Test func variablesWithAValueAreGivenByName() throws {
        let (session, w, n) = try model()
        #expect(try session.variableValues() == ["w": AnyArray(NDArray<Float>([1, 2]))])
        #expect(try session.value(of: w) == NDArray([1, 2]))
        #expect(try session.value(of: n) == nil)
    }

    @Test func valuesAreSetByNameAndUnusedNamesTold() throws {
        let (session, w, n) = try model()
        let unused = try session.setVariableValues([
            "w": AnyArray(NDArray<Float>([3, 4])), "n": AnyArray(NDArray<Int64>(8)), "z": AnyArray(NDArray<Float>(0)),
        ])
        #expect(unused == ["z"])
        #expect(try session.run(w) == NDArray([3, 4]))
        #expect(try session.run(n).scalar == 8)
    }

    @Test func aValueOfAnotherTypeOrShapeChangesNothing() throws {
        let (session, w, _) = try model()
        for bad in [AnyArray(NDArray<Float>([1, 2, 3])), AnyArray(NDArray<Double>([1, 2])), AnyArray(strings: ["a"])] {
            let values = ["n": AnyArray(NDArray<Int64>(8)), "w": bad]
            #expect(throws: SessionError.self) { try session.setVariableValues(values) }
        }
        #expect(try session.variableValues() == ["w": AnyArray(NDArray<Float>([1, 2]))])
        let foreign = try model().w
        #expect(throws: SessionError.self) { try session.value(of: foreign) }
        #expect(try session.run(w) == NDArray([1, 2]))
    }

    @Test func aValueThatWasHandedOutStaysAsItIs() throws {
        let (session, w, _) = try model()
        let before = try #require(try session.value(of: w))
        let update = session.graph.asDefault { w.assignAdd(w) }
        for _ in 0..<3 { try session.run(update) }
        #expect(before == NDArray([1, 2]))
        #expect(try session.value(of: w) == NDArray([8, 16]))
    }
}
