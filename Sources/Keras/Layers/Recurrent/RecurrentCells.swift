// The cells of SimpleRNN, LSTM and GRU. Each computes a whole sequence with the function of the graph of the same name,
// which has the products with the inputs before the loop.

import Graphs
import Operations
import Tensors

/// The settings of a cell.
public struct RecurrentCellSettings: Sendable {
    /// The size of the state and of the output, above 0.
    public var units: Int
    public var activation: ActivationFunction
    /// That of the gates.
    public var recurrentActivation: ActivationFunction
    public var usesBias: Bool
    public var kernelInitializer: WeightInitializer
    public var recurrentInitializer: WeightInitializer
    public var biasInitializer: WeightInitializer
    public var kernelRegularizer: WeightRegularizer?
    public var recurrentRegularizer: WeightRegularizer?
    public var biasRegularizer: WeightRegularizer?
    public var kernelConstraint: WeightConstraint?
    public var recurrentConstraint: WeightConstraint?
    public var biasConstraint: WeightConstraint?
    /// The part of the inputs that is dropped in training, the same at all steps of a sequence.
    public var dropout: Double
    /// The part of the state that is dropped where the recurrent kernel sees it.
    public var recurrentDropout: Double
    /// Decides what is dropped together with the graph's seed.
    public var seed: Int?

    /// Whether the settings make sense; else a mistake.
    func areSound(_ context: LayerContext) -> Bool {
        if units < 1 {
            context.report("units must be above 0, but is \(units)")
            return false
        }
        for (name, rate) in [("dropout", dropout), ("recurrentDropout", recurrentDropout)]
        where !(0..<1).contains(rate) {
            context.report("\(name) must be from 0 up to, but not 1, but is \(rate)")
            return false
        }
        return true
    }

    /// What dropout multiplies inputs and states by in training.
    ///
    /// As Keras: every gate drops its own where parts of the state are dropped, else all the same.
    func drops(
        _ sequence: Tensor<Float>, gates: Int, _ context: LayerContext
    ) -> (inputs: [Tensor<Float>], states: [Tensor<Float>]) {
        guard dropout > 0 || recurrentDropout > 0, context.isTraining else { return ([], []) }
        let count = recurrentDropout > 0 ? gates : 1
        func factors(_ rate: Double, _ size: Int, _ first: Int) -> [Tensor<Float>] {
            guard rate > 0 else { return [] }
            let ones = ones(like: zeroState(for: sequence, shape: [size]))
            // The same seed twice would drop the same twice.
            return (first..<first + count).map { number in
                Operations.dropout(ones, rate: rate, seed: seed.map { $0 &+ number })
            }
        }
        return (factors(dropout, sequence.shape[-1] ?? 0, 0), factors(recurrentDropout, units, count))
    }
}

/// A cell of the library: its weights are a kernel, a recurrent kernel and a bias.
protocol StandardCell: RecurrentCell, ConfigurableLayer, ArgumentNaming {
    /// How many blocks of `units` columns the kernels have.
    static var gates: Int { get }
    var settings: RecurrentCellSettings { get }
    var state: LayerState { get set }
    /// The shape of the bias.
    var biasShape: [Int] { get }
    /// How the bias starts.
    func startOfBias(_ context: LayerContext) -> WeightInitializer
    func compute(
        _ sequence: Tensor<Float>, _ weights: RecurrentWeights, _ initial: [Tensor<Float>],
        _ options: RecurrentOptions<Float>, _ context: LayerContext
    ) -> RecurrentResult<Float>
}

/// The weights of a cell, as tensors.
struct RecurrentWeights {
    let kernel: Tensor<Float>
    let recurrentKernel: Tensor<Float>
    let bias: Tensor<Float>?
}

extension StandardCell {
    public var stateSizes: [Int] { [settings.units] }
    var biasShape: [Int] { [clampedProduct(settings.units, Self.gates)] }
    func startOfBias(_ context: LayerContext) -> WeightInitializer { settings.biasInitializer }

    public func step(_ input: Tensor<Float>, _ states: [Tensor<Float>], _ context: LayerContext)
        -> (output: Tensor<Float>, states: [Tensor<Float>])
    {
        let result = run(input.expandingDimension(at: 1), initial: states, RecurrentOptions(), context)
        return (result.last, result.states)
    }

    public func run(
        _ sequence: Tensor<Float>, initial: [Tensor<Float>], _ options: RecurrentOptions<Float>,
        _ context: LayerContext
    ) -> RecurrentResult<Float> {
        guard settings.areSound(context), let size = context.size(ofAxis: -1, of: sequence) else {
            return RecurrentResult(sequence: context.nothing, last: context.nothing, states: initial)
        }
        let columns = clampedProduct(settings.units, Self.gates)
        let weights = RecurrentWeights(
            kernel: context.weight(
                "kernel", shape: [size, columns], initializer: settings.kernelInitializer,
                regularizer: settings.kernelRegularizer, constraint: settings.kernelConstraint
            ).tensor,
            recurrentKernel: context.weight(
                "recurrent_kernel", shape: [settings.units, columns], initializer: settings.recurrentInitializer,
                regularizer: settings.recurrentRegularizer, constraint: settings.recurrentConstraint
            ).tensor,
            bias: settings.usesBias
                ? context.weight(
                    "bias", shape: biasShape, initializer: startOfBias(context),
                    regularizer: settings.biasRegularizer, constraint: settings.biasConstraint
                ).tensor : nil)
        var options = options
        (options.inputDropout, options.recurrentDropout) = settings.drops(sequence, gates: Self.gates, context)
        return compute(sequence, weights, initial, options, context)
    }

    public func copied() -> (any RecurrentCell)? {
        var copy = self
        copy.state = LayerState(name: state.name)
        return copy
    }
}

/// `h' = activation(x·W + h·U + b)`
///
/// - Shapes: input `[batch, n]`, state and output `[batch, units]`; kernel `[n, units]`, recurrent kernel
///   `[units, units]`, bias `[units]`.
/// - Source: Keras's `SimpleRNNCell`.
public struct SimpleRNNCell: StandardCell {
    public internal(set) var state: LayerState
    public let settings: RecurrentCellSettings
    static let gates = 1

    public init(
        _ units: Int, activation: ActivationFunction = .tanh, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(),
        recurrentInitializer: WeightInitializer = .orthogonal(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        recurrentRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        recurrentConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil, dropout: Double = 0,
        recurrentDropout: Double = 0, seed: Int? = nil, name: String? = nil
    ) {
        self.init(
            RecurrentCellSettings(
                units: units, activation: activation, recurrentActivation: .linear, usesBias: usesBias,
                kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
                biasInitializer: biasInitializer, kernelRegularizer: kernelRegularizer,
                recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
                kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint,
                biasConstraint: biasConstraint, dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
            name: name)
    }

    init(_ settings: RecurrentCellSettings, name: String?) {
        state = LayerState(name: name)
        self.settings = settings
    }

    func compute(
        _ sequence: Tensor<Float>, _ weights: RecurrentWeights, _ initial: [Tensor<Float>],
        _ options: RecurrentOptions<Float>, _ context: LayerContext
    ) -> RecurrentResult<Float> {
        simpleRNN(
            sequence, kernel: weights.kernel, recurrentKernel: weights.recurrentKernel, bias: weights.bias,
            initial: initial.first, options: options, name: "steps",
            activation: { settings.activation($0, context) })
    }
}

/// Long short-term memory: gates decide what is kept, taken in and put out.
///
///     c' = σ(f)·c + σ(i)·tanh(g)        h' = σ(o)·tanh(c')
///
/// - Shapes: input `[batch, n]`, states h and c and output `[batch, units]`; kernel `[n, 4 units]`, recurrent kernel
///   `[units, 4 units]`, bias `[4 units]`, for the gates input, forget, candidate, output.
/// - Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory" (1997); Keras's `LSTMCell`.
public struct LSTMCell: StandardCell {
    public internal(set) var state: LayerState
    public let settings: RecurrentCellSettings
    /// Whether the bias of the forget gate starts with ones, so that cells remember at first.
    public let unitForgetBias: Bool
    static let gates = 4

    public init(
        _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid,
        usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(),
        recurrentInitializer: WeightInitializer = .orthogonal(),
        biasInitializer: WeightInitializer = .zeros, unitForgetBias: Bool = true,
        kernelRegularizer: WeightRegularizer? = nil, recurrentRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        recurrentConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil, dropout: Double = 0,
        recurrentDropout: Double = 0, seed: Int? = nil, name: String? = nil
    ) {
        self.init(
            RecurrentCellSettings(
                units: units, activation: activation, recurrentActivation: recurrentActivation, usesBias: usesBias,
                kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
                biasInitializer: biasInitializer, kernelRegularizer: kernelRegularizer,
                recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
                kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint,
                biasConstraint: biasConstraint, dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
            unitForgetBias: unitForgetBias, name: name)
    }

    init(_ settings: RecurrentCellSettings, unitForgetBias: Bool, name: String?) {
        state = LayerState(name: name)
        self.settings = settings
        self.unitForgetBias = unitForgetBias
    }

    public var stateSizes: [Int] { [settings.units, settings.units] }

    func startOfBias(_ context: LayerContext) -> WeightInitializer {
        guard unitForgetBias else { return settings.biasInitializer }
        let others = settings.biasInitializer.initializer(in: context)
        let units = settings.units
        return WeightInitializer(
            Initializer { _ in
                concatenate(
                    [others.makeTensor([units]), ones([units]), others.makeTensor([clampedProduct(2, units)])], axis: 0)
            })
    }

    func compute(
        _ sequence: Tensor<Float>, _ weights: RecurrentWeights, _ initial: [Tensor<Float>],
        _ options: RecurrentOptions<Float>, _ context: LayerContext
    ) -> RecurrentResult<Float> {
        lstm(
            sequence, kernel: weights.kernel, recurrentKernel: weights.recurrentKernel, bias: weights.bias,
            initial: initial.count == 2 ? (initial[0], initial[1]) : nil, options: options, name: "steps",
            activation: { settings.activation($0, context) },
            recurrentActivation: { settings.recurrentActivation($0, context) })
    }
}

/// A gated recurrent unit.
///
///     h' = σ(z)·h + (1 - σ(z))·tanh(candidate)
///
/// - Shapes: input `[batch, n]`, state and output `[batch, units]`; kernel `[n, 3 units]`, recurrent kernel
///   `[units, 3 units]`, bias `[2, 3 units]` where the reset comes after the product with the state, else `[3 units]`, for
///   the gates update, reset, candidate.
/// - Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014); Keras's `GRUCell`.
public struct GRUCell: StandardCell {
    public internal(set) var state: LayerState
    public let settings: RecurrentCellSettings
    /// Whether the reset gate is applied after the product of the state with the recurrent kernel.
    public let resetsAfter: Bool
    static let gates = 3

    public init(
        _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid,
        usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(),
        recurrentInitializer: WeightInitializer = .orthogonal(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        recurrentRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        recurrentConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil, dropout: Double = 0,
        recurrentDropout: Double = 0, seed: Int? = nil, resetsAfter: Bool = true, name: String? = nil
    ) {
        self.init(
            RecurrentCellSettings(
                units: units, activation: activation, recurrentActivation: recurrentActivation, usesBias: usesBias,
                kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
                biasInitializer: biasInitializer, kernelRegularizer: kernelRegularizer,
                recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
                kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint,
                biasConstraint: biasConstraint, dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
            resetsAfter: resetsAfter, name: name)
    }

    init(_ settings: RecurrentCellSettings, resetsAfter: Bool, name: String?) {
        state = LayerState(name: name)
        self.settings = settings
        self.resetsAfter = resetsAfter
    }

    var biasShape: [Int] { resetsAfter ? [2, clampedProduct(3, settings.units)] : [clampedProduct(3, settings.units)] }

    func compute(
        _ sequence: Tensor<Float>, _ weights: RecurrentWeights, _ initial: [Tensor<Float>],
        _ options: RecurrentOptions<Float>, _ context: LayerContext
    ) -> RecurrentResult<Float> {
        gru(
            sequence, kernel: weights.kernel, recurrentKernel: weights.recurrentKernel, bias: weights.bias,
            initial: initial.first, resetsAfter: resetsAfter, options: options, name: "steps",
            activation: { settings.activation($0, context) },
            recurrentActivation: { settings.recurrentActivation($0, context) })
    }
}

// MARK: - In files

extension RecurrentCellSettings {
    /// The settings by Keras's names, which are those of the cell and of its layer alike.
    func json(hasGates: Bool) throws -> [String: JSONValue] {
        var json: [String: JSONValue] = [
            "units": .integer(units), "activation": try activation.json, "use_bias": .bool(usesBias),
            "kernel_initializer": try kernelInitializer.json,
            "recurrent_initializer": try recurrentInitializer.json, "bias_initializer": try biasInitializer.json,
            "kernel_regularizer": try JSONValue(setting: kernelRegularizer),
            "recurrent_regularizer": try JSONValue(setting: recurrentRegularizer),
            "bias_regularizer": try JSONValue(setting: biasRegularizer),
            "kernel_constraint": try JSONValue(setting: kernelConstraint),
            "recurrent_constraint": try JSONValue(setting: recurrentConstraint),
            "bias_constraint": try JSONValue(setting: biasConstraint), "dropout": .number(dropout),
            "recurrent_dropout": .number(recurrentDropout), "seed": JSONValue(seed),
        ]
        if hasGates { json["recurrent_activation"] = try recurrentActivation.json }
        return json
    }

    init(_ configuration: Configuration) throws {
        self.init(
            units: try configuration.integer("units"), activation: try configuration.activation(default: .tanh),
            recurrentActivation: try configuration.activation("recurrent_activation", default: .sigmoid),
            usesBias: try configuration.bool("use_bias", default: true),
            kernelInitializer: try configuration.initializer("kernel_initializer", default: .glorotUniform()),
            recurrentInitializer: try configuration.initializer("recurrent_initializer", default: .orthogonal()),
            biasInitializer: try configuration.initializer("bias_initializer", default: .zeros),
            kernelRegularizer: try configuration.regularizer("kernel_regularizer"),
            recurrentRegularizer: try configuration.regularizer("recurrent_regularizer"),
            biasRegularizer: try configuration.regularizer("bias_regularizer"),
            kernelConstraint: try configuration.constraint("kernel_constraint"),
            recurrentConstraint: try configuration.constraint("recurrent_constraint"),
            biasConstraint: try configuration.constraint("bias_constraint"),
            dropout: try configuration.number("dropout", default: 0),
            recurrentDropout: try configuration.number("recurrent_dropout", default: 0),
            seed: try configuration.seed())
    }
}

extension SimpleRNNCell {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json(hasGates: false)) }
    }

    public init(configuration: Configuration) throws {
        self.init(try RecurrentCellSettings(configuration), name: configuration.layerName)
    }
}

extension LSTMCell {
    public var configuration: Configuration {
        get throws {
            var json = try settings.json(hasGates: true)
            json["unit_forget_bias"] = .bool(unitForgetBias)
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            try RecurrentCellSettings(configuration),
            unitForgetBias: try configuration.bool("unit_forget_bias", default: true), name: configuration.layerName)
    }
}

extension GRUCell {
    public var configuration: Configuration {
        get throws {
            var json = try settings.json(hasGates: true)
            json["reset_after"] = .bool(resetsAfter)
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            try RecurrentCellSettings(configuration),
            resetsAfter: try configuration.bool("reset_after", default: true), name: configuration.layerName)
    }
}
