// Loops and conditionals at run time: executables inside an executable. The values that a loop carries lie in the arena
// of the program around it, each in two places between which the turns alternate; what does not change stays where it
// is. Nested runs take their frames from their executables' pools, so a warm step asks for no memory here either.

import Programs
import Tensors

/// A loop or a conditional, compiled.
final class ControlCall: @unchecked Sendable {
    // Unchecked: nothing changes after the initialiser.

    /// Some memory of the program around.
    struct Slot {
        let place: Place
        let byteCount: Int

        func address(in frame: Executable.Frame) -> UnsafeMutablePointer<CChar>? {
            frame.table[place.entry].map { $0 + place.byteOffset }
        }
    }

    /// The nested executables: condition and body, or the branches.
    let nested: [Executable]
    let isLoop: Bool
    private let isSelectedByTruth: Bool
    /// One for each operand.
    private let sources: [Slot]
    /// One for each result.
    private let results: [Slot]
    /// The second place of each carried value; nil where it has one only.
    private let spares: [Slot?]
    /// Where the condition writes its truth value.
    private let flag: Slot?
    private let tag: Int32?

    init(
        _ value: ValueID, _ draft: KernelDraft, _ planner: KernelPlanner, _ buffers: BufferPlan
    ) throws(InvalidProgram) {
        func slot(_ view: View) throws(InvalidProgram) -> Slot {
            guard let place = buffers.places[view.root] else {
                throw InvalidProgram("value \(view.root) of a loop or conditional has no memory")
            }
            let type = planner.type(of: view.root)
            return Slot(
                place: Place(entry: place.entry, byteOffset: place.byteOffset + view.offset * type.dtype.byteCount),
                byteCount: type.byteCount)
        }
        func slots(_ values: [ValueID?]) throws(InvalidProgram) -> [Slot?] {
            var slots: [Slot?] = []
            for value in values {
                if let value { slots.append(try slot(planner.views[value.int])) } else { slots.append(nil) }
            }
            return slots
        }
        let step = planner.program[value]
        guard let memory = draft.controlMemory else { throw InvalidProgram("\(step.instruction) has no memory") }
        nested = draft.nested
        isLoop = draft.isLoop
        isSelectedByTruth = planner.program.type(of: step.operands[0]).dtype == .bool
        var sources: [Slot] = []
        for view in draft.sources { sources.append(try slot(view)) }
        self.sources = sources
        // What does not change stays where it is.
        results = try slots(memory.results).enumerated().compactMap { index, slot in slot ?? sources[index] }
        spares = try slots(memory.spares)
        flag = try slots(memory.flag).first.flatMap(\.self)
        tag = planner.program.tag(of: value)
    }

    /// The bytes of the nested runs' frames.
    var frameByteCount: Int {
        nested.reduce(0) { sum, executable in
            let (total, overflow) = sum.addingReportingOverflow(executable.frameByteCount)
            return overflow ? .max : total
        }
    }

    var usesThreads: Bool { nested.contains { $0.usesThreads } }

    func run(_ frame: Executable.Frame, _ pool: OpaquePointer?) throws(KernelFailure) {
        if isLoop { try runLoop(frame, pool) } else { try runBranch(frame, pool) }
    }

    // MARK: - Conditionals

    private func runBranch(_ frame: Executable.Frame, _ pool: OpaquePointer?) throws(KernelFailure) {
        guard let selector = sources[0].address(in: frame) else { return }
        var number = nested.count - 1
        if isSelectedByTruth {
            number = selector.pointee != 0 ? 0 : 1
        } else {
            let asked = Int(UnsafeRawPointer(selector).loadUnaligned(as: Int32.self))
            if nested.indices.contains(asked) { number = asked }
        }
        let branch = nested[number]
        let inner = branch.takeFrame()
        defer { branch.giveBack(inner) }
        for index in 1..<sources.count { inner.table[parameter(index - 1)] = sources[index].address(in: frame) }
        for index in results.indices { inner.table[inner.firstResult + index] = results[index].address(in: frame) }
        try branch.run(inner, pool)
        copyWhatIsNotComputed(branch, inner)
    }

    // MARK: - Loops

    /// In the body's table, the entries of arguments and results say where each carried value is and where its next goes.
    private func runLoop(_ frame: Executable.Frame, _ pool: OpaquePointer?) throws(KernelFailure) {
        let (condition, body) = (nested[0], nested[1])
        let test = condition.takeFrame()
        defer { condition.giveBack(test) }
        let turn = body.takeFrame()
        defer { body.giveBack(turn) }
        for index in sources.indices {
            turn.table[parameter(index)] = sources[index].address(in: frame)
            turn.table[turn.firstResult + index] = results[index].address(in: frame)
        }
        turn.isFirstTurn = true
        while try holds(condition, test, turn, frame, pool) {
            if Task.isCancelled {
                throw KernelFailure(
                    description: "the task was cancelled while the loop ran", tag: tag, isCancellation: true)
            }
            try body.run(turn, pool)
            copyWhatIsNotComputed(body, turn)
            for index in sources.indices where !isInvariant(index) {
                let old = turn.table[parameter(index)]
                turn.table[parameter(index)] = turn.table[turn.firstResult + index]
                // From the second turn on, rows are replaced where they lie.
                if body.isUpdatedInPlace[index] { continue }
                // The loop must not write where its operands are.
                turn.table[turn.firstResult + index] = turn.isFirstTurn ? spares[index]?.address(in: frame) : old
            }
            turn.isFirstTurn = false
        }
        for index in sources.indices {
            copy(from: turn.table[parameter(index)], to: results[index].address(in: frame), results[index].byteCount)
        }
    }

    private func holds(
        _ condition: Executable, _ test: Executable.Frame, _ turn: Executable.Frame, _ frame: Executable.Frame,
        _ pool: OpaquePointer?
    ) throws(KernelFailure) -> Bool {
        let truth = flag?.address(in: frame)
        for index in sources.indices { test.table[parameter(index)] = turn.table[parameter(index)] }
        test.table[test.firstResult] = truth
        try condition.run(test, pool)
        copyWhatIsNotComputed(condition, test)
        return truth?.pointee != 0
    }

    private func isInvariant(_ index: Int) -> Bool { nested[1].resultSources[index] == .parameter(index) }

    // MARK: - Memory

    private func parameter(_ index: Int) -> Int { BufferPlan.firstParameter + index }

    /// Brings the results that are arguments, constants or other results to their places.
    private func copyWhatIsNotComputed(_ executable: Executable, _ frame: Executable.Frame) {
        let sources = executable.resultSources
        for index in sources.indices {
            let destination = frame.table[frame.firstResult + index]
            let byteCount = executable.resultByteCounts[index]
            switch sources[index] {
            case .computed: break
            case .parameter(let number):
                if isLoop, executable === nested[1], number == index { continue }
                copy(from: frame.table[parameter(number)], to: destination, byteCount)
            case .constant(let number):
                let constant = executable.program.constants[number]
                if let destination {
                    UnsafeMutableRawPointer(destination).copyMemory(from: constant.bytes, byteCount: byteCount)
                }
            case .duplicate(let earlier):
                copy(from: frame.table[frame.firstResult + earlier], to: destination, byteCount)
            }
        }
    }

    private func copy(
        from source: UnsafeMutablePointer<CChar>?, to destination: UnsafeMutablePointer<CChar>?, _ byteCount: Int
    ) {
        guard let source, let destination, source != destination else { return }
        UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: byteCount)
    }
}
