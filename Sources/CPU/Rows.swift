// Rows that lie in the array around them. What an index takes of an array's first axis is read where it lies, and what
// replaces a row of an array that a loop carries is computed where it goes: a step of a recurrent network would else copy
// its inputs, and all that its gradient needs, once more.
//
// Such a row has an entry of the run's table of buffers for its own, which a call sets before the first kernel needs it.

import Programs

extension KernelPlanner {
    /// Decides which rows lie in their arrays, once all kernels are planned.
    mutating func keepRowsInPlace() {
        guard drafts.contains(where: \.takesRow) else { return }
        readRowsInPlace()
        writeRowsInPlace()
    }

    // MARK: - Reading

    private mutating func readRowsInPlace() {
        let results = Set(resultViews.map(\.root))
        var readers = kernelsThatRead()
        for (kernel, draft) in drafts.enumerated() {
            guard case .gather(let value) = draft.kind, takesRow(value), !results.contains(value) else { continue }
            let array = draft.sources[0]
            // What is written over the array must not come before the last who reads the row.
            if let argument = argument(array.root) {
                let last = readers[value]?.last ?? kernel
                let isOverwritten = possibleOverwritings(of: argument).contains { result in
                    kernelThatMayOverwrite(argument: argument, withResult: result).map { $0 <= last } ?? false
                }
                if isOverwritten { continue }
            }
            drafts[kernel] = KernelDraft(.readRow(value), space: draft.space, sources: draft.sources)
            rowEntries[value] = rowEntries.count
            rowOrigins[value] = array
            // Who reads the row reads the array.
            readers[array.root, default: []].append(contentsOf: readers[value] ?? [])
            readers[array.root]?.sort()
        }
    }

    /// Whether a gather takes one piece of an array, adjacent in memory.
    private func takesRow(_ value: ValueID) -> Bool {
        let step = program[value]
        guard case .gather(let axis) = step.instruction else { return false }
        let array = program.type(of: step.operands[0])
        return array.shape[..<axis].allSatisfy { $0 == 1 } && program.type(of: step.operands[1]).count == 1
            && step.type.count > 0
    }

    /// The results that may be written over an argument: those that the caller asks for, and what a loop carries.
    private func possibleOverwritings(of argument: Int) -> [Int] {
        let asked = overwriting.filter { $0.value == argument }.map(\.key)
        return program.results.indices.contains(argument) ? asked + [argument] : asked
    }

    // MARK: - Writing

    private mutating func writeRowsInPlace() {
        let results = Set(resultViews.map(\.root))
        let readers = kernelsThatRead()
        var firstWriter: [ValueID: Int] = [:]
        var lastWriter: [ValueID: Int] = [:]
        for (kernel, draft) in drafts.enumerated() {
            for value in draft.written {
                firstWriter[value] = firstWriter[value] ?? kernel
                lastWriter[value] = kernel
            }
        }
        var begun: [Int: [KernelDraft]] = [:]
        for (kernel, draft) in drafts.enumerated() {
            guard case .updateRow(let value) = draft.kind, let array = argument(draft.sources[0].root),
                resultViews.indices.contains(array), resultViews[array].root == value,
                updatesRow(ofArgument: array, inResult: array)
            else { continue }
            let (row, number) = (draft.sources[1], draft.sources[2])
            let shape = program.type(of: program[value].operands[1]).shape
            guard let first = firstWriter[row.root], row.offset == 0, row.isDense(shape),
                memoryCount(of: row.root) == shape.reduce(1, *), rowEntries[row.root] == nil,
                !results.contains(row.root), !isControl(first),
                (lastWriter[number.root] ?? -1) < first
            else { continue }
            // From its beginning on, the array is no more what it was.
            let isReadTooLate = (readers[draft.sources[0].root] ?? []).contains { reader in
                reader > first && reader < kernel
                    || reader == first && !readsOwnElements(reader, of: array, whereItWrites: row.root)
            }
            if isReadTooLate { continue }
            let target = KernelDraft(.beginRow(value), space: draft.space, sources: draft.sources)
            begun[first, default: []].append(target)
            rowEntries[row.root] = rowEntries.count
            begunUpdates.insert(value)
        }
        if begun.isEmpty { return }
        insert(begun)
    }

    private func isControl(_ kernel: Int) -> Bool {
        if case .control = drafts[kernel].kind { return true }
        return false
    }

    /// Whether a kernel that computes a row of an array reads of the array's rows no more than the same elements before it
    /// writes them.
    private func readsOwnElements(_ kernel: Int, of argument: Int, whereItWrites row: ValueID) -> Bool {
        let draft = drafts[kernel]
        guard draft.members.contains(row), draft.parts[row] == nil else { return false }
        switch draft.kind {
        case .loop, .product: break
        default: return false
        }
        func isOfArray(_ view: View) -> Bool {
            var root = view.root
            while let origin = rowOrigins[root] { root = origin.root }
            return self.argument(root) == argument
        }
        // The origins of rows are listed after them, as what is read too.
        return !draft.sources.contains(where: isOfArray)
            && memoryReads(of: kernel, withOrigins: false).filter(isOfArray).allSatisfy { view in
                rowOrigins[view.root] != nil && view.offset == 0 && view.isDense(draft.space)
            }
            && !isReadBehind(row, by: kernel, where: isOfArray)
    }

    /// Whether a kernel reads some memory for what it computes after a value. Loops know that a result may lie where an
    /// operand does by the entry of the table; a row's is another than its array's.
    private func isReadBehind(_ value: ValueID, by kernel: Int, where isMeant: (View) -> Bool) -> Bool {
        let draft = drafts[kernel]
        guard let position = draft.members.firstIndex(of: value) else { return true }
        return (draft.members[(position + 1)...] + draft.reductions).contains { later in
            program[later].operands.contains { !isInRegisters($0, of: kernel) && isMeant(views[$0.int]) }
        }
    }

    // MARK: - What reads what

    /// The number of the argument that a value is.
    func argument(_ root: ValueID) -> Int? {
        guard root.int < program.steps.count, case .parameter(let number) = program[root].instruction else {
            return nil
        }
        return number
    }

    /// For each piece of memory the kernels that read it, in order.
    func kernelsThatRead() -> [ValueID: [Int]] {
        var readers: [ValueID: [Int]] = [:]
        for kernel in drafts.indices {
            for view in memoryReads(of: kernel) where readers[view.root]?.last != kernel {
                readers[view.root, default: []].append(kernel)
            }
        }
        return readers
    }
}

extension KernelDraft {
    fileprivate var takesRow: Bool {
        switch kind {
        case .gather, .updateRow: true
        default: false
        }
    }
}
