// What applies to the nodes made inside a block: the default graph, name scopes, devices, control dependencies.
// All of it is task-local: tasks never see each other's, and child tasks inherit it.

import Synchronization

/// The surroundings of the nodes that are being made.
struct Scope: Sendable {
    var graph: Graph?
    /// The name scopes in force, `model/fc1/`, or empty.
    var prefix = ""
    var device: String?
    var controlInputs: [Node] = []

    @TaskLocal static var current = Scope()

    func qualified(_ name: String) -> String { prefix.isEmpty ? name : prefix + name }

    /// Runs `body` with a changed scope.
    static func with<Result>(_ change: (inout Scope) -> Void, _ body: () throws -> Result) rethrows -> Result {
        var scope = current
        change(&scope)
        return try $current.withValue(scope, operation: body)
    }
}

private let processDefault = Mutex(Graph())

extension Graph {
    /// The graph that functions without inputs, such as `constant`, add to: that of the innermost `asDefault`, or the
    /// process's own.
    public static var `default`: Graph { Scope.current.graph ?? processDefault.withLock { $0 } }

    /// Makes this the default graph while `body` runs. Name scopes, devices and control dependencies start afresh.
    ///
    ///     let graph = Graph()
    ///     let c = graph.asDefault { constant([1, 2] as [Float]) }
    public func asDefault<Result>(_ body: () throws -> Result) rethrows -> Result {
        try Scope.$current.withValue(Scope(graph: self), operation: body)
    }

    /// Makes this the default graph while the asynchronous `body` runs.
    public func asDefault<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        try await Scope.$current.withValue(Scope(graph: self), operation: body)
    }
}

/// Replaces the process's default graph by an empty one. Tensors of the old graph stay valid.
public func resetDefaultGraph() {
    processDefault.withLock { $0 = Graph() }
}

/// Puts the names of the nodes made in `body` under `name/`; inside other scopes, under theirs.
///
/// A scope that is entered a second time becomes `name_1`.
///
/// - Errors: a name that TensorFlow would not accept is a mistake.
public func withNameScope<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    try withNameScope(name, reserved: nil, body)
}

/// The same, for something that reserved a name before: where the scopes in force give that very name, it is entered as it
/// is.
package func withNameScope<Result>(
    _ name: String, reserved: String?, _ body: () throws -> Result
) rethrows -> Result {
    let qualified = Scope.current.qualified(name)
    if !isValidName(qualified) { Graph.default.report(.invalidName(name), operation: "name scope", node: name) }
    let prefix = (qualified == reserved ? qualified : Graph.default.uniqueScopeName(qualified)) + "/"
    return try Scope.with({ $0.prefix = prefix }, body)
}

/// Asks for a device, such as `/cpu:0`, for the nodes made in `body`.
public func withDevice<Result>(_ device: String?, _ body: () throws -> Result) rethrows -> Result {
    try Scope.with({ $0.device = device }, body)
}

/// Makes every node made in `body` wait for the given nodes.
///
/// An empty list waits for nothing, not even for what surrounding blocks named.
public func withControlDependencies<Result>(_ nodes: [Node], _ body: () throws -> Result) rethrows -> Result {
    try Scope.with({ $0.controlInputs = nodes.isEmpty ? [] : $0.controlInputs + nodes }, body)
}

/// Whether nodes made here wait for others.
package var isInsideControlDependencies: Bool { !Scope.current.controlInputs.isEmpty }

/// Leaves name scopes, control dependencies and devices as they are but names what `body` makes under `prefix/`,
/// which is not made unique: for the parts of something that has a unique name already.
package func withExactNameScope<Result>(_ prefix: String, _ body: () throws -> Result) rethrows -> Result {
    try Scope.with({ $0.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/" }, body)
}

/// Reserves a unique name for a node and names what `body` makes before it under that name.
///
/// - Parameters:
///   - body: is given the name for the node itself, to be passed on as it is.
package func withNodeScope<Result>(
    _ name: String, _ body: (_ reservedName: String) throws -> Result
) rethrows -> Result {
    let prefix = Graph.default.uniqueScopeName(Scope.current.qualified(name)) + "/"
    return try Scope.with({ $0.prefix = prefix }) { try body(prefix) }
}

/// Adds to `graph` in `body`, where it is not the default graph already; scopes stay in force where it is, and the body of
/// a function that is being built inside it stays the default.
package func withGraph<Result>(_ graph: Graph, _ body: () throws -> Result) rethrows -> Result {
    let current = Graph.default
    if current === graph || current.isInside(graph) { return try body() }
    return try graph.asDefault(body)
}

/// The graph that takes a node whose inputs belong to `graph`: the body of a function that is being built inside it, or
/// itself.
package func graphForNodes(of graph: Graph) -> Graph {
    let current = Graph.default
    return current.isInside(graph) ? current : graph
}
