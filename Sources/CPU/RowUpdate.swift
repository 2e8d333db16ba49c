// Replacing one row of an array: a copy of the array and of the row, or of the row alone where a loop carries the array
// and nothing needs its old value.

import CKernels
import Programs
import Tensors

/// The call that replaces a row.
struct RowUpdate: Sendable {
    private let operand, row, number, out: Place
    private let isNumberWide: Bool
    private let rowByteCount: Int
    /// How many rows there are.
    let range: Int

    init(
        _ value: ValueID, _ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan
    ) throws(InvalidProgram) {
        func place(_ view: View) throws(InvalidProgram) -> Place {
            Place(entry: try buffers.place(view).entry, byteOffset: Int(try buffers.byteOffset(view, planner)))
        }
        let step = planner.program[value]
        guard draft.sources.count == 3, let range = step.type.shape.first else {
            throw InvalidProgram("\(step.instruction) does not replace a row")
        }
        operand = try place(draft.sources[0])
        row = try place(draft.sources[1])
        number = try place(draft.sources[2])
        out = try place(planner.views[value.int])
        isNumberWide = planner.program.type(of: step.operands[2]).dtype == .int64
        rowByteCount = planner.program.type(of: step.operands[1]).byteCount
        self.range = range
    }

    func run(_ table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, _ status: UnsafeMutablePointer<ck_status>) {
        func address(_ place: Place) -> UnsafeMutableRawPointer? {
            table[place.entry].map { UnsafeMutableRawPointer($0 + place.byteOffset) }
        }
        guard let number = address(number) else { return }
        let index =
            isNumberWide ? Int(number.loadUnaligned(as: Int64.self)) : Int(number.loadUnaligned(as: Int32.self))
        guard index >= 0, index < range else {
            status.pointee.error = Int32(bitPattern: CK_INDEX_OUT_OF_RANGE.rawValue)
            status.pointee.detail = Int64(index)
            return
        }
        guard let operand = address(operand), let row = address(row), let out = address(out) else { return }
        if out != operand { out.copyMemory(from: operand, byteCount: range * rowByteCount) }
        (out + index * rowByteCount).copyMemory(from: row, byteCount: rowByteCount)
    }
}
