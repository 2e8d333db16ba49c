// What all convolution layers have in common: their settings, and how these stand in files.

import Graphs
public import Operations
import Tensors

/// How a layer treats the edges of sequences and images.
public enum LayerPadding: String, Hashable, Sendable, CaseIterable {
    /// Windows stay inside.
    case valid
    /// With stride 1 the output has the input's size.
    case same
    /// Of sequences: each output sees its own step and those before.
    case causal

    /// As the operations have it; `causal` is done before.
    var operation: Padding { self == .same ? .same : .valid }
}

/// The settings of a convolution layer.
public struct ConvolutionSettings: Sendable {
    /// The number of results; of a depthwise layer, that for each channel.
    public var filters: Int
    /// The size of the window along each axis.
    public var kernelSize: [Int]
    public var strides: [Int]
    public var padding: LayerPadding
    public var dilations: [Int]
    public var groups: Int
    public var dataFormat: DataFormat
    public var activation: ActivationFunction
    public var usesBias: Bool
    public var kernelInitializer: WeightInitializer
    public var biasInitializer: WeightInitializer
    public var kernelRegularizer: WeightRegularizer?
    public var biasRegularizer: WeightRegularizer?
    public var activityRegularizer: WeightRegularizer?
    public var kernelConstraint: WeightConstraint?
    public var biasConstraint: WeightConstraint?

    init(
        _ filters: Int, kernelSize: [Int], strides: [Int], padding: LayerPadding = .valid, dilations: [Int],
        groups: Int = 1, dataFormat: DataFormat = .channelsLast, activation: ActivationFunction = .linear,
        usesBias: Bool = true, kernelInitializer: WeightInitializer = .glorotUniform(),
        biasInitializer: WeightInitializer = .zeros, kernelRegularizer: WeightRegularizer? = nil,
        biasRegularizer: WeightRegularizer? = nil, activityRegularizer: WeightRegularizer? = nil,
        kernelConstraint: WeightConstraint? = nil, biasConstraint: WeightConstraint? = nil
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.strides = strides
        self.padding = padding
        self.dilations = dilations
        self.groups = groups
        self.dataFormat = dataFormat
        self.activation = activation
        self.usesBias = usesBias
        self.kernelInitializer = kernelInitializer
        self.biasInitializer = biasInitializer
        self.kernelRegularizer = kernelRegularizer
        self.biasRegularizer = biasRegularizer
        self.activityRegularizer = activityRegularizer
        self.kernelConstraint = kernelConstraint
        self.biasConstraint = biasConstraint
    }

    /// The number of axes that the window moves along.
    var rank: Int { kernelSize.count }
    /// The axis of the channels.
    var channelAxis: Int { dataFormat == .channelsFirst ? 1 : -1 }

    /// The number of channels of an input that fits, or nil and a mistake.
    func channels(of input: Tensor<Float>, _ context: LayerContext) -> Int? {
        let space = rank == 1 ? "steps" : rank == 2 ? "height, width" : "depth, height, width"
        let meaning = "[batch, \(space), channels]"
        guard context.hasRank(rank + 2, input, dataFormat == .channelsFirst ? "channels first" : meaning) else {
            return nil
        }
        for (name, values) in [("kernelSize", kernelSize), ("strides", strides), ("dilations", dilations)]
        where values.contains(where: { $0 < 1 }) {
            context.report("\(name) must be at least 1, but is \(values)")
            return nil
        }
        if filters < 1 {
            context.report("filters must be at least 1, but is \(filters)")
            return nil
        }
        if padding == .causal, rank != 1 {
            context.report("causal padding is for sequences", hint: "use valid or same")
            return nil
        }
        guard let channels = context.size(ofAxis: channelAxis, of: input) else { return nil }
        if groups < 1 || channels % groups != 0 || filters % groups != 0 {
            context.report("\(groups) groups do not divide \(channels) channels and \(filters) filters")
            return nil
        }
        return channels
    }

    /// The kernel of the given shape.
    func kernel(_ shape: [Int], _ context: LayerContext, named name: String = "kernel") -> Tensor<Float> {
        context.weight(
            name, shape: shape, initializer: kernelInitializer, regularizer: kernelRegularizer,
            constraint: kernelConstraint
        ).tensor
    }

    /// Bias, activation, and what the output costs.
    func finished(_ output: Tensor<Float>, channels: Int, _ context: LayerContext) -> Tensor<Float> {
        var output = output
        if usesBias {
            let bias = context.weight(
                "bias", shape: [channels], initializer: biasInitializer, regularizer: biasRegularizer,
                constraint: biasConstraint)
            // Channels first: one number for each, whatever the place.
            let isFirst = dataFormat == .channelsFirst
            output =
                output + (isFirst ? bias.tensor.reshaped([channels] + Array(repeating: 1, count: rank)) : bias.tensor)
        }
        let result = activation(output, context)
        context.addActivityLoss(activityRegularizer, of: result)
        return result
    }

    /// Sequences with as many zeros before them as the window looks back.
    func causallyPadded(_ input: Tensor<Float>) -> Tensor<Float> {
        guard padding == .causal else { return input }
        let before = (clampedProduct(dilations[0], kernelSize[0] - 1), 0)
        return input.padded(dataFormat == .channelsFirst ? [(0, 0), (0, 0), before] : [(0, 0), before, (0, 0)])
    }

    var pairOfStrides: (Int, Int) { (strides[0], strides[strides.count - 1]) }
    var pairOfDilations: (Int, Int) { (dilations[0], dilations[dilations.count - 1]) }
    var tripleOfStrides: (Int, Int, Int) { (strides[0], strides[rank / 2], strides[rank - 1]) }
    var tripleOfDilations: (Int, Int, Int) { (dilations[0], dilations[rank / 2], dilations[rank - 1]) }
}

// MARK: - In files

extension DataFormat {
    var kerasName: String { self == .channelsFirst ? "channels_first" : "channels_last" }
}

extension Configuration {
    func dataFormat() throws -> DataFormat {
        let name = try optionalString("data_format") ?? "channels_last"
        switch name {
        case "channels_last": return .channelsLast
        case "channels_first": return .channelsFirst
        default: throw KerasError.unknownName(name, "data format", known: ["channels_last", "channels_first"])
        }
    }

    func padding() throws -> LayerPadding {
        let name = try string("padding", default: "valid")
        if let padding = LayerPadding(rawValue: name) { return padding }
        throw KerasError.unknownName(name, "padding", known: LayerPadding.allCases.map(\.rawValue))
    }
}

extension ConvolutionSettings {
    /// The settings by Keras's names.
    ///
    /// - Parameters:
    ///   - kernel: what its names say of the kernel: `kernel`, `depthwise`.
    ///   - hasGroups: whether the layer has groups at all.
    func json(
        kernel: String = "kernel", filters name: String = "filters", hasGroups: Bool = false
    ) throws -> [String: JSONValue] {
        var json: [String: JSONValue] = [
            name: .integer(filters), "kernel_size": JSONValue(kernelSize), "strides": JSONValue(strides),
            "padding": .string(padding.rawValue), "data_format": .string(dataFormat.kerasName),
            "dilation_rate": JSONValue(dilations),
            "activation": try activation.json, "use_bias": .bool(usesBias),
            "\(kernel)_initializer": try kernelInitializer.json, "bias_initializer": try biasInitializer.json,
            "\(kernel)_regularizer": try JSONValue(setting: kernelRegularizer),
            "bias_regularizer": try JSONValue(setting: biasRegularizer),
            "activity_regularizer": try JSONValue(setting: activityRegularizer),
            "\(kernel)_constraint": try JSONValue(setting: kernelConstraint),
            "bias_constraint": try JSONValue(setting: biasConstraint),
        ]
        if hasGroups { json["groups"] = .integer(groups) }
        return json
    }

    init(
        _ configuration: Configuration, rank: Int, kernel: String = "kernel", filters name: String = "filters"
    ) throws {
        self.init(
            try configuration.integer(name, default: name == "filters" ? nil : 1),
            kernelSize: try configuration.integers("kernel_size", count: rank),
            strides: try configuration.integers("strides", count: rank, default: Array(repeating: 1, count: rank)),
            padding: try configuration.padding(),
            dilations: try configuration.integers(
                "dilation_rate", count: rank, default: Array(repeating: 1, count: rank)),
            groups: try configuration.integer("groups", default: 1), dataFormat: try configuration.dataFormat(),
            activation: try configuration.activation(), usesBias: try configuration.bool("use_bias", default: true),
            kernelInitializer: try configuration.initializer("\(kernel)_initializer", default: .glorotUniform()),
            biasInitializer: try configuration.initializer("bias_initializer", default: .zeros),
            kernelRegularizer: try configuration.regularizer("\(kernel)_regularizer"),
            biasRegularizer: try configuration.regularizer("bias_regularizer"),
            activityRegularizer: try configuration.regularizer("activity_regularizer"),
            kernelConstraint: try configuration.constraint("\(kernel)_constraint"),
            biasConstraint: try configuration.constraint("bias_constraint"))
    }
}
