// Attributes of nodes as messages, both ways.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
package import Graphs
package import Messages
import SwiftProtobuf
import Tensors

extension AttributeValue {
    /// What a message says. What has no form here is kept as the message's bytes.
    ///
    /// - Parameters:
    ///   - byteLimit: the most bytes that may come of a tensor whose last value repeats.
    /// - Errors: `MessageError` for an impossible type, shape or tensor.
    package init(_ message: Tensorflow_AttrValue, byteLimit: Int = 1 << 26) throws(MessageError) {
        switch message.value {
        case .s(let bytes):
            self = String(validating: bytes, as: UTF8.self).map { .string($0) } ?? message.kept
        case .i(let int): self = .int(Int(int))
        case .f(let float): self = .float(float)
        case .b(let bool): self = .bool(bool)
        case .type(let type): self = .type(try DType(type))
        case .shape(let shape): self = .shape(try Shape(shape))
        case .tensor(let tensor):
            if [.dtResource, .dtVariant, .dtString].contains(tensor.dtype) {
                self = message.kept
                return
            }
            switch try AnyArray(tensor, byteLimit: byteLimit).content {
            case .elements(let array): self = .tensor(ArrayContent(array))
            case .strings: self = message.kept
            }
        case .list(let list): self = try AttributeValue(list) ?? message.kept
        // Attributes of a function that was called are those of the body, which has them in the place of names.
        case .func(let function): self = .function(function.name)
        case .placeholder, nil: self = message.kept
        }
    }

    /// A list of one kind; nil where it has no form here.
    private init?(_ list: Tensorflow_AttrValue.ListValue) throws(MessageError) {
        if !list.f.isEmpty || !list.b.isEmpty || !list.tensor.isEmpty { return nil }
        if !list.func.isEmpty {
            self = .functions(list.func.map(\.name))
            return
        }
        if !list.i.isEmpty {
            self = .ints(list.i.map { Int($0) })
        } else if !list.type.isEmpty {
            self = .types(try list.type.map { type throws(MessageError) in try DType(type) })
        } else if !list.shape.isEmpty {
            self = .shapes(try list.shape.map { shape throws(MessageError) in try Shape(shape) })
        } else if !list.s.isEmpty {
            var strings: [String] = []
            for bytes in list.s {
                guard let string = String(validating: bytes, as: UTF8.self) else { return nil }
                strings.append(string)
            }
            self = .strings(strings)
        } else {
            self = .emptyList
        }
    }

    /// The message that says it.
    package var message: Tensorflow_AttrValue {
        if case .message(let bytes) = self {
            return (try? Tensorflow_AttrValue(serializedBytes: bytes)) ?? Tensorflow_AttrValue()
        }
        return .with { message in
            switch self {
            case .type(let dtype): message.type = dtype.message
            case .shape(let shape): message.shape = shape.message
            case .bool(let bool): message.b = bool
            case .int(let int): message.i = Int64(int)
            case .float(let float): message.f = float
            case .string(let string): message.s = Data(string.utf8)
            case .ints(let ints): message.list = .with { $0.i = ints.map { Int64($0) } }
            case .types(let types): message.list = .with { $0.type = types.map(\.message) }
            case .shapes(let shapes): message.list = .with { $0.shape = shapes.map(\.message) }
            case .strings(let strings): message.list = .with { $0.s = strings.map { Data($0.utf8) } }
            case .tensor(let content): message.tensor = AnyArray(content.array).message
            case .function(let name): message.func = .with { $0.name = name }
            case .functions(let names):
                message.list = .with { $0.func = names.map { name in .with { $0.name = name } } }
            case .emptyList: message.list = Tensorflow_AttrValue.ListValue()
            case .message: break
            }
        }
    }
}

extension Tensorflow_AttrValue {
    fileprivate var kept: AttributeValue { .message((try? serializedBytes() as [UInt8]) ?? []) }
}
