import Graphs
import Operations
import Sessions
import Synchronization
import Tensors
import Testing

/// A plan is made once for what is fetched and for the shapes that are fed.
@Suite struct PlanCacheTests {
    /// Counts the plans that a session makes.
    private final class Plans: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        var options: SessionOptions {
            SessionOptions(onPlan: { [self] _ in number.withLock { $0 += 1 } })
        }
    }

    @Test func aSecondRunNeedsNoPlan() throws {
        try Graph().asDefault {
            let plans = Plans()
            let x = placeholder(Float.self, [nil])
            let y = x * 2
            let session = Session(options: plans.options)
            for step in 0..<10 {
                let result = try session.run(y, feeding: x.fed(NDArray([Float(step)])))
                #expect(result.scalars == [2 * Float(step)])
            }
            #expect(plans.count == 1)
        }
    }

    @Test func otherShapesFetchesAndFeedsHavePlansOfTheirOwn() throws {
        try Graph().asDefault {
            let plans = Plans()
            let x = placeholder(Float.self, [nil])
            let y = x * 2
            let z = y + 1
            let session = Session(options: plans.options)
            for _ in 0..<2 {
                try session.run(y, feeding: x.fed(.ones([1])))
                try session.run(y, feeding: x.fed(.ones([2])))
                try session.run(z, feeding: x.fed(.ones([1])))
                try session.run(y, z, feeding: x.fed(.ones([1])))
                try session.run(z, y, feeding: x.fed(.ones([1])))
                try session.run(z, feeding: y.fed(.ones([1])))
                try session.run(z.node, feeding: x.fed(.ones([1])))
            }
            #expect(plans.count == 7)
        }
    }

    @Test func nodesThatAreAddedDoNotDropPlans() throws {
        try Graph().asDefault {
            let plans = Plans()
            let v = Variable<Float>(1, name: "v")
            let session = Session(options: plans.options)
            try session.initializeVariables()
            #expect(try session.run(v).scalar == 1)
            _ = v + 1
            #expect(try session.run(v).scalar == 1)
            #expect(plans.count == 2)
        }
    }

    @Test func aDependencyThatIsAddedLaterCounts() throws {
        try Graph().asDefault {
            let v = Variable<Float>(1, name: "v")
            let addTen = v.assignAdd(10)
            let reading = v.read()
            let session = Session()
            try session.initializeVariables()
            #expect(try session.run(reading).scalar == 1)
            reading.node.addControlInput(addTen.node)
            #expect(try session.run(reading).scalar == 11)
            #expect(try session.run(reading).scalar == 21)
        }
    }

    @Test func theNumberOfPlansIsLimitedAndTheLeastUsedGoes() throws {
        try Graph().asDefault {
            let plans = Plans()
            var options = plans.options
            options.planLimit = 4
            let x = placeholder(Float.self, [nil])
            let y = x * 2
            let session = Session(options: options)
            for count in 1...4 { try session.run(y, feeding: x.fed(.ones([count]))) }
            try session.run(y, feeding: x.fed(.ones([1])))
            #expect(plans.count == 4)
            try session.run(y, feeding: x.fed(.ones([5])))
            #expect(plans.count == 5)
            // The plan for one element was used since that for two.
            try session.run(y, feeding: x.fed(.ones([1])))
            #expect(plans.count == 5)
            try session.run(y, feeding: x.fed(.ones([2])))
            #expect(plans.count == 6)
        }
    }

    #if os(Linux) || os(macOS)
        @Test func aGraphThatGrowsAtEveryRunIsWarnedOfOnce() async throws {
            // In a process of its own, whose standard error is read.
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                try Graph().asDefault {
                    let x = placeholder(Float.self, [nil])
                    let session = Session()
                    for step in 0..<40 { try session.run(x + Float(step), feeding: x.fed(.ones([2]))) }
                    // Plans for other shapes after that are no growth.
                    for count in 1...10 { try session.run(x, feeding: x.fed(.ones([count]))) }
                }
            }
            let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            #expect(text.ranges(of: "warning: the graph has grown").count == 1, "\(text)")
        }
    #endif

    @Test func aPlanCanBeDescribedWithoutARun() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [nil])
            let v = Variable<Float>(1, name: "v")
            let update = v.assignAdd(x.sum())
            let session = Session()
            let text = try session.describePlan(update, feeding: x.fed(.ones([3])))
            #expect(text.contains("stablehlo") && text.contains("tensor<3xf32>"))
            #expect(throws: SessionError.self) { try session.run(v) }
        }
    }
}
