// TensorFlow 1's reference variables as resource variables, the one kind that graphs have here.
//
// The node of a reference variable is both its handle and its value. On import it becomes the handle (`VarHandleOp`), and
// whoever takes its value gets a read that waits for what the taker waits for, which is when TensorFlow looks at the
// reference. Names stay, so checkpoints and feeds by name fit.

import Graphs
import Operations
import Tensors

/// What stands for an output of an imported node.
enum ImportedValue: Sendable {
    case value(Value)
    /// A reference to a variable, as it is after the given nodes.
    case reference(handle: Value, after: [Node])
}

/// How an op on references is imported.
enum ReferenceOperation {
    /// It makes a variable.
    case variable
    /// It is this op on handles for its first inputs, and gives the first of them back.
    case update(resourceOperation: String, handleCount: Int)

    init?(_ operation: String) {
        switch operation {
        case "Variable", "VariableV2", "TemporaryVariable": self = .variable
        case "Assign": self = .update(resourceOperation: "AssignVariableOp", handleCount: 1)
        case "AssignAdd": self = .update(resourceOperation: "AssignAddVariableOp", handleCount: 1)
        case "AssignSub": self = .update(resourceOperation: "AssignSubVariableOp", handleCount: 1)
        default:
            guard let count = Self.optimizerHandles[operation] else { return nil }
            self = .update(resourceOperation: "Resource" + operation, handleCount: count)
        }
    }

    /// How many variables the updates of optimizers take: the weights and their slots.
    private static let optimizerHandles: [String: Int] = [
        "ApplyGradientDescent": 1, "ApplyProximalGradientDescent": 1, "ApplyMomentum": 2, "ApplyAdagrad": 2,
        "ApplyAdagradV2": 2, "ApplyAdadelta": 3, "ApplyAdam": 3, "ApplyAdaMax": 3, "ApplyRMSProp": 3,
        "ApplyCenteredRMSProp": 4, "ApplyFtrl": 3, "ApplyFtrlV2": 3, "ApplyAddSign": 2, "ApplyPowerSign": 2,
        "ApplyAdagradDA": 3, "ApplyProximalAdagrad": 2,
    ]

    /// The attributes of the op on handles: those on references are named after their element type `T`, the others
    /// `dtype` where they assign.
    static func attributes(_ attributes: [String: AttributeValue], for operation: String) -> [String: AttributeValue] {
        guard operation.hasPrefix("Assign"), let dtype = attributes["T"] else { return attributes }
        return ["dtype": dtype]
    }
}

extension Graph {
    /// The value of a variable as it is after the given nodes: an existing read of it, where one waits for just these.
    func read(of handle: Value, after controls: [Node]) -> Value {
        let awaited = controls.map(\.id)
        let records = self.records
        for (index, record) in records.enumerated()
        where record.operation is ReadVariable && record.inputs == [handle.endpoint] && record.controlInputs == awaited
        {
            return Value(graph: self, endpoint: Endpoint(node: NodeID(index), output: 0))
        }
        return asDefault { addRead(of: handle, after: controls) }
    }

    /// A new read of a variable, which waits for the given nodes.
    ///
    /// - Parameters:
    ///   - name: a full name that was reserved, with a `/` at its end; nil: one in the variable's scope.
    func addRead(of handle: Value, after controls: [Node], name: String? = nil) -> Value {
        let read = ReadVariable(type: handle.variableType ?? TensorType(.float32, .unknown))
        return withExactNameScope(handle.node.name) {
            addOne(read, [handle], name: name, controlInputs: controls)
        }
    }
}
