// What happens at one step of a sequence: the protocol of cells. Knows nothing of how layers pass through sequences with
// them, of masks and of states that outlive a batch.

public import Graphs
public import Operations
public import Tensors

/// One step of a recurrent layer: what comes out, and which states go on to the next step.
///
/// A cell of your own has a `step`; `RNN(cell)` passes through sequences with it:
///
///     struct Leaky: RecurrentCell {
///         let state = LayerState()
///         let units: Int
///         var stateSizes: [Int] { [units] }
///         func step(_ input: Tensor<Float>, _ states: [Tensor<Float>], _ context: LayerContext)
///             -> (output: Tensor<Float>, states: [Tensor<Float>])
///         {
///             let kernel = context.weight("kernel", shape: [input.shape[1] ?? 0, units], initializer: .glorotUniform())
///             let h = 0.9 * states[0] + tanh(matmul(input, kernel))
///             return (h, [h])
///         }
///     }
///     let model = Sequential { RNN(Leaky(units: 8), inputShape: [20, 3]) }
public protocol RecurrentCell: Layer {
    /// The sizes of its states: each has shape `[batch, size]`.
    var stateSizes: [Int] { get }
    /// The size of its output, `[batch, size]`; by default that of the first state.
    var outputSize: Int { get }
    /// The output and the states after a step. It is called while the steps' loop is made, not at each of them.
    ///
    /// - Shapes: input `[batch, features]`, states as `stateSizes` says.
    func step(_ input: Tensor<Float>, _ states: [Tensor<Float>], _ context: LayerContext)
        -> (output: Tensor<Float>, states: [Tensor<Float>])
    /// Passes through whole sequences; by default with `step`. A cell may do at once what does not need the states.
    ///
    /// - Shapes: sequence `[batch, steps, features]`, initial as `stateSizes` says.
    func run(
        _ sequence: Tensor<Float>, initial: [Tensor<Float>], _ options: RecurrentOptions<Float>,
        _ context: LayerContext
    ) -> RecurrentResult<Float>
    /// A cell with the same settings, and weights of its own; nil where there is none. By default made of the
    /// configuration, where there is one.
    func copied() -> (any RecurrentCell)?
}

extension RecurrentCell {
    public var outputSize: Int { stateSizes.first ?? 0 }

    func arguments(_ inputs: [KerasTensor], _ tensors: [JSONValue]) -> (
        positional: [JSONValue], named: [String: JSONValue]
    ) {
        (Array(tensors.prefix(1)) + (tensors.count > 1 ? [.array(Array(tensors.dropFirst()))] : []), [:])
    }

    /// One step: an input and perhaps the states → the output and the states.
    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard inputs.count == 1 || inputs.count == 1 + stateSizes.count, let first = inputs.first else {
            return [
                LayerValue(
                    context.mistake(
                        "takes an input and perhaps \(stateSizes.count) states, but is given \(inputs.count) inputs"))
            ]
        }
        let input = context.float(first.tensor)
        guard context.hasRank(2, input, "[batch, features]") else { return [LayerValue(context.nothing)] }
        let states =
            inputs.count > 1
            ? inputs.dropFirst().map { context.float($0.tensor) }
            : stateSizes.map { zeroState(for: input, shape: [$0]) }
        let result = step(input, states, context)
        return [LayerValue(result.output)] + result.states.map { LayerValue($0) }
    }

    public func run(
        _ sequence: Tensor<Float>, initial: [Tensor<Float>], _ options: RecurrentOptions<Float>,
        _ context: LayerContext
    ) -> RecurrentResult<Float> {
        recurrent(sequence, initial: initial, outputShape: [outputSize], options: options, name: "steps") {
            step($0, $1, context)
        }
    }

    public func copied() -> (any RecurrentCell)? {
        guard let own = self as? any ConfigurableLayer, let configuration = try? own.configuration else { return nil }
        return (try? type(of: own).init(configuration: configuration)) as? any RecurrentCell
    }
}

/// Cells one upon the other: each is given what the one before it puts out.
///
///     RNN(StackedRNNCells([LSTMCell(64), LSTMCell(32)]))
///
/// - Source: Keras's `StackedRNNCells`. Its states are those of all cells, in a row.
public struct StackedRNNCells: RecurrentCell {
    public let state: LayerState
    public let cells: [any RecurrentCell]

    public init(_ cells: [any RecurrentCell], name: String? = nil) {
        state = LayerState(name: name)
        self.cells = cells
    }

    public var stateSizes: [Int] { cells.flatMap(\.stateSizes) }
    public var outputSize: Int { cells.last?.outputSize ?? 0 }

    public func step(_ input: Tensor<Float>, _ states: [Tensor<Float>], _ context: LayerContext)
        -> (output: Tensor<Float>, states: [Tensor<Float>])
    {
        var (output, rest, after) = (input, states[...], [Tensor<Float>]())
        for cell in cells {
            let own = Array(rest.prefix(cell.stateSizes.count))
            rest = rest.dropFirst(own.count)
            guard let result = context.inside(cell, { cell.step(output, own, context) }) else { break }
            output = result.output
            after += result.states
        }
        return (output, after)
    }

    /// One cell after the other, each through the whole sequence, which comes to the same.
    public func run(
        _ sequence: Tensor<Float>, initial: [Tensor<Float>], _ options: RecurrentOptions<Float>,
        _ context: LayerContext
    ) -> RecurrentResult<Float> {
        if cells.isEmpty { context.report("has no cells") }
        var (rest, after, options) = (initial[...], [Tensor<Float>](), options)
        var result = RecurrentResult(sequence: sequence, last: sequence, states: initial)
        for cell in cells {
            let own = Array(rest.prefix(cell.stateSizes.count))
            rest = rest.dropFirst(own.count)
            guard let next = context.inside(cell, { cell.run(result.sequence, initial: own, options, context) })
            else { break }
            result = next
            after += result.states
            // What the first puts out stands in the order of its steps.
            if options.goesBackwards {
                options.goesBackwards = false
                options.mask = options.mask?.reversed(axes: [1])
            }
        }
        return RecurrentResult(sequence: result.sequence, last: result.last, states: after)
    }

    public func copied() -> (any RecurrentCell)? {
        let copies = cells.compactMap { $0.copied() }
        return copies.count == cells.count ? StackedRNNCells(copies, name: state.name) : nil
    }
}

// MARK: - In files

extension StackedRNNCells: ConfigurableLayer, ArgumentNaming {
    public var configuration: Configuration {
        get throws {
            Configuration(Self.className, ["cells": .array(try cells.map { try Configuration.json(ofInner: $0) })])
        }
    }

    public init(configuration: Configuration) throws {
        let list = try configuration.setting("cells", nil, "a list of cells") { $0.array }
        self.init(
            try list.map { try Configuration(Self.className, ["cells": $0]).recurrentCell("cells") },
            name: configuration.layerName)
    }
}

extension Configuration {
    /// A cell among the settings.
    ///
    /// - Errors: `KerasError` for another layer, or an unknown class.
    func recurrentCell(_ key: String) throws -> any RecurrentCell {
        let layer = try innerLayer(key)
        if let cell = layer as? any RecurrentCell { return cell }
        throw KerasError("\"\(key)\" of \(className) must be a recurrent cell, but is \(type(of: layer).className)")
    }
}
