// A small convolutional network reads handwritten digits: 99 of 100 it has never seen.
//
//     swift run -c release convnet

import ArgumentParser
import Charts
import ExampleSupport
import TensorGraph

@main
struct Convnet: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads handwritten digits with a small convolutional network.")

    @OptionGroup var options: ExampleOptions
    @Option(help: "How often to go through the training images.")
    var epochs = 5

    mutating func validate() throws {
        guard epochs > 0 else { throw ValidationError("--epochs must be at least 1.") }
    }

    func run() throws {
        try prepareOutputFolder(options.output)
        let (digits, source) = try options.loadDigits()
        Graph.default.seed = options.seed

        let model = Sequential {
            Reshape([28, 28, 1], inputShape: [784])
            Conv2D(32, kernelSize: (3, 3), padding: .same, activation: .relu)
            MaxPooling2D()
            Conv2D(64, kernelSize: (3, 3), padding: .same, activation: .relu)
            MaxPooling2D()
            Flatten()
            Dense(128, activation: .relu)
            Dropout(0.3)
            Dense(10, activation: .softmax)
        }
        if !options.quiet { model.summary() }

        try model.compile(
            optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        let history = try model.fit(
            digits.train.images, digits.train.labels, batchSize: 64, epochs: epochs,
            verbose: options.quiet ? 0 : .automatic,
            validationData: (digits.validation.images, digits.validation.labels))

        let test = try model.evaluate(digits.test.images, digits.test.labels, batchSize: 500, verbose: 0)
        print("Test on \(source): loss = \(decimal(test.loss)), accuracy = \(decimal(test["accuracy"] ?? .nan, 4))")
        let chart = LineChart(
            title: "A small convolutional network learns \(source)", xLabel: "epoch",
            panels: [
                Panel(
                    yLabel: "loss",
                    series: [
                        Series("training", y: history["loss"], from: 1),
                        Series("validation", y: history["val_loss"], from: 1),
                    ]),
                Panel(
                    yLabel: "accuracy", yStyle: .percent,
                    series: [
                        Series("training", y: history["accuracy"], from: 1),
                        Series("validation", y: history["val_accuracy"], from: 1),
                    ]),
            ])
        print("Figure: \(try chart.write(toFolder: options.output, name: "convnet"))")
    }
}
