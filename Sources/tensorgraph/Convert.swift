// `tensorgraph convert`: arrays from one kind of file into another, one at a time.

import ArgumentParser
import ArrayFiles
import Checkpoints
import Files
import Tensors

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Converts between checkpoints, npz, npy and safetensors.",
        discussion: """
            The input may also be a SavedModel, whose variables are taken. The output's kind follows from its name \
            (.npz, .npy, .safetensors; any other name is the prefix of a checkpoint), or from --to.

            Examples:
              tensorgraph convert runs/model.ckpt-1000 weights.npz --compress
              tensorgraph convert weights.safetensors converted/model.ckpt
              tensorgraph convert export/digits weights.safetensors
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case npy, npz, safetensors, checkpoint }

    @Argument(help: "What to read: a checkpoint's prefix or folder, a SavedModel, an npz, npy or safetensors file.")
    var input: String
    @Argument(help: "What to write.")
    var output: String
    @Option(help: "The kind of the output.")
    var to: Format?
    @Option(name: .customLong("only"), help: "Take the array of this name alone; may be repeated.")
    var wanted: [String] = []
    @Flag(help: "Deflate the arrays of an npz archive.")
    var compress = false
    @Flag(help: "Leave out arrays of types that the output's kind cannot hold.")
    var skipUnsupported = false
    @Flag(help: "Replace what has the output's name.")
    var force = false

    private var format: Format {
        if let to { return to }
        for format in [Format.npy, .npz, .safetensors] where output.hasSuffix(".\(format.rawValue)") { return format }
        return .checkpoint
    }

    func validate() throws {
        if compress, format != .npz { throw ValidationError("--compress is for npz archives alone.") }
    }

    func run() throws {
        try withExitCodes {
            let collection = try ArrayCollection(Input(input))
            let files = LocalFileSystem()
            let written = format == .checkpoint ? output + ".index" : output
            if !force, try files.status(written) != nil {
                throw ToolError(.cannotWrite, "\(written) is there already\n  hint: --force replaces it")
            }
            let (chosen, skipped) = try choose(collection)
            switch format {
            case .npy: try writeNPY(collection, chosen)
            case .npz:
                let writer = try NPZWriter(output, compression: compress ? .deflated : .stored)
                for index in chosen { try writer.add(collection.read(index), named: collection.entries[index].name) }
                try writer.finish()
            case .safetensors: try writeSafetensors(collection, chosen)
            case .checkpoint:
                let writer = try CheckpointWriter(output)
                for index in chosen { try writer.add(collection.read(index), named: collection.entries[index].name) }
                try writer.finish()
            }
            for name in skipped { print("left out: \(shown(name))") }
            let total = chosen.reduce(0) { $0 + collection.entries[$1].byteCount }
            print("\(output): \(counted(chosen.count, "array")), \(sizeText(total))")
        }
    }

    /// The description of Python objects that TensorFlow puts among a checkpoint's arrays.
    private static let objectGraph = "_CHECKPOINTABLE_OBJECT_GRAPH"

    private func choose(_ collection: ArrayCollection) throws -> (chosen: [Int], skipped: [String]) {
        let names = collection.entries.map(\.name)
        for name in wanted where !names.contains(name) {
            let near = nearestName(to: name, among: names)
            throw ToolError(
                .missingInput,
                "\(input): there is no array \"\(shown(name))\""
                    + (near.map { "\n  hint: did you mean \"\(shown($0))\"?" } ?? ""))
        }
        var chosen: [Int] = []
        var skipped: [String] = []
        for (index, entry) in collection.entries.enumerated() where wanted.isEmpty || wanted.contains(entry.name) {
            if canHold(entry.dtype), format == .checkpoint || entry.name != Self.objectGraph {
                chosen.append(index)
            } else if skipUnsupported || entry.name == Self.objectGraph {
                skipped.append(entry.name)
            } else {
                throw ToolError(
                    .unsupported,
                    "\(input): array \"\(shown(entry.name))\" is of \(entry.dtype), which \(format.rawValue) cannot hold\n  "
                        + "hint: --skip-unsupported leaves it out")
            }
        }
        return (chosen, skipped)
    }

    private func canHold(_ dtype: DType) -> Bool {
        switch format {
        case .npy, .npz: NPYFile.canHold(dtype)
        case .safetensors: SafetensorsWriter.canHold(dtype)
        case .checkpoint: dtype == .string || dtype.byteCount > 0
        }
    }

    private func writeNPY(_ collection: ArrayCollection, _ chosen: [Int]) throws {
        guard let index = chosen.first, chosen.count == 1 else {
            throw ToolError(
                .usage,
                "an npy file holds one array, but there are \(chosen.count)\n  hint: choose one with --only, or write npz"
            )
        }
        try NPYFile.write(collection.read(index), to: output)
    }

    private func writeSafetensors(_ collection: ArrayCollection, _ chosen: [Int]) throws {
        var places: [String: Int] = [:]
        for index in chosen { places[collection.entries[index].name] = index }
        let writer = try SafetensorsWriter(
            output,
            arrays: chosen.map {
                (collection.entries[$0].name, collection.entries[$0].dtype, collection.entries[$0].shape)
            }, metadata: collection.metadata)
        for name in writer.names {
            if let index = places[name] { try writer.add(collection.read(index), named: name) }
        }
        try writer.finish()
    }
}
