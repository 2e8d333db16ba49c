// The conversion of element types.

public import Graphs
package import Programs
public import Tensors

/// Each element in another type: integers from floating-point numbers toward zero, `bool` as "is not 0".
///
/// - Shapes: any → the same.
/// - Gradient: converted back, between floating-point types.
package struct Cast: Operation {
    package let source: DType
    package let target: DType

    package init(from source: DType, to target: DType) {
        self.source = source
        self.target = target
    }

    package var name: String { "Cast" }
    package var attributes: [Attribute] {
        [Attribute("SrcT", .type(source)), Attribute("DstT", .type(target)), Attribute("Truncate", .bool(false))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if inputs[0].dtype != source { throw .dtypesDiffer(inputs[0].dtype, source) }
        for dtype in [source, target] where !dtype.isComputed { throw .unsupported(dtype, accepted: "arrays") }
        return [TensorType(target, inputs[0].shape)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        guard source.isFloating, target.isFloating else {
            return .none(reason: "a conversion from \(source) to \(target) passes no gradient")
        }
        return .inputs([makeValue(Cast(from: target, to: source), [context.outputGradient])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        [try context.builder.convert(context.operands[0], to: target)]
    }
}

/// Each element as a `Target`: integers from floating-point numbers toward zero, truth values as 0 and 1.
///
///     cast(equal(a, b), to: Float.self).mean()
///
/// - Gradient: flows between floating-point types only.
public func cast<Source: TensorElement, Target: TensorElement>(
    _ value: some TensorExpression<Source>, to type: Target.Type, name: String? = nil
) -> Tensor<Target> {
    let value = value.tensor.value
    if Source.dtype == Target.dtype, name == nil { return Tensor(value) }
    return makeTensor(Cast(from: value.dtype, to: Target.dtype), [value], name: name)
}

// MARK: - From files

extension Cast: DecodableOperation {
    package static var operationNames: [String] { ["Cast"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(from: try node.dtype("SrcT"), to: try node.dtype("DstT"))
    }
}
