// Mistakes in building a graph: recorded where they happen, reported together, like a compiler's.

package import Tensors

/// What is wrong with the inputs of an operation, and how to repair it. Type rules throw it; the graph adds the
/// operation, the node and the place.
package struct Mistake: Error, Sendable {
    package let message: String
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// One mistake in a graph.
public struct Diagnostic: Sendable, CustomStringConvertible {
    /// The TensorFlow op, such as `MatMul`, or the function that was called.
    public let operation: String
    /// The node's name, where there is one.
    public let node: String?
    /// What is wrong, with all shapes in full.
    public let message: String
    /// How to repair it.
    public let hint: String?
    let origin: Origin

    package init(operation: String, node: String?, message: String, hint: String? = nil, origin: Origin) {
        self.operation = operation
        self.node = node
        self.message = message
        self.hint = hint
        self.origin = origin
    }

    /// The same mistake, made in a function that a node calls.
    func inside(_ caller: NodeRecord) -> Diagnostic {
        Diagnostic(
            operation: operation, node: node,
            message: "\(message), inside \(caller.operation.name) \"\(caller.name)\"", hint: hint, origin: origin)
    }

    /// `file.swift:41` of the call, where the program carries debug information.
    public var place: String? { origin.place }

    public var description: String {
        var text = ""
        if let place { text += "\(place): " }
        text += operation
        if let node { text += " \"\(node)\"" }
        text += ": \(message)"
        if let hint { text += "\n    hint: \(hint)" }
        return text
    }
}

/// The mistakes of a graph, all at once: thrown by what first needs the graph to be sound.
public struct GraphError: Error, Sendable, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    public var description: String {
        let count = diagnostics.count == 1 ? "a mistake" : "\(diagnostics.count) mistakes"
        let lines = diagnostics.map { "  " + $0.description.split(separator: "\n").joined(separator: "\n  ") }
        return "the graph has \(count)\n" + lines.joined(separator: "\n")
    }
}

// MARK: - Mistakes that several rules share, so that the same one always reads the same

extension Mistake {
    package static let finalized = Mistake(
        "the graph was finalized, nothing can be added to it", hint: "make all nodes before the loop that runs them")

    static func invalidName(_ name: String) -> Mistake {
        Mistake(
            "\"\(name)\" is not a valid name",
            hint: "a name starts with a letter, a digit or '.', and goes on with those, '_', '-', '/' or '>'")
    }

    package static func wrongCount(expected: Int, found: Int) -> Mistake {
        Mistake("takes \(expected) input\(expected == 1 ? "" : "s"), but has \(found)")
    }

    package static func dtypesDiffer(_ left: DType, _ right: DType) -> Mistake {
        Mistake("the inputs' types differ: \(left) and \(right)", hint: "convert one with cast(_:to:)")
    }

    package static func unsupported(_ dtype: DType, accepted: String) -> Mistake {
        Mistake("is not defined for \(dtype), only for \(accepted)", hint: "convert the input with cast(_:to:)")
    }

    package static func noBroadcast(_ left: Shape, _ right: Shape) -> Mistake {
        Mistake("shapes \(left) and \(right) do not broadcast")
    }

    package static func tooLarge(_ shape: Shape) -> Mistake {
        Mistake("the result of shape \(shape) is larger than memory can address")
    }

    package static func shapesDiffer(_ left: Shape, _ right: Shape, what: String = "the inputs' shapes") -> Mistake {
        Mistake("\(what) differ: \(left) and \(right)")
    }

    package static func axisOutOfRange(_ axis: Int, rank: Int) -> Mistake {
        Mistake(
            "axis \(axis) is out of range for rank \(rank)",
            hint: rank == 0 ? "a single value has no axes" : "use \(-rank)...\(rank - 1)")
    }
}
