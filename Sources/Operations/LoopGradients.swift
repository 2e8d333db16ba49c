// The gradient of a loop: another loop, which goes through the turns from the last to the first and computes each turn's
// body anew from what was carried into it. What was carried is kept in stacks, one row a turn, whose length must be known
// when a plan is made: a number, or one that follows from shapes. A loop whose gradient nobody asks for has none.

package import Graphs
import Tensors

extension WhileLoop {
    package func gradient(_ context: GradientContext) -> Gradient {
        do {
            return try LoopGradient(of: self, context).gradient()
        } catch {
            return .refused(reason: error.message + (error.hint.map { "; \($0)" } ?? ""))
        }
    }

    /// Whether carried value `index` is the same in all turns.
    func isInvariant(_ index: Int) -> Bool { body.argument(ofResult: index) == index }

    /// What each turn adds to a carried integer; nil where it does something else with it.
    func step(of index: Int) -> Int? {
        let (argument, result) = (body.arguments[index], body.results[index])
        guard argument.dtype.isInteger, let sum = result.node.record.operation as? Elementwise, sum.name == "AddV2"
        else { return nil }
        let inputs = result.node.record.inputs
        guard inputs.count == 2 else { return nil }
        for (one, other) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] where one == argument.endpoint {
            if let step = Value(graph: body.graph, endpoint: other).constant?.integers, step.count == 1 {
                return step[0]
            }
        }
        return nil
    }
}

/// The making of one loop's gradient.
private struct LoopGradient {
    private let loop: WhileLoop
    private let context: GradientContext
    private let outer: Graph
    /// The carried values through which gradients pass from turn to turn.
    private let active: [Int]
    /// The inputs, the same in all turns, whose gradients are sums over the turns.
    private let summed: [Int]
    private let turnLimit: TurnLimit

    /// How many turns a stack can have: more would not fit into memory.
    private static let largestTurnCount = 1 << 24

    init(of loop: WhileLoop, _ context: GradientContext) throws(Mistake) {
        self.loop = loop
        self.context = context
        outer = context.outputs[0].graph
        let body = loop.body
        let given = context.outputGradients.indices.filter { index in
            context.outputGradients[index] != nil && !loop.isInvariant(index)
        }
        // What the given results depend on, over any number of turns.
        var found = Set(given)
        var waiting = given
        let numbers = Dictionary(
            body.arguments.enumerated().map { ($1.endpoint.node, $0) }, uniquingKeysWith: { first, _ in first })
        let records = body.graph.records
        var isSeen = [Bool](repeating: false, count: records.count)
        while let number = waiting.popLast() {
            var nodes = [body.results[number].endpoint.node]
            while let node = nodes.popLast() {
                if isSeen[node.int] { continue }
                isSeen[node.int] = true
                if let argument = numbers[node], body.arguments[argument].dtype.isFloating,
                    found.insert(argument).inserted
                {
                    waiting.append(argument)
                }
                nodes += records[node.int].inputs.map(\.node)
            }
        }
        active = found.filter { !loop.isInvariant($0) && context.inputs[$0].dtype.isFloating }.sorted()
        summed = context.inputs.indices.filter { index in
            context.isWanted[index] && loop.isInvariant(index)
                && (context.inputs[index].dtype.isFloating || context.inputs[index].variableType != nil)
        }
        guard let limit = loop.turnLimit(context.inputs) else {
            throw Mistake(
                "the gradient of a loop needs to know how many turns there are at most",
                hint: "give maximumIterations, or compare a counter with a constant")
        }
        if case .known(let turns) = limit, turns > Self.largestTurnCount {
            throw Mistake("the gradient of a loop of up to \(turns) turns would keep values of each of them")
        }
        turnLimit = limit
    }

    // MARK: - The body's gradient

    /// The gradient of one turn: a function of what is carried and the gradients of the active results.
    private struct Turn {
        let graph: Graph
        let arguments: [Value]
        let seeds: [Value]
        let activeGradients: [Value?]
        let summedGradients: [Value?]
        /// Where nothing has a gradient: why.
        let obstacle: String?
    }

    private func turnGradient() throws(Mistake) -> Turn {
        let graph = Graph()
        let inputs = context.inputs
        var arguments: [Value] = []
        var seeds: [Value] = []
        var found: ReverseGradients?
        graph.asDefault {
            arguments = inputs.indices.map { index in
                graph.addArgument(context.outputs[index].type, variableType: inputs[index].variableType)
            }
            seeds = active.map { graph.addArgument(context.outputs[$0].type) }
            guard let results = loop.body.inlined(into: graph, arguments) else { return }
            found = reverseWalk(
                of: active.map { results[$0] }, seeds: seeds, with: (active + summed).map { arguments[$0] },
                stopping: [], arithmetic: NodeArithmetic(), skipsWithoutSeed: true)
        }
        guard let found else {
            throw Mistake("the results of \"\(loop.body.name)\" depend on an update of a variable")
        }
        if let refusal = found.refusals.first { throw Mistake(refusal.reason) }
        return Turn(
            graph: graph, arguments: arguments, seeds: seeds,
            activeGradients: Array(found.gradients.prefix(active.count)),
            summedGradients: Array(found.gradients.dropFirst(active.count)),
            obstacle: found.gradients.allSatisfy { $0 == nil } ? found.obstacles.first?.reason : nil)
    }

    /// Which arguments' elements the results need; of others at most the shape is asked for.
    private func needed(_ turn: Turn, for results: [Value]) -> Set<Int> {
        let records = turn.graph.records
        var isSeen = [Bool](repeating: false, count: records.count)
        var waiting = results.map(\.endpoint.node)
        while let node = waiting.popLast() {
            if isSeen[node.int] { continue }
            isSeen[node.int] = true
            let record = records[node.int]
            if record.operation is any ShapeOperation || record.operation is Filled { continue }
            waiting += record.inputs.map(\.node)
        }
        return Set(turn.arguments.indices.filter { isSeen[turn.arguments[$0].endpoint.node.int] })
    }

    // MARK: - What was carried into each turn

    /// Where the backward loop finds a carried value.
    private enum Origin {
        /// It is an input, in all turns.
        case input
        /// It is this number more than that of the turn.
        case counter(start: Int)
        /// It is the turn's row of a stack.
        case stack(Value)
    }

    private func isCounter(_ index: Int) -> Int? {
        guard loop.step(of: index) == 1, let start = context.inputs[index].constant?.integers, start.count == 1
        else { return nil }
        return start[0]
    }

    /// The result of the loop, if any, that holds in row t what carried value `index` is after turn t.
    private func history(of index: Int) -> Value? {
        let body = loop.body
        for (number, result) in body.results.enumerated() where number != index {
            let record = result.node.record
            guard record.operation is TensorScatterUpdate, record.inputs[0] == body.arguments[number].endpoint,
                turnLimit.isRowCount(of: context.inputs[number])
            else { continue }
            let (place, part) = (body.graph.record(record.inputs[1].node), body.graph.record(record.inputs[2].node))
            guard place.operation is Reshape, part.operation is ExpandDimensions,
                part.inputs[0] == body.results[index].endpoint,
                let counter = body.arguments.firstIndex(where: { $0.endpoint == place.inputs[0] }),
                isCounter(counter) == 0,
                context.outputs[number].shape.rank == context.inputs[index].shape.rank.map({ $0 + 1 })
            else { continue }
            return context.outputs[number]
        }
        return nil
    }

    /// The loop again, with stacks of the given carried values; and how many turns there were.
    private func stacked(_ indices: [Int]) throws(Mistake) -> (turns: Value, stacks: [Value]) {
        let inputs = context.inputs
        let count = inputs.count
        let zero = integerConstant(0, in: outer)
        let empty = indices.map { turnLimit.makeZeroRows(like: inputs[$0], in: outer) }
        func arguments(_ graph: Graph) -> [Value] {
            inputs.indices.map { graph.addArgument(context.outputs[$0].type, variableType: inputs[$0].variableType) }
                + [graph.addArgument(zero.type)] + empty.map { graph.addArgument($0.type) }
        }
        let test = Graph()
        let testArguments = test.asDefault { arguments(test) }
        guard let holds = test.asDefault({ loop.condition.inlined(into: test, Array(testArguments.prefix(count))) })
        else { throw Mistake("the condition updates a variable") }
        let graph = Graph()
        let carried = graph.asDefault { arguments(graph) }
        let results = graph.asDefault { () -> [Value]? in
            guard let next = loop.body.inlined(into: graph, Array(carried.prefix(count))) else { return nil }
            let rows = indices.enumerated().map { position, index in
                makeRowUpdate(carried[count + 1 + position], number: carried[count], row: carried[index])
            }
            return next + [carried[count] + integerConstant(1)] + rows
        }
        guard let results else {
            throw Mistake("the results of \"\(loop.body.name)\" depend on an update of a variable")
        }
        let operation = WhileLoop(
            condition: try FunctionBody(
                name: "\(loop.condition.name)_stacked", graph: test, arguments: testArguments, results: holds,
                effects: []),
            body: try FunctionBody(
                name: "\(loop.body.name)_stacked", graph: graph, arguments: carried, results: results, effects: []),
            isStateful: false)
        let outputs = withGraph(outer) { outer.add(operation, inputs + [zero] + empty, name: "stacked") }
        return (outputs[count], Array(outputs.dropFirst(count + 1)))
    }

    /// For each needed value where it comes from, and the number of turns.
    private func origins(_ needed: Set<Int>) throws(Mistake) -> (origins: [Origin], turns: Value) {
        var origins = [Origin](repeating: .input, count: context.inputs.count)
        var missing: [Int] = []
        for index in needed.sorted() where !loop.isInvariant(index) {
            if let start = isCounter(index) {
                origins[index] = .counter(start: start)
            } else if let after = history(of: index) {
                let first = makeExpansion(context.inputs[index], at: 0)
                let before = makeConcatenation([first, after], axis: integerConstant(0, in: outer))
                origins[index] = .stack(before)
            } else {
                missing.append(index)
            }
        }
        // The loop's own counter tells the turns, where it has one.
        if missing.isEmpty {
            for index in context.inputs.indices {
                guard let start = isCounter(index) else { continue }
                let last = makeCast(context.outputs[index], to: .int32)
                return (origins, start == 0 ? last : last - integerConstant(start, in: outer))
            }
        }
        let (turns, stacks) = try stacked(missing)
        for (index, stack) in zip(missing, stacks) { origins[index] = .stack(stack) }
        return (origins, turns)
    }

    // MARK: - The backward loop

    func gradient() throws(Mistake) -> Gradient {
        var gradients = [Value?](repeating: nil, count: context.inputs.count)
        for index in context.inputs.indices where loop.isInvariant(index) {
            gradients[index] = context.outputGradients[index]
        }
        if active.isEmpty { return .inputs(gradients) }
        let turn = try turnGradient()
        if let obstacle = turn.obstacle { return .none(reason: obstacle) }
        // What no turn contributes to has no gradient.
        let sums = summed.indices.filter { turn.summedGradients[$0] != nil }
        let contributions = sums.map { TurnSum(of: turn.summedGradients[$0] ?? turn.seeds[0]) }
        let parts = contributions.flatMap(\.values)
        let results = turn.activeGradients.compactMap { $0 } + parts
        let (origins, turns) = try origins(needed(turn, for: results))

        var carried: [Value] = [integerConstant(0, in: outer)]
        let activeStart = carried.count
        carried += active.map { index in
            context.outputGradients[index] ?? makeZeros(like: context.outputs[index])
        }
        let sumStart = carried.count
        let initialSums = zip(sums, contributions).map { index, contribution in
            contribution.initial(like: context.inputs[summed[index]], turnLimit, in: outer)
        }
        carried += initialSums.flatMap { $0 }
        let invariantStart = carried.count
        carried.append(turns)
        carried += context.inputs
        var stackNumbers: [Int: Int] = [:]
        for (index, origin) in origins.enumerated() {
            guard case .stack(let stack) = origin else { continue }
            stackNumbers[index] = carried.count
            carried.append(stack)
        }
        let limitNumber = carried.count
        if case .measured(let count, _) = turnLimit { carried.append(count) }

        func arguments(_ graph: Graph) -> [Value] {
            carried.map { graph.addArgument($0.type, variableType: $0.variableType) }
        }
        let name = "\(loop.body.name)_grad"
        let test = Graph()
        let (testArguments, holds) = test.asDefault { () -> ([Value], Value) in
            let values = arguments(test)
            // The second limit lets this loop have a gradient in turn.
            let most = if case .known(let count) = turnLimit { integerConstant(count) } else { values[limitNumber] }
            let limits = [values[invariantStart], most]
            let isBelow = limits.map { elementwise(.less, [values[0], $0]) }
            return (values, elementwise(.logicalAnd, isBelow))
        }
        let backward = try FunctionBody(
            name: "\(name)_turn", graph: turn.graph, arguments: turn.arguments + turn.seeds, results: results,
            effects: [])
        let graph = Graph()
        let (bodyArguments, bodyResults) = graph.asDefault { () -> ([Value], [Value]) in
            let values = arguments(graph)
            let number = values[invariantStart] - integerConstant(1) - values[0]
            let before = context.inputs.indices.map { index -> Value in
                switch origins[index] {
                case .input: return values[invariantStart + 1 + index]
                case .counter(let start):
                    let dtype = context.inputs[index].dtype
                    let turn = makeCast(number, to: dtype)
                    return start == 0 ? turn : turn + scalarConstant(Double(start), dtype)
                case .stack: return makeRow(values[stackNumbers[index] ?? 0], number: number)
                }
            }
            let seeds = active.indices.map { values[activeStart + $0] }
            var found = (backward.inlined(into: graph, before + seeds) ?? [])[...]
            var next: [Value] = [values[0] + integerConstant(1)]
            for (position, gradient) in turn.activeGradients.enumerated() {
                let found = gradient == nil ? nil : found.popFirst()
                next.append(found ?? makeZeros(like: seeds[position]))
            }
            var place = sumStart
            for contribution in contributions {
                let count = contribution.accumulatorCount
                let inputs = found.prefix(contribution.values.count)
                found = found.dropFirst(contribution.values.count)
                next += contribution.next(Array(values[place..<(place + count)]), Array(inputs), turn: values[0])
                place += count
            }
            return (values, next + values[invariantStart...])
        }
        let operation = WhileLoop(
            condition: try FunctionBody(
                name: "\(name)_cond", graph: test, arguments: testArguments, results: [holds], effects: []),
            body: try FunctionBody(
                name: name, graph: graph, arguments: bodyArguments, results: bodyResults, effects: []),
            isStateful: false)
        let outputs = withGraph(outer) { outer.add(operation, carried, name: "backward") }
        for (position, index) in active.enumerated() { gradients[index] = outputs[activeStart + position] }
        var place = sumStart
        for (index, contribution) in zip(sums, contributions) {
            let count = contribution.accumulatorCount
            let sum = contribution.total(Array(outputs[place..<(place + count)]))
            place += count
            let input = summed[index]
            gradients[input] = gradients[input].map { $0 + sum } ?? sum
        }
        return .inputs(gradients)
    }
}
