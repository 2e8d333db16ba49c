// A densely connected layer along whichever axes an equation says.

public import Graphs
import Operations
public import Tensors

/// `activation(einsum(equation, x, kernel) + bias)`
///
///     EinsumDense("abc,cd->abd", outputShape: [nil, 64], biasAxes: "d")        // as Dense(64), step by step
///     EinsumDense("...x,xy->...y", outputShape: [64], biasAxes: "y")           // as Dense(64), for any rank
///
/// - Shapes: as the equation says; the kernel has the axes that it names for it, the bias those of `biasAxes`, and 1 for
///   others of the result behind the first of them.
/// - Source: Keras's `EinsumDense`.
public struct EinsumDense: UnaryLayer {
    public let state: LayerState
    public let equation: String
    public let outputShape: [Int?]
    public let biasAxes: String?
    public let activation: ActivationFunction
    public let kernelInitializer: WeightInitializer
    public let biasInitializer: WeightInitializer
    public let kernelRegularizer: WeightRegularizer?
    public let biasRegularizer: WeightRegularizer?
    public let activityRegularizer: WeightRegularizer?
    public let kernelConstraint: WeightConstraint?
    public let biasConstraint: WeightConstraint?

    /// - Parameters:
    ///   - equation: the axes of the input, of the kernel and of the result, `input,kernel->result`, with `...` before or
    ///     behind the first and last for axes that stay.
    ///   - outputShape: the sizes of the result without the first axis and those of `...`; nil where the input decides.
    ///   - biasAxes: the axes of the result that the bias has; nil for no bias.
    public init(
        _ equation: String, outputShape: [Int?], activation: ActivationFunction = .linear, biasAxes: String? = nil,
        kernelInitializer: WeightInitializer = .glorotUniform(), biasInitializer: WeightInitializer = .zeros,
        kernelRegularizer: WeightRegularizer? = nil, biasRegularizer: WeightRegularizer? = nil,
        activityRegularizer: WeightRegularizer? = nil, kernelConstraint: WeightConstraint? = nil,
        biasConstraint: WeightConstraint? = nil, inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.equation = equation
        self.outputShape = outputShape
        self.biasAxes = biasAxes
        self.activation = activation
        self.kernelInitializer = kernelInitializer
        self.biasInitializer = biasInitializer
        self.kernelRegularizer = kernelRegularizer
        self.biasRegularizer = biasRegularizer
        self.activityRegularizer = activityRegularizer
        self.kernelConstraint = kernelConstraint
        self.biasConstraint = biasConstraint
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard input.node.isSound else { return context.nothing }
        let shapes: WeightShapes
        do {
            shapes = try WeightShapes(equation, input.shape, outputShape, biasAxes)
        } catch { return context.mistake(error.message, hint: error.hint) }
        let kernel = context.weight(
            "kernel", shape: shapes.kernel, initializer: kernelInitializer, regularizer: kernelRegularizer,
            constraint: kernelConstraint)
        var output = einsum(equation, [input, kernel.tensor])
        if let shape = shapes.bias {
            let bias = context.weight(
                "bias", shape: shape, initializer: biasInitializer, regularizer: biasRegularizer,
                constraint: biasConstraint)
            output = output + bias
        }
        let result = activation(output, context)
        context.addActivityLoss(activityRegularizer, of: result)
        return result
    }
}

/// The shapes of the weights, as the equation and the shapes of input and output say.
private struct WeightShapes {
    let kernel: [Int]
    let bias: [Int]?

    private static let dots = "..."

    init(_ equation: String, _ input: Shape, _ output: [Int?], _ biasAxes: String?) throws(KerasError) {
        let noEquation = KerasError(
            "\"\(equation)\" is no equation for an input and a kernel", hint: "write one such as \"abc,cd->abd\"")
        let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
        guard sides.count == 2, sides[0].hasSuffix("-") else { throw noEquation }
        let operands = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false)
        guard operands.count == 2 else { throw noEquation }
        let isLeft = operands[0].hasPrefix(Self.dots) && sides[1].hasPrefix(Self.dots)
        let isRight = !isLeft && operands[0].hasSuffix(Self.dots) && sides[1].hasSuffix(Self.dots)
        func letters(_ side: Substring) throws(KerasError) -> [Character] {
            let rest = isLeft ? side.dropFirst(3) : isRight ? side.dropLast(3) : side
            guard !rest.isEmpty, rest.allSatisfy({ $0.isASCII && $0.isLetter }) else { throw noEquation }
            return Array(rest)
        }
        let (own, result) = (try letters(operands[0]), try letters(sides[1]))
        let weights = Array(operands[1])
        guard !weights.isEmpty, weights.allSatisfy({ $0.isASCII && $0.isLetter }) else { throw noEquation }

        guard let sizes = input.dimensions, sizes.count >= own.count, isLeft || isRight || sizes.count == own.count
        else {
            throw KerasError("\"\(equation)\" does not fit an input of shape \(input)")
        }
        let elided = sizes.count - own.count
        var full = [sizes.first ?? nil]
        if isLeft, elided > 1 { full += sizes[1..<elided] }
        full += output
        if isRight { full += sizes[own.count...] }
        guard full.count == result.count + elided else {
            throw KerasError(
                "the result of \"\(equation)\" has other axes than the first and those of outputShape \(Shape(output))")
        }
        let before = isLeft ? elided : 0
        var known: [Character: Int?] = [:]
        for (position, letter) in result.enumerated() { known[letter] = full[before + position] }
        for (position, letter) in own.enumerated() {
            let size = sizes[before + position]
            guard let asked = known[letter] else {
                known[letter] = size
                continue
            }
            if let asked, let size, asked != size {
                throw KerasError("axis \"\(letter)\" has size \(size) in the input, but \(asked) in outputShape")
            }
            if asked == nil { known[letter] = size }
        }
        var kernel: [Int] = []
        for letter in weights {
            guard let size = known[letter] else {
                throw KerasError("axis \"\(letter)\" of the kernel is neither the input's nor the result's")
            }
            guard let size else { throw KerasError("the size of axis \"\(letter)\" must be known for the kernel") }
            guard size > 0 else { throw KerasError("the size of axis \"\(letter)\" must be above 0, but is \(size)") }
            kernel.append(size)
        }
        self.kernel = kernel
        guard let biasAxes, !biasAxes.isEmpty else {
            bias = nil
            return
        }
        if let other = biasAxes.first(where: { !result.contains($0) }) {
            throw KerasError("axis \"\(other)\" of the bias is not one of the result of \"\(equation)\"")
        }
        var shape: [Int] = []
        for letter in result.drop(while: { !biasAxes.contains($0) }) {
            guard biasAxes.contains(letter) else {
                shape.append(1)
                continue
            }
            guard case .some(.some(let size)) = known[letter] else {
                throw KerasError("the size of axis \"\(letter)\" must be known for the bias")
            }
            shape.append(size)
        }
        bias = shape + [Int](repeating: 1, count: isRight ? elided : 0)
    }
}

// MARK: - In files

extension EinsumDense: ConfigurableLayer {
    public var configuration: Configuration {
        get throws {
            Configuration(
                Self.className,
                [
                    "equation": .string(equation), "output_shape": JSONValue(outputShape),
                    "activation": try activation.json, "bias_axes": JSONValue(biasAxes),
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
        let outputShape = try configuration.setting("output_shape", nil, "sizes or null") { json -> [Int?]? in
            if let single = json.integer { return [single] }
            guard let sizes = json.array, sizes.allSatisfy({ $0 == .null || $0.integer != nil }) else { return nil }
            return sizes.map(\.integer)
        }
        self.init(
            try configuration.string("equation"), outputShape: outputShape,
            activation: try configuration.activation(), biasAxes: try configuration.optionalString("bias_axes"),
            kernelInitializer: try configuration.initializer("kernel_initializer", default: .glorotUniform()),
            biasInitializer: try configuration.initializer("bias_initializer", default: .zeros),
            kernelRegularizer: try configuration.regularizer("kernel_regularizer"),
            biasRegularizer: try configuration.regularizer("bias_regularizer"),
            activityRegularizer: try configuration.regularizer("activity_regularizer"),
            kernelConstraint: try configuration.constraint("kernel_constraint"),
            biasConstraint: try configuration.constraint("bias_constraint"), name: configuration.layerName)
    }
}
