// What a read of a variable sees among the updates of one run, or of one call of a function.

/// The updates of variables, in their order.
///
/// - A read that no dependency orders after an update sees the value from before.
/// - A read that depends on updates sees the latest of those.
/// - Updates happen in the order in which they are added, each on the value that the one before left.
package struct UpdateHistory<Value> {
    private let records: [NodeRecord]
    /// The updates of each variable so far, in order.
    private var updates: [NodeID: [(node: NodeID, value: Value)]] = [:]
    /// The variables that were updated, in the order of their first updates.
    package private(set) var updated: [NodeID] = []

    package init(records: [NodeRecord]) {
        self.records = records
    }

    package mutating func add(_ value: Value, to variable: NodeID, by node: NodeID) {
        if updates[variable] == nil { updated.append(variable) }
        updates[variable, default: []].append((node, value))
    }

    /// The value that the last update left, or nil where there was none.
    package func last(of variable: NodeID) -> Value? { updates[variable]?.last?.value }

    /// The value that `node` sees, or nil where that is the one from before all updates.
    package func value(of variable: NodeID, seenBy node: NodeID) -> Value? {
        guard let updates = updates[variable], let last = updates.last else { return nil }
        if case .updates = records[node.int].operation.effect { return last.value }
        var remaining = Dictionary(updates.enumerated().map { ($1.node, $0) }, uniquingKeysWith: max)
        var found = -1
        var seen: Set<NodeID> = []
        var waiting = [node]
        while let next = waiting.popLast(), !remaining.isEmpty {
            guard seen.insert(next).inserted else { continue }
            if let position = remaining.removeValue(forKey: next) { found = max(found, position) }
            waiting += records[next.int].inputs.map(\.node) + records[next.int].controlInputs
        }
        return found >= 0 ? updates[found].value : nil
    }
}
