// `tensorgraph run`: a signature of a SavedModel, or tensors of a graph without variables, on arrays from files.

import ArgumentParser
import ArrayFiles
import Files
import GraphDefs
import Graphs
import SavedModels
import Sessions
import Tensors

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a SavedModel's signature or a frozen graph.",
        discussion: """
            An input is NAME=FILE.npy, NAME=FILE.json, or NAME=JSON such as x=[[1,2],[3,4]]. Of a SavedModel the names \
            are those of the signature's inputs; of a graph, those of tensors, and --fetch says what to compute.

            Examples:
              tensorgraph run export/digits --input x=images.npy
              tensorgraph run export/digits --signature train --input 'x=[[1,2]]' --output-folder results
              tensorgraph run frozen.pb --input 'x:0=[[1,2]]' --fetch probability:0 --json
            """)

    @Argument(help: "The folder of a SavedModel, or the file of a graph.")
    var model: String
    @Option(name: .shortAndLong, help: "An array for an input; may be repeated.")
    var input: [String] = []
    @Option(help: "The signature of a SavedModel.")
    var signature = ModelSignature.defaultName
    @Option(help: "A tensor of a graph to compute; may be repeated.")
    var fetch: [String] = []
    @Option(help: "Write each result into this folder as NAME.npy instead of printing it.")
    var outputFolder: String?
    @Flag(help: "Print JSON, as documented in Documentation/CommandLine.md.")
    var json = false

    func run() throws {
        try withExitCodes {
            let results: [(name: String, array: AnyArray)]
            switch try Input(model) {
            case .savedModel(let folder): results = try runModel(folder)
            case .graph(let path): results = try runGraph(path)
            default: throw ToolError(.unsupported, "\(model): only SavedModels and graphs can be run")
            }
            if let outputFolder { try write(results, outputFolder) }
            if json {
                let fields = results.map { name, array in
                    "    \(quotedJSON(name)): {\"dtype\": \"\(array.dtype)\", \"shape\": \(shapeText(array.shape))"
                        + (outputFolder == nil ? ", \"values\": \(array.jsonText)}" : "}")
                }
                print("{\n  \"schema\": 1,\n  \"outputs\": {\n\(fields.joined(separator: ",\n"))\n  }\n}")
            } else if outputFolder == nil {
                for (name, array) in results {
                    print("\(shown(name)): \(array.dtype)\(shapeText(array.shape))\n\(array)")
                }
            }
        }
    }

    private func runModel(_ folder: String) throws -> [(name: String, array: AnyArray)] {
        guard fetch.isEmpty else { throw ToolError(.usage, "--fetch is for graphs; a SavedModel has signatures") }
        let model = try SavedModel(contentsOf: folder)
        let chosen = try model.signature(signature)
        var inputs: [String: AnyArray] = [:]
        for (name, text) in try pairs() {
            // A name that is not there is left to the model, which says what it takes.
            inputs[name] = try array(text, name, chosen.inputs[name]?.dtype)
        }
        return try model.run(inputs, signature: signature).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func runGraph(_ path: String) throws -> [(name: String, array: AnyArray)] {
        guard !fetch.isEmpty else {
            throw ToolError(
                .usage, "\(path): say what to compute, as --fetch NAME:0, NAME being a node of the graph")
        }
        let graph = Graph()
        let imported = try graph.importGraphDef(GraphDef(contentsOf: path))
        var feeds: [AnyFeed] = []
        for (name, text) in try pairs() {
            let tensor = try imported.tensor(named: name)
            feeds.append(tensor.fed(try array(text, name, tensor.dtype)))
        }
        guard imported.variableNames.isEmpty else {
            throw ToolError(
                .usage,
                "\(path): it has variables (\(imported.variableNames.prefix(5).joined(separator: ", "))), but a graph alone "
                    + "does not hold their values\n  hint: export a SavedModel, or freeze the graph")
        }
        let tensors = try fetch.map { try imported.tensor(named: $0) }
        let values = try Session(graph: graph).run(tensors, feeding: feeds)
        return zip(fetch, values).map { ($0, $1) }
    }

    private func pairs() throws -> [(name: String, text: String)] {
        var pairs: [(name: String, text: String)] = []
        for item in input {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ToolError(.usage, "--input \(shown(item)): it is not NAME=FILE or NAME=JSON")
            }
            let name = String(parts[0])
            guard !pairs.contains(where: { $0.name == name }) else {
                throw ToolError(.usage, "the input \"\(shown(name))\" is given twice")
            }
            pairs.append((name, String(parts[1])))
        }
        return pairs
    }

    private func array(_ text: String, _ name: String, _ dtype: DType?) throws -> AnyArray {
        if text.hasSuffix(".npy") { return try NPYFile.read(text) }
        var json = text
        if text.hasSuffix(".json") {
            json = String(decoding: try LocalFileSystem().contents(of: text, limit: 1 << 30), as: UTF8.self)
        }
        do {
            return try ArrayText(json).array(dtype ?? .float32)
        } catch let error as ToolError {
            throw ToolError(error.status, "input \"\(shown(name))\": \(error.description)")
        }
    }

    private func write(_ results: [(name: String, array: AnyArray)], _ folder: String) throws {
        try LocalFileSystem().makeFolder(folder)
        for (name, array) in results {
            // A name may hold slashes, which must not lead elsewhere.
            let file = String(name.map { $0 == "/" || $0 == ":" ? "_" : $0 })
            let path = joinPath(folder, (file.hasPrefix(".") ? "_" + file : file) + ".npy")
            try NPYFile.write(array, to: path)
            if !json { print("\(path): \(array.dtype)\(shapeText(array.shape))") }
        }
    }
}
