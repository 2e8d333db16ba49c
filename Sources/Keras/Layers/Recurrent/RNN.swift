// How recurrent layers pass through sequences: what they give back, masks, states at the start, and states that outlive a
// batch. Knows nothing of what happens at a step, which is the cell's.

import Graphs
import Operations
public import Sessions
public import Tensors

/// How a recurrent layer passes through sequences.
public struct RecurrentPasses: Sendable {
    /// Whether the outputs of all steps are given back rather than that of the last.
    public var returnsSequences = false
    /// Whether the last states are given back too, behind the output.
    public var returnsState = false
    /// From the last step to the first; the outputs stand in that order.
    public var goesBackwards = false
    /// Whether a batch starts with the states that the batch before ended with, sample by sample.
    public var isStateful = false
    /// Whether the steps are written one after the other instead of a loop: faster for few steps, larger for many.
    public var unrolls = false
    /// Whether the outputs of masked steps are zeros instead of those of the steps before.
    public var zerosMaskedOutputs = false
    /// What large outputs cost, per sample.
    public var activityRegularizer: WeightRegularizer?
}

/// A layer that passes through sequences with a cell.
///
/// Steps that are masked (by `Masking`, or `Embedding` with `masksZero`) keep the states.
public protocol RecurrentLayer: Layer {
    /// What happens at a step.
    var stepCell: any RecurrentCell { get }
    /// How it passes through sequences.
    var passes: RecurrentPasses { get }
    /// A layer of the same settings but for a change, with weights of its own; nil where the cell cannot be copied.
    func copied(named name: String?, _ change: (inout RecurrentPasses) -> Void) -> (any RecurrentLayer)?
}

extension RecurrentLayer {
    /// A sequence, and perhaps the initial states → the output, and perhaps the last states.
    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        let cell = stepCell
        let sizes = cell.stateSizes
        guard let first = inputs.first, inputs.count == 1 || inputs.count == 1 + sizes.count else {
            return [
                LayerValue(
                    context.mistake(
                        "takes a sequence and perhaps \(sizes.count) initial states, but is given \(inputs.count) inputs"
                    ))
            ]
        }
        let sequence = context.float(first.tensor)
        // Only what is unrolled has a known number of steps.
        guard context.hasRank(3, sequence, "[batch, steps, features]"),
            !passes.unrolls || context.size(ofAxis: 1, of: sequence) != nil,
            let memories = memories(sizes, sequence, context),
            let initial = initialStates(inputs.dropFirst(), memories, sizes, sequence, context)
        else { return [LayerValue(context.nothing)] }
        let options = RecurrentOptions<Float>(
            goesBackwards: passes.goesBackwards, unrolls: passes.unrolls, mask: first.mask,
            zerosMaskedOutputs: passes.zerosMaskedOutputs)
        guard
            let result = context.inside(cell, { cell.run(sequence, initial: initial, options, context) })
        else { return [LayerValue(context.nothing)] }
        for (memory, state) in zip(memories, result.states) { context.addUpdate(memory.assign(state).node) }
        let output = passes.returnsSequences ? result.sequence : result.last
        let outputs = [output] + (passes.returnsState ? result.states : [])
        for output in outputs { context.addActivityLoss(passes.activityRegularizer, of: output) }
        return outputs.enumerated().map { index, output in
            LayerValue(output, mask: index == 0 && passes.returnsSequences ? first.mask : nil)
        }
    }

    /// The variables that keep the states; none where it is not stateful.
    private func memories(
        _ sizes: [Int], _ sequence: Tensor<Float>, _ context: LayerContext
    ) -> [Variable<Float>]? {
        guard passes.isStateful, sequence.node.isSound else { return [] }
        guard let batch = sequence.shape[0] else {
            context.report(
                "is stateful and must know the number of samples, but is given shape \(sequence.shape)",
                hint: "give the model's input its batchSize")
            return nil
        }
        let made = sizes.enumerated().compactMap { index, size in
            context.memory(index, named: "rnn_state", shape: [batch, size])
        }
        return made.count == sizes.count ? made : nil
    }

    /// What the first step starts with.
    private func initialStates(
        _ given: ArraySlice<LayerValue>, _ memories: [Variable<Float>], _ sizes: [Int], _ sequence: Tensor<Float>,
        _ context: LayerContext
    ) -> [Tensor<Float>]? {
        if given.isEmpty {
            return memories.isEmpty
                ? sizes.map { zeroState(for: sequence, shape: [max(0, $0)]) } : memories.map(\.tensor)
        }
        let states = given.map { context.float($0.tensor) }
        for (state, size) in zip(states, sizes) where !state.shape.isCompatible(with: [sequence.shape[0], size]) {
            context.report(
                "takes initial states of shape \([sequence.shape[0], size] as Shape), but is given \(state.shape)")
            return nil
        }
        return states
    }
}

/// Passes through sequences with a cell, such as one of your own.
///
///     RNN(LSTMCell(32))
///     RNN([LSTMCell(64), LSTMCell(32)], returnsSequences: true)
///
/// - Shapes: `[batch, steps, n]` → `[batch, outputSize]`, or `[batch, steps, outputSize]` where `returnsSequences`; then
///   perhaps the initial states and the last states.
/// - Source: Keras's `RNN`.
public struct RNN: RecurrentLayer {
    public let state: LayerState
    public let cell: any RecurrentCell
    public let passes: RecurrentPasses

    /// - Parameters:
    ///   - others: see `RecurrentPasses`.
    public init(
        _ cell: any RecurrentCell, returnsSequences: Bool = false, returnsState: Bool = false,
        goesBackwards: Bool = false, isStateful: Bool = false, unrolls: Bool = false,
        zerosMaskedOutputs: Bool = false, activityRegularizer: WeightRegularizer? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        self.init(
            cell,
            RecurrentPasses(
                returnsSequences: returnsSequences, returnsState: returnsState, goesBackwards: goesBackwards,
                isStateful: isStateful, unrolls: unrolls, zerosMaskedOutputs: zerosMaskedOutputs,
                activityRegularizer: activityRegularizer), inputShape: inputShape, name: name)
    }

    /// Cells one upon the other, as `StackedRNNCells`.
    public init(
        _ cells: [any RecurrentCell], returnsSequences: Bool = false, returnsState: Bool = false,
        goesBackwards: Bool = false, isStateful: Bool = false, unrolls: Bool = false,
        zerosMaskedOutputs: Bool = false, activityRegularizer: WeightRegularizer? = nil, inputShape: Shape? = nil,
        name: String? = nil
    ) {
        self.init(
            StackedRNNCells(cells), returnsSequences: returnsSequences, returnsState: returnsState,
            goesBackwards: goesBackwards, isStateful: isStateful, unrolls: unrolls,
            zerosMaskedOutputs: zerosMaskedOutputs, activityRegularizer: activityRegularizer, inputShape: inputShape,
            name: name)
    }

    private init(_ cell: any RecurrentCell, _ passes: RecurrentPasses, inputShape: Shape?, name: String?) {
        state = LayerState(name: name, inputShape: inputShape)
        self.cell = cell
        self.passes = passes
    }

    public var stepCell: any RecurrentCell { cell }

    public func copied(named name: String?, _ change: (inout RecurrentPasses) -> Void) -> (any RecurrentLayer)? {
        guard let cell = cell.copied() else { return nil }
        var passes = passes
        change(&passes)
        return RNN(cell, passes, inputShape: state.inputShape, name: name)
    }
}

// MARK: - States that outlive a batch

extension Layer {
    /// Sets the states that it and the layers inside it keep from batch to batch to zeros.
    public func resetStates(in session: Session) throws {
        for memory in withLayersInside().flatMap(\.state.memories) { try session.run(memory.initializer) }
    }
}

extension Model {
    /// Sets the states that stateful layers keep from batch to batch to zeros: what follows are other sequences.
    public func resetStates() throws { try resetStates(in: session) }
}

// MARK: - In files

extension RecurrentPasses {
    /// The settings by Keras's names.
    var json: [String: JSONValue] {
        get throws {
            [
                "return_sequences": .bool(returnsSequences), "return_state": .bool(returnsState),
                "go_backwards": .bool(goesBackwards), "stateful": .bool(isStateful), "unroll": .bool(unrolls),
                "zero_output_for_mask": .bool(zerosMaskedOutputs),
                "activity_regularizer": try JSONValue(setting: activityRegularizer),
            ]
        }
    }

    init(_ configuration: Configuration) throws {
        self.init(
            returnsSequences: try configuration.bool("return_sequences", default: false),
            returnsState: try configuration.bool("return_state", default: false),
            goesBackwards: try configuration.bool("go_backwards", default: false),
            isStateful: try configuration.bool("stateful", default: false),
            unrolls: try configuration.bool("unroll", default: false),
            zerosMaskedOutputs: try configuration.bool("zero_output_for_mask", default: false),
            activityRegularizer: try configuration.regularizer("activity_regularizer"))
    }
}

extension RNN: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            var json = try passes.json
            json["cell"] = try Configuration.json(ofInner: cell)
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.recurrentCell("cell"), try RecurrentPasses(configuration), inputShape: nil,
            name: configuration.layerName)
    }
}

/// A layer that takes initial states behind the sequence.
protocol InitialStateTaking: ArgumentNaming {}

extension InitialStateTaking {
    func arguments(_ inputs: [KerasTensor], _ tensors: [JSONValue]) -> (
        positional: [JSONValue], named: [String: JSONValue]
    ) {
        (Array(tensors.prefix(1)), tensors.count > 1 ? ["initial_state": .array(Array(tensors.dropFirst()))] : [:])
    }
}

extension RNN: InitialStateTaking {}
