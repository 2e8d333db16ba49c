// Sequences in both directions.

import Graphs
import Operations
public import Tensors

/// Passes through sequences in both directions with two layers of the same kind.
///
///     Bidirectional(LSTM(64, returnsSequences: true))
///     Bidirectional(LSTM(64), mergeMode: .sum, backwardLayer: GRU(64, goesBackwards: true))
///
/// - Shapes: as the layer; two outputs are merged, and states stand behind them, those of the forward layer first. So do
///   initial states.
/// - Source: M. Schuster and K. Paliwal, "Bidirectional recurrent neural networks" (1997); Keras's `Bidirectional`. Where
///   sequences are given back, the outputs of masked steps are zeros, as there.
public struct Bidirectional: Layer {
    /// What becomes of the two outputs.
    public enum MergeMode: String, Hashable, Sendable, CaseIterable {
        /// One behind the other along the last axis.
        case concat
        case sum
        /// Their product.
        case mul
        /// Their mean.
        case ave
        /// Both are given back, one behind the other among the outputs.
        case separate
    }

    public let state: LayerState
    public let mergeMode: MergeMode
    /// The layer from the first step to the last; a copy of the one given, with weights of its own.
    public let forwardLayer: any RecurrentLayer
    /// The layer from the last step to the first; nil where it could not be made.
    public let backwardLayer: (any RecurrentLayer)?

    /// - Parameters:
    ///   - layer: its settings; the weights of both directions are other ones than its own.
    ///   - backwardLayer: the layer of the other direction; nil for one like `layer`.
    public init(
        _ layer: any RecurrentLayer, mergeMode: MergeMode = .concat, backwardLayer: (any RecurrentLayer)? = nil,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.mergeMode = mergeMode
        /// As Keras: what is not counted must not be merged either.
        func settle(_ passes: inout RecurrentPasses) { passes.zerosMaskedOutputs = layer.passes.returnsSequences }
        forwardLayer = layer.copied(named: prefixed("forward_", layer.name)) { settle(&$0) } ?? layer
        if let other = backwardLayer {
            self.backwardLayer = other.copied(named: prefixed("", other.name)) { settle(&$0) } ?? other
        } else {
            self.backwardLayer = layer.copied(named: prefixed("backward_", layer.name)) { passes in
                settle(&passes)
                passes.goesBackwards.toggle()
            }
        }
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let backward = backwardLayer else {
            return [
                LayerValue(
                    context.mistake(
                        "cannot make the layer of the other direction from \"\(forwardLayer.name)\"",
                        hint: "give backwardLayer, or make the cell a ConfigurableLayer"))
            ]
        }
        if let fact = misfit(of: backward) { return [LayerValue(context.mistake(fact))] }
        let half = (inputs.count - 1) / 2
        guard let sequence = inputs.first, inputs.count % 2 == 1 else {
            return [
                LayerValue(
                    context.mistake(
                        "takes a sequence and perhaps initial states for both directions, but is given "
                            + "\(inputs.count) inputs"))
            ]
        }
        let one = context.outputs(of: forwardLayer, for: [sequence] + inputs[1..<1 + half])
        let other = context.outputs(of: backward, for: [sequence] + inputs[(1 + half)...])
        guard let forward = one.first?.tensor.as(Float.self), var back = other.first?.tensor.as(Float.self) else {
            return [LayerValue(context.nothing)]
        }
        let isSequence = forwardLayer.passes.returnsSequences
        if isSequence { back = back.reversed(axes: [1]) }
        let mask = isSequence ? sequence.mask : nil
        let merged: [Tensor<Float>] =
            switch mergeMode {
            case .concat: [concatenate([forward, back], axis: -1)]
            case .sum: [forward + back]
            case .mul: [forward * back]
            case .ave: [(forward + back) / 2]
            case .separate: [forward, back]
            }
        return merged.map { LayerValue($0, mask: mask) } + one.dropFirst() + other.dropFirst()
    }

    /// Why the two layers do not go together; nil where they do.
    private func misfit(of backward: any RecurrentLayer) -> String? {
        let (one, other) = (forwardLayer.passes, backward.passes)
        if one.goesBackwards == other.goesBackwards {
            return "both layers go \(one.goesBackwards ? "backwards" : "forwards")"
        }
        let settings = [
            ("isStateful", one.isStateful, other.isStateful),
            ("returnsSequences", one.returnsSequences, other.returnsSequences),
            ("returnsState", one.returnsState, other.returnsState),
        ]
        for (name, one, other) in settings where one != other {
            return "the layers differ in \(name): \(one) forwards, \(other) backwards"
        }
        return nil
    }
}

/// `lstm` → `forward_lstm`; names that have the prefix keep it.
private func prefixed(_ prefix: String, _ name: String) -> String { name.hasPrefix(prefix) ? name : prefix + name }

// MARK: - In files

extension Bidirectional: ConfigurableLayer, InitialStateTaking {
    public var configuration: Configuration {
        get throws {
            var json: [String: JSONValue] = [
                "merge_mode": mergeMode == .separate ? .null : .string(mergeMode.rawValue),
                "layer": try Configuration.json(ofInner: forwardLayer),
            ]
            if let backwardLayer { json["backward_layer"] = try Configuration.json(ofInner: backwardLayer) }
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        let name = try configuration.optional("merge_mode", "a text or null") { $0.string }
        let isNone = configuration.settings["merge_mode"] == .null
        guard let mode = isNone ? .separate : MergeMode(rawValue: name ?? "concat") else {
            throw KerasError.unknownName(name ?? "", "merge mode", known: MergeMode.allCases.map(\.rawValue))
        }
        let hasOther = configuration.settings["backward_layer"].map { $0 != .null } ?? false
        self.init(
            try configuration.recurrentLayer("layer"), mergeMode: mode,
            backwardLayer: hasOther ? try configuration.recurrentLayer("backward_layer") : nil,
            name: configuration.layerName)
    }
}

extension Configuration {
    fileprivate func recurrentLayer(_ key: String) throws -> any RecurrentLayer {
        let layer = try innerLayer(key)
        if let layer = layer as? any RecurrentLayer { return layer }
        throw KerasError("\"\(key)\" of \(className) must be a recurrent layer, but is \(type(of: layer).className)")
    }
}
