// Models that are a stack of layers.

public import Graphs
import Operations
import Synchronization
public import Tensors

/// A stack of layers, each of which takes what the one before gives.
///
///     let model = Sequential {
///         Flatten(inputShape: [28, 28])
///         Dense(512, activation: .relu)
///         Dropout(0.2)
///         Dense(10, activation: .softmax)
///     }
///     model.summary()                                  // Total params: 407,050
///
/// Where no layer says `inputShape`, the first data it is given decide.
public final class Sequential: Model, @unchecked Sendable {
    // Unchecked as `Model` is; what it adds is behind a lock.

    private struct Stack {
        var layers: [any Layer] = []
        var names: [String: LayerState] = [:]
        /// The input and what the layers so far made of it; nil as long as the input is not known.
        var ends: (input: KerasTensor, output: KerasTensor)?
    }

    private let stack = Mutex(Stack())

    public override class var className: String { "Sequential" }

    /// A stack of the layers that the block lists; `if` and `for` are allowed inside.
    public init(name: String? = nil, in graph: Graph? = nil, @LayerBuilder _ layers: () -> [any Layer] = { [] }) {
        super.init(name: name, graph: graph ?? .default)
        for layer in layers() { add(layer) }
    }

    /// A stack of layers.
    public convenience init(_ layers: [any Layer], name: String? = nil, in graph: Graph? = nil) {
        self.init(name: name, in: graph)
        for layer in layers { add(layer) }
    }

    /// Puts a layer on top.
    ///
    /// - Errors: a layer that does not fit is a mistake, thrown by what first uses the model.
    public func add(_ layer: any Layer) {
        if training.withLock({ $0.isBuilt }) {
            graph.report(
                Mistake("\"\(layer.name)\" was added after the model was trained", hint: "add all layers before"),
                operation: "Sequential", node: name)
        }
        if layer.withLayersInside().contains(where: { $0.state === state }) {
            return graph.report(
                Mistake(
                    layer.state === state ? "is added to itself" : "is added to \"\(layer.name)\", which is inside it",
                    hint: "a model cannot be a layer of itself; make another"), operation: "Sequential", node: name)
        }
        if let given = layer.state.name, stack.withLock({ $0.names[given].map { $0 !== layer.state } ?? false }) {
            graph.report(
                Mistake("two layers are named \"\(given)\"", hint: "give one of them another name"),
                operation: "Sequential", node: name)
        }
        // Without a name of its own the layer has one at the end.
        defer { stack.withLock { $0.names[layer.name] = layer.state } }
        let ends = stack.withLock { stack in
            stack.layers.append(layer)
            return stack.ends
        }
        if let ends {
            extend(from: ends.input, ends.output, by: [layer])
        } else if let shape = layer.state.inputShape {
            let first = input(shape: shape, dtype: inputType(of: layer), name: "\(name)_input", in: graph)
            extend(from: first, first, by: stack.withLock { $0.layers })
        }
    }

    /// Removes the top layer, before the model is trained; its nodes stay in the graph, unused.
    public func removeLast() {
        if training.withLock({ $0.isBuilt }), let last = layers.last {
            return graph.report(
                Mistake("\"\(last.name)\" was removed after the model was trained", hint: "remove layers before"),
                operation: "Sequential", node: name)
        }
        let ends = stack.withLock { stack -> (input: KerasTensor, output: KerasTensor)? in
            if let last = stack.layers.popLast() { stack.names[last.name] = nil }
            guard let ends = stack.ends else { return nil }
            stack.ends = (ends.input, ends.output.call?.inputs.first ?? ends.input)
            return stack.ends
        }
        if let ends { adopt(ModelStructure(inputs: [ends.input], outputs: [ends.output])) }
    }

    public override var layers: [any Layer] { stack.withLock { $0.layers } }

    /// Makes the weights for samples of the given shape.
    public func build(inputShape: Shape, dtype: DType = .float32) {
        guard structure == nil else { return }
        let first = input(shape: inputShape, dtype: dtype, name: "\(name)_input", in: graph)
        extend(from: first, first, by: layers)
    }

    override func requireStructure(for inputs: [TensorType] = []) throws -> ModelStructure {
        if layers.isEmpty {
            throw KerasError("the model \"\(name)\" has no layers", hint: "add some before it is used")
        }
        if structure == nil {
            guard let type = inputs.first, let dimensions = type.shape.dimensions else {
                throw KerasError(
                    "the input of \"\(name)\" is not known yet",
                    hint: "give its first layer inputShape, or call build(inputShape:)")
            }
            build(inputShape: Shape(Array(dimensions.dropFirst())), dtype: type.dtype)
        }
        return try super.requireStructure(for: inputs)
    }

    public override func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        // As part of another model it may have no input of its own.
        if structure == nil, !layers.isEmpty {
            return layers.reduce(inputs) { values, layer in context.outputs(of: layer, for: values) }
        }
        return super.call(inputs, context)
    }

    private func extend(from first: KerasTensor, _ last: KerasTensor, by layers: [any Layer]) {
        let output = withNameScopeOfModel {
            layers.reduce(last) { tensor, layer in
                let output = layer.record([tensor], in: graph).first ?? tensor
                extendStructure(to: output, from: first)
                return output
            }
        }
        stack.withLock { $0.ends = (first, output) }
    }

    /// The nodes of its layers are named under the model's name.
    private func withNameScopeOfModel<Result>(_ body: () -> Result) -> Result {
        withGraph(graph) { withExactNameScope(name, body) }
    }

    /// Layers that look things up take whole numbers.
    private func inputType(of layer: any Layer) -> DType {
        layer is any IndexLayer ? .int32 : .float32
    }
}

/// A layer whose inputs are indices.
public protocol IndexLayer: Layer {}

/// Lists layers.
@resultBuilder
public enum LayerBuilder {
    public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
    public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
    public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
    public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
    public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
    public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
    public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
    public static func buildLimitedAvailability(_ part: [any Layer]) -> [any Layer] { part }
}
