// A compiled program: its kernels with everything decided, ready to run any number of times, by several threads at once.

import CKernels
package import Programs
import Synchronization
import Tensors

/// A mistake that a kernel found in the data.
package struct KernelFailure: Error, CustomStringConvertible {
    package let description: String
    /// What the failing value was made for (`Program.tag`), where that is known.
    package let tag: Int32?
    /// Whether the run was told to stop, rather than that the data were bad.
    package var isCancellation = false
}

/// A program compiled for the CPU. It never changes; every run works in a frame of its own.
package final class Executable: @unchecked Sendable {
    // Unchecked: the descriptors are plain memory that is written only by the initialiser.

    /// One kernel with its descriptor.
    enum Call {
        case loop(LoopDescriptor, parts: Int32)
        case product(UnsafeMutablePointer<ck_gemm>, epilogue: LoopDescriptor?, parts: Int32, packing: Packing)
        case gather(UnsafeMutablePointer<ck_gather>)
        case scatterAdd(UnsafeMutablePointer<ck_scatter_add>)
        case row(RowCall)
        case argReduce(UnsafeMutablePointer<ck_arg_reduce>)
        case argSort(UnsafeMutablePointer<ck_arg_sort>)
        case random(UnsafeMutablePointer<ck_random>)
        case depthwise(UnsafeMutablePointer<ck_depthwise>, parts: Int32)
        case window(UnsafeMutablePointer<ck_window>, isScatter: Bool, parts: Int32)
        case control(ControlCall)
    }

    /// When a product's right operand is brought into the order in which it is read.
    enum Packing {
        /// Each part packs what it needs, if anything.
        case apart
        /// The threads do it together before.
        case together
        /// So does the first turn of a loop that does not change the operand, for all of them.
        case once
    }

    package let program: Program
    package let resultSources: [ResultSource]
    /// For results that are written over an argument its number. Such an argument must be bound to memory that may
    /// change; the result needs no binding.
    package var overwrittenArguments: [Int: Int] { buffers.overwrittenArguments }
    let device: CPUDevice
    let calls: [Call]
    let drafts: [KernelDraft]
    let buffers: BufferPlan
    private let scratchByteCount: Int
    /// The bytes of the operands that a loop's first turn packs.
    private let panelByteCount: Int
    private let constantPool: UnsafeMutableRawPointer
    let usesThreads: Bool
    /// The bytes of the frames of nested executables.
    private let nestedByteCount: Int
    /// The bytes of each result.
    let resultByteCounts: [Int]
    /// For each result, whether it is the argument of its number but for a row, and may lie where that does.
    let isUpdatedInPlace: [Bool]
    private let idleFrames = Mutex<[Frame]>([])

    /// The memory of one run: the table of buffers, the arena and the kernels' scratch.
    package final class Frame: @unchecked Sendable {
        // Unchecked: a frame belongs to one run at a time.
        let table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        let arena: UnsafeMutableRawPointer
        let scratch: UnsafeMutableRawPointer
        /// Operands of products that were packed in the first turn of a loop.
        private let panels: UnsafeMutableRawPointer
        /// Whether the run is the first of a loop's.
        var isFirstTurn = true
        var status = ck_status()
        let firstResult: Int
        /// Where the kernels of the next run are timed; nil: nowhere.
        package var trace: KernelTrace?

        init(entryCount: Int, arenaByteCount: Int, scratchByteCount: Int, panelByteCount: Int, firstResult: Int) {
            table = .allocate(capacity: entryCount)
            table.initialize(repeating: nil, count: entryCount)
            arena = Memory.allocate(byteCount: arenaByteCount)
            scratch = Memory.allocate(byteCount: scratchByteCount)
            panels = Memory.allocate(byteCount: panelByteCount)
            self.firstResult = firstResult
            table[BufferPlan.arena] = arena.assumingMemoryBound(to: CChar.self)
            table[BufferPlan.panels] = panels.assumingMemoryBound(to: CChar.self)
        }

        deinit {
            table.deallocate()
            arena.deallocate()
            scratch.deallocate()
            panels.deallocate()
        }

        /// Binds argument `index`. The memory is only read.
        package func setArgument(_ index: Int, _ bytes: UnsafeRawPointer) {
            table[BufferPlan.firstParameter + index] =
                UnsafeMutableRawPointer(mutating: bytes).assumingMemoryBound(to: CChar.self)
        }

        /// Binds the memory of result `index`, which must be `computed`.
        package func setResult(_ index: Int, _ bytes: UnsafeMutableRawPointer) {
            table[firstResult + index] = bytes.assumingMemoryBound(to: CChar.self)
        }
    }

    /// - Parameters:
    ///   - overwriting: for results, by number, the argument over which they are to be written if that is possible.
    ///   - isLoopBody: whether it is run again and again with the same frame, where arguments that are results of the same
    ///     number do not change.
    init(
        _ program: Program, overwriting: [Int: Int], isLoopBody: Bool = false, device: CPUDevice
    ) throws(InvalidProgram) {
        let program = try program.legalized()
        let planner = try KernelPlanner(program, overwriting: overwriting, device: device)
        let buffers = try BufferPlan(planner)
        self.program = program
        self.device = device
        self.buffers = buffers
        resultSources = buffers.resultSources
        drafts = planner.drafts
        let threads = Int32(device.threadCount)
        var calls: [Call] = []
        var scratch = 0
        var usesThreads = false
        var nestedByteCount = 0
        var panelByteCount = 0
        for (index, draft) in planner.drafts.enumerated() {
            var call: Call
            if case .control(let value) = draft.kind {
                call = .control(try ControlCall(value, draft, planner, buffers))
            } else {
                call = try makeCall(index, draft, planner, buffers, device.instructionSet, threads: threads)
            }
            if isLoopBody, let argument = draft.rightOperand.flatMap({ planner.argument($0.root) }),
                buffers.resultSources.indices.contains(argument),
                buffers.resultSources[argument] == .parameter(argument)
            {
                call = call.packingOnce(&panelByteCount)
            }
            calls.append(call)
            if case .random(let random) = call {
                usesThreads = usesThreads || randomParts(random, threads: threads) > 1
            }
            switch call {
            case .loop(let loop, let parts):
                scratch = max(scratch, loop.scratchByteCount * Int(parts))
                usesThreads = usesThreads || parts > 1
            case .product(let product, let epilogue, let parts, _):
                // A run that finds the threads busy uses one part, which must fit as well.
                for count in [1, parts] {
                    scratch = max(scratch, ck_gemm_scratch_bytes(product, count, epilogue?.scratchByteCount ?? 0))
                }
                usesThreads = usesThreads || parts > 1
            case .argSort(let sort): scratch = max(scratch, ck_arg_sort_scratch_bytes(sort))
            case .depthwise(_, let parts), .window(_, _, let parts): usesThreads = usesThreads || parts > 1
            case .gather, .scatterAdd, .row, .argReduce, .random: break
            case .control(let control):
                usesThreads = usesThreads || control.usesThreads
                let (sum, overflow) = nestedByteCount.addingReportingOverflow(control.frameByteCount)
                nestedByteCount = overflow ? .max : sum
            }
        }
        self.calls = calls
        isUpdatedInPlace = program.results.indices.map { result in
            program.parameters.indices.contains(result) && buffers.resultSources[result] == .computed
                && planner.updatesRow(ofArgument: result, inResult: result)
        }
        self.usesThreads = usesThreads
        self.nestedByteCount = nestedByteCount
        resultByteCounts = program.results.map { program.type(of: $0).byteCount }
        scratchByteCount = scratch
        self.panelByteCount = panelByteCount
        constantPool = Memory.allocate(byteCount: buffers.poolByteCount)
        for (array, offset) in buffers.pooledConstants {
            (constantPool + offset).copyMemory(from: array.bytes, byteCount: array.byteCount)
        }
    }

    deinit {
        for call in calls {
            switch call {
            case .loop: break
            case .product(let pointer, _, _, _):
                pointer.pointee.patches?.deallocate()
                pointer.deallocate()
            case .gather(let pointer): pointer.deallocate()
            case .scatterAdd(let pointer): pointer.deallocate()
            case .argReduce(let pointer): pointer.deallocate()
            case .argSort(let pointer): pointer.deallocate()
            case .random(let pointer): pointer.deallocate()
            case .depthwise(let pointer, _): pointer.deallocate()
            case .window(let pointer, _, _): pointer.deallocate()
            case .control, .row: break
            }
        }
        constantPool.deallocate()
    }

    /// The bytes of memory that one run needs beside arguments and results.
    package var frameByteCount: Int {
        let own = buffers.arenaByteCount + scratchByteCount + panelByteCount
        let (sum, overflow) = own.addingReportingOverflow(nestedByteCount)
        return overflow ? .max : sum
    }

    /// How many kernels a run calls.
    package var kernelCount: Int { calls.count }

    /// A frame for a run: one that an earlier run gave back, or a new one.
    package func takeFrame() -> Frame {
        if let frame = idleFrames.withLock({ $0.popLast() }) { return frame }
        let frame = Frame(
            entryCount: buffers.entryCount, arenaByteCount: buffers.arenaByteCount,
            scratchByteCount: scratchByteCount, panelByteCount: panelByteCount, firstResult: buffers.firstResult)
        frame.table[BufferPlan.constantPool] = constantPool.assumingMemoryBound(to: CChar.self)
        for (index, array) in buffers.largeConstants.enumerated() {
            frame.table[buffers.firstLargeConstant + index] =
                UnsafeMutableRawPointer(mutating: array.bytes).assumingMemoryBound(to: CChar.self)
        }
        return frame
    }

    /// Keeps a frame for the next run.
    package func giveBack(_ frame: Frame) {
        idleFrames.withLock { $0.append(frame) }
    }

    /// Runs all kernels. Arguments and computed results must be bound.
    ///
    /// - Errors: `KernelFailure` for mistakes in the data; results are then incomplete.
    package func run(_ frame: Frame) throws(KernelFailure) {
        let pool = usesThreads ? device.acquirePool() : nil
        defer { if pool != nil { device.releasePool() } }
        try run(frame, pool)
    }

    /// Runs all kernels on threads that the caller holds; nil: on the caller's own.
    func run(_ frame: Frame, _ pool: OpaquePointer?) throws(KernelFailure) {
        frame.status.error = 0
        for index in calls.indices {
            if case .control(let control) = calls[index] {
                try control.run(frame, pool)
                continue
            }
            run(calls[index], frame, pool)
            if frame.status.error != 0 { throw failure(frame.status, calls[index], drafts[index]) }
            frame.trace?.noteEnd(ofKernel: index)
        }
    }

    private func failure(_ status: ck_status, _ call: Call, _ draft: KernelDraft) -> KernelFailure {
        switch ck_error(UInt32(bitPattern: status.error)) {
        case CK_DIVISION_BY_ZERO:
            // Of several divisions in a kernel, the first one is as likely as any.
            let division = draft.members.first { program[$0].instruction.mayDivideByZero(program.type(of: $0).dtype) }
            return KernelFailure(description: "an integer was divided by zero", tag: division.flatMap(program.tag))
        case CK_INDEX_OUT_OF_RANGE:
            var (range, value): (String, ValueID?) = ("", nil)
            switch (call, draft.kind) {
            case (.gather(let gather), .gather(let made)):
                (range, value) = (", the range is 0..<\(gather.pointee.range)", made)
            case (.scatterAdd(let scatter), .scatterAdd(let made)):
                (range, value) = (", the range is 0..<\(scatter.pointee.range)", made)
            case (.row(let row), .updateRow(let made)), (.row(let row), .readRow(let made)),
                (.row(let row), .beginRow(let made)):
                (range, value) = (", the range is 0..<\(row.range)", made)
            default: break
            }
            return KernelFailure(
                description: "index \(status.detail) is out of range\(range)", tag: value.flatMap(program.tag))
        default:
            return KernelFailure(description: "a kernel failed with code \(status.error)", tag: nil)
        }
    }
}

// MARK: - Running one kernel

/// What the parts of a kernel that runs on several threads share.
private struct LoopWork {
    let prepared: UnsafeMutableRawPointer
    let table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let scratch: UnsafeMutableRawPointer
    let scratchByteCount: Int
    let status: UnsafeMutablePointer<ck_status>
}

private struct RandomWork {
    let random: UnsafeMutablePointer<ck_random>
    let table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
}

private struct ProductWork {
    let product: UnsafeMutablePointer<ck_gemm>
    let table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let scratch: UnsafeMutableRawPointer
    let epilogueScratchByteCount: Int
    let status: UnsafeMutablePointer<ck_status>
}

extension Executable {
    private func run(_ call: Call, _ frame: Frame, _ pool: OpaquePointer?) {
        withUnsafeMutablePointer(to: &frame.status) { status in
            withUnsafePointer(to: ck_solo) { solo in
                switch call {
                case .random(let random)
                where pool != nil && randomParts(random, threads: Int32(device.threadCount)) > 1:
                    guard let pool else { return }
                    var work = RandomWork(random: random, table: frame.table)
                    ck_pool_run(
                        pool, randomParts(random, threads: Int32(device.threadCount)),
                        { context, team in
                            guard let context, let team else { return }
                            let work = context.assumingMemoryBound(to: RandomWork.self).pointee
                            ck_random_run(work.random, work.table, team)
                        }, &work)
                case .loop(let loop, let parts):
                    guard parts > 1, let pool else {
                        ck_loop_run(loop.prepared, frame.table, frame.scratch, solo, status)
                        return
                    }
                    var work = LoopWork(
                        prepared: loop.prepared, table: frame.table, scratch: frame.scratch,
                        scratchByteCount: loop.scratchByteCount, status: status)
                    ck_pool_run(
                        pool, parts,
                        { context, team in
                            guard let context, let team else { return }
                            let work = context.assumingMemoryBound(to: LoopWork.self).pointee
                            let scratch = work.scratch + work.scratchByteCount * Int(team.pointee.part)
                            ck_loop_run(work.prepared, work.table, scratch, team, work.status)
                        }, &work)
                case .product(let product, let epilogue, let parts, let packing):
                    let epilogueBytes = epilogue?.scratchByteCount ?? 0
                    guard parts > 1, let pool else {
                        if packing == .once, frame.isFirstTurn {
                            ck_gemm_pack(product, frame.table, frame.scratch, solo)
                        }
                        ck_gemm_run(product, frame.table, frame.scratch, epilogueBytes, solo, status)
                        return
                    }
                    var work = ProductWork(
                        product: product, table: frame.table, scratch: frame.scratch,
                        epilogueScratchByteCount: epilogueBytes, status: status)
                    if packing == .together || packing == .once && frame.isFirstTurn {
                        ck_pool_run(
                            pool, parts,
                            { context, team in
                                guard let context, let team else { return }
                                let work = context.assumingMemoryBound(to: ProductWork.self).pointee
                                ck_gemm_pack(work.product, work.table, work.scratch, team)
                            }, &work)
                    }
                    ck_pool_run(
                        pool, parts,
                        { context, team in
                            guard let context, let team else { return }
                            let work = context.assumingMemoryBound(to: ProductWork.self).pointee
                            ck_gemm_run(
                                work.product, work.table, work.scratch, work.epilogueScratchByteCount, team, work.status
                            )
                        }, &work)
                case .gather(let gather): ck_gather_run(gather, frame.table, solo, status)
                case .scatterAdd(let scatter): ck_scatter_add_run(scatter, frame.table, solo, status)
                case .row(let row): row.run(frame.table, status)
                case .argReduce(let reduce): ck_arg_reduce_run(reduce, frame.table, solo)
                case .argSort(let sort): ck_arg_sort_run(sort, frame.table, frame.scratch)
                case .random(let random): ck_random_run(random, frame.table, solo)
                case .depthwise(let depthwise, let parts):
                    guard parts > 1, let pool else {
                        ck_depthwise_run(depthwise, frame.table, solo)
                        return
                    }
                    runDepthwise(depthwise, frame.table, pool, parts)
                case .window(let window, let isScatter, let parts):
                    guard parts > 1, let pool else {
                        (isScatter ? ck_select_and_scatter_run : ck_reduce_window_run)(window, frame.table, solo)
                        return
                    }
                    runWindow(window, isScatter: isScatter, frame.table, pool, parts)
                case .control: break
                }
            }
        }
    }
}

/// How many threads draw random numbers, each of which costs as much as some eight element operations: what each draws
/// depends on its place alone.
private func randomParts(_ random: UnsafeMutablePointer<ck_random>, threads: Int32) -> Int32 {
    random.pointee.count > Int64(parallelThreshold / 8) ? threads : 1
}
