// Loops: a function is called again and again on its own results.

package import Graphs
package import Programs
package import Tensors

/// The inputs, replaced by the results of the body for them as long as the condition of them holds.
///
/// The condition holds where its one result is true: a single number other than 0, or an array that is not empty. What a
/// loop carries keeps its type and shape. A variable that the body updates is carried as well; the condition sees its
/// value.
///
/// - Gradient: a loop through the turns from the last to the first; see LoopGradients.
package struct WhileLoop: CallingOperation {
    package let condition: FunctionBody
    package let body: FunctionBody
    package let isStateful: Bool

    package init(condition: FunctionBody, body: FunctionBody, isStateful: Bool) {
        self.condition = condition
        self.body = body
        self.isStateful = isStateful
    }

    package var name: String { isStateful ? "While" : "StatelessWhile" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .types(body.argumentTypes.map(\.dtype))), Attribute("cond", .function(condition.name)),
            Attribute("body", .function(body.name)),
        ]
    }
    package var effect: Effect { body.effect(firstInput: 0) }
    package var outputCount: Int { body.arguments.count }
    package var bodies: [FunctionBody] { [condition, body] }
    package func inputOfHandle(output: Int) -> Int? { output }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        // No input is constant in the body: from the second turn on it may be another.
        let inputs = InputTypes(inputs.types) { [body] index in
            body.results.indices.contains(index) && body.argument(ofResult: index) == index
                ? inputs.constant(index) : nil
        }
        let tests = try condition.resultTypes(inputs, from: 0)
        guard tests.count == 1, tests[0].dtype.isComputed else {
            throw Mistake("the condition \"\(condition.name)\" gives \(tests) instead of one truth value")
        }
        let results = try body.resultTypes(inputs, from: 0)
        guard results.count == inputs.count else {
            throw Mistake("the body \"\(body.name)\" takes \(inputs.count) values, but gives \(results.count)")
        }
        var types: [TensorType] = []
        for (number, (before, after)) in zip(inputs.types, results).enumerated() {
            guard before.dtype == after.dtype, let shape = before.shape.merged(with: after.shape) else {
                throw Mistake(
                    "carried value \(number) has type \(before) before a turn of \"\(body.name)\", but \(after) after it",
                    hint: "programs have static shapes: what a loop carries keeps its type and shape")
            }
            types.append(TensorType(before.dtype, shape))
        }
        return types
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        try context.lowerLoop(condition: condition, body: body)
    }
}

// MARK: - From files

extension WhileLoop: DecodableOperation {
    package static var operationNames: [String] { ["StatelessWhile", "While"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            condition: try node.function("cond", from: 0), body: try node.function("body", from: 0),
            isStateful: node.operation == "While")
    }
}
