// The reverse walk of `gradients`: from results back to inputs, adding each operation's gradient as more nodes.
// Knows no op by name; the few nodes it needs itself come from `GradientArithmetic`.

import Tensors

/// The nodes that the walk itself needs.
package protocol GradientArithmetic {
    /// Ones in the shape of `value`: the gradient of a result with respect to itself.
    func ones(like value: Value) -> Value
    /// The sum of several gradients of one value.
    func sum(_ values: [Value]) -> Value
}

/// What the walk found.
package struct ReverseGradients {
    /// One for each value asked for; nil where the results do not depend on it differentiably.
    package var gradients: [Value?]
    /// The operations at which a dependency ended, and why.
    package var obstacles: [(node: Node, reason: String)]
    /// The operations whose gradients are missing from the sums, and why: what depends on them is wrong.
    package var refusals: [(node: Node, reason: String)]
}

/// The gradients of `results` with respect to `inputs`.
///
/// - Parameters:
///   - seeds: the gradient of each result; nil for ones (or, where `skipsWithoutSeed`, for none).
///   - stopping: values through which nothing flows.
package func reverseWalk(
    of results: [Value], seeds: [Value?], with inputs: [Value], stopping: [Value],
    arithmetic: any GradientArithmetic, skipsWithoutSeed: Bool = false
) -> ReverseGradients {
    guard let graph = results.first?.graph else {
        return ReverseGradients(gradients: inputs.map { _ in nil }, obstacles: [], refusals: [])
    }
    let records = graph.records
    let wanted = Set(inputs.map(\.endpoint))
    let stopped = Set(stopping.map(\.endpoint))

    // The nodes that the results depend on, then those of them that depend on the inputs.
    var isAncestor = [Bool](repeating: false, count: records.count)
    var waiting = results.map(\.endpoint.node)
    var ancestors: [NodeID] = []
    while let node = waiting.popLast() {
        if isAncestor[node.int] { continue }
        isAncestor[node.int] = true
        ancestors.append(node)
        for input in records[node.int].inputs where !isAncestor[input.node.int] { waiting.append(input.node) }
    }
    // Data inputs always come before the nodes that use them, so ascending numbers are an order of evaluation.
    ancestors.sort()
    var isBetween = [Bool](repeating: false, count: records.count)
    for node in ancestors {
        isBetween[node.int] = records[node.int].inputs.contains { input in
            !stopped.contains(input) && (wanted.contains(input) || isBetween[input.node.int])
        }
    }

    var contributions: [Endpoint: [Value]] = [:]
    for (index, result) in results.enumerated() {
        if let seed = seeds[index] {
            contributions[result.endpoint, default: []].append(seed)
        } else if !skipsWithoutSeed, isBetween[result.endpoint.node.int] || wanted.contains(result.endpoint) {
            contributions[result.endpoint, default: []].append(arithmetic.ones(like: result))
        }
    }
    func total(_ endpoint: Endpoint) -> Value? {
        guard let parts = contributions[endpoint], let first = parts.first else { return nil }
        if parts.count == 1 { return first }
        let sum = arithmetic.sum(parts)
        contributions[endpoint] = [sum]
        return sum
    }

    var obstacles: [(node: Node, reason: String)] = []
    var refusals = obstacles
    for node in ancestors.reversed() where isBetween[node.int] {
        let record = records[node.int]
        let outputs = record.outputTypes.indices.map { Endpoint(node: node, output: $0) }
        let gradients = outputs.map(total)
        // A node with a mistake may lack inputs that its rule counts on.
        if gradients.allSatisfy({ $0 == nil }) || !record.isSound { continue }
        let context = GradientContext(
            inputs: record.inputs.map { Value(graph: graph, endpoint: $0) },
            outputs: outputs.map { Value(graph: graph, endpoint: $0) },
            outputGradients: gradients,
            isWanted: record.inputs.map {
                !stopped.contains($0) && (wanted.contains($0) || isBetween[$0.node.int])
            },
            arithmetic: arithmetic)
        switch withExactNameScope("\(gradientScopePrefix)\(record.name)_grad", { record.operation.gradient(context) }) {
        case .none(let reason):
            obstacles.append((Node(graph: graph, id: node), reason))
        case .refused(let reason):
            refusals.append((Node(graph: graph, id: node), reason))
        case .inputs(let found):
            for (index, gradient) in found.enumerated() where index < record.inputs.count && context.isWanted[index] {
                if let gradient { contributions[record.inputs[index], default: []].append(gradient) }
            }
        }
    }
    return ReverseGradients(gradients: inputs.map { total($0.endpoint) }, obstacles: obstacles, refusals: refusals)
}

/// The scope in which the walk was started, so that its nodes are grouped as TensorFlow groups them.
private var gradientScopePrefix: String { Scope.current.prefix }
