// Broadcasting as NumPy defines it: the shape that several shapes become, and the way back for gradients, which are
// summed over the dimensions that were repeated.

package import Graphs
package import Programs
package import Tensors

/// The shape to which all of the shapes broadcast.
///
/// - Errors: a mistake where two dimensions differ and neither is 1.
package func broadcastShape(_ shapes: [Shape]) throws(Mistake) -> Shape {
    guard var result = shapes.first else { return .scalar }
    for shape in shapes.dropFirst() { result = try broadcastShape(result, shape) }
    return result
}

private func broadcastShape(_ left: Shape, _ right: Shape) throws(Mistake) -> Shape {
    guard let mine = left.extents, let theirs = right.extents else { return .unknown }
    if mine == theirs { return left }
    let rank = max(mine.count, theirs.count)
    var extents = [Int](repeating: 1, count: rank)
    for position in 1...max(rank, 1) where position <= rank {
        let first = position <= mine.count ? mine[mine.count - position] : 1
        let second = position <= theirs.count ? theirs[theirs.count - position] : 1
        let extent: Int
        if first == second || second == 1 {
            extent = first
        } else if first == 1 {
            extent = second
        } else if first < 0 || second < 0 {
            // An unknown dimension beside a known one, which is not 1: the known one, or 1.
            extent = max(first, second)
        } else {
            throw .noBroadcast(left, right)
        }
        extents[rank - position] = extent
    }
    return Shape(extents: extents)
}

// MARK: - The way back

/// Sums gradients of a broadcast result to the shapes of the operands.
struct BroadcastReversal {
    let operands: [Value]
    let output: Value
    /// The axes to sum for both operands of a pair, computed in the graph.
    private var pairAxes: [Value]?

    init(operands: [Value], output: Value) {
        self.operands = operands
        self.output = output
    }

    /// The gradient of an operand, from one that has the output's shape.
    mutating func sum(_ gradient: Value, forOperand index: Int) -> Value {
        if operands.allSatisfy({ $0 == operands[index] }) { return gradient }
        guard let (leading, inner) = knownAxes(index) else {
            let axes = computedAxes(index)
            let sum = makeSum(gradient, axes: axes, keepsDimensions: false)
            return makeReshape(sum, shape: makeShape(operands[index]))
        }
        var sum = gradient
        if !leading.isEmpty {
            sum = makeSum(sum, axes: integerConstant(leading, in: output.graph), keepsDimensions: false)
        }
        if !inner.isEmpty {
            sum = makeSum(sum, axes: integerConstant(inner, in: output.graph), keepsDimensions: true)
        }
        return sum
    }

    /// The leading axes that the operand does not have and those (counted without them) along which it has size 1;
    /// nil where that shows only when the graph runs.
    private func knownAxes(_ index: Int) -> (leading: [Int], inner: [Int])? {
        guard let extents = operands[index].shape.extents, let whole = output.shape.extents,
            whole.count >= extents.count
        else { return nil }
        let others = operands.indices.filter { $0 != index }.compactMap { operands[$0].shape.extents }
        let offset = whole.count - extents.count
        var inner: [Int] = []
        for (axis, extent) in extents.enumerated() where extent < 2 {
            if extent == 1, whole[axis + offset] != 1 { inner.append(axis) }
            if extent < 0 {
                let fromEnd = extents.count - axis
                let isRepeatable = others.contains { $0.count >= fromEnd && $0[$0.count - fromEnd] != 1 }
                if isRepeatable { return nil }
            }
        }
        return (Array(0..<offset), inner)
    }

    private mutating func computedAxes(_ index: Int) -> Value {
        if operands.count == 2 {
            let axes = pairAxes ?? BroadcastGradientArguments.axes(makeShape(operands[0]), makeShape(operands[1]))
            pairAxes = axes
            return axes[index]
        }
        return BroadcastGradientArguments.axes(makeShape(operands[index]), makeShape(output))[0]
    }
}

/// The axes over which to sum the gradient of a broadcast result, for each of two operands, from their shapes.
///
/// - Shapes: `[r0]`, `[r1]` → two vectors of axes.
/// - Gradient: none; axes are whole numbers.
package struct BroadcastGradientArguments: Operation {
    package let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "BroadcastGradientArgs" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 2 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        for index in 0..<2 {
            if inputs[index].dtype != dtype { throw .dtypesDiffer(inputs[index].dtype, dtype) }
            if !inputs[index].shape.isCompatible(with: [nil]) {
                throw Mistake("takes shapes as vectors, but input \(index) has shape \(inputs[index].shape)")
            }
        }
        guard let left = inputs.integers(0), let right = inputs.integers(1) else {
            return Array(repeating: TensorType(dtype, [nil]), count: 2)
        }
        return try summedAxes(left, right).map { TensorType(dtype, [$0.count]) }
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "axes are whole numbers")
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let left = try context.integers(0, "the shape of the first operand")
        let right = try context.integers(1, "the shape of the second operand")
        return try summedAxes(left, right).map { axes in
            context.builder.constant(UntypedArray(integers: axes, dtype: dtype))
        }
    }

    /// For each operand the axes of the result that it lacks or along which it alone has size 1.
    private func summedAxes(_ left: [Int], _ right: [Int]) throws(Mistake) -> [[Int]] {
        let shapes = [left, right]
        guard let whole = try broadcastShape(shapes.map { Shape($0) }).extents else { return [[], []] }
        return shapes.map { shape in
            let offset = whole.count - shape.count
            return whole.indices.filter { $0 < offset || (shape[$0 - offset] == 1 && whole[$0] != 1) }
        }
    }

    /// Adds the operation; always two values.
    static func axes(_ left: Value, _ right: Value) -> [Value] {
        withGraph(left.graph) { left.graph.add(BroadcastGradientArguments(dtype: left.dtype), [left, right]) }
    }
}

// MARK: - From files

extension BroadcastGradientArguments: DecodableOperation {
    package static var operationNames: [String] { ["BroadcastGradientArgs"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T", default: .int32))
    }
}
