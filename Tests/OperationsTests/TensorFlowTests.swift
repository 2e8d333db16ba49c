import FileTestSupport
import GraphDefs
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Every sample as a graph of its own, with its gradients, exported and run by real TensorFlow.
@Suite(.enabled(if: TensorFlowOracle.fromEnvironment != nil, "no Python with tensorflow"))
struct TensorFlowTests {
    private struct Case {
        let name: String
        let graph: Graph
        let feeds: [(Value, UntypedArray)]
        let fetches: [Value]
        let values: [UntypedArray]
        let tolerance: Double
    }

    /// The graph of a sample with the gradients of its outputs, and their values here.
    private func makeCase(_ sample: OpSample) throws -> Case {
        let built = SampleGraph(sample)
        let arrays = sample.arrays()
        var fetches = built.outputs
        if case .smooth = sample.gradient {
            let inputs = built.inputs.filter { $0.dtype.isFloating }
            let outputs = built.outputs.filter { $0.dtype.isFloating }
            if !inputs.isEmpty, !outputs.isEmpty {
                let seeds = [Value?](repeating: nil, count: outputs.count)
                fetches += findGradients(of: outputs, seeds: seeds, with: inputs).gradients.compactMap { $0 }
            }
        }
        let session = Session(graph: built.graph, options: SessionOptions(threads: 1))
        let feeds = Array(zip(built.inputs, arrays))
        let values = try built.run(fetches, feeds, in: session)
        // Both sides round some ten times; sums over up to a hundred elements add to that.
        let isDouble = sample.inputs.contains { $0.dtype == .float64 }
        return Case(
            name: "\(sample.testDescription)", graph: built.graph, feeds: feeds, fetches: fetches, values: values,
            tolerance: max(sample.tolerance ?? 0, isDouble ? 1e-11 : 2e-5))
    }

    /// Whether TensorFlow has no right kernel for a sample: some ops lack uint8 or float64, its `Round` makes zeros of
    /// whole numbers, and on the CPU gradients of convolutions lack dilations and groups, and windows features first.
    private static func withoutKernel(_ sample: OpSample) -> Bool {
        let dtype = sample.inputs.first?.dtype
        if ["NCHW", "dilated", "in groups"].contains(sample.variant) { return true }
        return switch sample.operation {
        case "Round": dtype?.isInteger == true
        case "MaxPool3D", "MaxPool3DGrad", "MaxPool3DGradGrad", "AvgPool3D", "AvgPool3DGrad": dtype == .float64
        case "TruncateMod", "SquaredDifference", "Pow": dtype == .uint8
        case "FusedBatchNormV3", "FusedBatchNormGradV3": dtype == .float64
        default: false
        }
    }

    @Test func everySampleGivesWhatTensorFlowGives() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let cases = try OpSample.all.filter { !Self.withoutKernel($0) }.map { try makeCase($0) }
        for (number, item) in cases.enumerated() {
            try GraphDef(item.graph).write(to: folder.path("\(number).pb"))
            let lines =
                item.feeds.map { "feed \($0.0.name) \(AnyArray($0.1).line)" }
                + item.graph.variables.compactMap { $0.initializer.map { "init \($0.name)" } }
                + zip(item.fetches, item.values).map { "fetch \($0.name) \(AnyArray($1).line)" }
                + ["tolerance \(item.tolerance)"]
            try folder.write(Array(lines.joined(separator: "\n").utf8), to: "\(number).txt")
        }
        let output = try oracle.run(TensorFlowOracle.arrayLines + Self.script, [folder.path, "\(cases.count)"])
        let lines = output.split(separator: "\n")
        #expect(lines.last == "compared \(cases.count)")
        for line in lines.dropLast() {
            let number = Int(line.prefix { $0 != " " }) ?? 0
            Issue.record("\(cases[number].name): \(line)")
        }
        print("compared \(cases.count) exported graphs, \(cases.reduce(0) { $0 + $1.fetches.count }) values")
    }

    private static let script = """
        import sys
        import tensorflow as tf
        tf1 = tf.compat.v1
        tf1.disable_eager_execution()
        folder, count = sys.argv[1], int(sys.argv[2])
        for number in range(count):
            try:
                definition = tf1.GraphDef.FromString(open(f"{folder}/{number}.pb", "rb").read())
                feeds, fetches, initializers = {}, {}, []
                for line in open(f"{folder}/{number}.txt"):
                    kind, name, *rest = line.rstrip("\\n").split(" ")
                    if kind == "feed": feeds[name] = decode(" ".join(rest))
                    elif kind == "fetch": fetches[name] = decode(" ".join(rest))
                    elif kind == "init": initializers.append(name)
                    else: tolerance = float(name)
                with tf.Graph().as_default() as graph, tf1.Session() as session:
                    tf1.import_graph_def(definition, name="")
                    for name in initializers: session.run(graph.get_operation_by_name(name))
                    names = list(fetches)
                    for name, value in zip(names, session.run(names, feeds)):
                        wanted = fetches[name]
                        value = np.asarray(value)
                        if value.dtype != wanted.dtype or value.shape != wanted.shape:
                            print(number, name, value.dtype, value.shape, "instead of", wanted.dtype, wanted.shape)
                        elif wanted.dtype.kind == "f":
                            if not np.allclose(value, wanted, rtol=tolerance, atol=tolerance, equal_nan=True):
                                print(number, name, value.reshape(-1)[:4], "there,", wanted.reshape(-1)[:4], "here")
                        elif not np.array_equal(value, wanted):
                            print(number, name, value.reshape(-1)[:4], "there,", wanted.reshape(-1)[:4], "here")
            except Exception as error:
                print(number, type(error).__name__, str(error).replace("\\n", " ")[:300])
        print("compared", count)
        """
}
