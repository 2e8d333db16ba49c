// Cells made of other cells: stacked, with dropout, with a way around. The cells themselves are in RecurrentCells.

public import Graphs
public import Tensors

/// Cells one above the other: the output of each is the input of the next; the states stand in their order.
///
/// - Source: TensorFlow 1's `MultiRNNCell`; variables under `multi_rnn_cell/cell_0` and so on.
public struct MultiRNNCell<Scalar: FloatingElement>: RNNCell {
    public let cells: [any RNNCell<Scalar>]

    public init(_ cells: [any RNNCell<Scalar>]) { self.cells = cells }

    public var stateSizes: [Int] { cells.flatMap(\.stateSizes) }
    public var outputSize: Int { cells.last?.outputSize ?? 0 }

    public func build(inputSize: Int) {
        withNameScope("multi_rnn_cell") {
            var size = inputSize
            for (number, cell) in cells.enumerated() {
                withNameScope("cell_\(number)") { cell.build(inputSize: size) }
                size = cell.outputSize
            }
        }
    }

    public func callAsFunction(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        guard !cells.isEmpty, states.count == stateSizes.count else {
            let fact = cells.isEmpty ? "has no cells" : "takes \(stateSizes.count) states, but is given \(states.count)"
            Graph.default.report(Mistake(fact), operation: "multi_rnn_cell")
            return (unmadeTensor(in: .default), stateSizes.map { _ in unmadeTensor(in: .default) })
        }
        return withNameScope("multi_rnn_cell") {
            var (output, next, remaining) = (inputs, [Tensor<Scalar>](), states[...])
            for (number, cell) in cells.enumerated() {
                let own = Array(remaining.prefix(cell.stateSizes.count))
                remaining = remaining.dropFirst(own.count)
                let result = withNameScope("cell_\(number)") { cell(output, own) }
                output = result.output
                next += result.states
            }
            return (output, next)
        }
    }
}

/// A cell that loses some of its inputs, outputs or states at random, others in each step.
///
/// - Source: TensorFlow 1's `DropoutWrapper`; as there, the first state of a cell with two, the c of an LSTM, is kept.
///   The numbers are others than TensorFlow's.
public struct DropoutWrapper<Scalar: FloatingElement>: RNNCell {
    public let cell: any RNNCell<Scalar>
    public let inputKeepProbability: Double
    public let outputKeepProbability: Double
    public let stateKeepProbability: Double
    public let seed: Int?

    /// - Parameters: probabilities above 0 and at most 1, where 1 keeps all.
    public init(
        _ cell: any RNNCell<Scalar>, inputKeepProbability: Double = 1, outputKeepProbability: Double = 1,
        stateKeepProbability: Double = 1, seed: Int? = nil
    ) {
        self.cell = cell
        self.inputKeepProbability = inputKeepProbability
        self.outputKeepProbability = outputKeepProbability
        self.stateKeepProbability = stateKeepProbability
        self.seed = seed
    }

    public var stateSizes: [Int] { cell.stateSizes }
    public var outputSize: Int { cell.outputSize }
    public func build(inputSize: Int) { cell.build(inputSize: inputSize) }

    public func callAsFunction(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        func dropped(_ x: Tensor<Scalar>, _ keep: Double, _ salt: Int) -> Tensor<Scalar> {
            keep == 1 ? x : dropout(x, keepProbability: keep, seed: seed.map { $0 &+ salt })
        }
        let result = cell(dropped(inputs, inputKeepProbability, 0), states)
        let isMemory = result.states.count == 2
        let next = result.states.enumerated().map { number, state in
            isMemory && number == 0 ? state : dropped(state, stateKeepProbability, 2 + number)
        }
        return (dropped(result.output, outputKeepProbability, 1), next)
    }
}

/// A cell whose inputs are added to its output.
///
/// - Errors: an output of another width than the inputs is a mistake.
/// - Source: TensorFlow 1's `ResidualWrapper`.
public struct ResidualWrapper<Scalar: FloatingElement>: RNNCell {
    public let cell: any RNNCell<Scalar>

    public init(_ cell: any RNNCell<Scalar>) { self.cell = cell }

    public var stateSizes: [Int] { cell.stateSizes }
    public var outputSize: Int { cell.outputSize }
    public func build(inputSize: Int) { cell.build(inputSize: inputSize) }

    public func callAsFunction(
        _ inputs: Tensor<Scalar>, _ states: [Tensor<Scalar>]
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        if let width = inputs.shape[-1], width != outputSize {
            Graph.default.report(
                Mistake("the inputs have width \(width), but the output \(outputSize): they cannot be added"),
                operation: "residual_wrapper")
            return (unmadeTensor(in: .default), stateSizes.map { _ in unmadeTensor(in: .default) })
        }
        let result = cell(inputs, states)
        return (inputs + result.output, result.states)
    }
}
