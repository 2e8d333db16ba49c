// The CPU as a device: how many threads it uses, with which instructions, and how programs become executables.

import CKernels
package import Programs

/// The CPU. Sessions share one device, and with it its threads.
package final class CPUDevice: @unchecked Sendable {
    // Unchecked: the pool guards itself.

    package let instructionSet: InstructionSet
    package let threadCount: Int
    private let pool: OpaquePointer?

    /// - Parameters:
    ///   - threads: how many threads kernels may use, the caller's included; nil for all cores.
    package init(threads: Int? = nil, instructionSet: InstructionSet = .best) {
        self.instructionSet = instructionSet
        let wanted = Int32(clamping: max(1, threads ?? Int(ck_processor_count())))
        pool = wanted > 1 ? ck_pool_create(wanted) : nil
        threadCount = pool.map { Int(ck_pool_threads($0)) } ?? 1
    }

    deinit {
        if let pool { ck_pool_destroy(pool) }
    }

    /// The device that sessions use where none is named.
    package static let shared = CPUDevice()

    /// - Parameter overwriting: for results, by number, the argument over which they are to be written if that is
    ///   possible: see `Executable.overwrittenArguments`.
    package func compile(
        _ program: Program, overwriting: [Int: Int] = [:]
    ) throws(InvalidProgram) -> Executable {
        try Executable(program, overwriting: overwriting, device: self)
    }

    func acquirePool() -> OpaquePointer? {
        if let pool, ck_pool_try_acquire(pool) { return pool }
        return nil
    }

    func releasePool() {
        if let pool { ck_pool_release(pool) }
    }
}
