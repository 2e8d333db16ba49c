// A formula as a layer.

public import Graphs
public import Tensors

/// Applies a function. A model with it cannot be saved as JSON.
///
///     Lambda { x in x * x }
///
/// - Source: Keras's `Lambda`.
public struct Lambda: UnaryLayer {
    public let state: LayerState
    private let function: @Sendable (Tensor<Float>) -> Tensor<Float>

    public init(
        inputShape: Shape? = nil, name: String? = nil,
        _ function: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.function = function
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> { function(input) }
}
