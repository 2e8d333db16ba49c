import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// A run that throws changes nothing.
@Suite struct AtomicityTests {
    @Test(arguments: [false, true])
    func aDivisionByZeroLeavesTheVariablesAsTheyWere(failsLast: Bool) throws {
        try Graph().asDefault {
            let divisor = placeholder(Int32.self, [], name: "divisor")
            let v = Variable<Float>(.zeros, shape: [3], name: "v")
            let w = Variable<Int32>(7, name: "w")
            let early = v.assignAdd(ones([3]))
            let quotient = w / divisor
            let late = w.assign(quotient)
            let other = v.assignAdd(ones([3]))
            let update = failsLast ? group(early, late) : group(late, other)
            let session = Session()
            try session.initializeVariables()
            try session.run(update, feeding: divisor.fed(1))
            let error = #expect(throws: SessionError.self) { try session.run(update, feeding: divisor.fed(0)) }
            #expect(error?.kind == .data)
            #expect(error?.description.contains("an integer was divided by zero") == true)
            let (x, y) = try session.run(v, w)
            #expect(x.scalars == [1, 1, 1] && y.scalar == 7)
            // And the session goes on.
            try session.run(update, feeding: divisor.fed(2))
            let (a, b) = try session.run(v, w)
            #expect(a.scalars == [2, 2, 2] && b.scalar == 3)
        }
    }

    @Test func anIndexOutOfRangeLeavesTheVariablesAsTheyWere() throws {
        try Graph().asDefault {
            let index = placeholder(Int32.self, [nil])
            let table = constant([10, 20, 30] as [Float])
            let v = Variable<Float>(1, name: "v")
            let update = v.assignAdd(gather(table, index).sum())
            let session = Session()
            try session.initializeVariables()
            for wrong in [3, -1, .max] as [Int32] {
                let error = #expect(throws: SessionError.self) {
                    try session.run(update, feeding: index.fed(NDArray([0, wrong])))
                }
                #expect(error?.description.contains("index \(wrong) is out of range, the range is 0..<3") == true)
            }
            #expect(try session.run(v).scalar == 1)
            #expect(try session.run(update, feeding: index.fed(NDArray([0, 2]))).scalar == 41)
        }
    }

    @Test func aRunThatThrowsDrawsNoRandomNumbers() throws {
        func numbers(failing: Bool) throws -> [[Float]] {
            try Graph().asDefault {
                Graph.default.seed = 5
                let divisor = placeholder(Int32.self, [])
                let random = randomUniform([4]) as Tensor<Float>
                let quotient = constant(1) / divisor
                let session = Session()
                var drawn: [[Float]] = []
                for _ in 0..<3 {
                    if failing {
                        #expect(throws: SessionError.self) {
                            try session.run(random, quotient, feeding: divisor.fed(0))
                        }
                    }
                    drawn.append(try session.run(random).scalars)
                }
                return drawn
            }
        }
        let undisturbed = try numbers(failing: false)
        #expect(Set(undisturbed).count == 3)
        #expect(try numbers(failing: true) == undisturbed)
    }

    @Test func aFailureFreesNoMemoryThatOthersHold() throws {
        try Graph().asDefault {
            let divisor = placeholder(Int32.self, [])
            let v = Variable<Int32>(.ones, shape: [100])
            let update = v.assign(v * 2 / divisor)
            let session = Session()
            try session.initializeVariables()
            var held: [NDArray<Int32>] = []
            for step in 0..<12 {
                held.append(try session.run(v))
                if step.isMultiple(of: 2) {
                    #expect(throws: SessionError.self) { try session.run(update, feeding: divisor.fed(0)) }
                } else {
                    try session.run(update, feeding: divisor.fed(1))
                }
            }
            for (step, array) in held.enumerated() {
                #expect(array.scalars == Array(repeating: 1 << Int32(step / 2), count: 100))
            }
        }
    }

    @Test func aRunThatIsRefusedChangesNothing() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [2])
            let v = Variable<Float>(.zeros, shape: [2])
            let w = Variable<Float>(.zeros, shape: [2])
            let update = group(v.assign(x), w.assign(w + 1))
            let session = Session()
            try session.run(v.initializer)
            // The second variable has no value.
            #expect(throws: SessionError.self) { try session.run(update, feeding: x.fed(.ones([2]))) }
            #expect(throws: SessionError.self) { try session.run(update, feeding: x.fed(.ones([3]))) }
            #expect(throws: SessionError.self) { try session.run(update) }
            #expect(try session.run(v).scalars == [0, 0])
        }
    }
}
