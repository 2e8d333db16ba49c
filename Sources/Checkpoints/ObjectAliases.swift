// Checkpoints of objects (TensorFlow 2) keep each variable under its place in a graph of objects. This finds the keys by
// the variables' own names.

import Messages
import SwiftProtobuf
import Tensors

/// Other names of the tensors of a checkpoint.
struct ObjectAliases: Sendable {
    /// The key of the tensor that holds the graph of objects.
    static let graphKey = "_CHECKPOINTABLE_OBJECT_GRAPH"
    private static let valueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE"
    private var keys: [[UInt8]: String] = [:]
    /// For each object its children by name.
    private var children: [[String: Int]] = []
    /// For each object the key of its value, where it is a variable.
    private var valueKeys: [String?] = []

    /// - Parameter readStrings: reads a tensor of strings.
    init(
        _ entries: [CheckpointEntry],
        readStrings: (CheckpointEntry) throws(CheckpointError) -> [[UInt8]]
    ) throws(CheckpointError) {
        guard let entry = entries.first(where: { $0.name == Self.graphKey }), entry.dtype == .string,
            !entry.isPartitioned
        else { return }
        // A damaged graph leaves the keys themselves, which are all that is needed for reading; `verify` tells of it.
        guard let bytes = try? readStrings(entry).first,
            let graph = try? Tensorflow_TrackableObjectGraph(serializedBytes: bytes)
        else { return }
        var keys: [[UInt8]: String?] = [:]
        for node in graph.nodes {
            var named: [String: Int] = [:]
            for child in node.children { named[child.localName] = Int(child.nodeID) }
            children.append(named)
            valueKeys.append(node.attributes.first { $0.name == "VARIABLE_VALUE" }?.checkpointKey)
            for attribute in node.attributes where !attribute.checkpointKey.isEmpty {
                let key = attribute.checkpointKey
                let place = key.hasSuffix(Self.valueSuffix) ? String(key.dropLast(Self.valueSuffix.count)) : ""
                for name in Set([attribute.fullName, place]) where !name.isEmpty {
                    // A name that stands for several variables stands for none.
                    let known = keys[Array(name.utf8)]
                    keys[Array(name.utf8)] = known == nil || known == .some(key) ? .some(key) : .some(nil)
                }
            }
        }
        self.keys = keys.compactMapValues { $0 }
    }

    /// The key of the tensor that is known under another name: its variable's full name, or any way to it from object to
    /// object, such as `model/layers/0/kernel`.
    func key(of name: String) -> String? {
        if let key = keys[Array(name.utf8)] { return key }
        guard !children.isEmpty else { return nil }
        // The way is as long as the name: cycles among the objects do no harm.
        var node = 0
        for part in name.split(separator: "/", omittingEmptySubsequences: false) {
            guard let next = children[node][String(part)], children.indices.contains(next) else { return nil }
            node = next
        }
        return valueKeys[node]
    }

    /// Whether a key belongs to the bookkeeping of checkpoints of objects, which no variable of a graph stands for.
    static func isBookkeeping(_ key: String) -> Bool {
        key == graphKey || key.hasPrefix("save_counter/.ATTRIBUTES/")
    }
}
