// Rows of arrays: showing where one lies, making the place of one that is computed there, and replacing one by a copy.

import CKernels
import Programs
import Tensors

/// A call that deals with one row of an array.
struct RowCall: Sendable {
    enum Work {
        /// The row is read where it lies.
        case read
        /// The row is computed where it goes: in a copy of the array, or in the array where it may be written over.
        case begin
        /// The array, or a copy of it, with another row in its place.
        case replace
        /// Nothing is left to be done, since the row was computed where it goes.
        case nothing
    }

    let work: Work
    private let array, number: Place
    private let isNumberWide: Bool
    private let rowByteCount: Int
    /// How many rows there are.
    let range: Int
    /// The row that replaces one.
    private var row = Place(entry: 0, byteOffset: 0)
    /// The array with another row.
    private var out = Place(entry: 0, byteOffset: 0)
    /// The entry of the table that says where the row lies.
    private var entry = 0

    init(_ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan) throws(InvalidProgram) {
        func place(_ view: View) throws(InvalidProgram) -> Place {
            Place(entry: try buffers.place(view).entry, byteOffset: Int(try buffers.byteOffset(view, planner)))
        }
        let value: ValueID
        switch draft.kind {
        case .readRow(let made): (value, work) = (made, .read)
        case .beginRow(let made): (value, work) = (made, .begin)
        case .updateRow(let made): (value, work) = (made, planner.begunUpdates.contains(made) ? .nothing : .replace)
        default: throw InvalidProgram("a kernel that deals with no row")
        }
        let step = planner.program[value]
        let type = planner.program.type(of: step.operands[0])
        array = try place(draft.sources[0])
        if case .gather(let axis) = step.instruction, type.shape.indices.contains(axis) {
            range = type.shape[axis]
            number = try place(draft.sources[1])
            isNumberWide = planner.program.type(of: step.operands[1]).dtype == .int64
            rowByteCount = step.type.byteCount
            entry = try buffers.place(planner.views[value.int]).entry
            return
        }
        guard draft.sources.count == 3, let range = type.shape.first else {
            throw InvalidProgram("\(step.instruction) does not replace a row")
        }
        self.range = range
        number = try place(draft.sources[2])
        isNumberWide = planner.program.type(of: step.operands[2]).dtype == .int64
        rowByteCount = planner.program.type(of: step.operands[1]).byteCount
        row = try place(draft.sources[1])
        out = try place(planner.views[value.int])
        entry = row.entry
    }

    func run(_ table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, _ status: UnsafeMutablePointer<ck_status>) {
        func address(_ place: Place) -> UnsafeMutableRawPointer? {
            table[place.entry].map { UnsafeMutableRawPointer($0 + place.byteOffset) }
        }
        if work == .nothing { return }
        guard let number = address(number) else { return }
        let index =
            isNumberWide ? Int(number.loadUnaligned(as: Int64.self)) : Int(number.loadUnaligned(as: Int32.self))
        guard index >= 0, index < range else {
            status.pointee.error = Int32(bitPattern: CK_INDEX_OUT_OF_RANGE.rawValue)
            status.pointee.detail = Int64(index)
            return
        }
        guard let array = address(array) else { return }
        if work == .read {
            table[entry] = (array + index * rowByteCount).assumingMemoryBound(to: CChar.self)
            return
        }
        guard let out = address(out) else { return }
        if out != array { out.copyMemory(from: array, byteCount: range * rowByteCount) }
        let place = out + index * rowByteCount
        if work == .begin {
            table[entry] = place.assumingMemoryBound(to: CChar.self)
        } else if let row = address(row) {
            place.copyMemory(from: row, byteCount: rowByteCount)
        }
    }
}
