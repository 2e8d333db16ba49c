// The protocol of layers. A layer is a value with settings and a `LayerState`; calling it on a tensor adds its nodes to
// the graph. Knows nothing of models and of training loops.

public import Graphs
import Operations
public import Tensors

/// What flows between layers: a tensor, and which of its steps count.
public struct LayerValue: Sendable {
    public var tensor: AnyTensor
    /// True for the steps that count, shape `[batch, steps]`; nil where all do.
    public var mask: Tensor<Bool>?

    public init(_ tensor: AnyTensor, mask: Tensor<Bool>? = nil) {
        self.tensor = tensor
        self.mask = mask
    }

    public init<Scalar>(_ tensor: some TensorExpression<Scalar>, mask: Tensor<Bool>? = nil) {
        self.init(AnyTensor(tensor), mask: mask)
    }
}

/// A part of a model: settings, and weights that are made when it is first called.
///
///     let hidden = Dense(100, activation: .relu)
///     let y = hidden(x)                       // on a graph's tensor, or on a model's input
///
/// Layers of your own conform to `UnaryLayer` where they turn one tensor into one, else to this:
///
///     struct Scale: UnaryLayer {
///         let state = LayerState()
///         func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
///             input * context.weight("scale", shape: [], initializer: .ones)
///         }
///     }
///
/// `call` may use other layers, `hidden(x)`: their weights are the layer's too.
public protocol Layer: Sendable {
    /// Its identity; a stored `let`.
    var state: LayerState { get }
    /// The name of its type as Keras has it, from which the names of layers follow. By default the Swift type's.
    static var className: String { get }
    /// Adds the nodes that compute the outputs. Weights come from `context.weight`.
    func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue]
}

extension Layer {
    public static var className: String { String(describing: Self.self) }

    /// The layer's name: that given, or one after its type, `dense_1`, once it is used.
    public var name: String { state.name ?? snakeCase(Self.className) }

    /// Whether `fit` changes its weights, those of layers inside it included. Set before `compile`.
    ///
    ///     model.layers[0].isTrainable = false        // frozen
    public var isTrainable: Bool {
        get { state.isTrainable }
        nonmutating set { state.isTrainable = newValue }
    }

    /// Its weights and those of the layers inside it; empty until it is first called.
    public var weights: [LayerWeight] { withLayersInside().flatMap(\.state.weights) }

    /// The weights that `fit` changes.
    public var trainableWeights: [LayerWeight] {
        withLayersInside(where: \.isTrainable).flatMap { $0.state.weights.filter(\.isTrainable) }
    }

    /// It and the layers inside it, each once, the outer before the inner.
    ///
    /// - Parameters:
    ///   - isEntered: whether a layer counts; what is inside of one that does not does not either.
    func withLayersInside(where isEntered: (any Layer) -> Bool = { _ in true }) -> [any Layer] {
        var found: [any Layer] = []
        var seen: Set<ObjectIdentifier> = []
        // A loop over a stack: layers may be nested as deep as the user likes.
        var waiting: [any Layer] = [self]
        while let layer = waiting.popLast() {
            // A layer that several models share is met in each of them.
            guard isEntered(layer), seen.insert(ObjectIdentifier(layer.state)).inserted else { continue }
            found.append(layer)
            waiting += ((layer as? Model)?.layers ?? layer.state.children).reversed()
        }
        return found
    }

    /// The number of numbers in its weights.
    public var parameterCount: Int { weights.parameterCount }

    /// The output for a tensor of a graph.
    ///
    /// - Parameters:
    ///   - training: whether it behaves as in training (dropout drops); nil: as the layer around it, else as not.
    public func callAsFunction(_ input: some TensorExpression<Float>, training: Bool? = nil) -> Tensor<Float> {
        callAsFunction([LayerValue(input)], training: training).first?.tensor.as(Float.self) ?? input.tensor
    }

    /// The output for a tensor of whole numbers, such as the indices that `Embedding` takes.
    public func callAsFunction(_ input: some TensorExpression<Int32>, training: Bool? = nil) -> Tensor<Float> {
        let outputs = callAsFunction([LayerValue(input)], training: training)
        return outputs.first?.tensor.as(Float.self) ?? cast(input, to: Float.self)
    }

    /// The outputs for tensors of a graph.
    public func callAsFunction(_ inputs: [LayerValue], training: Bool? = nil) -> [LayerValue] {
        let graph = inputs.first?.tensor.graph ?? .default
        let outer = LayerContext.current
        let context =
            if let outer, outer.graph === graphForNodes(of: graph), training == nil || outer.isInTraining == training {
                outer
            } else {
                LayerContext(graph: graph, isTraining: training ?? false)
            }
        return withGraph(graph) { context.outputs(of: self, for: inputs) }
    }
}

/// A layer that turns one tensor into one.
public protocol UnaryLayer: Layer {
    /// Adds the nodes that compute the output.
    func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float>
}

/// A layer whose output has other steps than its input, so that no mask passes it: Keras's rule, layer by layer.
protocol MaskEnding: Layer {}

extension UnaryLayer {
    /// Passes the mask on.
    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let input = context.single(inputs) else { return [LayerValue(context.nothing)] }
        let mask = self is any MaskEnding ? nil : input.mask
        return [LayerValue(call(context.float(input.tensor), context), mask: mask)]
    }
}

/// `MaxPooling2D` → `max_pooling2d`, `LSTM` → `lstm`, as Keras names layers.
func snakeCase(_ name: String) -> String {
    // As Keras does it: a `_` between any character and a capital with a small letter behind it, and between a small
    // letter or a digit and a capital.
    var result = ""
    let letters = name.filter { $0.isLetter || $0.isNumber || $0 == "_" }.map { $0 }
    for (index, letter) in letters.enumerated() {
        let previous = index > 0 ? letters[index - 1] : nil
        let next = index + 1 < letters.count ? letters[index + 1] : nil
        if letter.isUppercase, let previous, previous != "_" {
            let startsWord = next.map { $0.isLowercase } ?? false
            if startsWord || previous.isLowercase { result += "_" }
        }
        result += letter.lowercased()
    }
    return result
}
