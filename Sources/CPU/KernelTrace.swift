// When the kernels of one run ended, and what they were for.

package import Programs

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The times of the kernels of one run. Kernels run one after another, so each starts where the one before ends.
package final class KernelTrace {
    /// Nanoseconds of the machine's steady clock.
    private let start: UInt64
    private var ends: [(kernel: Int, time: UInt64)] = []

    /// Starts the clock.
    package init() { start = now() }

    func noteEnd(ofKernel index: Int) { ends.append((index, now())) }

    /// The kernels in the order in which they ran, in nanoseconds from the start.
    package var kernels: [(index: Int, start: Int, duration: Int)] {
        var last = start
        return ends.map { kernel, time in
            defer { last = time }
            return (kernel, Int(last - start), Int(time - last))
        }
    }
}

private func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// What a kernel is for.
package struct KernelPurpose {
    /// What its values were made for (`Program.tag`), each once, in the order of the values.
    package let tags: [Int32]
    /// The type of the last of its values.
    package let output: ArrayType?
    /// What kind of kernel it is: `loop`, `product`, ...
    package let kind: String
}

extension Executable {
    package func purpose(ofKernel index: Int) -> KernelPurpose {
        let draft = drafts[index]
        var values: [ValueID] = []
        let kind: String
        switch draft.kind {
        case .product(let value): (values, kind) = ([value], draft.convolution == nil ? "product" : "convolution")
        case .gather(let value): (values, kind) = ([value], "gather")
        case .scatterAdd(let value): (values, kind) = ([value], "scatterAdd")
        case .updateRow(let value), .beginRow(let value): (values, kind) = ([value], "updateRow")
        case .readRow(let value): (values, kind) = ([value], "gather")
        case .argReduce(let value): (values, kind) = ([value], "argReduce")
        case .argSort(let value): (values, kind) = ([value], "argSort")
        case .random(let value): (values, kind) = ([value], "random")
        case .depthwise(let value): (values, kind) = ([value], "depthwise")
        case .window(let value): (values, kind) = ([value], "window")
        case .copy(let copy): (values, kind) = ([copy.source.root], "copy")
        case .control(let value): (values, kind) = ([value], "control")
        case .loop: kind = "loop"
        }
        values += draft.members + draft.reductions
        // Copies of values are numbered after the program's own.
        values.removeAll { $0.int >= program.steps.count }
        var tags: [Int32] = []
        for value in values {
            if let tag = program.tag(of: value), tags.last != tag, !tags.contains(tag) { tags.append(tag) }
        }
        return KernelPurpose(tags: tags, output: values.last.map { program.type(of: $0) }, kind: kind)
    }
}
