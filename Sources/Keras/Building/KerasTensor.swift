// The tensors that models are composed with: values of the graph that know which layers made them, so that a model can
// pass through the same layers again (in training, or with other inputs).

public import Graphs
import Operations
public import Tensors

/// A value between a model's inputs and outputs.
///
///     let x = input(shape: [784])
///     let y = Dense(10)(Dense(100, activation: .relu)(x))
///     let model = Model(inputs: x, outputs: y)
///
/// `tensor` is its value in use (not in training), which may be fetched like any other.
public struct KerasTensor: Sendable, CustomStringConvertible {
    /// What made it; nil for an input.
    let call: LayerCall?
    /// The number of the call's output.
    let index: Int
    let value: LayerValue
    /// The name of an input.
    let inputName: String?

    /// Its value in the graph, in use.
    public var tensor: AnyTensor { value.tensor }
    /// Its shape; the first axis counts the samples of a batch.
    public var shape: Shape { tensor.shape }
    /// The type of its elements.
    public var dtype: DType { tensor.dtype }

    public var description: String {
        "KerasTensor(shape=\(shape.tupleDescription), dtype=\(dtype)"
            + (call.map { ", from \"\($0.layer.name)\"" } ?? "") + ")"
    }

    /// What tells it from all others.
    var identity: Identity {
        call.map { .output(ObjectIdentifier($0), index) } ?? .input(tensor)
    }

    enum Identity: Hashable {
        case input(AnyTensor)
        case output(ObjectIdentifier, Int)
    }
}

/// One call of a layer.
final class LayerCall: Sendable {
    let layer: any Layer
    let inputs: [KerasTensor]
    /// Whether its pass asked for the phase.
    let dependsOnPhase: Bool
    /// The losses and updates that its pass added.
    let losses: [Tensor<Float>]
    let updates: [Node]
    let outputTypes: [TensorType]

    init(
        layer: any Layer, inputs: [KerasTensor], dependsOnPhase: Bool, losses: [Tensor<Float>], updates: [Node],
        outputTypes: [TensorType]
    ) {
        self.layer = layer
        self.inputs = inputs
        self.dependsOnPhase = dependsOnPhase
        self.losses = losses
        self.updates = updates
        self.outputTypes = outputTypes
    }
}

/// An input of a model.
///
///     let image = input(shape: [28, 28])                       // any number of images at a time
///     let words = input(shape: [nil], dtype: .int32)           // sequences of any length
///
/// - Parameters:
///   - shape: the shape of one sample; nil for a size that may differ from batch to batch.
///   - batchSize: the number of samples, where it is always the same (stateful layers need it).
///   - dtype: the type of the elements.
///   - name: the name of its placeholder, and the key of fed dictionaries.
public func input(
    shape: Shape, batchSize: Int? = nil, dtype: DType = .float32, name: String? = nil, in graph: Graph? = nil
) -> KerasTensor {
    let graph = graph ?? .default
    let full = Shape([batchSize] + (shape.dimensions ?? []))
    func make<Scalar: TensorElement>(_ type: Scalar.Type) -> AnyTensor {
        AnyTensor(placeholder(Scalar.self, full, name: name ?? "input", in: graph))
    }
    let tensor =
        dtype.elementType.map { make($0) }
        ?? {
            graph.report(
                Mistake("inputs of \(dtype) cannot be computed with", hint: "use float32 or int32"),
                operation: "input", node: name)
            return AnyTensor(unmadeTensor(in: graph) as Tensor<Float>)
        }()
    return KerasTensor(call: nil, index: 0, value: LayerValue(tensor), inputName: tensor.node.name)
}

extension Layer {
    /// The output for a model's input or what other layers made of it.
    public func callAsFunction(_ input: KerasTensor) -> KerasTensor {
        outputs(for: [input]).first ?? input
    }

    /// The output for several inputs, such as those of `Concatenate`.
    public func callAsFunction(_ inputs: [KerasTensor]) -> KerasTensor {
        outputs(for: inputs).first ?? inputs.first ?? input(shape: [])
    }

    /// All outputs, for layers with several, such as an `LSTM` that returns its state.
    public func outputs(for inputs: [KerasTensor]) -> [KerasTensor] {
        record(inputs, in: inputs.first?.tensor.graph ?? .default)
    }

    /// Calls the layer in use, and notes down that it was called.
    func record(_ inputs: [KerasTensor], in graph: Graph) -> [KerasTensor] {
        withGraph(graph) {
            let context = LayerContext(graph: graph, isTraining: false)
            let outputs = context.outputs(of: self, for: inputs.map(\.value))
            let call = LayerCall(
                layer: self, inputs: inputs, dependsOnPhase: context.asksForPhase, losses: context.losses,
                updates: context.updates,
                outputTypes: outputs.map { TensorType($0.tensor.dtype, $0.tensor.shape) })
            return outputs.enumerated().map { KerasTensor(call: call, index: $0, value: $1, inputName: nil) }
        }
    }
}
