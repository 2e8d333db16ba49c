// Adam and its kin: steps from moving averages of the gradient and of its size.

public import Graphs
import Operations
public import Tensors

/// What the optimizers of Adam's family share.
private protocol MomentOptimizer: Optimizer {
    var beta1: Double { get }
    var beta2: Double { get }
    var epsilon: Double { get }
}

extension MomentOptimizer {
    fileprivate func checkSettings(in graph: Graph) {
        checkLearningRate(in: graph)
        checkFactor(beta1, "beta1", in: graph)
        checkFactor(beta2, "beta2", in: graph)
        checkEpsilon(epsilon, in: graph)
    }

    /// A power of a factor, which grows by one at each step: the variable, and the node that multiplies it, once the
    /// updates are made.
    fileprivate func power<Scalar: FloatingElement>(
        _ name: String, of factor: Double, in graph: Graph
    ) -> Variable<Scalar> {
        withExactNameScope("") {
            Variable<Scalar>(Scalar(clamping: factor), trainable: false, name: name, in: graph)
        }
    }

    fileprivate func advance<Scalar: FloatingElement>(
        _ powers: [(Variable<Scalar>, Double)], after updates: [Node]
    ) -> [Node] {
        withControlDependencies(updates) {
            powers.map { variable, factor in
                variable.assign(variable.read() * Scalar(clamping: factor)).node
            }
        }
    }
}

/// Adam: `m` and `s` are moving averages of the gradient and of its square; with both corrected for their start at 0,
/// `variable -= learningRate · m / (√s + ε)`.
///
///     let train = Adam(learningRate: 1e-3).minimize(loss)
///
/// - Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), in the form of its section 2.1;
///   defaults, update and slots as TensorFlow's `AdamOptimizer`. With `usesAmsgrad` S. Reddi et al., "On the convergence
///   of Adam and beyond" (2018).
public struct Adam: MomentOptimizer {
    public let learningRate: LearningRate
    public let beta1: Double
    public let beta2: Double
    public let epsilon: Double
    /// Whether steps are divided by the root of the largest `s` so far.
    public let usesAmsgrad: Bool
    public var name: String { "Adam" }
    public var slotNames: [String] { usesAmsgrad ? ["Adam", "Adam_1", "Adam_2"] : ["Adam", "Adam_1"] }

    /// - Parameters:
    ///   - beta1: how much of the average gradient stays at each step, from 0 up to, but not 1.
    ///   - beta2: how much of the average square stays at each step, from 0 up to, but not 1.
    ///   - epsilon: keeps divisors from 0; larger values make steps smaller where gradients are.
    public init(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        usesAmsgrad: Bool = false
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.usesAmsgrad = usesAmsgrad
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkSettings(in: graph)
        let power1: Variable<Scalar> = power("beta1_power", of: beta1, in: graph)
        let power2: Variable<Scalar> = power("beta2_power", of: beta2, in: graph)
        let updates = apply(
            usesAmsgrad ? .adamWithAmsgrad : .adam, to: pairs,
            numbers: [
                power1.tensor, power2.tensor, learningRate, number(beta1, "beta1", in: graph),
                number(beta2, "beta2", in: graph), number(epsilon, "epsilon", in: graph),
            ])
        return updates + advance([(power1, beta1), (power2, beta2)], after: updates)
    }
}

/// Adam with weights that decay by themselves: before each step `variable -= learningRate · weightDecay · variable`.
///
/// - Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (2019); defaults as Keras's `AdamW`.
public struct AdamW: Optimizer {
    public let weightDecay: Double
    /// Parts of the names of variables that do not decay, such as `bias`.
    public let excludedNames: [String]
    private let adam: Adam

    public var learningRate: LearningRate { adam.learningRate }
    public var name: String { "AdamW" }
    public var slotNames: [String] { adam.slotNames }

    /// - Parameters:
    ///   - weightDecay: how much of the weights goes at each step, times the learning rate; not below 0.
    ///   - excludedNames: parts of the names of variables that do not decay, such as `bias`.
    public init(
        learningRate: LearningRate = 0.001, weightDecay: Double = 0.004, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-7, usesAmsgrad: Bool = false, excludedNames: [String] = []
    ) {
        self.weightDecay = weightDecay
        self.excludedNames = excludedNames
        adam = Adam(
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, usesAmsgrad: usesAmsgrad)
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        check(weightDecay >= 0, "the weight decay must not be below 0, but is \(weightDecay)", in: learningRate.graph)
        let decayed = pairs.map(\.variable).filter { variable in
            !excludedNames.contains { variable.name.contains($0) }
        }
        let decays = decayed.map { variable in
            withNameScope("decay_\(variable.name)") {
                let value = Tensor<Scalar>(variable.read())
                return makeNode(
                    AssignVariable(.subtract, type: variable.type),
                    [variable.handle, (value * learningRate * Scalar(clamping: weightDecay)).value])
            }
        }
        return decays + withControlDependencies(decays) { adam.updates(of: pairs, learningRate: learningRate) }
    }
}

/// Adam with the largest gradient in the place of its square: `u = max(β₂ u, |gradient|)`, then
/// `variable -= learningRate · m / (u + ε)`, `m` corrected for its start at 0.
///
/// - Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), section 7.1; defaults as Keras's
///   `Adamax`.
public struct Adamax: MomentOptimizer {
    public let learningRate: LearningRate
    public let beta1: Double
    public let beta2: Double
    public let epsilon: Double
    public var name: String { "Adamax" }
    public var slotNames: [String] { ["Adamax", "Adamax_1"] }

    public init(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkSettings(in: graph)
        let power1: Variable<Scalar> = power("beta1_power", of: beta1, in: graph)
        let updates = apply(
            .adaMax, to: pairs,
            numbers: [
                power1.tensor, learningRate, number(beta1, "beta1", in: graph), number(beta2, "beta2", in: graph),
                number(epsilon, "epsilon", in: graph),
            ])
        return updates + advance([(power1, beta1)], after: updates)
    }
}

/// Adam with Nesterov's momentum, whose weight grows with the steps.
///
/// - Source: T. Dozat, "Incorporating Nesterov momentum into Adam" (2016); schedule and defaults as Keras's `Nadam`.
public struct Nadam: MomentOptimizer {
    public let learningRate: LearningRate
    public let beta1: Double
    public let beta2: Double
    public let epsilon: Double
    public var name: String { "Nadam" }
    public var slotNames: [String] { ["Nadam", "Nadam_1"] }

    public init(
        learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let graph = learningRate.graph
        checkSettings(in: graph)
        let one = Scalar(clamping: 1), (b1, b2) = (Scalar(clamping: beta1), Scalar(clamping: beta2))
        // β₂ᵗ, 0.96ᵗ, and the product of the momenta of the steps so far.
        let power2: Variable<Scalar> = power("beta2_power", of: beta2, in: graph)
        let decay: Variable<Scalar> = power("momentum_decay", of: 0.96, in: graph)
        let product: Variable<Scalar> = power("momentum_product", of: 1, in: graph)
        let now = b1 * (one - Scalar(clamping: 0.5) * decay.tensor)
        let next = b1 * (one - Scalar(clamping: 0.48) * decay.tensor)
        let productNow = product.tensor * now
        let productNext = productNow * next
        let updates = pairs.map { pair in
            withNameScope("update_\(pair.variable.name)") {
                let m: Variable<Scalar> = slot(slotNames[0], of: pair.variable)
                let s: Variable<Scalar> = slot(slotNames[1], of: pair.variable)
                let g = pair.gradient
                let newM = m.tensor + (g - m.tensor) * (one - b1)
                let newS = s.tensor + (square(g) - s.tensor) * (one - b2)
                let direction = newM * (next / (one - productNext)) + g * ((one - now) / (one - productNow))
                let size = sqrt(newS / (one - power2.tensor)) + Scalar(clamping: epsilon)
                return group([
                    m.assign(newM).node, s.assign(newS).node,
                    makeNode(
                        AssignVariable(.subtract, type: pair.variable.type),
                        [pair.variable.handle, (direction * learningRate / size).value]),
                ])
            }
        }
        let counted = withControlDependencies(updates) { product.assign(productNow).node }
        return updates + [counted] + advance([(power2, beta2), (decay, 0.96)], after: updates)
    }
}

/// Lion, whose steps have the same size for each element: `variable -= learningRate · sign(β₁ m + (1 - β₁) gradient)`,
/// then `m = β₂ m + (1 - β₂) gradient`.
///
/// - Source: X. Chen et al., "Symbolic discovery of optimization algorithms" (2023); defaults as Keras's `Lion`.
public struct Lion: MomentOptimizer {
    public let learningRate: LearningRate
    public let beta1: Double
    public let beta2: Double
    fileprivate var epsilon: Double { 0 }
    public var name: String { "Lion" }
    public var slotNames: [String] { ["Lion"] }

    public init(learningRate: LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.99) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
    }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        checkSettings(in: learningRate.graph)
        let one = Scalar(clamping: 1), (b1, b2) = (Scalar(clamping: beta1), Scalar(clamping: beta2))
        return pairs.map { pair in
            withNameScope("update_\(pair.variable.name)") {
                let m: Variable<Scalar> = slot(slotNames[0], of: pair.variable)
                let direction = sign(m.tensor * b1 + pair.gradient * (one - b1))
                return group([
                    makeNode(
                        AssignVariable(.subtract, type: pair.variable.type),
                        [pair.variable.handle, (direction * learningRate).value]),
                    m.assign(m.tensor * b2 + pair.gradient * (one - b2)).node,
                ])
            }
        }
    }
}
