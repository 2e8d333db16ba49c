import Tensors
import Testing

@Suite struct ShapeTests {
    @Test func unknownDimensionsArePrintedAsQuestionMarks() {
        let shape: Shape = [nil, 784]
        #expect(shape.description == "[?, 784]")
        #expect(shape.tupleDescription == "(?, 784)")
        #expect(Shape([5]).tupleDescription == "(5,)")
        #expect(Shape.scalar.tupleDescription == "()")
        #expect(Shape.unknown.description == "<unknown>")
        #expect(Shape.scalar.description == "[]")
        #expect(Shape.unknown(rank: 2) == [nil, nil])
        #expect(TensorType(.int64, [nil, 2]).description == "int64[?, 2]")
    }

    @Test func negativeDimensionsStandForUnknownOnes() {
        #expect(Shape([-1, 3]) == [nil, 3])
        #expect(Shape([Int?.some(-7), 3]) == [nil, 3])
        #expect(Shape.unknown(rank: -3) == .scalar)
    }

    @Test func whatIsKnownIsTold() {
        let shape: Shape = [nil, 784]
        #expect(shape.rank == 2)
        #expect(Shape.unknown.rank == nil)
        #expect(!shape.isFullyKnown)
        #expect(shape.known == nil)
        #expect(Shape([2, 3]).known == [2, 3])
        #expect(Shape([2, 3]).count == 6)
        #expect(shape.count == nil)
        #expect(Shape.unknown.dimensions == nil)
        #expect(Shape.scalar.count == 1)
    }

    @Test func dimensionsAreCountedFromBothEnds() {
        let shape: Shape = [nil, 784]
        #expect(shape[1] == 784)
        #expect(shape[-1] == 784)
        #expect(shape[0] == nil)
        #expect(shape[2] == nil)
        #expect(shape[-3] == nil)
        #expect(shape[.min] == nil)
        #expect(Shape.unknown[0] == nil)
    }

    /// Two shapes and what they say together; nil where they contradict each other.
    static let pairs: [(Shape, Shape, Shape?)] = [
        ([nil, 3], [2, nil], [2, 3]), ([nil, 3], .unknown, [nil, 3]), ([2, 3], [2, 4], .none), ([2], [2, 1], .none),
        (.unknown, .unknown, Shape.unknown), ([0], [nil], [0]),
    ]

    @Test(arguments: pairs)
    func shapesThatAgreeAreMerged(left: Shape, right: Shape, merged: Shape?) {
        #expect(left.merged(with: right) == merged)
        #expect(right.merged(with: left) == merged)
        #expect(left.isCompatible(with: right) == (merged != nil))
    }

    @Test func arraysAreAcceptedByTheKnownDimensions() {
        let shape: Shape = [nil, 784]
        #expect(shape.accepts([0, 784]))
        #expect(!shape.accepts([784]))
        #expect(!shape.accepts([1, 783]))
        #expect(Shape.unknown.accepts([1, 2, 3]))
        #expect(Shape.scalar.accepts([]))
    }

    @Test func countsThatOverflowAreNil() {
        #expect(elementCount([]) == 1)
        #expect(elementCount([2, 0, 3]) == 0)
        #expect(elementCount([-1, 0]) == nil)
        #expect(elementCount([.max, 2]) == nil)
        #expect(elementCount([.max, 2, 0]) == 0)
        #expect(elementCount([0, .max, .max]) == 0)
        #expect(Shape([1 << 40, 1 << 40]).count == nil)
    }

    @Test func stridesAreRowMajor() {
        #expect(denseStrides([2, 3, 4]) == [12, 4, 1])
        #expect(denseStrides([]) == [])
        #expect(denseStrides([0, .max, .max]).count == 3)
    }
}
