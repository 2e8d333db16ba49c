// Copying rows of arrays together: one copy a row, none an element.

import CRows
import Tensors

extension UntypedArray {
    /// The rows of the given numbers, which must be there, in that order.
    ///
    /// - Shapes: `[n, ...]` → `[rows.count, ...]`
    func gathering(_ rows: ArraySlice<Int>) throws(DatasetError) -> UntypedArray {
        let extent = shape.first ?? 0
        let result = try UntypedArray.uninitialized(dtype, [rows.count] + shape.dropFirst())
        let width = extent == 0 ? 0 : byteCount / extent
        guard width > 0 else { return result }
        rows.withUnsafeBufferPointer { numbers in
            crows_copy(result.storage.bytes, bytes, width, numbers.baseAddress, numbers.count)
        }
        withExtendedLifetime(storage) {}
        return result
    }

    /// The arrays along a new first axis.
    ///
    /// - Shapes: n × `[...]` → `[n, ...]`
    static func stack(_ arrays: [UntypedArray]) throws(DatasetError) -> UntypedArray {
        guard let first = arrays.first else { throw .noLeadingAxis("nothing") }
        for array in arrays {
            guard array.shape == first.shape else { throw .unequalShapes(first.shape, array.shape) }
            guard array.dtype == first.dtype else { throw .unequalTypes("\(first.dtype)", "\(array.dtype)") }
        }
        let result = try uninitialized(first.dtype, [arrays.count] + first.shape)
        let width = first.byteCount
        var target = result.storage.bytes
        for array in arrays {
            target.copyMemory(from: array.bytes, byteCount: width)
            withExtendedLifetime(array.storage) {}
            target += width
        }
        return result
    }

    /// An array whose elements are still to be written.
    static func uninitialized(_ dtype: DType, _ shape: [Int]) throws(DatasetError) -> UntypedArray {
        if let refusal = Memory.refusal(of: shape, dtype) { throw .tooLarge(refusal) }
        let count = elementCount(shape) ?? 0
        return UntypedArray(dtype: dtype, shape: shape, storage: ArrayStorage(byteCount: count * dtype.byteCount))
    }
}
