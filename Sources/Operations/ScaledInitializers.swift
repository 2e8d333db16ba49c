// Initial values whose size follows from the shape of the weight, so that signals keep their size on the way through a
// network.

import Graphs
public import Tensors

/// What counts as the size of a layer.
public enum FanMode: Hashable, Sendable {
    /// The number of inputs of each output.
    case fanIn
    /// The number of outputs of each input.
    case fanOut
    /// The mean of both.
    case fanAverage
}

/// How random weights are distributed.
public enum WeightDistribution: Hashable, Sendable {
    case uniform
    /// Normal, drawn anew beyond two standard deviations; widened so that the variance is the wanted one.
    case truncatedNormal
    case normal
}

/// The numbers of inputs of each output and of outputs of each input of a weight.
///
/// - Source: Keras's `compute_fans`: the last axis holds outputs, the one before inputs, all others a window that each
///   output looks at.
func fans(of shape: [Int]) -> (inputs: Double, outputs: Double) {
    switch shape.count {
    case 0: return (1, 1)
    case 1: return (Double(shape[0]), Double(shape[0]))
    default:
        let window = shape.dropLast(2).reduce(1.0) { $0 * Double($1) }
        return (window * Double(shape[shape.count - 2]), window * Double(shape[shape.count - 1]))
    }
}

extension Initializer where Scalar: FloatingElement {
    /// Random numbers with variance `scale / n`, where `n` is the size of the layer.
    ///
    ///     Variable<Float>(.varianceScaling(scale: 2, mode: .fanIn), shape: [784, 300], name: "W")
    ///
    /// - Parameters:
    ///   - scale: above 0.
    ///   - seed: decides the numbers together with the graph's seed; nil for others in each session.
    /// - Source: Keras's `VarianceScaling`; TensorFlow's `variance_scaling_initializer`.
    public static func varianceScaling(
        scale: Double = 1, mode: FanMode = .fanIn, distribution: WeightDistribution = .truncatedNormal,
        seed: Int? = nil
    ) -> Initializer {
        Initializer { shape in
            let fans = fans(of: shape)
            let size =
                switch mode {
                case .fanIn: fans.inputs
                case .fanOut: fans.outputs
                case .fanAverage: (fans.inputs + fans.outputs) / 2
                }
            let variance = scale / max(1, size)
            switch distribution {
            case .uniform:
                let limit = Scalar(clamping: (3 * variance).squareRoot())
                return randomUniform(shape, in: -limit..<max(limit, .leastNonzeroMagnitude), seed: seed)
            case .truncatedNormal:
                // The standard deviation of what lies within two of them.
                let deviation = variance.squareRoot() / 0.87962566103423978
                return Operations.truncatedNormal(
                    shape, mean: 0, standardDeviation: Scalar(clamping: deviation), seed: seed)
            case .normal:
                return randomNormal(
                    shape, mean: 0, standardDeviation: Scalar(clamping: variance.squareRoot()), seed: seed)
            }
        }
    }

    /// Even in ±√(6 / (inputs + outputs)); also known as Xavier's.
    ///
    /// - Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    ///   (2010).
    public static func glorotUniform(seed: Int? = nil) -> Initializer {
        varianceScaling(scale: 1, mode: .fanAverage, distribution: .uniform, seed: seed)
    }

    /// Normal with variance 2 / (inputs + outputs), truncated; also known as Xavier's.
    public static func glorotNormal(seed: Int? = nil) -> Initializer {
        varianceScaling(scale: 1, mode: .fanAverage, seed: seed)
    }

    /// Even in ±√(6 / inputs), for layers with rectifiers.
    ///
    /// - Source: K. He et al., "Delving deep into rectifiers" (2015).
    public static func heUniform(seed: Int? = nil) -> Initializer {
        varianceScaling(scale: 2, distribution: .uniform, seed: seed)
    }

    /// Normal with variance 2 / inputs, truncated, for layers with rectifiers.
    public static func heNormal(seed: Int? = nil) -> Initializer { varianceScaling(scale: 2, seed: seed) }

    /// Even in ±√(3 / inputs).
    ///
    /// - Source: Y. LeCun et al., "Efficient backprop" (1998).
    public static func lecunUniform(seed: Int? = nil) -> Initializer {
        varianceScaling(scale: 1, distribution: .uniform, seed: seed)
    }

    /// Normal with variance 1 / inputs, truncated.
    public static func lecunNormal(seed: Int? = nil) -> Initializer { varianceScaling(scale: 1, seed: seed) }

    /// A matrix whose rows or columns, whichever are fewer, have norm `gain` and right angles; of more axes, all but the
    /// last count as rows.
    ///
    /// - Errors: a shape of less than two axes is a mistake.
    /// - Source: A. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks"
    ///   (2014). Drawn evenly from all such matrices, like Keras's `Orthogonal`, but by the polar decomposition of a
    ///   random matrix, so that the same seed gives others.
    public static func orthogonal(gain: Double = 1, seed: Int? = nil) -> Initializer {
        Initializer { shape in
            guard shape.count >= 2, let columns = shape.last else {
                return refused("orthogonal", "needs a shape of at least two axes, but is given \(Shape(shape))")
            }
            let rows = shape.dropLast().reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
            let (long, short) = (max(rows, columns), min(rows, columns))
            var x: Tensor<Scalar> = randomNormal([long, short], seed: seed)
            // Below 1, as the iteration needs it: no singular value is larger than the norm.
            x = x / sqrt(square(x).sum())
            // Each turn brings all singular values nearer to 1, small ones by a factor of 15/8.
            for _ in 0..<28 {
                let a = matmul(x, x, transposeA: true)
                let ax = matmul(x, a)
                x =
                    x * Scalar(clamping: 1.875) - ax * Scalar(clamping: 1.25)
                    + matmul(ax, a) * Scalar(clamping: 0.375)
            }
            if rows < columns { x = x.transposed() }
            return (x * Scalar(clamping: gain)).reshaped(shape)
        }
    }

    /// The identity matrix times `gain`.
    ///
    /// - Errors: a shape of other than two axes is a mistake.
    public static func identity(gain: Double = 1) -> Initializer {
        Initializer { shape in
            guard shape.count == 2 else {
                return refused("identity", "needs a shape of two axes, but is given \(Shape(shape))")
            }
            let (rows, columns) = (max(0, shape[0]), max(0, shape[1]))
            // The matrix is a constant of the graph.
            guard let count = elementCount([rows, columns]), count <= 1 << 28 else {
                return refused("identity", "a matrix of \(Shape(shape)) is too large to be held by a graph")
            }
            let array = NDArray<Scalar>(shape: [rows, columns]) { elements in
                elements.initialize(repeating: 0)
                for index in 0..<min(rows, columns) { elements[index * columns + index] = Scalar(clamping: gain) }
            }
            return Operations.constant(array)
        }
    }

    private static func refused(_ name: String, _ message: String) -> Tensor<Scalar> {
        Graph.default.report(Mistake(message), operation: "\(name) initializer")
        return unmadeTensor(in: .default)
    }
}
