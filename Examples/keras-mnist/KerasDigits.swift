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
        let (digits, source) = try options.loadDigits(hasValidation: false)
        Graph.default.seed = options.seed

        let model = Sequential {
            Flatten(inputShape: [28, 28])
            Dense(512, activation: .relu)
            Dropout(0.2)
            Dense(10, activation: .softmax)
        }
        if !options.quiet { model.summary() }

        try model.compile(
            optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        let logs = TensorBoard(logDirectory: "\(options.output)/keras-mnist-log", histogramFrequency: 1)
        let train = try digits.train.images.reshaped([digits.train.count, 28, 28])
        let test = try digits.test.images.reshaped([digits.test.count, 28, 28])
        let history = try model.fit(
            train, digits.train.labels, epochs: epochs, verbose: options.quiet ? 0 : .automatic,
            callbacks: [logs], validationData: (test, digits.test.labels))

        let result = try model.evaluate(test, digits.test.labels, verbose: 0)
        print("Test on \(source): loss = \(decimal(result.loss)), accuracy = \(decimal(result["accuracy"] ?? .nan, 4))")
        print("TensorBoard: tensorboard --logdir \(options.output)/keras-mnist-log")

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
        print("Figure: \(try chart.write(toFolder: options.output, name: "keras-mnist"))")
    }
}
