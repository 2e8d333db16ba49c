// Against TensorFlow 2.21: values and gradients of operations, random numbers over several runs, and losses of training,
// as Tests/Golden/make_golden.py wrote them.

import Foundation
import Graphs
import Operations
import Sessions
import TestSupport
import Tensors
import Testing
import Training

/// An array as the script writes it.
struct GoldenArray: Decodable, Sendable {
    let dtype: String
    let shape: [Int]
    let values: [GoldenNumber]

    var array: UntypedArray? {
        guard let type = DType.all.first(where: { $0.description == dtype }) else { return nil }
        // Whole numbers of 64 bits do not all fit a Double; the script's do.
        return UntypedArray(values.map(\.number), dtype: type, shape: shape)
    }
}

/// A number, or `"nan"`, `"inf"`, `"-inf"`.
struct GoldenNumber: Decodable, Sendable {
    let number: Double

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        number = try (try? container.decode(Double.self)) ?? Double(container.decode(String.self)) ?? .nan
    }
}

/// What TensorFlow makes of the inputs of a sample.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
    let operation: String
    let variant: String
    let inputs: [GoldenArray]
    let outputs: [GoldenArray]
    let weights: [GoldenArray]?
    let gradients: [GoldenArray?]?

    var testDescription: String {
        operation + (variant.isEmpty ? "" : " \(variant)") + "("
            + inputs.map { "\($0.dtype)\($0.shape)" }.joined(separator: ", ") + ")"
    }

    /// The sample of this operation, with these inputs.
    var sample: OpSample? {
        let match = OpSample.all.first { sample in
            sample.operation == operation && sample.variant == variant
                && sample.inputs.count == inputs.count
                && zip(sample.inputs, inputs).allSatisfy { $0.dtype.description == $1.dtype }
        }
        return match.map { match in
            OpSample(
                operation: operation, variant: variant,
                inputs: zip(match.inputs, inputs).map { SampleInput($0.dtype, $1.shape, $0.domain) },
                build: match.build)
        }
    }
}

private func golden<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).json")
    return try JSONDecoder().decode(type, from: Data(contentsOf: file))
}

/// How far a float32 result may be from TensorFlow's, relative to the larger of 1 and the expected value: both round
/// some ten times.
private let goldenTolerance = 3e-6

@Suite struct GoldenTests {
    static let cases = (try? golden("operations", as: [GoldenCase].self)) ?? []

    /// What has no values of its own to compare, or has them in another test.
    static let elsewhere: Set<String> = [
        "Const", "Placeholder", "PlaceholderWithDefault", "NoOp", "VarHandleOp", "ReadVariableOp", "AssignVariableOp",
        "AssignAddVariableOp", "AssignSubVariableOp",
        // Compared with TensorFlow as exported graphs.
        "ClipByValue", "Gather", "ShapeN", "IdentityN", "DynamicStitch", "MatrixDiagV3", "MatrixDiagPartV3",
        "RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt",
        "StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal", "StatelessRandomUniformInt",
        "If", "Case", "While", "StatefulPartitionedCall",
        "InTopKV2", "TopKV2", "FusedBatchNormV3", "FusedBatchNormGradV3", "Einsum", "MirrorPad", "MirrorPadGrad",
        "Roll", "GatherNd", "ScatterNd", "TensorScatterUpdate",
    ]

    @Test func everyOperationHasGoldenValues() {
        let covered = Set(Self.cases.map(\.operation)).union(Self.elsewhere)
        // Updates of optimizers are compared with TensorFlow's over twenty steps.
        let missing = OperationCatalogue.names.filter { !covered.contains($0) && !$0.contains("Apply") }
        #expect(missing == [])
    }

    @Test(arguments: cases)
    func valuesAreTensorFlows(_ golden: GoldenCase) throws {
        let built = SampleGraph(try #require(golden.sample))
        let inputs = try golden.inputs.map { try #require($0.array) }
        let values = try built.outputs(inputs)
        #expect(values.count == golden.outputs.count)
        for (index, (value, expected)) in zip(values, golden.outputs).enumerated() {
            let expected = try #require(expected.array)
            let differences = value.differences(from: expected, tolerance: goldenTolerance)
            #expect(differences.isEmpty, "output \(index) of \(differences.isEmpty ? "" : built.describe(inputs))")
        }
    }

    @Test(arguments: cases.filter { $0.gradients?.contains { $0 != nil } == true })
    func gradientsAreTensorFlows(_ golden: GoldenCase) throws {
        let built = SampleGraph(try #require(golden.sample))
        let inputs = try golden.inputs.map { try #require($0.array) }
        let weights = try (golden.weights ?? []).map { try #require($0.array) }
        let expected = try (golden.gradients ?? []).map { try $0.map { try #require($0.array) } }
        let seeds = weights.map { makeConstant($0, in: built.graph) }
        let sources = zip(built.inputs, expected).filter { $0.1 != nil }.map(\.0)
        let gradients = gradientValues(of: built.outputs, seeds: seeds, with: sources)
        let session = Session(graph: built.graph, options: SessionOptions(threads: 1))
        let values = try built.run(gradients, Array(zip(built.inputs, inputs)), in: session)
        for (index, (value, expected)) in zip(values, expected.compactMap { $0 }).enumerated() {
            let differences = value.differences(from: expected, tolerance: goldenTolerance)
            #expect(differences.isEmpty, "gradient \(index) of \(differences.isEmpty ? "" : built.describe(inputs))")
        }
    }

    @Test func aWrongValueIsNoticed() throws {
        let golden = try #require(Self.cases.first { $0.operation == "Exp" })
        let values = try SampleGraph(try #require(golden.sample)).outputs(golden.inputs.map { try #require($0.array) })
        let expected = try #require(golden.outputs[0].array)
        let off = UntypedArray(values[0].doubles.map { $0 + 1e-4 }, dtype: .float32, shape: values[0].shape)
        #expect(off.differences(from: expected, tolerance: goldenTolerance) != [])
    }
}

extension SampleGraph {
    fileprivate func describe(_ inputs: [UntypedArray]) -> String {
        "inputs " + inputs.map { "\($0.doubles)" }.joined(separator: ", ")
    }
}

// MARK: - Random numbers

/// Several runs of random operations in one session.
struct GoldenDraws: Decodable, Sendable, CustomTestStringConvertible {
    let kind: String
    let graphSeed: Int?
    let seeds: [Int?]
    let shape: [Int]
    let dtype: String
    let runs: [[GoldenArray]]

    var testDescription: String { "\(kind) \(dtype)\(shape), graph seed \(graphSeed.map(String.init) ?? "nil")" }
}

@Suite struct GoldenRandomTests {
    static let draws = (try? golden("random", as: [GoldenDraws].self)) ?? []

    @Test func thereAreDrawsOfAllKinds() {
        #expect(Set(Self.draws.map(\.kind)) == ["uniform", "normal", "truncatedNormal", "integer"])
    }

    @Test(arguments: draws)
    func numbersOfSeveralRunsAreTensorFlows(_ draws: GoldenDraws) throws {
        let graph = Graph()
        graph.seed = draws.graphSeed
        let tensors = graph.asDefault { draws.seeds.map { make(draws, seed: $0) } }
        let built = SampleGraph(graph: graph, outputs: tensors)
        let session = Session(graph: graph)
        for run in draws.runs {
            let values = try built.run(tensors, [], in: session)
            for (value, expected) in zip(values, run) {
                // Uniform numbers are equal bit for bit; the others go through logarithms, sines and cosines.
                let isExact = draws.kind == "uniform" || draws.kind == "integer"
                let expected = try #require(expected.array)
                #expect(value.differences(from: expected, tolerance: isExact ? 0 : goldenTolerance) == [])
            }
        }
    }

    private func make(_ draws: GoldenDraws, seed: Int?) -> Value {
        func floating<Scalar: FloatingElement>(_ type: Scalar.Type) -> Tensor<Scalar> {
            switch draws.kind {
            case "uniform": randomUniform(draws.shape, seed: seed)
            case "normal": randomNormal(draws.shape, seed: seed)
            default: truncatedNormal(draws.shape, seed: seed)
            }
        }
        return switch draws.dtype {
        case "float32": floating(Float.self).value
        case "float64": floating(Double.self).value
        case "int32": (randomInteger(draws.shape, in: -5..<1000, seed: seed) as Tensor<Int32>).value
        default: (randomInteger(draws.shape, in: -5..<1000, seed: seed) as Tensor<Int64>).value
        }
    }
}

// MARK: - Training

/// Losses of twenty steps and the values of the variables after them.
struct GoldenTraining: Decodable, Sendable {
    let losses: GoldenArray
    let variables: [GoldenArray]
    let start: [GoldenArray]?
    let data: [GoldenArray]
}

@Suite struct GoldenTrainingTests {
    @Test(arguments: ["GradientDescent", "Adagrad"])
    func aNetworkLearnsAsTensorFlows(_ optimizer: String) throws {
        let name = "network, \(optimizer)"
        let golden = try #require(golden("training", as: [String: GoldenTraining].self)[name])
        let start = try #require(golden.start).map { NDArray<Float>(untyped: try #require($0.array)) }
        let data = try golden.data.map { NDArray<Float>(untyped: try #require($0.array)) }
        let graph = Graph()
        let (variables, loss, train) = graph.asDefault {
            let (x, y) = (constant(data[0]), constant(data[1]))
            let variables = start.map { Variable<Float>($0) }
            let hidden = relu(matmul(x, variables[0]) + variables[1])
            let probability = softmax(matmul(hidden, variables[2]) + variables[3]).clipped(to: 1e-10...0.9999999)
            let terms = y * Operations.log(probability) + (1 - y) * Operations.log(1 - probability)
            let loss = -terms.sum(axis: 1).mean()
            let train =
                optimizer == "Adagrad"
                ? Adagrad(learningRate: 0.1).minimize(loss) : GradientDescent(learningRate: 0.5).minimize(loss)
            return (variables, loss, train)
        }
        try compare(golden, graph, variables, loss, train)
    }

    @Test func aMatrixIsInvertedAsByTensorFlow() throws {
        let golden = try #require(golden("training", as: [String: GoldenTraining].self)["inverse, Adagrad"])
        let matrix = NDArray<Float>(untyped: try #require(golden.data[0].array))
        let graph = Graph()
        let (variable, loss, train) = graph.asDefault {
            let x = Variable<Float>(.zeros, shape: [4, 4])
            let loss = Operations.abs(matmul(x, constant(matrix)) - identity(4)).sum()
            return (x, loss, Adagrad(learningRate: 0.01).minimize(loss))
        }
        try compare(golden, graph, [variable], loss, train)
    }

    private func compare(
        _ golden: GoldenTraining, _ graph: Graph, _ variables: [Variable<Float>], _ loss: Tensor<Float>, _ train: Node
    ) throws {
        let session = Session(graph: graph)
        try session.initializeVariables()
        for (step, expected) in golden.losses.values.map(\.number).enumerated() {
            let (_, value) = try session.run(train, loss)
            // Rounding errors of the steps before add up.
            #expect(abs(Double(value.scalar) - expected) <= 1e-5 * max(1, abs(expected)), "step \(step)")
        }
        for (variable, expected) in zip(variables, golden.variables) {
            let value = try session.run(variable.tensor)
            let expected = try #require(expected.array)
            #expect(value.untyped.differences(from: expected, tolerance: 1e-5) == [])
        }
    }
}
