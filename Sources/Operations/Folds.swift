// Functions applied along the first axis: maps, folds and scans, as loops over the rows.

public import Graphs
public import Tensors

/// The tensors, replaced by the results of `body` for them, a given number of times.
///
///     forLoop(3, constant(1)) { i, x in x * (i + 1) }  // 6
///
/// - Parameters:
///   - count: how many turns there are; their numbers start at 0.
/// - Errors: as for `whileLoop`; a negative number of turns is a mistake.
/// - Gradient: as for `whileLoop`.
public func forLoop<each Scalar: TensorElement>(
    _ count: Int, _ initial: repeat Tensor<each Scalar>, name: String? = nil,
    body: (_ turn: Tensor<Int32>, repeat Tensor<each Scalar>) -> (repeat Tensor<each Scalar>)
) -> (repeat Tensor<each Scalar>) {
    var values: [Value] = []
    repeat values.append((each initial).value)
    let results = makeRowLoop(Rows([], function: "for"), values, count: count, name: name ?? "for") { turn, _, values in
        let now = makeTensors(values, like: repeat each initial)
        let next = body(Tensor(turn), repeat each now)
        return makeValues(repeat each next)
    }
    return makeTensors(results, like: repeat each initial)
}

/// The results of `body` for each row of the tensors, stacked.
///
///     mapFn(constant([1, 2, 3] as [Float])) { x in x * x }  // [1, 4, 9]
///
/// - Shapes: `[n, a...]` each → `[n, b...]`, for results `[b...]`, whose shape must be known while the graph is built.
/// - Errors: tensors of rank 0 or of different lengths, and results of unknown shape, are mistakes.
/// - Gradient: each row's; the number of rows must be known while the graph is built.
/// - Source: TensorFlow's `tf.map_fn`.
public func mapFn<each Element: TensorElement, Result: TensorElement>(
    _ elements: repeat Tensor<each Element>, name: String? = nil,
    body: (repeat Tensor<each Element>) -> Tensor<Result>
) -> Tensor<Result> {
    let rows = Rows(makeValues(repeat each elements), function: "map_fn")
    let results = rows.map([Result.dtype], name: name ?? "map") { rows in
        let now = makeTensors(rows, like: repeat each elements)
        return [body(repeat each now).value]
    }
    return results.first.map { Tensor($0) } ?? unmadeTensor(in: rows.graph)
}

/// The results of `body` for each row of the tensors, stacked; as the form with one result.
public func mapFn<each Element: TensorElement, each Result: TensorElement>(
    _ elements: repeat Tensor<each Element>, name: String? = nil,
    body: (repeat Tensor<each Element>) -> (repeat Tensor<each Result>)
) -> (repeat Tensor<each Result>) {
    var inputs: [Value] = []
    repeat inputs.append((each elements).value)
    var types: [DType] = []
    repeat types.append((each Result).dtype)
    let rows = Rows(inputs, function: "map_fn")
    let results = rows.map(types, name: name ?? "map") { rows in
        let now = makeTensors(rows, like: repeat each elements)
        let found = body(repeat each now)
        return makeValues(repeat each found)
    }
    var remaining = results[...]
    func next<Scalar: TensorElement>(_ type: Scalar.Type) -> Tensor<Scalar> {
        remaining.popFirst().map { Tensor($0) } ?? unmadeTensor(in: rows.graph)
    }
    return (repeat next((each Result).self))
}

/// The state after `body` has taken in every row, from the first to the last.
///
///     foldl(constant([1, 2, 3] as [Float]), initial: constant(0 as Float)) { sum, x in sum + x }  // 6
///
/// - Shapes: elements `[n, a...]` each; the state keeps its shape.
/// - Errors: tensors of rank 0 or of different lengths are mistakes.
/// - Gradient: as for `whileLoop`; the number of rows must be known while the graph is built.
/// - Source: TensorFlow's `tf.foldl`.
public func foldl<each Element: TensorElement, State: TensorElement>(
    _ elements: repeat Tensor<each Element>, initial: Tensor<State>, name: String? = nil,
    body: (_ state: Tensor<State>, repeat Tensor<each Element>) -> Tensor<State>
) -> Tensor<State> {
    fold(repeat each elements, initial: initial, name: name ?? "foldl", isReversed: false, body: body)
}

/// The state after `body` has taken in every row, from the last to the first.
///
/// - Shapes, Errors, Gradient: as for `foldl`.
/// - Source: TensorFlow's `tf.foldr`.
public func foldr<each Element: TensorElement, State: TensorElement>(
    _ elements: repeat Tensor<each Element>, initial: Tensor<State>, name: String? = nil,
    body: (_ state: Tensor<State>, repeat Tensor<each Element>) -> Tensor<State>
) -> Tensor<State> {
    fold(repeat each elements, initial: initial, name: name ?? "foldr", isReversed: true, body: body)
}

/// The state after `body` has taken in every row but the first, which is where it starts.
///
///     foldl(constant([1, 2, 3] as [Float])) { sum, x in sum + x }  // 6
///
/// - Errors: no rows make the run throw.
/// - Shapes, Gradient, Source: as for the form with an initial state.
public func foldl<Element: TensorElement>(
    _ elements: Tensor<Element>, name: String? = nil,
    body: (_ state: Tensor<Element>, _ row: Tensor<Element>) -> Tensor<Element>
) -> Tensor<Element> {
    let (first, rest) = split(elements, isReversed: false)
    return foldl(rest, initial: first, name: name, body: body)
}

/// The state after `body` has taken in every row but the last, which is where it starts, from the last but one to the
/// first.
///
/// - Errors: no rows make the run throw.
/// - Shapes, Gradient, Source: as for the form with an initial state.
public func foldr<Element: TensorElement>(
    _ elements: Tensor<Element>, name: String? = nil,
    body: (_ state: Tensor<Element>, _ row: Tensor<Element>) -> Tensor<Element>
) -> Tensor<Element> {
    let (first, rest) = split(elements, isReversed: true)
    return foldr(rest, initial: first, name: name, body: body)
}

/// The states after each row, stacked: what `foldl` goes through.
///
///     scan(constant([1, 2, 3] as [Float]), initial: constant(0 as Float)) { sum, x in sum + x }  // [1, 3, 6]
///
/// - Shapes: elements `[n, a...]` each, states `[b...]` → `[n, b...]` each.
/// - Parameters:
///   - reverse: from the last row to the first; the states stand at the places of their rows.
/// - Errors: tensors of rank 0 or of different lengths are mistakes.
/// - Gradient: as for `whileLoop`; the number of rows must be known while the graph is built.
/// - Source: TensorFlow's `tf.scan`.
public func scan<each Element: TensorElement, State: TensorElement>(
    _ elements: repeat Tensor<each Element>, initial: Tensor<State>, reverse: Bool = false,
    name: String? = nil,
    body: (_ state: Tensor<State>, repeat Tensor<each Element>) -> Tensor<State>
) -> Tensor<State> {
    let inputs = makeValues(repeat each elements)
    let rows = Rows(inputs, function: "scan")
    let results = rows.scan([initial.value], isReversed: reverse, name: name ?? "scan") { states, rows in
        let now = makeTensors(rows, like: repeat each elements)
        return [body(Tensor(states[0]), repeat each now).value]
    }
    return Tensor(results[0])
}

/// The states after each row, stacked; the first state is the first row, or the last in reverse.
///
///     scan(constant([1, 2, 3] as [Float])) { sum, x in sum + x }  // [1, 3, 6]
///
/// - Errors: no rows make the run throw.
/// - Shapes, Gradient, Source: as for the form with an initial state.
public func scan<Element: TensorElement>(
    _ elements: Tensor<Element>, reverse: Bool = false, name: String? = nil,
    body: (_ state: Tensor<Element>, _ row: Tensor<Element>) -> Tensor<Element>
) -> Tensor<Element> {
    let (first, rest) = split(elements, isReversed: reverse)
    let states = scan(rest, initial: first, reverse: reverse, name: name, body: body)
    let row = first.expandingDimension(at: 0)
    return concatenate(reverse ? [states, row] : [row, states], axis: 0)
}

private func fold<each Element: TensorElement, State: TensorElement>(
    _ elements: repeat Tensor<each Element>, initial: Tensor<State>, name: String, isReversed: Bool,
    body: (_ state: Tensor<State>, repeat Tensor<each Element>) -> Tensor<State>
) -> Tensor<State> {
    let inputs = makeValues(repeat each elements)
    let rows = Rows(inputs, function: name)
    let results = makeRowLoop(rows, [initial.value], count: nil, isReversed: isReversed, name: name) {
        _, rows, states in
        let now = makeTensors(rows, like: repeat each elements)
        return [body(Tensor(states[0]), repeat each now).value]
    }
    return Tensor(results[0])
}

/// The row at one end, and the others.
private func split<Element: TensorElement>(
    _ elements: Tensor<Element>, isReversed: Bool
) -> (first: Tensor<Element>, rest: Tensor<Element>) {
    withGraph(elements.graph) {
        if isReversed {
            let last = makePart(elements.value, axis: 0, at: -1)
            return (Tensor(last), elements[.stride(to: -1, by: 1)])
        }
        return (Tensor(makePart(elements.value, axis: 0, at: 0)), elements[.stride(from: 1, by: 1)])
    }
}

// MARK: - Packs

/// Values as tensors of a pack; where there are too few, those that are given.
private func makeTensors<each Scalar: TensorElement>(
    _ values: [Value], like given: repeat Tensor<each Scalar>
) -> (repeat Tensor<each Scalar>) {
    var remaining = values[...]
    func next<Element>(_ given: Tensor<Element>) -> Tensor<Element> {
        remaining.popFirst().map { Tensor($0) } ?? given
    }
    return (repeat next(each given))
}

private func makeValues<each Scalar: TensorElement>(_ tensors: repeat Tensor<each Scalar>) -> [Value] {
    var values: [Value] = []
    repeat values.append((each tensors).value)
    return values
}

// MARK: - Loops over rows

/// Tensors that a loop goes through row by row.
private struct Rows {
    let tensors: [Value]
    let graph: Graph
    /// What is wrong with them.
    let mistake: Mistake?
    let function: String

    init(_ tensors: [Value], function: String) {
        self.tensors = tensors
        self.function = function
        graph = graphForNodes(of: tensors.first?.graph ?? .default)
        var mistake: Mistake?
        if let scalar = tensors.firstIndex(where: { $0.shape.rank == 0 }) {
            mistake = Mistake("tensor \(scalar) has rank 0, and no rows to go through")
        }
        let lengths = tensors.map { $0.shape.rank == 0 ? nil : $0.shape[0] }
        let known = lengths.compactMap { $0 }
        if let first = known.first, known.contains(where: { $0 != first }) {
            let list = tensors.map { "\($0.shape)" }.joined(separator: ", ")
            mistake = Mistake("the tensors have different numbers of rows: \(list)")
        }
        self.mistake = mistake
    }

    /// How many rows there are, if it is known while the graph is built.
    var count: Int? { tensors.lazy.compactMap { $0.shape[0] }.first }

    /// How many rows there are, as int32 of rank 0.
    func makeCount() -> Value {
        if let count { return integerConstant(count, in: graph) }
        return makePart(makeShape(tensors[0]), axis: 0, at: 0)
    }

    func refuse(_ types: [DType], _ mistake: Mistake, name: String) -> [Value] {
        withGraph(graph) {
            graph.report(mistake, operation: function, node: name)
            return types.map { unmadeValue($0, in: graph) }
        }
    }

    /// Zeros `[count, shape...]`.
    func makeResult(like row: Value) -> Value {
        makeZeroRows(count, like: row, in: graph, unknownCount: makeCount())
    }

    func scan(
        _ initial: [Value], isReversed: Bool, name: String, _ body: ([Value], [Value]) -> [Value]
    ) -> [Value] {
        if let mistake { return refuse(initial.map(\.dtype), mistake, name: name) }
        let stacks = initial.map(makeResult)
        let results = makeRowLoop(self, initial + stacks, count: nil, isReversed: isReversed, name: name) {
            turn, rows, values in
            let next = body(Array(values.prefix(initial.count)), rows)
            let place = makePlace(turn, isReversed: isReversed)
            return next + zip(values.dropFirst(initial.count), next).map { makeRowUpdate($0, number: place, row: $1) }
        }
        return Array(results.dropFirst(initial.count))
    }

    /// The number of the row of a turn.
    func makePlace(_ turn: Value, isReversed: Bool) -> Value {
        isReversed ? makeCount() - integerConstant(1) - turn : turn
    }

    func map(_ types: [DType], name: String, _ body: ([Value]) -> [Value]) -> [Value] {
        if let mistake { return refuse(types, mistake, name: name) }
        // Traced once apart, to know the shapes of the results before the loop.
        let rowTypes = tensors.map { tensor in
            TensorType(tensor.dtype, tensor.shape.extents.map { Shape(extents: Array($0.dropFirst())) } ?? .unknown)
        }
        let traced = TracedFunction(named: "map_fn", inside: graph, argumentTypes: rowTypes, isLoop: true, body)
        if let unknown = traced.results.first(where: { $0.shape.known == nil }) {
            let mistake = Mistake(
                "the results for one row must have a known shape, but one has shape \(unknown.shape)",
                hint: "use ensureShape in the body, or scan with an initial value of the shape")
            return traced.hasMistakes
                ? traced.unmade(types, in: graph, function: name) : refuse(types, mistake, name: name)
        }
        let stacks = traced.results.map(makeResult)
        return makeRowLoop(self, stacks, count: nil, name: name) { turn, rows, stacks in
            let results = traced.inlined(into: Graph.default, rows) ?? body(rows)
            return zip(stacks, results).map { makeRowUpdate($0, number: turn, row: $1) }
        }
    }
}

/// - Parameters:
///   - count: how many turns there are; nil for as many as rows.
///   - body: of the turn's number, the rows and what is carried.
private func makeRowLoop(
    _ rows: Rows, _ initial: [Value], count: Int?, isReversed: Bool = false, name: String,
    _ body: (Value, [Value], [Value]) -> [Value]
) -> [Value] {
    let mistake =
        rows.mistake
        ?? count.flatMap { (0...Int(Int32.max)).contains($0) ? nil : Mistake("there cannot be \($0) turns") }
    if let mistake { return rows.refuse(initial.map(\.dtype), mistake, name: name) }
    let graph = graphForNodes(of: (initial + rows.tensors).first?.graph ?? .default)
    return withGraph(graph) {
        let start = integerConstant(0, in: graph)
        let end = count.map { integerConstant($0, in: graph) } ?? rows.makeCount()
        let results = makeLoop([start] + initial, maximumIterations: nil, name: name) { values in
            elementwise(.less, [values[0], end])
        } body: { values in
            let place = rows.makePlace(values[0], isReversed: isReversed)
            let parts = rows.tensors.map { makeRow($0, number: place) }
            return [values[0] + integerConstant(1)] + body(values[0], parts, Array(values.dropFirst()))
        }
        return Array(results.dropFirst())
    }
}
