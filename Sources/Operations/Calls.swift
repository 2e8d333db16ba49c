// Calls of functions, and what all operations that call functions share. Branches are in Conditionals, loops in Loops.

package import Graphs
package import Programs
package import Tensors

/// The results of a function for the inputs; the call is replaced by the function's nodes.
///
/// - Gradient: that of the function's results.
package struct FunctionCall: CallingOperation {
    package let body: FunctionBody
    package let isStateful: Bool

    package init(_ body: FunctionBody, isStateful: Bool) {
        self.body = body
        self.isStateful = isStateful
    }

    package var name: String { isStateful ? "StatefulPartitionedCall" : "PartitionedCall" }
    package var attributes: [Attribute] {
        [
            Attribute("Tin", .types(body.argumentTypes.map(\.dtype))),
            Attribute("Tout", .types(body.results.map(\.dtype))), Attribute("f", .function(body.name)),
        ]
    }
    package var effect: Effect { body.effect(firstInput: 0) }
    package var outputCount: Int { body.results.count }
    package var bodies: [FunctionBody] { [body] }
    package func inputOfHandle(output: Int) -> Int? { body.argument(ofResult: output) }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try body.resultTypes(inputs, from: 0)
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        guard let graph = context.outputs.first?.graph, let results = body.inlined(into: graph, context.inputs) else {
            return .refused(reason: "the results of function \"\(body.name)\" depend on an update of a variable")
        }
        return context.ofDecomposition { _ in results }
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        try context.lowerInlined(body, inputs: 0..<context.operands.count)
    }
}

// MARK: - What calls share

extension FunctionBody {
    /// How a call touches variables whose handles are its inputs from `firstInput` on.
    func effect(firstInput: Int) -> Effect {
        updatedHandles.isEmpty ? .none : .updates(inputs: updatedHandles.map { $0 + firstInput })
    }

    /// The types of the results for the inputs of a node from number `first` on.
    ///
    /// - Errors: a `Mistake` where the inputs do not fit the arguments, or a node inside does not fit them.
    func resultTypes(_ inputs: InputTypes, from first: Int) throws(Mistake) -> [TensorType] {
        let declared = argumentTypes
        let found = inputs.count - first
        guard found == declared.count else {
            throw Mistake("function \"\(name)\" takes \(declared.count) arguments, but is given \(found)")
        }
        var types: [TensorType] = []
        for (index, argument) in declared.enumerated() {
            let input = inputs[first + index]
            guard input.dtype == argument.dtype, let shape = input.shape.merged(with: argument.shape) else {
                throw Mistake(
                    "argument \(index) of function \"\(name)\" has type \(argument), but is given \(input)")
            }
            types.append(TensorType(input.dtype, shape))
        }
        return try resultTypes(for: types) { inputs.constant(first + $0) }
    }
}

// MARK: - From files

extension FunctionCall: DecodableOperation {
    package static var operationNames: [String] { ["PartitionedCall", "StatefulPartitionedCall"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(try node.function("f", from: 0), isStateful: node.operation == "StatefulPartitionedCall")
    }
}
