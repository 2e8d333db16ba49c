// Elements moved around: rolled along axes, repeated one by one, spread over a grid.

public import Graphs
package import Programs
public import Tensors

/// (x, shifts, axes) → `x` moved along axes, what leaves at one end coming back at the other.
///
/// - Gradient: `g`, moved back.
package struct Roll: Operation {
    let dtype: DType
    let shiftType: DType
    let axisType: DType

    package init(dtype: DType, shiftType: DType = .int32, axisType: DType = .int32) {
        self.dtype = dtype
        self.shiftType = shiftType
        self.axisType = axisType
    }

    package var name: String { "Roll" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("Tshift", .type(shiftType)),
            Attribute("Taxis", .type(axisType)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireIntegers(1, "the shifts")
        try inputs.requireIntegers(2, "the axes")
        if !inputs[1].shape.isCompatible(with: inputs[2].shape) {
            throw .shapesDiffer(inputs[1].shape, inputs[2].shape, what: "the shapes of shifts and axes")
        }
        if let axes = inputs.integers(2), let rank = inputs[0].shape.rank {
            for axis in axes { _ = try position(ofAxis: axis, rank: rank) }
        }
        return [inputs[0]]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let shifts = context.inputs[1]
        let back = shifts.constant?.integers.map { values in
            let array = UntypedArray(integers: values.map { 0 &- $0 }, dtype: shifts.dtype)
            return makeConstant(shifts.shape.rank == 0 ? array.reshaped([]) : array, in: shifts.graph)
        }
        return .inputs([
            makeValue(self, [context.outputGradient, back ?? -shifts, context.inputs[2]]), nil, nil,
        ])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let shape = context.shape(0)
        let shifts = try context.integers(1, "the shifts")
        let axes = try context.integers(2, "the axes")
        var value = context.operands[0]
        for (shift, axis) in zip(shifts, axes) {
            let axis = try position(ofAxis: axis, rank: shape.count)
            let extent = shape[axis]
            guard extent > 1 else { continue }
            let offset = ((shift % extent) + extent) % extent
            if offset == 0 { continue }
            func part(_ start: Int, _ limit: Int) throws -> ValueID {
                var (starts, limits) = (shape.map { _ in 0 }, shape)
                (starts[axis], limits[axis]) = (start, limit)
                return try builder.add(.slice(starts: starts, limits: limits, strides: shape.map { _ in 1 }), [value])
            }
            value = try builder.add(
                .concatenate(axis: axis), [part(extent - offset, extent), part(0, extent - offset)])
        }
        return [value]
    }
}

extension TensorExpression {
    /// Moved along an axis, what leaves at one end coming back at the other.
    ///
    ///     constant([1, 2, 3, 4] as [Float]).rolled(by: 1, axis: 0)        // [4, 1, 2, 3]
    ///
    /// - Errors: an axis out of range is a mistake.
    /// - Gradient: `g`, moved back.
    /// - Source: TensorFlow's `roll`.
    public func rolled(by shift: Int, axis: Int, name: String? = nil) -> Tensor<Scalar> {
        rolled(by: [shift], axes: [axis], name: name)
    }

    /// Moved along several axes, one after the other.
    ///
    /// - Errors: an axis out of range, or another number of shifts than axes, is a mistake.
    public func rolled(by shifts: [Int], axes: [Int], name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "Roll", of: x.graph) { name in
            let shifts = integerConstant(shifts, name: "shift")
            let axes = integerConstant(axes, name: "axis")
            let operation = Roll(dtype: x.dtype, shiftType: shifts.dtype, axisType: axes.dtype)
            return makeTensor(operation, [x, shifts, axes], name: name)
        }
    }

    /// Each element along an axis repeated in its place.
    ///
    ///     constant([1, 2] as [Float]).repeatingElements(2, axis: 0)        // [1, 1, 2, 2]
    ///
    /// - Errors: an axis out of range, or a negative count, is a mistake.
    /// - Gradient: the sum over the repetitions.
    /// - Source: TensorFlow's `repeat` with one count; Keras's `repeat_elements`.
    public func repeatingElements(_ count: Int, axis: Int, name: String? = nil) -> Tensor<Scalar> {
        let x = tensor
        guard let rank = x.shape.rank, let place = try? position(ofAxis: axis, rank: rank), count >= 0 else {
            let mistake =
                count < 0
                ? Mistake("elements cannot be repeated \(count) times")
                : x.shape.rank.map { Mistake.axisOutOfRange(axis, rank: $0) }
                    ?? Mistake("axis \(axis) needs a known rank")
            return makeTensor(Misuse(of: "Repeat", mistake), [x.value], name: name)
        }
        return withGraph(x.graph) {
            withNameScope(name ?? "Repeat") {
                var multiples = [Int](repeating: 1, count: rank + 1)
                multiples[place + 1] = count
                let wide = x.expandingDimension(at: place + 1).tiled(multiples)
                var sizes = wide.shape.extents ?? []
                sizes.remove(at: place + 1)
                // The size of the axis grows; one that is not known is what remains.
                sizes[place] =
                    x.shape[place].map { extent in
                        let (product, overflows) = extent.multipliedReportingOverflow(by: count)
                        return overflows ? .max : product
                    } ?? -1
                if sizes.count(where: { $0 < 0 }) <= 1, !sizes.contains(0) { return wide.reshaped(sizes) }
                let dimensions = makeShape(x.value)
                let parts = sizes.enumerated().map { axis, size -> Value in
                    if size >= 0 { return integerConstant(size) }
                    let own = makePart(dimensions, axis: 0, at: axis)
                    return axis == place ? own * integerConstant(count) : own
                }
                return Tensor(makeReshape(wide.value, shape: makePack(parts, axis: 0)))
            }
        }
    }
}

/// Coordinates of all points of a grid: for each vector an array in which it varies along its own axis.
///
///     let (x, y) = (constant([1, 2, 3] as [Float]), constant([4, 5] as [Float]))
///     meshgrid([x, y])        // [[1, 2, 3], [1, 2, 3]] and [[4, 4, 4], [5, 5, 5]]
///
/// - Parameters:
///   - isMatrixIndexed: whether the first vector varies along the first axis (`ij`), not along the second (`xy`).
/// - Errors: anything but vectors is a mistake.
/// - Gradient: the sums of `g` along the other axes.
/// - Source: TensorFlow's `meshgrid`.
public func meshgrid<Scalar: NumericElement>(
    _ vectors: [Tensor<Scalar>], isMatrixIndexed: Bool = false, name: String? = nil
) -> [Tensor<Scalar>] {
    guard let graph = vectors.first?.graph else { return [] }
    return withGraph(graph) {
        withNameScope(name ?? "meshgrid") {
            let lines = vectors.enumerated().map { index, vector -> Tensor<Scalar> in
                guard vector.shape.isCompatible(with: .unknown(rank: 1)) else {
                    let mistake = Mistake("a grid is made of vectors, but one has shape \(vector.shape)")
                    return makeTensor(Misuse(of: "Meshgrid", mistake), [vector.value])
                }
                var sizes = [Int](repeating: 1, count: vectors.count)
                let axis = !isMatrixIndexed && index < 2 && vectors.count > 1 ? 1 - index : index
                sizes[axis] = -1
                return vector.reshaped(sizes)
            }
            let zeros = lines.map { Operations.zeros(like: $0) }
            guard let first = zeros.first else { return [] }
            let grid = zeros.dropFirst().reduce(first) { $0 + $1 }
            return lines.map { $0 + grid }
        }
    }
}

// MARK: - From files

extension Roll: DecodableOperation {
    package static var operationNames: [String] { ["Roll"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), shiftType: try node.dtype("Tshift"), axisType: try node.dtype("Taxis"))
    }
}
