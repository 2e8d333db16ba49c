// The command line: looks into TensorFlow's files, runs models, converts checkpoints.

import ArgumentParser

@main
struct CommandLineTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tensorgraph", abstract: "Looks into TensorFlow's files, runs models and converts checkpoints.")
}
