// What every optimizer shares: which variables it changes, their gradients, and how the updates become one node.
// An optimizer itself is only its update rule.

public import Graphs
public import Operations
public import Tensors

/// A variable and the gradient of the loss with respect to it.
public struct VariableGradient<Scalar: FloatingElement>: Sendable {
    /// In the variable's shape.
    public var gradient: Tensor<Scalar>
    public let variable: AnyVariable
    /// Whether it counts as a gradient of all rows, even where only some were looked up.
    var isOfAllRows = false

    public init(gradient: Tensor<Scalar>, variable: AnyVariable) {
        self.gradient = gradient
        self.variable = variable
    }

    /// The rows that the gradient consists of, where the variable was only looked up in: an embedding. They keep rows that
    /// were not looked up out of the update.
    var rows: (values: Value, indices: Value)? { isOfAllRows ? nil : gradientRows(gradient.value) }

    /// Another gradient in the place of this one: each part of it is changed by `change`, so that one of rows stays one.
    func mapping(_ change: (Tensor<Scalar>) -> Tensor<Scalar>) -> VariableGradient {
        guard let rows, let count = variable.shape[0] else {
            var changed = self
            changed.gradient = change(gradient)
            return changed
        }
        let values = change(Tensor(rows.values)).value
        return VariableGradient(
            gradient: Tensor(Operations.gradient(ofRows: values, indices: rows.indices, count: count)),
            variable: variable)
    }

    /// The values of the gradient: of one of rows, those of the rows.
    var values: Tensor<Scalar> { rows.map { Tensor($0.values) } ?? gradient }
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
    /// The names of the variables that it keeps beside each trained one.
    var slotNames: [String] { get }
    /// Adds the updates of variables, and of what they share.
    func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node]
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
        for variable in candidates {
            if let mistake = found.refusal(of: loss.name, variable.handle) {
                graph.report(mistake, operation: self.name, node: variable.name)
            }
        }
        if pairs.isEmpty, found.refusals.isEmpty, loss.node.isSound {
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
    ///   - globalStep: a variable that counts the steps: one is added after the updates. A learning rate that is a
    ///     schedule follows it; without one the optimizer counts in a variable of its own, `iterations`.
    public func applyGradients<Scalar: FloatingElement>(
        _ pairs: [VariableGradient<Scalar>], globalStep: Variable<Int64>? = nil, name: String? = nil
    ) -> Node {
        let graph = pairs.first?.gradient.graph ?? globalStep?.graph ?? .default
        return withGraph(graph) {
            withNodeScope(name ?? self.name) { name in
                let counter =
                    globalStep
                    ?? (learningRate.followsSteps ? Variable<Int64>(0, trainable: false, name: "iterations") : nil)
                let rate = learningRate.tensor(Scalar.self, in: graph, step: counter?.tensor)
                let updates = self.updates(of: pairs, learningRate: rate)
                guard let counter else { return group(updates, name: name) }
                let counted = withControlDependencies(updates) { counter.assignAdd(1) }
                return group(updates + [counted.node], name: name)
            }
        }
    }

    /// The variables that it keeps beside a trained one, in the order of `slotNames`; empty before `minimize`. Of several
    /// optimizers of one kind that train the same variable, those of the first.
    public func slots(of variable: AnyVariable) -> [AnyVariable] {
        let names = slotNames.map { "\(variable.name)/\($0)" }
        return names.compactMap { name in variable.graph.variables.first { $0.name == name } }
    }

    /// A variable that the optimizer keeps beside another one, in its shape: named after both, never trained.
    func slot<Scalar: FloatingElement>(
        _ slotName: String, of variable: AnyVariable, startingAt value: Scalar = 0
    ) -> Variable<Scalar> {
        withExactNameScope("") {
            Variable<Scalar>(
                .constant(value), shape: variable.shape.known ?? [], trainable: false,
                name: "\(variable.name)/\(slotName)", in: variable.graph)
        }
    }

    /// Adds the update of each variable by a rule, under a name of its own.
    ///
    /// - Parameters:
    ///   - numbers: the rule's numbers, in its order.
    ///   - startingAt: where the slots start.
    func apply<Scalar: FloatingElement>(
        _ rule: UpdateRule, to pairs: [VariableGradient<Scalar>], numbers: [Tensor<Scalar>],
        startingAt starts: [Double] = [], flags: [Bool]? = nil
    ) -> [Node] {
        pairs.map { pair in
            withNameScope("update_\(pair.variable.name)") {
                let slots = slotNames.enumerated().map { index, name in
                    slot(
                        name, of: pair.variable,
                        startingAt: Scalar(clamping: index < starts.count ? starts[index] : 0))
                }
                var gradient = UpdateGradient.dense(pair.gradient.value)
                if rule.hasSparseForm, let rows = pair.rows {
                    gradient = .rows(rows.values, indices: rows.indices)
                }
                return makeUpdate(
                    rule, pair.variable, slots: slots.map(\.handle), numbers: numbers.map(\.value),
                    gradient: gradient, flags: flags)
            }
        }
    }

    /// A setting as a tensor.
    func number<Scalar: FloatingElement>(_ value: Double, _ name: String, in graph: Graph) -> Tensor<Scalar> {
        constant(Scalar(clamping: value), name: name, in: graph)
    }

    /// Reports a setting that makes no sense.
    func check(_ holds: Bool, _ message: @autoclosure () -> String, hint: String? = nil, in graph: Graph) {
        if !holds { graph.report(Mistake(message(), hint: hint), operation: name) }
    }

    /// Reports a learning rate below 0.
    func checkLearningRate(in graph: Graph) {
        if let rate = learningRate.number {
            check(rate >= 0, "the learning rate must not be below 0, but is \(rate)", in: graph)
        }
    }

    /// Reports an epsilon below 0.
    func checkEpsilon(_ epsilon: Double, in graph: Graph) {
        check(epsilon >= 0, "epsilon must not be below 0, but is \(epsilon)", in: graph)
    }

    /// Reports a factor of a moving average that is not from 0 up to 1.
    func checkFactor(_ value: Double, _ name: String, in graph: Graph) {
        check((0..<1).contains(value), "\(name) must be from 0 up to, but not 1, but is \(value)", in: graph)
    }
}

/// An optimizer that takes gradients of looked-up rows like all others.
public struct AllRowsOptimizer<Base: Optimizer>: Optimizer {
    public let base: Base

    public var name: String { base.name }
    public var learningRate: LearningRate { base.learningRate }
    public var slotNames: [String] { base.slotNames }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let whole = pairs.map { pair in
            var pair = pair
            pair.isOfAllRows = true
            return pair
        }
        return base.updates(of: whole, learningRate: learningRate)
    }
}

extension Optimizer {
    /// The same optimizer, but where only some rows of a variable were looked up, the others are updated too, with a
    /// gradient of 0: their averages decay, as in Keras. By default they stay as they are, as in TensorFlow's optimizers.
    public func updatingAllRows() -> AllRowsOptimizer<Self> { AllRowsOptimizer(base: self) }
}
