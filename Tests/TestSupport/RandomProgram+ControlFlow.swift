// Loops and conditionals for random programs: counted loops of few turns, branches on the data, and both inside each
// other.

import Programs
import Tensors

extension Generator {
    mutating func addControlFlow(_ index: Int) throws {
        guard depth < 3 else { return }
        if chance(50) { try addLoop(index) } else { try addConditional(index) }
    }

    /// A few values as operands of nested programs.
    private mutating func pickOperands(_ first: Int) -> [Int] {
        [first] + (0..<below(3)).compactMap { _ in pickIndex(where: { _ in true }) }
    }

    /// A generator for a program inside this one.
    private func nested(_ types: [ArrayType], isExact: [Bool], stream: UInt64) -> Generator {
        var options = options
        options.stepCount = 4
        var inner = Generator(seed: stream, options: options, simplifies: builder.simplifies)
        inner.depth = depth + 1
        for (type, isExact) in zip(types, isExact) { _ = inner.record(inner.builder.parameter(type), isExact: isExact) }
        return inner
    }

    /// A value of the type, if possible not an argument.
    private mutating func result(_ type: ArrayType, isExact: Bool) throws -> ValueID {
        let isFit = { (candidate: Candidate) in candidate.type == type && (candidate.isExact || !isExact) }
        let fitting = candidates.indices.filter { isFit(candidates[$0]) }
        if chance(70), let last = fitting.last { return use(last) }
        if let index = pick(fitting) { return use(index) }
        return use(try newConstant(type))
    }

    /// Nested programs take their arguments from the program around them alone.
    private mutating func fill() throws {
        let count = arguments.count
        for _ in 0..<options.stepCount { try addStep() }
        precondition(arguments.count == count)
    }

    private mutating func addLoop(_ index: Int) throws {
        let carried = pickOperands(index)
        let types = carried.map { candidates[$0].type }
        // A turn must not make more of a small difference than the one before.
        let isExact = carried.map { _ in true }
        guard carried.allSatisfy({ candidates[$0].isExact }) else { return }
        let counter = ArrayType(.int32, [])
        let limit = below(4)
        // The number of turns depends on data where the counter's start is an argument.
        let start = chance(50) ? record(builder.scalar(0, .int32), isExact: true) : newParameter(counter, numbers: [0])
        let condition = nested([counter] + types, isExact: [true] + isExact, stream: random.next())
        let holds = try condition.builder.compare(
            .less, condition.candidates[0].id, condition.builder.scalar(Double(limit), .int32))
        var body = nested([counter] + types, isExact: [true] + isExact, stream: random.next())
        body.options.isExact = true
        try body.fill()
        let next = try body.builder.binary(.add, body.candidates[0].id, body.builder.scalar(1, .int32))
        var results = [next]
        for type in types { results.append(try body.result(type, isExact: true)) }
        let values = try builder.whileLoop(
            [use(start)] + carried.map { use($0) }, condition: condition.builder.finish(results: [holds]),
            body: body.builder.finish(results: results))
        for value in values { _ = record(value, isExact: true) }
    }

    private mutating func addConditional(_ index: Int) throws {
        let operands = pickOperands(index)
        let types = operands.map { candidates[$0].type }
        let isExact = operands.map { candidates[$0].isExact }
        let isTruth = chance(50)
        let selector = newParameter(
            ArrayType(isTruth ? .bool : .int32, []), numbers: [Double(isTruth ? below(2) : below(5) - 1)])
        let resultTypes = (0..<(1 + below(2))).map { _ in pick(types) ?? types[0] }
        var branches: [Program] = []
        for _ in 0..<(isTruth ? 2 : 1 + below(3)) {
            var branch = nested(types, isExact: isExact, stream: random.next())
            try branch.fill()
            var results: [ValueID] = []
            for type in resultTypes { results.append(try branch.result(type, isExact: options.isExact)) }
            branches.append(branch.builder.finish(results: results))
        }
        let values = try builder.conditional(use(selector), operands.map { use($0) }, branches: branches)
        for value in values { _ = record(value, isExact: options.isExact) }
    }
}
