// Models: layers between inputs and outputs. What is trained and run is in the folder Fitting; here a model only knows
// its structure and how to pass through it.

public import Graphs
import Operations
public import Sessions
import Synchronization
public import Tensors

/// Layers between inputs and outputs, which can be trained, evaluated, used and saved.
///
///     let x = input(shape: [784])
///     let hidden = Dense(100, activation: .relu)(x)
///     let model = Model(inputs: x, outputs: Dense(10, activation: .softmax)(hidden))
///
///     try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
///     try model.fit(images, labels, epochs: 5)
///     let probabilities = try model.predict(images)
///
/// A stack of layers is shorter as a `Sequential`. A model is a layer too, and may be part of another.
///
/// A model may be used from any thread, but not from several at the same time.
public class Model: Layer, @unchecked Sendable {
    // Unchecked for one reason: the class is not final, so that `Sequential` can add `add`. All that it stores is constant
    // or behind a lock, and nothing outside of this module can inherit from it.

    public let state: LayerState
    /// The graph that its nodes belong to.
    public let graph: Graph
    /// Runs it, and holds the values of its weights.
    public let session: Session
    private let structureHolder = Mutex<ModelStructure?>(nil)
    private let checks = Mutex(true)
    /// Whether data is searched for NaN and infinity before it is used, which is an error then; true by default.
    public var checksNumbers: Bool {
        get { checks.withLock { $0 } }
        set { checks.withLock { $0 = newValue } }
    }
    /// What `compile` was told and what training made of it.
    let training = Mutex(TrainingState())

    public class var className: String { "Functional" }

    /// A model from one input to one output.
    ///
    /// - Errors: an output that depends on another input is a mistake, thrown by what first uses the model.
    public convenience init(inputs: KerasTensor, outputs: KerasTensor, name: String? = nil) {
        self.init(inputs: [inputs], outputs: [outputs], name: name)
    }

    /// A model with several inputs or outputs.
    ///
    /// - Errors: an output that depends on another input is a mistake, thrown by what first uses the model.
    public init(inputs: [KerasTensor], outputs: [KerasTensor], name: String? = nil) {
        graph = inputs.first?.tensor.graph ?? outputs.first?.tensor.graph ?? .default
        session = Session(graph: graph)
        state = LayerState(name: name)
        _ = state.settle(in: graph, base: snakeCase(Self.className), parent: "")
        let structure = ModelStructure(inputs: inputs, outputs: outputs)
        structure.report(in: graph, model: state.name ?? Self.className)
        adopt(structure)
    }

    /// A model of one layer, such as a struct of your own that is made of layers.
    ///
    /// - Parameters:
    ///   - inputShape: the shape of one sample.
    public convenience init(
        _ layer: some Layer, inputShape: Shape, dtype: DType = .float32, name: String? = nil, in graph: Graph? = nil
    ) {
        let x = input(shape: inputShape, dtype: dtype, in: graph)
        self.init(inputs: [x], outputs: layer.outputs(for: [x]), name: name)
    }

    /// A model whose structure comes later.
    init(name: String?, graph: Graph) {
        self.graph = graph
        session = Session(graph: graph)
        state = LayerState(name: name)
        _ = state.settle(in: graph, base: snakeCase(Self.className), parent: "")
    }

    /// Takes a structure on: its layers are the model's.
    func adopt(_ structure: ModelStructure) {
        for call in structure.calls { state.add(child: call.layer) }
        structureHolder.withLock { $0 = structure }
    }

    /// Takes on what a layer made of the one output as the new one; a stack grows so, layer by layer.
    func extendStructure(to output: KerasTensor, from input: KerasTensor) {
        guard let call = output.call, structureHolder.withLock({ $0?.extend(to: output) ?? false }) else {
            return adopt(ModelStructure(inputs: [input], outputs: [output]))
        }
        state.add(child: call.layer)
    }

    /// The structure, once the model has one.
    var structure: ModelStructure? { structureHolder.withLock { $0 } }

    /// The structure; a stack without a known input gets it from data.
    ///
    /// - Errors: `KerasError` for a stack whose input is not known, or without layers.
    func requireStructure(for inputs: [TensorType] = []) throws -> ModelStructure {
        guard let structure else {
            throw KerasError("the model \"\(name)\" has no layers", hint: "add some before it is used")
        }
        return structure
    }

    /// The layers, in the order in which data reaches them.
    public var layers: [any Layer] { state.children }

    /// The layer of the given name.
    ///
    /// - Errors: `KerasError` where there is none; it names the nearest.
    public func layer(named name: String) throws -> any Layer {
        if let found = layers.first(where: { $0.name == name }) { return found }
        throw KerasError.unknownName(name, "layer", known: layers.map(\.name))
    }

    /// The inputs and outputs, as tensors of the graph, in use.
    public var inputs: [KerasTensor] { structure?.inputs ?? [] }
    public var outputs: [KerasTensor] { structure?.outputs ?? [] }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let structure else {
            return [LayerValue(context.mistake("has no layers", hint: "add some, or give its first layer inputShape"))]
        }
        guard inputs.count == structure.inputs.count else {
            return [
                LayerValue(context.mistake("takes \(structure.inputs.count) inputs, but is given \(inputs.count)"))
            ]
        }
        return structure.pass(inputs, context)
    }
}

/// The calls of layers between inputs and outputs.
struct ModelStructure: Sendable {
    let inputs: [KerasTensor]
    private(set) var outputs: [KerasTensor]
    /// In an order in which each comes after those it depends on.
    private(set) var calls: [LayerCall]
    /// Inputs that an output depends on, but that are not among the model's.
    private let foreignInputs: [KerasTensor]

    init(inputs: [KerasTensor], outputs: [KerasTensor]) {
        self.inputs = inputs
        self.outputs = outputs
        let own = Set(inputs.map(\.identity))
        var foreign: [KerasTensor] = []
        var order: [LayerCall] = []
        var done: Set<ObjectIdentifier> = []
        // A walk with a stack: a call is taken up again once what it depends on is done.
        var waiting: [(tensor: KerasTensor, isReady: Bool)] = outputs.reversed().map { ($0, false) }
        while let (tensor, isReady) = waiting.popLast() {
            if own.contains(tensor.identity) { continue }
            guard let call = tensor.call else {
                if !foreign.contains(where: { $0.identity == tensor.identity }) { foreign.append(tensor) }
                continue
            }
            if done.contains(ObjectIdentifier(call)) { continue }
            if isReady {
                done.insert(ObjectIdentifier(call))
                order.append(call)
            } else {
                waiting.append((tensor, true))
                waiting += call.inputs.reversed().map { ($0, false) }
            }
        }
        calls = order
        foreignInputs = foreign
    }

    /// Takes what a layer made of the one output as the new one.
    ///
    /// - Returns: false, and nothing is changed, where it is made of something else.
    mutating func extend(to output: KerasTensor) -> Bool {
        guard outputs.count == 1, let call = output.call, call.inputs.count == 1,
            call.inputs[0].identity == outputs[0].identity
        else { return false }
        outputs = [output]
        calls.append(call)
        return true
    }

    /// Reports what is wrong with the structure.
    func report(in graph: Graph, model: String) {
        if outputs.isEmpty {
            graph.report(Mistake("has no outputs"), operation: "Model", node: model)
        }
        for (index, tensor) in inputs.enumerated()
        where inputs[..<index].contains(where: { $0.identity == tensor.identity }) {
            graph.report(
                Mistake("\"\(tensor.inputName ?? tensor.tensor.name)\" is among the inputs twice"),
                operation: "Model", node: model)
        }
        for tensor in foreignInputs {
            graph.report(
                Mistake(
                    "an output depends on \"\(tensor.inputName ?? tensor.tensor.name)\", which is not among the "
                        + "model's inputs", hint: "add it to inputs"), operation: "Model", node: model)
        }
        var names: [String: LayerState] = [:]
        for call in calls {
            if let other = names.updateValue(call.layer.state, forKey: call.layer.name), other !== call.layer.state {
                graph.report(
                    Mistake("two layers are named \"\(call.layer.name)\"", hint: "give one of them another name"),
                    operation: "Model", node: model)
            }
        }
    }

    /// Whether a pass for training differs from one for use.
    var dependsOnPhase: Bool { calls.contains(where: \.dependsOnPhase) }

    /// Passes through the layers with other inputs, or in another phase.
    func pass(_ values: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        var known: [KerasTensor.Identity: LayerValue] = [:]
        for (input, value) in zip(inputs, values) { known[input.identity] = value }
        for call in calls {
            let results = context.outputs(of: call.layer, for: call.inputs.map { known[$0.identity] ?? $0.value })
            for (index, result) in results.enumerated() {
                known[.output(ObjectIdentifier(call), index)] = result
            }
        }
        return outputs.map { known[$0.identity] ?? $0.value }
    }
}
