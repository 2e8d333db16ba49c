// Cuts a program into kernels. Every value is either computed by one kernel or a view of such a value.
//
// The rule is greedy and linear in the program's length: an element-wise value joins the kernel of its latest operand
// where it needs of that kernel only what the kernel holds in registers; otherwise it waits for the first value that
// takes it into a kernel, and opens one where that is none. Kernels run in the order in which they were opened, so every
// operand from an earlier kernel is there.
//
// The waiting is for what starts apart from a chain that it ends in: in `variable - rate * slot` the product waits until
// the slot's new value is made in the epilogue of the gradient. Single numbers come first, so that all kernels can read
// them.

import Programs
import Tensors

struct KernelPlanner {
    let program: Program
    /// For results, by number, the argument over which they are to be written if that is possible.
    let overwriting: [Int: Int]
    /// For which the programs of loops and conditionals are compiled.
    let device: CPUDevice
    var drafts: [KernelDraft] = []
    /// How each value lies in memory.
    var views: [View]
    /// The kernel that completes each value's root; -1 for parameters and constants.
    private(set) var kernels: [Int]
    /// Constants that were made while planning (positions along an axis), by the value they stand for.
    private(set) var madeConstants: [ValueID: UntypedArray] = [:]
    /// Memory that is no value of the program, such as dense copies: numbered after its values.
    private(set) var copies: [ArrayType] = []
    /// The copy of each value that has one; what was planned before the copy does not read it.
    private var copyOf: [ValueID: ValueID] = [:]
    /// For values that are rows of an array where it lies: their numbers among the table's entries for rows.
    var rowEntries: [ValueID: Int] = [:]
    /// For rows that are read where they lie: the array.
    var rowOrigins: [ValueID: View] = [:]
    /// The updates whose row is computed where it goes.
    var begunUpdates: Set<ValueID> = []
    /// How each result lies in memory.
    private(set) var resultViews: [View] = []
    /// Whether the value is computed in registers of its kernel.
    private var isMember: [Bool]
    /// Whether the value, of many elements, is computed and stored as one because all are the same.
    private(set) var isUniform: [Bool]
    /// Whether an element-wise value waits for a kernel.
    private var isWaiting: [Bool]
    /// For what waits: the latest kernel of what it needs, -1 for none.
    private var latestNeeds: [Int]
    /// For what waits: the latest kernel that must have run before, since what is needed of it is in no register.
    private var latestStored: [Int]
    /// For what waits: those that wait and take it.
    private var takers: [ValueID: [ValueID]] = [:]
    /// Results do not wait: what they are made of should not stay in memory for them.
    private let isResult: [Bool]

    /// How many of the newest kernels are looked at for one of the same shape to join.
    private static let neighbourhood = 8

    init(_ program: Program, overwriting: [Int: Int], device: CPUDevice) throws(InvalidProgram) {
        self.program = program
        self.overwriting = overwriting
        self.device = device
        views = program.steps.indices.map { View(root: ValueID($0), offset: 0, strides: []) }
        kernels = [Int](repeating: -1, count: program.steps.count)
        isMember = [Bool](repeating: false, count: program.steps.count)
        isUniform = isMember
        isWaiting = isMember
        latestNeeds = kernels
        latestStored = kernels
        var isResult = isMember
        for result in program.results { isResult[result.int] = true }
        self.isResult = isResult
        let isFirst = singleNumbers()
        for index in program.steps.indices where isFirst[index] { try place(ValueID(index)) }
        for index in program.steps.indices where !isFirst[index] { try place(ValueID(index)) }
        for index in program.steps.indices where isWaiting[index] { placeNow(ValueID(index)) }
        for result in program.results {
            resultViews.append(isPlain(result) ? views[result.int] : denseCopy(of: result))
        }
        reserveControlMemory()
        writePartsInPlace()
        keepRowsInPlace()
    }

    /// The type of a value or of a copy.
    func type(of value: ValueID) -> ArrayType {
        value.int < program.steps.count ? program.type(of: value) : copies[value.int - program.steps.count]
    }

    /// Whether a value is the whole of some memory.
    func isPlain(_ value: ValueID) -> Bool {
        let view = views[value.int]
        return view.offset == 0 && view.isDense(type(of: value).shape) && !isSharedByLess(value)
    }

    /// Whether the root's memory holds fewer elements than the value shows (or it is a constant made here).
    private func isSharedByLess(_ value: ValueID) -> Bool {
        let root = views[value.int].root
        return madeConstants[root] != nil || memoryCount(of: root) != type(of: value).count
    }

    /// The number of elements in a root's memory.
    func memoryCount(of root: ValueID) -> Int {
        if let constant = madeConstants[root] { return constant.count }
        return isUniform[root.int] ? 1 : type(of: root).count
    }

    /// The members and the product of a kernel are in its registers.
    func isInRegisters(_ value: ValueID, of kernel: Int) -> Bool {
        guard kernels[value.int] == kernel else { return false }
        if isMember[value.int] { return views[value.int].root == value }
        if case .product(let product) = drafts[kernel].kind { return product == value }
        return false
    }

    /// The parts of an array that padding takes, by their first elements and their shapes.
    private func borders(low: [Int], high: [Int], shape: [Int]) -> [(offset: Int, shape: [Int])] {
        var parts: [(offset: Int, shape: [Int])] = []
        let strides = rowMajorStrides(shape)
        // What is left when the borders along the dimensions so far are done.
        var (offset, rest) = (0, shape)
        for axis in shape.indices {
            for (start, size) in [(0, low[axis]), (shape[axis] - high[axis], high[axis])] where size > 0 {
                var part = rest
                part[axis] = size
                parts.append((offset + start * strides[axis], part))
            }
            rest[axis] -= low[axis] + high[axis]
            offset += low[axis] * strides[axis]
        }
        return parts
    }

    private mutating func place(_ value: ValueID) throws(InvalidProgram) {
        let step = program[value]
        let shape = step.type.shape
        views[value.int] = .whole(value, shape: shape)
        if !step.instruction.isElementwise { step.operands.forEach { settle($0) } }
        switch step.instruction {
        case .parameter, .constant:
            break

        case .iota(let axis):
            madeConstants[value] = positions(count: shape[axis], dtype: step.type.dtype)
            var strides = [Int](repeating: 0, count: shape.count)
            if shape[axis] != 1 { strides[axis] = 1 }
            views[value.int] = View(root: value, offset: 0, strides: strides)

        case .unary, .binary, .compare, .select, .convert:
            placeElementwise(value, step)

        case .broadcast(let axes):
            let operand = step.operands[0]
            alias(
                value, operand, views[operand.int].broadcast(axes: axes, from: program[operand].type.shape, to: shape))

        case .transpose(let permutation):
            alias(value, step.operands[0], views[step.operands[0].int].transposed(permutation))

        case .slice(let starts, _, let strides):
            alias(value, step.operands[0], views[step.operands[0].int].sliced(starts: starts, strides: strides))

        case .reverse(let axes):
            alias(value, step.operands[0], views[step.operands[0].int].reversed(axes: axes, shape: shape))

        case .reshape:
            let operand = step.operands[0]
            let from = program[operand].type.shape
            if let view = views[operand.int].reshaped(from: from, to: shape) {
                alias(value, operand, view)
            } else {
                // A dense copy in the operand's order is the reshaped array.
                let copy = KernelDraft.Copy(
                    source: views[operand.int], destination: value, offset: 0, strides: rowMajorStrides(from))
                append(KernelDraft(.copy(copy), space: from), computes: value)
            }

        case .concatenate(let axis):
            let strides = rowMajorStrides(shape)
            let step = self.program[value]
            var position = 0
            // Along an axis of total size 1 there is nothing to step over.
            for operand in step.operands {
                let part = program[operand].type.shape
                let copy = KernelDraft.Copy(
                    source: views[operand.int], destination: value, offset: position * strides[axis],
                    strides: strides, isJoined: true)
                append(KernelDraft(.copy(copy), space: part), computes: value)
                position += part[axis]
            }

        case .pad(let low, let high, let interior):
            let fills =
                interior.allSatisfy { $0 == 0 } && step.type.count > parallelThreshold
                ? borders(low: low, high: high, shape: shape)
                : [(offset: 0, shape: shape)]
            for part in fills {
                let fill = KernelDraft.Copy(
                    source: views[step.operands[1].int].broadcast(axes: [], from: [], to: part.shape),
                    destination: value, offset: part.offset, strides: rowMajorStrides(shape))
                append(KernelDraft(.copy(fill), space: part.shape), computes: value)
            }
            let strides = rowMajorStrides(shape)
            let offset = zip(low, strides).reduce(0) { $0 + $1.0 * $1.1 }
            let inside = KernelDraft.Copy(
                source: views[step.operands[0].int], destination: value, offset: offset,
                strides: zip(strides, interior).map { $0 * ($1 + 1) })
            append(KernelDraft(.copy(inside), space: program[step.operands[0]].type.shape), computes: value)

        case .reduce:
            let operand = step.operands[0]
            let kernel = kernels[operand.int]
            if kernel >= 0, isInRegisters(operand, of: kernel), case .loop = drafts[kernel].kind,
                drafts[kernel].space == program[operand].type.shape
            {
                drafts[kernel].reductions.append(value)
                kernels[value.int] = kernel
            } else {
                let draft = KernelDraft(.loop, space: program[operand].type.shape)
                draft.reductions.append(value)
                append(draft, computes: value)
            }

        case .dot:
            let batch = Array(shape.dropLast(2))
            let sources = step.operands.map { operand in
                let view = views[operand.int]
                return view.batchStride(batch) == nil ? denseCopy(of: operand) : view
            }
            append(KernelDraft(.product(value), space: shape, sources: sources), computes: value)

        case .convolution(let window):
            placeConvolution(value, step, window)

        case .reduceWindow, .selectAndScatter:
            append(KernelDraft(.window(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .argReduce:
            append(KernelDraft(.argReduce(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .argSort:
            append(KernelDraft(.argSort(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .gather:
            append(KernelDraft(.gather(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .scatterAdd:
            append(KernelDraft(.scatterAdd(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .updateRow:
            append(KernelDraft(.updateRow(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .random:
            append(KernelDraft(.random(value), space: shape, sources: denseViews(step.operands)), computes: value)

        case .whileLoop, .conditional:
            try placeControl(value, step)

        case .result(let number):
            let kernel = kernels[step.operands[0].int]
            if let earlier = drafts[kernel].controlResults[number] {
                alias(value, earlier, views[earlier.int])
            } else if drafts[kernel].isInvariant(number) {
                let view = drafts[kernel].sources[number]
                alias(value, view.root, view)
            } else {
                drafts[kernel].controlResults[number] = value
                kernels[value.int] = kernel
            }
        }
    }

    /// Memory that is no value of the program: numbered after its values.
    mutating func newMemory(_ type: ArrayType) -> ValueID {
        let value = ValueID(views.count)
        copies.append(type)
        views.append(.whole(value, shape: type.shape))
        kernels.append(-1)
        isMember.append(false)
        isUniform.append(false)
        return value
    }

    /// Parameters, constants, and the single numbers that follow from them alone.
    private func singleNumbers() -> [Bool] {
        var isFirst = [Bool](repeating: false, count: program.steps.count)
        for (index, step) in program.steps.enumerated() {
            switch step.instruction {
            case .parameter, .constant: isFirst[index] = true
            case .unary, .binary, .compare, .select, .convert, .broadcast, .reshape:
                isFirst[index] =
                    step.type.count == 1
                    && step.operands.allSatisfy { isFirst[$0.int] && program.type(of: $0).count == 1 }
            default: break
            }
        }
        return isFirst
    }

    private mutating func placeElementwise(_ value: ValueID, _ step: Program.Step) {
        // What is the same everywhere is computed once.
        let isSame =
            step.type.count > 1
            && step.operands.allSatisfy { !isWaiting[$0.int] && views[$0.int].isUniform(program[$0].type.shape) }
        if isSame {
            isUniform[value.int] = true
            views[value.int] = View(
                root: value, offset: 0, strides: [Int](repeating: 0, count: step.type.shape.count))
        }
        isMember[value.int] = true
        let space = space(of: value)
        // What waits for this value fills the same space.
        for operand in step.operands where isWaiting[operand.int] && program[operand].type.shape != space {
            settle(operand)
        }
        let latest = latestKernel(ofOperands: step)
        if latest >= 0, drafts[latest].accepts(space), joins(step, latest) {
            for operand in step.operands where isWaiting[operand.int] {
                for waiting in waitingFor(operand) { join(waiting, latest) }
            }
            join(value, latest)
        } else if space.isEmpty || isResult[value.int] {
            step.operands.forEach { settle($0) }
            placeNow(value)
        } else {
            isWaiting[value.int] = true
            latestNeeds[value.int] = latest
            for operand in step.operands {
                if isWaiting[operand.int] { takers[operand, default: []].append(value) }
                latestStored[value.int] = max(latestStored[value.int], storedKernel(of: operand))
            }
        }
    }

    /// The shape of the loop that computes an element-wise value.
    private func space(of value: ValueID) -> [Int] { isUniform[value.int] ? [] : program[value].type.shape }

    private func latestKernel(ofOperands step: Program.Step) -> Int {
        step.operands.reduce(-1) { latest, operand in
            max(latest, isWaiting[operand.int] ? latestNeeds[operand.int] : kernels[operand.int])
        }
    }

    /// The kernel that must have run before any that takes `operand`; -1 where there is none, or the same may take it.
    private func storedKernel(of operand: ValueID) -> Int {
        if isWaiting[operand.int] { return latestStored[operand.int] }
        let kernel = kernels[operand.int]
        return kernel < 0 || isInRegisters(operand, of: kernel) ? -1 : kernel
    }

    /// Whether a kernel has all that an element-wise value needs, in registers or from earlier kernels.
    private func joins(_ step: Program.Step, _ kernel: Int) -> Bool {
        step.operands.allSatisfy { operand in
            if isWaiting[operand.int] {
                // The epilogue of a convolution cannot read everything.
                return latestNeeds[operand.int] <= kernel && latestStored[operand.int] < kernel
                    && drafts[kernel].convolution == nil
            }
            return isInRegisters(operand, of: kernel)
                || kernels[operand.int] < kernel && drafts[kernel].canRead(views[operand.int])
        }
    }

    /// Everything that waits and that a waiting value needs, itself included, each after what it needs.
    private func waitingFor(_ value: ValueID) -> [ValueID] {
        var found: Set<ValueID> = [value]
        var open = [value]
        while let next = open.popLast() {
            for operand in program[next].operands where isWaiting[operand.int] && found.insert(operand).inserted {
                open.append(operand)
            }
        }
        return found.sorted { $0.int < $1.int }
    }

    /// Gives a value a kernel if it waits for one.
    private mutating func settle(_ value: ValueID) {
        guard isWaiting[value.int] else { return }
        for waiting in waitingFor(value) { placeNow(waiting) }
    }

    private mutating func join(_ value: ValueID, _ kernel: Int) {
        drafts[kernel].members.append(value)
        settle(value, in: kernel)
    }

    /// Notes down that a value has its kernel, and that what waits for it needs that kernel.
    private mutating func settle(_ value: ValueID, in kernel: Int) {
        isWaiting[value.int] = false
        kernels[value.int] = kernel
        var open = [value]
        while let next = open.popLast() {
            for taker in takers[next] ?? [] where isWaiting[taker.int] && latestNeeds[taker.int] < kernel {
                latestNeeds[taker.int] = kernel
                open.append(taker)
            }
        }
        takers[value] = nil
    }

    /// Gives an element-wise value, none of whose operands waits, a kernel: that of its latest operand, one of the newest
    /// loops, or a new one.
    private mutating func placeNow(_ value: ValueID) {
        let (step, space) = (program[value], space(of: value))
        let latest = latestKernel(ofOperands: step)
        if latest >= 0, drafts[latest].accepts(space), joins(step, latest) {
            join(value, latest)
            return
        }
        var candidate = drafts.count - 1
        while candidate > latest, candidate >= drafts.count - Self.neighbourhood {
            if case .loop = drafts[candidate].kind, drafts[candidate].accepts(space) {
                join(value, candidate)
                return
            }
            candidate -= 1
        }
        let draft = KernelDraft(.loop, space: space)
        append(draft, computes: value)
        join(value, drafts.count - 1)
    }

    /// Takes kernels out of the list.
    mutating func remove(_ dropped: Set<Int>) { renumber { dropped.contains($0) ? [] : [$1] } }

    /// Puts kernels into the list, before those of the given numbers.
    mutating func insert(_ inserted: [Int: [KernelDraft]]) { renumber { (inserted[$0] ?? []) + [$1] } }

    /// Makes the list of kernels anew: what stands for each; the last of it has the place of the old one.
    private mutating func renumber(_ replacement: (Int, KernelDraft) -> [KernelDraft]) {
        var list: [KernelDraft] = []
        var numbers: [Int] = []
        for (kernel, draft) in drafts.enumerated() {
            list += replacement(kernel, draft)
            numbers.append(list.count - 1)
        }
        drafts = list
        for index in kernels.indices where kernels[index] >= 0 { kernels[index] = numbers[kernels[index]] }
    }

    mutating func append(_ draft: KernelDraft, computes value: ValueID) {
        kernels[value.int] = drafts.count
        drafts.append(draft)
    }

    private mutating func alias(_ value: ValueID, _ operand: ValueID, _ view: View) {
        views[value.int] = view
        kernels[value.int] = kernels[operand.int]
    }

    /// For kernels that read plain arrays: the operands, copied where they do not lie dense.
    private mutating func denseViews(_ operands: [ValueID]) -> [View] {
        operands.map { operand in
            let view = views[operand.int]
            return view.isDense(type(of: operand).shape) ? view : denseCopy(of: operand)
        }
    }

    /// A copy of the value in memory of its own, for kernels that are planned after it.
    mutating func denseCopy(of value: ValueID) -> View {
        if let copy = copyOf[value] { return views[copy.int] }
        let view = newCopy(of: value)
        copyOf[value] = view.root
        return view
    }

    /// A copy that is used once.
    mutating func newCopy(of value: ValueID) -> View {
        let type = type(of: value)
        let destination = newMemory(type)
        let copy = KernelDraft.Copy(
            source: views[value.int], destination: destination, offset: 0, strides: rowMajorStrides(type.shape))
        append(KernelDraft(.copy(copy), space: type.shape), computes: destination)
        return views[destination.int]
    }

    private func positions(count: Int, dtype: DType) -> UntypedArray {
        func make<Scalar: NumericElement>(_ type: Scalar.Type) -> UntypedArray {
            NDArray<Scalar>(shape: [count]) { elements in
                for index in elements.indices {
                    elements.initializeElement(at: index, to: Scalar(clamping: Double(index)))
                }
            }.untyped
        }
        guard let type = dtype.numericType else { return UntypedArray(integers: Array(0..<count)) }
        return make(type)
    }

    /// What a kernel reads from memory: views of values of earlier kernels, parameters and constants.
    ///
    /// - Parameter withOrigins: whether who reads a row where it lies reads the array too.
    func memoryReads(of kernel: Int, withOrigins: Bool = true) -> [View] {
        let draft = drafts[kernel]
        var reads: [View] = []
        func add(_ operand: ValueID) {
            if !isInRegisters(operand, of: kernel) { reads.append(views[operand.int]) }
        }
        for member in draft.members { program[member].operands.forEach(add) }
        for reduction in draft.reductions { program[reduction].operands.forEach(add) }
        switch draft.kind {
        case .loop: break
        case .copy(let copy): reads.append(copy.source)
        case .product, .gather, .scatterAdd, .updateRow, .readRow, .argReduce, .argSort, .random, .depthwise, .window:
            reads += draft.sources
        case .beginRow: reads += [draft.sources[0], draft.sources[2]]
        case .control:
            // What is written counts as well: it has its place even where nothing reads it.
            reads += draft.sources + (draft.controlMemory?.all.map { views[$0.int] } ?? [])
        }
        if withOrigins, !rowOrigins.isEmpty {
            for view in reads {
                var root = view.root
                while let origin = rowOrigins[root] {
                    reads.append(origin)
                    root = origin.root
                }
            }
        }
        return reads
    }
}
