// What large weights cost: a loss to be added to that of the data. It knows nothing of layers.

public import Graphs
public import Operations
public import Tensors

/// A loss that grows with a weight.
///
///     let loss = dataLoss + Regularizer.l2(0.01)(w1) + Regularizer.l2(0.01)(w2)
///
/// - Source: Keras's `regularizers`, with their defaults. Note that `l2Loss` is half of the sum of squares.
public struct Regularizer: Hashable, Sendable {
    /// What should stand at right angles to each other.
    public enum Lines: String, Hashable, Sendable, CaseIterable {
        case rows
        case columns
    }

    private enum Rule: Hashable {
        case powers(l1: Double, l2: Double)
        case angles(factor: Double, Lines)
    }

    private let rule: Rule

    /// `factor Σ |x|`
    ///
    /// - Parameter factor: not below 0, as for all regularizers.
    public static func l1(_ factor: Double = 0.01) -> Regularizer { l1l2(l1: factor, l2: 0) }

    /// `factor Σ x²`
    public static func l2(_ factor: Double = 0.01) -> Regularizer { l1l2(l1: 0, l2: factor) }

    /// `l1 Σ |x| + l2 Σ x²`
    public static func l1l2(l1: Double = 0.01, l2: Double = 0.01) -> Regularizer {
        Regularizer(rule: .powers(l1: l1, l2: l2))
    }

    /// `factor` times the mean of `|cos α|` over all pairs of a matrix's rows, or columns.
    public static func orthogonal(_ factor: Double = 0.01, of lines: Lines = .rows) -> Regularizer {
        Regularizer(rule: .angles(factor: factor, lines))
    }

    /// The loss of a weight; its gradient is the regularizer's.
    ///
    /// - Shapes: any → []; that of right angles takes matrices.
    /// - Errors: a factor that is no finite number from 0 on is a mistake, as is another rank for right angles.
    public func callAsFunction<Scalar: FloatingElement>(
        _ weight: some TensorExpression<Scalar>, name: String? = nil
    ) -> Tensor<Scalar> {
        let weight = weight.tensor
        return withGraph(weight.graph) {
            withNameScope(name ?? "Regularizer") {
                switch rule {
                case .powers(let l1, let l2):
                    check([("l1", l1), ("l2", l2)], in: weight.graph)
                    if l1 == 0 { return square(weight).sum() * Scalar(clamping: l2) }
                    let first = abs(weight).sum() * Scalar(clamping: l1)
                    return l2 == 0 ? first : first + square(weight).sum() * Scalar(clamping: l2)
                case .angles(let factor, let lines):
                    check([("factor", factor)], in: weight.graph)
                    return angles(weight, lines) * Scalar(clamping: factor)
                }
            }
        }
    }

    /// The loss of several weights together.
    public func callAsFunction<Scalar: FloatingElement>(
        _ weights: [Variable<Scalar>], name: String? = nil
    ) -> Tensor<Scalar> {
        guard let graph = weights.first?.graph else { return constant(0) }
        return withGraph(graph) { addN(weights.map { self($0, name: name) }) }
    }

    private func check(_ factors: [(name: String, value: Double)], in graph: Graph) {
        for (name, value) in factors where !(value >= 0 && value.isFinite) {
            graph.report(
                Mistake("\(name) must be a finite number not below 0, but is \(value)"), operation: "Regularizer")
        }
    }

    private func angles<Scalar: FloatingElement>(_ x: Tensor<Scalar>, _ lines: Lines) -> Tensor<Scalar> {
        guard let shape = x.shape.known, shape.count == 2 else {
            x.graph.report(
                Mistake("right angles are those of a matrix of known shape, but the weight has shape \(x.shape)"),
                operation: "Regularizer")
            return constant(0)
        }
        let axis = lines == .rows ? 1 : 0
        let count = shape[1 - axis]
        // A single line has no pairs.
        if count < 2 { return constant(0) }
        // Keras's least length is 1e-7. Held from below before the root, so that zeros have a finite gradient.
        let squares = square(x).sum(axes: [axis], keepDimensions: true)
        let unit = x * rsqrt(maximum(squares, Scalar(clamping: 1e-14)))
        let cosines = matmul(unit, unit, transposeA: lines == .columns, transposeB: lines == .rows)
        let pairs = Double(count) * Double(count - 1)
        return abs(cosines * (1 - identity(count))).sum() / Scalar(clamping: pairs)
    }
}
