// How large arrays may be: what a machine can address, and what this one has.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The memory of this machine.
package enum Memory {
    /// The bytes of physical memory: an array or a run that needs more is refused, because asking the system for it
    /// would end the process, at once or when the memory is written.
    package static let byteCount: Int = {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : addressableByteCount
    }()

    /// More bytes than processors can address; sums of such numbers do not overflow.
    package static let addressableByteCount = 1 << 47

    /// The alignment of memory for arrays, in bytes: one cache line, one AVX-512 register.
    package static let alignment = 64

    /// Uninitialised memory for arrays, aligned, to be freed with `deallocate`.
    ///
    /// Large blocks lie in huge pages where the system has them: what is read in leaps, such as the rows of shuffled
    /// samples, is found without a walk through the tables of pages, and new memory is cleared in few steps.
    package static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= 2 * hugePageByteCount else {
            return .allocate(byteCount: max(byteCount, 1), alignment: alignment)
        }
        let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePageByteCount)
        #if os(Linux)
            // Whole pages only, so that nothing behind the block becomes memory. A system without them says no, which
            // changes nothing.
            madvise(start, byteCount / hugePageByteCount * hugePageByteCount, MADV_HUGEPAGE)
        #endif
        return start
    }

    private static let hugePageByteCount = 2 << 20

    /// `4398.0 GB`
    package static func text(_ byteCount: Int) -> String {
        var (tenths, unit) = (byteCount / 100, "kB")
        for larger in ["MB", "GB", "TB"] where tenths >= 10_000_0 { (tenths, unit) = (tenths / 1000, larger) }
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }

    /// Why there can be no array of that shape, or nil.
    package static func refusal(of shape: [Int], _ dtype: DType) -> String? {
        guard let count = elementCount(shape), count <= addressableByteCount / max(1, dtype.byteCount) else {
            return "shape \(shape) has more elements than memory can address"
        }
        let needed = count * dtype.byteCount
        if needed <= byteCount { return nil }
        return "shape \(shape) of \(dtype) needs \(text(needed)), but this machine has \(text(byteCount)) of memory"
    }
}

extension TensorType {
    /// Whether a machine could address such an array, as far as is known.
    package var isAddressable: Bool {
        guard let extents = shape.known else { return true }
        guard let count = elementCount(extents) else { return false }
        return count <= Memory.addressableByteCount / max(1, dtype.byteCount)
    }
}
