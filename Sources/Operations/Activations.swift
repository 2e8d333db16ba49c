// Activations that are formulas of element-wise functions.

public import Graphs
package import Programs
public import Tensors

/// `x` where it is positive, else `alpha x`.
///
/// - Gradient: `g` where `x` is positive, else `alpha g`.
package struct LeakyRelu: Operation {
    let dtype: DType
    let alpha: Float

    package init(dtype: DType, alpha: Float = 0.2) {
        self.dtype = dtype
        self.alpha = alpha
    }

    package var name: String { "LeakyRelu" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("alpha", .float(alpha))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if !inputs[0].dtype.isFloating { throw .unsupported(inputs[0].dtype, accepted: "floating-point numbers") }
        return [inputs[0]]
    }

    package func gradient(_ context: GradientContext) -> Gradient { context.ofDecomposition(decomposed) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] { try context.lowerDecomposition(decomposed) }

    private func decomposed(_ inputs: [Value]) -> [Value] {
        let x = inputs[0]
        let isPositive = elementwise(.greater, [x, scalarConstant(0, dtype, in: x.graph)])
        return [makeSelect(isPositive, x, x * scalarConstant(Double(alpha), dtype, in: x.graph))]
    }
}

/// `x` where it is positive, else `slope x`.
///
/// - Parameters:
///   - slope: the derivative for negative `x`, 0.2 by default, as in TensorFlow.
/// - Gradient: `g` where `x` is positive, else `slope g`.
/// - Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic models" (2013).
public func leakyRelu<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, slope: Float = 0.2, name: String? = nil
) -> Tensor<Scalar> {
    makeTensor(LeakyRelu(dtype: Scalar.dtype, alpha: slope), [x.value], name: name)
}

/// `x` times the probability that a standard normal number is below it.
///
///     gelu(x) = x (1 + erf(x / √2)) / 2
///
/// - Parameters:
///   - approximate: whether to take `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2` instead.
/// - Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016); TensorFlow's `nn.gelu`.
public func gelu<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, approximate: Bool = false, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.value
    return inNodeScope(name, "Gelu", of: x.graph) { name in
        func number(_ value: Double) -> Value { scalarConstant(value, Scalar.dtype) }
        let step: Value
        if approximate {
            let cubic = x + number(0.044715) * x * x * x
            step = elementwise(.tanh, [number(0.7978845608028654) * cubic])
        } else {
            step = elementwise(.erf, [x * number(0.7071067811865476)])
        }
        return Tensor(elementwise(.multiply, [number(0.5) * x, number(1) + step], name: name))
    }
}

/// `x sigmoid(x)`, also known as SiLU.
///
/// - Source: Ramachandran et al., "Searching for activation functions" (2017).
public func swish<Scalar: FloatingElement>(
    _ x: some TensorExpression<Scalar>, name: String? = nil
) -> Tensor<Scalar> {
    let x = x.value
    return inNodeScope(name, "Swish", of: x.graph) { name in
        Tensor(elementwise(.multiply, [x, elementwise(.sigmoid, [x])], name: name))
    }
}

// MARK: - From files

extension LeakyRelu: DecodableOperation {
    package static var operationNames: [String] { ["LeakyRelu"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T", default: .float32), alpha: try node.float("alpha", default: 0.2))
    }
}
