// SimpleRNN, LSTM and GRU: a cell of the library with the settings of its passes through sequences.

import Graphs
import Operations
public import Tensors

/// A recurrent layer that is known by its cell; Keras has the settings of both in one list.
protocol StandardRecurrentLayer: RecurrentLayer, ConfigurableLayer, InitialStateTaking {
    associatedtype Cell: StandardCell
    var state: LayerState { get set }
    var cell: Cell { get set }
    var passes: RecurrentPasses { get set }
    init(cell: Cell, passes: RecurrentPasses, name: String?)
}

extension StandardRecurrentLayer {
    /// As Keras names it, so that weights have the same paths.
    static var cellName: String { snakeCase(Cell.className) }
    public var stepCell: any RecurrentCell { cell }

    public func copied(named name: String?, _ change: (inout RecurrentPasses) -> Void) -> (any RecurrentLayer)? {
        var copy = self
        copy.state = LayerState(name: name, inputShape: state.inputShape)
        copy.cell.state = LayerState(name: Self.cellName)
        change(&copy.passes)
        return copy
    }

    public var configuration: Configuration {
        get throws {
            let settings = try cell.configuration.settings
            return Configuration(Self.className, settings.merging(try passes.json) { own, _ in own })
        }
    }

    public init(configuration: Configuration) throws {
        var settings = configuration.settings
        settings["name"] = .string(Self.cellName)
        self.init(
            cell: try Cell(configuration: Configuration(configuration.className, settings)),
            passes: try RecurrentPasses(configuration), name: configuration.layerName)
    }
}

/// A recurrent layer whose output is its state.
///
///     h' = activation(x·W + h·U + b)
///
/// - Shapes: `[batch, steps, n]` → `[batch, units]`, or `[batch, steps, units]` where `returnsSequences`; then perhaps the
///   initial state and the last state, `[batch, units]`. Weights are those of `SimpleRNNCell`.
/// - Source: Keras's `SimpleRNN`.
public struct SimpleRNN: StandardRecurrentLayer {
    public internal(set) var state: LayerState
    public internal(set) var cell: SimpleRNNCell
    public internal(set) var passes: RecurrentPasses

    /// - Parameters:
    ///   - units: the size of the state and of the output, above 0.
    ///   - dropout: the part of the inputs that is dropped in training, the same at all steps of a sequence.
    ///   - recurrentDropout: the part of the state that is dropped where the recurrent kernel sees it.
    ///   - seed: decides what is dropped together with the graph's seed.
    ///   - activityRegularizer: what large outputs cost, per sample.
    ///   - others: see `RecurrentPasses`.
    public init(
        _ units: Int, activation: ActivationFunction = .tanh, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(),
        recurrentInitializer: WeightInitializer = .orthogonal(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        recurrentRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        recurrentConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil, dropout: Double = 0,
        recurrentDropout: Double = 0, seed: Int? = nil, returnsSequences: Bool = false,
        returnsState: Bool = false, goesBackwards: Bool = false, isStateful: Bool = false, unrolls: Bool = false,
        zerosMaskedOutputs: Bool = false, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        cell = SimpleRNNCell(
            units, activation: activation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
            biasInitializer: biasInitializer, kernelRegularizer: kernelRegularizer,
            recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
            kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint,
            biasConstraint: biasConstraint, dropout: dropout, recurrentDropout: recurrentDropout, seed: seed,
            name: Self.cellName)
        passes = RecurrentPasses(
            returnsSequences: returnsSequences, returnsState: returnsState, goesBackwards: goesBackwards,
            isStateful: isStateful, unrolls: unrolls, zerosMaskedOutputs: zerosMaskedOutputs,
            activityRegularizer: activityRegularizer)
    }

    init(cell: SimpleRNNCell, passes: RecurrentPasses, name: String?) {
        state = LayerState(name: name)
        self.cell = cell
        self.passes = passes
    }
}

/// Long short-term memory.
///
///     LSTM(128, returnsSequences: true)
///     let found = LSTM(64, returnsState: true).outputs(for: [x])                  // output, h, c
///     let next = LSTM(64)([other, found[1], found[2]])                            // starts with them
///
/// - Shapes: `[batch, steps, n]` → `[batch, units]`, or `[batch, steps, units]` where `returnsSequences`; then perhaps the
///   initial states and the last states, h and c, `[batch, units]`. Weights are those of `LSTMCell`.
/// - Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory" (1997); Keras's `LSTM`.
public struct LSTM: StandardRecurrentLayer {
    public internal(set) var state: LayerState
    public internal(set) var cell: LSTMCell
    public internal(set) var passes: RecurrentPasses

    /// - Parameters:
    ///   - units: the size of the state and of the output, above 0.
    ///   - dropout: the part of the inputs that is dropped in training, the same at all steps of a sequence.
    ///   - recurrentDropout: the part of the state that is dropped where the recurrent kernel sees it.
    ///   - seed: decides what is dropped together with the graph's seed.
    ///   - activityRegularizer: what large outputs cost, per sample.
    ///   - others: see `RecurrentPasses`.
    public init(
        _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid,
        usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(),
        recurrentInitializer: WeightInitializer = .orthogonal(),
        biasInitializer: WeightInitializer = .zeros, unitForgetBias: Bool = true,
        kernelRegularizer: WeightRegularizer? = nil,
        recurrentRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        recurrentConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil, dropout: Double = 0,
        recurrentDropout: Double = 0, seed: Int? = nil, returnsSequences: Bool = false,
        returnsState: Bool = false, goesBackwards: Bool = false, isStateful: Bool = false, unrolls: Bool = false,
        zerosMaskedOutputs: Bool = false, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        cell = LSTMCell(
            units, activation: activation, recurrentActivation: recurrentActivation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
            biasInitializer: biasInitializer, unitForgetBias: unitForgetBias, kernelRegularizer: kernelRegularizer,
            recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
            kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint,
            biasConstraint: biasConstraint, dropout: dropout, recurrentDropout: recurrentDropout, seed: seed,
            name: Self.cellName)
        passes = RecurrentPasses(
            returnsSequences: returnsSequences, returnsState: returnsState, goesBackwards: goesBackwards,
            isStateful: isStateful, unrolls: unrolls, zerosMaskedOutputs: zerosMaskedOutputs,
            activityRegularizer: activityRegularizer)
    }

    init(cell: LSTMCell, passes: RecurrentPasses, name: String?) {
        state = LayerState(name: name)
        self.cell = cell
        self.passes = passes
    }
}

/// Gated recurrent units.
///
/// - Shapes: `[batch, steps, n]` → `[batch, units]`, or `[batch, steps, units]` where `returnsSequences`; then perhaps the
///   initial state and the last state, `[batch, units]`. Weights are those of `GRUCell`.
/// - Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014); Keras's `GRU`.
public struct GRU: StandardRecurrentLayer {
    public internal(set) var state: LayerState
    public internal(set) var cell: GRUCell
    public internal(set) var passes: RecurrentPasses

    /// - Parameters:
    ///   - units: the size of the state and of the output, above 0.
    ///   - dropout: the part of the inputs that is dropped in training, the same at all steps of a sequence.
    ///   - recurrentDropout: the part of the state that is dropped where the recurrent kernel sees it.
    ///   - seed: decides what is dropped together with the graph's seed.
    ///   - activityRegularizer: what large outputs cost, per sample.
    ///   - others: see `RecurrentPasses`.
    public init(
        _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid,
        usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(),
        recurrentInitializer: WeightInitializer = .orthogonal(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        recurrentRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        recurrentConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil, dropout: Double = 0,
        recurrentDropout: Double = 0, seed: Int? = nil, resetsAfter: Bool = true, returnsSequences: Bool = false,
        returnsState: Bool = false, goesBackwards: Bool = false, isStateful: Bool = false, unrolls: Bool = false,
        zerosMaskedOutputs: Bool = false, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        cell = GRUCell(
            units, activation: activation, recurrentActivation: recurrentActivation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
            biasInitializer: biasInitializer, kernelRegularizer: kernelRegularizer,
            recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
            kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint,
            biasConstraint: biasConstraint, dropout: dropout, recurrentDropout: recurrentDropout, seed: seed,
            resetsAfter: resetsAfter,
            name: Self.cellName)
        passes = RecurrentPasses(
            returnsSequences: returnsSequences, returnsState: returnsState, goesBackwards: goesBackwards,
            isStateful: isStateful, unrolls: unrolls, zerosMaskedOutputs: zerosMaskedOutputs,
            activityRegularizer: activityRegularizer)
    }

    init(cell: GRUCell, passes: RecurrentPasses, name: String?) {
        state = LayerState(name: name)
        self.cell = cell
        self.passes = passes
    }
}
