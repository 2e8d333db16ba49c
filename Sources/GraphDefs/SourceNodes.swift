// The nodes of a definition with their inputs resolved, in an order in which they can be made.

import Graphs
import Messages
import SwiftProtobuf
import Tensors

/// An output of a node of the definition.
struct SourceEndpoint: Hashable {
    let node: Int
    let output: Int
}

/// A data input of a node.
enum SourceInput: Hashable {
    case endpoint(SourceEndpoint)
    /// A tensor that the caller gives in its place, by the name he gives it for.
    case given(String)
}

/// A node of the definition.
struct SourceNode {
    let name: String
    let operation: String
    let device: String
    let attributes: [String: AttributeValue]
    let inputs: [SourceInput]
    let controls: [Int]
}

/// All nodes of a definition.
struct SourceNodes {
    private(set) var nodes: [SourceNode] = []
    private(set) var indices: [String: Int] = [:]
    private let inlined: InlinedNodes
    private let budget: ImportBudget

    /// - Parameters:
    ///   - given: the names of tensors for which the caller gives others.
    /// - Errors: `GraphDefError` for names that occur twice or are none, inputs that name nothing, and impossible
    ///   attributes.
    init(_ inlined: InlinedNodes, given: [String: String], budget: ImportBudget) throws(GraphDefError) {
        self.inlined = inlined
        self.budget = budget
        for (index, node) in inlined.nodes.enumerated() {
            guard isValidName(node.name, allowsInternal: true), node.name.utf8.count <= 1 << 16 else {
                throw GraphDefError(
                    "the name \"\(node.name)\" of node number \(index) is not valid",
                    hint: "a name starts with a letter, a digit, '.' or '_', and goes on with those, '-', '/' or '>'")
            }
            if node.op.isEmpty { throw GraphDefError("has no op", node: node.name) }
            guard indices.updateValue(index, forKey: node.name) == nil else {
                throw GraphDefError("there are two nodes of this name", node: node.name)
            }
        }
        nodes.reserveCapacity(inlined.nodes.count)
        for node in inlined.nodes { nodes.append(try source(node, given)) }
    }

    private func source(_ node: Tensorflow_NodeDef, _ given: [String: String]) throws(GraphDefError) -> SourceNode {
        var inputs: [SourceInput] = []
        var controls: [Int] = []
        var known: Set<Int> = []
        for input in node.input {
            if input.hasPrefix("^") {
                let name = String(input.dropFirst())
                guard let index = indices[name] else { throw noNode(name, input, of: node) }
                if known.insert(index).inserted { controls.append(index) }
                continue
            }
            if !controls.isEmpty { throw GraphDefError("has a data input after control inputs", node: node.name) }
            let resolved = inlined.resolved(input)
            if let name = given[canonicalTensorName(resolved)] ?? given[canonicalTensorName(input)] {
                inputs.append(.given(name))
            } else {
                inputs.append(.endpoint(try endpoint(resolved, of: node)))
            }
        }
        var attributes: [String: AttributeValue] = [:]
        for (name, value) in node.attr {
            do throws(MessageError) { attributes[name] = try budget.attribute(value) } catch {
                throw GraphDefError("attribute \"\(name)\": \(error)", node: node.name)
            }
        }
        return SourceNode(
            name: node.name, operation: node.op, device: node.device, attributes: attributes, inputs: inputs,
            controls: controls)
    }

    private func endpoint(_ name: String, of node: Tensorflow_NodeDef) throws(GraphDefError) -> SourceEndpoint {
        let parts: (node: String, output: Int)
        do throws(GraphLookupError) { parts = try splitTensorName(name) } catch {
            throw GraphDefError("the input \(error.description)", node: node.name)
        }
        guard let index = indices[parts.node] else { throw noNode(parts.node, name, of: node) }
        guard parts.output < Self.outputLimit else {
            throw GraphDefError("the input \"\(name)\" names an output that no node has", node: node.name)
        }
        return SourceEndpoint(node: index, output: parts.output)
    }

    private func noNode(_ name: String, _ input: String, of node: Tensorflow_NodeDef) -> GraphDefError {
        let near = nearestName(to: name, among: indices.keys)
        return GraphDefError(
            "the input \"\(input)\" names no node", node: node.name, hint: near.map { "did you mean \"\($0)\"?" })
    }

    /// The node and output that stand for a tensor's name after inlining; nil where there is none.
    func endpoint(named name: String) -> SourceEndpoint? {
        guard let parts = try? splitTensorName(inlined.resolved(name)), let index = indices[parts.node] else {
            return nil
        }
        return SourceEndpoint(node: index, output: parts.output)
    }

    /// For the outputs of calls, the tensors that stand for them.
    var replacements: [String: String] { inlined.replacements }

    /// More outputs than this has no node.
    private static let outputLimit = 1 << 16

    /// How many outputs of each node are used by others.
    func usedOutputs() -> [Int] {
        var counts = [Int](repeating: 0, count: nodes.count)
        for node in nodes {
            for case .endpoint(let endpoint) in node.inputs {
                counts[endpoint.node] = max(counts[endpoint.node], endpoint.output + 1)
            }
        }
        return counts
    }

    /// Refuses graphs that use outputs with high numbers of many nodes, each of which would take memory.
    func requireFewOutputs() throws(GraphDefError) {
        let total = usedOutputs().reduce(0, +)
        if total > 1 << 17 + 64 * nodes.count {
            throw GraphDefError("\(nodes.count) nodes would have \(total) outputs")
        }
    }

    /// The nodes, each after those it needs; else in the order of the definition.
    ///
    /// - Errors: `GraphDefError` where nodes wait for each other in a circle.
    func ordered() throws(GraphDefError) -> [Int] {
        var missing = [Int](repeating: 0, count: nodes.count)
        var users: [[Int]] = Array(repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for needed in node.neededNodes {
                missing[index] += 1
                users[needed].append(index)
            }
        }
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        var ready = MinimumHeap(nodes.indices.filter { missing[$0] == 0 })
        while let next = ready.popMinimum() {
            order.append(next)
            for user in users[next] {
                missing[user] -= 1
                if missing[user] == 0 { ready.insert(user) }
            }
        }
        guard order.count == nodes.count else {
            let stuck = nodes.indices.filter { missing[$0] > 0 }.prefix(5).map { "\"\(nodes[$0].name)\"" }
            throw GraphDefError(
                "nodes wait for each other in a circle, among them \(stuck.joined(separator: ", "))",
                node: nodes.indices.first { missing[$0] > 0 }.map { nodes[$0].name })
        }
        return order
    }
}

extension SourceNode {
    /// The nodes of its data and control inputs, each once for each input.
    var neededNodes: [Int] {
        inputs.compactMap { if case .endpoint(let endpoint) = $0 { endpoint.node } else { nil } } + controls
    }
}

/// A binary heap of numbers.
private struct MinimumHeap {
    private var elements: [Int]

    /// - Parameters:
    ///   - sorted: numbers in ascending order, which are a heap already.
    init(_ sorted: [Int]) { elements = sorted }

    mutating func insert(_ element: Int) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, elements[(index - 1) / 2] > elements[index] {
            elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func popMinimum() -> Int? {
        guard let last = elements.popLast() else { return nil }
        guard let minimum = elements.first else { return last }
        elements[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < elements.count && elements[child] < elements[least] {
                least = child
            }
            if least == index { return minimum }
            elements.swapAt(index, least)
            index = least
        }
    }
}
