// The public functions for pooling, in one, two and three dimensions.

public import Graphs
import Programs
public import Tensors

/// The largest element of each window, for each feature by itself.
///
/// - Shapes: images `[batch, height, width, features]` → `[batch, height', width', features]`; features first where
///   `dataFormat` says so.
/// - Parameters:
///   - size: height and width of the window.
///   - strides: by how much the window moves on; by default its size.
///   - padding: what is outside is never the largest.
/// - Errors: images that do not have four dimensions, or a window that is larger than they are, are mistakes.
/// - Gradient: `g` at the first of the largest elements of each window.
/// - Source: TensorFlow's `tf.nn.max_pool2d`.
public func maxPool2d<Scalar: NumericElement>(
    _ images: some TensorExpression<Scalar>, size: (Int, Int), strides: (Int, Int)? = nil,
    padding: Padding = .valid, dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let strides = strides ?? size
    let window = ImageWindow(strides: [strides.0, strides.1], padding: padding, format: dataFormat)
    let operation = Pooling(.largest, dtype: Scalar.dtype, window: window, sizes: [size.0, size.1])
    return makeTensor(operation, [images.value], name: name)
}

/// The mean of each window, for each feature by itself; elements outside do not count.
///
/// - Shapes, Parameters, Errors: as for `maxPool2d(_:size:strides:padding:dataFormat:name:)`; explicit padding is a
///   mistake.
/// - Gradient: the share of each element.
/// - Source: TensorFlow's `tf.nn.avg_pool2d`.
public func averagePool2d<Scalar: FloatingElement>(
    _ images: some TensorExpression<Scalar>, size: (Int, Int), strides: (Int, Int)? = nil,
    padding: Padding = .valid, dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let strides = strides ?? size
    let window = ImageWindow(strides: [strides.0, strides.1], padding: padding, format: dataFormat)
    let operation = Pooling(.mean, dtype: Scalar.dtype, window: window, sizes: [size.0, size.1])
    return makeTensor(operation, [images.value], name: name)
}

/// The largest element of each window of sequences, for each feature by itself.
///
/// - Shapes: `[batch, length, features]` → `[batch, length', features]`.
/// - Parameters:
///   - size: the length of the window.
///   - stride: by how much it moves on; by default its size.
public func maxPool1d<Scalar: NumericElement>(
    _ sequences: some TensorExpression<Scalar>, size: Int, stride: Int? = nil, padding: Padding = .valid,
    dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(strides: [1, stride ?? size], padding: padding.ofRow, format: dataFormat)
    let operation = Pooling(.largest, dtype: Scalar.dtype, window: window, sizes: [1, size])
    return inRows(operation, [sequences.value], axes: [dataFormat.rowAxis], name, "max_pool1d")
}

/// The mean of each window of sequences, for each feature by itself.
///
/// - Shapes, Parameters: as for `maxPool1d(_:size:stride:padding:dataFormat:name:)`.
public func averagePool1d<Scalar: FloatingElement>(
    _ sequences: some TensorExpression<Scalar>, size: Int, stride: Int? = nil, padding: Padding = .valid,
    dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    let window = ImageWindow(strides: [1, stride ?? size], padding: padding.ofRow, format: dataFormat)
    let operation = Pooling(.mean, dtype: Scalar.dtype, window: window, sizes: [1, size])
    return inRows(operation, [sequences.value], axes: [dataFormat.rowAxis], name, "avg_pool1d")
}

/// The largest element of each window of volumes, for each feature by itself.
///
/// - Shapes: `[batch, depth, height, width, features]`.
/// - Parameters, Errors, Gradient: as for `maxPool2d(_:size:strides:padding:dataFormat:name:)`.
public func maxPool3d<Scalar: FloatingElement>(
    _ volumes: some TensorExpression<Scalar>, size: (Int, Int, Int), strides: (Int, Int, Int)? = nil,
    padding: Padding = .valid, dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    pool3d(.largest, volumes.value, size, strides ?? size, padding, dataFormat, name)
}

/// The mean of each window of volumes, for each feature by itself.
///
/// - Shapes, Parameters: as for `maxPool3d(_:size:strides:padding:dataFormat:name:)`.
public func averagePool3d<Scalar: FloatingElement>(
    _ volumes: some TensorExpression<Scalar>, size: (Int, Int, Int), strides: (Int, Int, Int)? = nil,
    padding: Padding = .valid, dataFormat: DataFormat = .channelsLast, name: String? = nil
) -> Tensor<Scalar> {
    pool3d(.mean, volumes.value, size, strides ?? size, padding, dataFormat, name)
}

private func pool3d<Scalar: FloatingElement>(
    _ role: Pooling.Role, _ volumes: Value, _ size: (Int, Int, Int), _ strides: (Int, Int, Int), _ padding: Padding,
    _ format: DataFormat, _ name: String?
) -> Tensor<Scalar> {
    let window = ImageWindow(strides: [strides.0, strides.1, strides.2], padding: padding, format: format)
    return makeTensor(
        Pooling(role, dtype: Scalar.dtype, window: window, sizes: [size.0, size.1, size.2]), [volumes], name: name)
}
