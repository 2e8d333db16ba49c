// Calls of functions become the functions' nodes: on the level of definitions, before anything is imported.
//
// A call `c` of a function becomes its nodes under the scope `c/`, and a `NoOp` named `c` that waits for what the
// function does; who takes the call's output `c:1` takes what the function returns there. Bodies of loops and branches
// are not calls: they stay functions.

package import Messages
import SwiftProtobuf

/// Nodes without calls, and what stands for the outputs of those that were calls.
package struct InlinedNodes {
    package fileprivate(set) var nodes: [Tensorflow_NodeDef] = []
    /// For `c:1`, the output of a call, what stands for it: the name of a tensor.
    package fileprivate(set) var replacements: [String: String] = [:]

    /// What stands for a data input.
    package func resolved(_ input: String) -> String {
        // Replacements of nested calls lead from one to the next; every step leaves a call, of which there are few.
        var current = input
        for _ in 0..<FunctionInliner.deepestCall {
            guard let next = replacements[canonicalTensorName(current)] else { return current }
            current = next
        }
        return current
    }
}

/// `a` for `a:0`, so that equal tensors have equal names.
package func canonicalTensorName(_ name: String) -> String {
    name.hasSuffix(":0") ? String(name.dropLast(2)) : name
}

/// Replaces calls by what they call.
package struct FunctionInliner {
    static let deepestCall = 64

    private let functions: [String: Tensorflow_FunctionDef]
    /// How many nodes, with the inputs and results that calls add, may come of the definition.
    let nodeLimit: Int
    private var addedCount = 0
    /// The bytes that the names of calls add to the names of nodes.
    private var addedNameBytes = 0
    private static let nameByteLimit = 1 << 28
    private var result = InlinedNodes()

    /// A node that may be a call, with the functions it stands in.
    private struct Pending {
        var node: Tensorflow_NodeDef
        var chain: [String]
    }

    init(_ graph: Tensorflow_GraphDef) throws(GraphDefError) {
        var functions: [String: Tensorflow_FunctionDef] = [:]
        var size = graph.node.reduce(0) { $0 + 1 + $1.input.count }
        for function in graph.library.function {
            size += Self.size(of: function)
            guard functions.updateValue(function, forKey: function.signature.name) == nil else {
                throw GraphDefError("the library holds two functions named \"\(function.signature.name)\"")
            }
        }
        self.functions = functions
        // Functions that call each other twice each double at every level: more than this is no honest graph.
        nodeLimit = 10_000 + 50 * size
    }

    /// The nodes of a graph, without calls.
    ///
    /// - Errors: `GraphDefError` for functions that call themselves, wrong numbers of arguments, and results that are
    ///   not there.
    package static func inline(_ graph: Tensorflow_GraphDef) throws(GraphDefError) -> InlinedNodes {
        try FunctionInliner(graph).inline(graph.node)
    }

    /// The given nodes, without calls.
    func inline(_ nodes: [Tensorflow_NodeDef]) throws(GraphDefError) -> InlinedNodes {
        var inliner = self
        try inliner.expand(nodes.map { Pending(node: $0, chain: []) })
        return inliner.result
    }

    /// The nodes of one function, without calls. Its arguments are named as they are; the results are names of tensors or
    /// of arguments.
    func inline(
        function name: String
    ) throws(GraphDefError) -> (nodes: InlinedNodes, arguments: [Tensorflow_OpDef.ArgDef], results: [String]) {
        var inliner = self
        guard let function = functions[name] else { throw .noFunction(name) }
        var arguments: [String: String] = [:]
        for argument in function.signature.inputArg { arguments[argument.name] = argument.name }
        guard arguments.count == function.signature.inputArg.count else {
            throw GraphDefError("two arguments of the function \"\(name)\" have one name")
        }
        let body = try inliner.body(of: function, arguments: arguments, attributes: [:], prefix: "", caller: name)
        try inliner.expand(body.nodes.map { Pending(node: $0, chain: [name]) })
        return (inliner.result, function.signature.inputArg, body.results)
    }

    private mutating func expand(_ nodes: [Pending]) throws(GraphDefError) {
        var waiting = Array(nodes.reversed())
        while let next = waiting.popLast() {
            guard let call = calledFunction(next.node) else {
                result.nodes.append(next.node)
                if result.nodes.count > nodeLimit {
                    throw GraphDefError(
                        "the functions' calls make more than \(nodeLimit) nodes", node: next.node.name)
                }
                continue
            }
            guard let function = functions[call.name] else { throw .noFunction(call.name, node: next.node.name) }
            if next.chain.contains(call.name) || next.chain.count >= Self.deepestCall {
                throw GraphDefError(
                    "the function \"\(call.name)\" calls itself, or calls are nested too deeply", node: next.node.name)
            }
            let (expanded, group) = try expansion(of: next.node, function, call.attributes)
            waiting.append(Pending(node: group, chain: []))
            waiting += expanded.reversed().map { Pending(node: $0, chain: next.chain + [call.name]) }
        }
    }

    /// How many nodes, inputs and results a function has.
    private static func size(of function: Tensorflow_FunctionDef) -> Int {
        function.nodeDef.reduce(function.signature.outputArg.count) { $0 + 1 + $1.input.count }
    }

    /// The function that a node calls.
    private func calledFunction(
        _ node: Tensorflow_NodeDef
    ) -> (name: String, attributes: [String: Tensorflow_AttrValue])? {
        if node.op == "PartitionedCall" || node.op == "StatefulPartitionedCall" {
            guard case .func(let function)? = node.attr["f"]?.value else { return nil }
            return (function.name, function.attr)
        }
        return functions[node.op] != nil ? (node.op, node.attr) : nil
    }

    private mutating func expansion(
        of call: Tensorflow_NodeDef, _ function: Tensorflow_FunctionDef, _ attributes: [String: Tensorflow_AttrValue]
    ) throws(GraphDefError) -> (nodes: [Tensorflow_NodeDef], group: Tensorflow_NodeDef) {
        let data = call.input.filter { !$0.hasPrefix("^") }
        let control = call.input.filter { $0.hasPrefix("^") }
        let signature = function.signature
        guard data.count == signature.inputArg.count else {
            throw GraphDefError(
                "the function \"\(signature.name)\" takes \(signature.inputArg.count) arguments, but gets \(data.count)",
                node: call.name)
        }
        let size = Self.size(of: function)
        addedCount += size + function.nodeDef.count * control.count
        addedNameBytes += size.multipliedReportingOverflow(by: call.name.utf8.count).partialValue
        if addedCount > nodeLimit || addedNameBytes > Self.nameByteLimit {
            throw GraphDefError(
                "the functions' calls make more than \(nodeLimit) nodes, inputs and results, or too long names",
                node: String(call.name.prefix(200)))
        }
        var arguments: [String: String] = [:]
        for (argument, input) in zip(signature.inputArg, data) {
            if !argument.numberAttr.isEmpty || !argument.typeListAttr.isEmpty {
                throw GraphDefError(
                    "the function \"\(signature.name)\" takes a list of arguments, which is not supported",
                    node: call.name)
            }
            arguments[argument.name] = input
        }
        let body = try self.body(
            of: function, arguments: arguments, attributes: attributes, prefix: call.name + "/", caller: call.name)
        var nodes = body.nodes
        if !control.isEmpty {
            // What needs nothing of the function itself waits in the call's place; the rest waits for that.
            let prefix = call.name + "/"
            for index in nodes.indices
            where !nodes[index].input.contains(where: { $0.hasPrefix(prefix) || $0.hasPrefix("^" + prefix) }) {
                nodes[index].input += control
            }
        }
        for (index, output) in body.results.enumerated() {
            result.replacements[canonicalTensorName("\(call.name):\(index)")] = output
        }
        var group = Tensorflow_NodeDef()
        group.name = call.name
        group.op = "NoOp"
        group.device = call.device
        group.input = body.effects.map { "^" + $0 } + control
        return (nodes, group)
    }

    /// The nodes of a function under `prefix`, what it returns, and the nodes that must run whatever is fetched.
    private func body(
        of function: Tensorflow_FunctionDef, arguments: [String: String],
        attributes: [String: Tensorflow_AttrValue], prefix: String, caller: String
    ) throws(GraphDefError) -> (nodes: [Tensorflow_NodeDef], results: [String], effects: [String]) {
        var operations: [String: Tensorflow_NodeDef] = [:]
        for node in function.nodeDef { operations[node.name] = node }

        /// A data input as graphs write it: `node:output:1` → `prefix/node:3`.
        func translated(_ input: String, _ user: String) throws(GraphDefError) -> String {
            let parts = input.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let name = parts.first ?? ""
            if let argument = arguments[name], operations[name] == nil { return argument }
            guard let node = operations[name] else {
                throw GraphDefError(
                    "in function \"\(function.signature.name)\" the input \"\(input)\" of \"\(user)\" names no node",
                    node: caller)
            }
            let number = parts.count > 1 ? Int(parts[parts.count - 1]) ?? 0 : 0
            let output = parts.count == 3 ? outputNumber(node, argument: parts[1], number) : number
            guard (0..<(1 << 20)).contains(output) else {
                throw GraphDefError("\"\(input)\" is no output", node: caller)
            }
            return output == 0 ? prefix + name : "\(prefix)\(name):\(output)"
        }

        var nodes: [Tensorflow_NodeDef] = []
        for node in function.nodeDef {
            var copy = node
            copy.name = prefix + node.name
            copy.input = []
            for input in node.input {
                if input.hasPrefix("^") {
                    let name = String(input.dropFirst())
                    // A control input on an argument waits for what gives it.
                    let source = operations[name] == nil ? arguments[name].map(nodeName) : prefix + name
                    copy.input.append("^" + (source ?? prefix + name))
                } else {
                    copy.input.append(try translated(input, node.name))
                }
            }
            copy.input = copy.input.filter { !$0.hasPrefix("^") } + copy.input.filter { $0.hasPrefix("^") }
            for (name, value) in node.attr {
                guard case .placeholder(let placeholder)? = value.value else { continue }
                if let given = attributes[placeholder] { copy.attr[name] = given }
            }
            nodes.append(copy)
        }
        var results: [String] = []
        for output in function.signature.outputArg {
            guard let source = function.ret[output.name] else {
                throw GraphDefError(
                    "the function \"\(function.signature.name)\" has no value for its result \"\(output.name)\"",
                    node: caller)
            }
            results.append(try translated(source, "result \(output.name)"))
        }
        let effects = Set(function.controlRet.values).sorted().filter { operations[$0] != nil }.map { prefix + $0 }
        return (nodes, results, effects)
    }

    /// The number of an output that functions name by its argument: of the ops with several named outputs.
    private func outputNumber(_ node: Tensorflow_NodeDef, argument: String, _ number: Int) -> Int {
        if let function = functions[node.op] {
            return (function.signature.outputArg.firstIndex { $0.name == argument } ?? 0) + number
        }
        return (OutputArguments.names(of: node.op).firstIndex(of: argument) ?? 0) + number
    }
}

/// The node that a tensor's name names: `a` for `a:1`.
package func nodeName(_ tensor: String) -> String {
    tensor.lastIndex(of: ":").map { String(tensor[..<$0]) } ?? tensor
}

extension GraphDefError {
    static func noFunction(_ name: String, node: String? = nil) -> GraphDefError {
        GraphDefError("there is no function \"\(name)\" in the library", node: node)
    }
}
