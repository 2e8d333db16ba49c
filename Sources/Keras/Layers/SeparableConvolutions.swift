// Convolutions of each channel by itself, followed by a mix of the channels at each place.

public import Graphs
public import Operations
public import Tensors

/// A convolution of each channel of images, then a mix of the channels: far fewer weights than a full one.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', filters]`; depthwise kernel `[height, width,
///   channels, depthMultiplier]`, pointwise kernel `[1, 1, channels · depthMultiplier, filters]`.
/// - Source: Keras's `SeparableConv2D`.
public struct SeparableConv2D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings
    public let depthMultiplier: Int
    public let pointwiseInitializer: WeightInitializer

    public init(
        _ filters: Int, kernelSize: (Int, Int), strides: (Int, Int) = (1, 1), padding: LayerPadding = .valid,
        depthMultiplier: Int = 1, dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        depthwiseInitializer: WeightInitializer = .glorotUniform(),
        pointwiseInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize.0, kernelSize.1], strides: [strides.0, strides.1], padding: padding,
            dilations: [dilations.0, dilations.1], dataFormat: dataFormat, activation: activation, usesBias: usesBias,
            kernelInitializer: depthwiseInitializer, biasInitializer: biasInitializer)
        self.depthMultiplier = depthMultiplier
        self.pointwiseInitializer = pointwiseInitializer
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        if depthMultiplier < 1 {
            return context.mistake("depthMultiplier must be at least 1, but is \(depthMultiplier)")
        }
        let depthwise = settings.kernel(
            settings.kernelSize + [channels, depthMultiplier], context, named: "depthwise_kernel")
        let pointwise = context.weight(
            "pointwise_kernel", shape: [1, 1, channels * depthMultiplier, settings.filters],
            initializer: pointwiseInitializer)
        let output = separableConv2d(
            input, depthwise: depthwise, pointwise: pointwise, strides: settings.pairOfStrides,
            padding: settings.padding.operation, dilations: settings.pairOfDilations, dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

/// A convolution of each channel of sequences, then a mix of the channels: far fewer weights than a full one.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', filters]`; depthwise kernel `[kernelSize, channels,
///   depthMultiplier]`, pointwise kernel `[1, channels · depthMultiplier, filters]`.
/// - Source: Keras's `SeparableConv1D`.
public struct SeparableConv1D: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let settings: ConvolutionSettings
    public let depthMultiplier: Int
    public let pointwiseInitializer: WeightInitializer

    public init(
        _ filters: Int, kernelSize: Int, stride: Int = 1, padding: LayerPadding = .valid, depthMultiplier: Int = 1,
        dilation: Int = 1, dataFormat: DataFormat = .channelsLast, activation: ActivationFunction = .linear,
        usesBias: Bool = true, depthwiseInitializer: WeightInitializer = .glorotUniform(),
        pointwiseInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        settings = ConvolutionSettings(
            filters, kernelSize: [kernelSize], strides: [stride], padding: padding, dilations: [dilation],
            dataFormat: dataFormat, activation: activation, usesBias: usesBias,
            kernelInitializer: depthwiseInitializer, biasInitializer: biasInitializer)
        self.depthMultiplier = depthMultiplier
        self.pointwiseInitializer = pointwiseInitializer
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        if depthMultiplier < 1 {
            return context.mistake("depthMultiplier must be at least 1, but is \(depthMultiplier)")
        }
        let depthwise = settings.kernel(
            settings.kernelSize + [channels, depthMultiplier], context, named: "depthwise_kernel")
        let pointwise = context.weight(
            "pointwise_kernel", shape: [1, channels * depthMultiplier, settings.filters],
            initializer: pointwiseInitializer)
        let output = separableConv1d(
            settings.causallyPadded(input), depthwise: depthwise, pointwise: pointwise, stride: settings.strides[0],
            padding: settings.padding.operation, dilation: settings.dilations[0], dataFormat: settings.dataFormat)
        return settings.finished(output, channels: settings.filters, context)
    }
}

// MARK: - In files

extension SeparableConv2D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            var json = try settings.json(kernel: "depthwise")
            json["depth_multiplier"] = .integer(depthMultiplier)
            json["pointwise_initializer"] = try pointwiseInitializer.json
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 2, kernel: "depthwise")
        depthMultiplier = try configuration.integer("depth_multiplier", default: 1)
        pointwiseInitializer = try configuration.initializer("pointwise_initializer", default: .glorotUniform())
    }
}

extension SeparableConv1D: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            var json = try settings.json(kernel: "depthwise")
            json["depth_multiplier"] = .integer(depthMultiplier)
            json["pointwise_initializer"] = try pointwiseInitializer.json
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        state = LayerState(name: configuration.layerName)
        settings = try ConvolutionSettings(configuration, rank: 1, kernel: "depthwise")
        depthMultiplier = try configuration.integer("depth_multiplier", default: 1)
        pointwiseInitializer = try configuration.initializer("pointwise_initializer", default: .glorotUniform())
    }
}
