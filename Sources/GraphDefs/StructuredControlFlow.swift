// TensorFlow 1's control flow as functions: on the level of definitions, before anything is imported.
//
// There a branch is made of `Switch` and `Merge` nodes, and a loop of `Enter`, `Merge`, `Switch`, `NextIteration` and
// `Exit`, which send values, or the mark that there is none, along the edges. Here, as in TensorFlow 2, a branch or loop is
// one node that calls functions. So each loop becomes a `While` (LoopStructure), innermost first, and then the
// `Merge` nodes that are left become `If` nodes (BranchStructure), in the graph and in the loops' functions.

import Messages
import SwiftProtobuf

/// The graph with `While` and `If` nodes in the place of TensorFlow 1's control flow.
///
/// - Errors: `GraphDefError` for a loop whose parts do not fit together. Branches that make no sense are left as they are.
func withStructuredControlFlow(_ graph: Tensorflow_GraphDef) throws(GraphDefError) -> Tensorflow_GraphDef {
    let operations: Set<String> = ["Merge", "RefMerge", "Enter", "RefEnter"]
    guard graph.node.contains(where: { operations.contains($0.op) }) else { return graph }
    var functions = NewFunctions(graph.library.function.map(\.signature.name))
    var nodes = FlowNodes(graph.node)
    try structureLoops(&nodes, &functions)
    let renamed = structureBranches(&nodes, &functions)
    nodes.rename(renamed)
    var structured = graph
    structured.node = nodes.nodes
    structured.library.function += functions.functions
    return structured
}

/// A list of nodes that refer to each other, and to what is around them, by name.
struct FlowNodes {
    private(set) var nodes: [Tensorflow_NodeDef]
    private(set) var indices: [String: Int] = [:]

    init(_ nodes: [Tensorflow_NodeDef]) {
        self.nodes = nodes
        for (index, node) in nodes.enumerated() { indices[node.name] = index }
    }

    subscript(index: Int) -> Tensorflow_NodeDef { nodes[index] }
    var count: Int { nodes.count }

    /// The node and output that an input comes from; no node where that is not in the list.
    func source(_ input: String) -> (index: Int?, output: Int) {
        if input.hasPrefix("^") { return (indices[String(input.dropFirst())], 0) }
        let name = nodeName(input)
        let output = input == name ? 0 : Int(input.dropFirst(name.count + 1)) ?? 0
        return (indices[name], max(0, output))
    }

    func dataInputs(_ index: Int) -> [String] { nodes[index].input.filter { !$0.hasPrefix("^") } }

    /// The nodes of a node's inputs, data and control.
    func sources(_ index: Int) -> [Int] { nodes[index].input.compactMap { source($0).index } }

    /// The nodes, each after those it needs, but for edges that close loops; nil where other circles are left.
    func order() -> [Int]? {
        var missing = [Int](repeating: 0, count: count)
        var users: [[Int]] = Array(repeating: [], count: count)
        for index in nodes.indices {
            let isMerge = nodes[index].op == "Merge" || nodes[index].op == "RefMerge"
            for source in sources(index) where !(isMerge && nodes[source].op.hasSuffix("NextIteration")) {
                missing[index] += 1
                users[source].append(index)
            }
        }
        var order = nodes.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            for user in users[order[next]] {
                missing[user] -= 1
                if missing[user] == 0 { order.append(user) }
            }
            next += 1
        }
        return order.count == count ? order : nil
    }

    /// Replaces a node.
    mutating func replace(_ index: Int, by node: Tensorflow_NodeDef) { nodes[index] = node }

    mutating func append(_ node: Tensorflow_NodeDef) {
        indices[node.name] = nodes.count
        nodes.append(node)
    }

    /// Leaves nodes out.
    mutating func remove(_ isRemoved: [Bool]) {
        self = FlowNodes(nodes.indices.filter { !isRemoved[$0] }.map { nodes[$0] })
    }

    /// Gives inputs other names.
    mutating func rename(_ names: [String: String]) {
        guard !names.isEmpty else { return }
        for index in nodes.indices {
            for position in nodes[index].input.indices {
                if let name = names[nodes[index].input[position]] { nodes[index].input[position] = name }
            }
        }
    }

    /// A name that no node has.
    func freeName(_ name: String) -> String {
        var candidate = name
        var number = 0
        while indices[candidate] != nil {
            number += 1
            candidate = "\(name)_\(number)"
        }
        return candidate
    }
}

/// The functions that structuring adds to the library.
struct NewFunctions {
    private(set) var functions: [Tensorflow_FunctionDef] = []
    private var names: Set<String>

    init(_ names: [String]) { self.names = Set(names) }

    /// Adds a function of nodes whose inputs are written as in a graph.
    ///
    /// - Parameters:
    ///   - arguments: names and types.
    ///   - results: names of tensors or arguments, and types.
    /// - Returns: the function's name.
    mutating func add(
        _ name: String, _ nodes: FlowNodes, arguments: [(name: String, type: Tensorflow_DataType)],
        results: [(name: String, type: Tensorflow_DataType)]
    ) -> String {
        var free = name
        var number = 0
        while !names.insert(free).inserted {
            number += 1
            free = "\(name)_\(number)"
        }
        func reference(_ tensor: String) -> String {
            let (index, output) = nodes.source(tensor)
            guard let index else { return tensor }
            return "\(nodes[index].name):\(OutputArguments.name(of: nodes[index].op, output: output))"
        }
        var function = Tensorflow_FunctionDef()
        function.signature.name = free
        function.signature.inputArg = arguments.map { argument in
            .with {
                $0.name = argument.name
                $0.type = argument.type
            }
        }
        for (index, result) in results.enumerated() {
            function.signature.outputArg.append(
                .with {
                    $0.name = "result\(index)"
                    $0.type = result.type
                })
            function.ret["result\(index)"] = reference(result.name)
        }
        function.nodeDef = nodes.nodes.map { node in
            var node = node
            node.input = node.input.map { $0.hasPrefix("^") ? $0 : reference($0) }
            return node
        }
        functions.append(function)
        return free
    }
}

extension Tensorflow_AttrValue {
    init(types: [Tensorflow_DataType]) {
        self = .with { $0.list = .with { $0.type = types } }
    }

    init(function name: String) {
        self = .with { $0.func = .with { $0.name = name } }
    }
}

extension Tensorflow_NodeDef {
    /// A node that passes a value on.
    static func identity(_ name: String, of input: String, type: Tensorflow_DataType, controls: [String]) -> Self {
        .with {
            $0.name = name
            $0.op = "Identity"
            $0.input = [input] + controls
            $0.attr = ["T": .with { $0.type = type }]
        }
    }
}
