// `tensorgraph inspect`: what is in a file, and whether it is sound.

import ArgumentParser
import ArrayFiles
import Checkpoints
import Files
import Foundation
import GraphDefs
import Graphs
import SavedModels
import Summaries
import Tensors

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is in a file, and verifies its checksums.",
        discussion: """
            The kind is told by the content: a checkpoint (named by its prefix, its .index or its folder), an event file, a \
            GraphDef (binary or text), a SavedModel (its folder), npy, npz or safetensors.

            Examples:
              tensorgraph inspect runs/model.ckpt-1000
              tensorgraph inspect logs/run1/events.out.tfevents.1700000000.host
              tensorgraph inspect export/digits --json

            Exits with 65 where the file is damaged; what could be read is shown all the same.
            """)

    @Argument(help: "The file, the folder, or the prefix of a checkpoint.")
    var path: String

    @Flag(help: "Print JSON, as documented in Documentation/CommandLine.md.")
    var json = false

    func run() throws {
        try withExitCodes {
            let inspection = try inspect(Input(path), path)
            if json { try printJSON(inspection) } else { print(inspection.text) }
            if !inspection.problems.isEmpty {
                for problem in inspection.problems { writeToStandardError("error: \(problem)\n") }
                throw ExitCode(ExitStatus.damagedData.rawValue)
            }
        }
    }
}

private func inspect(_ input: Input, _ path: String) throws -> Inspection {
    switch input {
    case .npy: return try arrays(input, path, "npy", isChecked: false)
    case .npz: return try arrays(input, path, "npz", isChecked: true)
    case .safetensors: return try arrays(input, path, "safetensors", isChecked: false)
    case .checkpoint(let prefix):
        let reader = try CheckpointReader(prefix)
        var inspection = Inspection(path: prefix, kind: "checkpoint")
        inspection.arrays = reader.entries.map {
            Inspection.Array(name: $0.name, dtype: "\($0.dtype)", shape: $0.shape, bytes: $0.elementByteCount)
        }
        inspection.shards = reader.shardCount
        inspection.problems = reader.verify().map { "\($0)" }
        inspection.checksumsVerified = true
        return inspection
    case .eventFile(let path): return try events(path)
    case .graph(let path):
        let definition = try GraphDef(contentsOf: path)
        let graph = Graph()
        var inspection = Inspection(path: path, kind: "graphdef")
        var unsupported: [(name: String, operation: String, reason: String)] = []
        do {
            unsupported = try graph.importGraphDef(definition).unsupportedNodes
        } catch {
            inspection.problems.append("\(error)")
        }
        inspection.graph = describe(definition, unsupported)
        return inspection
    case .savedModel(let folder):
        let model = try SavedModel(contentsOf: folder)
        var inspection = Inspection(path: folder, kind: "saved-model")
        inspection.graph = describe(try GraphDef(model.graph), model.unsupportedNodes, hasProducer: false)
        inspection.model = describe(model)
        let prefix = joinPath(folder, "variables/variables")
        if try LocalFileSystem().status(prefix + ".index") != nil {
            let variables = try inspect(.checkpoint(prefix), prefix)
            inspection.arrays = variables.arrays
            inspection.shards = variables.shards
            inspection.problems = variables.problems
            inspection.checksumsVerified = true
        }
        return inspection
    }
}

/// npy, npz and safetensors. Arrays are read, one at a time, where that can find something wrong.
private func arrays(_ input: Input, _ path: String, _ kind: String, isChecked: Bool) throws -> Inspection {
    let collection = try ArrayCollection(input)
    var inspection = Inspection(path: path, kind: kind)
    inspection.arrays = collection.entries.map {
        Inspection.Array(name: $0.name, dtype: "\($0.dtype)", shape: $0.shape, bytes: $0.byteCount)
    }
    if kind == "safetensors" { inspection.metadata = collection.metadata }
    for index in collection.entries.indices where kind != "safetensors" {
        do { _ = try collection.read(index) } catch { inspection.problems.append("\(error)") }
    }
    inspection.checksumsVerified = isChecked
    return inspection
}

private func events(_ path: String) throws -> Inspection {
    var inspection = Inspection(path: path, kind: "event-file")
    var events = Inspection.Events()
    var tags: [String: Inspection.Tag] = [:]
    let reader = try EventFileReader(path)
    do {
        while let event = try reader.next() {
            events.count += 1
            events.firstStep = min(events.firstStep ?? event.step, event.step)
            events.lastStep = max(events.lastStep ?? event.step, event.step)
            events.firstTime = events.firstTime ?? event.wallTime
            events.lastTime = event.wallTime
            if case .graph = event.content { events.graphs += 1 }
            for value in event.values {
                var tag =
                    tags[value.tag]
                    ?? Inspection.Tag(
                        tag: value.tag, plugin: value.plugin, count: 0, firstStep: event.step, lastStep: event.step)
                tag.count += 1
                tag.firstStep = min(tag.firstStep, event.step)
                tag.lastStep = max(tag.lastStep, event.step)
                if case .scalar(let number) = value.content { tag.lastValue = number.isFinite ? number : nil }
                tags[value.tag] = tag
            }
        }
    } catch {
        inspection.problems.append("\(error)")
    }
    if inspection.problems.isEmpty { events.unfinishedBytes = reader.unfinishedByteCount }
    events.tags = tags.values.sorted { $0.tag < $1.tag }
    inspection.events = events
    inspection.checksumsVerified = true
    return inspection
}

private func describe(
    _ definition: GraphDef, _ unsupported: [(name: String, operation: String, reason: String)],
    hasProducer: Bool = true
) -> Inspection.Graph {
    var counts: [String: Int] = [:]
    var placeholders: [String] = []
    var variables: [String] = []
    for node in definition.nodes {
        counts[node.operation, default: 0] += 1
        if node.operation.hasPrefix("Placeholder") { placeholders.append(node.name) }
        if ["VarHandleOp", "Variable", "VariableV2"].contains(node.operation) { variables.append(node.name) }
    }
    return Inspection.Graph(
        nodes: definition.nodes.count, producer: hasProducer ? definition.producerVersion : nil,
        operations: counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
            Inspection.Count(name: $0.key, count: $0.value)
        },
        placeholders: placeholders, variables: variables, functions: definition.functionNames.sorted(),
        unsupported: unsupported.map {
            Inspection.Unsupported(name: $0.name, operation: $0.operation, reason: $0.reason)
        })
}

private func describe(_ model: SavedModel) -> Inspection.Model {
    func list(_ tensors: [String: AnyTensor]) -> [Inspection.Tensor] {
        tensors.sorted { $0.key < $1.key }.map { name, tensor in
            Inspection.Tensor(
                name: name, tensor: tensor.name, dtype: "\(tensor.dtype)",
                shape: tensor.shape.rank.map { rank in (0..<rank).map { tensor.shape[$0] ?? -1 } })
        }
    }
    return Inspection.Model(
        tags: model.tags, producer: model.producer,
        signatures: model.signatures.sorted { $0.key < $1.key }.map { name, signature in
            Inspection.Signature(
                name: name, method: signature.methodName, inputs: list(signature.inputs),
                outputs: list(signature.outputs))
        }, assets: model.assets.keys.sorted())
}
