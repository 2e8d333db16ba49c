// How many turns a loop can have: what its condition says of its counter.

import Graphs
import Tensors

/// The most turns that a loop can have.
enum TurnLimit {
    /// A number that is known while the graph is built.
    case known(Int)
    /// A number that follows from shapes, so that it is known when a plan is made for what is fed.
    ///
    /// - Parameters:
    ///   - count: the number, int32 of rank 0.
    ///   - input: the loop's input that is this very number, if there is one.
    case measured(_ count: Value, input: Endpoint?)

    /// Whether what a tensor's first axis counts are just so many turns.
    func isRowCount(of tensor: Value) -> Bool {
        switch self {
        case .known(let count): return tensor.shape[0] == count
        case .measured(_, let input):
            guard let input else { return false }
            return tensor.leadingSize == input
        }
    }

    /// Zeros for as many rows like `row`.
    func makeZeroRows(like row: Value, in graph: Graph) -> Value {
        switch self {
        case .known(let count):
            Operations.makeZeroRows(
                count, like: row, in: graph, unknownCount: integerConstant(count, in: graph))
        case .measured(let count, _): Operations.makeZeroRows(nil, like: row, in: graph, unknownCount: count)
        }
    }

    /// Zeros for as many rows of a shape.
    func makeZeroRows(_ dtype: DType, shape: [Int], in graph: Graph) -> Value {
        switch self {
        case .known(let count): return makeZeros(dtype, sizes: integerConstant([count] + shape, in: graph))
        case .measured(let count, _):
            return withGraph(graph) {
                makeZeros(dtype, sizes: makePack([count] + shape.map { integerConstant($0, in: graph) }, axis: 0))
            }
        }
    }
}

extension WhileLoop {
    /// How many turns there are at most, where the condition compares a counter with a number that is known, or follows
    /// from shapes.
    func turnLimit(_ inputs: [Value]) -> TurnLimit? {
        var bounds: [Int] = []
        var measured: TurnLimit?
        var waiting = condition.results.map(\.endpoint)
        let numbers = Dictionary(
            condition.arguments.enumerated().map { ($1.endpoint, $0) }, uniquingKeysWith: { first, _ in first })
        func constant(_ endpoint: Endpoint) -> Int? {
            if let value = Value(graph: condition.graph, endpoint: endpoint).constant?.integers {
                return value.count == 1 ? value[0] : nil
            }
            guard let value = invariant(endpoint)?.constant?.integers, value.count == 1 else { return nil }
            return value[0]
        }
        /// The input that is the same in all turns.
        func invariant(_ endpoint: Endpoint) -> Value? {
            guard let number = numbers[endpoint], isInvariant(number), inputs.indices.contains(number) else {
                return nil
            }
            return inputs[number]
        }
        var visited = 0
        while let endpoint = waiting.popLast(), visited < 64 {
            visited += 1
            let record = condition.graph.record(endpoint.node)
            let operands = record.inputs
            guard operands.count == 2 else { continue }
            var (low, high, extra) = (operands[0], operands[1], 0)
            switch record.operation.name {
            case "LogicalAnd":
                waiting += operands
                continue
            case "Less": break
            case "LessEqual": extra = 1
            case "Greater": (low, high) = (high, low)
            case "GreaterEqual": (low, high, extra) = (high, low, 1)
            default: continue
            }
            guard let counter = numbers[low], let step = step(of: counter), step > 0,
                let start = inputs[counter].constant?.integers, start.count == 1
            else { continue }
            if let limit = constant(high) {
                let (distance, overflows) = limit.subtractingReportingOverflow(start[0])
                if overflows { continue }
                let (rounded, tooLarge) = max(0, distance).addingReportingOverflow(extra + step - 1)
                if !tooLarge { bounds.append(rounded / step) }
            } else if measured == nil, step == 1, start[0] == 0, extra == 0, let limit = invariant(high),
                limit.shape.rank == 0, limit.followsFromShapes
            {
                let count = makeCast(limit, to: .int32)
                measured = withGraph(limit.graph) {
                    .measured(elementwise(.maximum, [count, integerConstant(0)]), input: limit.endpoint)
                }
            }
        }
        return bounds.min().map { .known($0) } ?? measured
    }
}

extension Value {
    /// Whether it is a whole number, or several, that nothing but shapes decides.
    fileprivate var followsFromShapes: Bool {
        guard dtype.isInteger else { return false }
        var seen: Set<NodeID> = []
        var waiting = [endpoint.node]
        while let node = waiting.popLast() {
            guard seen.insert(node).inserted else { continue }
            // What nobody writes by hand to say how long a sequence is.
            if seen.count > 1000 { return false }
            let record = graph.record(node)
            if record.operation is any ShapeOperation || record.operation is any ConstantOperation { continue }
            guard record.operation.effect == .none, !record.inputs.isEmpty,
                !(record.operation is any CallingOperation)
            else { return false }
            waiting += record.inputs.map(\.node)
        }
        return true
    }

    /// The number that its first axis was made with, where it was filled for sizes that are numbers put together.
    fileprivate var leadingSize: Endpoint? {
        var record = graph.record(endpoint.node)
        while record.operation is PassThrough, let input = record.inputs.first { record = graph.record(input.node) }
        guard record.operation is Fill, let sizes = record.inputs.first else { return nil }
        let parts = graph.record(sizes.node)
        guard let first = parts.inputs.first else { return nil }
        switch parts.operation {
        case let pack as Pack where pack.axis == 0: return first
        case is Concatenation:
            let expansion = graph.record(first.node)
            return expansion.operation is ExpandDimensions ? expansion.inputs.first : nil
        default: return nil
        }
    }
}
