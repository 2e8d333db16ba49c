// The reductions that users call: `x.sum(axis: 1)`, `argmax(y, axis: 1)`, and those composed of others.

public import Graphs
public import Tensors

// MARK: - Adding reductions

/// Adds a reduction along `axes`, or along all of them.
func reduce(
    _ kind: Reduction.Kind, _ x: Value, axes: [Int]? = nil, keepsDimensions: Bool = false, name: String? = nil
) -> Value {
    inNodeScope(name, kind.rawValue, of: x.graph) { name in
        var x = x
        let indices: Value
        if let axes = axes ?? x.shape.rank.map({ Array(0..<$0) }) {
            indices = integerConstant(axes, name: "reduction_indices")
        } else if keepsDimensions {
            let bounds = [integerConstant(0), makeValue(ShapeOf(.rank, dtype: x.dtype), [x]), integerConstant(1)]
            indices = makeValue(RangeOperation(dtype: .int32), bounds, name: "reduction_indices")
        } else {
            // All axes of an unknown rank are the one of the flat tensor, so that the result is known to have none.
            x = makeReshape(x, shape: [-1])
            indices = integerConstant([0], name: "reduction_indices")
        }
        let operation = Reduction(
            kind, dtype: x.dtype, indexType: indices.dtype, keepsDimensions: keepsDimensions)
        return makeValue(operation, [x, indices], name: name)
    }
}

// MARK: - Public functions

extension TensorExpression where Scalar: NumericElement {
    /// The sum of the elements along axes; of no elements, 0.
    ///
    ///     constant([[1, 2], [3, 4]] as [[Float]]).sum(axes: [0])        // [4.0, 6.0]
    ///
    /// - Shapes: `[n, m]`, axes `[1]` → `[n]`, or `[n, 1]` where dimensions are kept.
    /// - Parameters:
    ///   - axes: the axes to reduce, counted from the end where negative; all of them if nil.
    ///   - keepDimensions: whether a reduced axis stays, with size 1.
    /// - Errors: an axis out of range or named twice is a mistake.
    /// - Gradient: `g`, repeated along the axes.
    public func sum(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        Tensor(reduce(.sum, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// The sum of the elements along one axis.
    public func sum(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        sum(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// The mean of the elements along axes; of no elements, NaN (in integers, which are divided toward zero, 0).
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Gradient: `g / n`, repeated along the axes, which hold `n` elements.
    public func mean(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        Tensor(reduce(.mean, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// The mean of the elements along one axis.
    public func mean(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        mean(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// The product of the elements along axes; of no elements, 1.
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Gradient: `g` times the product of the other elements; where several are zero, that is zero.
    public func product(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        Tensor(reduce(.product, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// The product of the elements along one axis.
    public func product(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        product(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// The largest element along axes; of no elements, the least value of the type (-∞).
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Gradient: `g`, shared evenly among the elements that are largest.
    public func max(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        Tensor(reduce(.maximum, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// The largest element along one axis.
    public func max(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        max(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// The smallest element along axes; of no elements, the greatest value of the type (∞).
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Gradient: `g`, shared evenly among the elements that are smallest.
    public func min(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        Tensor(reduce(.minimum, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// The smallest element along one axis.
    public func min(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        min(axes: [axis], keepDimensions: keepDimensions, name: name)
    }
}

extension TensorExpression where Scalar == Bool {
    /// Whether all elements along axes are true; of no elements, `true`.
    ///
    /// - Parameters:
    ///   - axes: the axes to reduce, counted from the end where negative; all of them if nil.
    ///   - keepDimensions: whether a reduced axis stays, with size 1.
    /// - Errors: an axis out of range or named twice is a mistake.
    /// - Gradient: none, truth values do not change smoothly.
    public func all(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Bool> {
        Tensor(reduce(.all, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// Whether all elements along one axis are true.
    public func all(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Bool> {
        all(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// Whether some element along axes is true; of no elements, `false`.
    ///
    /// - Parameters, Errors, Gradient: as for `all(axes:keepDimensions:name:)`.
    public func any(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Bool> {
        Tensor(reduce(.any, value, axes: axes, keepsDimensions: keepDimensions, name: name))
    }

    /// Whether some element along one axis is true.
    public func any(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Bool> {
        any(axes: [axis], keepDimensions: keepDimensions, name: name)
    }
}

/// The position of the largest element along an axis, the first of equal ones.
///
///     argmax(constant([[1, 5, 2], [7, 0, 7]] as [[Float]]), axis: 1)        // [1, 0]
///
/// - Shapes: `[n, m]`, axis 1 → `[n]`.
/// - Errors: an axis out of range or without elements is a mistake.
/// - Gradient: none, positions do not change smoothly.
public func argmax(
    _ x: some TensorExpression<some NumericElement>, axis: Int, name: String? = nil
) -> Tensor<Int64> {
    makePosition(x.value, axis, findsSmallest: false, name)
}

/// The position of the smallest element along an axis, the first of equal ones.
///
/// - Shapes, Errors, Gradient: as for `argmax(_:axis:name:)`.
public func argmin(
    _ x: some TensorExpression<some NumericElement>, axis: Int, name: String? = nil
) -> Tensor<Int64> {
    makePosition(x.value, axis, findsSmallest: true, name)
}

private func makePosition(_ x: Value, _ axis: Int, findsSmallest: Bool, _ name: String?) -> Tensor<Int64> {
    inNodeScope(name, findsSmallest ? "ArgMin" : "ArgMax", of: x.graph) { name in
        let dimension = integerConstant(axis, name: "dimension")
        let operation = ArgReduction(findsSmallest: findsSmallest, dtype: x.dtype, indexType: dimension.dtype)
        return makeTensor(operation, [x, dimension], name: name)
    }
}

// MARK: - Composed reductions

extension TensorExpression where Scalar: FloatingElement {
    /// The logarithm of the sum of exponentials along axes, without overflow.
    ///
    ///     log Σ exp(x) = m + log Σ exp(x - m),  m = max x
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Gradient: `g` times the softmax along the axes.
    /// - Source: TensorFlow's `reduce_logsumexp`.
    public func logSumExp(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "LogSumExp", of: x.graph) { name in
            let largest = reduce(.maximum, x, axes: axes, keepsDimensions: true)
            let isFinite = elementwise(.isFinite, [largest])
            let finite = makeSelect(isFinite, largest, scalarConstant(0, Scalar.dtype))
            let shift = makeValue(PassThrough(.stopGradient, Scalar.dtype), [finite])
            let sum = reduce(.sum, elementwise(.exp, [x - shift]), axes: axes, keepsDimensions: keepDimensions)
            let restored = keepDimensions ? shift : makeReshape(shift, like: sum)
            return Tensor(elementwise(.add, [elementwise(.log, [sum]), restored], name: name))
        }
    }

    /// The logarithm of the sum of exponentials along one axis.
    public func logSumExp(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        logSumExp(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// The mean squared distance from the mean along axes.
    ///
    ///     mean((x - mean(x))²)
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Source: TensorFlow's `reduce_variance`: the sum is divided by the count, not by one less.
    public func variance(axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "Variance", of: x.graph) { name in
            let distance = x - reduce(.mean, x, axes: axes, keepsDimensions: true)
            let square = elementwise(.square, [distance])
            return Tensor(reduce(.mean, square, axes: axes, keepsDimensions: keepDimensions))
        }
    }

    /// The mean squared distance from the mean along one axis.
    public func variance(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        variance(axes: [axis], keepDimensions: keepDimensions, name: name)
    }

    /// The square root of the variance along axes.
    ///
    /// - Parameters: as for `sum(axes:keepDimensions:name:)`.
    /// - Gradient: infinite where all elements are equal.
    public func standardDeviation(
        axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
    ) -> Tensor<Scalar> {
        let x = tensor
        return inNodeScope(name, "StandardDeviation", of: x.graph) { name in
            let variance = x.variance(axes: axes, keepDimensions: keepDimensions).value
            return Tensor(elementwise(.sqrt, [variance], name: name))
        }
    }

    /// The square root of the variance along one axis.
    public func standardDeviation(axis: Int, keepDimensions: Bool = false, name: String? = nil) -> Tensor<Scalar> {
        standardDeviation(axes: [axis], keepDimensions: keepDimensions, name: name)
    }
}

/// Half the sum of squares of all elements: the usual penalty on weights.
///
///     l2Loss(constant([3, 4] as [Float]))        // 12.5
///
/// - Shapes: any → `[]`.
/// - Gradient: `g x`.
public func l2Loss<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(L2Loss(dtype: Scalar.dtype), [x.value], name: name)
}
