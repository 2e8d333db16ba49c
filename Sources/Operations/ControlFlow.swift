// Branches and loops as Swift functions of closures. What a closure makes goes into a graph of its own; tensors and
// variables from around that it uses become arguments.

public import Graphs
import Programs
public import Tensors

// MARK: - Branches

/// The result of `then` where the predicate is true, else that of `otherwise`; only one of them runs.
///
///     let root = cond(greaterEqual(x, 0), then: { sqrt(x) }, else: { constant(0) })
///
/// Tensors and variables from around are used as they are. A variable that a branch updates is updated where the branch
/// runs.
///
/// - Parameters:
///   - predicate: of rank 0.
/// - Errors: branches whose results differ in type are a mistake, and in shape, unless the predicate is known before the
///   run.
/// - Gradient: that of the branch that ran, which is computed anew for it.
/// - Source: TensorFlow's `tf.cond` (`If`, `StatelessIf`).
public func cond<Scalar: TensorElement>(
    _ predicate: some TensorExpression<Bool>, name: String? = nil, then: () -> Tensor<Scalar>,
    else otherwise: () -> Tensor<Scalar>
) -> Tensor<Scalar> {
    let values = branch(
        ifKinds, on: predicate.tensor.value, name: name, ["cond_true", "cond_false"], types: [Scalar.dtype]
    ) { number in [number == 0 ? then().value : otherwise().value] }
    return Tensor(values[0])
}

/// The results of `then` where the predicate is true, else those of `otherwise`; as the form with one result.
///
///     let (low, high) = cond(less(a, b), then: { (a, b) }, else: { (b, a) })
public func cond<each Scalar: TensorElement>(
    _ predicate: some TensorExpression<Bool>, name: String? = nil, then: () -> (repeat Tensor<each Scalar>),
    else otherwise: () -> (repeat Tensor<each Scalar>)
) -> (repeat Tensor<each Scalar>) {
    var types: [DType] = []
    repeat types.append((each Scalar).dtype)
    func values(_ build: () -> (repeat Tensor<each Scalar>)) -> [Value] {
        let tensors = build()
        var values: [Value] = []
        repeat values.append((each tensors).value)
        return values
    }
    let results = branch(
        ifKinds, on: predicate.tensor.value, name: name, ["cond_true", "cond_false"], types: types
    ) { number in number == 0 ? values(then) : values(otherwise) }
    var remaining = results[...]
    func next<Result>(_ type: Result.Type) -> Tensor<Result> { Tensor(remaining.popFirst() ?? results[0]) }
    return (repeat next((each Scalar).self))
}

/// The result of the branch of the given number, out of range that of the last; only one of them runs.
///
///     let y = switchCase(index, branches: [{ x }, { x * x }, { x * x * x }])
///
/// - Errors: no branches, or branches whose results differ, as for `cond`.
/// - Gradient: as for `cond`.
/// - Source: TensorFlow's `tf.switch_case` (`Case`, `StatelessCase`).
public func switchCase<Scalar: TensorElement>(
    _ index: some TensorExpression<Int32>, branches: [() -> Tensor<Scalar>], name: String? = nil
) -> Tensor<Scalar> {
    let names = branches.indices.map { "case_\($0)" }
    let values = branch(caseKinds, on: index.tensor.value, name: name, names, types: [Scalar.dtype]) { number in
        [branches[number]().value]
    }
    return Tensor(values[0])
}

private let ifKinds = (stateless: Conditional.Kind.ifStateless, stateful: Conditional.Kind.ifStateful)
private let caseKinds = (stateless: Conditional.Kind.caseStateless, stateful: Conditional.Kind.caseStateful)

/// The mistake of a decision that is not a single value: TensorFlow's ops take such for whether it is empty, so that a
/// loop would never end.
private func notSingle(_ value: Value, _ what: String) -> Mistake? {
    guard let rank = value.type.shape.rank, rank > 0 else { return nil }
    return Mistake(
        "\(what) has shape \(value.type.shape), but must be a single value", hint: "reduce it, as with all() or any()")
}

/// Always as many values as types.
private func branch(
    _ kinds: (stateless: Conditional.Kind, stateful: Conditional.Kind), on selector: Value, name: String?,
    _ branches: [String], types: [DType], build: (Int) -> [Value]
) -> [Value] {
    let parent = graphForNodes(of: selector.graph)
    if let mistake = branches.isEmpty ? Mistake("has no branches") : notSingle(selector, "what decides") {
        let operation = UnmadeCall(name: kinds.stateless.rawValue, types: types, mistake: mistake)
        return withGraph(parent) { parent.add(operation, [], name: name ?? "cond") }
    }
    let traced = branches.enumerated().map { number, name in
        TracedFunction(named: name, inside: parent, argumentTypes: []) { _ in build(number) }
    }
    do {
        let (bodies, captured) = try TracedFunction.bodies(of: traced, inside: parent)
        let isStateful = bodies.contains { !$0.effects.isEmpty }
        let operation = Conditional(
            isStateful ? kinds.stateful : kinds.stateless, branches: bodies, selectorType: selector.dtype)
        return withGraph(parent) { parent.add(operation, [selector] + captured, name: name ?? "cond") }
    } catch {
        let operation = UnmadeCall(name: kinds.stateless.rawValue, types: types, mistake: error)
        return withGraph(parent) { parent.add(operation, [], name: name ?? "cond") }
    }
}

// MARK: - Loops

/// The initial values, replaced by the results of `body` for them as long as `condition` of them is true.
///
///     let (_, power) = whileLoop(constant(0), constant(1)) { i, _ in less(i, n) } body: { i, x in (i + 1, x * 2) }
///
/// Tensors and variables from around are used as they are. A variable that the body updates is carried from turn to
/// turn, and has its last value after the run; reads see its value from before the turn.
///
/// - Parameters:
///   - maximumIterations: how many turns there are at most; nil: as many as the condition asks for. A loop without end
///     stops only when the task that runs the session is cancelled.
///   - condition: gives a single truth value; must not update variables.
///   - body: gives as many tensors as there are initial values, of the same types and shapes.
/// - Errors: a value that changes its shape from turn to turn is a mistake that names both shapes.
/// - Random numbers inside are others in every turn, and the same where a turn is computed anew for a gradient; they
///   follow from a seed that each run draws outside.
/// - Gradient: each turn's, from the last to the first; what was carried into each turn is kept for it. How many turns
///   there are at most must be known when a plan is made: from `maximumIterations`, or from a condition that compares a
///   counter with a constant, or with a number that follows from shapes alone.
/// - Source: TensorFlow's `tf.while_loop` (`While`, `StatelessWhile`).
public func whileLoop<each Scalar: TensorElement>(
    _ initial: repeat Tensor<each Scalar>, maximumIterations: Int? = nil, name: String? = nil,
    condition: (repeat Tensor<each Scalar>) -> Tensor<Bool>,
    body: (repeat Tensor<each Scalar>) -> (repeat Tensor<each Scalar>)
) -> (repeat Tensor<each Scalar>) {
    var values: [Value] = []
    repeat values.append((each initial).value)
    func tensors(_ values: [Value]) -> (repeat Tensor<each Scalar>) {
        var remaining = values[...]
        func next<Element>(_ initial: Tensor<Element>) -> Tensor<Element> {
            remaining.popFirst().map { Tensor($0) } ?? initial
        }
        return (repeat next(each initial))
    }
    let results = makeLoop(
        values, maximumIterations: maximumIterations, name: name,
        condition: { values in
            let arguments = tensors(values)
            return condition(repeat each arguments).value
        },
        body: { values in
            let arguments = tensors(values)
            let results = body(repeat each arguments)
            var values: [Value] = []
            repeat values.append((each results).value)
            return values
        })
    return tensors(results)
}

/// The loop of untyped values; always as many values as initial ones.
func makeLoop(
    _ initial: [Value], maximumIterations: Int? = nil, name: String?, condition: ([Value]) -> Value,
    body: ([Value]) -> [Value]
) -> [Value] {
    let parent = graphForNodes(of: initial.first?.graph ?? .default)
    var inputs = initial
    let types = inputs.map(\.type)
    let count = initial.count
    var test = TracedFunction(named: "while_cond", inside: parent, argumentTypes: types, isLoop: true) { arguments in
        let holds = condition(arguments)
        guard let limit = maximumIterations, let turn = Graph.default.turnNumber else { return [holds] }
        let bound = makeConstant(UntypedArray(integers: [limit], dtype: .int64).reshaped([]))
        return [elementwise(.logicalAnd, [holds, elementwise(.less, [turn, bound])])]
    }
    if let mistake = test.results.first.flatMap({ notSingle($0, "the condition") }), !test.hasMistakes {
        let operation = UnmadeCall(name: "StatelessWhile", types: initial.map(\.dtype), mistake: mistake)
        return withGraph(parent) { parent.add(operation, [], name: name ?? "while") }
    }
    var turn = TracedFunction(
        named: "while_body", inside: parent, argumentTypes: types, isLoop: true, body)
    if test.countsTurns || turn.countsTurns {
        // The number of turns is carried behind the values.
        inputs.append(scalarConstant(0, .int64, name: "loop_counter", in: parent))
        test.addTurnNumber(isCarriedOn: false)
        turn.addTurnNumber(isCarriedOn: true)
    }
    do {
        let (bodies, captured) = try TracedFunction.bodies(of: [test, turn], inside: parent, returningCapturesOf: 1)
        let operation = WhileLoop(condition: bodies[0], body: bodies[1], isStateful: !bodies[1].effects.isEmpty)
        let results = withGraph(parent) { parent.add(operation, inputs + captured, name: name ?? "while") }
        return Array(results.prefix(count))
    } catch {
        let operation = UnmadeCall(name: "StatelessWhile", types: initial.map(\.dtype), mistake: error)
        return withGraph(parent) { parent.add(operation, [], name: name ?? "while") }
    }
}

// MARK: - Closures as functions

/// What a closure made, in a graph of its own.
struct TracedFunction {
    private let name: String
    private let graph: Graph
    private var arguments: [Value]
    private(set) var results: [Value]

    init(
        named name: String, inside parent: Graph, argumentTypes: [TensorType], isLoop: Bool = false,
        _ build: ([Value]) -> [Value]
    ) {
        let graph = Graph(bodyInside: parent, hasTurns: isLoop)
        self.graph = graph
        self.name = String(parent.uniqueScopeName(name))
        (arguments, results) = graph.asDefault {
            let arguments = argumentTypes.map { graph.addArgument($0) }
            // A closure may return what it has from around as it is.
            return (arguments, build(arguments).map { graph.captured($0) ?? $0 })
        }
    }

    /// Whether something inside is a mistake.
    var hasMistakes: Bool { !graph.diagnostics.isEmpty }

    /// The results for other arguments, as nodes of a graph inside the one around; nil where they need an update of a
    /// variable, or something is a mistake.
    func inlined(into other: Graph, _ inputs: [Value]) -> [Value]? {
        let captures = graph.captures
        let turn = graph.knownTurnNumber.flatMap { inner in other.turnNumber.map { (inner, $0) } }
        let body = try? FunctionBody(
            name: name, graph: graph, arguments: arguments + captures.map(\.inner) + (turn.map { [$0.0] } ?? []),
            results: results)
        guard let body, body.effects.isEmpty else { return nil }
        let outer = captures.map { other.captured($0.outer) ?? $0.outer }
        return body.inlined(into: other, inputs + outer + (turn.map { [$0.1] } ?? []))
    }

    /// Stands for the results because of a mistake inside, which it reports.
    func unmade(_ types: [DType], in parent: Graph, function: String) -> [Value] {
        let mistake = graph.diagnostics.first.map {
            Mistake("inside \"\(name)\": \($0)".split(separator: "\n").joined(separator: " "))
        }
        let operation = UnmadeCall(name: function, types: types, mistake: mistake ?? Mistake("could not be made"))
        return withGraph(parent) { parent.add(operation, [], name: function) }
    }

    /// Whether something asks for the number of the turn.
    var countsTurns: Bool { graph.knownTurnNumber != nil }

    /// Makes the number of the turn the last argument.
    ///
    /// - Parameters:
    ///   - isCarriedOn: whether the number of the next turn becomes the last result.
    mutating func addTurnNumber(isCarriedOn: Bool) {
        guard let turn = graph.turnNumber else { return }
        arguments.append(turn)
        if isCarriedOn {
            results.append(graph.asDefault { elementwise(.add, [turn, scalarConstant(1, .int64)]) })
        }
    }

    /// The functions, all of which take what any of them has from around, behind their own arguments.
    ///
    /// - Parameters:
    ///   - returning: the number of the function that returns what it has from around, behind its own results.
    /// - Returns: the bodies, and the values from around.
    static func bodies(
        of functions: [TracedFunction], inside parent: Graph, returningCapturesOf returning: Int? = nil
    ) throws(Mistake) -> (bodies: [FunctionBody], captured: [Value]) {
        var captured: [Value] = []
        var seen: Set<Value> = []
        for function in functions {
            for (outer, _) in function.graph.captures where seen.insert(outer).inserted { captured.append(outer) }
        }
        var bodies: [FunctionBody] = []
        for (number, function) in functions.enumerated() {
            let own = Dictionary(function.graph.captures.map { ($0.outer, $0.inner) }, uniquingKeysWith: { $1 })
            let arguments = captured.map { outer in
                own[outer]
                    ?? function.graph.asDefault {
                        function.graph.addArgument(outer.type, variableType: outer.variableType, name: "unused")
                    }
            }
            bodies.append(
                try FunctionBody(
                    name: function.name, graph: function.graph, arguments: function.arguments + arguments,
                    results: function.results + (number == returning ? arguments : [])))
        }
        return (bodies, captured)
    }
}

/// Stands for a call that could not be made because of a mistake inside its functions.
private struct UnmadeCall: Operation {
    let name: String
    let types: [DType]
    let mistake: Mistake

    var attributes: [Attribute] { [] }
    var effect: Effect { .none }
    var outputCount: Int { types.count }
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] { throw mistake }
    func gradient(_ context: GradientContext) -> Gradient { .none(reason: mistake.message) }
    func lower(_ context: LoweringContext) throws -> [ValueID] { throw mistake }
}
