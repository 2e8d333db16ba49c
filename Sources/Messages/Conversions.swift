// What TensorFlow's messages say in our terms: element types, shapes and arrays, both ways.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import SwiftProtobuf
package import Tensors

/// A message that says something impossible. Whoever reads the file adds its name.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

extension DType {
    /// The element type that a message names; a reference to a variable counts as the type itself.
    ///
    /// - Errors: `MessageError` where the number is not known.
    package init(_ message: Tensorflow_DataType) throws(MessageError) {
        let number = message.rawValue > 100 ? message.rawValue - 100 : message.rawValue
        guard let dtype = DType(tensorFlowNumber: number) else {
            throw MessageError("there is no element type with the number \(message.rawValue)")
        }
        self = dtype
    }

    package var message: Tensorflow_DataType {
        Tensorflow_DataType(rawValue: tensorFlowNumber) ?? .UNRECOGNIZED(tensorFlowNumber)
    }
}

extension Shape {
    /// The most dimensions that TensorFlow allows.
    package static let largestRank = 254

    /// - Errors: `MessageError` for a dimension below -1, or too many of them.
    package init(_ message: Tensorflow_TensorShapeProto) throws(MessageError) {
        if message.unknownRank {
            self = .unknown
            return
        }
        if message.dim.count > Self.largestRank {
            throw MessageError("a shape has \(message.dim.count) dimensions; at most \(Self.largestRank) are allowed")
        }
        var dimensions: [Int] = []
        for dimension in message.dim {
            guard dimension.size >= -1 else { throw MessageError("a shape has the dimension \(dimension.size)") }
            dimensions.append(Int(dimension.size))
        }
        self.init(dimensions)
    }

    package var message: Tensorflow_TensorShapeProto {
        guard let extents else { return .with { $0.unknownRank = true } }
        return .with { shape in
            shape.dim = extents.map { extent in .with { $0.size = Int64(extent) } }
        }
    }
}

extension AnyArray {
    /// The array that a message holds.
    ///
    /// - Parameters:
    ///   - byteLimit: the most bytes that may come of a list shorter than the shape asks, whose last value repeats.
    /// - Errors: `MessageError` where type, shape and elements contradict each other.
    package init(_ message: Tensorflow_TensorProto, byteLimit: Int = 1 << 26) throws(MessageError) {
        let dtype = try DType(message.dtype)
        let shape = try Shape(message.tensorShape)
        guard let dimensions = shape.known, let count = elementCount(dimensions) else {
            throw MessageError("a tensor of \(dtype) has the shape \(shape), which is not fully known or too large")
        }
        if dtype == .string {
            self = try Self.strings(message, dimensions, count, byteLimit)
            return
        }
        guard dtype.byteCount > 0 else { throw MessageError("a tensor of \(dtype) holds no elements") }
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
        if overflow { throw MessageError("a tensor of \(dtype)\(shape) is too large") }
        let content = message.tensorContent
        if !content.isEmpty {
            guard content.count == byteCount else {
                throw MessageError(
                    "a tensor of \(dtype)\(shape) needs \(byteCount) bytes, but has \(content.count)")
            }
            let storage = ArrayStorage(byteCount: byteCount)
            content.copyBytes(to: UnsafeMutableRawBufferPointer(start: storage.bytes, count: byteCount))
            self.init(UntypedArray(dtype: dtype, shape: dimensions, foreign: storage))
            return
        }
        let listed = message.listedElements(of: dtype)
        guard listed.count <= byteCount else {
            throw MessageError("a tensor of \(dtype)\(shape) has more elements than its shape says")
        }
        guard byteCount <= max(byteLimit, listed.count) else {
            throw MessageError(
                "a tensor of \(dtype)\(shape) would take \(byteCount) bytes, but lists only \(listed.count)")
        }
        let storage = ArrayStorage(zeros: byteCount)
        let target = UnsafeMutableRawBufferPointer(start: storage.bytes, count: byteCount)
        target.copyBytes(from: listed)
        if listed.count >= dtype.byteCount {
            for index in listed.count..<max(listed.count, byteCount) { target[index] = target[index - dtype.byteCount] }
        }
        self.init(UntypedArray(dtype: dtype, shape: dimensions, foreign: storage))
    }

    private static func strings(
        _ message: Tensorflow_TensorProto, _ dimensions: [Int], _ count: Int, _ byteLimit: Int
    ) throws(MessageError) -> AnyArray {
        var listed = message.stringVal.map { [UInt8]($0) }
        if listed.isEmpty, !message.tensorContent.isEmpty {
            listed = try unpackedStrings([UInt8](message.tensorContent), count: count)
        }
        guard listed.count <= count, count <= max(listed.count, byteLimit / 16) else {
            throw MessageError("a tensor of string\(Shape(dimensions)) lists \(listed.count) elements")
        }
        let last = listed.last ?? []
        let missing = count - listed.count
        guard last.count <= byteLimit / max(1, missing) else {
            throw MessageError("a tensor of string\(Shape(dimensions)) repeats a string of \(last.count) bytes")
        }
        listed += repeatElement(last, count: missing)
        do { return try AnyArray(strings: listed, shape: dimensions) } catch {
            throw MessageError("\(error)")
        }
    }

    /// Strings as their lengths, as varints, and then their bytes.
    private static func unpackedStrings(_ bytes: [UInt8], count: Int) throws(MessageError) -> [[UInt8]] {
        let tooShort = MessageError("the content of a tensor of strings ends early")
        var position = 0
        var lengths: [Int] = []
        guard count <= bytes.count else { throw tooShort }
        for _ in 0..<count {
            var (length, shift) = (0, 0)
            while true {
                guard position < bytes.count, shift < 56 else { throw tooShort }
                let byte = Int(bytes[position])
                position += 1
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128 { break }
            }
            lengths.append(length)
        }
        var strings: [[UInt8]] = []
        for length in lengths {
            guard length <= bytes.count - position else { throw tooShort }
            strings.append(Array(bytes[position..<(position + length)]))
            position += length
        }
        return strings
    }

    /// The message that holds the array.
    package var message: Tensorflow_TensorProto {
        .with { message in
            message.dtype = dtype.message
            message.tensorShape = Shape(shape).message
            if let strings = byteStrings {
                message.stringVal = strings.map { Data($0) }
            } else {
                message.tensorContent = withUnsafeBytes { Data($0) } ?? Data()
            }
        }
    }
}

extension Tensorflow_TensorProto {
    /// The bytes of the elements in the list of the given type.
    fileprivate func listedElements(of dtype: DType) -> [UInt8] {
        func bytes<Element: FixedWidthInteger>(_ elements: some Sequence<Element>) -> [UInt8] {
            elements.flatMap { element in withUnsafeBytes(of: element.littleEndian) { Array($0) } }
        }
        switch dtype.kind {
        case .float32: return bytes(floatVal.lazy.map(\.bitPattern))
        case .float64: return bytes(doubleVal.lazy.map(\.bitPattern))
        case .int32: return bytes(intVal)
        case .int16, .uint16: return bytes(intVal.lazy.map { UInt16(truncatingIfNeeded: $0) })
        case .int8, .uint8: return bytes(intVal.lazy.map { UInt8(truncatingIfNeeded: $0) })
        case .int64: return bytes(int64Val)
        case .uint32: return bytes(uint32Val)
        case .uint64: return bytes(uint64Val)
        case .bool: return boolVal.map { $0 ? 1 : 0 }
        case .other(let other):
            switch other {
            case .float16, .bfloat16: return bytes(halfVal.lazy.map { UInt16(truncatingIfNeeded: $0) })
            case .complex64: return bytes(scomplexVal.lazy.map(\.bitPattern))
            case .complex128: return bytes(dcomplexVal.lazy.map(\.bitPattern))
            case .qint32: return bytes(intVal)
            case .qint16, .quint16: return bytes(intVal.lazy.map { UInt16(truncatingIfNeeded: $0) })
            case .qint8, .quint8, .int4, .uint4, .int2, .uint2:
                return bytes(intVal.lazy.map { UInt8(truncatingIfNeeded: $0) })
            case .float8e5m2, .float8e4m3fn, .float8e4m3fnuz, .float8e4m3b11fnuz, .float8e5m2fnuz, .float4e2m1fn:
                return [UInt8](float8Val)
            case .string, .resource, .variant: return []
            }
        }
    }
}
