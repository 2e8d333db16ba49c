// Under which key of the checkpoint each variable of a saved model is kept: what the nodes would do that restore it,
// read off without running them.

import GraphDefs
import Messages
import SwiftProtobuf
import Tensors

/// Where the values of a graph's variables are.
struct VariableKeys {
    /// For the name of a variable's node, the key of its value, and which part of that it is where it is one.
    private(set) var keys: [String: (key: String, slice: String)] = [:]

    /// Follows every assignment of a variable back to the node that reads the checkpoint.
    ///
    /// - Errors: `GraphDefError` where the functions of the graph make no sense.
    init(_ graph: Tensorflow_GraphDef) throws(GraphDefError) {
        let inlined = try FunctionInliner.inline(graph)
        var nodes: [String: Tensorflow_NodeDef] = [:]
        for node in inlined.nodes { nodes[node.name] = node }

        /// The node and output that an input comes from, past nodes that only pass a value on.
        func source(_ input: String) -> (node: Tensorflow_NodeDef, output: Int)? {
            var current = input
            // A chain of identities is no longer than the graph.
            for _ in 0...64 {
                current = inlined.resolved(current)
                let name = nodeName(current)
                guard let node = nodes[name] else { return nil }
                let output = current == name ? 0 : max(0, Int(current.dropFirst(name.count + 1)) ?? 0)
                guard ["Identity", "IdentityN", "Snapshot"].contains(node.op), output < node.input.count else {
                    return (node, output)
                }
                current = node.input[output]
            }
            return nil
        }
        func strings(_ input: String) -> [String] {
            guard let node = source(input)?.node, node.op == "Const",
                case .tensor(let tensor)? = node.attr["value"]?.value,
                let array = try? AnyArray(tensor)
            else { return [] }
            return array.strings ?? []
        }

        var restores: [String: (names: [String], slices: [String])] = [:]
        for node in inlined.nodes
        where ["AssignVariableOp", "Assign"].contains(node.op) && node.input.count >= 2 {
            guard let variable = source(node.input[0])?.node, let value = source(node.input[1]) else { continue }
            guard ["VarHandleOp", "VariableV2", "Variable"].contains(variable.op), value.node.op == "RestoreV2",
                value.node.input.count >= 3
            else { continue }
            let restore =
                restores[value.node.name]
                ?? (names: strings(value.node.input[1]), slices: strings(value.node.input[2]))
            restores[value.node.name] = restore
            guard value.output < restore.names.count else { continue }
            let slice = value.output < restore.slices.count ? restore.slices[value.output] : ""
            keys[variable.name] = (restore.names[value.output], slice)
        }
    }
}

/// The graph without the nodes that save and restore it: whatever depends on reading or writing a checkpoint.
func withoutSaver(_ graph: Tensorflow_GraphDef) -> Tensorflow_GraphDef {
    let operations: Set<String> = ["RestoreV2", "SaveV2", "MergeV2Checkpoints", "ShardedFilename"]

    // Functions that do so themselves or call others that do.
    var functions: Set<String> = []
    while true {
        let found = graph.library.function.filter { function in
            !functions.contains(function.signature.name)
                && function.nodeDef.contains { operations.contains($0.op) || !functions.isDisjoint(with: $0.callees) }
        }
        if found.isEmpty { break }
        functions.formUnion(found.map(\.signature.name))
    }

    var users: [String: [Int]] = [:]
    var waiting: [Int] = []
    for (index, node) in graph.node.enumerated() {
        for input in node.input {
            users[nodeName(input.hasPrefix("^") ? String(input.dropFirst()) : input), default: []].append(index)
        }
        if operations.contains(node.op) || !functions.isDisjoint(with: node.callees) { waiting.append(index) }
    }
    var isDropped = [Bool](repeating: false, count: graph.node.count)
    while let index = waiting.popLast() {
        if isDropped[index] { continue }
        isDropped[index] = true
        waiting += users[graph.node[index].name] ?? []
    }
    // What only those nodes took, such as the names of the variables, goes with them.
    let isDroppable: Set<String> = [
        "Const", "Identity", "Pack", "Placeholder", "PlaceholderWithDefault", "ReadVariableOp", "Select",
        "StaticRegexFullMatch", "StringJoin",
    ]
    for index in graph.node.indices.reversed() where !isDropped[index] && isDroppable.contains(graph.node[index].op) {
        guard let takers = users[graph.node[index].name] else { continue }
        isDropped[index] = takers.allSatisfy { isDropped[$0] }
    }
    var remaining = graph
    remaining.node = graph.node.indices.filter { !isDropped[$0] }.map { graph.node[$0] }
    remaining.library.function = graph.library.function.filter { !functions.contains($0.signature.name) }
    return remaining
}

extension Tensorflow_NodeDef {
    /// The functions that it may call.
    fileprivate var callees: [String] {
        [op]
            + attr.values.flatMap { value -> [String] in
                switch value.value {
                case .func(let function): [function.name]
                case .list(let list): list.func.map(\.name)
                default: []
                }
            }
    }
}

/// The part of a tensor that TensorFlow's text names: `4 2 2,2:0,2` is rows 2 and 3 of all columns of a tensor of shape
/// `[4, 2]`; `-` stands for the whole of a dimension. Nil for a text that says nothing of the kind.
func slice(from text: String) -> [Range<Int>]? {
    let parts = text.split(separator: " ")
    guard let extents = parts.last?.split(separator: ":"), extents.count == parts.count - 1 else { return nil }
    var slice: [Range<Int>] = []
    for (dimension, extent) in zip(parts, extents) {
        guard let size = Int(dimension), size >= 0 else { return nil }
        if extent == "-" {
            slice.append(0..<size)
            continue
        }
        let numbers = extent.split(separator: ",").map { Int($0) }
        guard numbers.count == 2, let start = numbers[0], let length = numbers[1], start >= 0, length >= 0,
            start <= size, length <= size - start
        else { return nil }
        slice.append(start..<(start + length))
    }
    return slice
}
