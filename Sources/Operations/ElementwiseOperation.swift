// The one operation behind all element-wise functions: type rule, gradient and lowering follow from a row of the table.

package import Graphs
package import Programs
package import Tensors

/// An element-wise function as an operation.
///
/// - Shapes: the operands are broadcast to one shape as in NumPy.
/// - Errors: wrong or different dtypes, shapes that do not broadcast.
/// - Gradient: that of the output times the partial derivative, summed over the dimensions that were broadcast.
package struct Elementwise: Operation, Hashable {
    package let function: ElementwiseFunction
    /// The type of the operands.
    package let dtype: DType

    package init(_ function: ElementwiseFunction, _ dtype: DType) {
        self.function = function
        self.dtype = dtype
    }

    package var name: String { function.rawValue }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package var attributes: [Attribute] {
        switch function {
        case .logicalAnd, .logicalOr, .logicalNot: []
        case .equal, .notEqual: [Attribute("T", .type(dtype)), Attribute("incompatible_shape_error", .bool(true))]
        default: [Attribute("T", .type(dtype))]
        }
    }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        let row = function.row
        try inputs.require(count: row.operandCount)
        if !row.accepted.contains(inputs[0].dtype) {
            throw .unsupported(inputs[0].dtype, accepted: row.accepted.description)
        }
        for type in inputs.types where type.dtype != inputs[0].dtype {
            throw .dtypesDiffer(inputs[0].dtype, type.dtype)
        }
        let shape =
            row.broadcasts ? try broadcastShape(inputs.types.map(\.shape)) : try equalShape(inputs.types.map(\.shape))
        return [TensorType(row.isPredicate ? .bool : inputs[0].dtype, shape)]
    }

    /// What all shapes say together.
    private func equalShape(_ shapes: [Shape]) throws(Mistake) -> Shape {
        var merged = Shape.unknown
        for shape in shapes {
            guard let both = merged.merged(with: shape) else { throw .shapesDiffer(merged, shape) }
            merged = both
        }
        return merged
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let partials: [ScalarExpression]
        switch function.row.derivative {
        case .none(let reason): return .none(reason: reason)
        case .partials(let expressions): partials = expressions
        }
        if !dtype.isFloating { return .none(reason: "gradients flow through floating-point numbers only") }
        let upstream = context.outputGradient
        let nodes = ScalarNodes(operands: context.inputs, output: context.outputs[0])
        var reversal = BroadcastReversal(operands: context.inputs, output: context.outputs[0])
        var gradients = [Value?](repeating: nil, count: context.inputs.count)
        for (index, partial) in partials.enumerated() where context.isWanted[index] {
            if partial == .number(0) {
                gradients[index] = makeValue(Filled(.zeros, dtype), [context.inputs[index]])
            } else {
                gradients[index] = reversal.sum(nodes.product(upstream, partial), forOperand: index)
            }
        }
        return .inputs(gradients)
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let shape = try context.outputShape()
        let operands = try context.operands.map { try context.builder.broadcast($0, to: shape) }
        let lowering = ScalarLowering(builder: context.builder, type: ArrayType(dtype, shape))
        return [try lowering.value(of: function.row.expression(for: dtype), operands: operands)]
    }
}

/// Adds an element-wise function to the graph of its operands.
package func elementwise(_ function: ElementwiseFunction, _ operands: [Value], name: String? = nil) -> Value {
    makeValue(Elementwise(function, operands.first?.dtype ?? .float32), operands, name: name)
}

// MARK: - From files

extension Elementwise: DecodableOperation {
    package static var operationNames: [String] { ElementwiseFunction.allCases.map(\.rawValue) }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        guard let function = ElementwiseFunction(rawValue: node.operation) else {
            throw .unsupported("the op \(node.operation) is not known")
        }
        switch function {
        case .logicalAnd, .logicalOr, .logicalNot: self.init(function, .bool)
        case .equal, .notEqual:
            let isStrict = try node.bool("incompatible_shape_error", default: true)
            try node.require(isStrict, "incompatible_shape_error false is not supported")
            self.init(function, try node.dtype("T"))
        default: self.init(function, try node.dtype("T"))
        }
    }
}
