// Gradients against differences, in double precision and along random directions: for a function f, a direction t and
// weights c, <t, vjp(c)> must be the slope of <f(x + s t), c> at s = 0.

import Graphs
import Operations
import Sessions
import Tensors
import Testing

@Suite struct GradientTests {
    @Test(arguments: OpSample.differentiable)
    func gradientsAgreeWithDifferences(_ sample: OpSample) throws {
        let built = SampleGraph(sample)
        let function = Differentiable(built, outputs: built.outputs.filter(\.dtype.isFloating), feeds: sample.arrays())
        let check = try #require(try function.check(seed: sample.seed))
        #expect(check.isClose, "seed \(sample.seed): \(check)")
    }

    @Test(arguments: OpSample.twiceDifferentiable)
    func gradientsOfGradientsAgreeWithDifferences(_ sample: OpSample) throws {
        let built = SampleGraph(sample)
        let function = Differentiable(built, outputs: built.outputs.filter(\.dtype.isFloating), feeds: sample.arrays())
        let check = try #require(try function.gradient().check(seed: sample.seed))
        #expect(check.isClose, "seed \(sample.seed): \(check)")
    }

    @Test(arguments: OpSample.differentiable)
    func gradientsDoNotDependOnWhatIsKnownOfShapes(_ sample: OpSample) throws {
        let known = try gradients(of: sample) { Shape($0.shape) }
        for knowledge in sample.weakestShapes { try expectClose(gradients(of: sample, knowledge), known) }
    }

    /// The gradients for weights that are drawn from the sample's seed.
    private func gradients(of sample: OpSample, _ shape: (SampleInput) -> Shape) throws -> [UntypedArray] {
        let built = SampleGraph(sample, shape: shape)
        let function = Differentiable(built, outputs: built.outputs.filter(\.dtype.isFloating), feeds: sample.arrays())
        return try function.weightedGradient(seed: sample.seed)
    }

    @Test(arguments: OpSample.notDifferentiable)
    func whatHasNoGradientSaysWhy(_ sample: OpSample) throws {
        guard case .none(let reason) = sample.gradient else { return }
        let built = SampleGraph(sample)
        let sources = built.inputs.filter(\.dtype.isFloating)
        _ = gradientValues(of: [built.outputs[0]], seeds: [nil], with: sources)
        let messages = built.graph.diagnostics.map(\.message)
        #expect(messages.count == sources.count)
        #expect(messages.allSatisfy { $0.contains(reason) }, "\(messages)")
    }

    @Test func aWrongGradientIsNoticed() throws {
        let sample = OpSample(
            operation: "Square", inputs: [SampleInput(.float64, [3], .uniform(1...2))]
        ) { x in
            // The gradient of x² that takes one of the factors for a constant is half of what it should be.
            let x = Tensor<Double>(x[0])
            return [(x * stopGradient(x)).value]
        }
        let built = SampleGraph(sample)
        let function = Differentiable(built, outputs: built.outputs, feeds: sample.arrays())
        let check = try #require(try function.check(seed: sample.seed))
        #expect(!check.isClose)
    }
}

/// Outputs of a graph as a function of its float64 placeholders.
private struct Differentiable {
    let built: SampleGraph
    let outputs: [Value]
    /// All placeholders with arrays.
    let feeds: [(Value, UntypedArray)]
    /// A linear function's gradient does not depend on its inputs.
    private let unconnected: UnconnectedGradient

    init(_ built: SampleGraph, outputs: [Value], feeds: [UntypedArray]) {
        self.built = built
        self.outputs = outputs
        self.feeds = Array(zip(built.inputs, feeds))
        unconnected = .error
    }

    private init(_ built: SampleGraph, outputs: [Value], feeds: [(Value, UntypedArray)]) {
        (self.built, self.outputs, self.feeds) = (built, outputs, feeds)
        unconnected = .zero
    }

    private var sources: [Value] { feeds.map(\.0).filter { $0.dtype == .float64 } }

    private var session: Session { Session(graph: built.graph, options: SessionOptions(threads: 1)) }

    /// Placeholders for the weights of the outputs, and the gradients that they lead to.
    private func makeGradient() -> (weights: [Value], gradients: [Value]) {
        let weights = outputs.map { built.placeholder($0.dtype, $0.shape) }
        return (weights, gradientValues(of: outputs, seeds: weights, with: sources, unconnected: unconnected))
    }

    private func draw(_ shapes: [[Int]], _ random: inout RandomStream) -> [UntypedArray] {
        shapes.map { SampleInput(.float64, $0, .uniform(-1...1)).array(&random) }
    }

    /// The gradient as a function of the inputs and of the weights.
    func gradient() throws -> Differentiable {
        let shapes = try built.run(outputs, feeds, in: session).map(\.shape)
        let (weights, gradients) = makeGradient()
        var random = RandomStream(seed: 7)
        return Differentiable(
            built, outputs: gradients, feeds: feeds + Array(zip(weights, draw(shapes, &random))))
    }

    func weightedGradient(seed: UInt64) throws -> [UntypedArray] {
        let (weights, gradients) = makeGradient()
        let session = session
        var random = RandomStream(seed: seed, stream: 1)
        let shapes = try built.run(outputs, feeds, in: session).map(\.shape)
        let arrays = draw(shapes, &random)
        return try built.run(gradients, feeds + Array(zip(weights, arrays)), in: session)
    }

    struct Check: CustomStringConvertible {
        let slope: Double
        let difference: Double
        let scale: Double

        /// The differences are wrong by some `step²` and by `1e-16 / step`.
        var isClose: Bool { abs(slope - difference) <= 1e-7 * scale }
        var description: String { "slope \(slope), difference \(difference)" }
    }

    /// Compares the gradient with a central difference.
    func check(seed: UInt64) throws -> Check? {
        let step = 1e-5
        var random = RandomStream(seed: seed, stream: 1)
        let session = session
        let (weights, gradients) = makeGradient()
        let values = try built.run(outputs, feeds, in: session)
        let arrays = draw(values.map(\.shape), &random)
        let found = try built.run(gradients, feeds + Array(zip(weights, arrays)), in: session)
        let shapes = feeds.filter { $0.0.dtype == .float64 }.map(\.1.shape)
        let directions = draw(shapes, &random)
        guard found.map(\.shape) == shapes else { return nil }

        func value(at distance: Double) throws -> Double {
            var remaining = directions[...]
            let moved = feeds.map { placeholder, array -> (Value, UntypedArray) in
                guard placeholder.dtype == .float64, let direction = remaining.popFirst() else {
                    return (placeholder, array)
                }
                let numbers = zip(array.doubles, direction.doubles).map { $0 + distance * $1 }
                return (placeholder, UntypedArray(numbers, dtype: .float64, shape: array.shape))
            }
            return zip(try built.run(outputs, moved, in: session), arrays).map(product).reduce(0, +)
        }
        let slope = zip(found, directions).map(product).reduce(0, +)
        let difference = try (value(at: step) - value(at: -step)) / (2 * step)
        let scale = values.flatMap(\.doubles).map { abs($0) }.reduce(1, +)
        return Check(slope: slope, difference: difference, scale: max(scale, abs(slope)))
    }
}

private func product(_ left: UntypedArray, _ right: UntypedArray) -> Double {
    zip(left.doubles, right.doubles).map(*).reduce(0, +)
}
