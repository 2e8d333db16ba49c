// Convolutions of images, of each feature with kernels of its own, and their gradients, which are convolutions again.
// The public functions are in ConvolutionFunctions.

package import Graphs
package import Programs
package import Tensors

/// A convolution, or the gradient of one with respect to its image or its kernel.
///
///     y[n, p, o] = Σ_q Σ_c x[n, p · stride + q · dilation - low, c] w[q, c, o]
///
/// Its six ops are one, because each is the gradient of the other two: forward, image and kernel gradient, of plain
/// convolutions and of those in which each feature has kernels of its own.
///
/// - Shapes: image `[batch, space..., features]` (or features first), kernel
///   `[space..., features of a group, results]`; of a depthwise one `[space..., features, multiplier]`.
/// - Source: TensorFlow's `nn_grad.py`.
package struct Convolution: Operation {
    package enum Role: Hashable, Sendable {
        case forward
        /// (sizes of the image, kernel, gradient) → gradient of the image
        case imageGradient
        /// (image, sizes of the kernel, gradient) → gradient of the kernel
        case kernelGradient
    }

    let role: Role
    let dtype: DType
    let window: ImageWindow
    let isDepthwise: Bool
    /// The type of the sizes of an image in three dimensions.
    let sizeType: DType

    package init(
        _ role: Role = .forward, dtype: DType, window: ImageWindow, isDepthwise: Bool = false, sizeType: DType = .int32
    ) {
        self.role = role
        self.dtype = dtype
        self.window = window
        self.isDepthwise = isDepthwise
        self.sizeType = sizeType
    }

    private func with(_ role: Role) -> Convolution {
        Convolution(role, dtype: dtype, window: window, isDepthwise: isDepthwise)
    }

    package var name: String {
        let isSpatial = window.spaceRank == 3
        let base = isDepthwise ? "DepthwiseConv2dNative" : isSpatial ? "Conv3D" : "Conv2D"
        let suffix = isSpatial ? "V2" : ""
        switch role {
        case .forward: return base
        case .imageGradient: return base + "BackpropInput" + suffix
        case .kernelGradient: return base + "BackpropFilter" + suffix
        }
    }

    package var attributes: [Attribute] {
        var attributes = [
            Attribute("T", .type(dtype)), Attribute("strides", .ints(window.all(window.strides))),
            Attribute("padding", .string(window.padding.name)),
            Attribute("data_format", .string(window.format.name(spaceRank: window.spaceRank))),
            Attribute("dilations", .ints(window.all(window.dilations))),
        ]
        if window.spaceRank == 2 {
            if !isDepthwise { attributes.append(Attribute("use_cudnn_on_gpu", .bool(true))) }
            let paddings = window.explicitPaddings
            attributes.append(Attribute("explicit_paddings", paddings.isEmpty ? .emptyList : .ints(paddings)))
        } else if role == .imageGradient {
            attributes.append(Attribute("Tshape", .type(sizeType)))
        }
        return attributes
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    // MARK: Types

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: role == .forward ? 2 : 3)
        try window.requireSense()
        if window.spaceRank == 3, case .explicit = window.padding.kind {
            throw Mistake("explicit padding is not defined for three dimensions in space")
        }
        let arrays = role == .forward ? [0, 1] : role == .imageGradient ? [1, 2] : [0, 2]
        for index in arrays where inputs[index].dtype != dtype { throw .dtypesDiffer(dtype, inputs[index].dtype) }
        guard dtype.isFloating || dtype == .int32 && !isDepthwise else {
            throw .unsupported(
                dtype, accepted: isDepthwise ? "floating-point numbers" : "floating-point numbers and int32")
        }
        let image: Shape
        let kernel: Shape
        switch role {
        case .forward: (image, kernel) = (inputs[0].shape, inputs[1].shape)
        case .imageGradient:
            try inputs.requireIntegers(0, "the sizes of the image")
            (image, kernel) = (inputs.sizes(0), inputs[1].shape)
        case .kernelGradient:
            try inputs.requireIntegers(1, "the sizes of the kernel")
            (image, kernel) = (inputs[0].shape, inputs.sizes(1))
        }
        let forward = try result(image, kernel, inputs)
        guard role != .forward else { return [TensorType(dtype, forward)] }
        if !inputs[2].shape.isCompatible(with: forward) {
            throw .shapesDiffer(inputs[2].shape, forward, what: "the shapes of the gradient and of the result")
        }
        let rank = Shape.unknown(rank: window.rank)
        return [TensorType(dtype, (role == .imageGradient ? image : kernel).merged(with: rank) ?? rank)]
    }

    /// The shape of the convolution of such an image and such a kernel.
    private func result(_ image: Shape, _ kernel: Shape, _ inputs: InputTypes) throws(Mistake) -> Shape {
        let rank = window.rank
        for (shape, what) in [(image, "image"), (kernel, "kernel")] {
            if let found = shape.rank, found != rank {
                throw Mistake(
                    "the \(what) must have \(rank) dimensions, but has shape \(shape)",
                    hint: what == "image"
                        ? "an image has shape \(window.format.isFeaturesFirst ? "[batch, features, space...]" : "[batch, space..., features]")"
                        : "a kernel has shape [space..., features, \(isDepthwise ? "multiplier" : "results")]")
            }
        }
        let imageExtents = image.extents ?? Array(repeating: -1, count: rank)
        let kernelExtents = kernel.extents ?? Array(repeating: -1, count: rank)
        let features = imageExtents[window.featureAxis]
        let (kernelFeatures, results) = (kernelExtents[rank - 2], kernelExtents[rank - 1])
        if features >= 0, kernelFeatures >= 0 {
            let fits =
                isDepthwise || features == kernelFeatures
                ? features == kernelFeatures : kernelFeatures > 0 && features % kernelFeatures == 0
            if !fits {
                var hint = "the kernel's features, \(kernelFeatures), must be the image's, \(features)"
                if !isDepthwise { hint += ", or divide them" }
                if let variable = inputs.variable(1), role == .forward {
                    var wanted = kernelExtents
                    wanted[rank - 2] = features
                    hint = "the kernel comes from \(variable); did you mean shape \(Shape(extents: wanted))?"
                }
                throw Mistake("an image of shape \(image) does not fit a kernel of shape \(kernel)", hint: hint)
            }
            if !isDepthwise, kernelFeatures > 0, results >= 0, results % (features / kernelFeatures) != 0 {
                throw Mistake(
                    "\(results) results cannot be cut into \(features / kernelFeatures) groups: an image of shape \(image), "
                        + "a kernel of shape \(kernel)")
            }
        }
        let positions = try window.positions(
            sizes: Array(kernelExtents.dropLast(2)), over: window.space(of: imageExtents))
        let count = !isDepthwise ? results : kernelFeatures < 0 || results < 0 ? -1 : kernelFeatures &* results
        return window.shape(imageExtents[0], positions, count)
    }

    // MARK: Gradient

    package func gradient(_ context: GradientContext) -> Gradient {
        if !dtype.isFloating { return .none(reason: "integers have no gradient") }
        let inputs = context.inputs
        let g = context.outputGradient
        var gradients = [Value?](repeating: nil, count: inputs.count)
        func image(_ like: Value, _ kernel: Value, _ result: Value) -> Value {
            makeValue(with(.imageGradient), [makeShape(like), kernel, result])
        }
        func kernel(_ image: Value, _ like: Value, _ result: Value) -> Value {
            makeValue(with(.kernelGradient), [image, makeShape(like), result])
        }
        let forward = with(.forward)
        switch role {
        case .forward:
            if context.isWanted[0] { gradients[0] = image(inputs[0], inputs[1], g) }
            if context.isWanted[1] { gradients[1] = kernel(inputs[0], inputs[1], g) }
        case .imageGradient:
            if context.isWanted[1] { gradients[1] = kernel(g, inputs[1], inputs[2]) }
            if context.isWanted[2] { gradients[2] = makeValue(forward, [g, inputs[1]]) }
        case .kernelGradient:
            if context.isWanted[0] { gradients[0] = image(inputs[0], g, inputs[2]) }
            if context.isWanted[2] { gradients[2] = makeValue(forward, [inputs[0], g]) }
        }
        return .inputs(gradients)
    }

    // MARK: Lowering

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = try context.outputShape()
        let builder = context.builder
        if shape.contains(0) { return [try builder.filled(0, ArrayType(dtype, shape))] }
        let lowering = ConvolutionLowering(window: window, isDepthwise: isDepthwise, builder: builder)
        let operands = context.operands
        switch role {
        case .forward: return [try lowering.forward(operands[0], operands[1])]
        case .imageGradient: return [try lowering.imageGradient(shape, operands[1], operands[2])]
        case .kernelGradient: return [try lowering.kernelGradient(operands[0], shape, operands[2])]
        }
    }
}

/// The three convolutions in terms of the program's one.
private struct ConvolutionLowering {
    let window: ImageWindow
    let isDepthwise: Bool
    let builder: ProgramBuilder

    private var spaceRank: Int { window.spaceRank }

    private func featuresLast(_ value: ValueID) throws -> ValueID {
        window.format.isFeaturesFirst ? try builder.transpose(value, window.toFeaturesLast) : value
    }

    private func inFormat(_ value: ValueID) throws -> ValueID {
        window.format.isFeaturesFirst ? try builder.transpose(value, window.fromFeaturesLast) : value
    }

    /// The kernel's shape as that of a plain convolution: a depthwise one has a group for each feature.
    private func plain(_ kernel: [Int]) -> [Int] {
        guard isDepthwise else { return kernel }
        return kernel.prefix(spaceRank) + [1, kernel[spaceRank] * kernel[spaceRank + 1]]
    }

    func forward(_ image: ValueID, _ kernel: ValueID) throws -> ValueID {
        let image = try featuresLast(image)
        let shape = builder.shape(of: image)
        let kernel = try builder.reshape(kernel, to: plain(builder.shape(of: kernel)))
        let weights = builder.shape(of: kernel)
        if shape.contains(0) || weights.contains(0) { return try zeros(shape, weights, builder.dtype(of: image)) }
        let axes = try window.axes(sizes: Array(weights.prefix(spaceRank)), over: Array(shape[1...spaceRank]))
        try requireAddressable(shape, axes)
        let groups = shape[spaceRank + 1] / weights[spaceRank]
        return try inFormat(
            builder.convolution(image, kernel, ConvolutionWindow(axes: axes, featureGroups: groups)))
    }

    /// The result of a convolution in which nothing is summed.
    private func zeros(_ image: [Int], _ kernel: [Int], _ dtype: DType) throws -> ValueID {
        let positions = try window.positions(sizes: Array(kernel.prefix(spaceRank)), over: Array(image[1...spaceRank]))
        let type = ArrayType(dtype, [image[0]] + positions + [kernel[spaceRank + 1]])
        return try inFormat(builder.filled(0, type))
    }

    /// The convolution of the gradient, with gaps where the window moved by more than one, with the kernel turned round.
    func imageGradient(_ shape: [Int], _ kernel: ValueID, _ gradient: ValueID) throws -> ValueID {
        let image = window.format.isFeaturesFirst ? window.toFeaturesLast.map { shape[$0] } : shape
        let gradient = try featuresLast(gradient)
        let weights = plain(builder.shape(of: kernel))
        let g = builder.shape(of: gradient)
        if g.contains(0) || weights.contains(0) {
            return try builder.filled(0, ArrayType(builder.dtype(of: gradient), shape))
        }
        let sizes = Array(weights.prefix(spaceRank))
        let forward = try window.axes(sizes: sizes, over: Array(image[1...spaceRank]))
        try requireAddressable(image, forward)
        let groups = image[spaceRank + 1] / weights[spaceRank]
        let (features, results) = (weights[spaceRank], weights[spaceRank + 1] / groups)
        // [space..., features of a group, groups, results of a group] → [space..., results, groups, features]
        var turned = try builder.reshape(kernel, to: sizes + [features, groups, results])
        turned = try builder.transpose(turned, Array(0..<spaceRank) + [spaceRank + 2, spaceRank + 1, spaceRank])
        turned = try builder.reshape(turned, to: sizes + [results, groups * features])
        turned = try builder.add(.reverse(axes: Array(0..<spaceRank)), [turned])
        var axes: [WindowAxis] = []
        for (index, axis) in forward.enumerated() {
            let span = axis.span ?? 1
            let low = span - 1 - axis.low
            let spread = (g[index + 1] - 1) * axis.stride + 1
            axes.append(
                WindowAxis(
                    size: axis.size, low: low, high: image[index + 1] + span - 1 - low - spread,
                    baseDilation: axis.stride, dilation: axis.dilation))
        }
        return try inFormat(
            builder.convolution(gradient, turned, ConvolutionWindow(axes: axes, featureGroups: groups)))
    }

    /// The convolution of the image with the gradient, summed over the batch: features stand for the batch and the batch
    /// for the features.
    func kernelGradient(_ image: ValueID, _ shape: [Int], _ gradient: ValueID) throws -> ValueID {
        let (image, gradient) = (try featuresLast(image), try featuresLast(gradient))
        let (x, g) = (builder.shape(of: image), builder.shape(of: gradient))
        if x.contains(0) || g.contains(0) {
            return try builder.filled(0, ArrayType(builder.dtype(of: image), shape))
        }
        let weights = plain(shape)
        let sizes = Array(weights.prefix(spaceRank))
        let forward = try window.axes(sizes: sizes, over: Array(x[1...spaceRank]))
        try requireAddressable(x, forward)
        let groups = x[spaceRank + 1] / weights[spaceRank]
        var axes: [WindowAxis] = []
        for (index, axis) in forward.enumerated() {
            let spread = (g[index + 1] - 1) * axis.stride + 1
            axes.append(
                WindowAxis(
                    size: g[index + 1], stride: axis.dilation, low: axis.low,
                    high: ((axis.span ?? 1) - 1) + spread - x[index + 1] - axis.low, dilation: axis.stride))
        }
        let space = Array(1...spaceRank)
        let sums = try builder.convolution(
            builder.transpose(image, [spaceRank + 1] + space + [0]),
            builder.transpose(gradient, space + [0, spaceRank + 1]),
            ConvolutionWindow(axes: axes, batchGroups: groups))
        return try builder.reshape(builder.transpose(sums, space + [0, spaceRank + 1]), to: shape)
    }
}

// MARK: - From files

extension Convolution: DecodableOperation {
    package static var operationNames: [String] {
        let plain = ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"]
        let depthwise = ["", "BackpropInput", "BackpropFilter"].map { "DepthwiseConv2dNative" + $0 }
        return plain + depthwise + ["Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"]
    }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let role: Role =
            node.operation.contains("BackpropInput")
            ? .imageGradient : node.operation.contains("BackpropFilter") ? .kernelGradient : .forward
        let spaceRank = node.operation.hasPrefix("Conv3D") ? 3 : 2
        self.init(
            role, dtype: try node.dtype("T"), window: try ImageWindow(node, spaceRank: spaceRank),
            isDepthwise: node.operation.hasPrefix("Depthwise"),
            sizeType: try node.dtype("Tshape", default: .int32))
    }
}

extension ImageWindow {
    /// The window that a node's attributes describe.
    init(_ node: NodeDescription, spaceRank: Int) throws(DecodingMistake) {
        let formatName = try node.string("data_format", default: spaceRank == 3 ? "NDHWC" : "NHWC")
        guard let format = DataFormat(name: formatName), formatName.utf8.count == spaceRank + 2 else {
            throw .unsupported("the data format \(formatName)")
        }
        self.init(strides: Array(repeating: 1, count: spaceRank), padding: .valid, format: format)
        func space(_ name: String, _ numbers: [Int]) throws(DecodingMistake) -> [Int] {
            guard numbers.count == rank else {
                throw .malformed(
                    "the attribute \"\(name)\" must have \(spaceRank + 2) numbers, but has \(numbers.count)")
            }
            if numbers[0] != 1 || numbers[featureAxis] != 1 {
                throw .unsupported("\(name) \(numbers): windows along the batch or the features")
            }
            return self.space(of: numbers)
        }
        strides = try space("strides", node.ints("strides"))
        dilations = try space("dilations", node.ints("dilations", default: all(dilations)))
        switch try node.string("padding") {
        case "SAME": padding = .same
        case "VALID": padding = .valid
        case "EXPLICIT":
            let numbers = try node.ints("explicit_paddings")
            guard numbers.count == 2 * rank else {
                throw .malformed("the attribute \"explicit_paddings\" must have \(2 * rank) numbers")
            }
            let pairs = (0..<rank).map { (numbers[2 * $0], numbers[2 * $0 + 1]) }
            guard pairs[0] == (0, 0), pairs[featureAxis] == (0, 0) else {
                throw .malformed("padding of the batch or the features")
            }
            padding = .explicit(self.space(of: pairs))
        case let other: throw .malformed("the padding \"\(other)\"")
        }
    }
}
