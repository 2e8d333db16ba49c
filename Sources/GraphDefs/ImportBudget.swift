// What an import may take: as much as the definition holds, and something beside it. Calls of functions repeat what is in
// the file, and constants may have more elements than the file lists; without a limit a small file would fill the memory.

import Graphs
import Messages
import SwiftProtobuf
import Tensors

/// What is left to one import.
final class ImportBudget {
    /// Bytes for the values of attributes.
    private var attributeBytes: Int
    /// Nodes for the bodies of functions, which may be made several times for different variables.
    private var bodyNodes: Int

    /// So much may come beside what the definition holds itself.
    private static let spareBytes = 1 << 28

    /// - Parameters:
    ///   - bodyNodes: the most nodes for bodies of functions.
    init(for graph: Tensorflow_GraphDef, bodyNodes: Int) {
        self.bodyNodes = bodyNodes
        attributeBytes = Self.spareBytes
        for node in graph.node + graph.library.function.flatMap(\.nodeDef) {
            for value in node.attr.values { attributeBytes += Self.byteCount(of: value) }
        }
    }

    /// Takes what the value of an attribute needs, and makes it.
    func attribute(_ message: Tensorflow_AttrValue) throws(MessageError) -> AttributeValue {
        let value = try AttributeValue(message, byteLimit: attributeBytes)
        var needed = Self.byteCount(of: message)
        if case .tensor(let content) = value { needed = max(needed, content.array.byteCount) }
        attributeBytes -= needed
        if attributeBytes < 0 { throw MessageError("the definition's values, repeated by calls, take too much memory") }
        return value
    }

    func takeBodyNodes(_ count: Int) throws(GraphDefError) {
        bodyNodes -= count
        if bodyNodes < 0 { throw GraphDefError("the bodies of its branches and loops make too many nodes") }
    }

    /// About the bytes of a value in memory.
    private static func byteCount(of message: Tensorflow_AttrValue) -> Int {
        switch message.value {
        case .tensor(let tensor):
            return tensor.tensorContent.count
                + 8 * (tensor.floatVal.count + tensor.intVal.count + tensor.int64Val.count + tensor.halfVal.count)
                + 16 * (tensor.doubleVal.count + tensor.scomplexVal.count + tensor.dcomplexVal.count)
                + 8 * (tensor.boolVal.count + tensor.uint32Val.count + tensor.uint64Val.count)
                + tensor.stringVal.reduce(0) { $0 + 16 + $1.count } + tensor.float8Val.count
        case .list(let list):
            return 16 * (list.i.count + list.f.count + list.b.count + list.type.count)
                + list.s.reduce(0) { $0 + 32 + $1.count } + list.shape.reduce(0) { $0 + 16 + 8 * $1.dim.count }
                + list.tensor.reduce(0) { $0 + $1.tensorContent.count } + 64 * list.func.count
        case .shape(let shape): return 16 + 8 * shape.dim.count
        case .s(let bytes): return 16 + bytes.count
        default: return 16
        }
    }
}
