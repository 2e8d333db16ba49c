// Dropout: elements set to zero at random while a network is trained. A formula of a random node and a choice, so that
// its gradient reuses the same random numbers.

public import Graphs
public import Tensors

/// Each element with a probability, divided by it, and else 0: the expected value stays.
///
///     let hidden = dropout(relu(matmul(x, w)), keepProbability: 0.8)
///
///     y = x / keep where u ≥ 1 - keep, else 0,  u even in [0, 1)
///
/// - Shapes: that of `x`.
/// - Parameters:
///   - keepProbability: above 0 and at most 1; at 1 the input itself comes back and nothing is drawn.
///   - noiseShape: the shape of what is drawn, whose dimensions of size 1 are repeated: `[nil, 1]` keeps or drops whole
///     rows. nil stands for the size of `x`.
///   - seed: decides the numbers together with the graph's seed, as for `randomUniform`.
/// - Errors: another probability, or a noise shape that does not broadcast to that of `x`, is a mistake.
/// - Gradient: `g / keep` where the element was kept, else 0.
/// - Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014);
///   TensorFlow's `nn.dropout`, whose numbers the same seeds give.
public func dropout<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, keepProbability: Double, noiseShape: [Int?]? = nil, seed: Int? = nil,
    name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    guard keepProbability > 0, keepProbability <= 1 else {
        return refused(
            x, "the probability to keep an element must be above 0 and at most 1, but is \(keepProbability)", name)
    }
    return dropped(x, .keeping(keepProbability), noiseShape, seed, name)
}

/// Dropout with a probability that the graph computes, such as a placeholder that is fed 0.8 for training and 1 else.
///
///     let keep = placeholder(Float.self, [], name: "keep_prob")
///     let hidden = dropout(relu(matmul(x, w)), keepProbability: keep)
///
/// - Parameters:
///   - keepProbability: `[]`, above 0 and at most 1, which is not checked.
/// - Errors: a probability that is no single number, or a noise shape that does not broadcast to that of `x`, is a
///   mistake.
/// - Gradient: as for a number; that of the probability as of `x / keep`.
public func dropout<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, keepProbability: some TensorExpression<Scalar>, noiseShape: [Int?]? = nil,
    seed: Int? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let (x, keep) = (x.tensor, keepProbability.tensor)
    guard keep.shape.isCompatible(with: .scalar) else {
        return refused(
            x, "the probability to keep an element must be a single number, but has shape \(keep.shape)", name)
    }
    return dropped(x, .keepingTensor(keep.value), noiseShape, seed, name)
}

/// Dropout by the probability of losing an element: `dropout(x, rate: 0.2)` keeps four of five.
///
/// - Parameters:
///   - rate: at least 0 and below 1; at 0 the input itself comes back and nothing is drawn.
/// - Shapes, Errors, Gradient, Source: as for `dropout(_:keepProbability:noiseShape:seed:name:)`.
public func dropout<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, rate: Double, noiseShape: [Int?]? = nil, seed: Int? = nil,
    name: String? = nil
) -> Tensor<Scalar> {
    let x = x.tensor
    guard rate >= 0, rate < 1 else {
        return refused(x, "the rate must be at least 0 and below 1, but is \(rate)", name)
    }
    return dropped(x, .losing(rate), noiseShape, seed, name)
}

/// Dropout by a rate that the graph computes.
///
/// - Parameters:
///   - rate: `[]`, at least 0 and below 1, which is not checked.
public func dropout<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, rate: some TensorExpression<Scalar>, noiseShape: [Int?]? = nil,
    seed: Int? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let (x, rate) = (x.tensor, rate.tensor)
    guard rate.shape.isCompatible(with: .scalar) else {
        return refused(x, "the rate must be a single number, but has shape \(rate.shape)", name)
    }
    return dropped(x, .losingTensor(rate.value), noiseShape, seed, name)
}

/// How often elements are kept.
private enum Chance {
    case keeping(Double)
    case losing(Double)
    case keepingTensor(Value)
    case losingTensor(Value)

    /// Whether everything is kept for certain.
    var keepsAll: Bool {
        switch self {
        case .keeping(let keep): keep == 1
        case .losing(let rate): rate == 0
        case .keepingTensor, .losingTensor: false
        }
    }
}

private func dropped<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, _ chance: Chance, _ noiseShape: [Int?]?, _ seed: Int?, _ name: String?
) -> Tensor<Scalar> {
    if let noiseShape, let extents = x.shape.extents {
        let fits =
            noiseShape.count == extents.count
            && zip(noiseShape, extents).allSatisfy { $0 == nil || $0 == 1 || $1 < 0 || $0 == $1 }
        guard fits else {
            return refused(
                x, "noise shape \(Shape(noiseShape)) does not broadcast to the shape of the input, \(x.shape)", name)
        }
    }
    return inNodeScope(name, "dropout", of: x.graph) { name in
        // The seed is used up all the same, so that others do not depend on this rate.
        if chance.keepsAll {
            _ = RandomSeeds(operationSeed: seed, in: Graph.default.outermost)
            return x
        }
        let one = scalarConstant(1, Scalar.dtype)
        let (scaled, rate): (Value, Value)
        switch chance {
        case .keeping(let keep):
            scaled = x.value * scalarConstant(1 / keep, Scalar.dtype)
            rate = scalarConstant(1 - keep, Scalar.dtype)
        case .losing(let number):
            scaled = x.value * scalarConstant(1 / (1 - number), Scalar.dtype)
            rate = scalarConstant(number, Scalar.dtype)
        case .keepingTensor(let keep):
            rate = one - keep
            scaled = x.value / keep
        case .losingTensor(let tensor):
            rate = tensor
            scaled = x.value / (one - tensor)
        }
        let sizes = noiseSizes(noiseShape, x.value)
        let numbers = makeRandomNumbers(.uniform, Scalar.dtype, sizes, seed: seed, name: "random_uniform")
        let isKept = elementwise(.greaterEqual, [numbers, rate])
        let zero = scalarConstant(0, Scalar.dtype)
        return makeTensor(Select(dtype: Scalar.dtype), [isKept, scaled, zero], name: name)
    }
}

/// The shape of the noise as a vector.
private func noiseSizes(_ noiseShape: [Int?]?, _ x: Value) -> Value {
    guard let noiseShape else { return makeShape(x) }
    let sizes = noiseShape.enumerated().map { axis, size in size ?? x.shape[axis] }
    let known = sizes.compactMap { $0 }
    if known.count == sizes.count { return integerConstant(known, in: x.graph) }
    let shape = makeShape(x)
    let parts = sizes.enumerated().map { axis, size in
        size.map { integerConstant($0, in: x.graph) } ?? makePart(shape, axis: 0, at: axis)
    }
    return makePack(parts, axis: 0)
}

private func refused<Scalar: FloatingElement>(_ x: Tensor<Scalar>, _ message: String, _ name: String?)
    -> Tensor<Scalar>
{
    makeTensor(Misuse(of: "Dropout", Mistake(message)), [x.value], name: name ?? "dropout")
}
