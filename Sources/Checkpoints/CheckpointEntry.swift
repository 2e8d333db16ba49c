// What the index of a checkpoint says of one tensor, checked for sense.

import Messages
import SwiftProtobuf
public import Tensors

/// A tensor in a checkpoint.
public struct CheckpointEntry: Hashable, Sendable {
    /// The key under which it is stored: the name of its variable or, in checkpoints of objects, its place among them.
    public let name: String
    public let dtype: DType
    public let shape: [Int]
    /// The pieces of a tensor that is stored in parts: for each the range of indices along every dimension. Empty for
    /// one that is stored as a whole.
    public let slices: [[Range<Int>]]
    /// The number of the data file that holds it. Like `offset` and `byteCount` 0 where it is stored in parts.
    public let shard: Int
    /// Where it begins in the data file.
    public let offset: Int
    /// The bytes it takes there.
    public let byteCount: Int
    /// The checksum of those bytes, in the form in which files store it.
    public let maskedChecksum: UInt32

    /// The parts as the file tells them, in the order of `slices`.
    let extents: [[StoredExtent]]

    /// Whether it is stored in parts.
    public var isPartitioned: Bool { !slices.isEmpty }

    /// The bytes of the tensor in memory; for strings those that they take in the file.
    var memoryByteCount: Int {
        dtype.byteCount == 0 ? byteCount : (elementCount(shape) ?? 0) * dtype.byteCount
    }
}

extension CheckpointEntry {
    /// Reads an entry of the table.
    ///
    /// - Errors: what of it makes no sense, without the file's name.
    init(name: String, serialized: ArraySlice<UInt8>, shardCount: Int) throws(MessageError) {
        let message: Tensorflow_BundleEntryProto
        do {
            message = try Tensorflow_BundleEntryProto(serializedBytes: Array(serialized))
        } catch {
            throw MessageError("the entry of a tensor cannot be decoded: \(error)")
        }
        self.name = name
        dtype = try DType(message.dtype)
        let shape = try Shape(message.shape)
        guard let dimensions = shape.known, let count = elementCount(dimensions) else {
            throw MessageError("the shape \(shape) is not fully known or too large")
        }
        self.shape = dimensions
        let (needed, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
        if overflow { throw MessageError("\(dtype)\(shape) is too large") }
        var (slices, extents): ([[Range<Int>]], [[StoredExtent]]) = ([], [])
        for slice in message.slices {
            let (ranges, stored) = try Self.ranges(slice, in: dimensions)
            slices.append(ranges)
            extents.append(stored)
        }
        self.slices = slices
        self.extents = extents
        shard = Int(message.shardID)
        maskedChecksum = message.crc32C
        guard let offset = Int(exactly: message.offset), let byteCount = Int(exactly: message.size), offset >= 0,
            byteCount >= 0, !offset.addingReportingOverflow(byteCount).overflow
        else { throw MessageError("it is said to have \(message.size) bytes at \(message.offset)") }
        self.offset = offset
        self.byteCount = byteCount
        if slices.isEmpty {
            guard (0..<shardCount).contains(shard) else {
                throw MessageError("it is said to be in data file \(shard) of \(shardCount)")
            }
            if dtype.byteCount > 0, byteCount != needed {
                throw MessageError("\(dtype)\(shape) takes \(needed) bytes, but \(byteCount) are stored")
            }
            // A string takes a byte at least, that of its length.
            if dtype == .string, count > byteCount {
                throw MessageError("\(dtype)\(shape) cannot fit in \(byteCount) bytes")
            }
        } else if dtype.byteCount == 0 {
            throw MessageError("a tensor of \(dtype) cannot be stored in parts")
        }
    }

    /// The ranges of a piece, and what the file says of them.
    private static func ranges(
        _ slice: Tensorflow_TensorSliceProto, in shape: [Int]
    ) throws(MessageError) -> ([Range<Int>], [StoredExtent]) {
        guard slice.extent.count == shape.count else {
            throw MessageError("a part with \(slice.extent.count) dimensions is said to belong to shape \(shape)")
        }
        var (ranges, stored): ([Range<Int>], [StoredExtent]) = ([], [])
        for (extent, size) in zip(slice.extent, shape) {
            var length: Int?
            // A length of -1 means the whole dimension too.
            if case .length(let given)? = extent.hasLength_p, given != -1 { length = Int(given) }
            let (start, count) = (Int(extent.start), length ?? size)
            let isWhole = length == nil
            guard start >= 0, count >= 0, start <= size, count <= size - start, !isWhole || start == 0 else {
                throw MessageError("a part that starts at \(start) and has length \(count) lies outside of \(shape)")
            }
            ranges.append(start..<(start + count))
            stored.append(StoredExtent(start: start, length: length))
        }
        return (ranges, stored)
    }
}

extension Int {
    /// The number of elements of a piece.
    init(elementsOf piece: [Range<Int>]) {
        self = elementCount(piece.map(\.count)) ?? 0
    }
}

/// Whether pieces of a tensor overlap; nil where they lie so that finding out would take too long.
///
/// - Complexity: pieces that cut one dimension, or form a grid, are told apart along the dimension with the most cuts.
func piecesOverlap(_ pieces: [[Range<Int>]]) -> Bool? {
    let filled = pieces.filter { Int(elementsOf: $0) > 0 }
    guard filled.count > 1 else { return false }
    guard let rank = filled.first?.count, rank > 0 else { return true }
    let axis = (0..<rank).max { left, right in
        Set(filled.map { $0[left].lowerBound }).count < Set(filled.map { $0[right].lowerBound }).count
    }
    guard let axis else { return true }
    var active: [[Range<Int>]] = []
    var budget = 4_000_000
    for piece in filled.sorted(by: { $0[axis].lowerBound < $1[axis].lowerBound }) {
        active.removeAll { $0[axis].upperBound <= piece[axis].lowerBound }
        budget -= active.count * rank
        if budget < 0 { return nil }
        if active.contains(where: { other in zip(piece, other).allSatisfy { $0.overlaps($1) } }) { return true }
        active.append(piece)
    }
    return false
}
