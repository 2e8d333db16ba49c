import Graphs
import Operations
import Tensors
import Testing
import Training

/// A mistake names the line of the user's program that made it, in builds with debug information.
@Suite struct OriginTests {
    private let isDebugBuild: Bool = {
        var isDebug = false
        assert({ isDebug = true }() == ())
        return isDebug
    }()

    /// Expects one mistake at the given line of this file.
    private func expectPlace(line: Int, _ build: () -> Void, _ location: SourceLocation = #_sourceLocation) {
        let graph = Graph()
        graph.asDefault(build)
        #expect(graph.diagnostics.count == 1, sourceLocation: location)
        guard isDebugBuild, canKnowPlaces else { return }
        #expect(graph.diagnostics.first?.place == "OriginTests.swift:\(line)", sourceLocation: location)
    }

    private var canKnowPlaces: Bool {
        #if os(Linux)
            true
        #else
            false
        #endif
    }

    @Test func ofAnOperator() {
        expectPlace(line: #line) { _ = zeros([2]) + zeros([3]) as Tensor<Float> }
        expectPlace(line: #line + 3) {
            let (a, b): (Tensor<Float>, Tensor<Float>) = (zeros([2]), zeros([3]))
            _ =
                a * b
        }
    }

    @Test func ofAnOperatorBetweenAVariableAndATensor() {
        expectPlace(line: #line + 3) {
            let v = Variable<Float>(.zeros, shape: [2])
            let a: Tensor<Float> = zeros([3])
            _ = v - a
        }
    }

    @Test func ofAFunction() {
        expectPlace(line: #line) { _ = matmul(zeros([2, 3]), zeros([2, 3]) as Tensor<Float>) }
    }

    @Test func ofAMethod() {
        expectPlace(line: #line) { _ = (zeros([2, 3]) as Tensor<Float>).sum(axis: 7) }
        expectPlace(line: #line) { _ = (zeros([2, 3]) as Tensor<Float>).reshaped([7]) }
        expectPlace(line: #line) { _ = (zeros([2, 3]) as Tensor<Float>)[5] }
        expectPlace(line: #line) { _ = (zeros([2, 3]) as Tensor<Float>).variance(axis: 5) }
    }

    @Test func ofAFunctionThatIsMadeOfOthers() {
        expectPlace(line: #line) { _ = sigmoidCrossEntropy(logits: zeros([2]), labels: zeros([3]) as Tensor<Float>) }
    }

    @Test func ofAVariable() {
        expectPlace(line: #line) { _ = Variable<Float>(.zeros, shape: [-1]) }
        expectPlace(line: #line) { _ = Variable(placeholder(Float.self, [nil])) }
        expectPlace(line: #line) { Variable<Float>(0).assign(zeros([2])) }
    }

    @Test func ofGradients() {
        expectPlace(line: #line) { _ = gradients(of: constant(1 as Float), with: constant(2 as Float)) }
    }

    @Test func ofAnOptimizer() {
        expectPlace(line: #line) { _ = GradientDescent(learningRate: 0.1).minimize(constant(1 as Float)) }
    }

    @Test func insideScopesAndHelpersOfTheUser() {
        func helper(_ x: Tensor<Float>) -> Tensor<Float> { x + zeros([3]) }
        let line = #line - 1
        expectPlace(line: line) {
            withNameScope("a") { withControlDependencies([noOp()]) { withDevice("/cpu:0") { _ = helper(zeros([2])) } } }
        }
    }
}
