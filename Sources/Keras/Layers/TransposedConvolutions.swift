// Transposed convolutions: sequences and images grow by the strides.

public import Graphs
public import Operations
public import Tensors

/// What the gradient of a convolution makes of its result: sequences grow by the stride.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', filters]`; kernel `[kernelSize, filters, channels]`.
/// - Source: Keras's `Conv1DTranspose`.
public struct Conv1DTranspose: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ filters: Int, kernelSize: Int, stride: Int = 1, padding: LayerPadding = .valid, dilation: Int = 1,
        dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize], strides: [stride], padding: padding, dilations: [dilation],
            dataFormat: dataFormat, activation: activation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = conv1dTranspose(
            input, settings.kernel([settings.kernelSize[0], settings.filters, channels], context),
            stride: settings.strides[0], padding: settings.padding.operation, dilation: settings.dilations[0],
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

extension Conv1DTranspose: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json()) }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 1)
    }
}

/// What the gradient of a convolution makes of its result: images grow by the strides.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', filters]`; kernel `[height, width, filters,
///   channels]`.
/// - Source: Keras's `Conv2DTranspose`.
public struct Conv2DTranspose: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ filters: Int, kernelSize: (Int, Int), strides: (Int, Int) = (1, 1), padding: LayerPadding = .valid,
        dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize.0, kernelSize.1], strides: [strides.0, strides.1], padding: padding,
            dilations: [dilations.0, dilations.1], dataFormat: dataFormat, activation: activation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = conv2dTranspose(
            input, settings.kernel(settings.kernelSize + [settings.filters, channels], context),
            strides: settings.pairOfStrides, padding: settings.padding.operation, dilations: settings.pairOfDilations,
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

extension Conv2DTranspose: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json()) }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 2)
    }
}
