// What a layer is beside its settings: its name, its weights and the layers inside it. Copies of a layer share it, so a
// layer that is used twice has its weights once.

import Graphs
public import Operations
import Synchronization
public import Tensors

/// A variable of a layer, such as the kernel of a dense one.
public struct LayerWeight: Sendable {
    /// Its name inside the layer: `kernel`.
    public let name: String
    /// The variable, named after the layer too: `dense/kernel`.
    public let variable: Variable<Float>
    /// Whether training changes it by gradients, where the layer is trainable.
    public let isTrainable: Bool
    let regularizer: WeightRegularizer?
    let constraint: WeightConstraint?
}

/// The identity of a layer: its name, weights, and layers inside it.
///
///     struct Scale: UnaryLayer {
///         let state = LayerState()
///         …
///     }
///
/// Keep one in a `let` of every layer type; two layers are the same layer where they share it.
public final class LayerState: Sendable {
    private struct Content {
        var name: String?
        /// The prefix of the names of its variables, without a `/` at the end; unique in the graph.
        var scope: String?
        var graph: Graph?
        var weights: [LayerWeight] = []
        var children: [any Layer] = []
        var childStates: Set<ObjectIdentifier> = []
        /// What it keeps from run to run beside its weights.
        var memories: [Variable<Float>] = []
        var isTrainable = true
        /// The types of its first call's inputs and outputs.
        var firstCall: (inputs: [TensorType], outputs: [TensorType])?
    }

    private let content: Mutex<Content>
    /// The shape of one sample, where the layer's settings tell it: a stack that starts with the layer needs no other
    /// input.
    let inputShape: Shape?

    /// - Parameters:
    ///   - name: the layer's name; nil for one after its type: `dense`, `dense_1`, ...
    ///   - inputShape: the shape of one sample, for a layer that may be the first of a stack.
    public init(name: String? = nil, inputShape: Shape? = nil) {
        content = Mutex(Content(name: name))
        self.inputShape = inputShape
    }

    /// The layer's name, once it has one: that given, or one after its type as soon as it is used.
    var name: String? { content.withLock { $0.name } }
    var scope: String? { content.withLock { $0.scope } }
    var graph: Graph? { content.withLock { $0.graph } }
    var weights: [LayerWeight] { content.withLock { $0.weights } }
    var children: [any Layer] { content.withLock { $0.children } }
    var memories: [Variable<Float>] { content.withLock { $0.memories } }
    var firstCall: (inputs: [TensorType], outputs: [TensorType])? { content.withLock { $0.firstCall } }

    var isTrainable: Bool {
        get { content.withLock { $0.isTrainable } }
        set { content.withLock { $0.isTrainable = newValue } }
    }

    /// Gives the layer its place in a graph: the name where it has none, and the scope of its variables.
    ///
    /// - Parameters:
    ///   - base: the name of its type in small letters: `dense`.
    ///   - parent: the scope of the layer around it, or empty.
    /// - Returns: false where it has its place in another graph.
    func settle(in graph: Graph, base: String, parent: String) -> Bool {
        content.withLock { content in
            if let own = content.graph { return own === graph }
            let prefix = parent.isEmpty ? "" : parent + "/"
            let scope = graph.uniqueScopeName(prefix + (content.name ?? base))
            content.graph = graph
            content.scope = scope
            if content.name == nil { content.name = String(scope.dropFirst(prefix.count)) }
            return true
        }
    }

    func add(memory: Variable<Float>) { content.withLock { $0.memories.append(memory) } }

    func add(_ weight: LayerWeight) { content.withLock { $0.weights.append(weight) } }

    func add(child: any Layer) {
        content.withLock { content in
            if content.childStates.insert(ObjectIdentifier(child.state)).inserted { content.children.append(child) }
        }
    }

    func noteCall(inputs: [TensorType], outputs: [TensorType]) {
        content.withLock { $0.firstCall = $0.firstCall ?? (inputs, outputs) }
    }
}
