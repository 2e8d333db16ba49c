// The one list of all operations. A new operation is appended to its family's list; a test fails for an operation
// without samples.

package import Graphs
import Tensors

/// Every operation, as float32 where it has a type.
package enum OperationCatalogue {
    /// One instance of each.
    package static let operations: [any Operation] = elementwise + sources + passing + variables

    /// TensorFlow's names of all operations.
    package static let names: [String] = operations.map(\.name)

    private static let type = TensorType(.float32, .scalar)

    private static let elementwise: [any Operation] = ElementwiseFunction.allCases.map { function in
        Elementwise(function, function.row.accepted.contains(.float32) ? .float32 : .bool)
    }

    private static let sources: [any Operation] = [
        ConstantArray(array: NDArray<Float>(0).untyped), Placeholder(type: type), PlaceholderWithDefault(type: type),
        Filled(.zeros, .float32), Filled(.ones, .float32), Fill(dtype: .float32), RangeOperation(dtype: .float32),
        MatrixDiagonal(dtype: .float32), MatrixDiagonalPart(dtype: .float32),
    ]

    private static let passing: [any Operation] = [
        PassThrough(.identity, .float32), PassThrough(.stopGradient, .float32),
        PassThrough(.preventGradient(message: ""), .float32), PassThrough(.ensureShape(.scalar), .float32),
        NoOperation(), Cast(from: .float32, to: .int32), Select(), AddN(dtype: .float32, count: 2),
        BroadcastGradientArguments(dtype: .int32),
    ]

    private static let variables: [any Operation] = [
        VariableHandle(type: type, sharedName: ""), ReadVariable(type: type), AssignVariable(.assign, type: type),
        AssignVariable(.add, type: type), AssignVariable(.subtract, type: type), ApplyGradientDescent(type: type),
        ApplyAdagrad(type: type),
    ]
}
