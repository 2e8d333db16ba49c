// A long short-term memory reads a tale character by character, learns what comes next, and goes on by itself.
//
//     swift run -c release character-lstm --temperature 0.5

import ArgumentParser
import Charts
import ExampleSupport
import Tensors
import TensorGraph

@main
struct CharacterModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "character-lstm", abstract: "Learns to write a text, one character after the other.")

    @OptionGroup var options: ExampleOptions
    @Option(help: "How often to go through the text.")
    var epochs = 30
    @Option(help: "How much of the tale to learn from, in characters; all by default.")
    var length = tale.unicodeScalars.count
    @Option(help: "How bold the written text is: near 0 the likeliest character, 1 as learnt.")
    var temperature = 0.5
    @Option(help: "How many characters to write.")
    var characters = 400
    @Option(help: "What the written text begins with; it may only have characters of the tale.")
    var start = "The keeper "

    mutating func validate() throws {
        guard epochs > 0 else { throw ValidationError("--epochs must be at least 1.") }
        guard length >= 600, length <= tale.unicodeScalars.count else {
            throw ValidationError("--length must be from 600 to \(tale.unicodeScalars.count).")
        }
        guard characters >= 0 else { throw ValidationError("--characters must not be negative.") }
        guard temperature > 0, temperature.isFinite else {
            throw ValidationError("--temperature must be a number above 0.")
        }
        guard !start.isEmpty else { throw ValidationError("--start must have a character.") }
    }

    func run() throws {
        try prepareOutputFolder(options.output)
        let vocabulary = CharacterVocabulary(tale)
        let first = try vocabulary.encode(start)
        let ids = try vocabulary.encode(tale).rows(0..<length)
        // The end of the tale is kept for the validation.
        let (window, trained) = (50, length * 9 / 10)
        Graph.default.seed = options.seed
        let network = CharacterNetwork(characterCount: vocabulary.count, units: 128)
        let (x, y, train, loss) = network.training(length: window)

        let session = Session()
        try session.initializeVariables()
        let windows = try Dataset.nextStepWindows(ids.rows(0..<trained), length: window, stride: 5)
            .shuffle(seed: UInt64(options.seed)).batch(32, dropRemainder: true)
        let held = try Dataset.nextStepWindows(ids.rows(trained..<ids.count), length: window).batch(100).elements()
        var (losses, heldLosses): ([Double], [Double]) = ([], [])
        for epoch in 1...epochs {
            var (total, count) = (0.0, 0)
            try windows.forEach(epoch: epoch) { batch in
                total += Double(try session.run(train, loss, feeding: x.fed(batch.x), y.fed(batch.y)).1.scalar)
                count += 1
            }
            losses.append(total / Double(max(count, 1)))
            heldLosses.append(
                Double(try session.run(loss, feeding: x.fed(held[0].x), y.fed(held[0].y)).scalar))
            if !options.quiet { print("Epoch: \(epoch) loss = \(decimal(losses[epoch - 1])) nats a character") }
        }
        print("Final loss: \(decimal(losses[epochs - 1])), on the end of the tale: \(decimal(heldLosses[epochs - 1]))")

        let written = try network.write(
            characters, after: first, temperature: temperature, seed: UInt64(options.seed), session)
        print("At temperature \(temperature):\n\(start)\(vocabulary.decode(written))")
        let chart = LineChart(
            title: "A memory of 128 units learns a tale", xLabel: "epoch",
            panels: [
                Panel(
                    yLabel: "nats a character",
                    series: [Series("training", y: losses, from: 1), Series("end of the tale", y: heldLosses, from: 1)])
            ])
        print("Figure: \(try chart.write(toFolder: options.output, name: "character-lstm"))")
    }
}
