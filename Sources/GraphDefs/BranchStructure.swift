// TensorFlow 1's branches as `If` nodes.
//
// A `Merge` hands on the one of its two inputs that is there. Going back from each of them one comes to `Switch` nodes,
// all with the same predicate: what lies between is a branch. Several `Merge` nodes with one predicate become one `If`,
// so that what a branch does happens once, unless one needs the result of another.

import Messages
import SwiftProtobuf

/// Replaces branches by `If` nodes that call functions. What does not have that form stays as it is.
///
/// - Returns: new names for tensors that `Merge` nodes gave.
func structureBranches(_ nodes: inout FlowNodes, _ functions: inout NewFunctions) -> [String: String] {
    let isMerge = nodes.nodes.map { ($0.op == "Merge" || $0.op == "RefMerge") && $0.input.count >= 2 }
    guard isMerge.contains(true), let order = nodes.order() else { return [:] }
    let merges = order.filter { isMerge[$0] }
    // Each is followed back to where its branches begin: time grows with their number times the nodes. More than this is
    // not done.
    guard merges.count.multipliedReportingOverflow(by: nodes.count).partialValue <= 20_000_000 else { return [:] }

    var finder = BranchFinder(nodes)
    var groups: [BranchGroup] = []
    for merge in merges {
        guard let branches = finder.branches(of: merge) else { continue }
        finder.passThrough[merge] = branches.sources
        let needed = finder.ancestors(of: merge)
        if let index = groups.firstIndex(where: {
            $0.predicate == branches.predicate && needed.isDisjoint(with: $0.merges)
        }) {
            groups[index].merges.append(merge)
            groups[index].trueSide.append(branches.trueSide)
        } else {
            groups.append(
                BranchGroup(predicate: branches.predicate, merges: [merge], trueSide: [branches.trueSide]))
        }
    }
    var renamed: [String: String] = [:]
    var isComplete = groups.reduce(0) { $0 + $1.merges.count } == merges.count
    // Branches inside of others end before these do.
    let position = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    func end(_ group: BranchGroup) -> Int { group.merges.compactMap { position[$0] }.max() ?? 0 }
    for group in groups.sorted(by: { end($0) < end($1) }) where !replace(group, &nodes, &functions, &renamed) {
        isComplete = false
    }
    if isComplete { removeBranches(&nodes) }
    return renamed
}

/// `Merge` nodes that become one `If`.
private struct BranchGroup {
    let predicate: String
    var merges: [Int]
    /// For each, which of its inputs comes from the branch that is taken where the predicate is true.
    var trueSide: [Int]
}

/// Finds the branches that a `Merge` ends.
private struct BranchFinder {
    private let nodes: FlowNodes
    /// For `Merge` nodes that were looked at: the tensors that their branches begin with.
    var passThrough: [Int: [String]] = [:]

    init(_ nodes: FlowNodes) { self.nodes = nodes }

    struct Branches {
        let predicate: String
        let trueSide: Int
        /// The predicate, and what is switched.
        let sources: [String]
    }

    func branches(of merge: Int) -> Branches? {
        let inputs = nodes.dataInputs(merge)
        guard inputs.count == 2 else { return nil }
        var predicates: Set<String> = []
        var sources: Set<String> = []
        // For each input, which outputs of the switches it comes from.
        var outputs: [Set<Int>] = [[], []]
        for (side, input) in inputs.enumerated() {
            var seen: Set<Int> = []
            var waiting = [input]
            while let next = waiting.popLast() {
                let (index, output) = nodes.source(next)
                guard let index else { continue }
                if nodes[index].op == "Switch" || nodes[index].op == "RefSwitch" {
                    let data = nodes.dataInputs(index)
                    guard data.count == 2 else { return nil }
                    predicates.insert(root(data[1]))
                    // An edge that only waits for a switch waits for either output.
                    if !next.hasPrefix("^") { outputs[side].insert(output) }
                    sources.formUnion(data)
                    continue
                }
                guard seen.insert(index).inserted else { continue }
                waiting += passThrough[index] ?? nodes[index].input
            }
        }
        guard predicates.count == 1, let predicate = predicates.first else { return nil }
        let trueSide: Int
        switch (outputs[0].contains(1), outputs[1].contains(1)) {
        case (true, false): trueSide = 0
        case (false, true): trueSide = 1
        // Neither side takes data: TensorFlow's order is false before true.
        default: trueSide = 1
        }
        return Branches(predicate: predicate, trueSide: trueSide, sources: sources.sorted())
    }

    /// The tensor itself, past nodes that pass it on.
    private func root(_ tensor: String) -> String {
        var current = canonicalTensorName(tensor)
        for _ in 0..<16 {
            guard let index = nodes.source(current).index, nodes[index].op == "Identity",
                let input = nodes[index].input.first
            else { break }
            current = canonicalTensorName(input)
        }
        return current
    }

    /// The `Merge` nodes that a node needs.
    func ancestors(of index: Int) -> Set<Int> {
        var found: Set<Int> = []
        var seen: Set<Int> = []
        var waiting = nodes.sources(index)
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            if passThrough[next] != nil { found.insert(next) }
            waiting += nodes.sources(next)
        }
        return found
    }
}

/// Replaces the `Merge` nodes of a group; false where their branches have another form.
private func replace(
    _ group: BranchGroup, _ nodes: inout FlowNodes, _ functions: inout NewFunctions, _ renamed: inout [String: String]
) -> Bool {
    var captured: [(tensor: String, type: Tensorflow_DataType)] = []
    var argumentOf: [String: Int] = [:]
    func argument(for tensor: String, _ type: Tensorflow_DataType) -> String {
        let key = canonicalTensorName(tensor)
        let number = argumentOf[key] ?? captured.count
        if number == captured.count {
            argumentOf[key] = number
            captured.append((tensor, type))
        }
        return "arg\(number)"
    }

    let types = group.merges.map { nodes[$0].attr["T"]?.type ?? .dtInvalid }
    var branches: [(nodes: FlowNodes, results: [String])] = []
    for isTrue in [true, false] {
        var branch = BranchNodes(nodes)
        var results: [String] = []
        for (position, merge) in group.merges.enumerated() {
            let side = isTrue ? group.trueSide[position] : 1 - group.trueSide[position]
            guard let result = branch.add(nodes.dataInputs(merge)[side], argument: argument) else { return false }
            let name = "value_index_\(position)"
            results += [result, name]
            branch.append(
                .with {
                    $0.name = name
                    $0.op = "Const"
                    $0.attr = [
                        "dtype": .with { $0.type = .dtInt32 },
                        "value": .with {
                            $0.tensor = .with {
                                $0.dtype = .dtInt32
                                $0.intVal = [Int32(side)]
                            }
                        },
                    ]
                })
        }
        branches.append((branch.nodes, results))
    }

    let first = nodes[group.merges[0]].name
    let arguments = captured.enumerated().map { (name: "arg\($0)", type: $1.type) }
    let resultTypes = types.flatMap { [$0, .dtInt32] }
    let names = zip(["true", "false"], branches).map { suffix, branch in
        functions.add(
            "\(first)_\(suffix)", branch.nodes, arguments: arguments,
            results: Array(zip(branch.results, resultTypes)))
    }
    var node = Tensorflow_NodeDef()
    node.name = nodes.freeName("\(first)/If")
    node.op = "If"
    node.input = [group.predicate] + captured.map(\.tensor)
    node.attr = [
        "Tcond": .with { $0.type = .dtBool }, "Tin": Tensorflow_AttrValue(types: arguments.map(\.type)),
        "Tout": Tensorflow_AttrValue(types: resultTypes), "then_branch": Tensorflow_AttrValue(function: names[0]),
        "else_branch": Tensorflow_AttrValue(function: names[1]),
    ]
    nodes.append(node)
    for (position, merge) in group.merges.enumerated() {
        let name = nodes[merge].name
        let value = position == 0 ? node.name : "\(node.name):\(2 * position)"
        nodes.replace(merge, by: .identity(name, of: value, type: types[position], controls: []))
        renamed["\(name):1"] = "\(node.name):\(2 * position + 1)"
    }
    return true
}

/// The nodes of one branch.
private struct BranchNodes {
    private let around: FlowNodes
    private(set) var nodes = FlowNodes([])
    private var taken: Set<Int> = []
    /// Whether a node lies behind a switch, as far as that was looked up.
    private var isBehindSwitch: [Int: Bool] = [:]

    init(_ around: FlowNodes) { self.around = around }

    mutating func append(_ node: Tensorflow_NodeDef) { nodes.append(node) }

    /// Adds what computes a tensor.
    ///
    /// - Parameters:
    ///   - argument: the name of the argument for a tensor from outside.
    /// - Returns: the tensor's name in the branch; nil where it comes in from outside without a switch.
    mutating func add(_ tensor: String, argument: (String, Tensorflow_DataType) -> String) -> String? {
        var waiting: [Int] = []
        func translated(_ tensor: String, _ behind: (Int) -> Bool) -> String? {
            let (index, _) = around.source(tensor)
            guard let index else { return nil }
            let node = around[index]
            if node.op == "Switch" || node.op == "RefSwitch" {
                guard let data = node.input.first else { return nil }
                return argument(data, node.attr["T"]?.type ?? .dtInvalid)
            }
            guard behind(index) || node.op == "Const" else { return nil }
            waiting.append(index)
            return tensor
        }
        markNodesBehindSwitches(tensor)
        let known = isBehindSwitch
        guard let result = translated(tensor, { known[$0] ?? false }) else { return nil }
        while let index = waiting.popLast() {
            guard taken.insert(index).inserted else { continue }
            var node = around[index]
            node.input = []
            for input in around[index].input {
                if input.hasPrefix("^") {
                    guard let control = around.source(input).index, known[control] ?? false,
                        around[control].op != "Switch"
                    else { continue }
                    node.input.append(input)
                    waiting.append(control)
                } else {
                    guard let name = translated(input, { known[$0] ?? false }) else { return nil }
                    node.input.append(name)
                }
            }
            nodes.append(node)
        }
        return result
    }

    /// Finds out, for the nodes that a tensor needs, which depend on a switch.
    private mutating func markNodesBehindSwitches(_ tensor: String) {
        guard let start = around.source(tensor).index else { return }
        var stack = [(index: start, isOpened: false)]
        while let (index, isOpened) = stack.popLast() {
            if isBehindSwitch[index] != nil, !isOpened { continue }
            let isSwitch = around[index].op == "Switch" || around[index].op == "RefSwitch"
            if isSwitch {
                isBehindSwitch[index] = true
            } else if isOpened {
                isBehindSwitch[index] = around.sources(index).contains { isBehindSwitch[$0] ?? false }
            } else {
                isBehindSwitch[index] = false
                stack.append((index, true))
                stack += around.sources(index).filter { isBehindSwitch[$0] == nil }.map { ($0, false) }
            }
        }
    }
}

/// Removes the switches and what depends on them: the insides of branches, which are in functions now.
private func removeBranches(_ nodes: inout FlowNodes) {
    guard let order = nodes.order() else { return }
    var isRemoved = [Bool](repeating: false, count: nodes.count)
    for index in order {
        isRemoved[index] =
            nodes[index].op == "Switch" || nodes[index].op == "RefSwitch"
            || nodes.sources(index).contains { isRemoved[$0] }
    }
    nodes.remove(isRemoved)
}
