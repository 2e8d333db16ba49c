// Samples of reductions and of running sums and products.

import Graphs
import Operations
import Tensors

extension OpSample {
    static let reductions: [OpSample] =
        floatingReductions(Float.self) + floatingReductions(Double.self) + truths + integers

    private static func floatingReductions<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let anything = Domain.uniform(-2...2)
        // Away from zero, where the product of the others is not a quotient.
        let nonzero = Domain.uniform(0.5...2)
        let unique = Domain.distinct(-2...2)
        let shapes = [[2, 3], [0, 3], [4, 5]]
        func reduction(
            _ operation: String, in domain: Domain,
            _ reduce: @escaping @Sendable (Tensor<Scalar>, [Int]?, Bool) -> Tensor<Scalar>
        ) -> [OpSample] {
            [
                unary(operation, "of all", of: type, shapes: [[2, 3], []], in: domain) {
                    [reduce($0, nil, false).value]
                },
                unary(operation, "of rows", of: type, shapes: shapes, in: domain) { [reduce($0, [1], false).value] },
                unary(operation, "of columns", of: type, shapes: [[2, 3], [17, 5]], in: domain) {
                    [reduce($0, [-2], true).value]
                },
                unary(operation, "of two axes", of: type, shapes: [[2, 3, 4]], in: domain) {
                    [reduce($0, [0, 2], false).value]
                },
                unary(
                    operation, "of all, kept", of: type, shapes: [[2, 3]], in: domain,
                    needs: operation == "Prod"
                        ? .ranks(reason: "the axes are constant where the rank is known") : .nothing
                ) { [reduce($0, nil, true).value] },
            ].flatMap { $0 }
        }
        let needsElements: @Sendable (String) -> GradientExpectation = {
            .none(reason: "\($0) yields positions, which do not change smoothly")
        }
        return [
            reduction("Sum", in: anything) { $0.sum(axes: $1, keepDimensions: $2) },
            reduction("Mean", in: anything) { $0.mean(axes: $1, keepDimensions: $2) },
            reduction("Prod", in: nonzero) { $0.product(axes: $1, keepDimensions: $2) },
            reduction("Max", in: unique) { $0.max(axes: $1, keepDimensions: $2) },
            reduction("Min", in: unique) { $0.min(axes: $1, keepDimensions: $2) },
            unary("Mean", "as variance", of: type, shapes: [[4, 5]], in: anything) { [$0.variance(axis: 1).value] },
            unary("Sum", "as logSumExp", of: type, shapes: [[4, 5], [3]], in: unique) {
                [$0.logSumExp(axis: -1).value]
            },
            unary("ArgMax", of: type, shapes: [[2, 3], [4, 5]], in: unique, gradient: needsElements("ArgMax")) {
                [argmax($0, axis: 1).value]
            },
            unary("ArgMin", of: type, shapes: [[2, 3], [5, 4]], in: unique, gradient: needsElements("ArgMin")) {
                [argmin($0, axis: 0).value]
            },
            unary("L2Loss", of: type, shapes: [[2, 3], [], [0]], in: anything) { [l2Loss($0).value] },
            unary("Cumsum", of: type, shapes: [[2, 3], [5, 1]], in: anything) { [$0.cumulativeSum(axis: 1).value] },
            unary("Cumsum", "exclusive", of: type, shapes: [[2, 3], [0, 3]], in: anything) {
                [$0.cumulativeSum(axis: 0, exclusive: true).value]
            },
            unary("Cumsum", "reversed", of: type, shapes: [[2, 3]], in: anything) {
                [
                    $0.cumulativeSum(axis: -1, reverse: true).value,
                    $0.cumulativeSum(axis: -1, exclusive: true, reverse: true).value,
                ]
            },
            unary("Cumprod", of: type, shapes: [[2, 3], [5, 1]], in: nonzero) { [$0.cumulativeProduct(axis: 1).value] },
            unary("Cumprod", "exclusive", of: type, shapes: [[2, 3]], in: nonzero) {
                [$0.cumulativeProduct(axis: 1, exclusive: true).value]
            },
            unary("Cumprod", "reversed", of: type, shapes: [[2, 3]], in: nonzero) {
                [$0.cumulativeProduct(axis: 0, reverse: true).value]
            },
        ].flatMap { $0 }
    }

    private static let truths: [OpSample] = [
        unary("All", of: Bool.self, shapes: [[2, 3], [0, 3], []], in: .truth) { [$0.all().value] },
        unary("All", "of rows", of: Bool.self, shapes: [[4, 2], [2, 0]], in: .truth) {
            [$0.all(axis: 1, keepDimensions: true).value]
        },
        unary("Any", of: Bool.self, shapes: [[2, 3], [0, 3], []], in: .truth) { [$0.any().value] },
        unary("Any", "of columns", of: Bool.self, shapes: [[2, 4]], in: .truth) { [$0.any(axis: 0).value] },
    ].flatMap { $0 }

    private static let integers: [OpSample] = [
        unary("Sum", of: Int32.self, shapes: [[2, 3]], in: .integers(-9...9)) { [$0.sum(axis: 0).value] },
        unary("Mean", of: Int32.self, shapes: [[2, 3], [5, 2]], in: .integers(-9...9)) { [$0.mean(axis: 0).value] },
        unary("Prod", of: Int64.self, shapes: [[2, 3]], in: .integers(-9...9)) { [$0.product().value] },
        unary("Max", of: Int32.self, shapes: [[2, 3]], in: .integers(-9...9)) { [$0.max(axis: 1).value] },
        unary("Min", of: UInt8.self, shapes: [[2, 3]], in: .integers(0...255)) { [$0.min().value] },
        unary("ArgMax", of: Int32.self, shapes: [[3, 4]], in: .integers(0...2)) { [argmax($0, axis: -1).value] },
        unary("Cumsum", of: Int32.self, shapes: [[3, 4]], in: .integers(-9...9)) { [$0.cumulativeSum(axis: 0).value] },
    ].flatMap { $0 }
}
