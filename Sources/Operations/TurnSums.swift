// The gradients of what is the same in all turns of a loop: sums over the turns, of which products and single rows are
// taken together rather than added up one by one.

import Graphs
import Tensors

/// How a sum over the turns is computed: what is added to where.
struct TurnSum {
    private enum Term {
        /// Added to a sum of the shape of the input.
        case plain
        /// Added to one row of such a sum.
        case row
        /// The product `leftᵀ · right` of matrices: both are stacked, and multiplied once after the loop.
        case product(left: [Int], right: [Int], dtype: DType)
    }

    private var terms: [Term] = []
    /// What each turn computes for the sum.
    private(set) var values: [Value] = []

    /// The most stacked products that one sum may have.
    private static let largestTermCount = 64

    init(of gradient: Value) {
        var waiting = [gradient]
        while let value = waiting.popLast() {
            let record = value.node.record
            let inputs = record.inputs.map { Value(graph: value.graph, endpoint: $0) }
            if record.operation is AddN, terms.count + waiting.count + inputs.count <= Self.largestTermCount {
                waiting += inputs.reversed()
            } else if let product = record.operation as? MatMul, product.transposesLeft, !product.transposesRight,
                let left = inputs[0].shape.known, let right = inputs[1].shape.known
            {
                terms.append(.product(left: left, right: right, dtype: value.dtype))
                values += inputs
            } else if let row = Self.row(value) {
                terms.append(.row)
                values += [row.values, row.number]
            } else {
                terms.append(.plain)
                values.append(value)
            }
        }
        // Plain terms and rows share one sum.
        sharesSum = terms.contains { if case .product = $0 { false } else { true } }
    }

    private let sharesSum: Bool

    /// The row of a gradient of `GatherV2` at a single number.
    private static func row(_ value: Value) -> (values: Value, number: Value)? {
        var value = value
        if value.node.record.operation is Reshape {
            value = Value(graph: value.graph, endpoint: value.node.record.inputs[0])
        }
        let record = value.node.record
        guard record.operation is UnsortedSegmentSum else { return nil }
        let inputs = record.inputs.map { Value(graph: value.graph, endpoint: $0) }
        return inputs[1].shape.rank == 0 ? (inputs[0], inputs[1]) : nil
    }

    var accumulatorCount: Int {
        terms.reduce(sharesSum ? 1 : 0) { count, term in
            if case .product = term { count + 2 } else { count }
        }
    }

    /// The accumulators before the first turn.
    func initial(like input: Value, _ limit: TurnLimit, in graph: Graph) -> [Value] {
        var values = sharesSum ? [zeroGradient(input)] : []
        for case .product(let left, let right, let dtype) in terms {
            for shape in [left, right] {
                values.append(limit.makeZeroRows(dtype, shape: shape, in: graph))
            }
        }
        return values
    }

    /// The accumulators after one more turn.
    func next(_ accumulators: [Value], _ values: [Value], turn: Value) -> [Value] {
        var accumulators = accumulators
        var values = values[...]
        func take() -> Value { values.popFirst() ?? turn }
        var place = sharesSum ? 1 : 0
        for term in terms {
            switch term {
            case .plain: accumulators[0] = accumulators[0] + take()
            case .row:
                let (row, number) = (take(), take())
                let old = makeRow(accumulators[0], number: number)
                accumulators[0] = makeRowUpdate(accumulators[0], number: number, row: old + row)
            case .product:
                for _ in 0..<2 {
                    accumulators[place] = makeRowUpdate(accumulators[place], number: turn, row: take())
                    place += 1
                }
            }
        }
        return accumulators
    }

    /// The sum, after the last turn.
    func total(_ accumulators: [Value]) -> Value {
        var parts = sharesSum ? [accumulators[0]] : []
        var place = sharesSum ? 1 : 0
        for case .product(let left, let right, let dtype) in terms {
            // The rows of turns that there were not are zeros.
            let tall = makeReshape(accumulators[place], shape: [-1, left[1]])
            let wide = makeReshape(accumulators[place + 1], shape: [-1, right[1]])
            place += 2
            parts.append(makeValue(MatMul(dtype: dtype, transposesLeft: true), [tall, wide]))
        }
        return parts.count == 1 ? parts[0] : NodeArithmetic().sum(parts)
    }
}
