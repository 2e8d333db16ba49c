// Gradients held small: by value, by norm, or all together.

public import Graphs
import Operations
public import Tensors

/// A tensor with norm at most `norm`: scaled down where it is larger.
///
///     x · norm / max(‖x‖, norm)
///
/// - Parameters:
///   - axes: along which the norm is taken; nil: over all elements.
/// - Source: TensorFlow's `clip_by_norm`.
public func clipByNorm<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, _ norm: Scalar, axes: [Int]? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    return withGraph(x.graph) {
        withNameScope(name ?? "clip_by_norm") {
            let size = square(x).sum(axes: axes, keepDimensions: axes != nil)
            // The root of 0 has no finite gradient.
            let isPositive = greater(size, 0)
            let root = sqrt(select(where: isPositive, size, ones(like: size)))
            let length = select(where: isPositive, root, size)
            return x * norm / maximum(length, norm)
        }
    }
}

/// The norm of all tensors together: `√(Σ ‖x‖²)`.
///
/// - Source: TensorFlow's `global_norm`.
public func globalNorm<Scalar: FloatingElement>(_ tensors: [Tensor<Scalar>], name: String? = nil) -> Tensor<Scalar> {
    guard let graph = tensors.first?.graph else { return constant(0) }
    return withGraph(graph) {
        withNameScope(name ?? "global_norm") { sqrt(addN(tensors.map { square($0).sum() })) }
    }
}

/// Tensors whose norm together is at most `norm`: all scaled down alike where it is larger. And the norm before.
///
/// - Returns: tensors of NaN where the norm is not finite.
/// - Source: TensorFlow's `clip_by_global_norm`.
public func clipByGlobalNorm<Scalar: FloatingElement>(
    _ tensors: [Tensor<Scalar>], _ norm: Scalar, name: String? = nil
) -> (clipped: [Tensor<Scalar>], norm: Tensor<Scalar>) {
    let length = globalNorm(tensors)
    return withGraph(length.graph) {
        withNameScope(name ?? "clip_by_global_norm") {
            let scale = globalScale(length, norm)
            return (tensors.map { $0 * scale }, length)
        }
    }
}

private func globalScale<Scalar: FloatingElement>(_ length: Tensor<Scalar>, _ norm: Scalar) -> Tensor<Scalar> {
    // What is not finite must not pass for small: inf - inf is NaN.
    norm * minimum(1 / length, constant(1 / norm, in: length.graph)) + (length - length)
}

/// How gradients are held small.
public enum GradientClipping: Sendable, Hashable {
    /// Each element to -limit...limit.
    case value(Double)
    /// Each variable's gradient to a norm.
    case norm(Double)
    /// All gradients together to a norm.
    case globalNorm(Double)
}

/// Gradients held small; those of looked-up rows stay such.
public func clipped<Scalar: FloatingElement>(
    _ pairs: [VariableGradient<Scalar>], by clipping: GradientClipping
) -> [VariableGradient<Scalar>] {
    switch clipping {
    case .value(let limit):
        let bound = Scalar(clamping: abs(limit))
        return pairs.map { pair in pair.mapping { clip($0, to: -bound...bound) } }
    case .norm(let norm):
        return pairs.map { pair in pair.mapping { clipByNorm($0, Scalar(clamping: norm)) } }
    case .globalNorm(let norm):
        if pairs.isEmpty { return [] }
        let scale = globalScale(globalNorm(pairs.map(\.values)), Scalar(clamping: norm))
        return pairs.map { pair in pair.mapping { $0 * scale } }
    }
}

/// An optimizer whose gradients are held small first.
///
///     let train = Adam().clippingGradients(.globalNorm(1)).minimize(loss)
public struct ClippingOptimizer<Base: Optimizer>: Optimizer {
    public let base: Base
    public let clipping: GradientClipping

    public var name: String { base.name }
    public var learningRate: LearningRate { base.learningRate }
    public var slotNames: [String] { base.slotNames }

    public func updates<Scalar: FloatingElement>(
        of pairs: [VariableGradient<Scalar>], learningRate: Tensor<Scalar>
    ) -> [Node] {
        let limit =
            switch clipping {
            case .value(let limit), .norm(let limit), .globalNorm(let limit): limit
            }
        check(limit > 0, "gradients are clipped to \(limit), which must be above 0", in: learningRate.graph)
        return base.updates(of: clipped(pairs, by: clipping), learningRate: learningRate)
    }
}

extension Optimizer {
    /// The same optimizer, with gradients held small first.
    public func clippingGradients(_ clipping: GradientClipping) -> ClippingOptimizer<Self> {
        ClippingOptimizer(base: self, clipping: clipping)
    }
}
