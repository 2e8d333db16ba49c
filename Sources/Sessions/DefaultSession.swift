// The session that is meant where none is named: for short programs and for trying things out. Larger ones pass their
// session on.

public import Graphs
import Operations
import Synchronization
public import Tensors

/// The session of the innermost `asDefault`.
private enum DefaultSession {
    @TaskLocal static var current: Session?
}

/// Interactive sessions that are not closed, the newest last.
private let openSessions = Mutex<[Session]>([])

extension Session {
    /// The session that `eval` and `run` without one use: that of the innermost `asDefault`, or the newest
    /// `InteractiveSession` that is not closed; nil where there is neither.
    public static var `default`: Session? { DefaultSession.current ?? openSessions.withLock { $0.last } }

    /// Makes this the default session, and its graph the default graph, while `body` runs.
    ///
    ///     try Session().asDefault {
    ///         print(try (a * b).eval())
    ///     }
    ///
    /// Like the default graph it is task-local: other tasks do not see it, child tasks inherit it.
    public func asDefault<Result>(_ body: () throws -> Result) rethrows -> Result {
        try DefaultSession.$current.withValue(self) { try withGraph(graph, body) }
    }

    /// The session to use where one may be named.
    ///
    /// - Errors: `SessionError` where there is none.
    fileprivate static func chosen(_ session: Session?, for what: String) throws(SessionError) -> Session {
        if let found = session ?? .default { return found }
        throw SessionError(
            .noDefaultSession,
            "there is no default session to run \"\(what)\" in\n    hint: run it inside session.asDefault { }, name a "
                + "session, or make an InteractiveSession first")
    }
}

/// A session that is the default one of the whole process from the start until it is closed: for trying things out.
///
///     let session = InteractiveSession()
///     let x = constant([1, 2, 3] as [Float])
///     print(try x.sum().eval())                // 6.0
///     session.close()
///
/// - Source: TensorFlow's `InteractiveSession`.
public struct InteractiveSession: Sendable {
    /// The session itself.
    public let session: Session
    /// The graph that it runs.
    public var graph: Graph { session.graph }

    /// - Parameters:
    ///   - graph: by default, the default graph at this moment.
    public init(graph: Graph = .default, options: SessionOptions = SessionOptions()) {
        session = Session(graph: graph, options: options)
        openSessions.withLock { [session] in $0.append(session) }
    }

    /// Gives the place of the default session back to that before. The session can still be used by name.
    public func close() {
        openSessions.withLock { [session] in $0.removeAll { $0 === session } }
    }

    /// Runs what the fetches need; as `Session.run`.
    @discardableResult
    public func run<F: Fetchable, each S: TensorElement>(
        _ fetch: F, feeding feeds: repeat Feed<each S>
    ) throws -> F.Fetched {
        try session.run(fetch, feeding: repeat each feeds)
    }

    /// Gives every variable of the graph its initial value; as `Session.initializeVariables`.
    public func initializeVariables() throws { try session.initializeVariables() }
}

extension TensorExpression {
    /// The value of the tensor in the default session.
    ///
    ///     try accuracy.eval(feeding: x.fed(images), y.fed(labels))
    ///
    /// - Parameters:
    ///   - feeds: arrays that stand for tensors in this run.
    ///   - session: another session than the default one.
    /// - Errors: as `Session.run`; `SessionError` where there is no default session.
    public func eval<each S: TensorElement>(
        feeding feeds: repeat Feed<each S>, session: Session? = nil
    ) throws -> NDArray<Scalar> {
        let fetch = tensor
        return try Session.chosen(session, for: fetch.name).run(fetch, feeding: repeat each feeds)
    }
}

extension Node {
    /// Runs the node in the default session.
    ///
    ///     try train.run(feeding: x.fed(images), y.fed(labels))
    ///
    /// - Parameters, Errors: as for `eval(feeding:session:)`.
    public func run<each S: TensorElement>(feeding feeds: repeat Feed<each S>, session: Session? = nil) throws {
        try Session.chosen(session, for: name).run(self, feeding: repeat each feeds)
    }
}
