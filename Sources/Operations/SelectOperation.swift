// The choice between two values, element by element.

package import Graphs
package import Programs
package import Tensors

/// (condition, value where it holds, value elsewhere).
///
/// - Shapes: all three are broadcast to one shape.
/// - Gradient: flows to the side that was chosen.
package struct Select: Operation {
    package let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "SelectV2" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        if inputs[0].dtype != .bool {
            throw Mistake(
                "the condition has type \(inputs[0].dtype), not bool", hint: "compare it, or use cast(_:to: Bool.self)")
        }
        if inputs[1].dtype != inputs[2].dtype { throw .dtypesDiffer(inputs[1].dtype, inputs[2].dtype) }
        return [TensorType(inputs[1].dtype, try broadcastShape(inputs.types.map(\.shape)))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let (condition, upstream) = (context.inputs[0], context.outputGradient)
        if !upstream.dtype.isFloating {
            return .none(reason: "gradients flow through floating-point numbers only")
        }
        let zero = scalarConstant(0, upstream.dtype, in: upstream.graph)
        var reversal = BroadcastReversal(operands: context.inputs, output: context.outputs[0])
        var gradients: [Value?] = [nil, nil, nil]
        if context.isWanted[1] {
            gradients[1] = reversal.sum(makeSelect(condition, upstream, zero), forOperand: 1)
        }
        if context.isWanted[2] {
            gradients[2] = reversal.sum(makeSelect(condition, zero, upstream), forOperand: 2)
        }
        return .inputs(gradients)
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = try context.outputShape()
        let operands = try context.operands.map { try context.builder.broadcast($0, to: shape) }
        return [try context.builder.select(operands[0], operands[1], operands[2])]
    }
}

// MARK: - From files

extension Select: DecodableOperation {
    package static var operationNames: [String] { ["SelectV2"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"))
    }
}
