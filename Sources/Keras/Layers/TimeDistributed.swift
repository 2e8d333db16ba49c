// A layer for each step of a sequence.

public import Graphs
import Operations
public import Tensors

/// Applies a layer to each step of sequences; all steps share its weights.
///
///     TimeDistributed(Dense(10))
///
/// - Shapes: `[batch, steps, ...]` → `[batch, steps] + what the layer makes of ...`.
/// - Source: Keras's `TimeDistributed`.
public struct TimeDistributed: UnaryLayer {
    public let state: LayerState
    public let layer: any Layer

    public init(_ layer: any Layer, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.layer = layer
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let dimensions = input.shape.dimensions, dimensions.count >= 3 else {
            return context.mistake(
                "takes inputs of rank 3 or more, [batch, steps, ...], but is given shape \(input.shape)")
        }
        let sample = Array(dimensions.dropFirst(2))
        guard let sizes = Shape(sample).known else {
            return context.mistake("must know the sizes of a step, but is given shape \(input.shape)")
        }
        let steps = input.reshaped([-1] + sizes)
        let output = layer(steps)
        guard let made = output.shape.dimensions, let rest = Shape(Array(made.dropFirst())).known else {
            return output.node.isSound
                ? context.mistake("the layer \"\(layer.name)\" gives steps of unknown size, \(output.shape)") : output
        }
        return context.reshape(output, leadingAs: input, 2, then: rest)
    }
}
