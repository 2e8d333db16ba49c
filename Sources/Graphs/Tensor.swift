// The symbolic handles that users compute with.

public import Tensors

/// What can stand in a formula: a tensor or a variable.
public protocol TensorExpression<Scalar>: Sendable {
    associatedtype Scalar: TensorElement
    /// The tensor it stands for. A variable is read.
    var tensor: Tensor<Scalar> { get }
}

/// A value in a graph, computed when a session runs it.
///
///     let a = constant([1, 2, 3] as [Float])
///     print(a * a)        // Tensor("Mul:0", shape=(3,), dtype=float32)
public struct Tensor<Scalar: TensorElement>: TensorExpression, Hashable, Sendable {
    package let value: Value

    package init(_ value: Value) {
        self.value = value
    }

    public var tensor: Tensor<Scalar> { self }

    /// What is known of its shape.
    public var shape: Shape { value.shape }
    /// The type of its elements.
    public var dtype: DType { Scalar.dtype }
    /// Its name: that of its node and the number of the output, `Mul:0`.
    public var name: String { value.name }
    /// The node that computes it.
    public var node: Node { value.node }
    /// The graph it belongs to.
    public var graph: Graph { value.graph }
}

extension Tensor: CustomStringConvertible {
    public var description: String {
        "Tensor(\"\(name)\", shape=\(shape.tupleDescription), dtype=\(dtype))"
    }
}

extension TensorExpression {
    /// The untyped value of the tensor.
    package var value: Value { tensor.value }
}
