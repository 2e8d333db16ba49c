// The attributes of nodes, as TensorFlow's NodeDef has them.

package import Tensors

/// The value of a node's attribute.
package enum AttributeValue: Hashable, Sendable {
    case type(DType)
    case shape(Shape)
    case bool(Bool)
    case int(Int)
    case float(Float)
    case string(String)
    case ints([Int])
    case types([DType])
    case shapes([Shape])
    case strings([String])
    /// A constant's value, known by its content.
    case tensor(ArrayContent)
}

/// An array compared by its type and bytes.
package struct ArrayContent: Hashable, Sendable {
    package let array: UntypedArray

    package init(_ array: UntypedArray) { self.array = array }

    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: array.bytes, count: array.byteCount) }

    package static func == (left: ArrayContent, right: ArrayContent) -> Bool {
        left.array.dtype == right.array.dtype && left.array.shape == right.array.shape
            && left.bytes.elementsEqual(right.bytes)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(array.dtype)
        hasher.combine(array.shape)
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(256)))
    }
}

/// A named attribute of a node.
package struct Attribute: Hashable, Sendable {
    package let name: String
    package let value: AttributeValue

    package init(_ name: String, _ value: AttributeValue) {
        self.name = name
        self.value = value
    }
}
