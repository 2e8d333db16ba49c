// How variables start.

public import Graphs
public import Tensors

/// A recipe for the initial value of a variable of any shape.
public struct Initializer<Scalar: TensorElement>: Sendable {
    private let make: @Sendable ([Int]) -> Tensor<Scalar>

    /// A recipe of one's own: a function that makes a tensor of the given shape in the default graph.
    public init(_ make: @escaping @Sendable (_ shape: [Int]) -> Tensor<Scalar>) {
        self.make = make
    }

    /// The initial value for a shape.
    public func makeTensor(_ shape: [Int]) -> Tensor<Scalar> { make(shape) }

    /// Zeros, or `false`.
    public static var zeros: Initializer { Initializer { Operations.zeros($0) } }

    /// Ones, or `true`.
    public static var ones: Initializer { Initializer { Operations.ones($0) } }

    /// The same value in every element.
    public static func constant(_ value: Scalar) -> Initializer { Initializer { fill($0, with: value) } }

    /// The elements of an array, which must have the variable's shape.
    ///
    /// - Errors: another shape is a mistake.
    public static func value(_ array: NDArray<Scalar>) -> Initializer {
        Initializer { shape in
            let tensor = Operations.constant(array)
            return array.shape == shape ? tensor : ensureShape(tensor, Shape(shape))
        }
    }
}

extension Initializer where Scalar: FloatingElement {
    /// Normally distributed numbers.
    ///
    /// - Parameters:
    ///   - seed: decides the numbers together with the graph's seed; nil for others in each session.
    public static func normal(
        mean: Scalar = 0, standardDeviation: Scalar = 1, seed: Int? = nil
    ) -> Initializer {
        Initializer { randomNormal($0, mean: mean, standardDeviation: standardDeviation, seed: seed) }
    }

    /// Normally distributed numbers, drawn anew where they are more than two standard deviations from the mean.
    public static func truncatedNormal(
        mean: Scalar = 0, standardDeviation: Scalar = 1, seed: Int? = nil
    ) -> Initializer {
        Initializer { Operations.truncatedNormal($0, mean: mean, standardDeviation: standardDeviation, seed: seed) }
    }

    /// Numbers drawn evenly from a range.
    public static func uniform(in range: Range<Scalar> = 0..<1, seed: Int? = nil) -> Initializer {
        Initializer { randomUniform($0, in: range, seed: seed) }
    }
}
