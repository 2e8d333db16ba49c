// Writes runs with every kind of summary for TensorBoard, for the tests of the end of a process and of the pages in a
// browser.
//
//     summary-sample FOLDER
//     summary-sample FOLDER --scalars 100000     # writes that many and fails where it takes more than a second
//
// It never closes its writers: what they hold must reach the files when the process ends.

import Foundation
import Graphs
import Operations
import Sessions
import Summaries
import Tensors
import Training

/// A small network that learns which points lie in a ring, and says so.
private struct Sample {
    let learningRate: Double
    let steps = 60

    /// Points in a square, and whether each lies in the ring.
    private static let points = NDArray<Float>(randomIn: -1..<1, shape: [256, 2], seed: 5)
    private static let labels: [Float] = (0..<256).map { index in
        let (x, y) = (points[index, 0] ?? 0, points[index, 1] ?? 0)
        let squared = x * x + y * y
        return squared > 0.2 && squared < 0.8 ? 1 : 0
    }

    func write(to folder: String) throws -> FileWriter {
        let graph = Graph()
        return try graph.asDefault {
            let x = placeholder(Float.self, [nil, 2], name: "points")
            let y = placeholder(Float.self, [nil], name: "labels")
            let w1 = Variable<Float>(.normal(standardDeviation: 0.8, seed: 1), shape: [2, 24], name: "W1")
            let b1 = Variable<Float>(.zeros, shape: [24], name: "b1")
            let w2 = Variable<Float>(.normal(standardDeviation: 0.4, seed: 2), shape: [24, 1], name: "W2")
            let hidden = withNameScope("hidden") { relu(matmul(x, w1) + b1) }
            let probability = withNameScope("output") {
                sigmoid(matmul(hidden, w2).reshaped([-1])).clipped(to: 1e-6...0.999999)
            }
            let loss = withNameScope("cross_entropy") {
                -(y * log(probability) + (1 - y) * log(1 - probability)).mean()
            }
            let correct = withNameScope("correct") {
                cast(equal(greater(probability, 0.5), greater(y, 0.5)), to: Float.self)
            }
            let train = GradientDescent(learningRate: LearningRate(learningRate)).minimize(loss)

            summary.scalar("loss", loss, description: "the mean **cross entropy**")
            summary.scalar("accuracy", correct.mean())
            summary.histogram("weights", w1, description: "of the *hidden* layer")
            summary.histogram("activations", hidden)
            summary.image("first_layer", w1.tensor.reshaped([1, 8, 6, 1]))
            summary.prCurve("ring", labels: greater(y, 0.5), predictions: probability)
            let summaries = summary.mergeAll()

            let writer = try FileWriter(folder, graph: graph)
            writer.hparams(["learning rate": .number(learningRate), "optimizer": "gradient descent"])
            writer.layout(ScalarLayout([.init("training", [.lines("both", tags: ["loss", "accuracy"])])]))
            writer.text(
                "notes",
                "# A ring\nlearnt with a rate of **\(learningRate)**\n\n| layer | units |\n|---|---|\n| 1 | 24 |",
                step: 0)
            try writer.image("colours", Self.colours, step: 0, description: "red grows to the right, green down")
            try writer.audio("tone", Self.tone, sampleRate: 8000, step: 0)

            let session = Session(graph: graph)
            try session.initializeVariables()
            let feeds = (x.fed(Self.points), y.fed(NDArray(Self.labels)))
            for step in 0..<steps {
                if step == steps / 2 {
                    let (_, metadata) = try session.runTraced(train, summaries, feeding: feeds.0, feeds.1)
                    writer.add(metadata, tag: "step \(step)", step: step)
                }
                let (_, values) = try session.run(train, summaries, feeding: feeds.0, feeds.1)
                writer.add(values, step: step)
            }
            writer.hparamsEnd(.success)
            return writer
        }
    }

    private static let colours: NDArray<UInt8> = {
        var bytes: [UInt8] = []
        for row in 0..<32 { for column in 0..<48 { bytes += [UInt8(column * 5), UInt8(row * 8), 64] } }
        return (try? NDArray(shape: [32, 48, 3], bytes)) ?? .zeros([0])
    }()

    private static let tone: NDArray<Float> = {
        let samples: [Float] = (0..<4000).map { (index: Int) -> Float in 0.5 * Float(sin(Double(index) * 0.345)) }
        return (try? NDArray(shape: [1, 4000], samples)) ?? .zeros([0])
    }()
}

/// Held until the process ends.
nonisolated(unsafe) private var writers: [FileWriter] = []

/// Writes numbers and says how long it took. Whether that was less than a second.
private func measure(_ count: Int, in folder: String) throws -> Bool {
    let writer = try FileWriter(folder)
    let clock = ContinuousClock()
    let start = clock.now
    var longest = Duration.zero
    for step in 0..<count {
        let before = clock.now
        writer.scalar("loss", 1 / Double(step + 1), step: step)
        longest = max(longest, clock.now - before)
    }
    let added = clock.now - start
    try writer.close()
    let written = clock.now - start
    print("\(count) scalars: added in \(added) (the longest took \(longest)), written after \(written)")
    return written < .seconds(1) && writer.droppedCount == 0
}

private let arguments = CommandLine.arguments
switch arguments.count {
case 2:
    for rate in [0.1, 1] {
        writers.append(try Sample(learningRate: rate).write(to: arguments[1] + "/rate_\(rate)"))
    }
    exit(0)
case 4 where arguments[2] == "--scalars":
    exit(try measure(Int(arguments[3]) ?? 0, in: arguments[1]) ? 0 : 1)
default:
    print("usage: summary-sample FOLDER [--scalars COUNT]")
    exit(64)
}
