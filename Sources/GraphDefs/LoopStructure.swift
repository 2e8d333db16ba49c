// TensorFlow 1's loops as `While` nodes.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Messages
import SwiftProtobuf

/// Replaces every loop by a `While` node that calls functions, innermost loops first.
///
/// - Errors: `GraphDefError` for loops whose parts do not fit together.
func structureLoops(_ nodes: inout FlowNodes, _ functions: inout NewFunctions) throws(GraphDefError) {
    guard let frames = LoopFrames(nodes) else { return }
    // For each loop all nodes are looked at.
    guard frames.frames.count.multipliedReportingOverflow(by: nodes.count).partialValue <= 100_000_000 else {
        throw GraphDefError("\(frames.frames.count) loops among \(nodes.count) nodes are too many")
    }
    // The node of an inner loop lives on in the function of the outer one.
    var isRemoved = frames.frameOf.map { $0 >= 0 }
    for frame in frames.frames.indices.sorted(by: { frames.frames[$0].depth > frames.frames[$1].depth }) {
        try structure(frame, frames, &nodes, &functions)
        isRemoved.append(frames.frames[frame].parent >= 0)
    }
    nodes.remove(isRemoved)
}

/// Which loop each node belongs to.
private struct LoopFrames {
    struct Frame {
        let name: String
        let parent: Int
        let depth: Int
    }

    private(set) var frames: [Frame] = []
    /// For each node the number of its loop, -1 outside of all.
    private(set) var frameOf: [Int]

    /// Nil where there is no loop, or nodes depend on each other in other circles, which are told of later.
    init?(_ nodes: FlowNodes) {
        guard nodes.nodes.contains(where: { $0.op == "Enter" }), let order = nodes.order() else { return nil }
        frameOf = Array(repeating: -1, count: nodes.count)
        var numbers: [String: Int] = [:]
        for index in order {
            var inner = -1
            for source in nodes.sources(index) where depth(frameOf[source]) > depth(inner) { inner = frameOf[source] }
            let node = nodes[index]
            switch node.op {
            case "Enter", "RefEnter":
                let name = String(decoding: node.attr["frame_name"]?.s ?? Data(), as: UTF8.self)
                let number = numbers[name] ?? frames.count
                if number == frames.count {
                    numbers[name] = number
                    frames.append(Frame(name: name, parent: inner, depth: depth(inner) + 1))
                }
                frameOf[index] = number
            case "Exit", "RefExit": frameOf[index] = inner < 0 ? -1 : frames[inner].parent
            default: frameOf[index] = inner
            }
        }
    }

    private func depth(_ frame: Int) -> Int { frame < 0 ? 0 : frames[frame].depth }
}

/// Replaces one loop; loops inside of it are replaced already.
private func structure(
    _ number: Int, _ frames: LoopFrames, _ nodes: inout FlowNodes, _ functions: inout NewFunctions
) throws(GraphDefError) {
    let frame = frames.frames[number]
    let loop = try LoopParts(number, frames, nodes)
    let arguments = loop.arguments.enumerated().map { (name: "arg\($0)", type: $1.type) }

    let condition = try loop.function(computing: [loop.condition], nodes)
    let conditionName = functions.addStructured(
        "\(frame.name)_cond", condition.nodes, arguments: arguments,
        results: [(condition.results[0], Tensorflow_DataType.dtBool)])
    let body = try loop.function(computing: loop.nextValues, nodes)
    let invariants = arguments.dropFirst(loop.nextValues.count)
    let bodyName = functions.addStructured(
        "\(frame.name)_body", body.nodes, arguments: arguments,
        results: zip(body.results, arguments).map { ($0, $1.type) } + invariants.map { ($0.name, $0.type) })

    var node = Tensorflow_NodeDef()
    node.name = nodes.freeName(frame.name.isEmpty ? "While" : "\(frame.name)/While")
    node.op = "While"
    node.input = loop.arguments.map(\.input)
    node.attr = [
        "T": Tensorflow_AttrValue(types: arguments.map(\.type)),
        "cond": Tensorflow_AttrValue(function: conditionName), "body": Tensorflow_AttrValue(function: bodyName),
    ]
    nodes.append(node)
    for (index, argument) in loop.exits {
        let output = argument == 0 ? node.name : "\(node.name):\(argument)"
        let controls = nodes[index].input.filter { $0.hasPrefix("^") && $0 != "^" + node.name }
        nodes.replace(
            index,
            by: .identity(nodes[index].name, of: output, type: arguments[argument].type, controls: controls))
    }
}

/// The parts of one loop.
private struct LoopParts {
    struct Argument {
        /// What comes in from outside.
        let input: String
        let type: Tensorflow_DataType
    }

    /// What the loop carries, and after it what stays the same at every turn.
    private(set) var arguments: [Argument] = []
    /// What each carried value becomes.
    private(set) var nextValues: [String] = []
    private(set) var condition = ""
    /// The nodes that hand carried values out, with their numbers.
    private(set) var exits: [(index: Int, argument: Int)] = []
    private let name: String
    private let members: Set<Int>
    /// The nodes that stand for an argument inside of the loop: for `Switch` its output 1, else output 0.
    private var argumentOf: [Int: Int] = [:]

    init(_ number: Int, _ frames: LoopFrames, _ nodes: FlowNodes) throws(GraphDefError) {
        name = frames.frames[number].name
        // Nodes that were added since, of inner loops, are found when they are needed.
        members = Set(frames.frameOf.indices.filter { frames.frameOf[$0] == number })
        let ordered = members.sorted()
        guard let test = ordered.first(where: { nodes[$0].op == "LoopCond" }), let tested = nodes[test].input.first
        else { throw Self.mistake(name, "it has no LoopCond") }
        condition = tested

        var carriedEnters: Set<Int> = []
        for merge in ordered where nodes[merge].op == "Merge" {
            let sources = nodes.dataInputs(merge).compactMap { nodes.source($0).index }
            guard sources.count == 2,
                let enter = sources.first(where: { nodes[$0].op == "Enter" && members.contains($0) }),
                let next = sources.first(where: { nodes[$0].op == "NextIteration" && members.contains($0) })
            else { continue }
            guard let initial = nodes[enter].input.first, let value = nodes[next].input.first else {
                throw Self.mistake(name, "\"\(nodes[enter].name)\" or \"\(nodes[next].name)\" has no input")
            }
            carriedEnters.insert(enter)
            argumentOf[merge] = arguments.count
            arguments.append(Argument(input: initial, type: nodes[enter].attr["T"]?.type ?? .dtInvalid))
            nextValues.append(value)
        }
        for index in ordered where nodes[index].op == "Switch" {
            let inputs = nodes.dataInputs(index)
            guard inputs.count == 2, nodes.source(inputs[1]).index == test,
                let merge = nodes.source(inputs[0]).index, let argument = argumentOf[merge]
            else { continue }
            argumentOf[index] = argument
        }
        for enter in ordered where nodes[enter].op == "Enter" && !carriedEnters.contains(enter) {
            guard let initial = nodes[enter].input.first else {
                throw Self.mistake(name, "\"\(nodes[enter].name)\" has no input")
            }
            argumentOf[enter] = arguments.count
            arguments.append(Argument(input: initial, type: nodes[enter].attr["T"]?.type ?? .dtInvalid))
        }
        for (index, node) in nodes.nodes.enumerated() where node.op == "Exit" {
            guard let input = node.input.first, case let (source?, output) = nodes.source(input),
                members.contains(source)
            else { continue }
            guard output == 0, nodes[source].op == "Switch", let argument = argumentOf[source] else {
                throw Self.mistake(name, "\"\(node.name)\" hands out what the loop does not carry")
            }
            exits.append((index, argument))
        }
        for node in nodes.nodes where node.op == "RefEnter" {
            throw Self.mistake(name, "\"\(node.name)\" takes a reference to a variable")
        }
    }

    private static func mistake(_ loop: String, _ reason: String) -> GraphDefError {
        GraphDefError("the loop \"\(loop)\" is not supported: \(reason)")
    }

    /// The nodes inside of the loop that compute the given tensors, as those of a function of the arguments.
    func function(
        computing tensors: [String], _ nodes: FlowNodes
    ) throws(GraphDefError) -> (nodes: FlowNodes, results: [String]) {
        var taken: [Int: Tensorflow_NodeDef] = [:]
        var waiting: [Int] = []

        /// The tensor as the function has it.
        func translated(_ tensor: String) throws(GraphDefError) -> String {
            let (index, output) = nodes.source(tensor)
            guard let index else { throw Self.mistake(name, "\"\(tensor)\" is not there") }
            if let argument = argumentOf[index], nodes[index].op != "Switch" || output == 1 { return "arg\(argument)" }
            guard isInside(index, nodes) || nodes[index].op == "Const" else {
                throw Self.mistake(name, "\"\(tensor)\" comes in without an Enter node")
            }
            waiting.append(index)
            return tensor
        }

        var results: [String] = []
        for tensor in tensors { results.append(try translated(tensor)) }
        while let index = waiting.popLast() {
            if taken[index] != nil { continue }
            taken[index] = nodes[index]
            var node = nodes[index]
            node.input = []
            for input in nodes[index].input {
                guard input.hasPrefix("^") else {
                    node.input.append(try translated(input))
                    continue
                }
                // Inside of a function nothing needs to be kept from running before the function is called.
                guard let control = nodes.source(input).index, isInside(control, nodes), argumentOf[control] == nil,
                    !Self.flowOperations.contains(nodes[control].op)
                else { continue }
                node.input.append(input)
                waiting.append(control)
            }
            taken[index] = node
        }
        return (FlowNodes(taken.keys.sorted().compactMap { taken[$0] }), results)
    }

    private static let flowOperations: Set<String> = ["Switch", "Merge", "Enter", "NextIteration", "LoopCond", "Exit"]

    /// Whether a node belongs to the loop; those of inner loops that were replaced stand at the end of the list.
    private func isInside(_ index: Int, _ nodes: FlowNodes) -> Bool {
        members.contains(index) || (nodes[index].op == "While" && nodes[index].attr["body"] != nil)
    }
}

extension NewFunctions {
    /// Adds a function of nodes that may have TensorFlow 1's branches.
    fileprivate mutating func addStructured(
        _ name: String, _ nodes: FlowNodes, arguments: [(name: String, type: Tensorflow_DataType)],
        results: [(name: String, type: Tensorflow_DataType)]
    ) -> String {
        var nodes = nodes
        let renamed = structureBranches(&nodes, &self)
        nodes.rename(renamed)
        return add(
            name, nodes, arguments: arguments, results: results.map { (renamed[$0.name] ?? $0.name, $0.type) })
    }
}
