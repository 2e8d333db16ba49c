// Cells over whole sequences, as TensorFlow 1's `dynamic_rnn` and its like: as a loop or unrolled, in one direction or
// both. The products of weights and inputs stay inside the steps, as cells may do anything; `lstm` and its like do them
// before the loop.

public import Graphs
public import Tensors

/// A cell over sequences, step by step in a loop.
///
///     let (outputs, states) = dynamicRNN(BasicLSTMCell<Float>(128), x, sequenceLengths: lengths)
///
/// - Shapes: inputs `[batch, time, inputs]` → outputs `[batch, time, outputSize]`; time-major `[time, batch, ...]` both.
/// - Parameters:
///   - sequenceLengths: `[batch]`: past its length a sequence's outputs are zeros, and its states stay.
///   - initialStates: `[batch, size]` each; zeros if nil.
///   - timeMajor: whether time stands first.
///   - name: the scope of the variables and the loop.
/// - Returns: the outputs of all steps, and the states after the last.
/// - Errors: inputs of another rank, and a number of inputs that is not known while the graph is built, are mistakes. The
///   number of steps may differ from run to run.
/// - Source: TensorFlow 1's `nn.dynamic_rnn`; the same names of variables.
public func dynamicRNN<Scalar: FloatingElement>(
    _ cell: some RNNCell<Scalar>, _ inputs: Tensor<Scalar>, sequenceLengths: Tensor<Int32>? = nil,
    initialStates: [Tensor<Scalar>]? = nil, timeMajor: Bool = false, name: String = "rnn"
) -> (outputs: Tensor<Scalar>, states: [Tensor<Scalar>]) {
    withGraph(inputs.graph) {
        withNameScope(name) {
            let mistake = SequenceMistake(cell, inputs, timeMajor, lengths: sequenceLengths, initialStates)
            guard mistake.found == nil, let depth = inputs.shape[2] else {
                Graph.default.report(mistake.found ?? Mistake("the inputs are not known"), operation: name)
                return (unmadeTensor(in: inputs.graph), cell.stateSizes.map { _ in unmadeTensor(in: inputs.graph) })
            }
            cell.build(inputSize: depth)
            let x = timeMajor ? inputs : inputs.transposed(permutation: [1, 0, 2])
            let batch = makePart(makeShape(x.value), axis: 0, at: 1)
            let steps = x.shape[0].map { integerConstant($0) } ?? makePart(makeShape(x.value), axis: 0, at: 0)
            let start = initialStates ?? cell.zeroStates(batch: batch, known: x.shape[1])
            // Every state of every step is kept: the gradient finds them there.
            func rows(_ width: Int) -> Value {
                let sizes =
                    Shape([x.shape[0], x.shape[1], width]).known.map { integerConstant($0) }
                    ?? makePack([steps, batch, integerConstant(width)], axis: 0)
                let zeros = Tensor<Scalar>(makeZeros(Scalar.dtype, sizes: sizes))
                // Only a stack of a known length is taken for the gradient's; else the loop would run twice.
                return ensureShape(zeros, Shape([x.shape[0], x.shape[1], width])).value
            }
            let kept = (cell.stateSizes + [cell.outputSize]).map(rows)
            let count = start.count
            let results = makeLoop(
                [integerConstant(0)] + start.map(\.value) + kept, maximumIterations: nil, name: "while"
            ) { values in
                elementwise(.less, [values[0], x.shape[0].map { integerConstant($0) } ?? steps])
            } body: { values in
                let turn = values[0]
                let before = values[1...count].map { Tensor<Scalar>($0) }
                var (output, after) = cell(Tensor(makeRow(x.value, number: turn)), before)
                if let sequenceLengths {
                    (output, after) = held(output, after, before, less(Tensor<Int32>(turn), sequenceLengths))
                }
                let next = after.map(\.value)
                let rows = zip(values[(count + 1)...], next + [output.value]).map {
                    makeRowUpdate($0, number: turn, row: $1)
                }
                return [turn + integerConstant(1)] + next + rows
            }
            let outputs = Tensor<Scalar>(results[results.count - 1])
            return (
                timeMajor ? outputs : outputs.transposed(permutation: [1, 0, 2]),
                results[1...count].map { Tensor<Scalar>($0) }
            )
        }
    }
}

/// A cell over the steps of sequences, one after the other without a loop.
///
/// - Shapes: inputs `[batch, inputs]` each → outputs `[batch, outputSize]` each.
/// - Parameters: as for `dynamicRNN`.
/// - Errors: no steps are a mistake.
/// - Source: TensorFlow 1's `nn.static_rnn`; the same names of variables.
public func staticRNN<Scalar: FloatingElement>(
    _ cell: some RNNCell<Scalar>, _ inputs: [Tensor<Scalar>], sequenceLengths: Tensor<Int32>? = nil,
    initialStates: [Tensor<Scalar>]? = nil, name: String = "rnn"
) -> (outputs: [Tensor<Scalar>], states: [Tensor<Scalar>]) {
    guard let first = inputs.first else {
        Graph.default.report(Mistake("there are no steps"), operation: name)
        return ([], cell.stateSizes.map { _ in unmadeTensor(in: .default) })
    }
    return withGraph(first.graph) {
        withNameScope(name) {
            if let depth = first.shape[-1] { cell.build(inputSize: depth) }
            var states = initialStates ?? cell.zeroStates(like: first)
            var outputs: [Tensor<Scalar>] = []
            for (number, input) in inputs.enumerated() {
                var (output, after) = cell(input, states)
                if let sequenceLengths {
                    (output, after) = held(output, after, states, greater(sequenceLengths, Int32(clamping: number)))
                }
                outputs.append(output)
                states = after
            }
            return (outputs, states)
        }
    }
}

/// Two cells over sequences, the second from the end of each sequence to its start.
///
/// - Shapes: inputs `[batch, time, inputs]` → outputs `[batch, time, outputSize]` of each cell, at the places of their
///   inputs.
/// - Parameters: as for `dynamicRNN`.
/// - Errors: as for `dynamicRNN`.
/// - Source: TensorFlow 1's `nn.bidirectional_dynamic_rnn`; variables under `bidirectional_rnn/fw` and `bw`.
public func bidirectionalDynamicRNN<Scalar: FloatingElement>(
    forward: some RNNCell<Scalar>, backward: some RNNCell<Scalar>, _ inputs: Tensor<Scalar>,
    sequenceLengths: Tensor<Int32>? = nil, initialForward: [Tensor<Scalar>]? = nil,
    initialBackward: [Tensor<Scalar>]? = nil, timeMajor: Bool = false, name: String = "bidirectional_rnn"
) -> (
    forward: (outputs: Tensor<Scalar>, states: [Tensor<Scalar>]),
    backward: (outputs: Tensor<Scalar>, states: [Tensor<Scalar>])
) {
    withGraph(inputs.graph) {
        withNameScope(name) {
            let first = dynamicRNN(
                forward, inputs, sequenceLengths: sequenceLengths, initialStates: initialForward,
                timeMajor: timeMajor, name: "fw")
            guard inputs.shape.rank == 3 else { return (first, first) }
            let turned = reversedSequences(inputs, sequenceLengths, timeMajor: timeMajor)
            let second = dynamicRNN(
                backward, turned, sequenceLengths: sequenceLengths, initialStates: initialBackward,
                timeMajor: timeMajor, name: "bw")
            let outputs = reversedSequences(second.outputs, sequenceLengths, timeMajor: timeMajor)
            return (first, (outputs, second.states))
        }
    }
}

/// The output and the states after a step that only some sequences take: of the others, zeros and the states before.
private func held<Scalar: FloatingElement>(
    _ output: Tensor<Scalar>, _ after: [Tensor<Scalar>], _ before: [Tensor<Scalar>], _ goesOn: Tensor<Bool>
) -> (output: Tensor<Scalar>, states: [Tensor<Scalar>]) {
    let goesOn = goesOn.expandingDimension(at: 1)
    return (select(where: goesOn, output, 0), zip(after, before).map { select(where: goesOn, $0, $1) })
}

/// The sequences from their ends to their starts; what lies past a sequence's end stays where it is.
private func reversedSequences<Scalar: FloatingElement>(
    _ x: Tensor<Scalar>, _ lengths: Tensor<Int32>?, timeMajor: Bool
) -> Tensor<Scalar> {
    guard let lengths else { return x.reversed(axes: [timeMajor ? 0 : 1]) }
    let rows = timeMajor ? x : x.transposed(permutation: [1, 0, 2])
    let sizes = makeShape(rows.value)
    let steps = rows.shape[0].map { integerConstant($0) } ?? makePart(sizes, axis: 0, at: 0)
    let batch = rows.shape[1].map { integerConstant($0) } ?? makePart(sizes, axis: 0, at: 1)
    func numbers(_ end: Value) -> Tensor<Int32> { range(constant(0), Tensor<Int32>(end), constant(1)) }
    let time = numbers(steps).expandingDimension(at: 1)
    let ends = lengths.expandingDimension(at: 0)
    let places = select(where: less(time, ends), ends - 1 - time, time + ends * 0)
    // Each place as a row of the matrix in which time and sequences are one axis.
    let flat = places * Tensor<Int32>(batch) + numbers(batch)
    let width = makePart(sizes, axis: 0, at: 2)
    let matrix = Tensor<Scalar>(
        makeReshape(rows.value, shape: makePack([integerConstant(-1), width], axis: 0)))
    let turned = ensureShape(gather(matrix, flat), rows.shape)
    return timeMajor ? turned : turned.transposed(permutation: [1, 0, 2])
}

/// What is wrong with sequences for a cell.
private struct SequenceMistake {
    let found: Mistake?

    init<Cell: RNNCell>(
        _ cell: Cell, _ inputs: Tensor<Cell.Scalar>, _ timeMajor: Bool, lengths: Tensor<Int32>?,
        _ initial: [Tensor<Cell.Scalar>]?
    ) {
        let layout = timeMajor ? "[time, batch, inputs]" : "[batch, time, inputs]"
        let shape = inputs.shape
        if let rank = shape.rank, rank != 3 {
            found = Mistake("the inputs must have shape \(layout), but have \(shape)")
        } else if shape[2] == nil {
            found = Mistake(
                "the number of inputs must be known; the inputs have shape \(shape)",
                hint: "give the placeholder its sizes, \(layout)")
        } else if cell.stateSizes.isEmpty {
            found = Mistake("the cell has no states")
        } else if let lengths, !lengths.shape.isCompatible(with: Shape([shape[timeMajor ? 1 : 0]])) {
            found = Mistake(
                "the lengths must have shape \(Shape([shape[timeMajor ? 1 : 0]])), but have \(lengths.shape)")
        } else if let initial, initial.count != cell.stateSizes.count {
            found = Mistake("the cell has \(cell.stateSizes.count) states, but \(initial.count) are given")
        } else {
            found = nil
        }
    }
}
