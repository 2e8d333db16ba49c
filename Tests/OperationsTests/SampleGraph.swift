// A sample as a graph of its own, and the three ways to run it: in a session, on a device of any instruction set, and
// by the interpreter.

import CPU
import Graphs
import Operations
import Programs
import Sessions
import Tensors
import Testing

/// A graph with placeholders for the inputs of a sample.
struct SampleGraph {
    let graph: Graph
    let inputs: [Value]
    let outputs: [Value]

    /// - Parameters:
    ///   - shape: what is known of each input's shape while the graph is built.
    init(_ sample: OpSample, shape: (SampleInput) -> Shape = { Shape($0.shape) }) {
        let graph = Graph()
        self.graph = graph
        (inputs, outputs) = graph.asDefault {
            let inputs = sample.inputs.map { input in
                makeValue(Placeholder(type: TensorType(input.dtype, shape(input))), [], in: graph)
            }
            return (inputs, sample.build(inputs))
        }
    }

    /// A graph that exists, without placeholders.
    init(graph: Graph, outputs: [Value]) {
        (self.graph, self.inputs, self.outputs) = (graph, [], outputs)
    }

    /// The names of the operations in the graph.
    var operations: Set<String> { Set(graph.nodes.map(\.type)) }

    func placeholder(_ dtype: DType, _ shape: Shape) -> Value {
        makeValue(Placeholder(type: TensorType(dtype, shape)), [], in: graph)
    }
}

// MARK: - In a session

extension SampleGraph {
    /// The values of `fetches`, with arrays fed to placeholders.
    func run(_ fetches: [Value], _ feeds: [(Value, UntypedArray)], in session: Session) throws -> [UntypedArray] {
        if !graph.variables.isEmpty { try session.initializeVariables() }
        return try session.run(ValueFetches(values: fetches), feeds[...])
    }

    /// The outputs for the given arrays, in a session of its own.
    func outputs(_ arrays: [UntypedArray]) throws -> [UntypedArray] {
        let session = Session(graph: graph, options: SessionOptions(threads: 1))
        return try run(outputs, Array(zip(inputs, arrays)), in: session)
    }
}

/// Values of any types as one fetch.
struct ValueFetches: Fetchable {
    let values: [Value]

    func collect(into request: inout FetchRequest) {
        for value in values { value.tensorOfAnyType?.collect(into: &request) }
    }

    func fetched(from results: inout FetchResults) -> [UntypedArray] {
        func take(_ tensor: some UntypedFetch) -> UntypedArray { tensor.untypedFetch(from: &results) }
        return values.compactMap { value in value.tensorOfAnyType.map { take($0) } }
    }
}

/// A tensor whose elements' type is forgotten.
protocol UntypedFetch: Fetchable {
    func untypedFetch(from results: inout FetchResults) -> UntypedArray
}

extension Tensor: UntypedFetch {
    func untypedFetch(from results: inout FetchResults) -> UntypedArray { fetched(from: &results).untyped }
}

extension Value {
    var tensorOfAnyType: (any UntypedFetch)? {
        func make<Scalar: TensorElement>(_ type: Scalar.Type) -> any UntypedFetch { Tensor<Scalar>(self) }
        return dtype.elementType.map { make($0) }
    }
}

extension Session {
    /// Feeds whose number and types are known only at run time.
    fileprivate func run<each Fed: TensorElement>(
        _ fetches: ValueFetches, _ remaining: ArraySlice<(Value, UntypedArray)>, feeds: repeat Feed<each Fed>
    ) throws -> [UntypedArray] {
        guard let (value, array) = remaining.first, let type = array.dtype.elementType else {
            return try run(fetches, feeding: repeat each feeds)
        }
        func add<Scalar: TensorElement>(_ type: Scalar.Type) throws -> [UntypedArray] {
            let feed = Tensor<Scalar>(value).fed(NDArray<Scalar>(untyped: array))
            return try run(fetches, remaining.dropFirst(), feeds: repeat each feeds, feed)
        }
        return try add(type)
    }
}

// MARK: - As a program

extension SampleGraph {
    /// The program of the outputs, for inputs of the given types.
    func program(_ arrays: [UntypedArray], simplifies: Bool) throws -> Program {
        let builder = ProgramBuilder(simplifies: simplifies)
        let state = PlainState(graph: graph, builder: builder)
        var lowering = GraphLowering(graph: graph, builder: builder, state: state)
        for (input, array) in zip(inputs, arrays) {
            lowering.define(input.endpoint, builder.parameter(ArrayType(array.dtype, array.shape)))
        }
        for variable in graph.variableRecords {
            guard let initializer = variable.initializer else { continue }
            let initialValue = graph.record(initializer).inputs[1]
            state.variables[variable.handle] = try lowering.value(of: initialValue)
        }
        let results = try outputs.map { try lowering.value(of: $0.endpoint) }
        return builder.finish(results: results)
    }

    /// The outputs as the interpreter computes them from the plain lowering.
    func interpreted(_ arrays: [UntypedArray], simplifies: Bool = false) throws -> [UntypedArray] {
        try Interpreter.run(program(arrays, simplifies: simplifies), arrays)
    }

    /// The outputs as a device computes them.
    func outputs(_ arrays: [UntypedArray], on device: CPUDevice) throws -> [UntypedArray] {
        let program = try program(arrays, simplifies: true)
        let executable = try device.compile(program)
        let frame = executable.takeFrame()
        defer { executable.giveBack(frame) }
        for (index, array) in arrays.enumerated() { frame.setArgument(index, array.bytes) }
        let results = program.results.enumerated().map { index, result in
            let type = program.type(of: result)
            let storage = ArrayStorage(byteCount: type.byteCount)
            if executable.resultSources[index] == .computed { frame.setResult(index, storage.bytes) }
            return UntypedArray(dtype: type.dtype, shape: type.shape, storage: storage)
        }
        try executable.run(frame)
        withExtendedLifetime(arrays) {}
        return results.enumerated().map { index, result in
            switch executable.resultSources[index] {
            case .computed: result
            case .parameter(let number): arrays[number].reshaped(result.shape)
            case .constant(let number): program.constants[number].reshaped(result.shape)
            case .duplicate(let earlier): results[earlier].reshaped(result.shape)
            }
        }
    }
}

/// Variables that have their initial values, updated in the order of lowering; random streams at their start.
private final class PlainState: LoweringState {
    let graph: Graph
    let builder: ProgramBuilder
    var variables: [NodeID: ValueID] = [:]

    init(graph: Graph, builder: ProgramBuilder) {
        self.graph = graph
        self.builder = builder
    }

    func read(variable: NodeID, by node: NodeID) throws -> ValueID {
        guard let value = variables[variable] else { throw Mistake("a variable without a value") }
        return value
    }

    func write(variable: NodeID, by node: NodeID, _ value: ValueID) throws { variables[variable] = value }

    func randomState(of node: NodeID, samples: Int) throws -> ValueID {
        guard let operation = graph.record(node).operation as? any RandomOperation else {
            throw Mistake("a random stream of an operation without seeds")
        }
        let words = [operation.seeds.0, 0, operation.seeds.1, 0].map { UInt64(bitPattern: Int64($0)) }
        return builder.constant(NDArray<UInt64>(words).untyped)
    }
}
