// The operations on variables: the handle, reading and assigning. What users hold is in Variables.

package import Graphs
package import Programs
package import Tensors

/// The handle of a variable, which the operations on it take as their input.
package struct VariableHandle: Operation {
    /// The type of the variable's value.
    package let type: TensorType
    package let sharedName: String

    package init(type: TensorType, sharedName: String) {
        self.type = type
        self.sharedName = sharedName
    }

    package var name: String { "VarHandleOp" }
    package var attributes: [Attribute] {
        [
            Attribute("container", .string("")), Attribute("dtype", .type(type.dtype)),
            Attribute("shape", .shape(type.shape)), Attribute("shared_name", .string(sharedName)),
        ]
    }
    package var effect: Effect { .handle }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 0)
        if !type.shape.isFullyKnown {
            throw Mistake(
                "the shape of the variable's initial value, \(type.shape), is not fully known",
                hint: "make the variable with Variable(initializer, shape:)")
        }
        if type.shape.count == nil {
            throw Mistake("a variable of shape \(type.shape) has more elements than memory can address")
        }
        return [TensorType(.resource, .scalar)]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }
    package func lower(_ context: LoweringContext) throws -> [ValueID] { [] }
}

/// The value of a variable.
///
/// - Gradient: passes to the handle, which collects those of all reads.
package struct ReadVariable: Operation {
    package let type: TensorType

    package init(type: TensorType) { self.type = type }

    package var name: String { "ReadVariableOp" }
    package var attributes: [Attribute] { [Attribute("dtype", .type(type.dtype))] }
    package var effect: Effect { .reads(input: 0) }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        try inputs.requireHandle(0)
        return [type]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .inputs([context.outputGradient]) }

    package func lower(_ context: LoweringContext) throws -> [ValueID] { [try context.readVariable(input: 0)] }
}

/// Gives a variable a new value: the input, or the sum or difference of the old one and the input.
///
/// - Errors: a value of another type or shape than the variable's is a mistake.
package struct AssignVariable: Operation {
    package enum Kind: String, Sendable {
        case assign = "AssignVariableOp"
        case add = "AssignAddVariableOp"
        case subtract = "AssignSubVariableOp"
    }

    package let kind: Kind
    package let type: TensorType

    package init(_ kind: Kind, type: TensorType) {
        self.kind = kind
        self.type = type
    }

    package var name: String { kind.rawValue }
    package var attributes: [Attribute] {
        let dtype = Attribute("dtype", .type(type.dtype))
        return kind == .assign ? [dtype, Attribute("validate_shape", .bool(false))] : [dtype]
    }
    package var effect: Effect { .updates(inputs: [0]) }
    package var outputCount: Int { 0 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        try inputs.requireHandle(0)
        if kind != .assign, !type.dtype.isNumeric { throw .unsupported(type.dtype, accepted: "numbers") }
        if inputs[1].dtype != type.dtype { throw .dtypesDiffer(type.dtype, inputs[1].dtype) }
        if !inputs[1].shape.isCompatible(with: type.shape) {
            throw .shapesDiffer(type.shape, inputs[1].shape, what: "the shapes of the variable and of the value")
        }
        return []
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "an assignment has no value") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let operand = context.operands[1]
        switch kind {
        case .assign: try context.writeVariable(input: 0, operand)
        case .add:
            let sum = try context.builder.binary(.add, context.readVariable(input: 0), operand)
            try context.writeVariable(input: 0, sum)
        case .subtract:
            let difference = try context.builder.binary(.subtract, context.readVariable(input: 0), operand)
            try context.writeVariable(input: 0, difference)
        }
        return []
    }
}

extension InputTypes {
    /// Checks that an input is the handle of a variable.
    func requireHandle(_ index: Int) throws(Mistake) {
        if self[index].dtype != .resource {
            throw Mistake("takes the handle of a variable as input \(index), but has \(self[index])")
        }
    }
}

// MARK: - From files

extension AssignVariable: DecodableOperation {
    package static var operationNames: [String] { ["AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(Kind(rawValue: node.operation) ?? .assign, type: try node.variable(0, dtype: "dtype"))
    }
}

extension VariableHandle: DecodableOperation {
    package static var operationNames: [String] { ["VarHandleOp"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let shape = try node.shape("shape")
        try node.require(shape.isFullyKnown, "a variable of shape \(shape) is not supported: it must be fully known")
        self.init(
            type: TensorType(try node.dtype("dtype"), shape), sharedName: try node.string("shared_name", default: ""))
    }
}

extension ReadVariable: DecodableOperation {
    package static var operationNames: [String] { ["ReadVariableOp"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(type: try node.variable(0, dtype: "dtype"))
    }
}
