// Normalisation by formulas: moments, and what is normalised by them.

public import Graphs
public import Tensors

/// Mean and variance along axes.
///
///     let (mean, variance) = moments(x, axes: [0])        // [n, m] → [m], [m]
///
/// - Parameters:
///   - axes: the axes along which they are taken.
///   - keepDimensions: whether a reduced axis stays, with size 1.
/// - Errors: an axis out of range or named twice is a mistake.
/// - Source: TensorFlow's `nn.moments`: the variance is divided by the count. Unlike there, the gradient of the variance
///   flows through the mean too, so that gradients of gradients are right.
public func moments<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, axes: [Int], keepDimensions: Bool = false, name: String? = nil
) -> (mean: Tensor<Scalar>, variance: Tensor<Scalar>) {
    let x = x.tensor
    return withGraph(x.graph) {
        withNameScope(name ?? "moments") {
            let mean = x.mean(axes: axes, keepDimensions: true)
            let variance = squaredDifference(x, mean).mean(axes: axes, keepDimensions: keepDimensions)
            return (keepDimensions ? mean : mean.squeezed(axes: axes), variance)
        }
    }
}

/// `x` normalised by given statistics, then scaled and shifted.
///
///     y = scale (x - mean) / √(variance + epsilon) + offset
///
/// - Shapes: all broadcast to that of `x`.
/// - Parameters:
///   - offset, scale: nil for none.
/// - Source: TensorFlow's `nn.batch_normalization`.
public func batchNormalization<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, mean: some TensorExpression<Scalar>,
    variance: some TensorExpression<Scalar>, offset: Tensor<Scalar>? = nil, scale: Tensor<Scalar>? = nil,
    epsilon: Scalar = 0.001, name: String? = nil
) -> Tensor<Scalar> {
    let (x, mean, variance) = (x.tensor, mean.tensor, variance.tensor)
    return withGraph(x.graph) {
        withNameScope(name ?? "batchnorm") {
            let inverse = rsqrt(variance + epsilon)
            let factor = scale.map { inverse * $0 } ?? inverse
            let shift: Tensor<Scalar> = offset.map { $0 - mean * factor } ?? -mean * factor
            return x * factor + shift
        }
    }
}

/// Each sample normalised by its own mean and variance along axes, then scaled and shifted.
///
/// - Shapes: that of `x`; scale and offset that of the axes.
/// - Parameters:
///   - axes: the axes that are normalised together; by default the last.
///   - scale, offset: nil for none.
/// - Source: Ba et al., "Layer normalization" (2016); Keras's `LayerNormalization`.
public func layerNormalization<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, axes: [Int] = [-1], scale: Tensor<Scalar>? = nil,
    offset: Tensor<Scalar>? = nil, epsilon: Scalar = 0.001, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    return withGraph(x.graph) {
        withNameScope(name ?? "layer_normalization") {
            let (mean, variance) = moments(x, axes: axes, keepDimensions: true)
            var y = (x - mean) * rsqrt(variance + epsilon)
            if let scale { y = y * scale }
            return offset.map { y + $0 } ?? y
        }
    }
}

/// Each element divided by a power of the squares of its neighbours among the channels.
///
///     y = x / (bias + alpha Σ x²)^beta,  over the channels from `radius` before to `radius` after
///
/// - Shapes: `[..., channels]`.
/// - Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks" (2012); TensorFlow's
///   `nn.local_response_normalization`.
public func localResponseNormalization<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, depthRadius: Int = 5, bias: Scalar = 1, alpha: Scalar = 1,
    beta: Scalar = 0.5, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    guard let rank = x.shape.rank, rank > 0, let channels = x.shape[-1], depthRadius >= 0 else {
        let mistake = Mistake(
            depthRadius < 0
                ? "the radius must not be negative, but is \(depthRadius)"
                : "needs a known number of channels, but has shape \(x.shape)")
        return makeTensor(Misuse(of: "LRN", mistake), [x.value], name: name)
    }
    return withGraph(x.graph) {
        withNameScope(name ?? "lrn") {
            // The sum of a window is a product with a band matrix.
            let band = (0..<channels).map { row in
                (0..<channels).map { Swift.abs($0 - row) <= depthRadius ? Scalar.one : Scalar.zero }
            }
            let squares = square(x).reshaped([-1, channels])
            let sums = matmul(squares, constant(band)).reshaped(shape(of: x))
            return x * pow(bias + alpha * sums, -beta)
        }
    }
}
