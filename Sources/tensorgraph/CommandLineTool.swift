// The command line: looks into TensorFlow's files, runs models, converts checkpoints. Each subcommand has a file.

import ArgumentParser

@main
struct CommandLineTool: ParsableCommand {
    /// The version that `--version` prints.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "tensorgraph",
        abstract: "Looks into TensorFlow's files, runs models and converts checkpoints.",
        discussion: """
            Examples:
              tensorgraph inspect runs/model.ckpt-1000
              tensorgraph run export/digits --input x=images.npy
              tensorgraph convert runs/model.ckpt-1000 weights.safetensors
              tensorgraph doctor

            Exit codes: 0 done; 1 a check of `doctor` failed; 64 wrong usage; 65 damaged or contradictory data; 66 there \
            is no such file, array, tensor or signature; 69 something that is not supported; 70 an internal mistake; 73 \
            the output cannot be written; 74 a file cannot be read.
            """,
        version: version,
        subcommands: [Inspect.self, Run.self, Convert.self, Devices.self, Doctor.self])
}
