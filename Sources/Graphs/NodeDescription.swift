// From the description of a node, as files hold it, to the operation: what each operation reads its attributes from.

package import Tensors

/// A node as a file describes it: the op's name, the attributes, and what is known of the inputs.
package struct NodeDescription {
    /// TensorFlow's name of the op.
    package let operation: String
    package let attributes: [String: AttributeValue]
    /// The types of the inputs.
    package let inputTypes: [TensorType]
    private let variableAt: (Int) -> TensorType?
    private let bodyOf: FunctionResolver

    /// Makes the function of a name, for arguments of the given types; beside them, for handles of variables, the types
    /// of their values.
    package typealias FunctionResolver = (String, [(TensorType, TensorType?)]) throws(DecodingMistake) -> FunctionBody

    /// - Parameters:
    ///   - variableAt: the type of the variable whose handle an input is.
    ///   - bodyOf: makes the functions that attributes name.
    package init(
        operation: String, attributes: [String: AttributeValue], inputTypes: [TensorType],
        variableAt: @escaping (Int) -> TensorType? = { _ in nil },
        bodyOf: @escaping FunctionResolver = { name, _ throws(DecodingMistake) in
            throw .malformed("there is no function \"\(name)\" in the library")
        }
    ) {
        self.bodyOf = bodyOf
        self.operation = operation
        self.attributes = attributes
        self.inputTypes = inputTypes
        self.variableAt = variableAt
    }

    /// The type of the variable whose handle input `index` is; of unknown shape where that is not known.
    package func variable(_ index: Int, dtype attribute: String) throws(DecodingMistake) -> TensorType {
        let dtype = try self.dtype(attribute)
        guard let type = variableAt(index), type.dtype == dtype else { return TensorType(dtype, .unknown) }
        return type
    }
}

extension NodeDescription {
    /// The function that an attribute names, for the inputs from number `first` on as its arguments.
    package func function(_ attribute: String, from first: Int) throws(DecodingMistake) -> FunctionBody {
        try body(string(ofFunction: attribute), from: first)
    }

    /// The functions that an attribute lists.
    package func functions(_ attribute: String, from first: Int) throws(DecodingMistake) -> [FunctionBody] {
        let names = try value(attribute, nil, "a list of functions") {
            if case .functions(let names) = $0 { names } else { nil }
        }
        return try names.map { name throws(DecodingMistake) in try body(name, from: first) }
    }

    private func string(ofFunction attribute: String) throws(DecodingMistake) -> String {
        try value(attribute, nil, "a function") { if case .function(let name) = $0 { name } else { nil } }
    }

    private func body(_ name: String, from first: Int) throws(DecodingMistake) -> FunctionBody {
        try bodyOf(
            name, inputTypes.indices.dropFirst(first).map { (inputTypes[$0], variableAt($0)) })
    }
}

/// Why an operation could not be made from a description.
package enum DecodingMistake: Error, Hashable, Sendable {
    /// An attribute is missing or of the wrong kind: TensorFlow would refuse the node too.
    case malformed(String)
    /// The node is well formed, but asks for something that is not there yet.
    case unsupported(String)
}

/// An operation that files can hold.
package protocol DecodableOperation: Operation {
    /// TensorFlow's names of the ops that it stands for.
    static var operationNames: [String] { get }

    /// The operation that a node describes.
    init(_ node: NodeDescription) throws(DecodingMistake)
}

// MARK: - Attributes by name

extension NodeDescription {
    private func value<Result>(
        _ name: String, _ fallback: Result?, _ kind: String, _ convert: (AttributeValue) -> Result?
    ) throws(DecodingMistake) -> Result {
        guard let value = attributes[name] else {
            if let fallback { return fallback }
            throw .malformed("the attribute \"\(name)\" is missing")
        }
        guard let result = convert(value) else { throw .malformed("the attribute \"\(name)\" is not \(kind)") }
        return result
    }

    package func dtype(_ name: String, default fallback: DType? = nil) throws(DecodingMistake) -> DType {
        try value(name, fallback, "a type") { if case .type(let dtype) = $0 { dtype } else { nil } }
    }

    package func bool(_ name: String, default fallback: Bool? = nil) throws(DecodingMistake) -> Bool {
        try value(name, fallback, "a truth value") { if case .bool(let bool) = $0 { bool } else { nil } }
    }

    package func int(_ name: String, default fallback: Int? = nil) throws(DecodingMistake) -> Int {
        try value(name, fallback, "a whole number") { if case .int(let int) = $0 { int } else { nil } }
    }

    package func float(_ name: String, default fallback: Float? = nil) throws(DecodingMistake) -> Float {
        try value(name, fallback, "a number") { if case .float(let float) = $0 { float } else { nil } }
    }

    package func string(_ name: String, default fallback: String? = nil) throws(DecodingMistake) -> String {
        try value(name, fallback, "a string") { if case .string(let string) = $0 { string } else { nil } }
    }

    package func shape(_ name: String, default fallback: Shape? = nil) throws(DecodingMistake) -> Shape {
        try value(name, fallback, "a shape") { if case .shape(let shape) = $0 { shape } else { nil } }
    }

    package func ints(_ name: String, default fallback: [Int]? = nil) throws(DecodingMistake) -> [Int] {
        try value(name, fallback, "a list of whole numbers") { value in
            switch value {
            case .ints(let ints): ints
            case .emptyList: []
            default: nil
            }
        }
    }

    package func types(_ name: String) throws(DecodingMistake) -> [DType] {
        try value(name, nil, "a list of types") { value in
            switch value {
            case .types(let types): types
            case .emptyList: []
            default: nil
            }
        }
    }

    package func tensor(_ name: String) throws(DecodingMistake) -> UntypedArray {
        try value(name, nil, "a tensor") { if case .tensor(let content) = $0 { content.array } else { nil } }
    }

    /// How many inputs there are of a list whose length an attribute gives; at least 1.
    package func count(_ name: String) throws(DecodingMistake) -> Int {
        let count = try int(name)
        // More outputs or inputs than a file could describe are no node's.
        guard count >= 1, count <= 1 << 20 else {
            throw .malformed("the attribute \"\(name)\" is \(count), but must be at least 1")
        }
        return count
    }

    /// Refuses what an attribute must be for the operation to mean what ours does.
    package func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(DecodingMistake) {
        if !condition { throw .unsupported(message()) }
    }
}
