// The sum of many tensors: how several gradients of one value are added up.

public import Graphs
package import Programs
public import Tensors

/// The sum of all inputs.
///
/// - Shapes: all the same; nothing is broadcast.
/// - Gradient: passes to each input.
package struct AddN: Operation {
    package let dtype: DType
    package let count: Int

    package init(dtype: DType, count: Int) {
        self.dtype = dtype
        self.count = count
    }

    package var name: String { "AddN" }
    package var attributes: [Attribute] { [Attribute("N", .int(count)), Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        if count < 1 { throw Mistake("has nothing to add up", hint: "pass at least one tensor") }
        try inputs.require(count: count)
        if !dtype.isNumeric { throw .unsupported(dtype, accepted: "numbers") }
        var shape = Shape.unknown
        for type in inputs.types {
            if type.dtype != dtype { throw .dtypesDiffer(type.dtype, dtype) }
            guard let merged = shape.merged(with: type.shape) else { throw .shapesDiffer(shape, type.shape) }
            shape = merged
        }
        return [TensorType(dtype, shape)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        .inputs(context.inputs.map { _ in context.outputGradient })
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        var sum = context.operands[0]
        for operand in context.operands.dropFirst() { sum = try context.builder.binary(.add, sum, operand) }
        return [sum]
    }
}

/// The sum of tensors of one shape, in their order.
///
/// - Errors: different shapes, or no tensor at all, are mistakes.
/// - Gradient: passes to each of them.
public func addN<Scalar: NumericElement>(_ values: [Tensor<Scalar>], name: String? = nil) -> Tensor<Scalar> {
    makeTensor(AddN(dtype: Scalar.dtype, count: values.count), values.map(\.value), name: name)
}

// MARK: - From files

extension AddN: DecodableOperation {
    package static var operationNames: [String] { ["AddN"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), count: try node.count("N"))
    }
}
