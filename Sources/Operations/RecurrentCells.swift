// One step of a recurrent network as a value that makes its variables when it is first used, with the formulas and names
// of TensorFlow 1's cells, so that checkpoints of its networks load. Whole sequences are in CellSequences.

public import Graphs
import Synchronization
public import Tensors

/// One step of a recurrent network: from inputs and states to an output and the next states.
public protocol RNNCell<Scalar>: Sendable {
    associatedtype Scalar: FloatingElement

    /// The width of each state.
    var stateSizes: [Int] { get }
    /// The width of the output.
    var outputSize: Int { get }

    /// Makes the variables for inputs of a width, under the name scopes in force; later calls do nothing.
    func build(inputSize: Int)

    /// One step.
    ///
    /// - Shapes: inputs `[batch, inputs]`, states `[batch, size]` → output `[batch, outputSize]`, states as before.
    func callAsFunction(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>])
}

extension RNNCell {
    /// States of zeros for as many sequences as `inputs`, `[batch, ...]`, has.
    ///
    /// - Shapes: → `[batch, size]` each.
    public func zeroStates(like inputs: Tensor<Scalar>) -> [Tensor<Scalar>] {
        withGraph(inputs.graph) {
            zeroStates(batch: makePart(makeShape(inputs.value), axis: 0, at: 0), known: inputs.shape[0])
        }
    }

    /// States of zeros for a number of sequences.
    public func zeroStates(batchSize: Int) -> [Tensor<Scalar>] {
        stateSizes.map { zeros([batchSize, $0]) }
    }

    func zeroStates(batch: Value, known: Int?) -> [Tensor<Scalar>] {
        stateSizes.map { size in
            let sizes =
                known.map { integerConstant([$0, size]) } ?? makePack([batch, integerConstant(size)], axis: 0)
            return Tensor(makeZeros(Scalar.dtype, sizes: sizes))
        }
    }
}

/// A cell with variables of its own.
protocol WeightedCell: RNNCell {
    var units: Int { get }
    /// The scope of the variables.
    var name: String { get }
    var weights: CellWeights<Scalar> { get }
    /// The variables for inputs of a width, in the order in which `step` takes them.
    func makeVariables(inputSize: Int) -> [Variable<Scalar>]
    /// A step for inputs and states that fit.
    func step(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>], _ weights: [Variable<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>])
}

extension WeightedCell {
    public var outputSize: Int { units }
    public func build(inputSize: Int) { _ = variables(inputSize) }

    public func callAsFunction(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        if let mistake = misfit(of: inputs, states) {
            Graph.default.report(mistake, operation: name)
            return (unmadeTensor(in: .default), stateSizes.map { _ in unmadeTensor(in: .default) })
        }
        return step(inputs, states, variables(inputs.shape[-1] ?? 0))
    }

    private func variables(_ inputSize: Int) -> [Variable<Scalar>] {
        weights(name) { makeVariables(inputSize: inputSize) }
    }

    /// Sizes that no cell has, and inputs and states that are not the cell's.
    private func misfit(of x: Tensor<Scalar>, _ states: [Tensor<Scalar>]) -> Mistake? {
        if let size = (stateSizes + [outputSize]).first(where: { $0 <= 0 }) {
            return Mistake("a cell must have at least one unit, but has \(size)")
        }
        if states.count != stateSizes.count {
            return Mistake("takes \(stateSizes.count) states, but is given \(states.count)")
        }
        if let rank = x.shape.rank, rank != 2 {
            return Mistake(
                "one step takes inputs [batch, inputs], but is given \(x.shape)",
                hint: "dynamicRNN takes whole sequences, [batch, time, inputs]")
        }
        if x.shape[-1] == nil {
            return Mistake("the width of the inputs must be known, but their shape is \(x.shape)")
        }
        return nil
    }
}

/// The variables of a cell, made once.
final class CellWeights<Scalar: FloatingElement>: Sendable {
    private let made = Mutex<[Variable<Scalar>]>([])

    /// - Parameters:
    ///   - make: makes the variables; called for the first use.
    func callAsFunction(_ scope: String, _ make: () -> [Variable<Scalar>]) -> [Variable<Scalar>] {
        let known = made.withLock { $0 }
        if !known.isEmpty { return known }
        let graph = Graph.default
        // Variables inside a branch or a loop are made outside of it.
        let new =
            graph.parent == nil
            ? withNameScope(scope, make) : graph.outermost.asDefault { withNameScope(scope, make) }
        made.withLock { $0 = new }
        return new
    }
}

/// `[x, h]·kernel + bias`.
private func affine<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, _ h: Tensor<Scalar>, _ kernel: Variable<Scalar>, _ bias: Variable<Scalar>
) -> Tensor<Scalar> {
    matmul(concatenate([x, h], axis: 1), kernel.tensor) + bias.tensor
}

// MARK: - Simple

/// The simplest cell: `h' = tanh([x, h]·kernel + bias)`; the output is the state.
///
/// - Source: TensorFlow 1's `BasicRNNCell`; variables `basic_rnn_cell/kernel` and `bias`.
public struct BasicRNNCell<Scalar: FloatingElement>: WeightedCell {
    public let units: Int
    public let name: String
    private let activation: @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
    let weights = CellWeights<Scalar>()

    public init(
        _ units: Int, name: String = "basic_rnn_cell",
        activation: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) }
    ) {
        self.units = units
        self.name = name
        self.activation = activation
    }

    public var stateSizes: [Int] { [units] }

    func makeVariables(inputSize: Int) -> [Variable<Scalar>] {
        [
            Variable(.glorotUniform(), shape: [inputSize + units, units], name: "kernel"),
            Variable(.zeros, shape: [units], name: "bias"),
        ]
    }

    func step(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>], _ weights: [Variable<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        let h = activation(affine(inputs, states[0], weights[0], weights[1]))
        return (h, [h])
    }
}

// MARK: - LSTM

/// Long short-term memory without peepholes; the gates stand in the order input, candidate, forget, output.
///
///     c' = σ(f + forgetBias)·c + σ(i)·tanh(j)        h' = σ(o)·tanh(c')
///
/// - Source: TensorFlow 1's `BasicLSTMCell`; states c, h; variables `basic_lstm_cell/kernel` and `bias`.
public struct BasicLSTMCell<Scalar: FloatingElement>: WeightedCell {
    public let units: Int
    public let forgetBias: Scalar
    public let name: String
    private let activation: @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
    let weights = CellWeights<Scalar>()

    public init(
        _ units: Int, forgetBias: Scalar = 1, name: String = "basic_lstm_cell",
        activation: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) }
    ) {
        self.units = units
        self.forgetBias = forgetBias
        self.name = name
        self.activation = activation
    }

    public var stateSizes: [Int] { [units, units] }

    func makeVariables(inputSize: Int) -> [Variable<Scalar>] {
        [
            Variable(.glorotUniform(), shape: [inputSize + units, 4 * units], name: "kernel"),
            Variable(.zeros, shape: [4 * units], name: "bias"),
        ]
    }

    func step(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>], _ weights: [Variable<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        let gates = affine(inputs, states[1], weights[0], weights[1]).split(into: 4, axis: 1)
        let c = states[0] * sigmoid(gates[2] + forgetBias) + sigmoid(gates[0]) * activation(gates[1])
        let h = activation(c) * sigmoid(gates[3])
        return (h, [c, h])
    }
}

/// Long short-term memory with peepholes, clipping and a projection on request.
///
///     c' = σ(f + forgetBias + w_f·c)·c + σ(i + w_i·c)·tanh(j)        h' = σ(o + w_o·c')·tanh(c')·projection
///
/// - Source: TensorFlow 1's `LSTMCell`, after H. Sak et al., "Long short-term memory recurrent neural network
///   architectures for large scale acoustic modeling" (2014); states c, h; variables `lstm_cell/kernel`, `bias`,
///   `w_f_diag`, `w_i_diag`, `w_o_diag` and `projection/kernel`.
public struct LSTMCell<Scalar: FloatingElement>: WeightedCell {
    public let units: Int
    public let usesPeepholes: Bool
    /// The largest magnitude of c.
    public let cellClip: Scalar?
    /// The width of h, where it is projected.
    public let projectionSize: Int?
    /// The largest magnitude of what is projected.
    public let projectionClip: Scalar?
    public let forgetBias: Scalar
    public let name: String
    private let initializer: Initializer<Scalar>
    private let activation: @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
    let weights = CellWeights<Scalar>()

    public init(
        _ units: Int, usesPeepholes: Bool = false, cellClip: Scalar? = nil,
        initializer: Initializer<Scalar> = .glorotUniform(), projectionSize: Int? = nil,
        projectionClip: Scalar? = nil, forgetBias: Scalar = 1, name: String = "lstm_cell",
        activation: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) }
    ) {
        self.units = units
        self.usesPeepholes = usesPeepholes
        self.cellClip = cellClip
        self.initializer = initializer
        self.projectionSize = projectionSize
        self.projectionClip = projectionClip
        self.forgetBias = forgetBias
        self.name = name
        self.activation = activation
    }

    public var stateSizes: [Int] { [units, outputSize] }
    public var outputSize: Int { projectionSize ?? units }

    func makeVariables(inputSize: Int) -> [Variable<Scalar>] {
        var variables = [
            Variable(initializer, shape: [inputSize + outputSize, 4 * units], name: "kernel"),
            Variable(.zeros, shape: [4 * units], name: "bias"),
        ]
        if usesPeepholes {
            variables += ["f", "i", "o"].map { gate in
                Variable(initializer, shape: [units], name: "w_\(gate)_diag")
            }
        }
        if let projectionSize {
            variables.append(Variable(initializer, shape: [units, projectionSize], name: "projection/kernel"))
        }
        return variables
    }

    func step(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>], _ weights: [Variable<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        let gates = affine(inputs, states[1], weights[0], weights[1]).split(into: 4, axis: 1)
        var (f, i, o) = (gates[2] + forgetBias, gates[0], gates[3])
        if usesPeepholes {
            f = f + weights[2].tensor * states[0]
            i = i + weights[3].tensor * states[0]
        }
        var c = sigmoid(f) * states[0] + sigmoid(i) * activation(gates[1])
        if let cellClip { c = c.clipped(to: -cellClip...cellClip) }
        if usesPeepholes { o = o + weights[4].tensor * c }
        var h = sigmoid(o) * activation(c)
        if projectionSize != nil, let projection = weights.last {
            h = matmul(h, projection.tensor)
            if let projectionClip { h = h.clipped(to: -projectionClip...projectionClip) }
        }
        return (h, [c, h])
    }
}

// MARK: - GRU

/// A gated recurrent unit; the reset is applied before the product.
///
///     r, u = σ([x, h]·gates + bias)        h' = u·h + (1 - u)·tanh([x, r·h]·candidate + bias)
///
/// - Source: TensorFlow 1's `GRUCell`; variables `gru_cell/gates/kernel`, `gates/bias` (ones at first),
///   `candidate/kernel` and `candidate/bias`.
public struct GRUCell<Scalar: FloatingElement>: WeightedCell {
    public let units: Int
    public let name: String
    private let activation: @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
    let weights = CellWeights<Scalar>()

    public init(
        _ units: Int, name: String = "gru_cell",
        activation: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) }
    ) {
        self.units = units
        self.name = name
        self.activation = activation
    }

    public var stateSizes: [Int] { [units] }

    func makeVariables(inputSize: Int) -> [Variable<Scalar>] {
        [
            Variable(.glorotUniform(), shape: [inputSize + units, 2 * units], name: "gates/kernel"),
            Variable(.ones, shape: [2 * units], name: "gates/bias"),
            Variable(.glorotUniform(), shape: [inputSize + units, units], name: "candidate/kernel"),
            Variable(.zeros, shape: [units], name: "candidate/bias"),
        ]
    }

    func step(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>], _ weights: [Variable<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        let h = states[0]
        let gates = sigmoid(affine(inputs, h, weights[0], weights[1])).split(into: 2, axis: 1)
        let candidate = activation(affine(inputs, gates[0] * h, weights[2], weights[3]))
        let next = gates[1] * h + (1 - gates[1]) * candidate
        return (next, [next])
    }
}
