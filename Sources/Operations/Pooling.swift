// Pooling: the largest or the mean of each window, and their gradients. The public functions are in PoolingFunctions.

package import Graphs
package import Programs
package import Tensors

/// Pooling of an image, or a gradient of it.
///
/// Padding counts as nothing: it is neither the largest, nor does a mean count it.
///
/// - Gradient: of the largest, `g` at the first largest element of each window; of a mean, the share of each element.
/// - Source: TensorFlow's `nn_grad.py`; where several elements are the largest, its CPU kernels, too, take the first.
package struct Pooling: Operation {
    package enum Role: Hashable, Sendable {
        case largest
        /// (image, result, gradient) → gradient of the image
        case largestGradient
        /// (image, result, gradient of the gradient above) → its element where each window's largest is
        case largestGradientGradient
        case mean
        /// (sizes of the image, gradient) → gradient of the image
        case meanGradient
    }

    let role: Role
    let dtype: DType
    let window: ImageWindow
    let sizes: [Int]

    package init(_ role: Role, dtype: DType, window: ImageWindow, sizes: [Int]) {
        self.role = role
        self.dtype = dtype
        self.window = window
        self.sizes = sizes
    }

    private func with(_ role: Role) -> Pooling { Pooling(role, dtype: dtype, window: window, sizes: sizes) }

    package var name: String {
        let rank = window.spaceRank == 3 ? "3D" : ""
        switch role {
        case .largest: return "MaxPool" + rank
        case .largestGradient: return "MaxPool" + rank + "Grad"
        case .largestGradientGradient: return "MaxPool" + rank + "GradGrad"
        case .mean: return "AvgPool" + rank
        case .meanGradient: return "AvgPool" + rank + "Grad"
        }
    }

    package var attributes: [Attribute] {
        var attributes = [
            Attribute("T", .type(dtype)), Attribute("ksize", .ints(window.all(sizes))),
            Attribute("strides", .ints(window.all(window.strides))),
            Attribute("padding", .string(window.padding.name)),
            Attribute("data_format", .string(window.format.name(spaceRank: window.spaceRank))),
        ]
        if window.spaceRank == 2, role == .largest || role == .largestGradient {
            let paddings = window.explicitPaddings
            attributes.append(Attribute("explicit_paddings", paddings.isEmpty ? .emptyList : .ints(paddings)))
        }
        if window.spaceRank == 3, role == .largestGradient { attributes.append(Attribute("TInput", .type(dtype))) }
        return attributes
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    private var inputCount: Int {
        switch role {
        case .largest, .mean: 1
        case .meanGradient: 2
        case .largestGradient, .largestGradientGradient: 3
        }
    }

    // MARK: Types

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: inputCount)
        try window.requireSense()
        guard sizes.count == window.spaceRank, sizes.allSatisfy({ $0 > 0 }) else {
            throw Mistake(
                "the window must have \(window.spaceRank) positive sizes, one for each dimension in space, but is \(sizes)"
            )
        }
        if case .explicit(let pairs) = window.padding.kind {
            guard window.spaceRank == 2, role == .largest || role == .largestGradient else {
                throw Mistake("explicit padding is defined for the largest of windows in two dimensions only")
            }
            if zip(pairs, sizes).contains(where: { max($0.low, $0.high) >= $1 }) {
                throw Mistake("a window of \(sizes) elements could lie in the padding alone")
            }
        }
        let isMean = role == .mean || role == .meanGradient
        guard isMean ? dtype.isFloating : dtype.isNumeric else {
            throw .unsupported(dtype, accepted: isMean ? "floating-point numbers" : "numbers")
        }
        for index in 0..<inputs.count where !(role == .meanGradient && index == 0) && inputs[index].dtype != dtype {
            throw .dtypesDiffer(dtype, inputs[index].dtype)
        }
        if role == .meanGradient { try inputs.requireIntegers(0, "the sizes of the image") }
        let image = role == .meanGradient ? inputs.sizes(0) : inputs[0].shape
        let rank = window.rank
        if let found = image.rank, found != rank {
            throw Mistake(
                "the image must have \(rank) dimensions, but has shape \(image)",
                hint: "an image has shape "
                    + (window.format.isFeaturesFirst ? "[batch, features, space...]" : "[batch, space..., features]"))
        }
        let extents = image.extents ?? Array(repeating: -1, count: rank)
        let result = window.shape(
            extents[0], try window.positions(sizes: sizes, over: window.space(of: extents)),
            extents[window.featureAxis])
        func require(_ index: Int, _ shape: Shape, _ what: String) throws(Mistake) {
            if !inputs[index].shape.isCompatible(with: shape) {
                throw .shapesDiffer(inputs[index].shape, shape, what: "the shapes of the \(what)")
            }
        }
        switch role {
        case .largest, .mean:
            return [TensorType(dtype, result)]
        case .largestGradient:
            try require(1, result, "result and what the image gives")
            try require(2, result, "gradient and the result")
            return [TensorType(dtype, Shape(extents: extents))]
        case .largestGradientGradient:
            try require(1, result, "result and what the image gives")
            try require(2, image, "gradient and the image")
            return [TensorType(dtype, result)]
        case .meanGradient:
            try require(1, result, "gradient and the result")
            return [TensorType(dtype, Shape(extents: extents))]
        }
    }

    // MARK: Gradient

    package func gradient(_ context: GradientContext) -> Gradient {
        if !dtype.isFloating { return .none(reason: "integers have no gradient") }
        let (inputs, g) = (context.inputs, context.outputGradient)
        /// Which element is the largest changes in steps: zeros, as in TensorFlow.
        func choice(_ role: Role) -> Gradient {
            let zeros = (0..<2).map { context.isWanted[$0] ? makeZeros(like: inputs[$0]) : nil }
            return .inputs(zeros + [makeValue(with(role), [inputs[0], inputs[1], g])])
        }
        switch role {
        case .largest: return .inputs([makeValue(with(.largestGradient), [inputs[0], context.outputs[0], g])])
        case .largestGradient:
            if case .explicit = window.padding.kind {
                return .refused(reason: "the gradient's gradient is not defined for explicit padding")
            }
            return choice(.largestGradientGradient)
        case .largestGradientGradient:
            return choice(.largestGradient)
        case .mean: return .inputs([makeValue(with(.meanGradient), [makeShape(inputs[0]), g])])
        case .meanGradient: return .inputs([nil, makeValue(with(.mean), [g])])
        }
    }

    // MARK: Lowering

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = try context.outputShape()
        let builder = context.builder
        if shape.contains(0) { return [try builder.filled(0, ArrayType(dtype, shape))] }
        func featuresLast(_ value: ValueID) throws -> ValueID {
            window.format.isFeaturesFirst ? try builder.transpose(value, window.toFeaturesLast) : value
        }
        let operands = context.operands
        let last = window.format.isFeaturesFirst ? window.toFeaturesLast.map { shape[$0] } : shape
        let lowering: PoolingLowering
        let result: ValueID
        switch role {
        case .largest, .mean, .largestGradient, .largestGradientGradient:
            let image = try featuresLast(operands[0])
            if builder.shape(of: image).contains(0) { return [try builder.filled(0, ArrayType(dtype, shape))] }
            lowering = try PoolingLowering(window, sizes, image: builder.shape(of: image), builder)
            switch role {
            case .largest: result = try builder.reduceWindow(.maximum, image, lowering.all)
            case .mean: result = try lowering.overCounts(builder.reduceWindow(.sum, image, lowering.all))
            case .largestGradient:
                let gradient = try featuresLast(operands[2])
                if builder.shape(of: gradient).contains(0) { return [try builder.filled(0, ArrayType(dtype, shape))] }
                result = try builder.add(.selectAndScatter(lowering.all), [image, gradient])
            default: result = try lowering.atLargest(of: image, featuresLast(operands[2]))
            }
        case .meanGradient:
            let gradient = try featuresLast(operands[1])
            if builder.shape(of: gradient).contains(0) { return [try builder.filled(0, ArrayType(dtype, shape))] }
            lowering = try PoolingLowering(window, sizes, image: last, builder)
            result = try lowering.spread(lowering.overCounts(gradient))
        }
        return [window.format.isFeaturesFirst ? try builder.transpose(result, window.fromFeaturesLast) : result]
    }
}

/// Windows over an image `[batch, space..., features]`.
private struct PoolingLowering {
    let builder: ProgramBuilder
    let image: [Int]
    /// In space.
    let axes: [WindowAxis]

    /// One for each dimension.
    var all: [WindowAxis] { [WindowAxis()] + axes + [WindowAxis()] }

    init(_ window: ImageWindow, _ sizes: [Int], image: [Int], _ builder: ProgramBuilder) throws {
        self.builder = builder
        self.image = image
        axes = try window.axes(sizes: sizes, over: Array(image[1...window.spaceRank]))
    }

    /// The value over the number of the image's elements in each window.
    func overCounts(_ value: ValueID) throws -> ValueID {
        let type = builder.type(of: value)
        var result = value
        var common = 1.0
        for (index, axis) in axes.enumerated() {
            let counts = (0..<type.shape[index + 1]).map { position in
                let begin = position * axis.stride - axis.low
                return Double(min(begin + axis.size, image[index + 1]) - max(begin, 0))
            }
            if let first = counts.first, counts.allSatisfy({ $0 == first }) {
                common *= first
                continue
            }
            let vector = try builder.convert(
                builder.constant(NDArray(counts).untyped), to: type.dtype)
            result = try builder.binary(.divide, result, builder.broadcast(vector, to: type.shape, axes: [index + 1]))
        }
        return common == 1 ? result : try builder.binary(.divide, result, builder.filled(common, type))
    }

    /// The sum, for each element of the image, of the values of the windows that it lies in.
    func spread(_ value: ValueID) throws -> ValueID {
        let type = builder.type(of: value)
        let isTiled = axes.allSatisfy { $0.size == $0.stride && $0.low == 0 } && axes.count <= 2
        if isTiled {
            // Each element lies in one window, or behind the last.
            var repeated: [Int] = [type.shape[0]]
            var places = [0]
            var tiled = [type.shape[0]]
            for (index, axis) in axes.enumerated() {
                places.append(repeated.count)
                repeated += [type.shape[index + 1], axis.size]
                tiled.append(type.shape[index + 1] * axis.size)
            }
            places.append(repeated.count)
            repeated.append(type.shape[axes.count + 1])
            tiled.append(type.shape[axes.count + 1])
            var result = try builder.broadcast(value, to: repeated, axes: places)
            result = try builder.reshape(result, to: tiled)
            // The last window may reach beyond the image.
            let kept = zip(tiled, image).map { min($0, $1) }
            if kept != tiled {
                result = try builder.add(
                    .slice(starts: kept.map { _ in 0 }, limits: kept, strides: kept.map { _ in 1 }), [result])
            }
            if kept == image { return result }
            return try builder.add(
                .pad(
                    low: kept.map { _ in 0 }, high: zip(image, kept).map { $0 - $1 }, interior: kept.map { _ in 0 }),
                [result, builder.scalar(0, type.dtype)])
        }
        try requireAddressable(image, axes.map { WindowAxis(low: $0.size, high: $0.size) })
        var (low, high, interior) = ([0], [0], [0])
        for (index, axis) in axes.enumerated() {
            let before = axis.size - 1 - axis.low
            let spread = (type.shape[index + 1] - 1) * axis.stride + 1
            low.append(before)
            high.append(image[index + 1] + axis.size - 1 - before - spread)
            interior.append(axis.stride - 1)
        }
        let padded = try builder.add(
            .pad(low: low + [0], high: high + [0], interior: interior + [0]),
            [value, builder.scalar(0, type.dtype)])
        let windows = [WindowAxis()] + axes.map { WindowAxis(size: $0.size) } + [WindowAxis()]
        return try builder.reduceWindow(.sum, padded, windows)
    }

    /// For each window, the element of `values` at the place of the first largest one of `image`: a running choice among
    /// slices, one for each place in the window.
    func atLargest(of image: ValueID, _ values: ValueID) throws -> ValueID {
        try requireAddressable(self.image, axes)
        let dtype = builder.dtype(of: image)
        let positions = self.all.positions(over: self.image) ?? []
        var places = [[Int]()]
        for (index, axis) in axes.enumerated() {
            // A window may be far larger than the image: places that no window has inside it are left out.
            let count = min(axis.size, self.image[index + 1] + axis.low)
            guard let total = elementCount([places.count, count]), total <= 4096 else {
                throw Mistake("a window of \(axes.map(\.size)) elements is too large for the gradient of a gradient")
            }
            places = places.flatMap { place in (0..<count).map { place + [$0] } }
        }
        let low = [0] + axes.map(\.low) + [0]
        let high = [0] + axes.map(\.high) + [0]
        let none = low.map { _ in 0 }
        let isPadded = low != none || high != none
        func pad(_ value: ValueID, _ filler: ValueID) throws -> ValueID {
            try isPadded ? builder.add(.pad(low: low, high: high, interior: none), [value, filler]) : value
        }
        let inside = try builder.filled(1, ArrayType(.bool, self.image))
        let paddedImage = try pad(image, builder.scalar(0, dtype))
        let paddedValues = try pad(values, builder.scalar(0, dtype))
        let isInside = try pad(inside, builder.scalar(0, .bool))
        func slice(_ value: ValueID, _ place: [Int]) throws -> ValueID {
            let starts = [0] + place + [0]
            let strides = [1] + axes.map(\.stride) + [1]
            let limits = zip(starts, zip(positions, strides)).map { $0 + ($1.0 - 1) * $1.1 + 1 }
            return try builder.add(.slice(starts: starts, limits: limits, strides: strides), [value])
        }
        var best: (image: ValueID, value: ValueID, isInside: ValueID)?
        for place in places {
            let found = try slice(paddedImage, place)
            let candidate = (found, try slice(paddedValues, place), try slice(isInside, place))
            guard let current = best else {
                best = candidate
                continue
            }
            // The first inside, or one that is larger.
            let isLarger = try builder.compare(.greater, candidate.0, current.image)
            let isFirst = try builder.unary(.not, current.isInside)
            let wins = try builder.binary(.and, candidate.2, builder.binary(.or, isFirst, isLarger))
            best = (
                try builder.select(wins, candidate.0, current.image),
                try builder.select(wins, candidate.1, current.value),
                try builder.binary(.or, current.isInside, candidate.2)
            )
        }
        return try best?.value ?? builder.filled(0, ArrayType(dtype, positions))
    }
}

// MARK: - From files

extension Pooling: DecodableOperation {
    package static var operationNames: [String] {
        ["", "3D"].flatMap { rank in
            ["MaxPool\(rank)", "MaxPool\(rank)Grad", "MaxPool\(rank)GradGrad", "AvgPool\(rank)", "AvgPool\(rank)Grad"]
        }
    }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let isMean = node.operation.hasPrefix("Avg")
        let role: Role =
            node.operation.hasSuffix("GradGrad")
            ? .largestGradientGradient
            : node.operation.hasSuffix("Grad") ? (isMean ? .meanGradient : .largestGradient) : isMean ? .mean : .largest
        let window = try ImageWindow(node, spaceRank: node.operation.contains("3D") ? 3 : 2)
        let sizes = try node.ints("ksize")
        guard sizes.count == window.rank else {
            throw .malformed("the attribute \"ksize\" is not of \(window.rank) sizes")
        }
        guard sizes[0] == 1, sizes[window.featureAxis] == 1 else {
            throw .unsupported("pooling along the batch or the features")
        }
        self.init(role, dtype: try node.dtype("T", default: .float32), window: window, sizes: window.space(of: sizes))
    }
}
