import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

@Suite struct RegularizerTests {
    private func loss(_ regularizer: Regularizer, _ weight: NDArray<Double>) throws -> Double {
        try Graph().asDefault { try Session().scalar(regularizer(constant(weight))) }
    }

    @Test func lossesFollowTheirFormulas() throws {
        let weight = try NDArray<Double>([[1, -2], [0, 4]])
        #expect(try loss(.l1(0.5), weight) == 3.5)
        #expect(try loss(.l2(0.5), weight) == 10.5)
        #expect(try loss(.l1l2(l1: 1, l2: 2), weight) == 49)
        #expect(try loss(.l1l2(l1: 0, l2: 0), weight) == 0)
        // Rows (1, 0) and (3, 4) have the cosine 0.6; the one pair counts once.
        #expect(abs(try loss(.orthogonal(2), try NDArray([[1, 0], [3, 4]])) - 1.2) < 1e-12)
        #expect(abs(try loss(.orthogonal(2, of: .columns), try NDArray([[1, 0], [0, 7]]))) < 1e-12)
        // One row has no other.
        #expect(try loss(.orthogonal(), try NDArray([[1, 2]])) == 0)
    }

    @Test func severalWeightsAddUp() throws {
        try Graph().asDefault {
            let weights = [Variable<Double>(3, name: "a"), Variable<Double>(4, name: "b")]
            let loss = Regularizer.l2(0.5)(weights)
            let session = Session()
            try session.initializeVariables()
            #expect(try session.scalar(loss) == 12.5 as Double)
            #expect(try session.run(gradients(of: loss, with: weights)).map(\.scalar) == [3, 4])
        }
    }

    @Test func zerosHaveAFiniteGradient() throws {
        for regularizer in [Regularizer.l1(), .l2(), .orthogonal(), .orthogonal(of: .columns)] {
            try Graph().asDefault {
                let x = zeros([3, 3], as: Double.self)
                let found = try Session().run(gradients(of: regularizer(x), with: [x])[0]).scalars
                #expect(found == [Double](repeating: 0, count: 9))
            }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func lossesAreThoseOfKeras() throws {
        let x = TestArray([4, 3], in: -2...2, seed: 3)
        let cases: [(String, Regularizer)] = [
            ("L1()", .l1()), ("L1(0.3)", .l1(0.3)), ("L2()", .l2()), ("L2(0.3)", .l2(0.3)),
            ("L1L2(0.2, 0.3)", .l1l2(l1: 0.2, l2: 0.3)), ("OrthogonalRegularizer()", .orthogonal()),
            ("OrthogonalRegularizer(0.3, 'columns')", .orthogonal(0.3, of: .columns)),
        ]
        try OracleCase.check(
            cases.map { python, regularizer in
                // Keras computes in 32 bits.
                OracleCase(
                    name: python, python: "keras.regularizers.\(python)(f32(p))", arrays: [TestArray([], [0]), x],
                    isBatchUnknown: false, tolerance: 1e-6
                ) { regularizer($0[1]) }
            })
    }
}
