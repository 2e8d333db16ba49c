// The element types of tensors: how they are named, numbered and laid out.

/// The type of a tensor's elements.
///
/// The names and numbers are TensorFlow's (`DataType` in its protocol buffers).
public struct DType: Hashable, Sendable {
    /// The closed set behind the open-ended public type, for exhaustive switches inside the package.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case float32 = 1
        case float64 = 2
        case int32 = 3
        case uint8 = 4
        case int16 = 5
        case int8 = 6
        case int64 = 9
        case bool = 10
        case uint16 = 17
        /// A handle to state, such as a variable: never an element of an array.
        case resource = 20
        case uint32 = 22
        case uint64 = 23
    }

    package let kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }

    public static let float32 = DType(.float32)
    public static let float64 = DType(.float64)
    public static let int8 = DType(.int8)
    public static let int16 = DType(.int16)
    public static let int32 = DType(.int32)
    public static let int64 = DType(.int64)
    public static let uint8 = DType(.uint8)
    public static let uint16 = DType(.uint16)
    public static let uint32 = DType(.uint32)
    public static let uint64 = DType(.uint64)
    public static let bool = DType(.bool)

    /// The type of the handles that variable ops take; no array has it.
    package static let resource = DType(.resource)

    /// Every element type.
    public static var all: [DType] { Kind.allCases.filter { $0 != .resource }.map(DType.init) }

    /// The number TensorFlow's files use for this type.
    public var tensorFlowNumber: Int { Int(kind.rawValue) }

    /// Bytes of one element.
    public var byteCount: Int {
        switch kind {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        case .resource: 0
        }
    }

    /// Whether this is a floating-point type.
    public var isFloating: Bool { kind == .float32 || kind == .float64 }

    /// Whether this is a signed or unsigned integer type (`bool` is not one).
    public var isInteger: Bool { !isFloating && kind != .bool && kind != .resource }

    /// Whether arithmetic is defined on it.
    public var isNumeric: Bool { kind != .bool && kind != .resource }

    /// Whether it is a signed integer or a floating-point type.
    public var isSigned: Bool {
        switch kind {
        case .float32, .float64, .int8, .int16, .int32, .int64: true
        case .bool, .uint8, .uint16, .uint32, .uint64, .resource: false
        }
    }
}

extension DType: CustomStringConvertible {
    /// TensorFlow's name: `float32`, `int64`, `bool`, ...
    public var description: String { "\(kind)" }
}
