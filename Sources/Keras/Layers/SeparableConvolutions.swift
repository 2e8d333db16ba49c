// Convolutions of each channel by itself, followed by a mix of the channels at each place.

import Graphs
public import Operations
public import Tensors

/// What separable convolutions have in common: the two kernels, and how the settings stand in files.
protocol SeparableLayer: UnaryLayer, MaskEnding, ConfigurableLayer {
    static var rank: Int { get }
    var settings: ConvolutionSettings { get }
    var depthMultiplier: Int { get }
    var pointwise: PointwiseSettings { get }
    init(_ settings: ConvolutionSettings, _ depthMultiplier: Int, _ pointwise: PointwiseSettings, _ state: LayerState)
    func convolved(_ input: Tensor<Float>, _ depthwise: Tensor<Float>, _ pointwise: Variable<Float>) -> Tensor<Float>
}

/// How the mix of the channels starts, and what it costs.
public struct PointwiseSettings: Sendable {
    public var initializer: WeightInitializer = .glorotUniform()
    public var regularizer: WeightRegularizer?
    public var constraint: WeightConstraint?
}

extension SeparableLayer {
    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let channels = settings.channels(of: input, context) else { return context.nothing }
        if depthMultiplier < 1 {
            return context.mistake("depthMultiplier must be at least 1, but is \(depthMultiplier)")
        }
        let depthwise = settings.kernel(
            settings.kernelSize + [channels, depthMultiplier], context, named: "depthwise_kernel")
        let mix = context.weight(
            "pointwise_kernel",
            shape: Array(repeating: 1, count: Self.rank) + [
                clampedProduct(channels, depthMultiplier), settings.filters,
            ],
            initializer: pointwise.initializer, regularizer: pointwise.regularizer, constraint: pointwise.constraint)
        return settings.finished(convolved(input, depthwise, mix), channels: settings.filters, context)
    }

    public var configuration: Configuration {
        get throws {
            var json = try settings.json(kernel: "depthwise")
            json["depth_multiplier"] = .integer(depthMultiplier)
            json["pointwise_initializer"] = try pointwise.initializer.json
            json["pointwise_regularizer"] = try JSONValue(setting: pointwise.regularizer)
            json["pointwise_constraint"] = try JSONValue(setting: pointwise.constraint)
            return Configuration(Self.className, json)
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            try ConvolutionSettings(configuration, rank: Self.rank, kernel: "depthwise"),
            try configuration.integer("depth_multiplier", default: 1),
            PointwiseSettings(
                initializer: try configuration.initializer("pointwise_initializer", default: .glorotUniform()),
                regularizer: try configuration.regularizer("pointwise_regularizer"),
                constraint: try configuration.constraint("pointwise_constraint")),
            LayerState(name: configuration.layerName))
    }
}

/// A convolution of each channel of images, then a mix of the channels: far fewer weights than a full one.
///
/// - Shapes: `[batch, height, width, channels]` → `[batch, height', width', filters]`; depthwise kernel `[height, width,
///   channels, depthMultiplier]`, pointwise kernel `[1, 1, channels · depthMultiplier, filters]`.
/// - Source: Keras's `SeparableConv2D`.
public struct SeparableConv2D: SeparableLayer {
    public let state: LayerState
    public let settings: ConvolutionSettings
    public let depthMultiplier: Int
    public let pointwise: PointwiseSettings
    static let rank = 2

    public init(
        _ filters: Int, kernelSize: (Int, Int), strides: (Int, Int) = (1, 1), padding: LayerPadding = .valid,
        depthMultiplier: Int = 1, dilations: (Int, Int) = (1, 1), dataFormat: DataFormat = .channelsLast,
        activation: ActivationFunction = .linear, usesBias: Bool = true,
        depthwiseInitializer: WeightInitializer = .glorotUniform(),
        pointwiseInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        depthwiseRegularizer: WeightRegularizer? = nil, pointwiseRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, activityRegularizer: WeightRegularizer? = nil,
        depthwiseConstraint: WeightConstraint? = nil, pointwiseConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            ConvolutionSettings(
                filters, kernelSize: [kernelSize.0, kernelSize.1], strides: [strides.0, strides.1], padding: padding,
                dilations: [dilations.0, dilations.1], dataFormat: dataFormat, activation: activation,
                usesBias: usesBias,
                kernelInitializer: depthwiseInitializer, biasInitializer: biasInitializer,
                kernelRegularizer: depthwiseRegularizer, biasRegularizer: biasRegularizer,
                activityRegularizer: activityRegularizer, kernelConstraint: depthwiseConstraint,
                biasConstraint: biasConstraint), depthMultiplier,
            PointwiseSettings(
                initializer: pointwiseInitializer, regularizer: pointwiseRegularizer, constraint: pointwiseConstraint),
            LayerState(name: name, inputShape: inputShape))
    }

    init(
        _ settings: ConvolutionSettings, _ depthMultiplier: Int, _ pointwise: PointwiseSettings, _ state: LayerState
    ) {
        (self.settings, self.depthMultiplier, self.pointwise, self.state) = (
            settings, depthMultiplier, pointwise, state
        )
    }

    func convolved(
        _ input: Tensor<Float>, _ depthwise: Tensor<Float>, _ pointwise: Variable<Float>
    ) -> Tensor<Float> {
        separableConv2d(
            input, depthwise: depthwise, pointwise: pointwise, strides: settings.pairOfStrides,
            padding: settings.padding.operation, dilations: settings.pairOfDilations, dataFormat: settings.dataFormat)
    }
}

/// A convolution of each channel of sequences, then a mix of the channels: far fewer weights than a full one.
///
/// - Shapes: `[batch, steps, channels]` → `[batch, steps', filters]`; depthwise kernel `[kernelSize, channels,
///   depthMultiplier]`, pointwise kernel `[1, channels · depthMultiplier, filters]`.
/// - Source: Keras's `SeparableConv1D`.
public struct SeparableConv1D: SeparableLayer {
    public let state: LayerState
    public let settings: ConvolutionSettings
    public let depthMultiplier: Int
    public let pointwise: PointwiseSettings
    static let rank = 1

    public init(
        _ filters: Int, kernelSize: Int, stride: Int = 1, padding: LayerPadding = .valid, depthMultiplier: Int = 1,
        dilation: Int = 1, dataFormat: DataFormat = .channelsLast, activation: ActivationFunction = .linear,
        usesBias: Bool = true, depthwiseInitializer: WeightInitializer = .glorotUniform(),
        pointwiseInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        depthwiseRegularizer: WeightRegularizer? = nil, pointwiseRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, activityRegularizer: WeightRegularizer? = nil,
        depthwiseConstraint: WeightConstraint? = nil, pointwiseConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        self.init(
            ConvolutionSettings(
                filters, kernelSize: [kernelSize], strides: [stride], padding: padding, dilations: [dilation],
                dataFormat: dataFormat, activation: activation, usesBias: usesBias,
                kernelInitializer: depthwiseInitializer, biasInitializer: biasInitializer,
                kernelRegularizer: depthwiseRegularizer, biasRegularizer: biasRegularizer,
                activityRegularizer: activityRegularizer, kernelConstraint: depthwiseConstraint,
                biasConstraint: biasConstraint), depthMultiplier,
            PointwiseSettings(
                initializer: pointwiseInitializer, regularizer: pointwiseRegularizer, constraint: pointwiseConstraint),
            LayerState(name: name, inputShape: inputShape))
    }

    init(
        _ settings: ConvolutionSettings, _ depthMultiplier: Int, _ pointwise: PointwiseSettings, _ state: LayerState
    ) {
        (self.settings, self.depthMultiplier, self.pointwise, self.state) = (
            settings, depthMultiplier, pointwise, state
        )
    }

    func convolved(
        _ input: Tensor<Float>, _ depthwise: Tensor<Float>, _ pointwise: Variable<Float>
    ) -> Tensor<Float> {
        separableConv1d(
            settings.causallyPadded(input), depthwise: depthwise, pointwise: pointwise, stride: settings.strides[0],
            padding: settings.padding.operation, dilation: settings.dilations[0], dataFormat: settings.dataFormat)
    }
}
