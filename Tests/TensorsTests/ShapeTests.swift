import Tensors
import Testing

@Suite struct ShapeTests {
    @Test func unknownDimensionsArePrintedAsQuestionMarks() {
        let shape: Shape = [nil, 784]
        #expect(shape.description == "[?, 784]")
        #expect(shape.tupleDescription == "(?, 784)")
        #expect(Shape([5]).tupleDescription == "(5,)")
        #expect(Shape.unknown.description == "<unknown>")
        #expect(Shape.scalar.description == "[]")
    }
}
