// Layers as functions of a tensor, as TensorFlow 1 has them: one call makes the weights and the nodes.

public import Graphs
public import Operations
public import Tensors

/// Layers as functions of a tensor.
///
///     let hidden = layers.dense(x, 100, activation: .relu)
///     let logits = layers.dense(layers.dropout(hidden, 0.2, training: true), 10)
///
/// Each call makes a layer of its own, whose weights are variables of the graph; optimizers find them there. Where several
/// calls shall share weights, make the layer (`Dense(100)`) and call it.
///
/// - Source: TensorFlow's `tf.layers`.
public enum layers {
    /// A densely connected layer: see `Dense`.
    public static func dense(
        _ input: some TensorExpression<Float>, _ units: Int, activation: ActivationFunction = .linear,
        usesBias: Bool = true, kernelInitializer: WeightInitializer = .glorotUniform(),
        biasInitializer: WeightInitializer = .zeros, name: String? = nil
    ) -> Tensor<Float> {
        Dense(
            units, activation: activation, usesBias: usesBias, kernelInitializer: kernelInitializer,
            biasInitializer: biasInitializer, name: name)(input)
    }

    /// Dropout, where `training` says so: see `Dropout`.
    public static func dropout(
        _ input: some TensorExpression<Float>, _ rate: Double = 0.5, seed: Int? = nil, training: Bool = false,
        name: String? = nil
    ) -> Tensor<Float> {
        Dropout(rate, seed: seed, name: name)(input, training: training)
    }

    /// Each sample as a vector: see `Flatten`.
    public static func flatten(_ input: some TensorExpression<Float>, name: String? = nil) -> Tensor<Float> {
        Flatten(name: name)(input)
    }

    /// A convolution of sequences: see `Conv1D`.
    public static func conv1d(
        _ input: some TensorExpression<Float>, _ filters: Int, kernelSize: Int, stride: Int = 1,
        padding: LayerPadding = .valid, activation: ActivationFunction = .linear,
        kernelInitializer: WeightInitializer = .glorotUniform(), name: String? = nil
    ) -> Tensor<Float> {
        Conv1D(
            filters, kernelSize: kernelSize, stride: stride, padding: padding, activation: activation,
            kernelInitializer: kernelInitializer, name: name)(input)
    }

    /// A convolution of images: see `Conv2D`.
    public static func conv2d(
        _ input: some TensorExpression<Float>, _ filters: Int, kernelSize: (Int, Int), strides: (Int, Int) = (1, 1),
        padding: LayerPadding = .valid, dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, kernelInitializer: WeightInitializer = .glorotUniform(),
        name: String? = nil
    ) -> Tensor<Float> {
        Conv2D(
            filters, kernelSize: kernelSize, strides: strides, padding: padding, dataFormat: dataFormat,
            activation: activation, kernelInitializer: kernelInitializer, name: name)(input)
    }

    /// A transposed convolution of images: see `Conv2DTranspose`.
    public static func conv2dTranspose(
        _ input: some TensorExpression<Float>, _ filters: Int, kernelSize: (Int, Int), strides: (Int, Int) = (1, 1),
        padding: LayerPadding = .valid, activation: ActivationFunction = .linear, name: String? = nil
    ) -> Tensor<Float> {
        Conv2DTranspose(
            filters, kernelSize: kernelSize, strides: strides, padding: padding, activation: activation, name: name)(
                input)
    }

    /// The largest elements of windows of images: see `MaxPooling2D`.
    public static func maxPooling2d(
        _ input: some TensorExpression<Float>, _ size: (Int, Int), strides: (Int, Int)? = nil,
        padding: LayerPadding = .valid, name: String? = nil
    ) -> Tensor<Float> {
        MaxPooling2D(size, strides: strides, padding: padding, name: name)(input)
    }

    /// The mean elements of windows of images: see `AveragePooling2D`.
    public static func averagePooling2d(
        _ input: some TensorExpression<Float>, _ size: (Int, Int), strides: (Int, Int)? = nil,
        padding: LayerPadding = .valid, name: String? = nil
    ) -> Tensor<Float> {
        AveragePooling2D(size, strides: strides, padding: padding, name: name)(input)
    }

    /// Each channel brought to mean 0 and variance 1: see `BatchNormalization`.
    ///
    /// - Returns: the output, and in training the updates of the moving averages, to be run with the training step.
    public static func batchNormalization(
        _ input: some TensorExpression<Float>, axis: Int = -1, momentum: Float = 0.99, epsilon: Float = 0.001,
        training: Bool = false, name: String? = nil
    ) -> (output: Tensor<Float>, updates: [Node]) {
        let input = input.tensor
        return withGraph(input.graph) {
            let context = LayerContext(graph: input.graph, isTraining: training)
            let layer = BatchNormalization(axis: axis, momentum: momentum, epsilon: epsilon, name: name)
            let outputs = context.outputs(of: layer, for: [LayerValue(input)])
            return (outputs.first?.tensor.as(Float.self) ?? input, context.updates)
        }
    }
}
