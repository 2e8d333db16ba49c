import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

@Suite struct ClippingTests {
    private func expect(
        _ expected: [Double], _ location: SourceLocation = #_sourceLocation, _ build: () -> Tensor<Double>
    ) throws {
        let found = try Graph().asDefault { try Session().run(build()).scalars }
        #expect(found.count == expected.count, sourceLocation: location)
        for (x, y) in zip(found, expected) {
            #expect(abs(x - y) <= 1e-15 * max(1, abs(y)), sourceLocation: location)
        }
    }

    @Test func aLongVectorIsShortenedAndAShortOneIsKept() throws {
        try expect([3, 4]) { clipByNorm(constant([3, 4]), 10) }
        try expect([6, 8]) { clipByNorm(constant([30, 40]), 10) }
        try expect([0.6, 0.8, 0.3, 0.4]) { clipByNorm(constant([[3, 4], [0.3, 0.4]]), 1, axes: [1]) }
    }

    @Test func zerosStayZerosAndHaveAGradient() throws {
        try expect([0, 0, 0]) { clipByNorm(zeros([3]), 1) }
        try expect([1, 1]) {
            let v = zeros([2], as: Double.self)
            return gradients(of: clipByNorm(v, 1).sum(), with: [v])[0]
        }
    }

    @Test func allTensorsTogetherAreShortenedAlike() throws {
        try Graph().asDefault {
            let parts = [constant([3.0]), constant([[0.0, 4.0]])]
            let (clipped, norm) = clipByGlobalNorm(parts, 1)
            let session = Session()
            #expect(try session.scalar(norm) == 5.0)
            #expect(try session.scalar(globalNorm(parts)) == 5.0)
            let found = try session.run(clipped).flatMap(\.scalars)
            for (x, y) in zip(found, [0.6, 0, 0.8]) { #expect(abs(x - y) < 1e-15) }
            #expect(try session.run(clipByGlobalNorm(parts, 6).clipped).flatMap(\.scalars) == [3, 0, 4])
        }
    }

    @Test func aNormThatIsNotFiniteIsSeenInEveryTensor() throws {
        for bad in [Double.infinity, .nan] {
            try Graph().asDefault {
                let clipped = clipByGlobalNorm([constant([1.0]), constant([bad])], 1).clipped
                let values = try Session().run(clipped).flatMap(\.scalars)
                #expect(values.allSatisfy { $0.isNaN })
            }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func clippingIsThatOfTensorFlow() throws {
        let x = TestArray([4, 3], in: -2...2, seed: 3)
        let other = TestArray([5], in: -1...1, seed: 4)
        func whole(
            _ python: String, _ build: @escaping @Sendable ([Tensor<Double>]) -> Tensor<Double>
        ) -> OracleCase {
            OracleCase(
                name: python, python: python, arrays: [other, x], isBatchUnknown: false, tolerance: 1e-12, build: build)
        }
        try OracleCase.check([
            whole("tf.clip_by_value(p, -0.5, 1.25)") { $0[1].clipped(to: -0.5...1.25) },
            whole("tf.clip_by_norm(p, 1.5)") { clipByNorm($0[1], 1.5) },
            whole("tf.clip_by_norm(p, 50.0)") { clipByNorm($0[1], 50) },
            whole("tf.clip_by_norm(p, 1.5, axes=[0])") { clipByNorm($0[1], 1.5, axes: [0]) },
            whole("tf.linalg.global_norm([y, p])") { globalNorm([$0[0], $0[1]]) },
            whole("tf.clip_by_global_norm([y, p], 2.0)[0][1]") { clipByGlobalNorm([$0[0], $0[1]], 2).clipped[1] },
            whole("tf.clip_by_global_norm([y, p], 2.0)[0][0]") { clipByGlobalNorm([$0[0], $0[1]], 2).clipped[0] },
        ])
    }

    // MARK: - Gradients

    /// The gradient of an embedding whose rows 1 and 1 and 3 were looked up.
    private func gradientOfRows() -> (VariableGradient<Double>, Variable<Double>) {
        let table = Variable<Double>(.zeros, shape: [5, 2], name: "table")
        let factors = constant([[3.0, 0], [0, 4], [12, 0]])
        let loss = (gather(table, constant([1, 1, 3] as [Int32])) * factors).sum()
        return (GradientDescent(learningRate: 1).computeGradients(loss)[0], table)
    }

    @Test(
        arguments: [
            // As TensorFlow: of looked-up rows the parts count as they are, before rows of one index are added up.
            (.norm(6.5), [[0, 0], [1.5, 2], [0, 0], [6, 0], [0, 0]]),
            (.globalNorm(6.5), [[0, 0], [1.5, 2], [0, 0], [6, 0], [0, 0]]),
            (.value(3.5), [[0, 0], [3, 3.5], [0, 0], [3.5, 0], [0, 0]]),
            (.norm(13), [[0, 0], [3, 4], [0, 0], [12, 0], [0, 0]]),
        ] as [(GradientClipping, [[Double]])])
    func gradientsOfRowsStayGradientsOfRows(clipping: GradientClipping, expected: [[Double]]) throws {
        try Graph().asDefault {
            let (pair, table) = gradientOfRows()
            let optimizer = Momentum(learningRate: 1, momentum: 0.5)
            let train = optimizer.applyGradients(clipped([pair], by: clipping))
            // The rows are updated, not the table.
            #expect(table.graph.nodes.contains { $0.type == "ResourceSparseApplyMomentum" })
            let session = Session()
            try session.initializeVariables()
            try session.run(train)
            for (found, expected) in zip(try session.run(table).scalars, expected.joined()) {
                #expect(abs(found + expected) < 1e-12, "\(found), not \(-expected)")
            }
        }
    }

    @Test func anOptimizerClipsBeforeItUpdates() throws {
        try Graph().asDefault {
            let v = Variable<Double>(NDArray([0, 0]), name: "v")
            let loss = (v * constant([30.0, 40])).sum()
            let train = GradientDescent(learningRate: 1).clippingGradients(.norm(10)).minimize(loss)
            let session = Session()
            try session.initializeVariables()
            try session.run(train)
            #expect(try session.run(v).scalars == [-6, -8])
        }
    }
}
