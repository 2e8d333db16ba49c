import CPU
import Graphs
import Operations
import Tensors
import Testing

@testable import Sessions

/// Cells and sequences: dropout, wrong input, and what a loop's gradient costs. Values are compared with TensorFlow's in
/// RecurrenceOracleTests.
@Suite struct CellTests {
    @Test func dropoutDrawsAnewInEachStepAndRun() throws {
        let graph = Graph()
        graph.seed = 3
        try graph.asDefault { () throws in
            let x: Tensor<Float> = ones([4, 6, 8])
            let cell = DropoutWrapper(BasicRNNCell<Float>(16), outputKeepProbability: 0.5)
            let (outputs, _) = dynamicRNN(cell, x)
            let session = Session()
            try session.initializeVariables()
            let first = try session.run(outputs)
            let steps = (0..<6).map { step in
                (0..<4).flatMap { row in (0..<16).map { first.scalars[(row * 6 + step) * 16 + $0] == 0 } }
            }
            #expect(Set(steps).count == 6)
            let zeros = first.scalars.count { $0 == 0 }
            #expect(zeros > 120 && zeros < 264)
            #expect(try session.run(outputs).scalars != first.scalars)
        }
    }

    @Test func gradientsThroughDropoutAreThoseOfTheStepsThatWereTaken() throws {
        let graph = Graph()
        graph.seed = 5
        try graph.asDefault { () throws in
            let x = placeholder(Double.self, [2, 4, 3])
            let cell = DropoutWrapper(
                LSTMCell<Double>(3), inputKeepProbability: 0.7, outputKeepProbability: 0.8, stateKeepProbability: 0.9)
            let (outputs, states) = dynamicRNN(cell, x)
            let loss = (outputs * outputs).sum() + states[1].sum()
            let slope = gradients(of: loss, with: x)
            // The draws of a run follow from the position of the streams: the same position, the same draws.
            let session = Session()
            try session.initializeVariables()
            let positions = session.randomStreamPositions
            func value(_ shift: Double, at index: Int) throws -> (Double, [Double]) {
                var numbers = (0..<24).map { Double($0 * 5 % 7) / 7 - 0.4 }
                numbers[index] += shift
                session.setRandomStreamPositions(positions)
                let array = try NDArray<Double>(shape: [2, 4, 3], numbers)
                let (loss, slope) = try session.run(loss, slope, feeding: x.fed(array))
                return (loss.scalar, slope.scalars)
            }
            for index in [0, 4, 11, 23] {
                let numeric = (try value(1e-6, at: index).0 - value(-1e-6, at: index).0) / 2e-6
                #expect(abs(try value(0, at: index).1[index] - numeric) < 1e-7, "element \(index)")
            }
        }
    }

    @Test func aCellUsedTwiceKeepsItsVariables() throws {
        let graph = Graph()
        graph.asDefault {
            let cell = MultiRNNCell<Float>([BasicLSTMCell<Float>(4), BasicLSTMCell<Float>(4)])
            let x: Tensor<Float> = ones([2, 3, 5])
            _ = dynamicRNN(cell, x)
            _ = dynamicRNN(cell, x)
            #expect(
                graph.variables.map(\.name) == [
                    "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel",
                    "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/bias",
                    "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/kernel",
                    "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/bias",
                ])
            #expect(graph.diagnostics.isEmpty)
        }
    }

    @Test func wrongInputIsAMistakeThatNamesIt() throws {
        func text(_ build: () -> Void) -> String {
            let graph = Graph()
            graph.asDefault { build() }
            return graph.diagnostics.first?.description ?? "no mistake"
        }
        let x: () -> Tensor<Float> = { ones([2, 3, 5]) }
        let cases: [(String, String)] = [
            (text { _ = dynamicRNN(GRUCell<Float>(4), ones([2, 5])) }, "must have shape [batch, time, inputs]"),
            (
                text { _ = dynamicRNN(GRUCell<Float>(4), placeholder(Float.self, [2, 3, nil])) },
                "the number of inputs must be known"
            ),
            (text { _ = dynamicRNN(GRUCell<Float>(0), x()) }, "at least one unit, but has 0"),
            (
                text { _ = dynamicRNN(BasicLSTMCell<Float>(4), x(), initialStates: [ones([2, 4])]) },
                "has 2 states, but 1"
            ),
            (
                text { _ = dynamicRNN(GRUCell<Float>(4), x(), sequenceLengths: constant([1, 2, 3])) },
                "the lengths must have shape [2], but have [3]"
            ),
            (text { _ = dynamicRNN(ResidualWrapper(GRUCell<Float>(4)), x()) }, "width 5, but the output 4"),
            (text { _ = dynamicRNN(MultiRNNCell<Float>([]), x()) }, "the cell has no states"),
            (text { _ = staticRNN(GRUCell<Float>(4), []) }, "there are no steps"),
            (text { _ = GRUCell<Float>(4)(x(), [ones([2, 4])]) }, "one step takes inputs [batch, inputs]"),
            (
                text { _ = dynamicRNN(DropoutWrapper(GRUCell<Float>(4), inputKeepProbability: 0), x()) },
                "must be above 0 and at most 1"
            ),
        ]
        for (found, expected) in cases { #expect(found.contains(expected), "\(found)") }
    }

    @Test(arguments: [true, false])
    func theGradientOfALayerRunsTheStepsTwiceAndNotMore(isBatchKnown: Bool) throws {
        try Graph().asDefault { () throws in
            let x = placeholder(Float.self, [isBatchKnown ? 4 : nil, 10, 3])
            let kernel = Variable<Float>(.zeros, shape: [3, 20])
            let recurrent = Variable<Float>(.zeros, shape: [5, 20])
            let result = lstm(x, kernel: kernel.tensor, recurrentKernel: recurrent.tensor)
            let (outputs, _) = dynamicRNN(BasicLSTMCell<Float>(5), x)
            for loss in [result.last.sum(), outputs.sum()] {
                let slope = gradients(of: loss, with: x)
                let session = Session()
                try session.initializeVariables()
                let array = NDArray<Float>(repeating: 1, shape: [4, 10, 3])
                let run = try session.prepare(slope, feeding: x.fed(array))
                // One loop forward, one backward: the states of the steps were kept.
                let lines = run.plan.executable.description.split(separator: "\n")
                #expect(lines.count { $0.contains(": while") } == 2)
            }
        }
    }

    @Test func aRowReadAfterItsUpdateIsTheNewOne() throws {
        try Graph().asDefault { () throws in
            let (_, rows, sums) = whileLoop(
                constant(0), zeros([4, 2]) as Tensor<Float>, zeros([4]) as Tensor<Float>
            ) { i, _, _ in
                less(i, 4)
            } body: { i, rows, sums in
                let old = gather(rows, i)
                let next = rows.updating(row: i, to: old + cast(i + 1, to: Float.self))
                // The updated row, one of an earlier turn, and all rows of before.
                let seen = gather(next, i).sum() + gather(next, constant(0)).sum() + rows.sum()
                return (i + 1, next, sums.updating(row: i, to: seen))
            }
            let session = Session()
            #expect(try session.run(rows).scalars == [1, 1, 2, 2, 3, 3, 4, 4])
            #expect(try session.run(sums).scalars == [4, 8, 14, 22])
        }
    }

    @Test(arguments: [1, 2, 3])
    func nestedLoopsUpdateRowsOfOneArray(threads: Int) throws {
        try Graph().asDefault { () throws in
            let (_, table) = whileLoop(constant(0), zeros([12]) as Tensor<Float>) { i, _ in
                less(i, 3)
            } body: { i, table in
                let (_, inner) = whileLoop(constant(0), table) { j, _ in
                    less(j, 4)
                } body: { j, table in
                    let place = i * 4 + j
                    return (j + 1, table.updating(row: place, to: table.sum() + 1))
                }
                return (i + 1, inner)
            }
            let session = Session(options: SessionOptions(threads: threads))
            #expect(try session.run(table).scalars == (0..<12).map { Float(1 << $0) })
        }
    }
}
