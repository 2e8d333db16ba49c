// Convolutions of volumes, such as scans or short films, and their transposes.

public import Graphs
public import Operations
public import Tensors

/// The convolution of volumes with a kernel that is learnt.
///
///     Conv3D(32, kernelSize: (3, 3, 3), padding: .same, activation: .relu, inputShape: [16, 16, 16, 1])
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, depth', height', width', filters]`; kernel `[depth, height, width,
///   channels / groups, filters]`.
/// - Source: Keras's `Conv3D`.
public struct Conv3D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ filters: Int, kernelSize: (Int, Int, Int), strides: (Int, Int, Int) = (1, 1, 1),
        padding: LayerPadding = .valid,
        dilations: (Int, Int, Int) = (1, 1, 1), groups: Int = 1, dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize.0, kernelSize.1, kernelSize.2],
            strides: [strides.0, strides.1, strides.2], padding: padding,
            dilations: [dilations.0, dilations.1, dilations.2], groups: groups, dataFormat: dataFormat,
            activation: activation,
            usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = conv3d(
            input, settings.kernel(settings.kernelSize + [channels / settings.groups, settings.filters], context),
            strides: settings.tripleOfStrides, padding: settings.padding.operation,
            dilations: settings.tripleOfDilations,
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

extension Conv3D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json(hasGroups: true)) }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 3)
    }
}

/// What the gradient of a convolution makes of its result: volumes grow by the strides.
///
/// - Shapes: `[batch, depth, height, width, channels]` → `[batch, depth', height', width', filters]`; kernel `[depth, height, width, filters,
///   channels]`.
/// - Source: Keras's `Conv3DTranspose`.
public struct Conv3DTranspose: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings

    public init(
        _ filters: Int, kernelSize: (Int, Int, Int), strides: (Int, Int, Int) = (1, 1, 1),
        padding: LayerPadding = .valid,
        dilations: (Int, Int, Int) = (1, 1, 1), dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize.0, kernelSize.1, kernelSize.2],
            strides: [strides.0, strides.1, strides.2], padding: padding,
            dilations: [dilations.0, dilations.1, dilations.2], dataFormat: dataFormat, activation: activation,
            usesBias: usesBias,
            kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
            kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer,
            activityRegularizer: activityRegularizer, kernelConstraint: kernelConstraint,
            biasConstraint: biasConstraint)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        let output = conv3dTranspose(
            input, settings.kernel(settings.kernelSize + [settings.filters, channels], context),
            strides: settings.tripleOfStrides, padding: settings.padding.operation,
            dilations: settings.tripleOfDilations,
            dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

extension Conv3DTranspose: ConfigurableLayer {
    public var configuration: Configuration {
        get throws { Configuration(Self.className, try settings.json()) }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 3)
    }
}
