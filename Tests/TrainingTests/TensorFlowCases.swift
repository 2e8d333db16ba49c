// Functions of a few arrays, computed here and by TensorFlow and Keras: many cases in one Python process.

import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// A function of labels `y`, predictions `p` and perhaps weights `w`.
struct OracleCase: Sendable {
    let name: String
    /// A Python expression over `y`, `p`, `w`, with `tf`, `keras`, `K` (`keras.losses`), `M` (`keras.metrics`), `v1`.
    let python: String
    let arrays: [TestArray]
    /// Whether to compare the gradient with respect to `p` too.
    var hasGradient = true
    /// Whether the inputs' shapes are unknown, but for their ranks, while the graph is built.
    var isBatchUnknown = true
    var tolerance = 1e-9
    let build: @Sendable ([Tensor<Double>]) -> Tensor<Double>
}

extension OracleCase {
    /// What is computed here: the value, then the gradient.
    func values() throws -> [[Double]] {
        try Graph().asDefault {
            let inputs = arrays.map { array in
                placeholder(
                    Double.self,
                    isBatchUnknown && !array.shape.isEmpty
                        ? Shape([nil] + array.shape.dropFirst().map { Optional($0) }) : Shape(array.shape))
            }
            let result = build(inputs)
            let session = Session()
            let feeds = try zip(inputs, arrays).map {
                AnyTensor($0).fed(AnyArray(try NDArray(shape: $1.shape, $1.scalars)))
            }
            let value = try session.run(result, feeding: feeds).scalars
            guard hasGradient else { return [value] }
            return [value, try session.run(gradients(of: result, with: [inputs[1]])[0], feeding: feeds).scalars]
        }
    }

    /// Compares all cases with TensorFlow.
    static func check(_ cases: [OracleCase]) throws {
        guard let oracle = TensorFlowOracle.fromEnvironment else { return }
        let names = ["y", "p", "w", "v"]
        let lines = cases.map { each in
            let inputs = zip(names, each.arrays).map { "\($0)=np.array(\($1.scalars)).reshape(\($1.shape))" }
            let arguments = names.prefix(each.arrays.count).joined(separator: ", ")
            return "case(\(each.hasGradient ? "True" : "False"), lambda \(arguments): \(each.python), "
                + inputs.joined(separator: ", ") + ")"
        }
        let text = try oracle.run(
            """
            import numpy as np, tensorflow as tf, keras
            K, M, v1 = keras.losses, keras.metrics, tf.compat.v1
            def f32(x): return tf.cast(x, tf.float32)
            def show(x): print(' '.join(repr(float(e)) for e in np.array(x).reshape(-1)) or '-')
            def case(has_gradient, f, **arrays):
                inputs = {k: tf.constant(a, tf.float64) for k, a in arrays.items()}
                with tf.GradientTape() as tape:
                    tape.watch(inputs['p'])
                    result = f(**inputs)
                show(result)
                if has_gradient:
                    g = tape.gradient(result, inputs['p'])
                    show(np.zeros(inputs['p'].shape) if g is None else g)
            \(lines.joined(separator: "\n"))
            """)
        var found = text.split(separator: "\n").map { line in
            line == "-" ? [] : line.split(separator: " ").map { Double($0) ?? .signalingNaN }
        }[...]
        for each in cases {
            for (what, here) in zip(["value", "gradient"], try each.values()) {
                let line = found.popFirst()
                let there = try #require(line, "\(each.name)")
                #expect(here.count == there.count, "\(each.name): \(what) of \(here.count), not \(there.count)")
                for (index, (x, y)) in zip(here, there).enumerated() {
                    let isClose = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= each.tolerance * max(1, abs(y))
                    #expect(isClose, "\(each.name): \(what) \(index) is \(x), not \(y)")
                }
            }
        }
        #expect(found.isEmpty)
    }
}

/// An array for tests.
struct TestArray: Sendable {
    let shape: [Int]
    let scalars: [Double]

    init(_ shape: [Int], _ scalars: [Double]) {
        self.shape = shape
        self.scalars = scalars
    }

    /// Numbers of a range, the same in every run.
    init(_ shape: [Int], in range: ClosedRange<Double>, seed: UInt64) {
        var random = RandomStream(seed: seed)
        let numbers = (0..<shape.reduce(1, *)).map { _ in
            range.lowerBound + random.nextUniform() * (range.upperBound - range.lowerBound)
        }
        self.init(shape, numbers)
    }

    /// Whole numbers of a range, the same in every run.
    init(_ shape: [Int], of range: ClosedRange<Int>, seed: UInt64) {
        var random = RandomStream(seed: seed)
        self.init(shape, (0..<shape.reduce(1, *)).map { _ in Double(Int.random(in: range, using: &random)) })
    }
}
