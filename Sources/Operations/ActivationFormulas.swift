// Activations of Keras that TensorFlow has no op for: formulas of element-wise functions. Those with an op of their own
// are in UnaryFunctions, Activations and NeuralNetwork.

public import Graphs
public import Tensors

/// The rectifier with a bound, a threshold and a slope below it.
///
///     x where x ≥ threshold, at most maximum;  negativeSlope (x - threshold) below the threshold
///
/// - Parameters:
///   - negativeSlope: the slope below the threshold.
///   - maximum: the largest value; nil for none.
///   - threshold: below it, values are damped or become 0.
/// - Source: Keras's `ReLU` and `activations.relu`.
public func relu<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, negativeSlope: Scalar, maximum limit: Scalar? = nil, threshold: Scalar = 0,
    name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "Relu") { x in
        var y = threshold == 0 ? relu(x) : select(where: greater(x, threshold), x, Scalar.zero)
        if let limit { y = minimum(y, limit) }
        guard negativeSlope != 0 else { return y }
        let below: Tensor<Scalar> = threshold == 0 ? relu(-x) : relu(threshold - x)
        return y - negativeSlope * below
    }
}

/// The same as `swish`.
public func silu<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    swish(x, name: name)
}

/// `x tanh(softplus(x))`.
///
/// - Source: Misra, "Mish: a self regularized non-monotonic activation function" (2019).
public func mish<Scalar: FloatingElement>(_ x: some TensorExpression<Scalar>, name: String? = nil) -> Tensor<Scalar> {
    formula(x, name, "Mish") { x in x * tanh(softplus(x)) }
}

/// `x / 6 + 1/2`, limited to `[0, 1]`: a sigmoid of three straight lines.
///
/// - Source: Keras's `activations.hard_sigmoid`.
public func hardSigmoid<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "HardSigmoid") { x in relu6(x + 3) / 6 }
}

/// `x hardSigmoid(x)`, also known as hard swish.
///
/// - Source: Howard et al., "Searching for MobileNetV3" (2019); Keras's `activations.hard_silu`.
public func hardSilu<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "HardSilu") { x in x * hardSigmoid(x) }
}

/// `x`, limited to `[-1, 1]`.
///
/// - Source: Keras's `activations.hard_tanh`.
public func hardTanh<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "HardTanh") { x in clip(x, to: -1...1) }
}

/// The logarithm of the sigmoid, `-softplus(-x)`, exact where the sigmoid rounds to 0 or 1.
public func logSigmoid<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "LogSigmoid") { x in -softplus(-x) }
}

/// `x` where it is positive, else `alpha (exp(x / alpha) - 1)`.
///
/// - Source: Barron, "Continuously differentiable exponential linear units" (2017); Keras's `activations.celu`.
public func celu<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, alpha: Scalar = 1, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "Celu") { x in maximum(x, Scalar.zero) + alpha * expm1(minimum(x, Scalar.zero) / alpha) }
}

/// `x - tanh(x)`.
public func tanhShrink<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "TanhShrink") { x in x - tanh(x) }
}

/// `x` where its magnitude is above the threshold, else 0.
public func hardShrink<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, threshold: Scalar = 0.5, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "HardShrink") { x in select(where: greater(abs(x), threshold), x, Scalar.zero) }
}

/// `x`, brought nearer to 0 by the threshold, and 0 where its magnitude is below it.
public func softShrink<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, threshold: Scalar = 0.5, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "SoftShrink") { x in
        let above = select(where: greater(x, threshold), x - threshold, Scalar.zero)
        return select(where: less(x, -threshold), x + threshold, above)
    }
}

/// `(x + √(x² + b)) / 2`: a smooth rectifier without exponentials.
///
/// - Source: Barron, "Squareplus: a softplus-like algebraic rectifier" (2021); Keras's `activations.squareplus`.
public func squareplus<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, b: Scalar = 4, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "Squareplus") { x in (x + sqrt(square(x) + b)) / 2 }
}

/// The first half along an axis times the sigmoid of the second: a gate.
///
/// - Shapes: `[..., 2 n, ...]` → `[..., n, ...]`.
/// - Errors: a dimension that is odd is a mistake.
/// - Source: Dauphin et al., "Language modeling with gated convolutional networks" (2017); Keras's `activations.glu`.
public func glu<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, axis: Int = -1, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "Glu") { x in
        let halves = x.split(into: 2, axis: axis)
        guard halves.count == 2 else { return x }
        return halves[0] * sigmoid(halves[1])
    }
}

/// `x` divided by its Euclidean norm along axes, which is taken to be at least `√epsilon`.
///
/// - Shapes: that of `x`.
/// - Parameters:
///   - axes: the axes along which the squares are summed; all of them if nil.
///   - epsilon: the least sum of squares.
/// - Source: TensorFlow's `math.l2_normalize`.
public func l2Normalize<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, axes: [Int]? = nil, epsilon: Scalar = 1e-12, name: String? = nil
) -> Tensor<Scalar> {
    formula(x, name, "l2_normalize") { x in
        x * rsqrt(maximum(square(x).sum(axes: axes, keepDimensions: true), epsilon))
    }
}

/// Makes the nodes of a formula under one name.
private func formula<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, _ name: String?, _ defaultName: String,
    _ body: (Tensor<Scalar>) -> Tensor<Scalar>
) -> Tensor<Scalar> {
    let x = x.tensor
    return withGraph(x.graph) { withNameScope(name ?? defaultName) { body(x) } }
}
