// What a layer works with while it adds its nodes: its weights, the phase, and where it says what else a training step
// must do. One context serves one pass through a model.

public import Graphs
public import Operations
import Synchronization
public import Tensors

/// One pass through layers, in which they add their nodes.
public final class LayerContext: Sendable {
    /// The layer that is being called.
    private struct Frame {
        let state: LayerState
        let className: String
    }

    private struct Content {
        var frames: [Frame] = []
        var asksForPhase = false
        var losses: [Tensor<Float>] = []
        var updates: [Node] = []
    }

    @TaskLocal static var current: LayerContext?

    /// The graph that the nodes go to.
    public let graph: Graph
    let isInTraining: Bool
    private let content = Mutex(Content())
    /// The pass inside of which this one is made, where a layer begins one.
    private let outer: LayerContext?

    /// So deep may layers lie in each other; each is a call on the program's stack.
    private static let depthLimit = 100

    init(graph: Graph, isTraining: Bool) {
        self.graph = graph
        isInTraining = isTraining
        outer = Self.current
    }

    /// Whether the pass is one of training: dropout drops, batch normalisation uses the batch's moments.
    public var isTraining: Bool {
        content.withLock { $0.asksForPhase = true }
        return isInTraining
    }

    /// Whether a layer asked for the phase: then a pass for training is another than one for use.
    var asksForPhase: Bool { content.withLock { $0.asksForPhase } }
    /// The losses that layers added.
    var losses: [Tensor<Float>] { content.withLock { $0.losses } }
    /// The updates that layers added.
    var updates: [Node] { content.withLock { $0.updates } }

    /// Adds a loss of the layer's own to what training makes small.
    ///
    /// - Parameters:
    ///   - loss: of any shape; its sum counts.
    public func addLoss(_ loss: some TensorExpression<Float>) {
        content.withLock { $0.losses.append(loss.tensor) }
    }

    /// Lets each step run a node too, such as the update of a moving average: in training those of the pass for training,
    /// in use those of the pass for use.
    public func addUpdate(_ node: Node) {
        content.withLock { $0.updates.append(node) }
    }

    // MARK: - Weights

    /// The weight of the given name of the layer that is being called; made at its first call.
    ///
    ///     let kernel = context.weight("kernel", shape: [784, 10], initializer: .glorotUniform())
    ///
    /// - Errors: a shape other than at the first call is a mistake, as is an unknown initializer, regularizer or
    ///   constraint.
    public func weight(
        _ name: String, shape: [Int], initializer: WeightInitializer, regularizer: WeightRegularizer? = nil,
        constraint: WeightConstraint? = nil, isTrainable: Bool = true
    ) -> Variable<Float> {
        guard let frame = content.withLock({ $0.frames.last }) else {
            return Variable<Float>(initializer.initializer(in: self), shape: shape, name: name, in: graph)
        }
        if let known = frame.state.weights.first(where: { $0.name == name }) {
            if known.variable.shape.known != shape {
                report(
                    "the weight \"\(name)\" was made with shape \(known.variable.shape), but this call needs "
                        + "\(Shape(shape))",
                    hint: "a layer keeps the input size of its first call; use another layer for another size")
            }
            return known.variable
        }
        regularizer?.check(in: self)
        constraint?.check(in: self)
        // A weight belongs to the model rather than to what surrounds this call: neither to its scopes nor to the body
        // of a loop.
        let variable = (frame.state.graph ?? graph).asDefault {
            withExactNameScope(frame.state.scope ?? "") {
                Variable<Float>(
                    initializer.initializer(in: self), shape: shape, trainable: isTrainable, name: name)
            }
        }
        frame.state.add(
            LayerWeight(
                name: name, variable: variable, isTrainable: isTrainable, regularizer: regularizer,
                constraint: constraint))
        return variable
    }

    /// Memory number `index` of the layer that is being called: zeros at first, then what the layer assigns to it; no
    /// weight, and not saved with weights.
    ///
    /// - Errors: a shape other than at the first call is a mistake.
    func memory(_ index: Int, named name: String, shape: [Int]) -> Variable<Float>? {
        guard let frame = content.withLock({ $0.frames.last }) else { return nil }
        let known = frame.state.memories
        if known.indices.contains(index) {
            if known[index].shape.known == shape { return known[index] }
            report(
                "its state was made with shape \(known[index].shape), but this call needs \(Shape(shape))",
                hint: "a layer keeps the number of samples of its first call; use another layer for another")
            return nil
        }
        let variable = (frame.state.graph ?? graph).asDefault {
            withExactNameScope(frame.state.scope ?? "") {
                Variable<Float>(.zeros, shape: shape, trainable: false, name: name)
            }
        }
        frame.state.add(memory: variable)
        return variable
    }

    // MARK: - Mistakes

    /// Records a mistake of the layer that is being called; what first needs the graph to be sound throws it.
    public func report(_ message: String, hint: String? = nil) {
        let frame = content.withLock { $0.frames.last }
        graph.report(
            Mistake(message, hint: hint), operation: frame?.className ?? "Layer", node: frame?.state.name)
    }

    /// Records a mistake and gives a tensor of unknown shape, which keeps what follows from it silent.
    public func mistake(_ message: String, hint: String? = nil) -> Tensor<Float> {
        report(message, hint: hint)
        return nothing
    }

    /// A tensor of unknown shape that stands for one that could not be made.
    var nothing: Tensor<Float> { unmadeTensor(in: graph) }

    /// The one input, or nil and a mistake.
    public func single(_ inputs: [LayerValue]) -> LayerValue? {
        if inputs.count == 1 { return inputs[0] }
        report("takes one input, but is given \(inputs.count)")
        return nil
    }

    /// The tensor as `float32`, which layers compute with.
    public func float(_ tensor: AnyTensor) -> Tensor<Float> {
        guard tensor.dtype.elementType != nil else { return mistake("takes numbers, but is given \(tensor.dtype)") }
        return asFloat(tensor)
    }

    /// The size of an axis, which a layer must know to make its weights; nil and a mistake where it is unknown.
    public func size(ofAxis axis: Int, of input: Tensor<Float>) -> Int? {
        if let size = input.shape[axis] { return size }
        // What follows from a mistake is not reported again.
        guard input.node.isSound else { return nil }
        if input.shape.rank == 1, axis == -1 {
            report(
                "needs inputs with an axis behind that of the samples, but is given shape \(input.shape)",
                hint: "give numbers that are samples by themselves as shape [samples, 1]")
            return nil
        }
        if let rank = input.shape.rank, !(-rank..<rank).contains(axis) {
            report("needs an input with an axis \(axis), but is given shape \(input.shape)")
        } else {
            report(
                "must know the size of axis \(axis) of its input, whose shape is \(input.shape)",
                hint: "give the model's input that size")
        }
        return nil
    }

    /// Whether the input has the rank that a layer needs; else a mistake.
    ///
    /// - Parameters:
    ///   - meaning: what the axes stand for.
    ///   - canLackAxis: whether an input with one axis less is likely to lack one of size 1, such as that of channels.
    public func hasRank(
        _ rank: Int, _ input: Tensor<Float>, _ meaning: String, canLackAxis: Bool = true
    ) -> Bool {
        guard let found = input.shape.rank, found != rank else { return true }
        let sample = Shape(Array((input.shape.dimensions ?? []).dropFirst())).known
        let hint = sample.map { "is there an axis missing? Reshape(\($0 + [1])) before it adds one" }
        report(
            "takes inputs of rank \(rank), \(meaning), but is given shape \(input.shape)",
            hint: canLackAxis && found == rank - 1 ? hint : nil)
        return false
    }

    // MARK: - Calling layers

    /// The outputs of a layer in this pass.
    func outputs(of layer: any Layer, for inputs: [LayerValue]) -> [LayerValue] {
        inside(layer) {
            let outputs = layer.call(inputs, self)
            layer.state.noteCall(
                inputs: inputs.map { TensorType($0.tensor.dtype, $0.tensor.shape) },
                outputs: outputs.map { TensorType($0.tensor.dtype, $0.tensor.shape) })
            return outputs
        } ?? [LayerValue(nothing)]
    }

    /// Why a layer cannot be called where this pass is; nil where it can.
    private func obstacle(to layer: any Layer) -> (message: String, hint: String)? {
        var depth = 0
        var pass: LayerContext? = self
        while let context = pass {
            let frames = context.content.withLock { $0.frames }
            if frames.contains(where: { $0.state === layer.state }) {
                return ("is called inside itself", "a layer cannot be a part of itself")
            }
            depth += frames.count
            pass = context.outer
        }
        guard depth >= Self.depthLimit else { return nil }
        return ("lies in \(depth) layers, one in the other", "let layers follow each other instead")
    }

    /// Adds nodes as part of a layer: weights and mistakes are its own.
    ///
    /// - Returns: nil and a mistake where the layer's weights belong to another graph.
    func inside<Result>(_ layer: any Layer, _ body: () -> Result) -> Result? {
        let className = Swift.type(of: layer).className
        let outer = content.withLock { $0.frames.last }
        if !layer.state.settle(
            in: outer?.state.graph ?? graph, base: snakeCase(className), parent: outer?.state.scope ?? "")
        {
            graph.report(
                Mistake(
                    "its weights belong to another graph", hint: "make a new layer, or use one graph for both"),
                operation: className, node: layer.name)
            return nil
        }
        if let fact = obstacle(to: layer) {
            graph.report(Mistake(fact.message, hint: fact.hint), operation: className, node: layer.name)
            return nil
        }
        outer?.state.add(child: layer)
        // Beside its weights, nodes stand under the layer's very name, which is its alone. Another would be one that the next
        // layer of its type cannot have.
        return withNameScope(layer.name, reserved: layer.state.scope) {
            content.withLock { $0.frames.append(Frame(state: layer.state, className: className)) }
            defer { content.withLock { _ = $0.frames.popLast() } }
            return LayerContext.$current.withValue(self, operation: body)
        }
    }
}
