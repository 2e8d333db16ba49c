// The updates of optimizers as single operations, as TensorFlow names them.

package import Graphs
package import Programs
package import Tensors

/// (variable, alpha, delta): `variable -= alpha delta`.
package struct ApplyGradientDescent: Operation {
    /// The type of the variable's value.
    package let type: TensorType

    package init(type: TensorType) { self.type = type }

    package var name: String { "ResourceApplyGradientDescent" }
    package var attributes: [Attribute] {
        [Attribute("T", .type(type.dtype)), Attribute("use_locking", .bool(false))]
    }
    package var effect: Effect { .updates(inputs: [0]) }
    package var outputCount: Int { 0 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireHandle(0)
        try inputs.requireRate(1, "alpha", type)
        try inputs.requireGradient(2, type)
        return []
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "an update has no value") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let old = try context.readVariable(input: 0)
        let rate = try builder.broadcast(context.operands[1], to: builder.shape(of: old))
        let step = try builder.binary(.multiply, rate, context.operands[2])
        try context.writeVariable(input: 0, builder.binary(.subtract, old, step))
        return []
    }
}

/// (variable, accumulator, rate, gradient): `accumulator += gradient²`, then
/// `variable -= rate gradient / √accumulator`.
///
/// - Source: J. Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization" (2011),
///   without a term that keeps the divisor from 0: the accumulator starts above it.
package struct ApplyAdagrad: Operation {
    /// The type of the variable's value.
    package let type: TensorType
    /// Whether the accumulator takes the gradient in.
    package let updatesSlots: Bool

    package init(type: TensorType, updatesSlots: Bool = true) {
        self.type = type
        self.updatesSlots = updatesSlots
    }

    package var name: String { "ResourceApplyAdagrad" }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(type.dtype)), Attribute("update_slots", .bool(updatesSlots)),
            Attribute("use_locking", .bool(false)),
        ]
    }
    package var effect: Effect { .updates(inputs: [0, 1]) }
    package var outputCount: Int { 0 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 4)
        try inputs.requireHandle(0)
        try inputs.requireHandle(1)
        try inputs.requireRate(2, "the learning rate", type)
        try inputs.requireGradient(3, type)
        return []
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "an update has no value") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let gradient = context.operands[3]
        let old = try context.readVariable(input: 0)
        var accumulator = try context.readVariable(input: 1)
        if updatesSlots {
            let square = try builder.binary(.multiply, gradient, gradient)
            accumulator = try builder.binary(.add, accumulator, square)
            try context.writeVariable(input: 1, accumulator)
        }
        let rate = try builder.broadcast(context.operands[2], to: builder.shape(of: old))
        let scaled = try builder.binary(.multiply, rate, gradient)
        let step = try builder.binary(.divide, scaled, builder.unary(.sqrt, accumulator))
        try context.writeVariable(input: 0, builder.binary(.subtract, old, step))
        return []
    }
}

extension InputTypes {
    /// Checks that an input is a single number of the variable's type.
    fileprivate func requireRate(_ index: Int, _ what: String, _ type: TensorType) throws(Mistake) {
        if self[index].dtype != type.dtype { throw .dtypesDiffer(type.dtype, self[index].dtype) }
        if !self[index].shape.isCompatible(with: .scalar) {
            throw Mistake("\(what) has shape \(self[index].shape), but must be a single number")
        }
    }

    /// Checks that an input has the variable's type and shape.
    fileprivate func requireGradient(_ index: Int, _ type: TensorType) throws(Mistake) {
        if !type.dtype.isFloating { throw .unsupported(type.dtype, accepted: "floating-point numbers") }
        if self[index].dtype != type.dtype { throw .dtypesDiffer(type.dtype, self[index].dtype) }
        if !self[index].shape.isCompatible(with: type.shape) {
            throw .shapesDiffer(type.shape, self[index].shape, what: "the shapes of the variable and of its gradient")
        }
    }
}

// MARK: - From files

extension ApplyGradientDescent: DecodableOperation {
    package static var operationNames: [String] { ["ResourceApplyGradientDescent"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(type: try node.variable(0, dtype: "T"))
    }
}

extension ApplyAdagrad: DecodableOperation {
    package static var operationNames: [String] { ["ResourceApplyAdagrad"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            type: try node.variable(0, dtype: "T"), updatesSlots: try node.bool("update_slots", default: true))
    }
}
