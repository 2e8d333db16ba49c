import Graphs
import Operations
import Tensors
import Testing

/// Tensors, variables and nodes print as TensorFlow's do.
@Suite struct PrintingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let shape: Shape
        let expected: String
        var testDescription: String { expected }
    }

    @Test(arguments: [
        Case(shape: [nil, 10], expected: "(?, 10)"), Case(shape: [], expected: "()"),
        Case(shape: [5], expected: "(5,)"),
        Case(shape: [nil], expected: "(?,)"), Case(shape: [0, 3], expected: "(0, 3)"),
        Case(shape: .unknown, expected: "<unknown>"), Case(shape: .unknown(rank: 2), expected: "(?, ?)"),
    ])
    func shapesPrintWithQuestionMarksForWhatIsUnknown(_ sample: Case) {
        Graph().asDefault {
            let x = placeholder(Float.self, sample.shape)
            #expect("\(x * x)" == "Tensor(\"Mul:0\", shape=\(sample.expected), dtype=float32)")
        }
    }

    @Test func theDtypeIsNamedAsInTensorFlow() {
        Graph().asDefault {
            #expect("\(constant(7))" == "Tensor(\"Const:0\", shape=(), dtype=int32)")
            #expect("\(constant([1.5, 2.5]))" == "Tensor(\"Const_1:0\", shape=(2,), dtype=float64)")
            #expect("\(equal(constant(1), constant(2)))" == "Tensor(\"Equal:0\", shape=(), dtype=bool)")
        }
    }

    @Test func whatBothOperandsKnowIsKnownOfTheResult() {
        Graph().asDefault {
            let x = placeholder(Float.self, [nil, 784])
            let w = Variable<Float>(.zeros, shape: [784, 10])
            let b = Variable<Float>(.zeros, shape: [10])
            #expect((matmul(x, w) + b).shape == [nil, 10])
            #expect((x + placeholder(Float.self, [3, 784])).shape == [3, 784])
            #expect((x + placeholder(Float.self)).shape == .unknown)
            #expect(x.sum(axis: 0).shape == [784])
            #expect(x.sum(axis: 1, keepDimensions: true).shape == [nil, 1])
        }
    }

    @Test func variablesAndNodesPrint() {
        Graph().asDefault {
            let w = Variable<Float>(.zeros, shape: [2, 3], name: "w")
            #expect("\(w)" == "Variable(\"w:0\", shape=(2, 3), dtype=float32)")
            #expect("\(noOp(name: "nothing"))" == "Node(\"nothing\", op=NoOp)")
        }
    }
}
