// Convolutions of sequences and images.

public import Graphs
public import Operations
public import Tensors

/// The convolution of sequences with a kernel that is learnt.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', filters]`; kernel `[kernelSize, channels / groups, filters]`.
/// - Source: Keras's `Conv1D`.
public struct Conv1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ filters: Int, kernelSize: Int, stride: Int = 1, padding: LayerPadding = .valid, dilation: Int = 1,
        groups: Int = 1, dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize], strides: [stride], padding: padding, dilations: [dilation],
            groups: groups, dataFormat: dataFormat, activation: activation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = conv1d(
            settings.causallyPadded(input),
            settings.kernel([settings.kernelSize[0], channels / settings.groups, settings.filters], context),
            stride: settings.strides[0], padding: settings.padding.operation, dilation: settings.dilations[0],
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

extension Conv1D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json(hasGroups: true)) }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 1)
    }
}

/// The convolution of images with a kernel that is learnt.
///
///     Conv2D(32, kernelSize: (3, 3), padding: .same, activation: .relu, inputShape: [28, 28, 1])
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', filters]`; kernel `[height, width,
///   channels / groups, filters]`.
/// - Source: Keras's `Conv2D`.
public struct Conv2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ filters: Int, kernelSize: (Int, Int), strides: (Int, Int) = (1, 1), padding: LayerPadding = .valid,
        dilations: (Int, Int) = (1, 1), groups: Int = 1, dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize.0, kernelSize.1], strides: [strides.0, strides.1], padding: padding,
            dilations: [dilations.0, dilations.1], groups: groups, dataFormat: dataFormat, activation: activation,
            usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = conv2d(
            input, settings.kernel(settings.kernelSize + [channels / settings.groups, settings.filters], context),
            strides: settings.pairOfStrides, padding: settings.padding.operation, dilations: settings.pairOfDilations,
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

extension Conv2D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json(hasGroups: true)) }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 2)
    }
}
