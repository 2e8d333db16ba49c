// Calls of functions in programs: as the body's own steps, as branches, or as a loop. Variables whose handles are passed
// in become values that are passed in, and come back where the body updates them. Knows no operation by name.

package import Programs
import Tensors

/// What the body of a function knows of variables: those whose handles are its arguments.
private final class BodyState: LoweringState {
    private let body: FunctionBody
    private let outer: any LoweringState
    private let valueBefore: (Int) throws -> ValueID
    private let numbers: [NodeID: Int]
    private var history: UpdateHistory<ValueID>
    private var before: [Int: ValueID] = [:]

    /// - Parameters:
    ///   - valueBefore: the value before the call of the variable whose handle is this argument.
    init(_ body: FunctionBody, outer: any LoweringState, valueBefore: @escaping (Int) throws -> ValueID) {
        self.body = body
        self.outer = outer
        self.valueBefore = valueBefore
        numbers = Dictionary(
            body.arguments.enumerated().map { ($1.endpoint.node, $0) }, uniquingKeysWith: { first, _ in first })
        history = UpdateHistory(records: body.graph.records)
    }

    private func number(of variable: NodeID) throws -> Int {
        if let number = numbers[variable] { return number }
        throw Mistake(
            "the variable \"\(body.graph.record(variable).name)\" is made inside function \"\(body.name)\"",
            hint: "make variables outside; their handles become arguments")
    }

    func read(variable: NodeID, by node: NodeID) throws -> ValueID {
        if let seen = history.value(of: variable, seenBy: node) { return seen }
        return try first(number(of: variable))
    }

    func write(variable: NodeID, by node: NodeID, _ value: ValueID) throws {
        _ = try number(of: variable)
        history.add(value, to: variable, by: node)
    }

    func randomState(of node: NodeID, samples: Int) throws -> ValueID {
        throw Mistake(
            "random numbers with a stream of their own are not supported inside functions, branches and loops",
            hint: "draw them from a seed (StatelessRandomUniform), or outside and pass them in")
    }

    func tag(for record: NodeRecord, calledBy tag: Int32) -> Int32 { outer.tag(for: record, calledBy: tag) }

    private func first(_ number: Int) throws -> ValueID {
        if let value = before[number] { return value }
        let value = try valueBefore(number)
        before[number] = value
        return value
    }

    /// The value after the call of the variable whose handle is argument `number`.
    func last(_ number: Int) throws -> ValueID {
        try history.last(of: body.arguments[number].endpoint.node) ?? first(number)
    }

    /// The arguments whose variables were updated.
    var updated: [Int] { history.updated.compactMap { numbers[$0] } }
}

/// How the inputs of a node reach the programs that it calls.
private struct Passing {
    enum Way {
        /// Known, and the same at every call.
        case constant(UntypedArray)
        case parameter(Int)
        /// The handle of a variable, whose value is this parameter, if anything uses it.
        case handle(Int?)
    }

    var ways: [Way] = []
    var operands: [ValueID] = []
}

extension ValueID {
    /// Stands among a lowering's results for a handle, which has no value.
    package static let handle = ValueID(-1)
}

extension LoweringContext {
    /// The results of a call, as steps of the program that is being built.
    ///
    /// - Parameters:
    ///   - inputs: the inputs of the node that are the function's arguments.
    package func lowerInlined(_ body: FunctionBody, inputs: Range<Int>) throws -> [ValueID] {
        let tag = builder.tag
        defer { builder.tag = tag }
        let bodyState = BodyState(body, outer: state) { try readVariable(input: inputs.lowerBound + $0) }
        var lowering = GraphLowering(graph: body.graph, builder: builder, state: bodyState, callerTag: tag)
        for (number, argument) in body.arguments.enumerated() where argument.dtype != .resource {
            lowering.define(argument.endpoint, operands[inputs.lowerBound + number])
        }
        let results = try lower(body, &lowering)
        for number in bodyState.updated { try writeVariable(input: inputs.lowerBound + number, bodyState.last(number)) }
        return results
    }

    /// The results of the branch that a selector (see `Instruction.conditional`) selects.
    ///
    /// - Errors: a `Mistake` where the shapes of the branches' results differ and the selector is not known.
    package func lowerConditional(
        _ selector: ValueID, branches: [FunctionBody], inputs: Range<Int>
    ) throws -> [ValueID] {
        guard let first = branches.first else { throw Mistake("has no branches") }
        if let known = builder.constantValue(selector) {
            return try lowerInlined(branches[Interpreter.chosenBranch(known, count: branches.count)], inputs: inputs)
        }
        let updated = Set(branches.flatMap(\.updatedHandles)).sorted()
        let passing = try pass(inputs, handles: Set(branches.flatMap(\.usedHandles))) { _ in true }
        var programs: [Program] = []
        for branch in branches {
            programs.append(
                try nestedProgram(branch, passing) { lowering, state in
                    try lower(branch, &lowering) + updated.map { try state.last($0) }
                })
        }
        let types = programs.map { program in program.results.map { program.type(of: $0) } }
        for (branch, found) in zip(branches, types) {
            for (number, (one, other)) in zip(types[0], found).enumerated() where one != other {
                let what = number < first.results.count ? "output \(number)" : "a variable"
                throw Mistake(
                    "the branches give \(what) different types: \"\(first.name)\" \(one.dtype)\(Shape(one.shape)), "
                        + "\"\(branch.name)\" \(other.dtype)\(Shape(other.shape))",
                    hint: "programs have static shapes: give all branches results of one shape")
            }
        }
        guard !types[0].isEmpty else { return [] }
        let values = try builder.conditional(selector, passing.operands, branches: programs)
        for (number, value) in zip(updated, values.suffix(updated.count)) {
            try writeVariable(input: inputs.lowerBound + number, value)
        }
        return Array(values.dropLast(updated.count))
    }

    /// The carried values, which are all inputs of the node, once the condition no longer holds.
    ///
    /// - Errors: a `Mistake` where a carried value changes its type from one turn to the next.
    package func lowerLoop(condition: FunctionBody, body: FunctionBody) throws -> [ValueID] {
        if let handle = condition.updatedHandles.first {
            throw Mistake("the condition \"\(condition.name)\" updates the variable that is its argument \(handle)")
        }
        let all = 0..<operands.count
        let handles = Set(condition.usedHandles + body.usedHandles)
        var passing = try pass(all, handles: handles) { body.argument(ofResult: $0) == $0 }
        if passing.operands.isEmpty { passing = try pass(all, handles: handles) { _ in false } }
        if passing.operands.isEmpty { throw Mistake("a loop must carry a value, or run for ever or not at all") }

        let holds = try nestedProgram(condition, passing) { lowering, _ in
            let results = try lower(condition, &lowering)
            guard results.count == 1 else { throw Mistake("the condition has \(results.count) results, not one") }
            return [try lowering.builder.truth(of: results[0])]
        }
        let turn = try nestedProgram(body, passing) { lowering, state in
            let results = try lower(body, &lowering)
            // Parameters are numbered in the order of the arguments.
            return try passing.ways.enumerated().compactMap { number, way -> ValueID? in
                switch way {
                case .constant, .handle(nil): nil
                case .parameter: results[number]
                case .handle: try state.last(number)
                }
            }
        }
        for (number, way) in passing.ways.enumerated() {
            guard case .parameter(let parameter) = way else { continue }
            let (before, after) = (turn.parameters[parameter], turn.type(of: turn.results[parameter]))
            if before == after { continue }
            throw Mistake(
                "carried value \(number) has type \(before.dtype)\(Shape(before.shape)) before a turn of "
                    + "\"\(body.name)\", but \(after.dtype)\(Shape(after.shape)) after it",
                hint: "programs have static shapes: what a loop carries keeps its shape")
        }
        let values = try builder.whileLoop(passing.operands, condition: holds, body: turn)
        return try passing.ways.enumerated().map { number, way in
            switch way {
            case .constant: return operands[number]
            case .parameter(let parameter): return values[parameter]
            case .handle(let parameter):
                if let parameter, body.updatedHandles.contains(number) {
                    try writeVariable(input: number, values[parameter])
                }
                return .handle
            }
        }
    }

    // MARK: - Helpers

    /// - Parameters:
    ///   - handles: the arguments that are handles of variables in use.
    ///   - isSame: whether a constant argument may be built into the programs.
    private func pass(
        _ inputs: Range<Int>, handles: Set<Int>, isSame: (Int) -> Bool
    ) throws -> Passing {
        var passing = Passing()
        for (number, input) in inputs.enumerated() {
            if isHandle[input] {
                passing.ways.append(.handle(handles.contains(number) ? passing.operands.count : nil))
                if handles.contains(number) { passing.operands.append(try readVariable(input: input)) }
            } else if isSame(number), let constant = builder.constantValue(operands[input]) {
                passing.ways.append(.constant(constant))
            } else {
                passing.ways.append(.parameter(passing.operands.count))
                passing.operands.append(operands[input])
            }
        }
        return passing
    }

    private func nestedProgram(
        _ body: FunctionBody, _ passing: Passing,
        _ results: (inout GraphLowering, BodyState) throws -> [ValueID]
    ) throws -> Program {
        let inner = ProgramBuilder(simplifies: builder.simplifies)
        let parameters = passing.operands.map { inner.parameter(builder.type(of: $0)) }
        let bodyState = BodyState(body, outer: state) { number in
            guard case .handle(.some(let parameter)) = passing.ways[number] else {
                throw Mistake("argument \(number) of \"\(body.name)\" is not the handle of a variable")
            }
            return parameters[parameter]
        }
        var lowering = GraphLowering(graph: body.graph, builder: inner, state: bodyState, callerTag: builder.tag)
        for (argument, way) in zip(body.arguments, passing.ways) {
            switch way {
            case .constant(let array): lowering.define(argument.endpoint, inner.constant(array))
            case .parameter(let parameter): lowering.define(argument.endpoint, parameters[parameter])
            case .handle: break
            }
        }
        return inner.finish(results: try results(&lowering, bodyState))
    }

    /// Lowers what a body computes and does; handles among the results are `ValueID.handle`.
    private func lower(_ body: FunctionBody, _ lowering: inout GraphLowering) throws -> [ValueID] {
        let values = body.results.filter { $0.dtype != .resource }
        do {
            for node in lowering.order(to: body.effects.map(\.id) + values.map(\.endpoint.node)) {
                try lowering.lower(node)
            }
            return try body.results.map { result in
                result.dtype == .resource ? .handle : try lowering.value(of: result.endpoint)
            }
        } catch let error as GraphError {
            throw GraphError(error.diagnostics.map { $0.inside(caller) })
        }
    }
}

extension ProgramBuilder {
    /// A value as one truth value: a single number is true unless it is 0, other arrays are true unless they are empty.
    ///
    /// - Source: TensorFlow's `If` and `While` treat their conditions so.
    package func truth(of value: ValueID) throws -> ValueID {
        let type = type(of: value)
        if !type.shape.isEmpty { return constant(UntypedArray(scalar: type.count > 0 ? 1 : 0, dtype: .bool)) }
        if type.dtype == .bool { return value }
        return try compare(.notEqual, value, scalar(0, type.dtype))
    }
}
