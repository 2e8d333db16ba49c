// What callbacks know, so that a training that goes on later goes on with it.

public import Tensors

/// What a callback must know to go on as if the training had never stopped.
public struct CallbackState: Sendable {
    /// Counters, best values and the like.
    public var values: [String: JSONValue]
    /// Arrays, such as the best weights.
    public var arrays: [String: AnyArray]

    public init(values: [String: JSONValue] = [:], arrays: [String: AnyArray] = [:]) {
        self.values = values
        self.arrays = arrays
    }
}

/// A callback whose state is saved with the training's, and restored by `fit(resume:)`.
///
///     final class Counter: ResumableCallback {
///         var count = 0
///         func savedState() -> CallbackState { CallbackState(values: ["count": .integer(count)]) }
///         func restore(_ state: CallbackState) { count = state.values["count"]?.integer ?? 0 }
///     }
public protocol ResumableCallback: Callback {
    /// What it knows now.
    func savedState() throws -> CallbackState
    /// Goes on with what was known; called after `trainingBegan`.
    func restore(_ state: CallbackState) throws
}

/// The callbacks that have a state, by names under which they are found again: the type, and a number among those of
/// one type.
func resumableCallbacks(_ callbacks: [any Callback]) -> [(key: String, callback: any ResumableCallback)] {
    var counts: [String: Int] = [:]
    return callbacks.compactMap { callback in
        guard let callback = callback as? any ResumableCallback else { return nil }
        let name = String(describing: type(of: callback))
        counts[name, default: 0] += 1
        return ("\(name)_\(counts[name] ?? 1)", callback)
    }
}
