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
    private let keys: [[UInt8]: String]

    /// - Parameter readStrings: reads a tensor of strings.
    init(
        _ entries: [CheckpointEntry],
        readStrings: (CheckpointEntry) throws(CheckpointError) -> [[UInt8]]
    ) throws(CheckpointError) {
        guard let entry = entries.first(where: { $0.name == Self.graphKey }), entry.dtype == .string,
            !entry.isPartitioned
        else {
            keys = [:]
            return
        }
        // A damaged graph leaves the keys themselves, which are all that is needed for reading; `verify` tells of it.
        guard let bytes = try? readStrings(entry).first,
            let graph = try? Tensorflow_TrackableObjectGraph(serializedBytes: bytes)
        else {
            keys = [:]
            return
        }
        var keys: [[UInt8]: String?] = [:]
        for node in graph.nodes {
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

    /// The key of the tensor that is known under another name.
    func key(of name: String) -> String? { keys[Array(name.utf8)] }

    /// Whether a key belongs to the bookkeeping of checkpoints of objects, which no variable of a graph stands for.
    static func isBookkeeping(_ key: String) -> Bool {
        key == graphKey || key.hasPrefix("save_counter/.ATTRIBUTES/")
    }
}
