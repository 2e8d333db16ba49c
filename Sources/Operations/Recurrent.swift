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
    /// For each of the kernel's inputs and each sequence a factor, `[batch, inputs]`, the same at all steps.
    public var inputDropout: Tensor<Scalar>?
    /// The same for the state, `[batch, units]`.
    public var recurrentDropout: Tensor<Scalar>?

    public init(
        goesBackwards: Bool = false, unrolls: Bool = false, mask: Tensor<Bool>? = nil,
        inputDropout: Tensor<Scalar>? = nil, recurrentDropout: Tensor<Scalar>? = nil
    ) {
        self.goesBackwards = goesBackwards
        self.unrolls = unrolls
        self.mask = mask
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
}

/// `h = f(x·W + b + h·U)` over a sequence.
///
/// - Shapes: x `[batch, time, inputs]`, kernel `[inputs, units]`, recurrent kernel `[units, units]`, bias `[units]`.
/// - Parameters:
///   - initial: the state before the first step, `[batch, units]`; zeros if nil.
/// - Errors: a number of steps that is not known while the graph is built is a mistake.
/// - Source: Keras's `SimpleRNN`.
public func simpleRNN<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, kernel: Tensor<Scalar>, recurrentKernel: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    initial: Tensor<Scalar>? = nil, options: RecurrentOptions<Scalar> = RecurrentOptions(), name: String? = nil,
    activation: (Tensor<Scalar>) -> Tensor<Scalar> = { tanh($0) }
) -> RecurrentResult<Scalar> {
    recur(
        x, kernel, bias, initial: [initial], options, name: name ?? "simple_rnn",
        units: recurrentKernel.shape[0]
    ) { projected, states in
        [activation(projected + matmul(options.dropped(states[0]), recurrentKernel))]
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
    recur(
        x, kernel, bias, initial: [initial?.h, initial?.c], options, name: name ?? "lstm",
        units: recurrentKernel.shape[0]
    ) { projected, states in
        let gates = (projected + matmul(options.dropped(states[0]), recurrentKernel)).split(into: 4, axis: 1)
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
    let parts = resetsAfter ? [] : recurrentKernel.split(sizes: [2 * size, size], axis: 1)
    return recur(x, kernel, biases.first, initial: [initial], options, name: name ?? "gru", units: units) {
        projected, states in
        let h = states[0]
        let own = options.dropped(h)
        let inputs = projected.split(into: 3, axis: 1)
        if !resetsAfter {
            let gates = matmul(own, parts[0]).split(into: 2, axis: 1)
            let z = recurrentActivation(inputs[0] + gates[0])
            let reset = recurrentActivation(inputs[1] + gates[1])
            let candidate = activation(inputs[2] + matmul(reset * own, parts[1]))
            return [z * h + (1 - z) * candidate]
        }
        var product = matmul(own, recurrentKernel)
        if biases.count == 2 { product = product + biases[1] }
        let gates = product.split(into: 3, axis: 1)
        let z = recurrentActivation(inputs[0] + gates[0])
        let reset = recurrentActivation(inputs[1] + gates[1])
        return [z * h + (1 - z) * activation(inputs[2] + reset * gates[2])]
    }
}

extension RecurrentOptions {
    fileprivate func dropped(_ state: Tensor<Scalar>) -> Tensor<Scalar> { recurrentDropout.map { state * $0 } ?? state }
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
            var inputs = x
            if let dropout = options.inputDropout { inputs = inputs * dropout.expandingDimension(at: 1) }
            // Time first: a step's inputs are one row.
            inputs = inputs.transposed(permutation: [1, 0, 2])
            var mask = options.mask?.transposed(permutation: [1, 0])
            if options.goesBackwards {
                inputs = inputs.reversed(axes: [0])
                mask = mask?.reversed(axes: [0])
            }
            guard let steps = inputs.shape[0], let units, let width = inputs.shape[2], let columns = kernel.shape[1]
            else {
                x.value.graph.report(
                    Mistake(
                        "the number of steps, inputs and units must be known; the inputs have shape \(x.shape)",
                        hint: "give the placeholder its sizes, [batch, time, inputs]"), operation: name)
                return RecurrentResult(sequence: x, last: x, states: initial.map { _ in x })
            }
            let flat = inputs.reshaped([-1, width])
            var product = matmul(flat, kernel)
            if let bias { product = product + bias }
            let batch = inputs.shape[1]
            let projected = Tensor<Scalar>(
                makeReshape(
                    product.value,
                    shape: makePack(
                        [
                            integerConstant(steps),
                            batch.map { integerConstant($0) }
                                ?? makePart(makeShape(inputs.value), axis: 0, at: 1), integerConstant(columns),
                        ], axis: 0)))
            // As a constant where it can be, so that what is made of it has a known shape.
            let size =
                batch.map { integerConstant([$0, units]) }
                ?? makePack([makePart(makeShape(inputs.value), axis: 0, at: 1), integerConstant(units)], axis: 0)
            let zero = Tensor<Scalar>(
                makeValue(Fill(dtype: Scalar.dtype, indexType: size.dtype), [size, scalarConstant(0, Scalar.dtype)]))
            let start = initial.map { $0 ?? zero }

            /// The states and the output after a step.
            func advance(
                _ row: Tensor<Scalar>, _ isSeen: Tensor<Bool>?, _ before: [Tensor<Scalar>], _ output: Tensor<Scalar>
            )
                -> (states: [Tensor<Scalar>], output: Tensor<Scalar>)
            {
                let after = step(row, before)
                guard let isSeen else { return (after, after[0]) }
                let seen = isSeen.expandingDimension(at: 1)
                let kept = zip(after, before).map { select(where: seen, $0, $1) }
                return (kept, select(where: seen, after[0], output))
            }

            var (states, last) = (start, zero)
            var sequence: Tensor<Scalar>
            if options.unrolls || steps <= 1 {
                var outputs: [Tensor<Scalar>] = []
                let masks = mask?.unstacked(axis: 0, count: steps)
                for (number, row) in projected.unstacked(axis: 0, count: steps).enumerated() {
                    (states, last) = advance(row, masks?[number], states, last)
                    outputs.append(last)
                }
                sequence = stack(outputs, axis: 1)
            } else {
                let isTwo = states.count == 2
                // The states of all steps are kept: the backward loop finds them there.
                let long =
                    batch.map { integerConstant([steps, $0, units]) }
                    ?? makeConcatenation([integerConstant([steps]), size], axis: integerConstant(0))
                let filled = Tensor<Scalar>(
                    makeValue(
                        Fill(dtype: Scalar.dtype, indexType: long.dtype), [long, scalarConstant(0, Scalar.dtype)]))
                // Only a stack of a known length is taken for the gradient's; else the loop would run twice.
                let rows = ensureShape(filled, Shape([steps, batch, units]))
                let (_, h, c, output, hs, _, outputs) = whileLoop(
                    constant(0), states[0], isTwo ? states[1] : constant(.zero), zero, rows,
                    isTwo ? rows : constant(.zero), mask == nil ? constant(.zero) : rows, name: "steps"
                ) { i, _, _, _, _, _, _ in
                    less(i, Int32(steps))
                } body: { i, h, c, output, hs, cs, outputs in
                    let seen = mask.map { gather($0, i) }
                    let next = advance(gather(projected, i), seen, isTwo ? [h, c] : [h], output)
                    return (
                        i + 1, next.states[0], isTwo ? next.states[1] : c, mask == nil ? output : next.output,
                        hs.updating(row: i, to: next.states[0]),
                        isTwo ? cs.updating(row: i, to: next.states[1]) : cs,
                        mask == nil ? outputs : outputs.updating(row: i, to: next.output)
                    )
                }
                states = isTwo ? [h, c] : [h]
                last = mask == nil ? h : output
                sequence = (mask == nil ? hs : outputs).transposed(permutation: [1, 0, 2])
            }
            return RecurrentResult(sequence: sequence, last: last, states: states)
        }
    }
}
