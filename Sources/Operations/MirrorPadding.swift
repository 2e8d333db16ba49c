// Padding with what is inside, seen in a mirror.

public import Graphs
package import Programs
package import Tensors

/// Where the mirror stands.
public enum MirrorMode: String, Hashable, Sendable, CaseIterable {
    /// On the outermost element, which is not repeated: `[1, 2, 3]` → `[3, 2, 1, 2, 3]`.
    case reflect = "REFLECT"
    /// Outside of it, so that it is: `[1, 2, 3]` → `[2, 1, 1, 2, 3]`.
    case symmetric = "SYMMETRIC"

    /// How many elements next to the border are not repeated.
    var skipped: Int { self == .reflect ? 1 : 0 }
}

/// (x, paddings) → `x` with its mirror image around it; or what undoes that by adding the images to where they are from.
///
/// - Gradient: the other of the two.
package struct MirrorPad: Operation {
    let dtype: DType
    let indexType: DType
    let mode: MirrorMode
    /// Whether it folds the images back: `MirrorPadGrad`.
    let isFolding: Bool

    package init(dtype: DType, indexType: DType = .int32, mode: MirrorMode = .reflect, isFolding: Bool = false) {
        self.dtype = dtype
        self.indexType = indexType
        self.mode = mode
        self.isFolding = isFolding
    }

    package var name: String { isFolding ? "MirrorPadGrad" : "MirrorPad" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("Tpaddings", .type(indexType)),
            Attribute("mode", .string(mode.rawValue)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireIntegers(1, "the paddings", maximumRank: 2)
        let (shape, form) = (inputs[0].shape, inputs[1].shape)
        let rank = shape.rank ?? form[0]
        if !form.isCompatible(with: [rank, 2]) {
            throw Mistake("paddings of shape \(form) do not fit shape \(shape)", hint: "give two for each axis")
        }
        guard let paddings = inputs.integers(1), let extents = shape.extents else {
            return [TensorType(dtype, rank.map(Shape.unknown(rank:)) ?? .unknown)]
        }
        var result: [Int] = []
        for (axis, extent) in extents.enumerated() {
            let (before, after) = (paddings[2 * axis], paddings[2 * axis + 1])
            if before < 0 || after < 0 { throw Mistake("paddings must not be negative: \(paddings)") }
            if extent < 0 {
                result.append(-1)
                continue
            }
            let (sum, isTooLarge) = before.addingReportingOverflow(after)
            let inside = isFolding ? extent - sum : extent
            // The larger of two that do not add up is refused here as well.
            guard !isTooLarge, inside >= 0, max(before, after) <= max(inside - mode.skipped, 0) else {
                throw Mistake(
                    "there is too little in axis \(axis) of \(shape) to be mirrored \(max(before, after)) deep",
                    hint: isFolding ? nil : "pad by up to \(max(extent - mode.skipped, 0))")
            }
            result.append(isFolding ? inside : extent + sum)
        }
        return [TensorType(dtype, Shape(extents: result))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let other = MirrorPad(dtype: dtype, indexType: indexType, mode: mode, isFolding: !isFolding)
        return .inputs([makeValue(other, [context.outputGradient, context.inputs[1]]), nil])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let paddings = try context.integers(1, "the paddings")
        var value = context.operands[0]
        for axis in context.shape(0).indices {
            let (before, after) = (paddings[2 * axis], paddings[2 * axis + 1])
            if before == 0, after == 0 { continue }
            value = try (isFolding ? folded : padded)(value, axis, before, after, context.builder)
        }
        return [value]
    }

    private func padded(
        _ x: ValueID, _ axis: Int, _ before: Int, _ after: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        let extent = builder.shape(of: x)[axis]
        let parts = [
            try image(x, axis, mode.skipped, before, builder), x,
            try image(x, axis, extent - mode.skipped - after, after, builder),
        ]
        return try builder.add(.concatenate(axis: axis), parts)
    }

    private func folded(
        _ x: ValueID, _ axis: Int, _ before: Int, _ after: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        let shape = builder.shape(of: x)
        let inside = shape[axis] - before - after
        let zero = builder.scalar(0, dtype)
        func placed(_ part: ValueID, at start: Int, _ count: Int) throws -> ValueID {
            var (low, high) = (shape.map { _ in 0 }, shape.map { _ in 0 })
            (low[axis], high[axis]) = (start, inside - start - count)
            return try builder.add(.pad(low: low, high: high, interior: shape.map { _ in 0 }), [part, zero])
        }
        var sum = try slice(x, axis, before, inside, builder)
        if before > 0 {
            let part = try placed(image(x, axis, 0, before, builder), at: mode.skipped, before)
            sum = try builder.binary(.add, sum, part)
        }
        if after > 0 {
            let part = try placed(
                image(x, axis, shape[axis] - after, after, builder), at: inside - mode.skipped - after, after)
            sum = try builder.binary(.add, sum, part)
        }
        return sum
    }

    private func slice(
        _ x: ValueID, _ axis: Int, _ start: Int, _ count: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        let shape = builder.shape(of: x)
        var (starts, limits) = (shape.map { _ in 0 }, shape)
        (starts[axis], limits[axis]) = (start, start + count)
        return try builder.add(.slice(starts: starts, limits: limits, strides: shape.map { _ in 1 }), [x])
    }

    private func image(
        _ x: ValueID, _ axis: Int, _ start: Int, _ count: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        try builder.add(.reverse(axes: [axis]), [slice(x, axis, start, count, builder)])
    }
}

extension TensorExpression {
    /// Surrounded by its own mirror image.
    ///
    ///     row.padded([(2, 0)], mirroring: .reflect)        // [1, 2, 3] → [3, 2, 1, 2, 3]
    ///
    /// - Parameters:
    ///   - paddings: for each axis how many to put before and after it.
    /// - Errors: another number of pairs than axes, a negative count, or more than there is to mirror, is a mistake.
    /// - Gradient: `g`, folded back to where its images are from.
    /// - Source: TensorFlow's `pad` with the modes `REFLECT` and `SYMMETRIC`.
    public func padded(_ paddings: [(Int, Int)], mirroring mode: MirrorMode, name: String? = nil) -> Tensor<Scalar> {
        let x = value
        return inNodeScope(name, "MirrorPad", of: x.graph) { name in
            let counts = makePaddings(paddings, name: "paddings", in: x.graph)
            return makeTensor(MirrorPad(dtype: x.dtype, indexType: counts.dtype, mode: mode), [x, counts], name: name)
        }
    }
}

// MARK: - From files

extension MirrorPad: DecodableOperation {
    package static var operationNames: [String] { ["MirrorPad", "MirrorPadGrad"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let text = try node.string("mode")
        guard let mode = MirrorMode(rawValue: text) else {
            throw .unsupported("mode \(text) is not supported, only REFLECT and SYMMETRIC")
        }
        self.init(
            dtype: try node.dtype("T"), indexType: try node.dtype("Tpaddings", default: .int32), mode: mode,
            isFolding: node.operation == "MirrorPadGrad")
    }
}
