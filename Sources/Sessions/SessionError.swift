// What can go wrong when a graph is run.

import CPU
import Graphs
import Tensors

/// A run that could not be done. Variables are as they were before.
public struct SessionError: Error, Sendable, CustomStringConvertible {
    /// The kinds of mistakes, to tell them apart in code.
    public enum Kind: Hashable, Sendable {
        /// A fetch, target or feed belongs to another graph than the session's.
        case foreignTensor
        /// A fed array does not have the tensor's shape.
        case feedShape
        /// A fed array does not have the tensor's type.
        case feedType
        /// A tensor is fed twice.
        case duplicateFeed
        /// Something that is needed cannot be computed: a placeholder is not fed, shapes do not fit.
        case notComputable
        /// A variable has no value yet.
        case uninitializedVariable
        /// A value that a variable is given does not have its type or shape.
        case variableValue
        /// A kernel found a mistake in the data: a division by zero, an index out of range.
        case data
        /// The task in which the run was started was cancelled while a loop ran.
        case cancelled
        /// No session was named, and there is no default one.
        case noDefaultSession
        /// An array would need more memory than the machine has.
        case outOfMemory
    }

    public let kind: Kind
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    static func foreign(_ name: String) -> SessionError {
        SessionError(
            .foreignTensor,
            "\"\(name)\" belongs to another graph than the session\n    hint: make the session with Session(graph:) of its graph"
        )
    }

    static func feedShape(_ name: String, expected: Shape, found: [Int]) -> SessionError {
        SessionError(.feedShape, "\"\(name)\" has shape \(expected), but an array of shape \(found) is fed")
    }

    static func feedType(_ name: String, expected: DType, found: DType) -> SessionError {
        SessionError(.feedType, "\"\(name)\" has type \(expected), but an array of \(found) is fed")
    }

    static func duplicateFeed(_ name: String) -> SessionError {
        SessionError(.duplicateFeed, "\"\(name)\" is fed twice")
    }

    static func refusedFeed(_ name: String, _ refusal: String) -> SessionError {
        SessionError(.outOfMemory, "the array that is fed for \"\(name)\" could not be made: \(refusal)")
    }

    static func outOfMemory(_ what: String, byteCount: Int) -> SessionError {
        SessionError(
            .outOfMemory,
            "\(what) of \(Memory.text(byteCount)), but this machine has \(Memory.text(Memory.byteCount)) of memory\n"
                + "    hint: use smaller shapes, or feed fewer rows at a time")
    }

    static func notComputable(_ diagnostics: [Diagnostic]) -> SessionError {
        SessionError(.notComputable, diagnostics.map { "\($0)" }.joined(separator: "\n"))
    }

    static func uninitialized(_ names: [String]) -> SessionError {
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return SessionError(
            .uninitializedVariable,
            "variable\(names.count == 1 ? "" : "s") \(list) \(names.count == 1 ? "has" : "have") no value yet\n"
                + "    hint: call session.initializeVariables() first")
    }

    static func data(_ failure: KernelFailure, in graph: Graph, _ plan: Plan) -> SessionError {
        let kind: Kind = failure.isCancellation ? .cancelled : .data
        var nodes = failure.tag.map { plan.nodes(ofTag: $0, in: graph) } ?? []
        guard let node = nodes.popLast() else { return SessionError(kind, failure.description) }
        // `Div "body/Div": an integer was divided by zero, inside While "while"`
        let callers = nodes.reversed().map { ", inside \($0.operation.name) \"\($0.name)\"" }.joined()
        return SessionError(kind, "\(node.diagnostic(Mistake(failure.description + callers)))")
    }
}
