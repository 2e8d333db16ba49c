// From a drafted loop to the descriptor that the C kernels run: accesses, registers and code.

import CKernels
import Programs
import Tensors

/// The instruction set that kernels are chosen for.
package struct InstructionSet: Hashable, Sendable, CustomStringConvertible {
    let isa: ck_isa

    package static let portable = InstructionSet(isa: CK_PORTABLE)
    package static let avx2 = InstructionSet(isa: CK_AVX2)
    package static let avx512 = InstructionSet(isa: CK_AVX512)
    package static let neon = InstructionSet(isa: CK_NEON)
    /// The best one of this machine.
    package static let best = InstructionSet(isa: ck_best_isa())

    /// Those that this machine can run.
    package static var available: [InstructionSet] {
        [portable, neon, avx2, avx512].filter { ck_isa_available($0.isa) }
    }

    package static func == (left: InstructionSet, right: InstructionSet) -> Bool {
        left.isa.rawValue == right.isa.rawValue
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(isa.rawValue) }
    package var description: String { String(cString: ck_isa_name(isa)) }
}

/// A prepared loop. Its memory never changes after the initialiser.
final class LoopDescriptor {
    let loop: UnsafeMutablePointer<ck_loop>
    let prepared: UnsafeMutableRawPointer
    let scratchByteCount: Int
    /// Element operations of the whole space, to judge whether a hand-over to other threads pays.
    let work: Int
    /// Whether parts of the loop may run at the same time.
    let isSplittable: Bool
    let codeCount: Int
    private let memory: [UnsafeMutableRawPointer]

    init(_ assembly: borrowing LoopAssembly) {
        func copy<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
            let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
            pointer.initialize(from: elements, count: elements.count)
            return pointer
        }
        let access = copy(assembly.accesses)
        let code = copy(assembly.code)
        let slots = copy(assembly.slotRegisters)
        loop = .allocate(capacity: 1)
        loop.initialize(to: ck_loop())
        loop.pointee.rank = Int32(assembly.extents.count)
        withUnsafeMutableBytes(of: &loop.pointee.extent) { bytes in
            let extents = bytes.assumingMemoryBound(to: Int64.self)
            for (axis, extent) in assembly.extents.enumerated() { extents[axis] = Int64(extent) }
        }
        loop.pointee.block = Int32(assembly.block)
        loop.pointee.slot_count = Int32(assembly.slotRegisters.count)
        loop.pointee.slot_register = UnsafePointer(slots)
        loop.pointee.register_count = Int32(assembly.registerCount)
        loop.pointee.access_count = Int32(assembly.accesses.count)
        loop.pointee.access = UnsafePointer(access)
        loop.pointee.code_count = Int32(assembly.code.count)
        loop.pointee.code = UnsafePointer(code)
        loop.pointee.split = Int32(max(0, assembly.split))
        loop.pointee.tile_slot = Int32(assembly.tileSlot)
        prepared = .allocate(byteCount: max(64, ck_loop_prepared_bytes(loop)), alignment: 64)
        ck_loop_prepare(loop, prepared)
        scratchByteCount = (ck_loop_scratch_bytes(loop) + 63) / 64 * 64
        work = assembly.work
        isSplittable = assembly.split >= 0
        codeCount = assembly.code.count
        memory = [UnsafeMutableRawPointer(access), UnsafeMutableRawPointer(code), UnsafeMutableRawPointer(slots)]
    }

    deinit {
        memory.forEach { $0.deallocate() }
        loop.deallocate()
        prepared.deallocate()
    }
}

/// Builds one descriptor.
struct LoopAssembly: ~Copyable {
    private(set) var extents: [Int] = []
    private(set) var accesses: [ck_access] = []
    private(set) var code: [ck_instruction] = []
    /// The register that stands behind each slot.
    private(set) var slotRegisters: [Int32] = []
    private(set) var registerCount = 0
    private(set) var block = 1024
    private(set) var tileSlot = -1
    /// The dimension along which threads share the work, or -1.
    private(set) var split = -1
    private(set) var work = 0

    private struct Access {
        let kind: ck_access_kind
        let value: ValueID
        let view: View
        var slot: Int
    }

    /// - Parameters:
    ///   - isStored: whether a member must be written to memory.
    init(
        kernel: Int, planner: KernelPlanner, places: [ValueID: Place], isa: InstructionSet, isStored: (ValueID) -> Bool
    ) throws(InvalidProgram) {
        let draft = planner.drafts[kernel]
        let space = draft.space
        var reads: [Access] = []
        var writes: [Access] = []
        var slotOf: [ValueID: Int] = [:]
        var slotCount = 0
        var isScalarSlot: [Bool] = []
        func newSlot(scalar: Bool = false) -> Int {
            isScalarSlot.append(scalar)
            slotCount += 1
            return slotCount - 1
        }
        // Reads of the same elements share a slot.
        struct ReadKey: Hashable {
            let root: ValueID
            let offset: Int
            let strides: [Int]
        }
        var readSlots: [ReadKey: Int] = [:]
        func read(_ view: View, _ value: ValueID) -> Int {
            let strides = zip(view.strides, space).map { $1 == 1 ? 0 : $0 }
            let key = ReadKey(root: view.root, offset: view.offset, strides: strides)
            if let slot = readSlots[key] { return slot }
            let slot = newSlot(scalar: view.isUniform(space))
            readSlots[key] = slot
            reads.append(
                Access(
                    kind: CK_READ, value: value, view: View(root: view.root, offset: view.offset, strides: strides),
                    slot: slot))
            return slot
        }
        var isEpilogue = false
        var hasTile = false
        if case .product(let product) = draft.kind {
            isEpilogue = true
            hasTile = true
            tileSlot = newSlot()
            slotOf[product] = tileSlot
        }
        func slot(of operand: ValueID) -> Int {
            if let slot = slotOf[operand], planner.isInRegisters(operand, of: kernel) { return slot }
            let view = planner.views[operand.int]
            // A rank-0 space reads the one element of what is the same everywhere.
            let strides = space.isEmpty ? [] : view.strides
            return read(View(root: view.root, offset: view.offset, strides: strides), operand)
        }

        // How long each member is needed; what is stored or reduced stays to the end.
        let end = draft.members.count
        var lastUse: [ValueID: Int] = [:]
        for (index, member) in draft.members.enumerated() {
            for operand in planner.program[member].operands where planner.isInRegisters(operand, of: kernel) {
                lastUse[operand] = index
            }
        }
        for reduction in draft.reductions { lastUse[planner.program[reduction].operands[0]] = end }

        var freeRegisterSlots: [Int: [Int]] = [:]
        var registerSlotSize: [Int: Int] = [:]
        var temporaries = 0
        work = 0
        for (index, member) in draft.members.enumerated() {
            let step = planner.program[member]
            let operandSlots = step.operands.map { slot(of: $0) }
            // A register is free again after its last reader; a result of the same width may replace it in place.
            let size = step.type.dtype.byteCount
            var released: [Int] = []
            for operand in Set(step.operands) where lastUse[operand] == index {
                if let slot = slotOf[operand], let width = registerSlotSize[slot],
                    planner.isInRegisters(operand, of: kernel)
                {
                    if width == size {
                        freeRegisterSlots[width, default: []].append(slot)
                    } else {
                        released.append(slot)
                    }
                }
            }
            let destination: Int
            if let part = draft.parts[member] {
                destination = newSlot()
                writes.append(
                    Access(
                        kind: CK_WRITE, value: part.destination,
                        view: View(root: part.destination, offset: part.offset, strides: part.strides),
                        slot: destination))
            } else if isStored(member) {
                destination = newSlot()
                writes.append(
                    Access(
                        kind: CK_WRITE, value: member,
                        view: View(root: member, offset: 0, strides: rowMajorStrides(space)), slot: destination))
            } else if let reused = freeRegisterSlots[size]?.popLast() {
                destination = reused
            } else {
                destination = newSlot()
                registerSlotSize[destination] = size
                temporaries += 1
            }
            for slot in released { freeRegisterSlots[registerSlotSize[slot] ?? size, default: []].append(slot) }
            slotOf[member] = destination
            code.append(
                try instruction(
                    step, planner, isa: isa, destination: destination, operands: operandSlots,
                    isScalar: operandSlots.map { isScalarSlot[$0] }))
            work += cost(of: step.instruction)
        }
        for reduction in draft.reductions {
            let step = planner.program[reduction]
            guard case .reduce(let reducer, let axes) = step.instruction else { continue }
            let kept = space.indices.filter { !axes.contains($0) }
            let resultStrides = rowMajorStrides(kept.map { space[$0] })
            var strides = [Int](repeating: 0, count: space.count)
            for (position, axis) in kept.enumerated() { strides[axis] = resultStrides[position] }
            writes.append(
                Access(
                    kind: reducer.accessKind, value: reduction,
                    view: View(root: reduction, offset: 0, strides: strides), slot: slot(of: step.operands[0])))
            work += 1
        }
        if case .copy(let copy) = draft.kind {
            let slot = read(copy.source, copy.destination)
            writes.append(
                Access(
                    kind: CK_WRITE, value: copy.destination,
                    view: View(root: copy.destination, offset: copy.offset, strides: copy.strides), slot: slot))
        }
        work += reads.count + writes.count

        // Dimensions: merged as far as every access allows; an epilogue keeps [batch,] rows and columns.
        var all = reads + writes
        if isEpilogue, draft.convolution != nil {
            // A convolution is the product of a matrix with a row for each position.
            let leading = Array(space.dropLast())
            extents = [leading.reduce(1, *), space.last ?? 1]
            for index in all.indices {
                let view = all[index].view
                guard let row = view.batchStride(leading), let column = view.strides.last else {
                    throw InvalidProgram("the rows that a convolution's epilogue reads do not lie evenly")
                }
                all[index] = Access(
                    kind: all[index].kind, value: all[index].value,
                    view: View(root: view.root, offset: view.offset, strides: [row, column]), slot: all[index].slot)
            }
        } else if isEpilogue {
            extents = space
        } else {
            var merged = space.indices.filter { space[$0] != 1 }.map { (extent: space[$0], axis: $0) }
            var strides = all.map { access in merged.map { access.view.strides[$0.axis] } }
            var position = merged.count - 2
            while position >= 0 {
                let (outer, inner) = (position, position + 1)
                if strides.allSatisfy({ $0[outer] == $0[inner] * merged[inner].extent }) {
                    merged[outer] = (merged[outer].extent * merged[inner].extent, merged[outer].axis)
                    merged.remove(at: inner)
                    for index in strides.indices {
                        strides[index][outer] = strides[index][inner]
                        strides[index].remove(at: inner)
                    }
                }
                position -= 1
            }
            extents = merged.map(\.extent)
            if extents.isEmpty {
                extents = [1]
                strides = all.map { _ in [0] }
            }
            for index in all.indices {
                all[index] = Access(
                    kind: all[index].kind, value: all[index].value,
                    view: View(root: all[index].view.root, offset: all[index].view.offset, strides: strides[index]),
                    slot: all[index].slot)
            }
        }
        guard extents.count <= Int(CK_DIMS) else {
            throw InvalidProgram("a loop over \(space) has more dimensions that cannot be merged than \(CK_DIMS)")
        }
        var count = 1
        for extent in extents { count *= extent }
        work *= count

        // Registers: one for each temporary, and one behind each access that may not lie as the block needs it.
        slotRegisters = [Int32](repeating: -1, count: slotCount)
        for slot in registerSlotSize.keys.sorted() {
            slotRegisters[slot] = Int32(registerCount)
            registerCount += 1
        }
        var copied = 0
        for access in all where !isScalarSlot[access.slot] && slotRegisters[access.slot] < 0 && access.slot != tileSlot
        {
            slotRegisters[access.slot] = Int32(registerCount)
            registerCount += 1
            if rowMajorStrides(extents) != access.view.strides { copied += 1 }
        }
        if !hasTile {
            // Half of a 32 KiB first-level cache for registers, the rest for what is read and written directly.
            let width = 4
            let size = 16 * 1024 / max(1, (temporaries + copied) * width)
            block = min(1024, max(64, size / 64 * 64))
        }

        for access in all {
            guard let place = places[access.view.root] else {
                throw InvalidProgram("value \(access.view.root) has no memory")
            }
            let type = planner.type(of: access.view.root).dtype
            var result = ck_access()
            result.kind = Int32(access.kind.rawValue)
            result.type = Int32(type.kernelType.rawValue)
            result.slot = Int32(access.slot)
            result.buffer = Int32(place.entry)
            result.offset = Int64(place.byteOffset + access.view.offset * type.byteCount)
            withUnsafeMutableBytes(of: &result.stride) { bytes in
                let target = bytes.assumingMemoryBound(to: Int64.self)
                for (axis, stride) in access.view.strides.enumerated() { target[axis] = Int64(stride) }
            }
            accesses.append(result)
        }

        // Threads may share a dimension that no reduction combines.
        let reductions = all.filter { $0.kind != CK_READ && $0.kind != CK_WRITE }
        for axis in extents.indices
        where extents[axis] > 1 && reductions.allSatisfy({ $0.view.strides[axis] != 0 }) {
            if split < 0 || extents[axis] > 4 * extents[split] { split = axis }
        }
    }

    private func cost(of instruction: Instruction) -> Int {
        switch instruction {
        case .unary(let function):
            switch function {
            case .negate, .abs, .sign, .not, .isFinite, .floor, .ceil, .roundNearestEven: 1
            case .sqrt, .rsqrt: 4
            case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine, .tan, .erf: 12
            }
        case .binary(let function):
            switch function {
            case .add, .subtract, .multiply, .maximum, .minimum, .and, .or, .xor: 1
            case .divide: 4
            case .power, .remainder, .atan2: 40
            }
        default: 1
        }
    }

    private func instruction(
        _ step: Program.Step, _ planner: KernelPlanner, isa: InstructionSet, destination: Int, operands: [Int],
        isScalar: [Bool]
    ) throws(InvalidProgram) -> ck_instruction {
        let operandType = planner.program.type(of: step.operands.last ?? ValueID(0)).dtype
        var form: UInt32 = 0
        if operands.count > 1, !isScalar.allSatisfy({ $0 }) {
            for (index, scalar) in isScalar.enumerated() where scalar { form |= 1 << UInt32(index) }
        }
        let function: ck_vector_fn?
        switch step.instruction {
        case .convert:
            function = ck_conversion(isa.isa, operandType.kernelType, step.type.dtype.kernelType)
        default:
            guard let op = step.instruction.kernelFunction else {
                throw InvalidProgram("\(step.instruction) is not element-wise")
            }
            function = ck_function(isa.isa, op, operandType.kernelType, form)
        }
        guard let function else {
            throw InvalidProgram("no kernel for \(step.instruction) on \(operandType)")
        }
        func operand(_ index: Int) -> Int32 { Int32(index < operands.count ? operands[index] : operands.first ?? 0) }
        return ck_instruction(fn: function, d: Int32(destination), a: operand(0), b: operand(1), c: operand(2))
    }
}

// MARK: - Names of the C kernels

extension DType {
    var kernelType: ck_type {
        switch kind {
        case .float32: CK_F32
        case .float64: CK_F64
        case .int8: CK_I8
        case .int16: CK_I16
        case .int32: CK_I32
        case .int64: CK_I64
        case .uint8: CK_U8
        case .uint16: CK_U16
        case .uint32: CK_U32
        case .uint64: CK_U64
        case .bool, .other: CK_BOOL
        }
    }
}

extension Reducer {
    var accessKind: ck_access_kind {
        switch self {
        case .sum: CK_REDUCE_SUM
        case .product: CK_REDUCE_PRODUCT
        case .maximum: CK_REDUCE_MAX
        case .minimum: CK_REDUCE_MIN
        case .and: CK_REDUCE_AND
        case .or: CK_REDUCE_OR
        }
    }
}

extension Instruction {
    /// The scalar function of an element-wise instruction, conversions apart.
    var kernelFunction: ck_op? {
        switch self {
        case .unary(let function):
            switch function {
            case .negate: CK_NEG
            case .abs: CK_ABS
            case .sign: CK_SIGN
            case .exponential: CK_EXP
            case .exponentialMinusOne: CK_EXPM1
            case .log: CK_LOG
            case .logPlusOne: CK_LOG1P
            case .logistic: CK_LOGISTIC
            case .sqrt: CK_SQRT
            case .rsqrt: CK_RSQRT
            case .tanh: CK_TANH
            case .sine: CK_SIN
            case .cosine: CK_COS
            case .tan: CK_TAN
            case .floor: CK_FLOOR
            case .ceil: CK_CEIL
            case .roundNearestEven: CK_ROUND_EVEN
            case .not: CK_NOT
            case .erf: CK_ERF
            case .isFinite: CK_IS_FINITE
            }
        case .binary(let function):
            switch function {
            case .add: CK_ADD
            case .subtract: CK_SUB
            case .multiply: CK_MUL
            case .divide: CK_DIV
            case .maximum: CK_MAX
            case .minimum: CK_MIN
            case .power: CK_POW
            case .remainder: CK_REM
            case .atan2: CK_ATAN2
            case .and: CK_AND
            case .or: CK_OR
            case .xor: CK_XOR
            }
        case .compare(let comparison):
            switch comparison {
            case .equal: CK_EQ
            case .notEqual: CK_NE
            case .less: CK_LT
            case .lessOrEqual: CK_LE
            case .greater: CK_GT
            case .greaterOrEqual: CK_GE
            }
        case .select: CK_SELECT
        case .parameter, .constant, .iota, .convert, .broadcast, .reshape, .transpose, .slice, .pad, .concatenate,
            .reverse, .dot, .reduce, .convolution, .reduceWindow, .selectAndScatter, .argReduce, .argSort, .gather,
            .scatterAdd, .updateRow, .random, .whileLoop, .conditional, .result:
            nil
        }
    }
}
