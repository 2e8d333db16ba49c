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
    /// The name of a function.
    case function(String)
    case functions([String])
    /// A constant's value, known by its content.
    case tensor(ArrayContent)
    /// A list without elements, of whatever.
    case emptyList
    /// Anything else, as TensorFlow's serialized `AttrValue`: kept for whoever reads the graph next.
    case message([UInt8])
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
