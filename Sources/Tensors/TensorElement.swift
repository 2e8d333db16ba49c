// The Swift types that can be elements of arrays and tensors.

/// A Swift type that tensors can hold.
public protocol TensorElement: Hashable, Sendable, BitwiseCopyable {
    /// The element type it stands for.
    static var dtype: DType { get }
    /// Zero, or `false`.
    static var zero: Self { get }
    /// One, or `true`.
    static var one: Self { get }
}

/// An element with arithmetic.
public protocol NumericElement: TensorElement, Numeric, Comparable {
    /// The nearest value of this type: rounded toward zero and limited to the type's range; NaN becomes 0 in integers.
    init(clamping value: Double)
    /// The nearest `Double`.
    var asDouble: Double { get }
}

/// An element with signed arithmetic.
public protocol SignedElement: NumericElement, SignedNumeric {}

/// A whole-number element, which can index or count.
public protocol IntegerElement: NumericElement, FixedWidthInteger {}

/// A floating-point element: what gradients flow through.
public protocol FloatingElement: SignedElement, BinaryFloatingPoint {}

// In sight of other modules, whose loops over elements would call them one by one otherwise.

extension IntegerElement {
    @inlinable public static var one: Self { 1 }
    @inlinable public var asDouble: Double { Double(self) }
    @inlinable public init(clamping value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= Double(Self.max) {
            self = .max
        } else if value <= Double(Self.min) {
            self = .min
        } else {
            self = Self(value)
        }
    }
}

extension FloatingElement {
    @inlinable public static var one: Self { 1 }
    @inlinable public init(clamping value: Double) { self = Self(value) }
    @inlinable public var asDouble: Double { Double(self) }
}

extension Float: FloatingElement {
    public static var dtype: DType { .float32 }
}
extension Double: FloatingElement {
    public static var dtype: DType { .float64 }
}
extension Int8: IntegerElement, SignedElement {
    public static var dtype: DType { .int8 }
}
extension Int16: IntegerElement, SignedElement {
    public static var dtype: DType { .int16 }
}
extension Int32: IntegerElement, SignedElement {
    public static var dtype: DType { .int32 }
}
extension Int64: IntegerElement, SignedElement {
    public static var dtype: DType { .int64 }
}
extension UInt8: IntegerElement {
    public static var dtype: DType { .uint8 }
}
extension UInt16: IntegerElement {
    public static var dtype: DType { .uint16 }
}
extension UInt32: IntegerElement {
    public static var dtype: DType { .uint32 }
}
extension UInt64: IntegerElement {
    public static var dtype: DType { .uint64 }
}
extension Bool: TensorElement {
    public static var dtype: DType { .bool }
    public static var zero: Bool { false }
    public static var one: Bool { true }
}

extension DType {
    /// The Swift type of this dtype's elements; nil for those that graphs do not compute with.
    package var elementType: (any TensorElement.Type)? {
        switch kind {
        case .float32: Float.self
        case .float64: Double.self
        case .int8: Int8.self
        case .int16: Int16.self
        case .int32: Int32.self
        case .int64: Int64.self
        case .uint8: UInt8.self
        case .uint16: UInt16.self
        case .uint32: UInt32.self
        case .uint64: UInt64.self
        case .bool: Bool.self
        case .other: nil
        }
    }

    /// The Swift type of this dtype's elements, where it has arithmetic.
    package var numericType: (any NumericElement.Type)? { elementType as? any NumericElement.Type }
}
