// Images of another size: by the nearest element or by interpolation, and the gradients of both.

public import Graphs
package import Programs
public import Tensors

/// Images `[batch, height, width, features]` of another height and width.
///
/// Which elements a result is made of follows from positions alone, so lowerings gather along rows and columns with
/// indices that are constants, and gradients scatter with them.
///
/// - Gradient: each element gets `g` of what was made of it, by its share.
/// - Source: TensorFlow's kernels `resize_nearest_neighbor_op` and `resize_bilinear_op`, whose positions are computed in
///   single precision as here.
package struct Resizing: Operation {
    package enum Role: String, Hashable, Sendable {
        /// (images, size) → images
        case nearest = "ResizeNearestNeighbor"
        case bilinear = "ResizeBilinear"
        /// (gradient, size of the images) → gradient of the images
        case nearestGradient = "ResizeNearestNeighborGrad"
        /// (gradient, images) → gradient of the images
        case bilinearGradient = "ResizeBilinearGrad"
    }

    let role: Role
    let dtype: DType
    /// Whether the corner elements keep their places.
    let alignsCorners: Bool
    /// Whether an element's position is its middle.
    let hasHalfPixelCenters: Bool

    package init(_ role: Role, dtype: DType, alignsCorners: Bool = false, hasHalfPixelCenters: Bool = false) {
        self.role = role
        self.dtype = dtype
        self.alignsCorners = alignsCorners
        self.hasHalfPixelCenters = hasHalfPixelCenters
    }

    private func with(_ role: Role) -> Resizing {
        Resizing(role, dtype: dtype, alignsCorners: alignsCorners, hasHalfPixelCenters: hasHalfPixelCenters)
    }

    package var name: String { role.rawValue }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("align_corners", .bool(alignsCorners)),
            Attribute("half_pixel_centers", .bool(hasHalfPixelCenters)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    private var isBilinear: Bool { role == .bilinear || role == .bilinearGradient }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        if alignsCorners, hasHalfPixelCenters {
            throw Mistake("either the corners are aligned or the middles of elements count, not both")
        }
        guard isBilinear ? dtype.isFloating : dtype.isNumeric else {
            throw .unsupported(dtype, accepted: isBilinear ? "floating-point numbers" : "numbers")
        }
        let images = inputs[0].shape
        if let rank = images.rank, rank != 4 {
            throw Mistake("the images must have 4 dimensions, but have shape \(images)")
        }
        let extents = images.extents ?? [-1, -1, -1, -1]
        if role == .bilinearGradient {
            if let rank = inputs[1].shape.rank, rank != 4 {
                throw Mistake("the images must have 4 dimensions, but have shape \(inputs[1].shape)")
            }
            let original = inputs[1].shape
            return [TensorType(dtype, Shape(extents: [extents[0], original[1] ?? -1, original[2] ?? -1, extents[3]]))]
        }
        try inputs.requireIntegers(1, "the size")
        let size = inputs.sizes(1)
        if let rank = size.rank, rank != 2 { throw Mistake("the size must be two numbers, height and width") }
        if let known = inputs.integers(1), known.contains(where: { $0 <= 0 }) {
            throw Mistake("the size must be positive, but is \(known)")
        }
        return [
            TensorType(
                role == .bilinear ? .float32 : dtype,
                Shape(extents: [extents[0], size[0] ?? -1, size[1] ?? -1, extents[3]]))
        ]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        if !dtype.isFloating { return .none(reason: "integers have no gradient") }
        let (inputs, g) = (context.inputs, context.outputGradient)
        func size(of images: Value) -> Value { makeVectorSlice(makeShape(images), from: 1, to: 3) }
        switch role {
        case .nearest: return .inputs([makeValue(with(.nearestGradient), [g, size(of: inputs[0])]), nil])
        case .bilinear: return .inputs([makeValue(with(.bilinearGradient), [g, inputs[0]]), nil])
        case .nearestGradient: return .inputs([makeValue(with(.nearest), [g, size(of: inputs[0])]), nil])
        case .bilinearGradient: return .inputs([makeValue(with(.bilinear), [g, size(of: inputs[0])]), nil])
        }
    }

    // MARK: Lowering

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = try context.outputShape()
        let builder = context.builder
        let isGradient = role == .nearestGradient || role == .bilinearGradient
        let type = ArrayType(role == .bilinear ? .float32 : dtype, shape)
        // Where each element comes from is worked out here, which must not take more memory than the result may.
        if let refusal = Memory.refusal(of: shape, type.dtype) { throw Mistake(refusal) }
        if shape.contains(0) || context.shape(0).contains(0) { return [try builder.filled(0, type)] }
        var value = context.operands[0]
        if isBilinear { value = try builder.convert(value, to: type.dtype) }
        for axis in [1, 2] {
            let (from, to) = (builder.shape(of: value)[axis], shape[axis])
            if from == to, !isBilinear { continue }
            let sources = sources(from: isGradient ? to : from, to: isGradient ? from : to)
            value =
                try isGradient
                ? scattered(value, sources, axis: axis, range: to, builder)
                : gathered(value, sources, axis: axis, builder)
        }
        return [value]
    }

    /// What each element along an axis is made of: `lower · (1 - weight) + upper · weight`.
    private struct Sources {
        var lower: [Int] = []
        var upper: [Int] = []
        var weights: [Double] = []
    }

    private func sources(from extent: Int, to count: Int) -> Sources {
        let scale =
            alignsCorners && count > 1 ? Float(extent - 1) / Float(count - 1) : Float(extent) / Float(count)
        var result = Sources()
        for index in 0..<count {
            if !isBilinear {
                let position = hasHalfPixelCenters ? (Float(index) + 0.5) * scale : Float(index) * scale
                let nearest = alignsCorners ? position.rounded(.toNearestOrAwayFromZero) : position.rounded(.down)
                result.lower.append(min(Int(nearest), extent - 1))
                continue
            }
            let position = hasHalfPixelCenters ? (Float(index) + 0.5) * scale - 0.5 : Float(index) * scale
            let below = position.rounded(.down)
            result.lower.append(max(0, Int(below)))
            result.upper.append(min(Int(position.rounded(.up)), extent - 1))
            result.weights.append(Double(position - below))
        }
        return result
    }

    private func weights(
        _ weights: [Double], like value: ValueID, axis: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        let type = builder.type(of: value)
        let vector = try builder.convert(builder.constant(NDArray(weights).untyped), to: type.dtype)
        return try builder.broadcast(vector, to: type.shape, axes: [axis])
    }

    private func gathered(
        _ value: ValueID, _ sources: Sources, axis: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        func elements(_ indices: [Int]) throws -> ValueID {
            let indices = builder.constant(UntypedArray(integers: indices, dtype: .int64))
            return try builder.add(.gather(axis: axis), [value, indices])
        }
        let lower = try elements(sources.lower)
        guard isBilinear else { return lower }
        let difference = try builder.binary(.subtract, elements(sources.upper), lower)
        let weights = try weights(sources.weights, like: lower, axis: axis, builder)
        return try builder.binary(.add, lower, builder.binary(.multiply, difference, weights))
    }

    private func scattered(
        _ value: ValueID, _ sources: Sources, axis: Int, range: Int, _ builder: ProgramBuilder
    ) throws -> ValueID {
        func sums(_ value: ValueID, _ indices: [Int]) throws -> ValueID {
            let indices = builder.constant(UntypedArray(integers: indices, dtype: .int64))
            return try builder.add(.scatterAdd(axis: axis, range: range), [value, indices])
        }
        guard isBilinear else { return try sums(value, sources.lower) }
        let upper = try builder.binary(
            .multiply, value, weights(sources.weights, like: value, axis: axis, builder))
        let lower = try builder.binary(
            .multiply, value, weights(sources.weights.map { 1 - $0 }, like: value, axis: axis, builder))
        return try builder.binary(.add, sums(lower, sources.lower), sums(upper, sources.upper))
    }
}

// MARK: - Public functions

/// How images of another size are made.
public struct ResizeMethod: Hashable, Sendable {
    let isBilinear: Bool

    /// The nearest element.
    public static let nearest = ResizeMethod(isBilinear: false)
    /// The mean of the four nearest elements, by their distances.
    public static let bilinear = ResizeMethod(isBilinear: true)
}

/// Images of another height and width.
///
/// - Shapes: `[batch, height, width, features]` → `[batch, size.0, size.1, features]`.
/// - Parameters:
///   - size: the new height and width.
/// - Errors: images that do not have four dimensions, or a size that is not positive, are mistakes.
/// - Gradient: `g`, by the share that each element has in the result.
/// - Source: TensorFlow's `tf.image.resize` with half-pixel centers, without antialiasing.
public func resized(
    _ images: some TensorExpression<Float>, to size: (Int, Int), method: ResizeMethod = .bilinear, name: String? = nil
) -> Tensor<Float> {
    let operation = Resizing(
        method.isBilinear ? .bilinear : .nearest, dtype: .float32, hasHalfPixelCenters: true)
    let images = images.value
    return inNodeScope(name, operation.name, of: images.graph) { name in
        makeTensor(operation, [images, integerConstant([size.0, size.1], name: "size")], name: name)
    }
}

// MARK: - From files

extension Resizing: DecodableOperation {
    package static var operationNames: [String] {
        ["ResizeNearestNeighbor", "ResizeBilinear", "ResizeNearestNeighborGrad", "ResizeBilinearGrad"]
    }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        guard let role = Role(rawValue: node.operation) else { throw .unsupported("the op \(node.operation)") }
        self.init(
            role, dtype: try node.dtype("T"), alignsCorners: try node.bool("align_corners", default: false),
            hasHalfPixelCenters: try node.bool("half_pixel_centers", default: false))
    }
}
