// Formulas on untyped values, in which gradients and composed functions are written.

import Graphs
import Tensors

extension Value {
    static prefix func - (operand: Value) -> Value { elementwise(.negate, [operand]) }
    static func + (left: Value, right: Value) -> Value { elementwise(.add, [left, right]) }
    static func - (left: Value, right: Value) -> Value { elementwise(.subtract, [left, right]) }
    static func * (left: Value, right: Value) -> Value { elementwise(.multiply, [left, right]) }
    static func / (left: Value, right: Value) -> Value {
        elementwise(left.dtype.isFloating ? .divide : .truncateDivide, [left, right])
    }
}

func makeSelect(_ condition: Value, _ onTrue: Value, _ onFalse: Value) -> Value {
    makeValue(Select(dtype: onTrue.dtype), [condition, onTrue, onFalse])
}

func makeCast(_ value: Value, to dtype: DType) -> Value {
    value.dtype == dtype ? value : makeValue(Cast(from: value.dtype, to: dtype), [value])
}

func makeZeros(like value: Value) -> Value { makeValue(Filled(.zeros, value.dtype), [value]) }

/// Zeros of the shape that `sizes` holds.
func makeZeros(_ dtype: DType, sizes: Value) -> Value {
    makeValue(Fill(dtype: dtype, indexType: sizes.dtype), [sizes, scalarConstant(0, dtype, in: sizes.graph)])
}

/// Runs `body`, which adds to `graph`, with a name reserved for the node that it makes last; what it makes before
/// that is named under it.
func inNodeScope<Result>(
    _ name: String?, _ defaultName: String, of graph: Graph, _ body: (_ reservedName: String) -> Result
) -> Result {
    withGraph(graph) { withNodeScope(name ?? defaultName, body) }
}

// MARK: - Shapes

/// The dimensions as a vector: a constant where they are known.
func makeShape(_ x: Value) -> Value {
    if let known = x.shape.known { return integerConstant(known, in: x.graph) }
    return makeValue(ShapeOf(.shape, dtype: x.dtype), [x])
}

/// The number of elements, of rank 0.
func makeSize(_ x: Value) -> Value {
    if let count = x.shape.count { return integerConstant(count, in: x.graph) }
    return makeValue(ShapeOf(.size, dtype: x.dtype), [x])
}

func makeReshape(_ x: Value, shape: Value, name: String? = nil) -> Value {
    makeValue(Reshape(dtype: x.dtype, indexType: shape.dtype), [x, shape], name: name)
}

func makeReshape(_ x: Value, shape: [Int]) -> Value {
    x.shape.known == shape ? x : makeReshape(x, shape: integerConstant(shape, in: x.graph))
}

/// `x` in the shape of `other`, which has as many elements.
func makeReshape(_ x: Value, like other: Value) -> Value {
    if let known = x.shape.known, known == other.shape.known { return x }
    return makeReshape(x, shape: makeShape(other))
}

/// `x` repeated to the shape of `other`.
func makeBroadcast(_ x: Value, like other: Value) -> Value {
    if let known = x.shape.known, known == other.shape.known { return x }
    let sizes = makeShape(other)
    return makeValue(BroadcastTo(dtype: x.dtype, indexType: sizes.dtype), [x, sizes])
}

/// A gradient of a broadcast value, summed to the shape of `x`, which was broadcast.
func makeUnbroadcast(_ gradient: Value, to x: Value) -> Value {
    if let narrow = x.shape.known, let wide = gradient.shape.known, narrow.count <= wide.count {
        let offset = wide.count - narrow.count
        let axes = wide.indices.filter { $0 < offset || (narrow[$0 - offset] == 1 && wide[$0] != 1) }
        return axes.isEmpty ? gradient : makeReshape(reduce(.sum, gradient, axes: axes), shape: narrow)
    }
    let axes = BroadcastGradientArguments.axes(makeShape(x), makeShape(gradient))[0]
    return makeReshape(makeSum(gradient, axes: axes, keepsDimensions: false), like: x)
}

func makeExpansion(_ x: Value, at axis: Int) -> Value {
    let position = integerConstant(axis, in: x.graph)
    return makeValue(ExpandDimensions(dtype: x.dtype, indexType: position.dtype), [x, position])
}

func makeTranspose(_ x: Value, _ permutation: Value, name: String? = nil) -> Value {
    makeValue(Transpose(dtype: x.dtype, indexType: permutation.dtype), [x, permutation], name: name)
}

// MARK: - Sums

func makeSum(_ x: Value, axes: Value, keepsDimensions: Bool) -> Value {
    makeValue(
        Reduction(.sum, dtype: x.dtype, indexType: axes.dtype, keepsDimensions: keepsDimensions), [x, axes])
}

/// The sum of all elements, of rank 0.
func makeFullSum(_ x: Value) -> Value { reduce(.sum, x) }
