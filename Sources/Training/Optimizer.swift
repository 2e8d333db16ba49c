// What every optimizer shares: which variables it changes, their gradients, and how the updates become one node.
// An optimizer itself is only its update rule.

public import Graphs
public import Operations
public import Tensors

/// The factor of an optimizer's steps: a number, or a tensor that is computed anew at every step.
public struct LearningRate: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    private enum Source: Sendable {
        case number(Double)
        case tensor(Tensor<Float>)
    }

    private let source: Source

    public init(_ number: Double) { source = .number(number) }
    /// A rate that the graph computes, such as a placeholder or a schedule. Shape `[]`.
    public init(_ tensor: some TensorExpression<Float>) { source = .tensor(tensor.tensor) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(Double(value)) }

    /// The rate as a tensor of the given type in `graph`.
    func tensor<Scalar: FloatingElement>(_ type: Scalar.Type, in graph: Graph) -> Tensor<Scalar> {
        switch source {
        case .number(let number): constant(Scalar(clamping: number), name: "learning_rate", in: graph)
        case .tensor(let tensor): Scalar.self == Float.self ? Tensor(tensor.value) : cast(tensor, to: Scalar.self)
        }
    }
}

/// A variable and the gradient of the loss with respect to it.
public struct VariableGradient<Scalar: FloatingElement>: Sendable {
    /// In the variable's shape.
    public var gradient: Tensor<Scalar>
    public let variable: AnyVariable

    public init(gradient: Tensor<Scalar>, variable: AnyVariable) {
        self.gradient = gradient
        self.variable = variable
    }
}

/// A rule by which variables follow their gradients.
///
///     let train = GradientDescent(learningRate: 0.1).minimize(loss)
///     try session.run(train)
public protocol Optimizer: Sendable {
    /// The name of the node that `minimize` makes, and of the scope of its parts.
    var name: String { get }
    /// The factor of the steps.
    var learningRate: LearningRate { get }
    /// Adds the update of one variable.
    func update<Scalar: FloatingElement>(
        _ pair: VariableGradient<Scalar>, learningRate: Tensor<Scalar>
    ) -> Node
}

extension Optimizer {
    /// A node that takes one step down the gradient of `loss`: the gradients, then the updates.
    ///
    /// - Parameters:
    ///   - loss: what is to become small; of any shape, its sum counts.
    ///   - variables: which variables to change; nil for all trainable ones of the graph that have the loss's type.
    ///   - globalStep: a variable that counts the steps: one is added after the updates.
    /// - Errors: a loss that depends on none of the variables is a mistake.
    public func minimize<Scalar: FloatingElement>(
        _ loss: some TensorExpression<Scalar>, variables: [AnyVariable]? = nil, globalStep: Variable<Int64>? = nil,
        name: String? = nil
    ) -> Node {
        applyGradients(computeGradients(loss, variables: variables), globalStep: globalStep, name: name)
    }

    /// The gradients that `minimize` would apply, to be looked at or changed (clipped, say) before `applyGradients`.
    ///
    /// - Returns: one pair for each variable that the loss depends on.
    /// - Errors: a loss that depends on none of the variables is a mistake.
    public func computeGradients<Scalar: FloatingElement>(
        _ loss: some TensorExpression<Scalar>, variables: [AnyVariable]? = nil
    ) -> [VariableGradient<Scalar>] {
        let loss = loss.tensor
        let graph = loss.graph
        let candidates = (variables ?? graph.trainableVariables).filter { variable in
            if variable.dtype == Scalar.dtype { return true }
            if variables != nil {
                graph.report(
                    .dtypesDiffer(variable.dtype, Scalar.dtype), operation: self.name, node: variable.name)
            }
            return false
        }
        let found = findGradients(
            of: [loss.value], seeds: [nil], with: candidates.map(\.handle))
        let pairs = zip(candidates, found.gradients).compactMap { variable, gradient in
            gradient.map { VariableGradient<Scalar>(gradient: Tensor($0), variable: variable) }
        }
        if pairs.isEmpty, loss.node.isSound {
            let names = candidates.map { "\"\($0.name)\"" }.joined(separator: ", ")
            graph.report(
                Mistake(
                    candidates.isEmpty
                        ? "the graph has no trainable variable of type \(Scalar.dtype)"
                        : "the loss \"\(loss.name)\" depends on none of the variables \(names)",
                    hint: found.obstacles.first.map { "the way ends at \"\($0.node.name)\": \($0.reason)" }),
                operation: self.name)
        }
        return pairs
    }

    /// A node that updates the variables with the given gradients.
    ///
    /// - Parameters:
    ///   - globalStep: a variable that counts the steps: one is added after the updates.
    public func applyGradients<Scalar: FloatingElement>(
        _ pairs: [VariableGradient<Scalar>], globalStep: Variable<Int64>? = nil, name: String? = nil
    ) -> Node {
        let graph = pairs.first?.gradient.graph ?? globalStep?.graph ?? .default
        return withGraph(graph) {
            withNodeScope(name ?? self.name) { name in
                let rate = learningRate.tensor(Scalar.self, in: graph)
                let updates = pairs.map { pair in
                    withNameScope("update_\(pair.variable.name)") { update(pair, learningRate: rate) }
                }
                guard let globalStep else { return group(updates, name: name) }
                let counted = withControlDependencies(updates) { globalStep.assignAdd(1) }
                return group(updates + [counted.node], name: name)
            }
        }
    }

    /// A variable that the optimizer keeps beside another one, in its shape: named after both, never trained.
    func slot<Scalar: FloatingElement>(
        _ slotName: String, of variable: AnyVariable, startingAt value: Scalar
    ) -> Variable<Scalar> {
        withExactNameScope("") {
            Variable<Scalar>(
                .constant(value), shape: variable.shape.known ?? [], trainable: false,
                name: "\(variable.name)/\(slotName)", in: variable.graph)
        }
    }
}
