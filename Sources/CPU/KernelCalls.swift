// From the draft of a kernel to the call that runs it: the descriptors of C's kernels, with the places of what they read
// and write. Convolutions and windows are in `WindowCalls.swift`.

import CKernels
import Programs
import Tensors

/// Less work than this, in element operations, is not worth a hand-over to another thread (about 3 microseconds).
let parallelThreshold = 60_000

/// The call that runs one kernel; loops and conditionals have their own, see `ControlCall`.
func makeCall(
    _ index: Int, _ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan, _ isa: InstructionSet,
    threads: Int32
) throws(InvalidProgram) -> Executable.Call {
    let program = planner.program
    func place(_ view: View) throws(InvalidProgram) -> Place { try buffers.place(view) }
    func offset(_ view: View) throws(InvalidProgram) -> Int64 { try buffers.byteOffset(view, planner) }
    func product(_ dimensions: ArraySlice<Int>) -> Int64 { Int64(dimensions.reduce(1, *)) }
    let isStored = { (value: ValueID) in buffers.places[value] != nil }

    switch draft.kind {
    case .loop, .copy:
        let loop = LoopDescriptor(
            try LoopAssembly(kernel: index, planner: planner, places: buffers.places, isa: isa, isStored: isStored))
        let parts = loop.isSplittable && loop.work > parallelThreshold ? threads : 1
        return .loop(loop, parts: parts)

    case .product(let value) where draft.convolution != nil:
        return try makeConvolutionCall(index, value, draft, planner, buffers, isa, threads: threads)

    case .depthwise(let value):
        return try makeDepthwiseCall(value, draft, planner, buffers, isa, threads: threads)

    case .window(let value):
        return try makeWindowCall(value, draft, planner, buffers, isa, threads: threads)

    case .product(let value):
        let step = program[value]
        guard case .dot(let transposeLeft, let transposeRight) = step.instruction else {
            throw InvalidProgram("\(step.instruction) is not a product")
        }
        let left = step.operands[0]
        let rank = step.type.shape.count
        let batch = Array(step.type.shape.dropLast(2))
        let (leftView, rightView) = (draft.sources[0], draft.sources[1])
        var gemm = ck_gemm()
        gemm.panels = -1
        gemm.type = Int32(step.type.dtype.productKernelType.kernelType.rawValue)
        gemm.isa = Int32(isa.isa.rawValue)
        gemm.batch = Int64(batch.reduce(1, *))
        gemm.m = Int64(step.type.shape[rank - 2])
        gemm.n = Int64(step.type.shape[rank - 1])
        gemm.k = Int64(program.type(of: left).shape[transposeLeft ? rank - 2 : rank - 1])
        gemm.left = Int32(try place(leftView).entry)
        gemm.right = Int32(try place(rightView).entry)
        gemm.left_offset = try offset(leftView)
        gemm.right_offset = try offset(rightView)
        let leftRow = leftView.strides[transposeLeft ? rank - 1 : rank - 2]
        let leftColumn = leftView.strides[transposeLeft ? rank - 2 : rank - 1]
        let rightRow = rightView.strides[transposeRight ? rank - 1 : rank - 2]
        let rightColumn = rightView.strides[transposeRight ? rank - 2 : rank - 1]
        (gemm.left_row, gemm.left_column) = (Int64(leftRow), Int64(leftColumn))
        (gemm.right_row, gemm.right_column) = (Int64(rightRow), Int64(rightColumn))
        guard let leftBatch = leftView.batchStride(batch), let rightBatch = rightView.batchStride(batch) else {
            throw InvalidProgram("the batch dimensions of a product do not lie evenly")
        }
        (gemm.left_batch, gemm.right_batch) = (Int64(leftBatch), Int64(rightBatch))
        gemm.out_row = gemm.n
        gemm.out_batch = gemm.m * gemm.n
        if let out = buffers.places[value] {
            gemm.out = Int32(out.entry)
            gemm.out_offset = Int64(out.byteOffset)
        } else {
            gemm.out = -1
        }
        var epilogue: LoopDescriptor?
        if !draft.members.isEmpty {
            let loop = LoopDescriptor(
                try LoopAssembly(
                    kernel: index, planner: planner, places: buffers.places, isa: isa, isStored: isStored))
            gemm.epilogue = UnsafeRawPointer(loop.prepared)
            gemm.epilogue_rank = Int32(rank)
            epilogue = loop
        }
        return productCall(gemm, epilogue, threads: threads)

    case .gather(let value):
        let step = program[value]
        guard case .gather(let axis) = step.instruction else { throw InvalidProgram("not a gather") }
        let params = program.type(of: step.operands[0])
        var gather = ck_gather()
        gather.index_type = Int32(program.type(of: step.operands[1]).dtype.kernelType.rawValue)
        gather.params = Int32(try place(draft.sources[0]).entry)
        gather.indices = Int32(try place(draft.sources[1]).entry)
        gather.out = Int32(try place(planner.views[value.int]).entry)
        gather.params_offset = try offset(draft.sources[0])
        gather.indices_offset = try offset(draft.sources[1])
        gather.out_offset = try offset(planner.views[value.int])
        gather.outer = product(params.shape[..<axis])
        gather.range = Int64(params.shape[axis])
        gather.count = Int64(program.type(of: step.operands[1]).count)
        gather.inner_bytes = product(params.shape[(axis + 1)...]) * Int64(params.dtype.byteCount)
        return .gather(descriptor(gather))

    case .scatterAdd(let value):
        let step = program[value]
        guard case .scatterAdd(let axis, let range) = step.instruction else { throw InvalidProgram("not a scatter") }
        let updates = program.type(of: step.operands[0])
        var scatter = ck_scatter_add()
        scatter.type = Int32(updates.dtype.kernelType.rawValue)
        scatter.index_type = Int32(program.type(of: step.operands[1]).dtype.kernelType.rawValue)
        scatter.updates = Int32(try place(draft.sources[0]).entry)
        scatter.indices = Int32(try place(draft.sources[1]).entry)
        scatter.out = Int32(try place(planner.views[value.int]).entry)
        scatter.updates_offset = try offset(draft.sources[0])
        scatter.indices_offset = try offset(draft.sources[1])
        scatter.out_offset = try offset(planner.views[value.int])
        scatter.outer = product(updates.shape[..<axis])
        scatter.range = Int64(range)
        scatter.count = Int64(updates.shape[axis])
        scatter.inner = product(updates.shape[(axis + 1)...])
        return .scatterAdd(descriptor(scatter))

    case .updateRow, .readRow, .beginRow:
        return .row(try RowCall(draft, planner, buffers))

    case .argReduce(let value):
        let step = program[value]
        guard case .argReduce(let smallest, let axis) = step.instruction else {
            throw InvalidProgram("not a search for the largest")
        }
        let type = program.type(of: step.operands[0])
        var reduce = ck_arg_reduce()
        reduce.type = Int32(type.dtype.kernelType.rawValue)
        reduce.out_type = Int32(step.type.dtype.kernelType.rawValue)
        reduce.smallest = smallest
        reduce.in = Int32(try place(draft.sources[0]).entry)
        reduce.out = Int32(try place(planner.views[value.int]).entry)
        reduce.in_offset = try offset(draft.sources[0])
        reduce.out_offset = try offset(planner.views[value.int])
        reduce.outer = product(type.shape[..<axis])
        reduce.count = Int64(type.shape[axis])
        reduce.inner = product(type.shape[(axis + 1)...])
        return .argReduce(descriptor(reduce))

    case .argSort(let value):
        let step = program[value]
        guard case .argSort(let axis, let descending, let count) = step.instruction else {
            throw InvalidProgram("not a sort")
        }
        let type = program.type(of: step.operands[0])
        var sort = ck_arg_sort()
        sort.type = Int32(type.dtype.kernelType.rawValue)
        sort.descending = descending
        sort.in = Int32(try place(draft.sources[0]).entry)
        sort.out = Int32(try place(planner.views[value.int]).entry)
        sort.in_offset = try offset(draft.sources[0])
        sort.out_offset = try offset(planner.views[value.int])
        sort.outer = product(type.shape[..<axis])
        sort.count = Int64(type.shape[axis])
        sort.kept = Int64(count)
        sort.inner = product(type.shape[(axis + 1)...])
        return .argSort(descriptor(sort))

    case .random(let value):
        let step = program[value]
        guard case .random(let distribution) = step.instruction else { throw InvalidProgram("not random") }
        var random = ck_random()
        random.type = Int32(step.type.dtype.kernelType.rawValue)
        random.distribution = Int32(distribution.kernelDistribution.rawValue)
        random.state = Int32(try place(draft.sources[0]).entry)
        random.state_offset = try offset(draft.sources[0])
        random.out = Int32(try place(planner.views[value.int]).entry)
        random.out_offset = try offset(planner.views[value.int])
        random.count = Int64(step.type.count)
        if step.operands.count == 3 {
            random.low = Int32(try place(draft.sources[1]).entry)
            random.low_offset = try offset(draft.sources[1])
            random.high = Int32(try place(draft.sources[2]).entry)
            random.high_offset = try offset(draft.sources[2])
        }
        return .random(descriptor(random))

    case .control(let value):
        throw InvalidProgram("\(program[value].instruction) is not one kernel")
    }
}

/// The call of a product, with as many parts as are worth their hand-over.
func productCall(_ gemm: ck_gemm, _ epilogue: LoopDescriptor?, threads: Int32) -> Executable.Call {
    let pointer = descriptor(gemm)
    let parts = max(1, ck_gemm_parts(pointer, threads))
    return .product(
        pointer, epilogue: epilogue, parts: parts,
        packing: ck_gemm_packs_first(pointer, parts) ? .together : .apart)
}

extension Distribution {
    var kernelDistribution: ck_distribution {
        switch self {
        case .uniform: CK_UNIFORM
        case .normal: CK_NORMAL
        case .truncatedNormal: CK_TRUNCATED_NORMAL
        case .uniformInteger: CK_UNIFORM_INT
        }
    }
}

/// A descriptor in memory of its own.
func descriptor<Descriptor>(_ value: Descriptor) -> UnsafeMutablePointer<Descriptor> {
    let pointer = UnsafeMutablePointer<Descriptor>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
}

extension BufferPlan {
    /// The memory of what a view shows.
    func place(_ view: View) throws(InvalidProgram) -> Place {
        if let place = places[view.root] { return place }
        throw InvalidProgram("value \(view.root) has no memory")
    }

    /// Where a view's first element lies in its memory.
    func byteOffset(_ view: View, _ planner: KernelPlanner) throws(InvalidProgram) -> Int64 {
        Int64(try place(view).byteOffset + view.offset * planner.type(of: view.root).dtype.byteCount)
    }
}
