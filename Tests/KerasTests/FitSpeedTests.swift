// What `fit` costs beside the bare loop of `session.run`, and for how long a step waits for its data. Measured on request,
// on a machine that has nothing else to do:
//
//     TENSORGRAPH_MEASURE=200 swift test -c release -Xswiftc -enable-testing --filter FitSpeedTests
//
// The number is that of the batches.

import Datasets
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing

@testable import Keras

private let measuredCount = ProcessInfo.processInfo.environment["TENSORGRAPH_MEASURE"].flatMap { Int($0) }

@Suite(.serialized, .enabled(if: measuredCount ?? 0 > 0)) struct FitSpeedTests {
    private static let batchSize = 32
    private static let batchCount = min(measuredCount ?? 1, 1 << 12)
    /// As in Keras's first tutorial. What `fit` looks at once for all of them, such as whether numbers are finite, is shared.
    private static let epochs = 5

    /// The network of Keras's first tutorial, and noise in the form of its data.
    private func task() throws -> (model: Sequential, x: NDArray<Float>, y: NDArray<Int32>) {
        let graph = Graph()
        graph.seed = 1
        let model = Sequential(in: graph) {
            Flatten(inputShape: [28, 28])
            Dense(512, activation: .relu)
            Dropout(0.2)
            Dense(10, activation: .softmax)
        }
        try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        let count = Self.batchSize * Self.batchCount
        return (
            model, NDArray(randomNormal: [count, 28, 28], standardDeviation: 1, seed: 1),
            NDArray<Int32>((0..<Int32(count)).map { $0 % 10 })
        )
    }

    /// The least of several runs of each, in turn, in seconds.
    private func fastest(_ bodies: [() throws -> Void]) throws -> [Double] {
        var best = [Double](repeating: .infinity, count: bodies.count)
        for _ in 0..<7 {
            for (index, body) in bodies.enumerated() {
                let start = ContinuousClock.now
                try body()
                best[index] = min(best[index], (ContinuousClock.now - start) / .seconds(1))
            }
        }
        return best
    }

    @Test func fitCostsNoMoreThanTheBareLoop() throws {
        let (model, x, y) = try task()
        let batches = try Dataset(x, y).shuffle(seed: 1).batch(Self.batchSize).prefetch(2)
        // Makes the nodes of training.
        try model.fit(x, y, epochs: 1, verbose: 0, stepsPerEpoch: 1)
        let structure = try model.requireStructure()
        let samples = try model.dataPlan(for: x).batch(x, y)
        let steps = try model.steps(for: samples.signature, structure)
        let label = try #require(steps.labels.first.flatMap { $0 })
        let feeds = try (0..<Self.batchCount).map { index in
            let batch = samples.samples((index * Self.batchSize)..<((index + 1) * Self.batchSize))
            return [structure.inputs[0].tensor.fed(batch.inputs[0]), label.fed(try #require(batch.labels[0]))]
        }
        let seconds = try fastest([
            {
                for _ in 0..<Self.epochs {
                    for feeds in feeds { try model.session.run(steps.train, feeding: feeds) }
                }
            },
            { try model.fit(x, y, epochs: Self.epochs, verbose: 0, shuffle: false) },
            { try model.fit(x, y, epochs: Self.epochs, verbose: 0, seed: 1) },
            { try model.fit(batches, epochs: Self.epochs, verbose: 0) },
        ])
        for (name, value) in zip(["session.run", "fit", "fit, shuffled", "fit, data set"], seconds) {
            let step = value / Double(Self.epochs * Self.batchCount) * 1e6
            print("\(name): \(Int(step)) µs a step, \(Double(Int(value / seconds[0] * 1000)) / 1000) of session.run")
        }
        #expect(seconds.allSatisfy { $0 > 0 })
    }

    @Test func aStepDoesNotWaitForItsData() throws {
        let (model, x, y) = try task()
        let plan = try model.dataPlan(for: x)
        let steps = try model.steps(for: plan.batch(x, y).signature, model.requireStructure())
        let runner = StepRunner(model: model, structure: try model.requireStructure(), steps: steps)
        try model.initializeVariables()
        for (name, count) in [("as they are asked for", 0), ("ahead", 2)] {
            let shuffled = try Dataset(x, y).shuffle(seed: 1).batch(Self.batchSize)
            let iterator = (count > 0 ? shuffled.prefetch(count) : shuffled).makeIterator()
            var waiting = Duration.zero
            let start = ContinuousClock.now
            while true {
                let asked = ContinuousClock.now
                guard let pair = try iterator.next() else { break }
                let batch = try plan.batch(pair.x, pair.y)
                waiting += ContinuousClock.now - asked
                try runner.train(batch)
            }
            let share = waiting / (ContinuousClock.now - start)
            print("batches made \(name): steps wait for data \(Double(Int(share * 10000)) / 100) % of the time")
            #expect(share < 1)
        }
    }
}
