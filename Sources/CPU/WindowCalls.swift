// The descriptors of convolutions and of sliding windows, and how they are shared out among threads.

import CKernels
import Programs
import Tensors

extension ck_patches {
    init(_ plan: ConvolutionPlan) {
        self.init()
        row_rank = Int32(plan.rows.count)
        column_rank = Int32(plan.columns.count)
        write(plan.rows.map(\.extent), to: &row_extent)
        write(plan.rows.map(\.stride), to: &row_stride)
        write(plan.columns.map(\.extent), to: &column_extent)
        write(plan.columns.map(\.stride), to: &column_stride)
    }
}

/// Fills the front of a C array of 64-bit integers.
private func write<Numbers>(_ numbers: [Int], to array: inout Numbers) {
    withUnsafeMutableBytes(of: &array) { bytes in
        let target = bytes.assumingMemoryBound(to: Int64.self)
        for (index, number) in zip(target.indices, numbers) { target[index] = Int64(number) }
    }
}

func makeConvolutionCall(
    _ index: Int, _ value: ValueID, _ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan,
    _ isa: InstructionSet, threads: Int32
) throws(InvalidProgram) -> Executable.Call {
    guard let plan = draft.convolution else { throw InvalidProgram("not a convolution") }
    let type = planner.program.type(of: value)
    var gemm = ck_gemm()
    gemm.panels = -1
    gemm.type = Int32(type.dtype.productKernelType.kernelType.rawValue)
    gemm.isa = Int32(isa.isa.rawValue)
    gemm.batch = Int64(plan.groups)
    gemm.m = Int64(plan.rowCount)
    gemm.k = Int64(plan.columnCount)
    gemm.n = Int64(plan.resultCount)
    gemm.left = Int32(try buffers.place(draft.sources[0]).entry)
    gemm.left_offset = try buffers.byteOffset(draft.sources[0], planner)
    gemm.left_batch = Int64(plan.groupStride)
    gemm.right = Int32(try buffers.place(draft.sources[1]).entry)
    gemm.right_offset = try buffers.byteOffset(draft.sources[1], planner)
    gemm.right_batch = Int64(plan.resultCount * plan.kernelColumn)
    gemm.right_row = Int64(plan.kernelRow)
    gemm.right_column = Int64(plan.kernelColumn)
    gemm.out_batch = Int64(plan.resultCount)
    gemm.out_row = Int64(plan.resultCount * plan.groups)
    if let out = buffers.places[value] {
        gemm.out = Int32(out.entry)
        gemm.out_offset = Int64(out.byteOffset)
    } else {
        gemm.out = -1
    }
    if plan.rows.count == 1, plan.columns.count == 1 {
        gemm.left_row = Int64(plan.rows[0].stride)
        gemm.left_column = Int64(plan.columns[0].stride)
    } else {
        gemm.patches = UnsafePointer(descriptor(ck_patches(plan)))
    }
    var epilogue: LoopDescriptor?
    if !draft.members.isEmpty {
        let loop = LoopDescriptor(
            try LoopAssembly(
                kernel: index, planner: planner, places: buffers.places, isa: isa,
                isStored: { buffers.places[$0] != nil }))
        gemm.epilogue = UnsafeRawPointer(loop.prepared)
        gemm.epilogue_rank = 2
        epilogue = loop
    }
    return productCall(gemm, epilogue, threads: threads)
}

func makeDepthwiseCall(
    _ value: ValueID, _ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan, _ isa: InstructionSet,
    threads: Int32
) throws(InvalidProgram) -> Executable.Call {
    guard let plan = draft.convolution, let multiplier = plan.multiplier else {
        throw InvalidProgram("not a convolution of each channel")
    }
    let type = planner.program.type(of: value)
    var depthwise = ck_depthwise()
    depthwise.type = Int32(type.dtype.productKernelType.kernelType.rawValue)
    depthwise.isa = Int32(isa.isa.rawValue)
    depthwise.patches = ck_patches(plan)
    depthwise.rows = Int64(plan.rowCount)
    depthwise.k = Int64(plan.columnCount)
    depthwise.channels = Int64(plan.groups)
    depthwise.multiplier = Int64(multiplier)
    depthwise.kernel_row = Int64(plan.kernelRow)
    depthwise.in = Int32(try buffers.place(draft.sources[0]).entry)
    depthwise.in_offset = try buffers.byteOffset(draft.sources[0], planner)
    depthwise.kernel = Int32(try buffers.place(draft.sources[1]).entry)
    depthwise.kernel_offset = try buffers.byteOffset(draft.sources[1], planner)
    let out = try buffers.place(planner.views[value.int])
    depthwise.out = Int32(out.entry)
    depthwise.out_offset = Int64(out.byteOffset)
    let isLarge = type.count > parallelThreshold / max(1, plan.columnCount)
    return .depthwise(descriptor(depthwise), parts: isLarge ? threads : 1)
}

func makeWindowCall(
    _ value: ValueID, _ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan, _ isa: InstructionSet,
    threads: Int32
) throws(InvalidProgram) -> Executable.Call {
    let step = planner.program[value]
    let operand = planner.program.type(of: step.operands[0])
    let axes: [WindowAxis]
    let isScatter: Bool
    var reducer = Reducer.sum
    switch step.instruction {
    case .reduceWindow(let combined, let windows): (reducer, axes, isScatter) = (combined, windows, false)
    case .selectAndScatter(let windows): (axes, isScatter) = (windows, true)
    default: throw InvalidProgram("\(step.instruction) is not a window")
    }
    // Bytes of truth values: the larger of two is their disjunction.
    if operand.dtype == .bool { reducer = reducer == .or || reducer == .maximum ? .maximum : .minimum }

    // Dimensions that the window leaves alone are merged; those at the end are what kernels treat alike.
    var dimensions: [(extent: Int, axis: WindowAxis)] = []
    for (extent, axis) in zip(operand.shape, axes) {
        if axis.isTrivial, let last = dimensions.last, last.axis.isTrivial {
            dimensions[dimensions.count - 1].extent *= extent
        } else {
            dimensions.append((extent, axis))
        }
    }
    var window = ck_window()
    window.inner = 1
    if let last = dimensions.last, last.axis.isTrivial {
        window.inner = Int64(last.extent)
        dimensions.removeLast()
    }
    guard dimensions.count <= Int(CK_WINDOW_DIMS) else {
        throw InvalidProgram("a window along more than \(CK_WINDOW_DIMS) dimensions")
    }
    window.type = Int32(operand.dtype.kernelType.rawValue)
    window.isa = Int32(isa.isa.rawValue)
    window.rank = Int32(dimensions.count)
    write(dimensions.map(\.extent), to: &window.extent)
    write(dimensions.map { $0.axis.positions(over: $0.extent) ?? 0 }, to: &window.positions)
    write(dimensions.map(\.axis.size), to: &window.size)
    write(dimensions.map(\.axis.stride), to: &window.stride)
    write(dimensions.map(\.axis.low), to: &window.low)
    write(dimensions.map(\.axis.dilation), to: &window.dilation)
    window.reducer = Int32(reducer.accessKind.rawValue)
    window.in = Int32(try buffers.place(draft.sources[0]).entry)
    window.in_offset = try buffers.byteOffset(draft.sources[0], planner)
    if isScatter {
        window.source = Int32(try buffers.place(draft.sources[1]).entry)
        window.source_offset = try buffers.byteOffset(draft.sources[1], planner)
    }
    let out = try buffers.place(planner.views[value.int])
    window.out = Int32(out.entry)
    window.out_offset = Int64(out.byteOffset)
    let isLarge = max(operand.count, step.type.count) > parallelThreshold / 4
    return .window(descriptor(window), isScatter: isScatter, parts: isLarge ? threads : 1)
}

// MARK: - Running

private struct Work<Descriptor> {
    let descriptor: UnsafeMutablePointer<Descriptor>
    let table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
}

func runDepthwise(
    _ descriptor: UnsafeMutablePointer<ck_depthwise>, _ table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    _ pool: OpaquePointer, _ parts: Int32
) {
    var work = Work(descriptor: descriptor, table: table)
    ck_pool_run(
        pool, parts,
        { context, team in
            guard let context else { return }
            let work = context.assumingMemoryBound(to: Work<ck_depthwise>.self).pointee
            ck_depthwise_run(work.descriptor, work.table, team)
        }, &work)
}

func runWindow(
    _ descriptor: UnsafeMutablePointer<ck_window>, isScatter: Bool,
    _ table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, _ pool: OpaquePointer, _ parts: Int32
) {
    var work = Work(descriptor: descriptor, table: table)
    if isScatter {
        ck_pool_run(
            pool, parts,
            { context, team in
                guard let context else { return }
                let work = context.assumingMemoryBound(to: Work<ck_window>.self).pointee
                ck_select_and_scatter_run(work.descriptor, work.table, team)
            }, &work)
    } else {
        ck_pool_run(
            pool, parts,
            { context, team in
                guard let context else { return }
                let work = context.assumingMemoryBound(to: Work<ck_window>.self).pointee
                ck_reduce_window_run(work.descriptor, work.table, team)
            }, &work)
    }
}
