// The instructions of a program: a closed set, StableHLO's, because every consumer (interpreter, fuser, planner,
// printer, verifier) must treat each of them. Knows nothing of graphs, TensorFlow ops or devices.

package import Tensors

/// The type of a value in a program: everything is known.
package struct ArrayType: Hashable, Sendable, CustomStringConvertible {
    package let dtype: DType
    package let shape: [Int]

    package init(_ dtype: DType, _ shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }

    /// The number of elements; 0 where they cannot be counted, which type rules refuse.
    package var count: Int { elementCount(shape) ?? 0 }

    package var byteCount: Int { count &* dtype.byteCount }

    /// `3x4xf32`, as StableHLO writes tensor types.
    package var description: String {
        (shape.map(String.init) + [dtype.stableHLOName]).joined(separator: "x")
    }
}

/// A value of a program: the result of one instruction.
package struct ValueID: Hashable, Sendable, Comparable {
    package let index: Int32

    package init(_ index: Int) { self.index = Int32(truncatingIfNeeded: index) }
    package var int: Int { Int(index) }
    package static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// Element-wise functions of one operand.
package enum UnaryFunction: UInt8, Hashable, Sendable, CaseIterable {
    case negate, abs, sign, exponential, exponentialMinusOne, log, logPlusOne, logistic, sqrt, rsqrt, tanh
    case sine, cosine, tan, floor, ceil, roundNearestEven, not, erf
    /// To `bool`.
    case isFinite
}

/// Element-wise functions of two operands of equal type.
package enum BinaryFunction: UInt8, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, power, remainder, atan2, and, or, xor
}

/// Element-wise comparisons of two operands of equal type, to `bool`.
package enum Comparison: UInt8, Hashable, Sendable, CaseIterable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// How a reduction combines elements.
package enum Reducer: UInt8, Hashable, Sendable, CaseIterable {
    case sum, product, maximum, minimum, and, or
}

/// What a random instruction draws.
package enum Distribution: UInt8, Hashable, Sendable, CaseIterable {
    case uniform, normal, truncatedNormal, uniformInteger
}

/// One instruction, apart from its operands and its result's type. Operands are named in the order given.
package enum Instruction: Hashable, Sendable {
    /// The program's argument with this number.
    case parameter(Int)
    /// Entry `index` of the program's table of constants.
    case constant(Int)
    /// The position along `axis`.
    case iota(axis: Int)
    case unary(UnaryFunction)
    case binary(BinaryFunction)
    case compare(Comparison)
    /// (predicate, on true, on false), all of the same shape.
    case select
    /// To the result's dtype: toward zero and limited to the range for integers, `!= 0` for `bool`.
    case convert
    /// Operand dimension `i` becomes result dimension `axes[i]`; others, and those of size 1, are repeated.
    case broadcast(axes: [Int])
    case reshape
    /// Result dimension `i` is operand dimension `permutation[i]`.
    case transpose(permutation: [Int])
    case slice(starts: [Int], limits: [Int], strides: [Int])
    /// (operand, value of rank 0)
    case pad(low: [Int], high: [Int], interior: [Int])
    case concatenate(axis: Int)
    case reverse(axes: [Int])
    /// (left `[batch..., m, k]`, right `[batch..., k, n]`) → `[batch..., m, n]`; the flags say that the last two
    /// dimensions of an operand stand the other way round.
    case dot(transposeLeft: Bool, transposeRight: Bool)
    case reduce(Reducer, axes: [Int])
    /// (input `[batch, space..., features]`, kernel `[space..., features of a group, results]`) →
    /// `[batch, space..., results]`: at each position of the window the sum of products with the kernel.
    case convolution(ConvolutionWindow)
    /// What the reducer makes of the elements in the window at each of its positions; padding counts as nothing. One
    /// window axis for each dimension, without base dilation.
    case reduceWindow(Reducer, [WindowAxis])
    /// (operand, source of the shape of the window's positions) → the operand's shape: each element of the source is
    /// added where its window has its largest element, the first of equals; NaN is larger than nothing, and nothing is
    /// larger than NaN. One window axis for each dimension, without any dilation.
    case selectAndScatter([WindowAxis])
    /// The first position of the largest (smallest) element along `axis`, as the result's integer dtype.
    case argReduce(smallest: Bool, axis: Int)
    /// The positions along `axis` of the `count` elements that come first in order, as int32; of equal ones the earlier
    /// comes first, and NaN is greater than any number.
    case argSort(axis: Int, descending: Bool, count: Int)
    /// (params, indices) → params with `axis` replaced by the dimensions of the indices.
    case gather(axis: Int)
    /// (updates `[outer..., count, inner...]`, indices `[count]`) → `[outer..., range, inner...]`: the updates summed by
    /// index, in their order; negative indices are left out.
    case scatterAdd(axis: Int, range: Int)
    /// (state uint64 `[4]`, and for integers the bounds low and high) → numbers of TensorFlow's Philox streams.
    case random(Distribution)
    /// (carried values) → several: the carried values once the condition of them no longer holds, each turn's being the
    /// body's results for those of the turn before. What does not change from turn to turn is carried as well.
    case whileLoop(condition: NestedProgram, body: NestedProgram)
    /// (selector, operands) → several: the results of one of the branches for the operands. A truth value selects branch
    /// 0 where it is true, else branch 1; an int32 number selects the branch of that number, out of range the last.
    case conditional([NestedProgram])
    /// (several) → the one of this number.
    case result(Int)
}

extension Instruction {
    /// Whether each element of the result depends on the elements at the same position alone.
    package var isElementwise: Bool {
        switch self {
        case .unary, .binary, .compare, .select, .convert: true
        case .parameter, .constant, .iota, .broadcast, .reshape, .transpose, .slice, .pad, .concatenate, .reverse, .dot,
            .reduce, .convolution, .reduceWindow, .selectAndScatter, .argReduce, .argSort, .gather, .scatterAdd,
            .random,
            .whileLoop, .conditional, .result:
            false
        }
    }
}

extension Instruction {
    /// Whether its two operands may change places.
    package var isCommutative: Bool {
        switch self {
        case .binary(let function):
            switch function {
            case .add, .multiply, .maximum, .minimum, .and, .or, .xor: true
            case .subtract, .divide, .power, .remainder, .atan2: false
            }
        case .compare(let comparison): comparison == .equal || comparison == .notEqual
        default: false
        }
    }
}

extension DType {
    package var stableHLOName: String {
        switch kind {
        case .float32: "f32"
        case .float64: "f64"
        case .int8: "i8"
        case .int16: "i16"
        case .int32: "i32"
        case .int64: "i64"
        case .uint8: "ui8"
        case .uint16: "ui16"
        case .uint32: "ui32"
        case .uint64: "ui64"
        case .bool: "i1"
        case .other(let other): "!\(other)"
        }
    }
}
