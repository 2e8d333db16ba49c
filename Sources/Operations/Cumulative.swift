// Running sums and products along an axis.

public import Graphs
package import Programs
public import Tensors

/// The sum or product of each element and those before it along the axis that the second input holds.
///
/// - Gradient: of a sum, the sum of `g` the other way; of a product, that of `g y`, over `x` (where an element is 0, so
///   is its gradient, as in TensorFlow).
package struct Cumulative: Operation {
    package enum Kind: String, Hashable, Sendable {
        case sum = "Cumsum"
        case product = "Cumprod"
    }

    let kind: Kind
    let dtype: DType
    let indexType: DType
    /// Whether each element itself is left out.
    let isExclusive: Bool
    /// Whether it is the elements after that count.
    let isReversed: Bool

    package init(
        _ kind: Kind, dtype: DType, indexType: DType = .int32, isExclusive: Bool = false, isReversed: Bool = false
    ) {
        self.kind = kind
        self.dtype = dtype
        self.indexType = indexType
        self.isExclusive = isExclusive
        self.isReversed = isReversed
    }

    package var name: String { kind.rawValue }
    package var attributes: [Attribute] {
        [
            Attribute("exclusive", .bool(isExclusive)), Attribute("reverse", .bool(isReversed)),
            Attribute("T", .type(dtype)), Attribute("Tidx", .type(indexType)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        if !inputs[0].dtype.isNumeric { throw .unsupported(inputs[0].dtype, accepted: "numbers") }
        try inputs.requireIntegers(1, "the axis", maximumRank: 0)
        if let axis = inputs.integers(1)?.first, let rank = inputs[0].shape.rank {
            _ = try position(ofAxis: axis, rank: rank)
        }
        return [inputs[0]]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (x, axis, y, g) = (context.inputs[0], context.inputs[1], context.outputs[0], context.outputGradient)
        let sum = Cumulative(
            .sum, dtype: dtype, indexType: indexType, isExclusive: isExclusive, isReversed: !isReversed)
        switch kind {
        case .sum: return .inputs([makeValue(sum, [g, axis]), nil])
        case .product: return .inputs([elementwise(.divideNoNan, [makeValue(sum, [g * y, axis]), x]), nil])
        }
    }

    /// Combines with neighbours at distances 1, 2, 4, ..., so that few steps reach the whole axis.
    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = context.shape(0)
        let axis = try positions(ofAxes: context.integers(1, "the axis"), rank: shape.count).first ?? 0
        let neutral = builder.scalar(kind == .sum ? 0 : 1, dtype)
        var value = context.operands[0]
        func shifted(by distance: Int) throws -> ValueID {
            let kept = max(0, shape[axis] - distance)
            var starts = [Int](repeating: 0, count: shape.count)
            var limits = shape
            var (low, high) = (starts, starts)
            if isReversed {
                starts[axis] = shape[axis] - kept
                high[axis] = shape[axis] - kept
            } else {
                limits[axis] = kept
                low[axis] = shape[axis] - kept
            }
            let ones = shape.map { _ in 1 }
            let part = try builder.add(.slice(starts: starts, limits: limits, strides: ones), [value])
            let zeros = shape.map { _ in 0 }
            return try builder.add(.pad(low: low, high: high, interior: zeros), [part, neutral])
        }
        if isExclusive { value = try shifted(by: 1) }
        var distance = 1
        while distance < shape[axis] {
            value = try builder.binary(kind == .sum ? .add : .multiply, value, shifted(by: distance))
            distance *= 2
        }
        return [value]
    }
}

/// Adds a running sum or product.
func makeCumulative(
    _ kind: Cumulative.Kind, _ x: Value, axis: Int, isExclusive: Bool = false, isReversed: Bool = false,
    name: String? = nil
) -> Value {
    inNodeScope(name, kind.rawValue, of: x.graph) { name in
        let axis = integerConstant(axis, name: "axis")
        let operation = Cumulative(
            kind, dtype: x.dtype, indexType: axis.dtype, isExclusive: isExclusive, isReversed: isReversed)
        return makeValue(operation, [x, axis], name: name)
    }
}

extension TensorExpression where Scalar: NumericElement {
    /// The sum of each element and all before it along an axis.
    ///
    ///     constant([1, 2, 3] as [Float]).cumulativeSum(axis: 0)                     // [1.0, 3.0, 6.0]
    ///     constant([1, 2, 3] as [Float]).cumulativeSum(axis: 0, exclusive: true)    // [0.0, 1.0, 3.0]
    ///
    /// - Parameters:
    ///   - exclusive: whether each element itself is left out.
    ///   - reverse: whether to sum from the end.
    /// - Errors: an axis out of range is a mistake.
    /// - Gradient: the sum of `g` the other way.
    public func cumulativeSum(
        axis: Int, exclusive: Bool = false, reverse: Bool = false, name: String? = nil
    ) -> Tensor<Scalar> {
        Tensor(makeCumulative(.sum, value, axis: axis, isExclusive: exclusive, isReversed: reverse, name: name))
    }

    /// The product of each element and all before it along an axis.
    ///
    /// - Parameters, Errors: as for `cumulativeSum(axis:exclusive:reverse:name:)`.
    /// - Gradient: the sum of `g y` the other way, over `x`; 0 where an element is 0, as in TensorFlow.
    public func cumulativeProduct(
        axis: Int, exclusive: Bool = false, reverse: Bool = false, name: String? = nil
    ) -> Tensor<Scalar> {
        Tensor(makeCumulative(.product, value, axis: axis, isExclusive: exclusive, isReversed: reverse, name: name))
    }
}

// MARK: - From files

extension Cumulative: DecodableOperation {
    package static var operationNames: [String] { ["Cumsum", "Cumprod"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            node.operation == "Cumsum" ? .sum : .product, dtype: try node.dtype("T"),
            indexType: try node.dtype("Tidx", default: .int32), isExclusive: try node.bool("exclusive", default: false),
            isReversed: try node.bool("reverse", default: false))
    }
}
