// Recurrent layers over a whole sequence, as Keras computes them: the products with the inputs as one product before the
// loop, the states of all steps in one tensor, the gradients of the weights as one product after the backward loop.

public import Graphs
public import Tensors

/// How a recurrent layer goes through a sequence.
public struct RecurrentOptions<Scalar: FloatingElement> {
    /// From the last step to the first; the outputs stand in that order.
    public var goesBackwards = false
    /// The steps written one after the other instead of a loop.
    public var unrolls = false
    /// `[batch, time]`: where false, a step keeps the states, and its output is that of the step before (zeros at first).
    public var mask: Tensor<Bool>?
    /// Whether the output of a masked step is zeros instead.
    public var zerosMaskedOutputs = false
    /// For each of the kernel's inputs and each sequence a factor, `[batch, inputs]`, the same at all steps: one tensor for
    /// all gates, or one for each; empty for none.
    public var inputDropout: [Tensor<Scalar>] = []
    /// The same for the state, `[batch, units]`.
    public var recurrentDropout: [Tensor<Scalar>] = []

    public init(
        goesBackwards: Bool = false, unrolls: Bool = false, mask: Tensor<Bool>? = nil,
        zerosMaskedOutputs: Bool = false, inputDropout: [Tensor<Scalar>] = [],
        recurrentDropout: [Tensor<Scalar>] = []
    ) {
        self.goesBackwards = goesBackwards
        self.unrolls = unrolls
        self.mask = mask
        self.zerosMaskedOutputs = zerosMaskedOutputs
        self.inputDropout = inputDropout
        self.recurrentDropout = recurrentDropout
    }
}

/// What a recurrent layer gives.
public struct RecurrentResult<Scalar: FloatingElement> {
    /// Of every step, `[batch, time, units]`.
    public let sequence: Tensor<Scalar>
    /// Of the last step, `[batch, units]`.
    public let last: Tensor<Scalar>
    /// After the last step.
    public let states: [Tensor<Scalar>]

    public init(sequence: Tensor<Scalar>, last: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        (self.sequence, self.last, self.states) = (sequence, last, states)
    }
}

/// `h = f(x·W + b + h·U)` over a sequence.
///
/// - Shapes: x `[batch, time, inputs]`, kernel `[inputs, units]`, recurrent kernel `[units, units]`, bias `[units]`.
/// - Parameters:
///   - initial: the state before the first step, `[batch, units]`; zeros if nil.
/// - Errors: sizes of inputs and units that are not known while the graph is built are mistakes, as is an unknown number
///   of steps that are to be unrolled.
/// - Source: Keras's `SimpleRNN`.
public func simpleRNN<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, kernel: Tensor<Scalar>, recurrentKernel: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    initial: Tensor<Scalar>? = nil, options: RecurrentOptions<Scalar> = RecurrentOptions(), name: String? = nil,
    activation: (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) }
) -> RecurrentResult<Scalar> {
    let product = product(with: recurrentKernel, options.recurrentDropout)
    return recur(
        x, kernel, bias, initial: [initial], options, name: name ?? "simple_rnn", units: recurrentKernel.shape[0]
    ) { projected, states in
        [activation(projected + product(states[0]))]
    }
}

/// Long short-term memory over a sequence; the gates stand in the order input, forget, candidate, output.
///
///     c' = σ(f)·c + σ(i)·tanh(g)        h' = σ(o)·tanh(c')
///
/// - Shapes: x `[batch, time, inputs]`, kernel `[inputs, 4 units]`, recurrent kernel `[units, 4 units]`, bias `[4 units]`.
/// - Parameters:
///   - initial: h and c before the first step, `[batch, units]` each; zeros if nil.
/// - Returns: states: h and c.
/// - Errors: as for `simpleRNN`.
/// - Source: Keras's `LSTM`.
public func lstm<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, kernel: Tensor<Scalar>, recurrentKernel: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    initial: (h: Tensor<Scalar>, c: Tensor<Scalar>)? = nil,
    options: RecurrentOptions<Scalar> = RecurrentOptions(), name: String? = nil,
    activation: (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) },
    recurrentActivation: (Tensor<Scalar>) -> Tensor<Scalar> = { sigmoid($0) }
) -> RecurrentResult<Scalar> {
    let product = product(with: recurrentKernel, options.recurrentDropout)
    return recur(
        x, kernel, bias, initial: [initial?.h, initial?.c], options, name: name ?? "lstm",
        units: recurrentKernel.shape[0]
    ) { projected, states in
        let gates = (projected + product(states[0])).split(into: 4, axis: 1)
        let kept = recurrentActivation(gates[1]) * states[1]
        let c = kept + recurrentActivation(gates[0]) * activation(gates[2])
        return [recurrentActivation(gates[3]) * activation(c), c]
    }
}

/// A gated recurrent unit over a sequence; the gates stand in the order update, reset, candidate.
///
///     h' = σ(z)·h + (1 - σ(z))·tanh(candidate)
///
/// - Shapes: x `[batch, time, inputs]`, kernel `[inputs, 3 units]`, recurrent kernel `[units, 3 units]`; bias
///   `[2, 3 units]` where the reset comes after the product, the second row for the product with the state, else
///   `[3 units]`.
/// - Parameters:
///   - resetsAfter: whether the reset gate is applied after the product with the state.
/// - Errors: as for `simpleRNN`.
/// - Source: Keras's `GRU`.
public func gru<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, kernel: Tensor<Scalar>, recurrentKernel: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    initial: Tensor<Scalar>? = nil, resetsAfter: Bool = true,
    options: RecurrentOptions<Scalar> = RecurrentOptions(), name: String? = nil,
    activation: (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) },
    recurrentActivation: (Tensor<Scalar>) -> Tensor<Scalar> = { sigmoid($0) }
) -> RecurrentResult<Scalar> {
    let biases = resetsAfter ? bias?.unstacked(axis: 0, count: 2) ?? [] : bias.map { [$0] } ?? []
    let units = recurrentKernel.shape[0]
    let size = units ?? 0
    let dropout = options.recurrentDropout
    let parts = resetsAfter ? [recurrentKernel] : recurrentKernel.split(sizes: [2 * size, size], axis: 1)
    let product = product(with: parts[0], resetsAfter || dropout.count < 2 ? dropout : Array(dropout.prefix(2)))
    return recur(x, kernel, biases.first, initial: [initial], options, name: name ?? "gru", units: units) {
        projected, states in
        let h = states[0]
        let inputs = projected.split(into: 3, axis: 1)
        if !resetsAfter {
            let gates = product(h).split(into: 2, axis: 1)
            let z = recurrentActivation(inputs[0] + gates[0])
            let reset = recurrentActivation(inputs[1] + gates[1])
            let own = dropout.last.map { h * $0 } ?? h
            let candidate = activation(inputs[2] + matmul(reset * own, parts[1]))
            return [z * h + (1 - z) * candidate]
        }
        let own = product(h)
        let gates = (biases.count == 2 ? own + biases[1] : own).split(into: 3, axis: 1)
        let z = recurrentActivation(inputs[0] + gates[0])
        let reset = recurrentActivation(inputs[1] + gates[1])
        return [z * h + (1 - z) * activation(inputs[2] + reset * gates[2])]
    }
}

/// A step of one's own over a sequence.
///
///     recurrent(x, initial: [zeros], outputShape: [8]) { input, states in
///         let next = tanh(input + states[0])
///         return (next, [next])
///     }
///
/// - Shapes: x `[batch, time, ...]`; of a step `[batch, ...]`; states `[batch, ...]`, at least one.
/// - Parameters:
///   - outputShape: the shape of one sequence's output of a step.
///   - options: dropout is the step's own affair.
///   - step: the output and the states after a step, from its input and the states before.
/// - Errors: a number of steps that is not known while the graph is built is a mistake where they are to be unrolled.
/// - Source: Keras's `backend.rnn`.
public func recurrent<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, initial: [Tensor<Scalar>], outputShape: [Int],
    options: RecurrentOptions<Scalar> = RecurrentOptions(), name: String? = nil,
    step: (_ input: Tensor<Scalar>, _ states: [Tensor<Scalar>]) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>])
) -> RecurrentResult<Scalar> {
    let scope = name ?? "recurrent"
    return withGraph(x.value.graph) {
        withNameScope(scope) {
            guard let rank = x.shape.rank, rank >= 2, let steps = StepCount(x, options) else {
                return refused(x, initial, StepCount<Scalar>.fact(options), scope)
            }
            return turns(
                x.transposed(permutation: [1, 0] + Array(2..<rank)), steps, initial, options,
                outputShape: outputShape, step: step)
        }
    }
}

/// The product of the state with the recurrent kernel, whose gates each may see another part of the state.
private func product<Scalar: FloatingElement>(
    with kernel: Tensor<Scalar>, _ dropout: [Tensor<Scalar>]
) -> (Tensor<Scalar>) -> Tensor<Scalar> {
    if dropout.count <= 1 { return { state in matmul(dropout.first.map { state * $0 } ?? state, kernel) } }
    let kernels = kernel.split(into: dropout.count, axis: 1)
    return { state in concatenate(zip(dropout, kernels).map { matmul(state * $0, $1) }, axis: 1) }
}

/// How many steps sequences have, `[batch, steps, ...]`.
private struct StepCount<Scalar: FloatingElement> {
    /// Where it is known while the graph is built.
    let known: Int?
    /// The number, of rank 0.
    let value: Value

    /// - Returns: nil for no steps, and for an unknown number of steps that are to be unrolled.
    init?(_ x: Tensor<Scalar>, _ options: RecurrentOptions<Scalar>) {
        known = x.shape[1]
        if known.map({ $0 < 1 }) ?? options.unrolls { return nil }
        value = makeSize(of: x, axis: 1)
    }

    static func fact(_ options: RecurrentOptions<Scalar>) -> String {
        options.unrolls ? "the number of steps must be known to unroll them" : "there must be steps"
    }
}

/// What stands for the result of a mistake.
private func refused<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, _ states: [Tensor<Scalar>], _ fact: String, _ name: String
) -> RecurrentResult<Scalar> {
    if x.value.node.isSound {
        x.value.graph.report(
            Mistake(
                "\(fact); the inputs have shape \(x.shape)",
                hint: "give the placeholder its sizes, [batch, time, inputs]"), operation: name)
    }
    let nothing: Tensor<Scalar> = unmadeTensor(in: x.value.graph)
    return RecurrentResult(sequence: nothing, last: nothing, states: states.map { _ in nothing })
}

/// - Parameters:
///   - step: the states after a step, whose first is the output, from the projected inputs and the states before.
private func recur<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, _ kernel: Tensor<Scalar>, _ bias: Tensor<Scalar>?, initial: [Tensor<Scalar>?],
    _ options: RecurrentOptions<Scalar>, name: String, units: Int?,
    step: (Tensor<Scalar>, [Tensor<Scalar>]) -> [Tensor<Scalar>]
) -> RecurrentResult<Scalar> {
    withGraph(x.value.graph) {
        withNameScope(name) {
            let states = initial.map { $0 ?? x }
            guard x.shape.rank == 3, let units, let width = x.shape[2], let columns = kernel.shape[1] else {
                return refused(x, states, "the number of inputs and units must be known", name)
            }
            guard let steps = StepCount(x, options) else {
                return refused(x, states, StepCount<Scalar>.fact(options), name)
            }
            // Time first: a step's inputs are one row.
            let inputs = x.transposed(permutation: [1, 0, 2])
            func projected(_ factor: Tensor<Scalar>?, _ kernel: Tensor<Scalar>) -> Tensor<Scalar> {
                matmul((factor.map { inputs * $0 } ?? inputs).reshaped([-1, width]), kernel)
            }
            let dropout = options.inputDropout
            var product =
                dropout.count <= 1
                ? projected(dropout.first, kernel)
                : concatenate(
                    zip(dropout, kernel.split(into: dropout.count, axis: 1)).map { projected($0, $1) }, axis: 1)
            if let bias { product = product + bias }
            let rows = Tensor<Scalar>(
                makeReshape(
                    product.value,
                    shape: makePack([steps.value, makeSize(of: inputs, axis: 1), integerConstant(columns)], axis: 0)))
            let zero: Tensor<Scalar> = makeZeros([makeSize(of: inputs, axis: 1), integerConstant(units)])
            return turns(rows, steps, initial.map { $0 ?? zero }, options, outputShape: nil) { row, states in
                let after = step(row, states)
                return (after[0], after)
            }
        }
    }
}

/// Zeros for each sequence, such as a state before the first step.
///
/// - Shapes: x `[batch, ...]` → `[batch] + shape`.
package func zeroState<Scalar: FloatingElement>(for x: Tensor<Scalar>, shape: [Int]) -> Tensor<Scalar> {
    withGraph(x.value.graph) { makeZeros([makeSize(of: x, axis: 0)] + shape.map { integerConstant($0) }) }
}

/// The size of an axis: of rank 0, a constant where it is known while the graph is built.
private func makeSize<Scalar: FloatingElement>(of x: Tensor<Scalar>, axis: Int) -> Value {
    x.shape[axis].map { integerConstant($0) } ?? makePart(makeShape(x.value), axis: 0, at: axis)
}

/// Zeros whose shape is known as far as the sizes are.
private func makeZeros<Scalar: FloatingElement>(_ sizes: [Value]) -> Tensor<Scalar> {
    let known = sizes.map { $0.constant?.integers?.first }
    // As a constant where it can be, so that what is made of it has a known shape.
    let isKnown = !known.contains(nil)
    let shape = isKnown ? integerConstant(known.compactMap { $0 }) : makePack(sizes, axis: 0)
    let zeros = Tensor<Scalar>(makeZeros(Scalar.dtype, sizes: shape))
    // Only a stack of a known length is taken for the gradient's; else the loop would run twice.
    return isKnown ? zeros : ensureShape(zeros, Shape(known))
}

/// Passes through the steps.
///
/// - Parameters:
///   - rows: what each step is given, `[time, batch, ...]`.
///   - outputShape: the shape of one sequence's output; nil where the output is the first state.
private func turns<Scalar: FloatingElement>(
    _ rows: Tensor<Scalar>, _ steps: StepCount<Scalar>, _ start: [Tensor<Scalar>], _ options: RecurrentOptions<Scalar>,
    outputShape: [Int]?,
    step: (Tensor<Scalar>, [Tensor<Scalar>]) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>])
) -> RecurrentResult<Scalar> {
    var rows = rows
    var mask = options.mask?.transposed(permutation: [1, 0])
    if options.goesBackwards {
        rows = rows.reversed(axes: [0])
        mask = mask?.reversed(axes: [0])
    }
    let zeroOutput: Tensor<Scalar> =
        outputShape.map { makeZeros([makeSize(of: rows, axis: 1)] + $0.map { integerConstant($0) }) }
        ?? Tensor(makeZeros(like: start[0].value))

    func chosen(_ isSeen: Tensor<Bool>, _ after: Tensor<Scalar>, _ before: Tensor<Scalar>) -> Tensor<Scalar> {
        let rank = max(1, after.shape.rank ?? 2)
        return select(
            where: (1..<rank).reduce(isSeen) { seen, axis in seen.expandingDimension(at: axis) }, after, before)
    }
    /// The states and the output after a step.
    func advance(
        _ row: Tensor<Scalar>, _ isSeen: Tensor<Bool>?, _ before: [Tensor<Scalar>], _ output: Tensor<Scalar>
    ) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
        let after = step(row, before)
        guard let isSeen else { return after }
        return (
            chosen(isSeen, after.output, options.zerosMaskedOutputs ? zeroOutput : output),
            zip(after.states, before).map { chosen(isSeen, $0, $1) }
        )
    }

    if let count = steps.known, options.unrolls || count <= 1 {
        var (output, states) = (zeroOutput, start)
        var outputs: [Tensor<Scalar>] = []
        let masks = mask?.unstacked(axis: 0, count: count)
        for (number, row) in rows.unstacked(axis: 0, count: count).enumerated() {
            (output, states) = advance(row, masks?[number], states, output)
            outputs.append(output)
        }
        return RecurrentResult(sequence: stack(outputs, axis: 1), last: output, states: states)
    }
    // Carried: the number of the step, the states, then what was of all steps: the backward loop finds the states
    // there. The output is carried too where it is not the first state.
    let isOwn = mask != nil || outputShape != nil
    let count = start.count
    let first = start + (isOwn ? [zeroOutput] : [])
    func ofAllSteps(_ one: Tensor<Scalar>) -> Tensor<Scalar> {
        let sizes = (one.shape.dimensions ?? []).enumerated().map { axis, size in
            size.map { integerConstant($0) } ?? makePart(makeShape(one.value), axis: 0, at: axis)
        }
        return makeZeros([steps.value] + sizes)
    }
    let results = makeLoop([constant(0).value] + first.map(\.value) + first.map { ofAllSteps($0).value }, name: "steps")
    {
        let i = Tensor<Int32>($0[0])
        return (steps.known.map { less(i, Int32(clamping: $0)) } ?? less(i, Tensor(steps.value))).value
    } body: { carried in
        let i = Tensor<Int32>(carried[0])
        let before = carried[1...first.count].map { Tensor<Scalar>($0) }
        let all = carried.dropFirst(1 + first.count).map { Tensor<Scalar>($0) }
        let next = advance(
            gather(rows, i), mask.map { gather($0, i) }, Array(before.prefix(count)), before[before.count - 1])
        let after = next.states + (isOwn ? [next.output] : [])
        return [(i + 1).value] + after.map(\.value) + zip(all, after).map { $0.updating(row: i, to: $1).value }
    }
    let after = results[1...first.count].map { Tensor<Scalar>($0) }
    let all = Tensor<Scalar>(results[1 + first.count + (isOwn ? count : 0)])
    let rank = max(2, all.shape.rank ?? 3)
    return RecurrentResult(
        sequence: all.transposed(permutation: [1, 0] + Array(2..<rank)),
        last: isOwn ? after[count] : after[0], states: Array(after.prefix(count)))
}
