// The type rule of each instruction: what it accepts, and the type of its result. The builder and the verifier
// both ask here, so that they cannot disagree.

package import Tensors

/// A program that breaks the rules: a defect of a lowering, never of user data.
package struct InvalidProgram: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension Instruction {
    /// The type of the result where the operands decide it. Instructions whose result's type is part of the instruction
    /// (parameter, constant, iota, convert, broadcast, reshape, random, argReduce, result) are checked against `declared`.
    ///
    /// - Errors: `InvalidProgram` where the operands or the declared type are refused, or the result would hold more
    ///   bytes than memory can address.
    package func resultType(
        of operands: [ArrayType], declared: ArrayType?
    ) throws(InvalidProgram) -> ArrayType {
        if let declared, !declared.isAllocatable, declared != .several {
            throw InvalidProgram("\(self): no array has the type \(declared)")
        }
        if operands.contains(.several) {
            guard case .result = self else { throw InvalidProgram("\(self) takes no operand of several results") }
        }
        let type = try ruledType(of: operands, declared: declared)
        guard type.isAllocatable || severalResultTypes != nil else {
            throw InvalidProgram("\(self) of \(operands): no array has the type \(type)")
        }
        return type
    }

    private func ruledType(
        of operands: [ArrayType], declared: ArrayType?
    ) throws(InvalidProgram) -> ArrayType {
        func declaredType() throws(InvalidProgram) -> ArrayType {
            guard let declared else { throw InvalidProgram("\(self) needs a declared type") }
            return declared
        }
        func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(InvalidProgram) {
            if !condition { throw InvalidProgram("\(self) of \(operands): \(message())") }
        }
        switch self {
        case .parameter, .constant:
            try require(operands.isEmpty, "no operands expected")
            return try declaredType()
        case .iota(let axis):
            let type = try declaredType()
            try require(
                operands.isEmpty && type.shape.indices.contains(axis) && type.dtype.isNumeric, "bad axis or type")
            return type
        case .unary(let function):
            try require(operands.count == 1, "one operand expected")
            let type = operands[0]
            try require(function.accepts(type.dtype), "not defined for \(type.dtype)")
            return function == .isFinite ? ArrayType(.bool, type.shape) : type
        case .binary(let function):
            try require(operands.count == 2 && operands[0] == operands[1], "two operands of equal type expected")
            try require(function.accepts(operands[0].dtype), "not defined for \(operands[0].dtype)")
            return operands[0]
        case .compare:
            try require(operands.count == 2 && operands[0] == operands[1], "two operands of equal type expected")
            return ArrayType(.bool, operands[0].shape)
        case .select:
            try require(
                operands.count == 3 && operands[0].dtype == .bool && operands[1] == operands[2]
                    && operands[0].shape == operands[1].shape, "a predicate and two operands of equal type expected")
            return operands[1]
        case .convert:
            let type = try declaredType()
            try require(operands.count == 1 && operands[0].shape == type.shape, "the shape must stay")
            return type
        case .broadcast(let axes):
            let type = try declaredType()
            try require(
                operands.count == 1 && operands[0].dtype == type.dtype && axes.count == operands[0].shape.count
                    && zip(axes, axes.dropFirst()).allSatisfy({ $0 < $1 })
                    && zip(axes, operands[0].shape).allSatisfy { axis, extent in
                        type.shape.indices.contains(axis) && (extent == 1 || extent == type.shape[axis])
                    }, "axes do not map into \(type)")
            return type
        case .reshape:
            let type = try declaredType()
            try require(
                operands.count == 1 && operands[0].dtype == type.dtype && operands[0].count == type.count,
                "another number of elements than \(type)")
            return type
        case .transpose(let permutation):
            try require(
                operands.count == 1 && permutation.sorted() == Array(operands[0].shape.indices), "not a permutation")
            return ArrayType(operands[0].dtype, permutation.map { operands[0].shape[$0] })
        case .slice(let starts, let limits, let strides):
            let rank = operands.first?.shape.count ?? -1
            try require(
                operands.count == 1 && starts.count == rank && limits.count == rank && strides.count == rank,
                "one start, limit and stride for each dimension expected")
            var shape: [Int] = []
            for axis in 0..<rank {
                let (start, limit, stride) = (starts[axis], limits[axis], strides[axis])
                try require(
                    0 <= start && start <= limit && limit <= operands[0].shape[axis] && stride > 0, "out of range")
                shape.append(start == limit ? 0 : (limit - start - 1) / stride + 1)
            }
            return ArrayType(operands[0].dtype, shape)
        case .pad(let low, let high, let interior):
            let rank = operands.first?.shape.count ?? -1
            try require(
                operands.count == 2 && operands[1] == ArrayType(operands[0].dtype, []) && low.count == rank
                    && high.count == rank && interior.allSatisfy { $0 >= 0 } && interior.count == rank,
                "an operand, a rank-0 value and paddings for each dimension expected")
            var shape: [Int] = []
            for axis in 0..<rank {
                try require(low[axis] >= 0 && high[axis] >= 0, "negative padding")
                let extent = operands[0].shape[axis]
                let (gaps, hasManyGaps) = max(0, extent - 1).multipliedReportingOverflow(by: interior[axis])
                guard !hasManyGaps, let size = sum([low[axis], extent, gaps, high[axis]]) else {
                    throw InvalidProgram("\(self) of \(operands): the result is too large")
                }
                shape.append(size)
            }
            return ArrayType(operands[0].dtype, shape)
        case .concatenate(let axis):
            try require(!operands.isEmpty && operands[0].shape.indices.contains(axis), "bad axis")
            var extent = 0
            for operand in operands {
                var shape = operand.shape
                try require(shape.count == operands[0].shape.count, "ranks differ")
                guard let longer = sum([extent, shape[axis]]) else {
                    throw InvalidProgram("\(self) of \(operands): the result is too large")
                }
                extent = longer
                shape[axis] = operands[0].shape[axis]
                try require(shape == operands[0].shape && operand.dtype == operands[0].dtype, "shapes differ")
            }
            var shape = operands[0].shape
            shape[axis] = extent
            return ArrayType(operands[0].dtype, shape)
        case .reverse(let axes):
            try require(
                operands.count == 1 && Set(axes).count == axes.count
                    && axes.allSatisfy { operands[0].shape.indices.contains($0) }, "bad axes")
            return operands[0]
        case .dot(let transposeLeft, let transposeRight):
            try require(
                operands.count == 2 && operands[0].dtype == operands[1].dtype && operands[0].dtype.isNumeric,
                "two operands of equal, numeric dtype expected")
            let (left, right) = (operands[0].shape, operands[1].shape)
            try require(
                left.count >= 2 && left.count == right.count && left.dropLast(2) == right.dropLast(2),
                "ranks or batch dimensions differ")
            let rank = left.count
            let (m, k) = transposeLeft ? (left[rank - 1], left[rank - 2]) : (left[rank - 2], left[rank - 1])
            let (inner, n) = transposeRight ? (right[rank - 1], right[rank - 2]) : (right[rank - 2], right[rank - 1])
            try require(k == inner, "inner dimensions differ")
            return ArrayType(operands[0].dtype, left.dropLast(2) + [m, n])
        case .reduce(let reducer, let axes):
            try require(
                operands.count == 1 && Set(axes).count == axes.count
                    && axes.allSatisfy { operands[0].shape.indices.contains($0) }, "bad axes")
            try require(reducer.accepts(operands[0].dtype), "not defined for \(operands[0].dtype)")
            let removed = Set(axes)
            return ArrayType(
                operands[0].dtype,
                operands[0].shape.indices.filter { !removed.contains($0) }.map { operands[0].shape[$0] })
        case .convolution(let window):
            try require(
                operands.count == 2 && operands[0].dtype == operands[1].dtype && operands[0].dtype.isNumeric,
                "two operands of equal, numeric dtype expected")
            let (input, kernel) = (operands[0].shape, operands[1].shape)
            let (rank, groups) = (window.axes.count, (feature: window.featureGroups, batch: window.batchGroups))
            try require(
                (1...ConvolutionWindow.mostAxes).contains(rank) && input.count == rank + 2 && kernel.count == rank + 2
                    && window.axes.map(\.size) == Array(kernel[..<rank]), "ranks or the kernel's sizes differ")
            try require(
                groups.feature > 0 && groups.batch > 0 && (groups.feature == 1 || groups.batch == 1)
                    && input[0] % groups.batch == 0 && kernel[rank + 1] % groups.batch == 0
                    && kernel[rank + 1] % groups.feature == 0 && input[rank + 1] % groups.feature == 0
                    && input[rank + 1] / groups.feature == kernel[rank], "features or groups do not fit")
            guard let positions = window.axes.positions(over: Array(input[1...rank])) else {
                throw InvalidProgram("\(self) of \(operands): the window makes no sense")
            }
            return ArrayType(operands[0].dtype, [input[0] / groups.batch] + positions + [kernel[rank + 1]])
        case .reduceWindow(let reducer, let axes):
            try require(
                operands.count == 1 && reducer.accepts(operands[0].dtype) && !axes.isEmpty
                    && axes.allSatisfy { $0.baseDilation == 1 && $0.low >= 0 && $0.high >= 0 },
                "not defined for this operand, or a bad window")
            guard let positions = axes.positions(over: operands[0].shape) else {
                throw InvalidProgram("\(self) of \(operands): the window makes no sense")
            }
            return ArrayType(operands[0].dtype, positions)
        case .selectAndScatter(let axes):
            try require(
                operands.count == 2 && operands[0].dtype == operands[1].dtype && operands[0].dtype.isNumeric
                    && !axes.isEmpty
                    && axes.allSatisfy { $0.baseDilation == 1 && $0.dilation == 1 && $0.low >= 0 && $0.high >= 0 }
                    && axes.positions(over: operands[0].shape) == operands[1].shape,
                "a numeric operand and a source of the shape of the window's positions expected")
            return operands[0]
        case .argReduce(_, let axis):
            let type = try declaredType()
            try require(operands.count == 1 && operands[0].shape.indices.contains(axis), "bad axis")
            var shape = operands[0].shape
            shape.remove(at: axis)
            try require(
                type.shape == shape && (type.dtype == .int32 || type.dtype == .int64), "bad result type \(type)")
            return type
        case .argSort(let axis, _, let count):
            try require(
                operands.count == 1 && operands[0].dtype.isNumeric && operands[0].shape.indices.contains(axis),
                "bad axis or operand")
            var shape = operands[0].shape
            try require(
                count >= 0 && count <= shape[axis] && Int32(exactly: shape[axis]) != nil, "count is out of range")
            shape[axis] = count
            return ArrayType(.int32, shape)
        case .gather(let axis):
            try require(
                operands.count == 2 && operands[0].shape.indices.contains(axis)
                    && (operands[1].dtype == .int32 || operands[1].dtype == .int64), "bad axis or index type")
            let params = operands[0].shape
            return ArrayType(operands[0].dtype, params[..<axis] + operands[1].shape + params[(axis + 1)...])
        case .scatterAdd(let axis, let range):
            try require(
                operands.count == 2 && operands[0].shape.indices.contains(axis) && range >= 0
                    && operands[0].dtype.isNumeric && operands[1].shape == [operands[0].shape[axis]]
                    && (operands[1].dtype == .int32 || operands[1].dtype == .int64), "bad axis, range or indices")
            var shape = operands[0].shape
            shape[axis] = range
            return ArrayType(operands[0].dtype, shape)
        case .random(let distribution):
            let type = try declaredType()
            let isInteger = distribution == .uniformInteger
            try require(
                operands.count == (isInteger ? 3 : 1) && operands[0] == ArrayType(.uint64, [4])
                    && operands.dropFirst().allSatisfy { $0 == ArrayType(type.dtype, []) },
                "a state and bounds expected")
            try require(
                isInteger ? type.dtype == .int32 || type.dtype == .int64 : type.dtype.isFloating,
                "bad result type \(type)")
            return type
        case .whileLoop, .conditional:
            try checkNesting(operands)
            return .several
        case .result:
            // Which results there are only the operand's instruction knows; see `Program.checkProjection`.
            let type = try declaredType()
            try require(operands == [.several] && type != .several, "an operand of several results expected")
            return type
        }
    }
}

extension ArrayType {
    /// Whether there can be an array of this type: an element type, no negative dimension, bytes that can be counted.
    package var isAllocatable: Bool {
        guard let count = elementCount(shape), dtype.isComputed else { return false }
        return !count.multipliedReportingOverflow(by: dtype.byteCount).overflow
    }
}

/// The sum, or nil where it overflows.
private func sum(_ numbers: [Int]) -> Int? {
    var total = 0
    for number in numbers {
        let (next, overflow) = total.addingReportingOverflow(number)
        if overflow { return nil }
        total = next
    }
    return total
}

extension UnaryFunction {
    package func accepts(_ dtype: DType) -> Bool {
        switch self {
        case .negate, .abs, .sign: dtype.isNumeric
        case .not: dtype == .bool || dtype.isInteger
        case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .sqrt, .rsqrt, .tanh, .sine, .cosine,
            .tan,
            .floor, .ceil, .roundNearestEven, .isFinite, .erf:
            dtype.isFloating
        }
    }
}

extension BinaryFunction {
    package func accepts(_ dtype: DType) -> Bool {
        switch self {
        case .add, .subtract, .multiply, .divide, .power, .remainder: dtype.isNumeric
        case .maximum, .minimum: true
        case .atan2: dtype.isFloating
        case .and, .or, .xor: dtype == .bool || dtype.isInteger
        }
    }
}

extension Reducer {
    package func accepts(_ dtype: DType) -> Bool {
        switch self {
        case .sum, .product: dtype.isNumeric
        case .maximum, .minimum: true
        case .and, .or: dtype == .bool || dtype.isInteger
        }
    }
}
