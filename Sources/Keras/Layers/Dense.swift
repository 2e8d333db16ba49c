// The densely connected layer.

public import Graphs
import Operations
public import Tensors

/// `activation(x · kernel + bias)` along the last axis.
///
/// - Shapes: `[batch, ..., n]` → `[batch, ..., units]`; kernel `[n, units]`, bias `[units]`.
/// - Source: Keras's `Dense`.
public struct Dense: UnaryLayer {
    public let state: LayerState
    public let units: Int
    public let activation: ActivationFunction
    public let usesBias: Bool
    public let kernelInitializer: WeightInitializer
    public let biasInitializer: WeightInitializer
    public let kernelRegularizer: WeightRegularizer?
    public let biasRegularizer: WeightRegularizer?
    public let activityRegularizer: WeightRegularizer?
    public let kernelConstraint: WeightConstraint?
    public let biasConstraint: WeightConstraint?

    /// - Parameters:
    ///   - units: the size of the output's last axis, above 0.
    ///   - activityRegularizer: what large outputs cost, per sample.
    ///   - inputShape: the shape of one sample, where this is the first layer of a stack.
    public init(
        _ units: Int, activation: ActivationFunction = .linear, usesBias: Bool = true,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.units = units
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

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard units > 0 else { return context.mistake("units must be above 0, but is \(units)") }
        guard let size = context.size(ofAxis: -1, of: input) else { return context.nothing }
        let kernel = context.weight(
            "kernel", shape: [size, units], initializer: kernelInitializer, regularizer: kernelRegularizer,
            constraint: kernelConstraint)
        var output = context.matmulAlongLastAxis(input, kernel.tensor)
        if usesBias {
            let bias = context.weight(
                "bias", shape: [units], initializer: biasInitializer, regularizer: biasRegularizer,
                constraint: biasConstraint)
            output = output + bias
        }
        let result = activation(output, context)
        context.addActivityLoss(activityRegularizer, of: result)
        return result
    }
}

extension LayerContext {
    /// `x · matrix` along the last axis of an `x` of any rank.
    func matmulAlongLastAxis(_ x: Tensor<Float>, _ matrix: Tensor<Float>) -> Tensor<Float> {
        guard let dimensions = x.shape.dimensions, dimensions.count != 2 else { return matmul(x, matrix) }
        if dimensions.count < 2 {
            return mistake("needs an input with a batch axis and another, but is given shape \(x.shape)")
        }
        let product = matmul(x.reshaped([-1, matrix.shape[0] ?? -1]), matrix)
        return reshape(product, leadingAs: x, dimensions.count - 1, then: [matrix.shape[1] ?? -1])
    }

    /// `values` under a shape that starts with the leading sizes of `x`, of which any number may be unknown until the
    /// graph runs.
    func reshape(
        _ values: Tensor<Float>, leadingAs x: Tensor<Float>, _ leading: Int, then rest: [Int]
    ) -> Tensor<Float> {
        let dimensions = Array((x.shape.dimensions ?? []).prefix(leading))
        if dimensions.filter({ $0 == nil }).count <= 1 { return values.reshaped(dimensions.map { $0 ?? -1 } + rest) }
        let sizes = concatenate(
            [shape(of: x)[0..<leading], constant(rest.map { Int32(clamping: $0) })], axis: 0)
        return ensureShape(values.reshaped(sizes), Shape(dimensions + rest))
    }

    /// The loss that a layer's large outputs cost: that of one sample, in the mean.
    func addActivityLoss(_ regularizer: WeightRegularizer?, of output: Tensor<Float>) {
        guard let regularizer else { return }
        do {
            let samples = cast(shape(of: output)[0], to: Float.self)
            addLoss(try regularizer.loss(of: output) / samples)
        } catch {
            report(error.message, hint: error.hint)
        }
    }
}

extension Dense: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(
                Self.className,
                [
                    "units": .integer(units), "activation": try activation.json, "use_bias": .bool(usesBias),
                    "kernel_initializer": try kernelInitializer.json, "bias_initializer": try biasInitializer.json,
                    "kernel_regularizer": try JSONValue(setting: kernelRegularizer),
                    "bias_regularizer": try JSONValue(setting: biasRegularizer),
                    "activity_regularizer": try JSONValue(setting: activityRegularizer),
                    "kernel_constraint": try JSONValue(setting: kernelConstraint),
                    "bias_constraint": try JSONValue(setting: biasConstraint),
                ])
        }
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.integer("units"), activation: try configuration.activation(),
            usesBias: try configuration.bool("use_bias", default: true),
            kernelInitializer: try configuration.initializer("kernel_initializer", default: .glorotUniform()),
            biasInitializer: try configuration.initializer("bias_initializer", default: .zeros),
            kernelRegularizer: try configuration.regularizer("kernel_regularizer"),
            biasRegularizer: try configuration.regularizer("bias_regularizer"),
            activityRegularizer: try configuration.regularizer("activity_regularizer"),
            kernelConstraint: try configuration.constraint("kernel_constraint"),
            biasConstraint: try configuration.constraint("bias_constraint"), name: configuration.layerName)
    }
}
