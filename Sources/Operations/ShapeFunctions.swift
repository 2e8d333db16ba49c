// The functions that users call to ask for shapes and to change them: `x.reshaped([-1, 10])`, `concatenate([a, b], axis: 0)`.

public import Graphs
import Programs
public import Tensors

// MARK: - Shapes as tensors

/// The dimensions of a tensor, as they are when the graph runs.
///
///     shape(of: x)        // [100, 784] in a run that is fed 100 rows
///
/// - Shapes: any of rank `r` → `[r]`.
/// - Gradient: none; they do not depend on the elements.
public func shape(of x: some TensorExpression, name: String? = nil) -> Tensor<Int32> {
    let x = x.tensor.value
    return makeTensor(ShapeOf(.shape, dtype: x.dtype), [x], name: name)
}

/// The number of elements of a tensor, as it is when the graph runs.
///
/// - Gradient: none; it does not depend on the elements.
public func size(of x: some TensorExpression, name: String? = nil) -> Tensor<Int32> {
    let x = x.tensor.value
    return makeTensor(ShapeOf(.size, dtype: x.dtype), [x], name: name)
}

/// The number of dimensions of a tensor.
///
/// - Gradient: none; it does not depend on the elements.
public func rank(of x: some TensorExpression, name: String? = nil) -> Tensor<Int32> {
    let x = x.tensor.value
    return makeTensor(ShapeOf(.rank, dtype: x.dtype), [x], name: name)
}

// MARK: - Other shapes for the same elements

extension TensorExpression {
    /// The same elements, in row-major order, under another shape; one size may be -1: whatever fits.
    ///
    ///     images.reshaped([-1, 784])        // [?, 28, 28] → [?, 784]
    ///
    /// - Errors: another number of elements, or more than one -1, is a mistake.
    /// - Gradient: `g` in the shape of the input.
    public func reshaped(_ shape: [Int], name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "Reshape", of: x.graph) { name in
            Tensor(makeReshape(x, shape: integerConstant(shape, name: "shape"), name: name))
        }
    }

    /// The same elements under a shape that is computed from shapes when the graph runs.
    ///
    ///     y.reshaped(shape(of: x))
    ///
    /// - Errors: a run throws where the shape holds another number of elements or depends on what is fed.
    /// - Gradient: `g` in the shape of the input.
    public func reshaped(
        _ shape: some TensorExpression<some IntegerElement>, name: String? = nil
    ) -> Tensor<Scalar> {
        Tensor(makeReshape(value, shape: shape.value, name: name))
    }

    /// The axes in another order: dimension `i` of the result is dimension `permutation[i]` of the input.
    ///
    ///     x.transposed(permutation: [0, 2, 1])        // [n, a, b] → [n, b, a]
    ///     matrix.transposed()                         // [a, b] → [b, a]
    ///
    /// - Parameters:
    ///   - permutation: each axis once; by default all in reverse order.
    /// - Errors: what is not a permutation of the axes is a mistake.
    /// - Gradient: `g` with the inverse permutation.
    public func transposed(permutation: [Int]? = nil, name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "transpose", of: x.graph) { name in
            if let order = permutation ?? x.shape.rank.map({ (0..<$0).reversed() }) {
                return Tensor(makeTranspose(x, integerConstant(order, name: "perm"), name: name))
            }
            let rank = makeValue(ShapeOf(.rank, dtype: x.dtype), [x])
            let order = makeValue(RangeOperation(dtype: .int32), [integerConstant(0), rank, integerConstant(1)])
            return Tensor(makeTranspose(x, rank - integerConstant(1) - order, name: name))
        }
    }

    /// The same elements with a dimension of size 1 inserted at `axis`, which counts from the end of the result where
    /// it is negative.
    ///
    ///     x.expandingDimension(at: -1)        // [n, m] → [n, m, 1]
    ///
    /// - Errors: an axis out of range is a mistake.
    /// - Gradient: `g` in the shape of the input.
    public func expandingDimension(at axis: Int, name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "ExpandDims", of: x.graph) { name in
            let position = integerConstant(axis, name: "dim")
            return makeTensor(
                ExpandDimensions(dtype: x.dtype, indexType: position.dtype), [x, position], name: name)
        }
    }

    /// The same elements without the given dimensions, which have size 1.
    ///
    ///     x.squeezed(axes: [1])        // [n, 1, m] → [n, m]
    ///
    /// - Parameters:
    ///   - axes: the dimensions to leave out; if empty, all those of size 1.
    /// - Errors: a dimension of another size is a mistake.
    /// - Gradient: `g` in the shape of the input.
    public func squeezed(axes: [Int] = [], name: String? = nil) -> Tensor<Scalar> {
        makeTensor(Squeeze(dtype: Scalar.dtype, axes: axes), [value], name: name)
    }
}

// MARK: - Repetitions, surroundings, reversal

extension TensorExpression {
    /// Repeats along new leading dimensions and dimensions of size 1, as operators do with their operands.
    ///
    ///     row.broadcast(to: [3, 10])        // [10] → [3, 10]
    ///
    /// - Errors: a dimension that is neither 1 nor as wanted is a mistake.
    /// - Gradient: the sum over what was repeated.
    public func broadcast(to shape: [Int], name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "BroadcastTo", of: x.graph) { name in
            let sizes = integerConstant(shape, name: "shape")
            return makeTensor(BroadcastTo(dtype: x.dtype, indexType: sizes.dtype), [x, sizes], name: name)
        }
    }

    /// Repeats along new leading dimensions and dimensions of size 1, to a shape that is computed when the graph runs.
    ///
    /// - Errors: a run throws where a dimension is neither 1 nor as wanted, or where the shape depends on what is fed.
    /// - Gradient: the sum over what was repeated.
    public func broadcast(
        to shape: some TensorExpression<some IntegerElement>, name: String? = nil
    ) -> Tensor<Scalar> {
        let sizes = shape.value
        return makeTensor(BroadcastTo(dtype: Scalar.dtype, indexType: sizes.dtype), [value, sizes], name: name)
    }

    /// The whole repeated along each axis.
    ///
    ///     constant([1, 2] as [Float]).tiled([3])        // [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
    ///
    /// - Parameters:
    ///   - multiples: how often, for each axis.
    /// - Errors: another number of multiples than axes, or a negative one, is a mistake.
    /// - Gradient: the sum over the repetitions.
    public func tiled(_ multiples: [Int], name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "Tile", of: x.graph) { name in
            let multiples = integerConstant(multiples, name: "multiples")
            return makeTensor(Tile(dtype: x.dtype, indexType: multiples.dtype), [x, multiples], name: name)
        }
    }

    /// Surrounded by `value`, zero (`false`) by default.
    ///
    ///     row.padded([(1, 2)])        // [n] → [n + 3]
    ///
    /// - Parameters:
    ///   - paddings: for each axis how many to put before and after it.
    /// - Errors: another number of pairs than axes, or a negative count, is a mistake.
    /// - Gradient: the part of `g` that stands where the input stood.
    public func padded(_ paddings: [(Int, Int)], with value: Scalar = .zero, name: String? = nil) -> Tensor<Scalar> {
        let x = self.value
        return inNodeScope(name, value == .zero ? "Pad" : "PadV2", of: x.graph) { name in
            let counts = makePaddings(paddings, name: "paddings", in: x.graph)
            let operation = Pad(dtype: x.dtype, indexType: counts.dtype, hasValue: value != .zero)
            let filling = value == .zero ? [] : [constant(value, name: "constant_values").value]
            return makeTensor(operation, [x, counts] + filling, name: name)
        }
    }

    /// The elements in reverse order along axes.
    ///
    /// - Errors: an axis out of range or named twice is a mistake.
    /// - Gradient: `g`, reversed.
    public func reversed(axes: [Int], name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "ReverseV2", of: x.graph) { name in
            let axes = integerConstant(axes, name: "axis")
            return makeTensor(Reverse(dtype: x.dtype, indexType: axes.dtype), [x, axes], name: name)
        }
    }
}

// MARK: - Several tensors as one

/// Tensors one after the other along an axis.
///
///     concatenate([a, b], axis: 1)        // [n, 3], [n, 4] → [n, 7]
///
/// - Errors: shapes that differ in another axis, or no tensor at all, are a mistake.
/// - Gradient: to each tensor the part of `g` that came from it.
public func concatenate<Scalar: TensorElement>(
    _ tensors: [some TensorExpression<Scalar>], axis: Int, name: String? = nil
) -> Tensor<Scalar> {
    let values = tensors.map(\.value)
    return inNodeScope(name, "concat", of: values.first?.graph ?? .default) { name in
        Tensor(makeConcatenation(values, axis: integerConstant(axis, name: "axis"), name: name))
    }
}

/// Tensors of one shape along a new axis.
///
///     stack([a, b])        // [n], [n] → [2, n]
///
/// - Parameters:
///   - axis: the position of the new axis in the result, counted from its end where negative.
/// - Errors: shapes that differ, no tensor at all, or an axis out of range are a mistake.
/// - Gradient: `g`, taken apart along the axis.
public func stack<Scalar: TensorElement>(
    _ tensors: [some TensorExpression<Scalar>], axis: Int = 0, name: String? = nil
) -> Tensor<Scalar> {
    let operation = Pack(dtype: Scalar.dtype, count: tensors.count, axis: axis)
    return makeTensor(operation, tensors.map(\.value), name: name ?? "stack")
}

// MARK: - One tensor as several

extension TensorExpression {
    /// The parts along an axis, without it.
    ///
    ///     x.unstacked(axis: 0)        // [2, n] → two of [n]
    ///
    /// - Parameters:
    ///   - count: the size of the axis; needed only where it is not known while the graph is built.
    /// - Errors: an axis out of range, of another size or of unknown size is a mistake.
    /// - Gradient: those of the parts, stacked.
    public func unstacked(axis: Int = 0, count: Int? = nil, name: String? = nil) -> [Tensor<Scalar>] {
        let x = value
        guard let count = count ?? x.shape[axis] else {
            let operation = Unpack(dtype: x.dtype, count: 1, axis: axis)
            let mistake =
                x.shape.rank.flatMap { rank in
                    (-rank..<rank).contains(axis) ? nil : Mistake.axisOutOfRange(axis, rank: rank)
                } ?? Mistake("the size of axis \(axis) of shape \(x.shape) is not known", hint: "give count:")
            return [makeTensor(Misuse(operation, mistake), [x], name: name ?? "unstack")]
        }
        return makeTensors(Unpack(dtype: x.dtype, count: count, axis: axis), [x], name: name ?? "unstack")
    }

    /// Equal parts along an axis.
    ///
    ///     x.split(into: 2, axis: 1)        // [n, 6] → two of [n, 3]
    ///
    /// - Errors: a size that does not divide, or an axis out of range, is a mistake.
    /// - Gradient: those of the parts, joined.
    public func split(into count: Int, axis: Int = 0, name: String? = nil) -> [Tensor<Scalar>] {
        let x = value
        return inNodeScope(name, "split", of: x.graph) { name in
            let axis = integerConstant(axis, name: "split_dim")
            return makeTensors(Split(dtype: x.dtype, count: count), [axis, x], name: name)
        }
    }

    /// Parts of the given sizes along an axis; one size may be -1: the rest.
    ///
    ///     x.split(sizes: [2, -1], axis: 1)        // [n, 6] → [n, 2], [n, 4]
    ///
    /// - Errors: sizes that do not add up, or an axis out of range, are a mistake.
    /// - Gradient: those of the parts, joined.
    public func split(sizes: [Int], axis: Int = 0, name: String? = nil) -> [Tensor<Scalar>] {
        let x = value
        return inNodeScope(name, "split", of: x.graph) { name in
            let lengths = integerConstant(sizes, name: "Const")
            let axis = integerConstant(axis, name: "split_dim")
            let operation = SplitBySizes(dtype: x.dtype, sizeType: lengths.dtype, count: sizes.count)
            return makeTensors(operation, [x, lengths, axis], name: name)
        }
    }
}

private func makeTensors<Scalar: TensorElement>(
    _ operation: any Operation, _ inputs: [Value], name: String
) -> [Tensor<Scalar>] {
    let graph = graphForNodes(of: inputs.first?.graph ?? .default)
    return withGraph(graph) { graph.add(operation, inputs, name: name).map { Tensor($0) } }
}
