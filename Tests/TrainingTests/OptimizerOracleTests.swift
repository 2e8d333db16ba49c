import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// An optimizer here and what makes the same one in Python.
struct OptimizerCase: Sendable, CustomTestStringConvertible {
    let python: String
    let optimizer: any Optimizer

    var testDescription: String { python }

    static let all: [OptimizerCase] = [
        OptimizerCase(python: "tf1.GradientDescentOptimizer(0.1)", optimizer: GradientDescent(learningRate: 0.1)),
        OptimizerCase(
            python: "tf1.MomentumOptimizer(0.05, 0.9)", optimizer: Momentum(learningRate: 0.05, momentum: 0.9)),
        OptimizerCase(
            python: "tf1.MomentumOptimizer(0.05, 0.9, use_nesterov=True)",
            optimizer: Momentum(learningRate: 0.05, momentum: 0.9, usesNesterov: true)),
        OptimizerCase(python: "tf1.AdagradOptimizer(0.2)", optimizer: Adagrad(learningRate: 0.2)),
        OptimizerCase(python: "tf1.AdadeltaOptimizer(1.0)", optimizer: Adadelta(learningRate: 1)),
        OptimizerCase(
            python: "tf1.RMSPropOptimizer(0.02, momentum=0.5)",
            optimizer: RMSProp(learningRate: 0.02, momentum: 0.5)),
        OptimizerCase(
            python: "tf1.RMSPropOptimizer(0.02, 0.8, 0.3, 1e-4, centered=True)",
            optimizer: RMSProp(learningRate: 0.02, decay: 0.8, momentum: 0.3, epsilon: 1e-4, isCentered: true)),
        OptimizerCase(python: "tf1.AdamOptimizer(0.05)", optimizer: Adam(learningRate: 0.05)),
        OptimizerCase(
            python: "tf1.AdamOptimizer(0.05, 0.7, 0.95, 1e-3)",
            optimizer: Adam(learningRate: 0.05, beta1: 0.7, beta2: 0.95, epsilon: 1e-3)),
        OptimizerCase(
            python: "tf1.FtrlOptimizer(0.3, l1_regularization_strength=0.01, l2_regularization_strength=0.02)",
            optimizer: Ftrl(learningRate: 0.3, l1: 0.01, l2: 0.02)),
        OptimizerCase(
            python: "tf1.FtrlOptimizer(0.3, -0.7, 0.2, 0.01, 0.02, l2_shrinkage_regularization_strength=0.1)",
            optimizer: Ftrl(
                learningRate: 0.3, learningRatePower: -0.7, initialAccumulatorValue: 0.2, l1: 0.01, l2: 0.02,
                l2Shrinkage: 0.1)),
        OptimizerCase(
            python: "k.SGD(0.05, momentum=0.9)",
            optimizer: Momentum(learningRate: 0.05, momentum: 0.9, accumulatesSteps: true)),
        OptimizerCase(
            python: "k.SGD(0.05, momentum=0.9, nesterov=True)",
            optimizer: Momentum(learningRate: 0.05, momentum: 0.9, usesNesterov: true, accumulatesSteps: true)),
        OptimizerCase(
            python: "k.RMSprop(0.02, centered=True, momentum=0.1)",
            optimizer: RMSProp(learningRate: 0.02, momentum: 0.1, epsilon: 1e-7, isCentered: true, initialMeanSquare: 0)
        ),
        OptimizerCase(python: "k.Adagrad(0.2)", optimizer: Adagrad(learningRate: 0.2)),
        OptimizerCase(python: "k.Adadelta(1.0)", optimizer: Adadelta(learningRate: 1, epsilon: 1e-7)),
        OptimizerCase(python: "k.Adam(0.05)", optimizer: Adam(learningRate: 0.05, epsilon: 1e-7)),
        OptimizerCase(
            python: "k.Adam(0.05, amsgrad=True)",
            optimizer: Adam(learningRate: 0.05, epsilon: 1e-7, usesAmsgrad: true)),
        OptimizerCase(python: "k.AdamW(0.05)", optimizer: AdamW(learningRate: 0.05)),
        OptimizerCase(
            python: "k.AdamW(0.05, weight_decay=0.3)", optimizer: AdamW(learningRate: 0.05, weightDecay: 0.3)),
        OptimizerCase(python: "k.Adamax(0.05)", optimizer: Adamax(learningRate: 0.05)),
        OptimizerCase(python: "k.Nadam(0.05)", optimizer: Nadam(learningRate: 0.05)),
        OptimizerCase(python: "k.Lion(0.01)", optimizer: Lion(learningRate: 0.01)),
        OptimizerCase(
            python: "k.Ftrl(0.3, l1_regularization_strength=0.01, beta=0.5)",
            optimizer: Ftrl(learningRate: 0.3, l1: 0.01, beta: 0.5)),
        OptimizerCase(
            python: "k.Adam(0.05, clipnorm=0.5)",
            optimizer: Adam(learningRate: 0.05, epsilon: 1e-7).clippingGradients(.norm(0.5))),
        OptimizerCase(
            python: "k.Adam(0.05, global_clipnorm=0.5)",
            optimizer: Adam(learningRate: 0.05, epsilon: 1e-7).clippingGradients(.globalNorm(0.5))),
        OptimizerCase(
            python: "k.Adam(0.05, clipvalue=0.2)",
            optimizer: Adam(learningRate: 0.05, epsilon: 1e-7).clippingGradients(.value(0.2))),
        OptimizerCase(
            python: "k.SGD(keras.optimizers.schedules.ExponentialDecay(0.2, 3, 0.7))",
            optimizer: GradientDescent(
                learningRate: ExponentialDecay(0.2, decaySteps: 3, decayRate: 0.7).learningRate)),
    ]
}

/// What Python makes of all cases: for each the values of both variables after each of twenty steps.
private let script = """
    import json, sys
    import numpy as np
    import tensorflow as tf
    import keras
    class tf1: pass
    for name in ["GradientDescent", "Momentum", "Adagrad", "Adadelta", "RMSProp", "Adam", "Ftrl"]:
        setattr(tf1, name + "Optimizer", getattr(tf.compat.v1.train, name + "Optimizer"))
    k = keras.optimizers
    W = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], np.float32)
    E = np.array([[1.0, -2.0], [0.5, 0.5], [-1.0, 3.0], [0.25, -0.5], [2.0, 1.0]], np.float32)
    X = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 2.0], [-2.0, 0.0, 1.0], [1.0, 1.0, 1.0]], np.float32)
    Y = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0], [0.5, 0.5]], np.float32)
    # Every step looks at other rows; some twice, some never.
    ROWS = np.array([[0, 2, 2, 4], [2, 0, 0, 0]], np.int32)
    def loss(w, e, rows):
        return tf.reduce_mean(tf.square(tf.matmul(X, w) + tf.gather(e, rows) - Y))
    results = []
    for case in json.loads(sys.argv[1]):
        values = []
        if case.startswith("tf1"):
            graph = tf.Graph()
            with graph.as_default(), tf.compat.v1.Session() as session:
                w, e = [tf.compat.v1.get_variable(n, initializer=v, use_resource=True) for n, v in [("w", W), ("e", E)]]
                rows = tf.compat.v1.placeholder(tf.int32, [4])
                train = eval(case).minimize(loss(w, e, rows))
                session.run(tf.compat.v1.global_variables_initializer())
                for step in range(20):
                    session.run(train, {rows: ROWS[step % 2]})
                    values += [float(x) for v in session.run([w, e]) for x in v.ravel()]
        else:
            w, e = tf.Variable(W), tf.Variable(E)
            optimizer = eval(case)
            for step in range(20):
                with tf.GradientTape() as tape:
                    value = loss(w, e, ROWS[step % 2])
                gradients = [tf.convert_to_tensor(g) for g in tape.gradient(value, [w, e])]
                optimizer.apply(gradients, [w, e])
                values += [float(x) for v in [w, e] for x in v.numpy().ravel()]
        results.append(values)
    print(json.dumps(results))
    """

@Suite struct OptimizerOracleTests {
    private func values(_ optimizer: some Optimizer) throws -> [Float] {
        try Graph().asDefault {
            let w = Variable(try NDArray<Float>([[0.5, -1], [2, 0.25], [-0.75, 1.5]]), name: "w")
            let e = Variable(
                try NDArray<Float>([[1, -2], [0.5, 0.5], [-1, 3], [0.25, -0.5], [2, 1]]), name: "e")
            let x = constant([[1, 2, -1], [0.5, -1, 2], [-2, 0, 1], [1, 1, 1]] as [[Float]])
            let y = constant([[1, 0], [0, 1], [2, -1], [0.5, 0.5]] as [[Float]])
            let rows = placeholder(Int32.self, [4])
            let loss = square(matmul(x, w) + gather(e, rows) - y).mean()
            let train = optimizer.minimize(loss)
            let session = Session()
            try session.initializeVariables()
            var values: [Float] = []
            for step in 0..<20 {
                try session.run(train, feeding: rows.fed(NDArray(step % 2 == 0 ? [0, 2, 2, 4] : [2, 0, 0, 0])))
                values += try session.run(w).scalars + session.run(e).scalars
            }
            return values
        }
    }

    private func wholeValues(_ optimizer: some Optimizer) throws -> [Float] { try values(optimizer.updatingAllRows()) }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func optimizersFollowTensorFlowsAndKerass() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let cases = try JSONEncoder().encode(OptimizerCase.all.map(\.python))
        let text = try oracle.run(script, [String(decoding: cases, as: UTF8.self)])
        let expected = try JSONDecoder().decode([[Float]].self, from: Data(text.utf8))
        #expect(expected.count == OptimizerCase.all.count)
        for (testCase, expected) in zip(OptimizerCase.all, expected) {
            // Keras updates rows that were not looked up too.
            let isOfAllRows = testCase.python.hasPrefix("k.")
            let found = try isOfAllRows ? wholeValues(testCase.optimizer) : values(testCase.optimizer)
            #expect(found.count == expected.count)
            let worst = zip(found, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
            #expect(worst <= 1e-5, "\(testCase.python) differs by \(worst)")
        }
    }
}
