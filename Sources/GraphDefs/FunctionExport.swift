// From the bodies that operations call to functions of a definition's library.

import Graphs
import Messages
import SwiftProtobuf
import Tensors

/// Gathers the functions of a definition that is being made.
struct FunctionExporter {
    private(set) var functions: [Tensorflow_FunctionDef] = []
    /// The names given to bodies, by their graphs.
    private var names: [ObjectIdentifier: String] = [:]
    /// The functions that are in the library already or were added, by name.
    private var known: [String: Tensorflow_FunctionDef] = [:]

    /// - Parameters:
    ///   - library: functions that are in the library already.
    init(library: [Tensorflow_FunctionDef]) {
        for function in library { known[function.signature.name] = function }
    }

    /// The attributes of an operation, with the names under which the functions it calls are in the library.
    mutating func attributes(of operation: any Operation) -> [Attribute] {
        guard let calling = operation as? any CallingOperation else { return operation.attributes }
        // Attributes name the bodies in their order.
        var bodies = calling.bodies.map { add($0) }[...]
        return operation.attributes.map { attribute in
            switch attribute.value {
            case .function(let name): Attribute(attribute.name, .function(bodies.popFirst() ?? name))
            case .functions(let names):
                Attribute(attribute.name, .functions(names.map { bodies.popFirst() ?? $0 }))
            default: attribute
            }
        }
    }

    /// Adds a function, with those that it calls, and returns its name. Bodies are nested to a limited depth.
    private mutating func add(_ body: FunctionBody) -> String {
        let key = ObjectIdentifier(body.graph)
        if let name = names[key] { return name }
        let records = body.graph.records
        var arguments: [NodeID: String] = [:]
        for (index, argument) in body.arguments.enumerated() { arguments[argument.endpoint.node] = "arg\(index)" }
        func reference(_ endpoint: Endpoint) -> String {
            if let argument = arguments[endpoint.node] { return argument }
            let record = records[endpoint.node.int]
            return "\(record.name):\(OutputArguments.name(of: record.operation.name, output: Int(endpoint.output)))"
        }
        var function = Tensorflow_FunctionDef()
        function.signature.name = body.name
        function.signature.isStateful = records.contains { $0.operation.effect != .none }
        for (index, argument) in body.arguments.enumerated() {
            function.signature.inputArg.append(
                .with {
                    $0.name = "arg\(index)"
                    $0.type = argument.dtype.message
                })
        }
        for (index, result) in body.results.enumerated() {
            function.signature.outputArg.append(
                .with {
                    $0.name = "result\(index)"
                    $0.type = result.dtype.message
                })
            function.ret["result\(index)"] = reference(result.endpoint)
        }
        for (index, record) in records.enumerated() where arguments[NodeID(index)] == nil {
            var node = Tensorflow_NodeDef()
            node.name = record.name
            node.op = record.operation.name
            node.input =
                record.inputs.map(reference)
                + record.controlInputs.filter { arguments[$0] == nil }.map { "^" + records[$0.int].name }
            for attribute in attributes(of: record.operation) { node.attr[attribute.name] = attribute.value.message }
            function.nodeDef.append(node)
        }
        for effect in body.effects {
            function.signature.controlOutput.append(effect.name)
            function.controlRet[effect.name] = effect.name
        }
        // An equal function of the name serves; another one makes it take a number.
        var number = 0
        while let other = known[function.signature.name] {
            if other == function { break }
            number += 1
            function.signature.name = "\(body.name)_\(number)"
        }
        names[key] = function.signature.name
        if known.updateValue(function, forKey: function.signature.name) == nil { functions.append(function) }
        return function.signature.name
    }
}
