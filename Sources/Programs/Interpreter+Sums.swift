// The interpreter's instructions that combine many elements into one: reductions, products and scattered sums.
// Floats are combined in double precision, integers in their own type, wrapping around.

import Tensors

/// How elements are turned into what is combined, and back.
struct Accumulation<Scalar: TensorElement, Total> {
    var initial: Total
    var widen: (Scalar) -> Total
    var combine: (Total, Total) -> Total
    var narrow: (Total) -> Scalar
}

extension Reducer {
    /// The function of two elements that the reduction repeats.
    package var function: BinaryFunction {
        switch self {
        case .sum: .add
        case .product: .multiply
        case .maximum: .maximum
        case .minimum: .minimum
        case .and: .and
        case .or: .or
        }
    }

    func accumulation<Scalar: InterpretedFloat>(of type: Scalar.Type) -> Accumulation<Scalar, Double> {
        let initial: Double =
            switch self {
            case .sum, .or, .and: 0
            case .product: 1
            case .maximum: -.infinity
            case .minimum: .infinity
            }
        return Accumulation(
            initial: initial, widen: { $0.asDouble }, combine: { self.function($0, $1) ?? .nan }, narrow: { Scalar($0) }
        )
    }

    func accumulation<Scalar: IntegerElement>(of type: Scalar.Type) -> Accumulation<Scalar, Scalar> {
        let initial: Scalar =
            switch self {
            case .sum, .or: 0
            case .product: 1
            case .maximum: .min
            case .minimum: .max
            case .and: ~0
            }
        return Accumulation(
            initial: initial, widen: { $0 }, combine: { self.function($0, $1) ?? 0 }, narrow: { $0 })
    }

    var truthAccumulation: Accumulation<Bool, Bool> {
        let isConjunction = self == .and || self == .minimum
        return Accumulation(
            initial: isConjunction, widen: { $0 }, combine: { self.function($0, $1) ?? false }, narrow: { $0 })
    }
}

extension Interpreter {
    static func reduce(_ reducer: Reducer, _ operand: UntypedArray, axes: [Int], to type: ArrayType) -> UntypedArray? {
        func fold<Scalar, Total>(_ rule: Accumulation<Scalar, Total>) -> UntypedArray {
            var totals = [Total](repeating: rule.initial, count: type.count)
            // The stride of each dimension of the operand in the result: 0 for those that are reduced.
            let kept = operand.shape.indices.filter { !axes.contains($0) }
            var strides = [Int](repeating: 0, count: operand.shape.count)
            for (axis, stride) in zip(kept, denseStrides(type.shape)) { strides[axis] = stride }
            operand.withElements(of: Scalar.self) { elements in
                forEachPosition(of: operand.shape, strides: strides) { index, target in
                    totals[target] = rule.combine(totals[target], rule.widen(elements[index]))
                }
            }
            return NDArray(totals.map(rule.narrow)).untyped.reshaped(type.shape)
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

    static func dot(
        _ left: UntypedArray, _ right: UntypedArray, _ transposeLeft: Bool, _ transposeRight: Bool,
        to type: ArrayType
    ) -> UntypedArray? {
        let rank = type.shape.count
        let (m, n) = (type.shape[rank - 2], type.shape[rank - 1])
        let k = left.shape[transposeLeft ? rank - 2 : rank - 1]
        let (leftRow, leftColumn) = transposeLeft ? (1, m) : (k, 1)
        let (rightRow, rightColumn) = transposeRight ? (1, k) : (n, 1)

        func multiply<Scalar, Total>(
            _ rule: Accumulation<Scalar, Total>, _ times: @escaping (Total, Total) -> Total
        ) -> UntypedArray {
            var products: [Scalar] = []
            products.reserveCapacity(type.count)
            left.withElements(of: Scalar.self) { left in
                right.withElements(of: Scalar.self) { right in
                    for index in 0..<type.count {
                        let (batch, row, column) = (index / (m * n), index / n % m, index % n)
                        var total = rule.initial
                        for inner in 0..<k {
                            let x = left[batch * m * k + row * leftRow + inner * leftColumn]
                            let y = right[batch * k * n + inner * rightRow + column * rightColumn]
                            total = rule.combine(total, times(rule.widen(x), rule.widen(y)))
                        }
                        products.append(rule.narrow(total))
                    }
                }
            }
            return NDArray(products).untyped.reshaped(type.shape)
        }
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray {
            multiply(Reducer.sum.accumulation(of: type)) { $0 * $1 }
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray {
            multiply(Reducer.sum.accumulation(of: type)) { $0 &* $1 }
        }
        if let type = left.dtype.interpretedFloatType { return floating(type) }
        return left.dtype.integerType.map { integer($0) }
    }

    static func argSort(
        _ operand: UntypedArray, axis: Int, descending: Bool, count: Int, to type: ArrayType
    ) -> UntypedArray? {
        let extent = operand.shape[axis]
        let inner = product(operand.shape[(axis + 1)...])
        let rows = product(operand.shape[..<axis]) * inner
        /// The positions of each row in order.
        func sort<Scalar: NumericElement>(_ type: Scalar.Type, _ isBefore: (Scalar, Scalar) -> Bool) -> [[Int]] {
            operand.withElements(of: Scalar.self) { elements in
                (0..<rows).map { row in
                    let start = row / inner * extent * inner + row % inner
                    // A comparison of positions makes any sort a stable one.
                    return (0..<extent).sorted { left, right in
                        let (x, y) = (elements[start + left * inner], elements[start + right * inner])
                        if isBefore(x, y) { return true }
                        return isBefore(y, x) ? false : left < right
                    }
                }
            }
        }
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> [[Int]] {
            let isLess = { (x: Scalar, y: Scalar) in y.isNaN ? !x.isNaN : x < y }
            return sort(type) { descending ? isLess($1, $0) : isLess($0, $1) }
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> [[Int]] {
            sort(type) { descending ? $1 < $0 : $0 < $1 }
        }
        let orders: [[Int]]
        if let scalar = operand.dtype.interpretedFloatType {
            orders = floating(scalar)
        } else if let scalar = operand.dtype.integerType {
            orders = integer(scalar)
        } else {
            return nil
        }
        var positions = [Int](repeating: 0, count: type.count)
        for (row, order) in orders.enumerated() {
            let start = row / inner * count * inner + row % inner
            for rank in 0..<count { positions[start + rank * inner] = order[rank] }
        }
        return UntypedArray(integers: positions, dtype: .int32).reshaped(type.shape)
    }

    static func argReduce(_ operand: UntypedArray, smallest: Bool, axis: Int, to type: ArrayType) -> UntypedArray? {
        let extent = operand.shape[axis]
        let inner = product(operand.shape[(axis + 1)...])
        /// The best positions; `isBetter(x, y)` says that x, which comes later, beats y.
        func search<Scalar: TensorElement>(_ isBetter: (Scalar, Scalar) -> Bool) -> [Int] {
            operand.withElements(of: Scalar.self) { elements in
                (0..<type.count).map { index in
                    // With no elements along the axis, as with one, the position is 0.
                    guard extent > 1 else { return 0 }
                    let start = index / inner * extent * inner + index % inner
                    var best = 0
                    for position in 1..<extent
                    where isBetter(elements[start + position * inner], elements[start + best * inner]) {
                        best = position
                    }
                    return best
                }
            }
        }
        func floating<Scalar: InterpretedFloat>(_ scalar: Scalar.Type) -> [Int] {
            search { (x: Scalar, y: Scalar) in
                if x.isNaN || y.isNaN { return !y.isNaN }
                return smallest ? x < y : x > y
            }
        }
        func integer<Scalar: IntegerElement>(_ scalar: Scalar.Type) -> [Int] {
            search { (x: Scalar, y: Scalar) in smallest ? x < y : x > y }
        }
        let positions: [Int]
        if let scalar = operand.dtype.interpretedFloatType {
            positions = floating(scalar)
        } else if let scalar = operand.dtype.integerType {
            positions = integer(scalar)
        } else {
            positions = search { (x: Bool, y: Bool) in x != y && x != smallest }
        }
        return UntypedArray(integers: positions, dtype: type.dtype).reshaped(type.shape)
    }

    static func scatterAdd(
        _ updates: UntypedArray, at indices: UntypedArray, axis: Int, range: Int, to type: ArrayType
    ) -> UntypedArray? {
        guard let positions = indices.integers, positions.allSatisfy({ $0 < range }) else { return nil }
        let outer = product(updates.shape[..<axis])
        let inner = product(updates.shape[(axis + 1)...])

        func sum<Scalar, Total>(_ rule: Accumulation<Scalar, Total>) -> UntypedArray {
            var totals = [Total](repeating: rule.initial, count: type.count)
            updates.withElements(of: Scalar.self) { elements in
                for outerIndex in 0..<outer {
                    for (number, position) in positions.enumerated() where position >= 0 {
                        for innerIndex in 0..<inner {
                            let target = (outerIndex * range + position) * inner + innerIndex
                            let source = (outerIndex * positions.count + number) * inner + innerIndex
                            totals[target] = rule.combine(totals[target], rule.widen(elements[source]))
                        }
                    }
                }
            }
            return NDArray(totals.map(rule.narrow)).untyped.reshaped(type.shape)
        }
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray {
            sum(Reducer.sum.accumulation(of: type))
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray {
            sum(Reducer.sum.accumulation(of: type))
        }
        if let type = updates.dtype.interpretedFloatType { return floating(type) }
        return updates.dtype.integerType.map { integer($0) }
    }

    /// Calls `body` with each row-major index of a shape and the sum of the position's coordinates times `strides`.
    private static func forEachPosition(of shape: [Int], strides: [Int], _ body: (Int, Int) -> Void) {
        let dense = denseStrides(shape)
        for index in 0..<product(shape[...]) {
            var target = 0
            for axis in shape.indices { target += index / dense[axis] % shape[axis] * strides[axis] }
            body(index, target)
        }
    }
}
