// What a saved model can be asked to compute: named inputs and outputs.

public import Graphs
import Messages
import SwiftProtobuf
import Tensors

/// A computation of a saved model: tensors to feed and tensors to fetch, by names of their own.
///
///     let signature = ModelSignature(inputs: ["x": AnyTensor(x)], outputs: ["y": AnyTensor(y)])
public struct ModelSignature: Sendable {
    /// The tensors to feed.
    public let inputs: [String: AnyTensor]
    /// The tensors to fetch.
    public let outputs: [String: AnyTensor]
    /// TensorFlow's name for the kind of computation.
    public let methodName: String

    /// The kind that TensorFlow's servers take: any inputs to any outputs.
    public static let predictMethodName = "tensorflow/serving/predict"
    /// The name of the signature that is used where none is named.
    public static let defaultName = "serving_default"

    public init(
        inputs: [String: AnyTensor], outputs: [String: AnyTensor],
        methodName: String = ModelSignature.predictMethodName
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.methodName = methodName
    }
}

extension ModelSignature: CustomStringConvertible {
    /// `(x: float32[?, 2]) → (y: float32[?, 1])`
    public var description: String {
        func list(_ tensors: [String: AnyTensor]) -> String {
            tensors.sorted { $0.key < $1.key }.map { "\($0): \($1.dtype)\($1.shape)" }.joined(separator: ", ")
        }
        return "(\(list(inputs))) → (\(list(outputs)))"
    }
}

extension ModelSignature {
    var message: Tensorflow_SignatureDef {
        func info(_ tensor: AnyTensor) -> Tensorflow_TensorInfo {
            .with {
                $0.name = tensor.name
                $0.dtype = tensor.dtype.message
                $0.tensorShape = tensor.shape.message
            }
        }
        return .with {
            $0.inputs = inputs.mapValues(info)
            $0.outputs = outputs.mapValues(info)
            $0.methodName = methodName
        }
    }
}
