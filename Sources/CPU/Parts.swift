// Parts of a joined array that are computed where they go: the gates of a recurrent cell, and their gradients, are columns
// of one matrix, and copying them together costs as much as computing them.

import Programs

extension KernelPlanner {
    /// Lets loops write what is only joined with others into the joined array, once all kernels are planned.
    mutating func writePartsInPlace() {
        guard drafts.contains(where: { $0.joinedPart != nil }) else { return }
        let readers = kernelsThatRead()
        let results = Set(resultViews.map(\.root))
        var dropped: Set<Int> = []
        for (kernel, draft) in drafts.enumerated() {
            guard let copy = draft.joinedPart else { continue }
            let part = copy.source.root
            guard part.int < program.steps.count, !isUniform[part.int], !results.contains(part),
                madeConstants[part] == nil, readers[part] == [kernel], kernels[part.int] >= 0
            else { continue }
            let writer = drafts[kernels[part.int]]
            // As the loop goes over the part, so it has to lie in the whole.
            guard case .loop = writer.kind, writer.members.contains(part), writer.space == draft.space,
                copy.source.offset == 0, copy.source.isDense(draft.space)
            else { continue }
            writer.parts[part] = copy
            dropped.insert(kernel)
        }
        if !dropped.isEmpty { remove(dropped) }
    }
}

extension KernelDraft {
    /// What it copies, if that becomes a part of a joined array.
    fileprivate var joinedPart: Copy? {
        if case .copy(let copy) = kind, copy.isJoined { return copy }
        return nil
    }
}
