// Random numbers inside branches and loops. Outside, one draw of each run gives a seed; inside, the numbers follow from
// this seed and the numbers of the turns around them. So each turn draws others, and whoever computes a turn anew, as
// gradients do, draws the same. A stream with a position, as random operations have it outside, would have to be carried
// and kept for every turn.

import Graphs
import Tensors

/// Numbers of one of the distributions; inside a body, those of its turn.
func makeRandomNumbers(
    _ kind: RandomNumbers.Kind, _ dtype: DType, _ sizes: Value, seed: Int?, name: String? = nil
) -> Value {
    let graph = graphForNodes(of: sizes.graph)
    guard graph.parent != nil else {
        let seeds = RandomSeeds(operationSeed: seed, in: graph)
        return makeValue(RandomNumbers(kind, dtype: dtype, indexType: sizes.dtype, seeds: seeds), [sizes], name: name)
    }
    let seed = makeBodySeed(seed, in: graph)
    return makeValue(
        StatelessRandomNumbers(kind, dtype: dtype, indexType: sizes.dtype, seedType: seed.dtype), [sizes, seed],
        name: name)
}

/// Whole numbers of a range; inside a body, those of its turn.
func makeRandomIntegers(
    _ dtype: DType, _ sizes: Value, _ low: Value, _ high: Value, seed: Int?, name: String? = nil
) -> Value {
    let graph = graphForNodes(of: sizes.graph)
    guard graph.parent != nil else {
        let seeds = RandomSeeds(operationSeed: seed, in: graph)
        return makeValue(
            RandomIntegers(dtype: dtype, indexType: sizes.dtype, seeds: seeds), [sizes, low, high], name: name)
    }
    let seed = makeBodySeed(seed, in: graph)
    return makeValue(
        StatelessRandomIntegers(dtype: dtype, indexType: sizes.dtype, seedType: seed.dtype), [sizes, seed, low, high],
        name: name)
}

/// The bounds of seeds, as int64.
private func seedBounds(in graph: Graph) -> (low: Value, high: Value) {
    func bound(_ value: Int) -> Value {
        makeConstant(UntypedArray(integers: [value], dtype: .int64).reshaped([]), in: graph)
    }
    return (bound(.min), bound(.max))
}

/// The seed of a random operation in the body of a function: two numbers, others in every run and every turn.
private func makeBodySeed(_ seed: Int?, in graph: Graph) -> Value {
    // The graphs around, from the outermost to `graph`.
    var graphs = [graph]
    while let parent = graphs.last?.parent { graphs.append(parent) }
    graphs.reverse()
    let outermost = graphs[0]
    var value = outermost.asDefault {
        let sizes = integerConstant([2], in: outermost)
        let (low, high) = seedBounds(in: outermost)
        let operation = RandomIntegers(
            dtype: .int64, indexType: sizes.dtype, seeds: RandomSeeds(operationSeed: seed, in: outermost))
        return outermost.addOne(operation, [sizes, low, high], name: "body_seed")
    }
    var isInsideLoop = false
    for inner in graphs.dropFirst() {
        guard inner.hasTurns else { continue }
        if isInsideLoop, let parent = inner.parent {
            // The turns of the loop around are mixed in, so that the sum with another number is not that of other turns.
            let outer = parent.captured(value) ?? value
            value = parent.asDefault {
                let sizes = integerConstant([2], in: parent)
                let (low, high) = seedBounds(in: parent)
                return parent.addOne(
                    StatelessRandomIntegers(dtype: .int64, indexType: sizes.dtype, seedType: .int64),
                    [sizes, outer, low, high], name: "loop_seed")
            }
        }
        isInsideLoop = true
        guard let base = inner.captured(value), let turn = inner.turnNumber else { continue }
        value = inner.asDefault {
            let zero = makeConstant(UntypedArray(integers: [0], dtype: .int64).reshaped([]), in: inner)
            return elementwise(.add, [base, makePack([turn, zero], axis: 0)], name: "turn_seed")
        }
    }
    return graph.captured(value) ?? value
}
