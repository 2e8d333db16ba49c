// The element types of tensors: how they are named, numbered and laid out.

/// The type of a tensor's elements.
///
/// The names and numbers are TensorFlow's (`DataType` in its protocol buffers). Graphs compute with the types listed in
/// `all`; the others are read, kept and written as they are (`AnyArray`).
public struct DType: Hashable, Sendable {
    /// The closed set behind the open-ended public type, for exhaustive switches inside the package.
    package enum Kind: Hashable, Sendable {
        case float32, float64
        case int8, int16, int32, int64
        case uint8, uint16, uint32, uint64
        case bool
        /// A type that no program computes with.
        case other(Other)

        /// The types that files and graphs name but no program computes with.
        package enum Other: UInt8, Hashable, Sendable, CaseIterable {
            case string = 7
            case complex64 = 8
            case qint8 = 11
            case quint8 = 12
            case qint32 = 13
            case bfloat16 = 14
            case qint16 = 15
            case quint16 = 16
            case complex128 = 18
            case float16 = 19
            /// A handle to state, such as a variable: never an element of an array.
            case resource = 20
            /// A value of a type that only TensorFlow's kernels know.
            case variant = 21
            case float8e5m2 = 24
            case float8e4m3fn = 25
            case float8e4m3fnuz = 26
            case float8e4m3b11fnuz = 27
            case float8e5m2fnuz = 28
            case int4 = 29
            case uint4 = 30
            case int2 = 31
            case uint2 = 32
            case float4e2m1fn = 33
        }
    }

    package let kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }

    private init(_ other: Kind.Other) {
        kind = .other(other)
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

    /// Bytes of any length, such as a text in UTF-8.
    public static let string = DType(.string)
    /// Half precision: 16 bits, 11 of them the significand.
    public static let float16 = DType(.float16)
    /// The upper half of a `float32`.
    public static let bfloat16 = DType(.bfloat16)
    /// Two `float32`: the real and the imaginary part.
    public static let complex64 = DType(.complex64)
    /// Two `float64`: the real and the imaginary part.
    public static let complex128 = DType(.complex128)

    /// The type of the handles that variable ops take; no array has it.
    package static let resource = DType(.resource)
    /// The type of values that only TensorFlow's kernels know; no array has it.
    package static let variant = DType(.variant)

    private static let computed: [DType] = [
        .float32, .float64, .int32, .uint8, .int16, .int8, .int64, .bool, .uint16, .uint32, .uint64,
    ]

    /// Every type that graphs compute with.
    public static var all: [DType] { computed }

    /// Every type that files can hold elements of.
    public static var allStored: [DType] {
        computed + Kind.Other.allCases.map { DType($0) }.filter { $0 == .string || $0.byteCount > 0 }
    }

    /// The type with the given number in TensorFlow's files, or nil.
    public init?(tensorFlowNumber number: Int) {
        if let computed = Self.computed.first(where: { $0.tensorFlowNumber == number }) {
            self = computed
        } else if let other = UInt8(exactly: number).flatMap(Kind.Other.init(rawValue:)) {
            self = DType(other)
        } else {
            return nil
        }
    }

    /// The number TensorFlow's files use for this type.
    public var tensorFlowNumber: Int {
        switch kind {
        case .float32: 1
        case .float64: 2
        case .int32: 3
        case .uint8: 4
        case .int16: 5
        case .int8: 6
        case .int64: 9
        case .bool: 10
        case .uint16: 17
        case .uint32: 22
        case .uint64: 23
        case .other(let other): Int(other.rawValue)
        }
    }

    /// Bytes of one element; 0 for types whose elements have no fixed size. Types of fewer than 8 bits take a byte each.
    public var byteCount: Int {
        switch kind {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        case .other(let other):
            switch other {
            case .string, .resource, .variant: 0
            case .qint8, .quint8, .float8e5m2, .float8e4m3fn, .float8e4m3fnuz, .float8e4m3b11fnuz, .float8e5m2fnuz,
                .int4, .uint4, .int2, .uint2, .float4e2m1fn:
                1
            case .float16, .bfloat16, .qint16, .quint16: 2
            case .qint32: 4
            case .complex64: 8
            case .complex128: 16
            }
        }
    }

    /// Whether graphs compute with it: whether a Swift type stands for it.
    package var isComputed: Bool {
        if case .other = kind { false } else { true }
    }

    /// Whether this is a floating-point type that graphs compute with.
    public var isFloating: Bool { kind == .float32 || kind == .float64 }

    /// Whether this is a signed or unsigned integer type (`bool` is not one).
    public var isInteger: Bool { isNumeric && !isFloating }

    /// Whether arithmetic is defined on it.
    public var isNumeric: Bool { kind != .bool && isComputed }

    /// Whether it is a signed integer or a floating-point type.
    public var isSigned: Bool {
        switch kind {
        case .float32, .float64, .int8, .int16, .int32, .int64: true
        case .bool, .uint8, .uint16, .uint32, .uint64, .other: false
        }
    }
}

extension DType: CustomStringConvertible {
    /// TensorFlow's name: `float32`, `int64`, `bool`, ...
    public var description: String {
        switch kind {
        case .other(let other):
            switch other {
            case .float8e5m2: "float8_e5m2"
            case .float8e4m3fn: "float8_e4m3fn"
            case .float8e4m3fnuz: "float8_e4m3fnuz"
            case .float8e4m3b11fnuz: "float8_e4m3b11fnuz"
            case .float8e5m2fnuz: "float8_e5m2fnuz"
            case .float4e2m1fn: "float4_e2m1fn"
            default: "\(other)"
            }
        default: "\(kind)"
        }
    }
}
