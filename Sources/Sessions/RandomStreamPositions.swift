// Where a session's random streams stand: with the variables, all that decides what the next runs compute. What saves a
// training and goes on with it later reads and sets them.

import Graphs

/// Where the random numbers of a node stand.
package struct RandomStreamPosition: Hashable, Sendable {
    /// The name of the node that draws them.
    package let node: String
    /// The key of the generator, and the two halves of its counter.
    package let key: UInt64
    package let low: UInt64
    package let high: UInt64

    package init(node: String, key: UInt64, low: UInt64, high: UInt64) {
        self.node = node
        self.key = key
        self.low = low
        self.high = high
    }
}

extension Session {
    /// Where the streams stand that were used, in alphabetical order of their nodes.
    package var randomStreamPositions: [RandomStreamPosition] {
        store.streamStates.map { id, state in
            RandomStreamPosition(
                node: Node(graph: graph, id: id).name, key: state.key, low: state.low, high: state.high)
        }.sorted { $0.node < $1.node }
    }

    /// Sets where all streams stand; those that are not among them start anew. Runs that are going on keep their numbers.
    ///
    /// - Returns: the names that no node has; the others are set.
    @discardableResult
    package func setRandomStreamPositions(_ positions: [RandomStreamPosition]) -> [String] {
        var states: [NodeID: (key: UInt64, low: UInt64, high: UInt64)] = [:]
        var unknown: [String] = []
        for position in positions {
            guard let node = graph.node(named: position.node), node.record.operation is any RandomOperation else {
                unknown.append(position.node)
                continue
            }
            states[node.id] = (position.key, position.low, position.high)
        }
        store.streamStates = states
        return unknown
    }
}
