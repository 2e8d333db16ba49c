// The public functions for convolutions: in one and two dimensions, transposed, depthwise and separable.

public import Graphs
import Programs
public import Tensors

// MARK: - Plain

/// The convolution of images with a kernel (the cross-correlation, as in all of machine learning).
///
///     y[n, i, j, o] = Σ x[n, i · s + p · d - low, j · s + q · d - low, c] w[p, q, c, o]   over p, q, c
///
/// - Shapes: images `[batch, height, width, features]`, kernel `[height, width, features, results]` →
///   `[batch, height', width', results]`; features first where `dataFormat` says so. A kernel of `features / g` features
///   cuts features and results into g groups.
/// - Parameters:
///   - strides: by how much the kernel moves on, down and to the right.
///   - padding: with `.same` height' is height over stride, rounded up; with `.valid` the kernel stays inside.
///   - dilations: the distances between the elements of an image that the kernel sees.
/// - Errors: shapes that do not fit, a kernel that is larger than the image, or strides that are not positive are
///   mistakes.
/// - Gradient: convolutions with the kernel turned round, and of the image with `g`.
/// - Source: TensorFlow's `tf.nn.conv2d`.
public func conv2d<Scalar: NumericElement>(
    _ images: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, strides: (Int, Int) = (1, 1),
    padding: Padding = .valid, dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
    name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [strides.0, strides.1], dilations: [dilations.0, dilations.1], padding: padding, format: dataFormat)
    return makeTensor(
        Convolution(dtype: Scalar.dtype, window: window), [images.value, kernel.value], name: name)
}

/// The convolution of sequences with a kernel.
///
/// - Shapes: sequences `[batch, length, features]`, kernel `[length, features, results]` →
///   `[batch, length', results]`; features first where `dataFormat` says so.
/// - Parameters:
///   - stride: by how much the kernel moves on.
///   - padding, dilation: as for `conv2d(_:_:strides:padding:dilations:dataFormat:name:)`.
/// - Errors, Gradient: as there.
/// - Source: TensorFlow's `tf.nn.conv1d`: a convolution of images of height 1.
public func conv1d<Scalar: NumericElement>(
    _ sequences: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, stride: Int = 1,
    padding: Padding = .valid, dilation: Int = 1, dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [1, stride], dilations: [1, dilation], padding: padding.ofRow, format: dataFormat)
    let operation = Convolution(dtype: Scalar.dtype, window: window)
    return inRows(operation, [sequences.value, kernel.value], axes: [dataFormat.rowAxis, 0], name, "conv1d")
}

/// The convolution of volumes with a kernel.
///
/// - Shapes: volumes `[batch, depth, height, width, features]`, kernel `[depth, height, width, features, results]`.
/// - Parameters: as for `conv2d(_:_:strides:padding:dilations:dataFormat:name:)`; padding is `.same` or `.valid`.
/// - Errors, Gradient: as there.
/// - Source: TensorFlow's `tf.nn.conv3d`.
public func conv3d<Scalar: FloatingElement>(
    _ volumes: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>,
    strides: (Int, Int, Int) = (1, 1, 1), padding: Padding = .valid, dilations: (Int, Int, Int) = (1, 1, 1),
    dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [strides.0, strides.1, strides.2], dilations: [dilations.0, dilations.1, dilations.2],
        padding: padding, format: dataFormat)
    return makeTensor(
        Convolution(dtype: Scalar.dtype, window: window), [volumes.value, kernel.value], name: name)
}

// MARK: - Transposed

/// What a convolution's gradient makes of its result: images grow by the strides (sometimes called a deconvolution).
///
/// - Shapes: images `[batch, height, width, features]`, kernel `[height, width, results, features]` →
///   `[batch, height · stride, width · stride, results]` with `.same`; with `.valid`,
///   `height · stride + max(kernel - stride, 0)`.
/// - Parameters:
///   - outputShape: the whole shape of the result, where several have the same convolution; by default the one above.
/// - Errors: shapes that do not fit, or an output shape whose convolution has another shape than the images, are
///   mistakes. With explicit padding the output shape must be given.
/// - Gradient: convolutions.
/// - Source: TensorFlow's `tf.nn.conv2d_transpose`; the default shape is Keras's `Conv2DTranspose`.
public func conv2dTranspose<Scalar: FloatingElement>(
    _ images: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, outputShape: [Int]? = nil,
    strides: (Int, Int) = (1, 1), padding: Padding = .same, dilations: (Int, Int) = (1, 1),
    dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [strides.0, strides.1], dilations: [dilations.0, dilations.1], padding: padding, format: dataFormat)
    return transposed(images.value, kernel.value, window, outputShape, name, "conv2d_transpose")
}

/// What the gradient of a convolution of sequences makes of its result: sequences grow by the stride.
///
/// - Shapes: sequences `[batch, length, features]`, kernel `[length, results, features]`.
/// - Parameters, Errors: as for `conv2dTranspose`.
/// - Source: TensorFlow's `tf.nn.conv1d_transpose`.
public func conv1dTranspose<Scalar: FloatingElement>(
    _ sequences: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, outputShape: [Int]? = nil,
    stride: Int = 1, padding: Padding = .same, dilation: Int = 1, dataFormat: DataFormat = .channelsLast,
    name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [1, stride], dilations: [1, dilation], padding: padding.ofRow, format: dataFormat)
    return inNodeScope(name, "conv1d_transpose", of: sequences.value.graph) { name in
        var shape = outputShape
        if let given = shape, given.count == 3 { shape?.insert(1, at: dataFormat.rowAxis) }
        let images = makeExpansion(sequences.value, at: dataFormat.rowAxis)
        let wide: Tensor<Scalar> = transposed(
            images, makeExpansion(kernel.value, at: 0), window, shape, nil, "conv2d_transpose")
        return Tensor(makeValue(Squeeze(dtype: Scalar.dtype, axes: [dataFormat.rowAxis]), [wide.value], name: name))
    }
}

/// What the gradient of a convolution of volumes makes of its result: volumes grow by the strides.
///
/// - Shapes: volumes `[batch, depth, height, width, features]`, kernel `[depth, height, width, results, features]`.
/// - Parameters, Errors: as for `conv2dTranspose`.
/// - Source: TensorFlow's `tf.nn.conv3d_transpose`.
public func conv3dTranspose<Scalar: FloatingElement>(
    _ volumes: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, outputShape: [Int]? = nil,
    strides: (Int, Int, Int) = (1, 1, 1), padding: Padding = .same, dilations: (Int, Int, Int) = (1, 1, 1),
    dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [strides.0, strides.1, strides.2], dilations: [dilations.0, dilations.1, dilations.2],
        padding: padding, format: dataFormat)
    return transposed(volumes.value, kernel.value, window, outputShape, name, "conv3d_transpose")
}

private func transposed<Scalar: FloatingElement>(
    _ images: Value, _ kernel: Value, _ window: ImageWindow, _ outputShape: [Int]?, _ name: String?, _ scope: String
) -> Tensor<Scalar> {
    let operation = Convolution(.imageGradient, dtype: Scalar.dtype, window: window)
    if let outputShape {
        let sizes = integerConstant(outputShape, in: images.graph)
        return makeTensor(operation, [sizes, kernel, images], name: name)
    }
    func misuse(_ mistake: Mistake) -> Tensor<Scalar> {
        makeTensor(Misuse(operation, mistake), [images, kernel], name: name)
    }
    if case .explicit = window.padding.kind {
        return misuse(Mistake("explicit padding leaves the shape of the result open", hint: "give an outputShape"))
    }
    let weights = kernel.shape
    guard let extents = images.shape.extents, extents.count == window.rank, weights.rank == window.rank else {
        return misuse(
            Mistake(
                "images of shape \(images.shape) and a kernel of shape \(weights) leave the shape of the result open",
                hint: "both need \(window.rank) dimensions of known number; or give an outputShape"))
    }
    guard let results = weights[-2], weights.extents?.prefix(window.spaceRank).allSatisfy({ $0 >= 0 }) == true else {
        return misuse(
            Mistake("a kernel of shape \(weights) leaves the shape of the result open", hint: "give an outputShape"))
    }
    return inNodeScope(name, scope, of: images.graph) { name in
        let isKnown = extents[0] >= 0 && window.space(of: extents).allSatisfy { $0 >= 0 }
        let shape = isKnown ? nil : makeShape(images)
        var sizes: [Value] = []
        func add(_ number: Int) { sizes.append(integerConstant([number], in: images.graph)) }
        func measure(_ axis: Int) -> Value? { shape.map { makeVectorSlice($0, from: axis, to: axis + 1) } }
        var known: [Int] = []
        for axis in extents.indices {
            let index = axis - (window.format.isFeaturesFirst ? 2 : 1)
            if axis == window.featureAxis {
                known.append(results)
                add(results)
            } else if axis == 0 {
                known.append(extents[0])
                if extents[0] < 0, let size = measure(0) { sizes.append(size) } else { add(extents[0]) }
            } else {
                let (stride, size) = (window.strides[index], weights[index] ?? 1)
                let span = size &+ max(0, size &- 1) &* (window.dilations[index] &- 1)
                let more = window.padding == .same ? 0 : max(0, span &- stride)
                if extents[axis] < 0, let size = measure(axis) {
                    let dtype = size.dtype
                    known.append(-1)
                    sizes.append(
                        size * makeCast(integerConstant([stride], in: images.graph), to: dtype)
                            + makeCast(integerConstant([more], in: images.graph), to: dtype))
                } else {
                    known.append(extents[axis] &* stride &+ more)
                    add(extents[axis] &* stride &+ more)
                }
            }
        }
        let whole =
            isKnown
            ? integerConstant(known, in: images.graph)
            : makeConcatenation(
                sizes.map { makeCast($0, to: .int32) }, axis: integerConstant(0, in: images.graph))
        return makeTensor(operation, [whole, kernel, images], name: name)
    }
}

// MARK: - Depthwise and separable

/// The convolution of each feature with kernels of its own.
///
///     y[n, i, j, c · m + k] = Σ x[n, i · s + p · d - low, j · s + q · d - low, c] w[p, q, c, k]   over p, q
///
/// - Shapes: images `[batch, height, width, features]`, kernel `[height, width, features, m]` →
///   `[batch, height', width', features · m]`.
/// - Parameters, Errors, Gradient: as for `conv2d(_:_:strides:padding:dilations:dataFormat:name:)`.
/// - Source: TensorFlow's `tf.nn.depthwise_conv2d`.
public func depthwiseConv2d<Scalar: FloatingElement>(
    _ images: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, strides: (Int, Int) = (1, 1),
    padding: Padding = .valid, dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
    name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(
        strides: [strides.0, strides.1], dilations: [dilations.0, dilations.1], padding: padding, format: dataFormat)
    return makeTensor(
        Convolution(dtype: Scalar.dtype, window: window, isDepthwise: true), [images.value, kernel.value], name: name)
}

/// A depthwise convolution of sequences.
///
/// - Shapes: sequences `[batch, length, features]`, kernel `[length, features, m]` → `[batch, length', features · m]`.
public func depthwiseConv1d<Scalar: FloatingElement>(
    _ sequences: some TensorExpression<Scalar>, _ kernel: some TensorExpression<Scalar>, stride: Int = 1,
    padding: Padding = .valid, dilation: Int = 1, dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    // TensorFlow's op wants equal strides; along the one row there is nothing to stride over.
    let window = ImageWindow(
        strides: [stride, stride], dilations: [1, dilation], padding: padding.ofRow, format: dataFormat)
    let operation = Convolution(dtype: Scalar.dtype, window: window, isDepthwise: true)
    return inRows(
        operation, [sequences.value, kernel.value], axes: [dataFormat.rowAxis, 0], name, "depthwise_conv1d")
}

/// A depthwise convolution, then one of single elements that mixes the features.
///
/// - Shapes: images `[batch, height, width, features]`, depthwise kernel `[height, width, features, m]`, pointwise
///   kernel `[1, 1, features · m, results]`.
/// - Parameters: as for `depthwiseConv2d`.
/// - Source: TensorFlow's `tf.nn.separable_conv2d`.
public func separableConv2d<Scalar: FloatingElement>(
    _ images: some TensorExpression<Scalar>, depthwise: some TensorExpression<Scalar>,
    pointwise: some TensorExpression<Scalar>, strides: (Int, Int) = (1, 1), padding: Padding = .valid,
    dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    inNodeScope(name, "separable_conv2d", of: images.value.graph) { name in
        let each = depthwiseConv2d(
            images, depthwise, strides: strides, padding: padding, dilations: dilations, dataFormat: dataFormat)
        return conv2d(each, pointwise, dataFormat: dataFormat, name: name)
    }
}

/// A depthwise convolution of sequences, then one of single elements that mixes the features.
///
/// - Shapes: sequences `[batch, length, features]`, depthwise kernel `[length, features, m]`, pointwise kernel
///   `[1, features · m, results]`.
public func separableConv1d<Scalar: FloatingElement>(
    _ sequences: some TensorExpression<Scalar>, depthwise: some TensorExpression<Scalar>,
    pointwise: some TensorExpression<Scalar>, stride: Int = 1, padding: Padding = .valid, dilation: Int = 1,
    dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    inNodeScope(name, "separable_conv1d", of: sequences.value.graph) { name in
        let each = depthwiseConv1d(
            sequences, depthwise, stride: stride, padding: padding, dilation: dilation, dataFormat: dataFormat)
        return conv1d(each, pointwise, dataFormat: dataFormat, name: name)
    }
}

// MARK: - Sequences as images of one row

extension Padding {
    /// The padding of a sequence as that of an image of one row.
    var ofRow: Padding {
        guard case .explicit(let pairs) = kind else { return self }
        return Padding(kind: .explicit([Pair(low: 0, high: 0)] + pairs))
    }
}

extension DataFormat {
    /// Where the one row of a sequence is put.
    var rowAxis: Int { isFeaturesFirst ? 2 : 1 }
}

/// Applies an operation on images to sequences.
///
/// - Parameters:
///   - axes: where each input gets a dimension of size 1.
func inRows<Scalar: TensorElement>(
    _ operation: any Operation, _ inputs: [Value], axes: [Int], _ name: String?, _ scope: String
) -> Tensor<Scalar> {
    inNodeScope(name, scope, of: inputs[0].graph) { name in
        for (input, what) in zip(inputs, ["sequences", "kernel"]) {
            guard let rank = input.shape.rank, rank != 3 else { continue }
            let mistake = Mistake("the \(what) must have 3 dimensions, but has shape \(input.shape)")
            return makeTensor(Misuse(operation, mistake), inputs, name: name)
        }
        let images = zip(inputs, axes).map { makeExpansion($0, at: $1) }
        let result = makeValue(operation, images)
        return Tensor(makeValue(Squeeze(dtype: result.dtype, axes: [axes[0]]), [result], name: name))
    }
}
