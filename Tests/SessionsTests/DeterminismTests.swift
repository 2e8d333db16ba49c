import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// The same seed gives the same bits.
@Suite struct DeterminismTests {
    /// The variables of a small network after some steps on random data.
    private func train(threads: Int?, seed: Int = 3) throws -> [NDArray<Float>] {
        try Graph().asDefault {
            Graph.default.seed = seed
            let x = randomNormal([256, 200]) as Tensor<Float>
            let w1 = Variable<Float>(.normal(standardDeviation: 0.1), shape: [200, 300], name: "w1")
            let b1 = Variable<Float>(.uniform(in: -1..<1), shape: [300], name: "b1")
            let w2 = Variable<Float>(.truncatedNormal(), shape: [300, 10], name: "w2")
            let output = matmul(tanh(matmul(x, w1) + b1), w2)
            let loss = (output * output).mean() + exp(-abs(output)).mean()
            let step = Adagrad(learningRate: 0.05).minimize(loss)
            let session = Session(options: SessionOptions(threads: threads))
            try session.initializeVariables()
            var losses: [NDArray<Float>] = []
            for _ in 0..<3 { losses.append(try session.run(step, loss).1) }
            return losses + (try session.run([w1, b1, w2]))
        }
    }

    @Test func theNumberOfThreadsDoesNotChangeABit() throws {
        let one = try train(threads: 1)
        #expect(one.allSatisfy { array in array.scalars.allSatisfy { $0.isFinite } })
        #expect(try train(threads: 2) == one)
        #expect(try train(threads: 3) == one)
        #expect(try train(threads: nil) == one)
    }

    @Test(arguments: [7_501, 20_000, 100_003])
    func eachNumberIsTheSameHoweverManyThreadsDraw(_ count: Int) throws {
        func draw(threads: Int) throws -> [NDArray<Float>] {
            try Graph().asDefault {
                Graph.default.seed = 5
                let all: [Tensor<Float>] = [
                    randomUniform([count]), randomNormal([count]), truncatedNormal([count]),
                    cast(randomUniform([count]) as Tensor<Double>, to: Float.self),
                    cast(truncatedNormal([count]) as Tensor<Double>, to: Float.self),
                    cast(randomInteger([count], in: -9..<1000) as Tensor<Int32>, to: Float.self),
                    dropout(ones([count]), rate: 0.4),
                ]
                let session = Session(options: SessionOptions(threads: threads))
                // A second run goes on where the first ended.
                return try session.run(all) + (try session.run(all))
            }
        }
        let one = try draw(threads: 1)
        for threads in 2...5 { #expect(try draw(threads: threads) == one) }
    }

    @Test func anotherSeedGivesOtherNumbers() throws {
        let (one, other) = (try train(threads: 1, seed: 3), try train(threads: 1, seed: 4))
        #expect(one != other)
    }

    @Test func aSessionStartsItsStreamsAnew() throws {
        try Graph().asDefault {
            let numbers = randomUniform([5], seed: 7) as Tensor<Float>
            let (first, second) = (Session(), Session())
            let drawn = try (0..<3).map { _ in try first.run(numbers) }
            #expect(try (0..<3).map { _ in try second.run(numbers) } == drawn)
            #expect(drawn[0] != drawn[1] && drawn[1] != drawn[2])
        }
    }

    @Test func withoutASeedSessionsDiffer() throws {
        try Graph().asDefault {
            let numbers = randomUniform([5]) as Tensor<Float>
            let (first, second) = (try Session().run(numbers), try Session().run(numbers))
            #expect(first != second)
        }
    }

    @Test func aNodeThatIsFetchedTwiceDrawsOnce() throws {
        try Graph().asDefault {
            let numbers = randomUniform([5], seed: 7) as Tensor<Float>
            let (a, b, doubled) = try Session().run(numbers, numbers, numbers + numbers)
            #expect(a == b)
            #expect(zip(a.scalars, doubled.scalars).allSatisfy { 2 * $0 == $1 })
        }
    }
}
