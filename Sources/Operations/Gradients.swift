// Gradients of results with respect to tensors and variables, as more nodes of the graph.

public import Graphs
import Programs
public import Tensors

/// What `gradients` gives for an input on which the results do not depend.
public struct UnconnectedGradient: Hashable, Sendable {
    private enum Kind { case error, zero }
    private let kind: Kind

    /// A mistake that says where the dependency ends.
    public static let error = UnconnectedGradient(kind: .error)
    /// Zeros in the shape of the input.
    public static let zero = UnconnectedGradient(kind: .zero)
}

/// The gradients of a result with respect to tensors or variables.
///
///     let (gx, gy) = gradients(of: (x * y).sum(), with: x, y)       // y, x
///
/// The gradient of a variable adds up those of all its reads. Gradients are tensors like others: gradients of them are
/// gradients of second order.
///
/// - Parameters:
///   - outputGradient: the gradient of the result, in its shape; ones if nil.
///   - unconnected: what an input gets that the result does not depend on.
///   - stopGradients: tensors that count as constants.
/// - Returns: one tensor for each input, in its shape.
/// - Errors: an input that the result does not depend on is a mistake, unless `unconnected` is `.zero`.
/// - Source: TensorFlow's `tf.gradients`, which gives `None` for such an input.
public func gradients<Output: FloatingElement, each Input: TensorExpression>(
    of result: some TensorExpression<Output>, with inputs: repeat each Input, outputGradient: Tensor<Output>? = nil,
    unconnected: UnconnectedGradient = .error, stopGradients: [Tensor<Output>] = [], name: String? = nil
) -> (repeat Tensor<(each Input).Scalar>) where repeat (each Input).Scalar: FloatingElement {
    var sources: [Value] = []
    repeat sources.append(gradientSource(each inputs))
    // No key path here: one in a function with a parameter pack ends the process (Swift 6.3.1).
    let values = gradientValues(
        of: [result.tensor.value], seeds: [outputGradient?.value], with: sources,
        stopping: stopGradients.map { $0.value }, unconnected: unconnected, name: name)
    var remaining = values[...]
    func next<Scalar>(_ input: some TensorExpression<Scalar>) -> Tensor<Scalar> {
        Tensor(remaining.popFirst() ?? gradientSource(input))
    }
    return (repeat next(each inputs))
}

/// The gradient of a result with respect to one tensor or variable.
///
///     let step = w.assignSub(0.1 * gradients(of: loss, with: w))
///
/// - Parameters, Errors: as for the form with several arguments.
public func gradients<Output: FloatingElement, Input: TensorExpression>(
    of result: some TensorExpression<Output>, with input: Input, outputGradient: Tensor<Output>? = nil,
    unconnected: UnconnectedGradient = .error, stopGradients: [Tensor<Output>] = [], name: String? = nil
) -> Tensor<Input.Scalar> where Input.Scalar: FloatingElement {
    let source = gradientSource(input)
    let values = gradientValues(
        of: [result.tensor.value], seeds: [outputGradient?.value], with: [source],
        stopping: stopGradients.map(\.value), unconnected: unconnected, name: name)
    return Tensor(values.first ?? source)
}

/// The gradients of a result with respect to a list of tensors or variables.
///
/// - Parameters, Returns, Errors: as for the form with several arguments.
public func gradients<Output: FloatingElement, Input: TensorExpression>(
    of result: some TensorExpression<Output>, with inputs: [Input], outputGradient: Tensor<Output>? = nil,
    unconnected: UnconnectedGradient = .error, stopGradients: [Tensor<Output>] = [], name: String? = nil
) -> [Tensor<Input.Scalar>] where Input.Scalar: FloatingElement {
    gradients(
        of: [result.tensor], with: inputs, outputGradients: [outputGradient], unconnected: unconnected,
        stopGradients: stopGradients, name: name)
}

/// The gradients of the sum of several results with respect to a list of tensors or variables.
///
/// - Parameters:
///   - outputGradients: the gradient of each result; ones where nil or left out.
/// - Returns, Errors: as for the form with one result.
public func gradients<Output: FloatingElement, Input: TensorExpression>(
    of results: [Tensor<Output>], with inputs: [Input], outputGradients: [Tensor<Output>?] = [],
    unconnected: UnconnectedGradient = .error, stopGradients: [Tensor<Output>] = [], name: String? = nil
) -> [Tensor<Input.Scalar>] where Input.Scalar: FloatingElement {
    gradientValues(
        of: results.map(\.value),
        seeds: results.indices.map { outputGradients.indices.contains($0) ? outputGradients[$0]?.value : nil },
        with: inputs.map { gradientSource($0) }, stopping: stopGradients.map(\.value), unconnected: unconnected,
        name: name
    ).map { Tensor($0) }
}

/// A variable, of any type: gradients flow to its handle.
private protocol HandleBearer {
    var handle: Value { get }
}

extension Variable: HandleBearer {}

/// The value whose gradient is meant.
private func gradientSource(_ input: some TensorExpression) -> Value {
    (input as? any HandleBearer)?.handle ?? input.tensor.value
}

// MARK: - Values of any type

/// The nodes that the reverse walk needs.
package struct NodeArithmetic: GradientArithmetic {
    package init() {}

    package func ones(like value: Value) -> Value {
        if value.shape == .scalar { return scalarConstant(1, value.dtype, in: value.graph) }
        return makeValue(Filled(.ones, value.dtype), [value])
    }

    package func sum(_ values: [Value]) -> Value {
        makeValue(AddN(dtype: values.first?.dtype ?? .float32, count: values.count), values)
    }
}

/// The gradients as they are found, nil for those that do not exist, in a scope `gradients` of their own.
///
/// - Parameters:
///   - inputs: tensors, or handles of variables.
package func findGradients(
    of results: [Value], seeds: [Value?], with inputs: [Value], stopping: [Value] = [], name: String? = nil
) -> ReverseGradients {
    guard let graph = results.first?.graph else {
        return reverseWalk(of: [], seeds: [], with: inputs, stopping: [], arithmetic: NodeArithmetic())
    }
    // Inside a branch or a loop, what is from around stands for its argument.
    let inputs = inputs.map { graph.captured($0) ?? $0 }
    // What belongs to other graphs cannot be reached, and its numbers mean something else here.
    let reachable = inputs.filter { $0.graph === graph }
    var found = withGraph(graph) {
        withNameScope(name ?? "gradients") {
            reverseWalk(
                of: results.filter { $0.graph === graph },
                seeds: zip(results, seeds).filter { $0.0.graph === graph }.map(\.1), with: reachable,
                stopping: stopping.filter { $0.graph === graph }, arithmetic: NodeArithmetic())
        }
    }
    var remaining = found.gradients[...]
    found.gradients = inputs.map { $0.graph === graph ? remaining.popFirst() ?? nil : nil }
    return found
}

/// One gradient for each input; see `gradients(of:with:)`.
package func gradientValues(
    of results: [Value], seeds: [Value?], with inputs: [Value], stopping: [Value] = [],
    unconnected: UnconnectedGradient = .error, name: String? = nil
) -> [Value] {
    guard let result = results.first else {
        return inputs.map { missingGradient(Mistake("there is no result to take gradients of"), for: $0, in: $0.graph) }
    }
    // A mistake among the results was reported: nothing that follows from it is reported again.
    if let unsound = results.first(where: { !$0.node.record.isSound }) {
        return inputs.map { missingGradient(Mistake(""), for: $0, in: unsound.graph, following: unsound) }
    }
    let inputs = inputs.map { result.graph.captured($0) ?? $0 }
    let found = findGradients(of: results, seeds: seeds, with: inputs, stopping: stopping, name: name)
    return zip(inputs, found.gradients).map { input, gradient in
        if let mistake = found.refusal(of: result.name, input) {
            return missingGradient(mistake, for: input, in: result.graph)
        }
        if let gradient { return gradient }
        if unconnected == .zero { return zeroGradient(input) }
        let mistake = unconnectedMistake(result, input, found.obstacles)
        return missingGradient(mistake, for: input, in: result.graph)
    }
}

/// Zeros in the shape of an input, or of the variable that it is the handle of.
func zeroGradient(_ input: Value) -> Value {
    guard let type = (input.node.record.operation as? VariableHandle)?.type ?? input.variableType else {
        return makeValue(Filled(.zeros, input.dtype), [input])
    }
    return makeZeros(type.dtype, sizes: integerConstant(type.shape.known ?? [], in: input.graph))
}

extension ReverseGradients {
    /// The mistake that a part of the gradient with respect to `input` cannot be made, if that is so.
    package func refusal(of resultName: String, _ input: Value) -> Mistake? {
        guard let refusal = refusals.first(where: { depends($0.node, on: input.node) }) else { return nil }
        return Mistake(
            "\"\(resultName)\" depends on \(sourceName(input)) through \(refusal.node.type) \"\(refusal.node.name)\", whose "
                + "gradient cannot be made: \(refusal.reason)")
    }
}

private func sourceName(_ input: Value) -> String {
    input.dtype == .resource ? "variable \"\(input.node.name)\"" : "\"\(input.name)\""
}

/// Why there is no gradient.
private func unconnectedMistake(
    _ result: Value, _ input: Value, _ obstacles: [(node: Node, reason: String)]
) -> Mistake {
    let inputName = sourceName(input)
    if input.graph !== result.graph {
        return Mistake("\"\(result.name)\" and \(inputName) belong to different graphs")
    }
    let ends = obstacles.filter { depends($0.node, on: input.node) }.prefix(3).map { obstacle in
        "\(obstacle.node.type) \"\(obstacle.node.name)\": \(obstacle.reason)"
    }
    let hint = "leave it out, or ask for zeros with unconnected: .zero"
    if ends.isEmpty { return Mistake("\"\(result.name)\" does not depend on \(inputName)", hint: hint) }
    return Mistake(
        "\"\(result.name)\" depends on \(inputName) only through what has no gradient: "
            + ends.joined(separator: "; "), hint: hint)
}

private func depends(_ node: Node, on other: Node) -> Bool {
    let records = node.graph.records
    var isSeen = [Bool](repeating: false, count: records.count)
    var waiting = [node.id]
    while let next = waiting.popLast() {
        if next == other.id { return true }
        if isSeen[next.int] { continue }
        isSeen[next.int] = true
        waiting += records[next.int].inputs.map(\.node)
    }
    return false
}

/// A value in the place of a gradient that does not exist; its mistake is recorded unless it follows from another.
private func missingGradient(
    _ mistake: Mistake, for input: Value, in graph: Graph, following unsound: Value? = nil
) -> Value {
    let operation = MissingGradient(mistake: mistake)
    return withGraph(graph) { graph.addOne(operation, unsound.map { [$0] } ?? [], name: "gradients/missing") }
}

/// Stands in the place of a gradient that does not exist.
private struct MissingGradient: Operation {
    let mistake: Mistake

    var name: String { "gradients" }
    var attributes: [Attribute] { [] }
    var effect: Effect { .none }
    var outputCount: Int { 1 }
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { throw mistake }
    func gradient(_ context: GradientContext) -> Gradient { .none(reason: mistake.message) }
    func lower(_ context: LoweringContext) throws -> [ValueID] { throw mistake }
}
