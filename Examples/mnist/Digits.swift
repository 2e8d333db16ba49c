// Trains the classic network on the MNIST digits: 784 pixels, 300 hidden units, 10 classes.
//
//     swift run -c release mnist

import ArgumentParser
import Charts
import ExampleSupport
import TensorGraph

@main
struct Digits: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist", abstract: "Trains a small network to read handwritten digits.")

    @OptionGroup var options: ExampleOptions
    @Option(help: "How often to go through the training images.")
    var epochs = 40

    mutating func validate() throws {
        guard epochs > 0 else { throw ValidationError("--epochs must be at least 1.") }
    }

    func run() throws {
        try prepareOutputFolder(options.output)
        let (images, source) = try options.loadDigits()
        let digits = images.oneHot

        // The graph: two layers, the cost, the training step and the accuracy.
        Graph.default.seed = options.seed
        let x = placeholder(Float.self, [nil, 784], name: "x")
        let y = placeholder(Float.self, [nil, 10], name: "y")

        let w1 = Variable<Float>(.normal(standardDeviation: 0.03), shape: [784, 300], name: "W1")
        let b1 = Variable<Float>(.normal(), shape: [300], name: "b1")
        let hidden = relu(matmul(x, w1) + b1)

        let w2 = Variable<Float>(.normal(standardDeviation: 0.03), shape: [300, 10], name: "W2")
        let b2 = Variable<Float>(.normal(), shape: [10], name: "b2")
        let probability = softmax(matmul(hidden, w2) + b2).clipped(to: 1e-10...0.9999999)

        let cost = -(y * log(probability) + (1 - y) * log(1 - probability)).sum(axis: 1).mean()
        let train = GradientDescent(learningRate: 0.1).minimize(cost)
        let correct = equal(argmax(y, axis: 1), argmax(probability, axis: 1))
        let accuracy = cast(correct, to: Float.self).mean()

        // The run.
        let session = Session()
        try session.initializeVariables()
        let step = try session.function(inputs: x, y, outputs: train, cost)
        let evaluate = try session.function(inputs: x, y, outputs: cost, accuracy)

        var history = History()
        for epoch in 1...epochs {
            let batches = digits.train.shuffled(seed: UInt64(options.seed), epoch: epoch).batched(100)
            var total = 0.0
            for (index, batch) in batches.enumerated() {
                let (_, value) = try step(batch.images, batch.labels)
                total += Double(value.scalar)
                progress.show("Epoch \(epoch)", index + 1, of: batches.count)
            }
            progress.clear()
            let (_, validation) = try evaluate(digits.validation.images, digits.validation.labels)
            history.add(cost: total / Double(batches.count), accuracy: Double(validation.scalar))
            if !options.quiet { print("Epoch: \(epoch) cost = \(decimal(total / Double(batches.count)))") }
        }

        let (testCost, testAccuracy) = try evaluate(digits.test.images, digits.test.labels)
        let (finalCost, finalAccuracy) = (Double(testCost.scalar), Double(testAccuracy.scalar))
        print("Test on \(source): cost = \(decimal(finalCost)), accuracy = \(decimal(finalAccuracy, 4))")
        print("Figure: \(try history.chart(of: source).write(toFolder: options.output, name: "mnist"))")
    }

    private var progress: ProgressLine { ProgressLine(isEnabled: !options.quiet) }
}

/// The course of a training.
private struct History {
    private var costs: [Double] = []
    private var accuracies: [Double] = []

    mutating func add(cost: Double, accuracy: Double) {
        costs.append(cost)
        accuracies.append(accuracy)
    }

    func chart(of source: String) -> LineChart {
        LineChart(
            title: "A 784 – 300 – 10 network learns \(source)", xLabel: "epoch",
            panels: [
                Panel(yLabel: "cost", series: [Series("mean cost of the epoch", y: costs, from: 1)]),
                Panel(
                    yLabel: "accuracy", yStyle: .percent,
                    series: [Series("validation accuracy", y: accuracies, from: 1)]),
            ])
    }
}
