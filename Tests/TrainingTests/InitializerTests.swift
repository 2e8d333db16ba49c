import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing

@Suite struct InitializerTests {
    private func values(_ initializer: Initializer<Float>, _ shape: [Int], seed: Int = 5) throws -> NDArray<Float> {
        let graph = Graph()
        graph.seed = seed
        return try Session(graph: graph).run(graph.asDefault { initializer.makeTensor(shape) })
    }

    @Test(
        arguments: [
            (Initializer<Float>.glorotUniform(), [400, 200], 2.0 / 600), (.glorotNormal(), [400, 200], 2.0 / 600),
            (.heUniform(), [400, 200], 2.0 / 400), (.heNormal(), [400, 200], 2.0 / 400),
            (.lecunUniform(), [400, 200], 1.0 / 400), (.lecunNormal(), [400, 200], 1.0 / 400),
            // A 3×3 window of 64 inputs.
            (.heNormal(), [3, 3, 64, 128], 2.0 / 576),
            (.varianceScaling(scale: 3, mode: .fanOut, distribution: .normal), [50, 1000], 3.0 / 1000),
            (.varianceScaling(scale: 3, mode: .fanOut, distribution: .uniform), [3, 3, 50, 100], 3.0 / 900),
        ] as [(Initializer<Float>, [Int], Double)])
    func theVarianceFollowsFromTheShape(initializer: Initializer<Float>, shape: [Int], variance: Double) throws {
        let numbers = try values(initializer, shape).scalars.map(Double.init)
        let found = numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)
        // Of 50,000 numbers or more: the deviation of the estimate is below one per cent.
        #expect(abs(found / variance - 1) < 0.03)
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        #expect(abs(mean) < 4 * (variance / Double(numbers.count)).squareRoot())
    }

    @Test(arguments: [[5, 5], [12, 4], [3, 10], [3, 3, 2, 6], [300, 300], [64, 256]])
    func orthogonalWeightsHaveRightAngles(shape: [Int]) throws {
        let columns = shape.last ?? 1
        let rows = shape.dropLast().reduce(1, *)
        let matrix = try values(.orthogonal(gain: 2), shape).reshaped([rows, columns])
        let x = matrix.scalars.map(Double.init)
        let isTall = rows >= columns
        let count = min(rows, columns)
        var worst = 0.0
        for i in 0..<count {
            for j in i..<min(count, i + 5) {
                var product = 0.0
                for k in 0..<max(rows, columns) {
                    product +=
                        isTall ? x[k * columns + i] * x[k * columns + j] : x[i * columns + k] * x[j * columns + k]
                }
                worst = max(worst, abs(product - (i == j ? 4 : 0)))
            }
        }
        #expect(worst < 1e-4)
    }

    @Test func theIdentityMayBeLongerThanWide() throws {
        #expect(try values(.identity(gain: 2), [3, 2]).scalars == [2, 0, 0, 2, 0, 0])
        #expect(try values(.identity(), [1, 3]).scalars == [1, 0, 0])
    }

    @Test func shapesThatDoNotFitAreMistakes() {
        let graph = Graph()
        graph.asDefault {
            _ = Initializer<Float>.identity().makeTensor([2])
            _ = Initializer<Float>.orthogonal().makeTensor([2])
        }
        #expect(
            graph.diagnostics.map(\.message) == [
                "needs a shape of two axes, but is given [2]", "needs a shape of at least two axes, but is given [2]",
            ])
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func theSameSeedsGiveTensorFlowsWeights() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let text = try oracle.run(
            """
            import json, tensorflow as tf
            tf1 = tf.compat.v1
            def run(make):
                with tf.Graph().as_default(), tf1.Session() as session:
                    tf1.set_random_seed(5)
                    return [float(x) for x in session.run(make([6, 5])).ravel()]
            print(json.dumps([
                run(tf1.glorot_uniform_initializer(seed=3)), run(tf1.glorot_normal_initializer(seed=3)),
                run(tf1.variance_scaling_initializer(2.0, 'fan_out', 'untruncated_normal', seed=3)),
            ]))
            """)
        let expected = try JSONDecoder().decode([[Float]].self, from: Data(text.utf8))
        let found = try [
            values(.glorotUniform(seed: 3), [6, 5]), values(.glorotNormal(seed: 3), [6, 5]),
            values(.varianceScaling(scale: 2, mode: .fanOut, distribution: .normal, seed: 3), [6, 5]),
        ]
        for (found, expected) in zip(found, expected) {
            #expect(zip(found.scalars, expected).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) })
        }
    }
}
