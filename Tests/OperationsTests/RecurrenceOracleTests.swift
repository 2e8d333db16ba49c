import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Cells over sequences, and gradients of loops, compared with TensorFlow's: values, names of variables, and gradients
/// with respect to the inputs and all variables.
@Suite(.enabled(if: TensorFlowOracle.fromEnvironment != nil, "no Python with tensorflow"))
struct RecurrenceOracleTests {
    struct Case {
        let name: String
        /// The results, in Python, from `x`, `lengths`, `n` (`tf.compat.v1.nn`) and `cells` (`n.rnn_cell`).
        let python: String
        var shape = [2, 5, 3]
        let build: (Tensor<Double>) -> [Tensor<Double>]
    }

    private static func numbers(_ shape: [Int], _ seed: Int) throws -> NDArray<Double> {
        let count = shape.reduce(1, *)
        return try NDArray(shape: shape, (0..<count).map { Double(($0 * 7 + seed * 13) * 37 % 101) / 101 - 0.45 })
    }

    private func check(_ cases: [Case], needsCells: Bool) throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        var lines: [String] = []
        var found: [[String: [Double]]] = []
        for (number, item) in cases.enumerated() {
            try Graph().asDefault { () throws in
                let x = placeholder(Double.self, Shape(item.shape.map { Optional($0) }))
                let results = item.build(x)
                let variables = Graph.default.variables
                let loss = results.map { ($0 * $0).sum() }.reduce(constant(0)) { $0 + $1 }
                let handles = [x.value] + variables.map(\.handle)
                let slopes = gradientValues(of: [loss.value], seeds: [nil], with: handles).map { Tensor<Double>($0) }
                let session = Session()
                try session.initializeVariables()
                var values: [(variable: AnyVariable, value: AnyArray)] = []
                let input = try Self.numbers(item.shape, 1)
                lines.append("case \(number) \(item.python)")
                lines.append("x \(AnyArray(input).line)")
                for (index, variable) in variables.enumerated() {
                    let value = AnyArray(try Self.numbers(try #require(variable.type.shape.known), index + 2))
                    values.append((variable, value))
                    lines.append("variable \(variable.name) \(value.line)")
                }
                try session.setValues(values)
                var own: [String: [Double]] = [:]
                for (index, result) in results.enumerated() {
                    own["result \(index)"] = try session.run(result, feeding: x.fed(input)).scalars
                }
                for (index, slope) in slopes.enumerated() {
                    let name = index == 0 ? "x" : variables[index - 1].name
                    own["gradient \(name)"] = try session.run(slope, feeding: x.fed(input)).scalars
                }
                found.append(own)
            }
        }
        let folder = try TemporaryFolder()
        let path = try folder.write(Array(lines.joined(separator: "\n").utf8), to: "cases.txt")
        let text = try oracle.run(
            TensorFlowOracle.arrayLines + Self.script, [path, needsCells ? "cells" : "plain"])
        if text.hasPrefix("no cells") {
            print("cells are not compared with TensorFlow's: tf_keras, which has them, is not installed")
            return
        }
        var compared = 0
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "|").map(String.init)
            guard fields.count == 3, let number = Int(fields[0]) else {
                Issue.record("\(line)")
                continue
            }
            let item = cases[number]
            guard let own = found[number][fields[1]] else {
                Issue.record("\(item.name): there is no \(fields[1])")
                continue
            }
            let other = fields[2].split(separator: " ").compactMap { Double($0) }
            #expect(own.count == other.count, "\(item.name): \(fields[1])")
            let difference = zip(own, other).map { Swift.abs($0 - $1) / Swift.max(1, Swift.abs($1)) }.max() ?? 0
            #expect(difference < 1e-10, "\(item.name): \(fields[1]) differs by \(difference)")
            compared += 1
        }
        #expect(compared == found.reduce(0) { $0 + $1.count })
        print("compared \(compared) arrays of \(cases.count) cases with TensorFlow")
    }

    private static let script = """
        import os, sys
        if sys.argv[2] == "cells": os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tensorflow as tf
        tf1, n = tf.compat.v1, tf.compat.v1.nn
        tf1.disable_eager_execution()
        cells = None
        if sys.argv[2] == "cells":
            try:
                import tf_keras
                cells = n.rnn_cell
                cells.BasicLSTMCell
            except Exception:
                print("no cells")
                sys.exit(0)
        blocks = []
        for line in open(sys.argv[1]):
            kind, rest = line.rstrip("\\n").split(" ", 1)
            if kind == "case":
                number, code = rest.split(" ", 1)
                blocks.append((number, code, {}, []))
            elif kind == "x": blocks[-1][3].append(decode(rest))
            else:
                name, array = rest.split(" ", 1)
                blocks[-1][2][name] = decode(array)
        for number, code, values, inputs in blocks:
            try:
                with tf.Graph().as_default(), tf1.Session() as session:
                    x = tf1.placeholder(tf.float64, inputs[0].shape)
                    lengths = tf.constant([5, 3])
                    def variable(name): return tf1.get_variable(name, initializer=values[name])
                    results = tf.nest.flatten(eval(code))
                    variables = tf1.global_variables()
                    names = [v.op.name for v in variables]
                    if sorted(names) != sorted(values):
                        print(number, "variables", names, "instead of", sorted(values))
                        continue
                    loss = tf.add_n([tf.reduce_sum(r * r) for r in results])
                    slopes = tf.gradients(loss, [x] + variables)
                    session.run(tf1.global_variables_initializer())
                    for v, name in zip(variables, names): v.load(values[name], session)
                    fetched = session.run(results + [tf.convert_to_tensor(s) for s in slopes], {x: inputs[0]})
                    labels = [f"result {i}" for i in range(len(results))] + [f"gradient {s}" for s in ["x"] + names]
                    for label, array in zip(labels, fetched):
                        print(f"{number}|{label}|" + " ".join(repr(float(e)) for e in np.asarray(array).reshape(-1)))
            except Exception as error:
                print(number, code, type(error).__name__, str(error).replace("\\n", " ")[:300])
        """

    @Test func cellsAreThoseOfTensorFlow1() throws {
        func lengths() -> Tensor<Int32> { constant([5, 3]) }
        func flat(_ result: (outputs: Tensor<Double>, states: [Tensor<Double>])) -> [Tensor<Double>] {
            [result.outputs] + result.states
        }
        try check(
            [
                Case(name: "basic", python: "n.dynamic_rnn(cells.BasicRNNCell(4), x, dtype=tf.float64)") {
                    flat(dynamicRNN(BasicRNNCell<Double>(4), $0))
                },
                Case(
                    name: "LSTM",
                    python: "n.dynamic_rnn(cells.BasicLSTMCell(4, forget_bias=0.5), x, lengths, dtype=tf.float64)"
                ) {
                    flat(dynamicRNN(BasicLSTMCell<Double>(4, forgetBias: 0.5), $0, sequenceLengths: lengths()))
                },
                Case(
                    name: "peepholes",
                    python:
                        "n.dynamic_rnn(cells.LSTMCell(4, use_peepholes=True, cell_clip=0.1, num_proj=2, proj_clip=0.02), "
                        + "x, lengths, dtype=tf.float64)"
                ) {
                    let cell = LSTMCell<Double>(
                        4, usesPeepholes: true, cellClip: 0.1, projectionSize: 2, projectionClip: 0.02)
                    return flat(dynamicRNN(cell, $0, sequenceLengths: lengths()))
                },
                Case(
                    name: "peepholes alone",
                    python: "n.dynamic_rnn(cells.LSTMCell(3, use_peepholes=True), x, dtype=tf.float64)"
                ) {
                    flat(dynamicRNN(LSTMCell<Double>(3, usesPeepholes: true), $0))
                },
                Case(
                    name: "GRU, time first",
                    python: "n.dynamic_rnn(cells.GRUCell(4), x, lengths, dtype=tf.float64, time_major=True)",
                    shape: [5, 2, 3]
                ) {
                    flat(dynamicRNN(GRUCell<Double>(4), $0, sequenceLengths: lengths(), timeMajor: true))
                },
                Case(
                    name: "initial states",
                    python:
                        "n.dynamic_rnn(cells.GRUCell(2), x, initial_state=x[:, 1, :2] * 2)"
                ) { x in
                    let start = x[.all, 1, 0..<2] * 2
                    return flat(dynamicRNN(GRUCell<Double>(2), x, initialStates: [start]))
                },
                Case(
                    name: "two layers",
                    python:
                        "n.dynamic_rnn(cells.MultiRNNCell([cells.GRUCell(4), cells.BasicLSTMCell(2)]), x, lengths, "
                        + "dtype=tf.float64)"
                ) {
                    let cell = MultiRNNCell<Double>([GRUCell<Double>(4), BasicLSTMCell<Double>(2)])
                    return flat(dynamicRNN(cell, $0, sequenceLengths: lengths()))
                },
                Case(
                    name: "residual",
                    python: "n.dynamic_rnn(cells.ResidualWrapper(cells.GRUCell(3)), x, dtype=tf.float64)"
                ) {
                    flat(dynamicRNN(ResidualWrapper(GRUCell<Double>(3)), $0))
                },
                Case(
                    name: "both directions",
                    python:
                        "n.bidirectional_dynamic_rnn(cells.BasicLSTMCell(4), cells.GRUCell(3), x, lengths, "
                        + "dtype=tf.float64)"
                ) {
                    let (forward, backward) = bidirectionalDynamicRNN(
                        forward: BasicLSTMCell<Double>(4), backward: GRUCell<Double>(3), $0,
                        sequenceLengths: lengths())
                    return [forward.outputs, backward.outputs] + forward.states + backward.states
                },
                Case(
                    name: "unrolled",
                    python:
                        "n.static_rnn(cells.BasicLSTMCell(4), tf.unstack(x, axis=1), dtype=tf.float64, "
                        + "sequence_length=lengths)"
                ) {
                    let (outputs, states) = staticRNN(
                        BasicLSTMCell<Double>(4), $0.unstacked(axis: 1, count: 5), sequenceLengths: lengths())
                    return outputs + states
                },
            ], needsCells: true)
    }

    @Test func gradientsOfLoopsAreTensorFlows() throws {
        try check(
            [
                Case(
                    name: "several carried values",
                    python:
                        "tf.while_loop(lambda i, h, c, k: i < 4, lambda i, h, c, k: (i + 1, tf.tanh(h @ w + x[i]), "
                        + "c * 0.5 + h * tf.cast(k, tf.float64), k + i), (0, x[0], x[1], 1))[1:3] "
                        + "if (w := variable('w')) is not None else 0",
                    shape: [5, 3, 3]
                ) { x in
                    let w = Variable<Double>(.zeros, shape: [3, 3], name: "w")
                    let (_, h, c, _) = whileLoop(constant(0), x[0], x[1], constant(1)) { i, _, _, _ in
                        less(i, 4)
                    } body: { i, h, c, k in
                        let next = tanh(matmul(h, w) + gather(x, i))
                        let share = h * cast(k, to: Double.self)
                        return (i + 1, next, c * 0.5 + share, k + i)
                    }
                    return [h, c]
                },
                Case(
                    name: "a loop with a branch in a loop",
                    python:
                        "tf.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, tf.while_loop(lambda j, z: j < i, "
                        + "lambda j, z: (j + 1, tf.cond(tf.reduce_sum(z) > 0, lambda: z * tf.sin(x[j]), "
                        + "lambda: z + x[i] * z)), (0, h))[1]), (0, x[4]), maximum_iterations=3)[1:]",
                    shape: [5, 3]
                ) { x in
                    let rows = x
                    let (_, h) = whileLoop(constant(0), x[4]) { i, _ in
                        less(i, 3)
                    } body: { i, h in
                        let (_, z) = whileLoop(constant(0), h, maximumIterations: 3) { j, _ in
                            less(j, i)
                        } body: { j, z in
                            let next: Tensor<Double> = cond(greater(z.sum(), 0)) {
                                z * sin(gather(rows, j))
                            } else: {
                                z + gather(rows, i) * z
                            }
                            return (j + 1, next)
                        }
                        return (i + 1, z)
                    }
                    return [h]
                },
                Case(
                    name: "no turns",
                    python: "tf.while_loop(lambda i, h: i < 0, lambda i, h: (i + 1, h * h), (0, x))[1:]"
                ) { x in
                    let (_, h) = whileLoop(constant(0), x) { i, _ in
                        less(i, 0)
                    } body: { i, h in
                        (i + 1, h * h)
                    }
                    return [h]
                },
                Case(
                    name: "the gradient of a gradient",
                    python:
                        "tf.gradients(tf.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, h * h * x + h), (0, x))[1],"
                        + " x)"
                ) { x in
                    let (_, h) = whileLoop(constant(0), x) { i, _ in
                        less(i, 3)
                    } body: { i, h in
                        (i + 1, h * h * x + h)
                    }
                    return [gradients(of: h, with: x)]
                },
                Case(
                    name: "scans and folds",
                    python:
                        "[tf.scan(lambda s, r: tf.tanh(s * r + s), x), tf.scan(lambda s, r: s * r + 1.0, x, "
                        + "tf.ones([3], tf.float64), reverse=True), tf.foldl(lambda s, r: s * r + s, x), "
                        + "tf.foldr(lambda s, r: s * r + s, x), tf.map_fn(lambda r: tf.reduce_sum(r * r), x)]",
                    shape: [5, 3]
                ) { x in
                    [
                        scan(x) { tanh($0 * $1 + $0) },
                        scan(x, initial: ones([3]), reverse: true) { $0 * $1 + 1 },
                        foldl(x) { $0 * $1 + $0 }, foldr(x) { $0 * $1 + $0 }, mapFn(x) { ($0 * $0).sum() },
                    ]
                },
            ], needsCells: false)
    }
}
