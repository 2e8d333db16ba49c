// Layers with several inputs: sums, products, and what stands side by side.

import Graphs
import Operations
import Tensors

/// A layer that makes one output of several inputs of one shape.
protocol MergeLayer: Layer {
    /// Whether inputs of lower rank get axes of size 1 behind that of the samples, so that all ranks are one.
    var alignsRanks: Bool { get }
    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float>
    /// Which steps of the output count.
    func mergedMask(of inputs: [LayerValue]) -> Tensor<Bool>?
}

extension MergeLayer {
    var alignsRanks: Bool { true }

    /// As Keras: a step counts where it does in any input; one input without a mask ends it.
    func mergedMask(of inputs: [LayerValue]) -> Tensor<Bool>? {
        let masks = inputs.compactMap(\.mask)
        guard masks.count == inputs.count else { return nil }
        return masks.dropFirst().reduce(masks.first) { all, mask in all.map { logicalOr($0, mask) } }
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard inputs.count >= 2 else {
            return [LayerValue(context.mistake("takes at least two inputs, but is given \(inputs.count)"))]
        }
        let values = inputs.map { context.float($0.tensor) }
        return [LayerValue(merged(alignsRanks ? aligned(values) : values, context), mask: mergedMask(of: inputs))]
    }

    /// As Keras: samples go with samples, whatever else the inputs have.
    private func aligned(_ inputs: [Tensor<Float>]) -> [Tensor<Float>] {
        let ranks = inputs.compactMap(\.shape.rank)
        guard ranks.count == inputs.count, let most = ranks.max(), ranks.min() != most else { return inputs }
        return zip(inputs, ranks).map { input, rank in
            rank == 0 ? input : (rank..<most).reduce(input) { value, _ in value.expandingDimension(at: 1) }
        }
    }
}

/// A layer that merges without settings.
protocol PlainMergeLayer: MergeLayer, ConfigurableLayer {
    init(name: String?)
}

extension PlainMergeLayer {
    public var configuration: Configuration { Configuration(Self.className) }

    public init(configuration: Configuration) throws { self.init(name: configuration.layerName) }
}

/// The sum of the inputs.
///
/// - Shapes: any number of inputs whose shapes broadcast → their common shape.
/// - Source: Keras's `Add`.
public struct Add: PlainMergeLayer {
    public let state: LayerState

    public init(name: String? = nil) { state = LayerState(name: name) }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        inputs.dropFirst().reduce(inputs[0]) { $0 + $1 }
    }
}

/// The first input less the second.
///
/// - Shapes: any number of inputs whose shapes broadcast → their common shape.
/// - Source: Keras's `Subtract`.
public struct Subtract: PlainMergeLayer {
    public let state: LayerState

    public init(name: String? = nil) { state = LayerState(name: name) }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        guard inputs.count == 2 else {
            return context.mistake("takes two inputs, but is given \(inputs.count)")
        }
        return inputs[0] - inputs[1]
    }
}

/// The product of the inputs.
///
/// - Shapes: any number of inputs whose shapes broadcast → their common shape.
/// - Source: Keras's `Multiply`.
public struct Multiply: PlainMergeLayer {
    public let state: LayerState

    public init(name: String? = nil) { state = LayerState(name: name) }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        inputs.dropFirst().reduce(inputs[0]) { $0 * $1 }
    }
}

/// The mean of the inputs.
///
/// - Shapes: any number of inputs whose shapes broadcast → their common shape.
/// - Source: Keras's `Average`.
public struct Average: PlainMergeLayer {
    public let state: LayerState

    public init(name: String? = nil) { state = LayerState(name: name) }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        inputs.dropFirst().reduce(inputs[0]) { $0 + $1 } / Float(inputs.count)
    }
}

/// The largest of the inputs, element by element.
///
/// - Shapes: any number of inputs whose shapes broadcast → their common shape.
/// - Source: Keras's `Maximum`.
public struct Maximum: PlainMergeLayer {
    public let state: LayerState

    public init(name: String? = nil) { state = LayerState(name: name) }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        inputs.dropFirst().reduce(inputs[0]) { maximum($0, $1) }
    }
}

/// The smallest of the inputs, element by element.
///
/// - Shapes: any number of inputs whose shapes broadcast → their common shape.
/// - Source: Keras's `Minimum`.
public struct Minimum: PlainMergeLayer {
    public let state: LayerState

    public init(name: String? = nil) { state = LayerState(name: name) }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        inputs.dropFirst().reduce(inputs[0]) { minimum($0, $1) }
    }
}

/// The inputs one behind the other along an axis.
///
/// - Shapes: inputs that agree in all other axes.
/// - Source: Keras's `Concatenate`.
public struct Concatenate: MergeLayer {
    public let state: LayerState
    public let axis: Int

    public init(axis: Int = -1, name: String? = nil) {
        state = LayerState(name: name)
        self.axis = axis
    }

    var alignsRanks: Bool { false }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        if axis == 0 { return context.mistake("the axis of the samples cannot be joined", hint: "use axis -1") }
        return concatenate(inputs, axis: axis)
    }

    /// A step counts where any of its elements comes from one that does; all do of an input without a mask.
    func mergedMask(of inputs: [LayerValue]) -> Tensor<Bool>? {
        guard inputs.contains(where: { $0.mask != nil }) else { return nil }
        let marks = inputs.compactMap { input -> Tensor<Float>? in
            guard let ones = input.tensor.as(Float.self).map({ ones(like: $0) }) else { return nil }
            guard let mask = input.mask else { return ones }
            let missing = (ones.shape.rank ?? 3) - (mask.shape.rank ?? 2)
            return ones
                * (0..<max(0, missing)).reduce(cast(mask, to: Float.self)) { marks, _ in
                    marks.expandingDimension(at: -1)
                }
        }
        return greater(concatenate(marks, axis: axis).max(axis: -1), 0)
    }
}

extension Concatenate: ConfigurableLayer {
    public var configuration: Configuration { Configuration(Self.className, ["axis": .integer(axis)]) }

    public init(configuration: Configuration) throws {
        self.init(axis: try configuration.integer("axis", default: -1), name: configuration.layerName)
    }
}

/// The products of vectors of two inputs along an axis of each.
///
/// - Shapes: `[batch, ..., n, ...]` and `[batch, ..., n, ...]` → `[batch, other axes of the first, of the second]`.
/// - Source: Keras's `Dot`.
public struct Dot: MergeLayer {
    public let state: LayerState
    /// The axis of each input.
    public let axes: (Int, Int)
    /// Whether vectors get norm 1 first: the products are then cosines.
    public let normalizes: Bool

    public init(axes: (Int, Int) = (-1, -1), normalizes: Bool = false, name: String? = nil) {
        state = LayerState(name: name)
        self.axes = axes
        self.normalizes = normalizes
    }

    var alignsRanks: Bool { false }
    func mergedMask(of inputs: [LayerValue]) -> Tensor<Bool>? { nil }

    func merged(_ inputs: [Tensor<Float>], _ context: LayerContext) -> Tensor<Float> {
        guard inputs.count == 2, let left = inputs[0].shape.rank, let right = inputs[1].shape.rank else {
            return context.mistake("takes two inputs of known rank, but is given \(inputs.count)")
        }
        guard (2...3).contains(left), (2...3).contains(right) else {
            return context.mistake(
                "takes inputs of rank 2 or 3, but is given shapes \(inputs[0].shape) and \(inputs[1].shape)")
        }
        let (leftAxis, rightAxis) = (axes.0 < 0 ? axes.0 + left : axes.0, axes.1 < 0 ? axes.1 + right : axes.1)
        guard (1..<left).contains(leftAxis), (1..<right).contains(rightAxis) else {
            return context.mistake("axes \(axes) are not those of shapes \(inputs[0].shape) and \(inputs[1].shape)")
        }
        let (x, y) =
            normalizes
            ? (l2Normalize(inputs[0], axes: [leftAxis]), l2Normalize(inputs[1], axes: [rightAxis]))
            : (inputs[0], inputs[1])
        // As products of matrices: of the left one rows, of the right one columns.
        let rows = left == 2 ? x.expandingDimension(at: 1) : leftAxis == 2 ? x : x.transposed(permutation: [0, 2, 1])
        let columns =
            right == 2 ? y.expandingDimension(at: 2) : rightAxis == 1 ? y : y.transposed(permutation: [0, 2, 1])
        let product = matmul(rows, columns)
        let single = (left == 2 ? [1] : []) + (right == 2 ? [2] : [])
        // Two vectors give a single number, in an axis of its own.
        return single.count == 2
            ? product.squeezed(axes: [1]) : single.isEmpty ? product : product.squeezed(axes: single)
    }
}

extension Dot: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["axes": JSONValue([axes.0, axes.1]), "normalize": .bool(normalizes)])
    }

    public init(configuration: Configuration) throws {
        let axes = try configuration.integers("axes", count: 2, default: [-1, -1])
        self.init(
            axes: (axes[0], axes[1]), normalizes: try configuration.bool("normalize", default: false),
            name: configuration.layerName)
    }
}
