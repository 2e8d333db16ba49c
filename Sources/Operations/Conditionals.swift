// Branches: one of several functions is called.

package import Graphs
package import Programs
package import Tensors

/// (selector, inputs) → the results of one of the branches for the inputs.
///
/// `If` takes branch 0 where the selector is true: a single number other than 0, or an array that is not empty. `Case`
/// takes the branch of the selector's number, out of range the last one.
///
/// - Gradient: a conditional of the branches' gradients, which compute the branch anew.
package struct Conditional: CallingOperation {
    package enum Kind: String, Sendable {
        case ifStateless = "StatelessIf"
        case ifStateful = "If"
        case caseStateless = "StatelessCase"
        case caseStateful = "Case"

        package var isIf: Bool { self == .ifStateless || self == .ifStateful }
    }

    package let kind: Kind
    package let branches: [FunctionBody]
    package let selectorType: DType

    package init(_ kind: Kind, branches: [FunctionBody], selectorType: DType = .bool) {
        self.kind = kind
        self.branches = branches
        self.selectorType = selectorType
    }

    package var name: String { kind.rawValue }
    package var attributes: [Attribute] {
        let types = [
            Attribute("Tin", .types(branches.first?.argumentTypes.map(\.dtype) ?? [])),
            Attribute("Tout", .types(branches.first?.results.map(\.dtype) ?? [])),
        ]
        guard kind.isIf, branches.count == 2 else {
            return types + [Attribute("branches", .functions(branches.map(\.name)))]
        }
        return types + [
            Attribute("Tcond", .type(selectorType)), Attribute("then_branch", .function(branches[0].name)),
            Attribute("else_branch", .function(branches[1].name)),
        ]
    }
    package var effect: Effect {
        let updated = Set(branches.flatMap(\.updatedHandles)).sorted()
        return updated.isEmpty ? .none : .updates(inputs: updated.map { $0 + 1 })
    }
    package var outputCount: Int { branches.first?.results.count ?? 0 }
    package var bodies: [FunctionBody] { branches }
    package func inputOfHandle(output: Int) -> Int? {
        let inputs = Set(branches.map { $0.argument(ofResult: output) })
        return inputs.count == 1 ? inputs.first.flatMap { $0 }.map { $0 + 1 } : nil
    }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        guard let first = branches.first, !kind.isIf || branches.count == 2 else {
            throw Mistake("has \(branches.count) branches")
        }
        guard inputs.count > 0 else { throw .wrongCount(expected: first.arguments.count + 1, found: 0) }
        if inputs[0].dtype != selectorType { throw .dtypesDiffer(inputs[0].dtype, selectorType) }
        if !kind.isIf, selectorType != .int32 || !inputs[0].shape.isCompatible(with: .scalar) {
            throw Mistake("the number of a branch is a single int32, not \(inputs[0])")
        }
        if !selectorType.isComputed { throw .unsupported(selectorType, accepted: "numbers and truth values") }
        var types: [TensorType] = []
        for (number, branch) in branches.enumerated() {
            let found = try branch.resultTypes(inputs, from: 1)
            if number == 0 {
                types = found
                continue
            }
            guard found.map(\.dtype) == types.map(\.dtype) else {
                throw Mistake(
                    "the branches' results differ: \"\(first.name)\" gives \(types), \"\(branch.name)\" \(found)")
            }
            types = zip(types, found).map { TensorType($0.dtype, $0.shape.generalized(with: $1.shape)) }
        }
        return types
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let selector = kind.isIf ? try context.builder.truth(of: context.operands[0]) : context.operands[0]
        return try context.lowerConditional(selector, branches: branches, inputs: 1..<context.operands.count)
    }

    // MARK: Gradient

    package func gradient(_ context: GradientContext) -> Gradient {
        let inputs = Array(context.inputs.dropFirst())
        let wanted = inputs.indices.filter { index in
            context.isWanted[index + 1] && (inputs[index].dtype.isFloating || inputs[index].variableType != nil)
        }
        let given = context.outputGradients.indices.filter { context.outputGradients[$0] != nil }
        let seeds = given.compactMap { context.outputGradients[$0] }
        guard !wanted.isEmpty else { return .inputs(context.inputs.map { _ in nil }) }
        let found = branches.map { branch in
            BranchGradient(of: branch, inputs: inputs, wanted: wanted, given: given, seeds: seeds)
        }
        if let refusal = found.lazy.compactMap(\.refusal).first { return .refused(reason: refusal) }
        // An input that no branch depends on has no gradient.
        let connected = wanted.indices.filter { index in found.contains { $0.gradients[index] != nil } }
        if connected.isEmpty, let reason = found.lazy.compactMap(\.obstacle).first { return .none(reason: reason) }
        var gradients = [Value?](repeating: nil, count: context.inputs.count)
        if connected.isEmpty { return .inputs(gradients) }
        var bodies: [FunctionBody] = []
        for gradient in found {
            do { bodies.append(try gradient.body(of: connected)) } catch { return .refused(reason: error.message) }
        }
        let kind: Kind = kind.isIf ? .ifStateless : .caseStateless
        let graph = context.outputs[0].graph
        let values = withGraph(graph) {
            graph.add(
                Conditional(kind, branches: bodies, selectorType: selectorType), context.inputs + seeds)
        }
        for (index, value) in zip(connected, values) { gradients[wanted[index] + 1] = value }
        return .inputs(gradients)
    }
}

/// The gradient of one branch, as the body of a function of the branch's inputs and the gradients of its outputs.
private struct BranchGradient {
    private let name: String
    private let graph: Graph
    private let arguments: [Value]
    private let wanted: [Int]
    /// One for each input that is wanted.
    let gradients: [Value?]
    /// Where a dependency ended, and why.
    let obstacle: String?
    /// Why the branch cannot be computed anew, or a gradient inside cannot be made.
    let refusal: String?

    init(of branch: FunctionBody, inputs: [Value], wanted: [Int], given: [Int], seeds: [Value]) {
        let graph = Graph()
        self.graph = graph
        self.wanted = wanted
        name = "\(branch.name)_grad"
        (arguments, gradients, obstacle, refusal) = graph.asDefault {
            let arguments = inputs.map { graph.addArgument($0.type, variableType: $0.variableType) }
            let seeds = seeds.map { graph.addArgument($0.type) }
            guard let results = branch.inlined(into: graph, arguments), given.allSatisfy(results.indices.contains)
            else {
                let reason = "the results of \"\(branch.name)\" depend on an update of a variable"
                return (arguments + seeds, wanted.map { _ in nil }, nil, reason)
            }
            let found = reverseWalk(
                of: given.map { results[$0] }, seeds: seeds, with: wanted.map { arguments[$0] }, stopping: [],
                arithmetic: NodeArithmetic(), skipsWithoutSeed: true)
            return (arguments + seeds, found.gradients, found.obstacles.first?.reason, found.refusals.first?.reason)
        }
    }

    /// - Parameters:
    ///   - connected: which of the wanted gradients the body gives; zeros where this branch has none.
    func body(of connected: [Int]) throws(Mistake) -> FunctionBody {
        let results = graph.asDefault {
            connected.map { gradients[$0] ?? zeroGradient(arguments[wanted[$0]]) }
        }
        return try FunctionBody(name: name, graph: graph, arguments: arguments, results: results, effects: [])
    }
}

extension Shape {
    /// What is known where it is the one or the other.
    func generalized(with other: Shape) -> Shape {
        guard let mine = extents, let theirs = other.extents, mine.count == theirs.count else { return .unknown }
        return Shape(extents: zip(mine, theirs).map { $0 == $1 ? $0 : -1 })
    }
}

// MARK: - From files

extension Conditional: DecodableOperation {
    package static var operationNames: [String] { ["StatelessIf", "If", "StatelessCase", "Case"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let kind = Kind(rawValue: node.operation) ?? .ifStateful
        if kind.isIf {
            self.init(
                kind,
                branches: [
                    try node.function("then_branch", from: 1), try node.function("else_branch", from: 1),
                ], selectorType: try node.dtype("Tcond"))
        } else {
            self.init(kind, branches: try node.functions("branches", from: 1), selectorType: .int32)
        }
    }
}
