// The text of a compiled program, for debugging.

import CKernels
import Programs

extension Executable: CustomStringConvertible {
    /// The program, then one line for each kernel, then the arena.
    package var description: String {
        "\(program)\nplan for \(device.threadCount) threads, \(device.instructionSet):\n" + kernelLines(indent: "")
    }

    /// One line for each kernel, with those of nested programs under it, then the arena.
    private func kernelLines(indent: String) -> String {
        var text = ""
        for (index, call) in calls.enumerated() {
            text += "\(indent)  \(index): \(describe(call)) \(describe(drafts[index]))\n"
            guard case .control(let control) = call else { continue }
            for (number, nested) in control.nested.enumerated() {
                text += "\(indent)    program \(number):\n" + nested.kernelLines(indent: indent + "    ")
            }
        }
        for (result, argument) in overwrittenArguments.sorted(by: { $0.key < $1.key }) {
            text += "\(indent)  result \(result) is written over argument \(argument)\n"
        }
        text += "\(indent)arena: \(buffers.arenaByteCount) bytes\n"
        for entry in buffers.arenaValues {
            text +=
                "\(indent)  %\(entry.value.index): offset \(entry.byteOffset), \(entry.interval.byteCount) bytes,"
                + " kernels \(entry.interval.first)...\(entry.interval.last)\n"
        }
        return text
    }

    private func describe(_ call: Call) -> String {
        switch call {
        case .loop(let loop, let parts):
            "loop[rank \(loop.loop.pointee.rank), \(loop.codeCount) ops, \(loop.loop.pointee.register_count) registers,"
                + " block \(loop.loop.pointee.block), parts \(parts)]"
        case .product(let product, let epilogue, let parts, _):
            "product[\(product.pointee.batch)x\(product.pointee.m)x\(product.pointee.k)x\(product.pointee.n),"
                + " epilogue of \(epilogue?.codeCount ?? 0) ops, parts \(parts)]"
        case .gather: "gather"
        case .scatterAdd: "scatterAdd"
        case .row(let row): "\(row.work)Row"
        case .argReduce: "argReduce"
        case .argSort: "argSort"
        case .random: "random"
        case .depthwise(_, let parts): "depthwise[parts \(parts)]"
        case .window(_, let isScatter, let parts): "\(isScatter ? "selectAndScatter" : "reduceWindow")[parts \(parts)]"
        case .control(let control): control.isLoop ? "while" : "case of \(control.nested.count)"
        }
    }

    private func describe(_ draft: KernelDraft) -> String {
        var text = "space \(draft.space)"
        let values = draft.members.prefix(12).map { value in
            let step = program[value]
            return
                "%\(value.index) = \(step.instruction.shortName)(\(step.operands.map { "%\($0.index)" }.joined(separator: ", ")))"
        }
        if !values.isEmpty { text += " " + values.joined(separator: "; ") }
        if draft.members.count > 12 { text += "; ... \(draft.members.count - 12) more" }
        for reduction in draft.reductions {
            text +=
                "; %\(reduction.index) = \(program[reduction].instruction.shortName)(%\(program[reduction].operands[0].index))"
        }
        return text
    }
}

extension Instruction {
    /// The name without associated values' labels.
    fileprivate var shortName: String {
        switch self {
        case .unary(let function): "\(function)"
        case .binary(let function): "\(function)"
        case .compare(let comparison): "\(comparison)"
        case .reduce(let reducer, let axes): "reduce.\(reducer)\(axes)"
        default: "\(self)"
        }
    }
}
