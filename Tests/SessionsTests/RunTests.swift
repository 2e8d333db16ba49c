import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// What is fetched and fed, and what of the graph a run computes.
@Suite struct RunTests {
    @Test func aRunReturnsTheValueOfATensor() throws {
        try Graph().asDefault {
            let a = constant([1, 2, 3] as [Float])
            let sum = try Session().run((a * a).sum())
            #expect(sum.scalar == 14)
        }
    }

    @Test func whatIsNotNeededDoesNoHarm() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [2], name: "x")
            let v = Variable<Float>(.zeros, shape: [2])
            _ = x / v
            let y = constant([4, 5] as [Float])
            let session = Session()
            // Neither the placeholder nor the variable has a value.
            let sum = try session.run(y + 1)
            #expect(sum.scalars == [5, 6])
            // A failing operation that is not asked for does not fail.
            let zero = constant(0)
            _ = constant(1) / placeholder(withDefault: zero)
            #expect(try session.run(y).scalars == [4, 5])
        }
    }

    @Test func anyTensorCanBeFed() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [2], name: "x")
            let y = x * 2
            let z = y + 1
            let session = Session()
            #expect(try session.run(z, feeding: x.fed(NDArray([1, 2]))).scalars == [3, 5])
            // What is fed is not computed, nor what only it needs.
            #expect(try session.run(z, feeding: y.fed(NDArray([10, 20]))).scalars == [11, 21])
            let (_, fed) = try session.run(z, y, feeding: y.fed(NDArray([1, 1])))
            #expect(fed.scalars == [1, 1])
        }
    }

    @Test func aConstantAndAReadVariableCanBeFed() throws {
        try Graph().asDefault {
            let c = constant([1, 2] as [Float])
            let v = Variable<Float>(.zeros, shape: [2], name: "v")
            let sum = c + v
            let session = Session()
            let fed = try session.run(sum, feeding: c.fed(NDArray([5, 6])), v.tensor.fed(NDArray([10, 20])))
            #expect(fed.scalars == [15, 26])
        }
    }

    @Test func aFedTensorCanBeFetchedItself() throws {
        try Graph().asDefault {
            let x = placeholder(Int32.self, [nil])
            let array = NDArray([1, 2, 3] as [Int32])
            let fetched = try Session().run(x, feeding: x.fed(array))
            #expect(fetched == array)
        }
    }

    @Test func aPlaceholderWithADefaultNeedsNoFeed() throws {
        try Graph().asDefault {
            let rate = placeholder(withDefault: constant(0.5 as Float))
            let y = rate * 4
            let session = Session()
            let (byDefault, fed) = (try session.run(y), try session.run(y, feeding: rate.fed(2)))
            #expect(byDefault.scalar == 2 && fed.scalar == 8)
        }
    }

    @Test func duplicatesConstantsPlaceholdersVariablesAndListsAreFetched() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [2])
            let c = constant([7, 8] as [Float])
            let v = Variable<Float>(5, name: "v")
            let y = x + c
            let session = Session()
            try session.initializeVariables()
            let array = NDArray([1, 2] as [Float])
            let (first, again, fed, number, list, nothing, _) = try session.run(
                y, y, x, v, [c, y, c], [] as [Tensor<Float>], noOp(), feeding: x.fed(array))
            #expect(first.scalars == [8, 10])
            #expect(again == first && fed == array && number.scalar == 5)
            #expect(list.map(\.scalars) == [[7, 8], [8, 10], [7, 8]])
            #expect(nothing.isEmpty)
        }
    }

    @Test func listsOfNodesAndOfVariablesAreFetched() throws {
        try Graph().asDefault {
            let variables = [Variable<Float>(1), Variable<Float>(2)]
            let session = Session()
            try session.run(variables.map(\.initializer))
            #expect(try session.run(variables).map(\.scalar) == [1, 2])
        }
    }

    @Test func arraysOfEveryShapeFitAnUnknownOne() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self)
            let y = x * 2
            let session = Session()
            for shape in [[], [3], [2, 3], [0], [2, 0, 3]] {
                let array = NDArray<Float>.ones(shape)
                let result = try session.run(y, feeding: x.fed(array))
                #expect(result.shape == shape)
                #expect(result.scalars == Array(repeating: 2, count: array.count))
            }
        }
    }

    @Test func arraysWithoutElementsGoThroughAWholeStep() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [nil, 3])
            let w = Variable<Float>(.ones, shape: [3, 2], name: "w")
            let loss = matmul(x, w).sum()
            let update = w.assignSub(gradients(of: loss, with: w))
            let session = Session()
            try session.initializeVariables()
            let (value, _) = try session.run(loss, update, feeding: x.fed(.zeros([0, 3])))
            #expect(value.scalar == 0)
            #expect(try session.run(w).scalars == Array(repeating: 1, count: 6))
            #expect(try session.run(matmul(x, w), feeding: x.fed(.zeros([0, 3]))).shape == [0, 2])
        }
    }

    @Test func aVariableWithoutElementsIsAVariable() throws {
        try Graph().asDefault {
            let v = Variable<Float>(.zeros, shape: [0, 4])
            let update = v.assign(v + 1)
            let session = Session()
            try session.initializeVariables()
            try session.run(update)
            #expect(try session.run(v).shape == [0, 4])
        }
    }

    @Test func aFunctionRunsWithArraysInItsOrder() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [nil])
            let y = placeholder(Float.self, [nil])
            let session = Session()
            let difference = try session.function(inputs: x, y, outputs: x - y, (x * y).sum())
            let (values, product) = try difference(NDArray([5, 7]), NDArray([1, 2]))
            #expect(values.scalars == [4, 5] && product.scalar == 19)
            let constants = try session.function(outputs: constant(3))
            #expect(try constants().scalar == 3)
        }
    }

    @Test func aFunctionOfAGraphWithMistakesIsRefusedAtOnce() {
        Graph().asDefault {
            let x = placeholder(Float.self, [2])
            let wrong = x + zeros([3])
            #expect(throws: GraphError.self) { _ = try Session().function(inputs: x, outputs: wrong) }
        }
    }

    @Test func aChangedCopyOfAFetchedArrayChangesNothingElse() throws {
        try Graph().asDefault {
            let c = constant([1, 2] as [Float])
            let v = Variable(c, name: "v")
            let session = Session()
            try session.initializeVariables()
            var (first, second, third) = try session.run(c, c, v)
            first.withUnsafeMutableBufferPointer { $0[0] = 100 }
            third.withUnsafeMutableBufferPointer { $0[0] = 300 }
            #expect(second.scalars == [1, 2])
            #expect(try session.run(c).scalars == [1, 2])
            #expect(try session.run(v).scalars == [1, 2])
            second = first
            #expect(second.scalars == [100, 2])
        }
    }

    @Test func aGraphMayGrowBetweenRuns() throws {
        try Graph().asDefault {
            let x = constant(2 as Float)
            let session = Session()
            let before = try session.run(x)
            let after = try session.run(x * 3)
            #expect(before.scalar == 2 && after.scalar == 6)
        }
    }

    @Test func aDeepChainRuns() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [4])
            var y = x
            for _ in 0..<2_000 { y = y + x }
            let result = try Session().run(y, feeding: x.fed(.ones([4])))
            #expect(result.scalars == [2001, 2001, 2001, 2001])
        }
    }
}
