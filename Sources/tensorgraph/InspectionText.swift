// The result of `inspect` for people.

import Foundation
import Graphs

extension Inspection {
    var text: String {
        var parts = ["\(path): \(title)"]
        if let model { parts.append(Self.text(model)) }
        if let events { parts.append(Self.text(events)) }
        if let graph { parts.append(Self.text(graph)) }
        if let metadata, !metadata.isEmpty {
            parts.append(
                table(["metadata", ""], metadata.sorted { $0.key < $1.key }.map { [shown($0.key), shown($0.value)] }))
        }
        if let arrays { parts.append(text(arrays)) }
        parts.append(verdict)
        return parts.joined(separator: "\n\n")
    }

    private var title: String {
        switch kind {
        case "npy": "an array of numpy"
        case "npz": "an archive of numpy's arrays"
        case "safetensors": "a safetensors file"
        case "checkpoint": "a checkpoint of TensorFlow" + (shards.map { ", " + counted($0, "data file") } ?? "")
        case "event-file": "an event file"
        case "graphdef": "a graph of TensorFlow"
        default: "a SavedModel of TensorFlow"
        }
    }

    private var verdict: String {
        if !problems.isEmpty { return "damaged: " + counted(problems.count, "problem") }
        return checksumsVerified
            ? "sound: all checksums are right" : "sound, as far as a format without checksums can tell"
    }

    private func text(_ arrays: [Array]) -> String {
        let total = arrays.reduce(0) { $0 + $1.bytes }
        guard !arrays.isEmpty else { return "no arrays" }
        return table(
            ["name", "dtype", "shape", "size"],
            arrays.map { [shown($0.name), $0.dtype, shapeText($0.shape), sizeText($0.bytes)] }, right: [3])
            + "\n\n\(counted(arrays.count, "array")), \(sizeText(total))"
    }

    private static func text(_ events: Events) -> String {
        var text = counted(events.count, "event")
        if let first = events.firstStep, let last = events.lastStep { text += ", steps \(first) to \(last)" }
        if events.graphs > 0 { text += ", " + counted(events.graphs, "graph") }
        if events.unfinishedBytes > 0 {
            text += ", \(events.unfinishedBytes) bytes of a record that is not complete yet"
        }
        guard !events.tags.isEmpty else { return text }
        return text + "\n\n"
            + table(
                ["tag", "plugin", "count", "steps", "last value"],
                events.tags.map { tag in
                    [
                        shown(tag.tag), shown(tag.plugin), "\(tag.count)", "\(tag.firstStep)-\(tag.lastStep)",
                        tag.lastValue.map { String(format: "%g", $0) } ?? "",
                    ]
                }, right: [2, 4])
    }

    private static func text(_ graph: Graph) -> String {
        var text = counted(graph.nodes, "node")
        if let producer = graph.producer { text += ", of producer version \(producer)" }
        func list(_ title: String, _ names: [String]) {
            guard !names.isEmpty else { return }
            let more = names.count > 20 ? ", and \(names.count - 20) more" : ""
            text += "\n\(title): \(names.prefix(20).map(shown).joined(separator: ", "))\(more)"
        }
        list("placeholders", graph.placeholders)
        list("variables", graph.variables)
        list("functions", graph.functions)
        if !graph.unsupported.isEmpty {
            text += "\n\(counted(graph.unsupported.count, "node")) cannot be run here:"
            for node in graph.unsupported.prefix(20) {
                text += "\n  \(shown(node.name)) (\(shown(node.operation))): \(shown(node.reason))"
            }
        }
        guard !graph.operations.isEmpty else { return text }
        return text + "\n\n"
            + table(["op", "count"], graph.operations.map { [shown($0.name), "\($0.count)"] }, right: [1])
    }

    private static func text(_ model: Model) -> String {
        var text = "tags: \(model.tags.map(shown).joined(separator: ", "))"
        if !model.producer.isEmpty { text += "\nwritten by \(shown(model.producer))" }
        if !model.assets.isEmpty { text += "\nassets: \(model.assets.map(shown).joined(separator: ", "))" }
        var rows: [[String]] = []
        for signature in model.signatures {
            for (direction, tensors) in [("in", signature.inputs), ("out", signature.outputs)] {
                for tensor in tensors {
                    let shape = tensor.shape.map {
                        "[" + $0.map { $0 < 0 ? "?" : "\($0)" }.joined(separator: ", ") + "]"
                    }
                    rows.append([
                        shown(signature.name), direction, shown(tensor.name), tensor.dtype, shape ?? "?",
                        shown(tensor.tensor),
                    ])
                }
            }
        }
        guard !rows.isEmpty else { return text + "\nno signatures" }
        return text + "\n\n" + table(["signature", "", "name", "dtype", "shape", "tensor"], rows)
    }
}
