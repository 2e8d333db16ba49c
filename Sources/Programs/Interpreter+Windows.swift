// The interpreter's sliding windows: convolutions, pooling, and the gradient of the largest. As everywhere in it, floats
// are combined in double precision, integers in their own type, wrapping around.

import Tensors

/// A box of positions, in row-major order.
private struct Box: Sequence, IteratorProtocol {
    let shape: [Int]
    private var current: [Int]?

    init(_ shape: [Int]) {
        self.shape = shape
        current = shape.contains(0) ? nil : shape.map { _ in 0 }
    }

    mutating func next() -> [Int]? {
        guard var position = current else { return nil }
        let result = position
        for axis in shape.indices.reversed() {
            position[axis] += 1
            if position[axis] < shape[axis] {
                current = position
                return result
            }
            position[axis] = 0
        }
        current = nil
        return result
    }
}

extension WindowAxis {
    /// The element that the window at position `position` takes as its number `index`; nil where it takes padding or a
    /// gap.
    fileprivate func element(_ index: Int, at position: Int, of extent: Int) -> Int? {
        let place = position * stride - low + index * dilation
        guard place >= 0, place % baseDilation == 0, place / baseDilation < extent else { return nil }
        return place / baseDilation
    }
}

extension Interpreter {
    /// The row-major index of what a window takes at one of its positions, or nil for padding and gaps.
    private static func index(
        _ offset: [Int], at position: [Int], _ axes: [WindowAxis], in shape: [Int]
    ) -> Int? {
        var index = 0
        for axis in axes.indices {
            guard let element = axes[axis].element(offset[axis], at: position[axis], of: shape[axis]) else {
                return nil
            }
            index = index * shape[axis] + element
        }
        return index
    }

    static func convolution(
        _ input: UntypedArray, _ kernel: UntypedArray, _ window: ConvolutionWindow, to type: ArrayType
    ) -> UntypedArray? {
        let rank = window.axes.count
        let space = Array(input.shape[1...rank])
        let spaceCount = product(space[...])
        let features = input.shape[rank + 1]
        let (groupFeatures, results) = (kernel.shape[rank], kernel.shape[rank + 1])
        let groups = max(window.featureGroups, window.batchGroups)
        let groupResults = results / groups

        func convolve<Scalar, Total>(
            _ rule: Accumulation<Scalar, Total>, _ times: (Total, Total) -> Total
        ) -> UntypedArray {
            var sums: [Scalar] = []
            sums.reserveCapacity(type.count)
            input.withElements(of: Scalar.self) { input in
                kernel.withElements(of: Scalar.self) { kernel in
                    for position in Box(type.shape) {
                        let result = position[rank + 1]
                        let group = result / max(1, groupResults)
                        let batch = position[0] + (window.batchGroups > 1 ? group * type.shape[0] : 0)
                        let firstFeature = window.featureGroups > 1 ? group * groupFeatures : 0
                        var total = rule.initial
                        for (number, offset) in Box(window.axes.map(\.size)).enumerated() {
                            guard
                                let place = index(offset, at: Array(position[1...rank]), window.axes, in: space)
                            else { continue }
                            for feature in 0..<groupFeatures {
                                let x = input[(batch * spaceCount + place) * features + firstFeature + feature]
                                let y = kernel[(number * groupFeatures + feature) * results + result]
                                total = rule.combine(total, times(rule.widen(x), rule.widen(y)))
                            }
                        }
                        sums.append(rule.narrow(total))
                    }
                }
            }
            return NDArray(sums).untyped.reshaped(type.shape)
        }
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray {
            convolve(Reducer.sum.accumulation(of: type)) { $0 * $1 }
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray {
            convolve(Reducer.sum.accumulation(of: type)) { $0 &* $1 }
        }
        if let type = input.dtype.interpretedFloatType { return floating(type) }
        return input.dtype.integerType.map { integer($0) }
    }

    static func reduceWindow(
        _ reducer: Reducer, _ operand: UntypedArray, _ axes: [WindowAxis], to type: ArrayType
    ) -> UntypedArray? {
        func fold<Scalar, Total>(_ rule: Accumulation<Scalar, Total>) -> UntypedArray {
            var results: [Scalar] = []
            results.reserveCapacity(type.count)
            operand.withElements(of: Scalar.self) { elements in
                for position in Box(type.shape) {
                    var total = rule.initial
                    for offset in Box(axes.map(\.size)) {
                        guard let index = index(offset, at: position, axes, in: operand.shape) else { continue }
                        total = rule.combine(total, rule.widen(elements[index]))
                    }
                    results.append(rule.narrow(total))
                }
            }
            return NDArray(results).untyped.reshaped(type.shape)
        }
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray {
            fold(reducer.accumulation(of: type))
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray {
            fold(reducer.accumulation(of: type))
        }
        if let type = operand.dtype.interpretedFloatType { return floating(type) }
        if let type = operand.dtype.integerType { return integer(type) }
        return fold(reducer.truthAccumulation)
    }

    static func selectAndScatter(
        _ operand: UntypedArray, _ source: UntypedArray, _ axes: [WindowAxis]
    ) -> UntypedArray? {
        func scatter<Scalar, Total>(
            _ rule: Accumulation<Scalar, Total>, _ isLarger: (Scalar, Scalar) -> Bool
        ) -> UntypedArray {
            var totals = [Total](repeating: rule.initial, count: operand.count)
            operand.withElements(of: Scalar.self) { elements in
                source.withElements(of: Scalar.self) { source in
                    for (number, position) in Box(positions(axes, operand.shape)).enumerated() {
                        var chosen: Int?
                        for offset in Box(axes.map(\.size)) {
                            guard let index = index(offset, at: position, axes, in: operand.shape) else { continue }
                            if let best = chosen, !isLarger(elements[index], elements[best]) { continue }
                            chosen = index
                        }
                        if let chosen { totals[chosen] = rule.combine(totals[chosen], rule.widen(source[number])) }
                    }
                }
            }
            return NDArray(totals.map(rule.narrow)).untyped.reshaped(operand.shape)
        }
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray {
            scatter(Reducer.sum.accumulation(of: type)) { $0 > $1 }
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray {
            scatter(Reducer.sum.accumulation(of: type)) { $0 > $1 }
        }
        if let type = operand.dtype.interpretedFloatType { return floating(type) }
        return operand.dtype.integerType.map { integer($0) }
    }

    private static func positions(_ axes: [WindowAxis], _ shape: [Int]) -> [Int] {
        axes.positions(over: shape) ?? []
    }
}
