// Where a result may lie in the memory of an argument: the new value of a variable where the old one was, the next value
// that a loop carries where the last one was.

import Programs
import Tensors

extension KernelPlanner {
    /// The kernel that computes the whole of a result and is the last to read an argument, of which it needs for each
    /// element of the result at most the same element: it may write the result over the argument. Nil where there is none.
    func kernelThatMayOverwrite(argument: Int, withResult result: Int) -> Int? {
        let root = resultViews[result].root
        guard root.int < program.steps.count, madeConstants[root] == nil,
            memoryCount(of: root) * type(of: root).dtype.byteCount == program.parameters[argument].byteCount
        else { return nil }
        func isArgument(_ view: View) -> Bool { self.argument(view.root) == argument }
        guard !resultViews.contains(where: isArgument) else { return nil }
        let writers = drafts.indices.filter { drafts[$0].written.contains(root) }
        guard let writer = writers.first, writers.count == 1 else { return nil }
        let draft = drafts[writer]
        switch draft.kind {
        case .loop, .product:
            // A reduction's elements are written again and again, and so are a product's sums, before all that the
            // kernel reads is read.
            let isMember = draft.members.contains(root)
            let reads = memoryReads(of: writer).filter(isArgument)
            let isOwnElement = reads.allSatisfy { $0.offset == 0 && $0.isDense(draft.space) }
            let isOperand = draft.sources.contains(where: isArgument)
            guard isMember ? isOwnElement && !isOperand : reads.isEmpty && draft.reductions.isEmpty else { return nil }
        case .updateRow:
            guard isArgument(draft.sources[0]), draft.sources[0].offset == 0, !isArgument(draft.sources[1]),
                !isArgument(draft.sources[2])
            else { return nil }
        case .copy, .gather, .scatterAdd, .readRow, .beginRow, .argReduce, .argSort, .random, .depthwise, .window,
            .control:
            return nil
        }
        let isReadLater = drafts.indices.dropFirst(writer + 1).contains {
            memoryReads(of: $0).contains(where: isArgument)
        }
        return isReadLater ? nil : writer
    }

    /// Whether a result may be written over an argument: as above, and no run fails once that has begun.
    func mayOverwrite(argument: Int, withResult result: Int) -> Bool {
        guard let writer = kernelThatMayOverwrite(argument: argument, withResult: result) else { return false }
        // A row that is computed where it goes is the beginning.
        let beginning = drafts[..<writer].firstIndex { draft in
            if case .beginRow(let update) = draft.kind { return update == resultViews[result].root }
            return false
        }
        return !drafts.indices.dropFirst(beginning ?? writer).contains { canFail($0) }
    }

    /// Whether a result is an argument but for a row, which may lie where the argument does.
    func updatesRow(ofArgument argument: Int, inResult result: Int) -> Bool {
        guard let writer = kernelThatMayOverwrite(argument: argument, withResult: result),
            case .updateRow = drafts[writer].kind
        else { return false }
        return true
    }

    /// Whether data can make a kernel fail.
    private func canFail(_ kernel: Int) -> Bool {
        let draft = drafts[kernel]
        switch draft.kind {
        case .gather, .scatterAdd: return !drafts[..<kernel].contains { checksIndices($0, of: draft) }
        case .updateRow, .readRow, .beginRow, .control: return true
        case .loop, .product, .copy, .argReduce, .argSort, .random, .depthwise, .window:
            return draft.members.contains { program[$0].instruction.mayDivideByZero(program.type(of: $0).dtype) }
        }
    }
}

extension KernelPlanner {
    /// Whether a kernel that was run before has found every index of another in range: the gradient of an embedding is
    /// summed by the indices with which its rows were looked up.
    private func checksIndices(_ earlier: KernelDraft, of draft: KernelDraft) -> Bool {
        guard case .gather = earlier.kind, let range = indexRange(of: earlier) else { return false }
        let (checked, asked) = (earlier.sources[1], draft.sources[1])
        return range == indexRange(of: draft) && checked.root == asked.root && checked.offset == asked.offset
            && indexCount(of: earlier) == indexCount(of: draft)
    }

    /// How many places the indices of a gather, or of a scattered sum, choose from.
    private func indexRange(of draft: KernelDraft) -> Int? {
        switch draft.kind {
        case .gather(let value):
            guard case .gather(let axis) = program[value].instruction else { return nil }
            return program.type(of: program[value].operands[0]).shape[axis]
        case .scatterAdd(let value):
            guard case .scatterAdd(_, let range) = program[value].instruction else { return nil }
            return range
        default: return nil
        }
    }

    private func indexCount(of draft: KernelDraft) -> Int? {
        switch draft.kind {
        case .gather(let value), .scatterAdd(let value): program.type(of: program[value].operands[1]).count
        default: nil
        }
    }
}

extension Instruction {
    /// Whether it is a division that some data make a mistake.
    func mayDivideByZero(_ dtype: DType) -> Bool {
        switch self {
        case .binary(.divide), .binary(.remainder): dtype.isInteger
        default: false
        }
    }
}
