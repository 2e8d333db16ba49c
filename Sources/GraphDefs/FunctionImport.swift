// From functions of a library to bodies that operations call: branches and loops. Calls are inlined before
// (FunctionInlining), so only these are left.

import Graphs
import Messages
import Operations
import SwiftProtobuf
import Tensors

/// Makes the bodies of a library's functions, each once for the same kinds of arguments.
final class FunctionImporter {
    private let inliner: FunctionInliner
    private let library: FunctionLibrary?
    private let budget: ImportBudget
    private var bodies: [Key: FunctionBody] = [:]
    /// The functions whose bodies are being made, outermost first.
    private var chain: [String] = []

    /// Shapes are left open, so that one body serves all; but what a handle stands for decides what its reads give.
    private struct Key: Hashable {
        let name: String
        let variables: [TensorType?]
    }

    init(_ inliner: FunctionInliner, library: FunctionLibrary?, budget: ImportBudget) {
        self.inliner = inliner
        self.budget = budget
        self.library = library
    }

    /// The body of a function for arguments of the given types.
    func body(_ name: String, _ arguments: [(TensorType, TensorType?)]) throws(DecodingMistake) -> FunctionBody {
        let key = Key(name: name, variables: arguments.map(\.1))
        if let body = bodies[key] { return body }
        if chain.contains(name) || chain.count >= FunctionBody.depthLimit {
            throw .malformed("the function \"\(name)\" calls itself, or functions are nested too deeply")
        }
        chain.append(name)
        defer { chain.removeLast() }
        do {
            let body = try make(name, arguments)
            bodies[key] = body
            return body
        } catch let error as GraphDefError {
            throw .malformed("function \"\(name)\": \(error.description)")
        } catch let mistake as DecodingMistake {
            throw mistake
        } catch let mistake as Mistake {
            throw .malformed("function \"\(name)\": \(mistake.message)")
        } catch {
            throw .malformed("function \"\(name)\": \(error)")
        }
    }

    private func make(_ name: String, _ given: [(TensorType, TensorType?)]) throws -> FunctionBody {
        let inlined = try inliner.inline(function: name)
        guard inlined.arguments.count == given.count else {
            throw GraphDefError("it takes \(inlined.arguments.count) arguments, but gets \(given.count)")
        }
        let graph = Graph()
        var inputMap: [String: AnyTensor] = [:]
        var arguments: [Value] = []
        for (declared, (type, variable)) in zip(inlined.arguments, given) {
            let open = TensorType(type.dtype, type.dtype == .resource ? .scalar : .unknown)
            let argument = graph.asDefault { graph.addArgument(open, variableType: variable, name: declared.name) }
            arguments.append(argument)
            inputMap[declared.name] = AnyTensor(argument)
        }
        let names = Dictionary(uniqueKeysWithValues: inputMap.keys.map { ($0, $0) })
        try budget.takeBodyNodes(inlined.nodes.nodes.count + 1)
        let source = try SourceNodes(inlined.nodes, given: names, budget: budget)
        try source.requireFewOutputs()
        var used = source.usedOutputs()
        for result in inlined.results where inputMap[result] == nil {
            guard let endpoint = source.endpoint(named: result) else {
                throw GraphDefError("its result \"\(result)\" is not there")
            }
            used[endpoint.node] = max(used[endpoint.node], endpoint.output + 1)
        }
        graph.reserve(source.nodes.lazy.map(\.name))
        var builder = NodeBuilder(
            graph: graph, source: source, prefix: "", inputMap: inputMap, library: library, functions: self)
        var operations: [Int: Result<any Operation, DecodingMistake>] = [:]
        let results = try graph.asDefault {
            for index in try source.ordered() {
                try builder.make(index, usedOutputs: used[index], operations: &operations)
            }
            return try inlined.results.map { result in
                try inputMap[result]?.value ?? builder.value(named: result)
            }
        }
        return try FunctionBody(name: name, graph: graph, arguments: arguments, results: results)
    }
}
