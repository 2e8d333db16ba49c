// Looking into the network: what its hidden units say to each digit, the mean digit of each class, and the image that
// the network itself takes for the best one of each class.
//
//     swift run -c release look-inside

import ArgumentParser
import Charts
import ExampleSupport
import TensorGraph

@main
struct LookInside: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "look-inside", abstract: "Shows what a network of handwritten digits has learnt, as pictures.")

    @OptionGroup var options: ExampleOptions
    @Option(help: "How often to go through the training images.")
    var epochs = 10
    @Option(help: "How much noise training adds to each pixel: its standard deviation.")
    var noise: Float = 1
    @Option(help: "How many steps down the gradient each ideal input takes.")
    var inputSteps = 500
    @Option(help: "Restore the weights from this checkpoint, such as OUTPUT/look-inside-model, instead of training.")
    var restore: String?

    mutating func validate() throws {
        guard epochs > 0 else { throw ValidationError("--epochs must be at least 1.") }
        guard inputSteps > 0 else { throw ValidationError("--input-steps must be at least 1.") }
        guard noise >= 0, noise.isFinite else { throw ValidationError("--noise must be a number from 0 on.") }
    }

    func run() throws {
        try prepareOutputFolder(options.output)
        let (digits, source) = try options.loadDigits()
        let network = try TrainedNetwork(digits.oneHot, noise: noise, epochs: epochs, options, restoring: restore)
        print("Test on \(source): accuracy = \(decimal(network.accuracy, 4))")

        let fingerprints = try Fingerprints(of: digits.test, by: network)
        print("Figure: \(try fingerprints.all.write(toFolder: options.output, name: "fingerprints"))")
        print("Figure: \(try fingerprints.excerpt.write(toFolder: options.output, name: "fingerprints-excerpt"))")
        let means = ClassMeans(of: digits.train)
        print("Figure: \(try means.grid.write(toFolder: options.output, name: "mean-images"))")
        let ideal = try IdealInputs(by: network, startingAt: means.ofAll, steps: inputSteps)
        for (penalty, probability) in zip(Penalty.allCases, ideal.probabilities) {
            print("Ideal inputs, \(penalty.rawValue): least probability of its class = \(decimal(probability))")
        }
        print("Figure: \(try ideal.grid.write(toFolder: options.output, name: "ideal-inputs"))")
    }
}
