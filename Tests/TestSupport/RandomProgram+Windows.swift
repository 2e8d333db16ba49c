// Convolutions and sliding windows in random programs.

package import Programs
package import Tensors

extension RandomStream {
    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }

    /// A window along a dimension; of any size that still makes sense, with or without positions.
    ///
    /// - Parameters:
    ///   - isConvolution: whether gaps in the base and negative padding are allowed.
    ///   - isPlain: whether there are no gaps at all.
    package mutating func windowAxis(isConvolution: Bool, isPlain: Bool = false) -> WindowAxis {
        var axis = WindowAxis(size: 1 + below(3), stride: 1 + below(3))
        if below(2) == 0 { (axis.low, axis.high) = (below(3), below(3)) }
        if !isPlain, below(3) == 0 { axis.dilation = 1 + below(3) }
        if isConvolution {
            if below(3) == 0 { axis.baseDilation = 1 + below(3) }
            if below(6) == 0 { axis.low -= 1 + below(2) }
            if below(6) == 0 { axis.high -= 1 + below(2) }
        }
        return axis
    }
}

extension Generator {
    mutating func addConvolution(_ index: Int) throws {
        var index = index
        let dtype = candidates[index].type.dtype
        guard dtype.isNumeric, !(options.isExact && dtype.isFloating) else { return }
        if !(3...5).contains(candidates[index].type.shape.count) {
            index = newParameter(ArrayType(dtype, (0..<(3 + below(2))).map { _ in extent() }))
        }
        let shape = candidates[index].type.shape
        let rank = shape.count - 2
        let axes = (0..<rank).map { _ in random.windowAxis(isConvolution: true) }
        var window = ConvolutionWindow(axes: axes)
        let results = 1 + below(3)
        var groups = 1
        if chance(30), shape[rank + 1] > 0 {
            groups = chance(50) ? shape[rank + 1] : 1
            window.featureGroups = groups
        } else if chance(30), shape[0] > 0 {
            groups = shape[0]
            window.batchGroups = groups
        }
        let kernel = ArrayType(
            dtype, axes.map(\.size) + [shape[rank + 1] / window.featureGroups, results * groups])
        let other = try partner(kernel)
        let isExact = candidates[index].isExact && candidates[other].isExact && !dtype.isFloating
        _ = record(try builder.convolution(use(index), use(other), window), isExact: isExact)
    }

    /// A reduction over windows, or a gradient of the largest.
    mutating func addWindow(_ index: Int) throws {
        let operand = candidates[index]
        let dtype = operand.type.dtype
        guard !operand.type.shape.isEmpty else { return }
        if chance(40), operand.isExact, dtype.isNumeric, !(options.isExact && dtype.isFloating) {
            // Along one dimension only: of equal elements in several, XLA does not always take the first.
            var axes = operand.type.shape.map { _ in WindowAxis() }
            axes[below(axes.count)] = random.windowAxis(isConvolution: false, isPlain: true)
            guard let positions = axes.positions(over: operand.type.shape) else { return }
            let source = try partner(ArrayType(dtype, positions))
            let value = try builder.add(.selectAndScatter(axes), [use(index), use(source)])
            _ = record(value, isExact: candidates[source].isExact && !dtype.isFloating)
            return
        }
        let choices = Reducer.allCases.filter {
            $0.accepts(dtype) && !(options.isExact && dtype.isFloating && ($0 == .sum || $0 == .product))
        }
        guard let reducer = pick(choices) else { return }
        let axes = operand.type.shape.map { _ in
            chance(40) ? WindowAxis() : random.windowAxis(isConvolution: false)
        }
        let keeps = !dtype.isFloating || (reducer != .sum && reducer != .product)
        _ = record(try builder.reduceWindow(reducer, use(index), axes), isExact: operand.isExact && keeps)
    }
}
