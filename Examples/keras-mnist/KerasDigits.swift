// The network of Keras's first tutorial: layers are stacked, compiled and fitted.
//
//     swift run -c release keras-mnist

import ArgumentParser
import Charts
import ExampleSupport
import TensorGraph

@main
struct KerasDigits: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keras-mnist", abstract: "Reads handwritten digits with a model in Keras's style.")

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
            Flatten(inputShape: [784])
            Dense(512, activation: .relu)
            Dropout(0.2)
            Dense(10, activation: .softmax)
        }
        if !options.quiet { model.summary() }

        try model.compile(
            optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        let history = try model.fit(
            digits.train.images, digits.train.labels, epochs: epochs, verbose: options.quiet ? 0 : .automatic,
            validationData: (digits.validation.images, digits.validation.labels))

        let test = try model.evaluate(digits.test.images, digits.test.labels, verbose: 0)
        print("Test on \(source): loss = \(decimal(test.loss)), accuracy = \(decimal(test["accuracy"] ?? .nan, 4))")

        let chart = LineChart(
            title: "A 784 – 512 – 10 network learns \(source)", xLabel: "epoch",
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
        print("Figure: \(try chart.write(toFolder: options.output, name: "keras-mnist.svg"))")
    }
}
