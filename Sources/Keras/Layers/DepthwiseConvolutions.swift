// Convolutions of each channel by itself.

public import Graphs
public import Operations
public import Tensors

/// The convolution of each channel of sequences with kernels of its own.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', channels · depthMultiplier]`; kernel `[kernelSize, channels,
///   depthMultiplier]`.
/// - Source: Keras's `DepthwiseConv1D`.
public struct DepthwiseConv1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ kernelSize: Int, stride: Int = 1, padding: LayerPadding = .valid, depthMultiplier: Int = 1, dilation: Int = 1,
        dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            depthMultiplier, kernelSize: [kernelSize], strides: [stride], padding: padding, dilations: [dilation],
            dataFormat: dataFormat, activation: activation, usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = depthwiseConv1d(
            settings.causallyPadded(input),
            settings.kernel([settings.kernelSize[0], channels, settings.filters], context), stride: settings.strides[0],
            padding: settings.padding.operation, dilation: settings.dilations[0], dataFormat: settings.dataFormat)
        return settings.finished(output, channels: clampedProduct(channels, settings.filters), context)
    }
}

extension DepthwiseConv1D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(Self.className, try settings.json(kernel: "depthwise", filters: "depth_multiplier"))
        }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 1, kernel: "depthwise", filters: "depth_multiplier")
    }
}

/// The convolution of each channel of images with kernels of its own.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', channels · depthMultiplier]`; kernel
///   `[height, width, channels, depthMultiplier]`.
/// - Source: Keras's `DepthwiseConv2D`.
public struct DepthwiseConv2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ kernelSize: (Int, Int), strides: (Int, Int) = (1, 1), padding: LayerPadding = .valid,
        depthMultiplier: Int = 1, dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            depthMultiplier, kernelSize: [kernelSize.0, kernelSize.1], strides: [strides.0, strides.1],
            padding: padding, dilations: [dilations.0, dilations.1], dataFormat: dataFormat, activation: activation,
            usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = depthwiseConv2d(
            input, settings.kernel(settings.kernelSize + [channels, settings.filters], context),
            strides: settings.pairOfStrides, padding: settings.padding.operation, dilations: settings.pairOfDilations,
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: clampedProduct(channels, settings.filters), context)
    }
}

extension DepthwiseConv2D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(Self.className, try settings.json(kernel: "depthwise", filters: "depth_multiplier"))
        }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 2, kernel: "depthwise", filters: "depth_multiplier")
    }
}
